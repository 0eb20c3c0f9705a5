"""The exported reports in a browser: offline, at three widths, in light and dark mode, by keyboard."""

from __future__ import annotations

import io
import json
import os
import re
from itertools import cycle, product
from pathlib import Path

import pypdf
import pytest
from browser_pages import WIDTHS, asked_elsewhere, launched, missing, opened, violations
from bs4 import BeautifulSoup
from notebook_runs import NAMES, defaults

from analysis.exhibit.typeface import line_box
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
def test_a_report_needs_nothing_fits_a_phone_and_has_a_figure_near(browser, pages, name):
    with opened(browser, pages[name], width=320) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 320
        found.page.set_viewport_size({"width": 1280, "height": 800})
        figures, presses = len(found.page.query_selector_all("figure")), 0
        while figures and not found.page.evaluate("!!document.activeElement.closest('figure')"):
            found.page.keyboard.press("Tab")
            presses += 1
            assert presses <= 15, found.page.evaluate("document.activeElement.outerHTML")
        assert figures or name == "patients"
        assert found.complaints == []
        assert asked_elsewhere(found, pages[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_figures_follow_dark_mode(pages, name):
    """Each colour of a figure is one of the page's, which has two of each."""
    page = BeautifulSoup(pages[name].read_bytes(), "html.parser")
    drawn = "".join(map(str, page.select("figure svg")))
    assert set(re.findall(r"(?:fill|stroke)(?:: ?|=\")(#[0-9a-fA-F]+|white|black)", drawn)) == set()


def test_the_text_of_figures_is_as_wide_as_measured(browser, pages):
    """Otherwise a heading runs into the words after it. Kerning narrows a line by up to 3%."""
    with opened(browser, pages["cohort-report"], 1440) as found:
        texts = found.page.evaluate(
            """[...document.querySelectorAll('figure > .card svg text, figure > svg text')].map(t => {
                const look = getComputedStyle(t);
                return [t.textContent, look.fontWeight, parseFloat(look.fontSize), t.getComputedTextLength()];
            })"""
        )
    drawn = [(words, weight, length / size) for words, weight, size, length in texts if length and words.strip()]
    assert len(drawn) > 100
    off = [(words, width, line_box(words, int(weight))[0]) for words, weight, width in drawn]
    assert [(words, width, measured) for words, width, measured in off if not 0.94 < width / measured < 1.03] == []


def test_the_first_printed_page_is_the_answer(browser, pages):
    """Also from a dark page: what placebo-controlled trials found, harm, the course without control, how sure."""
    with opened(browser, pages["evidence-report"], 1440, "dark") as found:
        first, *others = pypdf.PdfReader(io.BytesIO(found.page.pdf(format="A4"))).pages
    words = " ".join(first.extract_text().split())
    said = (
        "What placebo-controlled trials found",
        "Effects on perception",
        "76 with ketamine",
        "nobody counted",
        "Not known:",
    )
    assert [text for text in said if text not in words] == []
    heading = "How many patients respond"
    (page,) = [text for text in (page.extract_text() for page in others) if heading in text]
    assert "At about 3 months" in page, "a figure is on one page"


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (768, "light")])
def test_a_short_report_breaks_no_rule_of_wcag(browser, pages, width, scheme):
    with opened(browser, pages["study-report"], width, scheme) as found:
        found.page.evaluate(OPEN_ALL)
        assert violations(found.page) == []


@pytest.mark.parametrize(("width", "scheme", "first"), [(320, "light", ""), (1440, "dark", OPEN_ALL)])
def test_the_evidence_report_breaks_no_rule_of_wcag(browser, pages, width, scheme, first):
    """Its main part as it opens on a phone, and all of it, unfolded, on a wide dark screen."""
    with opened(browser, pages["evidence-report"], width, scheme) as found:
        found.page.evaluate(first)
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


CHECKED_FULLY = ("evidence-report", "study-dahan2011")  # test_..._breaks_no_rule_of_wcag


def kinds_of_elements(path: Path) -> set[tuple[str, ...]]:
    """Each tag of a page with its class, its role, and the names of its other attributes."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.S)
    found = set()
    for tag, attributes in set(re.findall(r'<([a-z][a-z0-9]*)((?:\s[\w:-]+(?:="[^"]*")?)*)\s*/?>', page)):
        pairs = re.findall(r'([\w:-]+)(?:="([^"]*)")?', attributes)
        told = (f"{name}={value}" if name in {"class", "role", "scope", "type"} else name for name, value in pairs)
        found.add((tag, *sorted(told)))
    return found


def pages_with_every_kind(pages: list[Path]) -> list[Path]:
    """Return pages that together have every kind of element not in CHECKED_FULLY, the one with most kinds first."""
    left = {path: kinds_of_elements(path) for path in pages}
    chosen, seen = [], set().union(*(left.pop(path) for path in pages if path.parent.name in CHECKED_FULLY))
    while new := max(left, key=lambda path: len(left[path] - seen), default=None):
        if left[new] <= seen:
            break
        chosen.append(new)
        seen |= left.pop(new)
    return chosen


def test_every_kind_of_element_of_the_batch(browser):
    """The pages of `make report` that hold every kind of element: nothing asked for, no rule broken.

    CI builds them first. Each page is looked at in one width and scheme, in turn.
    """
    if not os.environ.get("CI"):
        pytest.skip("the pages of the batch are looked at in CI alone")
    built = built_by_batch()
    if not built:
        missing("A batch built from today's data and code (make report)")
    pages = pages_with_every_kind(built)
    assert 3 < len(pages) < 20
    wrong = {}
    for path, (width, scheme) in zip(pages, cycle(product(WIDTHS, ("light", "dark")))):
        with opened(browser, path, width, scheme) as found:
            broken = [*violations(found.page), *found.complaints, *asked_elsewhere(found, path)]
        if broken:
            wrong[path.parent.name, width, scheme] = broken
    assert wrong == {}


def test_the_table_of_studies_is_within_three_screens_of_a_phone(browser):
    pages = built_by_batch()
    if not pages:
        missing("A batch built from today's data and code (make report)")
    with opened(browser, pages[0], 390) as found:
        screen, top = found.page.evaluate(
            "[innerHeight, document.querySelector('table.studies').getBoundingClientRect().top]"
        )
        assert 0 < top <= 3 * min(screen, 844)


def test_the_checkers_see_what_is_wrong(browser, pages):
    with opened(browser, pages["study-report"]) as found:
        found.page.evaluate("document.body.append(new Image())")
        assert any(text.startswith("image-alt") for text in violations(found.page))
        with found.page.expect_console_message(lambda line: line.type == "error"):
            found.page.evaluate("document.images[document.images.length - 1].src = 'https://example.org/x.png'")
        assert found.complaints, "the page's own policy forbids it, and says so"


FOCUSABLE = "a[href], summary, [tabindex='0'], button, input, select"


def test_the_keyboard_reaches_everything(browser, pages):
    """Each region, button and block of links is a stop of Tab, in the order in which it is read; arrows do the rest."""
    with opened(browser, pages["study-report"]) as found:
        found.page.evaluate(OPEN_ALL)
        wanted, links = found.page.evaluate(
            """selector => {
                const all = [...document.querySelectorAll(selector)].map((e, n) => { e.dataset.stop = n; return e });
                return [all.filter(e => e.tabIndex >= 0).map(e => +e.dataset.stop), all.length];
            }""",
            FOCUSABLE,
        )
        reached = []
        while len(reached) < 3 * len(wanted) and reached[-1:] != wanted[-1:]:
            found.page.keyboard.press("Tab")
            stop = found.page.evaluate("document.activeElement.dataset.stop")
            reached += [] if stop is None else [int(stop)]
        assert reached == wanted
        by_arrow = set()
        for stop in wanted:
            found.page.evaluate("n => document.querySelector(`[data-stop='${n}']`).focus()", stop)
            while stop not in by_arrow:
                by_arrow.add(stop)
                found.page.keyboard.press("ArrowRight")
                stop = int(found.page.evaluate("document.activeElement.dataset.stop"))
        assert by_arrow == set(range(links))


def test_focus_can_be_seen(browser, pages):
    with opened(browser, pages["study-report"]) as found:
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert found.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "the skip link shows"


def test_the_contents_mark_the_section_and_headings_of_a_long_table_stay_in_sight(browser, pages):
    with opened(browser, pages["evidence-report"], width=1440) as found:
        for link in found.page.query_selector_all("nav.contents > ol > li > a")[1:4]:
            link.click()
            found.page.wait_for_function("a => a.getAttribute('aria-current') === 'true'", arg=link)
        assert len(found.page.query_selector_all("nav.contents a[aria-current]")) == 1
        box = found.page.query_selector("#tab-left-out .scroll.tall")
        box.evaluate("e => e.scrollTo(0, 400)")
        assert (
            box.evaluate("e => e.querySelector('th').getBoundingClientRect().top - e.getBoundingClientRect().top") < 4
        )


def test_wide_things_scroll_inside_themselves(browser, pages):
    with opened(browser, pages["evidence-report"], width=320) as found:
        for selector in ("#tab-responder-rates .scroll", "#tab-left-out .scroll"):
            box = found.page.query_selector(selector)
            assert box.evaluate("e => e.scrollWidth > e.clientWidth && e.clientWidth <= 320"), selector
            assert box.get_attribute("tabindex") == "0"
        # small print of a figure: 7 points when it is drawn, never less than three quarters of that
        images = found.page.query_selector_all(".card svg")
        assert len(images) >= 2
        for image in images:
            assert image.evaluate("e => e.getBoundingClientRect().width / e.width.baseVal.value") > 0.75


def test_a_number_shows_its_row_on_enter_and_on_click(browser, pages):
    with opened(browser, pages["03-responder-rates"]) as found:
        number = found.page.query_selector(".lead a.row[href='#row-responders-27']")
        assert number.inner_text() == "62%"
        number.focus()
        assert not found.page.query_selector(".row-note"), "nothing opens before it is asked for"
        found.page.keyboard.press("Enter")
        words = found.page.wait_for_selector(".row-note:popover-open").inner_text()
        assert "low-dose S-ketamine" in words and "mangnus2022_abs" in words
        assert (
            ". Fall of 2 or more NRS points, or treatment reported as successful, T1 end of infusion: 30 of 48 "
            "patients, printed as 62%." in words
        )
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("!!document.activeElement.closest('.row-note')"), "its links can be reached"
        found.page.keyboard.press("Escape")
        assert not found.page.query_selector(".row-note")
        assert number.evaluate("e => e === document.activeElement"), "focus comes back to the number"
        found.page.keyboard.press("Enter")
        found.page.keyboard.press("Enter")
        assert found.page.evaluate("location.hash") == "#row-responders-27", "the second leads to the entry"

        number = found.page.query_selector("#tab-responder-rates td a.row")
        number.click()
        found.page.wait_for_selector(".row-note:popover-open")
        assert found.page.evaluate("location.hash") == "#row-responders-27", "the first click stays where the reader is"
        number.click()
        assert found.page.evaluate("location.hash") == number.get_attribute("href")
        number.click()
        found.page.click("h1")
        assert not found.page.query_selector(".row-note")
        assert found.complaints == []


def test_on_a_phone_the_rows_of_a_number_leave_its_sentence_in_sight(browser, pages):
    with opened(browser, pages["evidence-report"], width=390) as found:
        found.page.evaluate(OPEN_ALL)
        numbers = found.page.query_selector_all("p a.row[data-rows], tr a.row[data-rows], .rowfig a.row")
        for number in numbers[:: max(1, len(numbers) // 12)]:
            number.scroll_into_view_if_needed()
            number.click()
            note = found.page.wait_for_selector(".row-note:popover-open")
            rows = (number.get_attribute("data-rows") or "one").split()
            assert len(note.query_selector_all(".line")) == len(rows)
            above, sentence, box = found.page.evaluate(
                """([number, note]) => [number, number.closest('p, li, tr, .rowfig > .row'), note].map(e => {
                    const {top, bottom} = e.getBoundingClientRect(); return [top, bottom] })""",
                [number, note],
            )
            assert above[1] <= box[0] and above[0] >= 0, number.inner_text()
            assert sentence[1] <= box[0] or sentence[0] <= 8, number.inner_text()
            assert box[1] <= 800
            found.page.keyboard.press("Escape")


def test_a_long_table_sorts_and_filters(browser, pages):
    def cells(page, column: int) -> list[str]:
        return page.locator(f"#tab-responder-rates tbody tr:visible > :nth-child({column})").all_inner_texts()

    with opened(browser, pages["03-responder-rates"], 1280) as found:
        table = found.page.query_selector("#tab-responder-rates")
        widths = "e => [...e.querySelectorAll('thead th')].map(t => Math.round(t.getBoundingClientRect().width))"
        heads = [head.inner_text() for head in table.query_selector_all("thead th")]
        weeks, before, as_read = heads.index("Weeks") + 1, table.evaluate(widths), cells(found.page, 1)
        head = table.query_selector(f"th:nth-child({weeks}) button")
        head.click()
        assert head.evaluate("e => e.parentNode.getAttribute('aria-sort')") == "ascending"
        assert [float(text) for text in cells(found.page, weeks)] == sorted(float(t) for t in cells(found.page, weeks))
        head.click()
        assert float(cells(found.page, weeks)[0]) == 16
        head.click()
        assert head.evaluate("e => e.parentNode.getAttribute('aria-sort')") is None
        assert cells(found.page, 1) == as_read, "the third press restores the order of the report"

        found.page.fill("#tab-responder-rates input", "correll course")
        assert {text[:12] for text in cells(found.page, 1)} == {"Correll et a"}
        assert table.query_selector("[role=status]").inner_text() == f"3 of {len(as_read)} rows"
        assert table.evaluate(widths) == before, "the columns keep their widths"
        assert found.complaints == []


def test_without_a_script_a_number_leads_to_its_entry(browser, pages):
    with opened(browser, pages["03-responder-rates"], java_script_enabled=False) as found:
        number = found.page.query_selector(".lead a.row")
        number.click()
        assert found.page.url.endswith(number.get_attribute("href"))
        entry = found.page.query_selector(number.get_attribute("href"))
        assert entry.bounding_box()["y"] < 800
