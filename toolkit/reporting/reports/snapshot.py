"""The snapshot of holders (regulation.md 4.13): who could claim what at a block, provable one by one.

A claim is what one owner has at one wallet; an omnibus wallet is looked through to its clients, and what no
client has of it is the omnibus holder's own. Claims add up to what is outstanding. Their Merkle tree is
OpenZeppelin's standard tree, so a claim can be proved on any chain that is left. The rows stand in a file of
their own: the document has its hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.errors import InvalidInput
from toolkit.funds.errors import BadProof
from toolkit.funds.merkle import StandardMerkleTree, verify
from toolkit.reporting.figures import ChainFigures
from toolkit.reporting.figures import Coin as CoinFigures
from toolkit.reporting.reports.content import Content, Layout, Listing, Table
from toolkit.reporting.reports.parts import ChainCut
from toolkit.reporting.reports.values import Hash32, Model, Text, Tokens, require, sum_tokens

__all__ = ["Claim", "HolderSnapshot", "Holding", "Snapshot", "holder_snapshot", "verify_claim"]

LEAF = ("address", "bytes32", "uint256", "uint256")
"""A claim's leaf: wallet, keccak-256 of the owner's reference, units, frozen units."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A wallet's balance at the block, and whose it is: a keyed reference, never a name.

    `clients` maps the references of an omnibus wallet's clients to their units (None: no omnibus wallet).
    Of frozen units the wallet's are taken from the holder's own first, then from clients by reference.
    """

    wallet: str
    units: int
    frozen: int
    owner: str
    clients: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner could claim: base units, and how many of them are frozen."""

    wallet: str
    owner: str
    units: int
    frozen: int

    @property
    def leaf(self) -> tuple[str, str, str, str]:
        owner = to_hex(keccak(self.owner.encode()))
        return (self.wallet, owner, str(self.units), str(self.frozen))


class OmnibusRow(Model):
    """An omnibus wallet beside its clients (4.13 b): `own` is what no client has."""

    wallet: Text
    balance: Tokens
    clients: int = Field(ge=0)
    sub_ledger: Tokens
    own: Tokens

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        require(self.sub_ledger.value + self.own.value == self.balance.value, f"omnibus wallet {self.wallet}")
        return self


class HolderSnapshot(Content):
    """Totals and root of a snapshot. `rows_sha256` is of the file with the claims and their proofs."""

    kind: ClassVar[str] = "holder_snapshot"
    title: ClassVar[str] = "Holder snapshot"

    cut: ChainCut
    contract: Text
    outstanding: Tokens
    frozen: Tokens
    wallets: int = Field(ge=0)
    claims: int = Field(ge=1)
    omnibus: tuple[OmnibusRow, ...]
    leaf_encoding: tuple[Text, ...]
    merkle_root: Hash32
    rows_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kept_at: tuple[Text, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        require(self.frozen.value <= self.outstanding.value, "more is frozen than is outstanding")
        held = sum_tokens(row.balance for row in self.omnibus)
        require(held <= self.outstanding.value, "omnibus wallets hold more than is outstanding")
        require(len(set(self.kept_at)) == len(self.kept_at), "a snapshot is kept at two different places")
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject=f"{self.outstanding.unit}, {self.cut.chain_name} block {self.cut.position.block_number}",
            figures=(
                ("Outstanding", self.outstanding),
                ("of which frozen", self.frozen),
                ("Wallets", self.wallets),
                ("Claims", self.claims),
            ),
            blocks=(
                Listing(
                    "roots",
                    "How to check it",
                    (
                        ("Merkle root", self.merkle_root),
                        ("Leaf", f"({', '.join(self.leaf_encoding)})"),
                        ("Rows, sha256", self.rows_sha256),
                        ("Block hash", self.cut.position.block_hash),
                        ("Kept at", ", ".join(self.kept_at)),
                    ),
                ),
                Table(
                    "omnibus",
                    "Omnibus wallets, looked through",
                    (
                        ("Wallet", str),
                        ("Balance", Tokens),
                        ("Clients", int),
                        ("Sub-ledger", Tokens),
                        ("The holder's own", Tokens),
                    ),
                    [(row.wallet, row.balance, row.clients, row.sub_ledger, row.own) for row in self.omnibus],
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The document's content and its rows: a line of JSON for each claim, with its proof, in the order of
    wallet and owner. Together they are the file that the content names.
    """

    content: HolderSnapshot
    rows: tuple[str, ...]


def holder_snapshot(
    holdings: Iterable[Holding],
    chain: ChainFigures,
    coin: CoinFigures,
    *,
    kept_at: Sequence[str],
) -> Snapshot:
    """The snapshot of the holders of `chain` at its cut-off block.

    Raises `InvalidInput` when the holdings don't add up to what is outstanding there, when a wallet is given
    twice, or when an omnibus wallet's clients have more than it holds.
    """
    listed = sorted(
        (item for item in holdings if item.units), key=lambda item: checksum_address(item.wallet).lower()
    )
    total, outstanding = sum(item.units for item in listed), chain.replayed.outstanding
    if total != outstanding:
        raise InvalidInput(f"the holdings add up to {total} base units and {outstanding} are outstanding")
    if len({item.wallet.lower() for item in listed}) != len(listed):
        raise InvalidInput("a wallet is given twice: its balance is one holding")
    claims = tuple(claim for item in listed for claim in _claims(item))
    tree = StandardMerkleTree.of([claim.leaf for claim in claims], LEAF)
    rows, digest = tuple(_rows(claims, tree)), hashlib.sha256()
    for row in rows:
        digest.update(row.encode())

    def tokens(units: int) -> Tokens:
        return Tokens.of(coin.amount(units))

    content = HolderSnapshot(
        cut=ChainCut.of(chain),
        contract=chain.token,
        outstanding=tokens(outstanding),
        frozen=tokens(sum(item.frozen for item in listed)),
        wallets=len(listed),
        claims=len(claims),
        omnibus=tuple(
            OmnibusRow(
                wallet=item.wallet,
                balance=tokens(item.units),
                clients=len(item.clients),
                sub_ledger=tokens(sum(item.clients.values())),
                own=tokens(item.units - sum(item.clients.values())),
            )
            for item in listed
            if item.clients is not None
        ),
        leaf_encoding=LEAF,
        merkle_root=to_hex(tree.root),
        rows_sha256=digest.hexdigest(),
        kept_at=tuple(kept_at),
    )
    return Snapshot(content, rows)


def verify_rows(content: HolderSnapshot, rows: Iterable[str]) -> None:
    """Recomputes a snapshot from its rows: the file's hash, the sums, the tree, every proof.

    Raises `BadProof` naming the first thing that is wrong.
    """
    digest, claims, proofs = hashlib.sha256(), [], []
    for number, row in enumerate(rows, start=1):
        digest.update(row.encode())
        try:
            data = json.loads(row)
            claims.append(Claim(data["wallet"], data["owner"], int(data["units"]), int(data["frozen"])))
            proofs.append(tuple(from_hex(item, what="proof", length=32) for item in data["proof"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadProof(f"row {number} of the snapshot can't be read: {error!r}") from error
    if sum(claim.units for claim in claims) != content.outstanding.value:
        raise BadProof("the claims don't add up to what is outstanding")
    if len(claims) != content.claims:
        raise BadProof(f"the snapshot has {content.claims} claims, its rows {len(claims)}")
    tree = StandardMerkleTree.of([claim.leaf for claim in claims], LEAF)
    if to_hex(tree.root) != content.merkle_root:
        raise BadProof(f"the claims' root is {to_hex(tree.root)}, not {content.merkle_root}")
    wrong = next((index for index, proof in enumerate(proofs) if proof != tree.proof(index)), None)
    if wrong is not None:
        raise BadProof(f"the proof of row {wrong + 1} doesn't lead to the root")
    if digest.hexdigest() != content.rows_sha256:
        raise BadProof("the file with the claims isn't the one that the snapshot names")


def verify_claim(root: str, data: Mapping[str, Any]) -> bool:
    """Whether one row of the file leads to the root."""
    claim = Claim(data["wallet"], data["owner"], int(data["units"]), int(data["frozen"]))
    proof = [from_hex(item, what="proof", length=32) for item in data["proof"]]
    return verify(from_hex(root, what="root", length=32), claim.leaf, proof, LEAF)


def _claims(item: Holding) -> Iterator[Claim]:
    clients = item.clients or {}
    own = item.units - sum(clients.values())
    if own < 0 or any(units < 0 for units in clients.values()):
        raise InvalidInput(
            f"the clients of the omnibus wallet {item.wallet} have {sum(clients.values())} base units and it "
            f"holds {item.units}: reconcile it first",
            wallet=item.wallet,
        )
    if not 0 <= item.frozen <= item.units:
        raise InvalidInput(f"{item.frozen} of {item.units} base units can't be frozen at {item.wallet}")
    left = item.frozen
    for owner, units in ((item.owner, own), *sorted(clients.items())):
        if units:
            frozen = min(left, units)
            left -= frozen
            yield Claim(item.wallet, owner, units, frozen)


def _rows(claims: Sequence[Claim], tree: StandardMerkleTree) -> Iterator[str]:
    for index, claim in enumerate(claims):
        proof = ",".join([f'"{to_hex(node)}"' for node in tree.proof(index)])
        yield (
            f'{{"wallet":"{claim.wallet}","owner":{quoted(claim.owner)},"units":"{claim.units}",'
            f'"frozen":"{claim.frozen}","proof":[{proof}]}}\n'
        )
