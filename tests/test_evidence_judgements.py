"""Rules of the judgements and of the log: each planted mistake gives one message that says what to do."""

from __future__ import annotations

import pytest

from analysis.evidence.judgement_rules import JUDGEMENTS, settled

SETTLED = {"study_id": "sigtermans2009", "domain": "measurement", "reader": "settled"}
FIRST = {"study_id": "sigtermans2009", "domain": "measurement", "reader": "1"}
CERTAIN = {"outcome_id": "pain_week_1", "domain": "imprecision", "reader": "settled"}
MISTAKES = [
    ("risk_of_bias.csv", SETTLED, {"judgement": "low"}, "judgement", "else the more cautious: high", "write high"),
    ("risk_of_bias.csv", SETTLED, {"reason": "a guess"}, "reason", "has no reason of its own", "clear the cell"),
    ("risk_of_bias.csv", FIRST, {"reason": ""}, "reason", "the judgement of a reader has a reason", "fill it in"),
    ("certainty.csv", CERTAIN, {"judgement": "no_concern"}, "judgement", "else the more cautious", "write serious"),
    ("outcomes.csv", {"outcome_id": "function"}, {"studies": "sigtermans"}, "studies", "is not", "correct the name"),
    ("outcomes.csv", {"outcome_id": "pain_week_12"}, {"weeks_low": "13"}, "weeks_high", "earlier time", "fill in both"),
    (
        "planned_outcomes.csv",
        {"study_id": "mangnus2023"},
        {"reported": "no"},
        "reported",
        "not_due exactly for trials",
        "or the design",
    ),
    (
        "screening.csv",
        {"study_id": "mangnus2023"},
        {"decision": "included"},
        "decision",
        "is ongoing exactly",
        "design",
    ),
    ("screening.csv", {"study_id": "lee2025"}, {"record": "Lee"}, "study_id", "not both", "fill in one"),
    ("searches.csv", {"topic": "Ferraro 2025"}, {"topic": ""}, "query", "the topic if the wording", "fill in one"),
    (
        "extraction.csv",
        {"study_id": "lee2025", "in_column": "dose_kind"},
        {"same_meaning": "yes"},
        "same_meaning",
        "compares two values",
        "clear the cell",
    ),
    ("studies.csv", {"study_id": "marchetti2015"}, {"year": "2015"}, "year", "it has 2014", "first publication"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "match", "change", "column", "rule", "advice"), MISTAKES)
def test_a_planted_mistake(data_copy, file, match, change, column, rule, advice):
    row = data_copy.edit(file, match, change)
    problems = data_copy.problems()
    problem = problems.iloc[0]
    assert problem[["file", "row", "column"]].tolist() == [file, row, column], problems.to_string()
    assert rule in problem["rule"] and advice in problem["advice"]
    assert len(problems) == (2 if file == "studies.csv" else 1), "the bibliography has the same year"


def test_a_judgement_of_another_tool(data_copy):
    for reader in ("1", "2", "settled"):
        match = {"study_id": "sigtermans2009", "domain": "overall", "reader": reader}
        data_copy.edit("risk_of_bias.csv", match, {"judgement": "serious"})
    rules = data_copy.problems()["rule"]
    assert rules.str.contains("judgements of rob2 here are low, some_concerns, high, no_information").sum() == 3


def test_a_tool_against_the_design(data_copy):
    data_copy.edit("studies.csv", {"study_id": "koffler2007"}, {"design": "rct"})
    problems = data_copy.problems()
    assert problems["rule"].str.contains("the design is rct").all() and len(problems) > 0
    assert set(problems["column"]) == {"tool"}


def test_a_study_without_a_decision_and_a_domain_without_a_judgement(data_copy):
    rows = data_copy.rows("screening.csv")
    data_copy.write_rows("screening.csv", [row for row in rows if row[1] != "lee2025"])
    rules = data_copy.problems()["rule"].tolist()
    assert "every study and review has a decision in screening.csv" in rules
    rows = data_copy.rows("risk_of_bias.csv")
    kept = [row for row in rows if not (row[1] == "lee2025" and row[3] == "confounding")]
    data_copy.write_rows("risk_of_bias.csv", kept)
    assert "every domain of robins_i is judged; missing: confounding" in data_copy.problems()["rule"].tolist()


@pytest.mark.parametrize("table", ["studies", "reviews", "screening", "certainty", "outcomes"])
def test_a_missing_table_gives_one_message(data_copy, table):
    (data_copy.folder / f"{table}.csv").unlink()
    problems = data_copy.problems()
    assert (problems["file"] == f"{table}.csv").all() and len(problems) == 1, problems.to_string()


@pytest.mark.parametrize(
    ("readings", "follows"),
    [
        (["serious", "serious"], "serious"),
        (["serious", "critical"], "critical"),
        (["no_information", "low"], "low"),
        (["no_information", "no_information"], "no_information"),
        (["moderate"], "moderate"),
    ],
)
def test_the_settled_judgement(readings, follows):
    assert settled(readings, JUDGEMENTS["robins_i"]) == follows
    assert settled(["very_low", "low"], JUDGEMENTS["grade overall"]) == "very_low"
