"""Describe a batch as an RO-Crate, so that its folder can be deposited: files, inputs, commands, authors, licence.

References: https://w3id.org/ro/crate/
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from analysis.reporting.interchange.linked_data import DATA_LICENCE, DATA_NAME, citation
from analysis.reporting.provenance import value_words

CRATE_VERSION = "1.2"
_KINDS = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".ipynb": "application/x-ipynb+json",
    ".csv": "text/csv",
    ".json": "application/json",
}
_WHAT = {
    "report.html": "The report",
    "report.pdf": "The report for printing",
    "appendix.pdf": "The appendix for printing",
    "report.docx": "The report for comments, in Word",
    "appendix.docx": "The appendix in Word",
    "report.ipynb": "The executed notebook",
    "results.json": "The numbers of the report",
    "evidence.fhir.json": "The summary of findings as FHIR R5 Evidence",
}


def crate_json(entries: list[dict[str, Any]], common: dict[str, Any]) -> bytes:
    """Return the content of ro-crate-metadata.json; the same input gives the same bytes.

    entries: reports as in the manifest (those that failed are left out). common: see provenance.shared.
    """
    cited = citation()
    crate = ROCrate(gen_preview=False, version=CRATE_VERSION)

    def add(place: str, kind: str, **values: Any) -> Any:
        filled = {key: value for key, value in values.items() if value not in ("", None, [])}
        return crate.add(ContextEntity(crate, place, properties={"@type": kind, **filled}))

    authors = [add(f"#author-{n}", **_author(author)) for n, author in enumerate(cited["authors"], start=1)]
    licence = add(f"https://spdx.org/licenses/{cited['license']}", "CreativeWork", name=cited["license"])
    free = add(DATA_LICENCE, "CreativeWork", name="Creative Commons Zero 1.0 Universal")
    code, data = common["code"], common["data"]
    software = add(
        "#software",
        "SoftwareSourceCode",
        name=cited["title"],
        version=f"{cited['version']}, commit {code['commit']}" if code["commit"] else str(cited["version"]),
        identifier=f"sha256:{code['hash']}",
        programmingLanguage="Python",
        softwareRequirements=[f"{name} {version}" for name, version in common["versions"].items()],
        license=licence,
        author=authors,
    )
    tables = [
        add(f"#data/{name}", "CreativeWork", name=f"data/{name}", encodingFormat=_kind(name), sha256=value)
        for name, value in data["files"].items()
    ]
    evidence = add(
        "#data",
        "Dataset",
        name=DATA_NAME,
        identifier=f"sha256:{data['hash']}",
        hasPart=tables,
        license=free,
        author=authors,
    )
    root = crate.root_dataset
    root["name"] = cited["title"]
    root["description"] = " ".join(cited["abstract"].split())
    root["datePublished"] = datetime.fromtimestamp(code["epoch"], tz=UTC).date().isoformat()
    root["license"], root["author"], root["keywords"] = licence, authors, cited["keywords"]
    for name, what in (("index.html", "The list of the reports"), ("manifest.json", "Every report with its hashes")):
        crate.add_file(dest_path=name, properties={"name": what, "encodingFormat": _kind(name)})
    notebooks: dict[str, Any] = {}
    for entry in entries:
        if entry["status"] != "built":
            continue
        path = entry["notebook"]
        if path not in notebooks:
            notebooks[path] = add(
                f"#{path}",
                "SoftwareSourceCode",
                name=path,
                identifier=f"sha256:{entry['notebook_hash']}",
                isPartOf=software,
                license=licence,
            )
        _report(crate, add, entry, notebooks[path], evidence, licence, authors)
    return (json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n").encode()


def _report(
    crate: Any, add: Any, entry: dict[str, Any], notebook: Any, evidence: Any, licence: Any, authors: list[Any]
) -> None:
    """Add a report as a folder of files, with the action that made it."""
    name = entry["name"]
    files = [
        crate.add_file(
            dest_path=f"{name}/{file}",
            properties={
                "name": f"{_WHAT.get(file, Path(file).name)}: {entry['title']}",
                "encodingFormat": _kind(file),
                "sha256": value,
            },
        )
        for file, value in entry["files"].items()
    ]
    words = {"name": entry["title"], "description": entry["question"] or entry["title"]}
    folder = crate.add_dataset(dest_path=f"{name}/", properties=words)
    folder["hasPart"], folder["license"], folder["author"] = files, licence, authors
    parameters = [
        add(f"#{name}/{key}", "PropertyValue", name=key, value=value_words(value) or "all")
        for key, value in entry["parameters"].items()
    ]
    action = add(f"#make-{name}", "CreateAction", name=f"Making of {entry['title']}", description=entry["command"])
    action["instrument"], action["object"], action["result"] = notebook, [evidence, *parameters], folder


def _author(author: dict[str, str]) -> dict[str, str]:
    """Return the properties of a person or a group."""
    if "family-names" in author:
        return {"kind": "Person", "name": f"{author.get('given-names', '')} {author['family-names']}".strip()}
    return {"kind": "Organization", "name": author["name"]}


def _kind(name: str) -> str:
    return _KINDS.get(Path(name).suffix, "text/plain")
