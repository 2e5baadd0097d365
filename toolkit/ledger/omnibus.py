"""Omnibus accounts: whose the tokens of a distributor's wallet are (regulation.md W06, 4.13, R-BRK-03).

For each wallet and token, a position per client and a journal that only grows. A movement is a step of a
record (`omnibus_machines`), posted in the transaction that writes the record's event; the record carries the
digest of the movement's lines, so that positions can be recomputed and an edit is found. One after another:
whoever writes holds the end of the event chain, on either database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.errors import IdempotencyConflict, InvalidInput
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.canonical import digest
from toolkit.ledger.errors import AllocationUneven, NotAnOmnibusWallet, NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.omnibus_lines import (
    CHAIN,
    EXPECTED,
    Bucket,
    Line,
    Position,
    apply_lines,
    lines_digest,
    moved,
)
from toolkit.ledger.omnibus_posting import (
    OF_ACCOUNT,
    Joined,
    Stopped,
    lines_of,
    open_record,
    position_from,
    positions_of,
    post,
    step_record,
)
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.schema_omnibus import omnibus_lines, omnibus_movements, omnibus_positions
from toolkit.ledger.store import Unit

__all__ = ["Movement", "Omnibus"]

_S = RecordState
_POSITIONS, _MOVEMENTS, _LINES = omnibus_positions, omnibus_movements, omnibus_lines
_ALL = sa.select(_POSITIONS).where(OF_ACCOUNT).order_by(_POSITIONS.c.client)
_JOURNAL = (
    sa.select(_LINES.c.account, _LINES.c.bucket, _LINES.c.sign, _LINES.c.amount)
    .join(
        _MOVEMENTS,
        sa.and_(_MOVEMENTS.c.record_id == _LINES.c.record_id, _MOVEMENTS.c.step == _LINES.c.step),
    )
    .where(_MOVEMENTS.c.wallet == sa.bindparam("wallet"), _MOVEMENTS.c.token == sa.bindparam("token"))
)


@dataclass(frozen=True, slots=True)
class Movement:
    """A posted step: `seq` is its event's place in the hash chain."""

    seq: int
    record_id: str
    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Omnibus:
    """The sub-ledgers of omnibus wallets. Wallets and tokens are addresses, clients keyed references (0x and
    32 hex digits), amounts whole base units, actors person ids. What is asked under a `key` a second time
    gives the record it made the first time.
    """

    unit: Unit
    clock: Clock

    # --------------------------------------------------------------------------- allocations and transfers

    def allocate(
        self,
        wallet: str,
        token: str,
        parts: Mapping[str, int],
        *,
        total: int,
        key: str,
        maker: str,
        reason: str = "",
    ) -> LedgerRecord:
        """Asks to allocate `total` of what the wallet received among clients; posted by `approve`.

        Raises `AllocationUneven` unless the parts are `total` to the base unit, `NotAnOmnibusWallet`,
        `NotAuthorised`, `IdempotencyConflict`, `InvalidInput`.
        """
        if sum(parts.values()) != total:
            raise AllocationUneven(
                f"the parts of {len(parts)} clients add up to {sum(parts.values())} base units and {total} "
                f"are allocated, {total - sum(parts.values())} would be left over: give every unit to a "
                "client (`split` does it by largest remainder)",
                total=total,
                parts=sum(parts.values()),
            )
        pairs = (
            moved(amount, (CHAIN, Bucket.AVAILABLE), (client, Bucket.AVAILABLE))
            for client, amount in sorted(parts.items())
        )
        lines = [Line(CHAIN, Bucket.AVAILABLE, -total), *(taker for _, taker in pairs)]
        return self._ask(
            wallet, token, lines, RecordKind.ALLOCATION, "allocate", key=key, maker=maker, reason=reason
        )

    def transfer(
        self,
        wallet: str,
        token: str,
        giver: str,
        taker: str,
        amount: int,
        *,
        key: str,
        maker: str,
        reason: str = "",
    ) -> LedgerRecord:
        """Asks to move tokens from one client to another; posted by `approve`.

        Raises `PositionTooSmall` for more than the giver has available now, and as `allocate`.
        """
        if giver == taker:
            raise InvalidInput(f"client {giver} can't transfer to themselves")
        lines = moved(amount, (giver, Bucket.AVAILABLE), (taker, Bucket.AVAILABLE))
        return self._ask(
            wallet, token, lines, RecordKind.ALLOCATION, "transfer", key=key, maker=maker, reason=reason
        )

    def approve(self, record_id: str, *, checker: str) -> LedgerRecord:
        """Posts an allocation or a transfer: another person than who asked.

        Raises `PositionTooSmall`, `NotAuthorised`, `IllegalTransition`, `NotFound`.
        """
        with self._writing() as (connection, book):
            record = _record(book, record_id, RecordKind.ALLOCATION)
            done = book.step(record_id, _S.ALLOCATED, actor=checker, role=Role.CHECKER)
            post(connection, record, 1, lines_of(connection, record_id, 1), book.clock.now())
            return done

    def retract(self, record_id: str, *, by: str, role: Role, reason: str) -> LedgerRecord:
        """Gives up what was asked and not yet approved or settled. Of a flow, what it set aside goes back."""
        with self._writing() as (connection, book):
            record = _record(book, record_id, RecordKind.ALLOCATION, RecordKind.CLIENT_FLOW)
            if record.kind is RecordKind.ALLOCATION:
                return book.step(record_id, _S.RETRACTED, actor=by, role=role, reason=reason)
            back = [
                Line(line.account, line.bucket, -line.change) for line in lines_of(connection, record_id, 1)
            ]
            return step_record(connection, book, record, _S.RETRACTED, back, by, role, reason)

    # ------------------------------------------------------------------------------------- in and out

    def announce(
        self, wallet: str, token: str, client: str, amount: int, *, key: str, maker: str, reason: str = ""
    ) -> LedgerRecord:
        """Tokens of the client that are on their way to the wallet: pending in until `settle`."""
        lines = moved(amount, (EXPECTED, Bucket.PENDING_IN), (client, Bucket.PENDING_IN))
        return self._ask(
            wallet, token, lines, RecordKind.CLIENT_FLOW, "in", key=key, maker=maker, reason=reason
        )

    def reserve(
        self, wallet: str, token: str, client: str, amount: int, *, key: str, maker: str, reason: str = ""
    ) -> LedgerRecord:
        """Sets aside what is to leave the wallet for the client: pending out until `settle`.

        Raises `PositionTooSmall`.
        """
        lines = moved(amount, (client, Bucket.AVAILABLE), (client, Bucket.PENDING_OUT))
        return self._ask(
            wallet, token, lines, RecordKind.CLIENT_FLOW, "out", key=key, maker=maker, reason=reason
        )

    def settle(self, record_id: str, *, transaction: str, by: str, role: Role) -> LedgerRecord:
        """What was pending has arrived or left, in the final `transaction` (0x and 64 hex digits)."""
        transaction = checks.hash32(transaction, what="transaction")
        with self._writing() as (connection, book):
            record = _record(book, record_id, RecordKind.CLIENT_FLOW)
            client = str(record.data["client"])
            amount = int(record.data["amount"])
            if record.data["what"] == "in":
                lines = [
                    *moved(amount, (client, Bucket.PENDING_IN), (EXPECTED, Bucket.PENDING_IN)),
                    *moved(amount, (CHAIN, Bucket.AVAILABLE), (client, Bucket.AVAILABLE)),
                ]
            else:
                lines = [*moved(amount, (client, Bucket.PENDING_OUT), (CHAIN, Bucket.AVAILABLE))]
            return step_record(
                connection, book, record, _S.SETTLED, lines, by, role, "", {"transaction": transaction}
            )

    # ------------------------------------------------------------------------------------------- locks

    def lock(
        self,
        wallet: str,
        token: str,
        client: str,
        amount: int,
        *,
        case: str,
        actor: str,
        role: Role = Role.COMPLIANCE,
        reason: str = "",
    ) -> LedgerRecord:
        """Locks a part of what the client has available, under a case: one lock per case and client.

        The same again gives the lock that stands. On chain, what is frozen of the wallet should be at least
        `locked_total`. Raises `PositionTooSmall`, `IllegalTransition` (the case has another lock on the
        client), `NotAuthorised`.
        """
        wallet, token, client = _account(wallet, token, client)
        case = checks.one_line(case, what="case", longest=64)
        record_id = _lock_id(wallet, token, client, case)
        lines = moved(amount, (client, Bucket.AVAILABLE), (client, Bucket.LOCKED))
        with self._writing() as (connection, book):
            known = _known(book, record_id)
            if known is None:
                _require_omnibus(connection, wallet)
                data = _document("lock", wallet, token, client=client, amount=str(amount), case=case)
                return open_record(
                    connection,
                    book,
                    record_id,
                    RecordKind.CLIENT_LOCK,
                    _S.LOCKED,
                    data,
                    lines,
                    actor,
                    role,
                    reason,
                )
            if known.state is _S.LOCKED and known.data["amount"] == str(amount):
                return known
            more = {"amount": str(amount)}
            return step_record(connection, book, known, _S.LOCKED, lines, actor, role, reason, more)

    def unlock(
        self, wallet: str, token: str, client: str, *, case: str, actor: str, reason: str = ""
    ) -> LedgerRecord:
        """Releases all that the case locked for the client: compliance, and not who locked it.

        Raises `NotFound`, `IllegalTransition`, `NotAuthorised`.
        """
        wallet, token, client = _account(wallet, token, client)
        with self._writing() as (connection, book):
            record = _record(book, _lock_id(wallet, token, client, case), RecordKind.CLIENT_LOCK)
            amount = int(record.data["amount"])
            lines = moved(amount, (client, Bucket.LOCKED), (client, Bucket.AVAILABLE))
            return step_record(connection, book, record, _S.RELEASED, lines, actor, Role.COMPLIANCE, reason)

    def locked_total(self, wallet: str, token: str) -> int:
        """What is locked of all clients together."""
        return sum(position.locked for position in self.positions(wallet, token))

    # ------------------------------------------------------------------------------------------- reading

    def position(self, wallet: str, token: str, client: str) -> Position:
        """What the client has now; all zero for one that the wallet never had."""
        wallet, token, client = _account(wallet, token, client)
        with self.unit.reading() as connection:
            return positions_of(connection, wallet, token, [client]).get(client, Position(client))

    def positions(self, wallet: str, token: str) -> tuple[Position, ...]:
        """Who has something now, by reference."""
        values = {"wallet": _address(wallet, "wallet"), "token": _address(token, "token")}
        with self.unit.reading() as connection:
            found = [position_from(row) for row in connection.execute(_ALL, values).mappings()]
        return tuple(position for position in found if not position.is_empty)

    def look_through(
        self,
        wallet: str,
        token: str,
        at: datetime | None = None,
        *,
        through: int | None = None,
    ) -> tuple[Position, ...]:
        """Who had something at the end of the instant `at`, recomputed from the journal, by reference.

        `through` is a place in the hash chain instead of an instant; neither means now.
        """
        query = _JOURNAL
        if at is not None:
            query = query.where(_MOVEMENTS.c.at <= checks.aware(at, what="instant"))
        if through is not None:
            query = query.where(_MOVEMENTS.c.seq <= through)
        values = {"wallet": _address(wallet, "wallet"), "token": _address(token, "token")}
        sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        with self.unit.reading() as connection:
            for account, bucket, sign, amount in connection.execute(query, values):
                if account not in (CHAIN, EXPECTED):
                    sums[account][bucket] += sign * amount
        found = (Position(client, **buckets) for client, buckets in sorted(sums.items()))
        return tuple(position for position in found if not position.is_empty)

    def movements(self, wallet: str, token: str, *, client: str | None = None) -> tuple[Movement, ...]:
        """The journal, oldest first; with `client`, what touched that client."""
        wallet, token = _address(wallet, "wallet"), _address(token, "token")
        query = sa.select(_MOVEMENTS).where(_MOVEMENTS.c.wallet == wallet, _MOVEMENTS.c.token == token)
        with self.unit.reading() as connection:
            found = [
                Movement(row.seq, row.record_id, row.at, lines_of(connection, row.record_id, row.step))
                for row in connection.execute(query.order_by(_MOVEMENTS.c.seq)).all()
            ]
        if client is None:
            return tuple(found)
        return tuple(one for one in found if any(line.account == client for line in one.lines))

    def accounts(self) -> tuple[tuple[str, str], ...]:
        """The wallets and tokens with a sub-ledger."""
        query = sa.select(_MOVEMENTS.c.wallet, _MOVEMENTS.c.token).distinct()
        with self.unit.reading() as connection:
            return tuple(sorted((row.wallet, row.token) for row in connection.execute(query)))

    # ------------------------------------------------------------------------------------------- inside

    def _ask(
        self,
        wallet: str,
        token: str,
        lines: Sequence[Line],
        kind: RecordKind,
        what: str,
        *,
        key: str,
        maker: str,
        reason: str,
    ) -> LedgerRecord:
        """A record of what is asked under `key`: posted at once for a flow, upon approval for the others."""
        wallet, token = _address(wallet, "wallet"), _address(token, "token")
        for account in {line.account for line in lines} - {CHAIN, EXPECTED}:
            checks.investor_reference(account)
        record_id = f"{kind}/{wallet}/{checks.one_line(key, what='key', longest=64)}"
        clients = [line for line in lines if line.account not in (CHAIN, EXPECTED)]
        data = _document(
            what,
            wallet,
            token,
            client=clients[0].account if what in ("in", "out") else None,
            amount=str(sum(line.change for line in lines if line.change > 0)),
            clients=len({line.account for line in clients}),
            body=digest({"what": what, "token": token, "lines": lines_digest(lines)}),
        )
        with self._writing() as (connection, book):
            known = _known(book, record_id)
            if known is not None:
                if known.data["body"] != data["body"]:
                    raise IdempotencyConflict(
                        f"the key {key!r} was used for another {known.data['what']} of this wallet: give "
                        "each a key of its own",
                        record=record_id,
                    )
                return known
            _require_omnibus(connection, wallet)
            posted = kind is RecordKind.CLIENT_FLOW
            state = _S.FLOW_PENDING if posted else _S.ALLOCATION_PENDING
            if what == "transfer":  # to say no at once; the approval asks again
                apply_lines(positions_of(connection, wallet, token, [line.account for line in lines]), lines)
            return open_record(
                connection,
                book,
                record_id,
                kind,
                state,
                data,
                lines,
                maker,
                Role.MAKER,
                reason,
                posted=posted,
            )

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, RecordBook]]:
        """A transaction that holds the end of the event chain, and a book of records inside it."""
        with self.unit.writing() as connection:
            audit.lock(connection)
            yield connection, RecordBook(Joined(connection), Stopped(self.clock.now()))


def _known(book: RecordBook, record_id: str) -> LedgerRecord | None:
    try:
        return book.get(record_id)
    except NotFound:
        return None


def _record(book: RecordBook, record_id: str, *kinds: RecordKind) -> LedgerRecord:
    record = book.get(record_id)
    if record.kind not in kinds:
        raise InvalidInput(f"{record_id} is a {record.kind}, not a {' or '.join(kinds)}", record=record_id)
    return record


def _lock_id(wallet: str, token: str, client: str, case: str) -> str:
    return f"client_lock/{wallet}/{token}/{client}/{case}"


def _account(wallet: str, token: str, client: str) -> tuple[str, str, str]:
    return _address(wallet, "wallet"), _address(token, "token"), checks.investor_reference(client)


def _address(value: str, what: str) -> str:
    return checksum_address(value, what=what)


def _require_omnibus(connection: Connection, wallet: str) -> None:
    query = sa.select(schema.wallets.c.kind).where(schema.wallets.c.address == wallet)
    kind = connection.execute(query).scalar_one_or_none()
    if kind != "omnibus":
        raise NotAnOmnibusWallet(
            f"wallet {wallet} is {'unknown' if kind is None else f'of the kind {kind}'} in the ledger: prove "
            "and register it as an omnibus wallet before it has clients",
            wallet=wallet,
            kind=kind,
        )


def _document(what: str, wallet: str, token: str, **more: Any) -> dict[str, Any]:
    return {"what": what, "wallet": wallet, "token": token, "lines": {}, **more}
