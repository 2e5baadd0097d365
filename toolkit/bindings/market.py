"""The primary market: mint orders in, redemptions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toolkit.bindings import signable
from toolkit.bindings.contract import Contract
from toolkit.bindings.mint_layout import encode_mint
from toolkit.bindings.signable import Signable, sorted_signatures
from toolkit.bindings.structs import (
    ApprovalTier,
    MintBatch,
    MintOrder,
    OperatorLimit,
    Redemption,
    RedemptionStatus,
    Signature,
)
from toolkit.chain.calls import Call
from toolkit.errors import ContractReverted

if TYPE_CHECKING:
    from toolkit.chain.client import BlockRef

__all__ = ["PrimaryMarket", "sorted_signatures"]


class PrimaryMarket(Contract):
    """`contracts/market/PrimaryMarket.sol`, amounts in base units."""

    artifact = "PrimaryMarket"

    # ---------------------------------------------------------------------------------------------- settings

    def token(self, *, block: BlockRef = "latest") -> str:
        return self._address("token", block=block)

    def registry(self, *, block: BlockRef = "latest") -> str:
        return self._address("registry", block=block)

    def order_cap(self, *, block: BlockRef = "latest") -> int:
        """The largest amount of one order."""
        return self._int("orderCap", block=block)

    def approval_tiers(self, *, block: BlockRef = "latest") -> tuple[ApprovalTier, ...]:
        return tuple(ApprovalTier(*row.values()) for row in self._read("approvalTiers", block=block))

    def required_approvals(self, total: int, *, block: BlockRef = "latest") -> int:
        """How many approvers a mint batch of this total needs. Raises TotalAboveTiers."""
        return self._int("requiredApprovals", total, block=block)

    def required_acceptance_approvals(self, total: int, *, block: BlockRef = "latest") -> int:
        """How many approvers an acceptance needs: above the highest tier, as many as that tier."""
        return self._int("requiredAcceptanceApprovals", total, block=block)

    def operator_limit(self, operator: str, *, block: BlockRef = "latest") -> OperatorLimit:
        return OperatorLimit(*self._read("operatorLimit", operator, block=block))

    def redemption_period(self, *, block: BlockRef = "latest") -> int:
        """Seconds after which an unpaid request counts as overdue."""
        return self._int("redemptionPeriod", block=block)

    def minting_stopped(self, *, block: BlockRef = "latest") -> bool:
        return self._bool("mintingStopped", block=block)

    def wound_down(self, *, block: BlockRef = "latest") -> bool:
        return self._bool("woundDown", block=block)

    def signing_version(self, *, block: BlockRef = "latest") -> str:
        """The version of the domain in which approvers sign (ERC-5267): the first 14 bytes of the address of
        the implementation that runs, in lower case, so that an upgrade ends what was signed before it.
        """
        version: str = self._read("eip712Domain", block=block)[2]
        return version

    # ----------------------------------------------------------------------------------------------- minting

    def is_executed(self, number: int, *, block: BlockRef = "latest") -> bool:
        """Whether the order's number was used."""
        return self._bool("isExecuted", number, block=block)

    def explain(
        self, order: MintOrder, operator: str, *, block: BlockRef = "latest"
    ) -> tuple[ContractReverted, ...]:
        """Every rule that would refuse the order if `operator` sent it alone, as the error it would
        revert with; approvals are not part of it. Empty when nothing would.
        """
        refusals = self._read("explain", order, operator, block=block)
        return tuple(self.client.reverts.decode(data) for data in refusals)

    def explain_all(
        self, orders: Sequence[MintOrder], operator: str, *, block: BlockRef = "latest"
    ) -> list[tuple[ContractReverted, ...]]:
        """`explain` of each order by itself, in one message."""
        reads = [("explain", order, operator) for order in orders]
        answers = self._reads(*reads, block=block) if reads else []
        return [tuple(self.client.reverts.decode(data) for data in refusals) for refusals in answers]

    def mint_digest(self, orders: Sequence[MintOrder], *, block: BlockRef = "latest") -> bytes:
        """The 32 bytes that approvers sign, as the contract computes them."""
        return self._bytes("mintDigest", list(orders), block=block)

    def mint_data(self, orders: Sequence[MintOrder], *, block: BlockRef = "latest") -> Signable:
        """The orders of one batch, in their order, for approvers to sign: for the code run at `block`."""
        return signable.mint_batch(self._domain(block), orders)

    def mint(self, batches: Sequence[MintBatch]) -> Call:
        """Executes approved batches less what they skip; approvals are sorted here. For an operator."""
        ordered = [
            MintBatch(batch.orders, sorted_signatures(batch.approvals), batch.skipped) for batch in batches
        ]
        count = sum(len(batch.orders) - batch.skipped.bit_count() for batch in batches)
        data = encode_mint(self._selector("mint"), ordered)
        return Call(self.address, data, description=f"mint {count} orders in {len(batches)} batches")

    # -------------------------------------------------------------------------------------------- redemption

    def redemption(self, number: int, *, block: BlockRef = "latest") -> Redemption:
        """A request by its id; status NONE if there is no such."""
        holder, requested_at, status, amount = self._read("redemption", number, block=block).values()
        return Redemption(holder, requested_at, RedemptionStatus(status), amount)

    def redemption_count(self, *, block: BlockRef = "latest") -> int:
        """The last request's id; ids run from 1."""
        return self._int("redemptionCount", block=block)

    def escrowed(self, *, block: BlockRef = "latest") -> int:
        """The sum of open requests."""
        return self._int("escrowed", block=block)

    def unsolicited(self, *, block: BlockRef = "latest") -> int:
        """What the market holds beyond its open requests."""
        return self._int("unsolicited", block=block)

    def count_overdue(self, first: int, last: int, *, block: BlockRef = "latest") -> int:
        """How many of the requests from `first` to `last` are unpaid beyond the redemption period."""
        return self._int("countOverdue", first, last, block=block)

    def redemption_nonce(self, reference: bytes, salt: bytes, *, block: BlockRef = "latest") -> bytes:
        """The ERC-3009 nonce that binds an authorisation to a reference, 32 bytes."""
        return self._bytes("redemptionNonce", reference, salt, block=block)

    def acceptance_digest(self, ids: Sequence[int], *, block: BlockRef = "latest") -> bytes:
        """The 32 bytes that approvers sign, as the contract computes them."""
        return self._bytes("acceptanceDigest", list(ids), block=block)

    def acceptance_data(
        self, redemptions: Mapping[int, Redemption], *, block: BlockRef = "latest"
    ) -> Signable:
        """Requests by id, in the order in which they'll be accepted, for approvers to sign as `mint_data`."""
        return signable.acceptance(self._domain(block), redemptions.items())

    def request_redemption(self, amount: int, reference: bytes) -> Call:
        """Puts the sender's tokens into escrow; the token needs the sender's allowance for the market."""
        return self._write("requestRedemption", amount, reference, description=f"redeem {amount}")

    def request_redemption_with_authorization(
        self,
        *,
        holder: str,
        amount: int,
        reference: bytes,
        valid_after: int,
        valid_before: int,
        salt: bytes,
        signature: bytes,
    ) -> Call:
        """The same on a holder's `Stablecoin.receive_data` to the market, with the nonce
        `redemption_nonce(reference, salt)`. Anyone may send it.
        """
        return self._write(
            "requestRedemptionWithAuthorization",
            *(holder, amount, reference, valid_after, valid_before, salt, signature),
            description=f"redeem {amount} of {holder}",
        )

    def cancel_redemption(self, number: int) -> Call:
        """Takes a request back until it is accepted. For its holder."""
        return self._write("cancelRedemption", number, description=f"cancel redemption {number}")

    def accept_redemptions(self, ids: Sequence[int], approvals: Sequence[Signature]) -> Call:
        """Burns the escrow of approved requests; approvals are sorted here. For an operator."""
        return self._write(
            "acceptRedemptions",
            *(list(ids), sorted_signatures(approvals)),
            description=f"accept {len(ids)} redemptions",
        )

    def record_payouts(self, payouts: Sequence[tuple[int, bytes]]) -> Call:
        """Records payouts, each an id and the bank's payment reference (32 bytes). For the treasurer."""
        ids, references = [item[0] for item in payouts], [item[1] for item in payouts]
        return self._write("recordPayouts", ids, references, description=f"record {len(ids)} payouts")

    def reject_redemptions(self, ids: Sequence[int], reason: bytes) -> Call:
        """Returns the escrow of requests, for a reason (32 bytes). For an operator."""
        return self._write(
            "rejectRedemptions", list(ids), reason, description=f"reject {len(ids)} redemptions"
        )

    def seize_escrow(self, number: int, to: str, case_id: bytes) -> Call:
        """Moves the escrow of a frozen holder, under a case. For compliance."""
        return self._write("seizeEscrow", number, to, case_id, description=f"seize escrow {number}")

    def return_unsolicited(self, to: str, amount: int, case_id: bytes) -> Call:
        """Returns tokens that arrived without a request, under a case. For compliance."""
        return self._write(
            "returnUnsolicited", to, amount, case_id, description=f"return {amount} unsolicited to {to}"
        )

    # ---------------------------------------------------------------------------------- guarding, governing

    def stop_minting(self) -> Call:
        return self._write("stopMinting", description="stop minting")

    def resume_minting(self) -> Call:
        return self._write("resumeMinting", description="resume minting")

    def wind_down(self) -> Call:
        """Ends minting for good. For the governor."""
        return self._write("windDown", description="wind the market down")

    def set_order_cap(self, cap: int) -> Call:
        return self._write("setOrderCap", cap, description=f"set the order cap to {cap}")

    def set_approval_tiers(self, tiers: Sequence[ApprovalTier]) -> Call:
        return self._write("setApprovalTiers", list(tiers), description=f"set {len(tiers)} approval tiers")

    def set_operator_limit(self, operator: str, limit: int) -> Call:
        return self._write("setOperatorLimit", operator, limit, description=f"limit {operator} to {limit}")

    def set_redemption_period(self, seconds: int) -> Call:
        return self._write(
            "setRedemptionPeriod", seconds, description=f"set the redemption period to {seconds} s"
        )

    def upgrade(self, implementation: str, data: bytes = b"") -> Call:
        """Points the proxy at another implementation. For the upgrader."""
        return self._write(
            "upgradeToAndCall", implementation, data, description=f"upgrade the market to {implementation}"
        )

    def _domain(self, block: BlockRef) -> dict[str, Any]:
        # Of what the node says only the version is taken: it can't have anybody sign for another contract.
        version = self.signing_version(block=block)
        return signable.domain("PrimaryMarket", self.client.chain_id, self.address, version=version)
