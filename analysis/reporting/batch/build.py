"""All reports of a plan that are not up to date, side by side; an index and a manifest of all."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.paths import resolve
from analysis.reporting import ReportError
from analysis.reporting.batch.folder import MANIFEST, Folder
from analysis.reporting.batch.plan import Plan, Planned
from analysis.reporting.batch.pool import build_all
from analysis.reporting.page.paper import DEFAULT_PAPER, on_paper
from analysis.reporting.provenance import sha256
from analysis.reporting.run import Built, Spec, one_line, place


@dataclass(frozen=True)
class Outcome:
    """A report as the index and the manifest tell it. unchanged: its files from an earlier run still hold."""

    entry: dict[str, Any]
    seconds: float
    unchanged: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was built, now or earlier."""
        return self.entry["status"] == "built"


class Watcher:
    """Hears how a batch goes on; does nothing itself. Anything with these three methods may stand in for it."""

    def begin(self, to_build: list[str], unchanged: int) -> None:
        """These reports will be built; so many are up to date."""

    def started(self, name: str) -> None:
        """One was handed to a worker."""

    def finished(self, outcome: Outcome) -> None:
        """One is in its place, or failed."""


def spec_of(report: Planned, common: dict[str, Any]) -> Spec:
    """What a worker needs to know."""
    return Spec(report.name, str(report.notebook.path), report.given, report.formats, common, report.timeout)


def inputs(report: Planned, common: dict[str, Any]) -> str:
    """One hash of all that a report's bytes depend on: the same again means the same report again.

    Notebook, parameters, formats, title; the files that parameters name; all data files, since each report prints the
    hash of all; the library's text; the versions of Python and of the libraries. Not the commit or its day: a commit
    that changes none of these changes no number.
    """
    values = {**report.notebook.defaults, **report.given}
    files = {
        name: sha256(path.read_bytes()) for name in report.notebook.files if (path := resolve(values[name])).is_file()
    }
    told = {
        "notebook": [report.notebook.name, sha256(report.notebook.path.read_bytes())],
        "parameters": values,
        "files": files,
        "formats": report.formats,
        "title": report.title,
        "paper": common.get("paper", DEFAULT_PAPER),
        "data": common["data"]["hash"],
        "code": common["code"]["hash"],
        "versions": common["versions"],
    }
    return sha256(json.dumps(told, sort_keys=True).encode())


def run(
    plan: Plan,
    output: Path,
    common: dict[str, Any],
    *,
    jobs: int | None = None,
    only: str = "",
    force: bool = False,
    watcher: Watcher | None = None,
    executor: Callable[[int], Executor] | None = None,
    scheduler: str = "",
) -> list[Outcome]:
    """Builds the plan into `output`: a folder for each report, index.html, manifest.json. The watcher hears of each.

    A report whose inputs are those of last time and whose files still hold is left as it is; `force` builds it too.
    only: looks at the reports whose name fits the pattern (`*` and `?` as in a shell); index and manifest keep what
    they said of the others. scheduler: address of a Dask cluster that builds them; else `executor`, else processes
    here. Raises NoCluster if there is none, FolderBusy if another batch is at work there, OSError if it can't be
    written, ReportError if the index can't be made.
    """
    from analysis.reporting.batch import crate, index  # noqa: F401 (now, while kernels still load, and not at the end)

    watcher = watcher or Watcher()
    common = on_paper(common, plan.paper)
    begin = datetime.now(UTC)
    chosen = [report for report in plan.reports if not only or fnmatch.fnmatchcase(report.name, only)]
    with Folder(output) as folder:
        before = folder.entries()
        took = folder.manifest.get("times", {}).get("seconds", {})
        folder.sweep(report.name for report in chosen)
        outcomes: dict[str, Outcome] = {}
        to_build: list[Planned] = []
        hashes = {report.name: inputs(report, common) for report in chosen if not report.problem}
        for report in chosen:
            old = before.get(report.name, {})
            same = old.get("status") == "built" and old.get("inputs") == hashes.get(report.name)
            if same and not force and folder.holds(old):
                outcomes[report.name] = Outcome({**old, "group": report.group}, 0.0, unchanged=True)
            else:
                to_build.append(report)
        watcher.begin([report.name for report in to_build], len(outcomes))
        for outcome in _built(to_build, folder, common, hashes, took, jobs, watcher, executor, scheduler):
            outcomes[outcome.entry["name"]] = outcome
        entries = [
            outcomes[report.name].entry if report.name in outcomes else before[report.name]
            for report in plan.reports
            if report.name in outcomes or (report.name in before and folder.has(before[report.name]))
        ]
        seconds = {**took, **{name: round(o.seconds, 2) for name, o in outcomes.items() if not o.unchanged}}
        _finish(folder, plan, entries, common, begin, seconds)
    return [outcomes[report.name] for report in chosen]


def _built(
    reports: list[Planned],
    folder: Folder,
    common: dict[str, Any],
    hashes: dict[str, str],
    took: dict[str, float],
    jobs: int | None,
    watcher: Watcher,
    executor: Callable[[int], Executor] | None,
    scheduler: str,
) -> Any:
    """Each outcome, its files in place and noted. New reports come first, then those that took longest last time."""
    planned = {report.name: report for report in reports}
    for report in reports:
        if report.problem:
            outcome = Outcome(_entry(report, Built(report.name, {}, reason=report.problem), common, ""), 0.0)
            watcher.finished(outcome)
            yield outcome
    sound = sorted(
        (report for report in reports if not report.problem), key=lambda report: -took.get(report.name, float("inf"))
    )
    specs = [spec_of(report, common) for report in sound]
    for built in _results(specs, jobs, executor, scheduler, lambda spec: watcher.started(spec.name)):
        entry = _entry(planned[built.name], built, common, hashes[built.name])
        try:
            place(folder.path / built.name, built.files)
            folder.note(entry)
        except OSError as error:
            reason = one_line(f"its files could not be written: {error.strerror}: {error.filename or folder.path}")
            entry = {**entry, "status": "failed", "reason": reason, "files": {}}
        outcome = Outcome(entry, built.seconds)
        watcher.finished(outcome)
        yield outcome


def _results(
    specs: list[Spec],
    jobs: int | None,
    executor: Callable[[int], Executor] | None,
    scheduler: str,
    started: Callable[[Spec], None],
) -> Iterator[Built]:
    if not scheduler or not specs:
        yield from build_all(specs, jobs, executor, started)
        return
    from analysis.reporting.batch.cluster import Cluster

    with Cluster(scheduler, specs) as cluster:
        yield from build_all(specs, jobs or cluster.jobs, cluster, started)


def _finish(
    folder: Folder,
    plan: Plan,
    entries: list[dict[str, Any]],
    common: dict[str, Any],
    begin: datetime,
    seconds: dict[str, float],
) -> None:
    folder.finish(
        {
            "schema": 1,
            **{key: common[key] for key in ("data", "code", "versions")},
            "cohorts": plan.cohorts,
            "reports": entries,
            "times": {
                "started": begin.isoformat(timespec="seconds"),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": {entry["name"]: seconds[entry["name"]] for entry in entries if entry["name"] in seconds},
            },
        }
    )
    from analysis.reporting.batch import crate
    from analysis.reporting.batch.index import index_html

    makers = {
        "index.html": lambda: index_html(plan, entries, common).encode(),
        crate.NAME: lambda: crate.described(entries, common),
    }
    for name, make in makers.items():
        try:
            content = make()
        except Exception as error:  # the reports are there and stay, whatever is wrong with what lists them
            raise ReportError(one_line(f"{name} could not be made: {type(error).__name__}: {error}")) from error
        folder.write(name, content)


def _entry(report: Planned, built: Built, common: dict[str, Any], inputs: str) -> dict[str, Any]:
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
        "inputs": inputs,
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


def cohorts_known(output: Path, code: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The parts of cohorts that an earlier batch of the same code found, so that nothing unchanged is loaded again."""
    try:
        return dict(_made_by(output, code)["cohorts"])
    except (KeyError, TypeError, ValueError):
        return {}


def may_hold(output: Path, code: Callable[[], dict[str, Any]]) -> bool:
    """Whether reports in there may be up to date; if not, kernels and workers can be made ready at once.

    code: provenance.code, asked only if there is something to compare it with.
    """
    return bool(_made_by(output, code))


def _made_by(output: Path, code: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The manifest of an earlier batch of the same code; empty if there is none."""
    try:
        manifest = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return manifest if manifest["code"]["hash"] == code()["hash"] else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
