"""Figures of the synthesis: drawn and written numbers equal the result tables, with nothing drawn beyond them."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from drawn_texts import problems_of, text_boxes
from matplotlib.patches import Polygon, Rectangle

from analysis import figures
from analysis.evidence.selection import Criteria, Selection, select
from analysis.exhibit import Figure, plain
from analysis.exhibit.row_picture import Point, Row, RowHeading
from analysis.figures.regimen_durations import patients_known
from analysis.outcomes import synthesis
from analysis.outcomes.synthesis import few_studies

WIDE = Criteria(routes=(), access=(), populations=(), overlapping_studies=True)
STRICT = Criteria(access=("full_text", "abstract"))
NOTHING = Criteria(routes=("topical",))
FIGURES = {
    "pooled_forest": synthesis.pooled_rates,
    "pooled_benefit_curve": synthesis.benefit_retention,
    "regimen_duration_curve": synthesis.duration_curves,
}


def draw(name: str, selection: Selection, level: float = 0.95) -> tuple[object, Figure]:
    result = FIGURES[name](selection, level)
    return result, getattr(figures, name)(result)


@pytest.fixture(scope="module")
def default(evidence) -> Selection:
    return select(evidence)


@pytest.fixture(scope="module")
def forest(default) -> tuple[synthesis.PooledRates, Figure]:
    return draw("pooled_forest", default)


@pytest.fixture(scope="module")
def averaged(default) -> tuple[synthesis.PooledRates, Figure]:
    """The same groups as if each had five studies and limits 20 points from its rate."""
    pooled = synthesis.pooled_rates(default)
    groups = pooled.groups
    limits = {"ci_low": groups["rate"] - 0.2, "ci_high": groups["rate"] + 0.2}
    pooled = dataclasses.replace(pooled, groups=groups.assign(k=5, **limits))
    return pooled, figures.pooled_forest(pooled)


@pytest.fixture(scope="module")
def kept(default) -> tuple[synthesis.BenefitRetention, Figure]:
    return draw("pooled_benefit_curve", default)


@pytest.fixture(scope="module")
def durations(default) -> tuple[synthesis.DurationCurves, Figure]:
    return draw("regimen_duration_curve", default)


# ------------------------------------------------------------------------------------------------ all three alike
@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(("criteria", "level"), [(WIDE, 0.8), (STRICT, 0.99)], ids=["wide", "strict"])
def test_other_evidence_and_levels_neither_overlap_nor_are_cut(name, criteria, level, evidence):
    _, figure = draw(name, select(evidence, criteria), level)
    assert problems_of(figure) == []
    shown = [text for text, _ in text_boxes(figure)]
    assert f"{100 * level:g}%" in figure.caption + " ".join(shown)
    assert not any("95%" in words for words in (*shown, figure.alt, figure.caption, figure.notes))


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_to_pool_is_stated_with_reasons(name, evidence):
    result, figure = draw(name, select(evidence, NOTHING))
    assert figure.data.empty and figure.studies == () and not figure.figure.axes
    assert problems_of(figure) == []
    assert " ".join(" ".join(text for text, _ in text_boxes(figure)).split()) == figure.alt
    assert re.match(r"No (responder rate|curve|duration curve) can be (pooled|drawn)", figure.alt)
    assert all(why in plain(figure.notes) for why in result.left_out["why"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forest", "kept", "durations"])
def test_everything_left_out_is_listed_with_its_reason(name, request):
    result, figure = request.getfixturevalue(name)
    assert len(result.left_out) > 0
    for row in result.left_out.itertuples():
        assert f"#ref-{row.study_id}" in figure.notes
        assert row.why in plain(figure.notes)


# ------------------------------------------------------------------------------------------------ the pooled rates
def test_the_forest_has_the_numbers_of_the_tables(forest):
    pooled, figure = forest
    rates = figure.data[figure.data["what"] == "pooled"].reset_index(drop=True)
    for column in ("rate", "ci_low", "ci_high", "pi_low", "pi_high"):
        drawn = rates["percent_responders" if column == "rate" else f"{column}_percent"]
        assert drawn.tolist() == (100 * pooled.groups[column]).tolist()
    assert rates["tau2"].tolist() == pooled.groups["tau2"].tolist()
    assert rates["studies"].tolist() == pooled.groups["k"].tolist()
    studies = figure.data[figure.data["what"] == "study"]
    assert studies["row_id"].tolist() == [f"responders-{row}" for row in pooled.studies["row"]]
    assert studies["weight_percent"].tolist() == (100 * pooled.studies["weight"]).tolist()
    assert studies.groupby(["definition_class", "window"])["weight_percent"].sum().tolist() == pytest.approx([100] * 3)
    assert set(studies["count_basis"]) == {"reported", "inferred", "derived_from_percent"}


def test_diamonds_and_bars_lie_at_their_limits(averaged):
    pooled, figure = averaged
    patches = figure.figure.axes[0].patches
    diamonds = [p.get_xy()[:4, 0] for p in patches if isinstance(p, Polygon)]
    bars = [(p.get_x(), p.get_x() + p.get_width()) for p in patches if isinstance(p, Rectangle)]
    for group, diamond, bar in zip(pooled.groups.itertuples(), diamonds, bars, strict=True):
        assert diamond.tolist() == pytest.approx(
            [100 * group.ci_low, 100 * group.rate, 100 * group.ci_high, 100 * group.rate]
        )
        assert bar == pytest.approx((100 * group.pi_low, 100 * group.pi_high))


def pooled_rows(figure: Figure) -> list[Row]:
    return [row for row in figure.rows.rows if isinstance(row, Row) and row.strong]


def test_few_studies_have_the_range_of_their_rates_and_no_average(forest):
    pooled, figure = forest
    assert pooled.groups["k"].tolist() == [4, 2, 2]
    assert [(row.label, row.detail, row.value, row.marks) for row in pooled_rows(figure)] == [
        ("No average", "4 studies: too few studies to average", "0 of 4 to 5 of 5", ()),
        ("No average", "2 studies: too few studies to average", "25 of 65 to 25 of 33", ()),
        ("No average", "2 studies: too few studies to average", "18 of 33 to 13 of 20", ()),
    ]
    assert figure.title == "No rate can be averaged: too few studies"
    assert "No average is drawn of four studies or fewer" in figure.caption and "Diamond" not in figure.caption
    assert (
        "weight" not in figure.alt and "any relief within a week of the end of infusion, 46 of 58" in figure.alt.lower()
    )
    assert not [patch for patch in figure.figure.axes[0].patches if isinstance(patch, Polygon)]


def test_the_page_averages_by_the_same_rule(root):
    script = root / "analysis" / "reporting" / "page" / "template" / "choose_shared.js"
    assert f"FEW = {few_studies.MOST_STUDIES}, WIDE = {few_studies.WIDEST};" in script.read_text(encoding="utf-8")
    assert (few_studies.MOST_STUDIES, few_studies.WIDEST) == (4, 0.6), "figures and methods say four studies, 60 points"


def test_an_average_that_spans_more_than_60_points_is_not_drawn(averaged):
    pooled, _ = averaged
    figure = figures.pooled_forest(dataclasses.replace(pooled, groups=pooled.groups.assign(ci_low=[0.5, 0.5, 0.1])))
    assert figure.title == "2 of 3 rates can be averaged"
    assert [row.label for row in pooled_rows(figure)] == ["Typical study", "Typical study", "No average"]
    assert pooled_rows(figure)[-1].detail == "5 studies: too different to average"
    assert "No average is drawn of four studies or fewer" in plain(figure.notes)
    wide = figures.pooled_forest(dataclasses.replace(pooled, groups=pooled.groups.assign(ci_low=0.01, ci_high=0.99)))
    assert wide.title == "No rate can be averaged: studies differ too much"


def test_the_forest_has_its_numbers_in_words(averaged):
    _, figure = averaged
    rows = [row for row in figure.rows.rows if isinstance(row, Row)]
    relief = {
        row.label.partition("\u00a0")[0]: (row.value, row.value_detail, row.places)
        for row in rows
        if "complete relief" in row.detail
    }
    # complete relief within a week: 25 of 33 in Correll; Domec prints 25 of 65 as 100% relief
    assert relief["Correll 2004"] == ("76%", "25 of 33", "responders-6")
    assert ("38%", "25 of 65") in [(row.value, row.value_detail) for row in rows]
    assert [row.detail for row in pooled_rows(figure)] == ["95% interval; 5 studies"] * 3
    assert (
        "complete relief 2 to 6 months after the end of infusion, 31 of 53 patients in 5 studies: pooled 58% "
        "(95% interval 38 to 78, prediction interval 4 to 98)"
    ) in figure.alt
    assert "anaesthetic dose; subanaesthetic, inpatient" in plain(figure.notes)
    assert "75% with all, from 55% (without Puchalski and Zyluk 2016) to 88% (without Kiefer" in plain(figure.notes)


def test_pooled_rates_of_two_routes_are_grouped_by_route(forest):
    pooled, _ = forest
    other = pooled.groups.assign(route="nasal_spray")
    studies = pooled.studies.assign(route="nasal_spray")
    both = dataclasses.replace(
        pooled,
        groups=pd.concat([pooled.groups, other], ignore_index=True),
        studies=pd.concat([pooled.studies, studies], ignore_index=True),
    )
    figure = figures.pooled_forest(both)
    headings = [row.words for row in figure.rows.rows if isinstance(row, RowHeading)]
    assert [heading.endswith(", nasal spray") for heading in headings] == [False, True] * 3 or sum(
        heading.endswith(", nasal spray") for heading in headings
    ) == 3
    assert len(figure.data) == 2 * (len(pooled.groups) + len(pooled.studies))


# ------------------------------------------------------------------------------------------------ the pooled curve
def test_the_curve_has_the_numbers_of_the_tables(kept):
    result, figure = kept
    data = figure.data
    curve = data[data["what"] == "pooled"]
    told = result.curve.iloc[::3]
    assert curve["weeks_after_end_of_infusion"].tolist() == told["weeks"].tolist()
    assert told["weeks"].iloc[[0, -1]].tolist() == pytest.approx([0, result.last_week]), "from start to last count"
    assert curve["percent_with_benefit"].tolist() == (100 * told["rate"]).tolist()
    for limit in ("ci_low", "ci_high", "pi_low", "pi_high"):
        assert curve[f"{limit}_percent"].tolist() == (100 * told[limit]).tolist()
    counts = data[data["what"] == "count"]
    assert counts["row_id"].tolist() == [f"durations-{row}" for row in result.points["row"]]
    assert counts["patients"].tolist() == result.points["patients"].tolist()
    turns = data[data["what"] == "pooled without one study"]
    for study, ends in turns.groupby("without_study_id"):
        whole = result.without[result.without["study_id"] == study]["rate"]
        assert ends["percent_with_benefit"].tolist() == (100 * whole.iloc[[0, -1]]).tolist()
    assert set(turns["without_study_id"]) == set(result.points["study_id"])


def test_nothing_is_drawn_beyond_the_last_count(kept):
    result, figure = kept
    ax = figure.figure.axes[0]
    end = max(tick for tick in ax.get_xticks())
    assert end == result.last_week == 13
    for axes in figure.figure.axes:
        curves = [line for line in axes.lines if len(line.get_xdata()) == len(result.curve)]
        assert curves
        for line in curves:
            assert max(line.get_xdata()) == pytest.approx(end)
        for band in axes.collections:
            assert band.get_paths()[0].vertices[:, 0].max() == pytest.approx(end)


def test_bands_and_points_lie_where_the_tables_say(kept):
    result, figure = kept
    ax = figure.figure.axes[0]
    wide, narrow = (band.get_paths()[0].vertices[:, 1] for band in ax.collections)
    assert (wide.min(), wide.max()) == pytest.approx(
        (100 * result.curve["pi_low"].min(), 100 * result.curve["pi_high"].max())
    )
    assert (narrow.min(), narrow.max()) == pytest.approx(
        (100 * result.curve["ci_low"].min(), 100 * result.curve["ci_high"].max())
    )
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    drawn = {(x, round(y, 6)) for line in dots for x, y in line.get_xydata()}
    assert drawn == {(row.weeks, round(100 * row.rate, 6)) for row in result.points.itertuples()}
    # Correll et al. count twice, joined
    pairs = [line.get_ydata() for line in ax.lines if line not in dots and len(line.get_ydata()) == 2]
    assert any(np.allclose(pair, [100 * 25 / 33, 100 * 18 / 33]) for pair in pairs)


def test_the_curve_has_its_numbers_in_words(kept):
    _, figure = kept
    shown = [text for text, _ in text_boxes(figure)]
    assert {"Correll 2004 76%", "Correll 2004 54%", "Mangnus 2021 62%", "Goebel 2015 20%"} <= set(shown)
    assert figure.title == (
        "Across unlike definitions 59% benefit at the end of infusion and 47% at 13 weeks; the fall rests on one study"
    )
    assert "95% interval (29% to 65% at 13 weeks)" in figure.caption and "258 patients" in figure.caption
    assert "Pooled 59% (39 to 77) at the end of infusion and 47% (29 to 65) at 13 weeks (95% intervals)." in figure.alt
    assert "does not fall to half of its start within 13 weeks (95% interval: from 10 weeks on" in figure.alt
    assert "Correll et al. 2004, which changes the curve most, it runs from 48% to 52%" in plain(figure.notes)


def test_the_picture_for_a_phone_has_the_same_marks_without_labels(kept):
    _, figure = kept
    wide, narrow = (picture.axes[0] for picture in (figure.figure, figure.narrow))
    assert [line.get_xydata().tolist() for line in narrow.lines if line.get_marker() == "o"] == [
        line.get_xydata().tolist() for line in wide.lines if line.get_marker() == "o"
    ]
    assert [band.get_paths()[0].vertices.tolist() for band in narrow.collections] == [
        band.get_paths()[0].vertices.tolist() for band in wide.collections
    ]
    assert not narrow.texts
    assert problems_of(dataclasses.replace(figure, figure=figure.narrow, narrow=None)) == []


def test_the_study_that_changes_the_curve_most_is_named(kept):
    result, _ = kept
    moved = result.without["rate"].where(result.without["study_id"] != "domec2004", 0.9)
    figure = figures.pooled_benefit_curve(dataclasses.replace(result, without=result.without.assign(rate=moved)))
    assert "Domec et al. 2004, which changes the curve most, it runs from 90% to 90%" in plain(figure.notes)


def test_a_half_time_within_the_counts_is_stated_with_its_limits(kept):
    result, _ = kept
    half = result.half.copy()
    half.loc[0, ["half_weeks", "half_low", "half_high"]] = [6.0, 2.0, 11.5]
    figure = figures.pooled_benefit_curve(dataclasses.replace(result, half=half))
    assert "falls to half of its start at 6 weeks (95% interval: 2 weeks to 12 weeks)" in figure.alt


@pytest.mark.slow
def test_three_studies_leave_no_curve_without_one_of_them(evidence):
    result, figure = draw("pooled_benefit_curve", select(evidence, STRICT))
    assert result.without.empty and len(figure.figure.axes) == 1
    assert "Too few studies are left for a curve without Correll et al. 2004 or Domec" in plain(figure.notes)


@pytest.mark.slow
def test_the_level_is_that_of_the_result(evidence):
    selection = select(evidence)
    assert "90% interval" in figures.pooled_benefit_curve(synthesis.benefit_retention(selection, 0.9)).caption
    assert "90% interval" in figures.pooled_forest(synthesis.pooled_rates(selection, 0.9)).caption
    assert "90% limits" in figures.regimen_duration_curve(synthesis.duration_curves(selection, 0.9)).caption


# ------------------------------------------------------------------------------------------------ durations
def test_the_duration_curves_have_the_numbers_of_the_tables(durations):
    result, figure = durations
    drawn = figure.data[figure.data["weeks_after_end_of_infusion"].notna()]
    for column, name in (
        ("low", "percent_low"),
        ("high", "percent_high"),
        ("band_low", "band_low_percent"),
        ("band_high", "band_high_percent"),
    ):
        assert drawn[name].tolist() == (100 * result.curves[column]).tolist()
    patients = figure.data[figure.data["what"] == "patients with one interval"]
    assert patients["row_ids"].tolist() == result.patients["rows"].tolist()
    assert patients["patients"].sum() == result.groups["patients"].sum()
    regimens = figure.data[figure.data["what"] == "regimen"]
    assert regimens["median_high_weeks"].tolist() == result.groups["median_high"].tolist()


def areas(ax) -> list[tuple[float, float]]:
    """The lowest and the highest value of each area of a panel."""
    heights = [area.get_paths()[0].vertices[:, 1] for area in ax.collections]
    return [(min(values), max(values)) for values in heights]


def test_ranges_between_counts_are_areas(durations):
    result, figure = durations
    anesthetic, inpatient = figure.figure.axes
    # 13 of 20 still in remission at week 13, and nobody was counted before: the limits, and between them any value
    assert areas(anesthetic) == [pytest.approx((45, 100)), pytest.approx((65, 100))]
    (low, high) = (line.get_ydata() for line in anesthetic.lines if line.get_linewidth() == 1.1)
    assert sorted((list(low), list(high))) == [pytest.approx([65, 65]), pytest.approx([100, 100])]
    # so the only point is the one at week 13
    dots = [line.get_ydata() for line in anesthetic.lines if line.get_marker() == "s"]
    assert [list(dot) for dot in dots] == [pytest.approx([65])]
    rows = result.curves[result.curves["regimen_class"] == "subanesthetic_inpatient"].iloc[::2]
    dots = [float(line.get_ydata()[0]) for line in inpatient.lines if line.get_marker() == "o"]
    assert dots == pytest.approx((100 * rows["low"]).tolist())


def test_exact_durations_are_steps():
    patients = pd.DataFrame(
        {
            "study_id": "a",
            "citation": "A 2001",
            "arm_id": "a1",
            "label": "x",
            "regimen_class": "oral",
            "benefit": "responder",
            "patients": [1, 3],
            "patients_treated": 4,
            "weeks_low": [4.0, 8.0],
            "weeks_high": [4.0, np.inf],
            "includes_zero": False,
            "count_basis": "reported",
            "access": "abstract",
            "rows": ["2", "3"],
        }
    )
    # 1 of 4 ends at week 4, 3 go on beyond week 8
    shares = [1.0, 1.0, 0.75, 0.75, 0.75]
    curves = pd.DataFrame({"regimen_class": "oral", "weeks": [0.0, 2, 4, 6, 8], "low": shares, "high": shares})
    curves = curves.assign(band_low=0.25, band_high=1.0)
    group = {"regimen_class": "oral", "k": 1, "patients": 4, "still_going": 3, "last_week": 8.0, "median_low": 8.0}
    group |= {"median_high": np.inf, "median_ci_low": 4.0, "median_ci_high": np.inf}
    result = synthesis.DurationCurves(curves, pd.DataFrame([group]), patients, patients.iloc[:0].assign(why=""), 0.95)
    figure = figures.regimen_duration_curve(result)
    (ax,) = figure.figure.axes
    limits, *between = areas(ax)
    assert limits == (25, 100)
    assert len(between) == 1 and ax.collections[1].get_paths()[0].vertices[:, 1].min() == 75
    # both ends of the estimate are the same steps
    for line in (line for line in ax.lines if line.get_linewidth() == 1.1):
        assert list(line.get_ydata()) == [100, 100, 75, 75]
    assert "100% (25 to 100) at the end of infusion, 75% (25 to 100) at 4 weeks" in figure.alt
    assert "median longer than 8 weeks (95% limits 4 weeks to not reached)" in figure.alt
    assert problems_of(figure) == []


@pytest.mark.slow
def test_known_patients_add_up_at_every_time(durations):
    result, figure = durations
    inpatient = result.patients[result.patients["regimen_class"] == "subanesthetic_inpatient"]
    # at the end of infusion: 8 + 40 + 4 + 18 never had it; 4 + 6 had lost it or never had it by week 13
    assert patients_known(inpatient, 0.0) == {"still": 91, "over": 70, "unknown": 10}
    # by week 4 another 7 have lost it; the 25 that are counted at week 0 alone, 7 and 10 others are not known
    assert patients_known(inpatient, 4.0) == {"still": 52, "over": 77, "unknown": 42}
    assert patients_known(inpatient, 13.0) == {"still": 29, "over": 94, "unknown": 48}
    counted = figure.data[figure.data["what"] == "counted time"]
    names = ["patients_still_with_benefit", "patients_without_benefit", "patients_not_known"]
    assert set(counted[counted["regimen_class"] == "anesthetic"][names].sum(axis=1)) == {20}
    assert set(counted[counted["regimen_class"] == "subanesthetic_inpatient"][names].sum(axis=1)) == {171}
    shown = [text for text, _ in text_boxes(figure)]
    assert {"91", "70", "10", "52", "77", "42", "29", "94", "48"} <= set(shown)


def test_the_share_estimated_lies_between_the_known_and_the_possible(evidence):
    result = synthesis.duration_curves(select(evidence, WIDE))
    for group in result.groups.itertuples():
        patients = result.patients[result.patients["regimen_class"] == group.regimen_class]
        for row in result.curves[result.curves["regimen_class"] == group.regimen_class].iloc[::2].itertuples():
            found = patients_known(patients, row.weeks)
            assert row.high >= found["still"] / group.patients - 1e-6
            assert row.low <= 1 - found["over"] / group.patients + 1e-6


@pytest.mark.slow
def test_the_duration_curves_have_their_numbers_in_words(durations):
    _, figure = durations
    shown = " ".join(text for text, _ in text_boxes(figure))
    assert "171 patients†‡§, 6 studies" in shown and "20 patients†§, 1 study" in shown
    assert "median between 0 and 4 weeks" in shown and "median longer than 13 weeks" in shown
    assert "between 65% and 100% (45 to 100) at the end of infusion, 65% (45 to 85) at 13 weeks" in figure.alt
    assert "42% (28 to 74) at 4 weeks" in figure.alt
    assert "complete remission (Kiefer et al. 2008a)" in plain(figure.notes)


def test_the_next_trial_by_its_size(evidence):
    trial = synthesis.next_trial(select(evidence), evidence)
    figure = figures.next_trial_forest(trial)
    heading, *rows = figure.rows.rows
    assert heading.words == "If the effect of Sigtermans 2009 is true"
    assert [row.label for row in rows] == [f"{size} patients per arm" for size in (15, 30, 60, 100)]
    assert (rows[1].value, rows[1].value_detail) == ("90% to 92%", "less than 2 points: 27% to 29%")
    assert rows[1].places == "pain_scores-20 and pain_scores-21"
    of_size = trial[trial["per_arm"] == 30]
    points = sorted(mark.at for mark in rows[1].marks if isinstance(mark, Point))
    assert points == pytest.approx(sorted(100 * of_size[["excludes_zero", "excludes_line"]].to_numpy().ravel()))
    assert "30 patients per arm, a new trial excludes no difference in 90% to 92%" in figure.title
    empty = figures.next_trial_forest(trial.iloc[:0])
    assert empty.data.empty and "No controlled comparison" in empty.alt
