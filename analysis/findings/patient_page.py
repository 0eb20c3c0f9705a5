"""The page for patients: the same numbers as the evidence report, in short plain sentences without advice."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Selection
from analysis.exhibit.blocks import Block, Bullets, Card, Cards, IconRow, Icons, Paragraph, ShareBar
from analysis.outcomes import evidence_map, responders, safety
from analysis.outcomes.context import PLACEBO, UNCONTROLLED
from analysis.outcomes.key_outcomes import shows_difference
from analysis.wording import counted, half_up, number_text, out_of, series, study_name, weeks_cell

_SCALE = 10  # points of the pain scale
_CASE_REPORT = 2  # patients; smaller groups are case reports


def patient_title(outcomes: pd.DataFrame) -> str:
    """Return the finding in plain words, from `key_outcomes.key_outcomes`."""
    row = _trial(outcomes)
    if row is None:
        return "No fair test shows how much ketamine helps against CRPS pain."
    lower = row.ci_high < 0
    when = "for some weeks" if shows_difference(outcomes, measure="pain_score") else "just"
    found = f"CRPS pain was lower {when} after a ketamine drip" if lower else "no clear gap in pain was found"
    return f"In one test {found}. Nobody knows if it helps for longer."


def _trial(outcomes: pd.DataFrame) -> Any:
    """Return the result of the placebo-controlled trial that prints scores, or None."""
    own = outcomes[(outcomes["review"] == "") & (outcomes["measure"] == "pain_score") & outcomes["difference"].notna()]
    return next(each(own), None)


def does_it_ease_pain(selection: Selection, outcomes: pd.DataFrame) -> Cards:
    """Return the result of the fairest test, with a bar for each group."""
    row = _trial(outcomes)
    if row is None:
        return Cards(
            (Card("", (Paragraph("No study that we read compared scores of pain with and without ketamine."),)),)
        )
    days = round(7 * row.weeks)
    half = "Half got ketamine. Half got a drip without ketamine (a placebo)."
    told = " They were not told which; many could guess." if _guessed(outcomes) else " They were not told which."
    opening = (
        f"The fairest test had {int(row.patients)} people. {half}{told} About {counted(days, 'day')} after the drip "
        "they scored their pain from 0 (none) to 10 (worst):"
    )
    low, high = half_up(-row.ci_high), half_up(-row.ci_low)
    closing = (
        f"The gap was about {half_up(-row.difference)} points. The true gap could be between about {low} and {high}. "
        f"{_later(outcomes)}{_function(outcomes)}{_second_trial(selection, outcomes)}"
    )
    blocks: tuple[Block, ...] = (
        Paragraph(opening),
        ShareBar("With ketamine", number_text(row.ketamine), row.ketamine / _SCALE),
        ShareBar("Without", number_text(row.control), row.control / _SCALE, "placebo"),
        Paragraph(closing),
    )
    return Cards((Card("", blocks),), row.studies, (row.rows,))


def _guessed(outcomes: pd.DataFrame) -> bool:
    harm = outcomes[(outcomes["measure"] == "harm") & outcomes["difference"].notna()]
    return bool((harm["difference"] > 0.3).any())


def _later(outcomes: pd.DataFrame) -> str:
    rows = each(outcomes[outcomes["outcome_id"] == "pain_week_12"])
    tests = [test for row in rows for test in row.tests if test.between_groups]
    if not tests:
        return "Nobody counted at three months. "
    shown = any(test.shows_difference for test in tests)
    return "In week 12 there was still a gap. " if shown else "**In week 12 no clear gap was left.** "


def _function(outcomes: pd.DataFrame) -> str:
    if not (outcomes["measure"] == "function").any():
        return ""
    better = "also got better" if shows_difference(outcomes, measure="function") else "did not get better"
    return f"People {better} at using their arm or leg. "


def _second_trial(selection: Selection, outcomes: pd.DataFrame) -> str:
    own = outcomes[outcomes["difference"].notna() & (outcomes["review"] == "")]
    scored = {study for row in each(own) for study in row.studies}
    fair = [row for row in each(evidence_map.studies(selection)) if row.control == PLACEBO]
    other = [row for row in fair if row.study_id not in scored]
    if len(other) != 1:
        return ""
    tests = [test for row in each(outcomes) for test in row.tests if test.study_id == other[0].study_id]
    second = "second, smaller" if other[0].n < max(row.n for row in fair) else "second"
    if not any(test.significant for test in tests):
        return f"A {second} test does not say whether pain was lower."
    where = "also found less pain" if any(test.shows_difference for test in tests) else "found less pain after ketamine"
    return f"A {second} test {where}. It does not say how much less."


def how_many_feel_better(selection: Selection) -> Cards:
    """Return icon arrays of the largest group that was counted twice, beside what nobody knows."""
    flows = [flow for flow in responders.flows(selection) if flow.n > _CASE_REPORT]
    if not flows:
        return Cards((Card("", (Paragraph("No study that we read counted the same people twice."),)),))
    flow = max(flows, key=lambda flow: (flow.p_reported == flow.p_reported, flow.n))
    first, second = (
        round(printed if pd.notna(printed) else 100 * count / flow.n)
        for printed, count in ((flow.percent_first, flow.first), (flow.percent_second, flow.second))
    )
    arrays = (
        _people(first, "felt better when the drip ended"),
        _people(second, f"felt better about {weeks_cell(flow.weeks_second)} weeks later"),
        _people(None, "how many would have felt better without ketamine"),
        _people(None, "how many still feel better after half a year"),
    )
    opening = (
        f"In one study {flow.n} people all got ketamine. “Felt better” means: pain fell by 2 points or more, or the "
        "person called the treatment a success. If 100 people were treated like them:"
    )
    blocks = (Paragraph(opening), IconRow(arrays))
    return Cards((Card("", blocks),), (flow.study_id,), (flow.rows,))


def _people(number: int | None, words: str, tone: Any = "ketamine", total: int = 100) -> Icons:
    return Icons(number, words, tone, total, "person")


def side_effects(selection: Selection, outcomes: pd.DataFrame, level: float = 0.95) -> Cards:
    """Return icon arrays of effects on perception, then what is known about the liver."""
    blocks: list[Block] = []
    for row in each(outcomes[(outcomes["outcome_id"] == "psychomimetic_effects") & outcomes["difference"].notna()]):
        with_it, without = (round(100 * share) for share in (row.ketamine, row.control))
        strange = (
            "While on the drip, things can feel, look or sound strange. It was mild to moderate. Out of 100 people:"
        )
        arrays = (
            _people(with_it, "had this with ketamine", "harm"),
            _people(without, "had this without ketamine", "placebo"),
        )
        blocks += [Paragraph(strange), IconRow(arrays)]
    events = safety.events(selection, level)
    free = events[(events["control"] == UNCONTROLLED) & (events["n"] > _CASE_REPORT)]
    liver = safety.by_rate(free[free["event"].str.contains("liver|hepat", regex=True)])
    closing: list[str] = []
    for number, row in enumerate(each(liver)):
        if row.events and number == 0:
            words = (
                f"**The liver.** In one small group {int(row.n)} people got a second course. The liver of "
                f"{int(row.events)} of them was harmed. Doctors wrote about it because it happened, so this does not "
                "show how common it is:"
            )
            blocks += [Paragraph(words), IconRow((_people(int(row.events), "had liver harm", "harm", int(row.n)),))]
        elif not row.events:
            words = (
                f"In another study blood tests found no liver problem in {int(row.n)} people within a day of the drip."
            )
            arms = selection.evidence.arms
            picked = arms[(arms["study_id"] == row.study_id) & arms["selected_by_outcome"].notna()]
            more = f" Perhaps these {int(row.n)} were chosen because ketamine had helped them." if len(picked) else ""
            closing.append(words + more)
    blocks.append(Paragraph(" ".join([*closing, "Nobody has counted most other side effects."])))
    return Cards((Card("", tuple(blocks)),), tuple(dict.fromkeys(events["study_id"])))


def open_questions() -> Cards:
    """Return what nobody knows, and questions for one's doctor."""
    unknown = (
        "Does it help after three months?",
        "Which dose works best, and for how many days?",
        "Who will feel better, and who will not?",
        "Is it safe to have it again and again?",
        "Does it help people to work or sleep?",
    )
    ask = (
        "What could ketamine do for someone like me?",
        "What else could help, and what if I wait?",
        "How is it given here, and for how long?",
        "What side effects do your patients have?",
        "How will you check my liver?",
        "Can it clash with my other medicines or illnesses?",
        "How will we know if it works, and when do we stop?",
        "Is there a study I could join?",
    )
    return Cards((Card("What nobody knows", (Bullets(unknown),)), Card("Questions for your doctor", (Bullets(ask),))))


def how_sure(selection: Selection) -> Cards:
    """Return how many people were in a fair test, and where the numbers come from."""
    studies = evidence_map.studies_with_results(selection)
    fair = [row for row in studies if row.control == PLACEBO]
    total, in_fair = (sum(int(row.n) for row in rows if pd.notna(row.n)) for rows in (studies, fair))
    words = (
        f"**Not very sure.** Of {total} people in {len(studies)} studies, only {in_fair} were in a fair test with a "
        "placebo. The others all got ketamine. Then you cannot tell what ketamine did and what would have come "
        "by itself."
    )
    names = series([f"{study_name(row.citation)} ({out_of(row.n, row.n).split(' of ')[0]} people)" for row in fair])
    source = f"The fair tests are {names}. We read short summaries, not the whole papers." if fair else ""
    blocks = (Paragraph(words), *((Paragraph(source),) if source else ()))
    return Cards((Card("", blocks),), tuple(row.study_id for row in fair))
