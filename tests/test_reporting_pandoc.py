"""Pandoc in one process for all texts: the same results as its command, and no process left at the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading

import pypandoc
import pytest
from processes import gone

from analysis.exhibit import visible
from analysis.paths import ROOT
from analysis.reporting import ReportError
from analysis.reporting.page import pandoc, pandoc_process
from analysis.reporting.page.pandoc_process import Converter
from analysis.reporting.page.references import with_references
from analysis.reporting.page.text_pieces import READER, Piece, read_pieces

NO_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

MARKDOWN = """# Heading

Mr. Smith, "Ketamine" -- it's 5 \\* 3... and[^1].

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

> A quotation.
> Its second line.

![A picture](attachment:x.png) <https://a.example> a\\<b & \\<script>

***
"""


CITATIONS = """[@wilson1927, p. 3 and more words; see also @turnbull1976 chap. 4]. @wilson1927 [pp. 3-5, see it].

[-@wilson1927, {figure 3} and on]. [see @wilson1927 vol. II and *it*, 99]. [@wilson1927 p. 3
and more, @turnbull1976, chapter 4 of that]
"""


@pytest.fixture
def converter():
    """Yield a separate converter."""
    made = Converter()
    yield made
    made.close()


def command(text: str, *arguments: str) -> str:
    """Return the output of the command `pandoc`."""
    program = pypandoc.get_pandoc_path()
    return subprocess.run([program, *arguments], input=text.encode(), capture_output=True, check=True).stdout.decode()


def test_reads_as_the_command_does():
    pieces = [Piece(MARKDOWN), Piece("Words")]
    read_pieces(pieces, frozenset())
    assert pieces[0].blocks == json.loads(command(MARKDOWN, "-f", READER, "-t", "json", "--preserve-tabs"))["blocks"]


@pytest.mark.parametrize(("to", "options"), [("html5", ["--mathml"]), ("typst-citations", [])])
def test_writes_as_the_command_does(to, options):
    piece = Piece(MARKDOWN)
    read_pieces([piece], frozenset())
    raws = [pandoc.raw(kind, f" <i>\n\n{kind} \ue0007\ue000\\1 </i>") for kind in ("html", "typst", "html", "typst")]
    last = [{"t": "BlockQuote", "c": [raws[2]]}, raws[3], {"t": "HorizontalRule"}]
    shown = [raws[0], raws[1], *piece.blocks, *last]
    document = json.loads(command(MARKDOWN, "-f", READER, "-t", "json", "--preserve-tabs"))
    document["blocks"] = [raws[0], raws[1], *document["blocks"], *last]
    document["meta"] = {"lang": {"t": "MetaString", "c": "en-GB"}}
    expected = command(json.dumps(document), "-f", "json", "-t", to, "--wrap=none", *options)
    assert pandoc.write_blocks({"one": shown}, to) == {"one": expected}


def test_pieces_are_separated_whatever_they_contain():
    pieces = {"one": Piece(visible("a\x1eone\x1eb")), "two": Piece(""), "three": Piece("# Last")}
    read_pieces(list(pieces.values()), frozenset())
    blocks = {name: piece.blocks for name, piece in pieces.items()}
    blocks["two"] = [pandoc.raw("html", "<hr>\n\n"), *blocks["two"]]
    written = pandoc.write_blocks(blocks, "html5")
    assert written["one"] == "<p>a⟨U+001E⟩one⟨U+001E⟩b</p>\n"
    assert written["two"].strip() == "<hr>"
    assert list(written) == ["one", "two", "three"]


def test_citations_with_pages_get_their_words():
    piece, nodes = Piece(CITATIONS), []
    read_pieces([piece], frozenset({"wilson1927", "turnbull1976"}))
    pandoc.walk(piece.blocks, {"Cite": lambda node: nodes.append(node) or node})
    listed = with_references(nodes, ["wilson1927", "turnbull1976"])
    shown = {"one": [pandoc.paragraph([node]) for node in nodes] + listed}
    assert "Wilson 1927 3</a> and more words; see also" in pandoc.write_blocks(shown, "html5")["one"]


def test_a_refusal_has_the_words_of_pandoc_and_it_goes_on(converter):
    assert converter.convert("*a*", "markdown", "html") == "<p><em>a</em></p>"
    first = converter.process.pid
    with pytest.raises(ReportError, match=r"^pandoc: JSON parse error: Unexpected end-of-input"):
        converter.convert("{", "json", "html")
    with pytest.raises(ReportError, match=r"^pandoc: Unknown output format papyrus$"):
        converter.convert("a", "markdown", "papyrus")
    assert converter.convert("line\u2028\n\nend\x00\x1a", "markdown", "plain") == "line\u2028\n\nend\x00\x1a\n"
    assert converter.process.pid == first


def test_lua_settings_of_the_user_are_ignored(converter, monkeypatch):
    monkeypatch.setenv("LUA_INIT", "print('hello')")
    assert converter.convert("a", "markdown", "html") == "<p>a</p>"


def test_a_killed_process_is_replaced(converter):
    converter.convert("a", "markdown", "html")
    first = converter.process
    first.kill()
    first.wait()
    assert converter.convert("b", "markdown", "html") == "<p>b</p>"
    assert converter.process.pid != first.pid


@pytest.mark.parametrize("reads", [True, False])
def test_a_process_that_ends_without_an_answer_is_reported(reads, converter, monkeypatch):
    def dying() -> subprocess.Popen[bytes]:
        code = f"import sys; {reads} and sys.stdin.readline(); sys.exit(3)"
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return process if reads or process.wait() == 3 else None

    with monkeypatch.context() as patch:
        patch.setattr(pandoc_process, "_started", dying)
        with pytest.raises(ReportError, match=r"pandoc ended without an answer \(status 3\): killed, crashed"):
            converter.convert("a", "markdown", "html")
    assert converter.convert("b", "markdown", "html") == "<p>b</p>"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer here")
def test_the_answer_to_an_interrupted_request_is_discarded(converter):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    converter.convert("a", "markdown", "html")
    first = converter.process.pid
    os.kill(first, signal.SIGSTOP)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            converter.convert("first", "markdown", "html")
    finally:
        signal.signal(signal.SIGALRM, before)
        with contextlib.suppress(ProcessLookupError):
            os.kill(first, signal.SIGCONT)
    assert converter.convert("second", "markdown", "html") == "<p>second</p>"


def test_threads_get_their_own_answers(converter):
    found = {}
    begin = threading.Barrier(8)

    def ask(number: int) -> None:
        begin.wait()
        found[number] = {converter.convert(f"number {number}", "markdown", "html") for _ in range(20)}

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {f"<p>number {number}</p>"} for number in range(8)}


@NO_FORK
def test_a_forked_process_has_its_own_pandoc():
    code = """
import os
from analysis.reporting.page.pandoc_process import Converter
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
def test_pandoc_ends_with_its_owner(end):
    code = f"""
import os, signal, sys
from analysis.reporting.page.pandoc_process import Converter
converter = Converter()
converter.convert("a", "markdown", "html")
print(converter.process.pid, flush=True)
{end}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert not done.stderr
    assert gone(int(done.stdout))
