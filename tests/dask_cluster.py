"""A Dask scheduler and its workers on this machine, for tests, faults and benchmarks."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from analysis.paths import ROOT


@contextlib.contextmanager
def dask_cluster(
    folder: Path, workers: int, protocol: str = "tcp", settings: Mapping[str, str] | None = None
) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Yield the address of a scheduler, and the processes: the scheduler, then workers of one thread without a nanny.

    folder: receives the log. settings: variables of the environment of all processes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"{protocol}://127.0.0.1:{port}"
    scheduler = ["scheduler", "--host", f"{protocol}://127.0.0.1", "--port", str(port)]
    commands = [[*scheduler, "--no-dashboard", "--no-jupyter"]]
    one = ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    commands += [[*one, "--name", str(number)] for number in range(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(settings or {})}
    with (folder / "log").open("a") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "dask", *words], env=environment, cwd=folder, stdout=log, stderr=log
            )
            for words in commands
        ]
    try:
        while all(process.poll() is None for process in processes):
            if (folder / "log").read_text(errors="replace").count("Registered to") >= workers:
                break
            time.sleep(0.05)
        yield address, processes
    finally:
        for process in reversed(processes):  # a worker says goodbye to its scheduler
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def tls_settings(folder: Path) -> dict[str, str]:
    """Return the settings of Dask for a certificate made in this folder by openssl, which is its own authority."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    words = [*command, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    parts = {
        f"{part}__{name}": path
        for part in ("SCHEDULER", "WORKER", "CLIENT")
        for name, path in (("CERT", certificate), ("KEY", key))
    }
    variables = {"CA_FILE": certificate, **parts}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(path) for name, path in variables.items()}
