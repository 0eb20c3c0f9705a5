"""Flow diagram: patients at two times as two columns, and bands between them (kept, lost, gained, neither)."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from analysis.exhibit.palette import LIGHT
from analysis.figures.labels import stack_labels
from analysis.figures.style import POINTS, SMALL, panel, text_height
from analysis.wording import span_words

QUANTITIES = ("kept", "lost", "gained", "neither")
_COLORS = {"kept": LIGHT["ketamine"], "lost": LIGHT["second"], "gained": LIGHT["third"], "neither": LIGHT["placebo"]}
FLOW_WORDS = {
    "kept": "kept the benefit",
    "lost": "lost it",
    "gained": "gained it later",
    "neither": "had it at neither time",
}
FIRST, SECOND, BROAD = 132.0, 306.0, 22.0  # left edges and width of the two columns
_TALL, _BREAK = 172.0, 14.0  # height of all patients, gap between with and without benefit
HEIGHT = _TALL + _BREAK
_Block = tuple[str, bool, float, float, float]  # quantity, certain, top on the left, top on the right, height in points


def draw_flow(
    picture: Picture,
    top: float,
    sizes: tuple[int, int, int],
    drawn: dict[str, tuple[int, int]],
    states: tuple[str, str] = ("with benefit", "without"),
    remarks: dict[str, str] | None = None,
    words: dict[str, str] = FLOW_WORDS,
) -> None:
    """Draw columns and bands with their labels, from `top` points on, `HEIGHT` points tall.

    - sizes: all patients, those in the first state at the first time and at the second time
    - drawn: for each quantity the lowest (solid) and highest (hatched) number of patients
    - states: names of the two parts of a column
    - remarks: small print below the label of a quantity
    - words: label of each quantity
    """
    ax = panel(picture, 0, top - 4, POINTS, HEIGHT + 8)
    ax.set_xlim(0, POINTS)
    ax.set_ylim(HEIGHT + 4, -4)
    ax.set_axis_off()
    blocks = _blocks(*sizes, drawn)
    _bands(ax, blocks)
    _words(ax, *sizes[:2], drawn, states, remarks or {}, words, blocks)


def _blocks(n: int, first: int, second: int, drawn: dict[str, tuple[int, int]]) -> list[_Block]:
    unit = _TALL / n
    low = {q: drawn[q][0] for q in QUANTITIES}
    free = drawn["kept"][1] - low["kept"]
    second_left = first * unit + _BREAK
    second_right = second * unit + _BREAK
    left = {  # from above: with benefit first
        "kept": 0.0,
        "top": low["kept"] * unit,
        "lost": (low["kept"] + free) * unit,
        "gained": second_left,
        "bottom": second_left + low["gained"] * unit,
        "neither": second_left + (low["gained"] + free) * unit,
    }
    right = {
        "kept": 0.0,
        "top": low["kept"] * unit,
        "gained": (low["kept"] + free) * unit,
        "lost": second_right,
        "bottom": second_right + low["lost"] * unit,
        "neither": second_right + (low["lost"] + free) * unit,
    }
    bands = [(q, True, left[q], right[q], low[q] * unit) for q in ("neither", "kept", "lost", "gained") if low[q]]
    if free:
        sides = {
            "kept": ("top", "top"),
            "lost": ("top", "bottom"),
            "gained": ("bottom", "top"),
            "neither": ("bottom", "bottom"),
        }
        bands += [(q, False, left[a], right[b], free * unit) for q, (a, b) in sides.items()]
    return bands


def _bands(ax: Axes, blocks: list[_Block]) -> None:
    x0, x1 = FIRST + BROAD, SECOND
    middle = (x0 + x1) / 2
    for quantity, certain, left, right, height in blocks:
        color = _COLORS[quantity]
        curve = [
            *[(x0, left), (middle, left), (middle, right), (x1, right), (x1, right + height)],
            *[(middle, right + height), (middle, left + height), (x0, left + height), (x0, left)],
        ]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        if certain:
            look = {"facecolor": color, "alpha": 0.45, "linewidth": 0}
        else:
            look = {"facecolor": "none", "edgecolor": color, "hatch": "////", "linewidth": 0, "alpha": 0.55}
        ax.add_patch(PathPatch(Path(curve, codes), **look))
        for x, y, side in ((FIRST, left, "left"), (SECOND, right, "right")):
            if certain:
                ax.add_patch(
                    Rectangle((x, y), BROAD, height, facecolor=color, edgecolor=LIGHT["ground"], linewidth=0.8)
                )
            elif (side == "left" and quantity in ("kept", "gained")) or (
                side == "right" and quantity in ("kept", "lost")
            ):
                # on each side two bands share one uncertain block
                shade = LIGHT["ink"] if quantity != "gained" else LIGHT["muted"]
                ax.add_patch(
                    Rectangle(
                        (x, y), BROAD, height, facecolor=LIGHT["ground"], edgecolor=shade, hatch="////", linewidth=0.5
                    )
                )


def _words(
    ax: Axes,
    n: int,
    first: int,
    drawn: dict[str, tuple[int, int]],
    states: tuple[str, str],
    remarks: dict[str, str],
    names: dict[str, str],
    blocks: list[_Block],
) -> None:
    unit = _TALL / n
    for count, top, words in ((first, 0.0, states[0]), (n - first, first * unit + _BREAK, states[1])):
        if count:
            ax.text(FIRST - 8, top + count * unit / 2, f"{words}\n{count}", ha="right", va="center", linespacing=1.2)
    places, lines, colors = [], [], []
    for quantity in ("kept", "gained", "lost", "neither"):
        if drawn[quantity][1] == 0:
            continue
        own = [(right + height / 2) for q, _, _, right, height in blocks if q == quantity]
        places.append(-own[0])
        remark = f"\n{remarks[quantity]}" if quantity in remarks else ""
        lines.append(f"{span_words(*drawn[quantity])} {names[quantity]}{remark}")
        colors.append(_COLORS[quantity])
    heights = [text_height(text) + 4 for text in lines]
    for place, text, color in zip(stack_labels(places, heights, -HEIGHT, 0), lines, colors, strict=True):
        line, _, rest = text.partition("\n")
        shift = 0 if not rest else -5
        ax.text(SECOND + BROAD + 8, -place + shift, line, color=color, weight="bold", va="center")
        if rest:
            ax.text(SECOND + BROAD + 8, -place + 5, rest, color=LIGHT["muted"], fontsize=SMALL, va="center")
