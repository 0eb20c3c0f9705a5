"""The rules of disclosure control, each with its example."""

from __future__ import annotations

import json
import re
import stat
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cohort_samples import cohort
from hypothesis import given
from hypothesis import strategies as st

from analysis import paths
from analysis.cohort_wording import p_cell
from analysis.outcomes.cohort import (
    cautions,
    clinic_file,
    disclosure,
    durations,
    load,
    people,
    response,
    sites,
    trajectories,
)
from analysis.outcomes.cohort.disclosure.digits import as_printed
from analysis.reporting import private_folder
from analysis.reporting.batch.differencing import LEDGER, why_differenced
from analysis.reporting.batch.plan import read_plan
from analysis.tabular.problems import DataError
from analysis.wording import half_up, percent

FOLDER = Path(__file__).parent / "data" / "privacy"
CLINIC3, FIVE, WRONG = (FOLDER / f"{name}.csv" for name in ("clinic3", "five", "wrong-rows-ids"))
PUBLIC = {"release": "public", "min_cell": 10}


def summary(scores: list[float]) -> dict[str, float]:
    values = np.array(scores, dtype=float)
    return {"n": len(values), "mean": values.mean(), "sd": values.std(ddof=1), "median": np.median(values)} | {
        "low": 0.0, "high": 9.0, "q1": 1.0, "q3": 8.0
    }  # fmt: skip


def planned(text: str, tmp_path: Path) -> tuple:
    path = tmp_path / "batch.yml"
    path.write_text(text, encoding="utf-8")
    return read_plan(path).reports


def batch(tmp_path: Path, file: Path, *entries: str) -> tuple:
    lines = [f"  - {{notebook: cohort-report, {entry}}}".replace("FILE", str(file)) for entry in entries]
    return planned("\n".join(["reports:", *lines]), tmp_path)


# ------------------------------------------------------------------------------------------------ rules 1 to 4
def test_rule_1_a_group_of_four_joins_another():
    groups = pd.Categorical(["2021 Q1"] * 9 + ["2021 Q2"] * 4 + ["2021 Q3"] * 12)
    merged = disclosure.merge_small(groups, np.arange(25), 5)
    assert pd.Series(merged).value_counts().min() >= 5
    assert "2021 Q2" not in merged.categories


def test_rule_2_public_counts_and_their_rates_are_rounded():
    rates = response.response(cohort(*[(8, 4)] * 164, *[(8, 8)] * 121), **PUBLIC).rates
    row = rates[(rates["rule"] == "ge_30_percent") & (rates["visit"] == "end_of_infusion")].iloc[0]
    assert (row["responders"], row["n"], percent(row["rate"])) == (165, 285, "58%")
    internal = response.response(cohort(*[(8, 4)] * 164, *[(8, 8)] * 121)).rates
    assert internal["responders"].iloc[0] == 164


def test_rule_3_all_of_a_small_named_group():
    assert disclosure.is_one_sided(6, 6, 5, "public") and disclosure.is_one_sided(0, 19, 10, "public")
    assert not disclosure.is_one_sided(20, 20, 10, "public") and not disclosure.is_one_sided(6, 6, 5, "internal")
    rows = [{"baseline": 8, "end": 4, "site": "a"}] * 15 + [{"baseline": 8, "end": 8, "site": "b"}] * 25
    groups = response.response(cohort(*rows), **PUBLIC).by_group
    site = groups[(groups["by"] == "site") & (groups["visit"] == "end_of_infusion")].set_index("group")
    assert site.loc["a", "hidden"].all() and not site.loc["b", "hidden"].any()


def test_rule_4_three_responders_of_ten():
    assert disclosure.is_one_sided(3, 10, 10, "public") and disclosure.is_one_sided(17, 20, 10, "public")
    assert not disclosure.is_one_sided(10, 20, 10, "public")
    rates = response.response(cohort(*[(8, 4)] * 3, *[(8, 8)] * 37), **PUBLIC).rates
    assert rates.loc[rates["visit"] == "end_of_infusion", "hidden"].all()
    flow = response.response(cohort(*[(8, 4, {4: 4})] * 30, *[(8, 4, {4: 8})] * 3), **PUBLIC).flow
    assert flow["hidden"].all() and flow["kept"].isna().all()


# ------------------------------------------------------------------------------------------------ rules 5 to 7
def test_rule_5_no_extremes():
    scores = [8, 9, 8, 7, 6]
    assert pd.isna([disclosure.shown_summary(summary(scores), 5)[name] for name in ("median", "q1", "q3")]).all()
    ten, thirteen, twenty = (
        ([2, 9, 4, 6, 5, 1, 7, 3, 8, 10] * 2)[:10],
        [2, 9, 4, 6, 5, 1, 7, 3, 8, 10, 1, 5, 9],
        range(20),
    )
    assert pd.isna(disclosure.shown_summary(summary(ten), 5)["median"])
    shown = disclosure.shown_summary(summary(thirteen), 5)
    assert pd.notna(shown["median"]) and pd.isna(shown["q1"])
    assert pd.notna(disclosure.shown_summary(summary([x % 11 for x in twenty]), 5)["q1"])
    assert pd.isna(disclosure.shown_summary(summary([x % 11 for x in twenty]), 10)["q1"])
    whole = load(FIVE)
    assert people.people(whole).measures[["median", "q1", "q3"]].isna().all(axis=None)
    visits = trajectories.trajectories(whole).visits
    assert visits[["median", "q1", "q3", "change_median", "change_q1", "change_q3"]].isna().all(axis=None)
    assert not hasattr(trajectories.trajectories(whole), "lines"), "no line of one patient"


@cache
def sets_of(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return every set of n whole scores with its mean and SD."""
    sets = np.array(list(combinations_with_replacement(range(11), n)))
    return sets, sets.mean(axis=1), sets.std(axis=1, ddof=1)


def possible(n: int, mean: str, sd: str) -> list[tuple[int, ...]]:
    """Return every set of n whole scores that is printed with this mean and SD, by trying all."""
    sets, means, sds = sets_of(n)
    near = (abs(means - float(mean)) < 0.1) & (abs(sds - float(sd)) < 0.1)
    printed = zip(sets[near].tolist(), means[near], sds[near], strict=True)
    return [tuple(s) for s, m, d in printed if (half_up(m, 1), half_up(d, 1)) == (mean, sd)]


def test_rule_6_mean_4_2_and_sd_0_4_of_six_are_five_4s_and_a_5():
    assert possible(6, "4.2", "0.4") == [(4, 4, 4, 4, 4, 5)]
    shown = disclosure.shown_summary(summary([4, 4, 4, 4, 4, 5]), 5)
    assert shown["n"] == 6 and pd.isna([shown[name] for name in ("mean", "sd", "low", "high")]).all()


@given(st.lists(st.integers(0, 10), min_size=5, max_size=7))
def test_rule_6_is_at_least_as_strict_as_trying_all_sets(scores):
    found = summary(scores)
    sets = np.array(possible(len(scores), half_up(found["mean"], 1), half_up(found["sd"], 1)))
    is_open = bool((sets.max(axis=0) - sets.min(axis=0) >= 2).all())
    # the interval of the mean is printed too, so that fewer sets are possible
    assert is_open or not disclosure.are_scores_open(found)


def test_rule_6_hides_nothing_of_scores_that_are_far_apart():
    for scores in ([2, 3, 4, 4, 4, 8, 8, 8, 8, 9, 9, 10], [0, 4, 4, 4, 6, 6, 7, 7, 9, 10]):
        assert disclosure.are_scores_open(summary(scores))


def test_rule_6_holds_for_many_patients_who_are_alike():
    assert not disclosure.are_scores_open(summary([4] * 40))
    assert not disclosure.are_scores_open(summary([4] * 39 + [5]))
    assert disclosure.are_scores_open(summary([1, 4, 7] * 12))
    assert not disclosure.are_scores_open(summary([-10] * 5), low=-10, high=10)


# rule 7: test_cohort_disclosure.py


# ------------------------------------------------------------------------------------------------ rule 8
@pytest.mark.slow
def test_rule_8_whole_less_two_sites_is_the_third(tmp_path):
    reports = batch(
        tmp_path,
        CLINIC3,
        "name: whole, parameters: {cohort: FILE}",
        "name: part, parameters: {cohort: FILE}, matrix: {sites: each_in_cohort}",
    )
    (why,), _, _ = why_differenced(reports, tmp_path)
    assert "fewer than 5 patients" in why and '{sites: [["East", "South"], ["North"]]}' in why
    assert not re.search(r"\b3\b", why.replace("clinic3", "")), "the message keeps the number"
    merged = batch(
        tmp_path,
        CLINIC3,
        "name: whole, parameters: {cohort: FILE}",
        'name: part, parameters: {cohort: FILE}, matrix: {sites: [["East", "South"], ["North"]]}',
    )
    assert why_differenced(merged, tmp_path)[0] == []
    two = batch(
        tmp_path,
        CLINIC3,
        *(f"name: {site.lower()}, parameters: {{cohort: FILE, sites: [{site}]}}" for site in ("North", "South")),
    )
    assert why_differenced(two, tmp_path)[0] == [], "without the whole nothing is left"
    few = batch(tmp_path, CLINIC3, "name: few, parameters: {cohort: FILE, sites: [East]}")
    assert len(why_differenced(few, tmp_path)[0]) == 1


@pytest.mark.slow
def test_rule_8_the_offered_groups_are_accepted(tmp_path):
    """In the public example several groups leave few, one after the other."""
    whole = "name: whole, parameters: {cohort: FILE, release: public}"
    part = "name: part, parameters: {cohort: FILE, release: public}, matrix: "
    example = paths.ROOT / "data" / "cohorts" / "synthetic-example.csv"
    (why,), _, _ = why_differenced(batch(tmp_path, example, whole, f"{part}{{sites: each_in_cohort}}"), tmp_path)
    offer = re.search(r"Merge small groups: matrix: (\{.*\})\.$", why)[1]
    assert offer == '{sites: [["Site A", "Site B"], ["Site C", "Site D", "Site E"]]}'
    assert why_differenced(batch(tmp_path, example, whole, f"{part}{offer}"), tmp_path)[0] == []


@pytest.mark.slow
def test_rule_8_whole_less_two_sites_is_the_third_at_each_visit_and_in_each_group(tmp_path):
    few = tmp_path / "few.csv"
    lines = ["patient_id,nrs_baseline,nrs_end_of_infusion,nrs_week_4,site,sex"]
    for site, patients in (("North", 60), ("South", 12), ("West", 64)):
        for number in range(patients):
            seen = 4 if site != "South" or number < 3 else ""
            lines.append(f"{site}{number},7,5,{seen},{site},{'male' if number % 4 else 'female'}")

    def problems(release: str = "internal") -> tuple[list[str], list[str]]:
        few.write_text("\n".join(lines) + "\n", encoding="utf-8")
        given = f"parameters: {{cohort: FILE, release: {release}"
        parts = [f"name: {site.lower()}, {given}, sites: [{site}]}}" for site in ("North", "West")]
        return why_differenced(batch(tmp_path, few, f"name: whole, {given}}}", *parts), tmp_path)[:2]

    (why,), _ = problems()
    assert "(those with a score at follow up)" in why and '{sites: [["North", "South"], ["West"]]}' in why
    lines = [line.replace("7,5,,", "7,5,4,") for line in lines]
    refused, (remark,) = problems()
    assert refused == [] and "(those with a score at baseline, by sex)" in remark, "3 women of South"
    (why,), _ = problems("public")
    assert "by sex" in why and "fewer than 10" in why


def test_rule_8_the_smallest_difference():
    assert disclosure.smallest_difference([range(31), range(14), range(14, 28)]) == {28, 29, 30}
    assert len(disclosure.smallest_difference([range(20), range(10, 30)])) == 10
    assert disclosure.smallest_difference([]) == frozenset()


@pytest.mark.slow
def test_rule_8_earlier_batches_count_unless_they_are_replaced(tmp_path):
    file = tmp_path / "clinic.csv"
    lines = CLINIC3.read_text(encoding="utf-8").splitlines()

    def publish(rows: int, output: str, release: str) -> list[str]:
        file.write_text("\n".join(lines[: rows + 1]) + "\n", encoding="utf-8")
        reports = batch(tmp_path, file, f"name: whole, parameters: {{cohort: FILE, release: {release}}}")
        problems, _, ledger = why_differenced(reports, tmp_path / output)
        if not problems:
            private_folder.write_private(LEDGER, ledger)
        return problems

    assert publish(28, "a", "internal") == []
    assert publish(30, "a", "internal") == [], "the same folder: the earlier report is replaced"
    (why,) = publish(31, "b", "internal")
    assert "earlier batch" in why and str(private_folder.private_folder() / LEDGER) in why
    assert publish(20, "p", "public") == []
    (why,) = publish(22, "p", "public")
    assert "fewer than 10" in why, "a public report is not taken back"
    content = (private_folder.private_folder() / LEDGER).read_text()
    assert "SECRETID" not in content and "clinic" not in content and "North" not in content


# ------------------------------------------------------------------------------------------------ rules 9 to 12
def test_rule_9_no_more_digits_than_on_the_page():
    frame = pd.DataFrame({"mean": [7.18135593220339, -2.45], "n": [295, 3]})
    assert as_printed(frame, 1)["mean"].tolist() == [7.2, -2.5]
    shares = as_printed(pd.DataFrame({"rate": [0.575, 0.125, 0.0031, 0.00001, 0.9999, 1.0, np.nan]}), "shares")["rate"]
    assert shares.tolist()[:6] == [0.58, 0.13, 0.003, 0.0004, 0.9996, 1]
    for value in (0.575, 0.125, 0.0031, 0.00001, 0.99991, 0.42):
        rounded = as_printed(pd.DataFrame({"rate": [value]}), "shares")["rate"].iloc[0]
        assert percent(rounded) == percent(value)
    values = [1e-9, 0.00053, 0.00099, 0.001, 0.0125, 0.9996]
    rounded = as_printed(pd.DataFrame({"p_value": [*values, np.nan]}), 1, p_value="P values")["p_value"]
    assert rounded.tolist()[:6] == [0.0009, 0.0009, 0.0009, 0.001, 0.013, 1]
    assert [p_cell(p) for p in rounded] == [*(["< 0.001"] * 3), "0.001", "0.013", "1.000", "–"]


@pytest.mark.slow
@pytest.mark.parametrize("file", [CLINIC3, FIVE])
def test_rule_9_every_table_of_a_cohort(file):
    whole = load(file)
    for result in (people.people(whole), trajectories.trajectories(whole), response.response(whole)):
        for name, frame in vars(result).items():
            for column in frame.select_dtypes("float") if isinstance(frame, pd.DataFrame) else ():
                values = frame[column].dropna()
                assert np.allclose(values * 1000, (values * 1000).round(), atol=1e-6), (name, column)


@pytest.mark.slow
def test_rule_10_each_step_of_a_curve_is_min_cell_patients():
    assert disclosure.shown_steps(np.array([10, 9, 8, 5, 4, 0]), 10, 5).tolist() == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert disclosure.shown_steps(np.array([9, 4, 4]), 10, 5, first=(1,)).tolist() == [False, True, False]
    for file in (CLINIC3, FIVE):
        whole = load(file)
        curve = response.response(whole).curve
        assert set(curve["cutoff"]) <= set(range(0, 101, 10))
        for _, rows in curve[~curve["hidden"].astype(bool)].groupby("visit"):
            others = rows[~rows["cutoff"].isin([30, 50])]
            steps = -np.diff([int(rows["n_complete"].iloc[0]), *others["responders"].astype(int)])
            assert ((steps == 0) | (steps >= 5)).all(), (file.name, steps)
        found = durations.durations(whole)
        for key, rows in found.curves.groupby(["who", "by", "group"]):
            n = found.counts.set_index(["who", "by", "group"]).loc[key, "patients"]
            steps = -np.diff([1.0, *rows["low"]]) * n
            assert ((np.abs(steps) < 0.2) | (steps > 4.5)).all(), (file.name, key, steps)


def test_rule_11_messages_have_no_small_counts_and_no_values():
    with pytest.raises(DataError) as caught:
        load(WRONG)
    bare = caught.value.without_values(WRONG)
    assert "12" in str(caught.value) and "Jane" not in str(caught.value)  # words may name a person
    assert not re.search("Jane|HIV|born|“", str(bare)) and "row 5, column nrs_baseline" in str(bare)
    whole = load(FIVE)
    lost = whole.visits["nrs"].where(whole.visits["patient"] > 2)
    shown = cautions.cautions("f", (), whole.visits.assign(nrs=lost), whole.courses, 5)
    assert any("fewer than 5 of 5 courses" in warning.rule for warning in shown)
    assert not any(re.search(r"\b[1-4] of|\d%", warning.rule) for warning in shown)


def test_rule_11_a_value_of_few_rows_that_a_map_leaves_out_is_not_named(tmp_path, monkeypatch):
    table, use, told = tmp_path / "clinic.csv", tmp_path / "clinic.yml", []
    rows = [f"{number},CRPS,7,5,{'e' if number < 3 else 'n'}" for number in range(20)]
    rows += [f"a{number},causalgia,7,5,n" for number in range(9)]
    table.write_text("\n".join(["id,diagnosis,before,after,site", *rows, "x,gout,7,5,n"]) + "\n", encoding="utf-8")
    use.write_text(
        "map: 1\nread: {form: csv, encoding: utf-8, separator: comma, decimal: point}\nrows: courses\n"
        "data_until: 2025-01-01\nkeep: [{column: diagnosis, is: [CRPS]}]\n"
        "columns: {id: {is: patient_id}, diagnosis: {is: not_used}, site: {is: site, codes: {n: North, e: East}}}\n"
        "visits: [{visit: baseline, score: before}, {visit: end_of_infusion, score: after}]\n"
        "scores: {is: nrs, scale: 0 to 10}\nweeks: {from: planned_week}\ncourses: {from: single}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(clinic_file.paths, "record_mapping", lambda name, digest, lines: told.extend(lines))
    assert len(clinic_file.load(table, use).courses) == 20
    assert ("left out", "", "other reasons, fewer than 10 rows each") in told
    assert ("site", "site", "n is North; 1 of fewer than 10 patients") in told
    assert not any(word in str(told) for word in ("causalgia", "gout", "East"))


def test_rule_11_hashes_of_a_clinics_table_are_keyed(tmp_path):
    digest = "a" * 64
    published = private_folder.published_hash(CLINIC3.with_name("clinic.csv"), digest)
    assert digest not in published and published == private_folder.published_hash(Path("/x/clinic.csv"), digest)
    assert "only this computer" in private_folder.hash_words(published)
    example = Path(__file__).parents[1] / "data" / "cohorts" / "synthetic-example.csv"
    assert private_folder.published_hash(example, digest) == digest
    key = private_folder.private_folder() / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    private_folder._key.cache_clear()
    assert private_folder.published_hash(CLINIC3, digest) != published, "another key, another hash"


def test_the_release_sets_the_least_number_and_it_can_only_be_raised():
    pairs = (("internal", 5), ("internal", 8), ("public", 5), ("public", 12))
    assert [disclosure.least_cell(*pair) for pair in pairs] == [5, 8, 10, 12]
    with pytest.raises(ValueError, match="release"):
        disclosure.least_cell("secret", 5)


def test_a_public_funnel_shows_no_site_with_few_responders():
    def site(name, responders, n):
        rows = [{"baseline": 8, "end": 4, "site": name}] * responders
        return rows + [{"baseline": 8, "end": 8, "site": name}] * (n - responders)

    found = sites.funnel(cohort(*site("a", 20, 41), *site("b", 15, 33), *site("c", 3, 30)), **PUBLIC)
    assert found.sites[["site", "responders", "n"]].values.tolist() == [["a", 20, 40], ["b", 15, 35]]
    assert "30" not in json.dumps(found.left_out.astype(str).to_dict()) or found.left_out["n"].max() == 30


def test_the_baseline_of_the_few_who_are_absent_does_not_follow_from_the_change():
    assert disclosure.gives_absent_away(12, 10, 5)
    assert not disclosure.gives_absent_away(40, 37, 5) and not disclosure.gives_absent_away(12, 12, 5)
    scores = [(9, 2), (3, 1), (7, 6), (8, 0), (5, 5), (6, 3), (10, 9), (4, 2), (9, 4), (2, 2), (10, None), (1, None)]
    visits = trajectories.trajectories(cohort(*scores)).visits.set_index("label")
    assert visits.loc["end of infusion", "mean"] == 3.4 and visits.loc["end of infusion", "change_n"] == 10
    # else (12 x 6.2 - 10 x (3.4 + 2.9)) / 2 would be the mean baseline of the two, to less than a point
    assert np.isnan(visits.loc["end of infusion", "change_mean"])
