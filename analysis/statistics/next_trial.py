"""What a new trial of a given size would show if the effect is what the evidence says."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import pandas as pd
from scipy.special import ndtr

from analysis.statistics.checks import finite_number, finite_numbers, patient_number
from analysis.statistics.intervals import critical_value


def next_trial_probabilities(
    mean: float, se: float, tau: float, sd: float, per_arm: Iterable[int], line: float, level: float = 0.95
) -> pd.DataFrame:
    """Return the probabilities that a new two-arm trial excludes no difference, and a difference as small as a line.

    The new trial's true difference is Normal(mean, se² + tau²): what is known of the average and how studies differ.
    Its estimate has the standard error sd √(2 / n). A trial excludes a value if its confidence interval lies beyond it
    in the direction of `line`. The probabilities are closed forms, Φ((|line| - z se_n) / √(se² + tau² + se_n²)) with
    the distances from `mean`.

    Parameters
    ----------
    mean, se : float
        Average difference, ketamine minus control say, and its standard error.
    tau : float
        Standard deviation of true differences between studies, 0 or more.
    sd : float
        Standard deviation of the outcome within an arm, above 0.
    per_arm : iterable of int
        Numbers of patients in each arm, 2 or more.
    line : float
        The difference that matters, not 0; its sign is the direction of benefit.
    level : float
        Confidence level of the new trial's interval.

    Returns
    -------
    DataFrame, one row per number
        Columns per_arm, excludes_zero, excludes_line (probabilities).

    Raises
    ------
    ValueError
        For values that are not finite, a negative se or tau, an sd of 0 or below, a line of 0, or fewer than 2
        patients.

    References
    ----------
    Spiegelhalter, Abrams and Myles 2004, Bayesian Approaches to Clinical Trials and Health-Care Evaluation, ch. 6
    (expected power).
    """
    mean, se, tau = finite_number("mean", mean), finite_number("se", se, 0), finite_number("tau", tau, 0)
    sd, line = finite_number("sd", sd, above=0), finite_number("line", line)
    if line == 0:
        raise ValueError("line is 0: the difference that matters has a direction")
    sign = 1 if line > 0 else -1
    quantile, rows = critical_value(level), []
    for size in finite_numbers("per_arm", per_arm):
        own = sd * sqrt(2 / patient_number("per_arm", size, 2))
        spread = sqrt(se**2 + tau**2 + own**2)
        reach = quantile * own
        beyond = [float(ndtr((sign * (mean - value) - reach) / spread)) for value in (0.0, line)]
        rows.append((int(size), *beyond))
    return pd.DataFrame(rows, columns=["per_arm", "excludes_zero", "excludes_line"])
