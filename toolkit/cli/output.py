"""What a command prints: a text for people, or one JSON document; progress for terminals only."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from toolkit.errors import ToolkitError

__all__ = ["Output", "as_json"]


class Output:
    """Prints results to standard output, and errors, warnings and progress to standard error."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json

    def result(self, data: Any, render: Callable[[], None]) -> None:
        """One result: `data` as JSON where asked for, else whatever `render` prints."""
        if self.json:
            sys.stdout.write(as_json(data))
        else:
            render()

    def line(self, text: str = "") -> None:
        """A line for people, at once also in a pipe; nothing in JSON mode."""
        if not self.json:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, indent: str = "") -> None:
        """A table for people, each column as wide as what is in it: nothing is cut or folded.

        Columns named with a trailing `>` are aligned right.
        """
        names = [name.rstrip(">") for name in columns]
        cells = [[_printable(str(cell)) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]

        def aligned(row: Sequence[str]) -> str:
            parts = (
                text.rjust(width) if column.endswith(">") else text.ljust(width)
                for text, width, column in zip(row, widths, columns, strict=True)
            )
            return indent + "  ".join(parts).rstrip()

        self.line(aligned(names))
        self.line(aligned(["-" * width for width in widths]))
        for row in cells:
            self.line(aligned(row))

    def error(self, error: ToolkitError) -> None:
        """What went wrong, on standard error."""
        text = as_json({"error": error.to_json()}) if self.json else f"issuance: {error.message}\n"
        sys.stderr.write(text)

    def notice(self, text: str) -> None:
        """What a person has to know besides the result, on standard error; JSON has it in the document."""
        if not self.json:
            sys.stderr.write(f"issuance: {text}\n")

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal that long work goes on; nothing in a pipe. Yields what names the step."""
        if not sys.stderr.isatty() or self.json:
            yield lambda _step: None
            return
        from rich.console import Console
        from rich.text import Text

        with Console(file=sys.stderr).status(what) as status:
            yield lambda step: status.update(Text(f"{what}: {step}"))


def as_json(data: Any) -> str:
    """`data` as indented JSON with a final newline, the form of every file and document of the command."""
    return jsonlib.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _printable(text: str) -> str:
    """What came from outside (a label, a client's order id) must not steer the terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
