"""Claims on a snapshot: by holders who are in it, for no more than it says, paid once and by two persons.

What a holder did with tokens after the snapshot doesn't count, so nothing may be redeemed beside it: claims
wait while a redemption runs. Every claim is a record of the ledger under the snapshot's root and the row's
number, so that a row can't be claimed twice; so is every payment reference, so that none stands for two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from toolkit.amounts import Amount, is_whole, minor_units
from toolkit.bindings.signable import Signable
from toolkit.chain.hexes import to_hex
from toolkit.chain.signers import recover_address
from toolkit.errors import InvalidInput
from toolkit.ledger.checks import one_line, sha256_hex
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.exit.errors import ClaimRefused, RedemptionsOpen
from toolkit.reporting.exit.sharing import Shares

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.exit.snapshot import Holding, Snapshot

__all__ = ["Basis", "Claims", "Totals", "claim_signable"]

_S = RecordState
_UNDONE = frozenset({State.REJECTED, State.CANCELLED})
_TYPES = {
    "SnapshotClaim": [
        {"name": "root", "type": "bytes32"},
        {"name": "index", "type": "uint256"},
        {"name": "amount", "type": "uint256"},
        {"name": "bankAccount", "type": "string"},
    ]
}


class Basis(Protocol):
    """What claims are made on: an exit, or a chain that was lost."""

    @property
    def snapshot(self) -> Snapshot: ...
    @property
    def currency(self) -> str:
        """The money that is paid."""
        ...

    @property
    def needs_signature(self) -> bool:
        """Whether the wallet itself has to sign a claim."""
        ...

    def require_open(self, now: datetime) -> None:
        """Raises ClaimRefused unless claims may be made now."""
        ...

    def shares(self) -> Shares:
        """What each row is due. Raises ClaimRefused while nothing may be paid."""
        ...


@dataclass(frozen=True, slots=True)
class Totals:
    """How far the claims are. Units are base units of the token, money is in minor units.

    `claimed` are units of claims under way, `held` those that compliance holds, `unclaimed` nobody's claim;
    `held_over` is the money that stays back for all that isn't paid.
    """

    outstanding: int
    paid: int
    claimed: int
    held: int
    unclaimed: int
    money_paid: int
    held_over: int
    residual: int

    def to_json(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in self.__slots__}


def claim_signable(snapshot: Snapshot, index: int, units: int, bank_account: str) -> Signable:
    """What the holder's wallet signs to be paid for row `index` (EIP-712)."""
    message = {"root": snapshot.tree.root, "index": index, "amount": units, "bankAccount": bank_account}
    return Signable(snapshot.signable.domain, _TYPES, "SnapshotClaim", message)


class Claims:
    """The claims ledger of one snapshot."""

    def __init__(self, ledger: Ledger, basis: Basis) -> None:
        self._ledger = ledger
        self._basis = basis

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], int]:
        rows = self._basis.snapshot.rows
        return {(row.wallet, row.owner): index for index, row in enumerate(rows)}

    def claim(self, index: int) -> LedgerRecord:
        """The claim on row `index`. Raises NotFound."""
        return self._ledger.record_book.get(self._id(index))

    def lodge(
        self,
        wallet: str,
        owner: str,
        *,
        units: int,
        bank_account: str,
        by: str,
        signature: bytes | None = None,
    ) -> LedgerRecord:
        """A claim for `units` of what `owner` had at `wallet`, to be paid to `bank_account`.

        Raises ClaimRefused for somebody who isn't in the snapshot, more than is free there, a late claim, an
        account that isn't the holder's (or, for an omnibus client, the wallet's), a missing or wrong
        signature; InvalidInput for a row claimed already.
        """
        self._basis.require_open(self._ledger.clock.now())
        index = self._places.get((wallet, owner))
        if index is None:
            raise ClaimRefused(
                f"{owner} had nothing at {wallet} in the snapshot {self._basis.snapshot.root}: what was "
                "bought later is a matter between buyer and seller",
                wallet=wallet,
                owner=owner,
            )
        row = self._basis.snapshot.rows[index]
        free = row.units - row.frozen
        if not is_whole(units) or not 0 < units <= free:
            raise ClaimRefused(
                f"row {index} had {row.units} base units, {row.frozen} of them frozen: a claim is for 1 to "
                f"{free}, not {units}",
                index=index,
            )
        self._require_payee(row, bank_account)
        self._require_signature(row, index, units, bank_account, signature)
        data = {
            "index": index,
            "wallet": wallet,
            "owner": owner,
            "units": str(units),
            "bank_account": bank_account,
            "signature": None if signature is None else to_hex(signature),
            "screening": None,
            "amount": None,
            "currency": self._basis.currency,
            "payment_reference": None,
        }
        return self._ledger.record_book.open(
            self._id(index), RecordKind.EXIT_CLAIM, _S.CLAIMED, data, actor=by, role=Role.MAKER
        )

    def admit(self, index: int, *, screening: str, by: str) -> LedgerRecord:
        """A checker, not the maker, found the holder known and clean; `screening` is that check's sha256."""
        digest = sha256_hex(screening)
        if digest is None:
            raise InvalidInput("a claim is admitted on a screening: give its digest")
        return self._step(index, _S.CLAIM_ADMITTED, Role.CHECKER, by, {"screening": digest})

    def hold(self, index: int, *, reason: str, by: str) -> LedgerRecord:
        """Compliance stops the claim, e.g. for a late hit on a sanctions list. Its money is held over."""
        one_line(reason, what="reason", longest=500)
        return self._step(index, _S.CLAIM_HELD, Role.COMPLIANCE, by, {"amount": None}, reason)

    def release(self, index: int, *, reason: str, by: str) -> LedgerRecord:
        """Compliance sets the claim free; it is screened and approved anew."""
        one_line(reason, what="reason", longest=500)
        return self._step(index, _S.CLAIMED, Role.COMPLIANCE, by, {"screening": None}, reason)

    def approve(self, index: int, *, by: str) -> LedgerRecord:
        """The amount is fixed: par, or the row's share. Raises RedemptionsOpen, ClaimRefused."""
        self.require_no_redemptions()
        claim = self.claim(index)
        amount = self._amount(claim, self._basis.shares())
        return self._step(index, _S.CLAIM_APPROVED, Role.FINANCE, by, {"amount": str(amount)})

    def pay(self, index: int, *, payment_reference: str, by: str) -> LedgerRecord:
        """The bank has paid: by another person than approved, under a reference never used before.

        Raises InvalidInput for a reference that paid something else, NotAuthorised, IllegalTransition.
        """
        reference = one_line(payment_reference, what="payment reference", longest=128)
        self.require_no_redemptions()
        self._basis.shares()
        if any(payout.reference == reference for payout in self._ledger.payouts.all()):
            raise InvalidInput(f"{reference} paid a redemption: a payment stands for one thing")
        claim = self.claim(index)
        data = {**claim.data, "payment_reference": reference}
        with self._ledger.transaction() as tx:
            tx.record_book.open(
                f"exit_payment/{reference}",
                RecordKind.EXIT_PAYMENT,
                _S.CLAIM_PAID,
                {"claim": claim.id, "amount": claim.data["amount"], "currency": self._basis.currency},
                actor=by,
                role=Role.TREASURER,
            )
            return tx.record_book.step(
                claim.id, _S.CLAIM_PAID, actor=by, role=Role.TREASURER, data=data, expected=claim
            )

    def all(self) -> tuple[LedgerRecord, ...]:
        """Every claim, oldest first."""
        return self._ledger.record_book.find(RecordKind.EXIT_CLAIM, prefix=self._id(""))

    def unclaimed(self) -> tuple[tuple[int, Holding], ...]:
        """The rows that nobody has claimed."""
        claimed = {claim.data["index"] for claim in self.all()}
        rows = enumerate(self._basis.snapshot.rows)
        return tuple((index, row) for index, row in rows if index not in claimed)

    def totals(self) -> Totals:
        """How far the claims are. Raises ClaimRefused before the assets are known."""
        shares, outstanding = self._basis.shares(), self._basis.snapshot.outstanding
        units = dict.fromkeys((_S.CLAIM_PAID, _S.CLAIM_HELD), 0)
        money_paid = claimed = 0
        for claim in self.all():
            size = int(claim.data["units"])
            if claim.state in units:
                units[claim.state] += size
            else:
                claimed += size
            if claim.state is _S.CLAIM_PAID:
                money_paid += int(claim.data["amount"])
        paid, held = units[_S.CLAIM_PAID], units[_S.CLAIM_HELD]
        return Totals(
            outstanding=outstanding,
            paid=paid,
            claimed=claimed,
            held=held,
            unclaimed=outstanding - paid - held - claimed,
            money_paid=money_paid,
            held_over=sum(shares.amounts) - money_paid,
            residual=shares.residual,
        )

    def money(self, minor: int) -> Amount:
        """Minor units as an amount of the money that is paid."""
        currency = self._basis.currency
        return Amount.from_base_units(minor, unit=currency, decimals=minor_units(currency))

    def require_no_redemptions(self) -> None:
        """Raises RedemptionsOpen while one runs, or was made after the snapshot: it would be paid twice."""
        taken_at = self._basis.snapshot.taken_at
        found = [
            order
            for order in self._ledger.orders.find(kind=OrderKind.REDEMPTION)
            if order.state not in _UNDONE
            and (order.state is not State.SETTLED or order.created_at > taken_at)
        ]
        if found:
            raise RedemptionsOpen(
                f"{len(found)} redemptions run or were made after the snapshot, first {found[0].id}: settle "
                "or reject them, and take the snapshot after the last one is settled",
                orders=[order.id for order in found],
            )

    def _id(self, index: int | str) -> str:
        return f"exit_claim/{self._basis.snapshot.root}/{index}"

    def _amount(self, claim: LedgerRecord, shares: Shares) -> int:
        """Minor units: the row's share, of a smaller claim its part, rounded down."""
        index, units = int(claim.data["index"]), int(claim.data["units"])
        return shares.amounts[index] * units // self._basis.snapshot.rows[index].units

    def _step(
        self,
        index: int,
        to: RecordState,
        role: Role,
        by: str,
        changes: Mapping[str, Any],
        reason: str = "",
    ) -> LedgerRecord:
        claim = self.claim(index)
        data = {**claim.data, **changes}
        book = self._ledger.record_book
        return book.step(claim.id, to, actor=by, role=role, reason=reason, data=data, expected=claim)

    def _require_payee(self, row: Holding, bank_account: str) -> None:
        """The account is the owner's, or the omnibus holder's through whom the owner held."""
        holders = {row.owner}
        try:
            holders.add(self._ledger.investors.wallet(row.wallet).investor)
        except NotFound:
            holders.add(row.owner)  # a wallet that was never registered: only its owner's account will do
        accounts = {
            account.reference
            for holder in holders
            for account in self._ledger.investors.bank_accounts(holder)
            if account.currency == self._basis.currency
        }
        if bank_account not in accounts:
            raise ClaimRefused(
                f"{bank_account} is no {self._basis.currency} account of {row.owner} or of the holder of "
                f"{row.wallet}: onboard the holder, and register an account in their own name",
                owner=row.owner,
            )

    def _require_signature(
        self, row: Holding, index: int, units: int, bank_account: str, signature: bytes | None
    ) -> None:
        if signature is None and not self._basis.needs_signature:
            return
        digest = claim_signable(self._basis.snapshot, index, units, bank_account).digest
        signer = None if signature is None else recover_address(digest, signature)
        if signer != row.wallet:
            raise ClaimRefused(
                f"row {index} is paid against the signature of {row.wallet} over this root, row, amount and "
                f"account; given is that of {signer or 'nobody'}. A contract's wallet can't be asked without "
                "its chain: its holder's identity is for compliance to establish",
                index=index,
            )
