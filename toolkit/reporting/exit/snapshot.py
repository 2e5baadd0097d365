"""The snapshot that claims are made from: who had what at one block, under one root that a person signed.

A row is what one owner had at one wallet; an omnibus wallet is looked through to its clients (W20c, 4.13).
Rows come from whoever reads the chain and the sub-ledgers; here they have to add up to what is outstanding.
The root is that of OpenZeppelin's standard tree over (wallet, owner, units, frozen), as the report of holders
has it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol, Self

from toolkit.amounts import is_whole
from toolkit.bindings.signable import Signable
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.signers import recover_address
from toolkit.errors import InvalidInput
from toolkit.funds.merkle import StandardMerkleTree
from toolkit.ledger.canonical import instant
from toolkit.reporting.exit.errors import SnapshotRefused

__all__ = ["LEAF", "HolderRow", "Holding", "SignedSnapshot", "Snapshot"]

LEAF = ("address", "string", "uint256", "uint256")
"""A leaf: wallet, owner's keyed reference, units, frozen units."""

_TYPES = {
    "HolderSnapshot": [
        {"name": "blockNumber", "type": "uint256"},
        {"name": "blockHash", "type": "bytes32"},
        {"name": "takenAt", "type": "uint256"},
        {"name": "outstanding", "type": "uint256"},
        {"name": "root", "type": "bytes32"},
    ]
}


class HolderRow(Protocol):
    """Whatever has a wallet, its owner's reference, and base units of which some are frozen."""

    @property
    def wallet(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def units(self) -> int: ...
    @property
    def frozen(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Holding:
    """One row: what `owner` (a keyed reference, never a name) had at `wallet`, in base units."""

    wallet: str
    owner: str
    units: int
    frozen: int = 0


@dataclass(frozen=True)
class Snapshot:
    """All rows at one block of one token. Raises InvalidInput unless they add up to `outstanding`."""

    chain_id: int
    contract: str
    block_number: int
    block_hash: str
    taken_at: datetime
    outstanding: int
    rows: tuple[Holding, ...]

    def __post_init__(self) -> None:
        checksum_address(self.contract, what="token")
        from_hex(self.block_hash, what="block hash", length=32)
        seen: set[tuple[str, str]] = set()
        for row in self.rows:
            checksum_address(row.wallet, what="wallet")
            if not is_whole(row.units) or not is_whole(row.frozen) or not 0 <= row.frozen <= row.units:
                raise InvalidInput(f"{row} must have whole units, and at most all of them frozen")
            if row.units == 0 or (row.wallet, row.owner) in seen:
                raise InvalidInput(f"{row} is empty or stands there twice: give each holder one row")
            seen.add((row.wallet, row.owner))
        total = sum(row.units for row in self.rows)
        if total != self.outstanding or not self.rows:
            raise InvalidInput(
                f"the rows add up to {total} and {self.outstanding} is outstanding: look through every "
                "omnibus wallet and take all rows at one block",
                rows=total,
                outstanding=self.outstanding,
            )

    @classmethod
    def of(cls, rows: Iterable[HolderRow], **fields: Any) -> Self:
        """The snapshot of any rows; `fields` are the others."""
        held = tuple(Holding(row.wallet, row.owner, row.units, row.frozen) for row in rows)
        return cls(rows=held, **fields)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What `to_json` wrote. Raises InvalidInput, also where the stated root isn't that of the rows."""
        try:
            rows = tuple(
                Holding(row["wallet"], row["owner"], int(row["units"]), int(row["frozen"]))
                for row in found["rows"]
            )
            snapshot = cls(
                chain_id=int(found["chain_id"]),
                contract=found["contract"],
                block_number=int(found["block_number"]),
                block_hash=found["block_hash"],
                taken_at=datetime.fromisoformat(found["taken_at"]),
                outstanding=int(found["outstanding"]),
                rows=rows,
            )
            stated = found["root"]
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"the snapshot is incomplete or malformed: {error!r}") from error
        if stated != snapshot.root:
            raise InvalidInput(f"the rows have the root {snapshot.root}, not {stated}: they were changed")
        return snapshot

    def to_json(self) -> dict[str, Any]:
        """JSON data, amounts as text: what is kept at two places."""
        return {
            "chain_id": self.chain_id,
            "contract": self.contract,
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "taken_at": instant(self.taken_at),
            "outstanding": str(self.outstanding),
            "root": self.root,
            "rows": [
                {"wallet": row.wallet, "owner": row.owner, "units": str(row.units), "frozen": str(row.frozen)}
                for row in self.rows
            ],
        }

    @cached_property
    def tree(self) -> StandardMerkleTree:
        leaves = [(row.wallet, row.owner, row.units, row.frozen) for row in self.rows]
        return StandardMerkleTree.of(leaves, LEAF)

    @cached_property
    def root(self) -> str:
        """The root, 0x and 64 digits."""
        return to_hex(self.tree.root)

    @property
    def sha256(self) -> str:
        """The digest of `to_json` in canonical form: what the copies are compared by."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def signable(self) -> Signable:
        """What its signer signs (EIP-712)."""
        domain = {
            "name": "HolderSnapshot",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": self.contract,
        }
        message = {
            "blockNumber": self.block_number,
            "blockHash": from_hex(self.block_hash),
            "takenAt": int(self.taken_at.timestamp()),
            "outstanding": self.outstanding,
            "root": self.tree.root,
        }
        return Signable(domain, _TYPES, "HolderSnapshot", message)


@dataclass(frozen=True)
class SignedSnapshot:
    """A snapshot with its signature, and the digests of the copies by the place where each is kept."""

    snapshot: Snapshot
    signer: str
    signature: bytes
    copies: Mapping[str, str]

    def check(self, signers: Collection[str]) -> Snapshot:
        """The snapshot, if one of `signers` signed it and the same copy lies at two places or more.

        Raises SnapshotRefused (HKMA Guideline 6.8.7: back-up records to redeem by).
        """
        found = recover_address(self.snapshot.signable.digest, self.signature)
        if found != self.signer or found not in signers:
            raise SnapshotRefused(
                f"the snapshot's signature is {found}'s, who may not sign snapshots: ask one of "
                f"{', '.join(sorted(signers))}",
                signer=found,
            )
        strays = sorted(place for place, digest in self.copies.items() if digest != self.snapshot.sha256)
        if strays or len(self.copies) < 2:
            raise SnapshotRefused(
                f"the snapshot is kept at {len(self.copies)} places, of which {len(strays)} hold another one "
                f"({', '.join(strays)}): two places must hold the same",
                strays=strays,
            )
        return self.snapshot

    def check_age(self, lost_at: datetime, most: timedelta) -> None:
        """Raises SnapshotRefused if more than `most` (the RPO) lies between it and the loss (W20b)."""
        age = lost_at - self.snapshot.taken_at
        if not timedelta(0) <= age <= most:
            raise SnapshotRefused(
                f"the snapshot was taken {age} before the chain was lost; the policy allows {most}: use the "
                "last good one, or decide by hand",
                age=age,
            )
