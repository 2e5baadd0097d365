"""Screening: every wallet and every open order against the lists in force, and what becomes of a hit.

A run is a record with the digest of its decisions, one for each wallet and order that was looked at. A hit is
a record of its own, which is compliance's to read: the desk sees a restriction, and orders on hold, in words
that are the same whatever the cause (regulation.md R-AML-10, R-AML-11, W14).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.ledger import checks, schema
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.eligibility import under_review
from toolkit.ledger.errors import ScreeningImpossible
from toolkit.ledger.lists import IMPOSSIBLE, ListInForce, in_force, require_current
from toolkit.ledger.machines import MACHINES, Role, State
from toolkit.ledger.matches import Hit, all_hits, hits_of, hits_of_new
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.restrictions import Restrictions
from toolkit.ledger.screening_runs import (
    CLEAR,
    HIT,
    Decision,
    Occasion,
    record_run,
    standing_of,
    versions_of,
)
from toolkit.ledger.steps import advance
from toolkit.ledger.store import Joined, Unit

__all__ = ["Decision", "Hit", "Occasion", "Screening", "ScreeningRun"]

_WALLETS, _ORDERS = schema.wallets, schema.orders
_CLEARED = tables.cleared_hits
_FLIGHTS = schema.flights
_OWNER = sa.select(_WALLETS.c.investor).where(_WALLETS.c.address == sa.bindparam("wallet"))

_HOLDABLE = {
    kind: sorted({source for source, target in machine.steps if target is State.ON_HOLD})
    for kind, machine in MACHINES.items()
}
_OPEN = sa.or_(
    *(sa.and_(_ORDERS.c.kind == kind, _ORDERS.c.state.in_(states)) for kind, states in _HOLDABLE.items())
)
_OPEN_ORDERS = sa.select(_ORDERS.c.investor, _ORDERS.c.wallet, _ORDERS.c.id).where(_OPEN)
_ALL_OPEN = _OPEN_ORDERS.order_by(_ORDERS.c.opened_seq)
_OPEN_LOCKED = _ALL_OPEN.with_only_columns(_ORDERS.c.id).with_for_update()
_FLYING = sa.select(_FLIGHTS.c.id).where(_FLIGHTS.c.state == "flying")
_TO_HOLD = (
    sa.select(_ORDERS.c.id, _ORDERS.c.investor)
    .where(
        _OPEN,
        Among(_ORDERS.c.investor, "investors"),
        # A transaction that carries the order may still land; the contract has its own look at it.
        sa.or_(_ORDERS.c.flight_id.is_(None), _ORDERS.c.flight_id.not_in(_FLYING)),
    )
    .order_by(_ORDERS.c.opened_seq)
    .with_for_update()
)
_IN_FLIGHT = (
    sa.select(_ORDERS.c.id)
    .where(Among(_ORDERS.c.investor, "investors"), _ORDERS.c.flight_id.in_(_FLYING))
    .order_by(_ORDERS.c.opened_seq)
)
_ALL_WALLETS = sa.select(_WALLETS.c.investor, _WALLETS.c.address).order_by(_WALLETS.c.address)
_SOME_ORDERS = sa.select(_ORDERS.c.investor, _ORDERS.c.wallet, _ORDERS.c.id).where(
    Among(_ORDERS.c.id, "orders")
)
_EVENTS, _LATER = schema.order_events, schema.order_events.alias("later")
_IS_LAST = ~sa.exists().where(_LATER.c.order_id == _EVENTS.c.order_id, _LATER.c.seq > _EVENTS.c.seq)
_WAITING_FOR_LISTS = (
    sa.select(_ORDERS.c.id, _ORDERS.c.investor, _ORDERS.c.held_from)
    .join(_EVENTS, _EVENTS.c.order_id == _ORDERS.c.id)
    .where(_ORDERS.c.state == State.ON_HOLD, _IS_LAST, _EVENTS.c.reason.startswith(IMPOSSIBLE))
    .order_by(_ORDERS.c.opened_seq)
    .with_for_update(of=_ORDERS)
)


@dataclass(frozen=True, slots=True)
class ScreeningRun:
    """What a run looked at, and what it did.

    `lists` are the names with the versions. `held` are the orders that it put on hold with their investors,
    `flying` those whose transaction may still land, `resumed` those that had waited for a list and go on.
    """

    id: str
    occasion: Occasion
    lists: dict[str, str]
    looked_at: int
    hits: tuple[Hit, ...]
    held: dict[str, str]
    flying: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Screening:
    """Runs and hits."""

    unit: Unit
    clock: Clock

    def screen_all(
        self, *, actor: str, role: Role = Role.OPERATOR, resumed_by: str | None = None
    ) -> ScreeningRun:
        """Looks at every wallet, investor and open order; a hit restricts its investor and holds the orders.

        Where a list is too old it is looked at all the same: a hit is one. `resumed_by`, of compliance, lets
        go on what only waited for a list, once all are current. Raises `ScreeningImpossible` without any
        list, `NotAuthorised`.
        """
        with self.unit.writing() as connection:
            lists = tuple(in_force(connection).values())
            if not lists:
                raise ScreeningImpossible(f"{IMPOSSIBLE}; adopt a list")
            subjects = [(row.investor, row.address, None) for row in connection.execute(_ALL_WALLETS)]
            orders = [(row.investor, row.wallet, row.id) for row in connection.execute(_ALL_OPEN)]
            hits = all_hits(connection)
            run = self._run(connection, Occasion.LISTS, lists, [*subjects, *orders], hits, actor, role)
            if resumed_by is not None and _is_current(connection, self.clock):
                run = _resumed(connection, run, resumed_by, self.clock)
        return run

    def screen_orders(
        self, order_ids: Collection[str], *, actor: str, role: Role = Role.OPERATOR
    ) -> ScreeningRun | None:
        """The same for these orders, which are about to be executed. None where nobody is screened, or can
        be: the rules of `eligibility` refuse the orders then.
        """
        with self.unit.reading() as connection:
            if not order_ids or not in_force(connection):
                return None
        with self.unit.writing() as connection:
            if not _is_current(connection, self.clock):
                return None
            lists = tuple(in_force(connection).values())
            found = connection.execute(_SOME_ORDERS, {"orders": list(order_ids)})
            subjects = [(row.investor, row.wallet, row.id) for row in found]
            hits = hits_of(connection, sorted({investor for investor, _, _ in subjects}))
            return self._run(connection, Occasion.EXECUTION, lists, subjects, hits, actor, role)

    def admit(self, *, investor: str, wallet: str, actor: str, role: Role = Role.OPERATOR) -> None:
        """Looks at a wallet that somebody says is the investor's. Raises `UnderReview` after it put a hit on
        record, and `ScreeningImpossible`; so not inside a transaction that the error would undo.
        """
        with self.unit.writing() as connection:
            lists = require_current(connection, self.clock.now())
            if not lists:
                return
            hits = hits_of(connection, [investor])
            if wallet not in {hit.value for hit in hits}:
                hits += hits_of_new(connection, investor, wallet)
            self._run(connection, Occasion.ONBOARDING, lists, [(investor, wallet, None)], hits, actor, role)
        if any(not hit.released for hit in hits):
            raise under_review(investor)

    def lock_open_orders(self) -> None:
        """Locks every open order, before the transaction writes anything else: the ledger locks orders first
        and the end of its chain last, and a list that is adopted in the transaction would turn that round.
        """
        with self.unit.writing() as connection:
            if connection.dialect.name != "sqlite":  # there, who writes is alone
                connection.execute(_OPEN_LOCKED)

    def names(self, wallet: str) -> bool:
        """Whether a list in force names the wallet or whose it is, or a hit stands on them that nobody has
        released: then whatever holds their tokens has to go on holding them.
        """
        with self.unit.reading() as connection:
            owner = connection.execute(_OWNER, {"wallet": wallet}).scalar()
            hits = hits_of(connection, [owner]) if owner else hits_of_new(connection, "", wallet)
            if any(not hit.released for hit in hits):
                return True
            held = Restrictions(Joined(connection), self.clock).find(investor=owner) if owner else ()
        return any(item.case_id.startswith("hit/") and item.wallet in (None, wallet) for item in held)

    def hits(self, state: RecordState | None = None) -> tuple[LedgerRecord, ...]:
        """Every hit on record, oldest first. For compliance's eyes."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).find(RecordKind.HIT, state=state)

    def runs(self) -> tuple[LedgerRecord, ...]:
        """Every run, oldest first."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).find(RecordKind.SCREENING)

    def decisions(self, run: str) -> tuple[Decision, ...]:
        """What a run found, in its sequence."""
        table = tables.screenings
        query = (
            sa.select(table.c.investor, table.c.wallet, table.c.order_id, table.c.outcome)
            .where(table.c.run == run)
            .order_by(table.c.place)
        )
        with self.unit.reading() as connection:
            return tuple(Decision(*row) for row in connection.execute(query))

    def last_of(self, *, order_id: str) -> tuple[LedgerRecord, Decision] | None:
        """The last run that looked at an order, and what it found; None if none did."""
        table, records = tables.screenings, schema.records
        query = (
            sa.select(table.c.run, table.c.investor, table.c.wallet, table.c.order_id, table.c.outcome)
            .join(records, records.c.id == table.c.run)
            .where(table.c.order_id == order_id)
            .order_by(records.c.opened_seq.desc())
            .limit(1)
        )
        with self.unit.reading() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            return RecordBook(Joined(connection), self.clock).get(row[0]), Decision(*row[1:])

    def confirm(self, hit: str, *, by: str, rationale: str) -> LedgerRecord:
        """Compliance finds that the entry means the investor; the restriction stays. Raises as `release`."""
        rationale = checks.one_line(rationale, what="rationale", longest=2_000)
        with self.unit.writing() as connection:
            return RecordBook(Joined(connection), self.clock).step(
                hit, RecordState.CONFIRMED, actor=by, role=Role.COMPLIANCE, reason=rationale
            )

    def release(self, hit: str, *, by: str, rationale: str) -> LedgerRecord:
        """Compliance finds that the entry doesn't mean the investor, and writes why (R-AML-06).

        The entry is passed over for this investor from now on, until its source changes it. Orders stay on
        hold until compliance releases each. Raises `IllegalTransition`, `NotAuthorised`, `NotFound`.
        """
        rationale = checks.one_line(rationale, what="rationale", longest=2_000)
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            record = book.step(hit, RecordState.RELEASED, actor=by, role=Role.COMPLIANCE, reason=rationale)
            data = record.data
            insert_rows(connection, _CLEARED, [(data["investor"], data["list"], data["entry"], hit)])
            restrictions = Restrictions(Joined(connection), self.clock)
            imposed = [item.id for item in restrictions.find(case_id=hit)]
            restrictions.lift(imposed, actor=by, reason=rationale)
        return record

    # ------------------------------------------------------------------------------------------------ inside

    def _run(
        self,
        connection: Connection,
        occasion: Occasion,
        lists: Sequence[ListInForce],
        subjects: Sequence[tuple[str, str | None, str | None]],
        hits: Sequence[Hit],
        actor: str,
        role: Role,
    ) -> ScreeningRun:
        standing = standing_of(hits)
        listed = sorted(investor for investor, outcome in standing.items() if outcome == HIT)
        held, flying = _held(connection, listed, actor, self.clock)
        decisions = [Decision(*subject, standing.get(subject[0], CLEAR)) for subject in subjects]
        looked_at = {subject[0] for subject in subjects}
        decisions += [
            Decision(investor, None, None, outcome)
            for investor, outcome in standing.items()
            if investor not in looked_at
        ]
        run = record_run(connection, self.clock, occasion, lists, decisions, actor, role)
        self._open_hits(connection, run, [hit for hit in hits if not hit.released], actor, role)
        return ScreeningRun(run, occasion, versions_of(lists), len(decisions), tuple(hits), held, flying)

    def _open_hits(
        self,
        connection: Connection,
        run: str,
        hits: Sequence[Hit],
        actor: str,
        role: Role,
    ) -> None:
        """Hits that weren't on record, each with the restriction of its investor."""
        known = set(
            connection.execute(
                sa.select(schema.records.c.id).where(Among(schema.records.c.id, "ids")),
                {"ids": [hit.record for hit in hits]},
            ).scalars()
        )
        fresh = {hit.record: hit for hit in hits if hit.record not in known}
        documents = [(name, {"run": run, **_data(hit)}) for name, hit in fresh.items()]
        RecordBook(Joined(connection), self.clock).open_many(
            documents, RecordKind.HIT, RecordState.MATCHED, actor=actor, role=role
        )
        restrictions = Restrictions(Joined(connection), self.clock)
        for name, hit in fresh.items():
            restrictions.impose([(hit.investor, None)], case_id=name, actor=actor, role=role)


def _is_current(connection: Connection, clock: Clock) -> bool:
    try:
        return bool(require_current(connection, clock.now()))
    except ScreeningImpossible:
        return False


def _held(
    connection: Connection, investors: Sequence[str], actor: str, clock: Clock
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Puts the open orders of these investors on hold: those held, and those whose transaction may land."""
    if not investors:
        return {}, ()
    wanted = {"investors": list(investors)}
    found = connection.execute(_TO_HOLD, wanted).all()
    by_investor: dict[str, list[str]] = defaultdict(list)
    for order_id, investor in found:
        by_investor[investor].append(order_id)
    for investor, order_ids in by_investor.items():
        advance(
            connection,
            order_ids,
            State.ON_HOLD,
            actor=actor,
            role=Role.OPERATOR,
            at=clock.now(),
            reason=under_review(investor).message,
        )
    flying = connection.execute(_IN_FLIGHT, wanted).scalars()
    return dict(map(tuple, found)), tuple(flying)


def _resumed(connection: Connection, run: ScreeningRun, actor: str, clock: Clock) -> ScreeningRun:
    """Lets orders go on that were held only because there was nothing to screen them against."""
    listed = {hit.investor for hit in run.hits if not hit.released}
    back: dict[str, list[str]] = defaultdict(list)
    for order_id, investor, held_from in connection.execute(_WAITING_FOR_LISTS):
        if investor not in listed:
            back[held_from].append(order_id)
    for state, order_ids in back.items():
        advance(
            connection,
            order_ids,
            State(state),
            actor=actor,
            role=Role.COMPLIANCE,
            at=clock.now(),
            reason="screened against the lists in force",
        )
    return replace(run, resumed=tuple(order_id for ids in back.values() for order_id in ids))


def _data(hit: Hit) -> dict[str, str]:
    return {
        "investor": hit.investor,
        "list": hit.list,
        "version": hit.version,
        "kind": hit.kind,
        "value": hit.value,
        "entry": hit.entry,
    }
