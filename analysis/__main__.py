"""The command line: `python -m analysis check | new-study | diff | patient | list | report | batch`."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import os
import shutil
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if lacking := [library for library in ("click", "pandas", "psutil") if find_spec(library) is None]:
    sys.stderr.write(
        f"This Python ({sys.executable}) has no {lacking[0]}. What to do: run make setup in the project's folder once, "
        "then write .venv/bin/python instead of python, or activate the environment: source .venv/bin/activate\n"
    )
    sys.exit(2)

import click

try:
    from analysis import paths  # noqa: F401
except ImportError as error:  # a package of the same name, see ForeignPackage
    click.echo(str(error), err=True)
    sys.exit(2)
from analysis.curation.check_commands import check_command, template_command
from analysis.curation.study_commands import diff_command, new_study_command
from analysis.reporting.command_end import BUILT, FAILED, orderly_end, refusals, refuse
from analysis.reporting.local_command import patient_command
from analysis.reporting.page.paper import DEFAULT_PAPER, PAPERS, on_paper

# Modules that are slow to import are imported inside the commands, so that --help and refusals are fast.

# matrices are too small for a second thread of linear algebra, which would occupy a core while waiting
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Evidence on ketamine for complex regional pain syndrome: check the data, build the reports.

    Information, not clinical advice.
    """


main.add_command(new_study_command)
main.add_command(diff_command)
main.add_command(check_command)
main.add_command(template_command)
main.add_command(patient_command)


@main.command("list")
def list_command() -> None:
    """List the notebooks with their parameters: type, default, meaning, allowed values."""
    from analysis.parameters import all_notebooks
    from analysis.reporting.provenance import value_words
    from analysis.tabular.problems import as_sentence

    long_lists: dict[str, list[str]] = {}
    for number, notebook in enumerate(all_notebooks()):
        click.echo(("\n" if number else "") + click.style(notebook.name, bold=True) + f": {notebook.title}")
        for parameter in notebook.parameters:
            allowed = parameter.allowed()
            if parameter.rule and len(allowed) > 300:
                names = long_lists.setdefault(parameter.rule.allowed(), [])
                names += [parameter.name] if parameter.name not in names else []
                allowed = "Allowed: see the end of this list."
            default = value_words(parameter.default) or "all"
            click.echo(f"  {parameter.name}: {parameter.type} = {default}")
            meaning = as_sentence(parameter.meaning) if parameter.meaning else ""
            for line in textwrap.wrap(f"{meaning} {allowed}", _width() - 6):
                click.echo(f"      {line}")
        for problem in notebook.problems:
            click.echo(f"  makes no report: {problem}")
        if not notebook.parameters and not notebook.problems:
            click.echo(f"  {notebook.remark or 'no parameters'}")
    for allowed, names in long_lists.items():
        click.echo()
        for line in textwrap.wrap(f"{', '.join(names)}: {allowed}", _width(), subsequent_indent="      "):
            click.echo(line)


@main.command("report")
@click.argument("notebook")
@click.option("-p", "--parameter", "pairs", metavar="NAME=VALUE", multiple=True, help="A parameter; may be repeated.")
@click.option("--formats", metavar="LIST", default="html,pdf", show_default=True, help="Of html, pdf, docx.")
@click.option(
    "--paper", type=click.Choice(list(PAPERS)), default=DEFAULT_PAPER, show_default=True, help="Paper of the PDF."
)
@click.option(
    "--output", metavar="DIR", default="reports/output", show_default=True, help="The report gets a folder in it."
)
def report_command(notebook: str, pairs: tuple[str, ...], formats: str, paper: str, output: str) -> None:
    """Build one report from NOTEBOOK (a name from `list`, or the path of a notebook).

    Lists are written with commas: -p routes=iv,oral

    Exit status: 0 built, 1 failed (an earlier report remains), 2 wrong use (nothing was built), 143 ended by SIGTERM.
    """
    from analysis.reporting.kernel.template_process import forked_kernels
    from analysis.reporting.resources import scratch_folder

    with refusals(lambda: "Stopped. Nothing was written."), forked_kernels(scratch_folder()):
        # it imports while the rest is read
        sys.exit(_report(notebook, pairs, formats, paper, _folder(output)))


def _report(notebook: str, pairs: tuple[str, ...], formats: str, paper: str, output: Path) -> int:
    """Build the report; return the exit status."""
    from analysis.parameters import ParameterError, check_values, find_notebook
    from analysis.reporting.run import FORMATS

    problems: list[str] = []
    chosen = tuple(word.strip() for word in formats.split(",") if word.strip())
    if not chosen or set(chosen) - set(FORMATS):
        problems.append(f"formats {formats!r} not allowed. Allowed: {', '.join(FORMATS)}.")
    texts: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            problems.append(f"parameter {pair!r}: write NAME=VALUE.")
        elif name in texts:
            problems.append(f"parameter {name!r} is given twice.")
        texts[name] = value
    try:
        source = find_notebook(notebook)
        values = check_values(source, {name: value for name, value in texts.items() if name})
    except ParameterError as error:
        problems += error.problems
    if problems:
        refuse(problems)
    overrides = {name: values[name] for name in texts}

    from analysis.reporting.batch.build import build_alone
    from analysis.reporting.batch.naming import report_name
    from analysis.reporting.run import Spec

    name = report_name(source.name, source, overrides)
    spec = Spec(name, str(source.path), overrides, chosen, on_paper(_common(), paper))
    built, earlier = build_alone(spec, output)
    folder = output / name
    for warning in built.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if not built.ok:
        click.echo(f"Not made: {name}: {built.reason}", err=True)
        if built.files:
            notebook = "failed.ipynb" if earlier else "report.ipynb"
            click.echo(f"The notebook up to the error: {folder / notebook}", err=True)
        if earlier:
            click.echo(f"The earlier report remains in {folder} and may be out of date.", err=True)
        return FAILED
    click.echo(f"Made in {built.seconds:.1f} s:")
    for file in built.files:
        if file.startswith(("report.", "appendix.")):
            click.echo(f"  {folder / file}")
    tables = sum(file.startswith("tables/") for file in built.files)
    if tables:
        click.echo(f"  {folder / 'tables'} ({tables} CSV)")
    return BUILT


@main.command("batch")
@click.argument("file", default="reports/batch.yml")
@click.option("--jobs", metavar="N", type=click.IntRange(1), default=None, help="Reports at a time.  [default: cores]")
@click.option("--only", metavar="PATTERN", default="", help="Only reports whose name matches, such as 'study-*'.")
@click.option("--force", is_flag=True, help="Build also reports that are up to date.")
@click.option("--output", metavar="DIR", default="reports/output", show_default=True, help="Where the reports go.")
@click.option("--scheduler", metavar="ADDRESS", default="", help="Build on this Dask cluster, such as tcp://host:8786.")
@click.option("--insecure", is_flag=True, help="Send a clinic's table to a cluster without encryption (tcp://) too.")
@click.option("--quiet", is_flag=True, help="Print only what failed.")
def batch_command(
    file: str, jobs: int | None, only: str, force: bool, output: str, scheduler: str, insecure: bool, quiet: bool
) -> None:
    """Build all reports that FILE lists; write index.html and manifest.json.

    A report is built only if its notebook, parameters, data, the code or a version changed since the last time, or if
    its files are missing or were edited. One that fails does not replace an earlier one. Ctrl-C and SIGTERM lose no
    finished report: the next run builds the others.

    Exit status: 0 all built, 1 some failed or Ctrl-C, 2 wrong use (nothing was built), 143 ended by SIGTERM.
    """
    import fnmatch

    from analysis.paths import resolve
    from analysis.reporting import provenance
    from analysis.reporting.batch import build
    from analysis.reporting.batch.cluster import ClusterWorkers
    from analysis.reporting.batch.plan import read_plan
    from analysis.reporting.batch.pool import LocalWorkers
    from analysis.reporting.batch.terminal import BatchProgress, batch_summary
    from analysis.tabular.problems import nearest_word

    folder, code = _folder(output), functools.cache(provenance.code)
    progress = BatchProgress(quiet)
    workers = ClusterWorkers(scheduler, insecure) if scheduler else LocalWorkers()
    with refusals(progress.stopped), workers:
        if isinstance(workers, LocalWorkers) and (force or not build.may_be_current(folder, code)):
            with contextlib.suppress(OSError):  # raised again for each report
                workers.start()  # they import while the list, the data and the code are read
        plan = read_plan(resolve(file), lambda: build.cohorts_known(code))
        names = [planned.name for planned in plan.reports]
        if not any(not only or fnmatch.fnmatchcase(name, only) for name in names):
            refuse([f"no report matches {only!r}{nearest_word(only, names)}. There are: {', '.join(names)}."])
        outcomes = build.build_batch(
            plan, folder, _common(code()), workers, jobs=jobs, only=only, force=force, watcher=progress
        )
    progress.close()
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if quiet:
        for outcome in failed:
            click.echo(f"{outcome.entry['name']}: {outcome.entry['reason']}", err=True)
        sys.exit(FAILED if failed else BUILT)
    click.echo(batch_summary(outcomes, _width()))
    click.echo(str(folder / "index.html"))
    sys.exit(FAILED if failed else BUILT)


def _common(code: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what all reports share. Invalid data end the command with all problems. code: see provenance.shared."""
    from analysis.evidence import DataError
    from analysis.reporting import provenance

    try:
        return provenance.shared(code)
    except DataError as error:
        click.echo(str(error), err=True)
        click.echo("\nNo report was built: the data must be valid first (python -m analysis check).", err=True)
        sys.exit(FAILED)


def _folder(path: str) -> Path:
    """Return the output folder: absolute, or in the working directory if it exists there, otherwise in the project."""
    from analysis.paths import resolve

    return resolve(path)


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 110)


if __name__ == "__main__":
    # a command imports much and ends soon. Gain over frequent garbage collection and a full one at the end, which
    # remain without these two lines: a quarter of `check`, 5% of a report
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    with orderly_end():
        main(prog_name="python -m analysis")
