"""JupyterLab in a browser, for tests: a server on copies of the notebooks, and notebooks opened and run in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.paths import ROOT

TOKEN = "test"
PATIENCE = 60_000  # milliseconds; only a hanging test waits so long


@contextlib.contextmanager
def lab(folder: Path, copies: tuple[str, ...]) -> Iterator[str]:
    """A server with `copies` of notebooks in an empty folder, without any setting of the user. Gives its address."""
    work = folder / "somewhere else"
    work.mkdir()
    for name in copies:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", work)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    own |= {name: str(folder / name.lower()) for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0"]
    options += ["--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={work}"]
    options += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", *options],
        cwd=work,
        env={**os.environ, **own, "PYTHONPATH": str(ROOT)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(server, f"{address}/api/status?token={TOKEN}", folder / "lab.log")
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _wait(server: subprocess.Popen, url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


# resolves when all cells have run; a page never waits for ever
_RUN = """() => Promise.race([
  (async () => {
    const notebook = window.jupyterapp.shell.currentWidget
    await notebook.context.ready
    await notebook.sessionContext.ready
    await notebook.sessionContext.session.kernel.info
    await window.jupyterapp.commands.execute('notebook:run-all-cells')
  })(),
  new Promise((_, refuse) => setTimeout(() => refuse(new Error('the cells did not end')), 90000)),
])"""
_EDIT = """([cell, old, fresh]) => {
  const source = window.jupyterapp.shell.currentWidget.content.widgets[cell].model.sharedModel
  if (!source.getSource().includes(old)) throw new Error(`not in the cell: ${old}`)
  source.setSource(source.getSource().replace(old, fresh))
}"""


def open_notebook(browser: Any, address: str, name: str) -> Any:
    """A notebook alone in a window of its own, ready to run."""
    page = browser.new_context(viewport={"width": 1280, "height": 2000}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/doc/tree/{name}.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext")
    return page


def run_all(page: Any) -> None:
    """Run all its cells, as by the menu."""
    page.evaluate(_RUN)


def edit(page: Any, cell: int, old: str, fresh: str) -> None:
    """Type something else into a cell."""
    page.evaluate(_EDIT, [cell, old, fresh])


def errors(page: Any) -> list[str]:
    """What cells complain about."""
    kinds = ("stderr", "error")
    places = ", ".join(f"[data-mime-type='application/vnd.jupyter.{kind}']" for kind in kinds)
    return [part.inner_text().strip() for part in page.query_selector_all(places)]
