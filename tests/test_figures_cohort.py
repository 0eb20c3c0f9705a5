"""Figures of a clinic's own patients: the numbers of the results, words that fit, invented patients marked."""

from __future__ import annotations

import dataclasses
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from cohort_page_samples import nobody, patients, results
from drawn_texts import problems_of, text_boxes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from analysis.exhibit import plain
from analysis.figures import cohort as figures
from analysis.figures.cohort.clinic_figure import INVENTED, fitting, group_words
from analysis.figures.cohort.response_figures import VISIT_LOOKS
from analysis.figures.cohort.visit_pain import COURSE_LOOKS
from analysis.figures.style import text_width
from analysis.figures.treatment_axis import visit_axis
from analysis.outcomes.cohort import trajectories
from analysis.wording import half_up, percent

MAKERS = {
    "visit_pain_lines": lambda r, **k: figures.visit_pain_lines(r.trajectories, **k),
    "visit_change_lines": lambda r, **k: figures.visit_change_lines(r.trajectories, **k),
    "responder_curve": lambda r, **k: figures.responder_curve(r.response, **k),
    "responder_flow": lambda r, **k: figures.responder_flow(r.response, **k),
    "tipping_point_curve": lambda r, **k: figures.tipping_point_curve(r.response, **k),
    "missing_score_bars": lambda r, **k: figures.missing_score_bars(r.people, **k),
    "cohort_duration_curve": lambda r, **k: figures.cohort_duration_curve(r.durations, **k),
    "duration_by_site": lambda r, **k: figures.cohort_duration_curve(r.durations, ("site",), name="by-site", **k),
    "benchmark_forest": lambda r, **k: figures.benchmark_forest(r.compared, [["mangnus2022"], ["cohen2023"], []], **k),
    "site_funnel": lambda r, **k: figures.site_funnel(r.funnel, **k),
}


def shown(figure) -> list[str]:
    return [text for text, _ in text_boxes(figure)]


@pytest.fixture(scope="module")
def drawn():
    return {name: make(results(), synthetic=True) for name, make in MAKERS.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_no_words_overlap_or_leave_the_canvas(name, drawn):
    assert problems_of(drawn[name]) == []
    picture = drawn[name].figure
    assert picture.get_figwidth() == pytest.approx(7.2) and picture.get_figheight() <= 9.3
    sizes = {text.get_fontsize() for text in picture.findobj(Text) if text.get_visible() and text.get_text().strip()}
    assert min(sizes) >= 7.5


@pytest.mark.parametrize("name", MAKERS)
def test_invented_patients_are_marked_in_the_picture_and_in_its_words(name, drawn):
    figure, real = drawn[name], MAKERS[name](results())
    assert any(INVENTED in text for text in shown(figure))
    assert figure.alt.startswith(INVENTED) and figure.caption.endswith(INVENTED)
    assert INVENTED not in f"{real.alt} {real.caption} {' '.join(shown(real))}"
    assert figure.alt.removeprefix(INVENTED).strip() == real.alt


@pytest.mark.parametrize("name", MAKERS)
def test_words_hold_numbers_and_no_gaps(name, drawn):
    figure = drawn[name]
    assert re.search(r"\d", figure.alt) and len(figure.alt) > 80
    assert figure.caption.rstrip().endswith(".")
    for word in ("nan", "<NA>", "None", "inf "):
        assert word not in f"{figure.alt} {plain(figure.caption)} {plain(figure.notes)}"
        assert not any(word in text.split() for text in shown(figure))
    assert len(figure.data) and "patient" not in figure.data.columns


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_same_bytes_twice_whatever_was_set_before(name, drawn):
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "figure.dpi": 40}):
        assert MAKERS[name](results(), synthetic=True).svg == drawn[name].svg


@pytest.mark.parametrize("name", MAKERS)
def test_too_few_patients_are_not_drawn_with_a_message(name):
    figure = MAKERS[name](nobody(), synthetic=True)
    assert problems_of(figure) == []
    assert figure.alt.startswith(INVENTED), "also where there is nothing to see"
    assert not re.search(r"\b[1-4] of [1-9]|\b\d+%", figure.alt), figure.alt


def test_groups_differ_in_grey_print_too():
    for looks in (COURSE_LOOKS, tuple(VISIT_LOOKS.values())):
        assert len({look.marker for look in looks}) == len({look.line for look in looks}) == len(looks)
        grey = [np.dot(to_rgb(look.color), (0.299, 0.587, 0.114)) for look in looks[:2]]
        assert abs(grey[0] - grey[1]) > 0.15


# ------------------------------------------------------------------------------------------------ single figures
def test_no_patient_is_a_line_and_many_are_a_density():
    few, many = results().trajectories, trajectories.trajectories(patients(130))
    assert few.density.empty
    for result in (few, many):
        picture = figures.visit_pain_lines(result)
        assert not [c for c in picture.figure.axes[0].collections if isinstance(c, LineCollection)]
    (fields,) = [c for c in picture.figure.axes[0].collections if isinstance(c, PatchCollection)]
    density = many.density[many.density["share"] > 0]
    assert len(fields.get_paths()) == len(density)
    shades = fields.get_facecolors()[:, 0]
    darkest = density.reset_index(drop=True)["share"].astype(float).idxmax()
    assert shades[darkest] == min(shades)


def test_pain_by_visit_shows_the_numbers_of_the_result(drawn):
    visits = results().trajectories.visits
    words = shown(drawn["visit_pain_lines"])
    for row in visits.itertuples():
        assert str(row.n) in words
        assert half_up(row.mean, 1) in words and half_up(row.median, 1) in words
        assert f"{half_up(row.ci_low, 1)}–{half_up(row.ci_high, 1)}" in words
    data = drawn["visit_pain_lines"].data
    assert data["mean"].tolist() == visits["mean"].tolist(), "numbers by visit, no single patients"
    assert len(data) == len(visits) == 4


def test_courses_are_side_by_side(drawn):
    table = results().trajectories.by_course
    after = table[table["visit"] != "baseline"]
    words = shown(drawn["visit_change_lines"])
    assert "● First course" in words and "■ Second course" in words
    for row in after.itertuples():
        assert half_up(row.change_mean, 1) in words and str(row.change_n) in words
    alone = dataclasses.replace(results().trajectories, by_course=table.iloc[:0])
    assert "First course of each patient" in figures.visit_change_lines(alone).alt
    merged = table.assign(group=table["group"].astype(str).replace("second course", "other (merged to protect x)"))
    told = figures.visit_change_lines(dataclasses.replace(results().trajectories, by_course=merged)).alt
    assert "Later courses together" in told


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


def test_the_benchmark_draws_prediction_interval_rate_and_clinic(drawn):
    figure, compared = drawn["benchmark_forest"], results().compared
    assert figure.studies == ("mangnus2022", "cohen2023")
    ax = figure.figure.axes[0]
    bars = [(round(patch.get_x(), 9), round(patch.get_x() + patch.get_width(), 9)) for patch in ax.patches]
    wanted = compared[compared["pi_low"].notna()]
    assert bars == [(round(100 * row.pi_low, 9), round(100 * row.pi_high, 9)) for row in wanted.itertuples()]
    assert bars[0] == (25, 85)
    points = sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o")
    assert points == sorted((100 * compared["estimate"]).tolist())
    words = " ".join(shown(figure))
    assert "within what studies show" in words and "below what studies show" in words
    assert "too few studies to judge" in words
    assert compared["verdict"].tolist() == ["within", "below", "can't be judged"]


def test_the_funnel_names_sites_in_order_and_ranks_none(drawn):
    sites = results().funnel.sites
    figure = drawn["site_funnel"]
    for row in sites.itertuples():
        assert f"{row.site} {percent(row.rate)}\n{row.responders} of {row.n}" in shown(figure)
    assert not re.search(r"\bbest\b|\bworst\b|rank", figure.alt + " ".join(shown(figure)))
    many = pd.concat([sites.assign(site=f"Site {n}") for n in range(10)])
    crowd = figures.site_funnel(dataclasses.replace(results().funnel, sites=many))
    assert not any(text.startswith("Site ") for text in shown(crowd)), "only those outside the limits are named"
    assert len(crowd.data) == len(many)


def test_missing_scores_add_up(drawn):
    table = results().people.missing
    ax = drawn["missing_score_bars"].figure.axes[0]
    widths = [patch.get_width() for patch in ax.patches]
    assert sum(widths) == pytest.approx(len(table))
    for row in table.itertuples():
        assert f"{percent(row.share_observed)}  ({row.observed} of {row.expected})" in shown(
            drawn["missing_score_bars"]
        )


# ------------------------------------------------------------------------------------------------ names and places
@pytest.mark.parametrize("name", ["x" * 10_000, "東京大学病院", "<b>“=1+1”", "a\u202eb", "😀" * 50, "two\nlines"])
def test_any_name_fits(name):
    words = group_words(name)
    assert "\n" not in words and "\u202e" not in words
    assert text_width(fitting(words, 80), 8) <= 80
    assert fitting("short", 80) == "short"


def test_visits_have_places_in_order_and_ticks_that_fit():
    axis = visit_axis(430, [np.nan, 0, 0.5, 1, 4, 26])
    places = [axis.place(week) for week in (np.nan, 0, 0.5, 1, 4, 26)]
    assert places == sorted(places) and places[-1] < 430
    assert visit_axis(430, [0, 4]).place(0) < axis.place(0), "no room for a baseline that isn't shown"
