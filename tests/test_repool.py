"""The page's own arithmetic equals the Python, and the reader's selection the report that its command makes."""

from __future__ import annotations

import itertools
import math
import random
import re
import shlex
from pathlib import Path

import pytest
from browser_pages import launched, opened, violations
from choice_pages import WIDE, choice_figure, choice_page, kept_page, with_invented_rates

from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria, select
from analysis.outcomes.synthesis.rates import rates_by_group, rates_in_windows
from analysis.outcomes.synthesis.retention import benefit_retention, fit_retention, retention_counts
from analysis.outcomes.synthesis.windows import WINDOWS
from analysis.parameters import check_values, find_notebook
from analysis.reporting.page.references import TEMPLATE
from analysis.statistics.intervals import critical_value, wilson
from analysis.statistics.pooling import pool_proportions
from analysis.wording import percent, percent_interval

pytestmark = pytest.mark.slow

LEVEL = 0.95
CRITICAL = [critical_value(LEVEL), *(critical_value(LEVEL, df) for df in range(1, 15))]
NUMBERS = {
    "estimate": "estimate",
    "low": "ci_low",
    "high": "ci_high",
    "next_low": "pi_low",
    "next_high": "pi_high",
    "tau2": "tau2",
}
# none, all, none or all, single patients, large and unequal studies, equal rates, a second maximum above tau = 0
EDGES = [
    [(0, 4), (0, 9)],
    [(4, 4), (9, 9), (1, 1)],
    [(0, 4), (4, 4)],
    [(1, 1), (0, 1), (1, 1)],
    [(3, 9)],
    [(0, 5)],
    [(5, 5)],
    [(50_000, 100_000), (10, 16)],
    [(0, 1000), (5, 9)],
    [(100_000, 100_000), (0, 3), (4, 9)],
    [(500, 1000)] * 3,
    [(1, 1000), (999, 1000)],
    [(5, 10), (50, 100), (500, 1000)],
    [(4, 5), (4, 6), (36, 162), (324, 1081), (6, 15)],
    [(2, 11), (3, 4), (20, 49), (1, 4), (9, 14)],
]


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def blank(browser):
    page = browser.new_page()
    page.evaluate((Path(TEMPLATE) / "repool.js").read_text(encoding="utf-8") + "\nwindow.repool = repool")
    return page


def random_sets() -> list[list[tuple[int, int]]]:
    """Return 60 sets of counts of 2 to 12 studies with up to 5 to 5000 patients."""
    source = random.Random(18)
    sets = []
    for k, largest in itertools.product((2, 2, 3, 4, 7, 12), (5, 20, 100, 1000, 5000)):
        for _ in range(2):
            base, spread = source.random(), source.choice((0.02, 0.25))
            counts = []
            for _ in range(k):
                n = source.randint(1, largest)
                rate = min(max(source.gauss(base, spread), 0), 1)
                counts.append((sum(source.random() < rate for _ in range(n)), n))
            sets.append(counts)
    return sets


def subsets_of_every_pool(evidence) -> list[list[tuple[int, int]]]:
    """Return the counts of each subset of studies of each group, of the default and of the wide selection."""
    found = {}
    for criteria in (Criteria(), WIDE):
        for group in rates_by_group(rates_in_windows(select(evidence, criteria), LEVEL), LEVEL)[0].values():
            counts = list(zip(group["responders"].astype(int), group["n"].astype(int), strict=True))
            for size in range(1, len(counts) + 1):
                for subset in itertools.combinations(counts, size):
                    found[subset] = [(int(x), int(n)) for x, n in subset]
    return list(found.values())


def differences(page, sets: list[list[tuple[int, int]]]) -> dict[str, float]:
    """Return the largest difference of each number between the page's script and the Python."""
    given = page.evaluate("([sets, level, c]) => sets.map(s => repool.pool(s, level, c))", [sets, LEVEL, CRITICAL])
    worst = dict.fromkeys(NUMBERS, 0.0)
    for counts, there in zip(sets, given, strict=True):
        events, totals = zip(*counts, strict=True)
        here = pool_proportions(events, totals, level=LEVEL, adjust="t", tau2_limits=False)
        assert there["k"] == here.k
        for name, attribute in NUMBERS.items():
            expected = getattr(here, attribute)
            if not math.isfinite(expected):
                assert there[name] is None, (counts, name)
                continue
            scale = 1 + abs(expected) if name == "tau2" else 1  # probabilities absolutely, tau² also relatively
            worst[name] = max(worst[name], abs(there[name] - expected) / scale)
    return worst


@pytest.mark.parametrize("which", ["every pool of the evidence", "edges", "random"])
def test_the_script_pools_as_the_python(blank, evidence, which):
    sets = {"edges": lambda: EDGES, "random": random_sets}.get(which, lambda: subsets_of_every_pool(evidence))()
    assert len(sets) >= {"edges": 15, "random": 60}.get(which, 20)
    assert max(differences(blank, sets).values()) < 1e-6  # 8e-10 is the largest ever seen


def test_the_script_fits_the_decline_as_the_python(blank, evidence):
    """For 50 subsets of the studies of the curve, in the default and in the wide selection."""
    compared = 0
    for criteria in (Criteria(), WIDE):
        points, _ = retention_counts(select(evidence, criteria), LEVEL)
        names = sorted(set(points["study_id"]))
        subsets = [chosen for size in range(1, len(names) + 1) for chosen in itertools.combinations(names, size)]
        for chosen in random.Random(18).sample(subsets, min(len(subsets), 50)):
            rows = points[points["study_id"].isin(chosen)]
            counts = [[r.study_id, float(r.patients), float(r.patients_treated), float(r.weeks)] for r in each(rows)]
            given = blank.evaluate(
                "([counts, c]) => { const f = repool.decline(counts, c); return f && [0, 1, 4, 13].map(f); }",
                [counts, CRITICAL],
            )
            try:
                model = fit_retention(rows, LEVEL)
            except ValueError:
                assert given is None, chosen
                continue
            expected = model.curve([0, 1, 4, 13])[["rate", "ci_low", "ci_high", "pi_low", "pi_high"]].to_numpy()
            assert given == pytest.approx(expected, abs=1e-6), chosen
            compared += 1
    assert compared > 60


def test_the_script_gives_wilsons_interval(blank):
    counts = [(x, n) for n in (1, 2, 5, 48, 1000) for x in {0, 1, n // 3, n - 1, n}]
    given = blank.evaluate("([counts, z]) => counts.map(c => repool.wilson(c[0], c[1], z))", [counts, CRITICAL[0]])
    for (x, n), limits in zip(counts, given, strict=True):
        assert limits == pytest.approx(wilson(x, n, LEVEL), abs=1e-12)


@pytest.fixture(scope="module")
def default_page(evidence, tmp_path_factory) -> Path:
    return choice_page(evidence, tmp_path_factory.mktemp("choices") / "page.html")


def shown(page) -> str:
    return page.inner_text(".choose")


def untick(page, name: str) -> None:
    page.get_by_role("checkbox", name=re.compile(name)).click()


def choose(page, definition: str | None = None, window: int | None = None, **more: str) -> None:
    """Set choices by their ids."""
    for name, value in {"definition": definition, **more}.items():
        if value is not None:
            page.select_option(f"#fig-pooled-rates-choice-{name}", value)
    if window is not None:
        page.locator(".seg input").nth(window).check()


def test_the_page_opens_with_the_reports_own_result(browser, default_page):
    with opened(browser, default_page) as found:
        words = shown(found.page)
        assert "The report’s own selection." in words and "Your selection" not in words
        assert "any relief within a week of the end of infusion: from 0 of 4 to 5 of 5 patients" in words.lower()
        assert "The report’s result: 4 studies, 46 of 58 patients." in words
        assert "2% to 99.7%" not in words, "no average of four studies outside of the fold"
        assert found.page.inner_text(".command code").endswith("03-responder-rates -p definition_classes=any_relief")
        assert found.complaints == []


def test_a_study_left_out_stays_and_the_result_is_the_readers(browser, default_page):
    with opened(browser, default_page) as found:
        untick(found.page, "Kiefer 2008b")
        assert found.page.inner_text(".choose s") == "Kiefer 2008b"
        assert "ground" in found.page.get_attribute(".row:has(s) circle", "style"), "its point is hollow"
        words = shown(found.page)
        assert "Your selection – not the report’s result. You left out 1 of 4 studies." in words
        assert "Without Kiefer 2008b, any relief within a week of the end of infusion: from 10 of 16 to 5 of 5" in words
        assert "Your selection: 3 studies, 46 of 54 patients." in words
        assert "The report’s own result stays: 4 studies, 46 of 58 patients." in words
        assert found.page.evaluate("getComputedStyle(document.querySelector('.choose')).borderStyle") == "dashed"
        found.page.click(".averages summary")
        own = pool_proportions([31, 10, 5], [33, 16, 5], adjust="t")
        average = f"{percent(own.estimate)} (95% interval {percent_interval(own.ci_low, own.ci_high)}; "
        assert f"Your selection: {average}" in shown(found.page)
        found.page.click("text=Back to the report’s selection")
        assert "Your selection" not in shown(found.page)
        assert found.page.evaluate("document.activeElement.matches('.cbs input')"), "the focus is not lost"


def test_nothing_left_says_so_and_offers_the_way_back(browser, default_page):
    with opened(browser, default_page) as found:
        for name in ("Correll 2004", "Goldberg 2010", "Puchalski 2016", "Kiefer 2008b"):
            untick(found.page, name)
        assert "Nothing is left" in shown(found.page)
        assert not found.page.is_visible(".command"), "no command makes an empty report"
        found.page.click("text=Back to the report’s selection")
        assert "The report’s result: 4 studies" in shown(found.page)
        choose(found.page, "ge_30_percent", 3)
        assert "no study of this report counts it" in shown(found.page)


def test_what_no_pool_may_contain_is_shown_with_the_reason(browser, default_page):
    with opened(browser, default_page) as found:
        choose(found.page, "complete_relief")
        assert "not averaged: a report of a single patient" in shown(found.page)
        assert found.page.locator(".cbs input").count() == 2, "Rasmussen 2013 can't be chosen"
        choose(found.page, "ge_50_percent", 1)
        assert "no rate can be averaged" in shown(found.page)
        assert "100%" not in found.page.inner_text(".choose .row:not(.ax)"), "chosen patients give no rate"


def test_everything_works_by_keyboard(browser, default_page):
    with opened(browser, default_page) as found:
        found.page.focus(".cbs input")
        found.page.keyboard.press("Space")
        assert "Without Correll 2004" in found.page.inner_text(".choose [role=status]")
        for _ in range(4):  # the other studies, then the definition
            found.page.keyboard.press("Tab")
        found.page.keyboard.type("complete")
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("ArrowRight")
        found.page.keyboard.press("ArrowRight")
        assert "complete relief 2 to 6 months after" in found.page.inner_text(".choose [role=status]")


def test_benefit_kept_follows_the_studies_that_are_chosen(browser, evidence, tmp_path):
    points, _ = retention_counts(select(evidence, Criteria()), LEVEL)

    own = f"{percent(fit_retention(points, LEVEL).curve([0])['rate'][0])} at the end of infusion"
    with opened(browser, kept_page(evidence, tmp_path / "page.html")) as found:
        status = found.page.locator(".choose [role=status]")
        assert own in status.inner_text()
        assert "The report’s own selection." in shown(found.page)
        untick(found.page, "Correll 2004")
        rest = fit_retention(points[points["study_id"] != "correll2004"], LEVEL)
        first, last = each(rest.curve([0, float(points.loc[points["study_id"] != "correll2004", "weeks"].max())]))
        for row in (first, last):
            assert f"{percent(row.rate)} " in status.inner_text()
            assert percent_interval(row.ci_low, row.ci_high) in status.inner_text()
        assert "6 studies" in status.inner_text()
        assert f"The report’s own result stays: {own}" in shown(found.page)
        line = found.page.inner_text(".command code")
        assert line.startswith("python -m analysis report 04-durations-of-benefit -p studies=")
        assert "correll2004" not in line
        chosen = select(evidence, Criteria(studies=tuple(line.split("studies=")[1].split(","))))
        again = benefit_retention(chosen, LEVEL).curve
        assert [percent(rate) for rate in again["rate"].iloc[[0, -1]]] == [percent(first.rate), percent(last.rate)]
        for study in ("Mangnus 2021", "Goldberg 2010", "Cohen 2022", "Kiefer 2008a"):
            untick(found.page, study)
        assert "too few studies to average, 2 studies" in status.inner_text()
        assert not found.page.is_visible(".command")
        found.page.click("text=Back to the report’s selection")
        assert own in status.inner_text()
        assert violations(found.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_choices_break_no_rule_of_wcag(browser, default_page, scheme):
    with opened(browser, default_page, 390, scheme) as found:
        untick(found.page, "Kiefer 2008b")
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(found.page) == []


def test_without_a_script_the_page_is_the_report(browser, default_page):
    with opened(browser, default_page, java_script_enabled=False) as found:
        assert found.page.locator(".choose, .filter:visible").count() == 0
        assert "No average" in found.page.inner_text("#fig-pooled-rates")


@pytest.mark.parametrize(("criteria", "invented"), [(WIDE, False), (Criteria(), True)], ids=["wide", "invented"])
def test_the_command_makes_what_the_page_shows(browser, evidence, tmp_path, criteria, invented):
    """For each definition and time: all studies, one study less, each choice of regimen and sources."""
    evidence = with_invented_rates(evidence) if invented else evidence
    choices = choice_figure(evidence, criteria).choices
    reports: dict[str, dict] = {}
    compared = 0

    def compare(page) -> int:
        if not page.is_visible(".command"):
            return 0
        line = page.inner_text(".command code")
        if line not in reports:
            reports[line] = results_of(evidence, line)
        expected = [words for key, words in reports[line].items() if key[2:] == view]
        pools = page.locator(".choose .pool").all_inner_texts()
        assert sorted(words.split(": ", 1)[1] for words in pools) == sorted(expected), line
        return len(pools)

    with opened(browser, choice_page(evidence, tmp_path / "page.html", criteria)) as found:
        for view in sorted({(rate.definition, rate.window) for rate in choices.rates}):
            choose(found.page, *view)
            compared += compare(found.page)
            ticked = found.page.locator(".cbs input:checked").all()
            if len(ticked) > 2:
                ticked[0].click()
                compared += compare(found.page)
                ticked[0].click()
            for name, options in (("regimen", choices.regimens), ("access", choices.access)):
                for value, _ in options:
                    choose(found.page, **{name: value})
                    compared += compare(found.page)
                choose(found.page, **{name: ""})
    assert compared >= (8 if invented else 4), "pools compared"


def test_rates_of_other_kinds_are_pooled_apart(browser, evidence, tmp_path):
    with opened(browser, choice_page(with_invented_rates(evidence), tmp_path / "page.html")) as found:
        choose(found.page, "any_relief", 0)
        words = shown(found.page)
        assert "2 groups that are never averaged together" in words
        assert "Placebo-controlled studies" in words and "2 studies, 26 of 39 patients" in words
        assert "8 of 11" in words, "two arms of one study are one row"
        choose(found.page, regimen="anesthetic")
        assert not found.page.get_by_role("checkbox", name="Puchalski 2016").is_checked(), "a study is never divided"
        assert found.page.get_by_role("checkbox", name="Correll 2004").is_disabled(), "a tick could not bring it back"
        assert found.page.inner_text(".choose [role=status]").startswith("No study is left: any relief")

        choose(found.page, "ge_30_percent", regimen="")
        own = pool_proportions([20, 40, 9, 30, 13, 11], [33, 65, 16, 48, 20, 19], adjust="t")
        average = f"{percent(own.estimate)} on average (95% interval {percent_interval(own.ci_low, own.ci_high)})"
        assert average in found.page.inner_text(".choose [role=status]")
        assert "Typical study" in shown(found.page), "six studies that agree have an average"
        untick(found.page, "Correll 2004")
        untick(found.page, "Domec 2004")
        assert "Typical study" not in shown(found.page), "four have none"


def results_of(evidence, line: str) -> dict[tuple, str]:
    """Return the pooled results of the report that a command makes, in the words of the page."""
    words = shlex.split(line)
    assert words[:4] == ["python", "-m", "analysis", "report"]
    given = dict(word.split("=", 1) for word in words[6::2])
    notebook = find_notebook(words[4])
    values = check_values(notebook, given)
    rates = rates_in_windows(
        select(evidence, Criteria.from_parameters(values)), values["level"], tuple(values["definition_classes"])
    )
    position = {name: number for number, (_, name) in enumerate(WINDOWS)}
    return {
        (control, route, definition, position[window]): f"{group['study_id'].nunique()} studies, "
        f"{int(group['responders'].sum())} of {int(group['n'].sum())} patients."
        for (control, route, definition, window), group in rates_by_group(rates, values["level"])[0].items()
        if group["study_id"].nunique() > 1
    }
