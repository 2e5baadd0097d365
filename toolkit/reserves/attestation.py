"""The statement of a reserve's value that attestors sign, made from a report.

The typed data is EIP-712, `Attestation(uint128 value,uint64 asOf,bytes32 report)`, in the domain of the
feed contract (name, version, chain id, address), so that a signature for one chain or feed is worth
nothing on another. `toolkit.reserves.bundle` gathers the signatures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from toolkit.amounts import MAX_BASE_UNITS, Amount, is_whole
from toolkit.calendar import Clock, SystemClock
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.errors import InvalidInput
from toolkit.reserves.errors import (
    FutureAttestation,
    NotAllocated,
    WrongToken,
)

if TYPE_CHECKING:
    from toolkit.chain.signers import Signer
    from toolkit.reserves.bundle import AttestationBundle
    from toolkit.reserves.profiles import Profile
    from toolkit.reserves.report import ReserveReport

__all__ = [
    "ATTESTATION_TYPES",
    "PRIMARY_TYPE",
    "Attestation",
    "AttestationSubject",
    "FeedDomain",
    "FeedSignature",
    "attest",
    "field_of",
]

PRIMARY_TYPE = "Attestation"
ATTESTATION_TYPES: dict[str, list[dict[str, str]]] = {
    PRIMARY_TYPE: [
        {"name": "value", "type": "uint128"},
        {"name": "asOf", "type": "uint64"},
        {"name": "report", "type": "bytes32"},
    ]
}
"""EIP-712 types of an attestation, without the domain's."""


@dataclass(frozen=True, slots=True)
class FeedDomain:
    """The EIP-712 domain of one feed: the chain and the contract that the signatures are for."""

    chain_id: int
    contract: str
    name: str = "AttestedFeed"
    version: str = "1"

    def __post_init__(self) -> None:
        if not is_whole(self.chain_id) or self.chain_id < 1:
            raise InvalidInput(f"chain id {self.chain_id!r} of a feed domain must be a whole number from 1")
        checksum_address(self.contract, what="feed address")

    def to_data(self) -> dict[str, Any]:
        """The domain with EIP-712's own field names."""
        return {
            "name": self.name,
            "version": self.version,
            "chainId": self.chain_id,
            "verifyingContract": self.contract,
        }


class FeedSignature(NamedTuple):
    """The contract's `Signature`: who signed, and 65 bytes (or whatever a contract signer takes)."""

    signer: str
    data: bytes


class AttestationSubject(Protocol):
    """What `attest` must know of the coin it attests for; a deployment's facade offers it."""

    @property
    def token_symbol(self) -> str: ...
    @property
    def token_decimals(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def stablecoin_address(self) -> str: ...
    @property
    def attestors(self) -> Sequence[str]: ...
    def feed_domain(self) -> FeedDomain: ...


@dataclass(frozen=True, slots=True)
class Attestation:
    """A value in the token's base units, as of a unix second, backed by the report with this hash."""

    value: int
    as_of: int
    report: bytes

    def __post_init__(self) -> None:
        for name, number, bits in (("value", self.value, 128), ("as_of", self.as_of, 64)):
            if not is_whole(number) or not 0 <= number < 2**bits:
                raise InvalidInput(f"attestation {name} {number!r} must be a whole number below 2^{bits}")
        if type(self.report) is not bytes or len(self.report) != 32:
            raise InvalidInput("attestation report must be the 32-byte hash of the canonical report")

    @property
    def instant(self) -> datetime:
        """`as_of` as an aware UTC datetime."""
        return datetime.fromtimestamp(self.as_of, UTC)

    def message(self) -> dict[str, Any]:
        """The EIP-712 message, in the contract's field names."""
        return {"value": self.value, "asOf": self.as_of, "report": self.report}

    def typed_data(self, domain: FeedDomain) -> dict[str, Any]:
        """The whole of `eth_signTypedData_v4`'s argument as JSON data, for a wallet elsewhere."""
        domain_types = [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ]
        return {
            "domain": domain.to_data(),
            "types": {"EIP712Domain": domain_types, **ATTESTATION_TYPES},
            "primaryType": PRIMARY_TYPE,
            "message": {"value": str(self.value), "asOf": str(self.as_of), "report": to_hex(self.report)},
        }

    def digest(self, domain: FeedDomain) -> bytes:
        """The 32 bytes that are signed (EIP-712)."""
        from toolkit.chain.typed_data import typed_data_digest

        return typed_data_digest(domain.to_data(), ATTESTATION_TYPES, PRIMARY_TYPE, self.message())

    def to_data(self) -> dict[str, Any]:
        """JSON data: the value as a string of base units, the report hash with its 0x."""
        return {"value": str(self.value), "as_of": self.as_of, "report": to_hex(self.report)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Attestation:
        """The attestation that `to_data` wrote. Raises `InvalidInput`."""
        value = field_of(data, "value", str, "attestation")
        if not (value.isascii() and value.isdigit() and len(value) <= 39):
            raise InvalidInput(f"attestation value {value!r} is not a whole number of base units")
        return cls(
            int(value),
            field_of(data, "as_of", int, "attestation"),
            from_hex(field_of(data, "report", str, "attestation"), what="attestation report", length=32),
        )


def attest(
    report: ReserveReport,
    subject: AttestationSubject,
    signers: Sequence[Signer] = (),
    *,
    profile: Profile,
    clock: Clock | None = None,
) -> AttestationBundle:
    """The attestation of what `report` allocates to `subject`'s token, signed by `signers`.

    The value is the allocation in the token's base units, rounded down where the token has fewer
    decimals than the currency. Raises `WrongToken`, `FutureAttestation`, `NotAllocated`,
    `AllocationExceedsReserve`, `ReportDoesNotAddUp`, or what `AttestationBundle.sign` raises.
    """
    if (report.token, report.currency) != (subject.token_symbol, subject.currency):
        raise WrongToken(
            f"the report is about {report.token} in {report.currency}, the coin is {subject.token_symbol} in "
            f"{subject.currency}: attest the coin's own report",
            report=report.token,
            coin=subject.token_symbol,
        )
    from toolkit.reserves.bundle import AttestationBundle

    now = (clock or SystemClock()).now()
    if report.as_of > now:
        raise FutureAttestation(
            f"the report is as of {report.as_of.isoformat()}, after now ({now.isoformat()}): correct it "
            "or wait",
            as_of=report.as_of,
            now=now,
        )
    report.check_allocations(report.evaluate(profile))
    domain = subject.feed_domain()
    allocated = report.allocation_for(domain.chain_id, subject.stablecoin_address)
    if allocated is None:
        stated = ", ".join(f"{a.contract} on chain {a.chain_id}" for a in report.allocations) or "nothing"
        raise NotAllocated(
            f"the report allocates nothing to {subject.stablecoin_address} on chain {domain.chain_id} "
            f"(it allocates to: {stated}): call report.allocate() first if part of it is for this token",
            chain_id=domain.chain_id,
            contract=subject.stablecoin_address,
        )
    attestation = Attestation(
        _base_units_down(allocated, subject.token_decimals), int(report.as_of.timestamp()), report.hash
    )
    bundle = AttestationBundle(attestation, domain, subject.attestors, report=report)
    for signer in signers:
        bundle.sign(signer)
    return bundle


def _base_units_down(amount: Amount, decimals: int) -> int:
    if decimals >= amount.decimals:
        scale: int = 10 ** (decimals - amount.decimals)
        value = amount.base_units * scale
    else:
        divisor: int = 10 ** (amount.decimals - decimals)
        value = amount.base_units // divisor
    if value > MAX_BASE_UNITS:
        raise InvalidInput(f"{amount.display()} at {decimals} decimals exceeds {MAX_BASE_UNITS} base units")
    return value


def field_of(data: Any, key: str, kind: type, where: str) -> Any:
    value = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidInput(f"{where}: {key!r} is missing or not of the right kind ({value!r:.80})", field=key)
    return value
