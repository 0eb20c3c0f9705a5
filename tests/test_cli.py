"""The command line: output and exit status."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from click.testing import CliRunner
from cohort_files import LONG, edited, write
from reporting_samples import SAMPLE

from analysis.__main__ import main
from analysis.paths import ROOT


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.slow
def test_help_is_complete():
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for command in ("check", "list", "report", "batch"):
        assert command in done.stdout
        assert "Exit status" in run(command, "--help").output or command == "list"
    assert "usage" in done.stdout.lower()


@pytest.mark.slow
def test_help_is_quick_because_it_loads_nothing_heavy():
    heavy = ("pandas", "matplotlib", "papermill", "nbconvert")
    code = f"import sys, analysis.__main__; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_python_without_the_libraries_is_told_what_to_do():
    done = subprocess.run([sys.executable, "-S", "-m", "analysis", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"This Python ({sys.executable}) has no click. What to do: run make setup")


def test_check_of_valid_data(evidence):
    done = run("check")
    assert done.exit_code == 0
    assert done.output.startswith("Valid: 19 tables, ")
    assert f"{len(evidence.studies)} studies" in done.output
    assert evidence.hash in done.output


def test_check_prints_every_problem_without_traceback(data_copy):
    row = data_copy.edit("responders.csv", {"study_id": "becerra2015"}, {"responders": "5"})
    other = data_copy.edit("arms.csv", {"arm_id": "becerra2015_case"}, {"route": "ivv"})
    done = run("check", "--data", str(data_copy.folder))
    assert done.exit_code == 1
    assert "responders.csv" in done.output
    assert "arms.csv" in done.output
    assert str(row) in done.output
    assert str(other) in done.output
    assert f"\n{len(data_copy.problems())} problems. Nothing was changed.\n" in done.output
    assert "Traceback" not in done.output


def test_check_of_a_valid_cohort(tmp_path):
    file = write(tmp_path, LONG)
    done = run("check", "--cohort", str(file))
    assert done.exit_code == 0
    warning, valid = done.output.strip().split("\n\n")[-2:]
    assert warning.startswith(
        "Warning: cohort.csv, column nrs\n    At 4 weeks the score is empty in 1 of 4 rows (25%).\n"
    )
    assert valid == (
        "Valid: 3 patients, 4 courses, 12 visits, 2 sites. Nothing was changed. Too few patients: a report shows no "
        "result of fewer than 5.\n"
        f"Next: python -m analysis report cohort-report -p cohort={file}"
    )
    assert "tables" not in done.output


def test_check_of_a_cohort_prints_every_problem_without_traceback(tmp_path):
    done = run("check", "--cohort", str(write(tmp_path, edited(edited(LONG, 3, "nrs", "11"), 4, "visit", "folow_up"))))
    assert done.exit_code == 1
    assert "cohort.csv, row 3, column nrs: “11”" in done.output
    assert "Write “follow_up” if that is meant; allowed are baseline, end_of_infusion, follow_up." in done.output
    assert "\n2 problems. Nothing was changed.\n" in done.output
    assert "Traceback" not in done.output


def test_check_of_a_missing_cohort(tmp_path):
    done = run("check", "--cohort", str(tmp_path / "none.csv"))
    assert done.exit_code == 1
    assert "there is none at" in done.output


def test_check_of_both(evidence, tmp_path, data_copy):
    file = str(write(tmp_path, LONG))
    done = run("check", "--data", "data", "--cohort", file)
    assert done.exit_code == 0
    assert evidence.hash in done.output
    assert "Valid: 3 patients" in done.output
    data_copy.edit("arms.csv", {"arm_id": "becerra2015_case"}, {"route": "ivv"})
    done = run("check", "--data", str(data_copy.folder), "--cohort", file)
    assert done.exit_code == 1
    assert "arms.csv" in done.output
    assert "Valid: 3 patients" in done.output


def test_list_names_notebooks_and_parameters():
    done = run("list")
    assert done.exit_code == 0
    assert "evidence-report: " in done.output
    assert "level: float = 0.95" in done.output
    assert "Allowed: 0.5 to 0.999." in done.output
    assert "studies, study_id: Allowed: aapract2020," in done.output


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_report_builds(tmp_path):
    done = run(
        "report", SAMPLE, "-p", "level=0.9", "-p", "routes=iv,oral", "--formats", "html", "--output", str(tmp_path)
    )
    assert done.exit_code == 0, done.output
    folder = tmp_path / "sample-level-0-9-iv-oral"
    assert str(folder / "report.html") in done.output
    assert "(4 CSV)" in done.output
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.ipynb", "results.json", "tables"]


@pytest.fixture
def small(tmp_path):
    """The folder of two small notebooks: one that can be built, and one that fails."""
    for name, code in (("good", "print(1)"), ("bad", "raise ValueError('no study reports a score')")):
        cells = [nbformat.v4.new_markdown_cell(f"# {name}"), nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_report_that_fails(small):
    done = run("report", str(small / "bad.ipynb"), "--output", str(small / "out"))
    assert done.exit_code == 1
    assert "Not made: bad: cell 2: ValueError: no study reports a score" in done.output
    assert str(small / "out" / "bad" / "report.ipynb") in done.output
    assert [path.name for path in (small / "out" / "bad").iterdir()] == ["report.ipynb"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evidence-raport"], ["No notebook 'evidence-raport'; nearest: 'evidence-report'"]),
        (
            [SAMPLE, "-p", "levle=0.9", "-p", "routes=orl"],
            ["no parameter 'levle'; nearest: 'level'", "'orl' is not allowed"],
        ),
        ([SAMPLE, "-p", "level"], ["parameter 'level': write NAME=VALUE"]),
        ([SAMPLE, "-p", "level=0.9", "-p", "level=0.8"], ["parameter 'level' is given twice"]),
        ([SAMPLE, "--formats", "odt"], ["formats 'odt' not allowed. Allowed: html, pdf, docx."]),
        ([SAMPLE, "--fromats", "pdf"], ["No such option"]),
    ],
)
def test_wrong_use_of_report_starts_nothing(arguments, words, tmp_path):
    done = run("report", *arguments, "--output", str(tmp_path))
    assert done.exit_code == 2
    for part in words:
        assert part in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_batch_builds_what_can_be_built_and_then_the_chosen_reports_alone(small):
    (small / "batch.yml").write_text(
        "formats: [html]\nreports:\n" + "".join(f"- {{notebook: {small}/{name}.ipynb}}\n" for name in ("good", "bad"))
    )
    command = ("batch", str(small / "batch.yml"), "--output", str(small / "out"))
    done = run(*command, "--jobs", "2")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[-1] == str(small / "out" / "index.html")
    assert lines[-2] == "1 of 2 reports built, 1 failed."
    assert "/2] built good" in done.output
    assert "/2] FAILED bad" in done.output
    assert any(line.startswith("bad ") and "failed" in line for line in lines)
    assert "    cell 2: ValueError: no study reports a score" in lines
    assert (small / "out" / "good" / "report.html").is_file()
    chosen = run(*command, "--only", "go*", "--force")
    assert chosen.exit_code == 0, chosen.output
    assert "1 of 1 reports built." in chosen.output and "bad" not in chosen.output


@pytest.mark.parametrize(
    ("plan", "options", "words"),
    [
        (f"reports: [{{notebook: {SAMPLE}}}, {{notebook: {SAMPLE}}}]", [], "2 reports would be written to 'sample'"),
        ("reports: [{notebook: evidence-raport}]", [], "No notebook 'evidence-raport'"),
        (f"reports: [{{notebook: {SAMPLE}, parameters: {{levle: 1}}}}]", [], "no parameter 'levle'"),
        (f"reports: [{{notebook: {SAMPLE}}}]", ["--only", "smaple"], "no report matches 'smaple'; nearest: 'sample'"),
        (f"reports: [{{notebook: {SAMPLE}}}]", ["--jobs", "0"], "Invalid value for '--jobs'"),
    ],
)
def test_wrong_use_of_batch_starts_nothing(plan, options, words, tmp_path):
    (tmp_path / "batch.yml").write_text(plan)
    done = run("batch", str(tmp_path / "batch.yml"), *options, "--output", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert words in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_an_output_folder_that_is_a_file(tmp_path):
    (tmp_path / "batch.yml").write_text(f"formats: [html]\nreports: [{{notebook: {SAMPLE}}}]")
    (tmp_path / "out").write_text("a file")
    done = run("batch", str(tmp_path / "batch.yml"), "--output", str(tmp_path / "out"))
    assert done.exit_code == 2
    words = "is not a folder, and reports need a folder there. Move it, or choose --output."
    assert done.output == f"{tmp_path / 'out'}: {words}\n"
