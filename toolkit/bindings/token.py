"""The stablecoin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.bindings import signable
from toolkit.bindings.contract import Contract
from toolkit.bindings.signable import Signable
from toolkit.bindings.structs import Document, Supply
from toolkit.errors import ContractReverted

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["ACCOUNT_FROZEN", "NO_LIABILITIES", "Stablecoin"]

ACCOUNT_FROZEN = 2**128 - 1
"""The frozen amount that freezes the account itself: it neither sends nor receives."""

NO_LIABILITIES = 2**256 - 1
"""What `coverageBps` answers when there is nothing to cover."""


class Stablecoin(Contract):
    """`contracts/token/Stablecoin.sol`, amounts in base units."""

    artifact = "Stablecoin"

    # ------------------------------------------------------------------------------------- what the token is

    def name(self, *, block: BlockRef = "latest") -> str:
        return self._text("name", block=block)

    def symbol(self, *, block: BlockRef = "latest") -> str:
        return self._text("symbol", block=block)

    def decimals(self, *, block: BlockRef = "latest") -> int:
        return self._int("decimals", block=block)

    def currency(self, *, block: BlockRef = "latest") -> str:
        """ISO 4217 code of the reference currency."""
        return self._text("currency", block=block)

    def feed(self, *, block: BlockRef = "latest") -> str:
        """The attested feed of the backing rule; the zero address while none is set."""
        return self._address("feed", block=block)

    def market(self, *, block: BlockRef = "latest") -> str:
        """The one contract that may mint; the zero address while none is set."""
        return self._address("market", block=block)

    def buffer_bps(self, *, block: BlockRef = "latest") -> int:
        """The over-collateralisation that the ceiling keeps back, in basis points."""
        return self._int("bufferBps", block=block)

    def document(self, name: bytes, *, block: BlockRef = "latest") -> Document:
        """The document of this 32-byte name."""
        return Document(*self._read("getDocument", name, block=block))

    def document_names(self, *, block: BlockRef = "latest") -> tuple[bytes, ...]:
        return tuple(self._read("getAllDocuments", block=block))

    # ------------------------------------------------------------------------------------------------ totals

    def supply(self, *, block: BlockRef = "latest") -> Supply:
        """All totals at one block."""
        outstanding, minted, burned, payable, discharged = self._reads(
            ("totalSupply",), ("minted",), ("burned",), ("payableTotal",), ("discharged",), block=block
        )
        return Supply(outstanding, minted, burned, payable, discharged)

    def total_supply(self, *, block: BlockRef = "latest") -> int:
        """Every token in existence, frozen ones included."""
        return self._int("totalSupply", block=block)

    def minted(self, *, block: BlockRef = "latest") -> int:
        """Everything ever minted."""
        return self._int("minted", block=block)

    def burned(self, *, block: BlockRef = "latest") -> int:
        """Everything ever burned."""
        return self._int("burned", block=block)

    def discharged(self, *, block: BlockRef = "latest") -> int:
        """Every liability settled so far."""
        return self._int("discharged", block=block)

    def discharged_at(self, timestamp: int, *, block: BlockRef = "latest") -> int:
        """The liabilities settled by a Unix time."""
        return self._int("dischargedAt", timestamp, block=block)

    def payable(self, *, block: BlockRef = "latest") -> int:
        """Burned and not yet paid out."""
        return self._int("payableTotal", block=block)

    def ceiling(self, *, block: BlockRef = "latest") -> int:
        """What `minted` may reach; 0 while no attestation is fresh."""
        return self._int("ceiling", block=block)

    def headroom(self, *, block: BlockRef = "latest") -> int:
        """What may still be minted; 0 while no attestation is fresh."""
        return self._int("headroom", block=block)

    def coverage_bps(self, *, block: BlockRef = "latest") -> int | None:
        """Reserve over liabilities as of the last attestation, in basis points rounded down.

        None when there are no liabilities; 0 when there is no attestation.
        """
        value = self._int("coverageBps", block=block)
        return None if value == NO_LIABILITIES else value

    # ---------------------------------------------------------------------------------------------- accounts

    def balance_of(self, account: str, *, block: BlockRef = "latest") -> int:
        return self._int("balanceOf", account, block=block)

    def allowance(self, owner: str, spender: str, *, block: BlockRef = "latest") -> int:
        return self._int("allowance", owner, spender, block=block)

    def frozen_of(self, account: str, *, block: BlockRef = "latest") -> int:
        """How much of the account is frozen; `ACCOUNT_FROZEN` when the account itself is."""
        return self._int("getFrozenTokens", account, block=block)

    def can_send(self, account: str, *, block: BlockRef = "latest") -> bool:
        return self._bool("canSend", account, block=block)

    def can_receive(self, account: str, *, block: BlockRef = "latest") -> bool:
        return self._bool("canReceive", account, block=block)

    def can_transfer(self, sender: str, to: str, amount: int, *, block: BlockRef = "latest") -> bool:
        """Whether the rules allow it; a plain shortage of balance is not a rule."""
        return self._bool("canTransfer", sender, to, amount, block=block)

    def paused(self, *, block: BlockRef = "latest") -> bool:
        return self._bool("paused", block=block)

    def nonce_of(self, owner: str, *, block: BlockRef = "latest") -> int:
        """The owner's next ERC-2612 nonce."""
        return self._int("nonces", owner, block=block)

    def authorization_used(self, authorizer: str, nonce: bytes, *, block: BlockRef = "latest") -> bool:
        """Whether an ERC-3009 authorisation was used or cancelled."""
        return self._bool("authorizationState", authorizer, nonce, block=block)

    def explain_mint(
        self, to: str, amount: int, *, block: BlockRef = "latest"
    ) -> tuple[ContractReverted, ...]:
        """Every rule of the token that would refuse the mint, as the error it would revert with."""
        refusals = self._read("explainMint", to, amount, block=block)
        return tuple(self.client.reverts.decode(data) for data in refusals)

    # ---------------------------------------------------------------------------------------- holders' calls

    def transfer(self, to: str, amount: int) -> Call:
        return self._write("transfer", to, amount, description=f"transfer {amount} to {to}")

    def transfer_from(self, owner: str, to: str, amount: int) -> Call:
        return self._write(
            "transferFrom", owner, to, amount, description=f"transfer {amount} from {owner} to {to}"
        )

    def approve(self, spender: str, amount: int) -> Call:
        return self._write("approve", spender, amount, description=f"allow {spender} to spend {amount}")

    def permit_data(self, *, owner: str, spender: str, amount: int, nonce: int, deadline: int) -> Signable:
        """What the owner signs for `permit` (ERC-2612)."""
        return signable.permit(
            self._domain(), owner=owner, spender=spender, amount=amount, nonce=nonce, deadline=deadline
        )

    def permit(self, *, owner: str, spender: str, amount: int, deadline: int, signature: bytes) -> Call:
        """ERC-2612, the form that contract accounts can sign too."""
        return self._write(
            "permit(address,address,uint256,uint256,bytes)",
            owner,
            spender,
            amount,
            deadline,
            signature,
            description=f"present {owner}'s permit",
        )

    def transfer_data(
        self, *, holder: str, to: str, amount: int, valid_after: int, valid_before: int, nonce: bytes
    ) -> Signable:
        """What the holder signs for `transfer_with_authorization` (ERC-3009)."""
        return self._authorization(
            "TransferWithAuthorization", holder, to, amount, valid_after, valid_before, nonce
        )

    def receive_data(
        self, *, holder: str, to: str, amount: int, valid_after: int, valid_before: int, nonce: bytes
    ) -> Signable:
        """What the holder signs for a payee that presents it itself (ERC-3009), such as the market."""
        return self._authorization(
            "ReceiveWithAuthorization", holder, to, amount, valid_after, valid_before, nonce
        )

    def cancel_data(self, *, authorizer: str, nonce: bytes) -> Signable:
        """What the holder signs for `cancel_authorization` (ERC-3009)."""
        return signable.cancellation(self._domain(), authorizer=authorizer, nonce=nonce)

    def transfer_with_authorization(
        self,
        *,
        holder: str,
        to: str,
        amount: int,
        valid_after: int,
        valid_before: int,
        nonce: bytes,
        signature: bytes,
    ) -> Call:
        """ERC-3009. Anyone may send it."""
        return self._write(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            *(holder, to, amount, valid_after, valid_before, nonce, signature),
            description=f"present {holder}'s transfer authorisation",
        )

    def receive_with_authorization(
        self,
        *,
        holder: str,
        to: str,
        amount: int,
        valid_after: int,
        valid_before: int,
        nonce: bytes,
        signature: bytes,
    ) -> Call:
        """ERC-3009. Only the payee may send it."""
        return self._write(
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            *(holder, to, amount, valid_after, valid_before, nonce, signature),
            description=f"receive on {holder}'s authorisation",
        )

    def cancel_authorization(self, *, authorizer: str, nonce: bytes, signature: bytes) -> Call:
        """ERC-3009. Anyone may send it."""
        return self._write(
            "cancelAuthorization(address,bytes32,bytes)",
            *(authorizer, nonce, signature),
            description=f"cancel {authorizer}'s authorisation",
        )

    # ------------------------------------------------------------------------------------ guarding, governing

    def pause(self) -> Call:
        """Stops transfers and mints. For the guardian."""
        return self._write("pause", description="pause the token")

    def resume(self) -> Call:
        """Ends a pause. For the governor."""
        return self._write("resume", description="resume the token")

    def freeze(self, account: str, amount: int = ACCOUNT_FROZEN) -> Call:
        """Sets how much of the account is frozen, never lower than now. For the guardian."""
        return self._write("setFrozenTokens", account, amount, description=f"freeze {account}")

    def unfreeze(self, account: str, amount: int, case_id: bytes) -> Call:
        """Lowers the frozen amount to `amount`, under a case. For compliance."""
        return self._write("unfreeze", account, amount, case_id, description=f"unfreeze {account}")

    def forced_transfer(self, sender: str, to: str, amount: int, case_id: bytes) -> Call:
        """Moves tokens, frozen ones included, under a case. For compliance."""
        return self._write(
            "forcedTransfer(address,address,uint256,bytes32)",
            *(sender, to, amount, case_id),
            description=f"force a transfer from {sender} to {to}",
        )

    def burn_by_order(self, account: str, amount: int, case_id: bytes) -> Call:
        """Burns and discharges tokens, frozen ones included, under a case. For compliance."""
        return self._write(
            "burnByOrder", account, amount, case_id, description=f"burn {amount} of {account} by order"
        )

    def set_feed(self, feed: str) -> Call:
        return self._write("setFeed", feed, description=f"set the feed to {feed}")

    def set_buffer(self, buffer_bps: int) -> Call:
        return self._write("setBuffer", buffer_bps, description=f"set the buffer to {buffer_bps} bp")

    def set_market(self, market: str) -> Call:
        return self._write("setMarket", market, description=f"set the market to {market}")

    def set_document(self, name: bytes, uri: str, document_hash: bytes) -> Call:
        return self._write("setDocument", name, uri, document_hash, description=f"set document {uri}")

    def remove_document(self, name: bytes) -> Call:
        return self._write("removeDocument", name, description="remove a document")

    def upgrade(self, implementation: str, data: bytes = b"") -> Call:
        """Points the proxy at another implementation. For the upgrader."""
        return self._write(
            "upgradeToAndCall", implementation, data, description=f"upgrade the token to {implementation}"
        )

    # ------------------------------------------------------------------------------------------------ inside

    def _domain(self) -> dict[str, Any]:
        return signable.domain(self.name(), self.client.chain_id, self.address)

    def _authorization(
        self,
        primary_type: str,
        holder: str,
        to: str,
        amount: int,
        valid_after: int,
        valid_before: int,
        nonce: bytes,
    ) -> Signable:
        return signable.authorization(
            self._domain(),
            primary_type,
            holder=holder,
            to=to,
            amount=amount,
            valid_after=valid_after,
            valid_before=valid_before,
            nonce=nonce,
        )
