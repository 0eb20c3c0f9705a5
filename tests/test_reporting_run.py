"""One report: reproducible bytes, clear failures, no partial files."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys

import nbformat
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting_samples import SAMPLE, common, notebook_of, sample, spec, synthetic

from analysis.paths import ROOT
from analysis.reporting import run
from analysis.reporting.kernel import execution
from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.kernel.normalization import merged_streams, one_line
from analysis.reporting.rehearsal import Rehearsal
from analysis.reporting.run import Spec, build_report

pytestmark = pytest.mark.slow


def test_the_files_of_a_report():
    assert sorted(sample().files) == [
        "report.html",
        "report.ipynb",
        "report.pdf",
        "tables/fig-pain-by-week.csv",
        "tables/fig-responders.csv",
        "tables/tab-long.csv",
        "tables/tab-wide.csv",
    ]
    assert sample().files["report.pdf"].startswith(b"%PDF-")
    assert (sample().title, sample().synthetic) == ("Sample of a report", False)
    assert b"'=1+1" in sample().files["tables/tab-wide.csv"], "a spreadsheet must not run it"


def test_the_same_input_gives_the_same_bytes(monkeypatch, tmp_path):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("PYTHONHASHSEED", "77")
    monkeypatch.setenv("MPLBACKEND", "svg")
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: red\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    again = build_report(spec("another-name"))
    assert again.reason == ""
    for name, content in sample().files.items():
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
    for mark in (
        "start_time",
        "iopub",
        "default_parameters",
        str(ROOT),
        os.environ.get("HOME", "/nowhere") + "/",
    ):
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
        _, reason = execution.execute(path, {}, environment, 10.0, on_cell=on_cell, clock=clock)
    assert (allowed, reason) == ([10.0, 6.0, 2.0], "")


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
    assert run.export(notebook, ("html", "pdf")) == run.export(notebook, ("html",)) | run.export(notebook, ("pdf",))


@pytest.mark.parametrize(
    ("module", "format", "words"), [("pdf", "pdf", "report.typ"), ("html", "html", "nothing-there")]
)
def test_a_missing_template_fails_the_report_and_is_named(monkeypatch, module, format, words, tmp_path):
    monkeypatch.setattr(f"analysis.reporting.page.{module}.TEMPLATE", tmp_path / "nothing-there")
    with pytest.raises(Exception, match=words):
        run.export(notebook_of(sample()), (format,))
    monkeypatch.setattr(execution, "execute", lambda *_, **__: (notebook_of(sample()), ""))
    built = build_report(spec())
    assert words in built.reason
    assert list(built.files) == ["report.ipynb"]


def test_a_missing_font_fails_the_report_and_is_named(monkeypatch):
    from analysis.reporting.page import pdf

    source = pdf.typst_source
    monkeypatch.setattr(
        pdf, "typst_source", lambda *a: ('#set text(font: "Nope Sans")\n' + source(*a)[0], source(*a)[1])
    )
    monkeypatch.setattr(execution, "execute", lambda *_, **__: (notebook_of(sample()), ""))
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


def stream(name: str, text: str):
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_what_was_printed_in_pieces_is_one_output():
    other = nbformat.v4.new_output("display_data", data={"text/plain": "3"})
    made = merged_streams([stream("stderr", "w"), stream("stdout", "a\n"), other, stream("stdout", "b\n")])
    assert [output.get("text", "") for output in made] == ["a\nb\n", "w", ""]


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text("ab\r\n", max_size=12)), max_size=5))
def test_printed_lines_are_merged_as_nbclient_does_it(pieces):
    made = merged_streams([stream(name, text) for name, text in pieces])
    for output in made:
        text = "".join(text for name, text in pieces if name == output.name)
        assert output.text == re.sub(r".*\r(?=[^\n])", "", text)
    assert [output.name for output in made] == sorted({name for name, _ in pieces}, reverse=True)


def test_one_long_line_is_complete(tmp_path):
    path = tmp_path / "long.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('x' * 2_000_000)")]), path)
    built = build_report(Spec("long", str(path), formats=(), common=common()))
    assert notebook_of(built).cells[0].outputs[0].text == "x" * 2_000_000 + "\n"


def test_an_unknown_citation_fails_the_report(tmp_path):
    path = tmp_path / "cites.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# T\n\n[@nobody2020]")]), path)
    built = build_report(Spec("cites", str(path), common=common()))
    assert built.reason == "ReportError: cites what is not in references.bib: nobody2020"
    assert list(built.files) == ["report.ipynb"]


def test_a_misspelt_parameter_starts_no_kernel(monkeypatch):
    monkeypatch.setattr(execution, "execute", lambda *_, **__: pytest.fail("a kernel was started"))
    built = build_report(Spec("x", SAMPLE, {"levle": 0.9}, common=common()))
    assert "no parameter 'levle'; nearest: 'level'" in built.reason
    assert built.files == {}


def test_a_misspelt_parameter_stops_plain_papermill_too(tmp_path):
    code = (
        "import papermill; papermill.execute_notebook("
        f"{SAMPLE!r}, {str(tmp_path / 'out.ipynb')!r}, {{'levle': 0.9}}, progress_bar=False)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no parameter 'levle'; nearest: 'level'" in done.stderr


def test_specs_and_results_travel():
    assert pickle.loads(pickle.dumps(spec("x", level=0.9))) == spec("x", level=0.9)
    assert pickle.loads(pickle.dumps(sample())).files == sample().files


def test_a_reason_is_one_line():
    text = one_line(f"\x1b[31mError\x1b[0m\n  in {ROOT / 'analysis'} at 0x7f0011223344 " + "word " * 100)
    assert text.startswith("Error in analysis at 0x… word")
    assert len(text) <= 300
    assert "\n" not in text


def test_the_nbconvert_command_makes_the_same_bytes(tmp_path):
    (tmp_path / "executed.ipynb").write_bytes(sample().files["report.ipynb"])
    for kind, suffix in (("HTML", "html"), ("PDF", "pdf")):
        name = f"analysis.reporting.page.exporters.Report{kind}Exporter"
        command = [sys.executable, "-m", "nbconvert", "--to", name, str(tmp_path / "executed.ipynb")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"executed.{suffix}").read_bytes() == sample().files[f"report.{suffix}"], kind


def test_the_exporters_are_entry_points():
    import tomllib

    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["nbconvert.exporters"]
    assert points == {
        "crps-html": "analysis.reporting.page.exporters:ReportHTMLExporter",
        "crps-pdf": "analysis.reporting.page.exporters:ReportPDFExporter",
    }
