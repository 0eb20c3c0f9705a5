"""A clinic's own patients: responders at a threshold that a slider moves, and who kept the response."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from analysis.exhibit import Figure, Table
from analysis.explore import parts
from analysis.explore.command import cohort_command
from analysis.figures.cohort import responder_flow
from analysis.figures.cohort.clinic_figure import INVENTED
from analysis.outcomes import cohort as clinic
from analysis.outcomes.cohort import Cohort
from analysis.outcomes.cohort.scores import course_scores
from analysis.outcomes.cohort.threshold import AtThreshold, at_threshold
from analysis.outcomes.context import REGIMEN_WORDS
from analysis.parameters import check_parameters
from analysis.tables.cohort.threshold import at_threshold as threshold_table
from analysis.wording import half_up, level_words, of, percent, percent_interval, upper_first

_KEPT = 64
_WIDE = widgets.Layout(width="95%")


def cohort(file: str = "data/cohorts/synthetic-example.csv", level: float = 0.95, min_cell: int = 5) -> CohortView:
    """Controls for a table of a clinic's own patients, and how many respond; put it last in a cell.

    file: .csv, .xlsx or .parquet as data/cohorts/README.md describes it, absolute or relative to the working directory
    or to the project. level: confidence level of the intervals. min_cell: smallest number of patients that is shown.
    Raises ParameterError for a file that isn't there or an impossible number, DataError with every problem of the
    table. See `CohortView` for what can be asked of it.
    """
    values = check_parameters(cohort=file, level=level, min_cell=min_cell)
    return CohortView(clinic.load(values["cohort"]), values["cohort"], values["level"], values["min_cell"])


class CohortView:
    """Sites, regimens, the fall of pain that makes a responder and the time of follow-up to choose.

    Attributes to go on with in the next cell: `result` (its tables `rates` and `flow`), `shown`, the figure
    (`shown.figure`, `shown.data`, `shown.source`), `table`, `sentence`, `command`, the command line that makes a report
    of it, and the sliders `threshold`, `follow_up` and `window`.
    """

    def __init__(self, patients: Cohort, file: str, level: float = 0.95, min_cell: int = 5) -> None:
        self.patients, self.level, self._min_cell, self._file = patients, level, min_cell, file
        sites, regimens = (_stated(patients.courses[name]) for name in ("site", "regimen_class"))
        self.sites = parts.Ticks("Sites", {name: name for name in sites}, tall=150 if len(sites) > 6 else 0)
        self.regimens = parts.Ticks("Regimens", {name: upper_first(REGIMEN_WORDS.get(name, name)) for name in regimens})
        self.threshold = widgets.IntSlider(30, 1, 100, readout_format="d", layout=_WIDE)
        latest = patients.visits["weeks"].max()
        latest = max(float(np.ceil(latest)) if np.isfinite(latest) else 0.0, 12.0)
        self.follow_up = widgets.FloatSlider(
            4.0, min=0.5, max=min(latest, 520.0), step=0.5, readout_format=".1f", layout=_WIDE
        )
        self.window = widgets.FloatSlider(2.0, min=0.0, max=26.0, step=0.5, readout_format=".1f", layout=_WIDE)
        self._told = widgets.HTML()

        self._part = lru_cache(_KEPT)(lambda *chosen: patients.only(*chosen))
        self._courses = lru_cache(_KEPT)(
            lambda sites, regimens, *times: course_scores(self._part(sites, regimens), *times)
        )
        self._result = lru_cache(_KEPT)(self._computed)
        self._draw = lru_cache(_KEPT)(self._drawn)
        self._box = parts.CommandBox(lambda: cohort_command(self._file, self.threshold.value, *self._times, *self._who))
        named = (
            ("Pain fell by at least (%)", self.threshold),
            ("Follow-up (weeks after infusion)", self.follow_up),
            ("Window around it (± weeks)", self.window),
        )
        sliders = [widgets.VBox((parts.title(words), slider)) for words, slider in named]
        lists = [ticks for ticks, names in ((self.sites, sites), (self.regimens, regimens)) if len(names) > 1]
        more = [parts.hint(parts.NOTHING)] if lists else []
        self.box = parts.page((*sliders, *more, *(ticks.box for ticks in lists)), (self._told, self._box.box))
        for slider in (self.threshold, self.follow_up, self.window):
            slider.observe(self._changed, "value")
        for ticks in lists:
            ticks.observe(self._changed)
        self._changed()

    @property
    def _who(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.sites.chosen, self.regimens.chosen

    @property
    def _times(self) -> tuple[float, float]:
        return self.follow_up.value, self.window.value

    @property
    def result(self) -> AtThreshold:
        """The numbers as the controls stand."""
        return self._result(self.threshold.value, self._times, self._who)

    @property
    def shown(self) -> Figure:
        """The figure as the controls stand."""
        return self._draw(self.threshold.value, self._times, self._who)

    @property
    def table(self) -> Table:
        """The rates as a printed table."""
        return threshold_table(self.result, self.level)

    @property
    def sentence(self) -> str:
        """The rates and their change in words."""
        return _sentence(self.result, self.level, self.patients.synthetic)

    @property
    def command(self) -> str:
        """The command line that makes a report with these choices."""
        return cohort_command(self._file, self.threshold.value, *self._times, *self._who)[0]

    def _computed(self, threshold: float, times: tuple[float, float], who: tuple) -> AtThreshold:
        follow_up_weeks, window_weeks = times
        return at_threshold(
            self._courses(*who, *times),
            threshold,
            follow_up_weeks=follow_up_weeks,
            window_weeks=window_weeks,
            level=self.level,
            min_cell=self._min_cell,
        )

    def _drawn(self, *choice: Any) -> Figure:
        return responder_flow(self._result(*choice), self.level, self.patients.synthetic)

    def _changed(self, change: Any = None) -> None:
        # in one piece: never the sentence of this threshold beside the figure of the last
        figure, table = parts.figure_html(self.shown), parts.table_html(self.table)
        self._told.value = parts.answer(self.sentence) + figure + table
        self._box.refresh()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.box._repr_mimebundle_(include=include, exclude=exclude)


def _stated(column: pd.Series) -> list[str]:
    return sorted(str(value) for value in column.dropna().unique())


def _sentence(result: AtThreshold, level: float, synthetic: bool) -> str:
    """`At 30% or more less pain: 57% (…) at the end of infusion, 48% (…) at follow-up; a change of …`."""
    seen = result.rates[result.rates["handling"] == "complete_cases"].set_index("visit")
    when = {"end_of_infusion": "at the end of infusion", "follow_up": f"around week {result.follow_up_weeks:g}"}
    told = []
    for visit, words in when.items():
        row = seen.loc[visit]
        if row["hidden"] or pd.isna(row["rate"]):
            told.append(f"too few patients have a score {words}")
            continue
        limits = percent_interval(row["ci_low"], row["ci_high"])
        told.append(
            f"{percent(row['rate'])} {words} ({of(row['responders'], row['n'])}, {level_words(level)} {limits})"
        )
    flow = result.flow.iloc[0]
    change = "Too few patients have both scores to tell the change."
    if not flow["hidden"] and pd.notna(flow["difference"]):
        points, *limits = (half_up(100 * flow[name]) for name in ("difference", "difference_low", "difference_high"))
        change = f"Change in the {int(flow['n'])} with both scores: {points} percentage points ({' to '.join(limits)})."
    invented = f"{INVENTED} " if synthetic else ""
    return f"{invented}Pain fell by at least {result.percent:g}%: {'; '.join(told)}. {change}"
