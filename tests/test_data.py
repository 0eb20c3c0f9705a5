"""Selected values of the tables against the papers, and the text about the tables."""

from __future__ import annotations

import re

import pytest


def one(table, **match):
    rows = table
    for column, value in match.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, (match, len(rows))
    return rows.iloc[0]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("sources", 90),
        ("studies", 47),
        ("arms", 68),
        ("pain_scores", 20),
        ("responders", 41),
        ("durations", 42),
        ("reported_tests", 59),
        ("adverse_events", 27),
        ("reviews", 99),
        ("pharmacology", 17),
        ("patient_level", 24),
        ("conflicts", 33),
        ("planned_outcomes", 5),
        ("risk_of_bias", 537),
        ("outcomes", 10),
        ("certainty", 210),
        ("searches", 62),
        ("screening", 88),
        ("extraction", 414),
    ],
)
def test_rows(evidence, name, rows):
    """Change the number when a row is added on purpose."""
    assert len(getattr(evidence, name)) == rows


def test_reviews_and_guidelines(evidence):
    assert evidence.reviews["review_id"].nunique() == 22
    assert evidence.reviews.drop_duplicates("review_id")["kind"].value_counts().to_dict() == {
        "meta_analysis": 9,
        "systematic_review": 8,
        "guideline": 4,
        "survey": 1,
    }


def test_responders_of_mangnus(evidence):
    """62% at the end of infusion and 48% four weeks later, of 48 (abstract, doi 10.1111/papr.13056)."""
    end = one(evidence.responders, arm_id="mangnus2022_sket", timepoint="T1 end of infusion")
    later = one(evidence.responders, arm_id="mangnus2022_sket", timepoint="T2 about 4 weeks")
    assert end[["responders", "n", "percent_reported", "weeks_from_end"]].tolist() == [30, 48, 62, 0]
    assert later[["responders", "n", "percent_reported", "weeks_from_end"]].tolist() == [23, 48, 48, 4]
    assert {end["count_basis"], later["count_basis"]} == {"derived_from_percent"}
    test = one(evidence.reported_tests, study_id="mangnus2022", outcome="responder status")
    assert (test["p_operator"], test["p_value"]) == ("=", 0.03)


def test_pain_of_mangnus(evidence):
    scores = evidence.pain_scores[evidence.pain_scores["arm_id"] == "mangnus2022_sket"]
    assert scores[["statistic", "value", "spread_kind", "spread_low"]].values.tolist() == [
        ["median", 8, "iqr_width", 2],
        ["median", 6, "iqr_width", 4],
    ]


def test_pain_of_sigtermans(evidence):
    """2.68 against 5.45 at the lowest point, 0.51 and 0.48 after an unlabelled plus-minus sign (30 and 30 patients)."""
    scores = evidence.pain_scores[evidence.pain_scores["study_id"] == "sigtermans2009"]
    assert scores[["value", "spread_kind", "spread_low", "n"]].values.tolist() == [
        [2.68, "unlabelled", 0.51, 30],
        [5.45, "unlabelled", 0.48, 30],
    ]


def test_correll(evidence):
    """25 of 33 complete (76%), 6 partial, 2 without relief; 54% pain free for 3 months or more, 31% for 6."""
    rates = evidence.responders[evidence.responders["arm_id"] == "correll2004_course1"]
    assert rates[["weeks_from_end", "responders"]].values.tolist() == [[0, 25], [0, 31], [13, 18], [26.1, 10]]
    nothing = one(evidence.durations, arm_id="correll2004_course1", statement="none")
    assert nothing["patients"] + 31 == 33


def test_kiefer_anesthetic(evidence):
    rate = one(evidence.responders, arm_id="kiefer2008_anesthetic")
    assert rate[["responders", "n", "percent_reported", "weeks_from_end"]].tolist() == [13, 20, 65, 13]


def test_cohen_adds_up(evidence):
    """61.0% of 41 and 26.7% of 30 are the 33 of 71 that the news report prints."""
    rates = evidence.responders[evidence.responders["study_id"] == "cohen2023"].set_index("arm_id")
    parts = rates.loc[["cohen2023_smp", "cohen2023_sip"], ["responders", "n"]].sum().tolist()
    assert parts == rates.loc["cohen2023_all", ["responders", "n"]].tolist() == [33, 71]


def test_arms_that_contain_each_other(evidence):
    held = evidence.arms.dropna(subset="contained_in").set_index("arm_id")[["contained_in", "contained_as"]]
    assert {arm: tuple(row) for arm, row in zip(held.index, held.to_numpy(), strict=True)} == {
        "cohen2023_smp": ("cohen2023_all", "subgroup"),
        "cohen2023_sip": ("cohen2023_all", "subgroup"),
        "cohen2023_responders": ("cohen2023_all", "chosen_by_outcome"),
        "correll2004_course2": ("correll2004_course1", "repeated_course"),
        "correll2004_course3": ("correll2004_course1", "repeated_course"),
        "patil2012_crps": ("patil2012_all", "subgroup"),
        "patil2012_other": ("patil2012_all", "subgroup"),
        "rasmussen2013_retreatment": ("rasmussen2013_coma", "repeated_course"),
        "sheehy2015_crps": ("sheehy2015_all", "subgroup"),
        "ushida2002_crps1_acute": ("ushida2002_all", "subgroup"),
        "ushida2002_crps1_chronic": ("ushida2002_all", "subgroup"),
        "ushida2002_crps2": ("ushida2002_all", "subgroup"),
    }


def test_populations_of_arms(evidence):
    own = evidence.arms.dropna(subset="population").set_index("arm_id")["population"]
    assert own.to_dict() == {
        "patil2012_all": "mixed",
        "patil2012_crps": "crps",
        "patil2012_other": "not_crps",
        "sheehy2015_all": "mixed",
        "sheehy2015_crps": "crps",
        "ushida2002_crps1_acute": "crps_1",
        "ushida2002_crps1_chronic": "crps_1",
        "ushida2002_crps2": "crps_2",
    }


def test_caps_of_the_rate(evidence):
    """Each cap stands in the label too, in the source's words."""
    caps = evidence.arms.dropna(subset="dose_cap_mg_h").set_index("arm_id")
    assert caps["dose_cap_mg_h"].to_dict() == {
        "inpatient_scirp2021_ketamine": 24,
        "regimen357_nd_a": 24,
        "regimen357_nd_b": 24,
        "regimen357_nd_c": 24,
        "schwartzman2009_ketamine": 25,
    }
    for _, arm in caps.iterrows():
        assert f"{arm['dose_cap_mg_h']:g} mg/h" in arm["label"]


def test_counts_that_no_rounding_gives(evidence):
    marked = evidence.responders[evidence.responders["count_basis"] == "nearest_to_percent"]
    assert marked[["study_id", "responders", "n", "percent_reported"]].values.tolist() == [
        ["correll2004", 10, 33, 31],
        ["goldberg2010", 10, 16, 60],
    ]
    assert (evidence.durations["count_basis"] == "nearest_to_percent").sum() == 2


def test_derived_counts_are_percent_times_n(evidence):
    derived = evidence.responders[
        evidence.responders["count_basis"].isin(["derived_from_percent", "nearest_to_percent"])
    ]
    assert len(derived) == 9
    for _, row in derived.iterrows():
        assert row["responders"] == round(row["percent_reported"] * row["n"] / 100), row["arm_id"]


@pytest.mark.parametrize(
    ("printed", "weeks"),
    [
        ("3 months after first course", 3 * 4.348),
        ("6 months after first course", 6 * 4.348),
        ("1 year after second course", 12 * 4.348),
        ("8 years", 96 * 4.348),
        ("1 month after treatment", 4.348),
        ("10 treatment days and 2 days after", 2 / 7),
    ],
)
def test_weeks(evidence, printed, weeks):
    assert one(evidence.responders, timepoint=printed)["weeks_from_end"] == round(weeks, 1)


@pytest.mark.parametrize("table", ["pain_scores", "durations"])
def test_weeks_that_a_source_counts_from_the_start_are_marked(evidence, table):
    """So that the check subtracts the infusion (rule weeks_from_the_end)."""
    rows = getattr(evidence, table)
    words = rows["note"].fillna("") + rows["timepoint" if table == "pain_scores" else "reported"]
    said = words.str.contains("(?:from|since|after) the start", case=False)
    assert said.sum() == {"pain_scores": 2, "durations": 1}[table]
    assert (rows["weeks_from_start"].notna() == said).all()


def test_duration_of_sigtermans(evidence):
    row = one(evidence.durations, study_id="sigtermans2009")
    assert (row["weeks_from_start"], row["weeks_low"]) == (11.0, 10.4)


def test_one_study_of_each_overlap_group_counts(evidence):
    groups = evidence.studies.dropna(subset="overlap_group")
    counting = groups[groups["pool_in_overlap"] == "yes"].set_index("overlap_group")["study_id"].to_dict()
    assert counting == {
        "german_coma": "kiefer2008",
        "goldberg_infusion": "goldberg2010",
        "leiden_trial": "sigtermans2009",
        "mackay": "correll2004",
    }
    assert set(groups["overlap_group"]) == set(counting)


def test_readme_names_studies_that_are_there(evidence, data_folder):
    text = (data_folder / "README.md").read_text(encoding="utf-8")
    table = text.partition("## What is missing")[2].partition("## Licence")[0]
    named = {name for line in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for name in line.split(", ")}
    named -= {"study", "---", "reviews"}
    assert named <= set(evidence.studies["study_id"])
    assert set(evidence.studies["study_id"]) - named == set()


def test_readme_lists_what_was_changed(evidence, data_folder):
    text = (data_folder / "README.md").read_text(encoding="utf-8")
    for word in ("`population`", "`contained_in`", "`dose_cap_mg_h`", "nearest_to_percent", "CC0", "in five steps"):
        assert word in text
    for group, study in {"german_coma": "kiefer2008", "mackay": "correll2004"}.items():
        assert f"{group} ({study})" in text


def test_only_facts(evidence):
    """No cell is long enough to be a copied passage: the titles of papers are the longest texts."""
    for name in ("responders", "durations", "pain_scores", "adverse_events", "conflicts", "reviews", "sources"):
        table = getattr(evidence, name)
        for column in table.select_dtypes("str"):
            assert table[column].str.len().max() <= 250, (name, column)
