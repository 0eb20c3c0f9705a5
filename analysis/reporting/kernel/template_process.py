"""The template process of this process, from which kernels are forked. See fork_client.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from analysis.reporting.kernel.environment import kernel_environment

# a process is forked safely only if it has one thread: Arrow's allocator would start a second when pandas imports it
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}

_address = ""
renewed: list[Template] = []  # the one template that this process starts if the first one has ended


def fork_available() -> bool:
    """Return whether kernels can be forked here; macOS has fork, but its system libraries don't support it."""
    return hasattr(os, "fork") and hasattr(socket, "AF_UNIX") and sys.platform != "darwin"


def use_template(address: str) -> None:
    """Fork the kernels of this process from the template at this address; empty: start them the ordinary way."""
    global _address
    _address = address


def template_address() -> str:
    """Return the address of the template that is in use; empty for none."""
    return _address


def renewed_template_address() -> str:
    """Start a template in place of one that has ended, once in a process; return its address, empty if it can't be."""
    if renewed or not (template := new_template(tempfile.gettempdir())):
        return ""
    renewed.append(template)
    use_template(template.address)
    return template.address


class Template:
    """A template process. It ends when it is closed and when this process ends. address: its socket."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.folder = tempfile.mkdtemp(prefix="crps-")  # only this user can open it
        self.address = str(Path(self.folder) / "kernels")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)  # requests wait here while the template imports, and fail at once if it fails
            # not the option -P: kernels inherit it, and IPython then leaves out the working directory
            code = "import sys; sys.path.remove(''); from analysis.reporting.kernel.fork_server import serve; "
            code += f"serve({listener.fileno()})"
            self.process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**environment, **ONE_THREAD},
                cwd=self.folder,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C at the terminal reaches this process only
            )

    def close(self) -> None:
        """End the template and all its kernels, also while it still imports."""
        self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_template(home: str) -> Template | None:
    """Return a new template; None where there is no fork or no room for a process: kernels start the ordinary way.

    home: an empty folder for IPython's own files.
    """
    if fork_available():
        with contextlib.suppress(OSError):
            return Template(kernel_environment(0, home))
    return None


@contextlib.contextmanager
def forked_kernels(home: str) -> Iterator[None]:
    """Fork the kernels of this process from its own template, where fork is available.

    home: an empty folder for IPython's own files.
    """
    template = new_template(home)
    if template:
        use_template(template.address)
    try:
        yield
    finally:
        if template:
            use_template("")
            template.close()
