"""Interactive view of the published evidence: pain, responders and benefit over time."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

import ipywidgets as widgets

from analysis import evidence as evidence_tables
from analysis import figures, findings
from analysis.evidence import Evidence
from analysis.evidence.rowwise import each
from analysis.evidence.selection import Criteria, Selection, select
from analysis.exhibit import Figure, Finding, plain
from analysis.explore.command import evidence_command
from analysis.explore.controls import (
    SMALL_PRINT,
    CommandBox,
    Ticks,
    View,
    exhibit_block,
    sentence_block,
    side_by_side,
    ticks_hint,
    titled,
)
from analysis.outcomes import durations, responders, trajectories
from analysis.parameters import check_parameters
from analysis.parameters.registry import REGISTRY
from analysis.wording import ACCESS_WORDS, DEFINITION_WORDS, REGIMEN_WORDS, ROUTE_WORDS, counted, upper_first

_PAIN, _RESPONSE, _BENEFIT = VIEWS = ("Pain", "Responders", "Benefit over time")
_HORIZONS = (4.0, 8.0, 13.0, 26.0, 52.0, 104.0, 208.0)
_CACHED = 64  # number of choices whose results are cached


def evidence(level: float = 0.95) -> EvidenceView:
    """Return controls for the published evidence; put it last in a cell.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.
    DataError
        If the evidence tables violate their rules.
    """
    return EvidenceView(evidence_tables.load(), check_parameters(level=level)["level"])


class EvidenceView(View):
    """Controls for studies, regimens, routes, sources, definitions and follow-up, with three tabs of results.

    Attributes
    ----------
    shown : Figure
        The figure of the open tab, with its data and its sources.
    answer : Finding
        The sentence above the figure.
    selection : Selection
        The selected evidence, and the rows left out with the reasons.
    criteria : Criteria
        The choices.
    command : str
        The command line that builds a report with these choices.
    """

    def __init__(self, everything: Evidence, level: float = 0.95) -> None:
        self.level = level
        default = Criteria()
        self.regimens = _ticks("Regimens", "regimen_classes", REGIMEN_WORDS)
        self.routes = _ticks("Routes", "routes", ROUTE_WORDS, default.routes)
        self.sources = _ticks("Sources", "access", ACCESS_WORDS, default.access)
        self.definitions = _ticks("Definition of a responder", "definition_classes", DEFINITION_WORDS)
        citations = everything.studies.sort_values("citation").set_index("study_id")["citation"].to_dict()
        self.studies = Ticks("Studies", citations, height=150)
        self.horizon = widgets.SelectionSlider(
            options=[(f"{weeks:g} weeks", weeks) for weeks in _HORIZONS],
            value=52.0,
            layout=widgets.Layout(width="95%"),
            continuous_update=False,
        )
        self.tabs = widgets.Tab(tuple(widgets.HTML() for _ in VIEWS), titles=VIEWS)
        self._counted = widgets.HTML()
        self._select = lru_cache(_CACHED)(lambda criteria: select(everything, criteria))
        self._compute = lru_cache(_CACHED)(self._computed)
        self._box = CommandBox(self._command)
        lists = (self.regimens, self.routes, self.sources, self.definitions, self.studies)
        follow_up = titled("Follow-up shown", self.horizon)
        self.box = side_by_side(
            (follow_up, ticks_hint(), *(ticks.box for ticks in lists)), (self._counted, self.tabs, self._box.box)
        )
        for ticks in lists:
            ticks.observe(self._changed)
        self.horizon.observe(self._changed, "value")
        self.tabs.observe(self._changed, "selected_index")
        self._changed()

    @property
    def criteria(self) -> Criteria:
        """The choices."""
        return Criteria(self.studies.chosen, self.regimens.chosen, self.routes.chosen, self.sources.chosen)

    @property
    def selection(self) -> Selection:
        """The selected evidence, and the rows left out with the reasons."""
        return self._select(self.criteria)

    @property
    def shown(self) -> Figure:
        """The figure of the open tab."""
        return self._results()[1]

    @property
    def answer(self) -> Finding:
        """The sentence above the figure."""
        return self._results()[0]

    def _command(self) -> tuple[str, str]:
        return evidence_command(self.criteria, self.definitions.chosen, self.horizon.value)

    def _open(self) -> str:
        return VIEWS[self.tabs.selected_index or 0]

    def _results(self) -> tuple[Finding, Figure]:
        return self._compute(self._open(), self.criteria, self.definitions.chosen, self.horizon.value)

    def _computed(
        self, view: str, criteria: Criteria, definitions: tuple[str, ...], horizon: float
    ) -> tuple[Finding, Figure]:
        selection, level = self._select(criteria), self.level
        if view == _PAIN:
            scores, changes = trajectories.scores(selection, level), trajectories.changes(selection, level)
            return findings.pain_finding(selection, level, horizon), figures.pain_trajectory_lines(scores, changes)
        if view == _RESPONSE:
            rates = responders.rates(selection, level, definitions)
            answer = findings.response_finding(selection, level, horizon, definitions)
            return answer, figures.responder_forest(rates, level)
        answer = findings.duration_finding(selection, level, horizon)
        return answer, figures.duration_lanes(durations.statements(selection), horizon)

    def _changed(self, change: Any = None) -> None:
        # one assignment, so that sentence and figure always show the same choices
        html = sentence_block(plain(self.answer.sentence)) + exhibit_block(self.shown)
        self.tabs.children[VIEWS.index(self._open())].value = html
        self._counted.value = _studies_html(self.selection)
        self._box.refresh()


def _ticks(heading: str, parameter: str, words: dict[str, str], ticked: tuple[str, ...] = ()) -> Ticks:
    """Return check boxes for the allowed values of a parameter, labelled as in the reports."""
    named = {value: upper_first(words.get(value, value.replace("_", " "))) for value in REGISTRY[parameter].words()}
    return Ticks(heading, named, ticked)


def _studies_html(selection: Selection) -> str:
    """Return HTML with the number of selected studies, and the studies left out with the reasons."""
    out = selection.left_out_of("studies")
    studies = upper_first(counted(len(selection.evidence.studies), "study counts", "studies count"))
    if out.empty:
        return f"<p>{studies}.</p>"
    lines = "".join(f"<li>{escape(row.label)}: {escape(row.why)}</li>" for row in each(out))
    return (
        f'<details><summary style="cursor:pointer">{studies}, {len(out)} left out (which, and why)</summary>'
        f'<ul style="{SMALL_PRINT};max-height:180px;overflow-y:auto">{lines}</ul></details>'
    )
