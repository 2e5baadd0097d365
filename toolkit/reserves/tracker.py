"""The reserve as the chain has it, recomputed: nothing the contracts say of themselves is taken on trust.

`ReserveTracker.status` works out headroom and coverage from the totals and the attestation and compares
them with the contract's own; `history` replays the feed's events, checks each round against its stored
data and verifies every signature again; `supply_from_events` adds up every transfer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.amounts import Amount
from toolkit.bindings.events import Discharged, Transfer
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.structs import Reading, Supply
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.hexes import to_hex
from toolkit.errors import InconsistentNode, InvalidInput

if TYPE_CHECKING:
    from toolkit.bindings.token import Stablecoin
    from toolkit.chain.client import Block, BlockRef
    from toolkit.reserves.history import VerifiedRound

__all__ = ["DEFAULT_WARNING_AGE", "FiguresDisagree", "Notice", "ReserveStatus", "ReserveTracker"]

DEFAULT_WARNING_AGE = Fraction(20, 26)
"""Share of the maximum age from which a status warns: 20 hours where an attestation is good for 26."""

_BPS = 10_000


class FiguresDisagree(InconsistentNode):
    """A figure recomputed from its parts is not the one that the contract or its views give."""

    code: ClassVar[str] = "figures_disagree"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to act on: `alarm` when holders are not covered as they should be, else a warning."""

    code: str
    alarm: bool
    message: str


@dataclass(frozen=True, slots=True)
class ReserveStatus:
    """All figures of one coin at one block.

    Token amounts are in the coin, `reserve` and `shortfall` in its currency at the coin's decimals.
    `coverage_bps` is the reserve over the liabilities, both as of the last attestation, in basis points
    rounded down: None when there are no liabilities, 0 when there are and nothing was attested.
    `as_of`, `fresh_until`, `report` and `age` (seconds from `as_of` to the block's time) are None until
    something was attested; `fresh_until` also while the feed is suspended.
    """

    outstanding: Amount
    minted: Amount
    burned: Amount
    payable: Amount
    discharged: Amount
    reserve: Amount
    ceiling: Amount
    headroom: Amount
    shortfall: Amount | None
    coverage_bps: int | None
    buffer_bps: int
    round: int
    as_of: datetime | None
    report: bytes | None
    age: int | None
    max_age: int
    fresh_until: datetime | None
    fresh: bool
    suspended: bool
    warnings: tuple[Notice, ...]
    block: Block

    @property
    def alarms(self) -> tuple[Notice, ...]:
        """The warnings that are alarms."""
        return tuple(notice for notice in self.warnings if notice.alarm)

    def __str__(self) -> str:
        """For people: one figure a line, amounts in full."""
        covered = "no liabilities" if self.coverage_bps is None else _percent(self.coverage_bps)
        rows = [
            ("outstanding", self.outstanding.display()),
            ("payable", self.payable.display()),
            ("reserve", self.reserve.display()),
            ("as of", "never attested" if self.as_of is None else f"{self.as_of:%Y-%m-%d %H:%M:%S} UTC"),
            ("headroom", self.headroom.display()),
            ("coverage", covered),
            ("block", str(self.block.number)),
            *(("alarm" if notice.alarm else "warning", notice.message) for notice in self.warnings),
        ]
        return "\n".join(f"{name:<12} {value}" for name, value in rows)

    def to_json(self) -> dict[str, Any]:
        """Amounts as decimal strings, instants in UTC, hashes with their 0x."""
        amounts = (
            "outstanding",
            "minted",
            "burned",
            "payable",
            "discharged",
            "reserve",
            "ceiling",
            "headroom",
        )
        return {
            **{name: str(getattr(self, name)) for name in amounts},
            "shortfall": None if self.shortfall is None else str(self.shortfall),
            "unit": self.outstanding.unit,
            "currency": self.reserve.unit,
            "coverage_bps": self.coverage_bps,
            "buffer_bps": self.buffer_bps,
            "round": self.round,
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "report": None if self.report is None else to_hex(self.report),
            "age": self.age,
            "max_age": self.max_age,
            "fresh_until": None if self.fresh_until is None else self.fresh_until.isoformat(),
            "fresh": self.fresh,
            "suspended": self.suspended,
            "warnings": [
                {"code": item.code, "alarm": item.alarm, "message": item.message} for item in self.warnings
            ],
            "block": {
                "number": self.block.number,
                "hash": to_hex(self.block.hash),
                "time": datetime.fromtimestamp(self.block.timestamp, UTC).isoformat(),
            },
        }


class ReserveTracker:
    """Follows one coin's reserve. `from_block` is where the coin was deployed.

    `warn_at` is the share of the maximum age from which a fresh attestation is warned about. Every
    method raises NodeError, and FiguresDisagree where a figure does not recompute.
    """

    def __init__(
        self, token: Stablecoin, *, from_block: int = 0, warn_at: Fraction = DEFAULT_WARNING_AGE
    ) -> None:
        if not 0 < warn_at <= 1:
            raise InvalidInput(f"warn_at {warn_at} must be a share of the maximum age, above 0 and at most 1")
        self.token = token
        self.client = token.client
        self._from_block = from_block
        self._warn_at = warn_at

    def status(self, *, block: BlockRef = "latest") -> ReserveStatus:
        """Every figure at one block, recomputed and compared with the contracts' own."""
        pinned = self.client.block(block)
        figures = self._read(pinned)
        self._compare(figures, pinned)
        tokens, money = self._units(pinned)
        supply, as_of = figures.supply, figures.reading.as_of
        status = ReserveStatus(
            outstanding=tokens(supply.outstanding),
            minted=tokens(supply.minted),
            burned=tokens(supply.burned),
            payable=tokens(supply.payable),
            discharged=tokens(supply.discharged),
            reserve=money(figures.reading.value),
            ceiling=tokens(figures.ceiling),
            headroom=tokens(figures.headroom),
            shortfall=money(figures.shortfall) if figures.shortfall > 0 else None,
            coverage_bps=figures.coverage_bps,
            buffer_bps=figures.buffer_bps,
            round=figures.round,
            as_of=_instant(as_of),
            report=figures.report,
            age=pinned.timestamp - as_of if as_of else None,
            max_age=figures.max_age,
            fresh_until=_instant(figures.reading.fresh_until),
            fresh=figures.fresh,
            suspended=figures.suspended,
            warnings=(),
            block=pinned,
        )
        return replace(status, warnings=tuple(self._notices(status)))

    def history(self, *, block: BlockRef = "latest") -> tuple[VerifiedRound, ...]:
        """Every round of the token's feed up to `block`, each re-read and verified again.

        Raises HistoryNotVerified (see `toolkit.reserves.history`).
        """
        from toolkit.reserves.history import verified_history

        pinned = self.client.block(block)
        feed = self._feed(pinned)
        return () if feed is None else verified_history(feed, from_block=self._from_block, block=pinned)

    def supply_from_events(self, *, block: BlockRef = "latest") -> Supply:
        """The token's totals added up from every `Transfer` and `Discharged` event up to `block`.

        Raises FiguresDisagree unless they are the totals that the token gives.
        """
        pinned = self.client.block(block)
        first = self._from_block
        transfers = self.token.events(Transfer, from_block=first, to_block=pinned)
        minted = sum(event.amount for event in transfers if event.sender == ZERO_ADDRESS)
        burned = sum(event.amount for event in transfers if event.recipient == ZERO_ADDRESS)
        settlements = self.token.events(Discharged, from_block=first, to_block=pinned)
        discharged = sum(event.amount for event in settlements)
        found = Supply(
            outstanding=minted - burned,
            minted=minted,
            burned=burned,
            payable=burned - discharged,
            discharged=discharged,
        )
        stated = self.token.supply(block=pinned)
        for item in fields(Supply):
            _agree(
                f"{item.name}, added up from events,",
                getattr(found, item.name),
                getattr(stated, item.name),
                pinned,
            )
        return found

    # ------------------------------------------------------------------------------------------------ inside

    def _read(self, pinned: Block) -> _Figures:
        feed = self._feed(pinned)
        supply = self.token.supply(block=pinned)
        buffer_bps = self.token.buffer_bps(block=pinned)
        if feed is None:
            return _Figures(supply, Reading(0, 0, 0), 0, buffer_bps, 0, None, 0, False, pinned.timestamp)
        reading = feed.reading(block=pinned)
        last = feed.latest_round(block=pinned)
        if last:
            stored = feed.round(last, block=pinned)
            _agree("the last round's value", stored.value, reading.value, pinned)
            _agree("the last round's instant", stored.as_of, reading.as_of, pinned)
        return _Figures(
            supply=supply,
            reading=reading,
            settled=self.token.discharged_at(reading.as_of, block=pinned),
            buffer_bps=buffer_bps,
            round=last,
            report=stored.report if last else None,
            max_age=feed.max_age(block=pinned),
            suspended=feed.suspended(block=pinned),
            now=pinned.timestamp,
        )

    def _compare(self, figures: _Figures, pinned: Block) -> None:
        supply = figures.supply
        _agree("burned", supply.minted - supply.outstanding, supply.burned, pinned)
        _agree("payable", supply.burned - supply.discharged, supply.payable, pinned)
        _agree("the ceiling", figures.ceiling, self.token.ceiling(block=pinned), pinned)
        _agree("the headroom", figures.headroom, self.token.headroom(block=pinned), pinned)
        if figures.reading.as_of:
            _agree("the coverage", figures.coverage_bps, self.token.coverage_bps(block=pinned), pinned)
        if supply.payable < 0 or supply.outstanding < 0:
            raise FiguresDisagree(
                f"a total is negative at block {pinned.number}: {supply}; do not use this node"
            )

    def _notices(self, status: ReserveStatus) -> Iterator[Notice]:
        if status.coverage_bps is not None and status.coverage_bps < _BPS:
            missing = status.shortfall.display() if status.shortfall is not None else "part of the reserve"
            yield Notice(
                "shortfall",
                True,
                f"the reserve covers {_percent(status.coverage_bps)} of the liabilities, {missing} is "
                "missing: stop minting, tell the issuer and the supervisor",
            )
        elif status.coverage_bps is not None and status.coverage_bps < _BPS + status.buffer_bps:
            yield Notice(
                "below_buffer",
                True,
                f"the reserve covers {_percent(status.coverage_bps)} of the liabilities, less than the "
                f"{_percent(_BPS + status.buffer_bps)} that the terms ask for: bring the reserve up",
            )
        yield from self._freshness_notices(status)

    def _freshness_notices(self, status: ReserveStatus) -> Iterator[Notice]:
        if status.age is None:
            yield Notice("no_attestation", False, "no reserve was attested yet: minting waits for the first")
            return
        age = f"the attestation is {_hours(status.age)} old and good for {_hours(status.max_age)}"
        if status.suspended:
            yield Notice(
                "suspended", False, "the feed is suspended: minting waits until the governor resumes it"
            )
        elif not status.fresh:
            yield Notice("stale", False, f"{age}: minting waits for a newer one")
        elif status.age >= self._warn_at * status.max_age:
            yield Notice("stale_soon", False, f"{age}: publish a newer one before minting stops")

    def _feed(self, pinned: Block) -> AttestedFeed | None:
        """The feed that the backing rule reads at this block, whatever the record says."""
        address = self.token.feed(block=pinned)
        return None if address == ZERO_ADDRESS else AttestedFeed(self.client, address)

    def _units(self, pinned: Block) -> tuple[Callable[[int], Amount], Callable[[int], Amount]]:
        symbol, currency = self.token.symbol(block=pinned), self.token.currency(block=pinned)
        decimals = self.token.decimals(block=pinned)
        return (
            lambda value: Amount.from_base_units(value, unit=symbol, decimals=decimals),
            lambda value: Amount.from_base_units(value, unit=currency, decimals=decimals),
        )


@dataclass(frozen=True, slots=True)
class _Figures:
    """Base units, basis points and seconds; `settled` is what was discharged by the attested instant."""

    supply: Supply
    reading: Reading
    settled: int
    buffer_bps: int
    round: int
    report: bytes | None
    max_age: int
    suspended: bool
    now: int

    @property
    def liabilities(self) -> int:
        return self.supply.minted - self.settled

    @property
    def fresh(self) -> bool:
        return self.now <= self.reading.fresh_until

    @property
    def ceiling(self) -> int:
        if not self.fresh:
            return 0
        return self.reading.value * _BPS // (_BPS + self.buffer_bps) + self.settled

    @property
    def headroom(self) -> int:
        return max(0, self.ceiling - self.supply.minted)

    @property
    def coverage_bps(self) -> int | None:
        return self.reading.value * _BPS // self.liabilities if self.liabilities else None

    @property
    def shortfall(self) -> int:
        return self.liabilities - self.reading.value


def _agree(what: str, recomputed: int | None, stated: int | None, pinned: Block) -> None:
    if recomputed != stated:
        raise FiguresDisagree(
            f"{what} recomputes to {recomputed} at block {pinned.number}, the contract says {stated}: "
            "ask another node, and verify the deployment; do not mint until it is settled",
            recomputed=recomputed,
            stated=stated,
            block_number=pinned.number,
        )


def _instant(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
