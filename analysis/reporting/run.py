"""Build one report: execute its notebook, export it, return the files as bytes.

`build_report` takes and returns plain values, so any executor can run it, here or on another machine; the caller writes
the files. It raises nothing: if a report can't be built, the result says why in one line.
"""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.parameters import Notebook, check_values, find_notebook
from analysis.reporting import privacy, provenance
from analysis.reporting.background import in_background
from analysis.reporting.resources import why_refused

FORMATS = ("html", "pdf", "docx")
DEFAULT_FORMATS = FORMATS[:2]
TIMEOUT = 600.0


@dataclass(frozen=True)
class Spec:
    """Specification of a report.

    name: the report's folder. notebook: its name or path. overrides: checked values of the parameters that differ from
    the defaults. common: the result of provenance.shared. timeout: seconds that the report may take.
    inputs: the result of provenance.input_hashes when the report was planned; empty: not planned before.
    published: the result of provenance.published_hashes where the report was planned; empty: on this computer.
    """

    name: str
    notebook: str
    overrides: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = DEFAULT_FORMATS
    common: dict[str, Any] = field(default_factory=dict)
    timeout: float = TIMEOUT
    inputs: dict[str, str] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """A built report.

    files: path within the report's folder -> content. reason: why it failed, in one line. warnings: what its pages do
    not show as its notebook does, one sentence each. abandoned: the export took too long and goes on, so that this
    process must not build another report.
    """

    name: str
    files: dict[str, bytes]
    reason: str = ""
    title: str = ""
    subtitle: str = ""
    question: str = ""
    kicker: str = ""
    synthetic: bool = False
    record: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    abandoned: bool = False

    @property
    def ok(self) -> bool:
        """Whether all files of the report were made."""
        return not self.reason


def build_report(spec: Spec, rehearse: bool = False) -> Built:
    """Return report.ipynb, results.json, the report in each format and tables/*.csv; after a failure report.ipynb.

    rehearse: use a second core to prepare the export while the cells run; for one report alone.
    """
    begin = time.monotonic()
    end = begin + spec.timeout
    abandoned = False
    record: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    executed: Any = None
    warnings: tuple[str, ...] = ()
    try:
        notebook = find_notebook(spec.notebook)
        secrets = privacy.secrets(notebook, spec.overrides)
        values = check_values(notebook, spec.overrides)
        secrets = privacy.secrets(notebook, values)
        spec = replace(spec, inputs=spec.inputs or provenance.input_hashes(notebook, values))
        published = spec.published or provenance.published_hashes(notebook, values, spec.inputs)
        record = provenance.record(notebook, values, spec.common or provenance.shared(), published)
        checked = {name: values[name] for name in spec.overrides}  # paths that the kernel, in another folder, can open
        executed, reason, warnings = _executed(notebook, replace(spec, overrides=checked), record, rehearse, end)
    except Exception as error:  # one report that fails must not end the batch
        reason = _message(error)
    executed, reason, *warnings = privacy.redact([executed, reason, *warnings], secrets)
    files: dict[str, bytes] = {}
    summary: dict[str, Any] = {}
    if executed is not None:
        try:
            files["report.ipynb"] = _notebook_bytes(executed)
            summary = _summary(executed)
            if not reason:
                content, folder = json.loads(files["report.ipynb"]), notebook.path.parent
                exported = in_background(lambda: export(content, spec.formats, folder))
                abandoned = not wait([exported], max(end - time.monotonic(), 0)).done
                pages, not_shown = ({}, ()) if abandoned else exported.result()
                files |= pages
                warnings += not_shown
                if abandoned:
                    from analysis.reporting.kernel.execution import too_long

                    reason = f"{too_long(spec.timeout)}, while its pages were made"
        except Exception as error:
            reason = _message(error)
    if record.get("parameters", {}).get("release") == "public":
        files.pop("report.ipynb", None)  # its code can be run again on the patients' table with smaller groups
    return Built(
        name=spec.name,
        files=files,
        reason=reason,
        title=summary.get("title", ""),
        subtitle=summary.get("subtitle", ""),
        question=summary.get("question", ""),
        kicker=summary.get("kicker", ""),
        synthetic=bool(summary.get("synthetic")),
        record=record,
        warnings=tuple(warnings),
        abandoned=abandoned,
        seconds=time.monotonic() - begin,
    )


def _executed(
    notebook: Notebook, spec: Spec, record: dict[str, Any], rehearse: bool, end: float
) -> tuple[Any, str, tuple[str, ...]]:
    """Return the executed notebook with its record, why it failed, and the warnings about its run."""
    rehearsal = _rehearsal(spec, record, notebook.path.parent) if rehearse else None
    try:
        from analysis.reporting.kernel.environment import files_read, kernel_environment
        from analysis.reporting.kernel.execution import execute

        with tempfile.TemporaryDirectory(prefix="report-", ignore_cleanup_errors=True) as home:
            environment = kernel_environment(record["code"]["epoch"], home)
            hooks = {"on_cell": rehearsal.add_cell} if rehearsal else {}
            ran = execute(notebook, spec.overrides, environment, spec.timeout, **hooks)
            read, maps = files_read(environment)
            reason = ran.reason or provenance.changed_input(spec.inputs, record, read)
            record |= {"maps": maps[:1]} if maps else {}
    finally:
        if rehearsal:
            rehearsal.close(max(end - time.monotonic(), 0))
    return (None if ran.notebook is None else _with_record(ran.notebook, record)), reason, ran.warnings


def _rehearsal(spec: Spec, record: dict[str, Any], folder: Path) -> Any:
    from analysis.reporting.rehearsal import Rehearsal

    def export_part(part: Any) -> None:
        from analysis.reporting.kernel.normalization import normalize

        export(json.loads(_notebook_bytes(_with_record(normalize(part), record))), spec.formats, folder)

    return Rehearsal(export_part)


def _with_record(executed: Any, record: dict[str, Any]) -> Any:
    from analysis.reporting.page import source_rows

    executed.metadata["ketamine_crps"] = source_rows.used_record(record, executed)
    return executed


def export(
    notebook: dict[str, Any], formats: tuple[str, ...], folder: Path | None = None
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files made from an executed notebook, and what they do not show.

    folder: where the notebook's pictures are. The formats are made at the same time, since Typst releases Python's
    lock. Raises ReportError if a file can't be made.
    """
    from analysis.exhibit import payloads
    from analysis.reporting.interchange import fhir_evidence, results
    from analysis.reporting.page import document, docx, html, pdf

    report = document.read_document(notebook, folder)
    makers = {
        "html": lambda: ({"report.html": html.page(report).encode()}, tuple(report.warnings)),
        "pdf": lambda: pdf.compile_pdfs(report),
        "docx": lambda: docx.word_files(report),
    }
    made = [in_background(make) for name, make in makers.items() if name in formats]
    files = {name: content for future in made for name, content in future.result()[0].items()}
    warnings = tuple(dict.fromkeys(line for future in made for line in future.result()[1]))
    for payload in payloads(notebook):
        if "csv" in payload:
            kind = "fig" if payload["kind"] == "figure" else "tab"
            files[f"tables/{kind}-{payload['name']}.csv"] = payload["csv"].encode()
    files[results.RESULTS_FILE] = results.results_json(notebook)
    if evidence := fhir_evidence.evidence_json(notebook):
        files[fhir_evidence.FHIR_FILE] = evidence
    return files, warnings


def _summary(notebook: Any) -> dict[str, Any]:
    from analysis.exhibit import payloads, plain

    summary = next((payload for payload in payloads(notebook) if payload["kind"] == "summary"), {})
    if not summary:
        return {}
    answers = [finding["sentence"] for finding in summary["findings"]]
    return {**summary, "question": plain(summary["lead"] or " ".join(answers[:1]))}


def _notebook_bytes(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def _message(error: Exception) -> str:
    from analysis.reporting.kernel.normalization import one_line

    words: object = error
    if isinstance(number := getattr(error, "errno", None), int):  # of OSError and of ZMQError
        words = why_refused(OSError(number, error.strerror, getattr(error, "filename", None)))
    return one_line(f"{type(error).__name__}: {words}")
