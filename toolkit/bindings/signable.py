"""What holders and approvers sign: EIP-712 data with the contract's domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.bindings.structs import MintOrder, Redemption, Signature
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import to_hex
from toolkit.chain.typed_data import Types, domain_members, fit_typed_data, typed_data_digest

if TYPE_CHECKING:
    from toolkit.chain.signers import Signer

__all__ = [
    "Signable",
    "acceptance",
    "authorization",
    "cancellation",
    "domain",
    "mint_batch",
    "permit",
    "sorted_signatures",
]

_ORDER = (("number", "uint256"), ("to", "address"), ("amount", "uint256"), ("expiry", "uint64"))
_ACCEPTED = (("id", "uint256"), ("holder", "address"), ("amount", "uint256"))
_PERMIT = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
_AUTHORIZATION = (
    ("from", "address"),
    ("to", "address"),
    ("value", "uint256"),
    ("validAfter", "uint256"),
    ("validBefore", "uint256"),
    ("nonce", "bytes32"),
)
_CANCELLATION = (("authorizer", "address"), ("nonce", "bytes32"))


@dataclass(frozen=True, slots=True)
class Signable:
    """EIP-712 data; `types` leaves out the domain's, integers are int and bytes are bytes.

    Making one raises InvalidInput for a value that doesn't fit its type and for an address without its
    checksum, so that nothing else comes before a signer, here or elsewhere.
    """

    domain: Mapping[str, Any]
    types: Types
    primary_type: str
    message: Mapping[str, Any]

    def __post_init__(self) -> None:
        fitted, message = fit_typed_data(self.domain, self.types, self.primary_type, self.message)
        object.__setattr__(self, "domain", fitted)
        object.__setattr__(self, "message", message)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        return typed_data_digest(self.domain, self.types, self.primary_type, self.message)

    def sign(self, signer: Signer) -> Signature:
        """The signer's signature, with the account it comes from."""
        data = signer.sign_typed_data(self.domain, self.types, self.primary_type, self.message)
        return Signature(signer=signer.address, data=data)

    def to_json(self) -> dict[str, Any]:
        """The argument of `eth_signTypedData_v4`, for a wallet elsewhere: integers as decimal strings,
        but for the chain id.
        """
        return {
            "domain": {
                name: value if name == "chainId" else _json(value) for name, value in self.domain.items()
            },
            "types": {
                "EIP712Domain": domain_members(self.domain),
                **{name: list(rows) for name, rows in self.types.items()},
            },
            "primaryType": self.primary_type,
            "message": _json(self.message),
        }


def domain(name: str, chain_id: int, contract: str, *, version: str = "1") -> dict[str, Any]:
    """The EIP-712 domain of one of the suite's contracts. Only the market's version ever changes."""
    return {"name": name, "version": version, "chainId": chain_id, "verifyingContract": contract}


def mint_batch(domain_: Mapping[str, Any], orders: Iterable[MintOrder]) -> Signable:
    """The orders of a batch, for its approvers."""
    rows = [
        {"number": order.number, "to": order.to, "amount": order.amount, "expiry": order.expiry}
        for order in orders
    ]
    types = {"MintBatch": _members((("orders", "MintOrder[]"),)), "MintOrder": _members(_ORDER)}
    return Signable(domain_, types, "MintBatch", {"orders": rows})


def acceptance(domain_: Mapping[str, Any], redemptions: Iterable[tuple[int, Redemption]]) -> Signable:
    """Redemptions (id and what it is) to be accepted, for their approvers."""
    rows = [{"id": number, "holder": item.holder, "amount": item.amount} for number, item in redemptions]
    types = {
        "Acceptance": _members((("redemptions", "AcceptedRedemption[]"),)),
        "AcceptedRedemption": _members(_ACCEPTED),
    }
    return Signable(domain_, types, "Acceptance", {"redemptions": rows})


def permit(
    domain_: Mapping[str, Any], *, owner: str, spender: str, amount: int, nonce: int, deadline: int
) -> Signable:
    """ERC-2612."""
    message = {"owner": owner, "spender": spender, "value": amount, "nonce": nonce, "deadline": deadline}
    return Signable(domain_, {"Permit": _members(_PERMIT)}, "Permit", message)


def authorization(
    domain_: Mapping[str, Any],
    primary_type: str,
    *,
    holder: str,
    to: str,
    amount: int,
    valid_after: int,
    valid_before: int,
    nonce: bytes,
) -> Signable:
    """ERC-3009: `TransferWithAuthorization` or `ReceiveWithAuthorization`."""
    message = {
        "from": holder,
        "to": to,
        "value": amount,
        "validAfter": valid_after,
        "validBefore": valid_before,
        "nonce": nonce,
    }
    return Signable(domain_, {primary_type: _members(_AUTHORIZATION)}, primary_type, message)


def cancellation(domain_: Mapping[str, Any], *, authorizer: str, nonce: bytes) -> Signable:
    """ERC-3009: the authorisation of this nonce shall never be used."""
    message = {"authorizer": authorizer, "nonce": nonce}
    return Signable(domain_, {"CancelAuthorization": _members(_CANCELLATION)}, "CancelAuthorization", message)


def sorted_signatures(signatures: Iterable[Signature]) -> tuple[Signature, ...]:
    """Ascending by signer, as the contracts want them. Raises InvalidInput for a signer that isn't a
    checksummed address.
    """
    listed = list(signatures)
    for position, signature in enumerate(listed):
        checksum_address(signature.signer, what=f"signer of signatures[{position}]")
    return tuple(sorted(listed, key=lambda signature: int(signature.signer, 16)))


def _members(rows: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in rows]


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if isinstance(value, bool):
        return value
    return to_hex(value) if isinstance(value, bytes) else str(value)
