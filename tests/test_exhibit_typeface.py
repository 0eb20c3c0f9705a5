"""The font of figures and pages: measured, subset and embedded the same on every machine."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, FontProperties, findfont, fontManager

from analysis.exhibit import typeface, webfont
from analysis.exhibit.svg_renderer import drawn_svg
from analysis.figures.style import panel, sheet, style, write

STORED = [
    *((path, webfont.COMMON) for path in (typeface.REGULAR, typeface.BOLD, typeface.ITALIC)),
    (typeface.fallback_file(), webfont.COMMON_FALLBACK),
]

# kerning moves these apart by up to 0.08 type sizes, all other pairs of the alphabet below by less than 0.012
_APART = ("(j", "[j", "fV", "fY", "fW", "fT", "f)", "f]", ".j", ",j", "r:", "t:", "As", "Aa")


def outlines(font: bytes) -> dict[int, tuple]:
    """Width and outline of each character."""
    opened = TTFont(io.BytesIO(font))
    glyphs, widths = opened["glyf"], opened["hmtx"]
    return {
        point: (widths[name][0], str(glyphs[name].getCoordinates(glyphs)[0]))
        for point, name in opened.getBestCmap().items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(("path", "characters"), STORED)
def test_a_stored_subset_is_what_subsetting_gives(path, characters):
    stored = webfont.stored_subset(path).read_bytes()
    made = outlines(webfont.subset(path, characters))
    assert outlines(stored) == made, "after a change: webfont.store_subsets()"
    assert set(made) == set(characters)
    assert len(stored) < 16_000


def test_the_same_characters_give_the_same_bytes():
    first = webfont.subset(typeface.REGULAR, frozenset(map(ord, "Łódź")))
    assert webfont.subset.__wrapped__(typeface.REGULAR, frozenset(map(ord, "Łódź"))) == first


@pytest.mark.slow
def test_a_page_embeds_three_styles_and_what_else_it_shows():
    usual = webfont.font_faces("Pain ≥ 5 ● ‡")
    assert usual.count("@font-face") == 3 and "unicode-range" not in usual
    rare = webfont.font_faces("Łódź")
    assert rare.count("@font-face") == 6 and rare.count("unicode-range:U+141,U+17A") == 3
    signs = webfont.font_faces("◇ ✕ ⊕")
    assert signs.count("@font-face") == 4
    last = base64.b64decode(re.findall(r"base64,([^)]+)", signs)[-1])
    assert set(outlines(last)) == set(map(ord, "◇✕⊕"))


@pytest.mark.slow
@given(
    st.text("AVTWYLPfilrj.,:-–−()[]127% patients†‡§±≥→●◆■²é", min_size=8, max_size=40),
    st.sampled_from(["normal", "bold"]),
)
def test_a_line_is_measured_as_wide_as_it_is_drawn_or_a_little_wider(line, weight):
    shaped = typeface.shaped_box(line, weight)[0]
    apart = sum(line.count(pair) for pair in _APART)
    assert shaped - 0.06 - 0.08 * apart <= typeface.line_width(line, weight) <= shaped + 0.12 * len(line)


@pytest.mark.parametrize(
    "line", ["Sigtermans et al. 2009, ± read as SD", "100% (93 to 100)", "Pain − 3.5 (95% −4 to −2)†"]
)
def test_lines_as_figures_have_them_are_measured_within_one_percent(line):
    for weight in ("normal", "bold"):
        assert typeface.line_width(line, weight) == pytest.approx(typeface.shaped_box(line, weight)[0], rel=0.01)


@pytest.mark.parametrize("line", ["100% (93 to 100)", "Pain − 3.5 (95% −4 to −2)†", "gap'", "′", " ", "-", "☒ 12"])
@pytest.mark.parametrize(("weight", "style"), [("normal", "normal"), ("bold", "normal"), (400, "italic")])
def test_height_and_descent_are_those_of_the_shaped_line(line, weight, style):
    assert typeface.line_box(line, weight, style)[1:] == pytest.approx(typeface.shaped_box(line, weight, style)[1:])


def labelled_picture() -> Figure:
    """A picture with upright, turned, multi-line and mathematical text, ticks, marks and clipped lines."""
    with style():
        picture = sheet(200)
        axes = panel(picture, 60, 20, 300, 120)
        axes.plot([0, 26, 52], [3, 7, 5], marker="o", label="Sigtermans et al. 2009")
        axes.set_xlim(10, 40)
        axes.set(xlabel="Weeks after the end of infusion", ylabel="Pain (0 to 10)", title="$\\tau^2$ = 0.4")
        axes.legend(loc="upper right")
        axes.text(20, 5, "first line\nsecond, longer line", va="center", ha="right", weight="bold", style="italic")
        picture.text(0.5, 0.5, "another font", family="DejaVu Sans", va="top")
        write(picture, 20, 180, "n = 48 ☒ ±")
    return picture


def test_a_picture_is_that_of_savefig():
    picture, out = labelled_picture(), io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "salt", "svg.fonttype": "none"}):
        picture.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        drawn = drawn_svg(picture)
    number = re.compile(r"-?\d+(?:\.\d+)?")
    ids = re.compile(r"#?\b[mp][0-9a-f]{10}\b")
    first, second = (ids.sub("id", svg) for svg in (out.getvalue(), drawn))
    assert number.sub("", first) == number.sub("", second)
    # kerning moves no more than the ends of turned text and what is placed by the width of a text
    assert [*map(float, number.findall(first))] == pytest.approx([*map(float, number.findall(second))], abs=1.5)


def test_width_is_in_type_sizes():
    assert typeface.line_width("0") == pytest.approx(0.497, abs=0.001)
    assert typeface.line_width("") == 0


def test_fonts_of_the_same_name_on_the_machine_are_ignored(monkeypatch):
    """Also if Matplotlib's stored list of fonts lacks those that it ships with."""
    named = ((typeface.FAMILY, "SourceSans3-Regular.otf"), (typeface.FALLBACK, "DejaVuSans.ttf"))
    installed = [FontEntry(fname=f"/usr/share/fonts/{file}", name=name, weight=400) for name, file in named]
    monkeypatch.setattr(fontManager, "ttflist", installed)
    typeface.register.__wrapped__()
    wanted = ((typeface.FAMILY, 400, typeface.REGULAR), (typeface.FAMILY, 700, typeface.BOLD))
    for family, weight, path in (*wanted, (typeface.FALLBACK, 400, typeface.fallback_file())):
        assert Path(findfont(FontProperties(family=family, weight=weight))) == path


def test_every_character_of_the_project_can_be_shown(root):
    shown = {c for path in (root / "data").glob("*.csv") for c in path.read_text(encoding="utf-8") if c.isprintable()}
    assert {c for c in shown if not typeface.has_glyph(c)} == set()
