"""Build all reports of a plan that are not up to date, with an index and a manifest of all."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.paths import resolve
from analysis.reporting import ReportError
from analysis.reporting.batch.folder import MANIFEST, Folder
from analysis.reporting.batch.plan import Plan, PlannedReport
from analysis.reporting.batch.pool import Workers, build_all
from analysis.reporting.kernel.normalization import one_line
from analysis.reporting.page.paper import DEFAULT_PAPER, on_paper
from analysis.reporting.provenance import sha256
from analysis.reporting.run import Built, Spec, write_report


@dataclass(frozen=True)
class Outcome:
    """A report with its entry in the manifest. unchanged: it was built by an earlier batch and is up to date."""

    entry: dict[str, Any]
    seconds: float
    unchanged: bool = False

    @property
    def ok(self) -> bool:
        """Whether it is built, now or earlier."""
        return self.entry["status"] == "built"


class Watcher:
    """Receives the progress of a batch; this one ignores it."""

    def begin(self, to_build: list[str], unchanged: int) -> None:
        """Receive the names of the reports to build and the number of reports that are up to date, once."""

    def started(self, name: str) -> None:
        """Receive the name of a report submitted to a worker."""

    def finished(self, outcome: Outcome) -> None:
        """Receive a report that is written or has failed."""


def spec_of(report: PlannedReport, common: dict[str, Any]) -> Spec:
    """Return what a worker needs to build the report."""
    return Spec(report.name, str(report.notebook.path), report.overrides, report.formats, common, report.timeout)


def input_hash(report: PlannedReport, common: dict[str, Any]) -> str:
    """Return one hash of everything that a report's bytes depend on.

    These are the notebook, parameters, formats and title; the files that parameters name; all data files, since each
    report prints the hash of all; the code; the versions of Python and of the packages. The commit and its day are not
    among them: a commit that changes none of these changes no number.
    """
    values = {**report.notebook.defaults, **report.overrides}
    files = {
        name: sha256(path.read_bytes()) for name in report.notebook.files if (path := resolve(values[name])).is_file()
    }
    content = {
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
    return sha256(json.dumps(content, sort_keys=True).encode())


def build_batch(
    plan: Plan,
    output: Path,
    common: dict[str, Any],
    workers: Workers,
    *,
    jobs: int | None = None,
    only: str = "",
    force: bool = False,
    watcher: Watcher | None = None,
) -> list[Outcome]:
    """Build the plan and return one outcome for each selected report.

    Parameters
    ----------
    output: receives a folder for each report, index.html, manifest.json and ro-crate-metadata.json.
    common: see provenance.shared.
    workers: where the reports are built; not used if all are up to date.
    jobs: how many reports at a time; by default as many as the workers say.
    only: pattern (`*` and `?` as in a shell) of the names to build; index and manifest retain the others.
    force: build also the reports whose inputs and files are unchanged.
    watcher: receives the progress.

    Raises FolderBusy if another batch writes to the folder, OSError if it can't be written, ReportError if the index
    can't be made, NoCluster if there is no cluster.
    """
    from analysis.reporting.batch import crate, index  # noqa: F401 (here, while kernels still start, not at the end)

    watcher = watcher or Watcher()
    common = on_paper(common, plan.paper)
    begin = datetime.now(UTC)
    selected = [report for report in plan.reports if not only or fnmatch.fnmatchcase(report.name, only)]
    with Folder(output) as folder:
        before = folder.entries()
        seconds = folder.manifest.get("times", {}).get("seconds", {})
        folder.delete_partial(report.name for report in selected)
        outcomes: dict[str, Outcome] = {}
        to_build: list[PlannedReport] = []
        hashes = {report.name: "" if report.problem else input_hash(report, common) for report in selected}
        for report in selected:
            old = before.get(report.name, {})
            same = not report.problem and old.get("status") == "built" and old.get("inputs") == hashes[report.name]
            if same and not force and folder.unchanged(old):
                outcomes[report.name] = Outcome({**old, "group": report.group}, 0.0, unchanged=True)
            else:
                to_build.append(report)
        watcher.begin([report.name for report in to_build], len(outcomes))
        planned = {report.name: report for report in to_build}
        for built in _built(to_build, common, seconds, workers, jobs, watcher):
            entry = _entry(planned[built.name], built, common, hashes[built.name])
            outcome = Outcome(entry if planned[built.name].problem else _written(entry, built, folder), built.seconds)
            outcomes[built.name] = outcome
            watcher.finished(outcome)
        entries = [
            outcomes[report.name].entry if report.name in outcomes else before[report.name]
            for report in plan.reports
            if report.name in outcomes or (report.name in before and folder.has_files(before[report.name]))
        ]
        seconds = {**seconds, **{name: round(o.seconds, 2) for name, o in outcomes.items() if not o.unchanged}}
        _finish(folder, plan, entries, common, begin, seconds)
    return [outcomes[report.name] for report in selected]


def _built(
    reports: list[PlannedReport],
    common: dict[str, Any],
    seconds: dict[str, float],
    workers: Workers,
    jobs: int | None,
    watcher: Watcher,
) -> Iterator[Built]:
    """Yield the reports with a problem, then each other report when it is built.

    New reports are built first, then those that took longest last time: a long report at the end would run alone.
    """
    yield from (Built(report.name, {}, reason=report.problem) for report in reports if report.problem)
    ordered = sorted(
        (report for report in reports if not report.problem),
        key=lambda report: seconds.get(report.name, float("inf")),
        reverse=True,
    )
    specs = [spec_of(report, common) for report in ordered]
    yield from build_all(specs, workers, jobs, lambda spec: watcher.started(spec.name))


def _written(entry: dict[str, Any], built: Built, folder: Folder) -> dict[str, Any]:
    """Write and log a report; return its entry, which says so if that fails."""
    try:
        write_report(folder.path / built.name, built.files)
        folder.add(entry)
    except OSError as error:
        reason = one_line(f"its files could not be written: {error.strerror}: {error.filename or folder.path}")
        return {**entry, "status": "failed", "reason": reason, "files": {}}
    return entry


def _finish(
    folder: Folder,
    plan: Plan,
    entries: list[dict[str, Any]],
    common: dict[str, Any],
    begin: datetime,
    seconds: dict[str, float],
) -> None:
    """Write the manifest, the index and the crate."""
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
    from analysis.reporting.batch.crate import CRATE, crate_json
    from analysis.reporting.batch.index import index_html

    makers = {
        "index.html": lambda: index_html(plan, entries, common).encode(),
        CRATE: lambda: crate_json(entries, common),
    }
    for name, make in makers.items():
        try:
            content = make()
        except Exception as error:  # the reports are written and remain
            raise ReportError(one_line(f"{name} could not be made: {type(error).__name__}: {error}")) from error
        folder.write(name, content)


def _entry(report: PlannedReport, built: Built, common: dict[str, Any], inputs: str) -> dict[str, Any]:
    record = built.record
    return {
        "name": report.name,
        "group": report.group,
        "title": report.title or built.title or report.notebook.title,
        "subtitle": built.subtitle,
        "question": built.question,
        "synthetic": built.synthetic,
        "notebook": record.get("path", report.notebook.name),
        "notebook_hash": record.get("notebook_hash", ""),
        "parameters": record.get("parameters", {}),
        "changed": record.get("changed", []),
        "command": record.get("command", ""),
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
    """Return the parts of cohorts read by an earlier batch of the same code, so that they are not loaded again."""
    try:
        return dict(_manifest_of(output, code)["cohorts"])
    except (KeyError, TypeError, ValueError):
        return {}


def may_be_current(output: Path, code: Callable[[], dict[str, Any]]) -> bool:
    """Return whether reports in the folder may be up to date; if not, workers can start at once.

    code: provenance.code, called only if there is a manifest to compare it with.
    """
    return bool(_manifest_of(output, code))


def _manifest_of(output: Path, code: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest of an earlier batch of the same code; empty if there is none."""
    try:
        manifest = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return manifest if manifest["code"]["hash"] == code()["hash"] else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
