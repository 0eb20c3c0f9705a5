"""Compare `pool` with metafor on the 2,000 random sets: python compare.py (writes result.csv in this folder).

Where the two values of tau² differ, the estimating equation decides: for REML and ML which tau² has the higher
likelihood, for PM at which tau² the generalised Q is nearer to its degrees of freedom.
"""

from math import log
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.statistics.pooling import pool

FOLDER = Path(__file__).parent
TOLERANCE = 1e-6


def misfit(y: np.ndarray, v: np.ndarray, tau2: float, method: str) -> float:
    """How far tau² is from solving the equation of its method; smaller is better."""
    w = 1 / (v + tau2)
    q = float(w @ (y - (w @ y) / w.sum()) ** 2)
    if method in ("PM", "DL"):
        return abs(q - (len(y) - 1))
    return -0.5 * float(np.log(w).sum() - q - (log(w.sum()) if method == "REML" else 0))


def compared(sets: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """One row per method: numbers of sets that agree, differ to our or to metafor's advantage, or lack a reference."""
    studies = {
        number: (rows["estimate"].to_numpy(), rows["variance"].to_numpy()) for number, rows in sets.groupby("set")
    }
    rows = []
    for method, expected in reference.groupby("method", sort=False):
        counts = dict.fromkeys(("agree", "ours_solves_it_better", "metafor_solves_it_better", "no_reference"), 0)
        for row in expected.itertuples():
            y, v = studies[row.set]
            ours = pool(y, v, method)
            if np.isnan(row.tau2):
                counts["no_reference"] += 1
            elif all(
                abs(getattr(ours, name) - getattr(row, name)) <= TOLERANCE * max(abs(getattr(row, name)), unit)
                for name, unit in (("estimate", ours.se), ("se", ours.se), ("tau2", float(np.median(v))))
            ):
                counts["agree"] += 1
            else:
                better = misfit(y, v, ours.tau2, method) <= misfit(y, v, row.tau2, method)
                counts["ours_solves_it_better" if better else "metafor_solves_it_better"] += 1
        rows.append({"method": method, "sets": len(expected), **counts})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    compared(pd.read_csv(FOLDER / "sets.csv.gz"), pd.read_csv(FOLDER / "reference.csv.gz")).to_csv(
        FOLDER / "result.csv", index=False
    )
