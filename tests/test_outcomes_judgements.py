"""Agreement of the readers, flow of studies, risk of bias, and certainty as judged and as computed."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis import findings, tables
from analysis.evidence.selection import Criteria, select
from analysis.outcomes import search_log, two_readings
from analysis.outcomes.computed_certainty import certainty, computed_certainty, optimal_information_size


@pytest.fixture(scope="module")
def selection(evidence):
    return select(evidence)


def test_agreement_of_the_two_extractions(evidence):
    """376 of 414 cells that one filled in, 376 of 380 that both filled in, in 77 pairs of rows of 15 studies."""
    found = two_readings.agreement(evidence).set_index("table")
    assert found.loc["all"].tolist() == [77, 414, 376, 4, 34]
    assert found.loc["studies"].tolist() == [15, 137, 125, 2, 10]
    assert found.loc["arms"].tolist() == [16, 116, 94, 1, 21]
    assert evidence.extraction["study_id"].nunique() == 15
    assert set(two_readings.disagreements(evidence)["study_id"]) == {
        "mangnus2022",
        "noppers2011",
        "lee2025",
        "kiefer2008b",
    }
    words = findings.agreement_words(evidence)
    assert "15 of 47 studies" in words and "376 of 414" in words and "376 of 380" in words


def test_agreement_counts_a_changed_cell(evidence):
    cells = evidence.extraction.copy()
    place = cells.index[(cells["study_id"] == "lee2025") & (cells["in_column"] == "n_enrolled")][0]
    cells.loc[place, "reader_2"] = "51"
    assert two_readings.agreement(replace(evidence, extraction=cells)).iloc[-1][["same", "different"]].tolist() == [
        375,
        5,
    ]


def test_one_flow_explains_the_numbers_of_studies(evidence, selection):
    flow = search_log.study_flow(evidence, selection).set_index("step")
    assert flow["records"].tolist() == [88, 47, 23, 15, 2]
    assert flow["detail"].tolist() == [
        "22 reviews, guidelines and surveys (context, never counted); 19 others in no table (11 excluded; 8 awaiting "
        "full text)",
        "29 included; 10 awaiting full text; 6 excluded; 2 ongoing",
        "left out: 11 by another route; 8 with patients of another study; 5 with several pain conditions",
        "left out: 1 planned; 7 with none in the texts that were read",
        "13 without",
    ]
    assert 22 + 19 + 47 == 88 and 47 - 11 - 8 - 5 == 23 and 23 - 1 - 7 == 15 and 15 - 13 == 2
    assert tables.study_flow_table(flow.reset_index()).caption.startswith(
        "47 studies in the tables: 15 with a usable result, 2 of these with a placebo group"
    )
    assert "15 studies" in findings.certainty_finding(selection).sentence
    assert "of 22 studies" in findings.gaps_finding(selection).sentence


def test_the_search_is_old_a_year_later(evidence):
    assert search_log.search_date(evidence) == "2026-11-27"
    assert not search_log.search_is_old(evidence, pd.Timestamp("2027-11-27"))
    assert search_log.search_is_old(evidence, pd.Timestamp("2027-11-28"))


def test_an_old_search_is_said_to_be_old_at_the_date_of_the_commit(selection, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(pd.Timestamp("2028-01-02").timestamp())))
    assert "more than a year old on 2 January 2028" in findings.evidence_date(selection.evidence)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(pd.Timestamp("2026-12-01").timestamp())))
    assert (
        findings.evidence_date(selection.evidence)
        == "evidence as of 27 November 2026 (stored copies of public web pages)"
    )
    assert (
        findings.what_was_read(selection)
        == "**No full text was read**: 46 of 46 results come from abstracts (28) and secondary accounts (18)."
    )


def test_risk_of_bias_with_letter_and_shape(evidence):
    judged = two_readings.risk_of_bias(evidence, "rob2")
    assert judged.set_index("study_id")["overall"].to_dict() == {
        "finch2009": "some_concerns",
        "regimen357_nd": "high",
        "schwartzman2009": "high",
        "sigtermans2009": "high",
    }
    payload = tables.risk_of_bias_table(judged, "rob2").payload()
    assert [cells[1] for cells in payload["cells"]] == ["△C", "■H", "■H", "■H"]
    assert "■H high risk of bias" in payload["notes"] and "provisional" in payload["caption"]


def test_readings_side_by_side(evidence):
    found = two_readings.readings(evidence.certainty, "outcome_id").set_index(["outcome_id", "domain"])
    overall = found.loc[("pain_4_to_12_weeks", "overall")]
    assert overall[["settled", "judgement_1", "judgement_2"]].tolist() == ["very_low", "very_low", "low"]
    assert len(found) == 70 and (found["judgement_1"] == found["judgement_2"]).sum() == 57


@pytest.mark.parametrize(("sd", "difference", "patients"), [(2.71, 2, 58), (2.71, 1, 232), (5.0, 2.5, 126)])
def test_optimal_information_size(sd, difference, patients):
    """The first reader computed 58 and 232; 63 in each group is the textbook size for half a standard deviation."""
    assert optimal_information_size(sd, difference) == patients


def test_certainty_as_judged_and_as_computed(selection):
    judged = certainty(selection).set_index("outcome_id")["overall"]
    assert judged.value_counts().to_dict() == {"very_low": 7, "low": 2, "moderate": 1}
    computed = computed_certainty(selection).set_index(["outcome_id", "domain"])
    first = computed.loc[("pain_week_1", "imprecision")]
    assert first[["judged", "computed", "differs"]].tolist() == ["serious", "serious", False]
    assert "60 patients, optimal information size 58; interval −4.2 to −1.4 includes -2 points" in first["why"]
    four = computed.loc[("responders_about_4_weeks", "imprecision")]
    assert "56 of 119 patients in 2 studies" in four["why"], "without the group selected by its response (lee2025)"
    assert four["differs"] and four["computed"] == "very_serious"


def test_computed_certainty_of_a_selection_without_results(evidence):
    nothing = select(evidence, Criteria(studies=("mangnus2023",)))
    assert computed_certainty(nothing)["computed"].isin(["serious", "not_computed"]).all()


def test_a_group_selected_by_its_response_is_no_headline(evidence, selection):
    told = findings.response_finding(selection)
    assert "52 of 52" not in told.sentence and "52 of 52" in told.detail
    alone = findings.study_findings(evidence, "lee2025")[0].sentence
    assert "**" not in alone and alone.startswith("Not counted, since the patients may have been selected")


def test_the_second_placebo_controlled_trial_has_its_result(selection):
    told = findings.pain_finding(selection)
    assert "26 enrolled, 19 in the results according to a secondary source" in told.sentence
    assert "no effect in any parameter in the placebo group, P < 0.05" in told.sentence
    assert "no functional improvement" in told.sentence


def test_a_review_states_its_own_certainty_beside_its_estimate(evidence):
    payload = tables.reviews_table(evidence).payload()
    labels = [column["label"] for column in payload["columns"]]
    own = {cells[2]: cells[labels.index("Its own certainty")] for cells in payload["cells"]}
    assert own["pain at 4 weeks, ketamine against placebo"] == "very low"
    assert own["pain at 3 to 5 weeks, ketamine against placebo"] == "moderate"
    assert own["pain at 1 week, ketamine against placebo"] == "not stated"
    shown = sum(
        len(f(evidence).data) for f in (tables.guidelines_table, tables.reviews_table, tables.review_statements_table)
    )
    assert shown == len(evidence.reviews)
