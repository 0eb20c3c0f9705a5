"""From a notebook with parameters to a report, and from a list of reports to all of them.

run: one report. batch: all reports of reports/batch.yml, in parallel, with an index and a manifest. page: HTML and PDF
from an executed notebook. kernel: the kernels that notebooks run in. Reports are made from the outputs of the executed
notebook alone.
"""

from __future__ import annotations


class ReportError(Exception):
    """A report can't be made; the message says why in one sentence."""
