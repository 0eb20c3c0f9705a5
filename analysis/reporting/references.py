"""The list of references, made to say what the text says: the letter behind a year is part of a study's name here."""

from __future__ import annotations

import re

_LETTERED = re.compile(r"(\d{4})([a-z])")
# an entry up to its year, which stands behind the journal
_HTML = r'(<div id="ref-{key}"(?:(?!</div>).)*?</em> {year})[a-z]?(?![\w–])'
_TYPST = r"(\] {year})[a-z]?(?![\w–])((?:(?!#block\[).)*\] <ref-{key}>)"


def with_letters(text: str, labels: dict[str, str], to: str) -> str:
    """The references in HTML or Typst with the letters of the labels (`Kiefer et al. 2008a`): pandoc gives a letter
    only where two works of one year are cited, and another report may cite only one of them."""
    pattern, behind = (_HTML, "") if to == "html" else (_TYPST, r"\2")
    for key, label in labels.items():
        if found := _LETTERED.search(label):
            year, letter = found.groups()
            entry = re.compile(pattern.format(key=re.escape(key), year=year), re.DOTALL)
            text = entry.sub(rf"\g<1>{letter}{behind}", text, count=1)
    return text
