"""Building of reports from notebooks with parameters.

run: one report. batch: all reports of reports/batch.yml, in parallel, with an index and a manifest. page: HTML and PDF
of an executed notebook. kernel: the kernels that execute notebooks. Reports are made from the outputs of the executed
notebook alone.
"""

from __future__ import annotations

from collections.abc import Iterable


class ReportError(Exception):
    """A report can't be made; the message says why in one sentence."""


class Refused(Exception):
    """Nothing is built: the request is wrong. `.problems`: one sentence each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
