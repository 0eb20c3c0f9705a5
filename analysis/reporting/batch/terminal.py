"""Words about a batch for a terminal: its progress while it runs, its table at the end."""

from __future__ import annotations

import sys
import textwrap

import click

from analysis.reporting.batch.build import Outcome, Watcher
from analysis.reporting.batch.folder import earlier_words
from analysis.wording import counted


class BatchProgress(Watcher):
    """Shows a bar with the names of the running reports on a terminal, one line for each report elsewhere."""

    def __init__(self, quiet: bool) -> None:
        """quiet: show nothing, only count."""
        self.quiet, self.total, self.count, self.bar = quiet, 0, 0, None
        self.running: list[str] = []

    def begin(self, to_build: list[str], unchanged: int) -> None:
        """Show how many are up to date; open the bar."""
        self.total = len(to_build)
        if self.quiet:
            return
        if unchanged:
            click.echo(f"{unchanged} report{'s are' if unchanged != 1 else ' is'} up to date.", err=True)
        if to_build and sys.stderr.isatty():
            from tqdm import tqdm

            form = "{n_fmt}/{total_fmt} |{bar}| {elapsed}, {remaining} left{postfix}"
            self.bar = tqdm(total=self.total, bar_format=form, smoothing=0, file=sys.stderr, dynamic_ncols=True)

    def started(self, name: str) -> None:
        """Add a name to the bar."""
        self.running.append(name)
        self._show()

    def finished(self, outcome: Outcome) -> None:
        """Advance the bar or print a line."""
        self.count += 1
        name, word = outcome.entry["name"], "built" if outcome.ok else "FAILED"
        self.running = [other for other in self.running if other != name]
        if self.bar is not None:
            self.bar.update()
            self._show()
        elif not self.quiet:
            click.echo(f"[{self.count}/{self.total}] {word} {name} ({outcome.seconds:.1f} s)", err=True)

    def noted(self, message: str) -> None:
        """Print the sentence."""
        click.echo(message, err=True)

    def stopped(self) -> str:
        """Close the bar; return a sentence about the reports that were finished."""
        self.close()
        return f"Stopped with {counted(self.count, 'report')} finished; the next run builds the others."

    def close(self) -> None:
        """Close the bar."""
        if self.bar is not None:
            self.bar.close()

    def _show(self) -> None:
        if self.bar is not None:
            self.bar.set_postfix_str(" ".join(self.running))


def batch_summary(outcomes: list[Outcome], width: int) -> str:
    """Return a table with a line for each report and the reason of each failure, and a sentence that counts them.

    width: characters of a line.
    """
    name_width = max(len(outcome.entry["name"]) for outcome in outcomes)
    lines = ["", f"{'report':<{name_width}}  status      seconds"]
    for outcome in outcomes:
        entry = outcome.entry
        word = "up to date" if outcome.unchanged else entry["status"]
        seconds = "" if outcome.unchanged else f"{outcome.seconds:7.1f}"
        lines.append(f"{entry['name']:<{name_width}}  {word:<10}  {seconds}".rstrip())
        for text in (entry["reason"], earlier_words(entry), *map("Warning: {}".format, entry["warnings"])):
            lines += [f"    {line}" for line in textwrap.wrap(text, width - 4)]
    failed = sum(not outcome.ok for outcome in outcomes)
    unchanged = sum(outcome.unchanged for outcome in outcomes)
    warnings = sum(len(outcome.entry["warnings"]) for outcome in outcomes)
    warned = f" {warnings} warning{'s' if warnings != 1 else ''}: see above." if warnings else ""
    earlier = f", {unchanged} of them earlier and up to date" if unchanged else ""
    failures = f", {failed} failed" if failed else ""
    lines += ["", f"{len(outcomes) - failed} of {len(outcomes)} reports built{earlier}{failures}.{warned}"]
    return "\n".join(lines)
