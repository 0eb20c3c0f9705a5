"""Forked kernels: the same bytes as ordinary ones, nothing of one report in the next, no process left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from processes import gone
from reporting_samples import common, notebook_of, sample, spec

from analysis.paths import ROOT
from analysis.reporting.kernel import fork_client, fork_server
from analysis.reporting.kernel.environment import environment
from analysis.reporting.run import Spec, build

pytestmark = pytest.mark.skipif(not fork_client.available(), reason="no fork here")


@pytest.fixture(scope="module")
def template():
    """A template process, used by the reports of this module."""
    made = fork_client.Template(environment(common()["code"]["epoch"], "/nonexistent"))
    yield made
    made.close()


@pytest.fixture
def warmly(template):
    """Kernels of this process are forked."""
    fork_client.use(template.address)
    yield template
    fork_client.use("")


def run_cells(folder: Path, *cells: str, **more) -> tuple[str, list[str]]:
    """Why the report failed, and what its cells printed."""
    path = folder / "probe.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    built = build(Spec("probe", str(path), formats=(), common=common(), **more))
    outputs = [output for cell in notebook_of(built).cells for output in cell.outputs]
    return built.reason, [output.text for output in outputs if output.output_type == "stream"]


def test_a_forked_kernel_makes_the_same_bytes(warmly):
    again = build(spec())
    assert again.reason == ""
    for name, content in sample().files.items():
        assert again.files[name] == content, name


PARENT = "import os; print(os.getppid())"


def test_each_report_has_a_process_of_its_own_forked_from_the_template(warmly, tmp_path):
    _, first = run_cells(tmp_path, PARENT, "print(os.getpid(), os.getpgid(0), os.getsid(0))")
    _, second = run_cells(tmp_path, PARENT, "print(os.getpid())")
    assert first[0] == second[0] == f"{warmly.process.pid}\n"
    pid, group, session = first[1].split()
    assert pid == group == session, "a signal to its group must not reach the template"
    assert second[1].split()[0] != pid


def test_libraries_are_there_before_the_first_cell(warmly, tmp_path):
    code = "import sys; print([m in sys.modules for m in ('pandas', 'scipy.stats', 'analysis.figures.style')])"
    assert run_cells(tmp_path, code)[1] == ["[True, True, True]\n"]


STATE = """
import json, logging, os, random, sys, threading, warnings
import matplotlib as mpl, numpy as np, pandas as pd
fds = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")]
fds = sorted(os.readlink(f) for f in fds if os.path.exists(f))
print(json.dumps({
    "rc": mpl.rcParams["axes.facecolor"],
    "filters": [str(f) for f in warnings.filters],
    "environment": {k: v for k, v in os.environ.items() if not k.startswith(("IPYTHONDIR", "JPY", "PYTEST"))},
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
os.chdir({folder!r})
pd.set_option("display.max_columns", 3)
sys.path.insert(0, "/left/behind")
np.left_behind = True
np.random.seed(1); random.seed(1)
os.umask(0o77); sys.setrecursionlimit(5000); logging.getLogger().setLevel(10)
"""
DRAW = "import random, numpy as np; print(random.random(), np.random.random())"


def test_nothing_leaks_from_one_report_to_the_next(warmly, tmp_path):
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
    fork_client.use("")
    _, (ordinary,) = run_cells(tmp_path, STATE)
    forked, ordinary = json.loads(forked), json.loads(ordinary)
    # libraries add filters of their own when they are imported, and here more of them are
    assert set(forked.pop("filters")) >= set(ordinary.pop("filters"))
    assert forked == ordinary


def test_a_killed_kernel_is_told_and_leaves_the_template_alone(warmly, tmp_path):
    reason, _ = run_cells(tmp_path, "print('here', flush=True)", "import os; os.kill(os.getpid(), 9)")
    assert reason == "cell 2: the kernel died (killed, crashed or out of memory)"
    assert run_cells(tmp_path, PARENT)[1] == [f"{warmly.process.pid}\n"]


def test_a_kernel_that_runs_out_of_memory_costs_its_own_report(warmly, tmp_path):
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)); x = bytearray(2**32)"
    assert run_cells(tmp_path, code)[0].startswith("cell 1: MemoryError")
    assert run_cells(tmp_path, "print(1)") == ("", ["1\n"])


def test_an_endless_cell_is_stopped_and_its_process_goes(warmly, tmp_path):
    reason, printed = run_cells(tmp_path, "import os; print(os.getpid(), flush=True)\nwhile True: pass", timeout=1.5)
    assert reason == "cell 1: stopped: the report took longer than 1.5 s (`timeout` in the list of reports)"
    assert gone(int(printed[0]))


def asleep() -> tuple[fork_client.ForkedKernel, fork_client.Template]:
    """A kernel that does nothing, and its template."""
    template = fork_client.Template(environment(0, "/nonexistent"))
    connection = fork_client._connect(template.address)
    kernel = fork_client.ForkedKernel(connection)
    asked = {"argv": ["ipykernel_launcher", "-f", f"{template.folder}/c.json"], "env": dict(os.environ), "cwd": "/"}
    connection.setblocking(True)
    connection.sendall((json.dumps(asked) + "\n").encode())
    connection.setblocking(False)
    assert asyncio.run(kernel.started())
    return kernel, template


def test_a_kernel_ends_with_whoever_asked_for_it():
    kernel, template = asleep()
    kernel.connection.close()
    assert gone(kernel.pid)
    template.close()


def test_a_kernel_ends_with_its_template_however_that_ends():
    kernel, template = asleep()
    template.process.kill()
    assert gone(kernel.pid)
    assert kernel.poll() == -signal.SIGKILL
    template.close()


def test_closing_a_template_ends_its_kernels():
    kernel, template = asleep()
    template.close()
    assert gone(kernel.pid)
    assert gone(template.process.pid)
    assert not Path(template.folder).exists()


def test_closing_a_template_that_still_loads_waits_for_nothing():
    """A list of reports that is refused is told at once, although the template began before it was read."""
    template = fork_client.Template(environment(0, "/nonexistent"))
    template.close()
    assert template.process.returncode == -signal.SIGTERM


def test_a_template_ends_with_its_owner():
    code = (
        "from analysis.reporting.kernel.fork_client import Template; import os, time; t = Template(dict(os.environ)); "
        "print(t.process.pid, t.folder, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid, folder = owner.stdout.readline().split()
    owner.kill()
    owner.wait()
    assert gone(int(pid))
    assert not Path(folder).exists()


def test_without_a_template_the_ordinary_kernel_starts(tmp_path):
    broken = tmp_path / "analysis"  # stands before the library, installed or not
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError")
    lost = fork_client.Template({**os.environ, "PYTHONPATH": str(tmp_path)})
    fork_client.use(lost.address)
    try:
        assert run_cells(tmp_path, "import os; print(os.getppid() == " + str(os.getpid()) + ")")[1] == ["True\n"]
    finally:
        fork_client.use("")
        lost.close()


def test_what_looks_for_its_shell_is_not_in_the_template():
    code = (
        "from analysis.reporting.kernel import fork_server as t; t.load_libraries();"
        "import sys; print(t.fit(), 'analysis.reporting.run' in sys.modules)"
    )
    settings = {**environment(0, "/nonexistent"), **fork_client._ONE_THREAD}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
    assert "matplotlib.pyplot" in fork_server._NEEDS_A_SHELL


def installed(folder: Path) -> dict[str, str]:
    """An environment in which the entry points and the kernel spec of the project are installed."""
    import tomllib

    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    told = folder / "crps_test-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: crps-test\nVersion: 1\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {what}\n" for name, what in found.items())
        for group, found in points.items()
    ]
    (told / "entry_points.txt").write_text("\n".join(lines))
    kernel = folder / "kernels" / "ketamine-crps"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_bytes((ROOT / "analysis/reporting/kernel/kernelspec/kernel.json").read_bytes())
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "JUPYTER_PATH": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / "run"),
    }


def test_plain_papermill_finds_the_template_that_an_earlier_call_left(tmp_path):
    settings = installed(tmp_path)
    notebook = tmp_path / "parent.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PARENT)]), notebook)

    def parent(*options: str) -> int:
        out = tmp_path / "out.ipynb"
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", *options, str(notebook), str(out)]
        subprocess.run(command, env=settings, check=True, capture_output=True)
        return int(nbformat.read(out, as_version=4).cells[0].outputs[0].text)

    try:
        parent("-k", "ketamine-crps")
        end = time.monotonic() + 30
        while all("." in path.name for path in (tmp_path / "run").glob("crps-*")) and time.monotonic() < end:
            time.sleep(0.05)
        (template,) = templates_at(tmp_path)
        assert parent("-k", "ketamine-crps") == int(template)
        assert parent("--engine", "ketamine-crps", "-k", "python3") == int(template)
    finally:
        for pid in templates_at(tmp_path):
            os.kill(int(pid), signal.SIGTERM)
            assert gone(int(pid))


def test_make_installs_the_kernel():
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("this environment was not made by make")
    spec = KernelSpecManager().get_kernel_spec("ketamine-crps")
    assert Path(spec.resource_dir).is_relative_to(sys.prefix)
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "ketamine-crps"


def templates_at(folder: Path) -> list[str]:
    """Processes that serve in a folder, or are about to."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (process / "cmdline").read_text()
            if "serve_at" in told and str(folder) in told:
                found.append(process.name)
    return found


def test_a_template_that_nobody_asks_goes(tmp_path):
    address = tmp_path / "t"
    fork_client.leave_behind(str(address), dict(os.environ), idle=0.2)
    end = time.monotonic() + 30
    seen = False
    while time.monotonic() < end:
        seen = seen or address.exists()
        if seen and not address.exists():
            break
        time.sleep(0.01)
    assert seen and not address.exists()
    assert [path.name for path in tmp_path.iterdir()] == []
