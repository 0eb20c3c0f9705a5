"""The exhibits of a report: figures, tables, the summary of findings and computed text.

Each exhibit contains its text (caption, alternative text), its numbers (as CSV) and the ids of its studies, and writes
them to the notebook's output under one MIME type. A report is therefore made from the executed notebook alone, and
nothing is computed twice.
"""

from __future__ import annotations

from analysis.exhibit.cells import Column, csv_text, value_text
from analysis.exhibit.glyphs import drawable, visible
from analysis.exhibit.kinds import EXHIBIT_MIME, Figure, Table, payloads
from analysis.exhibit.markdown import cite, escape, paragraphs, plain
from analysis.exhibit.places import linked, shown_in, sourced, studies_of
from analysis.exhibit.progress_bar import progress
from analysis.exhibit.texts import Finding, Prose, Summary
