"""The monitor's rules: what is wrong about a stretch of the chain, or about an instant.

Each is a function of what was seen and of nothing else, so that the same chain gives the same alerts, today
and to whoever looks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.compliance.overdue import FreezePolicy, Overdue
from toolkit.errors import InvalidInput
from toolkit.ledger.alerts import Alert, Severity
from toolkit.ledger.canonical import instant

__all__ = [
    "AT_AN_INSTANT",
    "ON_EVENTS",
    "Attestation",
    "Executed",
    "Limit",
    "MonitorSettings",
    "Moved",
    "Now",
    "Ordered",
    "Redemption",
    "Seen",
    "Supply",
]


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """What the rules compare with (policy defaults).

    `large` is by token address in base units: a token that isn't named has no limit here. `age` and `limit`
    are the shares of an attestation's life and of an operator's limit at which the monitor warns; `due` how
    long before a redemption is due, `freezes` the times that a case has. Raises InvalidInput.
    """

    large: Mapping[str, int] = field(default_factory=dict)
    age: Fraction = Fraction(3, 4)
    limit: Fraction = Fraction(9, 10)
    due: timedelta = timedelta(hours=2)
    freezes: FreezePolicy = field(default_factory=FreezePolicy)

    def __post_init__(self) -> None:
        if not (0 < self.age <= 1 and 0 < self.limit <= 1) or any(item <= 0 for item in self.large.values()):
            raise InvalidInput("shares lie above 0 and up to 1, amounts above 0: zero never means unlimited")


@dataclass(frozen=True, slots=True)
class Moved:
    """A `Transfer` of the coin or of a share, in base units; the zero address is where tokens come from."""

    token: str
    sender: str
    recipient: str
    amount: int
    transaction: str
    place: int

    @property
    def key(self) -> str:
        """One log of the chain."""
        return f"{self.transaction}/{self.place}"


@dataclass(frozen=True, slots=True)
class Executed:
    """An `OrderExecuted` of the market."""

    number: int
    transaction: str
    place: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the ledger's mint order of a number is over."""

    wallet: str
    base_units: int


@dataclass(frozen=True, slots=True)
class Supply:
    """A token's supply by its transfers and by its own word, at one block."""

    token: str
    replayed: int
    reported: int
    block: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A stretch of final blocks, with what ledger and lists say of what is in it.

    `known` are the wallets of onboarded investors, `exempt` the accounts of the suite's own contracts,
    `listed` what lists name each address.
    """

    coin: str
    moved: tuple[Moved, ...]
    executed: tuple[Executed, ...]
    orders: Mapping[int, Ordered]
    known: frozenset[str]
    exempt: frozenset[str]
    listed: Mapping[str, tuple[str, ...]]
    supplies: tuple[Supply, ...]


@dataclass(frozen=True, slots=True)
class Attestation:
    """The last attestation of a feed; `as_of` None before the first. `max_age` in seconds."""

    feed: str
    round: int
    as_of: datetime | None
    max_age: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class Redemption:
    """A redemption that isn't paid, and when the money is due."""

    order: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """An operator's rolling limit and what is left of it, in base units."""

    operator: str
    limit: int
    available: int


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand at an instant."""

    at: datetime
    attestations: tuple[Attestation, ...]
    redemptions: tuple[Redemption, ...]
    limits: tuple[Limit, ...]
    cases: tuple[Overdue, ...]


# -------------------------------------------------------------------------------------------------- on events


def mint_without_order(seen: Seen, _: MonitorSettings) -> Iterator[Alert]:
    """Every mint of the coin has the ledger's order behind it: the n-th order that a transaction executed is
    the n-th mint in it, to that wallet and over that amount.
    """
    executed: dict[str, list[Executed]] = defaultdict(list)
    for item in seen.executed:
        executed[item.transaction].append(item)
    for move in seen.moved:
        if move.token != seen.coin or move.sender != ZERO_ADDRESS:
            continue
        waiting = executed[move.transaction]
        number = waiting.pop(0).number if waiting else None
        order = None if number is None else seen.orders.get(number)
        if order == Ordered(move.recipient, move.amount):
            continue
        what = "no order" if number is None else f"order number {number}"
        yield Alert(
            "mint_without_order",
            move.key,
            Severity.CRITICAL,
            f"{move.amount} base units were minted to {move.recipient} under {what}, and the ledger has no "
            "such order",
            {**_facts(move), "number": number},
            stops_minting=True,
        )


def unknown_holder(seen: Seen, _: MonitorSettings) -> Iterator[Alert]:
    """Fund shares are held by onboarded investors and by the suite's own contracts, and by nobody else."""
    fine = seen.known | seen.exempt | {ZERO_ADDRESS}
    for move in seen.moved:
        if move.token != seen.coin and move.recipient not in fine:
            yield Alert(
                "unknown_holder",
                move.key,
                Severity.CRITICAL,
                f"{move.recipient}, unknown to the ledger, received {move.amount} base units of shares",
                _facts(move),
            )


def large_transfer(seen: Seen, settings: MonitorSettings) -> Iterator[Alert]:
    """Between holders, from the amount on that the settings give for the token."""
    for move in seen.moved:
        most = settings.large.get(move.token)
        between = ZERO_ADDRESS not in (move.sender, move.recipient) and not (
            {move.sender, move.recipient} & seen.exempt
        )
        if most is not None and between and move.amount >= most:
            yield Alert(
                "large_transfer",
                move.key,
                Severity.WARNING,
                f"{move.amount} base units went from {move.sender} to {move.recipient}, at or above {most}",
                _facts(move),
            )


def listed_counterparty(seen: Seen, _: MonitorSettings) -> Iterator[Alert]:
    """Nothing comes from or goes to a wallet that a list in force names."""
    for move in seen.moved:
        for account in dict.fromkeys((move.sender, move.recipient)):
            if account in seen.listed:
                yield Alert(
                    "listed_counterparty",
                    f"{move.key}/{account}",
                    Severity.CRITICAL,
                    f"a transfer of {move.amount} base units touched {account}, which is on "
                    f"{', '.join(seen.listed[account])}",
                    {**_facts(move), "lists": list(seen.listed[account])},
                )


def supply_drift(seen: Seen, _: MonitorSettings) -> Iterator[Alert]:
    """A token's supply is what its transfers add up to."""
    for supply in seen.supplies:
        if supply.replayed != supply.reported:
            yield Alert(
                "supply_drift",
                f"{supply.token}/{supply.block}",
                Severity.CRITICAL,
                f"{supply.token} says its supply is {supply.reported} at block {supply.block}; its transfers "
                f"add up to {supply.replayed}",
                {
                    "token": supply.token,
                    "block": supply.block,
                    "reported": str(supply.reported),
                    "replayed": str(supply.replayed),
                },
                stops_minting=supply.token == seen.coin,
            )


# --------------------------------------------------------------------------------------------- at an instant


def attestation_age(now: Now, settings: MonitorSettings) -> Iterator[Alert]:
    """A warning before an attestation goes stale, and an alarm when it has."""
    for item in now.attestations:
        if item.as_of is None:
            continue
        age = int((now.at - item.as_of).total_seconds())
        facts = {"feed": item.feed, "round": item.round, "age": age, "max_age": item.max_age}
        if item.suspended or age > item.max_age:
            how = "is suspended" if item.suspended else f"is {age} s old and stale after {item.max_age} s"
            yield Alert(
                "attestation_stale",
                f"{item.feed}/{item.round}",
                Severity.HIGH,
                f"feed {item.feed}, round {item.round}, {how}: nothing is minted on it",
                facts,
            )
        elif age >= item.max_age * settings.age:
            yield Alert(
                "attestation_age",
                f"{item.feed}/{item.round}",
                Severity.WARNING,
                f"feed {item.feed}, round {item.round}, is {age} s old and goes stale after {item.max_age} s",
                facts,
            )


def overdue_redemption(now: Now, settings: MonitorSettings) -> Iterator[Alert]:
    """Money that is due soon, or late."""
    for item in now.redemptions:
        late = now.at > item.due_at
        if late or now.at >= item.due_at - settings.due:
            yield Alert(
                "redemption_overdue" if late else "redemption_due",
                item.order,
                Severity.HIGH if late else Severity.WARNING,
                f"redemption {item.order} {'was' if late else 'is'} due at {item.due_at.isoformat()}",
                {"order": item.order, "due_at": item.due_at.isoformat()},
            )


def limit_near_its_end(now: Now, settings: MonitorSettings) -> Iterator[Alert]:
    """An operator has used most of a rolling limit; once a day."""
    for item in now.limits:
        used = item.limit - item.available
        if item.limit > 0 and used >= item.limit * settings.limit:
            yield Alert(
                "limit_near_its_end",
                f"{item.operator}/{now.at:%Y-%m-%d}",
                Severity.WARNING,
                f"operator {item.operator} has used {used} of {item.limit} base units",
                {"operator": item.operator, "limit": str(item.limit), "available": str(item.available)},
            )


def overdue_case(now: Now, _: MonitorSettings) -> Iterator[Alert]:
    """A case waits for a person: once for each matter of it. The alert goes wherever alerts go, so that it
    says neither which case nor what about it: no tipping off (regulation.md R-AML-11).
    """
    for item in now.cases:
        yield Alert(
            "case_overdue",
            item.reference,
            Severity.HIGH,
            "a matter of compliance is overdue; its officers see which with `compliance cases overdue`",
            {"since": instant(item.since)},
        )


ON_EVENTS = (mint_without_order, unknown_holder, supply_drift, large_transfer, listed_counterparty)
AT_AN_INSTANT = (attestation_age, overdue_redemption, limit_near_its_end, overdue_case)


def _facts(move: Moved) -> dict[str, str | int]:
    return {
        "token": move.token,
        "from": move.sender,
        "to": move.recipient,
        "base_units": str(move.amount),
        "transaction": move.transaction,
        "log": move.place,
    }
