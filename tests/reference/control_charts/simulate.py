"""Simulate run charts without a true change: how often they signal. `python simulate.py` writes false_alarms.csv."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.statistics.control_charts import binomial_limits, run_signals

_TAIL = 0.001


def false_alarms(quarters: int, patients: int, rate: float, charts: int, seed: int = 1) -> dict[str, float]:
    """Return the share of charts with a point outside 99.8% limits, with a signal of runs, and with either."""
    random = np.random.default_rng(seed)
    outside = runs = either = 0
    for _ in range(charts):
        events = random.binomial(patients, rate, quarters)
        mean = events.mean() / patients
        low, high = binomial_limits(np.full(quarters, patients), mean, _TAIL)
        beyond = bool(((events / patients < low) | (events / patients > high)).any())
        signal = run_signals(events / patients, mean).is_signal
        outside, runs, either = outside + beyond, runs + signal, either + (beyond or signal)
    return {"outside": outside / charts, "runs": runs / charts, "any_signal": either / charts}


if __name__ == "__main__":
    lines = ["quarters,patients,rate,charts,outside,runs,any_signal"]
    for number in (10, 12, 20, 40):
        shares = false_alarms(number, 15, 0.5, 10_000)
        lines.append(",".join([f"{number},15,0.5,10000", *(f"{share:.4f}" for share in shares.values())]))
    Path(__file__).with_name("false_alarms.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
