"""Freezes from the hit to the release, as cases (regulation.md W14).

The guardian freezes at once; within the hour somebody else signs, or it is an alarm; compliance confirms,
and releases, seizes or burns by order on authority and with others' approval. The case is on record before
anything is sent, so that a run that was cut short is gone on with, and a chain that can't be reached is tried
again until it is. The desk learns that orders are on hold, and nothing of why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.chain.addresses import checksum_address
from toolkit.compliance.authority import Authority, AuthorityKind, Taking, required
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.errors import AuthorityMissing
from toolkit.compliance.freezes import CASE_WORKER, CaseChains, lift, register_worker, require_fresh, restrict
from toolkit.compliance.overdue import FreezePolicy, Overdue, freeze_overdue
from toolkit.compliance.takings import Takings
from toolkit.errors import InvalidInput
from toolkit.ledger.case_acts import ActKind
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.ports import Suite, Token
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["FreezeCases", "case_name"]

_S = RecordState
_OMNIBUS = "omnibus"
_APPROVALS = {
    _S.FALSE_POSITIVE: _S.RELEASE_APPROVED,
    _S.RELEASE_PROPOSED: _S.RELEASE_APPROVED,
    _S.DISPOSAL_PROPOSED: _S.DISPOSAL_ENDORSED,
    _S.DISPOSAL_ENDORSED: _S.DISPOSAL_APPROVED,
}


class FreezeCases:
    """The freezes of one ledger, on every suite that its parties may have wallets on."""

    def __init__(self, context: ComplianceContext, policy: FreezePolicy | None = None) -> None:
        self._context = context
        self._policy = policy or FreezePolicy()
        self._chains = CaseChains(context)
        self._takings = Takings(self._chains)
        register_worker(context)

    # ----------------------------------------------------------------------------------------------- freezing

    def freeze(
        self,
        case_id: str,
        *,
        by: str,
        authority: Authority | None,
        review_on: date,
        investor: str | None = None,
        wallets: Sequence[str] = (),
        received_at: datetime | None = None,
    ) -> LedgerRecord:
        """Freezes a party, or wallets that are nobody's on record: the accounts themselves, in the coin and
        every share class, on every chain. `by` is a guardian.

        `case_id` is 1 to 32 bytes of text, goes onto the chain and holds no personal data. `received_at` is
        when the hit, order or request came in (now). `review_on` has to lie ahead. Raises AuthorityMissing,
        InvalidInput, NotFound, NotAuthorised before anything is on record; what the chains do afterwards is
        in the case: its `alarms` name each that could not be reached, and `resume` tries again.
        """
        data = self._party(investor, wallets)
        with self._context.ledger.transaction() as tx:
            record = self._open(tx, case_id, by, Role.GUARDIAN, authority, review_on, received_at, data)
            record = self._impose(tx, record, by)
        return self.drive(record)

    def hit(
        self,
        case_id: str,
        *,
        by: str,
        authority: Authority | None,
        review_on: date,
        investor: str,
        received_at: datetime | None = None,
    ) -> LedgerRecord:
        """Compliance, or its worker, puts a hit on record: the party is restricted and its orders are on hold
        until a guardian has imposed the freeze (`impose`). Raises as `freeze`.
        """
        role = self._role(by, Role.COMPLIANCE, Role.OPERATOR)
        data = self._party(investor, ())
        with self._context.ledger.transaction() as tx:
            return self._open(tx, case_id, by, role, authority, review_on, received_at, data)

    def impose(self, case_id: str, *, by: str) -> LedgerRecord:
        """A guardian freezes what was put on record as a hit. Raises NotAuthorised, IllegalTransition."""
        with self._context.ledger.transaction() as tx:
            record = self._impose(tx, tx.record_book.get(case_name(case_id)), by)
        return self.drive(record)

    def freeze_part(
        self,
        case_id: str,
        *,
        by: str,
        authority: Authority | None,
        review_on: date,
        wallet: str,
        client: str,
        token: str,
        amount: str | Decimal,
        chain_id: int | None = None,
        received_at: datetime | None = None,
    ) -> LedgerRecord:
        """Freezes one client's part of an omnibus wallet: `amount` tokens (text or Decimal) of the token with
        the symbol or address `token`, for the client with the keyed reference `client`.

        The other clients' tokens move to the last unit. Parts of several cases add up. `chain_id` may be left
        out with one suite. Raises as `freeze`, and NodeError if the token couldn't be read before.
        """
        suite = self._suite(chain_id)
        found = self._token(suite, token)
        parsed = Amount.parse(amount, unit=found.symbol, decimals=found.decimals)
        if parsed.base_units <= 0:
            raise InvalidInput(f"{parsed.display()} is nothing to freeze: give the client's part")
        if not client.strip():
            raise InvalidInput("name the client by the keyed reference that the sub-ledger has")
        address = checksum_address(wallet, what="wallet")
        part = {
            "chain": suite.chain_id,
            "token": found.address,
            "symbol": found.symbol,
            "decimals": found.decimals,
            "wallet": address,
            "client": client,
            "amount": str(parsed.base_units),
        }
        data: dict[str, Any] = {"investor": None, "wallets": [], "part": part}
        with self._context.ledger.transaction() as tx:
            record = self._open(tx, case_id, by, Role.GUARDIAN, authority, review_on, received_at, data)
            record = self._impose(tx, record, by)
        return self.drive(record)

    def second(self, case_id: str, *, by: str) -> LedgerRecord:
        """The second signature under a freeze: a guardian, compliance, a checker or an approver, who isn't
        the person who froze. Raises NotAuthorised, IllegalTransition.
        """
        role = self._role(by, Role.GUARDIAN, Role.COMPLIANCE, Role.APPROVER, Role.CHECKER)
        return self._chains.step(self.get(case_id), _S.SECONDED, by, role)

    def confirm(
        self, case_id: str, *, by: str, reason: str, authority: Authority | None = None
    ) -> LedgerRecord:
        """Compliance, not the person who froze, finds the hit true; `authority` replaces what it stood on."""
        record = self.get(case_id)
        data = record.data
        if authority is not None:
            data = {**data, "authority": authority.to_data()}
        return self.drive(
            self._chains.step(record, _S.CONFIRMED, by, Role.COMPLIANCE, data=data, reason=reason)
        )

    def false_positive(self, case_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Compliance, not the person who froze, finds the hit mistaken; `approve` releases it."""
        return self._chains.step(self.get(case_id), _S.FALSE_POSITIVE, by, Role.COMPLIANCE, reason=reason)

    def review(self, case_id: str, *, by: str, next_on: date, reason: str) -> LedgerRecord:
        """Compliance has looked at the frozen case again and sets the next review date."""
        self._require_ahead(next_on)
        record = self.get(case_id)
        data = {**record.data, "review_on": next_on.isoformat()}
        return self._chains.step(record, _S.FROZEN, by, Role.COMPLIANCE, data=data, reason=reason)

    # -------------------------------------------------------------------------------------- release, disposal

    def propose_release(self, case_id: str, *, by: str, authority: Authority | None) -> LedgerRecord:
        """Compliance, not the person who froze, proposes to release what is frozen; `approve` lets it go.

        Raises HitNotReleased while a list names the party, AuthorityMissing, IllegalTransition.
        """
        record = self.get(case_id)
        self._chains.require_unnamed(record)
        data = {**record.data, "release": required(authority).to_data()}
        return self._chains.step(record, _S.RELEASE_PROPOSED, by, Role.COMPLIANCE, data=data)

    def propose_disposal(
        self, case_id: str, kind: Taking, *, by: str, order: Authority | None, to: str | None = None
    ) -> LedgerRecord:
        """Compliance proposes to seize what is frozen, to `to`, or to burn its coins, on the order `order`.

        It is done with the approval of two more persons. `to` receives what is seized; burning needs it
        where there is escrow, which passes through it, and leaves shares frozen, for which no contract has a
        burn. Raises AuthorityMissing, InvalidInput, IllegalTransition, NotAuthorised.
        """
        given = required(order)
        if given.kind not in (AuthorityKind.COURT_ORDER, AuthorityKind.LEA_REQUEST):
            raise AuthorityMissing(f"{given.kind} is no authority to take tokens: an order or request is")
        if kind not in (Taking.SEIZE, Taking.BURN):
            raise InvalidInput(f"{kind} is not done on an order: {Taking.SEIZE} or {Taking.BURN} is")
        if kind is Taking.SEIZE and to is None:
            raise InvalidInput("a seizure needs the account that receives it: give `to`")
        receiver = None if to is None else checksum_address(to, what="receiver")
        record = self.get(case_id)
        taking: dict[str, Any] = {"kind": kind.value, "to": receiver, "escrows": []}
        taking["order"] = given.to_data()
        data = {**record.data, "taking": taking}
        return self._chains.step(record, _S.DISPOSAL_PROPOSED, by, Role.COMPLIANCE, data=data)

    def approve(self, case_id: str, *, by: str) -> LedgerRecord:
        """The next approval that the case waits for, by another person than those before: one under a
        release, two under a disposal. With the last, it is done on every chain. Raises HitNotReleased for a
        release while a list names the party.
        """
        record = self.get(case_id)
        target = _APPROVALS.get(record.state)
        if target is None:
            target = _S.RELEASE_APPROVED  # not legal from here: the machine says so
        if target is _S.RELEASE_APPROVED:
            self._chains.require_unnamed(record)
        role = self._role(by, Role.APPROVER, Role.CHECKER)
        return self.drive(self._chains.step(record, target, by, role))

    def withdraw(self, case_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Compliance takes a proposal back before it is approved; what is frozen stays frozen."""
        return self._chains.step(self.get(case_id), _S.FROZEN, by, Role.COMPLIANCE, reason=reason)

    # ------------------------------------------------------------------------------------------------ running

    def get(self, case_id: str) -> LedgerRecord:
        """The case, whose reason is for compliance alone. Raises NotFound."""
        return self._context.ledger.record_book.get(case_name(case_id))

    def all(self) -> tuple[LedgerRecord, ...]:
        """Every freeze, oldest first."""
        return self._context.ledger.record_book.find(RecordKind.FREEZE)

    def resume(self) -> tuple[LedgerRecord, ...]:
        """One pass: goes on with whatever was cut short or couldn't be reached, freezes wallets that parties
        were given since, and freezes again what another hand lowered. Returns the cases that changed.

        Safe to kill and run again at any moment.
        """
        changed = []
        for record in self.all():
            if record.state not in (_S.HIT, _S.RELEASED):
                after = self.drive(record)
                if after != record:
                    changed.append(after)
        return tuple(changed)

    def overdue(self) -> tuple[Overdue, ...]:
        """What a person has to look after now: freezes without a second signature in time, chains that were
        not reached, and review dates that have passed. For compliance alone.
        """
        now = self._context.clock.now()
        today = self._context.calendar.local_date(now)
        return tuple(
            item for record in self.all() for item in freeze_overdue(record, self._policy, now, today)
        )

    def drive(self, record: LedgerRecord) -> LedgerRecord:
        """Does on every chain what the case has come to, as far as it goes now."""
        if record.state is _S.DISPOSAL_APPROVED:
            return self._dispose(record)
        releasing = record.state is _S.RELEASE_APPROVED
        outcome = self._chains.perform(
            record, lambda suite: self._chains.settle(suite, record, lower=releasing)
        )
        after = self._imposed(outcome.record)
        if outcome.complete and releasing:
            return self._released(after)
        if outcome.complete and after.state is _S.CONFIRMED:
            return self._chains.note(after, after.data, _S.FROZEN)
        return after

    # ------------------------------------------------------------------------------------------------- inside

    def _dispose(self, record: LedgerRecord) -> LedgerRecord:
        taken = self._takings.take(record)
        if not taken.complete:
            return taken.record
        lower = record.data["part"] is not None  # of a party's accounts nothing is lowered
        outcome = self._chains.perform(
            taken.record, lambda suite: self._chains.settle(suite, taken.record, lower=lower)
        )
        if not outcome.complete:
            return outcome.record
        seized = record.data["taking"]["kind"] == Taking.SEIZE
        ended = _S.SEIZED if seized else _S.BURNED_BY_ORDER
        return self._chains.note(outcome.record, outcome.record.data, ended)

    def _party(self, investor: str | None, wallets: Sequence[str]) -> dict[str, Any]:
        """Whom a freeze of accounts concerns. An omnibus wallet has to be named: it holds others' tokens."""
        if investor is None and not wallets:
            raise InvalidInput("a freeze needs an investor or wallets: name whom it concerns")
        addresses = [checksum_address(wallet, what="wallet") for wallet in wallets]
        investors = self._context.ledger.investors
        if investor is not None:
            investors.get(investor)
            for wallet in investors.wallets(investor):
                if wallet.kind == _OMNIBUS and wallet.address not in addresses:
                    raise InvalidInput(
                        f"{wallet.address} is an omnibus wallet of {investor}: freeze the client's part "
                        "(freeze_part), or name the wallet too to freeze all that its clients have in it",
                        wallet=wallet.address,
                    )
        return {"investor": investor, "wallets": addresses, "part": None}

    def _open(
        self,
        tx: Transaction,
        case_id: str,
        by: str,
        role: Role,
        authority: Authority | None,
        review_on: date,
        received_at: datetime | None,
        concerns: dict[str, Any],
    ) -> LedgerRecord:
        now = self._context.clock.now()
        require_fresh(self._context, case_id)
        self._require_ahead(review_on)
        received = now if received_at is None else received_at
        if received.tzinfo is None or received > now:
            raise InvalidInput(f"received_at {received} must be aware and not lie ahead of {now}")
        data = {
            **concerns,
            "case_id": case_id,
            "authority": required(authority).to_data(),
            "received_at": received.isoformat(),
            "review_on": review_on.isoformat(),
            "acts": [],
            "alarms": {},
        }
        record = tx.record_book.open(case_name(case_id), RecordKind.FREEZE, _S.HIT, data, actor=by, role=role)
        if data["investor"] is not None:
            restrict(tx, record.id, investor=data["investor"])
        return record

    def _impose(self, tx: Transaction, record: LedgerRecord, by: str) -> LedgerRecord:
        due = self._context.clock.now() + self._policy.second_sign_within
        data = {**record.data, "frozen_by": by, "second_sign_due": due.isoformat()}
        return tx.record_book.step(record.id, _S.PRELIM_FREEZE, actor=by, role=Role.GUARDIAN, data=data)

    def _released(self, record: LedgerRecord) -> LedgerRecord:
        steps = self._context.ledger.record_book.history(record.id)
        decided = [step for step in steps if step.to_state in (_S.FALSE_POSITIVE, _S.RELEASE_PROPOSED)][-1]
        with self._context.ledger.transaction() as tx:
            lift(tx, record.id, by=decided.actor, reason=f"{record.id} was released")
            return tx.record_book.step(
                record.id, _S.RELEASED, actor=CASE_WORKER, role=Role.OPERATOR, expected=record
            )

    def _imposed(self, record: LedgerRecord) -> LedgerRecord:
        """The case with the instant of its first freeze, once there is one, and the seconds it took."""
        frozen = [row for row in record.data["acts"] if row["do"] == ActKind.FREEZE]
        if not frozen or "imposed_at" in record.data:
            return record
        at = datetime.fromisoformat(frozen[0]["at"])
        latency = int((at - datetime.fromisoformat(record.data["received_at"])).total_seconds())
        data = {**record.data, "imposed_at": frozen[0]["at"], "latency_seconds": latency}
        return self._chains.note(record, data)

    def _role(self, person: str, *wanted: Role) -> Role:
        held = self._context.ledger.persons.get(person).roles
        return next((role for role in wanted if role in held), wanted[0])

    def _require_ahead(self, review_on: date) -> None:
        today = self._context.calendar.local_date(self._context.clock.now())
        if review_on <= today:
            raise InvalidInput(f"the review date {review_on} has to lie ahead of {today}")

    def _suite(self, chain_id: int | None) -> Suite:
        suites = {suite.chain_id: suite for suite in self._context.suites}
        if chain_id is None and len(suites) == 1:
            return next(iter(suites.values()))
        if chain_id not in suites:
            raise InvalidInput(f"chain {chain_id} is none of {', '.join(map(str, sorted(suites)))}: name one")
        return suites[chain_id]

    def _token(self, suite: Suite, token: str) -> Token:
        found = [item for item in suite.tokens() if token in (item.symbol, item.address)]
        if not found:
            names = ", ".join(item.symbol for item in suite.tokens())
            raise InvalidInput(f"there is no token {token!r} on chain {suite.chain_id}: use one of {names}")
        return found[0]


def case_name(case_id: str) -> str:
    """The record's id of a freeze."""
    return f"freeze/{case_id}"
