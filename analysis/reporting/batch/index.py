"""The page that lists the reports, question by question, with those that failed and why."""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader

from analysis.reporting.batch.folder import GENERATOR, earlier_words
from analysis.reporting.batch.placement import FAILED_NOTEBOOK
from analysis.reporting.batch.plan import Plan
from analysis.reporting.page.html import with_fonts
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.provenance import day_of, value_words


@functools.cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def index_html(plan: Plan, entries: list[dict[str, Any]], common: dict[str, Any], built: dict[str, str]) -> str:
    """Return the page.

    entries: as in the manifest, in the order of the plan. built: time at which each report was built.
    """
    reports = [_report(entry, built.get(entry["name"], "")) for entry in entries]
    groups = [
        {"heading": heading, "reports": [report for report in reports if report["group"] == key]}
        for key, heading in plan.groups.items()
    ]
    return with_fonts(
        _environment()
        .get_template("batch.html.j2")
        .render(
            groups=[{**group, "anchor": f"group-{n}"} for n, group in enumerate(groups, start=1) if group["reports"]],
            built=sum(entry["status"] == "built" for entry in entries),
            failed=[report for report in reports if report["status"] != "built"],
            generator=GENERATOR,
            data=common["data"]["hash"],
            code=common["code"],
            day=day_of(common["code"]["epoch"]),
            style=(TEMPLATE / "style.css").read_text(encoding="utf-8"),
        )
    )


def _report(entry: dict[str, Any], built: str) -> dict[str, Any]:
    names = [name for name in entry["files"] if name != FAILED_NOTEBOOK]
    shown = [name for name in entry["changed"] if name != "title"]
    folder = quote(entry["name"])
    attempt = FAILED_NOTEBOOK if entry["kept"] else "report.ipynb"
    return {
        **entry,
        "ok": entry["status"] == "built",
        "earlier": earlier_words(entry, built),
        "attempt": f"{folder}/{attempt}" if entry["status"] != "built" and attempt in entry["files"] else "",
        "links": [
            (label, f"{folder}/{name}")
            for label, name in (("HTML", "report.html"), ("PDF", "report.pdf"), ("Notebook", "report.ipynb"))
            if name in names
        ],
        "made_with": [(name.replace("_", " "), value_words(entry["parameters"][name]) or "all") for name in shown],
    }
