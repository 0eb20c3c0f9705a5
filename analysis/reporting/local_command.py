"""The command `patient`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analysis.reporting.command_end import FAILED, refusals


@click.command("patient")
@click.option("--cohort", "cohort_file", metavar="FILE", required=True, help="The table of a clinic's patients.")
@click.option("--map", "map_file", metavar="MAP.yml", default="", help="The map that turns it into the format.")
@click.option("--out", "folder", metavar="FOLDER", required=True, help="Outside every git work tree and batch.")
def patient_command(cohort_file: str, map_file: str, folder: str) -> None:
    """Write the page of one patient, whose code is typed at a prompt: patient.html, readable by you alone.

    Exit status: 0 written, 1 failed, 2 wrong use (nothing was written).
    """
    from analysis.outcomes.cohort.clinic_file import load_patient
    from analysis.reporting.local_page import check_patient_folder, write_patient_page
    from analysis.tabular.mapping.map_problems import MapError
    from analysis.tabular.problems import DataError

    with refusals(lambda: "Stopped. Nothing was written."):
        out = check_patient_folder(Path(folder))
        code = click.prompt("Code of the patient in the table", hide_input=sys.stdin.isatty(), err=True).strip()
        try:
            cohort, number = load_patient(cohort_file, code, map_file)
            click.echo(write_patient_page(cohort, number, code, out))
        except (DataError, MapError, OSError) as error:
            click.echo(str(error), err=True)
            sys.exit(FAILED)
        except KeyError as error:
            click.echo(f"{error.args[0]}. Nothing was written.", err=True)
            sys.exit(FAILED)
