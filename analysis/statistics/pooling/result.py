"""What pooling gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan


@dataclass(frozen=True)
class Pooled:
    """A pooled estimate with everything that a reader needs to judge it. What can't be known is NaN; `note` says why.

    estimate, se, ci_low, ci_high  the average over studies with its standard error and confidence limits
    pi_low, pi_high                prediction limits: where the true value of the next study is expected
    tau2, tau2_low, tau2_high      variance between studies and its interval
    i2, i2_low, i2_high            share (0 to 1) of the variation that isn't sampling error, and its interval
    q, q_p                         Cochran's Q (or the likelihood-ratio form of it) and its p-value
    k                              number of studies
    weights                        each study's share of the estimate, in the order given; they sum to 1
    method, adjust, level          how it was made
    note                           plain sentences on what these studies can't tell; empty if there is nothing to say

    For proportions estimate, ci and pi are probabilities; `se` is on the scale of probabilities by the delta method;
    `estimate_logit` and `se_logit` are on the logit scale; tau2 is on the scale of the model.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    q: float
    q_p: float
    k: int
    weights: tuple[float, ...]
    method: str
    adjust: str
    level: float
    note: str = ""
    estimate_logit: float = nan
    se_logit: float = nan

    def with_note(self, *sentences: str) -> Pooled:
        """The same result with more sentences at the end of its note."""
        return replace(self, note=" ".join(sentence for sentence in (self.note, *sentences) if sentence))


ONE_STUDY = (
    "One study only: the numbers are this study's own, and how much studies differ (heterogeneity, prediction "
    "interval) can't be known."
)
TWO_STUDIES = (
    "Two studies only: how much studies differ rests on a single difference, so tau², I² and the prediction interval "
    "are hardly more than guesses."
)
NARROW = (
    "The studies agree better than their sampling errors let expect, so the Hartung-Knapp interval is narrower than "
    "the Wald interval; look at both."
)
