"""JupyterLab and Voilà in a browser, for tests: servers on copies of notebooks; notebooks opened and run in them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from browser_pages import PATIENCE

from analysis.paths import ROOT

TOKEN = "test"


@contextlib.contextmanager
def lab(folder: Path, copies: tuple[str, ...]) -> Iterator[str]:
    """Yield the address of JupyterLab on `copies` of notebooks in an empty folder, without settings of the user."""
    work = _work(folder, copies)
    options = [f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0", "--allow-root"]
    options += ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={work}"]
    options += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with _served(folder, work, ["jupyter", "lab", *options], f"/api/status?token={TOKEN}") as address:
        yield address


@contextlib.contextmanager
def voila(folder: Path, name: str) -> Iterator[str]:
    """Yield the address of a page of Voilà that runs a copy of one notebook."""
    work = _work(folder, (name,))
    with _served(folder, work, ["voila", f"{name}.ipynb"], "/voila/static/voila.js") as address:
        yield address


def _work(folder: Path, copies: tuple[str, ...]) -> Path:
    work = folder / "somewhere else"
    work.mkdir()
    for name in copies:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", work)
    return work


@contextlib.contextmanager
def _served(folder: Path, work: Path, program: list[str], ready: str) -> Iterator[str]:
    """A server that runs until the end of the context; the address `ready` answers when it is there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    own |= {name: str(folder / name.lower()) for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    own["JUPYTER_PATH"] = str(folder / "share")
    log = (folder / "server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", *program, "--no-browser", f"--port={port}"],
        cwd=work,
        env={**os.environ, **own, "PYTHONPATH": str(ROOT)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(server, address + ready, folder / "server.log")
        yield address
    finally:
        server.kill()  # its kernels see that and end; to shut them down takes a second of a processor each
        server.wait(PATIENCE / 1000)
        log.close()


def _wait(server: subprocess.Popen, url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


# resolves when all cells have run, and fails when they hang
_RUN = """patience => Promise.race([
  (async () => {
    const notebook = window.jupyterapp.shell.currentWidget
    await notebook.context.ready
    await notebook.sessionContext.ready
    await notebook.sessionContext.session.kernel.info
    await window.jupyterapp.commands.execute('notebook:run-all-cells')
  })(),
  new Promise((_, refuse) => setTimeout(() => refuse(new Error('the cells did not end')), patience)),
])"""
_OPEN = """async path => {
  const {shell, commands} = window.jupyterapp
  for (const before of [...shell.widgets('main')]) before.dispose()
  const opened = await commands.execute('docmanager:open', {path})
  await opened.context.ready
  shell.activateById(opened.id)
}"""
_EDIT = """([cell, old, fresh]) => {
  const source = window.jupyterapp.shell.currentWidget.content.widgets[cell].model.sharedModel
  if (!source.getSource().includes(old)) throw new Error(`not in the cell: ${old}`)
  source.setSource(source.getSource().replace(old, fresh))
}"""


def other_kernel(folder: Path) -> None:
    """Add a second Python to the list of kernels, as on a machine with two projects."""
    spec = folder / "share" / "kernels" / "another-project" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Another project", "language": "python"}))


def open_notebook(page: Any, address: str, name: str) -> None:
    """Open a notebook, ready to run, in place of the one before; JupyterLab is loaded once for a page (3 s each)."""
    if page.url.startswith(address):
        page.evaluate(_OPEN, f"{name}.ipynb")
    else:
        page.goto(f"{address}/doc/tree/{name}.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext")


def run_all(page: Any) -> None:
    """Run all its cells, as by the menu."""
    page.evaluate(_RUN, PATIENCE)


def edit(page: Any, cell: int, old: str, fresh: str) -> None:
    """Type something else into a cell."""
    page.evaluate(_EDIT, [cell, old, fresh])


def errors(page: Any) -> list[str]:
    """Return the errors of cells."""
    kinds = ("stderr", "error")
    places = ", ".join(f"[data-mime-type='application/vnd.jupyter.{kind}']" for kind in kinds)
    return [part.inner_text().strip() for part in page.query_selector_all(places)]
