"""The progress bar of a notebook: removed at the end, visible after an interruption, absent elsewhere."""

from __future__ import annotations

import nbformat
import pytest
from cohort_samples import cohort
from nbclient import NotebookClient

from analysis.exhibit import progress
from analysis.outcomes.cohort.durations import durations

pytestmark = pytest.mark.slow

DONE = "from analysis.exhibit import progress\nprint([part for part in progress('Counting')([1, 2, 3])])"
STOPPED = """kept = "as before"
for part in progress("Counting <people>")([1, 2, 3]):
    if part == 2:
        raise KeyboardInterrupt
else:
    kept = "half"
"""
AFTER = "import gc, sys\nsys.last_value = sys.last_traceback = None\n_ = gc.collect()\nprint(kept)"


@pytest.fixture(scope="module")
def run():
    cells = [nbformat.v4.new_code_cell(source) for source in (DONE, STOPPED, AFTER)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    return NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=600).execute().cells


def test_the_bar_disappears_at_the_end(run):
    # the bar and what was printed before it ended are cleared; what comes later stays
    assert [output.output_type for output in run[0].outputs] == ["stream"]
    assert run[0].outputs[0].text == "[1, 2, 3]\n"


def test_an_interruption_leaves_the_bar(run):
    bar, error = run[1].outputs
    assert 'value="1" max="3"' in bar.data["text/html"] and "Counting &lt;people&gt;" in bar.data["text/html"]
    assert error.ename == "KeyboardInterrupt"
    assert run[2].outputs[0].text == "as before\n", "and nothing clears the output of a later cell"


def test_outside_of_a_notebook_it_shows_nothing(capsys):
    assert list(progress("Counting")("ab")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_durations_show_progress_and_do_not_change():
    patients = cohort(*[(8, 3, {4: 3, 12: 7}), (8, 3, {4: 6})] * 5)
    seen = []

    def watched(parts):
        for number, part in enumerate(parts, start=1):
            yield part
            seen.append((number, len(parts)))

    found, plain = durations(patients, progress=watched), durations(patients)
    assert seen and seen[-1][0] == seen[-1][1] == len(seen)
    assert found.medians.equals(plain.medians) and found.curves.equals(plain.curves)
