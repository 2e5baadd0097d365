"""Publishing an attestation, and believing only the event that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from toolkit.bindings.events import Attested
from toolkit.bindings.structs import Attestation, Signature
from toolkit.chain.abi import decode_arguments, encode_arguments, selector
from toolkit.chain.hexes import to_hex
from toolkit.errors import ContractReverted, EventMissing, InvalidInput
from toolkit.reserves.errors import WrongFeed

if TYPE_CHECKING:
    from toolkit.bindings.feed import AttestedFeed
    from toolkit.chain.client import BlockRef, Client
    from toolkit.chain.sender import Mined, Sender
    from toolkit.reserves.bundle import AttestationBundle

__all__ = ["Publication", "accepts_signature", "publish"]

_IS_VALID = "isValidSignature(bytes32,bytes)"
_MAGIC = selector(_IS_VALID)


@dataclass(frozen=True, slots=True)
class Publication:
    """A round of the feed that was published and is final under the chain's policy."""

    round: int
    attestation: Attestation
    signers: tuple[str, ...]
    tx_hash: bytes
    block_number: int
    block_hash: bytes

    def to_json(self) -> dict[str, object]:
        """The value as a string of base units, hashes with their 0x, the instant in UTC."""
        return {
            "round": self.round,
            "value": str(self.attestation.value),
            "as_of": datetime.fromtimestamp(self.attestation.as_of, UTC).isoformat(),
            "report": to_hex(self.attestation.report),
            "signers": list(self.signers),
            "tx_hash": to_hex(self.tx_hash),
            "block_number": self.block_number,
            "block_hash": to_hex(self.block_hash),
        }


def publish(
    feed: AttestedFeed, bundle: AttestationBundle, sender: Sender, *, timeout: float = 120.0
) -> Publication:
    """Sends the attestation with its signatures and waits until it is final.

    Anyone may send it: it stands on its signatures. What counts as published is the feed's `Attested`
    event with this value, instant and report, in a final block.

    Raises WrongFeed when the bundle was signed for another chain or contract, BadSignature when a
    contract attestor does not accept its signature, the feed's own refusals (NotEnoughSignatures,
    AttestationNotNewer, AttestationFromFuture, …), EventMissing, and what `Sender.execute` raises; after
    StillPending the transaction may still land, so ask for it and don't publish again.
    """
    _require_feed(feed, bundle)
    bundle.verify_contracts(
        lambda contract, digest, signature: accepts_signature(
            feed.client, contract, digest, signature, block="latest"
        )
    )
    statement = bundle.attestation
    attestation = Attestation(statement.value, statement.as_of, statement.report)
    signatures = [Signature(item.signer, item.data) for item in bundle.signatures_sorted()]
    expected = feed.expectation(
        Attested, value=attestation.value, as_of=attestation.as_of, report=attestation.report
    )
    mined = sender.execute(feed.publish(attestation, signatures), expect=[expected], timeout=timeout)
    return _believed(feed, attestation, {item.signer for item in signatures}, mined)


def accepts_signature(
    client: Client, contract: str, digest: bytes, signature: bytes, *, block: BlockRef
) -> bool:
    """Whether the contract accepts the signature of the 32-byte digest at `block` (ERC-1271).

    False for an account without code, a contract that reverts, and any answer but the magic value.
    """
    types = [{"type": "bytes32"}, {"type": "bytes"}]
    try:
        answer = client.call(contract, _MAGIC + encode_arguments(types, [digest, signature]), block=block)
        return bool(answer) and decode_arguments([{"type": "bytes4"}], answer)[0] == _MAGIC
    except (ContractReverted, InvalidInput):
        return False


def _require_feed(feed: AttestedFeed, bundle: AttestationBundle) -> None:
    chain_id, contract, signed = feed.client.chain_id, feed.address, bundle.domain
    if (signed.chain_id, signed.contract) != (chain_id, contract):
        raise WrongFeed(
            f"the attestation was signed for feed {signed.contract} on chain {signed.chain_id}, "
            f"this is feed {contract} on chain {chain_id}: have it signed for this one",
            signed_for=signed.contract,
            signed_chain_id=signed.chain_id,
            feed=contract,
            chain_id=chain_id,
        )


def _believed(feed: AttestedFeed, attestation: Attestation, signers: set[str], mined: Mined) -> Publication:
    events = [
        event
        for event in feed.events_in(mined.receipt, Attested)
        if (event.value, event.as_of, event.report)
        == (attestation.value, attestation.as_of, attestation.report)
    ]
    event = events[0]
    strangers = sorted(set(event.signers) - signers)
    if strangers:
        raise EventMissing(
            f"round {event.round} names signers whose signatures were not sent ({', '.join(strangers)}): "
            "treat the feed or the node as foreign until that is settled",
            round=event.round,
            strangers=strangers,
        )
    return Publication(
        round=event.round,
        attestation=attestation,
        signers=event.signers,
        tx_hash=mined.receipt.tx_hash,
        block_number=mined.block.number,
        block_hash=mined.block.hash,
    )
