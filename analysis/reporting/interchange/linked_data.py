"""schema.org data of a page: the article, the tables that it is based on, and the publications that it cites.

References: https://schema.org/MedicalScholarlyArticle and https://schema.org/Dataset
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import Any

from analysis.paths import ROOT
from analysis.tabular.plain_yaml import read_yaml

DATA_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
DATA_NAME = "Published outcomes of ketamine in complex regional pain syndrome (CRPS)"


@functools.cache
def citation() -> dict[str, Any]:
    """Return the content of CITATION.cff."""
    return read_yaml((ROOT / "CITATION.cff").read_bytes())


def linked_data(title: str, abstract: str, made: dict[str, Any]) -> str:
    """Return the data as JSON that an HTML script element can contain; empty for a page with a clinic's own patients.

    made: the record of the report, see `provenance.record`; empty for a page without one.
    """
    if "command" not in made or made.get("inputs"):
        return ""
    cited = citation()
    authors = [{"@type": "Organization", "name": author["name"]} for author in cited["authors"] if "name" in author]
    data = {
        "@context": "https://schema.org",
        "@type": "MedicalScholarlyArticle",
        "headline": title,
        "abstract": abstract,
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "dateModified": datetime.fromtimestamp(made["code"]["epoch"], tz=UTC).date().isoformat(),
        "author": authors,
        "about": [
            {"@type": "MedicalCondition", "name": "Complex regional pain syndrome", "alternateName": "CRPS"},
            {"@type": "Drug", "name": "Ketamine"},
        ],
        "isBasedOn": {
            "@type": "Dataset",
            "name": DATA_NAME,
            "description": " ".join(cited["abstract"].split()),
            "identifier": f"sha256:{made['data']['hash']}",
            "license": DATA_LICENCE,
            "creator": authors,
            "keywords": cited["keywords"],
        },
        "citation": _cited(made),
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _cited(made: dict[str, Any]) -> list[dict[str, str]]:
    studies = {entry["study"] for rows in made["rows"].values() for entry in rows.values() if entry["study"]}
    articles = []
    for study in sorted(studies):
        url = made["sources"].get(study, {}).get("url")
        articles.append(
            {"@type": "ScholarlyArticle", "name": made["citations"].get(study, study)}
            | ({"sameAs": url} if url else {})
        )
    return articles
