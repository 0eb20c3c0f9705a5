"""The exported reports in a browser: offline, at three widths, in light and dark mode, by keyboard."""

from __future__ import annotations

import json
import os
from itertools import cycle, product
from pathlib import Path

import pytest
from browser_pages import WIDTHS, asked_elsewhere, launched, missing, opened, violations
from notebook_runs import NAMES, defaults

from analysis.paths import ROOT
from analysis.reporting import provenance

pytestmark = pytest.mark.slow

OUTPUT = ROOT / "reports" / "output"
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true })"


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Each notebook's default report as a file."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name in NAMES:
        found[name] = folder / f"{name}.html"
        found[name].write_bytes(defaults()[name].files["report.html"])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_report_needs_nothing_and_fits_a_phone(browser, pages, name):
    with opened(browser, pages[name], width=320) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 320
        assert found.complaints == []
        assert asked_elsewhere(found, pages[name]) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_short_report_breaks_no_rule_of_wcag(browser, pages, width, scheme):
    with opened(browser, pages["study-report"], width, scheme) as found:
        found.page.evaluate(OPEN_ALL)
        assert violations(found.page) == []


@pytest.mark.parametrize(("width", "scheme"), [(w, s) for w in WIDTHS for s in ("light", "dark")])
def test_the_evidence_report_breaks_no_rule_of_wcag(browser, pages, width, scheme):
    if (width, scheme) not in ((320, "light"), (1440, "dark")) and not os.environ.get("CI"):
        pytest.skip("seconds each: the other widths in CI alone")
    with opened(browser, pages["evidence-report"], width, scheme) as found:
        if os.environ.get("CI"):
            found.page.evaluate(OPEN_ALL)
        assert violations(found.page) == []


def built_by_batch() -> list[Path]:
    """Return the pages of the last `make report`, if data, code and libraries have not changed since."""
    try:
        manifest = json.loads((OUTPUT / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    now = provenance.shared()
    if any(manifest[key] != now[key] for key in ("data", "code", "versions")):
        return []
    built = [OUTPUT / entry["name"] / "report.html" for entry in manifest["reports"] if entry["status"] == "built"]
    return [OUTPUT / "index.html", *built]


def test_all_reports_of_the_batch(browser):
    """Every page of `make report`: nothing asked for, no rule broken. CI builds them first.

    Six looks a page would take a quarter of an hour: each page gets one width and scheme, in turn.
    """
    if not os.environ.get("CI"):
        pytest.skip("every report of the batch is looked at in CI alone")
    pages = built_by_batch()
    if not pages:
        missing("A batch built from today's data and code (make report)")
    wrong = {}
    for path, (width, scheme) in zip(pages, cycle(product(WIDTHS, ("light", "dark")))):
        with opened(browser, path, width, scheme) as found:
            broken = [*violations(found.page), *found.complaints, *asked_elsewhere(found, path)]
        if broken:
            wrong[path.parent.name, width, scheme] = broken
    assert wrong == {}


def test_the_checkers_see_what_is_wrong(browser, pages):
    with opened(browser, pages["study-report"]) as found:
        found.page.evaluate("document.body.append(new Image())")
        assert any(text.startswith("image-alt") for text in violations(found.page))
        with found.page.expect_console_message(lambda line: line.type == "error"):
            found.page.evaluate("document.images[document.images.length - 1].src = 'https://example.org/x.png'")
        assert found.complaints, "the page's own policy forbids it, and says so"


FOCUSABLE = "a[href], summary, [tabindex='0'], button, input, select"


def test_the_keyboard_reaches_everything(browser, pages):
    with opened(browser, pages["study-report"]) as found:
        found.page.evaluate(OPEN_ALL)
        wanted = found.page.evaluate(
            "selector => [...document.querySelectorAll(selector)].map((e, n) => { e.dataset.stop = n; return n })",
            FOCUSABLE,
        )
        reached = []
        for _ in range(3 * len(wanted)):
            found.page.keyboard.press("Tab")
            stop = found.page.evaluate("document.activeElement.dataset.stop")
            if stop is not None and not found.page.evaluate("!!document.activeElement.closest('.row-note')"):
                reached.append(int(stop))
            if reached and reached[-1] == wanted[-1]:
                break
        assert reached == wanted, "each link, region and button once, in the order in which it is read"


def test_focus_can_be_seen(browser, pages):
    with opened(browser, pages["study-report"]) as found:
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert found.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "the skip link shows"


def test_the_contents_mark_the_current_section(browser, pages):
    with opened(browser, pages["evidence-report"], width=1440) as found:
        for link in found.page.query_selector_all("nav.contents > ol > li > a")[1:4]:
            link.click()
            found.page.wait_for_function("a => a.getAttribute('aria-current') === 'true'", arg=link)
        assert len(found.page.query_selector_all("nav.contents a[aria-current]")) == 1


def test_wide_things_scroll_inside_themselves(browser, pages):
    with opened(browser, pages["evidence-report"], width=320) as found:
        for selector in ("#tab-responder-rates .scroll", "#fig-responder-rates .card"):
            box = found.page.query_selector(selector)
            assert box.evaluate("e => e.scrollWidth > e.clientWidth && e.clientWidth <= 320"), selector
            assert box.get_attribute("tabindex") == "0"
        # small print of a figure: 7 points when it is drawn, never less than three quarters of that
        images = found.page.query_selector_all(".card svg")
        assert len(images) > 5
        for image in images:
            assert image.evaluate("e => e.getBoundingClientRect().width / e.width.baseVal.value") > 0.75


def test_headings_of_a_long_table_stay_in_sight(browser, pages):
    with opened(browser, pages["evidence-report"], width=1440) as found:
        box = found.page.query_selector("#tab-left-out .scroll.tall")
        box.evaluate("e => e.scrollTo(0, 400)")
        assert (
            box.evaluate("e => e.querySelector('th').getBoundingClientRect().top - e.getBoundingClientRect().top") < 4
        )


def test_a_number_shows_its_row_on_focus_and_on_click(browser, pages):
    with opened(browser, pages["evidence-report"]) as found:
        number = found.page.query_selector(".findings a.row[href='#row-responders-27']")
        assert number.inner_text() == "62%"
        number.focus()
        note = found.page.wait_for_selector(".row-note:popover-open")
        words = note.inner_text()
        assert "responders.csv, row 27" in words and "Responders: 30" in words and "mangnus2022_abs" in words
        assert note.query_selector("a[href='https://doi.org/10.1111/papr.13056']")
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("!!document.activeElement.closest('.row-note')"), "its links can be reached"
        found.page.keyboard.press("Escape")
        assert not found.page.query_selector(".row-note")
        assert number.evaluate("e => e === document.activeElement"), "focus comes back to the number"

        number = found.page.query_selector("#tab-responder-rates td a.row")
        number.click()
        found.page.wait_for_selector(".row-note:popover-open")
        assert found.page.evaluate("location.hash") == "", "the first click stays where the reader is"
        number.click()
        assert found.page.evaluate("location.hash") == number.get_attribute("href"), "the second leads to the entry"
        found.page.click("h1")
        assert not found.page.query_selector(".row-note")
        assert found.complaints == []


def test_a_number_with_several_rows_shows_all_of_them_within_the_window(browser, pages):
    with opened(browser, pages["evidence-report"], width=320) as found:
        number = found.page.query_selector(".findings a.row[data-rows]")
        number.focus()
        note = found.page.wait_for_selector(".row-note:popover-open")
        assert len(note.query_selector_all(".line")) == len(number.get_attribute("data-rows").split())
        box = note.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
        assert box["y"] >= 0 and box["y"] + box["height"] <= 800
        assert violations(found.page) == []


def test_without_a_script_a_number_leads_to_its_entry(browser, pages):
    with opened(browser, pages["evidence-report"], java_script_enabled=False) as found:
        number = found.page.query_selector(".findings a.row")
        number.click()
        assert found.page.url.endswith(number.get_attribute("href"))
        entry = found.page.query_selector(number.get_attribute("href"))
        assert entry.bounding_box()["y"] < 800
