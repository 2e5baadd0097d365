"""What the coin and the fund's shares have in common: contracts/token/RegulatedERC20.sol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.bindings import signable
from toolkit.bindings.contract import Contract
from toolkit.bindings.signable import Signable
from toolkit.bindings.structs import Document

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["ACCOUNT_FROZEN", "RegulatedToken"]

ACCOUNT_FROZEN = 2**128 - 1
"""The frozen amount that freezes the account itself: it neither sends nor receives."""


class RegulatedToken(Contract):
    """A regulated token, amounts in base units."""

    # ------------------------------------------------------------------------------------- what the token is

    def name(self, *, block: BlockRef = "latest") -> str:
        return self._text("name", block=block)

    def symbol(self, *, block: BlockRef = "latest") -> str:
        return self._text("symbol", block=block)

    def decimals(self, *, block: BlockRef = "latest") -> int:
        return self._int("decimals", block=block)

    def document(self, name: bytes, *, block: BlockRef = "latest") -> Document:
        """The document of this 32-byte name."""
        return Document(*self._read("getDocument", name, block=block))

    def document_names(self, *, block: BlockRef = "latest") -> tuple[bytes, ...]:
        return tuple(self._read("getAllDocuments", block=block))

    def total_supply(self, *, block: BlockRef = "latest") -> int:
        """Every token in existence, frozen ones included."""
        return self._int("totalSupply", block=block)

    def minted(self, *, block: BlockRef = "latest") -> int:
        """Everything ever minted."""
        return self._int("minted", block=block)

    def burned(self, *, block: BlockRef = "latest") -> int:
        """Everything ever burned."""
        return self._int("burned", block=block)

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
