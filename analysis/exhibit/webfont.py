"""Fonts embedded in pages and figures: WOFF2 subsets in `@font-face` rules."""

from __future__ import annotations

import base64
import functools
import io
from pathlib import Path

from analysis.exhibit.typeface import BOLD, FALLBACK, FAMILY, FOLDER, ITALIC, REGULAR, code_points, fallback_file

_STYLES = {REGULAR: "font-weight:400", BOLD: "font-weight:700", ITALIC: "font-weight:400;font-style:italic"}
# characters of the stored subsets: ASCII, Latin-1, and signs of numbers, comparisons, footnotes and markers
COMMON = frozenset([*range(0x20, 0x7F), *range(0xA0, 0x100)]) | frozenset(
    map(ord, "\u2009–—‘’‚“”„†‡•…‰′″‹›€Γ⁰⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃←↑→↓−√∞≈≠≤≥■□▲△▸▹▼▽◆○●☐☑✓")
)
COMMON_FALLBACK = frozenset(map(ord, "☒✕◇"))  # FAMILY lacks them


def font_faces(text: str, styles: tuple[Path, ...] = (REGULAR, BOLD, ITALIC)) -> str:
    """Return CSS rules that embed the font for a text.

    Parameters
    ----------
    text
        The text shown; characters that the stored subsets lack are embedded in additional subsets.
    styles
        Files of the styles of FAMILY that the text uses.
    """
    shown = frozenset(map(ord, text))
    rules = [_rule(path, stored_subset(path).read_bytes()) for path in styles]
    if rare := (shown - COMMON) & code_points(REGULAR):
        rules += [_rule(path, subset(path, rare), rare) for path in styles]
    if lacking := (shown - COMMON - code_points(REGULAR)) & code_points(fallback_file()):
        stored = lacking <= COMMON_FALLBACK
        font = stored_subset(fallback_file()).read_bytes() if stored else subset(fallback_file(), lacking)
        rules.append(_rule(fallback_file(), font))
    return "\n".join(rules)


def stored_subset(path: Path) -> Path:
    """Return the file with the stored subset of a style: COMMON, or COMMON_FALLBACK for the fallback font.

    Stored subsets save the 0.6 s that `subset` takes for three styles, 10% of the evidence report.
    """
    return FOLDER / "subsets" / f"{path.stem.removeprefix('SourceSans3-').lower()}.woff2"


def store_subsets() -> None:
    """Write the stored subsets."""
    for path in _STYLES:
        stored_subset(path).write_bytes(subset(path, COMMON))
    stored_subset(fallback_file()).write_bytes(subset(fallback_file(), COMMON_FALLBACK))


@functools.lru_cache(32)
def subset(path: Path, characters: frozenset[int]) -> bytes:
    """Return a font file with some of its characters (code points) as WOFF2: with kerning, without hints and names."""
    from fontTools import subset as fonttools

    options = fonttools.Options(
        flavor="woff2", layout_features=["kern"], hinting=False, name_IDs=[], recalc_timestamp=False
    )
    options.drop_tables += ["FFTM"]
    font = fonttools.load_font(str(path), options, dontLoadGlyphNames=True)
    subsetter = fonttools.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    out = io.BytesIO()
    fonttools.save_font(font, out, options)
    return out.getvalue()


def _rule(path: Path, font: bytes, characters: frozenset[int] | None = None) -> str:
    """Return one `@font-face` rule, restricted to `characters` if given; earlier rules cover the others."""
    family, style = (FAMILY, _STYLES[path]) if path in _STYLES else (FALLBACK, "font-weight:400")
    only = f";unicode-range:{','.join(f'U+{point:X}' for point in sorted(characters))}" if characters else ""
    data = base64.b64encode(font).decode()
    return f'@font-face{{font-family:"{family}";{style}{only};src:url(data:font/woff2;base64,{data})}}'
