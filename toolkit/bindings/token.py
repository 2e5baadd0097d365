"""The stablecoin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.bindings import signable
from toolkit.bindings.regulated_token import ACCOUNT_FROZEN, RegulatedToken
from toolkit.bindings.signable import Signable
from toolkit.bindings.structs import Supply
from toolkit.errors import ContractReverted

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["ACCOUNT_FROZEN", "NO_LIABILITIES", "Stablecoin"]

NO_LIABILITIES = 2**256 - 1
"""What `coverageBps` answers when there is nothing to cover."""


class Stablecoin(RegulatedToken):
    """`contracts/token/Stablecoin.sol`, amounts in base units."""

    artifact = "Stablecoin"

    # ------------------------------------------------------------------------------------- what the token is

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

    # ------------------------------------------------------------------------------------------------ totals

    def supply(self, *, block: BlockRef = "latest") -> Supply:
        """All totals at one block."""
        outstanding, minted, burned, payable, discharged = self._reads(
            ("totalSupply",), ("minted",), ("burned",), ("payableTotal",), ("discharged",), block=block
        )
        return Supply(outstanding, minted, burned, payable, discharged)

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

    # -------------------------------------------------------------------------------- minting, authorisations

    def authorization_used(self, authorizer: str, nonce: bytes, *, block: BlockRef = "latest") -> bool:
        """Whether an ERC-3009 authorisation was used or cancelled."""
        return self._bool("authorizationState", authorizer, nonce, block=block)

    def explain_mint(
        self, to: str, amount: int, *, block: BlockRef = "latest"
    ) -> tuple[ContractReverted, ...]:
        """Every rule of the token that would refuse the mint, as the error it would revert with."""
        refusals = self._read("explainMint", to, amount, block=block)
        return tuple(self.client.reverts.decode(data) for data in refusals)

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

    # ------------------------------------------------------------------------------------------------ inside

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
