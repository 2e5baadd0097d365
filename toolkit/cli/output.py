"""What a command prints: a text for people, or one JSON document; progress for terminals only."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from toolkit.errors import ToolkitError

__all__ = ["Output"]


class Output:
    """Prints results to standard output, and errors and progress to standard error."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json

    def result(self, data: Any, render: Callable[[], None]) -> None:
        """One result: `data` as JSON where asked for, else whatever `render` prints."""
        if self.json:
            sys.stdout.write(jsonlib.dumps(data, indent=1, ensure_ascii=False) + "\n")
        else:
            render()

    def line(self, text: str = "") -> None:
        """A line for people; nothing in JSON mode."""
        if not self.json:
            sys.stdout.write(text + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
        """A table for people. Columns named with a trailing `>` are aligned right."""
        if self.json:
            return
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(
            title=title or None, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
        )
        for name in columns:
            right = name.endswith(">")
            table.add_column(name.rstrip(">"), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(str(cell)) for cell in row))
        # In a pipe there is no width to fit: nothing may be cut or folded there.
        width = None if sys.stdout.isatty() else 400
        Console(file=sys.stdout, width=width, highlight=False).print(table)

    def error(self, error: ToolkitError) -> None:
        """What went wrong, on standard error."""
        if self.json:
            sys.stderr.write(jsonlib.dumps({"error": error.to_json()}, indent=1, ensure_ascii=False) + "\n")
        else:
            sys.stderr.write(f"issuance: {error.message}\n")

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show that long work goes on, on a terminal; silent in a pipe. Yields a function to name the step."""
        if not sys.stderr.isatty() or self.json:
            yield lambda _step: None
            return
        from rich.console import Console

        with Console(file=sys.stderr).status(what) as status:
            yield lambda step: status.update(f"{what}: {step}")
