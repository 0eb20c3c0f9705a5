"""Mean and standard deviation from printed statistics. Results are estimates and must be marked as such."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

from scipy.special import ndtri

from analysis.statistics.checks import finite_number, patient_number, standard_deviation, whole_number
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
    n = _checked_size(n)
    q1, median, q3 = _in_order(q1=q1, median=median, q3=q3)
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
    n = _checked_size(n)
    low, median, high = _in_order(low=low, median=median, high=high)
    weight = 4 / (4 + n**0.75)
    sd = (high - low) / (2 * float(ndtri((n - 0.375) / (n + 0.25))))
    return weight * (low + high) / 2 + (1 - weight) * median, sd


def mean_sd_from_five_numbers(
    low: float, q1: float, median: float, q3: float, high: float, n: int
) -> tuple[float, float]:
    """Return estimates of mean and SD from range and quartiles of `n` patients.

    Parameters
    ----------
    low, q1, median, q3, high : float
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
    Luo et al. 2018, Stat Methods Med Res 27:1785 (mean); Shi et al. 2020, Res Synth Methods 11:641 (SD).
    """
    n = _checked_size(n)
    low, q1, median, q3, high = _in_order(low=low, q1=q1, median=median, q3=q3, high=high)
    of_range, of_quartiles = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mean = of_range * (low + high) / 2 + of_quartiles * (q1 + q3) / 2 + (1 - of_range - of_quartiles) * median
    part = 1 / (1 + 0.07 * n**0.6)
    return mean, part * mean_sd_from_range(low, median, high, n)[1] + (1 - part) * sd_from_iqr_width(q3 - q1, n)


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
    width, n = finite_number("width", width, 0), _checked_size(n)
    return width / (2 * float(ndtri((0.75 * n - 0.125) / (n + 0.25))))


def sd_from_se(se: float, n: int) -> float:
    """Return the SD from the standard error of a mean of `n` patients.

    Raises
    ------
    ValueError
        For a negative standard error or n below 2.
    """
    return finite_number("se", se, 0) * sqrt(patient_number("n", n, 2))


def largest_sd(mean: float, n: int, low: float, high: float) -> float:
    """Return the largest SD of `n` values between `low` and `high` with this mean.

    It is √((mean - low)(high - mean) n / (n - 1)): all values lie at the two ends. A larger printed spread is not an
    SD.

    Raises
    ------
    ValueError
        For a mean outside the scale or n below 2.
    """
    low, high, n = finite_number("low", low), finite_number("high", high), patient_number("n", n, 2)
    mean = finite_number("mean", mean, low, high)
    return sqrt((mean - low) * (high - mean) * n / (n - 1))


def mean_interval(mean: float, sd: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return Student's t interval of a mean from its SD and `n` patients, as (low, high).

    Raises
    ------
    ValueError
        For a mean that is not a number, a negative SD, n below 2, or an impossible level.
    """
    mean, sd, n = finite_number("mean", mean), standard_deviation("sd", sd), patient_number("n", n, 2)
    half = critical_value(level, n - 1) * sd / sqrt(n)
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
    mean_1, mean_2 = finite_number("mean_1", mean_1), finite_number("mean_2", mean_2)
    sd_1, sd_2 = standard_deviation("sd_1", sd_1), standard_deviation("sd_2", sd_2)
    n_1, n_2 = patient_number("n_1", n_1, 2), patient_number("n_2", n_2, 2)
    var_1, var_2 = sd_1**2 / n_1, sd_2**2 / n_2
    se = sqrt(var_1 + var_2)
    if se == 0:
        return mean_1 - mean_2, mean_1 - mean_2
    freedom = (var_1 + var_2) ** 2 / (var_1**2 / (n_1 - 1) + var_2**2 / (n_2 - 1))
    half = critical_value(level, freedom) * se
    return mean_1 - mean_2 - half, mean_1 - mean_2 + half


def _in_order(**parts: float) -> list[float]:
    values = [finite_number(name, value) for name, value in parts.items()]
    for (name_1, value_1), (name_2, value_2) in pairwise(parts.items()):
        if value_1 > value_2:
            raise ValueError(f"{name_1} = {value_1} is larger than {name_2} = {value_2}: check the order")
    return values


def _checked_size(n: int) -> int:
    if whole_number("n", n) < SMALLEST_GROUP:
        raise ValueError(f"n is {n}: below {SMALLEST_GROUP} patients the estimate is not reliable and is refused")
    return int(n)
