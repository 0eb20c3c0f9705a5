"""Printed tables: cells, marks, rows in the data."""

from dataclasses import replace

import pandas as pd
import pytest

from analysis import tables
from analysis.evidence.selection import Criteria, only, select
from analysis.exhibit import Column, Table
from analysis.outcomes import durations, evidence_map, responders, safety, synthesis, trajectories
from analysis.outcomes.results_of_study import study_results

EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
SELECTIONS = {
    "default": Criteria(),
    "everything": EVERYTHING,
    "nothing to show": Criteria(studies=("finch2009",), routes=()),
}


def made(selection):
    level = 0.95
    intervals = durations.intervals(selection)
    return [
        tables.studies_table(evidence_map.studies(selection)),
        tables.doses_table(evidence_map.doses(selection), 70),
        tables.reviews_table(selection.evidence),
        tables.left_out_table(selection),
        tables.pain_scores_table(trajectories.scores(selection)),
        tables.pain_changes_table(trajectories.changes(selection), trajectories.between_arms(selection)),
        tables.responder_rates_table(responders.rates(selection, level), level),
        *(tables.responder_flow_table(flow) for flow in responders.flows(selection)),
        tables.durations_table(durations.statements(selection)),
        tables.benefit_by_regimen_table(durations.retained_benefit(selection)),
        tables.patient_intervals_table(intervals),
        tables.without_interval_table(intervals),
        tables.adverse_events_table(safety.events(selection, level), level),
        *together(selection, level),
    ]


def test_a_dose_has_one_decimal_an_hour(evidence):
    cells = tables.doses_table(evidence_map.doses(select(evidence)), 70).payload()["cells"]
    (trial,) = [row for row in cells if row[0] == "Sigtermans et al. 2009"]
    assert trial[3:7] == ["22.2", "24", "4.2", "2,238"]


def together(selection, level=0.95):
    rates, kept = synthesis.pooled_rates(selection, level), synthesis.benefit_retention(selection, level)
    return [
        tables.pooled_rates_table(rates),
        tables.without_each_study_table(rates),
        tables.not_pooled_table(rates, synthesis.pooled_differences(selection, level)),
        tables.half_times_table(kept),
        tables.retention_left_out_table(kept),
        tables.regimen_odds_table(kept),
        tables.duration_groups_table(synthesis.duration_curves(selection, level)),
        tables.coverage_table(synthesis.simulated_coverage()),
        tables.few_studies_table(
            synthesis.few_study_intervals(rates, synthesis.pooled_differences(selection, level), level), level
        ),
        tables.directions_table(synthesis.directions(selection, level), level),
        tables.retention_checks_table(synthesis.retention_checks(kept), level),
    ]


def lines(table):
    """The printed lines: heading -> cell."""
    payload = table.payload()
    labels = [column["label"] for column in payload["columns"]]
    return [dict(zip(labels, cells, strict=True)) for cells in payload["cells"]]


def line(table, **where):
    (found,) = [row for row in lines(table) if all(row[label] == text for label, text in where.items())]
    return found


@pytest.fixture(scope="module")
def default(evidence):
    return select(evidence)


@pytest.mark.slow
@pytest.mark.parametrize("name", SELECTIONS)
def test_every_table_prints_whatever_is_selected(evidence, name):
    for table in made(select(evidence, SELECTIONS[name])):
        for row in lines(table):
            for cell in row.values():
                assert cell and "nan" not in cell.lower().split() and "<NA>" not in cell, (table.name, row)


def test_a_computed_column_is_printed_and_exported():
    data = pd.DataFrame({"part": [3, 5], "total": [4, 8]})
    share = Column("share", "Share", "right", "{:.0%}".format, value=lambda row: row.part / row.total)
    table = Table("shares", data, "Shares.", (share, Column("part", "Part", "right")))
    assert table.payload()["cells"] == [["75%", "3"], ["62%", "5"]]
    assert table.payload()["csv"] == "part,total,share\n3,4,0.75\n5,8,0.625\n"
    assert list(data.columns) == ["part", "total"], "the data given stay as they are"
    assert list(Table("none", data.iloc[:0], "None.", (share,)).data.columns) == ["part", "total", "share"]


@pytest.mark.slow
def test_names_are_unique(default):
    names = [table.name for table in made(default)]
    assert len(names) == len(set(names))


def test_rates(default):
    table = tables.responder_rates_table(responders.rates(default), 0.95)
    row = line(table, Study="Mangnus et al. 2021†", Weeks="0")
    assert row["Responders"] == "30/48" and row["Rate (95% interval)"] == "62% (48% to 75%)"
    assert row["Row"] == "responders-27"
    assert line(table, Study="Goldberg et al. 2010‡§")["Rate (95% interval)"] == "60% (no count fits)"
    assert "‡ no whole number of these patients" in table.notes and "¶" not in table.notes


def test_infusions_are_not_printed_as_patients(evidence):
    rates = responders.rates(only(evidence, "sheehy2015"))
    assert (
        line(tables.responder_rates_table(rates, 0.95), Study="Sheehy et al. 2015†")["Responders"]
        == "102/277 infusions"
    )


def test_changes_and_differences(default):
    table = tables.pain_changes_table(trajectories.changes(default), trajectories.between_arms(default))
    first = lines(table)[0]
    assert first["Study"] == "Sigtermans et al. 2009" and first["Points, 0–10"] == "−2.8"
    assert first["95% interval"] == "−4.2 to −1.4 if the spread is an SE; −3.0 to −2.5 if the spread is an SD"
    assert first["Row"] == "pain_scores-20 and pain_scores-21"
    assert line(table, Study="Goldberg et al. 2010")["Points, 0–10"] == "−6.0 to −3.0"
    assert line(table, Study="Mangnus et al. 2021")["95% interval"] == "none can be had"


def test_scores_say_what_a_spread_is(default):
    table = tables.pain_scores_table(trajectories.scores(default))
    row = line(table, Study="Mangnus et al. 2021", Time="T1 end of infusion")
    assert row["Spread as printed"] == "4 (width of the interquartile range)"
    assert row["Standard deviation"] == "3.06 (estimated from the IQR width (Wan 2014))"
    row = line(table, Time="end of week 1 (lowest score)")
    assert row["Standard deviation"] == "2.79 if ± is an SE, 0.51 if it is an SD"


def test_flow(default):
    (flow,) = [flow for flow in responders.flows(default) if flow.study_id == "mangnus2022"]
    table = tables.responder_flow_table(flow)
    assert [tuple(row.values()) for row in lines(table)] == [
        ("had it both times", "5 to 23", "21"),
        ("lost it", "7 to 25", "9"),
        ("gained it", "0 to 18", "2"),
        ("had it neither time", "0 to 18", "16"),
    ]


def test_durations_and_intervals(default):
    table = tables.durations_table(durations.statements(default))
    row = line(table, Study="Kiefer et al. 2008a†§")
    assert (row["Patients"], row["Weeks"], row["Kind"]) == ("13 of 20", "at least 13", "at least")
    table = tables.patient_intervals_table(durations.intervals(default))
    row = line(table, Study="Mangnus et al. 2021†", **{"Benefit lasted": "0 to 4 weeks"})
    assert row["Patients"] == "7" and row["Because"] == "30 responding at 0 weeks, 23 at 4"
    assert row["Row"] == "durations-33 and durations-34"


def test_statements_without_an_interval_are_counted_in_the_notes(default):
    intervals = durations.intervals(default)
    for number, words in ((1, "1 statement gives no"), (2, "2 statements give no"), (0, "No statement gives no")):
        notes = tables.patient_intervals_table(replace(intervals, left_out=intervals.left_out.iloc[:number])).notes
        assert notes.startswith(f"{words} interval of patients")


def test_percentages_agree_between_the_tables(default):
    kept = tables.benefit_by_regimen_table(durations.retained_benefit(default))
    assert line(kept, Study="Correll et al. 2004†§")["Share (95% interval)"].startswith("54% ")
    assert line(kept, Study="Mangnus et al. 2021†", Weeks="0")["Share (95% interval)"].startswith("62% ")


def test_adverse_events(default):
    table = tables.adverse_events_table(safety.events(default), 0.95)
    assert line(table, Study="Lee et al. 2025")["Rate (95% interval)"] == "0% (0% to 7%)"
    assert line(table, Study="Sigtermans et al. 2009‡")["Rate (95% interval)"] == "18% (no count fits)"


def test_left_out_lists_every_row_or_its_whole_study(evidence, default):
    table = tables.left_out_table(default)
    whole = {row["Study"] for row in lines(table) if row["What"] == "the whole study"}
    names = dict(zip(evidence.studies["study_id"], evidence.studies["citation"], strict=True))
    listed = len(lines(table))
    covered = default.left_out["study_id"].map(names).isin(whole) & (default.left_out["table"] != "studies")
    assert listed + covered.sum() == len(default.left_out)
    assert line(table, What="responders: 6 months after first course")["Why"] == "lay source"


def test_nothing_left_out_has_a_message(evidence):
    assert tables.left_out_table(select(evidence, EVERYTHING)).caption == "Nothing is left out."


def test_tables_of_one_study(evidence):
    selection = only(evidence, "mangnus2022")
    results = lines(tables.study_results_table(study_results(selection)))
    assert [row["Result"] for row in results[:3]] == ["2 lower", "30 of 48† (62%)", "23 of 48† (48%)"]
    assert [row["95% CI or P"] for row in results[1:3]] == ["48% to 75%", "34% to 62%"]
    assert [row["Row"] for row in results[1:3]] == ["responders-27", "responders-28"]
    assert results[-1]["95% CI or P"] == "P = 0.03"
    assert line(tables.reported_tests_table(selection), Outcome="responder status")["P"] == "P = 0.03"
    assert line(tables.sources_table(selection), **{"What was read": "abstract"})["Where"] == "doi:10.1111/papr.13056"
    assert len(lines(tables.conflicts_table(selection))) == 2


def test_results_of_one_study_are_marked_by_count_and_source(evidence):
    table = tables.study_results_table(study_results(only(evidence, "correll2004")))
    results = {row["Row"]: row for row in lines(table)}
    told = {number: results[f"responders-{number}"]["Result"] for number in (6, 7, 8, 9, 10)}
    assert told == {
        6: "25 of 33 (76%)",
        7: "31 of 33† (94%)",
        8: "12 of 12 (100%)¶",
        9: "18 of 33† (54%)§",
        10: "10 of 33‡ (31%)¶",
    }
    assert results["responders-10"]["95% CI or P"] == "no count fits"
    assert all(mark in table.notes for mark in "†‡§¶")
    (harm,) = [row for row in lines(tables.study_results_table(study_results(only(evidence, "sigtermans2009"))))
               if row["Row"] == "adverse_events-24"]  # fmt: skip
    assert (harm["Result"], harm["95% CI or P"]) == ("5 of 30‡ (18%)", "no count fits")


def test_sources_of_a_study_include_review_tables_it_is_read_from(evidence):
    listed = lines(tables.sources_table(only(evidence, "kiefer2008")))
    assert {row["What was read"] for row in listed} == {"abstract", "secondary account"}


@pytest.mark.parametrize("study_id", ["harbut2002", "goebel2015", "cantu_nd", "mangnus2023"])
def test_a_study_with_little_in_it_still_prints(evidence, study_id):
    selection = only(evidence, study_id)
    for table in (tables.arms_table(selection), tables.sources_table(selection)):
        assert lines(table)
        assert all(cell for row in lines(table) for cell in row.values())


@pytest.fixture(scope="module")
def joined(default):
    return {table.name: table for table in together(default)}


@pytest.mark.slow
def test_pooled_rates_show_both_intervals_and_the_studies_behind_them(joined):
    table = joined["pooled-rates"]
    soon = line(table, **{"Counted as a responder": "Complete relief", "Time": "within a week of the end of infusion"})
    assert (soon["Studies"], soon["Responders"], soon["Design"]) == ("2", "50 of 98", "uncontrolled")
    # t with one degree of freedom is 12.7: two studies leave nearly everything possible
    assert soon["Pooled rate (95% interval)"] == "57% (0.1% to >99.9%)"
    assert soon["Next study (95% prediction interval)"] == "<0.1% to >99.9%"
    assert "The prediction interval says where the next group of patients may lie" in table.payload()["notes"]


def test_results_that_are_not_pooled_have_reasons_and_rows(joined):
    table = joined["not-pooled"]
    mangnus = [row for row in lines(table) if row["Study"] == "Mangnus et al. 2021†"]
    assert [row["Number"] for row in mangnus] == ["30 of 48 patients", "23 of 48 patients"]
    lee = line(table, Study="Lee et al. 2025")
    assert lee["Why it stands alone"].startswith("the patients may have been chosen because they responded")
    placebo = line(table, **{"Counted or measured": "ketamine minus control"})
    assert (placebo["Number"], placebo["Row"]) == ("−2.8 points", "pain_scores-20 and pain_scores-21")


def test_half_times_never_reach_beyond_the_last_count(joined):
    rows = lines(joined["half-times"])
    assert rows[0]["Left out"] == "none: all studies"
    assert rows[0]["Half of the initial responders have lost it"] == "not within 13 weeks"
    assert rows[0]["95% interval"] == "10.1 weeks or later, perhaps never"
    correll = line(joined["half-times"], **{"Left out": "Correll et al. 2004"})
    assert correll["Slope on log(1 + weeks) (95% interval)"].startswith("0.07 (")


def test_medians_of_durations_are_printed_as_intervals(joined):
    rows = {row["Regimen"]: row for row in lines(joined["duration-groups"])}
    assert rows["anaesthetic dose"]["Half have lost it or never had it"] == "after more than 13 weeks"
    assert rows["subanaesthetic, inpatient"]["Half have lost it or never had it"] == "by week 4"
    assert (rows["anaesthetic dose"]["Studies"], rows["anaesthetic dose"]["Patients"]) == ("1", "20")


def test_a_caption_has_the_number_of_its_noun(evidence, default):
    one = evidence_map.studies(select(evidence, SELECTIONS["nothing to show"]))
    assert tables.studies_table(one).caption == "The one study that counts here and what it reports."
    assert tables.studies_table(evidence_map.studies(default)).caption.startswith("The 23 studies that count here")


def test_patients_chosen_by_their_response_have_a_count_and_no_rate(evidence):
    everything = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
    chosen = set(evidence.arms[evidence.arms["selected_by_outcome"].notna()]["study_id"])
    every = select(evidence, everything)
    rates, kept = responders.rates(every), durations.retained_benefit(every)
    for frame, table in ((rates, tables.responder_rates_table(rates)), (kept, tables.benefit_by_regimen_table(kept))):
        of_chosen = frame["selected_by_outcome"].notna()
        assert of_chosen.any() and frame.loc[~of_chosen, "rate"].notna().all()
        for own, cells in zip(of_chosen, table.payload()["cells"], strict=True):
            assert any("no rate: patients may have been chosen" in cell for cell in cells) == own
            assert not own or not any("%" in cell and cell.endswith(")") for cell in cells), cells
    for study in sorted(chosen & set(rates["study_id"])):
        own = rates[(rates["study_id"] == study) & rates["selected_by_outcome"].notna()]
        shown = lines(tables.study_results_table(study_results(only(evidence, study))))
        for row in own.itertuples():
            (found,) = [cells for cells in shown if cells["Row"] == f"responders-{row.row}"]
            assert found["Result"] == f"{row.responders} of {row.n}"


@pytest.mark.parametrize(
    ("study", "row", "result"),
    [
        ("lee2025", "reported_tests-20", "36 of 52 patients, percent: 69"),
        ("cohen2023", "reported_tests-6", "odds ratio: 6.54 (1.83 to 23.44)"),
    ],
)
def test_a_printed_estimate_stands_on_the_page_of_its_study(evidence, study, row, result):
    (found,) = [
        cells
        for cells in lines(tables.study_results_table(study_results(only(evidence, study))))
        if cells["Row"] == row
    ]
    assert found["Result"] == result
