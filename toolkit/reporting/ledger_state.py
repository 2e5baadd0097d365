"""The order ledger as of a cut-off: what was minted and burned by its block, what was paid by its instant.

An order counts as minted or burned when the block of its transaction is at or before the cut-off's, whatever
the clock said when the worker wrote it down; a payout counts by the bank's instant. The ledger is read up to
one place of its chain of events, which the figures name: read to the same place again, it says the same.

A closed day leaves its `LedgerState` for the next, which reads only what was written since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.records import Head
from toolkit.reporting.figures import Flow
from toolkit.reporting.replay import CoinWindow, Movement

if TYPE_CHECKING:
    from toolkit.ledger.as_of import Fact, Paid, Received
    from toolkit.ledger.ledger import Ledger

__all__ = ["LedgerDay", "LedgerState", "OpenRedemption", "Place", "read_ledger"]

_IN_BLOCK = "final in block "
_ENDED = frozenset({State.SETTLED, State.PAID, State.REJECTED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Place:
    """A point in both times: the chain's and the clock's."""

    block_number: int
    instant: datetime


@dataclass(slots=True)
class OpenRedemption:
    """A redemption that was neither paid nor ended: base units, where it stands, when its money is due."""

    units: int
    state: str
    due_at: datetime | None


@dataclass(slots=True)
class LedgerState:
    """Running totals, each as base units and count, and what was open. `resume` is the last event from which
    on everything was counted; `receipts` is customers' money that belongs to no order minted yet.
    """

    head: Head = field(default_factory=lambda: Head(0, "0" * 64))
    resume: int = 0
    minted: tuple[int, int] = (0, 0)
    burned: tuple[int, int] = (0, 0)
    paid: tuple[int, int] = (0, 0)
    discharged: tuple[int, int] = (0, 0)
    redemptions: dict[str, OpenRedemption] = field(default_factory=dict)
    receipts: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """JSON data, amounts as strings."""
        totals = {
            name: [str(units), count]
            for name, (units, count) in (
                ("minted", self.minted),
                ("burned", self.burned),
                ("paid", self.paid),
                ("discharged", self.discharged),
            )
        }
        return {
            "head": [self.head.seq, self.head.hash],
            "resume": self.resume,
            **totals,
            "redemptions": {
                name: [str(item.units), item.state, None if item.due_at is None else item.due_at.isoformat()]
                for name, item in sorted(self.redemptions.items())
            },
            "receipts": sorted(self.receipts),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> LedgerState:
        """The state that `to_data` wrote."""
        names = ("minted", "burned", "paid", "discharged")
        return cls(
            head=Head(*data["head"]),
            resume=data["resume"],
            **{name: (int(data[name][0]), data[name][1]) for name in names},
            redemptions={
                name: OpenRedemption(int(units), state, None if due is None else datetime.fromisoformat(due))
                for name, (units, state, due) in data["redemptions"].items()
            },
            receipts=tuple(data["receipts"]),
        )


@dataclass(slots=True)
class LedgerDay:
    """What was counted since the last state, and the state after it.

    `minted`, `burned` and `discharged` are movements by block; `late` are among them, in a block that the
    last state had passed already. `unplaced` says of a step that its transaction is in no block known up to
    the cut-off. `flows` are the redemptions' steps after `opening`. `open_receipts` is money that lies there.
    """

    state: LedgerState
    minted: list[Movement] = field(default_factory=list)
    burned: list[Movement] = field(default_factory=list)
    discharged: list[Movement] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    late: list[Movement] = field(default_factory=list)
    unplaced: list[Fact] = field(default_factory=list)
    flows: dict[str, list[int]] = field(default_factory=dict)
    open_receipts: tuple[Received, ...] = ()

    def flow(self, name: str) -> Flow:
        """The steps of that name: base units and count."""
        units = self.flows.get(name, [])
        return Flow(units=sum(units), count=len(units))


def read_ledger(
    ledger: Ledger,
    window: CoinWindow,
    cut: Place,
    *,
    opening: Place,
    head: Head,
    previous: LedgerState | None = None,
    counted_to: Place | None = None,
) -> LedgerDay:
    """Reads what was written since `previous`, which counted up to `counted_to`, as far as `head`.

    `window` is the chain's since then: it places transactions that aren't the desk's own. `opening` is the
    day before's cut-off, from which the day's own flows count.
    """
    reader = _Reader(ledger, window, cut, opening, previous or LedgerState(), counted_to)
    reader.read(head)
    return reader.day


class _Reader:
    def __init__(
        self,
        ledger: Ledger,
        window: CoinWindow,
        cut: Place,
        opening: Place,
        previous: LedgerState,
        counted_to: Place | None,
    ) -> None:
        self._ledger = ledger
        self._cut = cut
        self._opening = opening
        self._previous = previous
        self._counted_to = counted_to
        self._burns = {item.number: item.block_number for item in window.burns}
        everything = (*window.mints, *window.burns, *window.payouts)
        self._blocks = {item.transaction: item.block_number for item in everything}
        self._placed: dict[str, int] = {}
        self._settled: set[str] = set()
        self._carried: list[int] = []
        self._pending: dict[str, tuple[Fact, int]] = {}
        self.day = LedgerDay(
            LedgerState(
                minted=previous.minted,
                burned=previous.burned,
                paid=previous.paid,
                discharged=previous.discharged,
                redemptions=dict(previous.redemptions),
            )
        )

    def read(self, head: Head) -> None:
        as_of = self._ledger.as_of
        facts = list(as_of.facts(after=self._previous.resume, up_to=head.seq))
        proven = {fact.transaction for fact in facts if fact.evidence and _is_proven(fact)}
        self._placed = as_of.places(proven)
        paid = as_of.payouts_of([fact.order_id for fact in facts if fact.target == State.PAID])
        self._payouts = {payout.order_id: payout for payout in paid}
        for fact in facts:
            self._take(fact)
        for fact, block in self._pending.values():
            self._count_block(fact, block, "burned", self.day.burned)
        self._receipts()
        state = self.day.state
        state.head, state.resume = head, min([head.seq, *(seq - 1 for seq in self._carried)])

    # ------------------------------------------------------------------------------------------------- facts

    def _take(self, fact: Fact) -> None:
        if fact.kind == OrderKind.MINT:
            if self._counts_block(fact, self._block(fact), "minted", self.day.minted):
                self._settled.add(fact.order_id)
            return
        self._follow(fact)
        recovered = fact.source == State.RECOVERED
        if fact.target == State.BURNED or (recovered and fact.target == State.SETTLED):
            block = self._burns.get(fact.number) if recovered else self._block(fact)
            if block is not None or not recovered:
                self._pending[fact.order_id] = (fact, -1 if block is None else block)
        if fact.source == State.BURNED and fact.target == State.APPROVED:
            self._unburn(fact)
        if fact.target == State.PAID:
            self._pay(fact)
        if fact.target == State.SETTLED:
            block = self._block(fact)
            if self._counts_block(fact, block, "discharged", self.day.discharged) and recovered:
                self._add("paid", fact.units)

    def _block(self, fact: Fact) -> int | None:
        """Where the chain has the transaction that the step names."""
        if fact.evidence is None:
            return None
        if fact.reason.startswith(_IN_BLOCK):
            return int(fact.reason.removeprefix(_IN_BLOCK).partition(",")[0])
        own = self._placed.get(fact.transaction)
        return self._blocks.get(fact.transaction) if own is None else own

    def _unburn(self, fact: Fact) -> None:
        """A burn that a reorganisation undid: not counted yet, or counted by an earlier day."""
        if self._pending.pop(fact.order_id, None) is None and fact.seq > self._previous.head.seq:
            units, count = self.day.state.burned
            self.day.state.burned = units - fact.units, count - 1

    def _pay(self, fact: Fact) -> None:
        payout = self._payouts[fact.order_id]
        if self._counts(fact, payout.paid_at <= self._cut.instant, self._was_then(payout.paid_at)):
            self.day.paid.append(payout)
            self._add("paid", fact.units)
            if payout.paid_at > self._opening.instant:
                self.day.flows.setdefault("paid", []).append(fact.units)

    def _follow(self, fact: Fact) -> None:
        """Where the redemption stands at the cut-off, by the ledger's clock."""
        if not self._counts(fact, fact.at <= self._cut.instant, self._was_then(fact.at)):
            return
        known = self.day.state.redemptions
        if fact.target in _ENDED:
            known.pop(fact.order_id, None)
        else:
            known[fact.order_id] = OpenRedemption(fact.units, fact.target, fact.due_at)
        if fact.at > self._opening.instant and fact.target != State.PAID:  # that counts by the bank's instant
            self.day.flows.setdefault(fact.target, []).append(fact.units)

    # ---------------------------------------------------------------------------------------------- counting

    def _was_then(self, instant: datetime) -> bool:
        return self._counted_to is not None and instant <= self._counted_to.instant

    def _counts(self, fact: Fact, by_now: bool, by_then: bool) -> bool:
        """Whether the fact is new to the totals: it lies before the cut-off and no earlier day had it."""
        if not by_now:
            self._carried.append(fact.seq)
            return False
        return fact.seq > self._previous.head.seq or not by_then

    def _count_block(self, fact: Fact, block: int, total: str, found: list[Movement]) -> None:
        self._counts_block(fact, None if block < 0 else block, total, found)

    def _counts_block(self, fact: Fact, block: int | None, total: str, found: list[Movement]) -> bool:
        if block is None:
            self._carried.append(fact.seq)
            if fact.at <= self._cut.instant:
                self.day.unplaced.append(fact)
            return False
        late = self._counted_to is not None and block <= self._counted_to.block_number
        if not self._counts(fact, block <= self._cut.block_number, late):
            return False
        movement = Movement(fact.number, fact.wallet, fact.units, fact.transaction, block)
        found.append(movement)
        if late:
            self.day.late.append(movement)
        self._add(total, fact.units)
        return True

    def _add(self, total: str, units: int) -> None:
        before, count = getattr(self.day.state, total)
        setattr(self.day.state, total, (before + units, count + 1))

    # ---------------------------------------------------------------------------------------------- receipts

    def _receipts(self) -> None:
        """Customers' money that was there at the cut-off, had not gone back and belongs to no minted
        order."""
        as_of, cut = self._ledger.as_of, self._cut.instant
        since = None if self._counted_to is None else self._counted_to.instant
        known = as_of.receipts(self._previous.receipts) if self._previous.receipts else ()
        lying = [
            item
            for item in (*known, *as_of.received(after=since, until=cut))
            if not (item.returned_at is not None and item.returned_at <= cut)
            and item.order_id not in self._settled
        ]
        self.day.open_receipts = tuple(lying)
        self.day.state.receipts = tuple(item.reference for item in lying)


def _is_proven(fact: Fact) -> bool:
    return fact.target in (State.SETTLED, State.BURNED)
