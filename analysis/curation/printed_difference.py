"""The difference between two versions as text and as HTML."""

from __future__ import annotations

import textwrap
from html import escape

from analysis.curation.difference import ChangedAnswer, ChangedRate, ChangedRow, Difference, pooled_words

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem;text-align:left;"
    "vertical-align:top}"
)


def difference_text(found: Difference, width: int = 100) -> str:
    """Return the difference for a terminal: the sentence, the changed answers side by side, the changed rows."""
    lines = [f"{found.sentence} {found.old} -> {found.new}", ""]
    for answer in found.changed:
        lines.append(answer.question)
        for label, words in (("old", answer.old), ("new", answer.new)):
            lines += _wrapped(f"{label}: {words or '(none)'}", width)
        lines += _wrapped(f"because of {_because(answer)}", width)
        lines.append("")
    if found.rates:
        lines += ["Changed pooled rates", *(line for rate in found.rates for line in _wrapped(_rate(rate), width)), ""]
    lines.append(f"{len(found.rows)} changed {'row' if len(found.rows) == 1 else 'rows'}")
    for row in found.rows:
        lines += _wrapped(_row(row), width)
    return "\n".join(lines)


def difference_html(found: Difference) -> str:
    """Return the difference as a page."""
    answers = "".join(
        f"<h2>{escape(answer.question)}</h2><table><tr><th scope=col>Old</th><th scope=col>New</th></tr>"
        f"<tr><td>{escape(answer.old)}</td><td>{escape(answer.new)}</td></tr></table>"
        f"<p>Because of {escape(_because(answer))}.</p>"
        for answer in found.changed
    )
    rates = "".join(
        f"<tr><th scope=row>{escape(rate.what)}</th><td>{escape(pooled_words(rate.old))}</td>"
        f"<td>{escape(pooled_words(rate.new))}</td></tr>"
        for rate in found.rates
    )
    if rates:
        heads = "".join(f"<th scope=col>{head}</th>" for head in ("Rate", "Old", "New"))
        rates = f"<h2>Changed pooled rates</h2><table><tr>{heads}</tr>{rates}</table>"
    rows = "".join(f"<li>{escape(_row(row))}</li>" for row in found.rows)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(found.sentence)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(found.sentence)}</h1><p>{escape(found.old)} → {escape(found.new)}</p>"
        f"{answers}{rates}<h2>Changed rows ({len(found.rows)})</h2><ul>{rows}</ul></html>\n"
    )


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ")


def _because(answer: ChangedAnswer) -> str:
    return ", ".join(answer.because_of) or "a change of the dictionary"


def _rate(rate: ChangedRate) -> str:
    return f"{rate.what}: {pooled_words(rate.old)} -> {pooled_words(rate.new)}"


def _row(row: ChangedRow) -> str:
    cells = (
        f"{name} {old or '(empty)'} -> {new or '(empty)'}" if row.change == "changed" else f"{name} {old or new}"
        for name, (old, new) in row.cells.items()
    )
    return f"{row.row_id}{f' ({row.study})' if row.study else ''} {row.change}: {'; '.join(cells)}".rstrip(": ")
