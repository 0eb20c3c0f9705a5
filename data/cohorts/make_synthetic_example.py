"""Make synthetic-example.csv: invented patients, so that the cohort report can be seen and tried.

No number in it is a patient's. The rates that it was drawn from follow published ones, as far as `data/` holds them:

- baseline pain 7.1, standard deviation 1.8: pain_scores.csv, cohen2023_all (7.08 ± 1.79); mangnus2022_sket has a median
  of 8; a patient's baselines before two courses correlate at 0.6, which is invented;
- a fall of 2 or more points in 62% at the end of infusion and in 48% at 4 weeks: responders.csv, mangnus2022_sket, T1
  and T2;
- half of these responders still at 13 weeks: in responders.csv and durations.csv, correll2004_course1 (54% at 13 weeks
  after 76%, 31% at 6 months) and goldberg2010_ketamine (60% at 3 months) keep more, goebel2015_ketamine (20%) fewer;
- 30% are treated again: correll2004_course2 (12 of 33);
- more relief under anesthetic ketamine: responders.csv, kiefer2008_anesthetic (65% in remission at 3 months).

A Weibull curve through the shares of 4 and 13 weeks gives the durations. Patients without benefit miss more visits, as
they may in a clinic: the rates among those seen are above the ones drawn from. Ages, sexes, disease durations and the
sites are invented without a source.

    python data/cohorts/make_synthetic_example.py

writes the same bytes each time.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np

SEED = 20220613
PATIENTS = 300
FILE = Path(__file__).with_name("synthetic-example.csv")
HEADER = (
    *("patient_id", "course", "visit", "weeks_from_end", "nrs", "date"),
    *("site", "regimen_class", "sex", "age", "disease_duration_years"),
)
# Site: share of the patients, share of outpatient infusions, share of anesthetic ones, added to the logit of response.
SITES = {
    "Site A": (0.30, 0.30, 0.00, 0.15),
    "Site B": (0.24, 0.80, 0.00, -0.05),
    "Site C": (0.20, 0.15, 0.15, 0.10),
    "Site D": (0.16, 0.60, 0.00, -0.35),
    "Site E": (0.10, 1.00, 0.00, 0.05),
}
REGIMEN_LOGIT = {"subanesthetic_inpatient": 0.0, "subanesthetic_outpatient": -0.1, "anesthetic": 0.9}
INFUSION_DAYS = {"subanesthetic_inpatient": 5, "subanesthetic_outpatient": 11, "anesthetic": 6}
BASELINE_MEAN, BASELINE_SD = 7.1, 1.8
REPEATABILITY = 0.6  # correlation of a patient's baselines before two courses
RESPONSE = 0.62
KEPT_4_WEEKS, KEPT_13_WEEKS = 48 / 62, 0.5
WEEKS = (4, 8, 12, 26)
# Chance of a missed score while the benefit lasts and without it.
MISSED = {0: (0.03, 0.06), 4: (0.09, 0.26), 8: (0.12, 0.32), 12: (0.13, 0.36), 26: (0.16, 0.42)}
NO_BASELINE_SCORE, NO_ROW_IF_MISSED = 0.02, 0.6
AGAIN = 0.30

SHAPE = math.log(math.log(KEPT_13_WEEKS) / math.log(KEPT_4_WEEKS)) / math.log(13 / 4)
SCALE = 13 / (-math.log(KEPT_13_WEEKS)) ** (1 / SHAPE)


class Draws:
    """Seeded draws from uniform numbers alone, whose stream NumPy keeps from version to version."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.Generator(np.random.PCG64(seed)).random

    def happens(self, chance: float) -> bool:
        return float(self.random()) < chance

    def normal(self, mean: float, sd: float) -> float:
        return NormalDist(mean, sd).inv_cdf(min(max(float(self.random()), 1e-9), 1 - 1e-9))

    def one_of(self, shares: dict[str, float]) -> str:
        left = float(self.random()) * sum(shares.values())
        for word, share in shares.items():
            left -= share
            if left < 0:
                return word
        return word

    def score(self, low: float, high: float, mean: float, sd: float) -> float:
        """A score in whole points, seldom in halves, cut at the limits."""
        step = 0.5 if self.happens(0.08) else 1.0
        return min(max(round(self.normal(mean, sd) / step) * step, low), high)


def rows() -> Iterator[tuple]:
    """The rows below the header, patient after patient."""
    draws = Draws(SEED)
    for number in range(1, PATIENTS + 1):
        site = draws.one_of({name: values[0] for name, values in SITES.items()})
        sex = draws.one_of({"female": 0.76, "male": 0.24})
        age = round(min(max(draws.normal(46, 13), 18), 84))
        years = round(min(max(math.exp(draws.normal(math.log(3.2), 0.8)), 0.3), 25), 1)
        first = date(2018, 1, 8) + timedelta(days=int(1750 * float(draws.random())))
        level = draws.normal(BASELINE_MEAN, BASELINE_SD * REPEATABILITY**0.5)
        again, course = True, 1
        while again and course <= 3:
            yield from _course(draws, f"SYNTHETIC-{number:03d}", course, first, level, site, sex, age, years)
            again = draws.happens(AGAIN)
            course += 1
            pause = 210 + int(360 * float(draws.random()))
            # age and disease duration are those of the day, and the next course is later
            first += timedelta(days=pause)
            age, years = age + (1 if draws.happens(pause / 365.25) else 0), round(years + pause / 365.25, 1)


def _course(
    draws: Draws, patient: str, course: int, first: date, level: float, site: str, sex: str, age: int, years: float
) -> Iterator[tuple]:
    _, outpatient, anesthetic, effect = SITES[site]
    regimen = draws.one_of(
        {
            "anesthetic": anesthetic,
            "subanesthetic_outpatient": outpatient,
            "subanesthetic_inpatient": max(1 - outpatient - anesthetic, 0),
        }
    )
    logit = math.log(RESPONSE / (1 - RESPONSE)) + REGIMEN_LOGIT[regimen] + effect
    lasts = -1.0
    if draws.happens(1 / (1 + math.exp(-logit))):
        lasts = SCALE * (-math.log(1 - float(draws.random()))) ** (1 / SHAPE)
    baseline = draws.score(3, 10, level, BASELINE_SD * (1 - REPEATABILITY) ** 0.5)
    end = first + timedelta(days=INFUSION_DAYS[regimen])
    about = (site, regimen, sex, age, years)
    seen = not draws.happens(NO_BASELINE_SCORE)
    yield (patient, course, "baseline", "", f"{baseline:g}" if seen else "", first.isoformat(), *about)
    for weeks in (0, *WEEKS):
        benefit = lasts > weeks
        if benefit:
            score = draws.score(0, baseline - 2, baseline - 4.2, 1.6)
        else:
            score = draws.score(max(baseline - 1.5, 0), 10, baseline - 0.3, 0.9)
        shift = int(7 * float(draws.random())) - 3 if weeks else 0
        missed = draws.happens(MISSED[weeks][0 if benefit else 1])
        no_row = draws.happens(NO_ROW_IF_MISSED)
        if missed and no_row:
            continue
        visit = "follow_up" if weeks else "end_of_infusion"
        day = (end + timedelta(days=7 * weeks + shift)).isoformat()
        yield (patient, course, visit, weeks, "" if missed else f"{score:g}", day, *about)


def text() -> str:
    """The whole file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="")
