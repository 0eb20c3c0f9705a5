"""Finding, Summary and Prose: computed text, and its form in a notebook's output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.exhibit.kinds import EXHIBIT_MIME
from analysis.exhibit.places import places, source_rows


@dataclass(frozen=True)
class Finding:
    """One answer: the question, a sentence (Markdown), and the studies and data rows of its numbers.

    `detail` (Markdown) is printed as Prose in the section about this question, not on the first screen.
    """

    question: str
    sentence: str
    studies: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    detail: str = ""

    @property
    def source(self) -> pd.DataFrame:
        """The rows of data/ behind the numbers: file, number in the row_id. Empty for a clinic's own table."""
        return source_rows(places(*self.rows))

    def as_prose(self) -> Prose:
        """Return sentence and detail as text of a report, with their studies and data rows."""
        return Prose(f"{self.sentence} {self.detail}".strip(), self.studies, self.rows)

    def _repr_markdown_(self) -> str:
        return f"**{self.question}** {self.sentence}"


@dataclass(frozen=True)
class Summary:
    """The first screen of a report: title, lead (Markdown), findings.

    kicker: what the page is, printed above the title.

    `synthetic` marks invented patients; every page of the report then says so.
    """

    title: str
    findings: tuple[Finding, ...] = ()
    subtitle: str = ""
    synthetic: bool = False
    kicker: str = ""
    lead: str = ""

    def payload(self) -> dict[str, Any]:
        """Return what the report needs, as JSON."""
        return {
            "kind": "summary",
            "title": self.title,
            "subtitle": self.subtitle,
            "kicker": self.kicker,
            "lead": self.lead,
            "findings": [
                {"question": f.question, "sentence": f.sentence, "studies": list(f.studies), "rows": list(f.rows)}
                for f in self.findings
            ],
            "synthetic": self.synthetic,
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        parts = [f"# {self.title}" if self.title else "", f"*{self.subtitle}*" if self.subtitle else ""]
        parts.insert(1, self.lead)
        parts += [f"**{finding.question}** {finding.sentence}" for finding in self.findings]
        if self.synthetic:
            parts.insert(1, "**Synthetic data: invented patients.**")
        markdown = "\n\n".join(part for part in parts if part)
        return {EXHIBIT_MIME: self.payload(), "text/markdown": markdown, "text/plain": markdown}


@dataclass(frozen=True)
class Prose:
    """Computed text in Markdown, with the studies and data rows of its numbers."""

    markdown: str
    studies: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return what the report needs, as JSON."""
        return {"kind": "prose", "markdown": self.markdown, "studies": list(self.studies), "rows": list(self.rows)}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {EXHIBIT_MIME: self.payload(), "text/markdown": self.markdown, "text/plain": self.markdown}
