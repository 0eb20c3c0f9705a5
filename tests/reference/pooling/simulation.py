"""Coverage of intervals for a pooled proportion, simulated: the argument for the defaults of `pool_proportions`.

    python tests/reference/pooling/simulation.py [--jobs 1]

Not part of the tests: takes about an hour on one core. Writes analysis/statistics/pooling/coverage.csv.
The generating model stands below and knows nothing of the project; only the intervals under test are imported.

Studies: k of them, sizes drawn between 5 and 71 evenly on the log scale (the span of the studies met here); the logit
of each study's rate is Normal(logit(rate), tau²); events are binomial. Target: the rate of the study in the middle,
`rate`. One row a scenario and method: coverage of the 95% interval with its Monte Carlo error, how often it missed
below and above, its mean width, coverage of the prediction interval for the true rate of one more study, and how many
samples gave no interval (each study none or all), which count as misses.
"""

import argparse
import csv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from math import isnan, log, sqrt

import numpy as np
from scipy.special import stdtrit

from analysis.paths import ROOT
from analysis.statistics.pooling import pool_proportions

RATES = (0.2, 0.45, 0.7)
# scenarios (k, tau, rate, replicates); new ones are appended, so that each keeps its own stream of the seed
SEED = 20240501
GRID = (
    *product((3, 5, 10), (0.0, 0.5, 1.0), RATES, (2000,)),
    *product((2,), (0.0, 0.5, 1.0, 3.0), RATES, (400,)),
    *product((3, 5, 10), (3.0,), RATES, (400,)),
)
SIZES = (5, 71)
METHODS = ("inverse variance, Wald", "inverse variance, Hartung-Knapp", "binomial-normal, Wald", "binomial-normal, t")


def sample(rng: np.random.Generator, k: int, tau: float, rate: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Events and totals of k studies, and the true rate of one more study."""
    totals = np.rint(np.exp(rng.uniform(log(SIZES[0] - 0.5), log(SIZES[1] + 0.49), k))).astype(int)
    logits = log(rate / (1 - rate)) + tau * rng.standard_normal(k + 1)
    rates = 1 / (1 + np.exp(-logits))
    return rng.binomial(totals, rates[:k]), totals, float(rates[k])


def intervals(events: np.ndarray, totals: np.ndarray) -> Iterator[tuple[float, float, float, float]]:
    """Confidence and prediction limits by each of METHODS, in their order."""
    for adjust in ("wald", "hksj"):
        pooled = pool_proportions(events, totals, "logit", adjust=adjust)
        yield pooled.ci_low, pooled.ci_high, pooled.pi_low, pooled.pi_high
    pooled = pool_proportions(events, totals, "glmm", nodes=21, tau2_limits=False)
    yield pooled.ci_low, pooled.ci_high, pooled.pi_low, pooled.pi_high
    if isnan(pooled.se_logit):  # no patient or every patient: the exact limits stand for both
        yield pooled.ci_low, pooled.ci_high, pooled.pi_low, pooled.pi_high
        return
    half = stdtrit(pooled.k - 1, 0.975) * np.array([1, sqrt(1 + pooled.tau2 / pooled.se_logit**2)]) * pooled.se_logit
    ends = pooled.estimate_logit + half[[0, 0, 1, 1]] * [-1, 1, -1, 1]
    yield tuple((1 / (1 + np.exp(-ends))).tolist())


def scenario(
    k: int, tau: float, rate: float, replicates: int, stream: np.random.SeedSequence
) -> list[dict[str, object]]:
    """One row a method; all methods see the same samples."""
    rng = np.random.default_rng(stream)
    counts = {name: {"low": 0, "high": 0, "none": 0, "next": 0, "width": []} for name in METHODS}
    for _ in range(replicates):
        events, totals, another = sample(rng, k, tau, rate)
        for name, (low, high, pi_low, pi_high) in zip(METHODS, intervals(events, totals), strict=True):
            count = counts[name]
            if isnan(low):
                count["none"] += 1
                continue
            count["low"] += high < rate
            count["high"] += low > rate
            count["width"].append(high - low)
            count["next"] += pi_low <= another <= pi_high
    rows = []
    for name, count in counts.items():
        coverage = 1 - (count["low"] + count["high"] + count["none"]) / replicates
        rows.append(
            {
                "k": k,
                "tau": tau,
                "rate": rate,
                "method": name,
                "replicates": replicates,
                "coverage": round(coverage, 4),
                "monte_carlo_error": round(sqrt(coverage * (1 - coverage) / replicates), 4),
                "interval_below": round(count["low"] / replicates, 4),
                "interval_above": round(count["high"] / replicates, 4),
                "mean_width": round(float(np.mean(count["width"])), 4),
                "prediction_coverage": round(count["next"] / replicates, 4),
                "no_interval": count["none"],
            }
        )
    return rows


def main() -> None:
    """Every scenario, each from its own stream of the seed, into analysis/statistics/pooling/coverage.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1, help="processes; the numbers don't depend on it")
    arguments = parser.parse_args()
    streams = np.random.SeedSequence(SEED).spawn(len(GRID))
    with ProcessPoolExecutor(arguments.jobs) as workers:
        parts = workers.map(scenario, *zip(*GRID, strict=True), streams)
        rows = sorted((row for part in parts for row in part), key=lambda row: (row["k"], row["tau"], row["rate"]))
    with (ROOT / "analysis" / "statistics" / "pooling" / "coverage.csv").open(
        "w", newline="", encoding="utf-8"
    ) as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
