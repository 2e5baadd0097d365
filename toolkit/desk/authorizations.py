"""What a holder signs so that their tokens may go into escrow, also on paper or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.bindings.signable import Signable, authorization
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.errors import InvalidInput

__all__ = ["RedemptionAuthorization"]


@dataclass(frozen=True, slots=True)
class RedemptionAuthorization:
    """What the holder signs, and costs them no gas: an ERC-3009 authorisation that fits this order alone.

    `salt` makes the nonce together with the order's reference; the times are Unix seconds. `to_json` is
    for a holder who signs elsewhere.
    """

    order_id: str
    salt: bytes
    valid_after: int
    valid_before: int
    signable: Signable

    def to_json(self) -> dict[str, Any]:
        """`typed_data` is the argument of `eth_signTypedData_v4`; `from_json` takes all of it."""
        return {"order": self.order_id, "salt": to_hex(self.salt), "typed_data": self.signable.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RedemptionAuthorization:
        """The authorisation that `to_json` wrote. Raises InvalidInput for anything else."""
        try:
            message, domain_ = data["typed_data"]["message"], data["typed_data"]["domain"]
            read = cls(
                order_id=str(data["order"]),
                salt=from_hex(data["salt"], what="salt", length=32),
                valid_after=int(message["validAfter"]),
                valid_before=int(message["validBefore"]),
                signable=authorization(
                    {**domain_, "chainId": int(domain_["chainId"])},
                    data["typed_data"]["primaryType"],
                    holder=checksum_address(message["from"], what="holder"),
                    to=checksum_address(message["to"], what="market"),
                    amount=int(message["value"]),
                    valid_after=int(message["validAfter"]),
                    valid_before=int(message["validBefore"]),
                    nonce=from_hex(message["nonce"], what="nonce", length=32),
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"this is no authorisation of a redemption ({error!r}): pass what to_json() gave"
            ) from error
        if read.to_json() != dict(data):
            raise InvalidInput(
                "the authorisation has other words or types than to_json() gave: make it again"
            )
        return read
