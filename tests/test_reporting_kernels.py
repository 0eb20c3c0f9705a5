"""Connection of a report to its kernel: private, and cleaned up at the end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
import zmq
import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import Session
from reporting_samples import common, notebook_of, sample, spec

from analysis.paths import ROOT
from analysis.reporting.kernel import engine
from analysis.reporting.kernel.manager import ReportKernelClient, ReportKernelManager
from analysis.reporting.run import Spec, build_report

pytestmark = pytest.mark.slow

ASK = """
import glob, json, os
app = get_ipython().kernel.parent
folder = os.path.dirname(app.connection_file)
seen = {"transport": app.transport, "encrypted": app.curve_secretkey is not None, "folder": folder}
print(json.dumps({**seen, "mode": os.stat(folder).st_mode, "sockets": len(glob.glob(app.ip + "-*"))}))
"""


def connection_of_a_kernel(folder: Path) -> dict:
    """Return the connection information of a report's kernel."""
    path = folder / "probe.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ASK)]), path)
    built = build_report(Spec("probe", str(path), formats=(), common=common()))
    assert built.reason == ""
    return json.loads(notebook_of(built).cells[-1].outputs[0].text)


@pytest.mark.skipif(os.name != "posix" or not zmq.has("ipc"), reason="no Unix sockets here")
def test_sockets_are_this_users_alone_and_go_with_the_kernel(tmp_path, monkeypatch):
    scratch = Path(tempfile.mkdtemp(dir="/tmp"))  # a socket's path must be short
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    told = connection_of_a_kernel(tmp_path)
    assert (told["transport"], told["encrypted"], told["sockets"]) == ("ipc", False, 5)
    assert stat.S_IMODE(told["mode"]) & 0o077 == 0
    assert Path(told["folder"]).parent == scratch
    assert list(scratch.iterdir()) == []
    scratch.rmdir()


@pytest.mark.skipif(not zmq.has("curve"), reason="no encryption here")
def test_where_a_sockets_path_would_be_too_long_ports_are_encrypted(tmp_path, monkeypatch):
    long = tmp_path / ("a" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    told = connection_of_a_kernel(tmp_path)
    assert (told["transport"], told["encrypted"]) == ("tcp", True)
    assert list(long.iterdir()) == []


def test_a_kernel_that_starts_again_keeps_its_folder_until_it_ends(tmp_path):
    async def folders() -> list[bool]:
        manager = type("Manager", (ReportKernelManager,), {"environment": dict(os.environ), "kernels": []})()
        await manager.start_kernel()
        folder = Path(manager.connection_file).parent
        await manager.restart_kernel(now=True)
        there = [folder.exists() and await manager.is_alive()]
        await manager.shutdown_kernel(now=True)
        return [*there, folder.exists() and manager.transport == "ipc"]

    assert asyncio.run(folders()) == [True, False]


def test_the_client_that_waits_for_no_silence_makes_the_same_notebook(monkeypatch):
    class Plain(ReportKernelManager):
        client_class = "jupyter_client.asynchronous.AsyncKernelClient"
        client_factory = AsyncKernelClient

    monkeypatch.setattr(engine, "ReportKernelManager", Plain)
    again = build_report(dataclasses.replace(spec(), formats=()))
    assert again.files["report.ipynb"] == sample().files["report.ipynb"]


def test_a_reply_that_arrives_while_a_message_is_sent_is_read():
    async def reply() -> str:
        session, other = Session(key=b""), zmq.Context()
        with zmq.asyncio.Context() as context, context.socket(zmq.DEALER) as socket, other.socket(zmq.ROUTER) as kernel:
            socket.connect(f"tcp://127.0.0.1:{kernel.bind_to_random_port('tcp://127.0.0.1')}")
            channel = ReportKernelClient.shell_channel_class(socket, session)
            channel.send(session.msg("execute_request"))
            reading = asyncio.create_task(channel.get_msg())
            await asyncio.sleep(0.1)  # it waits for a message
            address, *_ = kernel.recv_multipart()
            session.send(kernel, "execute_reply", ident=address)
            zmq.Socket.shadow(socket.underlying).poll()  # the reply has arrived
            channel.send(session.msg("comm_msg"))
            return (await asyncio.wait_for(reading, 60))["msg_type"]

    assert asyncio.run(reply()) == "execute_reply"


LEAN = "from analysis.reporting.kernel.lean_nbformat import import_nbformat; import_nbformat()\n"
CHECK = """
import nbformat, sys
good = nbformat.read(sys.argv[1], as_version=4)
bad = nbformat.from_dict({**good, "cells": [{**good.cells[0], "cell_type": "unknown"}]})
print(nbformat.writes(good))
try:
    nbformat.validate(bad)
except nbformat.ValidationError as error:
    print(error)
"""


def test_nbformat_without_the_grammar_writes_and_refuses_the_same(tmp_path):
    path = tmp_path / "sample.ipynb"
    path.write_bytes(sample().files["report.ipynb"])
    lean, plain = (
        subprocess.run(
            [sys.executable, "-c", f"{first}{CHECK}import sys; print('rfc3987_syntax' in sys.modules)", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for first in (LEAN, "")
    )
    assert (lean.splitlines()[-1], plain.splitlines()[-1]) == ("False", "True")
    assert lean.splitlines()[:-1] == plain.splitlines()[:-1]
    assert "is not valid" in lean
