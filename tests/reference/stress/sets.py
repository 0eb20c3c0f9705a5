"""Write the random sets of the stress test, 2,000 of each kind: python sets.py (four .csv.gz files, in this folder).

sets: estimates and variances of 2 to 12 studies; variances span up to 6 orders of magnitude; true values differ between
studies by 0 to 30 typical standard errors. counts: events of 2 to 10 studies of 3 to 3,000 patients. durations: 6 to 40
patients, each known exactly, between two visits or still going. pairs: small counts of a proportion and of discordant
pairs.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SETS, SEED = 2000, 20261127
FOLDER = Path(__file__).parent


def estimates() -> pd.DataFrame:
    """Return one row per study: set, estimate, variance."""
    random = np.random.default_rng(SEED)
    rows = []
    for number in range(SETS):
        k = int(random.integers(2, 13))
        variances = 10 ** random.uniform(-1, 1) * 10 ** (random.uniform(0, 3) * random.uniform(-1, 1, k))
        between = random.choice([0, 0, 0.3, 1, 3, 30]) * np.sqrt(np.median(variances))
        estimates = random.normal(0, np.sqrt(variances + between**2))
        rows += [(number, round(y, 6), float(f"{v:.6g}")) for y, v in zip(estimates, variances, strict=True)]
    return pd.DataFrame(rows, columns=["set", "estimate", "variance"])


def counts() -> pd.DataFrame:
    """Return one row per study: set, events, total; no set has only none or all in each study."""
    random = np.random.default_rng(SEED + 1)
    rows = []
    while len(rows) < SETS:
        k = int(random.integers(2, 11))
        totals = np.rint(10 ** random.uniform(0.5, random.choice([1.5, 2, 3.5]), k)).astype(int)
        logits = random.normal(random.uniform(-2.5, 2.5), random.choice([0, 0.3, 1, 2]), k)
        events = random.binomial(totals, 1 / (1 + np.exp(-logits)))
        if ((events > 0) & (events < totals)).any():
            rows.append(pd.DataFrame({"set": len(rows), "events": events, "total": totals}))
    return pd.concat(rows, ignore_index=True)


def durations() -> pd.DataFrame:
    """Return one row per patient: set, lower, upper (infinite: still going)."""
    random = np.random.default_rng(SEED + 2)
    rows = []
    for number in range(SETS):
        n = int(random.integers(6, 41))
        time = random.weibull(random.uniform(0.7, 3), n) * 20 + 0.01
        kind = random.choice(3, n, p=random.dirichlet([1, 2, 1]))  # exact, between visits, still going
        wide = random.exponential(random.uniform(1, 15), (2, n))
        lower = np.where(kind == 0, time, np.where(kind == 1, np.maximum(time - wide[0], 0), time * random.random(n)))
        upper = np.where(kind == 0, time, np.where(kind == 1, time + wide[1], np.inf))
        rows.append(pd.DataFrame({"set": number, "lower": lower.round(4), "upper": upper.round(4)}))
    return pd.concat(rows, ignore_index=True)


def pairs() -> pd.DataFrame:
    """Return one row per set: events of n, lost and gained."""
    random = np.random.default_rng(SEED + 3)
    n = random.integers(1, 80, SETS)
    events = random.binomial(n, random.random(SETS))
    lost, gained = random.integers(0, 25, (2, SETS))
    return pd.DataFrame({"set": range(SETS), "events": events, "n": n, "lost": lost, "gained": gained})


if __name__ == "__main__":
    for name, table in (("sets", estimates()), ("counts", counts()), ("durations", durations()), ("pairs", pairs())):
        table.to_csv(FOLDER / f"{name}.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
