"""The published evidence, chosen by hand: pain, responders and benefit over time redrawn at every change."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

import ipywidgets as widgets

from analysis import evidence as tables
from analysis import figures, findings
from analysis.evidence import Evidence
from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria, Selection, select
from analysis.exhibit import Figure, Finding, plain
from analysis.explore import parts
from analysis.explore.command import evidence_command
from analysis.outcomes import durations, responders, trajectories
from analysis.outcomes.context import ACCESS_WORDS, DEFINITION_WORDS, REGIMEN_WORDS
from analysis.parameters import check_parameters
from analysis.parameters.registry import REGISTRY
from analysis.tables.study import ROUTE_WORDS
from analysis.wording import count, upper_first

PAIN, RESPONSE, BENEFIT = VIEWS = ("Pain", "Responders", "Benefit over time")
HORIZONS = (4.0, 8.0, 13.0, 26.0, 52.0, 104.0, 208.0)
_KEPT = 64  # choices whose pictures are kept: going back costs nothing


def evidence(level: float = 0.95) -> EvidenceView:
    """Controls for the published evidence, and what the chosen studies say; put it last in a cell.

    level: confidence level of the intervals. Raises ParameterError for an impossible level, DataError if the evidence
    tables break their rules. See `EvidenceView` for what can be asked of it.
    """
    return EvidenceView(tables.load(), check_parameters(level=level)["level"])


class EvidenceView:
    """Regimens, routes, studies, definitions of a responder, sources and follow-up to choose; three tabs that show it.

    Attributes to go on with in the next cell: `shown`, the figure of the open tab (`shown.figure`, `shown.data`,
    `shown.source`); `answer`, the finding above it (`answer.sentence`, `answer.source`); `selection`, the evidence that
    counts and what is left out; `criteria`; `command`, the command line that makes a report of it.
    """

    def __init__(self, everything: Evidence, level: float = 0.95) -> None:
        self.level = level
        default = Criteria()
        self.regimens = _ticks("Regimens", "regimen_classes", REGIMEN_WORDS)
        self.routes = _ticks("Routes", "routes", ROUTE_WORDS, default.routes)
        self.sources = _ticks("Sources", "access", ACCESS_WORDS, default.access)
        self.definitions = _ticks("Definition of a responder", "definition_classes", DEFINITION_WORDS)
        citations = everything.studies.sort_values("citation").set_index("study_id")["citation"].to_dict()
        self.studies = parts.Ticks("Studies", citations, tall=150)
        self.horizon = widgets.SelectionSlider(
            options=[(f"{weeks:g} weeks", weeks) for weeks in HORIZONS],
            value=52.0,
            layout=widgets.Layout(width="95%"),
            continuous_update=False,
        )
        self.tabs = widgets.Tab(tuple(widgets.HTML() for _ in VIEWS), titles=VIEWS)
        self._counted = widgets.HTML()
        self._ticks = (self.regimens, self.routes, self.sources, self.definitions, self.studies)
        self._select = lru_cache(_KEPT)(lambda criteria: select(everything, criteria))
        self._draw, self._tell = lru_cache(_KEPT)(self._drawn), lru_cache(_KEPT)(self._told)
        self._box = parts.CommandBox(
            lambda: evidence_command(self.criteria, self.definitions.chosen, self.horizon.value)
        )
        follow_up = widgets.VBox((parts.title("Follow-up shown"), self.horizon))
        controls = (follow_up, parts.hint(parts.NOTHING), *(ticks.box for ticks in self._ticks))
        self.box = parts.page(controls, (self._counted, self.tabs, self._box.box))
        for ticks in self._ticks:
            ticks.observe(self._changed)
        self.horizon.observe(self._changed, "value")
        self.tabs.observe(self._changed, "selected_index")
        self._changed()

    @property
    def criteria(self) -> Criteria:
        """Which evidence counts, as ticked."""
        return Criteria(self.studies.chosen, self.regimens.chosen, self.routes.chosen, self.sources.chosen)

    @property
    def selection(self) -> Selection:
        """The evidence that counts, and what is left out with the reasons."""
        return self._select(self.criteria)

    @property
    def shown(self) -> Figure:
        """The figure of the open tab."""
        # what says nothing of a view is left out, so that changing it draws nothing anew
        definitions = self.definitions.chosen if self.open == RESPONSE else ()
        return self._draw(self.open, self.criteria, definitions, self.horizon.value if self.open == BENEFIT else 0.0)

    @property
    def answer(self) -> Finding:
        """The answer above the figure of the open tab."""
        definitions = self.definitions.chosen if self.open == RESPONSE else ()
        return self._tell(self.open, self.criteria, definitions, self.horizon.value)

    @property
    def open(self) -> str:
        """The name of the open tab."""
        return VIEWS[self.tabs.selected_index or 0]

    @property
    def command(self) -> str:
        """The command line that makes a report with these choices."""
        return evidence_command(self.criteria, self.definitions.chosen, self.horizon.value)[0]

    def _drawn(self, view: str, criteria: Criteria, definitions: tuple[str, ...], horizon: float) -> Figure:
        selection, level = self._select(criteria), self.level
        if view == PAIN:
            scores, changes = trajectories.scores(selection, level), trajectories.changes(selection, level)
            return figures.pain_trajectory_lines(scores, changes)
        if view == RESPONSE:
            return figures.responder_forest(responders.rates(selection, level, definitions), level)
        return figures.benefit_over_time_curve(durations.retained_benefit(selection, level), horizon, level)

    def _told(self, view: str, criteria: Criteria, definitions: tuple[str, ...], horizon: float) -> Finding:
        selection = self._select(criteria)
        if view == PAIN:
            return findings.pain(selection, self.level, horizon)
        if view == RESPONSE:
            return findings.response(selection, self.level, horizon, definitions)
        return findings.duration(selection, self.level, horizon)

    def _changed(self, change: Any = None) -> None:
        # answer and picture in one piece: never the one of this choice beside the other of the last
        told = parts.answer(plain(self.answer.sentence)) + parts.figure_html(self.shown)
        self.tabs.children[VIEWS.index(self.open)].value = told
        self._counted.value = _counted(self.selection)
        self._box.refresh()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.box._repr_mimebundle_(include=include, exclude=exclude)


def _ticks(heading: str, parameter: str, words: dict[str, str], ticked: tuple[str, ...] = ()) -> parts.Ticks:
    """The allowed values of a parameter, in the words of the reports."""
    named = {value: upper_first(words.get(value, value.replace("_", " "))) for value in REGISTRY[parameter].words()}
    return parts.Ticks(heading, named, ticked)


def _counted(selection: Selection) -> str:
    """How many studies count, and which don't and why: nothing disappears unseen."""
    out = selection.left_out_of("studies")
    counted = upper_first(count(len(selection.evidence.studies), "study counts", "studies count"))
    if out.empty:
        return f"<p>{counted}.</p>"
    lines = "".join(f"<li>{escape(row.label)}: {escape(row.why)}</li>" for row in each(out))
    return (
        f'<details><summary style="cursor:pointer">{counted}, {len(out)} left out (which, and why)</summary>'
        f'<ul style="{parts.HINT};max-height:180px;overflow-y:auto">{lines}</ul></details>'
    )
