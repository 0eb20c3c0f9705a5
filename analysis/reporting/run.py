"""One report from one spec: execute the notebook once, export it, give back the files as bytes.

`build` takes and gives plain values, so that any executor can run it, here or on another machine; whoever asked
writes the files (`place`). It raises nothing: a report that can't be made says why in one line.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.paths import MOVED, ROOT, resolve
from analysis.reporting import privacy
from analysis.reporting.kernel import lean_nbformat
from analysis.reporting.kernel.environment import environment

FORMATS = ("html", "pdf")
TIMEOUT = 600.0
_MARKER = "papermill-error-cell-tag"  # papermill adds two cells that say where it stopped
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_CELL_FILE = re.compile(r"(?<![^\s\"'])[^\s\"']*ipykernel_\d+[/\\]\d+\.py")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Spec:
    """What to build. given: checked values of the parameters that were set. common: see provenance.shared.

    timeout: seconds that all its cells may take together.
    """

    name: str
    notebook: str
    given: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = FORMATS
    common: dict[str, Any] = field(default_factory=dict)
    timeout: float = TIMEOUT


@dataclass(frozen=True)
class Built:
    """What came of it. files: path within the report's folder -> content. reason: why it failed, in one line."""

    name: str
    files: dict[str, bytes]
    reason: str = ""
    title: str = ""
    subtitle: str = ""
    question: str = ""
    synthetic: bool = False
    made: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all of the report was made."""
        return not self.reason


def build(spec: Spec) -> Built:
    """The report's files: report.ipynb, report.html, report.pdf, tables/*.csv; of a failed one the notebook alone."""
    begin = time.perf_counter()
    files: dict[str, bytes] = {}
    words: dict[str, Any] = {}
    made: dict[str, Any] = {}
    hidden: dict[str, str] = {}
    try:
        from analysis.parameters import check, find_notebook
        from analysis.reporting import provenance

        notebook = find_notebook(spec.notebook)
        hidden = privacy.secrets(notebook, spec.given)
        made = provenance.record(notebook, check(notebook, spec.given), spec.common or provenance.shared())
        executed, reason = execute(notebook.path, spec.given, made, spec.timeout)
        executed, reason = privacy.hide(executed, hidden), privacy.hide(reason, hidden)
        if executed is not None:
            files["report.ipynb"] = _notebook_bytes(executed)
            words = _summary(executed)
        if not reason:
            files |= export(json.loads(files["report.ipynb"]), spec.formats)
    except Exception as error:
        # whatever goes wrong with one report is that report's line in the table, not the end of the batch
        reason = one_line(privacy.hide(f"{type(error).__name__}: {error}", hidden))
        files = {name: content for name, content in files.items() if name == "report.ipynb"}
    return Built(
        name=spec.name,
        files=files,
        reason=reason,
        title=words.get("title", ""),
        subtitle=words.get("subtitle", ""),
        question=words.get("question", ""),
        synthetic=bool(words.get("synthetic")),
        made=made,
        seconds=time.perf_counter() - begin,
    )


def execute(path: Path, given: dict[str, Any], made: dict[str, Any], timeout: float = TIMEOUT) -> tuple[Any, str]:
    """The executed notebook, cleaned of times and random ids, and why it failed (empty if it didn't)."""
    lean_nbformat.load()
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors, remove_error_markers
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    from analysis.reporting.kernel.engine import ENGINE, ReportEngine

    values = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    kept: list[Any] = []
    reason = ""
    end = time.monotonic() + timeout
    # the steps of papermill.execute_notebook but its last, which writes the executed notebook even if to no file
    notebook = load_notebook_node(str(path))
    if values:
        notebook = parameterize_notebook(notebook, values, engine_name=ENGINE, kernel_name="python3", language="python")
    notebook = remove_error_markers(notebook)
    with tempfile.TemporaryDirectory(prefix="report-", ignore_cleanup_errors=True) as home:
        try:
            ReportEngine.execute_notebook(
                notebook,
                "python3",
                progress_bar=False,
                resources={"metadata": {"path": str(ROOT / "notebooks" if (ROOT / "notebooks").is_dir() else ROOT)}},
                keep=kept,
                environment={**environment(made["code"]["epoch"], home), **_moved(path, given)},
                timeout_func=lambda cell: max(end - time.monotonic(), 0.01),
            )
            raise_for_execution_errors(kept[0], None)
        except PapermillExecutionError as error:
            reason = f"{error.ename}: {error.evalue}"
        except DeadKernelError:
            reason = "the kernel died (killed, crashed or out of memory)"
            _mark(kept, "DeadKernel", reason)
        except CellTimeoutError:
            reason = f"stopped: the report took longer than {timeout:g} s (`timeout` in the list of reports)"
            _mark(kept, "Timeout", reason)
    if not kept:
        return None, one_line(reason)
    if reason:
        reason = f"cell {_cell_number(kept)}: {reason}"
    return tidy(kept[0], made), one_line(reason)


def _moved(path: Path, given: dict[str, Any]) -> dict[str, str]:
    """For the kernel, which runs in another folder: where the files are that somebody named from here."""
    from analysis.parameters import find_notebook

    places = {given[name]: str(resolve(given[name])) for name in find_notebook(str(path)).files if name in given}
    return {MOVED: json.dumps(places)} if places else {}


def _mark(kept: list[Any], name: str, reason: str) -> None:
    """Puts an error that the kernel could no longer tell under the cell where it happened."""
    from nbformat.v4 import new_output

    if kept:
        cell = kept[0].cells[_cell_number(kept) - 1]
        cell.setdefault("outputs", []).append(
            new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])
        )


def _cell_number(kept: list[Any]) -> int:
    """The cell at which it stopped: the last one that was started, counted among all cells."""
    cells = [cell for cell in kept[0].cells if _MARKER not in cell.metadata.get("tags", [])]
    started = [n for n, cell in enumerate(cells, start=1) if cell.metadata.get("papermill", {}).get("start_time")]
    return started[-1] if started else 1


def tidy(notebook: Any, made: dict[str, Any]) -> Any:
    """The notebook without what differs from run to run: times, random ids, addresses, folders. Its record is added."""
    from analysis.reporting.page import source_rows

    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["ketamine_crps"] = source_rows.kept(made, notebook)
    notebook.cells = [cell for cell in notebook.cells if _MARKER not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        if "outputs" in cell:
            cell.outputs = merged_streams(cell.outputs)
        for output in cell.get("outputs", []):
            _tidy_output(output)
    return notebook


def merged_streams(outputs: list[Any]) -> list[Any]:
    """What was printed as one output a stream, printed lines before warnings: they arrive in pieces, in any order.

    As nbclient's coalesce_streams does it, which takes minutes for one long line.
    """
    merged: list[Any] = []
    streams: dict[str, Any] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        merged.append(output)
    for output in streams.values():
        if "\r" in output.text:  # a bar that was drawn again and again: its last state
            lines = output.text.split("\n")
            output.text = "\n".join(line[line.rfind("\r", 0, len(line) - 1) + 1 :] for line in lines)
    for n in range(len(merged) - 1):
        pair = [output.name if output.output_type == "stream" else "" for output in merged[n : n + 2]]
        if pair == ["stderr", "stdout"]:
            merged[n], merged[n + 1] = merged[n + 1], merged[n]
    return merged


def _tidy_output(output: Any) -> None:
    if output.output_type == "stream":
        output.text = _neutral(output.text)
    elif output.output_type == "error":
        output.evalue = _neutral(output.evalue)
        output.traceback = [_neutral(line) for line in output.traceback]
    elif "text/plain" in output.data:
        output.data["text/plain"] = _neutral(output.data["text/plain"])


def _neutral(text: str) -> str:
    text = _CELL_FILE.sub("<cell>", text)
    return _ADDRESS.sub("0x…", text.replace(str(ROOT) + os.sep, ""))


def export(notebook: dict[str, Any], formats: tuple[str, ...]) -> dict[str, bytes]:
    """The files made from an executed notebook as its file holds it. Raises ReportError if one can't be made."""
    from analysis.exhibit import payloads
    from analysis.reporting.page import document, html, pdf

    files: dict[str, bytes] = {}
    report = document.read(notebook)
    if "html" in formats:
        files["report.html"] = html.page(report).encode()
    if "pdf" in formats:
        files["report.pdf"] = pdf.compile_pdf(report)
    for payload in payloads(notebook):
        if "csv" in payload:
            kind = "fig" if payload["kind"] == "figure" else "tab"
            files[f"tables/{kind}-{payload['name']}.csv"] = payload["csv"].encode()
    return files


def _summary(notebook: Any) -> dict[str, Any]:
    from analysis.exhibit import payloads

    return next((payload for payload in payloads(notebook) if payload["kind"] == "summary"), {})


def _notebook_bytes(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def one_line(text: str, longest: int = 300) -> str:
    """A message as one line: no colours, no line ends, not too long."""
    words = " ".join(_neutral(_COLOURS.sub("", text)).split())
    return words if len(words) <= longest else words[: longest - 2].rsplit(" ", 1)[0] + " …"


def place(folder: Path, files: dict[str, bytes]) -> None:
    """Puts a report's files where they belong, all or none: written beside, then renamed; what was there goes."""
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
