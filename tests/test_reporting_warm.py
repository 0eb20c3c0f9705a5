"""Forked kernels: the same bytes as ordinary kernels, no shared state, no process left at the end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from processes import gone
from reporting_samples import common, notebook_of, spec

from analysis.parameters import read_notebook
from analysis.paths import ROOT
from analysis.reporting.kernel import execution, fork_client, fork_server
from analysis.reporting.kernel import template_process as templates
from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.run import Spec, build_report

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not templates.fork_available(), reason="no fork here")]


@pytest.fixture(scope="module")
def template():
    """A template process, used by the reports of this module."""
    made = templates.Template(kernel_environment(common()["code"]["epoch"], "/nonexistent"))
    yield made
    made.close()


@pytest.fixture
def warmly(template):
    """Fork the kernels of this process."""
    templates.use_template(template.address)
    yield template
    templates.use_template("")


def run_cells(folder: Path, *cells: str, **more) -> tuple[str, list[str]]:
    """Why the report failed, and what its cells printed."""
    path = folder / "probe.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    built = build_report(Spec("probe", str(path), formats=(), common=common(), **more))
    outputs = [output for cell in notebook_of(built).cells for output in cell.outputs]
    return built.reason, [output.text for output in outputs if output.output_type == "stream"]


def test_a_forked_kernel_makes_the_same_bytes(template):
    assert templates.template_address() == ""
    wanted = dataclasses.replace(spec(), formats=())  # the pages are made of the notebook
    ordinary = build_report(wanted)
    templates.use_template(template.address)
    again = build_report(wanted)
    templates.use_template("")
    assert ordinary.reason == again.reason == ""
    for name, content in ordinary.files.items():
        assert again.files[name] == content, name


# the parent of a kernel is its supervisor, whose parent is the template
TEMPLATE = "import os; print(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])"


def test_each_report_has_a_process_of_its_own_forked_from_the_template(warmly, tmp_path):
    _, first = run_cells(tmp_path, TEMPLATE, "print(os.getpid(), os.getpgid(0), os.getsid(0))")
    _, second = run_cells(tmp_path, TEMPLATE, "print(os.getpid())")
    assert first[0] == second[0] == f"{warmly.process.pid}\n"
    pid, group, session = first[1].split()
    assert pid == group == session, "a signal to its group must not reach the template"
    assert second[1].split()[0] != pid


def test_libraries_are_imported_before_the_first_cell(warmly, tmp_path):
    modules = ("pandas", "scipy.stats", "analysis.figures.style", "analysis.reporting.run", "matplotlib.pyplot")
    code = f"import sys; print([module in sys.modules for module in {modules}])"
    assert run_cells(tmp_path, code)[1] == ["[True, True, True, False, False]\n"], "but not what needs a shell"


STATE = """
import json, logging, os, random, sys, threading, warnings
import matplotlib as mpl, numpy as np, pandas as pd
fds = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")]
fds = sorted(os.readlink(f) for f in fds if os.path.exists(f))
print(json.dumps({
    "rc": mpl.rcParams["axes.facecolor"],
    "filters": [str(f) for f in warnings.filters],
    "environment": {k: v for k, v in os.environ.items() if not k.startswith(("IPYTHON", "JPY", "PYTEST", "KETAMINE"))},
    "files": [f for f in fds if f.startswith("/") and "/dev/" not in f and "/proc/" not in f],
    "folder": os.getcwd(),
    "columns": pd.get_option("display.max_columns"),
    "path": sys.path,
    "argv": [os.path.basename(a) for a in sys.argv[:1]] + sys.argv[3:],
    "mark": hasattr(np, "left_behind"),
    "umask": os.umask(0o22),
    "recursion": sys.getrecursionlimit(),
    "logging": logging.getLogger().level,
    "zone": __import__("time").strftime("%Z", __import__("time").localtime(0)),
    "SIGINT": str(__import__("signal").getsignal(2)),
    "stderr": type(sys.stderr).__name__,
}, sort_keys=True))
"""
SPOIL = """
import logging, os, random, sys, time, warnings
import matplotlib as mpl, numpy as np, pandas as pd
mpl.rcParams["axes.facecolor"] = "red"
warnings.simplefilter("error")
os.environ["LEFT_BEHIND"] = "1"; os.environ["TZ"] = "Asia/Tokyo"; time.tzset()
kept = open(os.path.join({folder!r}, "open.txt"), "w")
os.chdir("/")
pd.set_option("display.max_columns", 3)
sys.path.insert(0, "/left/behind")
np.left_behind = True
np.random.seed(1); random.seed(1)
os.umask(0o77); sys.setrecursionlimit(5000); logging.getLogger().setLevel(10)
"""
DRAW = "import random, numpy as np; print(random.random(), np.random.random())"


def test_reports_do_not_share_state(warmly, tmp_path):
    reason, (before,) = run_cells(tmp_path, STATE)
    assert reason == ""
    reason, (spoilt,) = run_cells(tmp_path, SPOIL.format(folder=str(tmp_path)), STATE)
    assert reason == ""
    _, (after,) = run_cells(tmp_path, STATE)
    differ = {name for name, value in json.loads(before).items() if json.loads(spoilt)[name] != value}
    assert differ >= {"rc", "filters", "environment", "files", "folder", "columns", "path", "mark", "umask", "zone"}
    assert json.loads(after) == json.loads(before)


def test_random_numbers_are_fresh_in_each_report(warmly, tmp_path):
    drawn = [run_cells(tmp_path, DRAW)[1][0].split() for _ in range(2)]
    assert not set(drawn[0]) & set(drawn[1])


def test_a_forked_kernel_sees_what_an_ordinary_one_sees(warmly, tmp_path):
    _, (forked,) = run_cells(tmp_path, STATE)
    templates.use_template("")
    _, (ordinary,) = run_cells(tmp_path, STATE)
    forked, ordinary = json.loads(forked), json.loads(ordinary)
    # libraries add filters of their own when they are imported, and here more of them are
    assert set(forked.pop("filters")) >= set(ordinary.pop("filters"))
    assert forked == ordinary


def test_a_killed_kernel_is_reported_and_the_template_continues(warmly, tmp_path):
    reason, _ = run_cells(tmp_path, "print('here', flush=True)", "import os; os.kill(os.getpid(), 9)")
    assert reason == "cell 2: the kernel died (killed, crashed or out of memory)"
    assert run_cells(tmp_path, TEMPLATE)[1] == [f"{warmly.process.pid}\n"]


def test_a_kernel_that_runs_out_of_memory_costs_its_own_report(warmly, tmp_path):
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)); x = bytearray(2**32)"
    assert run_cells(tmp_path, code)[0].startswith("cell 1: MemoryError")
    assert run_cells(tmp_path, "print(1)") == ("", ["1\n"])


def test_an_endless_cell_is_stopped_and_its_process_goes(warmly, tmp_path):
    """The clock passes the time limit when the first cell has run, so the second cell is stopped."""
    path = tmp_path / "probe.ipynb"
    cells = [nbformat.v4.new_code_cell(code) for code in ("import os; print(os.getpid())", "while True: pass")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    seconds = [0.0]
    ran = execution.execute(
        read_notebook(path),
        {},
        kernel_environment(0, str(tmp_path)),
        1000.0,
        on_cell=lambda notebook, index: seconds.append(2000.0),
        clock=lambda: seconds[-1],
    )
    assert ran.reason == "cell 2: stopped: the report took longer than 1000 s (`timeout` in the list of reports)"
    assert gone(int(ran.notebook.cells[0].outputs[0].text))


def asleep(template: templates.Template) -> fork_client.SupervisedKernel:
    """A kernel of a template that does nothing."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(template.address)
    kernel = fork_client.SupervisedKernel(connection)
    asked = {"argv": ["ipykernel_launcher", "-f", f"{template.folder}/c.json"], "env": dict(os.environ), "cwd": "/"}
    connection.setblocking(True)
    connection.sendall((json.dumps(asked) + "\n").encode())
    connection.setblocking(False)
    assert asyncio.run(kernel.started())
    return kernel


def test_a_kernel_ends_with_its_client(template):
    kernel = asleep(template)
    kernel.connection.close()
    assert gone(kernel.pid)


def test_a_kernel_outlives_its_template():
    template = templates.Template(kernel_environment(0, "/nonexistent"))
    kernel = asleep(template)
    template.process.kill()
    template.process.wait()
    os.kill(kernel.pid, 0)
    assert kernel.poll() is None
    kernel.kill()
    assert asyncio.run(kernel.ended()) == -signal.SIGKILL
    assert gone(kernel.pid)
    template.close()


DAEMON = """
import os, signal
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(writer, str(os.getpid()).encode())
        signal.pause()
    os._exit(0)
print(int(os.read(reader, 20)))
"""


@pytest.mark.parametrize(
    ("warm", "end"),
    [
        (True, ""),
        (False, ""),
        (True, "os.kill(os.getpid(), 9)"),
        (False, "os.kill(os.getpid(), 9)"),
        # without a template no process adopts what a killed supervisor leaves
        (True, "os.kill(os.getppid(), 9); signal.pause()"),
    ],
)
def test_a_process_that_left_the_session_ends_with_its_report(template, tmp_path, warm, end):
    templates.use_template(template.address if warm else "")
    try:
        reason, (pid,) = run_cells(tmp_path, DAEMON, end)
    finally:
        templates.use_template("")
    assert reason == ("cell 2: the kernel died (killed, crashed or out of memory)" if end else "")
    assert gone(int(pid))


@pytest.mark.parametrize("ended", [(7, signal.SIGKILL), (8, 0)])
def test_what_a_killed_supervisor_leaves_is_ended(monkeypatch, ended):
    """Process 8 was the kernel's and is now the template's; it ends by itself, and 9 was its child."""
    listener, owner = socket.socketpair()
    server = fork_server.Server(listener, owner.fileno())
    server.supervisors |= {6, 7}
    killed, ends = [], iter([ended, (0, 0)])
    monkeypatch.setattr(os, "waitpid", lambda pid, options: next(ends))
    monkeypatch.setattr(fork_server.supervisor, "children", lambda pid: {6, 7, 9} - {ended[0]})
    monkeypatch.setattr(fork_server.supervisor, "end", killed.append)
    server._reap(server.signals)
    assert set(killed) == {9}


def test_supervisors_that_end_well_cost_no_search_for_their_processes(monkeypatch):
    listener, owner = socket.socketpair()
    server = fork_server.Server(listener, owner.fileno())
    server.supervisors |= {6, 7}
    ends = iter([(6, 0), (7, 0), (0, 0)])
    monkeypatch.setattr(os, "waitpid", lambda pid, options: next(ends))
    monkeypatch.setattr(fork_server.supervisor, "children", lambda pid: pytest.fail("searched"))
    server._reap(server.signals)
    assert not server.supervisors


def test_a_notebook_that_kills_its_parents_costs_no_other(warmly, tmp_path, monkeypatch):
    """The template is killed while another report runs; that report ends well, and the next one has a new template."""
    monkeypatch.setattr(templates, "renewed", [])
    (tmp_path / "other").mkdir()
    ready, killed = tmp_path / "ready", tmp_path / "killed"
    os.mkfifo(ready)
    os.mkfifo(killed)
    with ThreadPoolExecutor(1) as threads:
        neighbour = threads.submit(
            run_cells, tmp_path / "other", f"open({str(ready)!r}, 'w'); open({str(killed)!r})\nprint(1)"
        )
        ready.open().close()
        kill = "import os; os.kill(os.getppid(), 9); import signal; signal.pause()"
        assert run_cells(tmp_path, kill)[0] == "cell 1: the kernel died (killed, crashed or out of memory)"
        assert warmly.process.poll() is None
        warmly.process.kill()
        warmly.process.wait()
        killed.open("w").close()
        assert neighbour.result() == ("", ["1\n"])
    path = tmp_path / "probe.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TEMPLATE)]), path)
    built = build_report(Spec("probe", str(path), formats=(), common=common()))
    assert built.warnings == ("the process that kernels are forked from had ended; another was started",)
    (renewed,) = templates.renewed
    assert notebook_of(built).cells[0].outputs[0].text == f"{renewed.process.pid}\n"
    renewed.close()


def test_closing_a_template_ends_its_kernels():
    template = templates.Template(kernel_environment(0, "/nonexistent"))
    kernel = asleep(template)
    template.close()
    assert gone(kernel.pid)
    assert gone(template.process.pid)
    assert not Path(template.folder).exists()


def test_closing_a_template_that_still_imports_waits_for_nothing(tmp_path):
    """An invalid list of reports is refused at once, although the template has been started."""
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").write_text("import signal; signal.pause()")
    template = templates.Template({**os.environ, "PYTHONPATH": str(tmp_path)})
    template.close()
    assert template.process.returncode == -signal.SIGTERM


def test_a_template_ends_with_its_owner():
    code = (
        "from analysis.reporting.kernel.template_process import Template; import os, signal; "
        "t = Template(dict(os.environ)); print(t.process.pid, t.folder, flush=True); signal.pause()"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid, folder = owner.stdout.readline().split()
    owner.kill()
    owner.wait()
    assert gone(int(pid))
    assert not Path(folder).exists()


def test_without_a_template_the_ordinary_kernel_starts(tmp_path, monkeypatch):
    broken = tmp_path / "analysis"  # comes before the library in the path
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError")
    lost = templates.Template({**os.environ, "PYTHONPATH": str(tmp_path)})
    monkeypatch.setattr(templates, "renewed", [lost])
    templates.use_template(lost.address)
    try:
        assert run_cells(tmp_path, TEMPLATE)[1] == [f"{os.getpid()}\n"]
    finally:
        templates.use_template("")
        lost.close()
