"""Controls without a browser: results equal those of the library for the same choices."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis import evidence as tables
from analysis import explore, figures, findings
from analysis.__main__ import main
from analysis.evidence.selection import Criteria, select
from analysis.exhibit import plain
from analysis.explore.command import cohort_command, evidence_command
from analysis.outcomes import cohort as clinic
from analysis.outcomes import durations, responders
from analysis.outcomes.cohort.response import response
from analysis.parameters import ParameterError, all_notebooks, check_values, find_notebook
from analysis.reporting import provenance
from analysis.wording import half_up

EXAMPLE = "data/cohorts/synthetic-example.csv"


@pytest.fixture
def published():
    return explore.evidence()


@pytest.fixture(scope="module")
def patients():
    return explore.cohort(EXAMPLE)


def shown(view):
    """The open tab: the answer and the picture, as HTML."""
    answer, _, picture = view.tabs.children[view.tabs.selected_index].value.partition("<figure")
    return answer, picture


@pytest.mark.slow
def test_it_opens_with_the_default_synthesis(published):
    selection = select(tables.load())
    assert published.criteria == Criteria()
    assert plain(findings.pain_finding(selection).sentence)[:40] in shown(published)[0]
    assert f"{len(selection.evidence.studies)} studies count, {len(selection.left_out_of('studies'))} left out" in (
        published._counted.value
    )


@pytest.mark.slow
def test_control_patients_are_in_no_rate_and_a_map_is_applied(tmp_path):
    clinics = Path(__file__).with_name("data")
    rows = [f"P{n},{'control' if n % 2 else 'anesthetic'},8,{6 if n % 2 else 4},5" for n in range(20)]
    names = "patient_id,regimen_class,nrs_baseline,nrs_end_of_infusion,nrs_week_4"
    (tmp_path / "mixed.csv").write_text("\n".join([names, *rows]) + "\n", encoding="utf-8")
    view = explore.cohort(str(tmp_path / "mixed.csv"))
    assert view.result.rates[["responders", "n"]].values.tolist() == [[10, 10]] * 4
    assert view.sentence.endswith("Control patients are not counted.")
    file, use = clinics / "clinics" / "10-wide-dates.csv", clinics / "maps" / "10-wide-dates.map.yml"
    view = explore.cohort(str(file), str(use))
    assert "18 of 40" in view.sentence and "12 of 37" in view.sentence
    assert "-p cohort_map=" in view.command and view.command.endswith(use.name)


@pytest.mark.slow
def test_ticks_choose_the_evidence(published):
    published.tabs.selected_index = 1
    published.regimens.tick("subanesthetic_inpatient")
    published.sources.tick()
    published.definitions.tick("complete_relief")
    criteria = Criteria(regimen_classes=("subanesthetic_inpatient",), access=())
    rates = responders.rates(select(tables.load(), criteria), definition_classes=("complete_relief",))
    expected = figures.responder_forest(rates)
    assert len(rates) and published.criteria == criteria
    assert published.shown.data.equals(expected.data) and published.shown.alt == expected.alt
    assert expected.alt.split(".")[0][:60] in shown(published)[1].replace("&#x27;", "'")


@pytest.mark.slow
def test_the_horizon_ends_the_axis_of_durations(published):
    published.tabs.selected_index = 2
    before = published.shown
    published.horizon.value = 8.0
    statements = durations.statements(select(tables.load()))
    assert published.shown.rows == figures.duration_lanes(statements, 8.0).rows != before.rows
    assert published.shown.rows.axis.high == 8
    published.horizon.value = 52.0
    assert published.shown is before, "what was drawn once is not drawn again"


def test_a_choice_without_studies_has_a_message_in_place_of_each_figure(published):
    published.studies.tick("finch2009")
    assert "No study counts" in published._counted.value
    missing = ("No pain score is", "No responder rate is", "No duration of benefit is")
    for published.tabs.selected_index, words in enumerate(missing):
        answer, picture = shown(published)
        assert answer.endswith(f"<p>{words} reported in the evidence that counts here.</p>") and picture == ""


@pytest.mark.slow
def test_the_slider_moves_rate_flow_and_change(patients):
    cohort = clinic.load(EXAMPLE)
    for percent in (30, 50):
        patients.threshold.value = percent
        expected = response(cohort, responder_rule=f"ge_{percent}_percent")
        rate = expected.rates.query("rule == @expected.rule and visit == 'follow_up' and handling == 'complete_cases'")
        flow = expected.flow.query("rule == @expected.rule and handling == 'complete_cases'").iloc[0]
        assert f"({rate['responders'].iloc[0]} of {rate['n'].iloc[0]}, 95% interval" in patients._results.value
        assert f"{flow['kept']} stayed responders" in patients._results.value
        points, low, high = (half_up(100 * flow[name]) for name in ("difference", "difference_low", "difference_high"))
        told = f"Change in the {flow['n']} with both scores: {points} percentage points ({low} to {high})."
        assert told in patients._results.value
    assert "these patients are invented" in patients._results.value


@pytest.mark.slow
def test_the_time_of_follow_up_and_its_window(patients):
    patients.threshold.value, patients.follow_up.value, patients.window.value = 30, 12.0, 1.0
    expected = response(clinic.load(EXAMPLE), follow_up_weeks=12, window_weeks=1).rates
    expected = expected.query("rule == 'ge_30_percent' and visit == 'follow_up' and handling == 'complete_cases'")
    assert f"({expected['responders'].iloc[0]} of {expected['n'].iloc[0]}, " in patients.sentence
    assert "around week 12" in patients.sentence
    patients.follow_up.value, patients.window.value = 4.0, 2.0


def test_few_patients_are_hidden():
    few = explore.cohort(EXAMPLE, min_cell=100)
    few.sites.tick("Site A")
    assert few.result.rates["hidden"].any()
    assert "too few patients" in few.sentence.lower()


@pytest.mark.slow
def test_the_button_writes_the_command_and_keeps_it_true(published, patients):
    assert published._box.text == ""
    published._box.button.click()
    assert published._box.text == "python -m analysis report evidence-report"
    published.routes.tick("iv", "oral")
    assert published._box.text == "python -m analysis report evidence-report -p routes=iv,oral"
    patients.threshold.value = 37
    patients._box.button.click()
    assert "at every 10%. Those at 37% are shown here alone" in patients._box._place.value
    patients.threshold.value = 50
    assert patients.command == "python -m analysis report cohort-report -p responder_rule=ge_50_percent"
    assert "37%" not in patients._box._place.value
    patients.threshold.value = 30


def values_of(command):
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "analysis", "report"] and set(words[5::2]) <= {"-p"}
    given = dict(pair.split("=", 1) for pair in words[6::2])
    return check_values(find_notebook(words[4]), given)


def test_the_command_gives_the_same_choice_to_the_report():
    criteria = Criteria(("finch2009",), ("topical", "oral"), (), ("abstract",))
    values = values_of(evidence_command(criteria, ("any_relief",), 26.0)[0])
    assert Criteria.from_parameters(values) == criteria
    assert (values["definition_classes"], values["horizon_weeks"]) == (("any_relief",), 26.0)
    values = values_of(cohort_command({"cohort": EXAMPLE}, 50, 12.0, 3.0, ("Site A", "Site, B"), ("anesthetic",))[0])
    assert values["sites"] == ("Site A", "Site, B") and values["cohort_regimens"] == ("anesthetic",)
    assert (values["responder_rule"], values["follow_up_weeks"], values["window_weeks"]) == ("ge_50_percent", 12.0, 3.0)


def test_a_wrong_value_is_refused_in_the_words_of_the_batch():
    with pytest.raises(ParameterError) as by_hand:
        explore.cohort("data/cohorts/synthetic-exmaple.csv")
    with pytest.raises(ParameterError) as in_batch:
        check_values(find_notebook("cohort-report"), {"cohort": "data/cohorts/synthetic-exmaple.csv"})
    (told,), (expected,) = by_hand.value.problems, in_batch.value.problems
    assert told.partition(": ")[2] == expected.partition(": ")[2] and "synthetic-example.csv" in told
    with pytest.raises(ParameterError, match="95 is not allowed"):
        explore.evidence(level=95)


def test_the_parameters_are_those_of_the_notebooks():
    table = explore.parameters().data
    for notebook in all_notebooks():
        for parameter in notebook.parameters:
            rows = table[
                (table["parameter"] == parameter.name) & (table["meaning"].str.lower() == parameter.meaning.lower())
            ]
            assert len(rows) == 1 and notebook.name in rows["notebooks"].iloc[0]
            default = provenance.value_words(parameter.default) or "all"
            assert rows["default"].iloc[0] in (default, "differs; see the notebook")


@pytest.mark.parametrize("name", ["explore", "00-start-here", "notebooks/explore.ipynb"])
def test_no_report_is_built_from_an_interactive_notebook(name):
    done = CliRunner().invoke(main, ["report", name])
    assert done.exit_code == 2 and "is for interactive use (`make lab`) and makes no report" in done.output
    assert "explore" not in CliRunner().invoke(main, ["list"]).output
