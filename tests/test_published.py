"""Published files agree with the data and the code."""

import re
import tomllib

import pypdf
from bs4 import BeautifulSoup
from published_figure import TARGET, published_svg

from analysis import evidence, findings
from analysis.evidence.selection import select
from analysis.exhibit import plain
from analysis.outcomes.key_outcomes import key_outcomes
from analysis.paths import ROOT

REPORT = ROOT / "reports" / "published" / "evidence-report"
RENEW = "the published report is older than the data: make publish"


def test_the_figure_of_the_readme_is_current():
    assert TARGET.read_text(encoding="utf-8") == published_svg(), RENEW


def test_the_figure_of_the_readme_has_an_alternative_text():
    alt = re.search(r"!\[([^\]]+)\]\(reports/published/benefit-flow.svg\)", (ROOT / "README.md").read_text())[1]
    told = findings.response_finding(select(evidence.load()))
    for number in ("62%", "48%", "9", "2", "0.03"):
        assert number in alt and number in f"{told.sentence} {told.detail}"


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


def test_links_of_the_readme_lead_somewhere():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        if not target.startswith("http"):
            assert (ROOT / target).exists() or target.startswith("reports/output"), target


def test_the_readme_explains_each_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in wanted}
    rows = re.findall(r"^\| ([a-z][^|]*) \| [^|]+ \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name for row in rows for name in row.split(", ")}
    assert names <= listed, sorted(names - listed)
