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


# resolves to whether every cell ran without an error; a page never waits for ever
_RUN = """() => Promise.race([
  (async () => {
    const notebook = window.jupyterapp.shell.currentWidget
    await notebook.context.ready
    await notebook.sessionContext.ready
    await notebook.sessionContext.session.kernel.info
    return window.jupyterapp.commands.execute('notebook:run-all-cells')
  })(),
  new Promise((_, refuse) => setTimeout(() => refuse(new Error('the cells did not end')), 90000)),
])"""


def run_all(page: Any, address: str, name: str) -> None:
    """Open a notebook alone in the window and run all its cells."""
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/doc/tree/{name}.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate(_RUN)


def errors(page: Any) -> list[str]:
    """What cells complain about."""
    return [
        part.inner_text()
        for part in page.query_selector_all("[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedError")
    ]
