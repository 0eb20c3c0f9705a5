"""Loading of the evidence tables, saved by any spreadsheet, from any working directory."""

from __future__ import annotations

import hashlib
import pickle
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis import evidence as evidence_tables
from analysis import paths
from analysis.evidence import DataError
from analysis.evidence.load import TABLES, Evidence
from analysis.tabular.problems import Problem, in_one_line


def test_a_good_copy_is_good(data_copy):
    assert data_copy.problems().empty


def test_every_table_has_the_columns_of_the_dictionary_and_row_last(evidence):
    assert list(evidence.pain_scores.columns) == [
        "study_id",
        "arm_id",
        "timepoint",
        "phase",
        "weeks_from_end",
        "weeks_from_start",
        "n",
        "instrument",
        "scale_max",
        "statistic",
        "value",
        "spread_kind",
        "spread_low",
        "spread_high",
        "source_id",
        "locator",
        "note",
        "row",
    ]
    for name in TABLES:
        assert getattr(evidence, name).columns[-1] == "row", name


def test_types(evidence):
    types = evidence.pain_scores.dtypes.astype(str)
    assert types[["arm_id", "weeks_from_end", "n", "value", "row"]].tolist() == [
        "str",
        "float64",
        "Int64",
        "float64",
        "int64",
    ]
    assert evidence.arms.loc[evidence.arms["arm_id"] == "dahan2011_placebo", "n"].isna().all()
    assert evidence.studies.loc[evidence.studies["study_id"] == "cantu_nd", "journal"].isna().all()


def test_row_is_the_number_in_the_row_id(data_copy):
    rows = data_copy.rows("responders.csv")
    data_copy.write_rows("responders.csv", [rows[0], *rows[:0:-1]])
    responders = data_copy.load().responders
    assert responders["row"].tolist() == [int(row[0].removeprefix("responders-")) for row in rows[:0:-1]]
    mangnus = responders.set_index("row").loc[27]
    assert (mangnus["arm_id"], mangnus["weeks_from_end"]) == ("mangnus2022_sket", 0), "whatever the order of the rows"


@pytest.mark.slow
def test_an_id_of_a_deleted_row_is_not_used_again(data_copy):
    rows = data_copy.rows("responders.csv")
    kept = [row for row in rows if row[0] != "responders-41"]
    data_copy.write_rows("responders.csv", kept)
    problem = data_copy.only_problem()
    assert (problem["file"], problem["column"], problem["value"]) == ("datapackage.yaml", "responders", "responders-41")
    assert "deletedRows: [41]" in problem["advice"]
    data_copy.replace("datapackage.yaml", "path: responders.csv\n", "path: responders.csv\n    deletedRows: [41]\n")
    assert data_copy.problems().empty
    data_copy.write_rows("responders.csv", rows)
    problem = data_copy.only_problem()
    assert (problem["row"], problem["value"], problem["advice"]) == (41, "responders-41", "write responders-43")


def test_hashes_are_those_of_the_files(evidence, data_folder):
    assert set(evidence.hashes) == {"datapackage.yaml", "references.bib", *(f"{name}.csv" for name in TABLES)}
    assert list(evidence.hashes) == sorted(evidence.hashes)
    for name, value in evidence.hashes.items():
        assert value == hashlib.sha256((data_folder / name).read_bytes()).hexdigest()


def test_one_changed_cell_changes_two_hashes(evidence, data_copy):
    data_copy.edit("durations.csv", {"arm_id": "lee2025_ketamine"}, {"note": "changed"})
    changed = data_copy.load()
    assert {name for name in evidence.hashes if evidence.hashes[name] != changed.hashes[name]} == {"durations.csv"}
    assert changed.hash != evidence.hash
    assert len(changed.hash) == 64


def test_the_same_bytes_in_another_folder_have_the_same_hash(evidence, data_copy):
    assert data_copy.load().hash == evidence.hash


@pytest.mark.slow
@pytest.mark.parametrize(
    "save",
    [
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw, id="byte order mark"),
        pytest.param(lambda raw: raw.replace(b"\n", b"\r\n"), id="Windows line ends"),
        pytest.param(lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"), id="Excel: both"),
        pytest.param(lambda raw: raw.replace(b"\n", b"\r"), id="old Mac line ends"),
        pytest.param(lambda raw: raw.rstrip(b"\n"), id="no line end at the end"),
        pytest.param(lambda raw: raw + b"\n\n", id="empty lines at the end"),
    ],
)
def test_what_spreadsheets_do_without_harm_changes_no_value(evidence, data_copy, save):
    for path in data_copy.folder.glob("*.csv"):
        path.write_bytes(save(path.read_bytes()))
    copy = data_copy.load()
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(copy, name), getattr(evidence, name))


def test_columns_may_be_in_another_order(evidence, data_copy):
    data_copy.write_rows("responders.csv", [row[::-1] for row in data_copy.rows("responders.csv")])
    pd.testing.assert_frame_equal(data_copy.load().responders, evidence.responders)


def test_tables_loaded_again_are_those_of_the_files_and_of_their_own(data_copy):
    first = data_copy.load()
    first.studies.loc[0, "n_crps"] = 99
    again = data_copy.load()
    sys.modules[Evidence.__module__]._valid.clear()
    read = data_copy.load()
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(read, name))
    assert (again.texts, again.hashes, again.hash) == (read.texts, read.hashes, read.hash)
    (data_copy.folder / "more.csv").write_text("a\n")
    assert data_copy.only_problem()["file"] == "more.csv", "no file of the dictionary changed"
    (data_copy.folder / "more.csv").unlink()
    data_copy.edit("responders.csv", {"row_id": "responders-27"}, {"responders": "-1"})
    assert set(data_copy.problems()["file"]) == {"responders.csv"}


def test_from_any_working_directory(evidence, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()  # some other data folder is in the folder: not ours, it has no dictionary
    monkeypatch.chdir(tmp_path)
    assert evidence_tables.load().hash == evidence.hash
    assert evidence_tables.load().folder == paths.DATA


def test_a_folder_of_the_working_directory_goes_first(data_copy, monkeypatch):
    data_copy.edit("durations.csv", {"arm_id": "lee2025_ketamine"}, {"note": "mine"})
    monkeypatch.chdir(data_copy.folder.parent)
    assert "mine" in set(evidence_tables.load("data").durations["note"])


def test_resolve(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert paths.resolve(None) == paths.DATA
    assert paths.resolve(tmp_path / "gone") == tmp_path / "gone"
    assert paths.resolve("mine") == tmp_path / "mine"
    assert paths.resolve("data") == paths.ROOT / "data"
    assert paths.resolve(Path("reports") / "batch.yml") == paths.ROOT / "reports" / "batch.yml"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is none at") as caught:
        evidence_tables.load(tmp_path / "nowhere")
    assert caught.value.problems.loc[0, "file"] == "nowhere"


def test_evidence_is_frozen_and_its_repr_lists_the_tables(evidence):
    with pytest.raises(AttributeError):
        evidence.studies = None
    assert repr(evidence).startswith("Evidence(90 sources, 47 studies, 68 arms, ")


def test_evidence_survives_the_way_to_another_process(evidence):
    again = pickle.loads(pickle.dumps(evidence))
    assert again.hashes == evidence.hashes
    pd.testing.assert_frame_equal(again.arms, evidence.arms)


def test_all_problems_of_all_tables_at_once(data_copy):
    study = data_copy.edit("studies.csv", {"study_id": "lee2025"}, {"design": "retrospective_cohrt"})
    score = data_copy.edit("pain_scores.csv", {"timepoint": "T1 end of infusion"}, {"value": "11"})
    event = data_copy.edit("adverse_events.csv", {"arm_id": "cantu_nd_coma"}, {"events": "none"})
    problems = data_copy.problems()
    assert list(zip(problems["file"], problems["row"], problems["column"], problems["value"], strict=True)) == [
        ("studies.csv", study, "design", "retrospective_cohrt"),
        ("pain_scores.csv", score, "value", "11"),
        ("adverse_events.csv", event, "events", "none"),
    ]


def test_problems_are_in_the_order_of_the_rows(data_copy):
    first = data_copy.edit("pain_scores.csv", {"timepoint": "before ketamine"}, {"value": "11"})  # a rule finds it
    last = data_copy.edit(
        "pain_scores.csv", {"arm_id": "sigtermans2009_placebo"}, {"value": "five"}
    )  # the dictionary does
    assert data_copy.problems()["row"].tolist() == [first, last]


def test_an_error_of_a_broken_table_does_not_hide_the_others(data_copy):
    (data_copy.folder / "arms.csv").unlink()
    row = data_copy.edit("responders.csv", {"arm_id": "lee2025_ketamine"}, {"responders": "53"})
    problems = data_copy.problems()
    assert problems["file"].tolist() == ["arms.csv", "responders.csv", "durations.csv"]
    assert problems["row"].tolist()[1] == row


def test_the_message_reads_well_and_has_no_traceback(data_copy):
    row = data_copy.edit("pain_scores.csv", {"timepoint": "T1 end of infusion"}, {"value": "11"})
    with pytest.raises(DataError) as caught:
        data_copy.load()
    text = str(caught.value)
    assert text.startswith(
        f"1 problem in the data ({data_copy.folder}):\n\npain_scores.csv, row {row}, column value: “11”\n"
    )
    assert "A pain score lies between 0 and 10 (scale_max).\n" in text
    assert "What to do: Compare with the source: mangnus2022_abs (abstract, results)." in text
    assert caught.value._render_traceback_() == text.splitlines()
    assert "Traceback" not in text


def test_problems_have_plain_columns(data_copy):
    (data_copy.folder / "arms.csv").unlink()
    problems = data_copy.problems()
    assert problems.columns.tolist() == ["file", "row", "column", "value", "rule", "advice"]
    assert problems.dtypes.astype(str).tolist() == ["str", "Int64", "str", "str", "str", "str"]
    assert problems["row"].isna().all()


def test_the_error_survives_the_way_to_another_process(data_copy):
    (data_copy.folder / "arms.csv").unlink()
    with pytest.raises(DataError) as caught:
        data_copy.load()
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    pd.testing.assert_frame_equal(again.problems, caught.value.problems)


def test_the_error_in_one_line_counts_what_it_does_not_list():
    wrong = DataError(
        Problem("a.csv", row, "nrs", "12", f"lies between 0 and {row}", "look it up") for row in range(12)
    )
    start = "12 problems in the data: a.csv, row 0, column nrs: “12”: Lies between 0 and 0; a.csv, row 1, "
    line = in_one_line(str(wrong), longest=200)
    assert line.startswith(start) and len(line) <= 200
    assert line.endswith("Lies between 0 and 1; and 10 more. What to do: Look it up.")
    assert in_one_line(str(wrong), longest=20).count("Lies between") == 1
    assert in_one_line("No numeric types to aggregate") == ""  # pandas has an error of the same name
