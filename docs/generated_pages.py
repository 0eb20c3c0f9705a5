"""Pages made from the code and the data before the site is built: parameters and data dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.parameters import all_notebooks
from analysis.paths import DATA
from analysis.reporting.provenance import value_words
from analysis.tabular.data_package import read_package
from analysis.tabular.schema import Field, TableSchema


def setup(app: Any) -> dict[str, bool]:
    """Write the pages when the builder starts."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}


def _write(app: Any) -> None:
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(exist_ok=True)
    pages = {"parameters": _parameters(), "data-dictionary": _dictionary(DATA), "cohort": _dictionary(DATA / "cohorts")}
    for name, lines in pages.items():
        (folder / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _parameters() -> Iterator[str]:
    for notebook in all_notebooks():
        yield from ("", f"## {notebook.name}", "", f"{notebook.title}.", "")
        if not notebook.parameters:
            yield "No parameters."
            continue
        yield from _table_head("Parameter", "Type", "Default", "Meaning and allowed values")
        for parameter in notebook.parameters:
            default = value_words(parameter.default) or "all"
            meaning = f"{parameter.meaning[:1].upper()}{parameter.meaning[1:]}."
            yield _line(f"`{parameter.name}`", parameter.type, default, f"{meaning} {parameter.allowed()}")


def _dictionary(folder: Path) -> Iterator[str]:
    for table in read_package(folder).tables.values():
        yield from ("", f"## {table.title} (`{table.file}`)", "", table.description, "")
        yield from _keys(table)
        yield from _table_head("Column", "Type", "Meaning", "Rules")
        for field in table.fields:
            yield _line(
                f"`{field.name}`", _type(field), f"{field.title}. {field.description}", "; ".join(_rules(field))
            )


def _keys(table: TableSchema) -> Iterator[str]:
    keys = [f"`{key.column}` occurs in `{key.to_table or table.name}.{key.to_column}`" for key in table.foreign_keys]
    if table.primary_key:
        keys.insert(0, f"`{', '.join(table.primary_key)}` is unique")
    if keys:
        yield from (f"{'; '.join(keys)}.", "")


def _type(field: Field) -> str:
    return f"{field.type}, {field.unit}" if field.unit else field.type


def _rules(field: Field) -> Iterator[str]:
    if field.required:
        yield "never empty"
    if field.unique:
        yield "unique"
    if field.enum:
        yield "one of " + ", ".join(f"`{value}`" for value in field.enum)
    if field.minimum is not None or field.maximum is not None:
        yield f"{_limit(field.minimum)} to {_limit(field.maximum)}"
    if field.pattern:
        yield f"as in `{field.example}`" if field.example else f"pattern `{field.pattern}`"
    if field.optional:
        yield "the table may lack it"


def _limit(value: Any) -> str:
    return "any" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _table_head(*heads: str) -> Iterator[str]:
    yield _line(*heads)
    yield _line(*["---"] * len(heads))


def _line(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
