"""Figures: numbers and words equal the tables, every row is drawn or listed, no text overlaps or is cut off."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from drawn_texts import problems_of, text_boxes
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from analysis import figures
from analysis.evidence.selection import Criteria, Selection, select
from analysis.exhibit import Figure, plain
from analysis.figures import labels, study_rows, style
from analysis.figures.row_figure import PrintedColumn, Row, Track, draw_rows
from analysis.outcomes import durations, evidence_map, responders, safety, synthesis, trajectories

WIDE = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


@pytest.fixture(scope="module", params=["default", "wide"])
def selection(request, evidence) -> Selection:
    return select(evidence, Criteria() if request.param == "default" else WIDE)


@pytest.fixture(scope="module")
def default(evidence) -> Selection:
    return select(evidence)


MAKERS: dict[str, Callable[[Selection], Figure]] = {
    "study_map": lambda s: figures.study_map(evidence_map.studies(s)),
    "dose_map": lambda s: figures.dose_map(evidence_map.doses(s)),
    "pain_trajectory_lines": lambda s: figures.pain_trajectory_lines(trajectories.scores(s), trajectories.changes(s)),
    "pain_change_forest": lambda s: figures.pain_change_forest(trajectories.changes(s), trajectories.between_arms(s)),
    "responder_forest": lambda s: figures.responder_forest(responders.rates(s)),
    "benefit_flow": lambda s: figures.benefit_flow(responders.flows(s)[-1]),
    "possible_flow_curve": lambda s: figures.possible_flow_curve(
        next(flow for flow in responders.flows(s) if flow.p_reported > 0)
    ),
    "duration_lanes": lambda s: figures.duration_lanes(durations.statements(s)),
    "benefit_over_time_curve": lambda s: figures.benefit_over_time_curve(durations.retained_benefit(s)),
    "harm_forest": lambda s: figures.harm_forest(safety.events(s)),
    "pooled_forest": lambda s: figures.pooled_forest(synthesis.pooled_rates(s)),
    "pooled_benefit_curve": lambda s: figures.pooled_benefit_curve(synthesis.benefit_retention(s)),
    "regimen_duration_curve": lambda s: figures.regimen_duration_curve(synthesis.duration_curves(s)),
}
# what each function draws when there is nothing: its tables with no rows
EMPTY: dict[str, Callable[[Selection], Figure]] = {
    "study_map": lambda s: figures.study_map(evidence_map.studies(s).iloc[:0]),
    "dose_map": lambda s: figures.dose_map(evidence_map.doses(s).iloc[:0]),
    "pain_trajectory_lines": lambda s: figures.pain_trajectory_lines(trajectories.scores(s).iloc[:0]),
    "pain_change_forest": lambda s: figures.pain_change_forest(
        trajectories.changes(s).iloc[:0], trajectories.between_arms(s).iloc[:0]
    ),
    "responder_forest": lambda s: figures.responder_forest(responders.rates(s).iloc[:0]),
    "duration_lanes": lambda s: figures.duration_lanes(durations.statements(s).iloc[:0]),
    "benefit_over_time_curve": lambda s: figures.benefit_over_time_curve(durations.retained_benefit(s).iloc[:0]),
    "harm_forest": lambda s: figures.harm_forest(safety.events(s).iloc[:0]),
}


_DRAWN: dict[tuple[str, str], Figure] = {}


def make(maker: str, selection: Selection) -> Figure:
    """The figure of a selection, drawn once for all tests that only look at it."""
    key = (maker, str(selection.criteria))
    if key not in _DRAWN:
        _DRAWN[key] = MAKERS[maker](selection)
    return _DRAWN[key]


# ------------------------------------------------------------------------------------------------ all figures alike
@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_no_words_overlap_or_leave_the_canvas(maker, selection):
    assert problems_of(make(maker, selection)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "study", ["correll2004", "cohen2023", "sigtermans2009", "mangnus2022", "kiefer2002", "regimen357_nd", "shirani2008"]
)
def test_single_studies_are_drawn_or_have_a_message(study, evidence):
    alone = select(evidence, dataclasses.replace(WIDE, studies=(study,)))
    drawn = [MAKERS[maker](alone) for maker in MAKERS if maker not in ("benefit_flow", "possible_flow_curve")]
    drawn += [figures.benefit_flow(flow) for flow in responders.flows(alone)]
    for figure in drawn:
        assert problems_of(figure) == [], figure.name
        assert set(figure.studies) <= {study}


def test_the_overlap_check_sees_an_overlap_and_a_cut_text(default):
    figure = MAKERS["pain_change_forest"](default)
    figure.figure.text(0.02, 0.5, "two words on top of each other")
    figure.figure.text(0.03, 0.5, "that nobody can read")
    figure.figure.text(0.98, 0.1, "cut off at the right edge")
    found = " / ".join(problems_of(figure))
    assert "'two words on top of each other' covers 'that nobody can read'" in found
    assert "'cut off at the right edge' leaves the canvas" in found


@pytest.mark.parametrize("maker", MAKERS)
def test_words_are_large_enough_and_the_width_is_that_of_a_page(maker, selection):
    picture = make(maker, selection).figure
    assert picture.get_figwidth() == 7.2
    sizes = {text.get_fontsize() for text in picture.findobj(Text) if text.get_visible() and text.get_text().strip()}
    assert min(sizes) >= 7.5


@pytest.mark.parametrize("maker", MAKERS)
def test_default_figures_fit_on_a_printed_page(maker, default):
    assert make(maker, default).figure.get_figheight() <= 9.3


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_same_bytes_twice_whatever_was_set_before(maker, default):
    first = make(maker, default).svg
    others = {"font.size": 20, "font.weight": "bold", "xtick.direction": "in", "axes.grid": True, "figure.dpi": 40}
    with mpl.rc_context(others):
        second = MAKERS[maker](default).svg
    assert first == second


@pytest.mark.parametrize("maker", MAKERS)
def test_every_drawn_number_lies_within_its_axes(maker, selection):
    for ax in make(maker, selection).figure.axes:
        for line in ax.lines:
            if line.get_transform() != ax.transData or not ax.axison:
                continue
            for values, limits in ((line.get_xdata(), ax.get_xlim()), (line.get_ydata(), ax.get_ylim())):
                values = np.asarray(values, dtype="float64")
                # leading lines to labels may leave the plot on the right
                room = 0.06 * abs(limits[1] - limits[0])
                assert np.isfinite(values).all()
                assert values.min() >= min(limits) - room
                assert values.max() <= max(limits) + room


@pytest.mark.parametrize("maker", EMPTY)
def test_an_empty_table_gives_a_figure_with_a_message(maker, default):
    figure = EMPTY[maker](default)
    assert figure.data.empty
    assert figure.studies == ()
    assert re.match(r"No \w+", figure.alt)
    shown = " ".join(text.get_text() for text in figure.figure.findobj(Text)).split()
    assert " ".join(shown) == figure.alt
    assert problems_of(figure) == []


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_words_and_sources(maker, selection):
    figure = make(maker, selection)
    # what is pooled over studies stands in rows without a study
    assert set(figure.studies) == set(figure.data["study_id"].dropna())
    assert len(figure.studies) == len(set(figure.studies))
    assert "figure" not in figure.alt.lower()
    sentences = re.split(r"(?<!et al)[.] (?=[A-Z0-9])", figure.alt)
    assert 2 <= len(sentences) <= 6
    assert figure.caption.endswith(".")
    assert any(re.search(r"rows?$", column) for column in figure.data.columns)
    for word in ("nan", "<NA>", "None", "inf "):
        assert word not in f"{figure.alt} {plain(figure.caption)} {plain(figure.notes)}"
    for text, _ in text_boxes(figure):
        assert "nan" not in text.lower().split()


def drawn_or_listed(figure: Figure, table: pd.DataFrame) -> None:
    """Every study of a table is drawn or named in the notes."""
    named = set(figure.studies) | set(re.findall(r"#ref-([\w-]+)", figure.notes))
    assert set(table["study_id"]) <= named


def test_every_row_is_drawn_or_listed(selection):
    tables = {
        "study_map": evidence_map.studies(selection),
        "dose_map": evidence_map.doses(selection),
        "pain_trajectory_lines": trajectories.scores(selection),
        "pain_change_forest": trajectories.changes(selection),
        "responder_forest": responders.rates(selection),
        "duration_lanes": durations.statements(selection),
        "benefit_over_time_curve": durations.retained_benefit(selection),
        "harm_forest": safety.events(selection),
    }
    for maker, table in tables.items():
        drawn_or_listed(make(maker, selection), table)
    assert len(make("responder_forest", selection).data) == len(tables["responder_forest"])
    assert len(make("pain_trajectory_lines", selection).data) == len(tables["pain_trajectory_lines"])
    with_weeks = tables["duration_lanes"]["shown_as"] != "no weeks"
    assert len(make("duration_lanes", selection).data) == with_weeks.sum()
    counted = tables["harm_forest"]["rate"].notna()
    assert len(make("harm_forest", selection).data) == counted.sum()


def test_controlled_and_uncontrolled_have_separate_headings(default):
    for maker in ("study_map", "pain_trajectory_lines", "duration_lanes", "harm_forest"):
        shown = [text for text, _ in text_boxes(make(maker, default))]
        assert "Placebo-controlled studies" in shown
        assert "Studies without a control group" in shown


# ------------------------------------------------------------------------------------------------ single figures
def test_responder_forest_shows_the_printed_numbers(default):
    figure = figures.responder_forest(responders.rates(default))
    data = figure.data.set_index(["arm_id", "weeks_after_end_of_infusion", "definition_class"])
    at_end = data.loc[("mangnus2022_sket", 0.0, "ge_2_points_or_success")]
    assert (at_end["responders"], at_end["n"], at_end["percent_as_printed"]) == (30, 48, 62)
    assert at_end["percent_responders"] == 62.5
    # Wilson's interval of 30 of 48
    assert at_end["ci_low_percent"] == pytest.approx(48.36, abs=0.01)
    assert at_end["ci_high_percent"] == pytest.approx(74.78, abs=0.01)
    assert at_end["row_id"] == "responders-27"

    shown = [text for text, _ in text_boxes(figure)]
    assert "62% (48 to 75)" in shown
    assert "48% (34 to 62)" in shown
    assert shown.count("30/48†") == 1
    assert "10/16‡" in shown
    assert "Cohen et al. 2022§ ■X" in shown, "with the mark of its risk of bias"
    assert "† count" in plain(figure.caption)
    assert "60% is printed, 10 of 16 (63%) drawn" in figure.notes
    assert "33 of 71 (46%, 95% interval 35 to 58) at 3 weeks" in figure.alt
    assert "from 0% in Kiefer et al. 2008b to 100% in Lee et al. 2025" in figure.alt


def test_responder_forest_follows_its_table(default):
    table = responders.rates(default, level=0.9)
    one = table[table["arm_id"] == "kiefer2008b_sket"]
    figure = figures.responder_forest(one, level=0.9)
    assert "0 of 4" in figure.alt
    assert "90% interval" in figure.alt
    assert "90% interval" in figure.caption
    assert list(figure.data["ci_high_percent"]) == list(100 * one["ci_high"])


def test_rates_of_infusions_have_hollow_markers(evidence):
    figure = figures.responder_forest(responders.rates(select(evidence, WIDE)))
    shown = [text for text, _ in text_boxes(figure)]
    assert "Sheehy et al. 2015 (infusions)" in shown
    assert any("Hollow marker" in text for text in shown)


def test_adverse_events_give_the_rule_of_three_and_both_arms(default):
    figure = figures.harm_forest(safety.events(default))
    data = figure.data.set_index("study_id")
    assert data.loc["lee2025", "rule_of_three_limit_percent"] == pytest.approx(100 * 3 / 52)
    assert "52 patients of Lee et al. 2025" in figure.alt
    assert "up to 5.8% open" in figure.alt
    assert (
        "76% of 30 (95% interval 59 to 88) under ketamine and 18% of 30 (95% interval 7 to 34) under placebo"
        in figure.alt
    )


def test_events_without_a_count_are_listed(evidence):
    figure = figures.harm_forest(safety.events(select(evidence, WIDE)))
    assert "lightheadedness, dizziness, nausea" in plain(figure.notes)
    assert "6 events are mentioned without a count" in figure.alt


def test_benefit_flow_draws_the_one_table_that_fits(default):
    flow = next(f for f in responders.flows(default) if f.study_id == "mangnus2022")
    figure = figures.benefit_flow(flow)
    assert figure.name == "benefit-flow-mangnus2022-sket"
    data = figure.data.set_index("quantity")
    assert data["patients_low"].to_dict() == {"kept": 21, "lost": 9, "gained": 2, "neither": 16}
    assert (data["patients_low"] == data["patients_high"]).all()
    assert data["patients_low_without_p"].to_dict() == {"kept": 5, "lost": 7, "gained": 0, "neither": 0}
    assert data["patients_high_without_p"].to_dict() == {"kept": 23, "lost": 25, "gained": 18, "neither": 18}
    shown = [text for text, _ in text_boxes(figure)]
    assert {"30/48† = 62%", "23/48† = 48%", "21 kept the benefit", "9 lost it", "2 gained it later"} <= set(shown)
    assert "21 kept the benefit, 9 lost it, 2 gained it later and 16" in figure.alt
    assert "5 to 23 kept, 7 to 25 lost" in figure.alt
    assert not any(patch.get_hatch() for ax in figure.figure.axes for patch in ax.patches)


def test_benefit_flow_without_p_shows_what_stays_open(default):
    flow = next(f for f in responders.flows(default) if f.study_id == "correll2004")
    figure = figures.benefit_flow(flow)
    data = figure.data.set_index("quantity")
    assert data["patients_low"].to_dict() == {"kept": 10, "lost": 7, "gained": 0, "neither": 0}
    assert data["patients_high"].to_dict() == {"kept": 18, "lost": 15, "gained": 8, "neither": 8}
    shown = [text for text, _ in text_boxes(figure)]
    assert "10 to 18 kept the benefit" in shown
    # the first count is printed, the second worked out
    assert {"25/33 = 76%", "18/33† = 54%"} <= set(shown)
    assert any(patch.get_hatch() for ax in figure.figure.axes for patch in ax.patches)
    heights = [patch.get_height() for patch in figure.figure.axes[0].patches if hasattr(patch, "get_height")]
    # both columns are all 33 patients high
    assert sum(heights) == pytest.approx(2 * 172)


def test_benefit_flow_states_that_no_table_gives_the_printed_p(default):
    flow = next(f for f in responders.flows(default) if f.study_id == "mangnus2022")
    unfit = dataclasses.replace(flow, p_reported=0.9, tables=flow.tables.assign(fits_p=False))
    shown = " ".join(text for text, _ in text_boxes(figures.benefit_flow(unfit)))
    assert "No table of whole patients gives the printed P = 0.9" in shown
    assert "5 to 23 kept the benefit" in shown


def test_pain_changes_show_both_readings_of_an_unlabelled_spread(default):
    figure = figures.pain_change_forest(trajectories.changes(default), trajectories.between_arms(default))
    shown = [text for text, _ in text_boxes(figure)]
    assert {"−2.8 (−3.0 to −2.5)", "−2.8 (−4.2 to −1.4)", "30 + 30"} <= set(shown)
    assert "Sigtermans et al. 2009, ± read as SD" in shown
    assert "−7.2 (−8.3 to −6.1)" in shown
    assert "−6.0 to −3.0" in shown
    difference = figure.data[figure.data["what"] == "ketamine minus control"].iloc[0]
    assert difference["points_0_to_10"] == pytest.approx(2.68 - 5.45)
    assert "−3.0 to −2.5 with the ± read as SD or −4.2 to −1.4 with the ± read as SE" in figure.alt


def test_pain_changes_without_a_control_have_a_message(default):
    none = trajectories.between_arms(default).iloc[:0]
    figure = figures.pain_change_forest(trajectories.changes(default), none)
    assert figure.alt.startswith("No difference between ketamine and a control group can be had.")
    assert "sigtermans2009" not in figure.studies


def test_pain_trajectories_draw_spreads_of_each_kind(default):
    table = trajectories.scores(default)
    figure = figures.pain_trajectory_lines(table, trajectories.changes(default))
    shown = [text for text, _ in text_boxes(figure)]
    assert "8 to 9" in shown
    assert any("if it is a standard error (SE)" in text for text in shown)
    assert any("drawn symmetric" in text for text in shown)
    assert "only the change is printed, not the scores" in plain(figure.notes)
    assert "as an SE it would need an SD of 15.1" in plain(figure.notes)
    assert "median 8 before (n = 48), 6 at the end of infusion (n = 48)" in figure.alt
    for ax in figure.figure.axes:
        if ax.axison:
            assert ax.get_ylim() == (-0.45, 10.45)


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("sd", {"spread": 1.5, "sd": 1.5}, [("sd", 4.5, 7.5)]),
        ("se", {"spread": 0.5, "sd": 2.0}, [("sd", 4.0, 8.0)]),
        ("iqr_width", {"spread": 4.0, "sd": 3.0}, [("iqr_width", 4.0, 8.0)]),
        ("q1_q3", {"spread_low": 4.0, "spread_high": 9.0}, [("q1_q3", 4.0, 9.0)]),
        ("ci95", {"spread_low": 5.0, "spread_high": 7.0}, [("ci95", 5.0, 7.0)]),
        ("range", {"spread_low": 0.0, "spread_high": 10.0}, [("range", 0.0, 10.0)]),
        ("unlabelled", {"spread": 0.5, "sd": 0.5, "sd_if_se": 5.0}, [("if_se", 1.0, 10.0), ("if_sd", 5.5, 6.5)]),
        ("none", {}, []),
    ],
)
def test_bars_of_spreads(kind, fields, expected):
    blank = dict.fromkeys(("spread", "spread_low", "spread_high", "sd", "sd_if_se"), np.nan)
    row = pd.Series(
        {**blank, "value": 6.0, "statistic": "mean", "spread_kind": kind, "sd_basis": "", "n": 30, **fields}
    )
    from analysis.figures.score_spreads import bars_of

    assert [(bar.kind, bar.low, bar.high) for bar in bars_of(row)] == expected


def test_every_kind_of_spread_has_words_and_can_be_drawn(default):
    from analysis.figures.score_spreads import BAR_WORDS, Bar, draw_bar

    ax = style.panel(style.sheet(100), 0, 0, 50, 50)
    for kind, text in BAR_WORDS.items():
        assert text
        before = len(ax.lines)
        draw_bar(ax, 0, Bar(kind, 1, 2), style.SERIES_LOOKS[0])
        assert len(ax.lines) > before


def test_swimlane_shows_each_kind_of_statement(default):
    figure = figures.duration_lanes(durations.statements(default))
    shown = [text for text, _ in text_boxes(figure)]
    assert shown.count("group average") == 2
    assert {"13 of 20†", "group of 30", "23 of 48†", "Kiefer et al. 2008b ◆S: no benefit"} <= set(shown)
    assert "longest time: Rasmussen et al. 2013, 1 of 1 patients pain free until 16 weeks after the end" in figure.alt
    assert "41 weeks in Correll et al. 2004, 6.7 weeks in Goebel et al. 2015" in figure.alt
    assert "only an upper limit of 52 weeks" in plain(figure.notes)


def test_swimlane_lanes_end_where_the_table_says(default):
    table = durations.statements(default)
    one = table[(table["arm_id"] == "kiefer2008_anesthetic")]
    ax = figures.duration_lanes(one, horizon_weeks=52).figure.axes[0]
    lane = next(line for line in ax.lines if len(line.get_xdata()) == 2)
    assert lane.get_xdata()[1] / 196 == pytest.approx((13 / 52) ** 0.5)


def test_swimlane_beyond_the_horizon_gives_the_number(default):
    table = durations.statements(default)
    short = figures.duration_lanes(table[table["arm_id"] == "kiefer2008_anesthetic"], horizon_weeks=8)
    shown = [text for text, _ in text_boxes(short)]
    assert "≥ 13" in shown
    assert list(short.data["weeks_low"]) == [13.0]


@pytest.mark.parametrize("function", ["duration_lanes", "benefit_over_time_curve"])
def test_a_horizon_must_lie_after_week_0(function, default):
    table = durations.statements(default) if function == "duration_lanes" else durations.retained_benefit(default)
    with pytest.raises(ValueError, match="horizon_weeks is 0"):
        getattr(figures, function)(table, horizon_weeks=0)


def test_benefit_over_time_draws_shares_and_lists_what_lies_beyond(default):
    table = durations.retained_benefit(default)
    figure = figures.benefit_over_time_curve(table, horizon_weeks=8)
    late = table[table["weeks"] > 8]
    assert len(late) > 0
    assert len(figure.data) == len(table) - len(late)
    assert "18 of 33 at 13 weeks" in plain(figure.notes)
    whole_axis = figures.benefit_over_time_curve(table)
    heights = {
        round(float(y), 6)
        for ax in whole_axis.figure.axes
        for line in ax.lines
        if line.get_marker() not in ("None", None)
        for y in line.get_ydata()
    }
    assert heights == {round(100 * share, 6) for share in table["rate"]}
    lines = [line.get_ydata() for ax in whole_axis.figure.axes for line in ax.lines if line.get_linestyle() != "None"]
    assert any(np.allclose(line, [100 * 25 / 33, 100 * 18 / 33]) for line in lines if len(line) == 2)
    assert "76% (59 to 87) of 33 at the end of infusion, then 54% (38 to 70) of 33 at 13 weeks" in whole_axis.alt


def test_dose_map_places_doses_or_lists_them(selection):
    table = evidence_map.doses(selection)
    figure = figures.dose_map(table)
    placed = table["mg_per_h"].notna() | table["total_mg"].notna()
    assert list(figure.data["arm_id"]) == list(table.loc[placed, "arm_id"])
    assert "dose not printed" in figure.notes
    assert f"{int((~placed).sum())} further arms have no dose" in figure.alt
    assert "no total" in plain(figure.notes)
    shown = [text for text, _ in text_boxes(figure)]
    assert "total not\nprinted" in shown or {"total not", "printed"} <= set(shown)


def test_dose_map_keeps_one_arm_and_no_strips_when_all_is_known(default):
    table = evidence_map.doses(default)
    figure = figures.dose_map(table[table["arm_id"] == "correll2004_course1"])
    shown = [text for text, _ in text_boxes(figure)]
    assert "Correll et al. 2004" in shown
    assert "rate not\nprinted" not in shown
    assert "50 mg per hour and 5640 mg in all (1 arm)" in figure.alt


def test_evidence_map_counts_what_is_reported(default):
    table = evidence_map.studies(default)
    figure = figures.study_map(table)
    assert figure.alt.startswith(f"{len(table)} studies: 2 with placebo, 2 comparing treatments")
    assert f"responder rates from {(table['responders'] > 0).sum()}," in figure.alt
    marks = [line for ax in figure.figure.axes for line in ax.lines if line.get_marker() in ("s", "D", "^")]
    wanted = (table[["responders", "durations", "adverse_events"]] > 0).sum().sum()
    assert len(marks) == wanted
    assert "Kirkpatrick et al. 2020" in figure.notes


# ------------------------------------------------------------------------------------------------ the shared parts
def lightness(color: str) -> float:
    """Return the CIE lightness of a colour in grey print, 0 black to 100 white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    y = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return 116 * y ** (1 / 3) - 16


@pytest.mark.parametrize("looks", [list(style.REGIMEN_LOOKS.values()), list(style.SERIES_LOOKS)])
def test_looks_differ_in_grey_print(looks):
    for one, other in combinations(looks, 2):
        assert one.marker != other.marker
    main = sorted(lightness(look.color) for look in looks[:3])
    assert min(b - a for a, b in pairwise(main)) >= 5


def test_letters_have_contrast_on_white():
    for look in [*style.REGIMEN_LOOKS.values(), *style.SERIES_LOOKS]:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(look.letters)]
        assert 1.05 / (float(np.dot(linear, (0.2126, 0.7152, 0.0722))) + 0.05) >= 4.5


def test_week_ticks_never_touch_and_keep_the_first():
    for last in (1, 4, 13, 52, 104, 420):
        for unit in (5.0, 14.0, 30.0):
            places, labels_ = style.week_ticks(last, unit)
            assert labels_[0].strip() == "0"
            ends = [
                (p * unit - style.text_width(w) / 2, p * unit + style.text_width(w) / 2)
                for p, w in zip(places, labels_, strict=True)
            ]
            assert all(a[1] < b[0] for a, b in pairwise(ends))


def test_wrapping_keeps_all_words_within_the_width():
    text = "substantial rise of liver enzymes less than 2 days after the start of a repeat infusion"
    for wrapped in (style.wrap(text, 90), style.balanced(text, 90)):
        assert wrapped.replace("\n", " ") == text
        assert max(style.text_width(line) for line in wrapped.split("\n")) <= 90
    assert style.balanced(text, 90).count("\n") == style.wrap(text, 90).count("\n")


def test_labels_in_a_column_keep_apart():
    wanted, heights = [10, 11, 12, 90], [10, 20, 10, 10]
    middles = labels.stack_labels(wanted, heights, 0, 100)
    spans = sorted((m - h / 2, m + h / 2) for m, h in zip(middles, heights, strict=True))
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(spans))
    assert middles[3] == 90
    assert spans[0][0] >= 0 and spans[-1][1] <= 100


def test_placed_labels_cover_neither_points_nor_each_other():
    points = [(100 + 12 * i, 100 + 7 * (i % 3)) for i in range(8)]
    spots = labels.place_labels(points, [(60, 9)] * 8, (0, 0, 400, 300))
    for one, other in combinations([spot.box for spot in spots], 2):
        assert min(one[2], other[2]) <= max(one[0], other[0]) or min(one[3], other[3]) <= max(one[1], other[1])
    for spot in spots:
        assert not any(spot.box[0] < x < spot.box[2] and spot.box[1] < y < spot.box[3] for x, y in points)


def test_many_rows_move_closer_and_lose_no_letters():
    rows = [Row((f"row {number}",)) for number in range(58)]
    picture = draw_rows((PrintedColumn(4, 100),), Track(120, 400, 0, 1, {0: "0", 1: "1"}), rows)
    assert picture.get_figheight() <= 9.3 + 1e-9
    figure = Figure("rows", picture, pd.DataFrame(), "alt", "caption")
    assert problems_of(figure) == []


def test_arms_of_one_study_get_unique_names():
    table = pd.DataFrame(
        {
            "study_id": ["a", "a", "b", "c", "c"],
            "label": ["first course, 10 to 50 mg/h", "second course (after relapse)", "x", "dose, low", "dose, high"],
        }
    )
    names = study_rows.arm_names(table)
    assert names["a", "first course, 10 to 50 mg/h"] == "first course"
    assert names["a", "second course (after relapse)"] == "second course"
    assert ("b", "x") not in names
    assert names["c", "dose, low"] == "dose, low"
