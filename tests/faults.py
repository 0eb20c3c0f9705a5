"""Try faults on the command line, and say how many were survived.

    python tests/faults.py [PATTERN]

tests/faults.csv records of each fault when it was tried last, and with which result.

Each fault runs in a folder of its own, with a file of the user beside the reports. It is survived if the command ends
with the expected status and reason and without a traceback, the user's file and the earlier report remain, no process
and no temporary folder of the run stays, and the next batch builds everything. Linux; some need the rights of root.
"""

from __future__ import annotations

import csv
import datetime
import fnmatch
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from dask_cluster import dask_cluster

from analysis.paths import ROOT

RESULTS = Path(__file__).with_suffix(".csv")
MOMENTS = ("import", "start", "cell", "export", "end")
SECONDS = 240
_MARK = "CRPS_FAULT"


class Fault:
    """A folder with a list of two reports, an earlier build of them, and a file of the user."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output, self.temporary = folder, folder / "out", folder / "tmp"
        self.environment = {**os.environ, _MARK: str(folder), "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)}
        self.temporary.mkdir()
        self.output.mkdir()
        (self.output / "thesis.docx").write_text("of the user")
        self.write("quick", "print(1)")
        self.write("slow", f"import pathlib, time\npathlib.Path({str(folder / 'runs')!r}).touch()\ntime.sleep(600)")
        self.list("quick", "other=quick")

    def write(self, name: str, code: str) -> None:
        """Write a notebook of one cell."""
        cells = [nbformat.v4.new_markdown_cell(f"# {name}"), nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), self.folder / f"{name}.ipynb")

    def list(self, *reports: str, more: str = "") -> None:
        """Write the list of reports: names of notebooks, or name=notebook."""
        pairs = [(word.split("=")[0], word.split("=")[-1]) for word in reports]
        lines = [f"- {{notebook: {self.folder}/{notebook}.ipynb, name: {name}{more}}}" for name, notebook in pairs]
        (self.folder / "batch.yml").write_text("formats: [html]\nreports:\n" + "\n".join(lines))

    def start(self, *words: str, prefix: str = "", **options: object) -> subprocess.Popen:
        """Start a command in a process group of its own. prefix: commands of a shell before it, such as ulimit."""
        command = [sys.executable, "-m", "analysis", *words]
        if prefix:
            command = ["sh", "-c", f"{prefix} exec {shlex.join(command)}"]
        if options.pop("namespace", False):
            command = ["unshare", "-m", *command]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.environment, **options.pop("env", {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            **options,
        )

    def batch(self, *words: str, **options: object) -> tuple[int, str]:
        """Return the exit status and the output of a batch."""
        return self.run("batch", str(self.folder / "batch.yml"), "--output", str(self.output), *words, **options)

    def run(self, *words: str, **options: object) -> tuple[int, str]:
        """Return the exit status and the output of a command."""
        process = self.start(*words, **options)
        try:
            said = process.communicate(timeout=SECONDS)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 999, f"no end after {SECONDS} s"
        return process.returncode, said

    def left(self) -> list[str]:
        """Return the command lines of the processes of this fault that still run."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"{_MARK}={self.folder}".encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:80])
            except OSError:
                continue
        return found

    def report_hash(self, name: str) -> bytes:
        """Return the bytes of a report's page."""
        path = self.output / name / "report.html"
        return path.read_bytes() if path.is_file() else b""


def problems(fault: Fault, status: int, said: str, expected: int | tuple[int, ...], *words: str) -> Iterator[str]:
    """Yield what is wrong after a fault: status, words, traceback, the user's file, processes, temporary folders."""
    allowed = expected if isinstance(expected, tuple) else (expected,)
    if status not in allowed:
        yield f"status {status} instead of {expected}: {said[-600:]}"
    for word in words:
        if word not in said:
            yield f"does not say {word!r}: {said[-600:]}"
    if "Traceback" in said:
        yield f"traceback: {said[-1500:]}"
    if (fault.output / "thesis.docx").read_text() != "of the user":
        yield "the file of the user is lost"
    end = time.monotonic() + 20
    while (left := fault.left()) and time.monotonic() < end:
        time.sleep(0.1)
    if left:
        yield f"processes stay: {left}"


def swept(fault: Fault) -> Iterator[str]:
    """Yield what is wrong with the next batch: it builds all reports, and nothing temporary stays."""
    status, said = fault.batch()
    yield from problems(fault, status, said, 0)
    if stay := [path.name for path in (*fault.temporary.iterdir(), *fault.output.glob(".*"))]:
        yield f"stay: {stay}"


Check = Callable[[Fault], Iterator[str]]
FAULTS: dict[str, Check] = {}


def fault(name: str) -> Callable[[Check], Check]:
    """Register a fault."""

    def register(check: Check) -> Check:
        FAULTS[name] = check
        return check

    return register


# ---- signals at five moments


def _wait(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    end = time.monotonic() + SECONDS
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)


def _signal(command: str, moment: str, number: signal.Signals) -> Check:
    def check(fault: Fault) -> Iterator[str]:
        status, said = fault.batch()
        yield from problems(fault, status, said, 0)
        earlier = fault.report_hash("other")
        fault.list("quick", "other=slow" if moment == "cell" else "other=quick")
        words = (
            ("batch", str(fault.folder / "batch.yml"), "--force", "--jobs", "1")
            if command == "batch"
            else ("report", str(fault.folder / ("slow.ipynb" if moment == "cell" else "quick.ipynb")))
        )
        process = fault.start(*words, "--output", str(fault.output))
        log = fault.output / ".unfinished.jsonl"
        waits: dict[str, Callable[[], bool]] = {
            "import": lambda: True,
            "start": lambda: any(fault.temporary.iterdir()),
            "cell": lambda: (fault.folder / "runs").exists(),
            "export": log.exists,
            "end": lambda: log.exists() and (log.stat().st_size > 0 or command == "report"),
        }
        _wait(waits[moment], process)
        if moment == "export":
            time.sleep(0.7)
        os.killpg(process.pid, number) if moment in ("cell", "end") else process.send_signal(number)
        said = process.communicate()[0]
        # before Python handles signals the system ends the process; a command that was faster has ended well
        expected = {0, -number, 1 if number == signal.SIGINT else 128 + number}
        yield from problems(fault, process.returncode, said, tuple(expected))
        if fault.report_hash("other") != earlier:
            yield "the earlier report is lost"
        fault.list("quick", "other=quick")
        yield from swept(fault)

    return check


for _command in ("batch", "report"):
    for _moment in MOMENTS:
        for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            FAULTS[f"{_command}: {_number.name} at {_moment}"] = _signal(_command, _moment, _number)


# ---- processes that are killed while a report is built

_KERNEL = "import os, signal, time\nkernel, builder = os.getpid(), int(os.environ['JPY_PARENT_PID'])\n"
_KILLS = {
    "the kernel": ("os.kill(kernel, signal.SIGKILL); time.sleep(60)", "the kernel died"),
    "the process that builds the report": ("os.kill(builder, signal.SIGKILL); time.sleep(60)", "worker exited"),
    "the group of the kernel": ("os.killpg(os.getpgid(kernel), signal.SIGKILL); time.sleep(60)", "died"),
}
_DETACHED = """import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    os._exit(0)
"""


def _kill(code: str, words: str) -> Check:
    def check(fault: Fault) -> Iterator[str]:
        fault.write("bad", _KERNEL + code)
        fault.list("bad", "quick", "other=quick")
        status, said = fault.batch("--jobs", "2")
        yield from problems(fault, status, said, 1, words, "2 of 3 reports built, 1 failed")
        fault.list("quick", "other=quick")
        yield from swept(fault)

    return check


for _name, (_code, _words) in _KILLS.items():
    FAULTS[f"killed: {_name}"] = _kill(_code, _words)


@fault("killed: the parent of the kernel, beside another report")
def _killed_parent(fault: Fault) -> Iterator[str]:
    fault.write("bad", "import os, signal, time\ntime.sleep(2)\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(5)")
    fault.write("beside", "import time\ntime.sleep(8)\nprint('fine')")
    fault.list("bad", "beside", "quick")
    status, said = fault.batch("--jobs", "2")
    yield from problems(fault, status, said, (0, 1))
    if not fault.report_hash("beside") or not fault.report_hash("quick"):
        yield f"another report is lost: {said[-600:]}"


@fault("a process that a notebook detached")
def _detached(fault: Fault) -> Iterator[str]:
    fault.write("daemon", _DETACHED)
    fault.list("daemon", "quick")
    status, said = fault.batch()
    yield from problems(fault, status, said, 0)
    status, said = fault.run("report", str(fault.folder / "daemon.ipynb"), "--output", str(fault.output))
    yield from problems(fault, status, said, 0)


# ---- notebooks whose kernel ends, hangs or sends too much

_NOTEBOOKS = {
    "ends its kernel": ("import os; os._exit(0)", "the kernel died"),
    "reads memory that is not its own": ("import ctypes; ctypes.string_at(0)", "the kernel died"),
    "closes the connections of its kernel": ("import os; os.closerange(3, 1000)", "the kernel died"),
    "stops its kernel without end": (
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "took longer than 20 s",
    ),
    "calls itself without end": ("def f(): f()\nf()", "RecursionError"),
    "opens files without end": ("[open('/dev/null') for _ in range(10**7)]", "Too many open files"),
    "needs more memory than it may have": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**29,) * 2); [bytes(10**6) for _ in range(10**6)]",
        "MemoryError",
    ),
    "asks a question": ("input('name?')", "does not support input"),
}


def _hostile(code: str, words: str) -> Check:
    def check(fault: Fault) -> Iterator[str]:
        fault.write("bad", code)
        fault.list("bad", "quick", "other=quick", more=", timeout: 20")
        status, said = fault.batch("--jobs", "2")
        yield from problems(fault, status, said, 1, words, "2 of 3 reports built, 1 failed")
        fault.list("quick", "other=quick")
        yield from swept(fault)

    return check


for _name, (_code, _words) in _NOTEBOOKS.items():
    FAULTS[f"notebook: {_name}"] = _hostile(_code, _words)


@fault("notebook: prints 100 MB")
def _prints(fault: Fault) -> Iterator[str]:
    fault.write("bad", "print('x' * 100_000_000)")
    fault.list("bad", "quick", "other=quick")
    status, said = fault.batch("--jobs", "2")
    yield from problems(fault, status, said, 0, "3 of 3 reports built")


# ---- a Dask cluster


def _on_cluster(kill: Callable[[list[subprocess.Popen]], object], expected: int, *words: str) -> Check:
    """Kill a process of the cluster while it builds a report; `kill` gets scheduler and workers."""

    def check(fault: Fault) -> Iterator[str]:
        started = fault.folder / "runs"
        once = f"import pathlib, time\nstarted = pathlib.Path({str(started)!r})\nif not started.exists():\n"
        fault.write("waits", f"{once}    started.touch()\n    time.sleep(600)")
        fault.list("waits", "quick", "other=quick")
        folder = fault.folder / "dask"
        folder.mkdir()
        with dask_cluster(folder, 2, settings={**fault.environment, "TMPDIR": str(folder)}) as (address, processes):
            command = ["batch", str(fault.folder / "batch.yml"), "--output", str(fault.output), "--scheduler", address]
            process = fault.start(*command, "--insecure")
            _wait(started.exists, process)
            begin = time.monotonic()
            kill(processes)
            said = process.communicate(timeout=SECONDS)[0]
            seconds = time.monotonic() - begin
        yield from problems(fault, process.returncode, said, expected, *words)
        if expected and seconds > 30:
            yield f"ended after {seconds:.0f} s"
        fault.list("quick", "other=quick")
        yield from swept(fault)

    return check


FAULTS["Dask: the scheduler is killed"] = _on_cluster(lambda processes: processes[0].kill(), 1, "no longer answers")
FAULTS["Dask: a worker is killed"] = _on_cluster(lambda processes: processes[1].kill(), 0, "3 of 3 reports built")
FAULTS["Dask: the scheduler and the workers are killed"] = _on_cluster(
    lambda processes: [process.kill() for process in processes], 1, "no longer answers"
)


# ---- limits of the system, temporary folders, disks


def _limited(prefix: str, *words: str, status: tuple[int, ...] = (0, 1), **options: object) -> Check:
    """Force a batch under a limit: it builds, or says why not; the earlier reports remain."""

    def check(fault: Fault) -> Iterator[str]:
        first, said = fault.batch()
        yield from problems(fault, first, said, 0)
        ended, said = fault.batch("--force", prefix=prefix.format(fault=fault), **options)
        yield from problems(fault, ended, said, status, *(words if ended else ()))
        if "Not written" in said and not words:
            yield f"blames the output: {said[-600:]}"
        if not fault.report_hash("quick") or not fault.report_hash("other"):
            yield f"an earlier report is lost: {said[-600:]}"
        yield from swept(fault)

    return check


for _files in (12, 16, 20, 24, 26, 32, 64, 256):
    FAULTS[f"limit: {_files} open files"] = _limited(f"ulimit -n {_files};", "Too many open files")
for _blocks, _words in ((1, "File too large"), (100, "File too large"), (2000, "File too large")):
    FAULTS[f"limit: files of {_blocks} blocks"] = _limited(f"ulimit -f {_blocks};", _words)
for _kilobytes in (200_000, 800_000, 1_500_000):
    # a C library may end the process (127, -6)
    FAULTS[f"limit: {_kilobytes} kB of memory"] = _limited(f"ulimit -v {_kilobytes};", status=(-9, -6, 127, 1, 0))
_PLACES = {
    "TMPDIR is missing": ("TMPDIR=/nowhere/at-all;",),
    "TMPDIR is too long for sockets": (
        "mkdir -p {fault.folder}/" + "x" * 90 + "; TMPDIR={fault.folder}/" + "x" * 90 + ";",
    ),
    "TMPDIR is a file": ("touch {fault.folder}/file; TMPDIR={fault.folder}/file;",),
    "TMPDIR is read-only": ("mount -t tmpfs -o ro none {fault.temporary};",),
    "TMPDIR is full": ("mount -t tmpfs -o size=4k none {fault.temporary}; echo x > {fault.temporary}/x;",),
    "TMPDIR has 64 kB": ("mount -t tmpfs -o size=64k none {fault.temporary};", "No space left"),
    "TMPDIR has no inodes": ("mount -t tmpfs -o nr_inodes=4 none {fault.temporary};", "inode"),
    "no /dev/shm": ("mount -t tmpfs -o ro,size=0 none /dev/shm;", "semaphore"),
    "the output is read-only": (
        "mount --bind -o ro {fault.output} {fault.output}; mount -o remount,ro,bind {fault.output};",
        "Read-only",
    ),
    "HOME is missing": ("HOME=/nowhere;",),
    "no standard input": ("exec <&-;",),
    "no git": ("PATH=/nowhere;",),
}
for _name, (_before, *_said) in _PLACES.items():
    FAULTS[f"place: {_name}"] = _limited(_before, *_said, namespace="mount " in _before)


# ---- manifests damaged by hand, and what stands in the way


def _damaged(damage: Callable[[Path], object]) -> Check:
    def check(fault: Fault) -> Iterator[str]:
        status, said = fault.batch()
        yield from problems(fault, status, said, 0)
        path = fault.output / "manifest.json"
        good = path.read_text()
        path.unlink()
        damage(path)
        status, said = fault.batch()
        yield from problems(fault, status, said, 0)
        if not json.loads(path.read_text())["reports"]:
            yield "the manifest is not made again"
        if good == path.read_text():
            yield "the damage had no effect"

    return check


def _folder_with_file(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("of the user")


def _edited(path: Path, **values: object) -> None:
    entry = {"name": "quick", "files": {"report.html": "x"}, "status": "built", "inputs": "", **values}
    path.write_text(
        json.dumps({"schema": 1, "code": 3, "cohorts": [1], "times": {"seconds": {"quick": "x"}}, "reports": [entry]})
    )


_DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.touch(),
    "truncated": lambda path: path.write_text('{"schema": 1, "reports": [{"name"'),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "a list": lambda path: path.write_text("[1, 2]"),
    "null": lambda path: path.write_text("null"),
    "wrong types": _edited,
    "other wrong types": lambda path: _edited(path, name=3, files=[1]),
    "half of a pair of surrogates": lambda path: _edited(path, title="\ud800"),
    "a folder": lambda path: path.mkdir(),
    "a folder with a file": _folder_with_file,
    "a link to nothing": lambda path: path.symlink_to("/nowhere"),
    "deep nesting": lambda path: path.write_text("[" * 100_000 + "]" * 100_000),
    "huge numbers": lambda path: path.write_text(
        '{"reports": [' + "9" * 10_000 + '], "times": {"seconds": {"quick": 1e999}}}'
    ),
    "the manifest of another program": lambda path: path.write_text('{"name": "app", "icons": []}'),
    "a pipe": os.mkfifo,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "not a number": lambda path: path.write_text('{"reports": [NaN], "times": {"seconds": {"quick": NaN}}}'),
    "UTF-16": lambda path: path.write_text('{"reports": []}', encoding="utf-16"),
}
for _name, _damage in _DAMAGES.items():
    FAULTS[f"manifest: {_name}"] = _damaged(_damage)


def _at_once(*commands: str) -> Check:
    def check(fault: Fault) -> Iterator[str]:
        for name in ("quick", "other"):
            fault.write(name, "import time\ntime.sleep(3)")
        fault.list("quick", "other")
        files = {"batch": "batch.yml", "quick": "quick.ipynb", "other": "other.ipynb"}
        started = []
        for name in commands:
            command = "batch" if name == "batch" else "report"
            started.append(fault.start(command, str(fault.folder / files[name]), "--output", str(fault.output)))
        said = [process.communicate()[0] for process in started]
        if sorted(process.returncode for process in started) != [0, 2] or "is writing there" not in "".join(said):
            yield f"not one built and one refused: {said}"
        yield from swept(fault)

    return check


for _first, _second in (("batch", "batch"), ("quick", "batch"), ("quick", "quick"), ("quick", "other")):
    FAULTS[f"at once: {_first} and {_second}"] = _at_once(_first, _second)


def _in_the_way(prepare: Callable[[Fault], Path], expected: int = 2) -> Check:
    """Refuse to write where a file of the user would be lost; `prepare` returns that file."""

    def check(fault: Fault) -> Iterator[str]:
        kept = prepare(fault)
        for command in ("batch", "report"):
            words = (str(fault.folder / "batch.yml"),) if command == "batch" else (str(fault.folder / "quick.ipynb"),)
            status, said = fault.run(command, *words, "--output", str(fault.output))
            yield from problems(fault, status, said, expected if command == "batch" else (0, expected))
            if kept.read_text() != "kept":
                yield f"{command} changed the file of the user"

    return check


def _kept(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("kept")
    return path


def _linked(fault: Fault) -> Path:
    kept = _kept(fault.folder / "elsewhere" / "report.html")
    (fault.output / "quick").symlink_to(kept.parent)
    return kept


@fault("in the way: an output that is a link to nothing")
def _lost_output(fault: Fault) -> Iterator[str]:
    (fault.output / "link").symlink_to("nowhere")
    status, said = fault.run("batch", str(fault.folder / "batch.yml"), "--output", str(fault.output / "link"))
    yield from problems(fault, status, said, 2, "link: is a link that leads to no folder")


@fault("in the way: a report with a file that can't be deleted")
def _immutable(fault: Fault) -> Iterator[str]:
    status, said = fault.batch()
    yield from problems(fault, status, said, 0)
    subprocess.run(["chattr", "+i", fault.output / "quick" / "report.html"], check=True)
    try:
        for expected, words in ((0, ()), (1, ("can't be deleted", "remains and may be out of date"))):
            status, said = fault.batch("--force")
            yield from problems(fault, status, said, expected, *words)
    finally:
        subprocess.run(["chattr", "-i", *fault.output.glob(".crps-old-quick/report.html")], check=True)
    yield from swept(fault)


def _foreign_index(fault: Fault) -> Path:
    return _kept(fault.output / "index.html")


FAULTS["in the way: a folder with a file of the user"] = _in_the_way(lambda f: _kept(f.output / "quick" / "notes.txt"))
FAULTS["in the way: a folder with a report of another program"] = _in_the_way(
    lambda f: _kept(f.output / "quick" / "report.html")
)
FAULTS["in the way: a file in a folder of tables"] = _in_the_way(lambda f: _kept(f.output / "quick/tables/mine.txt"))
FAULTS["in the way: a plain file"] = _in_the_way(lambda f: _kept(f.output / "quick"))
FAULTS["in the way: a link to a folder"] = _in_the_way(_linked)
FAULTS["in the way: the index of another site"] = _in_the_way(_foreign_index)
FAULTS["in the way: a folder that only looks temporary"] = _in_the_way(
    lambda f: _kept(f.output / ".quick-notes" / "notes.txt"), 0
)


def results() -> dict[str, list[str]]:
    """Return of each fault when it was tried last, and the result."""
    with RESULTS.open(newline="") as file:
        return {name: row for name, *row in list(csv.reader(file))[1:]}


def _record(name: str, result: str) -> None:
    old = {**results(), name: [datetime.date.today().isoformat(), result]}
    with RESULTS.open("w", newline="") as file:
        rows = [(name, *old[name]) for name in FAULTS if name in old]
        csv.writer(file, lineterminator="\n").writerows([("fault", "tried", "result"), *rows])


def main() -> int:
    """Try all faults whose name matches the pattern; return the number that were not survived."""
    pattern = sys.argv[1] if len(sys.argv) > 1 else "*"
    tried = [name for name in FAULTS if fnmatch.fnmatchcase(name, pattern)]
    lost = 0
    for number in (signal.SIGINT, signal.SIGHUP):  # a shell lets programs in the background ignore them
        signal.signal(number, signal.SIG_DFL)
    for name in tried:
        with tempfile.TemporaryDirectory(prefix="fault-") as folder:
            wrong = list(FAULTS[name](Fault(Path(folder))))
        lost += bool(wrong)
        result = "not survived" if wrong else "survived"
        _record(name, result)
        print(f"{result}: {name}", *wrong, sep="\n    ", flush=True)
    print(f"{len(tried)} tried, {len(tried) - lost} survived.")
    return lost


if __name__ == "__main__":
    sys.exit(min(main(), 1))
