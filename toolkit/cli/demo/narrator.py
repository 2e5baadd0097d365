"""What the demo says, and how it insists that a refusal is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.reserves.tracker import ReserveStatus

__all__ = ["DemoFailed", "Narrator"]


class DemoFailed(ToolkitError):
    """The demo did not go as it has to: something was allowed, or figures differ."""

    code: ClassVar[str] = "demo_failed"


class Narrator:
    """Prints for people and keeps the facts for `--json`."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.facts: list[dict[str, Any]] = []
        self._act = 0

    def act(self, title: str) -> None:
        """Begin an act."""
        self._act += 1
        self.output.line()
        heading = f"{self._act}. {title}"
        self.output.line(heading)
        self.output.line("-" * len(heading))

    def say(self, text: str, **facts: Any) -> None:
        """A line, and what it stands on."""
        self.output.line(f"   {text}")
        self.facts.append({"act": self._act, "text": text, **facts})

    @contextmanager
    def refusal(self, what: str, *errors: type[ToolkitError]) -> Iterator[None]:
        """Insist that the block is refused with one of `errors`, and show the words."""
        try:
            yield
        except errors as error:
            self.say(f"refused: {what}", error=error.to_json())
            self.output.line(f"      {type(error).__name__}: {error.message}")
            return
        raise DemoFailed(f"{what} was allowed; {', '.join(error.__name__ for error in errors)} was expected")

    def backing(self, status: ReserveStatus, after: str) -> None:
        """Outstanding, payable, headroom and coverage on one line each."""
        coverage = "no liabilities" if status.coverage_bps is None else f"{status.coverage_bps} bps"
        self.say(f"after {after}:", status=status.to_json())
        for name, value in (
            ("outstanding", status.outstanding.display()),
            ("payable", status.payable.display()),
            ("reserve", status.reserve.display()),
            ("headroom", status.headroom.display()),
            ("coverage", coverage),
        ):
            self.output.line(f"      {name:<12}{value:>28}")

    def require(self, condition: bool, what: str) -> None:
        """Insist on `what`."""
        if not condition:
            raise DemoFailed(what)
