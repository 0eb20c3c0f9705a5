"""All reports of a plan, side by side. One that fails, or whose process dies, costs nobody else anything."""

from __future__ import annotations

import fnmatch
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.reporting.plan import Plan, Planned
from analysis.reporting.provenance import sha256
from analysis.reporting.run import Built, Spec, build, one_line, place

# loaded once in the process that the workers are forked from
_PRELOAD = ["analysis.evidence", "analysis.reporting.run", "analysis.reporting.exporters", "analysis.reporting.kernels"]


@dataclass(frozen=True)
class Outcome:
    """A report as the index and the manifest tell it."""

    entry: dict[str, Any]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it was built."""
        return self.entry["status"] == "built"


def spec_of(report: Planned, common: dict[str, Any]) -> Spec:
    """What a worker needs to know."""
    return Spec(report.name, str(report.notebook.path), report.given, report.formats, common)


def processes(jobs: int) -> Executor:
    """Processes on this machine."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(_PRELOAD)
    return ProcessPoolExecutor(jobs, mp_context=context)


def build_all(
    specs: Iterable[Spec], jobs: int | None = None, executor: Callable[[int], Executor] = processes
) -> Iterator[Built]:
    """Each report as soon as it is ready. executor: makes a concurrent.futures executor for a number of jobs.

    If a worker process dies, all its pool's unfinished reports are built again, each in a process of its own, so that
    only the one that kills its process is lost.
    """
    specs = list(specs)
    jobs = max(1, min(jobs or os.cpu_count() or 1, len(specs) or 1))
    lost: list[Spec] = []
    with executor(jobs) as pool:
        futures = {pool.submit(build, spec): spec for spec in specs}
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except BrokenExecutor:
                    lost.append(futures[future])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if not lost:
        return
    with ThreadPoolExecutor(jobs) as threads:
        yield from threads.map(lambda spec: _alone(spec, executor), lost)


def _alone(spec: Spec, executor: Callable[[int], Executor]) -> Built:
    try:
        with executor(1) as pool:
            return pool.submit(build, spec).result()
    except BrokenExecutor:
        return Built(spec.name, {}, reason="its process ended without a word (killed, crashed or out of memory)")


def run(
    plan: Plan,
    output: Path,
    common: dict[str, Any],
    *,
    jobs: int | None = None,
    only: str = "",
    done: Callable[[Outcome], None] = lambda outcome: None,
    executor: Callable[[int], Executor] = processes,
) -> list[Outcome]:
    """Builds the plan into `output`: a folder for each report, index.html, manifest.json. `done` hears of each report.

    only: builds the reports whose name fits the pattern (`*` and `?` as in a shell); index and manifest keep what they
    said of the others. Raises OSError if the folder can't be written.
    """
    from analysis.reporting.index import index_html

    output.mkdir(parents=True, exist_ok=True)
    begin = datetime.now(UTC)
    chosen = [report for report in plan.reports if not only or fnmatch.fnmatchcase(report.name, only)]
    planned = {report.name: report for report in plan.reports}
    outcomes: dict[str, Outcome] = {}
    for report in chosen:
        if report.problem:
            outcomes[report.name] = Outcome(_entry(report, Built(report.name, {}, reason=report.problem), common), 0.0)
            done(outcomes[report.name])
    specs = [spec_of(report, common) for report in chosen if not report.problem]
    for built in build_all(specs, jobs, executor):
        outcome = Outcome(_entry(planned[built.name], built, common), built.seconds)
        try:
            place(output / built.name, built.files)
        except OSError as error:
            reason = one_line(f"its files could not be written: {error.strerror}: {error.filename or output}")
            outcome = Outcome({**outcome.entry, "status": "failed", "reason": reason, "files": {}}, built.seconds)
        outcomes[built.name] = outcome
        done(outcome)
    before = _entries_before(output) if only else {}
    entries = [
        outcomes[name].entry if name in outcomes else before[name]
        for name in planned
        if name in outcomes or name in before
    ]
    manifest = {
        "schema": 1,
        **{key: common[key] for key in ("data", "code", "versions")},
        "reports": entries,
        "times": {
            "started": begin.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": {name: round(outcomes[name].seconds, 2) for name in planned if name in outcomes},
        },
    }
    _write(output / "manifest.json", (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
    _write(output / "index.html", index_html(plan, entries, common).encode())
    return [outcomes[report.name] for report in chosen]


def _entry(report: Planned, built: Built, common: dict[str, Any]) -> dict[str, Any]:
    made = built.made
    return {
        "name": report.name,
        "group": report.group,
        "title": report.title or built.title or report.notebook.title,
        "subtitle": built.subtitle,
        "question": built.question,
        "synthetic": built.synthetic,
        "notebook": made.get("path", report.notebook.name),
        "notebook_hash": made.get("notebook_hash", ""),
        "parameters": made.get("parameters", {}),
        "changed": made.get("changed", []),
        "command": made.get("command", ""),
        "data_hash": common["data"]["hash"],
        "commit": common["code"]["commit"],
        "clean": common["code"]["clean"],
        "code_hash": common["code"]["hash"],
        "versions": common["versions"],
        "formats": list(report.formats),
        "status": "built" if built.ok else "failed",
        "reason": built.reason,
        "files": {name: sha256(built.files[name]) for name in sorted(built.files)},
    }


def _entries_before(output: Path) -> dict[str, dict[str, Any]]:
    """What the last manifest said of reports whose files are still there."""
    try:
        entries = json.loads((output / "manifest.json").read_text(encoding="utf-8"))["reports"]
        return {e["name"]: e for e in entries if all((output / e["name"] / name).is_file() for name in e["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
