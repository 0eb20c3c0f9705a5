"""Pandoc as the reports use it: the same as its command, one process for all texts, none left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pypandoc
import pytest
from test_reporting_warm import gone

from analysis.paths import ROOT
from analysis.reporting import ReportError, pandoc, pandoc_process
from analysis.reporting.pandoc_process import Converter

NO_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

MARKDOWN = """# Heading {#anchor .kind key=value}

Mr. Smith, e.g., pp. 3 of "Ketamine" -- it's 5 \\* 3... $x^2 + \\alpha$ and[^1] [@kiefer2008; @goldberg2005, p. 3].

$$\\int_0^1 f(x)\\, dx$$ and $\\notacommand{x$

[^1]: The note.

```python
def f(x):\t# a tab
\treturn "x"
```

- [x] done
- a

  b

| a<b | c |
|:----|--:|
| 1   | 2 |

> A quotation.\r
> Its second line.

![A picture](attachment:x.png){width=50%} <https://a.example> a<b & \\<script>

Term
:   What it means

***
"""


@pytest.fixture
def converter():
    """A pandoc of its own."""
    made = Converter()
    yield made
    made.close()


def command(text: str, *arguments: str) -> str:
    """What the command `pandoc` makes of a text."""
    program = pypandoc.get_pandoc_path()
    return subprocess.run([program, *arguments], input=text.encode(), capture_output=True, check=True).stdout.decode()


def test_reads_as_the_command_does():
    read = pandoc.read({"one": MARKDOWN, "two": "Words"})
    assert read[0]["one"] == json.loads(command(MARKDOWN, "-f", pandoc.READER, "-t", "json"))["blocks"]


@pytest.mark.parametrize(("to", "options"), [("html5", ["--mathml"]), ("typst-citations", [])])
def test_writes_as_the_command_does(to, options):
    blocks, version = pandoc.read({"one": MARKDOWN})
    document = pandoc.whole(blocks["one"], version, {"lang": {"t": "MetaString", "c": "en-GB"}})
    assert pandoc.write(blocks["one"], to, version) == command(
        document, "-f", "json", "-t", to, "--wrap=none", *options
    )


def test_a_refusal_has_the_words_of_pandoc_and_it_goes_on(converter):
    assert converter.convert("*a*", "markdown", "html") == "<p><em>a</em></p>"
    first = converter.process.pid
    with pytest.raises(ReportError, match=r"^pandoc: JSON parse error: Unexpected end-of-input"):
        converter.convert("{", "json", "html")
    with pytest.raises(ReportError, match=r"^pandoc: Unknown output format papyrus$"):
        converter.convert("a", "markdown", "papyrus")
    assert converter.convert("line\u2028\n\nend\x00\x1a", "markdown", "plain") == "line\u2028\n\nend\x00\x1a\n"
    assert converter.process.pid == first


def test_one_that_was_killed_is_followed_by_another(converter):
    converter.convert("a", "markdown", "html")
    first = converter.process
    first.kill()
    first.wait()
    assert converter.convert("b", "markdown", "html") == "<p>b</p>"
    assert converter.process.pid != first.pid


def test_one_that_ends_without_an_answer_is_told(converter, monkeypatch):
    def dying() -> subprocess.Popen[bytes]:
        code = "import sys; sys.stdin.readline(); sys.exit(3)"
        return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    with monkeypatch.context() as patch:
        patch.setattr(pandoc_process, "_started", dying)
        with pytest.raises(ReportError, match=r"pandoc ended without an answer \(status 3\): killed, crashed"):
            converter.convert("a", "markdown", "html")
    assert converter.convert("b", "markdown", "html") == "<p>b</p>"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer here")
def test_the_answer_to_an_interrupted_question_is_nobody_elses(converter):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    converter.convert("a", "markdown", "html")
    os.kill(converter.process.pid, signal.SIGSTOP)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            converter.convert("first", "markdown", "html")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert converter.convert("second", "markdown", "html") == "<p>second</p>"


def test_threads_get_their_own_answers(converter):
    found = {}

    def ask(number: int) -> None:
        found[number] = converter.convert(f"number {number}", "markdown", "html")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"<p>number {number}</p>" for number in range(8)}


@NO_FORK
def test_a_fork_has_its_own():
    code = """
import os
from analysis.reporting.pandoc_process import Converter
converter = Converter()
converter.convert("a", "markdown", "html")
first, pipes = converter.process.pid, [converter.process.stdin.fileno(), converter.process.stdout.fileno()]
if child := os.fork():
    assert os.waitpid(child, 0)[1] == 0
    assert converter.convert("b", "markdown", "html") == "<p>b</p>" and converter.process.pid == first
    print("both")
else:
    for pipe in pipes:
        try:
            os.fstat(pipe)
        except OSError:
            continue
        os._exit(1)
    answer = converter.convert("c", "markdown", "html")
    os._exit(0 if answer == "<p>c</p>" and converter.process.pid != first else 2)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.stdout, done.returncode) == ("both\n", 0), done.stderr


@pytest.mark.parametrize("end", ["sys.exit()", pytest.param("os.kill(os.getpid(), signal.SIGKILL)", marks=NO_FORK)])
def test_it_ends_with_its_owner(end):
    code = f"""
import os, signal, sys
from analysis.reporting.pandoc_process import Converter
converter = Converter()
converter.convert("a", "markdown", "html")
print(converter.process.pid, flush=True)
{end}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert not done.stderr
    assert gone(int(done.stdout))
