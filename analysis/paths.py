"""The folders and evidence tables of the project, and the resolution of paths from any working directory."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
# The evidence tables, `NAME.csv` in DATA; each row has the id NAME-number.
TABLES = (
    "sources",
    "studies",
    "arms",
    "pain_scores",
    "responders",
    "durations",
    "reported_tests",
    "adverse_events",
    "reviews",
    "pharmacology",
    "patient_level",
    "conflicts",
    "planned_outcomes",
    "risk_of_bias",
    "outcomes",
    "certainty",
    "searches",
    "screening",
    "extraction",
)


def resolve(path: str | Path | None, default: Path = DATA, marker: str | None = None) -> Path:
    """Return the absolute path of a file or folder, which need not exist.

    An absolute path is returned unchanged. Any other is the one under the working directory if that exists, otherwise
    the one under the repository.

    Parameters
    ----------
    path: absolute, or relative to the working directory or to the repository; None = `default`.
    default: the result for None.
    marker: a file that the folder must contain. A folder without it in the working directory, such as some other
        `data/`, counts only if the repository has none that contains it.
    """
    if path is None:
        return default
    path = Path(path).expanduser()
    if path.is_absolute():
        return path
    here, there = Path.cwd() / path, ROOT / path
    if marker is not None:
        for candidate in (here, there):
            if (candidate / marker).is_file():
                return candidate
    return here if here.exists() else there
