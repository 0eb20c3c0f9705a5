"""The commands `check` and `template`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import NoReturn

import click

# Modules that are slow to import are imported inside the commands, so that --help and refusals are fast.

_DONE, _PROBLEMS, _WRONG_USE = 0, 1, 2


@click.command("check")
@click.option("--data", "folder", metavar="DIR", default=None, help="Folder with the tables.  [default: data]")
@click.option("--cohort", "cohort_file", metavar="FILE", default="", help="Check this table of a clinic's patients.")
@click.option("--map", "map_file", metavar="MAP.yml", default="", help="Apply this map to the table of patients.")
@click.option(
    "--propose", metavar="[MAP.yml]", is_flag=False, flag_value="", default=None, help="Write a map for the table."
)
@click.option("--dictionary", metavar="DD.csv", default="", help="REDCap's data dictionary, for --propose.")
@click.option("--write", metavar="TABLE.csv", default="", help="Write the table that the map makes.")
def check_command(
    folder: str | None, cohort_file: str, map_file: str, propose: str | None, dictionary: str, write: str
) -> None:
    """Check the evidence tables against their dictionary; print every problem.

    With --cohort alone, check the table of a clinic's own patients instead; with both, both. A table in another form
    needs a map: --propose writes one with the questions that only the clinic can answer (default FILE.map.yml), --map
    applies it. data/cohorts/README.md describes both.

    Exit status: 0 valid or proposal written, 1 problems or an unknown form, 2 wrong use.
    """
    from analysis.curation.cohort_check import WrongUse, checked_cohort, proposed_map
    from analysis.tabular.problems import DataError

    if not cohort_file and (map_file or propose is not None or write):
        _refuse("--map, --propose and --write need --cohort FILE.")
    if (dictionary and propose is None) or (write and not map_file) or (map_file and propose is not None):
        _refuse("--dictionary goes with --propose, --write with --map; --propose and --map are two steps.")
    failed = False
    if folder is not None or not cohort_file:
        try:
            _check_evidence(folder or "data")
        except DataError as error:
            failed = True
            count = len(error.problems)
            click.echo(f"{error}\n\n{count} problem{'s' if count != 1 else ''}. Nothing was changed.")
        if cohort_file:
            click.echo()
    if cohort_file:
        try:
            valid, words = (
                checked_cohort(cohort_file, map_file, write)
                if propose is None
                else proposed_map(cohort_file, propose, dictionary)
            )
        except DataError as error:
            valid, words = False, f"{error}\n\nNothing was changed."
        except WrongUse as error:
            _refuse(str(error))
        click.echo(words)
        failed = failed or not valid
    sys.exit(_PROBLEMS if failed else _DONE)


@click.command("template")
@click.argument("file", metavar="FILE.xlsx|FILE.csv")
def template_command(file: str) -> None:
    """Write an empty workbook for a clinic's patients: lists to choose from, limits, codes of patients as text.

    FILE.csv is a data dictionary to import into REDCap, with the same columns.

    Exit status: 0 written, 2 wrong use (the file is there already).
    """
    from analysis.outcomes.cohort.form import long_form
    from analysis.tabular.clinic_template import template_workbook
    from analysis.tabular.mapping.redcap import redcap_dictionary

    path, ending = Path(file), Path(file).suffix.lower()
    if ending not in (".xlsx", ".csv") or path.exists() or not path.absolute().parent.is_dir():
        _refuse(f"{file}: name a new file that ends in .xlsx or .csv, in a folder that is there.")
    if ending == ".csv":
        path.write_text(redcap_dictionary(long_form()), encoding="utf-8")
        click.echo(
            f"Wrote {file}.\nNext: import it into REDCap (Project Setup, Data Dictionary) and make the form visit a "
            "repeating instrument; export raw data, then: python -m analysis check --cohort EXPORT.csv"
        )
        return
    path.write_bytes(template_workbook(long_form()))
    click.echo(
        f"Wrote {file}.\nNext: fill in the sheet Patients, then: python -m analysis check --cohort {shlex.quote(file)}"
    )


def _check_evidence(folder: str) -> None:
    from analysis.evidence import load

    evidence = load(folder)
    tables = [name for name in evidence.hashes if name.endswith(".csv")]
    rows = sum(len(getattr(evidence, Path(name).stem)) for name in tables)
    click.echo(
        f"Valid: {len(tables)} tables, {rows} rows, {len(evidence.studies)} studies. "
        f"SHA-256 of the data: {evidence.hash}"
    )


def _refuse(words: str) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(_WRONG_USE)
