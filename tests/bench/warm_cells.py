"""Time of a report's cells alone, in a process with everything imported: the lower limit of a batch."""

from __future__ import annotations

import os
import time


def run_cells(codes: list[str]) -> float:
    """In a warm process: seconds for the cells with all that they show, in a fresh namespace."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    begin = time.perf_counter()
    with capture_output():
        for code in codes:
            shell.run_cell(code).raise_error()
    return time.perf_counter() - begin


def warm_up(folder: str) -> None:
    """Imports what reports use, and goes where their cells run."""
    import scipy.stats  # noqa: F401

    import analysis.evidence  # noqa: F401

    os.chdir(folder)
