"""The first page of the evidence report: its values, and words that follow from them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from first_page_samples import first_page, outcomes_of, page_words, planted, texts_of

from analysis import figures, findings, tables
from analysis.evidence.selection import Criteria, select
from analysis.exhibit import plain
from analysis.outcomes import evidence_map, responders, safety
from analysis.outcomes.key_outcomes import key_outcomes
from analysis.wording import printed_percent

DEFAULT = Criteria()
WIDE = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


@pytest.fixture(scope="module")
def selection(evidence):
    return select(evidence)


@pytest.fixture(scope="module")
def outcomes(selection):
    return outcomes_of(selection)


# ------------------------------------------------------------------------------------------------ values
def test_pain_at_week_1_by_hand(outcomes):
    row = outcomes["pain_week_1"]
    assert (row.control, row.ketamine, row.patients) == (5.45, 2.68, 60)
    # 2.68 − 5.45, Welch: SE √(0.51² + 0.48²) = 0.70 if ± is an SE, with t(57.8) = 2.002
    assert row.difference == pytest.approx(-2.77)
    assert (row.ci_low, row.ci_high) == pytest.approx((-2.77 - 1.402, -2.77 + 1.402), abs=0.001)
    # the same values as SDs of 30 patients: SE 0.70/√30 = 0.128
    assert (row.other_low, row.other_high) == pytest.approx((-2.77 - 0.256, -2.77 + 0.256), abs=0.001)


def test_perception_by_hand(outcomes):
    row = outcomes["psychomimetic_effects"]
    assert (row.control, row.ketamine, row.counts) == (0.18, 0.76, ((22, 29), (5, 28)))
    assert round(100 * 22 / 29) == 76 and round(100 * 5 / 28) == 18
    assert row.difference == pytest.approx(0.58)
    # Newcombe 1998, method 10, from Wilson's limits of 22 of 29 and 5 of 28
    assert [row.ci_low, row.ci_high] == pytest.approx([0.328, 0.735], abs=0.001)


def test_week_12_and_function_have_a_test_but_no_size(outcomes):
    for name in ("pain_week_12", "function", "pain_4_to_12_weeks"):
        assert np.isnan(outcomes[name].difference)
    (test,) = outcomes["pain_week_12"].tests
    assert (test.study_id, test.operator, test.p, test.shows_difference) == ("sigtermans2009", "=", 0.07, False)
    assert not any(test.shows_difference for test in outcomes["function"].tests)
    within = {test.study_id: test.between_groups for test in outcomes["pain_4_to_12_weeks"].tests}
    assert within == {"schwartzman2009": False, "sigtermans2009": True}


def test_certainty_is_the_settled_judgement(outcomes, evidence):
    levels = ("very_low", "low", "moderate", "high")
    overall = evidence.certainty[
        (evidence.certainty["domain"] == "overall") & (evidence.certainty["reader"] == "settled")
    ]
    settled = dict(zip(overall["outcome_id"], overall["judgement"], strict=True))
    for row in outcomes.values():
        assert levels[row.certainty - 1] == settled[row.outcome_id]
    assert [outcomes[name].certainty for name in ("pain_week_1", "pain_week_12", "psychomimetic_effects")] == [2, 1, 3]


def test_rows_of_the_summary(selection):
    table = findings.summary_of_findings(selection, key_outcomes(selection))
    rows = {row.outcome: row for row in table.rows}
    assert list(rows) == [
        "Pain at the end of week 1",
        "Pain at 4 to 12 weeks",
        "The same, pooled",
        "Pain at week 12",
        "Function",
        "Patients who respond",
        "Effects on perception",
    ]
    words = ("control", "ketamine", "difference", "interval", "patients", "certainty", "certainty_remark")
    cells = {name: tuple(getattr(row, word) for word in words) for name, row in rows.items()}
    assert cells["Pain at the end of week 1"] == ("5.5", "2.7", "2.8 lower", "(1.4 to 4.2)", "60 (1)", 2, "provisional")
    assert cells["Effects on perception"] == ("18", "76", "58 more", "(33 to 74)", "60 (1)", 3, "provisional")
    assert cells["Pain at week 12"][2:6] == ("size not printed; first trial: P = 0.07", "", "79 (2)", 1)
    assert cells["The same, pooled"][2:] == ("0.8 lower", "(0.05 to 1.5)", "not printed", 1, "the review’s own: low")
    assert rows["The same, pooled"].detail == "a review, not a third trial: Zhu 2024, pain beyond one month"
    assert rows["Pain at the end of week 1"].drawn == pytest.approx((-4.17, -2.77, -1.37), abs=0.005)
    assert rows["Pain at the end of week 1"].places == "pain_scores-20;pain_scores-21"
    assert {name: row.meaning for name, row in rows.items()} == {
        "Pain at the end of week 1": "May be less pain. Whether it is 2 points or more is uncertain.",
        "Pain at 4 to 12 weeks": "Both report less pain, the second only as a change within the ketamine group "
        "(P < 0.05, time not printed).",
        "The same, pooled": "Size uncertain. Short-term pain: no significant difference.",
        "Pain at week 12": "No difference shown in the first trial.",
        "Function": "May be no better; a gain is not ruled out.",
        "Patients who respond": "Not known how many respond because of ketamine.",
        "Effects on perception": "Ketamine probably causes them in most patients.",
    }
    assert "as a standard deviation: 2.5 to 3.0 (95% interval)" in table.markdown_text()


# ------------------------------------------------------------------------------------------------ words follow numbers
NO_DIFFERENCE = [("pain_scores", "pain_scores-20", {"value": 5.2})]
WEEK_12 = [("reported_tests", "reported_tests-43", {"p_value": 0.01})]
FUNCTION = [("reported_tests", "reported_tests-60", {"comparison": "ketamine against placebo", "p_value": 0.01})]
NOT_LATER = [("reported_tests", "reported_tests-42", {"p_value": 0.2, "p_operator": "="})]
SECOND = [("reported_tests", "reported_tests-37", {"p_value": 0.4, "p_operator": "="})]


@pytest.mark.slow
def test_the_title_of_the_evidence():
    title, lead, _, _ = first_page()
    assert title == (
        "In the one placebo-controlled trial with printed scores, pain was lower for weeks after ketamine; lasting "
        "benefit and better function are not shown"
    )
    assert lead == (
        "A second, smaller placebo-controlled trial reports less pain but prints no size. Most other results come from "
        "studies without a control group. No paper’s full text was read."
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "said", "gone"),
    [
        (NO_DIFFERENCE, ["no difference in pain was shown", "0.3 lower (−1.2 to 1.7)", "| No difference shown."], []),
        (
            WEEK_12,
            ["better function is not shown", "first trial: P = 0.01"],
            ["lasting benefit", "No difference shown"],
        ),
        (FUNCTION, ["lasting benefit is not shown", "| improvement; size"], ["no improvement", "no better"]),
        (NOT_LATER, ["pain was lower just after ketamine"], ["for weeks"]),
        (SECOND, ["A second, smaller placebo-controlled trial prints no size."], ["reports less pain but"]),
        ([("certainty", "certainty-22", {"judgement": "very_low"})], ["Very uncertain."], ["May be less pain"]),
        ([("certainty", "certainty-22", {"judgement": "high"})], ["| Less pain."], ["May be less pain"]),
        ([("certainty", "certainty-169", {"judgement": "very_low"})], ["Very uncertain."], ["probably causes"]),
        ([("certainty", "certainty-169", {"judgement": "low"})], ["Ketamine may cause them in most"], ["probably"]),
    ],
)
def test_words_change_with_the_numbers(evidence, changes, said, gone):
    before, text = "\n".join(first_page()), "\n".join(page_words(planted(evidence, *changes)))
    for words in said:
        assert words in text and words not in before
    for words in gone:
        assert words in before and words not in text


def test_without_a_placebo_trial_the_title_says_so(evidence):
    alone = select(evidence, Criteria(studies=("mangnus2022", "correll2004")))
    outcomes = key_outcomes(alone)
    title, lead = findings.page_title(alone, outcomes), findings.page_lead(alone, outcomes)
    assert "no study has a placebo group" in title and "placebo-controlled trial" not in title + lead
    assert "difference" not in " ".join(texts_of(findings.first_page_cards(alone, outcomes)))


def test_a_regimen_without_a_control_group_is_not_told_as_the_rest_of_something(evidence):
    alone = select(evidence, Criteria(regimen_classes=("anesthetic",), routes=()))
    outcomes = key_outcomes(alone)
    assert findings.page_title(alone, outcomes) == (
        "Anaesthetic dose: full remission at 3 months in 65%, 13 of 20 patients; no study has a placebo group"
    )
    assert findings.page_lead(alone, outcomes).startswith("All results come from studies without a control group.")
    cards = " ".join(texts_of(findings.first_page_cards(alone, outcomes))).replace("**", "")
    assert "None of 44 patients were in placebo-controlled trials (none of 3 studies with a usable result)." in cards
    assert "No control group in any study." in " ".join(texts_of(findings.limits_and_methods(alone, outcomes)))
    events = figures.harm_forest(safety.events(alone))
    assert events.title == "Awakening or hallucination during the 5-day infusion in 0 of 23, without a control group"
    assert figures.dose_map(evidence_map.doses(alone)).title == (
        "Doses: 490 mg per hour and 58,800 mg in all; 1 of 2 is the highest allowed"
    )


def test_a_full_text_that_was_read_is_not_denied(evidence):
    source = evidence.responders.set_index("row").loc[27, "source_id"]
    row = evidence.sources.set_index("source_id").loc[source, "row"]
    read = planted(evidence, ("sources", f"sources-{row}", {"access": "full_text"}))
    selection = select(read)
    outcomes = key_outcomes(selection)
    words = " ".join(texts_of(findings.limits_and_methods(selection, outcomes)))
    assert "full text was read" not in f"{findings.page_lead(selection, outcomes)} {words}"
    cards = " ".join(texts_of(findings.first_page_cards(selection, outcomes)))
    assert re.search(r"[1-9]\d* of \d+ results come from a full text", cards)


# ------------------------------------------------------------------------------------------------ corrections
# claims that a check against the data found wrong in a first drawing, also in test_study_and_patient_pages,
# test_figures (durations, harm, the share that fits no count, unlike definitions) and test_findings (9 lost, 2 gained)
def every_text(evidence, criteria: Criteria = DEFAULT) -> str:
    chosen = select(evidence, criteria)
    outcomes = key_outcomes(chosen)
    parts = [
        findings.page_title(chosen, outcomes),
        plain(findings.page_lead(chosen, outcomes)),
        plain(findings.summary_of_findings(chosen, outcomes).markdown_text()),
        *texts_of(findings.first_page_cards(chosen, outcomes)),
        *texts_of(findings.limits_and_methods(chosen, outcomes)),
        *(f"{told.sentence} {told.detail}" for told in findings.evidence_findings(chosen)),
    ]
    return "\n".join(map(plain, parts))


@pytest.mark.slow
def test_weeks_of_the_first_trial_count_from_the_start_of_its_infusion(evidence, outcomes):
    text = every_text(evidence)
    assert "Counted from the start of a 4.2-day infusion: end of week 1 is about 3 days after the infusion." in text
    assert outcomes["pain_week_1"].weeks == 0.4
    assert not re.search(r"(one|1) week after the (end of )?infusion", text)


def test_the_second_trial_has_a_change_within_the_ketamine_group(evidence):
    _, _, summary, _ = first_page()
    assert "the second only as a change within the ketamine group (P < 0.05, time not printed)" in summary
    assert "second trial: P" not in summary
    assert "Second trial: 26 enrolled, 19 in the results according to a secondary source." in summary
    assert "12 months" not in "\n".join(first_page())


@pytest.mark.slow
def test_only_studies_without_a_control_group_are_called_so(evidence):
    text = every_text(evidence, WIDE)
    for name in ("Finch", "Three-regimen", "Sigtermans", "Schwartzman 2009"):
        assert not re.search(rf"[Ww]ithout a control group[^.]*{name}", text)
    _, _, _, cards = first_page()
    assert "5 and 7 days against 3 days, P < 0.05, without placebo" in cards


def test_percentages_without_counts_say_on_which_counts_an_interval_rests():
    _, _, summary, _ = first_page()
    assert "Only 76% and 18% are printed. 22 of 29 and 5 of 28 fit; Newcombe interval on that reading." in summary
    assert "23 of 30" not in summary and "5 of 30" not in summary


@pytest.mark.slow
def test_what_was_read_is_said_as_it_is(evidence):
    text = every_text(evidence)
    assert "No full text was read." in text and "No full text was read: 46 of 46" in text.replace("**", "")
    assert "could be read" not in text + every_text(evidence, WIDE)
    assert "No text that was read counts serious harm." in text and "no trial counts" not in text.lower()


def test_two_points_are_a_yardstick_within_a_patient():
    _, _, summary, _ = first_page()
    assert "2 points is a change within a patient (Farrar 2001; none had CRPS), no threshold between groups." in summary


@pytest.mark.slow
def test_30_of_48_is_62_percent_everywhere(evidence, selection):
    text = every_text(evidence)
    assert "30 of 48 (62%)" in "\n".join(first_page())
    assert "63%" not in re.sub(r"\D63%[^.]*16", "", text)
    rates = responders.rates(selection)
    (row,) = (row for row in rates.itertuples() if row.row == 27)
    cells = [cell for line in tables.responder_rates_table(rates).payload()["cells"] for cell in line]
    assert printed_percent(row) == "62%" and "62% (48% to 75%)" in cells


@pytest.mark.slow
def test_two_extractions_name_how_many_studies(evidence):
    twice = evidence.extraction["study_id"].nunique()
    assert twice == 15 and f"{twice} studies were extracted twice, independently" in every_text(evidence)
    assert "not individual patient data, never pooled" in every_text(evidence)


@pytest.mark.slow
def test_row_ids_are_named_not_lines(evidence):
    assert not re.search(r"\brow \d+", every_text(evidence))


@pytest.mark.slow
@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(),
        WIDE,
        Criteria(regimen_classes=("anesthetic",), routes=()),
        Criteria(regimen_classes=("topical",), routes=()),
        Criteria(regimen_classes=("oral",), routes=()),
        Criteria(access=("full_text", "abstract")),
        Criteria(studies=("lee2025",)),
        Criteria(studies=("sigtermans2009",)),
        Criteria(studies=("schwartzman2009",)),
        Criteria(studies=("mangnus2023",)),
    ],
)
def test_every_selection_gives_whole_sentences_in_the_right_number(evidence, criteria):
    text = every_text(evidence, criteria)
    one = r"(?<![\d.])1 (studies|patients|statements|others|results|trials|events|outcome rows)\b"
    wrong = rf"\bnan\b|<NA>|\(\)|\bNone\b(?! of)|  \w|\.\.|{one}"
    assert not re.search(wrong, text), re.search(f".{{0,60}}({wrong}).{{0,60}}", text)
    assert not re.search(r"\b(?:0|no) of \d+ \w+ come\b|of 1 (rate|study|patient)s?\b[^.]*\bcome\b|no other have", text)
    assert "100% were responders" not in text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("does it beat placebo", r"placebo-controlled trial with printed scores, pain was lower"),
        ("by how much", r"2\.8 lower \(1\.4 to 4\.2\)"),
        ("when", r"Pain at the end of week 1.*3 days after the infusion"),
        ("for how long", r"for weeks after ketamine; lasting benefit.*not shown.*P = 0\.07"),
        ("at what harm", r"58 more \(33 to 74\).*76 with ketamine.*18 with placebo"),
    ],
)
def test_the_first_screen_answers_a_newcomers_question(question, answer):
    assert re.search(answer, " ".join(first_page()).replace("\n", " ")), question
