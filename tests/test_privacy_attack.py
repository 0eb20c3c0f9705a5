"""An attacker who has every file of a batch adds, subtracts and enumerates, and finds no patient's score."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
from itertools import combinations_with_replacement, permutations
from pathlib import Path

import numpy as np
import pytest
from pdf_words import all_words
from reporting_samples import common

from analysis.parameters import check_values, find_notebook
from analysis.reporting.batch.pool import LocalWorkers, build_all
from analysis.reporting.run import Built, Spec
from analysis.statistics.summaries import mean_interval
from analysis.wording import half_up

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "data" / "privacy"
RULES = {"ge_2_points": (0.0, 2.0), "ge_30_percent": (0.3, 0.0), "ge_50_percent": (0.5, 0.0)}


@pytest.fixture(scope="module")
def reports(forked) -> dict[str, Built]:
    """The batch that the offer of the refusal leads to."""
    given = {
        "five": {"cohort": "five.csv"},
        "whole": {"cohort": "clinic3.csv"},
        "merged": {"cohort": "clinic3.csv", "sites": ["East", "South"]},
        "north": {"cohort": "clinic3.csv", "sites": ["North"]},
    }
    notebook = find_notebook("cohort-report")
    specs = []
    for name, changed in given.items():
        values = check_values(notebook, {**changed, "cohort": str(FOLDER / changed["cohort"])})
        formats = ("html", "pdf") if name == "five" else ("html",)  # of the others the PDF has nothing else
        specs.append(Spec(name, "cohort-report", {key: values[key] for key in changed}, formats, common()))
    with LocalWorkers() as workers:
        made = {built.name: built for built in build_all(specs, workers, jobs=2)}
    for built in made.values():
        assert built.ok, built.reason
    return made


def table(made: Built, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.files[f"tables/{name}.csv"].decode())))


def texts(made: Built) -> dict[str, str]:
    return {
        name: all_words(content) if name.endswith(".pdf") else content.decode() for name, content in made.files.items()
    }


def summaries(made: Built):
    """Yield n, mean and SD wherever a file prints them."""
    for name in made.files:
        if name.endswith(".csv"):
            for row in table(made, name.removeprefix("tables/").removesuffix(".csv")):
                for lead in ("", "change_", "baseline_"):
                    n, mean, sd = (row.get(f"{lead}{part}", "") for part in ("n", "mean", "sd"))
                    if n and mean and sd:
                        try:
                            yield name, lead, int(n), float(mean), float(sd)
                        except ValueError:
                            continue


def test_no_identifier_hash_or_small_site_is_in_any_file(reports):
    for which, made in reports.items():
        source = FOLDER / ("five.csv" if which == "five" else "clinic3.csv")
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        for name, text in texts(made).items():
            assert "SECRETID" not in text, (which, name)
            assert digest[:12] not in text, (which, name)
            if which == "whole":
                assert not re.search(r"\bEast\b|\boral\b|\bblock\b", text.split("Published")[0]) or name.endswith(
                    (".html", ".ipynb", ".pdf", ".json")
                ), (which, name)
    for name in ("tables/tab-groups.csv", "tables/tab-responders-by-group.csv"):
        assert "East" not in reports["whole"].files[name].decode()


def test_the_enumeration_of_few_scores_has_no_solution(reports):
    sets = [np.array(s) for s in combinations_with_replacement(range(11), 5)]
    seen = 0
    for name, lead, n, mean, sd in summaries(reports["five"]):
        if lead == "change_" or n != 5:
            continue
        fit = []
        for scores in sets:
            own = scores.mean(), scores.std(ddof=1)
            if half_up(own[0], 1) == half_up(mean, 1) and half_up(own[1], 1) == half_up(sd, 1):
                low, high = mean_interval(*own, 5) if own[1] else (0, 0)
                fit.append([*scores, low, high])
        spread = np.ptp(np.array(fit)[:, :5], axis=0)
        assert (spread >= 2).all(), (name, mean, sd, spread)
        seen += 1
    assert seen <= 6


def test_scores_and_responders_together_have_no_solution(reports):
    """Baseline, end of infusion and the responders by three rules: every assignment of scores to five patients."""
    rates = {
        row["rule"]: int(row["complete_n"].split("/")[0])
        for row in table(reports["five"], "tab-responders")
        if row["visit"] == "end_of_infusion"
    }
    assert rates == {"ge_2_points": 4, "ge_30_percent": 2, "ge_50_percent": 1}
    printed = {row["position"]: (row["mean"], row["sd"]) for row in table(reports["five"], "tab-pain-by-visit")}
    every = np.array(list(combinations_with_replacement(range(11), 5)), dtype=float)

    def fitting(position: str) -> np.ndarray:
        mean, sd = printed[position]
        if not mean:
            return every
        means, sds = every.mean(axis=1), every.std(axis=1, ddof=1)
        return every[(np.abs(means - float(mean)) <= 0.0501) & (np.abs(sds - float(sd)) <= 0.0501)]

    baselines, ends = fitting("0"), fitting("1")
    low = {"baseline": np.full(5, 99.0), "end": np.full(5, 99.0)}
    high = {"baseline": np.full(5, -1.0), "end": np.full(5, -1.0)}
    for end in ends[:: max(len(ends) // 40, 1)]:
        for order in set(permutations(end)):
            later = np.array(order)
            fits = np.ones(len(baselines), dtype=bool)
            for rule, (share, points) in RULES.items():
                responds = baselines - later >= baselines * share + points - 1e-9
                if share:
                    responds &= baselines > 0
                fits &= responds.sum(axis=1) == rates[rule]
            if fits.any():
                low["baseline"] = np.minimum(low["baseline"], baselines[fits].min(axis=0))
                high["baseline"] = np.maximum(high["baseline"], baselines[fits].max(axis=0))
                low["end"], high["end"] = np.minimum(low["end"], end), np.maximum(high["end"], end)
    for what in low:
        assert (high[what] - low[what] >= 2).all(), (what, low[what], high[what])


def test_one_report_less_another_leaves_nobody_or_enough(reports):
    sizes = {}
    for which in ("whole", "merged", "north"):
        sizes[which] = {n for _, lead, n, _, _ in summaries(reports[which]) if lead != "change_"}
    for (a, one), (b, other) in itertools.combinations(sizes.items(), 2):
        for left in {abs(x - y) for x in one for y in other}:
            assert left == 0 or left >= 5 or {a, b} == {"merged", "north"}, (a, b, one, other)
    assert max(sizes["whole"]) - max(sizes["merged"]) - max(sizes["north"]) == 0


def test_no_quartile_median_or_line_of_few(reports):
    for row in table(reports["five"], "tab-pain-by-visit"):
        assert not any(row.get(name) for name in ("median", "q1", "q3"))
    for made in reports.values():
        for name, text in texts(made).items():
            assert "each a thin line" not in text, name
            if name.endswith(".csv") and "benchmark" not in name:  # published numbers have all digits
                numbers = re.findall(r"(?<![\w.])-?\d+\.\d+(?![\w.])", text)
                assert all(len(number.split(".")[1]) <= 4 for number in numbers), (name, numbers[:5])
