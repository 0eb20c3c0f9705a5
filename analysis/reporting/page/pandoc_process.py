"""One pandoc that stays and converts all texts of this process: one started for each text would spend most of its time
on asking for memory.

It runs template/pandoc.lua and ends when its standard input does: with this process, however that ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path

from analysis.reporting import ReportError

_SCRIPT = Path(__file__).parent / "template" / "pandoc.lua"


class Converter:
    """Pandoc, started when it is first asked, and again if it has died."""

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)  # a fork starts its own

    def _forget(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def start(self) -> None:
        """Makes it ready to be asked."""
        with self.lock:
            self._alive()

    def convert(self, text: str, reader: str, writer: str, cite: bool = False) -> str:
        """Return what pandoc makes of the text. Raises ReportError with pandoc's own words if it can't.

        reader, writer: formats in pandoc's words, with their extensions. cite: whether citations get their words and
        the works cited are listed, as the text's metadata say.
        """
        request = {"text": text, "from": reader, "to": writer, "cite": cite}
        line = json.dumps(request, ensure_ascii=False).encode() + b"\n"
        with self.lock:
            try:
                answer = json.loads(self._answered(line))
            except BaseException:  # interrupted, too: whoever asks next must not get this one's answer
                self.close()
                raise
        if not answer["ok"]:
            raise ReportError(f"pandoc: {' '.join(answer['text'].split())}")
        return answer["text"]

    def _alive(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.process = _started()
        return self.process

    def _answered(self, line: bytes) -> bytes:
        process = self._alive()
        try:
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:  # nobody reads it
            answer = b""
        if not answer:
            status = process.wait()
            raise ReportError(f"pandoc ended without an answer (status {status}): killed, crashed or out of memory")
        return answer

    def close(self) -> None:
        """Ends it; the next text starts another."""
        if self.process is not None:
            process, self.process = self.process, None
            process.kill()
            process.communicate()


def _started() -> subprocess.Popen[bytes]:
    import pypandoc

    program = pypandoc.get_pandoc_path()
    # the command `pandoc` reads them from its own data, its Lua doesn't
    abbreviations = subprocess.run(
        [program, "--print-default-data-file=abbreviations"], capture_output=True, check=True, encoding="utf-8"
    ).stdout
    # -E: without somebody's own settings of Lua. What it warns of (mathematics that it leaves as TeX) stays unsaid.
    return subprocess.Popen(
        [program, "lua", "-E", str(_SCRIPT), abbreviations],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
