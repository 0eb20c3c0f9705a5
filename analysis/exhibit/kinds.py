"""Figure and Table: their content, and their form in a notebook's output."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from html import escape as html_escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.exhibit.cells import Column, columns_of, csv_text, printed, stable, with_computed
from analysis.exhibit.choices import CountChoices, RateChoices
from analysis.exhibit.markdown import plain
from analysis.exhibit.places import places, source_rows
from analysis.exhibit.row_picture import RowPicture
from analysis.exhibit.svg import figure_svg, standalone_svg
from analysis.result_view import ResultView

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

EXHIBIT_MIME = "application/vnd.ketamine-crps.exhibit+json"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _check(name: str, **words: str) -> None:
    if not _SLUG.fullmatch(name):
        raise ValueError(f"name {name!r}: only lower-case letters, digits and single hyphens, such as 'pain-by-week'")
    for what, text in words.items():
        if not text.strip():
            raise ValueError(f"{name}: {what} is empty; every exhibit needs one")


def _check_columns(name: str, data: pd.DataFrame, columns: tuple[Column, ...]) -> None:
    unknown = [column.name for column in columns if column.name not in data.columns]
    if unknown:
        raise ValueError(
            f"{name}: no such column in the data: {', '.join(unknown)}; there are {', '.join(data.columns)}"
        )


def _grid(data: pd.DataFrame, columns: tuple[Column, ...]) -> dict[str, Any]:
    return {
        "columns": [{"label": column.label, "align": column.align, "unit": column.unit} for column in columns],
        "cells": printed(data, columns),
        "csv": csv_text(data),
    }


def _html_table(grid: dict[str, Any], caption: str) -> str:
    sides = ["left" if column["align"] == "left" else "right" for column in grid["columns"]]
    heads = "".join(
        f'<th scope="col" style="text-align:{side}">{html_escape(heading(column))}</th>'
        for column, side in zip(grid["columns"], sides, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{side};font-variant-numeric:tabular-nums">{html_escape(cell)}</td>'
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in grid["cells"]
    )
    top = f'<caption style="text-align:left">{html_escape(caption)}</caption>'
    return f"<table>{top}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _rows_behind(data: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    cells = (map(column.text, data[column.name]) for column in (*columns, *columns_of(data)))
    return source_rows(places(*(cell for column in cells for cell in column)))


def payloads(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the content of each exhibit in the outputs of an executed notebook, in order."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if payload := output.get("data", {}).get(EXHIBIT_MIME):
                yield payload


def heading(column: dict[str, str]) -> str:
    """Return the heading of a printed column, with its unit if it has one."""
    return f"{column['label']} ({column['unit']})" if column["unit"] else column["label"]


@dataclass(frozen=True, eq=False)
class Figure(ResultView):
    """A figure with its data and its text.

    Attributes
    ----------
    name : str
        Slug, unique in a report (anchor `fig-NAME`, file `fig-NAME.csv`).
    figure : matplotlib.figure.Figure
    data : DataFrame
        The numbers drawn.
    alt : str
        Alternative text: what the figure shows, with numbers.
    caption, notes : str
        Markdown; the notes (left out, assumptions) are printed below the caption.
    legend : str
        The meaning of marks that several figures share; a report prints it below the first of them.
    studies : tuple of str
        Ids of the studies drawn.
    title : str
        The finding in one sentence, with its number.
    rows : RowPicture, optional
        The same content as rows, which a page shows instead of the picture.
    narrow : matplotlib.figure.Figure, optional
        The picture for a phone.
    choices : RateChoices or CountChoices, optional
        What a reader may choose on the page, which then computes the result again.
    half : bool
        Half a page wide: two stand side by side, one on a phone.

    Raises
    ------
    ValueError
        For a name that is not a slug, and for an empty caption or alternative text.
    """

    name: str
    figure: MatplotlibFigure
    data: pd.DataFrame
    alt: str
    caption: str
    studies: tuple[str, ...] = ()
    notes: str = ""
    title: str = ""
    rows: RowPicture | None = None
    narrow: MatplotlibFigure | None = None
    choices: RateChoices | CountChoices | None = None
    half: bool = False
    legend: str = ""
    _svg: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _check(self.name, caption=self.caption, alt=self.alt)
        # Jupyter draws every figure that is open in pyplot at the end of a cell, so this one would appear twice
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(self.figure)

    @property
    def source(self) -> pd.DataFrame:
        """The rows of data/ behind the numbers: file, number in the row_id. Empty for a clinic's own table."""
        return _rows_behind(self.data, ())

    @property
    def svg(self) -> str:
        """The figure as SVG with real text, without dates and random ids, the same on every machine."""
        if "text" not in self._svg:
            self._svg["text"] = figure_svg(self.figure, self.name)
        return self._svg["text"]

    def payload(self) -> dict[str, Any]:
        """Return what the report needs, as JSON."""
        return {
            "kind": "figure",
            "name": self.name,
            "title": self.title,
            "narrow_svg": figure_svg(self.narrow, f"{self.name}-narrow") if self.narrow else "",
            "row_picture": stable(self.rows.payload()) if self.rows else None,
            "choices": stable(asdict(self.choices)) if self.choices else None,
            "caption": self.caption,
            "legend": self.legend,
            "alt": self.alt,
            "notes": self.notes,
            "half": self.half,
            "studies": list(self.studies),
            **_grid(self.data, columns_of(self.data)),
        }

    @property
    def html(self) -> str:
        """The figure as HTML with its alternative text and caption."""
        picture = base64.b64encode(standalone_svg(self.svg).encode()).decode()
        heading = f"<b>{html_escape(self.title)}</b><br>" if self.title else ""
        image = f'<img style="max-width:100%;background:#fff" alt="{html_escape(self.alt)}"'
        source = f'src="data:image/svg+xml;base64,{picture}">'
        words = plain(f"{self.caption} {self.legend}".strip())
        caption = f"<figcaption>{html_escape(words)}</figcaption>"
        return f'<figure style="margin:0">{heading}{image} {source}{caption}</figure>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        text = "\n".join(filter(None, (f"Figure: {self.title}", plain(self.caption), self.alt)))
        return {EXHIBIT_MIME: self.payload(), "image/svg+xml": self.svg, "text/html": self.html, "text/plain": text}


@dataclass(frozen=True, eq=False)
class Table(ResultView):
    """A printed table with its raw values. Cells are printed as text, never as markup.

    Attributes
    ----------
    name : str
        Slug, unique in a report (anchor `tab-NAME`, file `tab-NAME.csv`).
    data : DataFrame
        Raw values, to which columns with a `value` function are added.
    caption, notes : str
        Markdown.
    columns : tuple of Column
        The printed columns; empty prints all columns of the data.

    Raises
    ------
    ValueError
        For a name that is not a slug, an empty caption or an unknown column.
    """

    name: str
    data: pd.DataFrame
    caption: str
    columns: tuple[Column, ...] = ()
    studies: tuple[str, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        _check(self.name, caption=self.caption)
        object.__setattr__(self, "data", with_computed(self.data, self.columns))
        _check_columns(self.name, self.data, self.columns)

    @property
    def source(self) -> pd.DataFrame:
        """The rows of data/ behind the numbers: file, number in the row_id. Empty for a clinic's own table."""
        return _rows_behind(self.data, self.columns)

    def payload(self) -> dict[str, Any]:
        """Return what the report needs, as JSON."""
        return {
            "kind": "table",
            "name": self.name,
            "caption": self.caption,
            "notes": self.notes,
            "studies": list(self.studies),
            **_grid(self.data, self.columns or columns_of(self.data)),
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        payload = self.payload()
        caption = plain(self.caption)
        lines = ["\t".join(map(heading, payload["columns"])), *("\t".join(row) for row in payload["cells"])]
        return {
            EXHIBIT_MIME: payload,
            "text/html": _html_table(payload, caption),
            "text/plain": "\n".join([f"Table: {caption}", *lines]),
        }
