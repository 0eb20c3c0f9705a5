"""Build one report: execute its notebook, export it, return the files as bytes.

`build_report` takes and returns plain values, so any executor can run it, here or on another machine; the caller writes
the files (`write_report`). It raises nothing: if a report can't be built, the result says why in one line.
"""

from __future__ import annotations

import json
import shutil
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
    """

    name: str
    notebook: str
    overrides: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = FORMATS
    common: dict[str, Any] = field(default_factory=dict)
    timeout: float = TIMEOUT


@dataclass(frozen=True)
class Built:
    """A built report.

    files: path within the report's folder -> content. reason: why it failed, in one line. warnings: what its pages do
    not show.
    """

    name: str
    files: dict[str, bytes]
    reason: str = ""
    title: str = ""
    subtitle: str = ""
    question: str = ""
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
        checked = {name: values[name] for name in spec.overrides}  # paths that the kernel, in another folder, can open
        executed, reason = _executed(notebook.path, replace(spec, overrides=checked), record, rehearse)
    except Exception as error:  # one report that fails must not end the batch
        reason = _message(error)
    executed, reason = privacy.redact([executed, reason], secrets)
    files: dict[str, bytes] = {}
    summary: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    if executed is not None:
        try:
            files["report.ipynb"] = _notebook_bytes(executed)
            summary = _summary(executed)
            if not reason:
                pages, warnings = export(json.loads(files["report.ipynb"]), spec.formats, notebook.path.parent)
                files |= pages
        except Exception as error:
            reason = _message(error)
    return Built(
        name=spec.name,
        files=files,
        reason=reason,
        title=summary.get("title", ""),
        subtitle=summary.get("subtitle", ""),
        question=summary.get("question", ""),
        synthetic=bool(summary.get("synthetic")),
        record=record,
        seconds=time.perf_counter() - begin,
        warnings=warnings,
    )


def _executed(path: Path, spec: Spec, record: dict[str, Any], rehearse: bool) -> tuple[Any, str]:
    """Return the executed notebook with its record, and why it failed."""
    rehearsal = _rehearsal(spec, record, path.parent) if rehearse else None
    try:
        from analysis.reporting.kernel.environment import kernel_environment
        from analysis.reporting.kernel.execution import execute

        with tempfile.TemporaryDirectory(prefix="report-", ignore_cleanup_errors=True) as home:
            environment = kernel_environment(record["code"]["epoch"], home)
            hooks = {"on_cell": rehearsal.add_cell} if rehearsal else {}
            executed, reason = execute(path, spec.overrides, environment, spec.timeout, **hooks)
    finally:
        if rehearsal:
            rehearsal.close()
    return (None if executed is None else _with_record(executed, record)), reason


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

    folder: where the notebook's pictures are. HTML and PDF are made at the same time, since Typst releases Python's
    lock. Raises ReportError if a file can't be made.
    """
    from analysis.exhibit import payloads
    from analysis.reporting.page import document, html, pdf

    report = document.read_document(notebook, folder)
    makers = {
        "html": lambda: (html.page(report).encode(), tuple(report.warnings)),
        "pdf": lambda: pdf.compile_pdf(report),
    }
    with ThreadPoolExecutor(len(makers)) as threads:
        made = {f"report.{name}": threads.submit(make) for name, make in makers.items() if name in formats}
    files = {name: future.result()[0] for name, future in made.items()}
    warnings = tuple(dict.fromkeys(line for future in made.values() for line in future.result()[1]))
    for payload in payloads(notebook):
        if "csv" in payload:
            kind = "fig" if payload["kind"] == "figure" else "tab"
            files[f"tables/{kind}-{payload['name']}.csv"] = payload["csv"].encode()
    return files, warnings


def _summary(notebook: Any) -> dict[str, Any]:
    from analysis.exhibit import payloads

    return next((payload for payload in payloads(notebook) if payload["kind"] == "summary"), {})


def _notebook_bytes(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def _message(error: Exception) -> str:
    from analysis.reporting.kernel.normalization import one_line

    return one_line(f"{type(error).__name__}: {error}")


def write_report(folder: Path, files: dict[str, bytes]) -> None:
    """Replace the report's folder by these files, all or none: write them to a new folder, then rename it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in files.items():
            target = new / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        new.chmod(0o755)
        old = new.with_name(new.name + "-old")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
