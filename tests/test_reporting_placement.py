"""Names of reports, the places where they may be written, and the temporary folders of runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.paths import ROOT
from analysis.reporting import resources
from analysis.reporting.batch.naming import folder_name, name_problem, repeated_names, report_name, same_on_disk, slugs
from analysis.reporting.batch.placement import NotPlaced, place

NOTEBOOK = SimpleNamespace(parameters=(), files=(), defaults={})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zürich", "zürich"),
        ("Zu\u0308rich", "zürich"),
        ("東京", "東京"),
        ("Αθήνα 2", "αθήνα-2"),
        ("हिन्दी", "हिन्दी"),
        ("../../etc", "etc"),
        (".hidden", "hidden"),
        ("a/b\\c:d\x00e", "a-b-c-d-e"),
        ("\u202egnp.exe", "gnp-exe"),
        ("no\u200bspace", "nospace"),
        ("\u3164", ""),
        ("\u0301x", "x"),
        ("🙂", ""),
        ("..", ""),
    ],
)
def test_names_keep_the_letters_of_every_script(text, name):
    assert folder_name(text) == name


@given(st.text())
def test_a_name_leads_to_itself(text):
    name = folder_name(text)
    assert folder_name(name) == name == unicodedata.normalize("NFC", name)
    assert not set(name) & set("/\\.:\x00 ")


@given(st.text())
def test_every_notebook_has_a_name(text):
    assert name_problem(report_name(text, NOTEBOOK, {})) == ""


def test_names_of_notebooks():
    assert report_name("報告", NOTEBOOK, {}) == "報告"
    assert report_name("🙂", NOTEBOOK, {}).startswith("report-")
    assert report_name("con", NOTEBOOK, {}) == "con-report"
    assert len(report_name("語" * 200, NOTEBOOK, {}).encode()) <= 80
    assert slugs(["東京", "大阪", "Zürich"]) == {"東京": "東京", "大阪": "大阪", "Zürich": "zürich"}
    assert name_problem("com¹") == "Windows does not allow a folder with this name; choose another."


def test_names_that_a_file_system_joins_are_an_error_that_names_both():
    assert same_on_disk("straße") == same_on_disk("strasse")
    (problem,) = repeated_names(["straße", "bern", "strasse"])
    assert problem.startswith("the reports 'straße' and 'strasse' would share a folder")
    assert repeated_names(["a", "b", "a"]) == ["2 reports would be written to 'a'; choose another `name`."]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "A", ".a", "a ", "nul"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(NotPlaced):
        place(tmp_path, name)


def test_a_report_replaces_only_a_report(tmp_path):
    assert place(tmp_path, "new") == tmp_path / "new"
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "empty").mkdir()
    for name in ("foreign", "ours", "mixed", "linked"):
        (tmp_path / name / "tables").mkdir(parents=True)
        (tmp_path / name / "report.html").write_text("")
    for name in ("ours", "mixed", "linked"):
        (tmp_path / name / "report.ipynb").write_text('{"metadata": {"ketamine_crps": {}}}')
    (tmp_path / "mixed/tables/mine.txt").write_text("")
    (tmp_path / "linked/tables/fig-a.csv").symlink_to(tmp_path)
    assert place(tmp_path, "empty") and place(tmp_path, "ours")
    assert place(tmp_path, "foreign", files=["report.html"]), "the manifest lists it"
    for name, words in {
        "file": "is not a folder",
        "link": "is a link",
        "loop": "is a link",
        "foreign": "report.html: no report made this",
        "mixed": "mine.txt: no report made this",
    }.items():
        with pytest.raises(NotPlaced, match=words):
            place(tmp_path, name)


@pytest.mark.parametrize(
    ("output", "name"),
    [(ROOT, "data"), (ROOT, "new"), (ROOT / "data", "x"), (ROOT / "analysis/new", "x"), (ROOT.parent, ROOT.name)],
)
def test_nothing_is_written_to_the_repository_but_below_reports(output, name):
    with pytest.raises(NotPlaced):
        place(output, name)


def test_reports_are_written_below_reports():
    assert place(ROOT / "reports/output-of-a-test", "x") == ROOT / "reports/output-of-a-test/x"
    with pytest.raises(NotPlaced):
        place(ROOT / "reports", "published")


@pytest.mark.parametrize("below", ["", "sub", "sub/sub"])
def test_what_is_no_folder_receives_no_reports(tmp_path, below):
    (tmp_path / "file").touch()
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "itself").symlink_to("itself")
    for name, what in (("file", "not a folder"), ("lost", "a link that"), ("itself", "a link that")):
        with pytest.raises(NotPlaced, match=rf"/{name}: is {what}.* need a folder there\. Move it, or choose"):
            place(tmp_path / name / below, "r")
    (tmp_path / "linked").symlink_to(tmp_path)
    assert place(tmp_path / "linked" / below, "r") == tmp_path / "linked" / below / "r"


def test_a_link_to_the_repository_is_the_repository(tmp_path):
    (tmp_path / "out").symlink_to(ROOT / "notebooks")
    with pytest.raises(NotPlaced, match="is a folder of the repository"):
        place(tmp_path / "out", "x")


SCRATCH = """
import os, sys
from analysis.reporting.resources import scratch_folder
print(scratch_folder(), flush=True)
sys.stdin.read()
if sys.argv[1:]:
    os._exit(1)
"""


@pytest.fixture
def short_folder():
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:  # from a longer path the run would go to /tmp
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="locks of another kind")
def test_the_next_run_deletes_the_temporary_folder_of_a_killed_one(short_folder):
    environment = {**os.environ, "TMPDIR": str(short_folder), "PYTHONPATH": str(ROOT)}

    def start(*words: str) -> tuple[subprocess.Popen, Path]:
        command = [sys.executable, "-c", SCRATCH, *words]
        process = subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True)
        return process, Path(process.stdout.readline().strip())

    (short_folder / "crps-of-another-program").mkdir()
    (short_folder / "crps-of-another-program/file").write_text("")
    first, killed = start("killed")
    second, alive = start()
    assert killed.is_dir() and alive.is_dir()
    first.communicate()
    assert killed.is_dir()
    early = short_folder / f"crps-{first.pid}-killed-before-the-lock"
    early.mkdir()
    (early / ".owner.new").touch()
    starting = short_folder / f"crps-{os.getpid()}-starting"
    starting.mkdir()
    third, other = start()
    assert (killed.exists(), early.exists(), starting.is_dir(), alive.is_dir()) == (False, False, True, True)
    starting.rmdir()
    for process in (second, third):
        process.communicate()
    assert [path.name for path in short_folder.iterdir()] == ["crps-of-another-program"], other


def test_the_words_for_a_refusal_name_the_limit():
    words = resources.why_refused(OSError(24, "Too many open files", "/x"))
    assert words.startswith("Too many open files (the limit is ") and words.endswith("; raise it with ulimit -n): /x")
    assert Path(tempfile.gettempdir()).is_dir()
