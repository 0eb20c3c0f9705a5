"""The result of pooling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan

from analysis.result_view import ResultView


@dataclass(frozen=True)
class Pooled(ResultView):
    """A pooled estimate with its uncertainty and heterogeneity. What cannot be estimated is NaN; `note` says why.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : float
        Average over studies, its standard error and confidence limits.
    pi_low, pi_high : float
        Prediction limits for the true value of a new study.
    tau2, tau2_low, tau2_high : float
        Between-study variance and its interval.
    i2, i2_low, i2_high : float
        Share (0 to 1) of the variation that is not sampling error, and its interval.
    q, q_p : float
        Cochran's Q (for `glmm` its likelihood-ratio form) and its p-value.
    k : int
        Number of studies.
    weights : tuple of float
        Each study's share of the estimate, in the order given; the sum is 1.
    method, adjust, level
        As passed to `pool` or `pool_proportions`.
    note : str
        Sentences on what these studies cannot show; may be empty.
    estimate_logit, se_logit : float
        For proportions, estimate and standard error on the logit scale.

    Notes
    -----
    For proportions estimate, ci and pi are probabilities, `se` is on the probability scale by the delta method, and
    tau2 is on the scale of the model.
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
        """Return the same result with more sentences at the end of its note."""
        return replace(self, note=" ".join(sentence for sentence in (self.note, *sentences) if sentence))


def unknown_result(k: int, weights: tuple[float, ...], method: str, adjust: str, level: float) -> Pooled:
    """Return a result of k studies in which no number is known."""
    names = "estimate se ci_low ci_high pi_low pi_high tau2 tau2_low tau2_high i2 i2_low i2_high q_p".split()
    return Pooled(**dict.fromkeys(names, nan), q=0.0, k=k, weights=weights, method=method, adjust=adjust, level=level)


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
    "the Wald interval, {low:.3g} to {high:.3g}; look at both."
)
WALD_SHOWN = (
    "The studies agree better than their sampling errors let expect, so the Hartung-Knapp interval is narrower than "
    "the Wald interval, which is given."
)
NO_SPREAD = (
    "The estimates do not vary around the fit, so Hartung-Knapp standard errors are 0 and allow no test; the Wald "
    "limits of {terms} are {limits}."
)
