"""Write the 2,000 random sets of the stress test: python sets.py (sets.csv.gz, in this folder).

Sets have 2 to 12 studies; variances span up to 6 orders of magnitude; true values differ between studies by 0 to 30
typical standard errors.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SETS, SEED = 2000, 20261127


def main() -> None:
    """Write one row per study: set, estimate, variance."""
    random = np.random.default_rng(SEED)
    rows = []
    for number in range(SETS):
        k = int(random.integers(2, 13))
        variances = 10 ** random.uniform(-1, 1) * 10 ** (random.uniform(0, 3) * random.uniform(-1, 1, k))
        between = random.choice([0, 0, 0.3, 1, 3, 30]) * np.sqrt(np.median(variances))
        estimates = random.normal(0, np.sqrt(variances + between**2))
        rows += [(number, round(y, 6), float(f"{v:.6g}")) for y, v in zip(estimates, variances, strict=True)]
    table = pd.DataFrame(rows, columns=["set", "estimate", "variance"])
    table.to_csv(Path(__file__).with_name("sets.csv.gz"), index=False, compression={"method": "gzip", "mtime": 0})


if __name__ == "__main__":
    main()
