"""The XML parts of a workbook, scanned in blocks before they are parsed, for what can't or need not be parsed.

A workbook of a few kB can unpack to any number of rows, cells or strings. The parser would need seconds per million of
them and keeps whole rows in memory.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field

from analysis.tabular.size_limits import MOST_CELLS_OF_WORKBOOK

_MOST_BYTES = 200_000_000
_BLOCK = 1 << 20
_MOST_PARTS = 10_000
_MOST_TAGS = 6_000_000  # a million cells of text
_MOST_TAGS_OF_EMPTY_CELLS = 250_000
_MOST_TAGS_OF_ROW = 100_000  # 16,384 cells of text, the columns of a sheet in Excel
_MOST_TAGS_WITHOUT_ROW = 1_000_000  # in a part without rows, such as the styles
_MOST_TAGS_OF_STRINGS = 3_000_000
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_STRINGS = re.compile(rb"<(?:\w+:)?sst[\s/>]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]+\d+(?::[A-Z]+\d+)?)\"")
_HIDDEN = re.compile(rb"<(?:\w+:)?(?P<what>row|col)\s(?=[^>]*\bhidden=[\"'](?:1|true)[\"'])[^>]*>")
_FIRST_LAST = re.compile(rb"\b(r|min|max)=[\"'](\d+)[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
# Positions beyond the limits of a sheet: the parser would fill in all cells before them.
_IMPOSSIBLE = re.compile(rb"\br=[\"'](?:[A-Za-z]{4,}\d|[A-Za-z]*\d{8,})")
_WIDE_ENCODING = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_ENCODINGS = (b"utf-8", b"us-ascii", b"iso-8859-1", b"windows-1252")


class HostilePart(Exception):
    """A part that no spreadsheet writes."""


class TooManyCells(Exception):
    """A workbook with more content than is read."""


@dataclass
class PartContents:
    """What a part contains: merged ranges in order, formulas, hidden rows and columns (their numbers)."""

    merged: list[str] = field(default_factory=list)
    formulas: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)


def scan_parts(archive: zipfile.ZipFile) -> dict[str, PartContents]:
    """Return what each part of a workbook contains.

    Raises HostilePart for a document type (entities), an encoding other than UTF-8, a position beyond the limits of a
    sheet; TooManyCells for more than 200 MB, 10,000 parts, 6 million tags, 100,000 in one row, a million in a part
    without rows, or 250,000 of which most belong to empty cells.
    """
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > _MOST_BYTES or len(entries) > _MOST_PARTS:
        raise TooManyCells
    parts: dict[str, PartContents] = {}
    total = 0
    for entry in entries:
        part, tags = _scan(archive, entry)
        parts[entry.filename] = part
        total += tags
        if total > _MOST_TAGS:
            raise TooManyCells
    return parts


def _scan(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[PartContents, int]:
    """Return what a part contains, and the number of its tags."""
    part, rest = PartContents(), b""
    total = values = rows = in_row = 0
    most = _MOST_TAGS_WITHOUT_ROW
    with archive.open(entry) as file:
        while block := file.read(_BLOCK):
            if not total and not rest:
                encoding = _ENCODING.match(block)
                if block.startswith(_WIDE_ENCODING) or (encoding and encoding[1].lower() not in _ENCODINGS):
                    raise HostilePart
                most = _MOST_TAGS_OF_STRINGS if _STRINGS.search(block[:1000]) else most
            block = rest + block
            complete = block.rfind(b">") + 1  # no tag is split
            block, rest = block[:complete], block[complete:]
            if b"<!DOCTYPE" in block or _IMPOSSIBLE.search(block):
                raise HostilePart
            tags = [row.count(b"<") for row in _ROW.split(block)]
            tags[0] += in_row  # of the row that began in an earlier block
            rows += len(tags) - 1
            if max(tags) > (_MOST_TAGS_OF_ROW if rows else most) or rows > MOST_CELLS_OF_WORKBOOK or len(rest) > _BLOCK:
                raise TooManyCells
            in_row = tags[-1]
            total += block.count(b"<")
            values += block.count(b"v>") + block.count(b"t>")  # two of the four tags of a cell with a value
            if total > _MOST_TAGS_OF_EMPTY_CELLS and values < total / 5:
                raise TooManyCells
            part.merged += [match.decode() for match in _MERGED.findall(block)]
            for hidden in _HIDDEN.finditer(block):
                place = {name: int(value) for name, value in _FIRST_LAST.findall(hidden[0])}
                if hidden["what"] == b"row":
                    part.hidden_rows += [place[b"r"]] if b"r" in place else []
                elif b"min" in place and b"max" in place:
                    part.hidden_columns.append((place[b"min"], place[b"max"]))
            part.formulas = part.formulas or _FORMULA.search(block) is not None
    return part, total
