"""One report: reproducible bytes, clear failures, no partial files."""

from __future__ import annotations

import json
import os
import pickle
import re
import shlex
import subprocess
import sys
import threading

import nbformat
import papermill
import pytest
from cohort_files import LONG
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.nbconvertapp import NbConvertApp
from reporting_samples import SAMPLE, common, notebook_of, sample, spec, synthetic

from analysis.parameters import find_notebook, read_notebook
from analysis.paths import ROOT
from analysis.reporting import run
from analysis.reporting.kernel import execution
from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.kernel.normalization import after_overwriting, merged_streams, one_line
from analysis.reporting.provenance import input_hashes
from analysis.reporting.rehearsal import Rehearsal
from analysis.reporting.run import Spec, build_report

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked")]


def test_the_files_of_a_report():
    assert sorted(sample().files) == [
        "report.html",
        "report.ipynb",
        "report.pdf",
        "results.json",
        "tables/fig-pain-by-week.csv",
        "tables/fig-responders.csv",
        "tables/tab-long.csv",
        "tables/tab-wide.csv",
    ]
    assert sample().files["report.pdf"].startswith(b"%PDF-")
    assert (sample().title, sample().synthetic) == ("Sample of a report", False)
    assert b"'=1+1" in sample().files["tables/tab-wide.csv"], "a spreadsheet must not run it"


def test_the_same_input_gives_the_same_bytes(monkeypatch, tmp_path):
    first = sample()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("PYTHONHASHSEED", "77")
    monkeypatch.setenv("MPLBACKEND", "svg")
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: red\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    again = build_report(spec("another-name"))
    assert again.reason == ""
    for name, content in first.files.items():
        assert again.files[name] == content, name


def test_another_value_gives_another_report():
    assert synthetic().files["report.html"] != sample().files["report.html"]
    assert "90% interval" in synthetic().files["report.html"].decode()


def test_the_executed_notebook_has_no_times_and_random_ids():
    notebook = notebook_of(synthetic())
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)
    assert [cell.id for cell in notebook.cells[:3]] == ["cell-001", "cell-002", "cell-003"]
    assert notebook.cells[2].source == (
        '# Parameters\nsynthetic = True\nlevel = 0.9\ntitle = "Invented <patients> & #hash *stars* \\"quotes\\""\n'
    )
    for mark in ("start_time", "iopub", "default_parameters", str(ROOT), os.environ.get("HOME", "/nowhere") + "/"):
        assert mark not in text, mark
    made = notebook.metadata["ketamine_crps"]
    assert made["parameters"]["level"] == 0.9
    assert made["changed"] == ["level", "title", "synthetic"]
    assert made["data"] == common()["data"]
    assert made["citations"]["mangnus2022"] == "Mangnus et al. 2021"


def test_the_cells_that_run_are_those_that_papermill_prepares():
    given = {"synthetic": True, "level": 0.9, "title": 'Invented <patients> & #hash *stars* "quotes"'}
    prepared = papermill.execute_notebook(
        str(ROOT / SAMPLE), None, given, prepare_only=True, kernel_name="python3", language="python"
    )
    ran = notebook_of(synthetic())
    assert [(cell.cell_type, cell.source) for cell in ran.cells] == [(c.cell_type, c.source) for c in prepared.cells]


def test_a_failing_cell_leaves_the_notebook_and_no_report():
    built = build_report(spec("bad", stop=True))
    assert built.reason == "cell 14: ValueError: the table holds no study that reports a score"
    assert list(built.files) == ["report.ipynb"]
    notebook = nbformat.reads(built.files["report.ipynb"].decode(), as_version=4)
    errors = [
        n for n, cell in enumerate(notebook.cells, start=1) for o in cell.get("outputs", []) if o.output_type == "error"
    ]
    assert errors == [14]
    assert not any("papermill-error" in str(cell.metadata) for cell in notebook.cells)


def test_a_dead_kernel_is_reported():
    built = build_report(spec("dead", die=True))
    assert built.reason == "cell 14: the kernel died (killed, crashed or out of memory)"
    assert list(built.files) == ["report.ipynb"]
    (error,) = notebook_of(built).cells[13].outputs
    assert (error.output_type, error.ename) == ("error", "DeadKernel")


def endless(folder, *before: str):
    """A notebook with these cells and one that does not end."""
    sources = [*before, "while True: pass"]
    path = folder / "endless.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]), path)
    return path


def test_a_cell_that_takes_too_long_is_stopped(tmp_path):
    built = build_report(Spec("endless", str(endless(tmp_path)), common=common(), timeout=0.2))
    assert built.reason == "cell 1: stopped: the report took longer than 0.2 s (`timeout` in the list of reports)"
    assert [output.ename for output in notebook_of(built).cells[0].outputs] == ["Timeout"]


def test_the_time_of_a_report_is_that_of_all_its_cells(tmp_path):
    """A clock that advances by 4 s with each cell leaves the third cell 2 s of 10; the second has 6."""
    seconds = [0.0]
    allowed = []

    def clock() -> float:
        return seconds[0]

    def on_cell(notebook, index):
        seconds[0] += 4.0

    class Engine(execution.ReportEngine):
        @classmethod
        def execute_notebook(cls, *arguments, timeout_func, **more):
            def recorded(cell):
                allowed.append(timeout_func(cell))
                return 0  # no limit: the verdict must not depend on the speed of the machine

            return super().execute_notebook(*arguments, timeout_func=recorded, **more)

    path = tmp_path / "three.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1") for _ in range(3)]), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "ReportEngine", Engine)
        environment = kernel_environment(0, str(tmp_path))
        ran = execution.execute(read_notebook(path), {}, environment, 10.0, on_cell=on_cell, clock=clock)
    assert (allowed, ran.reason) == ([10.0, 6.0, 2.0], "")


def test_an_export_that_takes_too_long_is_stopped(tmp_path, monkeypatch):
    """The export waits for the verdict of this test, so it takes longer than any limit."""
    path = tmp_path / "short.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), path)
    verdict = threading.Event()
    monkeypatch.setattr(run, "export", lambda *_: verdict.wait())
    monkeypatch.setattr(execution, "execute", lambda *_, **__: execution.Execution(nbformat.read(path, 4)))
    built = build_report(Spec("short", str(path), common=common(), timeout=0.2))
    verdict.set()
    reason = "stopped: the report took longer than 0.2 s (`timeout` in the list of reports), while its pages were made"
    assert (built.reason, built.abandoned, list(built.files)) == (reason, True, ["report.ipynb"])


def test_outputs_that_arrive_after_the_reply_are_awaited(tmp_path, monkeypatch):
    """The kernel replies before the client reads its outputs, which takes longer than nbclient's own 4 s."""
    path = tmp_path / "late.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('late')")]), path)
    limits = []

    class Engine(execution.ReportEngine):
        @classmethod
        def execute_notebook(cls, *arguments, iopub_timeout, **more):
            limits.append(iopub_timeout)
            return super().execute_notebook(*arguments, iopub_timeout=iopub_timeout, **more)

    monkeypatch.setattr(execution, "ReportEngine", Engine)
    ran = execution.execute(read_notebook(path), {}, kernel_environment(0, str(tmp_path)), 500.5)
    assert (limits, ran.reason, ran.notebook.cells[0].outputs[0].text) == ([501], "", "late\n")


def write(path, *sources, metadata=None, **tags):
    """Write a notebook with these code cells; tags: of the cell with this number, such as c2=[...]."""
    cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": tags.get(f"c{number}", [])})
        for number, source in enumerate(sources, start=1)
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata or {}), path)
    return build_report(Spec(path.stem, str(path), formats=(), common=common()))


def test_a_cell_that_may_raise_does_not_stop_the_notebook(tmp_path):
    built = write(
        tmp_path / "r.ipynb",
        "1/0",
        "print('after')",
        "skipped",
        "[][1]",
        "print('no')",
        c1=["raises-exception"],
        c3=["skip-execution"],
    )
    assert built.reason == "cell 4: IndexError: list index out of range"
    shown = [[output.get("ename") or output.text for output in cell.outputs] for cell in notebook_of(built).cells]
    assert shown == [["ZeroDivisionError"], ["after\n"], [], ["IndexError"], []]


def test_a_notebook_that_exits_ends_well_with_a_warning(tmp_path):
    built = write(tmp_path / "exit.ipynb", "import sys; sys.exit()", "print('no')")
    assert (built.reason, built.warnings) == ("", ("cell 1 ended the notebook (SystemExit); no cell after it ran",))
    assert write(tmp_path / "exit.ipynb", "import sys; sys.exit(3)").reason == "cell 1: SystemExit: 3"


def test_a_notebook_of_version_3_runs(tmp_path):
    cell = {
        "cell_type": "code",
        "input": ["print(7)\n", "raise KeyboardInterrupt"],
        "language": "python",
        "outputs": [],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}))
    built = build_report(Spec("old", str(path), formats=(), common=common()))
    assert built.reason == "cell 1: KeyboardInterrupt"
    assert notebook_of(built).cells[0].outputs[0].text == "7\n"


def test_a_notebook_with_odd_metadata_runs(tmp_path):
    tags = [None, "remove-cell", {"a": 1}, [1, None]]
    cells = [
        {"cell_type": "code", "source": f"print({n})", "metadata": {"tags": value}, "outputs": [], "id": "same"}
        for n, value in enumerate(tags)
    ]
    state = {"application/vnd.jupyter.widget-state+json": None}
    metadata = {"kernelspec": None, "language_info": None, "widgets": state}
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}))
    built = build_report(Spec("odd", str(path), formats=("html",), common=common()))
    assert (built.reason, built.warnings) == ("", ())
    assert [cell.outputs[0].text for cell in notebook_of(built).cells] == ["0\n", "1\n", "2\n", "3\n"]
    reading = "from analysis.reporting.kernel import execution as e; import sys; e.nbformat.read(sys.argv[1], 4)"
    assert subprocess.run([sys.executable, "-c", reading, path], capture_output=True, cwd=ROOT).stderr == b""


def test_an_output_that_no_notebook_can_store_costs_that_form(tmp_path):
    nothing = "display({'text/html': None, 'text/plain': 'words', 'application/json': None}, raw=True)"
    path = tmp_path / "none.ipynb"
    cells = [nbformat.v4.new_code_cell(nothing), nbformat.v4.new_code_cell("print('later')")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    built = build_report(Spec("none", str(path), formats=("html",), common=common()))
    shown = [cell.outputs[0] for cell in notebook_of(built).cells]
    assert shown[0].data == {"text/html": "", "text/plain": "words", "application/json": None}
    assert (built.reason, shown[1].text) == ("", "later\n")


def test_an_error_while_a_result_is_formatted_is_named(tmp_path):
    code = "class A:\n    def _repr_html_(self): raise ValueError('no form')\nA()"
    assert write(tmp_path / "r.ipynb", code).reason == "cell 1: ValueError: no form"


def test_a_notebook_runs_in_its_own_folder_with_its_own_modules(tmp_path):
    (tmp_path / "beside.txt").write_text("text")
    (tmp_path / "own_module.py").write_text("value = 7")
    built = write(tmp_path / "r.ipynb", "import own_module; print(open('beside.txt').read(), own_module.value)")
    assert notebook_of(built).cells[0].outputs[0].text == "text 7\n"


def test_a_kernel_that_is_not_there_fails_its_report_before_it_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(execution.ReportEngine, "execute_notebook", lambda *_, **__: pytest.fail("started"))
    built = write(tmp_path / "r.ipynb", "x <- 5", metadata={"kernelspec": {"name": "ir", "display_name": "R"}})
    assert re.fullmatch(r"no kernel named 'ir'; there are: .*python3.*; to choose one: in Jupyter, .*", built.reason)
    assert built.files == {}


def test_another_kernel_runs_with_its_own_command(tmp_path, monkeypatch):
    folder = tmp_path / "jupyter" / "kernels" / "other"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-X", "dev", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "O", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    code = "import sys; print(sys.flags.dev_mode)"
    built = write(tmp_path / "r.ipynb", code, metadata={"kernelspec": {"name": "other", "display_name": "O"}})
    assert (built.reason, notebook_of(built).cells[0].outputs[0].text) == ("", "True\n")


def test_plain_parameters_are_run_with_a_warning(tmp_path):
    path = tmp_path / "plain.ipynb"
    write(path, "alpha = 0.6\nwhen = None", "print(alpha, when)", c1=["parameters"])
    built = build_report(Spec("plain", str(path), {"when": {"a": [1]}}, formats=(), common=common()))
    assert built.reason == ""
    assert notebook_of(built).cells[-1].outputs[0].text == "0.6 {'a': [1]}\n"
    assert built.warnings == ("types of parameters inferred from their defaults: alpha: float, when: any",)
    assert built.record["parameters"] == {"alpha": 0.6, "when": {"a": [1]}}
    assert shlex.split(built.record["command"])[-1] == "when={'a': [1]}"


def test_a_rehearsed_report_has_the_same_bytes():
    again = build_report(spec(), rehearse=True)
    assert again.reason == ""
    assert again.files == sample().files


def test_a_rehearsal_exports_parts_of_growing_length():
    exported = []
    practice = Rehearsal(lambda part: exported.append(len(part.cells)))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(str(n)) for n in range(20)])
    for index in range(20):
        practice.running.result()
        practice.add_cell(notebook, index)
    practice.close()
    assert exported == [1, 7, 13]
    assert len(notebook.cells) == 20


def test_an_export_of_both_formats_is_that_of_each_alone():
    notebook = notebook_of(sample())
    both, html, pdf = (run.export(notebook, formats)[0] for formats in (("html", "pdf"), ("html",), ("pdf",)))
    assert both == html | pdf


@pytest.mark.parametrize(
    ("module", "format", "words"), [("typst_pages", "pdf", "report.typ"), ("html", "html", "nothing-there")]
)
def test_a_missing_template_fails_the_report_and_is_named(monkeypatch, module, format, words, tmp_path):
    notebook = notebook_of(sample())
    monkeypatch.setattr(f"analysis.reporting.page.{module}.TEMPLATE", tmp_path / "nothing-there")
    with pytest.raises(Exception, match=words):
        run.export(notebook, (format,))
    monkeypatch.setattr(execution, "execute", lambda *_, **__: execution.Execution(notebook))
    built = build_report(spec())
    assert words in built.reason
    assert list(built.files) == ["report.ipynb"]


def test_a_missing_font_fails_the_report_and_is_named(monkeypatch):
    from analysis.reporting.page import pdf

    notebook, source = notebook_of(sample()), pdf.typst_source
    monkeypatch.setattr(
        pdf, "typst_source", lambda *a: ('#set text(font: "Nope Sans")\n' + source(*a)[0], source(*a)[1])
    )
    monkeypatch.setattr(execution, "execute", lambda *_, **__: execution.Execution(notebook))
    assert build_report(spec()).reason == "ReportError: Typst: unknown font family: nope sans"


def test_the_kernel_opens_a_relative_path(tmp_path, monkeypatch):
    (tmp_path / "clinic.csv").write_text("patients")
    parameters = nbformat.v4.new_code_cell(
        'cohort: str = "data/cohorts/synthetic-example.csv"  # a table', metadata={"tags": ["parameters"]}
    )
    code = nbformat.v4.new_code_cell("from analysis.paths import resolve; print(resolve(cohort).read_text())")
    nbformat.write(nbformat.v4.new_notebook(cells=[parameters, code]), tmp_path / "visits.ipynb")
    monkeypatch.chdir(tmp_path)
    built = build_report(Spec("v", str(tmp_path / "visits.ipynb"), {"cohort": "clinic.csv"}, (), common()))
    assert built.reason == ""
    assert notebook_of(built).cells[-1].outputs[0].text == "patients\n"
    assert str(tmp_path) not in built.files["report.ipynb"].decode()


@pytest.mark.parametrize("how", ["before", "while", "and back"])
def test_data_that_change_are_not_printed_beside_the_hash_of_others(tmp_path, how):
    """The file changes before the kernel reads it, after that, or only while the kernel reads it."""
    file = tmp_path / "clinic.csv"
    original = "\n".join(LONG) + "\n"
    file.write_text(original)
    other = original.replace("Site B", "Site C")
    parameters = nbformat.v4.new_code_cell(
        'cohort: str = "data/cohorts/synthetic-example.csv"  # a table', metadata={"tags": ["parameters"]}
    )
    lines = ["from pathlib import Path", "from analysis.outcomes import cohort as tables"]
    lines += [f"Path({str(file)!r}).write_text({other!r})"] if how != "before" else []
    lines += ["tables.load(cohort)"]
    lines += [f"Path({str(file)!r}).write_text({original!r})"] if how == "and back" else []
    cells = [parameters, nbformat.v4.new_code_cell("\n".join(lines))]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "visits.ipynb")
    notebook = find_notebook(tmp_path / "visits.ipynb")
    planned = input_hashes(notebook, {"cohort": str(file)})
    if how == "before":
        file.write_text(other)
    built = build_report(Spec("v", str(notebook.path), {"cohort": str(file)}, (), common(), inputs=planned))
    assert built.reason.startswith("clinic.csv changed while the report was made"), built.reason


def stream(name: str, text: str):
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_printed_text_is_merged_between_other_outputs():
    other = nbformat.v4.new_output("display_data", data={"text/plain": "3"})
    printed = [stream("stderr", "w"), stream("stdout", "a\n"), stream("stderr", "x"), stream("stdout", "b\n")]
    made = merged_streams([*printed, other, stream("stdout", "c\n")])
    assert [output.get("text", "") for output in made] == ["a\nb\n", "wx", "", "c\n"]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("  0%|  | 0/2\r 50%|# | 1/2\r100%|##| 2/2\n", "100%|##| 2/2\n"),
        ("hello\rHi\n", "Hillo\n"),
        ("a\r\nb", "a\nb"),
        ("abc\b\bd", "ad"),
        ("\b\rx\ny", "x\ny"),
    ],
)
def test_printed_text_shows_its_last_state(printed, shown):
    assert after_overwriting(printed) == shown


@given(st.text("ab\r\n", max_size=12))
def test_longer_text_replaces_a_line_as_nbclient_does_it(text):
    lines = [sorted(line.split("\r"), key=len) for line in text.split("\n")]
    longer = "\n".join("\r".join(dict.fromkeys(line)) for line in lines)
    assert after_overwriting(longer) == re.sub(r".*\r(?=[^\n])", "", longer).replace("\r", "")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("100%|##| 5/5 [00:00<00:00, 98.26it/s]", "100%|##| 5/5"),
        ("3/5 [1:02:00<?, 1.20s/it, loss=0.3]", "3/5 [loss=0.3]"),
        ("12it [00:07, 1.5it/s]", "12it"),
        ("1.2k/3k\u2007[00:00&lt;00:00,\u20078.1kB/s]", "1.2k/3k"),
        ("dose [10:30, 5 mg/kg]", "dose [10:30, 5 mg/kg]"),
        ("x[1:2] [00:10]", "x[1:2] [00:10]"),
    ],
)
def test_a_progress_bar_shows_no_time(text, normal):
    assert one_line(text) == normal


WIDGETS = (
    "import ipywidgets as w; from IPython.display import Image, display; from tqdm.notebook import tqdm",
    "for _ in tqdm(range(5), desc='nights'): pass",
    "s = w.IntSlider(value=3, description='n'); display(s); s.value = 7",
    "o = w.Output(); display(o)\nwith o: print('inside'); display(w.Text('<b>'))",
    "w.VBox([w.Checkbox(True, description='ok'), w.Dropdown(options=[('one', 1), ('two', 2)], value=2), "
    "w.HTML('<b>a</b> &lt; 1'), w.SelectMultiple(options=['x', 'y'], value=['x', 'y'])])",
)


def test_widgets_show_their_last_state(tmp_path):
    path = tmp_path / "widgets.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in WIDGETS]), path)
    built = build_report(Spec("widgets", str(path), formats=(), common=common()))
    assert built.reason == ""
    notebook = notebook_of(built)
    shown = [[o.get("text") or o.data["text/plain"] for o in cell.outputs] for cell in notebook.cells]
    assert shown == [[], ["nights: 100% ██████████ 5/5"], ["n: 7"], ["inside\n", "<b>"], ["ok: True\ntwo\na < 1\nx, y"]]
    nbformat.validate(notebook)
    again = build_report(Spec("widgets", str(path), formats=(), common=common()))
    assert again.files == built.files
    (state,) = notebook.metadata.widgets.values()
    viewed = notebook.cells[1].outputs[0].data["application/vnd.jupyter.widget-view+json"].model_id
    assert state.state[viewed].model_name == "HBoxModel"


def test_one_long_line_is_complete(tmp_path):
    path = tmp_path / "long.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('x' * 2_000_000)")]), path)
    built = build_report(Spec("long", str(path), formats=(), common=common()))
    assert notebook_of(built).cells[0].outputs[0].text == "x" * 2_000_000 + "\n"


def test_what_a_report_does_not_show_is_told(tmp_path):
    path = tmp_path / "cites.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# T\n\n[@nobody2020]")]), path)
    built = build_report(Spec("cites", str(path), common=common()))
    assert built.ok and built.warnings == ("Cell 1: @nobody2020 is in no bibliography and is shown as text.",)
    assert b"Cell 1: @nobody2020" in built.files["report.html"]


def test_a_misspelt_parameter_starts_no_kernel(monkeypatch):
    monkeypatch.setattr(execution, "execute", lambda *_, **__: pytest.fail("a kernel was started"))
    built = build_report(Spec("x", SAMPLE, {"levle": 0.9}, common=common()))
    assert "no parameter 'levle'; nearest: 'level'" in built.reason
    assert built.files == {}


def test_a_misspelt_parameter_stops_plain_papermill_too(tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="no parameter 'levle'; nearest: 'level'"):
        papermill.execute_notebook(
            str(ROOT / SAMPLE), str(tmp_path / "out.ipynb"), {"levle": 0.9}, progress_bar=False, kernel_name="python3"
        )


def test_specs_and_results_travel():
    assert pickle.loads(pickle.dumps(spec("x", level=0.9))) == spec("x", level=0.9)
    assert pickle.loads(pickle.dumps(sample())).files == sample().files


def test_a_reason_is_one_line():
    text = one_line(f"\x1b[31mError\x1b[0m\n  in {ROOT / 'analysis'} at 0x7f0011223344 " + "word " * 100)
    assert text.startswith("Error in analysis at 0x… word")
    assert len(text) <= 300
    assert "\n" not in text


def test_the_nbconvert_command_makes_the_same_bytes(tmp_path, monkeypatch):
    (tmp_path / "executed.ipynb").write_bytes(sample().files["report.ipynb"])
    monkeypatch.chdir(tmp_path)
    for kind, suffix in (("HTML", "html"), ("PDF", "pdf")):
        command = NbConvertApp()
        command.initialize(["--to", f"analysis.reporting.page.exporters.Report{kind}Exporter", "executed.ipynb"])
        command.start()
        assert (tmp_path / f"executed.{suffix}").read_bytes() == sample().files[f"report.{suffix}"], kind


def test_the_exporters_are_entry_points():
    import tomllib

    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["nbconvert.exporters"]
    assert points == {
        "crps-html": "analysis.reporting.page.exporters:ReportHTMLExporter",
        "crps-pdf": "analysis.reporting.page.exporters:ReportPDFExporter",
    }
