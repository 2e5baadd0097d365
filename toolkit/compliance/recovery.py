"""The recovery of a lost or stolen wallet: everything the old one held goes to a new one of the same investor
(regulation.md W15).

A report freezes the old wallet at once and puts its orders on hold. Then the investor is identified again by
two channels, a cooling-off runs that nobody can shorten, the new wallet is proven, and four people approve.
All there is at execution moves under the case, escrow included; supply stays as it is. The old wallet stays
frozen and out of the registry for good, so that its allowances, its permits, its open redemptions and
whatever is sent to it later are dead. The register and the limits are by investor and move by themselves.

What lies in a fund's vault for the old wallet, and a redemption that is burned and not paid, come to their
end first: the execution is refused until they have. So does what is locked or pending for a client of an
omnibus wallet, which another omnibus wallet of the same distributor replaces: its clients follow the tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from toolkit.chain.addresses import checksum_address
from toolkit.compliance.authority import Taking, require_digest
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.errors import CoolingOff, InvestorsDiffer, SelfRecovery, WalletNotReady
from toolkit.compliance.freezes import (
    CASE_WORKER,
    CaseChains,
    lift,
    register_worker,
    require_fresh,
    restrict,
)
from toolkit.compliance.overdue import Overdue, unreached
from toolkit.compliance.takings import Takings
from toolkit.errors import ConfigurationError, InvalidInput
from toolkit.ledger.case_acts import Act, ActKind
from toolkit.ledger.delisted import is_delisted
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role, State
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import RedemptionOrder

if TYPE_CHECKING:
    from toolkit.compliance.ports import Suite
    from toolkit.ledger.records import LedgerRecord, Wallet

__all__ = ["Recoveries", "RecoveryPolicy"]

_S = RecordState
_OMNIBUS = "omnibus"
_REPLACED = "the wallet was replaced: order again"
_LEAST = timedelta(hours=24)
_APPROVALS = {
    _S.NEW_WALLET_PROVEN: (_S.CLEARED, Role.COMPLIANCE),
    _S.CLEARED: (_S.REGISTRAR_CHECKED, Role.REGISTRAR),
    _S.REGISTRAR_CHECKED: (_S.ENDORSED, Role.APPROVER),
    _S.ENDORSED: (_S.APPROVED, Role.APPROVER),
}


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """How long the cooling-off is: a policy default within the 24 to 72 hours of regulation.md W15.

    Raises ConfigurationError for less than a day.
    """

    cooling_off: timedelta = timedelta(hours=48)

    def __post_init__(self) -> None:
        if self.cooling_off < _LEAST:
            raise ConfigurationError(f"a cooling-off of {self.cooling_off} is too short: at least {_LEAST}")


class Recoveries:
    """The recoveries of one ledger, on every suite that its parties may have wallets on."""

    def __init__(self, context: ComplianceContext, policy: RecoveryPolicy | None = None) -> None:
        self._context = context
        self._policy = policy or RecoveryPolicy()
        self._chains = CaseChains(context)
        self._takings = Takings(self._chains)
        register_worker(context)

    # ---------------------------------------------------------------------------------------------- the way

    def report(self, case_id: str, *, wallet: str, by: str, evidence: str) -> LedgerRecord:
        """Somebody at the desk takes an investor's report that `wallet` is lost: it is frozen at once, on
        every chain, and its open orders are on hold. `evidence` is the digest of the report on file.

        `case_id` is 1 to 32 bytes of text and goes onto the chain. Raises NotFound for a wallet of nobody's,
        InvalidInput for one that was reported before, SelfRecovery, NotAuthorised.
        """
        require_fresh(self._context, case_id)
        address = checksum_address(wallet, what="wallet")
        ledger = self._context.ledger
        owner = ledger.investors.wallet(address).investor
        if is_delisted(ledger, address):
            raise InvalidInput(f"wallet {address} was reported lost before: go on with that case")
        self._require_other(by, address)
        data: dict[str, Any] = {
            "case_id": case_id,
            "investor": owner,
            "wallets": [address],
            "part": None,
            "evidence": {"report": require_digest(evidence)},
            "reported_by": by,
            "taking": {"kind": Taking.RECOVER.value, "to": None, "escrows": []},
            "acts": [],
            "alarms": {},
        }
        roles = ledger.persons.get(by).roles
        role = next(
            (item for item in (Role.COMPLIANCE, Role.MAKER, Role.CHECKER) if item in roles), Role.GUARDIAN
        )
        with ledger.transaction() as tx:
            record = tx.record_book.open(
                f"recovery/{address}/{case_id}", RecordKind.RECOVERY, _S.REPORTED, data, actor=by, role=role
            )
            restrict(tx, record.id, investor=owner, wallet=address)
        return self.drive(record)

    def reverify(self, case_id: str, *, by: str, channels: Mapping[str, str]) -> LedgerRecord:
        """The investor was identified again, by two channels at least: `channels` gives each one's name (a
        call-back, a meeting) the digest of what is on file. Not by the person who took the report.

        The cooling-off begins. Raises InvalidInput for one channel or the same evidence twice, NotAuthorised.
        """
        digests = {name.strip(): require_digest(digest) for name, digest in channels.items()}
        if len(digests) < 2 or len(set(digests.values())) < len(digests) or "" in digests:
            raise InvalidInput("two channels, each with evidence of its own, have to identify the investor")
        record = self.get(case_id)
        self._require_other(by, *record.data["wallets"])
        roles = self._context.ledger.persons.get(by).roles
        role = Role.COMPLIANCE if Role.COMPLIANCE in roles else Role.CHECKER
        until = self._context.clock.now() + self._policy.cooling_off
        data = {
            **record.data,
            "evidence": {**record.data["evidence"], "channels": digests},
            "cooling_until": until.isoformat(),
        }
        with self._context.ledger.transaction() as tx:
            tx.record_book.step(
                record.id, _S.IDENTITY_REVERIFIED, actor=by, role=role, data=data, expected=record
            )
            return tx.record_book.step(record.id, _S.COOLING_OFF, actor=CASE_WORKER, role=Role.OPERATOR)

    def prove(self, case_id: str, *, wallet: str, by: str) -> LedgerRecord:
        """Names the new wallet, which the investor has proven since the report (the desk's challenge).

        Raises CoolingOff before its time is over, InvestorsDiffer for another investor's wallet,
        WalletNotReady for one that isn't proven since, is frozen, or is out of use, SelfRecovery.
        """
        record = self.get(case_id)
        self._require_cooled(record)
        address = checksum_address(wallet, what="wallet")
        self._require_other(by, address, *record.data["wallets"])
        self._require_ready(record, address)
        roles = self._context.ledger.persons.get(by).roles
        role = next((item for item in (Role.COMPLIANCE, Role.CHECKER) if item in roles), Role.MAKER)
        data = {**record.data, "new_wallet": address, "taking": {**record.data["taking"], "to": address}}
        return self._chains.step(record, _S.NEW_WALLET_PROVEN, by, role, data=data)

    def approve(self, case_id: str, *, by: str) -> LedgerRecord:
        """The next approval: compliance, the registrar, and two approvers, four persons none of whom took
        the report. With the last one everything moves.
        """
        record = self.get(case_id)
        # From any other state approving is not legal, and the machine says so.
        target, role = _APPROVALS.get(record.state, (_S.APPROVED, Role.APPROVER))
        self._require_other(by, record.data.get("new_wallet", ""), *record.data["wallets"])
        return self.drive(self._chains.step(record, target, by, role))

    def close(self, case_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Compliance closes what is posted to the register, and rejects the old wallet's orders that were
        on hold; one whose escrow was taken ends by the desk's next run.
        """
        record, role = self.get(case_id), Role.COMPLIANCE
        with self._context.ledger.transaction() as tx:
            closed = tx.record_book.step(record.id, _S.CLOSED, actor=by, role=role, reason=reason)
            for order in tx.orders.find(state=State.ON_HOLD):
                escrowed = isinstance(order, RedemptionOrder) and order.number is not None
                if order.wallet == record.data["wallets"][0] and not escrowed:
                    tx.orders.step(order.id, State.REJECTED, actor=by, role=role, reason=_REPLACED)
        return closed

    def reject(self, case_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Compliance, not the person who took the report, finds it false; the wallet stays frozen until
        another person has restored it.
        """
        return self._chains.step(self.get(case_id), _S.REJECTED, by, Role.COMPLIANCE, reason=reason)

    def restore(self, case_id: str, *, by: str) -> LedgerRecord:
        """A second person sets free the wallet of a report that was rejected. Its orders stay on hold until
        compliance releases them.
        """
        record = self.get(case_id)
        roles = self._context.ledger.persons.get(by).roles
        role = Role.APPROVER if Role.APPROVER in roles else Role.CHECKER
        return self.drive(self._chains.step(record, _S.RESTORED, by, role))

    # ------------------------------------------------------------------------------------------------ running

    def get(self, case_id: str) -> LedgerRecord:
        """The recovery. Raises NotFound."""
        found = [record for record in self.all() if record.data["case_id"] == case_id]
        if not found:
            raise NotFound(f"the ledger has no recovery {case_id!r}", record=case_id)
        return found[0]

    def all(self) -> tuple[LedgerRecord, ...]:
        """Every recovery, oldest first."""
        return self._context.ledger.record_book.find(RecordKind.RECOVERY)

    def resume(self) -> tuple[LedgerRecord, ...]:
        """One pass: goes on with whatever was cut short, couldn't be reached or was refused until now, and
        sees that lost wallets are still frozen. Returns the cases that changed. Safe to kill at any moment.
        """
        changed = []
        for record in self.all():
            after = self.drive(record)
            if after != record:
                changed.append(after)
        return tuple(changed)

    def overdue(self) -> tuple[Overdue, ...]:
        """The chains on which a recovery didn't get through, and why."""
        return tuple(item for record in self.all() for item in unreached(record))

    def drive(self, record: LedgerRecord) -> LedgerRecord:
        """Does on every chain what the case has come to, as far as it goes now."""
        if record.state is _S.APPROVED:
            record = self._recover(record)
        if record.state is _S.RECOVERED:
            return self._post(record)
        if record.state is _S.APPROVED:
            return record
        restoring = record.state is _S.RESTORED
        if restoring and "restored_at" in record.data:
            return record
        outcome = self._chains.perform(
            record, lambda suite: self._chains.settle(suite, record, lower=restoring)
        )
        after = outcome.record
        if outcome.complete and after.state is _S.REPORTED:
            return self._chains.note(after, after.data, _S.OLD_FROZEN)
        if outcome.complete and restoring:
            return self._restored(after)
        return after

    # ------------------------------------------------------------------------------------------------- inside

    def _restored(self, record: LedgerRecord) -> LedgerRecord:
        steps = self._context.ledger.record_book.history(record.id)
        rejected = next(step for step in steps if step.to_state is _S.REJECTED)
        data = {**record.data, "restored_at": self._context.clock.now().isoformat()}
        with self._context.ledger.transaction() as tx:
            lift(tx, record.id, by=rejected.actor, reason=f"{record.id} was rejected")
            return tx.record_book.step(
                record.id, _S.RESTORED, actor=CASE_WORKER, role=Role.OPERATOR, data=data, expected=record
            )

    def _recover(self, record: LedgerRecord) -> LedgerRecord:
        new = record.data["new_wallet"]

        def prepare(suite: Suite) -> Sequence[Act]:
            self._require_cooled(record)
            self._require_ready(record, new)
            if self._has_clients(record):
                suite.require_clients_settled(record.data["wallets"][0], new)
            register = Act(
                ActKind.REGISTER_WALLET, suite.chain_id, suite.registry, new, record.data["case_id"]
            )
            return [register, *self._chains.settle(suite, record)]

        outcome = self._chains.perform(record, prepare)
        if not outcome.complete:
            return outcome.record
        record = self._with_balances(outcome.record, "before")
        outcome = self._takings.take(record)
        if not outcome.complete:
            return outcome.record
        record = self._with_balances(outcome.record, "after")
        if self._has_clients(record):
            outcome = self._chains.perform(record, lambda suite: self._move_clients(suite, record))
            if not outcome.complete:
                return outcome.record
            record = outcome.record
        return self._chains.note(record, record.data, _S.RECOVERED)

    def _has_clients(self, record: LedgerRecord) -> bool:
        old = record.data["wallets"][0]
        return self._context.ledger.investors.wallet(old).kind == _OMNIBUS

    def _move_clients(self, suite: Suite, record: LedgerRecord) -> Sequence[Act]:
        """The tokens are in the new wallet for good: their owners follow. Nothing is left to send."""
        suite.move_clients(record.data["case_id"], record.data["wallets"][0], record.data["new_wallet"])
        return ()

    def _post(self, record: LedgerRecord) -> LedgerRecord:
        """Takes the old wallet out of every registry."""

        def remove(suite: Suite) -> Sequence[Act]:
            old = record.data["wallets"][0]
            return [Act(ActKind.REMOVE_WALLET, suite.chain_id, suite.registry, old, record.data["case_id"])]

        outcome = self._chains.perform(record, remove)
        if not outcome.complete:
            return outcome.record
        return self._chains.note(outcome.record, outcome.record.data, _S.REGISTER_POSTED)

    def _with_balances(self, record: LedgerRecord, name: str) -> LedgerRecord:
        """The case with what both wallets hold of each token, `before` kept as it was first seen."""
        if name in record.data:
            return record
        balances: list[dict[str, Any]] = [
            {
                "chain": suite.chain_id,
                "token": token.symbol,
                **{
                    which: str(suite.holding(token.address, wallet).balance)
                    for which, wallet in (
                        ("old", record.data["wallets"][0]),
                        ("new", record.data["new_wallet"]),
                    )
                },
            }
            for suite in self._context.suites
            for token in suite.tokens()
        ]
        return self._chains.note(record, {**record.data, name: balances})

    def _require_cooled(self, record: LedgerRecord) -> None:
        text = record.data.get("cooling_until")
        if text is not None and self._context.clock.now() < datetime.fromisoformat(text):
            raise CoolingOff(f"the cooling-off of {record.data['case_id']} ends at {text}", until=text)

    def _require_ready(self, record: LedgerRecord, wallet: str) -> None:
        ledger = self._context.ledger
        known: Wallet = ledger.investors.wallet(wallet)
        old = record.data["wallets"][0]
        if known.investor != record.data["investor"]:
            raise InvestorsDiffer(
                f"{wallet} is {known.investor}'s and {old} is {record.data['investor']}'s: holdings are "
                "never merged; name a wallet of the same investor",
                wallet=wallet,
            )
        reported = ledger.record_book.history(record.id)[0].at
        proven = known.proof is not None and known.proof.verified_at >= reported
        if wallet == old or not proven or is_delisted(ledger, wallet):
            raise WalletNotReady(
                f"{wallet} was not proven since the report of {reported.isoformat()}, or is out of use: "
                "prove a wallet with the desk's challenge",
                wallet=wallet,
            )
        if (known.kind == _OMNIBUS) != self._has_clients(record):
            raise WalletNotReady(
                f"{wallet} is of the kind {known.kind} and {old} is not, or the other way round: an omnibus "
                "wallet is replaced by another one, into which its clients follow, and no other wallet is",
                wallet=wallet,
            )
        ledger.eligibility.require_registrable(wallet)
        for suite in self._context.suites:
            for token in suite.tokens():
                held = self._chains.figure(suite.chain_id, token.address, old, without=record.id)
                if held or self._chains.figure(suite.chain_id, token.address, wallet):
                    raise WalletNotReady(
                        f"a freeze case holds {old} or {wallet}: nothing moves before it has ended",
                        wallet=wallet,
                    )

    def _require_other(self, person: str, *wallets: str) -> None:
        """Nobody recovers, or helps to recover, a wallet of their own."""
        known = self._context.ledger.persons.get(person)
        own = {key.address for key in known.signing_keys} & set(wallets)
        if own:
            raise SelfRecovery(f"{min(own)} is {person}'s own key: another person must", person=person)
