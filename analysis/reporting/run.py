"""Build one report: execute its notebook, export it, return the files as bytes.

`build_report` takes and returns plain values, so any executor can run it, here or on another machine; the caller writes
the files. It raises nothing: if a report can't be built, the result says why in one line.
"""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.parameters import check_values, find_notebook
from analysis.reporting import privacy, provenance

FORMATS = ("html", "pdf")
TIMEOUT = 600.0


@dataclass(frozen=True)
class Spec:
    """Specification of a report.

    name: the report's folder. notebook: its name or path. overrides: checked values of the parameters that differ from
    the defaults. common: the result of provenance.shared. timeout: seconds that all its cells may take together.
    inputs: the result of provenance.input_hashes when the report was planned; empty: not planned before.
    """

    name: str
    notebook: str
    overrides: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = FORMATS
    common: dict[str, Any] = field(default_factory=dict)
    timeout: float = TIMEOUT
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """A built report.

    files: path within the report's folder -> content. reason: why it failed, in one line. warnings: what the report
    does not show as its notebook does, one sentence each.
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

    @property
    def ok(self) -> bool:
        """Whether all files of the report were made."""
        return not self.reason


def build_report(spec: Spec, rehearse: bool = False) -> Built:
    """Return report.ipynb, report.html, report.pdf and tables/*.csv; after a failure report.ipynb only.

    rehearse: use a second core to prepare the export while the cells run; for one report alone.
    """
    begin = time.perf_counter()
    record: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    executed: Any = None
    try:
        notebook = find_notebook(spec.notebook)
        secrets = privacy.secrets(notebook, spec.overrides)
        values = check_values(notebook, spec.overrides)
        secrets = privacy.secrets(notebook, values)
        record = provenance.record(notebook, values, spec.common or provenance.shared())
        spec = replace(spec, inputs=spec.inputs or provenance.input_hashes(notebook, values))
        checked = {name: values[name] for name in spec.overrides}  # paths that the kernel, in another folder, can open
        executed, reason = _executed(notebook.path, replace(spec, overrides=checked), record, rehearse)
    except Exception as error:  # one report that fails must not end the batch
        reason = _message(error)
    executed, reason = privacy.redact([executed, reason], secrets)
    files: dict[str, bytes] = {}
    summary: dict[str, Any] = {}
    if executed is not None:
        try:
            files["report.ipynb"] = _notebook_bytes(executed)
            summary = _summary(executed)
            if not reason:
                files |= export(json.loads(files["report.ipynb"]), spec.formats)
        except Exception as error:
            reason = _message(error)
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
        seconds=time.perf_counter() - begin,
    )


def _executed(path: Path, spec: Spec, record: dict[str, Any], rehearse: bool) -> tuple[Any, str]:
    """Return the executed notebook with its record, and why it failed."""
    rehearsal = _rehearsal(spec, record) if rehearse else None
    try:
        from analysis.reporting.kernel.environment import files_read, kernel_environment
        from analysis.reporting.kernel.execution import execute

        with tempfile.TemporaryDirectory(prefix="report-", ignore_cleanup_errors=True) as home:
            environment = kernel_environment(record["code"]["epoch"], home)
            hooks = {"on_cell": rehearsal.add_cell} if rehearsal else {}
            executed, reason = execute(path, spec.overrides, environment, spec.timeout, **hooks)
            reason = reason or provenance.changed_input(spec.inputs, record, files_read(environment))
    finally:
        if rehearsal:
            rehearsal.close()
    return (None if executed is None else _with_record(executed, record)), reason


def _rehearsal(spec: Spec, record: dict[str, Any]) -> Any:
    from analysis.reporting.rehearsal import Rehearsal

    def export_part(part: Any) -> None:
        from analysis.reporting.kernel.normalization import normalize

        export(json.loads(_notebook_bytes(_with_record(normalize(part), record))), spec.formats)

    return Rehearsal(export_part)


def _with_record(executed: Any, record: dict[str, Any]) -> Any:
    from analysis.reporting.page import source_rows

    executed.metadata["ketamine_crps"] = source_rows.used_record(record, executed)
    return executed


def export(notebook: dict[str, Any], formats: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files made from an executed notebook. Raises ReportError if one can't be made.

    HTML and PDF are made at the same time, since Typst releases Python's lock.
    """
    from analysis.exhibit import payloads
    from analysis.reporting.page import document, html, pdf

    report = document.read_document(notebook)
    makers = {"html": lambda: {"report.html": html.page(report).encode()}, "pdf": lambda: pdf.compile_pdfs(report)}
    with ThreadPoolExecutor(len(makers)) as threads:
        made = [threads.submit(make) for name, make in makers.items() if name in formats]
    files = {name: content for future in made for name, content in future.result().items()}
    for payload in payloads(notebook):
        if "csv" in payload:
            kind = "fig" if payload["kind"] == "figure" else "tab"
            files[f"tables/{kind}-{payload['name']}.csv"] = payload["csv"].encode()
    return files


def _summary(notebook: Any) -> dict[str, Any]:
    from analysis.exhibit import payloads, plain

    summary = next((payload for payload in payloads(notebook) if payload["kind"] == "summary"), {})
    if summary and not summary["question"]:
        summary = {**summary, "question": plain(summary["lead"])}
    return summary


def _notebook_bytes(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def _message(error: Exception) -> str:
    from analysis.reporting.kernel.normalization import one_line

    return one_line(f"{type(error).__name__}: {error}")
