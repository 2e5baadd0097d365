"""Limits on orders: per client, per kind of wallet, per distributor, each over rolling windows of time.

A limit says how much of a unit may be ordered within any window of its length. What counts towards it: an
order that is open, in flight or on hold, whatever its age; and an executed one that was asked for, or sent,
within the window that ends now. What was rejected, cancelled, failed or has expired counts nothing. So no
midnight opens a gap (trap X6), and orders that were saved up don't pass together.

Orders have their turn in the sequence in which they were taken: each is measured with those before it. That
is also what the order itself is measured with at execution, so that it counts once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.amounts import Amount, parse_decimal
from toolkit.errors import InvalidInput, NotEligible
from toolkit.ledger import checks, schema, schema_eligibility
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.errors import LimitExceeded, LimitNotSet
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.parties import HOUSE, Asked, Party
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.store import Unit

__all__ = ["EVERYONE", "Limit", "Limits", "Scope", "Use", "Window", "limit_rows", "passed"]

EVERYONE = "*"
"""The subject of a limit for each client (kind of wallet, distributor) that has none of its own."""

_LONGEST = timedelta(days=366)

_ENDED = (State.REJECTED, State.CANCELLED, State.EXPIRED, State.FAILED)
_EXECUTED = (
    State.BURNED,
    State.PAID,
    State.IN_BATCH,
    State.GATED,
    State.PRICED,
    State.QUARANTINED,
    State.SETTLED,
)
_OPEN = tuple(state for state in State if state not in (*_ENDED, *_EXECUTED))

_LIMITS, _STANDINGS = schema_eligibility.limits, schema_eligibility.standings
_ORDERS, _WALLETS = schema.orders, schema.wallets
_FLIGHTS, _CARRIED = schema.flights, schema.flight_orders


class Scope(StrEnum):
    """Whose orders are added up."""

    CLIENT = "client"
    WALLET_KIND = "wallet_kind"
    DISTRIBUTOR = "distributor"


class Window(NamedTuple):
    """At most `most` base units within any `seconds`; None where there is no limit, and zero is nothing."""

    seconds: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on the orders of one kind in one unit, of one subject or of `EVERYONE` by themselves.

    Without a window it says, explicitly, that there is no limit.
    """

    scope: Scope
    subject: str
    order_kind: OrderKind
    unit: str
    windows: tuple[Window, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Limit:
        """The limit of a document. Raises `InvalidInput`: what isn't said is never unlimited."""
        try:
            windows = () if data["windows"] == "none" else tuple(map(_window, data["windows"]))
            limit = cls(
                Scope(data["scope"]),
                checks.one_line(data["subject"], what="subject", longest=64),
                OrderKind(data["order_kind"]),
                checks.one_line(data["unit"], what="unit", longest=32),
                windows,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"this is no limit ({error!r})") from error
        if not windows and data["windows"] != "none":
            raise InvalidInput('a limit without a window: write "windows": "none" to say that there is none')
        if len({window.seconds for window in windows}) != len(windows):
            raise InvalidInput("a limit states the same window twice")
        return limit

    def to_data(self) -> dict[str, Any]:
        """JSON data, from which `from_data` makes the limit again."""
        return {
            "scope": self.scope.value,
            "subject": self.subject,
            "order_kind": self.order_kind.value,
            "unit": self.unit,
            "windows": [{"seconds": seconds, "most": str(most)} for seconds, most in self.windows] or "none",
        }

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is the limit of: two with the same key are one after the other."""
        return self.scope.value, self.subject, self.order_kind.value, self.unit


class Use(NamedTuple):
    """What is asked at `place`, and whether a limit has to have been set for it."""

    place: int
    asked: Asked
    party: Party
    must_be_set: bool


_Group = tuple[str, str, str, str]


class _Ask(NamedTuple):
    place: int
    asked: Asked
    group: _Group
    window: Window


_Counted = tuple[int, int, datetime | None]
"""An order that counts: its place in the sequence, its amount, until when it was under way (None: it is)."""

_LIMIT_COLUMNS = ("scope", "subject", "order_kind", "unit", "window_seconds", "most")
_OF_SUBJECTS = Prepared(
    sa.select(*(_LIMITS.c[name] for name in _LIMIT_COLUMNS)).where(Among(_LIMITS.c.subject, "subjects"))
)
_SEQS = Prepared(sa.select(_ORDERS.c.id, _ORDERS.c.opened_seq).where(Among(_ORDERS.c.id, "ids")))

_SENT = (
    sa.select(_CARRIED.c.order_id, sa.func.max(_FLIGHTS.c.created_at).label("sent_at"))
    .join(_FLIGHTS, _FLIGHTS.c.id == _CARRIED.c.flight_id)
    .where(
        sa.or_(_FLIGHTS.c.state == "flying", _FLIGHTS.c.state == "landed"),
        _FLIGHTS.c.created_at > sa.bindparam("since"),
    )
    .group_by(_CARRIED.c.order_id)
    .subquery("sent")
)
_IS_OPEN = _ORDERS.c.state.in_(_OPEN)
# Of an open order the times don't matter, and reading thousands of them takes time; so do types.
_COUNTED = (
    sa.select(
        _ORDERS.c.investor,
        _WALLETS.c.kind,
        _STANDINGS.c.distributor,
        _ORDERS.c.kind,
        _ORDERS.c.unit,
        _ORDERS.c.opened_seq,
        sa.type_coerce(_ORDERS.c.amount, sa.String),
        sa.case((_IS_OPEN, None), else_=_ORDERS.c.created_at),
        sa.case((_IS_OPEN, None), else_=_SENT.c.sent_at),
    )
    .join(_WALLETS, _WALLETS.c.address == _ORDERS.c.wallet)
    .join(_STANDINGS, _STANDINGS.c.investor == _ORDERS.c.investor, isouter=True)
    .join(_SENT, _SENT.c.order_id == _ORDERS.c.id, isouter=True)
    .order_by(_ORDERS.c.opened_seq)
)
_OF_CLIENTS = _COUNTED.where(
    Among(_ORDERS.c.investor, "investors"),
    _ORDERS.c.state.not_in(_ENDED),
    sa.or_(_IS_OPEN, _ORDERS.c.created_at > sa.bindparam("since"), _SENT.c.sent_at.is_not(None)),
)
# Each part by an index of its own, so that it costs what the window holds and not what the ledger does.
_OF_ALL = _COUNTED.where(
    _ORDERS.c.id.in_(
        sa.union(
            sa.select(_ORDERS.c.id).where(_ORDERS.c.kind.in_(tuple(OrderKind)), _IS_OPEN),
            sa.select(_ORDERS.c.id).where(_ORDERS.c.created_at > sa.bindparam("since")),
            sa.select(_SENT.c.order_id),
        )
    ),
    _ORDERS.c.state.not_in(_ENDED),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force. They change by a record that another person confirmed (`compliance.limits`)."""

    unit: Unit

    def all(self) -> tuple[Limit, ...]:
        """Every limit in force."""
        query = sa.select(*(_LIMITS.c[name] for name in _LIMIT_COLUMNS)).order_by(
            _LIMITS.c.scope, _LIMITS.c.subject, _LIMITS.c.order_kind, _LIMITS.c.unit, _LIMITS.c.window_seconds
        )
        with self.unit.reading() as connection:
            found = _by_key(connection.execute(query))
        return tuple(
            Limit(
                Scope(scope),
                subject,
                OrderKind(kind),
                unit,
                tuple(window for window in windows if window.most is not None),
            )
            for (scope, subject, kind, unit), windows in found.items()
        )

    def put_in_force(self, limit: Limit, *, record_id: str) -> None:
        """Replaces what was in force for the same. In the transaction that takes the record there."""
        scope, subject, kind, unit = limit.key
        with self.unit.writing() as connection:
            connection.execute(
                sa.delete(_LIMITS).where(
                    _LIMITS.c.scope == scope,
                    _LIMITS.c.subject == subject,
                    _LIMITS.c.order_kind == kind,
                    _LIMITS.c.unit == unit,
                )
            )
            insert_rows(connection, _LIMITS, limit_rows(limit, record_id))


def limit_rows(limit: Limit, record_id: str) -> list[tuple[Any, ...]]:
    """The rows of a limit, a window each."""
    scope, subject, kind, unit = limit.key
    windows = limit.windows or (Window(0, None),)
    return [(subject, scope, kind, unit, seconds, most, record_id) for seconds, most in windows]


def passed(connection: Connection, uses: Iterable[Use], *, at: datetime) -> Iterator[tuple[int, NotEligible]]:
    """Which of these pass a limit now, or should have one and don't."""
    uses = list(uses)
    found = _by_key(_OF_SUBJECTS.all(connection, {"subjects": _subjects(uses)}))
    asks: list[_Ask] = []
    if not found and not any(use.must_be_set for use in uses):
        return
    for use in uses:
        for scope, subject in _scopes(use.asked, use.party):
            group = (scope.value, subject, use.asked.kind.value, use.asked.unit)
            windows = found.get(group) or found.get((group[0], EVERYONE, *group[2:]))
            if windows is None and use.must_be_set:
                yield use.place, _not_set(use.asked, scope, subject)
                break
            asks += [_Ask(use.place, use.asked, group, window) for window in windows or ()]
    yield from _measured(connection, [ask for ask in asks if ask.window.most is not None], at)


def _measured(
    connection: Connection, asks: Sequence[_Ask], at: datetime
) -> Iterator[tuple[int, NotEligible]]:
    if not asks:
        return
    counted = _counted(connection, asks, at)
    ids = [ask.asked.order_id for ask in asks if ask.asked.order_id is not None]
    seqs = dict(_SEQS.all(connection, {"ids": ids})) if ids else {}
    sums: dict[tuple[_Group, int], tuple[list[int], list[int]]] = {}
    new: dict[tuple[_Group, int], int] = defaultdict(int)  # asked for in the same call
    refused: set[int] = set()
    for place, asked, group, (seconds, most) in asks:
        key = group, seconds
        if key not in sums:
            sums[key] = _running(counted[group], at - timedelta(seconds=seconds))
        order, total = sums[key]
        seq = seqs.get(asked.order_id or "")
        used = total[-1] + new[key] if seq is None else total[bisect_left(order, seq)]
        if seq is None:
            new[key] += asked.base_units
        if most is not None and used + asked.base_units > most and place not in refused:
            refused.add(place)
            yield place, _exceeded(asked, group, seconds, used, most)


def _running(orders: Sequence[_Counted], since: datetime) -> tuple[list[int], list[int]]:
    """The sequence numbers of what counts, and before each (and after the last) the sum so far."""
    counting = [(seq, amount) for seq, amount, at in orders if at is None or at > since]
    return [seq for seq, _ in counting], [0, *accumulate(amount for _, amount in counting)]


def _counted(connection: Connection, asks: Sequence[_Ask], at: datetime) -> Mapping[_Group, list[_Counted]]:
    """By group that is asked about, the orders that count in the longest of its windows, in sequence."""
    groups = {ask.group for ask in asks}
    values: dict[str, Any] = {"since": at - timedelta(seconds=max(ask.window.seconds for ask in asks))}
    query = _OF_ALL
    if all(scope == Scope.CLIENT for scope, *_ in groups):
        query, values["investors"] = _OF_CLIENTS, sorted({group[1] for group in groups})
    found: dict[_Group, list[_Counted]] = {group: [] for group in groups}
    client, kind_of_wallet, brought_by = (scope.value for scope in Scope)
    rows = connection.execute(query, values).all()
    for investor, wallet_kind, distributor, kind, unit, seq, amount, asked_at, sent_at in rows:
        counted = seq, int(amount), asked_at if sent_at is None else max(asked_at, sent_at)
        for group in (
            (client, investor, kind, unit),
            (kind_of_wallet, wallet_kind, kind, unit),
            (brought_by, distributor or HOUSE, kind, unit),
        ):
            if group in found:
                found[group].append(counted)
    return found


def _by_key(rows: Iterable[Sequence[Any]]) -> dict[_Group, list[Window]]:
    found: dict[_Group, list[Window]] = defaultdict(list)
    for scope, subject, kind, unit, seconds, most in rows:
        found[scope, subject, kind, unit].append(Window(seconds, most))
    return dict(found)


def _scopes(asked: Asked, party: Party) -> tuple[tuple[Scope, str], ...]:
    return (
        (Scope.CLIENT, asked.investor),
        (Scope.WALLET_KIND, party.wallet_kind),
        (Scope.DISTRIBUTOR, party.distributor),
    )


def _subjects(uses: Sequence[Use]) -> list[str]:
    """Every subject of `_scopes`."""
    clients = {use.asked.investor for use in uses}
    return sorted(
        clients.union({EVERYONE}, *{(use.party.wallet_kind, use.party.distributor) for use in uses})
    )


def _window(data: Mapping[str, Any]) -> Window:
    seconds, most = data["seconds"], parse_decimal(data["most"], what="limit")
    if not isinstance(seconds, int) or not 0 < seconds <= _LONGEST.total_seconds():
        raise InvalidInput(f"a window of {seconds!r} seconds: state 1 to {_LONGEST.days} days, in seconds")
    if most < 0 or most != int(most):
        raise InvalidInput(f"a limit of {most} base units: state a whole number, and 0 for nothing at all")
    return Window(seconds, int(most))


def _not_set(asked: Asked, scope: Scope, subject: str) -> LimitNotSet:
    return LimitNotSet(
        f"no limit is set on {asked.kind} orders in {asked.unit} for the {scope} {subject}: set one, or "
        "decide that there is none",
        scope=scope,
        subject=subject,
    )


def _exceeded(asked: Asked, group: _Group, seconds: int, used: int, most: int) -> LimitExceeded:
    def show(base_units: int) -> str:
        return Amount.from_base_units(base_units, unit=asked.unit, decimals=asked.decimals).display()

    scope, subject, kind, _ = group
    return LimitExceeded(
        f"{show(asked.base_units)} and the {show(used)} before it pass the limit on {kind} orders of the "
        f"{scope} {subject}: {show(most)} within {timedelta(seconds=seconds)}",
        scope=scope,
        subject=subject,
        most=most,
        used=used,
    )
