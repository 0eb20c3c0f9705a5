"""Rules that the dictionary can't state: each is broken once, and the message is looked at."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evidence import joins, within
from analysis.evidence.within import Tables, counts_behind, percentages

T1_SCORE = {"timepoint": "T1 end of infusion"}
T0_SCORE = {"timepoint": "T0 baseline"}
PATIL = {"arm_id": "patil2012_crps"}

# rule, file, row, what is written, column named, fragment of the rule, fragment of the advice
BROKEN = [
    (
        "counts_within_their_denominator",
        "responders.csv",
        {"arm_id": "sunder2008_block"},
        {"responders": "4"},
        "responders",
        "at most n, here 3",
        "sunder2008_abs",
    ),
    (
        "counts_within_their_denominator",
        "adverse_events.csv",
        {"event": "hepatotoxicity"},
        {"events": "7"},
        "events",
        "at most n, here 6",
        "noppers2011_abs",
    ),
    (
        "counts_within_their_denominator",
        "durations.csv",
        {"arm_id": "puchalski2016_ketamine"},
        {"patients": "6"},
        "patients",
        "at most patients_treated, here 5",
        "puchalski2016_abs",
    ),
    (
        "scores_on_their_scale",
        "pain_scores.csv",
        T1_SCORE,
        {"value": "11"},
        "value",
        "a pain score lies between 0 and 10",
        "mangnus2022_abs (abstract, results)",
    ),
    (
        "scores_on_their_scale",
        "pain_scores.csv",
        T1_SCORE,
        {"value": "-1"},
        "value",
        "a pain score lies between 0 and 10",
        "mangnus2022_abs",
    ),
    (
        "scores_on_their_scale",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_low": "12"},
        "spread_low",
        "between 0 and 10",
        "mangnus2022_abs",
    ),
    (
        "scores_on_their_scale",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_low": "-2"},
        "spread_low",
        "between 0 and 10",
        "mangnus2022_abs",
    ),
    (
        "scores_on_their_scale",
        "pain_scores.csv",
        {"timepoint": "before infusion"},
        {"spread_high": "90"},
        "spread_high",
        "between 0 and 10",
        "goldberg2010_abs",
    ),
    (
        "scores_on_their_scale",
        "pain_scores.csv",
        PATIL,
        {"value": "-11"},
        "value",
        "a change of pain lies between -10 and 10",
        "patil2012_abs",
    ),
    ("statistic_and_value", "pain_scores.csv", T1_SCORE, {"value": ""}, "value", "a median has a value", "fill it in"),
    (
        "statistic_and_value",
        "pain_scores.csv",
        {"timepoint": "before infusion"},
        {"value": "8.5"},
        "value",
        "range_of_means has an empty value",
        "clear the cell",
    ),
    (
        "spread_fits_its_kind",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_kind": ""},
        "spread_kind",
        "a spread has a kind",
        "unlabelled",
    ),
    (
        "spread_fits_its_kind",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_low": ""},
        "spread_low",
        "has a value",
        "clear spread_kind",
    ),
    (
        "spread_fits_its_kind",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_high": "9"},
        "spread_high",
        "is one number",
        "clear the cell",
    ),
    (
        "spread_fits_its_kind",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_kind": "q1_q3"},
        "spread_high",
        "has two ends",
        "upper end",
    ),
    (
        "spread_fits_its_kind",
        "pain_scores.csv",
        {"timepoint": "before infusion"},
        {"spread_low": "9.5"},
        "spread_low",
        "spread_low is at most spread_high, here 9",
        "goldberg2010_abs",
    ),
    (
        "spread_fits_its_kind",
        "pain_scores.csv",
        T1_SCORE,
        {"spread_kind": "q1_q3", "spread_low": "7", "spread_high": "9"},
        "value",
        "lies within its q1_q3, 7 to 9",
        "mangnus2022_abs",
    ),
    (
        "phase_and_weeks",
        "pain_scores.csv",
        T0_SCORE,
        {"weeks_from_end": "0"},
        "weeks_from_end",
        "empty in the phase baseline",
        "clear the cell",
    ),
    (
        "phase_and_weeks",
        "pain_scores.csv",
        T1_SCORE,
        {"weeks_from_end": "1"},
        "weeks_from_end",
        "is 0 at the end of infusion",
        "write 0",
    ),
    (
        "phase_and_weeks",
        "pain_scores.csv",
        T1_SCORE,
        {"weeks_from_end": ""},
        "weeks_from_end",
        "is 0 at the end of infusion",
        "write 0",
    ),
    (
        "phase_and_weeks",
        "pain_scores.csv",
        T1_SCORE,
        {"phase": "follow_up"},
        "weeks_from_end",
        "more than 0 at follow-up",
        "end_of_infusion",
    ),
    (
        "weeks_in_order",
        "durations.csv",
        {"arm_id": "puchalski2016_ketamine"},
        {"weeks_low": "12"},
        "weeks_low",
        "at most weeks_high, here 10.9",
        "swapped",
    ),
    (
        "weeks_in_order",
        "durations.csv",
        {"arm_id": "rasmussen2013_coma"},
        {"weeks_high": "17"},
        "weeks_high",
        "the same number in weeks_low and weeks_high",
        "range_of_patients",
    ),
    (
        "weeks_in_order",
        "durations.csv",
        {"arm_id": "kiefer2008b_sket"},
        {"weeks_high": "3"},
        "weeks_low",
        "no benefit at all means 0 weeks",
        "write 0",
    ),
    (
        "estimate_within_its_interval",
        "reported_tests.csv",
        {"comparison": "obesity as predictor"},
        {"estimate": "87.5"},
        "estimate",
        "within its confidence interval, 1.45 to 52.73",
        "cohen2023_abs",
    ),
    (
        "estimate_within_its_interval",
        "reported_tests.csv",
        {"comparison": "obesity as predictor"},
        {"ci_low": "60"},
        "ci_low",
        "ci_low is at most ci_high, here 52.73",
        "cohen2023_abs",
    ),
    (
        "estimate_within_its_interval",
        "reviews.csv",
        {"review_id": "collins2010", "population": "CRPS"},
        {"estimate": "0.65"},
        "estimate",
        "-1.47 to 0.16",
        "collins2010_abs",
    ),
    (
        "estimate_within_its_interval",
        "pharmacology.csv",
        {"parameter": "half-life of onset and offset of relief"},
        {"value": "109"},
        "value",
        "5.3 to 20.5",
        "dahan2011_abs",
    ),
    (
        "crps_within_enrolled",
        "studies.csv",
        {"study_id": "patil2012"},
        {"n_crps": "50"},
        "n_crps",
        "at most n_enrolled, here 49",
        "compare",
    ),
    (
        "filled_in_together",
        "arms.csv",
        {"arm_id": "mangnus2022_sket"},
        {"dose_unit": ""},
        "dose_unit",
        "dose_value and dose_unit are filled in together",
        "clear dose_value (14)",
    ),
    (
        "filled_in_together",
        "arms.csv",
        {"arm_id": "cohen2023_smp"},
        {"contained_as": ""},
        "contained_as",
        "contained_in and contained_as",
        "clear contained_in (cohen2023_all)",
    ),
    (
        "filled_in_together",
        "studies.csv",
        {"study_id": "mangnus2022"},
        {"pool_in_overlap": "yes"},
        "overlap_group",
        "overlap_group and pool_in_overlap",
        "clear pool_in_overlap",
    ),
    (
        "filled_in_together",
        "studies.csv",
        {"study_id": "kiefer2008"},
        {"pool_in_overlap": ""},
        "pool_in_overlap",
        "overlap_group and pool_in_overlap",
        "german_coma",
    ),
    (
        "filled_in_together",
        "reported_tests.csv",
        {"outcome": "responder status"},
        {"p_operator": ""},
        "p_operator",
        "p_operator and p_value",
        "clear p_value (0.03)",
    ),
    (
        "filled_in_together",
        "durations.csv",
        {"arm_id": "puchalski2016_ketamine"},
        {"count_basis": ""},
        "count_basis",
        "patients and count_basis",
        "clear patients (5)",
    ),
    (
        "counts_reproduce_their_percentage",
        "responders.csv",
        {"arm_id": "kiefer2008_anesthetic"},
        {"percent_reported": "64"},
        "responders",
        "13 of 20 is not 64%",
        "nearest_to_percent: no whole number of 20 gives 64%",
    ),
    (
        "counts_reproduce_their_percentage",
        "responders.csv",
        {"arm_id": "sheehy2015_all"},
        {"responders": "106"},
        "responders",
        "106 of 277 is not 37%",
        "write 102 to 105",
    ),
    (
        "counts_reproduce_their_percentage",
        "responders.csv",
        {"arm_id": "goebel2015_ketamine"},
        {"percent_reported": ""},
        "percent_reported",
        "has one percentage",
        "as printed",
    ),
    (
        "counts_reproduce_their_percentage",
        "durations.csv",
        {"arm_id": "kiefer2008_anesthetic"},
        {"reported": "full remission in most"},
        "reported",
        "has one percentage",
        "as printed",
    ),
    (
        "arm_belongs_to_study",
        "responders.csv",
        {"arm_id": "lee2025_ketamine"},
        {"study_id": "sunder2008"},
        "arm_id",
        "the study of the row, sunder2008; it belongs to lee2025",
        "write lee2025",
    ),
    (
        "source_reports_study",
        "responders.csv",
        {"arm_id": "lee2025_ketamine"},
        {"source_id": "cohen2023_abs"},
        "source_id",
        "this one reports cohen2023",
        "clear its study_id in sources.csv",
    ),
    (
        "arms_within_study",
        "arms.csv",
        {"arm_id": "kiefer2007_coma"},
        {"n": "2"},
        "n",
        "at most as many patients as its study, 1",
        "kiefer2007_abs",
    ),
    (
        "arms_within_study",
        "arms.csv",
        {"arm_id": "cohen2023_sip"},
        {"contained_in": "", "contained_as": ""},
        "n",
        "together at most 71 patients (n_enrolled in studies.csv); they have 101",
        "contained_in",
    ),
    (
        "contained_in_an_arm_of_the_study",
        "arms.csv",
        {"arm_id": "cohen2023_smp"},
        {"contained_in": "patil2012_all"},
        "contained_in",
        "its own study, cohen2023; this one belongs to patil2012",
        "overlap_group",
    ),
    (
        "contained_in_an_arm_of_the_study",
        "arms.csv",
        {"arm_id": "cohen2023_smp"},
        {"contained_in": "cohen2023_smp"},
        "contained_in",
        "not contained in itself",
        "clear the cell",
    ),
    (
        "contained_in_an_arm_of_the_study",
        "arms.csv",
        {"arm_id": "correll2004_course3"},
        {"contained_in": "correll2004_course2", "n": "13"},
        "n",
        "the whole (correll2004_course2), 12",
        "correll2004_abs",
    ),
    (
        "groups_within_their_arm",
        "pain_scores.csv",
        {"arm_id": "sigtermans2009_placebo"},
        {"n": "31"},
        "n",
        "patients of the arm sigtermans2009_placebo, 30",
        "sigtermans2009_abs",
    ),
    (
        "groups_within_their_arm",
        "adverse_events.csv",
        {"event": "any adverse event at 1 week"},
        {"n": "257"},
        "n",
        "corriger2022_ketamine, 256",
        "corriger2022_abs",
    ),
    (
        "one_study_counts_per_overlap",
        "studies.csv",
        {"study_id": "dahan2011"},
        {"pool_in_overlap": "yes"},
        "pool_in_overlap",
        "for leiden_trial it is dahan2011",
        "write no",
    ),
]


@pytest.mark.parametrize(
    ("name", "file", "match", "changes", "column", "rule", "advice"),
    [pytest.param(*case, id=f"{case[0]}-{number}") for number, case in enumerate(BROKEN)],
)
def test_broken_rule(data_copy, name, file, match, changes, column, rule, advice):
    row = data_copy.edit(file, match, changes)
    problem = data_copy.only_problem()
    if name == "one_study_counts_per_overlap":
        row = data_copy.row("studies.csv", study_id="sigtermans2009")  # the second `yes` of the group is named
    assert problem[["file", "column"]].tolist() == [file, column]
    if name != "arms_within_study" or "together" not in rule:
        assert problem["row"] == row
    assert rule in problem["rule"]
    assert advice in problem["advice"]


def test_every_rule_is_broken_by_some_test():
    tested = {case[0] for case in BROKEN} | {
        "subgroup_responders_within_whole",
        "milestones_do_not_rise",
        "responders_agree_with_milestones",
    }
    assert {rule.__name__ for rule in (*within.RULES, *joins.RULES)} == tested


def test_subgroup_with_more_responders_than_the_whole(data_copy):
    data_copy.edit("responders.csv", {"arm_id": "ushida2002_all"}, {"responders": "3"})
    problem = data_copy.only_problem()
    row = data_copy.row("responders.csv", arm_id="ushida2002_crps1_acute")
    assert problem[["file", "row", "column", "value"]].tolist() == ["responders.csv", row, "responders", "4"]
    assert "at most as many as the whole, 3 (ushida2002_all, row" in problem["rule"]


def test_milestones_that_rise(data_copy):
    row = data_copy.edit(
        "durations.csv", {"weeks_low": "13.0", "patients": "18"}, {"patients": "26", "count_basis": "reported"}
    )
    problems = data_copy.problems()
    problem = problems[problems["rule"].str.startswith("no more patients")].iloc[0]
    assert problem[["file", "row", "column", "value"]].tolist() == ["durations.csv", row, "patients", "26"]
    earlier = data_copy.row("durations.csv", arm_id="correll2004_course1", benefit="pain_free", weeks_low="0")
    assert f"at 13 weeks than at 0 weeks: 25 (row {earlier})" in problem["rule"]


def test_the_same_number_differs_between_two_tables(data_copy):
    row = data_copy.edit("durations.csv", {"group": "T2"}, {"patients": "22", "count_basis": "reported"})
    problems = data_copy.problems()
    rate = data_copy.row("responders.csv", timepoint="T2 about 4 weeks")
    assert problems["row"].tolist() == [row, row]
    assert problems["column"].tolist() == ["patients", "count_basis"]
    assert problems["rule"].tolist() == [
        f"it agrees with responders of the same arm, time and benefit in responders.csv, row {rate}: 23",
        "it agrees with count_basis of the same arm, time and benefit in responders.csv, "
        f"row {rate}: derived_from_percent",
    ]


RATE = {"row": 2, "arm_id": "a", "weeks_from_end": 4.0, "definition_class": "any_relief", "unit": "patients"}
MILESTONE = {"row": 2, "arm_id": "a", "weeks_low": 4.0, "benefit": "any_relief", "statement": "milestone"}
COUNTED = {"responders": 3, "n": 9, "count_basis": "reported"}
STILL = {"patients": 2, "patients_treated": 9, "count_basis": "reported"}


@pytest.mark.parametrize(
    ("rates", "problems"),
    [
        pytest.param([RATE | COUNTED], 1, id="one rate"),
        pytest.param([RATE | COUNTED, RATE | COUNTED | {"row": 3}], 0, id="two definitions at one time"),
        pytest.param([RATE | COUNTED | {"unit": "infusions"}], 0, id="infusions"),
        pytest.param([RATE | COUNTED | {"definition_class": "complete_relief"}], 0, id="another benefit"),
        pytest.param([RATE | COUNTED | {"weeks_from_end": 5.0}], 0, id="another time"),
    ],
)
def test_only_clear_pairs_of_the_two_tables_are_compared(rates, problems):
    files = {"responders": "responders.csv", "durations": "durations.csv"}
    tables = Tables({"responders": rates, "durations": [MILESTONE | STILL]}, files)
    assert len(list(joins.responders_agree_with_milestones(tables))) == problems


def test_arms_contained_in_a_circle(data_copy):
    data_copy.edit("arms.csv", {"arm_id": "patil2012_crps"}, {"contained_in": "patil2012_other"})
    data_copy.edit("arms.csv", {"arm_id": "patil2012_other"}, {"contained_in": "patil2012_crps"})
    problems = data_copy.problems()
    assert problems["column"].tolist() == ["contained_in", "contained_in"]
    assert problems["rule"].str.startswith("an arm is not contained in itself, directly or through others").all()


@pytest.mark.parametrize(
    ("changes", "column", "rule"),
    [
        ({"responders": "9"}, "responders", "nearest to 60% is held, which is 10"),
        ({"percent_reported": "62"}, "count_basis", "10 does"),
        ({"count_basis": "derived_from_percent"}, "responders", "10 of 16 is not 60%"),
    ],
)
def test_nearest_to_percent_means_that_nothing_fits(data_copy, changes, column, rule):
    data_copy.edit("responders.csv", {"arm_id": "goldberg2010_ketamine", "percent_reported": "60"}, changes)
    problems = data_copy.problems()
    assert (problems.loc[0, "file"], problems.loc[0, "column"]) == ("responders.csv", column)
    assert rule in problems.loc[0, "rule"]


@pytest.mark.parametrize(
    ("count", "total", "decimals", "printed"),
    [
        (30, 48, 0, {"62", "63"}),  # 62.5: half to even and cut off give 62, half up gives 63
        (23, 48, 0, {"47", "48"}),  # 47.92
        (18, 33, 0, {"54", "55"}),  # 54.55
        (25, 41, 1, {"60.9", "61"}),  # 60.976
        (10, 16, 0, {"62", "63"}),  # so 60% of 16 is no whole number
        (0, 5, 0, {"0"}),
        (5, 5, 2, {"100"}),
        (1, 8, 1, {"12.5"}),
        (3, 200, 0, {"1", "2"}),  # 1.5: to even 2, half up 2, cut off 1
    ],
)
def test_percentages_that_a_paper_may_print(count, total, decimals, printed):
    assert percentages(count, total, decimals) == {Fraction(value) for value in printed}


@settings(max_examples=150, deadline=None)
@given(total=st.integers(1, 90), decimals=st.integers(0, 2), data=st.data())
def test_counts_behind_a_percentage_are_those_of_all_counts(total, decimals, data):
    printed = f"{data.draw(st.integers(0, 101 * 10**decimals)) / 10**decimals:.{decimals}f}"
    fitting = [count for count in range(total + 1) if Fraction(printed) in percentages(count, total, decimals)]
    nearest = min(range(total + 1), key=lambda count: abs(Fraction(100 * count, total) - Fraction(printed)))
    assert counts_behind(printed, total) == (fitting, nearest)


def test_decimals_of_the_printed_percentage_count():
    """60.0 is more exact than 60: 32 of 53 is 60.38%, which may be printed as 60 but not as 60.0."""
    row = {"row": 2, "responders": 32, "n": 53, "percent_reported": 60.0, "count_basis": "derived_from_percent"}
    texts = {"responders": {2: {"percent_reported": "60", "responders": "32"}}}
    files = {"responders": "responders.csv"}
    assert not list(within.counts_reproduce_their_percentage(Tables({"responders": [row]}, files, texts)))
    texts["responders"][2]["percent_reported"] = "60.0"
    (problem,) = within.counts_reproduce_their_percentage(Tables({"responders": [row]}, files, texts))
    assert "32 of 53 is not 60.0%" in problem.rule


def test_infusions_may_be_more_than_patients(evidence):
    sheehy = evidence.responders.loc[evidence.responders["arm_id"] == "sheehy2015_all"].iloc[0]
    assert (sheehy["unit"], sheehy["n"]) == ("infusions", 277)
    assert evidence.arms.loc[evidence.arms["arm_id"] == "sheehy2015_all", "n"].item() == 63


@pytest.mark.parametrize(
    ("changes", "column", "rule", "advice"),
    [
        (
            {"changes_key": "domec2004_ketamin"},
            "changes_key",
            "the key is the arm_id or study_id of a row of responders.csv",
            "name an arm or study",
        ),
        ({"changes_column": "respnders"}, "changes_column", "the column stands in responders.csv", "“responders”"),
    ],
)
def test_the_other_value_of_a_conflict_has_a_place(data_copy, changes, column, rule, advice):
    row = data_copy.edit("conflicts.csv", {"study_id": "domec2004"}, changes)
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column"]].tolist() == ["conflicts.csv", row, column]
    assert rule in problem["rule"] and advice in problem["advice"]


def test_a_column_that_a_conflict_names_and_the_file_lacks_gives_one_message(data_copy):
    rows = data_copy.rows("arms.csv")
    at = rows[0].index("infusion_days")
    data_copy.write_rows("arms.csv", [[*row[:at], *row[at + 1 :]] for row in rows])
    assert data_copy.only_problem()["column"] == "infusion_days"


def test_a_conflict_says_all_of_the_other_value_or_nothing(data_copy):
    data_copy.edit("conflicts.csv", {"study_id": "domec2004"}, {"changes_key": ""})
    assert data_copy.only_problem()["file"] == "conflicts.csv"
