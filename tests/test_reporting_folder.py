"""The output folder: one batch at a time, no report built twice, edited files are detected."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from reporting_samples import SAMPLE, ThreadWorkers, common, sample

from analysis.__main__ import main
from analysis.paths import resolve
from analysis.reporting import ReportError
from analysis.reporting.batch import build, index, plan, pool
from analysis.reporting.batch.folder import Folder, FolderBusy
from analysis.reporting.provenance import input_hashes
from analysis.reporting.run import Built

pytestmark = pytest.mark.slow

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
            spec.name, {"report.html": f"<p>{spec.overrides}".encode()}, reason, record=sample().record, seconds=1.0
        )

    def built(text: str = PLAN, shared: dict | None = None, **options) -> list[str]:
        made.clear()
        (tmp_path / "batch.yml").write_text(text)
        built.outcomes = build.build_batch(
            plan.read_plan(tmp_path / "batch.yml"),
            tmp_path / "out",
            shared or common(),
            ThreadWorkers(),
            **options,
        )
        return sorted(made)

    made: list[str] = []
    built.bad = set()
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
    "parts",
    [{"data": {"hash": "other"}}, {"code": {"hash": "other"}}, {"versions": {"pandas": "99"}}],
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


def test_two_batches_cannot_write_to_one_folder(built, tmp_path):
    (tmp_path / "batch.yml").write_text(PLAN)
    with Folder(tmp_path / "out"):
        with pytest.raises(FolderBusy, match="another batch is writing there"):
            built()
        done = CliRunner().invoke(main, ["batch", str(tmp_path / "batch.yml"), "--output", str(tmp_path / "out")])
        assert done.exit_code == 2
        assert "another batch is writing there. Wait until it has ended, or give this one" in done.output
    assert built() == ["one", "two"]


def test_an_index_that_cannot_be_made_costs_no_report(built, tmp_path, monkeypatch):
    monkeypatch.setattr(index, "TEMPLATE", tmp_path / "nowhere")
    index._environment.cache_clear()
    with pytest.raises(ReportError, match=r"index\.html could not be made: TemplateNotFound"):
        built()
    monkeypatch.undo()
    index._environment.cache_clear()
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
