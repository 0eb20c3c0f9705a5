"""Reading of a file in any accepted format as a table of text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from analysis.tabular import advice
from analysis.tabular.excel import read_workbook
from analysis.tabular.origin import Origin
from analysis.tabular.parquet import read_parquet
from analysis.tabular.problems import Problem, listed
from analysis.tabular.separated import read_separated
from analysis.tabular.text_table import TextTable

_FORMATS = {  # by the first bytes
    **dict.fromkeys((b"PK\x03\x04", b"PK\x05\x06"), ".xlsx"),
    b"\xd0\xcf\x11\xe0": "old workbook",
    b"PAR1": ".parquet",
}


def read_table(
    content: bytes, file: str, is_name: Callable[[str], bool], origin: Origin
) -> tuple[TextTable | None, list[Problem]]:
    """Return the rows of a file (None if no row can be read) and its problems.

    The first bytes of the file must agree with its ending. is_name: whether a text is the name of a column.
    """
    ending = PurePath(file).suffix.lower()
    content_format = _FORMATS.get(content[:4], "text")
    if ending in origin.endings:
        if ending == ".xlsx" and content_format == ".xlsx":
            return read_workbook(content, file, origin)
        if ending == ".parquet" and content_format == ".parquet":
            return read_parquet(content, file)
        if ending not in (".xlsx", ".parquet") and content_format == "text":
            return read_separated(content, file, is_name, origin)
    if content_format == "old workbook" and ".xlsx" in origin.endings:
        what_to_do = advice.OLD_WORKBOOK
    else:
        what_to_do = advice.other_format(content_format, ending, origin)
    accepted = [word for word in (".csv", ".xlsx", ".parquet") if word in origin.endings]
    rule = f"a table is a {listed(accepted, last=' or ')} file, and its content is what its ending says"
    return None, [Problem(file, None, "", "", rule, what_to_do)]
