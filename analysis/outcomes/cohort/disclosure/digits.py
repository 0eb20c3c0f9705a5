"""Numbers with the digits that a page prints, so that no file and no picture contains more."""

from __future__ import annotations

import numpy as np
import pandas as pd

SCORES = WEEK_DECIMALS = 1  # decimals
SHARES = "shares"
P_VALUES = "P values"
_LEAST_SHARE = 0.0004  # printed as <0.1%
_LEAST_P = 0.0009  # printed as < 0.001


def as_printed(frame: pd.DataFrame, decimals: int | str, **others: int | str) -> pd.DataFrame:
    """Return the frame with its decimal numbers rounded half up, as `analysis.wording` prints them.

    Parameters
    ----------
    decimals : int, "shares" or "P values"
        Of all columns of decimal numbers; `shares` are percentages without decimals, with one below 1% and above 99%;
        `P values` have three decimals, and all below 0.001 are 0.0009.
    **others : int, "shares" or "P values"
        Of columns with these names.
    """
    columns = {
        name: _rounded(frame[name].to_numpy(dtype="float64", na_value=np.nan), others.get(name, decimals))
        for name in frame
        if pd.api.types.is_float_dtype(frame[name])
    }
    return frame.assign(**columns)


def _rounded(values: np.ndarray, decimals: int | str) -> np.ndarray:
    if decimals == P_VALUES:
        return np.where(values < 0.001, _LEAST_P, _half_up(values, 1000.0))
    if decimals != SHARES:
        return _half_up(values, 10.0**decimals)
    size = np.abs(values)
    edge = ((size > 0) & (size < 0.01)) | ((size > 0.99) & (size < 1))
    rounded = np.where(edge, _half_up(size, 1000.0), _half_up(size, 100.0))
    rounded = np.where((size > 0) & (size < 0.0005), _LEAST_SHARE, rounded)
    rounded = np.where((size > 0.9995) & (size < 1), 1 - _LEAST_SHARE, rounded)
    return np.copysign(rounded, values) + 0.0


def _half_up(values: np.ndarray, factor: float) -> np.ndarray:
    # the same small term as `wording.half_up`
    with np.errstate(invalid="ignore"):
        return np.copysign(np.floor(np.abs(values) * factor + 0.5 + 1e-9) / factor, values) + 0.0
