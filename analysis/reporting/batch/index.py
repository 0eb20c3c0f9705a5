"""The page that lists the reports: the finding, reports by question, the studies, a clinic's patients apart."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from analysis.reporting.batch.folder import GENERATOR, earlier_words
from analysis.reporting.batch.placement import FAILED_NOTEBOOK
from analysis.reporting.batch.plan import Plan
from analysis.reporting.page.html import escaping_templates, page_style, script_values, with_fonts
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.provenance import day_of
from analysis.wording import regimen_words, study_name, upper_first

_FINDING, _STUDY, _COHORT, _PATIENTS = "evidence-report", "study-report", "cohort-report", "patients"
_LINKS = {
    "report.html": "Read",
    "report.pdf": "PDF",
    "appendix.pdf": "Appendix",
    "report.docx": "Word",
    "appendix.docx": "Appendix (Word)",
    "report.ipynb": "Notebook",
    "results.json": "Numbers (JSON)",
}
_TITLE = "Reports on ketamine for complex regional pain syndrome"


def index_html(plan: Plan, entries: list[dict[str, Any]], common: dict[str, Any], attempts: Collection[str]) -> str:
    """Return the page.

    Parameters
    ----------
    entries: as in the manifest, in the order of the plan.
    attempts: names of the reports whose folder holds the notebook of a failed attempt beside an earlier report.
    """
    reports = [_report(entry, entry["name"] in attempts) for entry in entries]
    finding = next((report for report in reports if report["name"] == _FINDING and report["links"]), None)
    apart = [report for report in reports if report["notebook"] in (_STUDY, _COHORT)]
    cohorts = [report for report in apart if report["notebook"] == _COHORT]
    studies = _studies([report for report in apart if report["notebook"] == _STUDY])
    groups: list[dict[str, Any]] = []
    for key, heading in plan.groups.items():
        members = [report for report in reports if report["group"] == key]
        if listed := [report for report in members if report not in apart]:
            groups.append({"anchor": f"group-{len(groups) + 1}", "heading": heading, "reports": listed})
        if studies and any(report["notebook"] == _STUDY for report in members):
            groups.append({"anchor": "studies", "heading": f"The {len(studies)} studies", "studies": studies})
            studies = []
    return with_fonts(
        escaping_templates(TEMPLATE)
        .get_template("index.html.j2")
        .render(
            title=finding["title"] if finding else _TITLE,
            lead=finding["question"] if finding else "",
            finding=finding,
            buttons=_buttons(reports, finding),
            groups=groups,
            cohorts=cohorts,
            invented=any(report["synthetic"] for report in cohorts),
            built=sum(entry["status"] == "built" for entry in entries),
            failed=[report for report in reports if report["status"] != "built"],
            generator=GENERATOR,
            data=common["data"]["hash"],
            code=common["code"],
            day=day_of(common["code"]["epoch"]),
            style=page_style(),
            **script_values((TEMPLATE / "index.js").read_text(encoding="utf-8")),
        )
    )


def _report(entry: dict[str, Any], attempted: bool) -> dict[str, Any]:
    names, folder, failed = entry["files"], quote(entry["name"]), entry["status"] != "built"
    if entry["kept"]:
        attempt = f"{folder}/{FAILED_NOTEBOOK}" if attempted else ""
    else:
        attempt = f"{folder}/report.ipynb" if failed and "report.ipynb" in names else ""
    return {
        **entry,
        "notebook": Path(entry["notebook"]).stem,
        "ok": not failed,
        "heading": upper_first(entry["kicker"].split(" · ")[0] or entry["name"].replace("-", " ")),
        "earlier": earlier_words(entry),
        "attempt": attempt,
        "links": [(label, f"{folder}/{name}") for name, label in _LINKS.items() if name in names],
    }


def _buttons(reports: list[dict[str, Any]], finding: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return label and address of the ways into the finding."""
    links = dict(finding["links"]) if finding else {}
    named = {"Read": "Read the finding", "PDF": "PDF", "Appendix": "Appendix"}
    buttons = [(words, links[label]) for label, words in named.items() if label in links]
    patients = next((dict(report["links"]) for report in reports if report["notebook"] == _PATIENTS), {})
    return [*buttons, ("For patients", patients["Read"])] if "Read" in patients else buttons


def _studies(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of the table of studies, each with the address of its page; none without study reports."""
    if not reports:
        return []
    from analysis.evidence import load
    from analysis.outcomes.study_list import studies_with_parts

    # a report whose process died has no parameters
    pages = {report["parameters"].get("study_id"): dict(report["links"]).get("Read", "") for report in reports}
    lines = []
    for row in studies_with_parts(load()).itertuples():
        size = int(row.n) if pd.notna(row.n) else -1
        regimens = " and ".join(regimen_words(name) for name in row.regimens.split("; ") if name)
        mark = "" if row.n_is == "with CRPS" else "*"
        lines.append(
            {
                "name": study_name(row.citation),
                "link": pages.get(row.study_id, ""),
                "year": str(int(row.year)) if pd.notna(row.year) else "–",
                "design": row.design_words,
                "control": {"placebo-controlled": "placebo", "uncontrolled": "none"}.get(
                    row.control, "other treatment"
                ),
                "size": size,
                "patients": f"{size}{mark}" if size >= 0 else "–",
                "regimens": regimens,
                "part": row.part,
            }
        )
    return lines
