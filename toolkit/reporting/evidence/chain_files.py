"""The chain's side of a pack: transactions, receipts with proofs, headers, and the settings that applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from toolkit.bindings.events import (
    ApprovalTiersChanged,
    Attested,
    AttestorsChanged,
    AttestorSuspended,
    FeedChanged,
    LimitsChanged,
    Resumed,
    RoleGranted,
    RoleRevoked,
    Suspended,
    Upgraded,
)
from toolkit.bindings.roles import Role
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.ledger.errors import NotFound
from toolkit.reporting.evidence import verify_pack
from toolkit.reporting.evidence.blocks import BlockEvidence, read_block
from toolkit.reporting.evidence.verify_pack import encode

if TYPE_CHECKING:
    from toolkit.chain.client import BlockRef
    from toolkit.chain.logs import Log
    from toolkit.issuance import Issuance
    from toolkit.ledger import Ledger

__all__ = ["ChainFiles", "signing_version"]


@dataclass
class ChainFiles:
    """Gathers into `files` what proves transactions. A block is read once, however many are in it."""

    ledger: Ledger
    issuance: Issuance
    files: dict[str, bytes]
    _blocks: dict[bytes, BlockEvidence] = field(default_factory=dict)

    def add_transaction(self, tx_hash: str) -> None:
        """The signed bytes, and if they were mined the receipt with its proofs."""
        name = f"transactions/{tx_hash[2:]}.json"
        if name in self.files:
            return
        raw = self.add_receipt(tx_hash)
        if raw is None:
            raw = self._stored(tx_hash)
        if raw is not None:
            self.files[name] = encode({"raw": to_hex(raw)})

    def add_receipt(self, tx_hash: str) -> bytes | None:
        """The receipt with its proofs, and the header. Gives the signed bytes; None while not mined."""
        receipt = self.issuance.client.receipt(from_hex(tx_hash, length=32))
        if receipt is None:
            return None
        block = self._block(receipt.block_hash)
        found = block.transaction(receipt.tx_hash)
        self.files[f"receipts/{tx_hash[2:]}.json"] = encode(
            {
                "block": to_hex(block.hash),
                "index": found.index,
                "receipt": to_hex(found.receipt),
                "receipt_proof": _nodes(found.receipt_proof),
                "transaction_proof": _nodes(found.transaction_proof),
            }
        )
        return found.raw

    def add_upgrades(self, version: str | None = None) -> None:
        """The implementations of the market up to the pack's last block, or up to the last one that approvers
        signed for in this version.
        """
        logs = self.upgrades
        reached = [log.block_number <= self._last_block for log in logs]
        if version is not None:
            reached = [signing_version(log) == version for log in logs]
        for log in logs[: len(logs) - reached[::-1].index(True) if True in reached else 0]:
            self.add_receipt(to_hex(log.tx_hash))

    @cached_property
    def upgrades(self) -> list[Log]:
        """Every `Upgraded` of the market, the first at its creation."""
        return self._logs(self.issuance.market.address, [Upgraded.topic0()], "latest")

    @property
    def _last_block(self) -> int:
        return max((block.number for block in self._blocks.values()), default=-1)

    def add_settings(self) -> None:
        """Every change, up to the pack's last block, of who may attest and approve, and how many must."""
        if not self._blocks:
            return
        last_block, issuance = self._last_block, self.issuance
        feed, manager = issuance.feed.address, issuance.access_manager.address
        approver = int(Role.APPROVER).to_bytes(32, "big")
        of_feed = (AttestorsChanged, AttestorSuspended, LimitsChanged, Suspended, Resumed)
        wanted = (
            (feed, [[kind.topic0() for kind in of_feed]]),
            (issuance.token.address, [FeedChanged.topic0()]),
            (issuance.market.address, [ApprovalTiersChanged.topic0()]),
            (manager, [[RoleGranted.topic0(), RoleRevoked.topic0()], approver]),
        )
        for address, topics in wanted:
            for log in self._logs(address, topics, last_block):
                self.add_receipt(to_hex(log.tx_hash))

    def add_attestations(self, mints: Iterable[str]) -> None:
        """For each of these mined transactions the last round published in a block before it."""
        blocks = {number for tx_hash in mints if (number := self._block_number(tx_hash)) is not None}
        if not blocks:
            return
        logs = self._logs(self.issuance.feed.address, [Attested.topic0()], max(blocks))
        for number in sorted(blocks):
            before = [log for log in logs if log.block_number < number]
            for log in before[-1:]:
                self._add_attestation(log)

    def add_rounds(self, since: int, until: int) -> None:
        """The rounds published from `since` until before `until` (Unix seconds)."""
        client = self.issuance.client
        for log in reversed(self._logs(self.issuance.feed.address, [Attested.topic0()], "latest")):
            published = client.block(log.block_number).timestamp
            if published < since:
                break
            if published < until:
                self._add_attestation(log)

    def _block_number(self, tx_hash: str) -> int | None:
        found = self.files.get(f"receipts/{tx_hash[2:]}.json")
        return None if found is None else self._blocks[from_hex(verify_pack.parse(found)["block"])].number

    def _add_attestation(self, log: Log) -> None:
        event = Attested.from_log(log)
        tx_hash = to_hex(log.tx_hash)
        self.add_transaction(tx_hash)
        message = {"value": str(event.value), "asOf": str(event.as_of), "report": to_hex(event.report)}
        raw = from_hex(verify_pack.parse(self.files[f"transactions/{tx_hash[2:]}.json"])["raw"])
        chain_id, feed = self.issuance.chain_id, self.issuance.feed.address
        call = verify_pack.recover_call(raw, chain_id)
        arguments = call.arguments("publish") if call.to == feed else None
        given = [] if arguments is None else arguments[1]
        data = verify_pack.typed_data("AttestedFeed", chain_id, feed, verify_pack.ATTESTATION_TYPES, message)
        signatures = [{"signer": signer, "signature": to_hex(signature)} for signer, signature in given]
        self.files[f"attestations/{tx_hash[2:]}.json"] = encode(
            {"typed_data": data, "signatures": signatures}
        )

    def _block(self, block_hash: bytes) -> BlockEvidence:
        block = self._blocks.get(block_hash)
        if block is None:
            block = self._blocks[block_hash] = read_block(self.issuance.client, block_hash)
            entry: dict[str, Any] = {"header": None, "stated": block.stated_roots}
            if block.header is not None:
                entry = {"header": to_hex(block.header)}
            self.files[f"blocks/{block_hash.hex()}.json"] = encode(entry)
        return block

    def _stored(self, tx_hash: str) -> bytes | None:
        try:
            return self.ledger.transactions.get(tx_hash).raw
        except NotFound:
            return None  # it was no transaction of the desk's and isn't mined either

    def _logs(self, address: str, topics: list[Any], last_block: BlockRef) -> list[Log]:
        first = self.issuance.record.first_block
        return self.issuance.client.logs(address, topics, first, last_block)


def signing_version(upgrade: Log) -> str:
    """The version in which approvers signed for the implementation of an `Upgraded` of the market."""
    event = Upgraded.from_log(upgrade)
    return verify_pack.signing_version(event.implementation)


def _nodes(proof: tuple[bytes, ...] | None) -> list[str] | None:
    return None if proof is None else [to_hex(node) for node in proof]
