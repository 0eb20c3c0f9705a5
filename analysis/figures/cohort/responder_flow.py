"""Who of a clinic's patients kept, lost and gained the response between the end of infusion and follow-up."""

from __future__ import annotations

from typing import Any

from analysis.exhibit import Figure
from analysis.figures.cohort.common import empty, exhibit, left_out, page
from analysis.figures.flow_bands import BROAD, FIRST, HEIGHT, QUANTITIES, SECOND, WORDS, draw_flow
from analysis.figures.style import MUTED, POINTS, SMALL, style, text_height, wrap, write
from analysis.wording import half_up, interval_words, p_text, percent, weeks_cell

_TOP = 44
RESPONDER_WORDS = {
    **WORDS,
    "kept": "stayed responders",
    "lost": "no longer responders",
    "gained": "became responders",
    "neither": "at neither time",
}


def responder_flow(result: Any, level: float = 0.95, synthetic: bool = False, name: str = "responder-flow") -> Figure:
    """Responders by the chosen rule at the end of infusion and at follow-up, and who changed; takes `cohort.response`.

    Patients with a score at both visits; below the bands the difference with Newcombe's interval and McNemar's exact P.
    """
    flow = result.flow
    row = flow[(flow["rule"] == result.rule) & (flow["handling"] == "complete_cases")].iloc[0]
    caption = (
        f"Patients with a score at baseline, at the end of infusion and {weeks_cell(result.follow_up_weeks)} weeks "
        "later "
        f"(within {weeks_cell(result.window_weeks)} weeks): who was a responder, and who kept, lost or gained the "
        "response. "
        f"Difference with Newcombe's {interval_words(level)}; P of McNemar's exact test. There is no "
        "control group in this picture."
    )
    notes = (f"Counted: {result.unit}.", left_out(result.left_out, "flow"))
    if row["hidden"] or not row["n"] > 0:
        why = "Too few patients have a score at both visits to show who changed."
        return empty(name, why, caption, *notes, synthetic=synthetic)
    counts = {q: int(row[q]) for q in QUANTITIES}
    n, first, second = int(row["n"]), int(row["first"]), int(row["second"])
    with style():
        small = wrap(_difference(row, level), POINTS - 8, SMALL)
        picture = page(_TOP + HEIGHT + 16 + text_height(small, SMALL), synthetic)
        times = ("end of infusion", f"{weeks_cell(result.follow_up_weeks)} weeks later")
        for left, words, count, rate in zip(
            (FIRST, SECOND), times, (first, second), (row["rate_first"], row["rate_second"]), strict=True
        ):
            write(picture, left + BROAD / 2, 12, words, color=MUTED, ha="center")
            write(picture, left + BROAD / 2, 28, f"{count}/{n} = {percent(rate)}", 10, weight="bold", ha="center")
        drawn = {q: (counts[q], counts[q]) for q in QUANTITIES}
        draw_flow(picture, _TOP, (n, first, second), drawn, ("responders", "others"), words=RESPONDER_WORDS)
        write(picture, 4, _TOP + HEIGHT + 10 + text_height(small, SMALL) / 2, small, SMALL, color=MUTED)
        data = flow[flow["rule"] == result.rule]
        alt = (
            f"Of {n} patients {first} ({percent(row['rate_first'])}) were responders at the end of infusion and "
            f"{second} ({percent(row['rate_second'])}) {times[1]}: {counts['kept']} stayed responders, "
            f"{counts['lost']} no longer were, {counts['gained']} became responders, {counts['neither']} "
            f"were at neither time. {_difference(row, level)}"
        )
        return exhibit(name, picture, data, alt, caption, *notes, synthetic=synthetic)


def _difference(row: Any, level: float) -> str:
    points = half_up(100 * row["difference"])
    limits = f"{half_up(100 * row['difference_low'])} to {half_up(100 * row['difference_high'])}"
    p = row["p_value"]
    return (
        f"Difference: {points} percentage points ({interval_words(level)} {limits}); McNemar's exact test: "
        f"{p_text('=', round(float(p), 3)) if p >= 0.001 else 'P < 0.001'}."
    )
