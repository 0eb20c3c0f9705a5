"""Findings: each number equals the table, and each sentence changes with its numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from analysis import findings as written
from analysis.evidence.selection import Criteria, select
from analysis.exhibit import Finding
from analysis.outcomes import consistency, durations, responders, safety, synthesis, trajectories


def in_words(told):
    """Return findings without the links of their numbers."""
    if isinstance(told, Finding):
        return replace(told, **{name: NUMBER.sub(r"\1", getattr(told, name)) for name in ("sentence", "detail")})
    return tuple(map(in_words, told)) if isinstance(told, tuple) else told


class InWords:
    """`analysis.findings` without links in its results."""

    def __getattr__(self, name):
        return lambda *given, **named: in_words(getattr(written, name)(*given, **named))


NUMBER = re.compile(r"\[([^\[\]]*)\]\(#(?:row|tab|fig)-[^)]*\)")
findings = InWords()
EVERYTHING = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)


@pytest.fixture(scope="module")
def selection(evidence):
    return select(evidence)


def changed(evidence, table, where, **values):
    """The evidence with some cells of one table replaced."""
    frame = getattr(evidence, table).copy()
    rows = np.logical_and.reduce([frame[column] == value for column, value in where.items()])
    assert rows.sum() == 1
    for column, value in values.items():
        frame.loc[rows, column] = value
    return select(replace(evidence, **{table: frame}))


def test_pain_against_placebo(selection):
    told = findings.pain_finding(selection)
    assert "**Against placebo, pain was 2.8 points lower on the 0–10 scale**" in told.sentence
    assert "2.7 with ketamine and 5.5 with placebo" in told.detail
    assert "30 patients in each group; 95% interval 1.4 to 4.2 if the printed ± is a standard error" in told.sentence
    assert "2.5 to 3.0 if the printed ± is a standard deviation" in told.sentence
    assert "pain relief in week 12, P = 0.07" in told.sentence
    assert "fell by 2.0 to 7.2 points at the end of infusion (3 studies, 82 patients)" in told.sentence
    assert "pain_scores-20 and pain_scores-21" in told.rows


def test_response_62_and_48_percent(selection):
    told = findings.response_finding(selection)
    assert told.sentence.startswith("**62% were responders at the end of infusion and 48% at 4 weeks** (30 of 48†")
    assert "95% interval 48% to 75%; 23 of 48†, 34% to 62%" in told.sentence
    assert "at least 7 of the 30 lost the benefit" in told.detail
    assert "P = 0.03 agrees with 9 who lost it and 2 who gained it" in told.detail
    assert "No responder rate has a placebo group beside it." in told.sentence


def test_durations_by_regimen(selection):
    told = findings.duration_finding(selection)
    assert "after anaesthetic doses, in 13 of 20†§ (complete remission;" in told.sentence
    assert "in 18 of 33†§ (pain free;" in told.sentence and "in 10 of 16‡§ (responder;" in told.sentence
    assert "A difference from placebo is reported up to 10.4 weeks after the infusion" in told.sentence
    assert "6.5 to 10.9 weeks in 5 of 5" in told.detail
    assert "cannot rank the regimens" in told.detail


def test_certainty_harm_and_what_is_missing(selection, evidence):
    assert findings.certainty_finding(selection).sentence == (
        "**Only 2 of 15 studies have a placebo group** (86 of 447 patients)."
    )
    for names, told in ((["mangnus2022"], "1 study does"), (["mangnus2022", "lee2025"], "2 studies do")):
        studies = evidence.studies
        sizes = studies[["n_crps", "n_enrolled"]].mask(studies["study_id"].isin(names))
        unknown = select(replace(evidence, studies=studies.assign(**sizes)))
        assert f"; {told} not state how many)" in findings.certainty_finding(unknown).sentence
    harm = findings.harm_finding(selection)
    assert "76%† with ketamine, 18%‡ with placebo** (30 patients in each group" in harm.sentence
    assert "hepatotoxicity, 3 of 6" in harm.sentence and "up to 7% possible" in harm.detail
    missing = findings.gaps_finding(selection)
    assert "a responder rate with a placebo group" in missing.sentence
    left = selection.left_out
    rows = (~left["table"].isin(["studies", "arms"])).sum()
    assert f"24 studies and {rows} result rows are left out" in missing.detail


@pytest.mark.parametrize(("study", "said"), [("noppers2011", True), ("correll2004", False)])
def test_a_case_report_gives_no_rate_of_harm(study, said, evidence):
    harm = findings.harm_finding(select(evidence, Criteria(studies=(study,), access=())))
    assert harm.rows and ("Case reports are published because" in harm.detail) is said


CHANGES = [
    ("pain", "pain_scores", {"arm_id": "sigtermans2009_ketamine"}, {"value": 3.68}, "2.8 points", "1.8 points"),
    ("pain", "pain_scores", {"arm_id": "patil2012_crps"}, {"value": -8.1}, "2.0 to 7.2", "2.0 to 8.1"),
    ("pain", "reported_tests", {"outcome": "pain relief in week 12"}, {"p_value": 0.04}, "P = 0.07", "P = 0.04"),
    (
        "response",
        "responders",
        {"arm_id": "mangnus2022_sket", "weeks_from_end": 0.0},
        {"responders": 32, "percent_reported": 67.0},
        "30 of 48",
        "32 of 48",
    ),
    ("response", "reported_tests", {"outcome": "responder status"}, {"p_value": 0.05}, "9 who lost", "10 who lost"),
    ("duration", "durations", {"arm_id": "kiefer2008_anesthetic"}, {"patients": 9}, "in 13 of 20", "in 9 of 20"),
    ("duration", "durations", {"arm_id": "puchalski2016_ketamine"}, {"weeks_high": 12.0}, "6.5 to 10.9", "6.5 to 12"),
    ("certainty", "studies", {"study_id": "sigtermans2009"}, {"n_crps": 50}, "86 of 447", "76 of 437"),
    ("harm", "adverse_events", {"event": "hepatotoxicity"}, {"events": 2}, "3 of 6", "2 of 6"),
    ("harm", "adverse_events", {"arm_id": "lee2025_ketamine"}, {"n": 30}, "up to 7%", "up to 11%"),
    ("gaps", "studies", {"study_id": "noppers2011"}, {"design": "rct_protocol"}, "7 of 22", "6 of 21"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "table", "where", "values", "before", "after"), CHANGES)
def test_a_sentence_changes_with_its_numbers(evidence, selection, answer, table, where, values, before, after):
    told = getattr(findings, f"{answer}_finding")
    first = told(selection)
    then = told(changed(evidence, table, where, **values))
    text, new = f"{first.sentence} {first.detail}", f"{then.sentence} {then.detail}"
    assert before in text and before not in new
    assert after in new and after not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(),
        EVERYTHING,
        Criteria(access=("full_text", "abstract")),
        Criteria(regimen_classes=("anesthetic",), routes=()),
        Criteria(regimen_classes=("topical",), routes=()),
        Criteria(studies=("finch2009",), routes=()),
        Criteria(studies=("mangnus2023",)),
        Criteria(studies=("harbut2002",), overlapping_studies=True),
    ],
)
def test_every_selection_gives_complete_sentences(evidence, criteria):
    for told in findings.evidence_findings(select(evidence, criteria)):
        for text in (told.sentence, told.detail):
            assert not re.search(r"\bnan\b|<NA>|None,|\(\)|  |\.\.|inf\b", text), text
            assert text == text.strip()
            assert not text or text.endswith((".", "‡", "¶"))
        assert told.sentence


def test_a_shorter_horizon_drops_later_counts(selection):
    assert "13 of 20" not in findings.duration_finding(selection, horizon_weeks=8).sentence
    assert "54% at 13 weeks" not in findings.response_finding(selection, horizon_weeks=8).detail
    assert "62%" in findings.response_finding(selection, horizon_weeks=8).sentence


def test_definition_classes_narrow_the_answer(selection):
    told = findings.response_finding(selection, definition_classes=("complete_relief",))
    assert "76% were free of pain" in told.sentence and "62%" not in told.sentence


def test_the_level_reaches_the_intervals(selection):
    assert "90% interval" in findings.response_finding(selection, level=0.9).sentence
    assert "90% interval" in findings.pain_finding(selection, level=0.9).sentence


def test_rows_named_by_an_answer_exist(evidence, selection):
    for told in findings.evidence_findings(selection):
        for place in told.rows:
            for part in place.split("; "):
                for row_id in re.split(", | and ", part):
                    table, row = row_id.split("-")
                    assert int(row) in set(getattr(evidence, table)["row"])


def test_placebo_controlled_and_uncontrolled_are_never_in_one_number(evidence):
    everything = select(evidence, EVERYTHING)
    controlled = set(trajectories.between_arms(everything)["study_id"])
    within = findings.pain_finding(everything).detail.split("The falls without a control group are from")[1]
    assert not any(f"#ref-{study}" in within for study in controlled)


def test_a_missing_control_group_is_stated(evidence, selection):
    sentence = "No study in this selection prints pain scores of a control group."
    no_pain = select(evidence, Criteria(studies=("lee2025",)))
    assert sentence in findings.pain_finding(select(evidence, Criteria(studies=("mangnus2022", "patil2012")))).detail
    one = findings.pain_finding(select(evidence, Criteria(studies=("mangnus2022",)))).detail
    assert "This study does not print pain scores of a control group." in one and "this selection" not in one
    assert sentence not in findings.pain_finding(selection).detail
    assert sentence not in findings.pain_finding(no_pain).detail
    assert findings.pain_finding(no_pain).sentence.startswith("No study in this selection prints a pain score")


def test_consistency_in_words(evidence):
    checks = consistency.check(evidence)
    counts = checks["verdict"].value_counts()
    checkable = (checks["verdict"] != consistency.CANNOT_BE_CHECKED).sum()
    sentence = findings.consistency_finding(checks).sentence
    assert sentence.startswith(f"**{counts[consistency.FITS]} of {checkable} numbers that can be checked fit**; ")
    unchecked = checks[checks["verdict"] == consistency.CANNOT_BE_CHECKED]
    assert findings.consistency_finding(unchecked).sentence.startswith("Nothing that is printed here can be checked")


def test_one_study(evidence):
    told = findings.study_findings(evidence, "mangnus2022")
    assert [answer.question for answer in told][:2] == [
        "How much does pain fall, and how soon?",
        "How many patients respond, and how many still do later?",
    ]
    # the CRPS patients, not CRPS, others and all of them added up
    assert "(1 study, 18 patients)" in findings.study_findings(evidence, "patil2012")[0].sentence
    assert "(33 of 71§" in findings.study_findings(evidence, "cohen2023")[0].sentence
    assert findings.study_findings(evidence, "kiefer2007")[0].sentence == "Complete remission for 8 years, still going."
    assert findings.study_findings(evidence, "mangnus2023")[0].sentence.startswith("What was read gives no pain score")


@pytest.mark.slow
def test_every_study_has_an_answer(evidence):
    for study_id in evidence.studies["study_id"]:
        assert findings.study_findings(evidence, study_id)


def test_tables_behind_the_answers_are_not_empty(selection):
    assert (
        len(responders.rates(selection))
        and len(durations.retained_benefit(selection))
        and len(safety.events(selection))
    )


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        (Criteria(), ""),
        (Criteria(regimen_classes=("anesthetic",), routes=()), "Only anaesthetic dose; all routes."),
        (Criteria(access=("full_text", "abstract")), "Sources: full texts and abstracts."),
        (
            Criteria(populations=("crps_1",), contained_arms=True),
            "Patients: CRPS type 1; subgroups and repeated courses are counted too.",
        ),
        (
            Criteria(studies=("mangnus2022",), overlapping_studies=True),
            "Only 1 study asked for by name; studies that share patients are counted too.",
        ),
    ],
)
def test_scope_says_what_differs_from_the_default(criteria, words):
    assert findings.evidence_scope(criteria) == words


@pytest.mark.slow
def test_pooled_rates_in_words(selection):
    told = findings.pooled_rates_finding(synthesis.pooled_rates(selection))
    assert (
        "**Complete relief, 2 to 6 months after the end of infusion: 58%** over 2 studies (uncontrolled; 31 of 53 "
        "patients; 95% interval 4% to 98%); the next such study may see 4% to 98%."
    ) in told.sentence
    assert "None of these narrows down what to expect." in told.sentence
    assert "the prediction interval says where the rate of the next group of patients may lie" in told.sentence
    assert "9 rates stand alone" in told.sentence
    assert "responders-9" in told.rows and "domec2004" in told.studies


@pytest.mark.slow
def test_pooled_rates_that_are_narrow_are_not_called_useless(selection):
    found = synthesis.pooled_rates(selection)
    narrow = found.groups.assign(pi_low=0.4, pi_high=0.7)
    assert "narrows down" not in findings.pooled_rates_finding(replace(found, groups=narrow)).sentence
    empty = replace(found, groups=found.groups.iloc[:0], left_out=found.left_out.iloc[:1])
    assert findings.pooled_rates_finding(empty).sentence.endswith(
        "no rate is pooled. 1 rate stands alone; the table says why."
    )


@pytest.mark.slow
def test_the_fading_benefit_in_words(selection):
    told = findings.benefit_retention_finding(synthesis.benefit_retention(selection))
    assert (
        "59% of all treated patients have the benefit at the end of infusion and 47% still have it 13 weeks later"
        in (told.sentence)
    )
    assert "7 studies without a control group, 258 patients" in told.sentence
    assert "neither excludes that they have after 10 weeks nor that they never do" in told.detail
    assert "Without [Correll et al\\. 2004](#ref-correll2004) the curve would not fall at all" in told.detail
    assert "the counts don't tell which is better" in told.detail


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weeks", "low", "high", "words"),
    [
        (9.0, 4.0, 11.0, "have lost it after 9.0 weeks (limits 4.0 to 11.0 weeks)"),
        (
            40.0,
            6.0,
            np.inf,
            "have not lost it within the 13 weeks that were counted; what was counted neither excludes",
        ),
        (40.0, 0.2, np.inf, "what was counted does not tell when they will"),
        (np.inf, np.inf, np.inf, "the counts speak against any such fall"),
    ],
)
def test_the_half_time_in_words(selection, weeks, low, high, words):
    found = synthesis.benefit_retention(selection)
    half = found.half.copy()
    half.loc[0, ["half_weeks", "half_low", "half_high"]] = [weeks, low, high]
    assert words in findings.benefit_retention_finding(replace(found, half=half)).detail


def test_a_missing_curve_is_stated_with_the_reason(evidence):
    told = findings.benefit_retention_finding(
        synthesis.benefit_retention(select(evidence, Criteria(routes=("topical",))))
    )
    assert told.sentence == "No curve over studies can be drawn: no study counts who still has the benefit."


def test_durations_by_regimen_in_words(selection):
    told = findings.durations_by_regimen_finding(synthesis.duration_curves(selection))
    assert (
        "**Anaesthetic dose** (20 patients of 1 study): more than half still had the benefit at the last count, at 13 "
        "weeks."
    ) in told.sentence
    assert "half had lost it, or never had it, by week 4 (95% interval: week 0 or later)" in told.sentence
    assert "durations-33" in told.rows
