"""Figures of a clinic's own patients: the numbers of the results, words that fit, invented patients marked."""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from cohort_page_samples import nobody, results
from cohort_samples import cohort
from drawn_texts import problems_of, text_boxes
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from analysis.exhibit import plain
from analysis.figures import cohort as figures
from analysis.figures.cohort.clinic_figure import INVENTED, fitting, group_words
from analysis.figures.cohort.missing_visits import told_apart
from analysis.figures.cohort.patient_counts import treated_shares
from analysis.figures.cohort.response_figures import VISIT_LOOKS
from analysis.figures.cohort.visit_pain import still_responding
from analysis.figures.style import text_width
from analysis.figures.treatment_axis import TreatmentAxis
from analysis.outcomes.cohort import people, response, run_charts, trajectories
from analysis.wording import half_up, percent

MAKERS = {
    "patient_count_bars": lambda r: figures.patient_count_bars(r.response),
    "responder_squares": lambda r: figures.responder_squares(r.response),
    "visit_pain_line": lambda r: figures.visit_pain_line(r.trajectories),
    "benefit_box_curve": lambda r: figures.benefit_box_curve(r.durations, r.trajectories.planned),
    "quarter_run_chart": lambda r: figures.quarter_run_chart(r.chart),
    "fall_run_chart": lambda r: figures.fall_run_chart(r.chart),
    "responder_curve": lambda r: figures.responder_curve(r.response),
    "responder_flow": lambda r: figures.responder_flow(r.response),
    "tipping_point_curve": lambda r: figures.tipping_point_curve(r.response),
    "missing_visit_bars": lambda r: figures.missing_visit_bars(r.people),
    "cohort_duration_curve": lambda r: figures.cohort_duration_curve(r.durations),
    "duration_by_site": lambda r: figures.cohort_duration_curve(r.durations, ("site",), name="by-site"),
    "benchmark_forest": lambda r: figures.benchmark_forest(
        r.compared, r.response, [["mangnus2022"], ["cohen2023"], []]
    ),
    "site_funnel": lambda r: figures.site_funnel(r.funnel),
}


def invented(found: SimpleNamespace) -> SimpleNamespace:
    """The same results of patients who are marked as invented."""
    results = {
        name: dataclasses.replace(value, synthetic=True) for name, value in vars(found).items() if name != "compared"
    }
    return SimpleNamespace(compared=found.compared, **results)


def shown(figure) -> list[str]:
    return [text for text, _ in text_boxes(figure)]


@pytest.fixture(scope="module")
def drawn():
    return {name: make(invented(results())) for name, make in MAKERS.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_no_words_overlap_or_leave_the_canvas(name, drawn):
    assert problems_of(drawn[name]) == []
    picture = drawn[name].figure
    wide = 3.5 if drawn[name].half else 7.2
    assert picture.get_figwidth() == pytest.approx(wide) and picture.get_figheight() <= 9.3
    sizes = {text.get_fontsize() for text in picture.findobj(Text) if text.get_visible() and text.get_text().strip()}
    assert min(sizes) >= 7.5


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_invented_patients_are_marked_in_the_picture_and_in_its_words(name, drawn):
    figure, real = drawn[name], MAKERS[name](results())
    assert any(INVENTED in text for text in shown(figure))
    assert figure.alt.startswith(INVENTED) and figure.caption.endswith(INVENTED) != figure.half
    assert INVENTED not in f"{real.alt} {real.caption} {' '.join(shown(real))}"
    assert figure.alt.removeprefix(INVENTED).strip() == real.alt


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_words_hold_numbers_and_no_gaps(name, drawn):
    figure = drawn[name]
    assert re.search(r"\d", figure.alt) and len(figure.alt) > 80
    assert figure.caption.rstrip().endswith(".")
    assert len(plain(figure.caption).removesuffix(INVENTED).split()) <= 45
    for word in ("nan", "<NA>", "None", "inf "):
        assert word not in f"{figure.alt} {plain(figure.caption)} {plain(figure.notes)}"
        assert not any(word in text.split() for text in shown(figure))
    assert len(figure.data) and "patient" not in figure.data.columns


@pytest.mark.slow
@pytest.mark.parametrize("name", ["responder_flow", "visit_pain_line", "benchmark_forest"])  # areas, lines, rows
def test_same_bytes_twice_whatever_was_set_before(name, drawn):
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "figure.dpi": 40}):
        assert MAKERS[name](invented(results())).svg == drawn[name].svg


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_too_few_patients_are_not_drawn_with_a_message(name):
    figure = MAKERS[name](invented(nobody()))
    assert problems_of(figure) == []
    assert figure.alt.startswith(INVENTED), "also where there is nothing to see"
    assert not re.search(r"\b[1-4] of [1-9]|\b\d+%", figure.alt), figure.alt


def test_groups_differ_in_grey_print_too():
    for looks in (tuple(VISIT_LOOKS.values()),):
        assert len({look.marker for look in looks}) == len({look.line for look in looks}) == len(looks)
        grey = [np.dot(to_rgb(look.color), (0.299, 0.587, 0.114)) for look in looks[:2]]
        assert abs(grey[0] - grey[1]) > 0.15


# ------------------------------------------------------------------------------------------------ single figures
def test_squares_are_a_hundred_patients_treated():
    made = cohort(*[(8, 4, {4: 4})] * 50, *[(8, 8, {4: 4})] * 39, *[(8, None, {})] * 6, *[(None, 4, {})] * 5)
    shares = treated_shares(response.response(made))
    parts = ["response", "no_response", "no_score", "not_expected", "no_baseline", "not_judged"]
    assert shares["part"].tolist()[:6] == parts
    assert shares["squares"].tolist() == [50, 39, 6, 0, 5, 0, 89, 0, 6, 0, 5, 0]
    thirds = treated_shares(response.response(cohort(*[(8, 4)] * 10, *[(8, 8)] * 10, *[(8, None)] * 10)))
    assert thirds["squares"].tolist()[:3] == [34, 33, 33], "they add up"
    few = treated_shares(response.response(cohort(*[(8, 4)] * 6, *[(8, 8)] * 6)))
    assert few["squares"].tolist()[:2] == [6, 6], "below 20 patients a square is a patient"


def test_squares_count_no_group_of_fewer_than_five_patients():
    rows = [*[(8, 4, {4: 4})] * 55, *[(8, 8, {4: 4})] * 40]
    both = response.response(cohort(*rows, *[(8, None, {})] * 3, *[(None, 4, {})] * 2))
    assert treated_shares(both)["squares"].tolist() == [55, 40, 0, 0, 0, 5, 95, 0, 0, 0, 0, 5], "3 and 2 are 5"
    few = response.response(cohort(*rows, *[(8, None, {})] * 3))
    shares = treated_shares(few)
    assert shares["squares"].isna().tolist() == shares["n"].isna().tolist() == ([False] * 5 + [True]) * 2
    figure = figures.responder_squares(few)
    words = shown(figure)
    assert words.count("few") == 2 and "not judged: no score, or none due" in words and "3" not in words
    assert figure.caption.endswith("few: fewer than 5 patients.") and "few not judged" in figure.alt
    public = response.response(cohort(*rows, *[(8, None, {})] * 8), min_cell=10, release="public")
    assert treated_shares(public)["n"].dropna().between(1, 9).sum() == 0
    dated = {"baseline": 8, "end": 4, "date": "2024-01-01"}
    awaited = response.response(cohort(*[dated | {"later": {4: 3}}] * 8, *[dated | {"date": "2024-05-20"}] * 3))
    assert treated_shares(awaited)["squares"].isna().sum() == 1, "of three patients the visit is not due"


@pytest.mark.slow
def test_below_twenty_patients_nothing_is_a_percentage():
    made = response.response(cohort(*[(8, 4, {4: 4})] * 6, *[(8, 8, {4: 8})] * 6))
    for figure in (figures.responder_squares(made), figures.patient_count_bars(made)):
        assert "%" not in "".join(shown(figure)).replace("30% or more", "")
    assert figures.responder_squares(made).title == "Of 12 patients treated, 6 respond, 6 later"
    assert "responders: 6 of 12" in shown(figures.patient_count_bars(made))


def test_the_steps_state_what_is_possible(drawn):
    made = response.response(cohort(*[(8, 4, {4: 4})] * 20, *[(8, 4)] * 20))
    words = shown(figures.patient_count_bars(made))
    assert "responders: 20 of 20; of 100 of all 40, 50 to 100" in words and "20 of 40 without" in words
    assert figures.patient_count_bars(made).caption.startswith(
        "4 weeks later: the score nearest to week 4 at weeks 2 to 6."
    )


@pytest.mark.slow
def test_a_visit_that_was_not_planned_is_no_visit_that_is_not_due():
    dated = {"baseline": 8, "end": 4, "date": "2024-01-01"}
    late = {"baseline": 8, "end": 4, "date": "2024-05-20"}
    awaited = cohort(*[dated | {"later": {4: 3}}] * 8, *[late] * 6)
    assert "6 not due" in shown(figures.patient_count_bars(response.response(awaited)))
    weeks = [3, 5, 7, 9, 11, 14, 17, 20, 23, 26]
    own = [dated | {"later": {weeks[number % 10]: 5}, "end": None if number in (0, 1) else 4} for number in range(60)]
    bars = figures.patient_count_bars(response.response(cohort(*own)))
    words = shown(bars)
    assert "48 not planned" in words and "fewer than 5 without; 48 not planned" in words
    assert not [text for text in words if "not due" in text]
    assert problems_of(bars) == []


def test_a_visit_of_few_patients_does_not_break_the_line(drawn):
    rows = [(9, 5, {4: 6, 12: 7}), (7, 3, {4: 4, 12: 5})] * 10
    found = trajectories.trajectories(cohort(*rows, *[(8, 4, {4: 5, 7: 1, 12: 6})] * 2))
    assert found.visits["hidden"].tolist() == [False, False, False, True, False]
    (line,) = [one for one in figures.visit_pain_line(found).figure.axes[0].lines if len(one.get_xdata()) > 3]
    assert len(line.get_xdata()) == 4 and np.isfinite(line.get_ydata()).all()
    words = shown(drawn["visit_pain_line"])
    for row in results().trajectories.visits.itertuples():
        assert str(row.n) in words and half_up(row.mean, 1) in words


@pytest.mark.slow
def test_visits_close_together_are_named_where_there_is_room():
    weekly = {week: 4 + week % 3 for week in (1, 2, 4, 8, 12, 24)}
    rows = [(9, 5, weekly), (7, 3, {week: score - 2 for week, score in weekly.items()})]
    figure = figures.visit_pain_line(trajectories.trajectories(cohort(*rows * 500)))
    words = shown(figure)
    assert {"before", "end", "24", "1,000"} <= set(words) and "1" not in words
    assert problems_of(figure) == []


def test_boxes_lie_between_the_shares_of_neighbouring_visits(drawn):
    curve = pd.DataFrame({"time": [0.0, 4.0, 8.0], "low": [1, 0.7, 0.4], "high": [1, 0.7, 0.6]})
    steps = still_responding(curve.assign(band_low=0.3, band_high=0.8), [4, 8, 26])
    assert steps[["weeks", "share"]].values.tolist() == [[0, 1], [4, 0.7], [8, 0.5]], "not beyond the last visit"
    data = drawn["benefit_box_curve"].data
    assert half_up(100 * data["share"].iloc[1]) in shown(drawn["benefit_box_curve"])


def test_parts_of_few_patients_are_not_told_apart():
    parts = {"recorded": 290, "no_row": 7, "not_due": 0, "unknown": pd.NA}
    assert told_apart(SimpleNamespace(empty=6, together=pd.NA, **parts)) == [
        ("recorded", 290),
        ("empty", 6),
        ("no_row", 7),
    ]
    absent = {"empty": pd.NA, "no_row": pd.NA, "not_due": pd.NA, "unknown": pd.NA, "together": 10}
    assert told_apart(SimpleNamespace(recorded=290, **absent)) == [("recorded", 290), ("no_row", 10)]


def test_the_run_chart_states_its_rules(drawn):
    chart = results().chart
    figure = drawn["quarter_run_chart"]
    assert len(chart.points) == 12 and len(figure.data) == 12
    assert f"a run of more than {chart.signals.longest_expected} on one side" in figure.caption
    assert percent(chart.mean) in shown(figure)
    assert "2 of 100 charts of 10 quarters and 9 of 100 of 40 signal by chance (simulated)" in figure.notes
    falls = drawn["fall_run_chart"].data
    ranges = falls["fall"].diff().abs().mean()
    assert falls["fall_high"].iloc[0] == pytest.approx(falls["fall"].mean() + 2.66 * ranges, abs=0.1)
    assert f"around {falls['fall_mean'].iloc[0]:.1f}" in drawn["fall_run_chart"].alt
    without = figures.quarter_run_chart(run_charts.run_chart(cohort(*[(8, 4)] * 30)))
    assert "needs 10 quarters of 5 patients or more with a date; this table has 0" in without.alt


def test_the_run_chart_counts_all_patients_where_no_follow_up_was_planned():
    rows = [
        {
            "baseline": 8,
            "end": 3,
            "later": {4 if n < 2 else 3 * n + 5: 4},
            "date": f"{2019 + q // 4}-{3 * (q % 4) + 1:02}-05",
        }
        for q in range(12)
        for n in range(10)
    ]
    chart = run_charts.run_chart(cohort(*rows))
    assert not chart.follow_up_planned
    assert chart.points[["due", "seen"]].drop_duplicates().to_numpy().tolist() == [[10, 2]]
    figure = figures.quarter_run_chart(chart)
    assert "20% have a score 4 weeks later, when no visit was planned." in figure.alt
    assert problems_of(figure) == []
    squares = figures.responder_squares(response.response(cohort(*rows)))
    assert squares.title == "Of 100 patients treated, 100 respond", "most had no visit then"


@pytest.mark.slow
def test_the_curve_states_both_cut_offs_of_both_visits(drawn):
    curve = results().response.curve.set_index(["visit", "cutoff"])
    words = shown(drawn["responder_curve"])
    for visit in ("end_of_infusion", "follow_up"):
        for cutoff in (30, 50):
            row = curve.loc[(visit, cutoff)]
            assert f"{row['responders']} of {row['n_complete']} with a score" in words
            assert f"{percent(row['rate_imputed'])} of all {row['n_all']}" in words
    ax = drawn["responder_curve"].figure.axes[0]
    end = curve.loc["end_of_infusion"]
    end = end[~end["hidden"].astype(bool)]
    drawn_shares = (100 * end["rate_imputed"].astype(float)).tolist()
    assert 2 < len(drawn_shares) <= 11 and any(list(line.get_ydata()) == drawn_shares for line in ax.lines)


def test_the_flow_shows_whole_patients(drawn):
    flow = results().response.flow
    row = flow[(flow["rule"] == "ge_30_percent") & (flow["handling"] == "complete_cases")].iloc[0]
    words = shown(drawn["responder_flow"])
    assert f"{row['first']}/{row['n']} = {percent(row['rate_first'])}" in words
    assert f"{row['kept']} stayed responders" in words and f"{row['lost']} no longer responders" in words
    heights = [p.get_height() for p in drawn["responder_flow"].figure.axes[0].patches if hasattr(p, "get_height")]
    assert sum(heights) == pytest.approx(2 * 172), "both columns are all patients high"
    assert not any(patch.get_hatch() for patch in drawn["responder_flow"].figure.axes[0].patches)


def test_the_tipping_point_is_stated_and_drawn(drawn):
    response = results().response
    tips = response.tips
    assert f"of the {tips.missing} patients not seen" in drawn["tipping_point_curve"].alt
    ax = drawn["tipping_point_curve"].figure.axes[0]
    ends = [line.get_xdata()[[0, -1]].tolist() for line in ax.lines if len(line.get_xdata()) > 2]
    assert max(end[1] for end in ends) == tips.missing and min(end[0] for end in ends) == 0
    never = dataclasses.replace(response, tips=dataclasses.replace(tips, never_changes=True))
    assert "holds whatever became of" in figures.tipping_point_curve(never).alt
    nowhere = dataclasses.replace(response, tips=dataclasses.replace(tips, low=None, high=None, never_changes=False))
    assert "holds for no number of responders" in figures.tipping_point_curve(nowhere).alt
    whole = dataclasses.replace(response, tips=dataclasses.replace(tips, missing=0))
    assert "nothing can tip" in figures.tipping_point_curve(whole).alt


def test_durations_fall_in_steps_at_the_visits():
    """The lowest value falls right after a visit, the highest at the next one: no slope between visits."""
    from analysis.figures.cohort.benefit_durations import _steps

    curve = pd.DataFrame({"time": [0.0, 4.0, 5.0, 8.0], "low": [1, 0.7, 0.5, 0.5], "high": [1, 0.7, 0.7, 0.5]})
    curve = curve.assign(band_low=curve["low"], band_high=curve["high"])
    x, low, high, *_ = _steps(curve, 9.0, 1.0)
    assert np.square(x).round(6).tolist() == [0, 4, 4, 5, 5, 8]
    assert low.tolist() == [70, 70, 50, 50, 50, 50]
    assert high.tolist() == [100, 100, 70, 70, 70, 70]


@pytest.mark.slow
def test_durations_have_a_panel_for_each_group_and_its_n(drawn):
    medians = results().durations.medians
    rows = medians[(medians["who"] == "initial_responders") & ~medians["hidden"]]
    words = shown(drawn["cohort_duration_curve"])
    assert "All: first course of each patient" in words and "Anaesthetic dose" in words and "Next course" in words
    for row in rows[rows["by"].isin(["all", "regimen_class"])].itertuples():
        assert f"n = {row.patients}" in words
    assert {"Bern", "Cork"} <= set(shown(drawn["duration_by_site"]))
    # in the order of names, not of results
    assert shown(drawn["duration_by_site"]).index("Bern") < shown(drawn["duration_by_site"]).index("Cork")


@pytest.mark.slow
def test_the_benchmark_shows_both_of_ours_beside_each_study(drawn):
    figure, compared = drawn["benchmark_forest"], results().compared
    assert figure.studies == ("mangnus2022", "cohen2023")
    words = shown(figure)
    for row in compared.itertuples():
        assert f"{percent(row.estimate)} of those seen" in words and f"{percent(row.all_rate)} of all" in words
        assert percent(row.published) in words
    assert "no verdict" not in " ".join(words), "nothing is mixed here"
    mixed = compared.assign(alike=[True, False, False])
    told = figures.benchmark_forest(mixed, results().response, [["a"], ["b"], ["c"]])
    assert told.studies == ("a",) and "For orientation only, no verdict" in shown(told)


@pytest.mark.slow
def test_the_funnel_names_sites_in_order_and_ranks_none(drawn):
    sites = results().funnel.sites
    figure = drawn["site_funnel"]
    for row in sites.itertuples():
        assert f"{row.site} {percent(row.rate)}\n{row.responders} of {row.n}" in shown(figure)
    assert "Hollow: adjusted, the rate that the site would have" in figure.notes
    assert f"{sites['site'][0]} {percent(sites['rate'][0])} of {sites['n'][0]} (adjusted" in figure.alt
    assert not re.search(r"\bbest\b|\bworst\b|rank", figure.alt + " ".join(shown(figure)))
    many = pd.concat([sites.assign(site=f"Site {n}") for n in range(10)])
    crowd = figures.site_funnel(dataclasses.replace(results().funnel, sites=many))
    assert not any(text.startswith("Site ") for text in shown(crowd)), "only those outside the limits are named"
    assert len(crowd.data) == len(many)


def test_missing_scores_add_up(drawn):
    table = results().people.missing.query("visit != 'baseline'")
    words = shown(drawn["missing_visit_bars"])
    for row in table.itertuples():
        assert str(row.recorded) in words
    own = figures.missing_visit_bars(people.people(cohort(*[(8, 4, {3 + n: 5}) for n in range(30)])))
    assert "All 30 were seen at every visit. Patients were seen at times of their own" in own.caption


# ------------------------------------------------------------------------------------------------ names and places
@pytest.mark.parametrize("name", ["x" * 10_000, "東京大学病院", "<b>“=1+1”", "a\u202eb", "😀" * 50, "two\nlines"])
def test_any_name_fits(name):
    words = group_words(name)
    assert "\n" not in words and "\u202e" not in words
    assert text_width(fitting(words, 80), 8) <= 80
    assert fitting("short", 80) == "short"


def test_visits_have_places_in_order():
    axis = TreatmentAxis(430, 26, before=18, end=64, right=18)
    places = [axis.place(week) for week in (np.nan, 0, 0.5, 1, 4, 26)]
    assert places == sorted(places) and places[-1] < 430


@pytest.mark.slow
def test_the_title_of_each_summary_figure_states_its_numbers():
    made = cohort(*[(8, 4, {4: 4})] * 20, *[(8, 8, {4: 8})] * 20, *[(8, 4)] * 10)
    rules = response.response(made)
    assert figures.patient_count_bars(rules).title == "40 of 50 have all three scores"
    assert figures.responder_squares(rules).title == "Of 100 patients treated, 60 respond, 40 later"
    worse = trajectories.trajectories(cohort(*[(8, 4, {4: 6, 12: 8}), (6, 3, {4: 5, 12: 7})] * 20))
    line = figures.visit_pain_line(worse)
    assert line.title == "Pain falls and comes back"
    assert "pain was 3.5 lower at the end of infusion (n = 40) and 0.5 higher at week 12 (n = 40)" in line.caption
    assert figures.missing_visit_bars(people.people(made)).title == "40 of 50 have a score at week 4"
    assert figures.missing_visit_bars(people.people(cohort(*[(8, 4)] * 2))).title == "Who is missing"


@pytest.mark.slow
def test_figures_of_full_width_state_their_finding(drawn):
    titles = {name: drawn[name].title for name in MAKERS if not drawn[name].half}
    holds = "“Fewer responders at follow-up” holds if 0 to 11 of the 14 patients not seen were responders (0% to 79%)"
    assert titles == {
        "fall_run_chart": "Mean fall in pain: none of 12 quarters outside the limits",
        "responder_curve": "Pain fell by at least 30% in 62% at the end of infusion and 43% 4 weeks later",
        "responder_flow": "20 of 27 responders still respond 4 weeks later; new responders: 0",
        "tipping_point_curve": holds,
        "cohort_duration_curve": "Duration of benefit: median 4–12 weeks (4 to ∞)",
        "duration_by_site": "Medians of 2 groups: 4 weeks or more",
        "site_funnel": "None of 2 sites outside the 95% limits around 62%",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("low", "high", "told"), [(4, 8, "4 to 8 weeks"), (4, 4, "4 weeks"), (4, np.inf, "4 weeks or more")]
)
def test_the_median_of_one_group_is_in_the_singular(low, high, told):
    made = results().durations
    medians, sites = made.medians.copy(), made.medians["by"] == "site"
    first = medians.index == medians.index[sites & (medians["who"] == "initial_responders")][0]
    medians.loc[sites & ~first, ["median_low", "median_high"]] = np.nan
    medians.loc[first, ["median_low", "median_high"]] = low, high
    figure = figures.cohort_duration_curve(dataclasses.replace(made, medians=medians), ("site",))
    assert figure.title == f"Median of 1 group: {told}"
