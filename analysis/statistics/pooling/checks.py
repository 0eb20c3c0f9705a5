"""What is refused before anything is pooled. Every refusal names the element, counted from 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """ValueError if `value` isn't one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: must be one of {', '.join(allowed)}")


def check_level(level: float) -> None:
    """ValueError for a confidence level outside 0 to 1."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: a confidence level lies between 0 and 1, for example 0.95")


def numbers(name: str, values: Iterable[float]) -> np.ndarray:
    """`values` as a one-dimensional array of finite floats. ValueError names the first that isn't a number."""
    values = list(values) if not isinstance(values, np.ndarray) else values
    for position, value in enumerate(values, 1):
        if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
            raise ValueError(f"{name}, element {position}, is {value}: must be a finite number")
    if len(values) == 0:
        raise ValueError(f"{name} is empty: there is nothing to pool")
    return np.asarray(values, float)


def same_length(name_1: str, values_1: Sequence, name_2: str, values_2: Sequence) -> None:
    """ValueError if the two differ in length."""
    if len(values_1) != len(values_2):
        raise ValueError(
            f"{name_1} has {len(values_1)} elements and {name_2} has {len(values_2)}: they must have the same length"
        )


def check_estimates(estimates: Iterable[float], variances: Iterable[float]) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays. ValueError for NaN, unequal lengths, nothing at all, or a variance that isn't positive."""
    y, v = numbers("estimates", estimates), numbers("variances", variances)
    same_length("estimates", y, "variances", v)
    for position, value in enumerate(v, 1):
        if value <= 0:
            raise ValueError(f"variances, element {position}, is {value}: a sampling variance must be above 0")
    return y, v


def check_counts(events: Iterable[float], totals: Iterable[float]) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays. ValueError for NaN, unequal lengths, fractions, totals below 1, events > totals."""
    x, n = numbers("events", events), numbers("totals", totals)
    same_length("events", x, "totals", n)
    for position, (count, total) in enumerate(zip(x, n, strict=True), 1):
        if total != np.floor(total) or total < 1:
            raise ValueError(f"totals, element {position}, is {total:g}: must be a whole number, 1 or more")
        if count != np.floor(count) or not 0 <= count <= total:
            raise ValueError(
                f"events, element {position}, is {count:g}: must be a whole number from 0 to its total, {total:g}"
            )
    return x, n
