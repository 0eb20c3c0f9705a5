"""From a notebook with parameters to a report, and from a list to all reports.

run: one report from one spec. exporters: HTML and PDF from an executed notebook, also for `jupyter nbconvert`.
batch: the list in reports/batch.yml, built side by side. index: the page and the manifest that go with them.
A notebook is only a file with parameters here; what it shows is read from its outputs.
"""

from __future__ import annotations


class ReportError(Exception):
    """A report that can't be made, and why, in one sentence."""
