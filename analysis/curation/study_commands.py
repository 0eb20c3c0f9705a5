"""The commands of a curator: `new-study` and `diff`."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import date
from pathlib import Path

import click

# Modules that are slow to import are imported inside the commands, so that --help and refusals are fast.

_DONE, _PROBLEMS, _WRONG_USE = 0, 1, 2


@click.command("new-study")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", "folder", metavar="DIR", default="data", show_default=True, help="Folder with the tables.")
def new_study_command(file: Path, folder: str) -> None:
    """Add the rows of a new study from FILE: .nbib, .ris, .bib, CSL-JSON, or JSON of ClinicalTrials.gov.

    Rows are only added, with empty cells where the record says nothing; templates for its results lie in new/STUDY. At
    the end the tables are checked, which lists the cells to fill in.

    Exit status: 0 written, 1 problems (nothing was written), 2 wrong use.
    """
    from analysis.curation.exported_records import UnreadableRecord, read_record
    from analysis.curation.new_study import duplicates, new_study, screened, write_new_study
    from analysis.evidence import DataError, load

    try:
        record = read_record(file)
        evidence = load(folder)
        if same := duplicates(evidence, record):
            raise UnreadableRecord(f"{record.title}: in the tables already as {'; '.join(same)}.")
        new = new_study(evidence, record, file.name, date.today())
        written = write_new_study(evidence, new)
    except FileExistsError as error:
        _stop(f"{error.filename} exists already: complete that study first.")
    except OSError as error:
        _stop(f"{error.filename}: {error.strerror}.")
    except UnreadableRecord as error:
        _stop(str(error))
    except DataError as error:
        _stop(f"{error}\n\nThe tables must be valid first.")
    click.echo(f"New study {new.study_id}:")
    for path in written:
        click.echo(f"  {path}")
    if rows := screened(evidence, record):
        click.echo(f"\nIn screening.csv already: {', '.join(rows)}. Keep one row, or the paper counts twice.")
    try:
        load(folder)
        click.echo("\nValid. Next: the rows of its results (see the templates).")
    except DataError as error:
        click.echo(f"\nTo fill in, then the rows of its results (see the templates):\n\n{error}")


@click.command("diff")
@click.argument("old")
@click.argument("new", default="data")
@click.option("--html", "page", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write a page.")
@click.option("--json", "record", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON.")
def diff_command(old: str, new: str, page: Path | None, record: Path | None) -> None:
    """Print what changed from OLD to NEW (folders of tables, or revisions), and which answers because of which row.

    Exit status: 0 nothing changed, 1 something changed, 2 wrong use.
    """
    from analysis.curation.difference import NoVersion, difference, version
    from analysis.curation.printed_difference import difference_html, difference_text
    from analysis.evidence import DataError

    try:
        with version(old) as before, version(new) as after:
            found = difference(before, after, (old, new))
    except NoVersion as error:
        _stop(str(error), _WRONG_USE)
    except DataError as error:
        _stop(f"{error}\n\nOnly valid tables can be compared (python -m analysis check).", _WRONG_USE)
    click.echo(difference_text(found, min(shutil.get_terminal_size((100, 24)).columns, 110)))
    if page:
        page.write_text(difference_html(found), encoding="utf-8")
    if record:
        record.write_text(json.dumps(found.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.exit(_PROBLEMS if found.rows else _DONE)


def _stop(message: str, status: int = _PROBLEMS) -> None:
    click.echo(message if status == _WRONG_USE else f"{message}\nNothing was written.", err=True)
    sys.exit(status)
