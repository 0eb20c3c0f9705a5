"""The page of one patient: what it shows, and where it may not be written."""

from __future__ import annotations

import stat

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from analysis import paths
from analysis.__main__ import main
from analysis.outcomes.cohort.clinic_file import load_patient
from analysis.outcomes.cohort.one_patient import one_patient
from analysis.reporting import Refused
from analysis.reporting.local_page import check_patient_folder, write_patient_page

EXAMPLE = paths.DATA / "cohorts" / "synthetic-example.csv"
CODE = "SYNTHETIC-129"


def words(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


@pytest.mark.slow
def test_the_page_shows_the_courses_and_the_clinic_only_as_a_band(tmp_path):
    cohort, number = load_patient(EXAMPLE, CODE)
    path = write_patient_page(cohort, number, CODE, tmp_path / "page")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = path.read_text(encoding="utf-8")
    told = words(page)
    assert told.startswith("One patient, local LOCAL PAGE WITH ONE PATIENT’S DATA")
    assert f"Patient {CODE}: pain over three courses" in told
    assert "1. No response" in told and "2. Response for 8 to 12 weeks" in told and "3. Response under 4 weeks" in told
    assert "first courses, 182 to 295 patients" in told and "by up to about 3.6 points (from repeated courses)" in told
    assert "end 9 29% more 2018-02-12 1 86% less 2018-11-23 6 33% less 2019-11-19" in told
    assert "12 weeks no visit 5 29% less" in told and "26 weeks no score 2018-08-10" in told
    assert "<script" not in page and "http:" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("SYNTHETIC-") == 1 and [p.name for p in (tmp_path / "page").iterdir()] == ["patient.html"]


def test_the_numbers_are_those_of_the_table():
    cohort, number = load_patient(EXAMPLE, CODE)
    found = one_patient(cohort, number)
    assert found.visits.loc[found.visits["course"] == 2, "nrs"].tolist() == [7, 1, 1.5, 4, 5, 4]
    assert (found.band["n"] >= 20).all() and round(found.chance, 1) == 3.6


@pytest.mark.parametrize("marker", [".git", "manifest.json"])
def test_it_is_refused_below_a_work_tree_and_in_a_batch(tmp_path, marker):
    (tmp_path / marker).mkdir()
    with pytest.raises(Refused, match=r"git work tree|reports of a batch"):
        check_patient_folder(tmp_path / "a" / "b")
    with pytest.raises(Refused):
        check_patient_folder(paths.ROOT / "reports")
    (tmp_path / marker).rmdir()
    (tmp_path / "link").symlink_to(paths.ROOT / "reports")
    with pytest.raises(Refused, match="git work tree"):
        check_patient_folder(tmp_path / "link")


@pytest.mark.slow
def test_the_command_asks_for_the_code_and_does_not_repeat_a_wrong_one(tmp_path):
    arguments = ["patient", "--cohort", str(EXAMPLE), "--out", str(tmp_path / "page")]
    done = CliRunner().invoke(main, arguments, input=f"{CODE}\n")
    assert done.exit_code == 0 and str(tmp_path / "page" / "patient.html") in done.output
    wrong = CliRunner().invoke(main, [*arguments[:-1], str(tmp_path / "other")], input="SECRET-7\n")
    assert wrong.exit_code == 1 and "has no patient with this identifier" in wrong.output
    assert not (tmp_path / "other").exists()
    refused = CliRunner().invoke(main, [*arguments[:-1], str(paths.ROOT / "reports")], input=f"{CODE}\n")
    assert refused.exit_code == 2 and "git work tree" in refused.output
