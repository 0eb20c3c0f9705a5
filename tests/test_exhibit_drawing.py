"""The backend for figures: the same picture as Matplotlib's own, made lean, whatever stands in it."""

from __future__ import annotations

import io

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Rectangle

from analysis.exhibit.pictures import lean_svg

DEJAVU = {"family": "DejaVu Sans", "parse_math": False}
TEXTS = {
    "plain": {},
    "black": {"color": "black"},
    "bold": {"weight": "bold", "size": 8.5},
    "weight_as_a_number": {"weight": 700},
    "right": {"ha": "right", "va": "top"},
    "rotated": {"rotation": 30},
    "transparent": {"alpha": 0.5},
    "transparent_colour": {"color": (0.1, 0.2, 0.3, 0.5)},
    "link": {"url": "https://example.org"},
    "italic": {"style": "italic"},
    "light": {"weight": "light"},
    "other_font": {"family": "DejaVu Serif"},
    "several_fonts": {"family": ["DejaVu Sans", "DejaVu Serif"]},
    "mathematics": {"text": "$x^2$ first", "parse_math": True},
    "lines": {"text": "one first line\nand\n\nanother", "ha": "center"},
    "quotation_marks": {"text": "“Ta” first"},
    "right_to_left": {"text": "שלום first 5"},
    "markup": {"text": "a < b & c --> d"},
}


def drawn(picture: Picture, backend: str | None = None) -> str:
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "same", "svg.fonttype": "path"}):
        picture.savefig(out, format="svg", backend=backend, metadata={"Date": None, "Creator": None})
    return out.getvalue()


def both(picture: Picture) -> tuple[str, str]:
    return drawn(picture, "module://analysis.exhibit.drawing"), lean_svg(drawn(picture))


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_every_kind_is_as_matplotlib_draws_it(name):
    look = {"text": "Words that AV share first letters, 5%", **DEJAVU, **TEXTS[name]}
    picture = Picture(figsize=(4, 2))
    picture.text(0.1, 0.2, "before: first", **DEJAVU)
    picture.text(0.5, 0.5, look.pop("text"), **{"color": "#4d5963", **look})
    picture.text(0.1, 0.8, "after: Words", **DEJAVU)
    ours, theirs = both(picture)
    assert ours == theirs
    assert "<words" not in ours


def test_axes_with_ticks_clips_hatches_and_clipped_text_are_as_matplotlib_draws_them():
    with mpl.rc_context({"font.family": "DejaVu Sans", "text.parse_math": False}):
        picture = Picture(figsize=(4, 2))
        ax = picture.add_subplot()
        ax.plot([1, 2, 3], [3, 1, 2], marker="o", label="series")
        ax.add_patch(Rectangle((1, 1), 1, 1, hatch="//"))
        ax.text(1.5, 1.5, "cut off", clip_on=True)
        ax.set_title("Title first")
        ax.legend()
        ours, theirs = both(picture)
    assert ours == theirs
    assert ours.count("<use ") > 40
