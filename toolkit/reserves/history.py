"""A feed's history, recomputed from its events and verified signature by signature.

The list of attestors, the threshold and the bounds are replayed from the feed's own events, so that each
round is judged by the rules of its moment and no archive node is needed. The signatures come from the
data of the transaction that published the round; whoever sent it, and through whatever contract, a
signature that recovers to an attestor over this feed's digest is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.bindings.events import (
    Attested,
    AttestorsChanged,
    AttestorSuspended,
    LimitsChanged,
    decode_log,
)
from toolkit.bindings.structs import Bounds, Signature
from toolkit.chain.abi import selector
from toolkit.chain.hexes import to_hex
from toolkit.chain.signers import recover_address
from toolkit.errors import InconsistentNode, InvalidInput
from toolkit.reserves.attestation import Attestation, FeedDomain
from toolkit.reserves.publication import accepts_signature

if TYPE_CHECKING:
    from toolkit.bindings.events import ContractEvent
    from toolkit.bindings.feed import AttestedFeed
    from toolkit.chain.client import Block

__all__ = ["HistoryNotVerified", "VerifiedRound", "verified_history"]

_PUBLISH = selector("publish((uint128,uint64,bytes32),(address,bytes)[])")
_BPS = 10_000


class HistoryNotVerified(InconsistentNode):
    """The feed's events do not recompute: a round without its signatures, a stranger's, or other data."""

    code: ClassVar[str] = "history_not_verified"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class VerifiedRound:
    """A round whose data, order and signatures were all checked again.

    `value` is in the feed's base units, `instant` is `as_of` in Unix seconds; `signers` are the attestors
    whose signatures were verified, `required` is how many were needed when it was published.
    """

    number: int
    value: int
    instant: int
    as_of: datetime
    posted_at: datetime
    report: bytes
    signers: tuple[str, ...]
    required: int
    sender: str
    tx_hash: bytes
    block_number: int

    def to_json(self) -> dict[str, Any]:
        """The value as a string of base units, instants in UTC, hashes with their 0x."""
        return {
            "round": self.number,
            "value": str(self.value),
            "as_of": self.as_of.isoformat(),
            "posted_at": self.posted_at.isoformat(),
            "report": to_hex(self.report),
            "signers": list(self.signers),
            "required": self.required,
            "sender": self.sender,
            "tx_hash": to_hex(self.tx_hash),
            "block_number": self.block_number,
        }


def verified_history(feed: AttestedFeed, *, from_block: int, block: Block) -> tuple[VerifiedRound, ...]:
    """Every round from the feed's deployment at `from_block` up to `block`.

    Raises HistoryNotVerified at the first round, or the first setting, that does not recompute.
    """
    kinds: tuple[type[ContractEvent], ...] = (Attested, AttestorsChanged, AttestorSuspended, LimitsChanged)
    logs = feed.client.logs(feed.address, [[kind.topic0() for kind in kinds]], from_block, block)
    replay = _Replay(feed, block)
    for log in logs:
        event = decode_log(log)
        if event is not None:
            replay.apply(event)
    replay.finish()
    return tuple(replay.rounds)


@dataclass
class _Replay:
    feed: AttestedFeed
    block: Block
    attestors: set[str] = field(default_factory=set)
    named: int = 0  # a suspended attestor still counts among all
    threshold: int = 0
    agreed: int = 0  # the last value that all signed
    max_age: int = 0
    bounds: Bounds = field(default_factory=lambda: Bounds(0, 0))
    rounds: list[VerifiedRound] = field(default_factory=list)

    def apply(self, event: ContractEvent) -> None:
        if isinstance(event, AttestorsChanged):
            self.attestors, self.threshold = set(event.attestors), event.threshold
            self.named = len(event.attestors)
        elif isinstance(event, AttestorSuspended):
            self.attestors.discard(event.attestor)
        elif isinstance(event, LimitsChanged):
            self.max_age = event.max_age
            self.bounds = Bounds(event.max_rise_bps, event.max_fall_bps)
        elif isinstance(event, Attested):
            self.rounds.append(self._verified(event))

    def finish(self) -> None:
        """The settings that the events lead to are those that the feed has."""
        feed, block = self.feed, self.block
        self._require(len(self.rounds) == feed.latest_round(block=block), "the number of rounds differs")
        self._require(self.attestors == set(feed.attestors(block=block)), "the attestors differ")
        self._require(self.threshold == feed.threshold(block=block), "the threshold differs")
        self._require(self.max_age == feed.max_age(block=block), "the maximum age differs")
        self._require(self.bounds == feed.bounds(block=block), "the bounds differ")

    def _verified(self, event: Attested) -> VerifiedRound:
        number, what = event.round, f"round {event.round}"
        previous = self.rounds[-1] if self.rounds else None
        stored = self.feed.round(number, block=self.block)
        self._require(number == len(self.rounds) + 1, f"{what} does not follow round {len(self.rounds)}")
        self._require(
            (stored.value, stored.as_of, stored.report) == (event.value, event.as_of, event.report),
            f"{what} is stored with other data than its event",
        )
        self._require(stored.as_of < stored.posted_at, f"{what} was attested for the future")
        if previous is not None:
            self._require(event.as_of > previous.instant, f"{what} is not newer than the last")
        required = self._required(event.value)
        self._require_signers(event, required)
        if len(event.signers) >= self.named:
            self.agreed = event.value
        return VerifiedRound(
            number=number,
            value=event.value,
            instant=event.as_of,
            as_of=datetime.fromtimestamp(event.as_of, UTC),
            posted_at=datetime.fromtimestamp(stored.posted_at, UTC),
            report=event.report,
            signers=event.signers,
            required=required,
            sender=event.sender,
            tx_hash=event.log.tx_hash,
            block_number=event.log.block_number,
        )

    def _required(self, value: int) -> int:
        """The feed's rule: the threshold within the bounds, everyone beyond them and the first time."""
        if self.rounds and self._within(self.rounds[-1].value, value) and self._within(self.agreed, value):
            return self.threshold
        return max(self.threshold, self.named)

    def _within(self, last: int, value: int) -> bool:
        bound = self.bounds.max_rise_bps if value > last else self.bounds.max_fall_bps
        return abs(value - last) * _BPS <= bound * last

    def _require_signers(self, event: Attested, required: int) -> None:
        what = f"round {event.round}"
        strangers = sorted(set(event.signers) - self.attestors)
        self._require(
            not strangers, f"{what} names signers that were no attestors then: {', '.join(strangers)}"
        )
        distinct = len(set(event.signers)) == len(event.signers)
        self._require(distinct, f"{what} counts a signer twice")
        enough = len(event.signers) >= max(required, 1)
        self._require(enough, f"{what} has {len(event.signers)} signers and needed {required}")
        domain = FeedDomain(self.feed.client.chain_id, self.feed.address)
        digest = Attestation(event.value, event.as_of, event.report).digest(domain)
        given = list(self._given(event))
        for signer in event.signers:
            signed = any(self._signed(item, digest, event) for item in given if item.signer == signer)
            self._require(signed, f"{what}: the transaction holds no valid signature of {signer}")

    def _given(self, event: Attested) -> Iterator[Signature]:
        """The signatures in the data of the publishing transaction, at any depth of it."""
        transaction = self.feed.client.transaction(event.log.tx_hash)
        if transaction is None:
            raise HistoryNotVerified(
                f"the node does not know transaction {to_hex(event.log.tx_hash)}, which published round "
                f"{event.round}: ask a node that keeps transactions"
            )
        start = transaction.data.find(_PUBLISH)
        while start >= 0:
            try:
                arguments = self.feed.decode_input("publish", transaction.data[start:])
            except InvalidInput:
                arguments = [{}, []]
            yield from (Signature(**item) for item in arguments[1])
            start = transaction.data.find(_PUBLISH, start + 1)

    def _signed(self, signature: Signature, digest: bytes, event: Attested) -> bool:
        try:
            if recover_address(digest, signature.data) == signature.signer:
                return True
        except InvalidInput:
            # Not 65 bytes of a key's signature: a contract may still accept it.
            pass
        at = event.log.block_hash
        return accepts_signature(self.feed.client, signature.signer, digest, signature.data, block=at)

    def _require(self, holds: bool, problem: str) -> None:
        if not holds:
            raise HistoryNotVerified(
                f"feed {self.feed.address}: {problem} (events up to block {self.block.number}); ask another "
                "node, and treat the feed as foreign until that is settled",
                feed=self.feed.address,
                block_number=self.block.number,
            )
