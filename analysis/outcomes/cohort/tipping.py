"""How many of those with a missing score would have to be responders for the conclusion to change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.intervals import newcombe_paired, wilson

FELL, UNCLEAR, ROSE = "fell", "no clear change", "rose"
CONCLUSIONS = (FELL, UNCLEAR, ROSE)
MOST_ROWS = 200
TIPPING_COLUMNS = ["missing_responders", "share_of_missing", "responders", "n", "rate", "ci_low", "ci_high"]
TIPPING_COLUMNS += ["difference", "difference_low", "difference_high", "conclusion", "same"]


@dataclass(frozen=True)
class PairedCounts:
    """How many patients had the benefit at both times (kept), the first (lost), the second (gained) or none of them."""

    kept: int
    lost: int
    gained: int
    neither: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.kept + self.lost + self.gained + self.neither

    def difference(self, level: float) -> tuple[float, float, float]:
        """Second rate minus first rate with Newcombe's interval of paired proportions."""
        low, high = newcombe_paired(self.kept, self.lost, self.gained, self.neither, level)
        return (self.gained - self.lost) / self.n, -high, -low

    def conclusion(self, level: float) -> str:
        """`fell` if the interval of the difference lies below 0, `rose` if above, else `no clear change`."""
        _, low, high = self.difference(level)
        return FELL if high < 0 else ROSE if low > 0 else UNCLEAR


@dataclass(frozen=True)
class TippingPoint:
    """For which numbers of responders among the missing the conclusion of the complete cases holds.

    n: patients judged at the first time; missing: of them without a score at the second; missing_first_responders: of
    these responders at the first. conclusion: of the complete cases (fell, rose, no clear change; see
    `PairedCounts.conclusion`). low, high: it holds if low to high of the missing responded, both None if for no number.
    never_changes: it holds for every number. hidden: too few patients, nothing is told.
    """

    n: int | None
    missing: int | None
    missing_first_responders: int | None
    conclusion: str
    low: int | None
    high: int | None
    never_changes: bool
    hidden: bool


HIDDEN_TIPPING_POINT = TippingPoint(None, None, None, "", None, None, False, True)


def tipping_point(
    complete: PairedCounts, missing_first: int, missing_not_first: int, level: float = 0.95
) -> tuple[pd.DataFrame, TippingPoint]:
    """Assume for 0, 1, … all of the patients with a missing second score that they were responders then.

    missing_first, missing_not_first: patients with a missing second score who were responders at the first time, or
    not. The responders assumed are taken from the former first, as likelier: so many kept their response, the others
    lost it; only then from the latter (gained). Every row is of all patients: missing_responders, share_of_missing,
    responders, n, rate, ci_low, ci_high (Wilson, second time), difference (second minus first rate), difference_low,
    difference_high (Newcombe, paired), conclusion, same (as that of the complete cases). Every number up to 200
    missing; beyond, some 200 evenly spaced and those beside which the conclusion changes. ValueError without complete
    cases.
    """
    missing = missing_first + missing_not_first

    def flow(assumed: int) -> PairedCounts:
        kept = min(assumed, missing_first)
        gained = assumed - kept
        return PairedCounts(
            complete.kept + kept,
            complete.lost + missing_first - kept,
            complete.gained + gained,
            complete.neither + missing_not_first - gained,
        )

    def rank(assumed: int) -> int:
        return CONCLUSIONS.index(flow(assumed).conclusion(level))

    # the more responders, the higher both limits: the conclusion climbs from fell to rose
    starts = [0, *(_first(lambda x, least=least: rank(x) >= least, missing) for least in (1, 2)), missing + 1]
    found = complete.conclusion(level)
    place = CONCLUSIONS.index(found)
    low, high = starts[place], starts[place + 1] - 1

    rows = []
    for assumed in _numbers(missing, starts[1:3]):
        now = flow(assumed)
        responders = now.kept + now.gained
        difference = now.difference(level)
        conclusion = now.conclusion(level)
        share = assumed / missing if missing else np.nan
        limits = wilson(responders, now.n, level)
        start = (assumed, share, responders, now.n, responders / now.n)
        rows.append((*start, *limits, *difference, conclusion, conclusion == found))
    table = pd.DataFrame(rows, columns=TIPPING_COLUMNS)
    table = table.astype(dict.fromkeys(("missing_responders", "responders", "n"), "Int64"))
    holds = low <= high
    point = TippingPoint(
        n=complete.n + missing,
        missing=missing,
        missing_first_responders=missing_first,
        conclusion=found,
        low=low if holds else None,
        high=high if holds else None,
        never_changes=low == 0 and high == missing,
        hidden=False,
    )
    return table, point


def _first(reached, most: int) -> int:
    """The first number from 0 to `most` at which `reached` turns true, or most + 1."""
    low, high = 0, most + 1
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _numbers(missing: int, changes: list[int]) -> list[int]:
    if missing <= MOST_ROWS:
        return list(range(missing + 1))
    beside = {x for change in changes for x in (change - 1, change) if 0 <= x <= missing}
    return sorted(beside | set(np.linspace(0, missing, MOST_ROWS + 1).round().astype(int).tolist()))
