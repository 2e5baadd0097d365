"""Omnibus accounts: whose the tokens of a distributor's wallet are (regulation.md W06, 4.13, R-BRK-03).

For each wallet and token, a position per client and a journal that only grows. A movement is a step of a
record (`omnibus_machines`), posted in the transaction that writes the record's event; the record carries the
digest of the movement's lines, so that positions can be recomputed and an edit is found. One after another:
whoever writes holds the end of the event chain, on either database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.errors import IdempotencyConflict, InvalidInput
from toolkit.ledger import checks
from toolkit.ledger.canonical import digest
from toolkit.ledger.delisted import require_in_use, require_not_replacing
from toolkit.ledger.errors import AllocationUneven
from toolkit.ledger.machines import Role
from toolkit.ledger.omnibus_lines import CHAIN, EXPECTED, Bucket, Line, apply_lines, lines_digest, moved
from toolkit.ledger.omnibus_posting import (
    account_of,
    address_of,
    document,
    known_record,
    lines_of,
    open_record,
    positions_of,
    post,
    require_omnibus,
    step_record,
    writing,
)
from toolkit.ledger.omnibus_reading import Movement, OmnibusReading
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord

__all__ = ["Movement", "Omnibus"]

_S = RecordState


@dataclass(frozen=True, slots=True)
class Omnibus(OmnibusReading):
    """The sub-ledgers of omnibus wallets. Wallets and tokens are addresses, clients keyed references (0x and
    32 hex digits), amounts whole base units, actors person ids. What is asked under a `key` a second time
    gives the record it made the first time.
    """

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
        with writing(self.unit, self.clock) as (connection, book):
            record = _record(book, record_id, RecordKind.ALLOCATION)
            require_in_use(book, record.data["wallet"])
            require_not_replacing(book, record.data["wallet"])
            done = book.step(record_id, _S.ALLOCATED, actor=checker, role=Role.CHECKER)
            post(connection, record, 1, lines_of(connection, record_id, 1), book.clock.now())
            return done

    def retract(self, record_id: str, *, by: str, role: Role, reason: str) -> LedgerRecord:
        """Gives up what was asked and not yet approved or settled. Of a flow, what it set aside goes back."""
        with writing(self.unit, self.clock) as (connection, book):
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
        with writing(self.unit, self.clock) as (connection, book):
            record = _record(book, record_id, RecordKind.CLIENT_FLOW)
            require_not_replacing(book, record.data["wallet"])
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
        wallet, token, client = account_of(wallet, token, client)
        case = checks.one_line(case, what="case", longest=64)
        record_id = _lock_id(wallet, token, client, case)
        lines = moved(amount, (client, Bucket.AVAILABLE), (client, Bucket.LOCKED))
        with writing(self.unit, self.clock) as (connection, book):
            known = known_record(book, record_id)
            if known is None:
                require_omnibus(connection, wallet)
                data = document("lock", wallet, token, client=client, amount=str(amount), case=case)
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
        wallet, token, client = account_of(wallet, token, client)
        with writing(self.unit, self.clock) as (connection, book):
            record = _record(book, _lock_id(wallet, token, client, case), RecordKind.CLIENT_LOCK)
            amount = int(record.data["amount"])
            lines = moved(amount, (client, Bucket.LOCKED), (client, Bucket.AVAILABLE))
            return step_record(connection, book, record, _S.RELEASED, lines, actor, Role.COMPLIANCE, reason)

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
        wallet, token = address_of(wallet, "wallet"), address_of(token, "token")
        for account in {line.account for line in lines} - {CHAIN, EXPECTED}:
            checks.investor_reference(account)
        record_id = f"{kind}/{wallet}/{checks.one_line(key, what='key', longest=64)}"
        clients = [line for line in lines if line.account not in (CHAIN, EXPECTED)]
        data = document(
            what,
            wallet,
            token,
            client=clients[0].account if what in ("in", "out") else None,
            amount=str(sum(line.change for line in lines if line.change > 0)),
            clients=len({line.account for line in clients}),
            body=digest({"what": what, "token": token, "lines": lines_digest(lines)}),
        )
        with writing(self.unit, self.clock) as (connection, book):
            known = known_record(book, record_id)
            if known is not None:
                if known.data["body"] != data["body"]:
                    raise IdempotencyConflict(
                        f"the key {key!r} was used for another {known.data['what']} of this wallet: give "
                        "each a key of its own",
                        record=record_id,
                    )
                return known
            require_omnibus(connection, wallet)
            require_in_use(book, wallet)
            require_not_replacing(book, wallet)
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


def _record(book: RecordBook, record_id: str, *kinds: RecordKind) -> LedgerRecord:
    record = book.get(record_id)
    if record.kind not in kinds:
        raise InvalidInput(f"{record_id} is a {record.kind}, not a {' or '.join(kinds)}", record=record_id)
    return record


def _lock_id(wallet: str, token: str, client: str, case: str) -> str:
    return f"client_lock/{wallet}/{token}/{client}/{case}"
