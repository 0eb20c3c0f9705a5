"""The colours of all figures and pages, by meaning; a page turns each into its colour of the light or dark mode."""

from __future__ import annotations

# name: light, dark. Contrast of text on the ground: at least 5.9:1 light, 6.4:1 dark; `unknown` (marks only) 3.7:1
PALETTE = {
    "ground": ("#ffffff", "#11161b"),
    "ink": ("#18202a", "#e9eef3"),
    "muted": ("#4a5664", "#aab6c2"),
    "unknown": ("#7b8794", "#8793a0"),
    "line": ("#cfd7df", "#3a4651"),
    "grid": ("#e2e7ec", "#27313a"),
    "panel": ("#f3f6f9", "#1a2128"),
    "ketamine": ("#00589b", "#6cb6f0"),
    "band": ("#c9def0", "#21435f"),
    "placebo": ("#5b6672", "#a3afba"),
    "harm": ("#a63c00", "#f2965c"),
    "threshold": ("#7a5200", "#e2b252"),
    # further series of one panel beside `ketamine`, always with a marker or a line style of their own
    "second": ("#c65300", "#f2965c"),
    "third": ("#007453", "#4cc79b"),
    "fourth": ("#7a3d69", "#d79ac6"),
    "sand": ("#e9d8b8", "#5a4a2a"),  # an area
}
LIGHT = {name: light for name, (light, _) in PALETTE.items()}


def variables(dark: bool) -> str:
    """Return the palette as CSS custom properties: `--ketamine:#00589b;…`."""
    return "".join(f"--{name}:{pair[dark]};" for name, pair in PALETTE.items())


def themed(svg: str) -> str:
    """Return an SVG whose colours of the palette follow the page: `#00589b` becomes `var(--ketamine)` in styles."""
    for name, light in LIGHT.items():
        svg = svg.replace(f": {light}", f": var(--{name})")
        svg = svg.replace(f' fill="{light}"', f' style="fill: var(--{name})"')  # the ground of a hatching
    return svg
