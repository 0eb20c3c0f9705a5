"""Every public function of analysis.statistics accepts numbers of any type and refuses what is not one."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis.statistics
from analysis.statistics import survival
from analysis.statistics.decline import decline
from analysis.statistics.pooling import leave_one_out, meta_regression, pool, pool_proportions, subgroup

# modules whose functions take what the functions of other modules have checked
INNER = ("checks", "random_intercept", "study_quadrature", "heterogeneity", "interval_data", "newton")
INNER_FUNCTIONS = {"mass_table", "sums_inside", "unknown_result"}
ROOT = Path(analysis.statistics.__file__).parent


def public_functions() -> dict[str, Callable]:
    """The functions that each module of analysis.statistics defines."""
    result = {}
    for module in pkgutil.walk_packages([str(ROOT)], "analysis.statistics."):
        if module.name.rpartition(".")[2] not in INNER:
            members = inspect.getmembers(importlib.import_module(module.name), inspect.isfunction)
            result |= {name: f for name, f in members if f.__module__ == module.name and not name.startswith("_")}
    return {name: function for name, function in result.items() if name not in INNER_FUNCTIONS}


FUNCTIONS = public_functions()
TABLE = pd.DataFrame({"left": [0.0, 4.0], "right": [4.0, np.inf], "probability": [0.5, 0.5]})
# each function with valid whole numbers; small, so that sums of 8-bit integers would overflow without conversion
VALID = {
    "critical_value": {"level": 0.9, "df": 100},
    "wilson": {"events": 120, "n": 125, "level": 0.9},
    "clopper_pearson": {"events": 120, "n": 125, "level": 0.9},
    "newcombe_independent": {"events_1": 60, "n_1": 125, "events_2": 70, "n_2": 120, "level": 0.9},
    "newcombe_paired": {"both": 60, "first_only": 50, "second_only": 70, "neither": 40, "level": 0.9},
    "mcnemar": {"lost": 100, "gained": 120},
    "paired_tables": {"first": 70, "second": 80, "n": 120},
    "possible_paired_tables": {"percent_first": 60, "percent_second": 50, "n": 110, "p_value": 0, "decimals": 0},
    "decimals_of": {"value": 5},
    "counts_behind_percent": {"percent": 62, "n": 120, "decimals": 0},
    "sums_behind_mean": {"mean": 5, "n": 120, "decimals": 1},
    "sd_ways": {"total": 120, "n": 100, "sd": 2, "decimals": 0},
    "sd_bounds": {"mean": 5, "n": 120, "low": 0, "high": 10},
    "mean_sd_from_quartiles": {"q1": 50, "median": 90, "q3": 120, "n": 100},
    "mean_sd_from_five_numbers": {"low": 50, "q1": 60, "median": 90, "q3": 100, "high": 120, "n": 100},
    "mean_sd_from_range": {"low": 50, "median": 90, "high": 120, "n": 100},
    "sd_from_iqr_width": {"width": 100, "n": 100},
    "sd_from_se": {"se": 100, "n": 120},
    "largest_sd": {"mean": 50, "n": 120, "low": 0, "high": 100},
    "mean_interval": {"mean": 50, "sd": 100, "n": 120, "level": 0.9},
    "welch_interval": {"mean_1": 50, "sd_1": 100, "n_1": 120, "mean_2": 60, "sd_2": 90, "n_2": 125, "level": 0.9},
    "npmle": {"lower": [0, 100, 120], "upper": [100, 120, 125], "weights": [100, 120, 50]},
    "bootstrap": {"lower": [0, 100], "upper": [100, 120], "weights": [100, 120], "draws": 20, "seed": 3},
    "two_group_test": {"lower": [0, 100], "upper": [100, 120], "groups": [1, 2], "weights": [10, 20], "draws": 20},
    "fit_distribution": {"lower": [0, 100, 20], "upper": [100, 120, 20], "weights": [100, 120, 50], "level": 0.9},
    "quantile": {"table": TABLE, "p": 0.25},
    "median": {"table": TABLE},
    "interval_probabilities": {"table": TABLE, "lower": [0, 3], "upper": [4, 120]},
    "log_likelihood": {"table": TABLE, "lower": [0, 3], "upper": [4, 120], "weights": [100, 120]},
    "run_signals": {"values": [100, 120, 90, 50, 60, 125, 7, 8, 9, 10], "center": 100},
    "individuals_limits": {"values": [100, 120, 90]},
    "binomial_limits": {"n": [100, 120], "mean": 1, "p": 0.25},
    "fitted_probabilities": {"design": pd.DataFrame({"dose": [1, 2, 3, 1]}), "events": [0, 1, 0, 1]},
    "direction_count": {"favourable": 120, "unfavourable": 100, "level": 0.9},
    "next_trial_probabilities": {"mean": 3, "se": 1, "tau": 1, "sd": 2, "per_arm": [30, 120], "line": 2, "level": 0.9},
    "observed_rate_interval": {"estimate": 0.5, "low": 0.25, "high": 0.75, "n": 120, "level": 0.9},
    "mover_difference": {"first": [100, 90, 120], "second": [50, 20, 120]},
    "p_agrees": {"p": pd.Series([0.5, 0.04]), "printed": 0.5, "decimals": 2},
    "counts_near": {"percent": 62, "n": 120, "decimals": 0},
    "ways_to_print": {"count": 100, "n": 120, "decimals": 0},
    "bayes_pool": {"estimates": [100, 120, 90], "variances": [100, 120, 90], "tau_scales": [5, 10], "level": 0.9},
    "bayes_pool_proportions": {"events": [60, 70], "totals": [100, 120], "tau_scales": [1, 2], "level": 0.9},
    "survival_at": {"table": TABLE, "times": [0, 3, 120]},
    "decline": {
        "events": [100, 90, 120, 50, 60],
        "totals": [125, 120, 125, 100, 120],
        "weeks": [0, 9, 2, 100, 5],
        "study": [1, 1, 2, 2, 3],
        "level": 0.9,
    },
    "pool": {"estimates": [100, 120, 90], "variances": [100, 120, 90], "level": 0.9},
    "pool_proportions": {"events": [100, 120, 90], "totals": [125, 125, 120], "level": 0.9},
    "leave_one_out": {"estimates": [100, 120, 90], "variances": [100, 120, 90]},
    "subgroup": {"estimates": [100, 120, 90], "variances": [100, 120, 90], "labels": [1, 1, 2], "level": 0.9},
    "meta_regression": {"estimates": [100, 120, 90], "variances": [9, 9, 9], "moderators": {"dose": [100, 120, 100]}},
}
LABELS = {"groups", "study", "labels", "order"}
WHOLE = {
    *("events", "n", "events_1", "n_1", "events_2", "n_2", "both", "first_only", "second_only", "neither", "lost"),
    *("gained", "first", "second", "decimals", "total", "draws", "seed", "totals"),
}
WHOLE |= {"favourable", "unfavourable", "count", "per_arm"}
TABLES = (pd.DataFrame, pd.Series)
NAMED_AS = {"moderators": "moderator 'dose'"}
INFINITE = {"lower", "upper", "times"}
CASES = [(name, key) for name, items in VALID.items() for key, value in items.items() if not isinstance(value, TABLES)]


def test_every_public_function_has_a_case():
    assert set(FUNCTIONS) == set(VALID)
    others = [path for path in ROOT.parent.rglob("*.py") if ROOT not in path.parents]
    inner = re.compile(rf"analysis\.statistics\.\S*\b({'|'.join(INNER)}) import|\b({'|'.join(INNER_FUNCTIONS)})\b")
    assert [path.name for path in others if inner.search(path.read_text(encoding="utf-8"))] == []


def same(one: object, two: object) -> bool:
    if isinstance(one, pd.DataFrame):
        return one.equals(two)
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, name), getattr(two, name)) for name in one.__dataclass_fields__)
    return repr(one) == repr(two) if not isinstance(one, np.ndarray) else np.array_equal(one, two, equal_nan=True)


def changed(value: object, change) -> object:
    """The value, or the last element of a list, or the last element of the only moderator, changed."""
    if isinstance(value, dict):
        return {name: changed(part, change) for name, part in value.items()}
    return [*value[:-1], change(value[-1])] if isinstance(value, list) else change(value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.float32, np.float64, Fraction, "Int64"])
@pytest.mark.parametrize("name", VALID)
def test_numbers_of_any_type_give_the_same(name, kind):
    def converted(value):
        if isinstance(value, dict):
            return {key: converted(part) for key, part in value.items()}
        if isinstance(value, list) and kind == "Int64":
            return pd.Series(value, dtype=kind)
        if isinstance(value, list):
            return [converted(part) for part in value] if kind is Fraction else np.array(value, dtype=kind)
        return kind(value) if isinstance(value, int) and kind != "Int64" else value

    arguments = {key: value if key in LABELS else converted(value) for key, value in VALID[name].items()}
    assert same(FUNCTIONS[name](**arguments), FUNCTIONS[name](**VALID[name]))


NO_NUMBERS = ["x", "7", True, np.True_, None, np.nan, np.inf, -np.inf, pd.NA, [[1]], 1j]


def allowed(argument: str, value: object) -> bool:
    """Whether an argument takes a value that is no finite number."""
    if argument in LABELS:
        return not (value is None or value is pd.NA or value is np.nan)
    if isinstance(value, str):
        return value == "7" and argument in ("mean", "sd", "percent", "percent_first", "percent_second")
    if isinstance(value, list):
        return argument in ("lost", "gained")  # arrays of any shape
    if value is None:
        return argument in ("df", "p_value")
    return isinstance(value, float) and np.isinf(value) and argument in INFINITE


@pytest.mark.slow
@pytest.mark.parametrize(("name", "argument"), CASES)
def test_what_is_not_a_finite_number_is_refused(name, argument):
    for value in NO_NUMBERS:
        if allowed(argument, value):
            continue
        arguments = VALID[name] | {argument: changed(VALID[name][argument], lambda _, value=value: value)}
        with pytest.raises(ValueError, match=NAMED_AS.get(argument, rf"\b{argument}\b")):
            pytest.fail(f"{value!r} is accepted: {FUNCTIONS[name](**arguments)}")


@pytest.mark.parametrize(("name", "argument"), [case for case in CASES if case[1] in WHOLE])
@pytest.mark.parametrize("value", [-1, 2.5, np.float64(0.5)])
def test_fractions_and_negative_counts_are_refused(name, argument, value):
    if name == "mover_difference" or (argument == "total" and value == -1):
        return  # any numbers; the sum of scores of a scale that starts below 0
    arguments = VALID[name] | {argument: changed(VALID[name][argument], lambda _: value)}
    with pytest.raises(ValueError, match=f"{argument}.* is {value:g}|element|number of patients"):
        FUNCTIONS[name](**arguments)


@pytest.mark.parametrize(("name", "argument"), [case for case in CASES if isinstance(VALID[case[0]][case[1]], list)])
def test_no_elements_and_one_number_for_many_are_refused(name, argument):
    for value in ([], 5, "abc"):
        if (value == 5 and argument == "times") or (value == [] and name == "binomial_limits"):
            continue  # one time; no groups
        with pytest.raises(ValueError, match=r"\w+"):
            FUNCTIONS[name](**VALID[name] | {argument: value})


def test_one_row_gives_a_result_or_a_reason():
    assert pool([2], [1]).k == 1
    assert pool_proportions([3], [9]).estimate == pytest.approx(1 / 3)
    assert survival.npmle([1], [2])["probability"].tolist() == [1]
    for function, arguments in (
        (leave_one_out, ([1], [1])),
        (subgroup, ([1], [1], ["a"])),
        (meta_regression, ([1], [1], {"dose": [1]})),
        (decline, ([1], [2], [0], ["a"])),
        (survival.two_group_test, ([1], [2], ["a"])),
    ):
        with pytest.raises(ValueError, match=r"\w+"):
            function(*arguments)


def test_repeated_labels_do_not_mix_rows():
    y, v = pd.Series([1.0, 2, 6], index=[7, 7, 7]), pd.Series([1.0, 1, 1], index=[7, 7, 7])
    assert pool(y, v) == pool([1, 2, 6], [1, 1, 1])
    assert leave_one_out(y, v, ["a", "a", "b"])["estimate"].tolist() == [4, 3.5, 1.5]
    with pytest.raises(ValueError, match="groups, element 1, is 'intercept'"):
        decline([1, 2, 3, 2], [4, 4, 4, 4], [0, 1, 2, 3], list("abcd"), ["intercept", "b", "b", "b"])
    with pytest.raises(ValueError, match="study, element 2, is None"):
        decline([1, 2, 3, 2], [4, 4, 4, 4], [0, 1, 2, 3], ["a", None, "c", "d"])
