"""The output folder: one batch at a time, no report built twice, edited files are detected."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner
from reporting_samples import SAMPLE, ThreadWorkers, common, sample

from analysis.__main__ import main
from analysis.paths import resolve
from analysis.reporting import ReportError
from analysis.reporting.batch import build, index, plan, pool
from analysis.reporting.batch.folder import Folder, FolderBusy
from analysis.reporting.batch.placement import NotPlaced
from analysis.reporting.batch.terminal import batch_summary
from analysis.reporting.provenance import input_hashes, sha256
from analysis.reporting.run import Built

pytestmark = pytest.mark.slow

RECORDED = b'{"metadata": {"ketamine_crps": {}}}'  # a notebook that this program has executed
PLAN = f"""
formats: [html]
reports:
  - {{notebook: {SAMPLE}, name: one}}
  - {{notebook: {SAMPLE}, name: two, parameters: {{level: 0.8}}}}
"""


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Runs a plan with reports that are made at once; gives the names of those that were built."""

    def quick(spec):
        made.append(spec.name)
        reason = "cell 1: it went wrong" if spec.name in built.bad else ""
        return Built(
            spec.name,
            {"report.html": f"<p>{spec.overrides}".encode(), "report.ipynb": RECORDED},
            reason,
            record=sample().record,
            seconds=1.0,
            warnings=built.warnings,
        )

    def built(text: str = PLAN, shared: dict | None = None, **options) -> list[str]:
        made.clear()
        (tmp_path / "batch.yml").write_text(text)
        built.outcomes = build.build_batch(
            plan.read_plan(tmp_path / "batch.yml"), tmp_path / "out", shared or common(), ThreadWorkers(), **options
        )
        return sorted(made)

    made: list[str] = []
    built.bad, built.warnings = set(), ()
    sample()
    monkeypatch.setattr(pool, "build_report", quick)
    return built


def changed(**parts) -> dict:
    """Return the shared provenance with other hashes or versions."""
    told = json.loads(json.dumps(common()))
    for name, value in parts.items():
        told[name] = {**told[name], **value}
    return told


def test_what_is_up_to_date_is_not_built_again(built, tmp_path):
    assert built() == ["one", "two"]
    before = json.loads((tmp_path / "out/manifest.json").read_text())
    assert built() == []
    assert [outcome.unchanged for outcome in built.outcomes] == [True, True]
    after = json.loads((tmp_path / "out/manifest.json").read_text())
    assert after["reports"] == before["reports"]
    assert after["times"]["seconds"] == {"one": 1.0, "two": 1.0}, "the durations of the last build stay known"
    assert built(force=True) == ["one", "two"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "report.html").write_text("edited by hand"),
        lambda folder: (folder / "report.html").unlink(),
        lambda folder: folder.rename(folder.with_name("elsewhere")),
    ],
)
def test_missing_and_edited_files_are_built_again(built, tmp_path, spoil):
    built()
    good = (tmp_path / "out/one/report.html").read_bytes()
    spoil(tmp_path / "out/one")
    assert built() == ["one"]
    assert (tmp_path / "out/one/report.html").read_bytes() == good


@pytest.mark.parametrize(
    "parts", [{"data": {"hash": "other"}}, {"code": {"hash": "other"}}, {"versions": {"pandas": "99"}}]
)
def test_other_data_code_or_versions_build_all_again(built, parts):
    built()
    assert built(shared=changed(**parts)) == ["one", "two"]


def test_another_commit_builds_nothing(built):
    built()
    assert built(shared=changed(code={"commit": "other", "clean": False, "epoch": 1})) == []
    assert built.outcomes[0].entry["commit"] == common()["code"]["commit"], "the one that the files were made with"


def test_other_parameters_formats_or_titles_build_what_they_concern(built):
    built()
    assert built(PLAN.replace("0.8", "0.7")) == ["two"]
    assert built(PLAN.replace("0.8", "0.7").replace("[html]", "[html, pdf]")) == ["one", "two"]
    titled = PLAN.replace("name: two", "name: two, title: Other")
    built(PLAN)
    assert built(titled) == ["two"]


def test_an_edited_notebook_builds_its_reports(built, tmp_path):
    copy = tmp_path / "copy.ipynb"
    original = resolve(SAMPLE).read_text()
    copy.write_text(original)
    text = PLAN + f"  - {{notebook: {copy}, name: three}}\n"
    assert built(text) == ["one", "three", "two"]
    copy.write_text(original.replace("Sample report", "Simple report"))
    assert built(text) == ["three"]


def test_a_file_that_a_parameter_names_counts(tmp_path):
    import nbformat

    (tmp_path / "c.csv").write_text("a")
    cell = nbformat.v4.new_code_cell(f'cohort: str = "{tmp_path}/c.csv"  # a file', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "n.ipynb")
    (tmp_path / "batch.yml").write_text(f"reports: [{{notebook: {tmp_path}/n.ipynb}}]")
    (report,) = plan.read_plan(tmp_path / "batch.yml").reports
    hashes = []
    for content in ("a", "b", "a"):
        (tmp_path / "c.csv").write_text(content)
        files = input_hashes(report.notebook, report.notebook.defaults)
        hashes.append(build.input_hash(report, common(), files))
    assert hashes[0] == hashes[2] != hashes[1]


def test_what_failed_is_tried_again(built):
    built.bad = {"two"}
    built()
    assert built() == ["two"]
    built.bad = set()
    assert built() == ["two"]
    assert built() == []


def test_reports_of_a_killed_batch_are_kept(built, tmp_path):
    built()
    folder = tmp_path / "out"
    first, second = json.loads((folder / "manifest.json").read_text())["reports"]
    (folder / "manifest.json").unlink()
    (folder / ".unfinished.jsonl").write_text(json.dumps(first) + "\n" + json.dumps(second)[:100])
    (folder / ".crps-new-two").mkdir()
    assert built() == ["two"], "the line of the second was being written"
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_what_is_known_may_be_damaged(built, tmp_path):
    built()
    for text in ("", "{", "[]", '{"reports": 3}', '{"reports": [3, {"name": "one"}]}'):
        (tmp_path / "out/manifest.json").write_text(text)
        assert built() == ["one", "two"], text
    (tmp_path / "out/manifest.json").unlink()
    os.mkfifo(tmp_path / "out/manifest.json")  # which would be waited for without end
    assert built() == ["one", "two"]


def test_two_batches_cannot_write_to_one_folder(built, tmp_path):
    (tmp_path / "batch.yml").write_text(PLAN)
    with Folder(tmp_path / "out"):
        with pytest.raises(FolderBusy, match=r"another run \(a batch or a report\) is writing there"):
            built()
        done = CliRunner().invoke(main, ["batch", str(tmp_path / "batch.yml"), "--output", str(tmp_path / "out")])
        assert done.exit_code == 2
        assert (
            "another run (a batch or a report) is writing there. Wait until it has ended, or give this one"
            in done.output
        )
    assert built() == ["one", "two"]


def test_an_index_that_cannot_be_made_costs_no_report(built, tmp_path, monkeypatch):
    monkeypatch.setattr(index, "TEMPLATE", tmp_path / "nowhere")
    with pytest.raises(ReportError, match=r"index\.html could not be made: FileNotFoundError|TemplateNotFound"):
        built()
    monkeypatch.undo()
    assert (tmp_path / "out/manifest.json").is_file()
    assert (tmp_path / "out/two/report.html").is_file()


def test_the_longest_reports_come_first_and_new_ones_before_them(built, tmp_path):
    built()
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    manifest["times"]["seconds"] = {"one": 1.0, "two": 9.0}
    (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    heard = []
    watcher = type("Heard", (build.Watcher,), {"started": lambda self, name: heard.append(name)})()
    built(PLAN + f"  - {{notebook: {SAMPLE}, name: three}}\n", force=True, watcher=watcher, jobs=1)
    assert heard == ["three", "two", "one"]


def test_a_report_that_fails_does_not_replace_an_earlier_one(built, tmp_path):
    built()
    good = (tmp_path / "out/two/report.html").read_bytes()
    commit = common()["code"]["commit"]
    built.bad = {"two"}
    assert built(force=True, shared=changed(code={"commit": "other"})) == ["one", "two"]
    assert (tmp_path / "out/two/report.html").read_bytes() == good
    (entry,) = [outcome.entry for outcome in built.outcomes if not outcome.ok]
    assert (entry["status"], entry["reason"], entry["commit"]) == ("failed", "cell 1: it went wrong", commit)
    built_at = json.loads((tmp_path / "out/manifest.json").read_text())["times"]["built"]["two"]
    assert entry["kept"] == built_at
    sentence = f"The earlier report of {built_at[:10]} (commit {commit[:12]}) remains and may be out of date."
    assert sentence in batch_summary(built.outcomes, 200)
    page = (tmp_path / "out/index.html").read_text()
    assert f"Not made again: cell 1: it went wrong {sentence}" in page
    assert 'href="two/report.html"' in page
    assert '<a href="two/failed.ipynb">Notebook of two up to the error</a>' in page
    assert built() == ["two"], "the next batch tries again"
    built.bad = set()
    assert built() == ["two"]
    assert [outcome.entry["kept"] for outcome in built.outcomes] == ["", ""]


def test_the_notebook_of_a_failed_attempt_lies_beside_the_earlier_report(tmp_path):
    with Folder(tmp_path) as folder:
        folder.write_report("a", {"report.ipynb": RECORDED, "report.html": b"good"}, complete=True)
        kept = folder.write_report("a", {"report.ipynb": b"up to the error"}, complete=False)
        assert kept == {"report.html": sha256(b"good"), "report.ipynb": sha256(RECORDED)}
        assert (tmp_path / "a/failed.ipynb").read_bytes() == b"up to the error"
        folder.write_report("a", {"report.ipynb": RECORDED, "report.html": b"better"}, complete=True)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["report.html", "report.ipynb"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_files_are_placed_all_or_none(tmp_path):
    with Folder(tmp_path) as folder:
        folder.write_report("a", {"report.ipynb": RECORDED, "tables/a.csv": b"1"}, complete=True)
        folder.write_report("a", {"report.ipynb": RECORDED}, complete=True)
        assert not (tmp_path / "a/tables").exists(), "what the last run left must not pass for this one's"
        with pytest.raises(ReportError, match=r"no report has a file with the name '\.\./x'"):
            folder.write_report("a", {"report.html": b"newer", "../x": b"elsewhere"}, complete=True)
        (tmp_path / ".crps-new-a").write_text("in the way")
        with pytest.raises(OSError):
            folder.write_report("a", {"report.html": b"newer"}, complete=True)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.ipynb"]


def test_an_old_report_that_cannot_be_deleted_is_named(tmp_path, monkeypatch):
    with Folder(tmp_path) as folder:
        folder.write_report("r", {"report.ipynb": RECORDED, "report.html": b"1"}, complete=True)
        (tmp_path / ".crps-old-r").mkdir()
        monkeypatch.setattr("analysis.reporting.batch.folder._delete", lambda path: None)
        with pytest.raises(OSError, match="can't be deleted") as raised:
            folder.write_report("r", {"report.ipynb": RECORDED, "report.html": b"2"}, complete=True)
        assert raised.value.filename == str(tmp_path / ".crps-old-r")
    assert (tmp_path / "r/report.html").read_text() == "1"


def test_a_file_that_cannot_be_replaced_is_named(tmp_path):
    (tmp_path / "index.html").mkdir()
    with Folder(tmp_path) as folder, pytest.raises(ReportError, match=r": /\S*/index\.html$"):
        folder.write("index.html", b"1")


def test_a_run_that_was_killed_between_two_renames_loses_no_report(tmp_path):
    (tmp_path / ".crps-old-a").mkdir(parents=True)
    (tmp_path / ".crps-old-a/report.html").write_text("good")
    (tmp_path / ".crps-new-a").mkdir()
    (tmp_path / ".notes").mkdir()
    with Folder(tmp_path):
        assert (tmp_path / "a/report.html").read_text() == "good"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".notes", "a"]


@pytest.mark.parametrize("damage", ["deep", "huge", "binary", "folder", "full folder", "link"])
def test_a_damaged_manifest_never_blocks(built, tmp_path, damage):
    built()
    path = tmp_path / "out/manifest.json"
    path.unlink()
    if damage == "link":
        path.symlink_to(tmp_path / "nowhere")
    elif "folder" in damage:
        path.mkdir()
        if "full" in damage:
            (path / "notes.txt").write_text("of the user")
    else:
        texts = {"deep": b"[" * 100_000, "huge": b'{"reports": [' + b"9" * 10_000 + b"]}", "binary": bytes(range(256))}
        path.write_bytes(texts[damage])
    assert built() == ["one", "two"]
    assert built() == []
    if damage == "full folder":
        assert (tmp_path / "out/manifest.json.damaged/notes.txt").read_text() == "of the user"


def test_a_file_that_no_report_made_stops_the_batch_before_it_begins(built, tmp_path):
    (tmp_path / "out/two").mkdir(parents=True)
    (tmp_path / "out/two/thesis.docx").write_text("of the user")
    (tmp_path / "out/index.html").write_text("of the user")
    with pytest.raises(NotPlaced) as caught:
        built()
    assert len(caught.value.problems) == 2
    assert "thesis.docx: no report made this" in caught.value.problems[1]
    assert (tmp_path / "out/two/thesis.docx").read_text() == (tmp_path / "out/index.html").read_text() == "of the user"
    assert not (tmp_path / "out/one").exists()


def test_what_a_page_does_not_show_is_in_summary_index_and_manifest(built, tmp_path):
    built.warnings = ("Cell 7: an output of the type video/mp4 is not shown.",)
    built()
    assert built() == [], "a report with warnings is built"
    summary = batch_summary(built.outcomes, 200)
    assert summary.count("Warning: Cell 7: an output of the type video/mp4 is not shown.") == 2
    assert summary.endswith("2 of 2 reports built, 2 of them earlier and up to date. 2 warnings: see above.")
    assert (tmp_path / "out/index.html").read_text().count("<li>Cell 7: an output") == 2
    entries = json.loads((tmp_path / "out/manifest.json").read_text())["reports"]
    assert [entry["warnings"] for entry in entries] == [list(built.warnings)] * 2
