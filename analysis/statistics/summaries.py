"""Mean and standard deviation from printed statistics. Results are estimates and must be marked as such."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, sqrt

from scipy.stats import norm, t

from analysis.statistics.checks import check_correlation, check_group_size, check_level, check_positive_sd
from analysis.statistics.intervals import critical_value

SMALLEST_GROUP = 5


def mean_sd_from_quartiles(q1: float, median: float, q3: float, n: int) -> tuple[float, float]:
    """Return estimates of mean and SD from the quartiles of `n` patients, assuming a roughly normal distribution.

    Parameters
    ----------
    q1, median, q3 : float
    n : int
        Number of patients, 5 or more.

    Returns
    -------
    (float, float)
        Mean and standard deviation.

    Raises
    ------
    ValueError
        If the quartiles are out of order or not finite, or n is below 5.

    References
    ----------
    Luo et al. 2018, Stat Methods Med Res 27:1785 (mean); Wan et al. 2014, BMC Med Res Methodol 14:135 (SD).
    """
    _check_order((("q1", q1), ("median", median), ("q3", q3)), n)
    weight = 0.7 + 0.39 / n
    return weight * (q1 + q3) / 2 + (1 - weight) * median, sd_from_iqr_width(q3 - q1, n)


def mean_sd_from_range(low: float, median: float, high: float, n: int) -> tuple[float, float]:
    """Return estimates of mean and SD from the median and range of `n` patients.

    Parameters
    ----------
    low, median, high : float
    n : int
        Number of patients, 5 or more.

    Returns
    -------
    (float, float)
        Mean and standard deviation.

    Raises
    ------
    ValueError
        As in `mean_sd_from_quartiles`.

    References
    ----------
    Luo et al. 2018, Stat Methods Med Res 27:1785 (mean); Wan et al. 2014, BMC Med Res Methodol 14:135 (SD).
    """
    _check_order((("low", low), ("median", median), ("high", high)), n)
    weight = 4 / (4 + n**0.75)
    sd = (high - low) / (2 * norm.ppf((n - 0.375) / (n + 0.25)))
    return weight * (low + high) / 2 + (1 - weight) * median, float(sd)


def sd_from_iqr_width(width: float, n: int) -> float:
    """Return an estimate of the SD from the width of the interquartile range of `n` patients.

    It assumes a roughly normal distribution. The mean cannot be estimated without the quartiles themselves.

    Parameters
    ----------
    width : float
        Third minus first quartile, 0 or more.
    n : int
        Number of patients, 5 or more.

    Raises
    ------
    ValueError
        For a negative width or n below 5.

    References
    ----------
    Wan et al. 2014, BMC Med Res Methodol 14:135.
    """
    if not isfinite(width) or width < 0:
        raise ValueError(f"width is {width}: an interquartile range is a number, 0 or more")
    _check_size(n)
    return float(width / (2 * norm.ppf((0.75 * n - 0.125) / (n + 0.25))))


def sd_from_se(se: float, n: int) -> float:
    """Return the SD from the standard error of a mean of `n` patients.

    Raises
    ------
    ValueError
        For a negative standard error or n below 2.
    """
    if not isfinite(se) or se < 0 or n < 2:
        raise ValueError(f"se is {se} with n = {n}: a standard error is 0 or more and needs 2 patients or more")
    return se * sqrt(n)


def largest_sd(mean: float, n: int, low: float, high: float) -> float:
    """Return the largest SD of `n` values between `low` and `high` with this mean.

    It is √((mean - low)(high - mean) n / (n - 1)): all values lie at the two ends. A larger printed spread is not an
    SD.

    Raises
    ------
    ValueError
        For a mean outside the scale or n below 2.
    """
    if not low <= mean <= high or n < 2:
        raise ValueError(f"mean is {mean} with n = {n}: must lie between {low} and {high}, with 2 values or more")
    return sqrt((mean - low) * (high - mean) * n / (n - 1))


def mean_interval(mean: float, sd: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return Student's t interval of a mean from its SD and `n` patients, as (low, high).

    Raises
    ------
    ValueError
        For a negative SD or n below 2.
    """
    if not isfinite(sd) or sd < 0 or n < 2:
        raise ValueError(f"sd is {sd} with n = {n}: a standard deviation is 0 or more and needs 2 patients or more")
    half = float(t.ppf((1 + level) / 2, n - 1)) * sd / sqrt(n)
    return mean - half, mean + half


def welch_interval(
    mean_1: float, sd_1: float, n_1: int, mean_2: float, sd_2: float, n_2: int, level: float = 0.95
) -> tuple[float, float]:
    """Return Welch's t interval of the difference mean_1 - mean_2 of two independent groups, as (low, high).

    Parameters
    ----------
    mean_1, sd_1, n_1, mean_2, sd_2, n_2
        Mean, standard deviation and number of patients of each group.
    level : float
        Confidence level.

    Raises
    ------
    ValueError
        As in `mean_interval`.
    """
    for sd, n in ((sd_1, n_1), (sd_2, n_2)):
        mean_interval(0, sd, n, level)
    var_1, var_2 = sd_1**2 / n_1, sd_2**2 / n_2
    se = sqrt(var_1 + var_2)
    if se == 0:
        return mean_1 - mean_2, mean_1 - mean_2
    freedom = (var_1 + var_2) ** 2 / (var_1**2 / (n_1 - 1) + var_2**2 / (n_2 - 1))
    half = float(t.ppf((1 + level) / 2, freedom)) * se
    return mean_1 - mean_2 - half, mean_1 - mean_2 + half


def sd_of_change(sd_before: float, sd_after: float, correlation: float) -> float:
    """Return the SD of the change of the same patients: √(sd_before² + sd_after² - 2 r sd_before sd_after).

    Raises
    ------
    ValueError
        As in `mean_change`.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 6.5.2.8.
    """
    check_positive_sd("sd_before", sd_before)
    check_positive_sd("sd_after", sd_after)
    check_correlation(correlation)
    return sqrt(sd_before**2 + sd_after**2 - 2 * correlation * sd_before * sd_after)


def correlation_from_sds(sd_before: float, sd_after: float, sd_change: float) -> float:
    """Return the correlation that the SDs before, after and of the change imply.

    Raises
    ------
    ValueError
        For an SD that is not above 0, or if no correlation from -1 to 1 fits.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 6.5.2.8.
    """
    for name, value in (("sd_before", sd_before), ("sd_after", sd_after), ("sd_change", sd_change)):
        check_positive_sd(name, value)
    r = (sd_before**2 + sd_after**2 - sd_change**2) / (2 * sd_before * sd_after)
    if not -1 <= r <= 1:
        raise ValueError(
            f"sd_change is {sd_change}: with {sd_before} and {sd_after} it implies a correlation of {r:.2f}"
        )
    return r


def se_from_interval(low: float, high: float, level: float = 0.95, df: float | None = None) -> float:
    """Return the standard error behind a symmetric confidence interval.

    Parameters
    ----------
    low, high : float
        The limits.
    level : float
        Confidence level of the interval.
    df : float, optional
        Degrees of freedom of Student's t; None for a normal interval.

    Raises
    ------
    ValueError
        For limits that are not numbers or in the wrong order, an impossible level, or df below 1.
    """
    for name, value in (("low", low), ("high", high)):
        if not isfinite(value):
            raise ValueError(f"{name} is {value}: must be a number")
    if low > high:
        raise ValueError(f"low = {low} is larger than high = {high}: check the order")
    check_level(level)
    if df is not None and not df >= 1:
        raise ValueError(f"df is {df}: degrees of freedom are 1 or more")
    return (high - low) / (2 * critical_value(level, df))


def sd_from_interval(low: float, high: float, n: int, level: float = 0.95, t_law: bool = True) -> float:
    """Return the SD of `n` patients from the confidence interval of their mean.

    Parameters
    ----------
    low, high : float
        The limits.
    n : int
        Number of patients, 2 or more.
    level : float
        Confidence level of the interval.
    t_law : bool
        True for an interval by Student's t with n - 1 degrees of freedom, as for small groups; False for a normal one.

    Raises
    ------
    ValueError
        As in `se_from_interval`, and for an n that is not a whole number of 2 or more.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 6.5.2.2.
    """
    check_group_size("n", n)
    return sd_from_se(se_from_interval(low, high, level, n - 1 if t_law else None), n)


def _check_order(parts: tuple[tuple[str, float], ...], n: int) -> None:
    for name, value in parts:
        if not isfinite(value):
            raise ValueError(f"{name} is {value}: must be a number")
    for (name_1, value_1), (name_2, value_2) in pairwise(parts):
        if value_1 > value_2:
            raise ValueError(f"{name_1} = {value_1} is larger than {name_2} = {value_2}: check the order")
    _check_size(n)


def _check_size(n: int) -> None:
    if n < SMALLEST_GROUP:
        raise ValueError(f"n is {n}: below {SMALLEST_GROUP} patients the estimate is not reliable and is refused")
