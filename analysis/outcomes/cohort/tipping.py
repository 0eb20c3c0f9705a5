"""Tipping point: how many patients with a missing score would have to be responders for the conclusion to change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.result_view import ResultView
from analysis.statistics.intervals import newcombe_paired, wilson

_FELL, _UNCLEAR, _ROSE = "fell", "no clear change", "rose"
CONCLUSIONS = (_FELL, _UNCLEAR, _ROSE)
_MOST_ROWS = 200
TIPPING_COLUMNS = ["missing_responders", "share_of_missing", "responders", "n", "rate", "ci_low", "ci_high"]
TIPPING_COLUMNS += ["difference", "difference_low", "difference_high", "conclusion", "same"]


@dataclass(frozen=True)
class PairedCounts:
    """Numbers of patients with the response at both times (kept), the first (lost), the second (gained) or neither."""

    kept: int
    lost: int
    gained: int
    neither: int

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.kept + self.lost + self.gained + self.neither

    def difference(self, level: float) -> tuple[float, float, float]:
        """Return the second minus the first rate with Newcombe's limits for paired proportions."""
        low, high = newcombe_paired(self.kept, self.lost, self.gained, self.neither, level)
        return (self.gained - self.lost) / self.n, -high, -low

    def conclusion(self, level: float) -> str:
        """Return `fell` if the interval of the difference lies below 0, `rose` if above, else `no clear change`."""
        _, low, high = self.difference(level)
        return _FELL if high < 0 else _ROSE if low > 0 else _UNCLEAR


@dataclass(frozen=True)
class TippingPoint(ResultView):
    """Range of the number of responders among the missing patients for which the conclusion does not change.

    Attributes
    ----------
    n : int or None
        Patients judged at the first time.
    missing : int or None
        Of these, patients without a score at the second time.
    conclusion : str
        Conclusion of the complete cases; see `PairedCounts.conclusion`.
    low, high : int or None
        The conclusion is the same if low to high of the missing patients responded; None if for no number.
    never_changes : bool
        Whether the conclusion is the same for every number.
    hidden : bool
        Too few patients, so nothing is shown.
    """

    n: int | None
    missing: int | None
    conclusion: str
    low: int | None
    high: int | None
    never_changes: bool
    hidden: bool


HIDDEN_TIPPING_POINT = TippingPoint(None, None, "", None, None, False, True)


def tipping_point(
    complete: PairedCounts, missing_first: int, missing_not_first: int, level: float = 0.95
) -> tuple[pd.DataFrame, TippingPoint]:
    """Return the results if 0, 1, … all of the patients with a missing second score responded.

    Assumed responders are first taken from patients who responded at the first time (kept; the others lost), who are
    more likely to respond, then from the other patients (gained).

    Parameters
    ----------
    complete : PairedCounts
        The complete cases.
    missing_first, missing_not_first : int
        Patients with a missing second score who responded at the first time, or did not.

    Returns
    -------
    DataFrame
        TIPPING_COLUMNS for all patients: missing_responders, share_of_missing, responders, n, rate, ci_low, ci_high
        (Wilson, second time), difference (second minus first rate), difference_low, difference_high (Newcombe, paired),
        conclusion, same (as that of the complete cases). Above 200 missing, about 200 evenly spaced numbers and those
        where the conclusion changes.
    TippingPoint

    Raises
    ------
    ValueError
        Without complete cases.
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

    # both limits increase with the number of responders, so the conclusion goes from fell to rose
    starts = [0, *(_first(lambda x, least=least: rank(x) >= least, missing) for least in (1, 2)), missing + 1]
    observed = complete.conclusion(level)
    position = CONCLUSIONS.index(observed)
    low, high = starts[position], starts[position + 1] - 1

    rows = []
    for assumed in _numbers(missing, starts[1:3]):
        now = flow(assumed)
        responders = now.kept + now.gained
        difference = now.difference(level)
        conclusion = now.conclusion(level)
        share = assumed / missing if missing else np.nan
        limits = wilson(responders, now.n, level)
        start = (assumed, share, responders, now.n, responders / now.n)
        rows.append((*start, *limits, *difference, conclusion, conclusion == observed))
    table = pd.DataFrame(rows, columns=TIPPING_COLUMNS)
    table = table.astype(dict.fromkeys(("missing_responders", "responders", "n"), "Int64"))
    holds = low <= high
    point = TippingPoint(
        n=complete.n + missing,
        missing=missing,
        conclusion=observed,
        low=low if holds else None,
        high=high if holds else None,
        never_changes=low == 0 and high == missing,
        hidden=False,
    )
    return table, point


def _first(reached, most: int) -> int:
    """Return the first number from 0 to `most` at which `reached` is true, or most + 1."""
    low, high = 0, most + 1
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _numbers(missing: int, changes: list[int]) -> list[int]:
    if missing <= _MOST_ROWS:
        return list(range(missing + 1))
    beside = {x for change in changes for x in (change - 1, change) if 0 <= x <= missing}
    return sorted(beside | set(np.linspace(0, missing, _MOST_ROWS + 1).round().astype(int).tolist()))
