"""What the parameters of the notebooks mean, read from the notebooks themselves."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import grouped
from analysis.exhibit import Column, Table
from analysis.parameters import Parameter, all_notebooks
from analysis.reporting.provenance import value_words
from analysis.wording import upper_first

_LONGEST = 300  # letters of a list of allowed values; a longer one is told in short


def parameters() -> Table:
    """One row a parameter: name, meaning, default, allowed values, notebooks that have it.

    Read from the notebooks' own parameters cells and from the check that runs before every report, so it can't be out
    of date. Where notebooks differ in default or meaning, each has a row. Raises ParameterError if a cell breaks the
    rules.
    """
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    for notebook in all_notebooks():
        for parameter in notebook.parameters:
            default = value_words(parameter.default) or "all"
            row = rows.setdefault(
                (parameter.name, default, parameter.meaning),
                {
                    "parameter": parameter.name,
                    "meaning": upper_first(parameter.meaning),
                    "default": default,
                    "allowed": _allowed(parameter),
                    "notebooks": [],
                },
            )
            row["notebooks"].append(notebook.name)
    merged = grouped(((row["parameter"], row["meaning"]), row) for row in rows.values())
    table = pd.DataFrame(
        [
            same[0]
            | {
                "default": same[0]["default"] if len(same) == 1 else "differs; see the notebook",
                "notebooks": sorted(name for row in same for name in row["notebooks"]),
            }
            for same in merged.values()
        ]
    ).sort_values("parameter", ignore_index=True)
    return Table(
        name="parameters",
        data=table,
        caption="What can be changed in the parameters cell of a notebook, and with `-p` on the command line.",
        columns=(
            Column("parameter", "Parameter"),
            Column("meaning", "Meaning"),
            Column("default", "Default"),
            Column("allowed", "Allowed"),
            Column("notebooks", "Notebooks", format=_names),
        ),
    )


def _allowed(parameter: Parameter) -> str:
    words = parameter.allowed().removeprefix("Allowed: ").rstrip(".")
    if len(words) <= _LONGEST:
        return words
    return "the ids in data/studies.csv; listed by python -m analysis list"


def _names(names: list[str]) -> str:
    return ", ".join(names)
