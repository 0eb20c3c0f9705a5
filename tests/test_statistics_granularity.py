"""Consistency of a printed SD with whole scores, against a listing of all sets of scores."""

from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest

from analysis.statistics.granularity import sd_ways


def printed_sds(n: int, low: int, high: int) -> dict[int, dict[str, set[str]]]:
    """By sum of the scores, the SDs of all sets of `n` scores as printed with one decimal, rounded or cut off."""
    result: dict[int, dict[str, set[str]]] = {}
    for scores in combinations_with_replacement(range(low, high + 1), n):
        total = sum(scores)
        variance = (sum(score**2 for score in scores) - Fraction(total**2, n)) / (n - 1)
        tenths = int(np.sqrt(float(variance)) * 10)
        while Fraction((tenths + 1) ** 2, 100) <= variance:
            tenths += 1
        while Fraction(tenths**2, 100) > variance:
            tenths -= 1
        of_total = result.setdefault(total, {})
        of_total.setdefault(f"{tenths / 10}", set()).add("truncated")
        half = Fraction(2 * tenths + 1, 20) ** 2
        for number in {tenths + (variance >= half), tenths + (variance > half)}:  # exactly at a half either way
            of_total.setdefault(f"{number / 10}", set()).add("rounded")
    return result


@pytest.mark.slow
@pytest.mark.parametrize(("n", "low", "high"), [(2, 0, 10), (3, 0, 10), (4, 0, 10), (5, 0, 6), (4, -3, 4), (6, 0, 3)])
def test_every_sd_of_small_samples(n, low, high):
    possible = printed_sds(n, low, high)
    for total in range(n * low - 1, n * high + 2):
        for tenths in range(80):
            sd = f"{tenths / 10}"
            assert sd_ways(total, n, sd, 1, low, high) == possible.get(total, {}).get(sd, set()), (total, sd)


def test_the_parity_of_the_sum_of_squares_is_not_enough():
    # 3 scores with sum 15: sums of squares 75, 77, 81, 83, 89, …; 79 and 85 are odd too but belong to no scores
    assert sd_ways(15, 3, "1.41", 2) == set()  # √((79 - 75) / 2)
    assert sd_ways(15, 3, "1.73", 2) == {"rounded", "truncated"}  # 81: scores 4, 4, 7


def test_large_samples_near_the_largest_sd():
    # 200 scores with sum 1000: the largest sum of squares, 10000, belongs to 100 zeros and 100 tens; a 1 and a 9 for
    # a 0 and a 10 take 18 off, a 2 and an 8 take 32
    sds = {squares: f"{((squares - 5000) / 199) ** 0.5:.6f}" for squares in (10_000, 9_998, 9_982, 9_980, 9_968)}
    ways = {squares: bool(sd_ways(1000, 200, sd, 6)) for squares, sd in sds.items()}
    assert ways == {10_000: True, 9_998: False, 9_982: True, 9_980: False, 9_968: True}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((15, 1, "1.0", 1), "n is 1"),
        ((15, 5, "1.25", 1), "sd is 1.25: has more than 1 decimals"),
        ((15, 5, "-1.0", 1), "sd is -1.0"),
        ((15, 5, "1.0", 1, 10, 0), "low is 10 and high is 0"),
    ],
)
def test_refusals(arguments, words):
    with pytest.raises(ValueError, match=words):
        sd_ways(*arguments)
