"""What Jupyter shows of a result, and the result as a DataFrame."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pandas as pd

_ROWS = 10  # shown of each table


class ResultView:
    """Base of frozen dataclasses that hold values and tables; Jupyter shows the values, then each table to unfold."""

    def to_pandas(self) -> pd.DataFrame:
        """Return the first table; of a result without tables its values, as one row."""
        values, tables = self._parts()
        return next(iter(tables.values()), pd.DataFrame([values]))

    def _parts(self) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
        """Return the values and the tables by name; neither arrays nor parts that the text form leaves out."""
        parts = {field.name: (getattr(self, field.name), field.repr) for field in fields(self)}  # type: ignore[arg-type]
        tables = {name: part for name, (part, _) in parts.items() if isinstance(part, pd.DataFrame)}
        values = {name: part for name, (part, shown) in parts.items() if shown and name not in tables}
        return {name: part for name, part in values.items() if not hasattr(part, "shape")}, tables

    def _repr_html_(self) -> str:
        values, tables = self._parts()
        shown = pd.Series(values, dtype=object).to_frame().to_html(header=False) if values else ""
        unfold = "".join(
            f"<details{' open' * (number == 0)}><summary>{name}: {len(table)} rows</summary>"
            f"{table.head(_ROWS).to_html()}</details>"
            for number, (name, table) in enumerate(tables.items())
        )
        return f"<b>{type(self).__name__}</b>{shown}{unfold}"
