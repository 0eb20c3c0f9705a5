"""Where a report may be written: in a folder of its own that holds nothing but the files of a report.

Everything that replaces or deletes a folder of reports asks `place` first.
"""

from __future__ import annotations

import functools
import json
import os
import re
import stat
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn

from analysis.paths import ROOT, read_file
from analysis.reporting import Refused
from analysis.reporting.batch.naming import name_problem
from analysis.reporting.provenance import git_words

MOST_REPORT_BYTES = 500_000_000  # of a file that is read again; a pipe in its place is not waited for
FAILED_NOTEBOOK = "failed.ipynb"  # beside an earlier report: the notebook up to the error of the last attempt
# the paths, within its folder, that a file of a report can have
REPORT_FILE = re.compile(
    r"(report|appendix)\.(html|pdf|docx|ipynb)|failed\.ipynb|results\.json|evidence\.fhir\.json|tables/[\w.-]+\.csv"
)


class NotPlaced(Refused):
    """Reports can't be written to a place."""


def place(output: Path, name: str, files: Collection[str] = (), lost: bool = False) -> Path:
    """Return the folder of a report, which may be absent, empty, or a report of this program.

    Parameters
    ----------
    output: the folder of all reports.
    name: the name of the report, as `folder_name` makes it.
    files: the files that the manifest lists in the folder.
    lost: whether the manifest of the reports in `output` is lost, so that the names of files alone are evidence.
    Raises NotPlaced if the name leads elsewhere, the place is a link or a file, contains a file that no report made, or
    belongs to the repository (outside reports/).
    """
    if problem := name_problem(name):
        raise NotPlaced([f"report {name!r}: {problem}"])
    check_output(output)
    folder = output / name
    if ROOT.is_relative_to(_real(folder)) or _in_repository(folder):
        raise NotPlaced([f"{folder}: is a folder of the repository. Choose another name, or another --output."])
    try:
        mode = folder.lstat().st_mode
        if not stat.S_ISDIR(mode):
            raise _no_folder(folder, "a link" if stat.S_ISLNK(mode) else "not a folder")
        others = [path for path in _contents(folder) if path not in files]
    except FileNotFoundError:
        return folder
    except OSError as error:
        raise NotPlaced([f"{folder}: can't be read ({error.strerror}), so it is not replaced."]) from None
    ours = bool(others) and (lost or _made_report(folder))
    if foreign := [path for path in others if not (ours and REPORT_FILE.fullmatch(path))]:
        first = folder / min(foreign)
        raise NotPlaced([f"{first}: no report made this, so its folder is not replaced. Move it, or choose --output."])
    return folder


def check_output(output: Path) -> None:
    """Raise NotPlaced if a folder can't receive reports.

    That is the repository itself, a part of it outside reports/, and what is no folder or lies below such a thing.
    """
    there = next(place for place in (output, *output.parents) if os.path.lexists(place))
    if not os.path.isdir(there):  # noqa: PTH112 (Path.is_dir raises errors)
        raise _no_folder(there, "a link that leads to no folder" if there.is_symlink() else "not a folder")
    if _real(output) == ROOT or _in_repository(output):
        raise NotPlaced([f"{output}: is a folder of the repository. Choose another --output, such as reports/output."])


def _no_folder(path: Path, what: str) -> NotPlaced:
    return NotPlaced([f"{path}: is {what}, and reports need a folder there. Move it, or choose --output."])


def _real(path: Path) -> Path:
    """Return the path without links, also of a link to itself, which `Path.resolve` refuses."""
    return Path(os.path.realpath(path))


def _in_repository(folder: Path) -> bool:
    """Return whether a folder lies in a part of the repository that has files under version control; not reports/."""
    folder = _real(folder)
    if folder == ROOT or not folder.is_relative_to(ROOT):
        return False
    first = folder.relative_to(ROOT).parts[0].casefold()  # data/ is DATA/ too, where capitals are not distinguished
    if first == "reports":
        return False
    return first == ".git" or _tracked(first)


@functools.lru_cache
def _tracked(first: str) -> bool:
    """Return whether a top-level folder of the repository has files under version control; without git: exists."""
    files = git_words("ls-files", "--", f":(icase,literal){first}")
    return bool(files) if files is not None else (ROOT / first).exists()


def _made_report(folder: Path) -> bool:
    """Return whether the executed notebook in a folder has the record of this program."""
    try:
        notebook = json.loads(read_file(folder / "report.ipynb", MOST_REPORT_BYTES))
        return "ketamine_crps" in notebook["metadata"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _contents(folder: Path) -> Iterator[str]:
    """Yield the path of each file and link below a folder. Raises OSError if a part of it can't be read."""
    for parent, folders, names in os.walk(folder, onerror=_raise):
        here = Path(parent)
        for name in (*names, *(name for name in folders if (here / name).is_symlink())):
            yield unicodedata.normalize("NFC", (here / name).relative_to(folder).as_posix())


def _raise(error: OSError) -> NoReturn:
    raise error
