"""Reports opened in a browser without network. Without a browser these tests are skipped, except in CI."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
# the first is Chromium without a window: the same pages for three fifths of the processor time
PROGRAMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # 2.2 has no criterion of level A of its own left
WIDTHS = (320, 768, 1440)
PATIENCE = 600_000  # milliseconds; only a test that hangs waits so long


def missing(what: str) -> None:
    """Skip a test for lack of a program; in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing: CI must run the tests in a browser (.ci/run installs what they need)")
    pytest.skip(f"{what} is not installed")


def browser_program() -> str:
    """The browser's path."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        missing("Chromium")
    return found


@contextlib.contextmanager
def launched() -> Iterator[Any]:
    """A browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("The Python package playwright")
    program = browser_program()
    # root (containers) can't have the sandbox
    arguments = ["--disable-gpu", "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments, timeout=PATIENCE)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page with its requests and its errors."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextlib.contextmanager
def opened(browser: Any, path: Path, width: int = 768, scheme: str = "light", **more: Any) -> Iterator[Opened]:
    """Yield a file opened without network."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True, reduced_motion="reduce", **more
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    found = Opened(page)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("requestfailed", lambda request: found.complaints.append(f"failed: {request.url[:200]}"))
    page.on("console", lambda line: line.type in ("error", "warning") and found.complaints.append(line.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.goto(path.as_uri())
    yield found
    context.close()


def asked_elsewhere(found: Opened, path: Path) -> list[str]:
    """Return the requests of the page for other addresses."""
    return [url for url in found.requests if url != path.as_uri() and not url.startswith("data:")]


def violations(page: Any) -> list[str]:
    """Return violations of WCAG 2.2 A and AA reported by axe-core: rule, elements."""
    if not AXE.is_file():
        missing("axe-core (npm ci in tests/browser)")
    # past the page's own policy, which lets no other script in
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        """tags => axe.run({
            runOnly: {type: 'tag', values: tags},
            resultTypes: ['violations'],
        })""",
        WCAG,
    )
    return [
        f"{v['id']}: {v['help']}: " + " | ".join(str(node["target"]) for node in v["nodes"][:5])
        for v in result["violations"]
    ]
