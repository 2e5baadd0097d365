"""What each wallet has to be frozen at, and how a case's acts get onto every chain.

Several cases may hold one wallet. What is frozen on chain is one absolute figure for each token and wallet:
the account itself as soon as any case freezes the party or the wallet was reported lost, else the sum of the
parts that cases freeze of it. The figure is worked out from the cases on record and from nothing else, so
that it comes out the same however often a run is cut short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.compliance.context import ComplianceContext
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.ledger.case_acts import WHOLE_ACCOUNT, Act, ActKind
from toolkit.ledger.eligibility import under_review
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.ports import Suite
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = [
    "CASE_WORKER",
    "CaseChains",
    "Outcome",
    "is_on_record",
    "lift",
    "register_worker",
    "require_fresh",
    "restrict",
]

CASE_WORKER = "compliance-worker"
"""The person the ledger knows compliance's worker as: it sends and observes, and decides nothing."""

_S = RecordState
_NOT_HELD = frozenset({_S.HIT, _S.RELEASE_APPROVED, _S.RELEASED})
_DISPOSED = (ActKind.FORCED_TRANSFER, ActKind.BURN)
_HELD_KINDS = {
    OrderKind.MINT: (State.REQUESTED, State.FUNDED, State.APPROVED),
    OrderKind.REDEMPTION: (State.REQUESTED, State.VALID, State.ESCROWED, State.APPROVED),
    OrderKind.SUBSCRIPTION: (State.REQUESTED, State.VALID, State.FUNDED),
    OrderKind.FUND_REDEMPTION: (State.REQUESTED, State.VALID),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case after its acts were tried on every chain; `complete` if none is left to do."""

    record: LedgerRecord
    complete: bool


class CaseChains:
    """The cases' side of the chains."""

    def __init__(self, context: ComplianceContext) -> None:
        self._context = context

    # ------------------------------------------------------------------------------------------------ figures

    def wallets(self, record: LedgerRecord) -> tuple[str, ...]:
        """Every wallet that the case is about, with those that the party was given since it was opened."""
        found = list(record.data["wallets"])
        investor = record.data.get("investor")
        if record.kind is RecordKind.FREEZE and investor is not None:
            found += [wallet.address for wallet in self._context.ledger.investors.wallets(investor)]
            for suite in self._context.suites:
                found += suite.wallets_of(investor)
        return tuple(dict.fromkeys(found))

    def figure(self, chain_id: int, token: str, wallet: str, *, without: str = "") -> int:
        """What the wallet has to be frozen at in base units, by all cases but the record `without`."""
        parts = 0
        for record in self._holding():
            if record.id == without:
                continue
            part = record.data.get("part")
            if part is None:
                if wallet in self.wallets(record):
                    return WHOLE_ACCOUNT
            elif (part["chain"], part["token"], part["wallet"]) == (chain_id, token, wallet):
                parts += int(part["amount"])
        return parts

    def targets(self, suite: Suite, record: LedgerRecord) -> list[tuple[str, str]]:
        """The (token, wallet) pairs on a suite that the case freezes."""
        part = record.data.get("part")
        if part is not None:
            return [(part["token"], part["wallet"])] if part["chain"] == suite.chain_id else []
        return [(token.address, wallet) for token in suite.tokens() for wallet in self.wallets(record)]

    def settle(self, suite: Suite, record: LedgerRecord, *, lower: bool = False) -> list[Act]:
        """The acts that bring the suite to the figures; only with `lower` is any of them lowered.

        What stands as it should and is on record needs none. Raises FreezeMismatch where a part is to be
        lowered and more is frozen than the cases account for, HitNotReleased where a list names the party.
        """
        acts = []
        for token, wallet in self.targets(suite, record):
            wanted = self.figure(suite.chain_id, token, wallet)
            frozen = suite.holding(token, wallet).frozen
            lowering = lower and frozen > wanted
            if lowering:
                self._require_unnamed(wallet)
                self._require_accounted(suite, record, token, wallet, frozen)
            kind = ActKind.UNFREEZE if lower and frozen >= wanted else ActKind.FREEZE
            act = Act(kind, suite.chain_id, token, wallet, record.data["case_id"], wanted)
            if frozen < wanted or lowering or not is_on_record(record, act):
                acts.append(act)
        return acts

    # ------------------------------------------------------------------------------------------------- acting

    def perform(self, record: LedgerRecord, plan: Callable[[Suite], Sequence[Act]]) -> Outcome:
        """Tries `plan`'s acts on every suite, and writes into the case what was done and what could not be.

        A suite that can't be reached leaves an alarm in the case and doesn't hold up the others.
        """
        now = self._context.clock.now().isoformat()
        rows = list(record.data["acts"])
        failed = self._left_out(record)
        for suite in self._context.suites:
            errors = failed.setdefault(str(suite.chain_id), [])
            try:
                suite.finish(record.data["case_id"])
                acts = suite.perform(plan(suite))
            except ToolkitError as error:
                errors.append(f"{error.code}: {error.message}")
            else:
                rows += [act.to_data(now) for act in acts if act.done]
                errors += [act.error for act in acts if act.error]
        before = record.data["alarms"]
        alarms = {
            chain: {
                "since": before[chain]["since"] if chain in before else now,
                "error": "; ".join(dict.fromkeys(errors)),
            }
            for chain, errors in failed.items()
            if errors
        }
        data = {**record.data, "acts": rows, "alarms": alarms}
        return Outcome(self.note(record, data), not alarms)

    def step(
        self,
        record: LedgerRecord,
        to: RecordState,
        by: str,
        role: Role,
        *,
        data: dict[str, Any] | None = None,
        reason: str = "",
    ) -> LedgerRecord:
        """A person's step. Raises as `RecordBook.step`, also if the case was changed since it was read."""
        return self._context.ledger.record_book.step(
            record.id, to, actor=by, role=role, data=data, reason=reason, expected=record
        )

    def note(self, record: LedgerRecord, data: dict[str, Any], to: RecordState | None = None) -> LedgerRecord:
        """The worker's step to `to` (by default where it stands), if anything changed."""
        if data == record.data and to is None:
            return record
        return self._context.ledger.record_book.step(
            record.id,
            record.state if to is None else to,
            actor=CASE_WORKER,
            role=Role.OPERATOR,
            data=data,
            expected=record,
        )

    # ------------------------------------------------------------------------------------------------- inside

    def _left_out(self, record: LedgerRecord) -> dict[str, list[str]]:
        """By chain, what the case froze at contracts that none of the suites given here has: nothing of it is
        forgotten because somebody opened the office without a fund or a chain.
        """
        given = {(suite.chain_id, address) for suite in self._context.suites for address in suite.addresses}
        frozen = {
            (row["chain"], row["contract"]) for row in record.data["acts"] if row["do"] == ActKind.FREEZE
        }
        missing: dict[str, list[str]] = {}
        for chain, contract in sorted(frozen - given):
            words = (
                f"the case froze at {contract}, which is none of the suites opened here: open it with them"
            )
            missing.setdefault(str(chain), []).append(words)
        return missing

    def _holding(self) -> list[LedgerRecord]:
        """The cases that hold anything now."""
        book = self._context.ledger.record_book
        freezes = [record for record in book.find(RecordKind.FREEZE) if _holds(record)]
        lost = [record for record in book.find(RecordKind.RECOVERY) if record.state is not _S.RESTORED]
        return freezes + lost

    def require_unnamed(self, record: LedgerRecord) -> None:
        """Raises HitNotReleased if a list names whom the case concerns."""
        part = record.data.get("part")
        for wallet in self.wallets(record) if part is None else [part["wallet"]]:
            self._require_unnamed(wallet)

    def _require_unnamed(self, wallet: str) -> None:
        from toolkit.compliance.errors import HitNotReleased

        if self._context.ledger.screening.names(wallet):
            raise HitNotReleased(
                f"a list names {wallet} or whose it is, and the hit isn't released: release it with its "
                "rationale first, or leave the freeze as it is",
                wallet=wallet,
            )

    def _require_accounted(
        self, suite: Suite, record: LedgerRecord, token: str, wallet: str, frozen: int
    ) -> None:
        from toolkit.compliance.errors import FreezeMismatch

        part = record.data.get("part")
        if part is None:
            return
        known = self.figure(suite.chain_id, token, wallet, without=record.id) + int(part["amount"])
        if frozen > known:
            raise FreezeMismatch(
                f"{frozen} base units of {wallet} are frozen at {token} and the cases come to {known}: "
                "find out who froze the rest, and open a case for it before anything is lowered",
                wallet=wallet,
                frozen=frozen,
                known=known,
            )


def restrict(tx: Transaction, case: str, *, investor: str, wallet: str | None = None) -> tuple[str, ...]:
    """Restricts the party, or one wallet of theirs, under the record `case`: no order is taken or executed
    any more, and those that are open are on hold. The desk sees the same words as for any review.

    Returns the orders. One that was handed to the chain can't be held: the freeze stops it there.
    """
    tx.restrictions.impose([(investor, wallet)], case_id=case, actor=CASE_WORKER, role=Role.OPERATOR)
    reason = under_review(investor).message
    held = []
    for kind, states in _HELD_KINDS.items():
        for order in tx.orders.find(kind=kind, state=states):
            if order.investor != investor or (wallet is not None and order.wallet != wallet):
                continue
            if order.flight_id is None:
                tx.orders.step(order.id, State.ON_HOLD, actor=CASE_WORKER, role=Role.OPERATOR, reason=reason)
                held.append(order.id)
    return tuple(held)


def lift(tx: Transaction, case: str, *, by: str, reason: str) -> None:
    """Ends the case's restrictions, in the name of the person of compliance who decided so. The orders stay
    on hold until compliance releases them.
    """
    ids = [item.id for item in tx.restrictions.find(case_id=case)]
    if ids:
        tx.restrictions.lift(ids, actor=by, reason=reason)


def require_fresh(context: ComplianceContext, case_id: str) -> None:
    """Raises InvalidInput unless it is 1 to 32 bytes of printable text that no case has yet: on chain an act
    is told from another by its case.
    """
    if not case_id.isprintable() or not 1 <= len(case_id.encode()) <= 32 or case_id != case_id.strip():
        raise InvalidInput(f"case id {case_id!r} must be printable and have 1 to 32 bytes")
    book = context.ledger.record_book
    for record in (*book.find(RecordKind.FREEZE), *book.find(RecordKind.RECOVERY)):
        if record.data["case_id"] == case_id:
            raise InvalidInput(
                f"case {case_id} is on record as {record.id}: give the new one an id of its own"
            )


def register_worker(context: ComplianceContext) -> None:
    """Makes `CASE_WORKER` known to the ledger."""
    persons = context.ledger.persons
    try:
        persons.get(CASE_WORKER)
    except NotFound:
        persons.add(CASE_WORKER, label="compliance's worker", roles=[Role.OPERATOR])


def _holds(record: LedgerRecord) -> bool:
    if record.state in _NOT_HELD:
        return False
    if record.data["part"] is None:
        return True
    return not any(row["do"] in _DISPOSED for row in record.data["acts"])


def is_on_record(record: LedgerRecord, act: Act) -> bool:
    """Whether the case says that the act is done."""
    return any(act.is_row(row) for row in record.data["acts"])
