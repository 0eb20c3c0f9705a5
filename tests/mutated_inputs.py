"""Mutated inputs: cohort files, evidence tables and lists of reports with random damage, each read or refused in words.

`python tests/mutated_inputs.py [SHARE]` tries 1,550 of them, or a share such as 0.1, and prints how many it tried and
how many ended as they should: with a result, or with a DataError or PlanError that has at least one problem.
"""

from __future__ import annotations

import io
import random
import shutil
import signal
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from cohort_files import LONG, WIDE, parquet_bytes, table, workbook, workbook_bytes

from analysis import evidence, paths
from analysis.outcomes import cohort
from analysis.reporting.batch.plan import PlanError, read_plan
from analysis.tabular.problems import DataError

SEED = 1550
_SECONDS = 120  # only to end a hang; a slow machine needs a fraction of it
_PIECES = (
    *(
        b"",
        b",",
        b"\n",
        b"\r",
        b'"',
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b";",
        b"\t",
        b"nan",
        b"-1",
        b"1e309",
        b"0x10",
        b"=1+1",
    ),
    *(
        b"9" * 400,
        b"x" * 5000,
        b"2024-02-30",
        "é\u202e\ufffd".encode(),
        b"\xed\xa0\x80",
        b"<!DOCTYPE x>",
        b"<row/>",
        b"[",
        b"{",
    ),
    *(
        b"*a",
        b"&a ",
        b"<<: ",
        b"!!set ",
        b"'",
        b"- ",
        b": ",
        b"? ",
        b"|\n",
        b"\\ud800",
        b"010",
        b"1:30",
        b"null",
        b"---\n",
    ),
)
_PLAN = b"""formats: [html, pdf]
timeout: 100
groups: {a: First, 2: Second}
reports:
  - &e {notebook: evidence-report, group: a, title: "A title"}
  - {<<: *e, name: strict, parameters: {access: [full_text], level: 0.9, contained_arms: true}}
  - notebook: study-report
    name: study
    matrix: {study_id: every_study}
  - {notebook: cohort-report, group: 2, matrix: {sites: each_in_cohort, min_cell: [5, 10]}}
"""


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return the content after one to four random changes."""
    for _ in range(rng.randint(1, 4)):
        start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        near = min(end, start + rng.randint(0, 30))
        piece = rng.choice(_PIECES)
        content = rng.choice(
            (
                content[:start] + piece + content[start:],
                content[:start] + piece + content[near:],
                content[:start] + content[near:],
                content[:near] + content[start:],
                content[:start] + bytes([rng.randrange(256)]) + content[start + 1 :],
                content[:start] if rng.random() < 0.2 else content[:start] + piece * 3 + content[near:],
            )
        )
    return content


def inside_a_workbook(content: bytes, rng: random.Random) -> bytes:
    """Return a workbook whose changes are in the XML of one part, or in the archive."""
    if rng.random() < 0.2:
        return mutated(content, rng)
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as copy:
        changed = rng.choice([name for name in source.namelist() if "theme" not in name])
        for name in source.namelist():
            part = source.read(name)
            copy.writestr(name, mutated(part, rng) if name == changed else part)
    return target.getvalue()


def inputs(share: float) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the kind of each mutated input, and a function that reads it."""
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def cohort_file(ending: str, content: bytes) -> Callable[[], object]:
            path = folder / f"cohort{ending}"
            path.write_bytes(content)
            return lambda: cohort.load(path)

        for _ in range(int(500 * share)):
            lines = rng.choice((LONG, WIDE))
            yield "cohort CSV", cohort_file(".csv", mutated("\n".join(lines).encode(), rng))
        books = [workbook_bytes(workbook(lines)) for lines in (LONG, WIDE)]
        for _ in range(int(350 * share)):
            yield "cohort Excel", cohort_file(".xlsx", inside_a_workbook(rng.choice(books), rng))
        files = [parquet_bytes(table(lines)) for lines in (LONG, WIDE)]
        for _ in range(int(250 * share)):
            yield "cohort Parquet", cohort_file(".parquet", mutated(rng.choice(files), rng))
        data = folder / "data"
        shutil.copytree(paths.DATA, data)
        names = sorted(path.name for path in data.iterdir() if path.suffix in (".csv", ".yaml", ".bib"))
        for _ in range(int(150 * share)):
            path = data / rng.choice(names)
            original = path.read_bytes()
            path.write_bytes(mutated(original, rng))
            yield "evidence tables", lambda: evidence.load(data)
            path.write_bytes(original)
        for _ in range(int(300 * share)):
            (folder / "batch.yml").write_bytes(mutated(_PLAN, rng))
            yield "lists of reports", lambda: read_plan(folder / "batch.yml")


def try_all(share: float = 1.0) -> tuple[dict[str, int], list[str]]:
    """Return the number of inputs tried of each kind, and the traceback of each that did not end in words."""
    tried: dict[str, int] = {}
    failed: list[str] = []
    for kind, read in inputs(share):
        tried[kind] = tried.get(kind, 0) + 1
        signal.alarm(_SECONDS)  # ends the process: a hang
        try:
            read()
        except (DataError, PlanError) as error:
            if not len(error.problems) or not str(error).strip():
                failed.append(f"{kind} {tried[kind]}: an error without a problem")
        except Exception:
            failed.append(f"{kind} {tried[kind]}:\n{traceback.format_exc()}")
        finally:
            signal.alarm(0)
    return tried, failed


if __name__ == "__main__":
    tried, failed = try_all(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
    kinds = ", ".join(f"{count} {kind}" for kind, count in tried.items())
    lines = [*failed, f"Tried {sum(tried.values())}: {kinds}.", f"Survived: {sum(tried.values()) - len(failed)}."]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(1 if failed else 0)
