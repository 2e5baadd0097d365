"""The gathering of an attestation's signatures, in any order, from signers at hand or from files.

What is refused here would be skipped or refused by `AttestedFeed.publish`; the chain remains the judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.amounts import is_whole
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.errors import InvalidInput
from toolkit.reserves.attestation import (
    ATTESTATION_TYPES,
    PRIMARY_TYPE,
    Attestation,
    FeedDomain,
    FeedSignature,
    field_of,
)
from toolkit.reserves.errors import BadSignature, ConflictingSignature, UnknownAttestor, WrongFeed

if TYPE_CHECKING:
    from toolkit.chain.signers import Signer
    from toolkit.reserves.report import ReserveReport

__all__ = ["AttestationBundle"]


class AttestationBundle:
    """One attestation and the signatures gathered for it so far.

    `attestors` is the feed's list, from the chain or the terms, never from the file that carries the
    signatures. A signature is refused with `WrongFeed` (made for another chain, contract or
    attestation), `UnknownAttestor`, `BadSignature`, or `ConflictingSignature`: a second signature from
    one attestor adds nothing if it is the same and is refused if it differs, because a key that signs
    one statement twice is to be looked at, not chosen between.

    A contract signer (ERC-1271) can be judged only on the chain: its signature waits as unverified and
    doesn't count towards the threshold until `verify_contracts` has asked.
    """

    def __init__(
        self,
        attestation: Attestation,
        domain: FeedDomain,
        attestors: Sequence[str],
        *,
        report: ReserveReport | None = None,
    ) -> None:
        self.attestation = attestation
        self.domain = domain
        self.attestors = tuple(checksum_address(item, what="attestor") for item in attestors)
        self.report = report
        self._signatures: dict[str, bytes] = {}
        self._contracts: set[str] = set()
        self._unverified: set[str] = set()
        if not self.attestors:
            raise InvalidInput("the feed has no attestors: nobody's signature could count")
        if len(set(self.attestors)) != len(self.attestors):
            raise InvalidInput(f"an attestor is listed twice: {', '.join(self.attestors)}")

    # -- gathering -------------------------------------------------------------------------------

    def sign(self, signer: Signer) -> None:
        """Have `signer` sign and add the signature. A stranger is refused before signing."""
        address = self._attestor(signer.address)
        message = self.attestation.message()
        signature = signer.sign_typed_data(self.domain.to_data(), ATTESTATION_TYPES, PRIMARY_TYPE, message)
        self.add(address, signature)

    def add(self, signer: str, signature: bytes, *, contract: bool = False) -> None:
        """Add a signature made for this attestation; `contract` marks an ERC-1271 contract's."""
        address = self._attestor(signer)
        signature = bytes(signature)
        if not contract:
            self._require_own(address, signature)
        held = self._signatures.get(address)
        if held is not None and (held != signature or contract != (address in self._contracts)):
            raise ConflictingSignature(
                f"attestor {address} has already given another signature of this attestation: find out why "
                "its key signed twice, then gather anew with one of them",
                signer=address,
            )
        if held is None:
            self._signatures[address] = signature
            if contract:
                self._contracts.add(address)
                self._unverified.add(address)

    def add_data(self, data: Mapping[str, Any]) -> None:
        """Add what a file holds: one signature (`signer`, `signature`) or a list of them (`signatures`)."""
        if not isinstance(data, Mapping):
            raise InvalidInput(f"a signature file is a JSON object, not {type(data).__name__}")
        self._require_same(data)
        entries = [data] if "signature" in data else field_of(data, "signatures", list, "signature file")
        for entry in entries:
            contract = entry.get("contract", False) if isinstance(entry, Mapping) else False
            if not isinstance(contract, bool):
                raise InvalidInput(f"contract {contract!r} in the signature file must be true or false")
            signature = from_hex(field_of(entry, "signature", str, "signature file"), what="signature")
            self.add(field_of(entry, "signer", str, "signature file"), signature, contract=contract)

    def add_file(self, path: str | Path) -> None:
        """Add the signature or signatures in a JSON file."""
        self.add_data(_read(path))

    def verify_contracts(self, is_valid: Callable[[str, bytes, bytes], bool]) -> None:
        """Ask `is_valid(contract, digest, signature)` (ERC-1271, on the chain) of each unverified signature.

        Raises `BadSignature` and drops the signature at the first that is not valid.
        """
        digest = self.attestation.digest(self.domain)
        for address in sorted(self._unverified):
            if not is_valid(address, digest, self._signatures[address]):
                self._unverified.discard(address)
                self._contracts.discard(address)
                del self._signatures[address]
                raise BadSignature(
                    f"contract {address} does not accept the signature given for it: have it sign again",
                    signer=address,
                )
            self._unverified.discard(address)

    # -- state -----------------------------------------------------------------------------------

    @property
    def signers(self) -> list[str]:
        """Who has signed, ascending by address, unverified ones included."""
        return sorted(self._signatures, key=lambda address: int(address, 16))

    @property
    def unverified(self) -> list[str]:
        """Contract signers whose signature the chain has not been asked about."""
        return [address for address in self.signers if address in self._unverified]

    def missing(self, threshold: int) -> int:
        """How many verified signatures are still needed to reach `threshold`, never below zero."""
        count = len(self.attestors)
        if not is_whole(threshold) or not 1 <= threshold <= count:
            raise InvalidInput(
                f"threshold {threshold!r} can't be met: there are {count} attestors, use 1 to {count}",
                threshold=threshold,
            )
        return max(0, threshold - (len(self._signatures) - len(self._unverified)))

    def signatures_sorted(self) -> list[FeedSignature]:
        """The signatures as `publish` wants them: strictly ascending by signer."""
        return [FeedSignature(address, self._signatures[address]) for address in self.signers]

    # -- files -----------------------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """JSON data of the statement and all signatures."""
        return {
            "attestation": self.attestation.to_data(),
            "domain": self.domain.to_data(),
            "signatures": [self._entry(address) for address in self.signers],
        }

    def signature_data(self, signer: str) -> dict[str, Any]:
        """JSON data of one attestor's signature, to be sent to whoever gathers them."""
        address = self._attestor(signer)
        if address not in self._signatures:
            raise InvalidInput(f"attestor {address} has not signed yet: sign first", signer=address)
        return {
            "attestation": self.attestation.to_data(),
            "domain": self.domain.to_data(),
            **self._entry(address),
        }

    def save(self, path: str | Path) -> None:
        """Write `to_data` as JSON."""
        Path(path).write_text(json.dumps(self.to_data(), indent=2) + "\n", encoding="utf-8")

    def save_signature(self, signer: str, path: str | Path) -> None:
        """Write `signature_data` as JSON."""
        Path(path).write_text(json.dumps(self.signature_data(signer), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def from_data(
        cls, data: Mapping[str, Any], *, domain: FeedDomain, attestors: Sequence[str]
    ) -> AttestationBundle:
        """The bundle (or single signature) that was saved, every signature checked again.

        `domain` and `attestors` come from the deployment: a file can't choose its own judges.
        """
        attestation = Attestation.from_data(field_of(data, "attestation", Mapping, "signature file"))
        bundle = cls(attestation, domain, attestors)
        bundle.add_data(data)
        return bundle

    @classmethod
    def load(cls, path: str | Path, *, domain: FeedDomain, attestors: Sequence[str]) -> AttestationBundle:
        """`from_data` of a JSON file."""
        return cls.from_data(_read(path), domain=domain, attestors=attestors)

    # -- inside ----------------------------------------------------------------------------------

    def _entry(self, address: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"signer": address, "signature": to_hex(self._signatures[address])}
        return {**entry, "contract": True} if address in self._contracts else entry

    def _attestor(self, signer: str) -> str:
        address = checksum_address(signer, what="signer")
        if address not in self.attestors:
            raise UnknownAttestor(
                f"{address} is not an attestor of feed {self.domain.contract}: the attestors are "
                f"{', '.join(self.attestors)}",
                signer=address,
            )
        return address

    def _require_same(self, data: Mapping[str, Any]) -> None:
        theirs, ours = field_of(data, "domain", Mapping, "signature file"), self.domain.to_data()
        if dict(theirs) != ours:
            differing = sorted(key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key))
            raise WrongFeed(
                "the signature is for another feed: "
                + ", ".join(f"{key} {theirs.get(key)!r} instead of {ours.get(key)!r}" for key in differing)
                + "; ask the attestor to sign for this one",
                differing=differing,
            )
        attestation = Attestation.from_data(field_of(data, "attestation", Mapping, "signature file"))
        if attestation != self.attestation:
            raise WrongFeed(
                f"the signature is for another attestation, {attestation.to_data()} instead of "
                f"{self.attestation.to_data()}; ask the attestor to sign this one"
            )

    def _require_own(self, address: str, signature: bytes) -> None:
        from toolkit.chain.signers import recover_address

        try:
            recovered = recover_address(self.attestation.digest(self.domain), signature)
        except InvalidInput as error:
            raise BadSignature(f"the signature of {address} is malformed: {error}", signer=address) from error
        if recovered != address:
            raise BadSignature(
                f"the signature given for {address} was made by {recovered}, or for another chain, feed or "
                "attestation; if the signer is a contract, say so",
                signer=address,
                recovered=recovered,
            )


def _read(path: str | Path) -> Any:
    from pydantic_core import from_json

    try:
        return from_json(Path(path).read_bytes())
    except OSError as error:
        raise InvalidInput(f"signature file {path} can't be read: {error.strerror}", path=path) from error
    except ValueError as error:
        raise InvalidInput(f"signature file {path} is not JSON: {error}", path=path) from error
