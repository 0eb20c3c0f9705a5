"""Pooling of 2,000 random sets of studies against metafor; tests/reference/stress holds the scripts and the result."""

import runpy
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent / "reference" / "stress"


def test_no_set_is_solved_better_by_metafor():
    result = pd.read_csv(FOLDER / "result.csv").set_index("method")
    assert result["sets"].to_dict() == dict.fromkeys(("REML", "PM", "DL", "ML"), 2000)
    assert (result["metafor_solves_it_better"] == 0).all()
    assert (result.drop(columns="sets").sum(axis=1) == 2000).all()


def test_the_result_holds_for_the_present_code():
    compared = runpy.run_path(str(FOLDER / "compare.py"))["compared"]
    sets, reference = (pd.read_csv(FOLDER / f"{name}.csv.gz") for name in ("sets", "reference"))
    some = compared(sets[sets["set"] < 60], reference[reference["set"] < 60])
    assert (some["metafor_solves_it_better"] == 0).all()
    assert (some["agree"] >= 45).all()
