"""Responder rates and the flow between two times."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence.selection import Criteria, select
from analysis.outcomes import responders


def flow_of(evidence, arm_id):
    (flow,) = [flow for flow in responders.flows(select(evidence)) if flow.arm_id == arm_id]
    return flow


def test_mangnus_62_and_48_percent(evidence):
    rates = responders.rates(select(evidence))
    first, second = rates[rates["arm_id"] == "mangnus2022_sket"].to_dict("records")
    assert (first["responders"], first["n"], first["percent_reported"], first["weeks"]) == (30, 48, 62, 0)
    assert (second["responders"], second["n"], second["percent_reported"], second["weeks"]) == (23, 48, 48, 4)
    # Wilson by hand: (30 + 1.9208) / (48 + 3.8415) -+ ...
    assert (first["ci_low"], first["ci_high"]) == pytest.approx((0.48363, 0.74785), abs=5e-6)
    assert first["count_basis"] == "derived_from_percent"
    assert first["definition"].startswith("fall of 2 or more NRS points")


def test_rates_keep_time_order_and_put_unknown_times_last(evidence):
    everything = Criteria(routes=(), access=(), populations=(), overlapping_studies=True, contained_arms=True)
    weeks = responders.rates(select(evidence, everything))["weeks"]
    known = weeks.dropna()
    assert known.is_monotonic_increasing
    assert weeks.isna().iloc[len(known) :].all()
    assert len(weeks) == len(evidence.responders)


def test_definition_classes_narrow(evidence):
    rates = responders.rates(select(evidence), definition_classes=("complete_relief",))
    assert set(rates["definition_class"]) == {"complete_relief"}
    assert set(rates["study_id"]) == {"correll2004", "domec2004", "kiefer2008", "rasmussen2013"}


def test_no_rate_has_a_placebo_group(evidence):
    assert set(responders.rates(select(evidence))["control"]) == {"uncontrolled"}


def test_flow_of_mangnus(evidence):
    flow = flow_of(evidence, "mangnus2022_sket")
    bounds = flow.bounds.set_index("quantity")
    assert (flow.n, flow.first, flow.second, flow.p_reported) == (48, 30, 23, 0.03)
    assert bounds[["low", "high"]].to_dict("index") == {
        "kept": {"low": 5, "high": 23},
        "lost": {"low": 7, "high": 25},
        "gained": {"low": 0, "high": 18},
        "neither": {"low": 0, "high": 18},
    }
    # (9 - 2)^2 / 11 = 4.4545, p = 0.0348: the only table of 48 patients whose p is printed as 0.03
    fits = flow.tables[flow.tables["fits_p"]]
    assert fits[["kept", "lost", "gained", "neither", "test"]].values.tolist() == [[21, 9, 2, 16, "uncorrected"]]
    assert bounds.loc["lost", "low_fits"] == bounds.loc["lost", "high_fits"] == 9


def test_flow_without_a_printed_p_fits_nothing(evidence):
    flow = flow_of(evidence, "correll2004_course1")
    assert (flow.first, flow.second, flow.weeks_second) == (25, 18, 13)
    assert not flow.tables["fits_p"].any()
    assert flow.bounds["low_fits"].isna().all()


def test_a_p_that_no_table_gives(evidence):
    tests = evidence.reported_tests.copy()
    tests.loc[tests["outcome"] == "responder status", "p_value"] = 0.5
    flow = flow_of(replace(evidence, reported_tests=tests), "mangnus2022_sket")
    assert flow.p_reported == 0.5
    assert not flow.tables["fits_p"].any()


@pytest.mark.slow
@given(first=st.integers(0, 48), second=st.integers(0, 48))
def test_every_flow_adds_up(evidence, first, second):
    table = evidence.responders.copy()
    here = table["arm_id"] == "mangnus2022_sket"
    table.loc[here, "responders"] = [first, second]
    flow = flow_of(replace(evidence, responders=table), "mangnus2022_sket")
    assert (flow.tables["kept"] + flow.tables["lost"] == first).all()
    assert (flow.tables["kept"] + flow.tables["gained"] == second).all()
    assert (flow.tables[["kept", "lost", "gained", "neither"]].sum(axis=1) == 48).all()
    bounds = flow.bounds.set_index("quantity")
    assert bounds.loc["lost", "low"] == max(0, first - second)
    assert bounds.loc["kept", "high"] == min(first, second)
