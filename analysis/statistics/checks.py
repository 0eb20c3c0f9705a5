"""Checks of arguments, for all statistical methods. Messages name the argument and its element, counted from 1.

Numbers may be of any real type: Python's, NumPy's, fractions. Booleans, strings and missing values are refused. Whole
numbers are returned as Python integers or int64, so that sums and differences of small NumPy types cannot overflow.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from math import inf, isfinite
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

_LARGEST = 2**53  # larger floats no longer tell neighbouring whole numbers apart


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ValueError if `value` is not one of `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} is {value!r}: must be one of {', '.join(allowed)}")


def check_level(level: float) -> None:
    """Raise ValueError for a confidence level outside 0 to 1."""
    if not _is_number(level) or not 0 < level < 1:
        raise ValueError(f"level is {level}: a confidence level lies between 0 and 1, for example 0.95")


def finite_number(name: str, value: float, least: float = -inf, most: float = inf, above: float = -inf) -> float:
    """Return `value` as a float.

    Raises
    ------
    ValueError
        If it is not a finite number, lies outside `least` to `most` (both included), or not above `above`.
    """
    if not _is_number(value) or not isfinite(value) or not least <= value <= most or not value > above:
        raise ValueError(f"{name} is {value}: must be a finite number{_range(least, most, above)}")
    return float(value)


def whole_number(name: str, value: float, least: float = 0, most: float = inf) -> int:
    """Return `value` as an integer.

    Raises
    ------
    ValueError
        If it is not a whole number from `least` to `most`.
    """
    if not _is_number(value) or not isfinite(value) or value != int(value) or not least <= value <= most:
        raise ValueError(f"{name} is {value}: must be a whole number{_range(least, most)}")
    return int(value)


def patient_number(name: str, value: float, least: int = 1) -> int:
    """Return a number of patients as an integer; ValueError if it is not a whole number of `least` or more."""
    if not _is_number(value) or not isfinite(value) or value != int(value) or value < least:
        raise ValueError(f"{name} is {value}: a number of patients must be a whole number, {least} or more")
    return int(value)


def standard_deviation(name: str, value: float) -> float:
    """Return a standard deviation as a float; ValueError if it is not a number of 0 or more."""
    if not _is_number(value) or not isfinite(value) or value < 0:
        raise ValueError(f"{name} is {value}: a standard deviation must be a number, 0 or more")
    return float(value)


def finite_numbers(name: str, values: Iterable[float], infinite: bool = False) -> np.ndarray:
    """Return `values` as a one-dimensional array of floats, a copy.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    values : iterable of float
    infinite : bool
        Whether infinite values are accepted.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        If there is no value, or one that is not a (finite) number; the message names the first.
    """
    rule = "a number" if infinite else "a finite number"
    values = element_list(name, values)
    if len(values) == 0:
        raise ValueError(f"{name} is empty: at least one number is needed")
    numeric = isinstance(values, np.ndarray) and values.dtype.kind in "iuf"
    if not numeric:
        for position, value in enumerate(values, 1):
            if not _is_number(value):
                raise ValueError(f"{name}, element {position}, is {value}: must be {rule}")
    numbers = np.array(values, dtype=float)
    wrong = np.flatnonzero(np.isnan(numbers) if infinite else ~np.isfinite(numbers))
    if len(wrong):
        raise ValueError(f"{name}, element {wrong[0] + 1}, is {numbers[wrong[0]]:g}: must be {rule}")
    return numbers


def whole_numbers(name: str, values: Any) -> np.ndarray:
    """Return one count or an array of counts, 0 or more, of any shape as int64.

    Raises
    ------
    ValueError
        For a value that is not a whole number of 0 or more; the message names the first, counted along the rows.
    """
    # a list of integers and booleans would become integers
    array = np.asarray(values) if hasattr(values, "dtype") else np.asarray(values, dtype=object)
    flat = array.ravel()
    if array.dtype.kind in "iuf":
        wrong = np.flatnonzero(~np.isfinite(flat) | (flat != np.floor(flat)) | (flat < 0) | (flat > _LARGEST))
    else:
        fits = [_is_number(v) and isfinite(v) and v == int(v) and 0 <= v <= _LARGEST for v in flat]
        wrong = np.flatnonzero(~np.array(fits, dtype=bool))
    if len(wrong):
        place = f", element {wrong[0] + 1}," if array.ndim else ""
        raise ValueError(f"{name}{place} is {flat[wrong[0]]}: must be a whole number, 0 or more")
    return flat.astype(np.int64).reshape(array.shape)


def element_list(name: str, values: Iterable) -> Sequence:
    """Return a one-dimensional array or column as an array and any other iterable as a list.

    Raises
    ------
    ValueError
        For a single value, text, or an array of several dimensions.
    """
    if isinstance(values, pd.Series | pd.Index) and isinstance(values.dtype, np.dtype):
        values = values.to_numpy()
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ValueError(f"{name} has {values.ndim} dimensions: must have one")
        return values
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{name} is {values!r}: must be a sequence")
    return list(values)


def check_same_length(name_1: str, values_1: Sequence, name_2: str, values_2: Sequence) -> None:
    """Raise ValueError if the two arguments differ in length."""
    if len(values_1) != len(values_2):
        raise ValueError(
            f"{name_1} has {len(values_1)} elements and {name_2} has {len(values_2)}: they must have the same length"
        )


def check_labels(name: str, values: Iterable[Hashable], like: tuple[str, Sequence]) -> list[Hashable]:
    """Return labels as a list.

    Parameters
    ----------
    name : str
    values : iterable of hashable
    like : (str, sequence)
        Name and values of the argument with one element per label.

    Raises
    ------
    ValueError
        For another length, or a label that is missing or not hashable.
    """
    labels = list(element_list(name, values))
    check_same_length(*like, name, labels)
    for position, label in enumerate(labels, 1):
        if not isinstance(label, Hashable) or pd.isna(label) is True:
            raise ValueError(f"{name}, element {position}, is {label}: every element needs a label")
    return labels


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
        if total != np.floor(total) or not 1 <= total <= _LARGEST:
            raise ValueError(f"totals, element {position}, is {total:g}: must be a whole number, 1 or more")
        if count != np.floor(count) or not 0 <= count <= total:
            raise ValueError(
                f"events, element {position}, is {count:g}: must be a whole number from 0 to its total, {total:g}"
            )
    return x, n


def printed_number(name: str, value: float | str | Fraction, least: float = -inf, most: float = inf) -> Fraction:
    """Return a printed number exactly: the shortest decimal form of a float, or the digits of a text.

    Raises
    ------
    ValueError
        If it is not a finite number from `least` to `most`.
    """
    if not isinstance(value, str):
        finite_number(name, value)
    try:
        exact = Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{name} is {value!r}: must be a finite number") from None
    if not least <= exact <= most:
        raise ValueError(f"{name} is {value}: must be a finite number{_range(least, most)}")
    return exact


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _range(least: float, most: float, above: float = -inf) -> str:
    if isfinite(least) and isfinite(most):
        return f" from {least:g} to {most:g}"
    parts = [f"{least:g} or more"] * isfinite(least) + [f"{most:g} or less"] * isfinite(most)
    return "".join(f", {part}" for part in parts + [f"above {above:g}"] * isfinite(above))
