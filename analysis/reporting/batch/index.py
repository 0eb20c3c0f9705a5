"""The page that lists the reports, question by question, with those that failed and why."""

from __future__ import annotations

import functools
from typing import Any

from jinja2 import Environment, FileSystemLoader

from analysis.reporting.batch.plan import Plan
from analysis.reporting.page.references import TEMPLATE
from analysis.reporting.provenance import day_of, value_words


@functools.cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def index_html(plan: Plan, entries: list[dict[str, Any]], common: dict[str, Any]) -> str:
    """Return the page. entries: as in the manifest, in the order of the plan."""
    groups = [
        {"heading": heading, "reports": [_report(entry) for entry in entries if entry["group"] == key]}
        for key, heading in plan.groups.items()
    ]
    return (
        _environment()
        .get_template("batch.html.j2")
        .render(
            groups=[{**group, "anchor": f"group-{n}"} for n, group in enumerate(groups, start=1) if group["reports"]],
            built=sum(entry["status"] == "built" for entry in entries),
            failed=[_report(entry) for entry in entries if entry["status"] != "built"],
            data=common["data"]["hash"],
            code=common["code"],
            day=day_of(common["code"]["epoch"]),
            style=(TEMPLATE / "style.css").read_text(encoding="utf-8"),
        )
    )


def _report(entry: dict[str, Any]) -> dict[str, Any]:
    files = entry["files"]
    shown = [name for name in entry["changed"] if name != "title"]
    return {
        **entry,
        "ok": entry["status"] == "built",
        "links": [
            (label, f"{entry['name']}/{name}")
            for label, name in (("HTML", "report.html"), ("PDF", "report.pdf"), ("Notebook", "report.ipynb"))
            if name in files
        ],
        "made_with": [(name.replace("_", " "), value_words(entry["parameters"][name]) or "all") for name in shown],
    }
