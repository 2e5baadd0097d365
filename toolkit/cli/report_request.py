"""What a report is asked for on the command line, and the places that its inputs may come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.reporting.closed_days import ClosedDays
    from toolkit.reporting.profiles import RegulatorProfile
    from toolkit.reporting.reports.content import Period
    from toolkit.reporting.reports.values import Model

__all__ = ["Places", "Request"]

F = TypeVar("F", bound="Model")


@dataclass(frozen=True)
class Places:
    """Where else than in the ledger's closed days a report's inputs are, as far as the command line says.

    `record` and `rpc` open the deployment, `terms` and `share_class` a fund's desk, `funds` and `suites` the
    issuer's other contracts. `reader` is the person who reads what compliance alone may see.
    """

    ledger: str
    record: Path | None = None
    rpc: str | None = None
    terms: Path | None = None
    share_class: str | None = None
    funds: tuple[Path, ...] = ()
    suites: tuple[str, ...] = ()
    reader: str = ""
    personal: bool = False

    def deployment(self, kind: str) -> tuple[Path, str]:
        """Record and node. Raises InvalidInput where one isn't given."""
        if self.record is None or self.rpc is None:
            raise InvalidInput(f"{kind} is read from the chain: give --record and --rpc", kind=kind)
        return self.record, self.rpc

    def fund(self, kind: str) -> tuple[Path, str]:
        """Terms and class of a fund. Raises InvalidInput where one isn't given."""
        if self.terms is None or self.share_class is None:
            raise InvalidInput(f"{kind} is of a share class: give --fund-terms and --class", kind=kind)
        return self.terms, self.share_class


@dataclass(frozen=True)
class Request:
    """What a report is asked for: a kind, a period, a profile, and where its inputs are.

    `given` is the JSON document that some kinds need besides the ledger. `inputs` collects what the report
    was made from, by name, as sha256; `files` what belongs to the report and isn't in its document, by the
    end of the file's name. `by` is the person who makes it.
    """

    kind: str
    period: Period
    profile: RegulatorProfile
    ledger: Ledger
    days: ClosedDays
    given: Path | None
    inputs: dict[str, str]
    places: Places = field(default_factory=lambda: Places(""))
    by: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def cut_off(self) -> datetime:
        """The last instant of the period."""
        from toolkit.reporting.schedule import cut_off_of

        return cut_off_of(self.profile, self.period.end)

    @property
    def opened(self) -> datetime:
        """The cut-off before the period's first day."""
        from toolkit.reporting.schedule import cut_off_of

        return cut_off_of(self.profile, self.period.start - timedelta(days=1))

    @property
    def subject(self) -> str:
        """What the report is about in its id: the books, and of a fund's report the share class too."""
        market = self.days.market
        if self.kind not in ("fund_dealing", "holder_register"):
            return market
        return f"{market}-{self.places.fund(self.kind)[1]}"

    def last_day(self) -> Any:
        """The figures of the period's last day, which is closed. Raises BooksNotClosed."""
        day = self.days.figures(self.period.end)
        self.inputs["figures"] = day.sha256
        return day

    def read_given(self) -> dict[str, Any]:
        """The JSON document given. Raises InvalidInput without one."""
        from toolkit.cli.files import read_json

        if self.given is None:
            raise InvalidInput(f"{self.kind} needs a file besides the ledger: give --with FILE")
        found = read_json(self.given, what=f"the input of {self.kind}")
        self.note("given", found)
        return found

    def read_facts(self, facts: type[F]) -> F:
        """The JSON document given, as what it has to state. Raises InvalidInput naming all that is wrong."""
        import json

        from pydantic import ValidationError

        from toolkit.reporting.reports.values import problems

        try:
            return facts.model_validate_json(json.dumps(self.read_given()))
        except ValidationError as error:
            raise InvalidInput(
                f"{self.given} can't be used for {self.kind}: {'; '.join(problems(error))}", kind=self.kind
            ) from error

    def note(self, name: str, data: Any) -> None:
        """Adds what the report is made from to its inputs."""
        from toolkit.reporting.report import digest

        self.inputs[name] = digest({name: data})
