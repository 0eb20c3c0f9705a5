"""Consistency checks of printed numbers: consistent and inconsistent cases by hand, and published examples."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import figures, findings, tables
from analysis.evidence.selection import select
from analysis.exhibit import plain
from analysis.outcomes import consistency, responders
from analysis.outcomes.consistency import check, possible_counts
from analysis.outcomes.consistency.conflicts import _of_one, main_numbers
from analysis.outcomes.consistency.printed import PrintedP, p_of_t
from analysis.outcomes.consistency.verdicts import (
    CANNOT_BE,
    CANNOT_BE_CHECKED,
    FITS,
    FITS_BY_OTHER_ROUNDING,
    FITS_WITH_ANOTHER_N,
)
from analysis.statistics.granularity import sd_bounds, sd_ways, sums_behind_mean

OTHER_ROUNDING, ANOTHER_N = FITS_BY_OTHER_ROUNDING, FITS_WITH_ANOTHER_N
VERDICTS = {FITS, OTHER_ROUNDING, ANOTHER_N, CANNOT_BE, CANNOT_BE_CHECKED}


@pytest.fixture(scope="module")
def table(evidence):
    return check(evidence)


def verdict(table, study_id, name, row=None, of=None):
    found = table[(table["study_id"] == study_id) & (table["check"] == name)]
    if row is not None:
        found = found[(found["row"] == row)]
    if of is not None:
        found = found[found["table"] == of]
    assert len(found) == 1, found
    return found.iloc[0]


def changed(evidence, name, where, **values):
    frame = getattr(evidence, name).copy()
    rows = np.logical_and.reduce([frame[column] == value for column, value in where.items()])
    assert rows.sum() == 1
    for column, value in values.items():
        frame.loc[rows, column] = value
    # the conflicts are not what these tests look at
    return check(replace(evidence, **{"conflicts": evidence.conflicts.iloc[:0], name: frame}))


def row_number(evidence, name, **where):
    frame = getattr(evidence, name)
    rows = np.logical_and.reduce([frame[column] == value for column, value in where.items()])
    assert rows.sum() == 1
    return int(frame.loc[rows, "row"].iloc[0])


# --- counts behind percentages


def test_possible_counts():
    assert possible_counts(62, 48) == [30]
    assert possible_counts(60, 16) == []
    assert possible_counts(26.7, 30, decimals=1) == [8]


@pytest.mark.slow
def test_percentages_of_the_evidence(evidence, table):
    name = "count behind a percentage"
    first = row_number(evidence, "responders", arm_id="mangnus2022_sket", weeks_from_end=0.0)
    assert verdict(table, "mangnus2022", name, first)["verdict"] == OTHER_ROUNDING
    assert "rounded half to even or cut off" in verdict(table, "mangnus2022", name, first)["why"]
    assert verdict(table, "mangnus2022", name, first + 1)["verdict"] == FITS
    goldberg = verdict(table, "goldberg2010", name)
    assert goldberg["verdict"] == ANOTHER_N and "with 15 patients it fits" in goldberg["why"]
    placebo = row_number(evidence, "adverse_events", arm_id="sigtermans2009_placebo")
    assert "with 28 or 27 patients it fits" in verdict(table, "sigtermans2009", name, placebo)["why"]


def test_a_percentage_without_a_possible_group(evidence):
    # 26.6% of 3 patients: thirds are 33.3%, and of 80% of 3 (3 patients again) nothing else is to be had
    row = row_number(evidence, "responders", arm_id="cohen2023_sip")
    found = verdict(
        changed(evidence, "responders", {"arm_id": "cohen2023_sip"}, n=3, percent_reported=26.6),
        "cohen2023",
        "count behind a percentage",
        row,
    )
    assert found["verdict"] == CANNOT_BE


def test_a_reported_count_must_give_its_own_percentage(evidence):
    row = row_number(evidence, "responders", arm_id="marchetti2015_oral", responders=24)
    where = {"arm_id": "marchetti2015_oral", "responders": 24}
    found = changed(evidence, "responders", where, responders=30)  # 30 of 55 is 54.5%, not 44%
    assert verdict(found, "marchetti2015", "count behind a percentage", row)["verdict"] != FITS


def test_a_printed_zero_after_the_point_counts(evidence, table):
    # 61.0% of 41 is printed with one decimal: 25 of 41 = 60.98; 61% without decimals would not be stricter
    row = row_number(evidence, "responders", arm_id="cohen2023_smp")
    assert verdict(table, "cohen2023", "count behind a percentage", row)["reported"] == "61.0% of 41"


# --- means and spreads


def test_grim_example_of_brown_and_heathers_2017():
    # their opening example: a mean of 5.19 from 28 participants on a whole-number scale is impossible
    assert sums_behind_mean("5.19", 28, 2) == []
    assert [int(total) for total, _ in sums_behind_mean("5.18", 28, 2)] == [145]
    assert [int(total) for total, _ in sums_behind_mean("3.45", 20, 2)] == [69]


def test_grimmer_by_hand():
    # 1, 2, 3: mean 2, SD 1; with the sum 6 of three scores the squares are 12, 14, 18 ... SD 0, 1, 1.73
    assert sd_ways(6, 3, "1.00", 2, 0, 10) == {"rounded", "truncated"}
    assert sd_ways(6, 3, "1.20", 2, 0, 10) == set()
    assert sd_bounds(5, 10) == pytest.approx((0, np.std([0] * 5 + [10] * 5, ddof=1)))


def test_grimmer_example_of_allard_2018():
    # mean 3.44 and SD 2.47 of 18 whole scores: the squares would sum to 317, an odd number beside the even sum 62
    assert [int(total) for total, _ in sums_behind_mean("3.44", 18, 2)] == [62]
    assert "rounded" not in sd_ways(62, 18, "2.47", 2, -100, 100)
    assert "rounded" in sd_ways(62, 18, "2.45", 2, -100, 100)  # 316 is even: SD 2.4548


@given(st.lists(st.integers(0, 10), min_size=2, max_size=40), st.integers(1, 2))
def test_whole_scores_always_fit_their_own_mean_and_sd(scores, decimals):
    n, total = len(scores), sum(scores)
    mean, sd = np.mean(scores), np.std(scores, ddof=1)
    assert total in [int(found) for found, _ in sums_behind_mean(f"{mean:.{decimals}f}", n, decimals)]
    assert "rounded" in sd_ways(total, n, f"{sd:.{decimals}f}", decimals, 0, 10)


def test_means_of_the_evidence(evidence, table):
    name = "mean of whole scores"
    cohen = row_number(evidence, "pain_scores", arm_id="cohen2023_all")
    assert verdict(table, "cohen2023", name, cohen)["verdict"] == FITS  # 503 / 71 = 7.085
    ketamine = row_number(evidence, "pain_scores", arm_id="sigtermans2009_ketamine")
    found = verdict(table, "sigtermans2009", name, ketamine)
    assert found["verdict"] == ANOTHER_N and "29, 28 or 25 have" in found["why"]  # 75 / 28 = 2.679
    assert set(table.loc[(table["study_id"] == "mangnus2022") & (table["check"] == name), "verdict"]) == {
        CANNOT_BE_CHECKED
    }


def test_an_unlabelled_spread_is_tried_as_sd_and_se(evidence, table):
    cohen = verdict(table, "cohen2023", "spread of scores")
    assert cohen["verdict"] == FITS and cohen["why"] == "it can only be an SD"
    assert "as an SE: SD 15.08; as an SD: SD 1.79; the scale allows" in cohen["recomputed"]
    row = row_number(evidence, "pain_scores", arm_id="sigtermans2009_placebo")
    assert verdict(table, "sigtermans2009", "spread of scores", row)["why"] == ""  # both remain possible
    too_large = changed(evidence, "pain_scores", {"arm_id": "cohen2023_all"}, spread_low=9.9)
    assert verdict(too_large, "cohen2023", "spread of scores")["verdict"] == CANNOT_BE


# --- P values and intervals


def test_p_of_two_groups(evidence, table):
    # 25 of 41 against 8 of 30: chi-square with continuity correction 6.88, P 0.0087
    found = verdict(table, "cohen2023", "P value of two percentages")
    assert found["verdict"] == FITS and found["why"] == "under the chi-square test with continuity correction only"
    wrong = changed(evidence, "reported_tests", {"study_id": "cohen2023", "p_value": 0.009}, p_value=0.2)
    assert verdict(wrong, "cohen2023", "P value of two percentages")["verdict"] == CANNOT_BE


def test_p_of_the_same_patients_twice(evidence, table):
    found = verdict(table, "mangnus2022", "P value of two percentages")
    assert (found["verdict"], found["recomputed"]) == (FITS, "9 lost and 2 gained")
    other = changed(evidence, "reported_tests", {"outcome": "responder status"}, p_value=0.9)
    assert verdict(other, "mangnus2022", "P value of two percentages")["verdict"] == CANNOT_BE


def test_t_values(evidence, table):
    rows = evidence.reported_tests[evidence.reported_tests["study_id"] == "inpatient_scirp2021"].set_index("row")
    by_text = {text: verdict(table, "inpatient_scirp2021", "P value", row) for row, text in rows["statistic"].items()}
    # t 3.77 with 34 degrees of freedom: P 0.0006; d = 3.77 / sqrt(35) = 0.64
    assert by_text["t 3.77, d 0.6"]["verdict"] == FITS and "d 0.64" in by_text["t 3.77, d 0.6"]["recomputed"]
    # t 2.14: P 0.0396 with 35 patients, 0.042 is printed; 28 or 29 pairs give it
    assert by_text["t 2.14, d 0.4"]["verdict"] == ANOTHER_N
    assert "29 or 28 pairs" in by_text["t 2.14, d 0.4"]["why"]
    assert by_text["t 2.59, d 0.5"]["verdict"] == CANNOT_BE


def test_statcheck_example():
    # the example of the statcheck manual (Epskamp and Nuijten): t(100) = 1, p < 0.001; the recomputed P is 0.32
    low, high = p_of_t(1, 1, 100)
    assert low == high == pytest.approx(0.3197, abs=5e-5)
    assert not PrintedP("<", 0.001, 3).agrees(*p_of_t(0.5, 1.5, 100))
    assert PrintedP("=", 0.32, 2).agrees(low, high)
    assert not PrintedP("=", 0.31, 2).agrees(low, high)


def test_estimates_and_their_intervals(evidence, table):
    # odds ratio 6.54 (1.83 to 23.44): sqrt(1.83 * 23.44) = 6.55
    ratio = table[(table["study_id"] == "cohen2023") & (table["check"] == "estimate and its interval")]
    assert set(ratio["verdict"]) == {FITS} and len(ratio) == 2
    off = changed(evidence, "reviews", {"review_id": "zhu2024", "estimate": -0.78}, estimate=-0.95)
    found = off[(off["study_id"] == "zhu2024") & (off["check"] == "estimate and its interval")]
    assert sorted(found["verdict"]) == [CANNOT_BE, FITS]


def test_p_of_an_interval(evidence, table):
    # zhu2024: -0.78 (-1.51 to -0.05), z = 2.094, P 0.036, printed 0.04
    found = table[(table["study_id"] == "zhu2024") & (table["check"] == "P value of an interval")]
    assert set(found["verdict"]) == {FITS}
    wrong = changed(evidence, "reviews", {"review_id": "collins2010", "p_value": 0.11}, p_value=0.01)
    found = wrong[(wrong["study_id"] == "collins2010") & (wrong["check"] == "P value of an interval")]
    assert CANNOT_BE in set(found["verdict"])


def test_difference_and_se(table):
    # patil2012: 2.1, SE 0.64, t 3.28: P 0.001 to 0.002
    found = table[(table["study_id"] == "patil2012") & (table["check"] == "P value")]
    assert FITS in set(found["verdict"]) and CANNOT_BE not in set(found["verdict"])


# --- sums


@pytest.mark.slow
def test_subgroups_and_milestones(evidence, table):
    assert verdict(table, "cohen2023", "subgroups of an arm")["verdict"] == FITS  # 41 + 30 = 71
    assert verdict(table, "cohen2023", "responders of subgroups")["verdict"] == FITS  # 25 + 8 = 33
    wrong = changed(evidence, "arms", {"arm_id": "cohen2023_smp"}, n=44)
    assert (
        verdict(wrong, "cohen2023", "subgroups of an arm")["why"] == "the subgroups have 3 more patients than the whole"
    )
    rising = changed(evidence, "durations", {"arm_id": "mangnus2022_sket", "weeks_low": 4.0}, patients=31)
    assert verdict(rising, "mangnus2022", "nested milestones")["verdict"] == CANNOT_BE


def test_shares_that_do_not_add_up(table):
    found = verdict(table, "corriger2022", "shares of a whole")
    assert (found["recomputed"], found["verdict"]) == ("97%", CANNOT_BE)


# --- the whole


def test_every_row_of_the_table_is_complete(evidence, table):
    assert set(table["verdict"]) <= VERDICTS
    unclear = table[table["verdict"] != FITS]
    assert (unclear["why"] != "").all()
    for row in table.itertuples():
        assert row.row in set(getattr(evidence, row.table)["row"])
        assert row.citation and row.reported


def test_every_printed_number_of_the_result_tables_is_checked(evidence, table):
    seen = set(zip(table["table"], table["row"], strict=True))
    for name, column in (("responders", "percent_reported"), ("adverse_events", "percent_reported")):
        frame = getattr(evidence, name)
        assert {(name, row) for row in frame.loc[frame[column].notna() & frame["n"].notna(), "row"]} <= seen
    assert {("pain_scores", row) for row in evidence.pain_scores["row"]} <= seen
    assert {("conflicts", row) for row in evidence.conflicts["row"]} <= seen
    shares = evidence.reported_tests["comparison"].fillna("").str.startswith("share of patients")
    assert {("reported_tests", row) for row in evidence.reported_tests.loc[~shares, "row"]} <= seen


def test_the_answer_in_words(table):
    told = findings.consistency_finding(table)
    counts = table["verdict"].value_counts()
    sentence = plain(told.sentence)
    assert sentence.startswith(f"{counts[FITS]} of {len(table) - counts[CANNOT_BE_CHECKED]} numbers that can be")
    assert f"{counts[ANOTHER_N]} only with fewer patients than stated" in sentence
    nothing = findings.consistency_finding(table[table["verdict"] == CANNOT_BE_CHECKED])
    assert nothing.sentence.startswith("Nothing that is printed here")


def test_tables_for_readers(table):
    assert len(tables.consistency_table(table).payload()["cells"]) == len(table)
    asked = tables.consistency_table(consistency.questions(table), "consistency-questions")
    assert set(asked.data["verdict"]) == {OTHER_ROUNDING, ANOTHER_N, CANNOT_BE}
    assert len(asked.data) == (~table["verdict"].isin([FITS, CANNOT_BE_CHECKED])).sum() == 16


def test_picture_of_the_possible_flows(evidence):
    flows = {flow.study_id: flow for flow in responders.flows(select(evidence))}
    picture = figures.possible_flow_curve(flows["mangnus2022"])
    assert picture.data["agrees_with_printed_p"].sum() == 1
    assert "9 lost and 2 gained the benefit (McNemar's test)" in picture.alt
    assert picture.svg == figures.possible_flow_curve(flows["mangnus2022"]).svg
    with pytest.raises(ValueError, match="no printed P value"):
        figures.possible_flow_curve(flows["correll2004"])


def test_the_check_leaves_the_evidence_as_it_was(evidence):
    before = evidence.responders.copy()
    consistency.check(evidence)
    assert before.equals(evidence.responders)


def test_patients_missing_at_follow_up(evidence):
    flows = {flow.study_id: flow for flow in responders.flows(select(evidence))}
    table = consistency.missing_at_follow_up(flows["mangnus2022"]).set_index("missing")
    assert list(table.index) == list(range(10))  # up to 9 of 48
    whole = table.loc[0]
    assert (whole["lost_low"], whole["lost_high"], whole["lost_low_fits"], whole["gained_low_fits"]) == (7, 25, 9, 2)
    # one missing: 48% of 47 are 23 (48.9, cut off); of those seen 29 or 30 had the benefit; 6 lost and none gained:
    # exact P 2 / 2^6 = 0.031, and 7 lost and 1 gained: 36 / 8 = 4.5, P 0.034
    one = table.loc[1]
    assert (one["seen"], one["second"], one["lost_low"]) == (47, 23, 6)
    assert (one["lost_low_fits"], one["lost_high_fits"], one["flows_that_fit"]) == (6, 9, 3)
    shown = tables.missing_at_follow_up_table(flows["mangnus2022"], table.reset_index())
    assert shown.payload()["cells"][0] == ["0", "48", "23", "7 to 25", "0 to 18", "9", "2"]
    untested = consistency.missing_at_follow_up(flows["correll2004"])
    assert untested["lost_low_fits"].isna().all() and (untested["flows_that_fit"] == 0).all()
    assert len(tables.missing_at_follow_up_table(flows["correll2004"], untested).payload()["columns"]) == 5


# --- between sources


def test_the_unused_value_of_a_conflict(evidence, table):
    rows = table[table["check"] == "between sources"]
    assert len(rows) == len(evidence.conflicts) and set(rows["verdict"]) == {CANNOT_BE_CHECKED}
    domec = rows[rows["study_id"] == "domec2004"].iloc[0]
    assert "25 of 55 (45%) instead of 25 of 65 (38%)" in domec["recomputed"]
    assert "40 of 55 (73%) instead of 40 of 65 (62%)" in domec["recomputed"]
    schwartzman = " ".join(rows.loc[rows["study_id"] == "schwartzman2009", "recomputed"])
    assert "placebo-controlled studies: 2 with 100 patients instead of 2 with 86 patients" in schwartzman
    # 50 mg/h for 4.7 days is 5,640 mg; with 20 mg/h it is 2,256 mg
    correll = " ".join(rows.loc[rows["study_id"] == "correll2004", "recomputed"])
    assert "2,256 mg instead of 5,640 mg" in correll
    silent = rows[rows["study_id"] == "becerra2015"].iloc[0]
    assert silent["recomputed"] == "the other value would change no number of the tables"


def test_an_unused_value_without_a_number_is_stated(evidence):
    conflicts = evidence.conflicts.copy()
    dose = (conflicts["study_id"] == "correll2004") & (conflicts["field"] == "dose")
    conflicts.loc[dose, ["changes_column", "changes_to"]] = ["dose_unit", "percent"]
    found = check(replace(evidence, conflicts=conflicts[dose]))
    told = found.loc[found["check"] == "between sources", "recomputed"].item()
    assert "no number instead of 5,640 mg" in told


@pytest.mark.slow
def test_accounts_side_by_side_are_counted_as_each_alone(evidence):
    alone = {study: _of_one(evidence, study) for study in evidence.studies["study_id"]}
    together = main_numbers(list(alone.values()))
    assert together == [main_numbers([account])[0] for account in alone.values()]
    numbers = dict(zip(alone, together, strict=True))
    assert numbers["domec2004"]["100% relief, during the hospital stay"] == "25 of 65 (38%)"
    # 50 mg/h for 4.7 days
    assert "5,640 mg" in numbers["correll2004"].values()
    # subgroups are not counted beside the whole
    assert [name for name in numbers["cohen2023"] if name.startswith("regimen")] == ["regimen (all patients)"]
    assert main_numbers([]) == []


def test_two_accounts_of_one_study_keep_their_own_arms(evidence):
    nested = _of_one(evidence, "cohen2023")
    arms = nested.arms.assign(contained_in=np.nan, contained_as=np.nan).astype(nested.arms.dtypes.to_dict())
    apart = replace(nested, arms=arms)
    together = main_numbers([nested, apart])
    assert together == [*main_numbers([nested]), *main_numbers([apart])]
    assert len([name for name in together[1] if name.startswith("regimen")]) == len(arms) > 1


def test_a_study_whose_arms_are_contained_in_others(evidence):
    arms = evidence.arms.copy()
    own = arms["study_id"] == "becerra2015"
    arms.loc[own, ["contained_in", "contained_as"]] = [arms.loc[own, "arm_id"].iloc[0], "repeated_course"]
    account = _of_one(replace(evidence, arms=arms), "becerra2015")
    assert main_numbers([account]) == main_numbers([_of_one(evidence, "becerra2015")])
    assert main_numbers([account])[0]


def test_picture_of_flows_that_give_no_printed_p(evidence):
    tests = evidence.reported_tests.copy()
    tests.loc[tests["outcome"] == "responder status", "p_value"] = 0.9
    flows = {flow.study_id: flow for flow in responders.flows(select(replace(evidence, reported_tests=tests)))}
    told = figures.possible_flow_curve(flows["mangnus2022"]).alt
    assert told.endswith("None of them gives the printed P = 0.9 under any form of McNemar's test.")
