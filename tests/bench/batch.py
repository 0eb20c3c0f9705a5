"""Time of a batch of 20 reports, against a shell loop of the three usual commands and against the cells alone.

    python tests/bench/batch.py [--rounds N] [--loop N] [--output FILE]

The loop runs papermill, nbconvert to HTML and nbconvert to PDF one after the other for each report; the floor runs the
same cells in warm processes on all cores and exports nothing. Medians of several rounds; goals, not tests.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from warm_cells import run_cells, warm_up

from analysis.paths import ROOT
from analysis.reporting import provenance
from analysis.reporting.batch.plan import PlannedReport, read_plan
from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.kernel.template_process import forked_kernels

REPORTS, ROUNDS = 20, 5
GOAL_LOOP, GOAL_CELLS = 15.0, 2.0
VERSIONS = ("papermill", "nbconvert", "nbclient", "jupyter_client", "ipykernel", "matplotlib", "pandas", "typst")


def chosen() -> list[PlannedReport]:
    """20 reports of the default batch: those on a cohort, up to six, and others evenly from all over the list."""
    everything = read_plan(ROOT / "reports" / "batch.yml").reports
    cohorts = [report for report in everything if "cohort" in report.notebook.defaults][:6]
    others = [report for report in everything if report not in cohorts]
    wanted = REPORTS - len(cohorts)
    return [*cohorts, *(others[n * len(others) // wanted] for n in range(wanted))]


def as_list(reports: list[PlannedReport]) -> str:
    """The reports as a list for the batch."""
    entries = [
        {
            "notebook": report.notebook.name,
            "name": report.name,
            "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in report.overrides.items()},
        }
        for report in reports
    ]
    return yaml.safe_dump({"formats": ["html", "pdf"], "reports": entries})


# ---- the batch


def batch(reports: list[PlannedReport], folder: Path) -> float:
    """Return the seconds of the complete command, with no report up to date."""
    (folder / "batch.yml").write_text(as_list(reports))
    command = [sys.executable, "-m", "analysis", "batch", str(folder / "batch.yml"), "--force", "--quiet"]
    begin = time.perf_counter()
    subprocess.run([*command, "--output", str(folder / "out")], cwd=ROOT, check=True)
    return time.perf_counter() - begin


# ---- the loop of commands


def browser(folder: Path) -> dict[str, str] | None:
    """Return settings for nbconvert's webpdf to use the installed Chromium; None if there is none."""
    chromium = next(
        (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()), None
    )
    settings = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(folder / "browsers")}
    code = (
        "from playwright.sync_api import sync_playwright as s\n"
        "with s() as p: p.chromium.launch(args=['--no-sandbox']).close()"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return settings
        missing = re.search(r"Executable doesn't exist at (\S+)", done.stderr)
        if not missing or chromium is None:
            return None
        Path(missing[1]).parent.mkdir(parents=True, exist_ok=True)
        Path(missing[1]).symlink_to(chromium)
    return None


def loop(reports: list[PlannedReport], folder: Path, settings: dict[str, str] | None) -> dict[str, float]:
    """Return the seconds of each command, for these reports in sequence."""
    seconds: dict[str, float] = defaultdict(float)
    for report in reports:
        out = folder / "loop.ipynb"
        given = {k: list(v) if isinstance(v, tuple) else v for k, v in report.overrides.items()}
        papermill = ["papermill", "--no-progress-bar", "-k", "python3", "-y", yaml.safe_dump(given)]
        convert = ["nbconvert", str(out), "--output-dir", str(folder)]
        commands = {
            "papermill": [*papermill, str(report.notebook.path), str(out)],
            "html": [*convert, "--to", "html"],
            "webpdf": [*convert, "--to", "webpdf", "--WebPDFExporter.disable_sandbox=True"],
        }
        for name, command in commands.items():
            if name == "webpdf" and settings is None:
                continue
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", *command],
                cwd=ROOT / "notebooks",
                env={**(settings or os.environ), "PYTHONPATH": str(ROOT)},
                check=True,
                capture_output=True,
            )
            seconds[name] += time.perf_counter() - begin
    return dict(seconds)


# ---- the bare cells


def cells_of(report: PlannedReport) -> list[str]:
    """The code of a report, with its parameters after their cell."""
    import nbformat

    codes = []
    for cell in nbformat.read(report.notebook.path, as_version=4).cells:
        if cell.cell_type == "code":
            codes.append(cell.source)
            if "parameters" in cell.metadata.get("tags", []):
                codes[-1] += "".join(
                    f"\n{name} = {list(value) if isinstance(value, tuple) else value!r}"
                    for name, value in report.overrides.items()
                )
    return codes


def floor(reports: list[PlannedReport], rounds: int) -> list[float]:
    """Seconds of the cells of all reports in as many warm processes as there are cores, for each round."""
    os.environ.update(
        {k: v for k, v in kernel_environment(0, tempfile.gettempdir()).items() if k.startswith(("MPL", "O", "MKL"))}
    )
    codes = [cells_of(report) for report in reports]
    seconds = []
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), warm_up, (str(ROOT / "notebooks"),)) as pool:
        took = pool.map(run_cells, codes, chunksize=1)
        order = sorted(range(len(codes)), key=lambda n: -took[n])
        for _ in range(rounds):
            begin = time.perf_counter()
            list(pool.imap_unordered(run_cells, [codes[n] for n in order]))
            seconds.append(time.perf_counter() - begin)
    return seconds


# ---- where the batch's time goes


def stages(reports: list[PlannedReport]) -> dict[str, float]:
    """Return the seconds of each stage, all reports in sequence in one process; `imports` once, for the template."""
    from nbclient import NotebookClient

    from analysis.reporting import run
    from analysis.reporting.page import document, html, pdf

    common = provenance.shared()
    spent: dict[str, float] = defaultdict(float)

    def spec(report: PlannedReport) -> Any:
        return run.Spec(report.name, str(report.notebook.path), report.overrides, report.formats, common)

    def timed(owner: Any, name: str, stage: str) -> Callable[[], None]:
        original = getattr(owner, name)

        def wrapper(*a: Any, **kw: Any) -> Any:
            begin = time.perf_counter()
            try:
                return original(*a, **kw)
            finally:
                spent[stage] += time.perf_counter() - begin

        setattr(owner, name, wrapper)
        return lambda: setattr(owner, name, original)

    with forked_kernels(tempfile.gettempdir()):
        begin = time.perf_counter()
        run.build_report(spec(reports[0]))
        first = time.perf_counter() - begin
        undo = [
            timed(NotebookClient, "start_new_kernel", "start"),
            timed(NotebookClient, "start_new_kernel_client", "start"),
            timed(NotebookClient, "execute_cell", "cells"),
            timed(NotebookClient, "_cleanup_kernel", "waiting for the kernel's end"),
            timed(document, "read_document", "reading the outputs"),
            timed(html, "page", "HTML"),
            timed(pdf, "compile_pdfs", "PDF"),
        ]
        try:
            begin = time.perf_counter()
            run.build_report(spec(reports[0]))
            spent.clear()
            imports = first - (time.perf_counter() - begin)
            begin = time.perf_counter()
            for report in reports:
                run.build_report(spec(report))
            total = time.perf_counter() - begin
        finally:
            for back in undo:
                back()
    rest = total - sum(spent.values())
    return {"imports (once)": imports, **spent, "reading, writing, provenance": rest}


def machine() -> str:
    """Return the processor, its cores and the relevant versions."""
    name = platform.processor() or platform.machine()
    found = (
        re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
        if Path("/proc/cpuinfo").exists()
        else None
    )
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in VERSIONS)
    return f"{found[1] if found else name}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}"


def main() -> None:
    """Measure and print; `--output` writes the table too."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument(
        "--loop", type=int, default=REPORTS, help="reports that the loop is measured on, then scaled up"
    )
    options.add_argument("--loop-rounds", type=int, default=None, help="rounds of the loop, if fewer will do")
    options.add_argument("--output", type=Path, default=None)
    asked = options.parse_args()
    reports = chosen()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = browser(folder)
        batches = [batch(reports, folder) for _ in range(asked.rounds)]
        floors = floor(reports, asked.rounds)
        some = reports[:: max(1, REPORTS // asked.loop)][: asked.loop]
        loops = [loop(some, folder, settings) for _ in range(asked.loop_rounds or asked.rounds)]
        spent = stages(reports)
    scale = len(reports) / len(some)
    whole = scale * statistics.median(sum(seconds.values()) for seconds in loops)
    ours, bare = statistics.median(batches), statistics.median(floors)
    load = os.getloadavg()[0]
    lines = [
        f"# A batch of {len(reports)} reports with HTML and PDF",
        "",
        f"{machine()}.",
        f"Medians of {asked.rounds} rounds; load of the machine at the end: {load:.1f}.",
        "",
        "| what | seconds |",
        "| --- | --- |",
        f"| the batch, whole command | {ours:.1f} |",
        f"| the bare cells in warm processes on {os.cpu_count()} cores | {bare:.1f} |",
        f"| the shell loop of the three commands | {whole:.1f} |",
        *(
            f"| of it {command} | {scale * statistics.median(seconds[command] for seconds in loops):.1f} |"
            for command in loops[0]
        ),
        "",
        f"Throughput against the loop: {whole / ours:.1f} times (goal {GOAL_LOOP:g}). "
        f"Time against the bare cells: {ours / bare:.2f} times (goal {GOAL_CELLS:g}).",
    ]
    if len(some) < len(reports) or len(loops) < asked.rounds:
        lines.append(f"The loop was measured on {len(some)} of the reports in {len(loops)} rounds, and scaled up.")
    if settings is None:
        lines.append("webpdf can't run here (no browser): the loop has two commands instead of three.")
    lines += ["", "| stage, all reports one after the other | seconds |", "| --- | --- |"]
    lines += [f"| {stage} | {seconds:.2f} |" for stage, seconds in spent.items()]
    print("\n".join(lines))
    if asked.output:
        asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
