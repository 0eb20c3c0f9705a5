"""What a reader may choose on a page: the rates, the report's own pooled results and the options."""

from __future__ import annotations

from dataclasses import dataclass

Option = tuple[str, str]  # value, words


@dataclass(frozen=True)
class ChoiceRate:
    """One reported rate.

    regimen: the regimen class of the study, or empty if its rates are of several. response: what the study counts.
    window: position of its window of time. printed: the percentage as printed, or nothing for chosen patients.
    why: the reason that excludes it from every pool; empty if nothing does. row: the anchor of its row of data/.
    """

    study: str
    name: str
    arm: str
    definition: str
    response: str
    window: int
    control: str
    route: str
    regimen: str
    access: str
    responders: int
    n: int
    printed: str
    why: str
    row: str


@dataclass(frozen=True)
class ChoiceResult:
    """The report's own result for one pool; rates between 0 and 1, None for what cannot be estimated."""

    definition: str
    window: int
    control: str
    route: str
    k: int
    patients: int
    responders: int
    estimate: float | None
    low: float | None
    high: float | None
    next_low: float | None
    next_high: float | None


@dataclass(frozen=True)
class ChoiceCount:
    """Patients who still have the benefit, of those treated, at one time after the end of infusion."""

    study: str
    name: str
    regimen: str
    weeks: float
    patients: int
    treated: int


@dataclass(frozen=True)
class CountChoices:
    """The counts of the curve of benefit kept, whose studies a reader may choose.

    critical: two-sided quantiles at `level`, of the normal distribution, then of t with 1, 2, … degrees of freedom.
    notebook, parameters: see `RateChoices`.
    """

    counts: tuple[ChoiceCount, ...]
    regimens: tuple[Option, ...]
    level: float
    critical: tuple[float, ...]
    notebook: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class RateChoices:
    """The rates of a report in the order of time, its results, and the options of each choice.

    critical: two-sided quantiles at `level`, of the normal distribution, then of t with 1, 2, … degrees of freedom.
    access: levels of access, separated by commas, that each option includes. controls: heading of each kind of control.
    notebook: the notebook that shows every pool. parameters: its parameters that differ from the defaults.
    """

    rates: tuple[ChoiceRate, ...]
    results: tuple[ChoiceResult, ...]
    definitions: tuple[Option, ...]
    windows: tuple[str, ...]
    regimens: tuple[Option, ...]
    access: tuple[Option, ...]
    controls: dict[str, str]
    level: float
    critical: tuple[float, ...]
    notebook: str
    parameters: dict[str, str]
