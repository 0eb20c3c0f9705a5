"""Checks of arguments that the statistical methods share. Messages name the element, counted from 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

import numpy as np


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ValueError if `value` is not one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: must be one of {', '.join(allowed)}")


def check_level(level: float) -> None:
    """Raise ValueError for a confidence level outside 0 to 1."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: a confidence level lies between 0 and 1, for example 0.95")


def finite_numbers(name: str, values: Iterable[float]) -> np.ndarray:
    """Return `values` as a one-dimensional array of finite floats.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    values : iterable of float

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If there is no value, or one that is not a finite number; the message names the first.
    """
    values = list(values) if not isinstance(values, np.ndarray) else values
    for position, value in enumerate(values, 1):
        if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
            raise ValueError(f"{name}, element {position}, is {value}: must be a finite number")
    if len(values) == 0:
        raise ValueError(f"{name} is empty: there is nothing to pool")
    return np.asarray(values, float)


def check_same_length(name_1: str, values_1: Sequence, name_2: str, values_2: Sequence) -> None:
    """Raise ValueError if the two arguments differ in length."""
    if len(values_1) != len(values_2):
        raise ValueError(
            f"{name_1} has {len(values_1)} elements and {name_2} has {len(values_2)}: they must have the same length"
        )


def check_estimates(estimates: Iterable[float], variances: Iterable[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and sampling variances as arrays of the same length.

    Raises
    ------
    ValueError
        For values that are not finite numbers, unequal lengths, no values, or a variance of 0 or below.
    """
    y, v = finite_numbers("estimates", estimates), finite_numbers("variances", variances)
    check_same_length("estimates", y, "variances", v)
    for position, value in enumerate(v, 1):
        if value <= 0:
            raise ValueError(f"variances, element {position}, is {value}: a sampling variance must be above 0")
    return y, v


def check_counts(events: Iterable[float], totals: Iterable[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of events and totals as arrays of the same length.

    Raises
    ------
    ValueError
        For values that are not finite numbers, unequal lengths, no values, fractions, a total below 1 or more events
        than the total.
    """
    x, n = finite_numbers("events", events), finite_numbers("totals", totals)
    check_same_length("events", x, "totals", n)
    for position, (count, total) in enumerate(zip(x, n, strict=True), 1):
        if total != np.floor(total) or total < 1:
            raise ValueError(f"totals, element {position}, is {total:g}: must be a whole number, 1 or more")
        if count != np.floor(count) or not 0 <= count <= total:
            raise ValueError(
                f"events, element {position}, is {count:g}: must be a whole number from 0 to its total, {total:g}"
            )
    return x, n


def check_positive_sd(name: str, value: float) -> None:
    """Raise ValueError for a standard deviation that is not above 0."""
    if not isfinite(value) or value <= 0:
        raise ValueError(f"{name} is {value}: a standard deviation must be a number above 0")


def check_correlation(value: float) -> None:
    """Raise ValueError for a correlation outside -1 to 1 (both ends excluded)."""
    if not -1 < value < 1:
        raise ValueError(f"correlation is {value}: must lie between -1 and 1")


def check_group_size(name: str, value: float) -> None:
    """Raise ValueError for a number of patients that is not a whole number of 2 or more."""
    if not isfinite(value) or value != int(value) or value < 2:
        raise ValueError(f"{name} is {value}: a number of patients must be a whole number, 2 or more")
