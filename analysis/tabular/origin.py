"""The two origins of tables (curated and clinic): what is accepted, and what messages may show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Accepted forms of tables from one origin, and phrases of the advice about them.

    fill_in, look_up, look_up_or_leave_empty, leave_empty, remarks, restore_file, restore_rows: advice for a
    required cell, a value out of range (in a required column, in another one), an unknown value, words beside a
    number, an empty file and a table without rows.
    """

    endings: tuple[str, ...]  # of the accepted files
    separators: tuple[str, ...]  # of an accepted text file
    private: bool  # whether text of rows may identify a patient, so that messages leave it out
    unnamed_columns: bool  # whether empty columns without a name are accepted, as spreadsheets leave them at the right
    empty_means: str
    fill_in: str
    look_up: str
    look_up_or_leave_empty: str
    leave_empty: str
    remarks: str
    restore_file: str
    restore_rows: str
    guide: str  # where the format is described


CURATED_TABLES = Origin(
    endings=(".csv",),
    separators=(",",),
    private=False,
    unnamed_columns=False,
    empty_means="not reported",
    fill_in="fill it in",
    look_up="look the value up at the place that source_id and locator name",
    look_up_or_leave_empty="look the value up at the place that source_id and locator name",
    leave_empty="leave the cell empty if the source does not say",
    remarks="; remarks go into the note",
    restore_file="put {file} back as it was (git checkout), or fill it in",
    restore_rows="put the rows back (git checkout)",
    guide="",
)
CLINIC_TABLES = Origin(
    endings=(".csv", ".tsv", ".txt", ".xlsx", ".parquet"),
    separators=(",", ";", "\t"),
    private=True,
    unnamed_columns=True,
    empty_means="missing",
    fill_in="fill it in, or delete the row if it describes no patient",
    look_up="look the value up and write the right one",
    look_up_or_leave_empty="look the value up and write the right one, or leave the cell empty if it is not known",
    leave_empty="leave the cell empty if it is not known",
    remarks="",
    restore_file="fill it in; data/cohorts/README.md shows both forms",
    restore_rows="add the patients' rows",
    guide=", or the names of the wide form; data/cohorts/README.md shows both forms",
)
