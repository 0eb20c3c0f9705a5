"""Build all reports of a plan that are not up to date, with an index and a manifest of all."""

from __future__ import annotations

import fnmatch
import itertools
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.reporting import ReportError
from analysis.reporting.background import in_background
from analysis.reporting.batch.axes import are_parts
from analysis.reporting.batch.folder import CRATE, INDEX, MANIFEST, Folder, read_manifest
from analysis.reporting.batch.placement import FAILED_NOTEBOOK, NotPlaced
from analysis.reporting.batch.plan import Plan, PlanError, PlannedReport
from analysis.reporting.batch.pool import Workers, build_all
from analysis.reporting.kernel.normalization import one_line
from analysis.reporting.page.paper import DEFAULT_PAPER, on_paper
from analysis.reporting.private_folder import published_hash, read_private, write_private
from analysis.reporting.provenance import input_hashes, sha256
from analysis.reporting.resources import why_refused
from analysis.reporting.run import Built, Spec, build_report

_PARTS = "cohorts.json"  # in the private folder


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

    def noted(self, message: str) -> None:
        """Receive a sentence about the output folder."""


def input_hash(report: PlannedReport, common: dict[str, Any], files: dict[str, str]) -> str:
    """Return one hash of everything that a report's bytes depend on.

    These are the notebook, parameters, formats and title; the files that parameters name; all data files, since each
    report prints the hash of all; the code; the versions of Python and of the packages. The commit and its day are not
    among them: a commit that changes none of these changes no number. files: see provenance.input_hashes;
    its paths do not count.
    """
    content = {
        "notebook": report.notebook.name,
        "parameters": {**report.notebook.defaults, **report.overrides},
        "files": [published_hash(Path(path), digest) for path, digest in files.items()],
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
    Raises FolderBusy if another run writes to the folder, NotPlaced if a report would replace what is none, ReportError
    if the folder can't be written or the index can't be made, NoCluster if there is no cluster.
    """
    from analysis.reporting.batch import crate, index  # noqa: F401 (here, while kernels still start, not at the end)

    watcher = watcher or Watcher()
    common = on_paper(common, plan.paper)
    begin = datetime.now(UTC).isoformat(timespec="seconds")
    selected = [report for report in plan.reports if not only or fnmatch.fnmatchcase(report.name, only)]
    with Folder(output) as folder:
        before = dict(folder.entries)
        outcomes: dict[str, Outcome] = {}
        to_build: dict[str, PlannedReport] = {}
        files = {
            report.name: {}
            if report.problem
            else input_hashes(report.notebook, {**report.notebook.defaults, **report.overrides})
            for report in selected
        }
        inputs = {report.name: input_hash(report, common, files[report.name]) for report in selected}
        for report in selected:
            old = before.get(report.name, {})
            same = not report.problem and old.get("status") == "built" and old["inputs"] == inputs[report.name]
            if same and not force and folder.unchanged(old):
                outcomes[report.name] = Outcome({**old, "group": report.group}, 0.0, unchanged=True)
            else:
                to_build[report.name] = report
        folder.check_places(to_build)
        if moved := folder.move_damaged_manifest():
            watcher.noted(f"{MANIFEST} is damaged, or not one of this program. It was renamed to {moved}.")
        watcher.begin(list(to_build), len(outcomes))
        times = {"seconds": folder.times("seconds", float), "built": folder.times("built", str)}
        specs = [
            Spec(report.name, str(report.notebook.path), report.overrides, report.formats, common, report.timeout, read)
            for report in _in_order(to_build.values(), times["seconds"])
            for read in [files[report.name]]
        ]
        workers.check(specs)
        _record_populations(plan, selected if to_build else [], folder.path, common, watcher)
        lost = (Built(report.name, {}, reason=report.problem) for report in to_build.values() if report.problem)
        for built in itertools.chain(lost, build_all(specs, workers, jobs, lambda spec: watcher.started(spec.name))):
            entry = _entry(to_build[built.name], built, common, inputs[built.name])
            outcomes[built.name] = outcome = Outcome(_written(entry, built, folder), built.seconds)
            times["seconds"][built.name] = round(outcome.seconds, 2)
            if outcome.ok:
                times["built"][built.name] = datetime.now(UTC).isoformat(timespec="seconds")
            watcher.finished(outcome)
        entries = [
            outcomes[report.name].entry if report.name in outcomes else before[report.name]
            for report in plan.reports
            if report.name in outcomes or (report.name in before and folder.has_files(before[report.name]))
        ]
        _finish(folder, plan, entries, common, begin, times)
    return [outcomes[report.name] for report in selected]


def _record_populations(
    plan: Plan, reports: list[PlannedReport], output: Path, common: dict[str, Any], watcher: Watcher
) -> None:
    """Record which patients each report of a cohort describes. Raises PlanError if a subtraction would leave few."""
    from analysis.reporting.batch.differencing import LEDGER, why_differenced  # it imports pandas, after the workers

    problems, remarks, ledger = why_differenced(reports, output)
    if problems:
        raise PlanError(problems)
    for remark in remarks:
        watcher.noted(remark)
    try:
        if ledger:
            write_private(LEDGER, ledger)
        if plan.cohorts:
            write_private(_PARTS, {"code": common["code"]["hash"], "cohorts": plan.cohorts})
    except OSError as error:
        watcher.noted(f"The record of published groups was not written: {why_refused(error)}")


def build_alone(spec: Spec, output: Path) -> tuple[Built, bool]:
    """Return a report that is built and written, and whether an earlier one remains since this one failed.

    Raises FolderBusy, NotPlaced, and ReportError if it can't be written.
    """
    with Folder(output) as folder:
        folder.place(spec.name)
        # in a thread: in the main thread nbclient would handle the signals that stop this program
        built = in_background(lambda: build_report(spec, rehearse=(os.cpu_count() or 1) > 1)).result()
        try:
            return built, bool(folder.write_report(spec.name, built.files, complete=built.ok))
        except OSError as error:
            raise ReportError(f"Not written: {why_refused(error)}") from None


def _in_order(reports: Iterable[PlannedReport], seconds: dict[str, float]) -> list[PlannedReport]:
    """Return the reports that can be built: new ones, then those that took longest last time.

    A long report at the end would run alone.
    """
    possible = [report for report in reports if not report.problem]
    return sorted(possible, key=lambda report: seconds.get(report.name, float("inf")), reverse=True)


def _written(entry: dict[str, Any], built: Built, folder: Folder) -> dict[str, Any]:
    """Write and log a report; return its entry.

    A report that fails, or can't be written, does not replace one that was built before: the entry is then that of the
    earlier report, with the reason.
    """
    name, earlier = built.name, folder.entries.get(built.name, {})
    try:
        kept = folder.write_report(name, built.files, complete=built.ok)
    except (OSError, NotPlaced, ReportError) as error:
        words = why_refused(error) if isinstance(error, OSError) else str(error)
        reason = one_line(f"its files could not be written: {words}")
        entry, kept = {**entry, "status": "failed", "reason": reason, "files": {}}, folder.earlier_files(name)
    if kept:
        if earlier.get("files") != kept:  # made by `report`, or edited by hand
            earlier = {**entry, "commit": ""}
        entry = {**earlier, "group": entry["group"], "status": "failed", "reason": entry["reason"], "files": kept}
        entry["kept"] = folder.times("built", str).get(name) or "an unknown day"
    folder.add(entry)
    return entry


def _finish(
    folder: Folder,
    plan: Plan,
    entries: list[dict[str, Any]],
    common: dict[str, Any],
    begin: str,
    times: dict[str, dict[str, Any]],
) -> None:
    """Write the manifest, the index and the crate."""
    names = [entry["name"] for entry in entries]
    times = {key: {name: values[name] for name in names if name in values} for key, values in times.items()}
    folder.finish(
        {
            "schema": 1,
            **{key: common[key] for key in ("data", "code", "versions")},
            "reports": entries,
            "times": {"started": begin, "finished": datetime.now(UTC).isoformat(timespec="seconds"), **times},
        }
    )
    from analysis.reporting.batch.crate import crate_json
    from analysis.reporting.batch.index import index_html

    attempts = [name for name in names if (folder.path / name / FAILED_NOTEBOOK).is_file()]
    makers = {
        INDEX: lambda: index_html(plan, entries, common, attempts).encode(),
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
        "kicker": built.kicker,
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
        "kept": "",
        "warnings": list(built.warnings),
        "files": {name: sha256(built.files[name]) for name in sorted(built.files)},
    }


def cohorts_known(code: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the parts of cohorts read by an earlier batch of the same code, so that they are not loaded again.

    They name small groups, so they are in the private folder and not in the manifest.
    """
    known = read_private(_PARTS)
    if not known or known.get("code") != code()["hash"] or not isinstance(known.get("cohorts"), dict):
        return {}
    return {key: parts for key, parts in known["cohorts"].items() if are_parts(parts)}


def may_be_current(output: Path, code: Callable[[], dict[str, Any]]) -> bool:
    """Return whether reports in the folder may be up to date; if not, workers can start at once.

    code: provenance.code, called only if there is a manifest to compare it with.
    """
    made_by = read_manifest(output).get("code")
    return isinstance(made_by, dict) and made_by.get("hash") == code()["hash"]
