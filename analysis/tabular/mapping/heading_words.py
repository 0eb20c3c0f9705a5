"""Words of headings and codes in English, Dutch, German, French and Spanish, with the one meaning that each has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_HEADINGS = {
    "patient_id": """patient_id patientid patient patientnr patnr pat_nr patientnummer patient_number patient_no
        patient_code subject_id subject subjectid record_id participant_id participant n_patient no_patient study_id
        studienummer deelnemer proband patienten_id patientennummer patienten_nr pat_id fallnummer fall_nr code_patient
        numero_patient id_patient identifiant_patient id_paciente paciente numero_de_paciente codigo_paciente""",
    "sex": "sex gender geslacht geschlecht geschl sexe sexo genero",
    "age": "age leeftijd alter edad age_at_treatment",
    "birth_date": """dob birth_date date_of_birth birthdate geboortedatum geb_datum geburtsdatum geb_dat
        date_de_naissance ddn fecha_de_nacimiento""",
    "site": """site site_abbreviation site_name institute centre center clinic hospital centrum ziekenhuis kliniek
        zentrum klinik standort hopital centro""",
    "disease_duration_years": """disease_duration duration_of_disease ziekteduur krankheitsdauer duree_de_la_maladie
        duracion_de_la_enfermedad""",
    "regimen_class": "regimen regimen_class regime schema protocol behandelschema therapieschema",
    "visit": "visit event event_name redcap_event_name visite bezoek besuch meting visita termin zeitpunkt tijdstip",
    "date": "date datum visit_date fecha datetime visitdate untersuchungsdatum datum_visite date_visite besuchsdatum",
    "course": "course kuur zyklus cycle ciclo serie",
    "pgic": "pgic",
    "bpi_interference": "bpi_interference bpi_interf",
    "pseq": "pseq",
    "pcs": "pcs",
    "css": "css crps_severity_score",
    "promis_pain_interference": "promis_pi_t promis_pain_interference",
    "omedd": "omedd opioid_mme mme oral_morphine_mg_day",
    "eq5d_index": "eq5d_index eq_5d_index",
    "eq5d_vas": "eq5d_vas eq_5d_vas",
}
_UNIT_WORDS = {
    "months": "month months mo maand maanden monat monate monaten mois mes meses mnd",
    "years": "year years yr jaar jaren jahr jahre jahren an ans annees ano anos y j",
    "days": "day days dag dagen tag tage tagen jours dias",
    "weeks": "week weeks weken woche wochen semaines semanas",
}
_FREE_TEXT = """remarks remark comment comments note notes opmerking opmerkingen bemerkung bemerkungen kommentar
    remarque remarques commentaire observaciones notas"""
_DIAGNOSIS = "diagnosis diagnose diagnostic diagnostico dx icd icd10 icd_10"
_SCORE = re.compile(r"(^|_)(nrs|vas|numeric_rating|pijn\w*|schmerz\w*|douleur|dolor|pain|eva)(?=_|\d|$)")
_WORDS = {
    "sex": {
        "male": "male man mann maennlich mannlich mannelijk homme masculin hombre masculino varon",
        "female": "female vrouw vrouwelijk woman frau weiblich femme feminin mujer femenino",
        "other": "other divers anders autre otro",
    },
    "visit": {
        "baseline": "baseline intake base ausgangswert basislinie nulmeting basal bl t0 v0",
        "end_of_infusion": """end_of_infusion einde_infuus infusionsende ende_der_infusion fin_de_perfusion
            fin_de_la_perfusion fin_de_infusion fin_de_la_infusion eoi""",
    },
    "infusion_stopped": {"yes": "yes ja oui si", "no": "no nee nein non"},
}
_KNOWN = {name: role for role, names in _HEADINGS.items() for name in names.split()}
_NAMES_A_DATE = re.compile(r"(^|_)(date|\w*datum|dat|fecha|d)(_|$)")
_BEFORE = re.compile(r"(?:^|_)(?:before|pre|vorher|voor|vor|avant|antes)(?:_(.*))?$")
_TREATMENT = re.compile(
    r"(?:(?:the|de|het|der|die|la|el|l|d|arm|\d+|nrs|vas|eva|pain|score|\w*infus\w*|infuus|perfusion|ketamin\w*|treatment"
    r"|behand\w*|therap\w*|traitement|tratamiento)(?:_|$))*"
)


def plain_heading(text: str) -> str:
    """Return a heading in lower case without accents, units in brackets and signs, with underscores between words."""
    text = re.sub(r"\[\d+\]$|\(.*?\)", "", text)
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", letters.lower()).strip("_")


def heading_units(text: str) -> list[str]:
    """Return the units of time that a heading names, also in brackets."""
    words = set(plain_heading(re.sub(r"[()]", "_", text)).split("_"))
    return [unit for unit, forms in _UNIT_WORDS.items() if words & set(forms.split())]


def heading_role(text: str) -> str | None:
    """Return the role that a heading names, or None; only whole headings count, apart from a unit of time."""
    plain = plain_heading(text)
    start, _, last = plain.rpartition("_")
    if heading_units(last) and _KNOWN.get(start) in ("age", "disease_duration_years"):
        return _KNOWN[start]
    return _KNOWN.get(plain)


def says_millimetres(text: str) -> bool:
    """Return whether the name of a file or column says that scores are marks on a line of 100 mm."""
    return bool(re.search(r"(^|[^a-z])(vas|mm|eva)([^a-z]|$)", text.lower()))


def is_free_text_heading(text: str) -> bool:
    """Return whether a heading announces remarks, which may name a person."""
    return plain_heading(text) in _FREE_TEXT.split()


def is_diagnosis_heading(text: str) -> bool:
    """Return whether a heading announces a diagnosis."""
    return plain_heading(text) in _DIAGNOSIS.split()


def is_repeat_heading(text: str) -> bool:
    """Return whether a heading is that of REDCap's column of repeated forms."""
    return plain_heading(text).endswith("repeat_instrument")


def is_score_heading(text: str) -> bool:
    """Return whether a heading announces a pain score."""
    plain = plain_heading(text)
    return bool(_SCORE.search(plain)) and plain not in _KNOWN and not _NAMES_A_DATE.search(plain)


def is_date_heading(text: str) -> bool:
    """Return whether a heading announces a day."""
    return heading_role(text) == "date" or bool(_NAMES_A_DATE.search(plain_heading(text)))


def visit_meaning(text: str) -> str | None:
    """Return baseline or end_of_infusion if one of their words stands in a heading or code, else None."""
    plain = f"_{plain_heading(text)}_"
    found = [v for v, forms in _WORDS["visit"].items() if any(f"_{word}_" in plain for word in forms.split())]
    before = _BEFORE.search(plain.strip("_"))
    if not found and before and _TREATMENT.fullmatch(before[1] or ""):  # before the infusion, not before discharge
        return "baseline"
    return found[0] if len(found) == 1 else None


def word_meanings(role: str, texts: Iterable[str], heading: str) -> dict[str, str | None]:
    """Return for each code or label the word of the format that it states in one of the five languages, or None.

    A letter for a sex counts where no language of the heading contradicts: V is a woman in Dutch and a man in Spanish,
    M a woman beside H or V in Spanish.
    """
    plain = {text: plain_heading(text) for text in texts}
    letters = {"f": "female", "w": "female"} | ({"v": "female"} if plain_heading(heading) == "geslacht" else {})
    if letters.keys() & set(plain.values()):
        letters |= {"m": "male", "h": "male"}
    known = {form: word for word, forms in _WORDS.get(role, {}).items() for form in forms.split()}
    known |= letters if role == "sex" else {}
    return {text: known.get(form) for text, form in plain.items()}
