"""JupyterLab and Voilà in a browser: running notebooks, parameters, sliders; errors of nbclient."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from browser_pages import PATIENCE, launched, violations
from lab_pages import edit, errors, lab, open_notebook, other_kernel, run_all, voila
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from analysis.outcomes import cohort as clinic
from analysis.outcomes.cohort.due_visits import expected_scores
from analysis.outcomes.cohort.threshold import at_threshold
from analysis.paths import ROOT

pytestmark = pytest.mark.slow

START, PAIN, EXPLORE = "00-start-here", "02-pain-trajectories", "explore"
SLIDERS = [
    "Follow-up shown",
    "Pain fell by at least (%)",
    "Follow-up (weeks after infusion)",
    "Window around it (± weeks)",
]
STALE = "stale"  # a notebook stored with the name of a kernel that is gone


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found.new_context(viewport={"width": 1280, "height": 2000})


@pytest.fixture(scope="module")
def page(browser):
    """The page in which JupyterLab opens one notebook after the other."""
    found = browser.new_page()
    found.set_default_timeout(PATIENCE)
    return found


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    other_kernel(folder)
    with lab(folder, (START, EXPLORE)) as found:
        stored = (ROOT / "notebooks" / f"{PAIN}.ipynb").read_text(encoding="utf-8")
        assert '"name": "python3"' in stored
        stale = stored.replace('"name": "python3"', '"name": "an-environment-of-last-year"')
        (folder / "somewhere else" / f"{STALE}.ipynb").write_text(stale, encoding="utf-8")
        yield found


def error_of(notebook: str, folder: Path) -> str:
    """Return what `jupyter execute` prints of the cell that fails, without the source of the cell."""
    client = NotebookClient(nbformat.reads(notebook, 4), resources={"metadata": {"path": str(folder)}})
    with pytest.raises(CellExecutionError) as raised:
        client.execute()
    # what the cell shows follows its source, below a line of hyphens
    return re.sub(r"\x1b\[[0-9;]*m", "", str(raised.value)).rpartition("------------------\n")[2].strip()


def test_an_error_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    notebook = (ROOT / "notebooks" / f"{PAIN}.ipynb").read_text(encoding="utf-8")
    assert "from analysis import" in notebook
    library = error_of(notebook.replace("from analysis import", "from analysis_elsewhere import"), tmp_path)
    assert library.count("\n") < 12 and "`make lab` installs everything" in library
    for name in ("analysis", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    data = error_of(notebook, tmp_path)
    assert "Traceback" not in data and "What to do: Put datapackage.yaml back" in data


def test_with_voila_there_is_no_code_and_the_controls_move(browser, tmp_path):
    with voila(tmp_path, EXPLORE) as address:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector("text=Pain fell by at least 30%")
        shown = page.inner_text("body")
        assert not any(code in shown.lower() for code in ("import", "all cells", "published.shown"))
        slider = page.get_by_role("slider", name="Pain fell by at least (%)")
        while slider.get_attribute("aria-valuenow") == "30.0":  # a key is lost while the page is still being built
            slider.press("ArrowRight")
        page.wait_for_selector(".explore-view > [role=status]:has-text('Pain fell by at least 31%')")
        assert [handle.get_attribute("aria-label") for handle in page.query_selector_all("[role=slider]")] == SLIDERS
        assert page.query_selector("[role=slider]").get_attribute("aria-valuetext") == "52 weeks"
        assert page.get_by_role("group", name="Routes").get_by_label("Topical").count() == 1
        assert violations(page) == []
        page.set_viewport_size({"width": 390, "height": 844})
        beyond = "all => all.filter(one => one.getBoundingClientRect().right > 390).map(one => one.textContent)"
        assert page.eval_on_selector_all(".explore-answer, .explore-view figure", beyond) == []
        page.set_viewport_size({"width": 1280, "height": 800})
        page.click("label:has-text('Anaesthetic dose') >> nth=0")
        page.click("button:has-text('Write the command') >> nth=0")
        command = page.wait_for_selector("pre:has-text('python -m analysis')").inner_text()
        assert command.strip() == "python -m analysis report evidence-report -p regimen_classes=anesthetic"
        page.close()


def test_the_first_notebook_explains_the_parameters(page, address):
    open_notebook(page, address, START)
    run_all(page)
    assert errors(page) == []
    table = page.wait_for_selector("table:has(caption)")
    assert "Body weight for doses printed per kilogram" in table.inner_text()
    assert page.query_selector("a[href*='explore.ipynb']")
    assert "Cohort(synthetic-example: 300 patients" in page.inner_text(".jp-Notebook")


def test_a_missing_kernel_is_asked_for_and_parameters_change_the_answer_or_are_refused(page, address):
    open_notebook(page, address, STALE)
    dialog = page.wait_for_selector(".jp-Dialog")
    taken = "Python 3 (ipykernel)"
    dialog.query_selector("select").select_option(label=taken)
    dialog.query_selector("button.jp-mod-accept").click()
    assert f"If Jupyter asks for a kernel, take *{taken}*" in (ROOT / "notebooks" / f"{START}.ipynb").read_text("utf-8")

    run_all(page)
    assert errors(page) == []
    assert "95% interval" in page.inner_text(".jp-Notebook") and "90% interval" not in page.inner_text(".jp-Notebook")
    edit(page, 1, "level: float = 0.95", "level: float = 0.9")
    run_all(page)
    assert "90% interval" in page.inner_text(".jp-Notebook")
    edit(page, 1, "level: float = 0.9", "level: float = 90")
    run_all(page)
    assert errors(page) == ["02-pain-trajectories: level: 90 is not allowed; nearest: 0.9. Allowed: 0.5 to 0.999."]


def test_a_slider_moves_the_rate_and_a_tick_the_evidence(page, address):
    open_notebook(page, address, EXPLORE)
    run_all(page)
    assert errors(page) == []
    page.wait_for_selector("text=Pain fell by at least 30%")
    threshold = page.wait_for_selector(".noUi-handle[aria-valuenow='30.0']")
    threshold.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    told = page.wait_for_selector("text=Pain fell by at least 37%").inner_text()
    expected = at_threshold(expected_scores(clinic.load("data/cohorts/synthetic-example.csv")), 37)
    rate = expected.rates.iloc[0]
    assert f"({rate['responders']} of {rate['n']}, 95% interval" in told
    assert page.query_selector(f"figure img[alt*='{expected.flow['kept'].iloc[0]} stayed responders']")

    before = page.wait_for_selector("figure img[alt*='laceb']").get_attribute("alt")
    page.click("label:has-text('Anaesthetic dose') >> nth=0")
    page.wait_for_function("before => ![...document.images].some(i => i.alt === before)", arg=before)
    page.click("button:has-text('Write the command') >> nth=0")
    command = page.wait_for_selector("pre:has-text('python -m analysis')").inner_text()
    assert command.strip() == "python -m analysis report evidence-report -p regimen_classes=anesthetic"
