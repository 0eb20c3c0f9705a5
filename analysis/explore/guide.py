"""The table of the notebooks' parameters, read from the notebooks themselves."""

from __future__ import annotations

import pandas as pd

from analysis.evidence.rowwise import grouped
from analysis.exhibit import Column, Table
from analysis.parameters import Parameter, all_notebooks
from analysis.reporting.provenance import value_words
from analysis.wording import upper_first

_LONGEST = 300  # characters of a list of allowed values; a longer list is not printed


def parameters() -> Table:
    """Return the parameters of all notebooks: name, meaning, default, allowed values, notebooks.

    The table is derived from the parameters cells and the registry. Raises ParameterError if a cell violates the rules.
    """
    uses = grouped(
        ((parameter.name, upper_first(parameter.meaning)), (parameter, notebook.name))
        for notebook in all_notebooks()
        for parameter in notebook.parameters
    )
    rows = []
    for (name, meaning), same in uses.items():
        defaults = {value_words(parameter.default) or "all" for parameter, _ in same}
        rows.append(
            {
                "parameter": name,
                "meaning": meaning,
                "default": defaults.pop() if len(defaults) == 1 else "differs; see the notebook",
                "allowed": _allowed(same[0][0]),
                "notebooks": sorted(notebook for _, notebook in same),
            }
        )
    return Table(
        name="parameters",
        data=pd.DataFrame(rows).sort_values("parameter", ignore_index=True),
        caption="What can be changed in the parameters cell of a notebook, and with `-p` on the command line.",
        columns=(
            Column("parameter", "Parameter"),
            Column("meaning", "Meaning"),
            Column("default", "Default"),
            Column("allowed", "Allowed"),
            Column("notebooks", "Notebooks", format=", ".join),
        ),
    )


def _allowed(parameter: Parameter) -> str:
    words = parameter.allowed().removeprefix("Allowed: ").rstrip(".")
    return words if len(words) <= _LONGEST else "the ids in data/studies.csv; listed by python -m analysis list"
