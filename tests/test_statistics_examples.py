"""Published data sets against metafor, and large studies against lme4 with 100 quadrature nodes.

tests/reference/examples/reference.R wrote the reference values; versions.txt names the versions. No R is needed here.
"""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from analysis.statistics.pooling import pool, pool_proportions

REFERENCE = Path(__file__).parent / "reference" / "examples"
# data sets of R's metadat with their numbers of studies
DATA_SETS = {
    "bangertdrowns2004": 48,
    "collins1985a": 25,
    "colditz_rd": 13,
    "curtis1998": 102,
    "hackshaw1998": 37,
    "hart1999": 6,
    "hine1989": 6,
    "konstantopoulos2011": 56,
    "lee2004": 16,
    "li2007": 22,
    "linde2005": 24,
    "mcdaniel1994": 160,
    "molloy2014": 16,
    "nielweise2007": 18,
    "raudenbush1985": 19,
}
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "q", "q_p")


@cache
def table(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def test_the_reference_has_every_data_set():
    assert table("cases").groupby("case").size().to_dict() == DATA_SETS
    assert len(table("pooled")) == 15 * 4 * 2
    assert len(table("glmer")) == 14


@pytest.mark.parametrize("name", DATA_SETS)
def test_published_data_sets_agree_with_metafor(name):
    rows = table("cases")[table("cases")["case"] == name]
    for row in table("pooled")[table("pooled")["case"] == name].itertuples():
        ours = pool(rows["estimate"], rows["variance"], row.method, row.adjust)
        assert ours.k == row.k
        for column in NUMBERS:
            expected = getattr(row, column)
            assert getattr(ours, column) == pytest.approx(expected, rel=1e-6, abs=1e-9), (row.method, column)


@pytest.mark.parametrize("row", list(table("glmer").itertuples(index=False)), ids=lambda row: row.case)
def test_large_studies_agree_with_lme4(row):
    rows = table("counts")[table("counts")["case"] == row.case]
    ours = pool_proportions(rows["events"], rows["total"], tau2_limits=False)
    assert ours.estimate_logit == pytest.approx(row.estimate_logit, abs=2e-5)
    assert ours.se_logit == pytest.approx(row.se_logit, rel=2e-3)  # lme4's Hessian is numerical
    assert ours.tau2 == pytest.approx(row.tau2, rel=1e-4)
