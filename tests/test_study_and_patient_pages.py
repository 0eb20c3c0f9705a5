"""Pages of one study and the page for patients: built without kernels, read as text."""

from __future__ import annotations

import re

import pytest
from first_page_samples import planted, sentences, texts_of

from analysis import figures, findings, tables
from analysis.evidence.selection import only, select
from analysis.exhibit import plain
from analysis.findings import patient_page, study_page
from analysis.outcomes import durations, responders
from analysis.outcomes.key_outcomes import key_outcomes
from analysis.outcomes.results_of_study import study_results

pytestmark = pytest.mark.slow  # the texts of all studies


def title_of(evidence, study_id: str) -> str:
    return study_page.study_title(findings.each_patient_once(evidence, study_id))


def study_texts(evidence, study_id: str) -> list[str]:
    """Return every text of the builders of a study's page: title, lead, facts, results, limits, answers."""
    selection = only(evidence, study_id)
    table = tables.study_results_table(study_results(selection))
    return [
        title_of(evidence, study_id),
        study_page.study_lead(selection),
        *texts_of(study_page.study_facts(selection)),
        *(cell for row in table.payload()["cells"] for cell in row),
        *texts_of(study_page.study_remarks(evidence, study_id)),
        *(plain(f"{told.sentence} {told.detail}") for told in findings.study_findings(evidence, study_id)),
    ]


@pytest.fixture(scope="module")
def pages(evidence) -> dict[str, list[str]]:
    """The texts of the pages of all studies."""
    return {study_id: study_texts(evidence, study_id) for study_id in evidence.studies["study_id"]}


# ------------------------------------------------------------------------------------------------ one study
def test_titles_are_distinct_and_state_what_was_found(pages):
    titles = {study_id: texts[0] for study_id, texts in pages.items()}
    assert len(titles) == len(set(titles.values())) == 47
    assert titles["sigtermans2009"] == (
        "Pain was 2.8 points lower with ketamine than with placebo about 3 days after the infusion; at week 12 no "
        "difference was shown"
    )
    assert titles["mangnus2022"] == "62% of 48 patients responded at the end of infusion and 48% about 4 weeks later"
    assert titles["lee2025"] == "Liver dysfunction on tests within 24 h of infusion in 0 of 52 patients"
    assert titles["mangnus2023"] == "Mangnus 2023 is planned and has no results yet"
    assert any("Patients may have been chosen because they responded" in text for text in pages["lee2025"])
    assert titles["kiefer2008b"].endswith("in 0 of 4 patients, at 0.3 weeks")
    # the 18 patients with CRPS, not all 49
    assert titles["patil2012"] == "Pain was 7.2 points lower after ketamine than before in 18 patients"


def test_a_title_rests_on_no_lay_source(pages):
    # 31% at half a year is from a newsletter
    assert pages["correll2004"][0].startswith("76% of 33 patients responded at the end of infusion and 54% about 13")
    assert "31%" not in pages["correll2004"][0]


@pytest.mark.parametrize(
    ("study_id", "told"),
    [
        (
            "correll2004",
            "Only the abstract of the paper was read; the rest is from secondary accounts and lay sources.",
        ),
        ("mangnus2022", "Only the abstract of the paper was read."),
        ("sigtermans2009", "Only the abstract of the paper was read; the rest is from secondary accounts."),
        ("goebel2015", "Known through secondary accounts alone."),
        ("kiefer2002", "Known through lay sources alone."),
    ],
)
def test_what_was_read_of_a_study_names_every_kind_of_source(pages, study_id, told):
    (said,) = {text for text in pages[study_id] if "of the paper was read" in text or text.startswith("Known through")}
    assert said == told


def test_the_second_trial_is_never_told_as_a_difference_between_groups(pages):
    title = pages["schwartzman2009"][0]
    assert "12 months" not in title and "against placebo" not in title
    assert "no size" in title and "ketamine group" in title


def test_a_reviews_words_about_a_group_are_not_those_of_the_study(pages):
    """The trial followed patients for 3 months; its P < 0.05 is a change within the ketamine group."""
    said = [text for text in pages["schwartzman2009"] if "against placebo" in text]
    assert said == ["in a secondary account: up to 12 months (significant fall against placebo)§"]


def test_end_of_week_1_of_the_first_trial_is_never_a_week_after_the_infusion(pages, patients):
    texts = [text for page in (*pages.values(), patients) for text in page]
    assert not [text for text in texts if re.search(r"(one|1|a) week after", text)]
    assert any("About 3 days after the drip" in text for text in patients)


def test_what_was_not_read_is_not_called_unreadable_nor_absent_from_trials(pages, patients):
    texts = [text for page in (*pages.values(), patients) for text in page]
    assert not [text for text in texts if re.search(r"could (not )?be read|[Nn]o trial (counts|reports)", text)]


def test_only_a_study_without_a_control_group_is_called_so(pages, evidence):
    for study_id, texts in pages.items():
        roles = set(evidence.arms.loc[evidence.arms["study_id"] == study_id, "role"])
        controlled = bool(roles & {"placebo", "comparator"}) or study_id == "regimen357_nd"
        claims = [text for text in texts if re.search(r"[Nn]o control group|There was no control group", text)]
        assert not (controlled and claims), (study_id, claims)


SELECTION_WORDS = (
    r"[Nn]o study\b|in this selection|\b(these|other|most|all) studies\b|\bstudies (that|which|without|with|of)\b|"
    r"[Ii]n a typical study|over \d+ studies"
)


def test_no_text_of_a_selection_stands_on_the_page_of_one_study(pages):
    found = [
        (study_id, text)
        for study_id, texts in pages.items()
        for text in texts
        if re.search(SELECTION_WORDS, text) and not text.startswith("Note:")
    ]
    assert not found


def test_singular_plural_and_no_missing_values(pages):
    wrong = (
        r"\bnan\b|<NA>|\bNone\b(?! of)|\(\)|  |\.\.|\*\*\.|, ,|"
        r"(?<![\d.])(?<!type )1 (patients|studies|statements|tests|groups|results|days|weeks)\b|"
        r"\b0 of 1 .* come\b|and no \w+ \w+ and no"
    )
    found = [(study_id, text) for study_id, texts in pages.items() for text in texts if re.search(wrong, text)]
    assert not found


def test_patients_with_several_conditions_are_not_called_patients_with_crps(evidence):
    mixed = "Patients had several pain conditions; those with CRPS are not counted apart."
    leads = {study: study_page.study_lead(only(evidence, study)) for study in evidence.studies["study_id"]}
    assert {study for study, lead in leads.items() if mixed in lead} == {
        *("corriger2022", "crowley1998", "inpatient_scirp2021", "marchetti2015", "sheehy2015", "tankha2025")
    }


def test_results_have_every_row_of_the_study_once(evidence):
    for study_id in ("mangnus2022", "sigtermans2009", "schwartzman2009", "kiefer2008b"):
        selection = only(evidence, study_id)
        shown = " ".join(study_results(selection)["row_id"])
        for table in ("pain_scores", "responders", "adverse_events", "reported_tests"):
            for row in getattr(selection.evidence, table)["row"]:
                assert len(re.findall(rf"\b{table}-{row}\b", shown)) == 1, (study_id, table, row)
    results = study_results(only(evidence, "sigtermans2009"))
    first = results.iloc[0]
    assert (first["kind"], round(first["ci_low"], 1), round(first["ci_high"], 1)) == ("difference", -4.2, -1.4)
    none = study_results(only(evidence, "kiefer2008b"))
    none = none[(none["kind"] == "response") & (none["events"] == 0)].iloc[0]
    assert none["ci_high"] == pytest.approx(0.4899, abs=5e-5)  # Wilson's upper limit of 0 of 4


def test_figures_of_one_study_say_nothing_about_others(evidence):
    for study_id in ("mangnus2022", "kiefer2008", "lee2025", "puchalski2016"):
        selection = only(evidence, study_id)
        drawn = (
            figures.responder_forest(responders.rates(selection)),
            figures.duration_lanes(durations.statements(selection)),
        )
        for figure in drawn:
            assert not re.search(r"too different to average|whatever the regimen|\bstudies\b", figure.title), (
                figure.title
            )


# ------------------------------------------------------------------------------------------------ patients
def patient_texts(evidence) -> list[str]:
    selection = select(evidence)
    outcomes = key_outcomes(selection)
    cards = (
        patient_page.does_it_ease_pain(selection, outcomes),
        patient_page.how_many_feel_better(selection),
        patient_page.side_effects(selection, outcomes),
        patient_page.open_questions(),
        patient_page.how_sure(selection),
    )
    return [patient_page.patient_title(outcomes), *(text for card in cards for text in texts_of(card) if text)]


@pytest.fixture(scope="module")
def patients(evidence) -> list[str]:
    return patient_texts(evidence)


def test_sentences_for_patients_are_short(patients):
    lengths = {part: len(part.split()) for text in patients for part in sentences(text)}
    assert sum(lengths.values()) / len(lengths) <= 12
    long = {part: length for part, length in lengths.items() if length > 15}
    assert len(long) <= 0.15 * len(lengths) and max(lengths.values()) <= 24, long


def test_no_advice_and_no_jargon(patients):
    text = " ".join(patients)
    assert not re.search(r"\b(should|must|recommend\w*|advise\w*|ought|avoid|need to)\b", text, re.IGNORECASE)
    assert not re.search(r"\b(placebo-controlled|interval|cohort|responder|P [<=]|CI|subanaesthetic|NRS)\b", text)


def test_every_number_for_patients_is_a_number_of_the_evidence(patients, evidence):
    selection = select(evidence)
    outcomes = {row.outcome_id: row for row in key_outcomes(selection).itertuples() if not row.review}
    pain, harm = outcomes["pain_week_1"], outcomes["psychomimetic_effects"]
    flow = next(flow for flow in responders.flows(selection) if flow.study_id == "mangnus2022")
    known = {
        *(pain.patients, round(pain.ketamine, 1), 5.5, round(-pain.difference), 1, 4, round(7 * pain.weeks)),
        *(round(100 * harm.ketamine), round(100 * harm.control), flow.n, flow.percent_first, flow.percent_second),
        flow.weeks_second,
        *(3, 6, 52),  # liver: 3 of 6 harmed, none of 52
        *(447, 15, 86, 60, 26, 2009),  # people, studies and the two fair tests
        *(0, 10, 100, 2, 12),  # ends of the scale, per 100 people, two points, week 12
    }
    found = {float(number) for text in patients for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)}
    assert found <= {float(number) for number in known}, found - {float(number) for number in known}
    assert {float(pain.patients), 62.0, 48.0, 76.0, 18.0} <= found


@pytest.mark.parametrize(
    ("change", "said", "gone"),
    [
        (("pain_scores", "pain_scores-20", {"value": 5.2}), "no clear gap in pain was found", "CRPS pain was lower"),
        (("reported_tests", "reported_tests-43", {"p_value": 0.01}), "still a gap", "no clear gap was left"),
        (
            ("reported_tests", "reported_tests-60", {"comparison": "ketamine against placebo", "p_value": 0.01}),
            "also got better at using",
            "did not get better",
        ),
        (
            ("reported_tests", "reported_tests-42", {"p_value": 0.2, "p_operator": "="}),
            "just after a ketamine drip",
            "for some weeks",
        ),
        (
            ("reported_tests", "reported_tests-37", {"p_value": 0.4, "p_operator": "="}),
            "does not say whether pain was lower",
            "found less pain",
        ),
        (("adverse_events", "adverse_events-17", {"events": 2}), "The liver of 2 of them", "The liver of 3"),
    ],
)
def test_words_for_patients_change_with_the_numbers(evidence, patients, change, said, gone):
    before, after = " ".join(patients), " ".join(patient_texts(planted(evidence, change)))
    assert said in after and said not in before
    assert gone in before and gone not in after


def test_the_second_test_found_a_fall_not_a_difference(patients):
    assert "A second, smaller test found less pain after ketamine. It does not say how much less." in " ".join(patients)
