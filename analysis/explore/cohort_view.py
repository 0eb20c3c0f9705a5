"""Interactive view of a clinic's own patients: responders at a chosen threshold, and their flow."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from analysis.exhibit import Figure, Table
from analysis.explore.command import cohort_command
from analysis.explore.controls import (
    CommandBox,
    Ticks,
    View,
    exhibit_block,
    sentence_block,
    side_by_side,
    ticks_hint,
    titled,
)
from analysis.figures.cohort import responder_flow
from analysis.figures.cohort.clinic_figure import INVENTED
from analysis.outcomes import cohort as clinic
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.due_visits import expected_scores
from analysis.outcomes.cohort.threshold import AtThreshold, at_threshold
from analysis.parameters import check_parameters
from analysis.tables.cohort import threshold_table
from analysis.wording import REGIMEN_WORDS, half_up, interval_words, out_of, percent, percent_interval, upper_first

_CACHED = 64  # number of choices whose results are cached
_WIDE = widgets.Layout(width="95%")


def cohort(
    file: str = "data/cohorts/synthetic-example.csv", cohort_map: str = "", level: float = 0.95, min_cell: int = 5
) -> CohortView:
    """Return controls for a table of a clinic's own patients; put it last in a cell.

    Parameters
    ----------
    file
        The table, absolute or relative to the working directory or to the project.
    cohort_map
        The map (.yml) that turns the table into the format of data/cohorts/README.md; "" if it has the format.

    Raises
    ------
    ParameterError
        If there is no such file or a number is not allowed.
    DataError
        With every problem of the table.
    """
    values = check_parameters(cohort=file, cohort_map=cohort_map, level=level, min_cell=min_cell)
    patients = clinic.load(values["cohort"], values["cohort_map"])
    return CohortView(patients, values["cohort"], values["level"], values["min_cell"], values["cohort_map"])


class CohortView(View):
    """Controls for sites, regimens, the responder threshold and the time of follow-up.

    Attributes
    ----------
    result : AtThreshold
        The numbers, with the tables `rates` and `flow`.
    shown : Figure
        The figure, with its data.
    table : Table
        The rates as a printed table.
    sentence : str
        The rates and their change in words.
    command : str
        The command line that builds a report with these choices.
    threshold, follow_up, window
        The sliders.
    """

    def __init__(
        self, patients: Cohort, file: str, level: float = 0.95, min_cell: int = 5, cohort_map: str = ""
    ) -> None:
        self.patients, controls = patients.apart()
        self._controls = not controls.courses.empty
        self.level, self._min_cell = level, min_cell
        self._files = {"cohort": file, "cohort_map": cohort_map}
        sites, regimens = (_stated(self.patients.courses[name]) for name in ("site", "regimen_class"))
        self.sites = Ticks("Sites", {name: name for name in sites}, height=150 if len(sites) > 6 else 0)
        self.regimens = Ticks("Regimens", {name: upper_first(REGIMEN_WORDS.get(name, name)) for name in regimens})
        self.threshold = widgets.IntSlider(30, 1, 100, readout_format="d", layout=_WIDE)
        latest = self.patients.visits["weeks"].max()
        latest = max(float(np.ceil(latest)) if np.isfinite(latest) else 0.0, 12.0)
        self.follow_up = widgets.FloatSlider(
            4.0, min=0.5, max=min(latest, 520.0), step=0.5, readout_format=".1f", layout=_WIDE
        )
        self.window = widgets.FloatSlider(2.0, min=0.0, max=26.0, step=0.5, readout_format=".1f", layout=_WIDE)
        self._results = widgets.HTML()
        # the visits need not be read again for a new threshold
        self._courses = lru_cache(_CACHED)(
            lambda sites, regimens, *times: expected_scores(self.patients.only(sites, regimens), *times)
        )
        self._compute = lru_cache(_CACHED)(self._computed)
        self._box = CommandBox(self._command)
        sliders = {
            "Pain fell by at least (%)": self.threshold,
            "Follow-up (weeks after infusion)": self.follow_up,
            "Window around it (± weeks)": self.window,
        }
        lists = [ticks for ticks, names in ((self.sites, sites), (self.regimens, regimens)) if len(names) > 1]
        controls: list[widgets.Widget] = [titled(words, slider) for words, slider in sliders.items()]
        controls += [ticks_hint(), *(ticks.box for ticks in lists)] if lists else []
        self.box = side_by_side(controls, (self._results, self._box.box))
        for slider in sliders.values():
            slider.observe(self._changed, "value")
        for ticks in lists:
            ticks.observe(self._changed)
        self._changed()

    @property
    def result(self) -> AtThreshold:
        """The numbers for these choices."""
        return self._choice()[0]

    @property
    def shown(self) -> Figure:
        """The figure for these choices."""
        return self._choice()[1]

    @property
    def table(self) -> Table:
        """The rates as a printed table."""
        return threshold_table(self.result)

    @property
    def sentence(self) -> str:
        """The rates and their change in words."""
        invented = f"{INVENTED} " if self.patients.synthetic else ""
        return invented + _sentence(self.result) + (" Control patients are not counted." if self._controls else "")

    def _command(self) -> tuple[str, str]:
        times = self.follow_up.value, self.window.value
        return cohort_command(self._files, self.threshold.value, *times, self.sites.chosen, self.regimens.chosen)

    def _choice(self) -> tuple[AtThreshold, Figure]:
        times = self.follow_up.value, self.window.value
        return self._compute(self.threshold.value, *times, self.sites.chosen, self.regimens.chosen)

    def _computed(
        self, threshold: float, follow_up: float, window: float, sites: tuple[str, ...], regimens: tuple[str, ...]
    ) -> tuple[AtThreshold, Figure]:
        result = at_threshold(
            self._courses(sites, regimens, follow_up, window),
            threshold,
            follow_up_weeks=follow_up,
            window_weeks=window,
            level=self.level,
            min_cell=self._min_cell,
            synthetic=self.patients.synthetic,
        )
        return result, responder_flow(result)

    def _changed(self, change: Any = None) -> None:
        # one assignment, so that sentence and figure always have the same threshold
        self._results.value = sentence_block(self.sentence) + exhibit_block(self.shown) + exhibit_block(self.table)
        self._box.refresh()


def _stated(column: pd.Series) -> list[str]:
    return sorted(str(value) for value in column.dropna().unique())


def _sentence(result: AtThreshold) -> str:
    complete = result.rates[result.rates["handling"] == "complete_cases"].set_index("visit")
    when = {"end_of_infusion": "at the end of infusion", "follow_up": f"around week {result.follow_up_weeks:g}"}
    rates = []
    for visit, words in when.items():
        row = complete.loc[visit]
        if row["hidden"] or pd.isna(row["rate"]):
            rates.append(f"too few patients have a score {words}")
            continue
        count = out_of(row["responders"], row["n"])
        limits = f"{interval_words(result.level)} {percent_interval(row['ci_low'], row['ci_high'])}"
        rates.append(f"{percent(row['rate'])} {words} ({count}, {limits})")
    flow = result.flow.iloc[0]
    change = "Too few patients have both scores to tell the change."
    if not flow["hidden"] and pd.notna(flow["difference"]):
        points, *limits = (half_up(100 * flow[name]) for name in ("difference", "difference_low", "difference_high"))
        change = f"Change in the {int(flow['n'])} with both scores: {points} percentage points ({' to '.join(limits)})."
    return f"Pain fell by at least {result.percent:g}%: {'; '.join(rates)}. {change}"
