"""2,000 random sets for each method against R; tests/reference/stress holds the scripts and the result."""

import runpy
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parent / "reference" / "stress"
METHODS = (
    *("REML", "PM", "DL", "ML", "binomial-normal"),
    *("turnbull", "exponential", "weibull", "lognormal", "loglogistic"),
    *("Wilson", "Clopper-Pearson", "McNemar, uncorrected", "McNemar, corrected", "McNemar, exact"),
)


@cache
def script() -> dict[str, object]:
    return runpy.run_path(str(FOLDER / "compare.py"))


def test_no_set_is_solved_better_by_the_reference():
    result = pd.read_csv(FOLDER / "result.csv").set_index("method")
    assert result["sets"].to_dict() == dict.fromkeys(METHODS, 2000)
    assert (result["reference_solves_it_better"] == 0).all()
    assert (result.drop(columns="sets").sum(axis=1) == 2000).all()
    assert (result["agree"] > 1900).all()


@pytest.mark.slow
def test_the_result_holds_for_the_present_code():
    some = script()["compared"](60).set_index("method")
    assert list(some.index) == list(METHODS)
    assert (some["reference_solves_it_better"] == 0).all()
    assert (some["agree"] >= 45).all()
