"""All clients of an omnibus wallet that was lost, into the wallet that replaced it (regulation.md W15).

The tokens went before them, by forced transfer under the same case: here their owners follow, token by token,
out of the one sub-ledger and into the other in one transaction. What was recorded of the old wallet stays as
it was, so that proofs of earlier days can be made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import InvalidInput
from toolkit.ledger.errors import ClientsNotSettled
from toolkit.ledger.machines import Role
from toolkit.ledger.omnibus_lines import CHAIN, Bucket, Line, Position
from toolkit.ledger.omnibus_posting import (
    address_of,
    all_positions,
    document,
    known_record,
    open_record,
    require_omnibus,
    writing,
)
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.schema_omnibus import omnibus_positions
from toolkit.ledger.store import Joined, Unit

__all__ = ["OmnibusMoves"]

_TOKENS = (
    sa.select(omnibus_positions.c.token)
    .distinct()
    .where(omnibus_positions.c.wallet == sa.bindparam("wallet"))
    .order_by(omnibus_positions.c.token)
)


@dataclass(frozen=True, slots=True)
class OmnibusMoves:
    """Moves of all clients at once."""

    unit: Unit
    clock: Clock

    def require_settled(self, old: str, new: str, *, tokens: Collection[str]) -> None:
        """Raises `ClientsNotSettled` as long as something of the clients of `old` is locked, on its way or
        waits for approval, or a client has a token that is none of `tokens`; `NotAnOmnibusWallet` if there
        are clients and `new` is none.
        """
        with self.unit.reading() as connection:
            book = RecordBook(Joined(connection), self.clock)
            for _ in _settled(connection, book, *_pair(old, new), tokens):
                pass

    def move(
        self, old: str, new: str, *, tokens: Collection[str], case: str, actor: str
    ) -> tuple[LedgerRecord, ...]:
        """Posts the move under the recovery `case`, in every one of `tokens` or in none. The same again gives
        the records that stand. Raises as `require_settled`, and `NotAuthorised`.
        """
        old, new = _pair(old, new)
        done = []
        with writing(self.unit, self.clock) as (connection, book):
            for token, positions in _settled(connection, book, old, new, tokens):
                total = sum(position.available for position in positions)
                away = [Line(item.client, Bucket.AVAILABLE, -item.available) for item in positions]
                back = [Line(item.client, Bucket.AVAILABLE, item.available) for item in positions]
                for what, wallet, other, lines in (
                    ("move_out", old, new, [*away, Line(CHAIN, Bucket.AVAILABLE, total)]),
                    ("move_in", new, old, [Line(CHAIN, Bucket.AVAILABLE, -total), *back]),
                ):
                    facts = {"other": other, "case": case, "amount": str(total), "clients": len(positions)}
                    done.append(
                        open_record(
                            connection,
                            book,
                            _name(what, wallet, token, case),
                            RecordKind.CLIENT_MOVE,
                            RecordState.SETTLED,
                            document(what, wallet, token, **facts),
                            lines,
                            actor,
                            Role.OPERATOR,
                            f"the wallet was replaced under {case}",
                        )
                    )
            known = (known_record(book, _name("move_out", old, token, case)) for token in tokens)
            return tuple(done) or tuple(record for record in known if record is not None)


def _settled(
    connection: Connection, book: RecordBook, old: str, new: str, tokens: Collection[str]
) -> Iterator[tuple[str, tuple[Position, ...]]]:
    """By token, the clients that have anything, all of it available."""
    _require_none_asked(book, old)
    for token in connection.execute(_TOKENS, {"wallet": old}).scalars().all():
        positions = all_positions(connection, old, token)
        if not positions:
            continue
        if token not in tokens:
            raise ClientsNotSettled(
                f"clients of {old} have {token}, which is no token of the suites opened here: open them all",
                wallet=old,
                token=token,
            )
        busy = [item.client for item in positions if item.locked or item.pending_in or item.pending_out]
        if busy:
            raise ClientsNotSettled(
                f"client {busy[0]} of {old}, and {len(busy) - 1} more, have tokens locked or on their way: "
                "unlock them, and settle or retract what is pending, then resume the case",
                wallet=old,
                client=busy[0],
            )
        require_omnibus(connection, new)
        yield token, positions


def _require_none_asked(book: RecordBook, old: str) -> None:
    asked = book.find(
        RecordKind.ALLOCATION, prefix=f"allocation/{old}/", state=RecordState.ALLOCATION_PENDING
    )
    if asked:
        raise ClientsNotSettled(
            f"{asked[0].id} waits for approval: retract it, then resume the case", record=asked[0].id
        )


def _pair(old: str, new: str) -> tuple[str, str]:
    pair = address_of(old, "wallet"), address_of(new, "wallet")
    if pair[0] == pair[1]:
        raise InvalidInput(f"{old} can't take its own clients over: name another wallet")
    return pair


def _name(what: str, wallet: str, token: str, case: str) -> str:
    return f"client_move/{wallet}/{token}/{case}/{what}"
