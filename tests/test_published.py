"""Published files agree with the data and the code."""

import re
import tomllib

import pypdf
import pytest
from bs4 import BeautifulSoup
from published_figure import TARGETS, alternative_text, published_svg

from analysis import evidence, findings
from analysis.evidence.selection import select
from analysis.exhibit import plain
from analysis.outcomes.key_outcomes import key_outcomes
from analysis.paths import ROOT

REPORT = ROOT / "reports" / "published" / "evidence-report"
RENEW = "the published report is older than the data: make publish"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_the_picture_of_the_readme_is_current(name):
    assert TARGETS[name].read_text(encoding="utf-8") == published_svg(name), RENEW


@pytest.mark.slow
def test_the_picture_of_the_readme_has_the_numbers_as_alternative_text():
    (alt,) = re.findall(r'alt="([^"]+)"', (ROOT / "README.md").read_text(encoding="utf-8"))
    assert alt == alternative_text()
    for words in ("Pain at the end of week 1: 2.8 lower (1.4 to 4.2), certainty low", "58 more (33 to 74)"):
        assert words in alt


@pytest.mark.slow
def test_the_published_report_has_the_current_data_and_answers():
    page = BeautifulSoup((REPORT / "report.html").read_bytes(), "html.parser")
    text = " ".join(page.get_text(" ").split())
    assert evidence.load().hash in text, RENEW
    first = " ".join(pypdf.PdfReader(REPORT / "report.pdf").pages[0].extract_text().split())
    selection = select(evidence.load())
    outcomes = key_outcomes(selection)
    title, lead = findings.page_title(selection, outcomes), plain(findings.page_lead(selection, outcomes))
    assert title in text and title in first, RENEW
    assert lead in text and lead in first, RENEW


def test_each_dependency_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in wanted}
    page = ROOT / "docs" / "explanation" / "dependencies.md"
    rows = re.findall(r"^\| ([a-z][^|]*) \| [^|]+ \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name for row in rows for name in row.split(", ")}
    assert names <= listed, sorted(names - listed)
