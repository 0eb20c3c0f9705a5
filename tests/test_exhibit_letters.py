"""Lines of letters: as wide, as high and with each letter in the same place as when Matplotlib shapes them whole."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from analysis.exhibit import letters

SIZE = 7.5
# letters that are moved for their neighbours, joined ones, signs, accents, and whatever may stand in a report
TEXT = st.one_of(
    st.text("AVTWYLPfilrj.,:-–−()[]127% ", min_size=1, max_size=12),
    st.text(st.characters(max_codepoint=0x24F, exclude_categories=["C"]), min_size=1, max_size=12),
    st.text("patients†‡§±≥→●◆■▸²é ", min_size=1, max_size=12),
)


def by_matplotlib(line: str, weight: str) -> tuple[tuple[float, float, float], list[tuple[str, float]]]:
    font = FontProperties(family=letters.FAMILY, size=SIZE, weight=weight)
    shaped, _, _ = text_to_path.get_glyphs_with_font(text_to_path._get_font(font), line)
    return text_to_path.get_text_width_height_descent(line, font, False), [(name, x) for name, x, _, _ in shaped]


@settings(max_examples=150, deadline=None)
@given(TEXT, st.sampled_from(["normal", "bold"]))
def test_a_line_put_together_from_pairs_is_the_line_shaped_whole(line, weight):
    room, where = by_matplotlib(line, weight)
    assert letters.extent(line, weight).at_size(SIZE) == room
    assert not letters.plain(line) or letters.placed(line, weight) == where


@pytest.mark.parametrize(
    "line",
    [
        "first office, benefit: ffi",
        "AV To Ty. 11 (1/2)",
        "  two  spaces ",
        "Pain − 3.5 (95% −4 to −2)†",
        "T-test, r. L’Ag",
    ],
)
def test_lines_as_reports_have_them(line):
    for weight in ("normal", "bold"):
        assert letters.extent(line, weight).at_size(SIZE) == by_matplotlib(line, weight)[0]


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_each_pair_of_letters_stands_as_matplotlib_shapes_it(weight):
    font = text_to_path._get_font(FontProperties(family=letters.FAMILY, weight=weight))
    for first in string.ascii_uppercase + "fkrvwxyz7-.'":
        line = " ".join(first + second for second in string.digits + string.ascii_letters + string.punctuation)
        shaped, _, _ = text_to_path.get_glyphs_with_font(font, line)
        assert not letters.plain(line) or letters.placed(line, weight) == [(name, x) for name, x, _, _ in shaped]


@pytest.mark.skipif(not letters.SHAPES, reason="an older Matplotlib joins no letters")
def test_letters_move_for_each_other_and_join():
    alone = letters.extent("A").width + letters.extent("V").width
    assert letters.extent("AV").width < alone
    assert [len(letters.placed(word)) for word in ("fi", "ffi", "f i", "if")] == [1, 1, 3, 2]


@pytest.mark.parametrize("line", ["“Ta”", "7“T”", "שלום", "Ωmega", "soft\u00adhyphen", "e\u0301", "a\u202eb"])
def test_lines_that_are_not_plain_are_measured_whole(line):
    assert not letters.plain(line)
    assert letters.extent(line).at_size(SIZE) == by_matplotlib(line, "normal")[0]


def test_an_outline_begins_at_a_point_and_is_closed():
    (letter, _), *_ = letters.placed("l")
    assert letters.outline(letter) == "m75 608l72 0l0-608l-72 0l0 608z"
    (space, _), *_ = letters.placed(" ")
    assert letters.outline(space) == ""


def test_a_letter_that_the_font_lacks_is_taken_from_another():
    line = "a\u20b6 b"
    with pytest.warns(UserWarning, match="missing from font"):
        assert letters.extent(line).at_size(SIZE) == by_matplotlib(line, "normal")[0]


@pytest.mark.skipif(not letters.SHAPES, reason="an older Matplotlib shapes lines whole")
def test_letters_that_were_looked_up_beforehand_need_no_shaping(monkeypatch):
    line = "Pain relief 2 – 4 weeks (95% ± 1.5)"
    before = letters.placed(line)
    for known in (letters._letter, letters._word):
        known.cache_clear()
    letters.prepare()
    monkeypatch.setattr(letters, "_shaped", None)
    assert letters.placed(line) == before
