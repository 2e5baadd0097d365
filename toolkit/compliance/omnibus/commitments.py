"""The day's commitment of an omnibus wallet: built from the sub-ledger, compared with the chain, sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from toolkit.bindings.omnibus import Committed, OmnibusCommitment, OmnibusRegistry, OmnibusStatement
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import to_hex
from toolkit.compliance.omnibus.errors import CommitmentDiffers, OmnibusBreak, ProofNotFound
from toolkit.compliance.omnibus.proofs import PositionProof
from toolkit.compliance.omnibus.sum_tree import Domain, SumTree, salts
from toolkit.errors import ConfigurationError, InvalidInput
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.omnibus.accounts import OmnibusAccounts
    from toolkit.compliance.omnibus.ports import SendingLane
    from toolkit.ledger.records import LedgerRecord

__all__ = ["Commitments", "day_number"]

_EPOCH = date(1970, 1, 1)
_HONG_KONG = timezone(timedelta(hours=8))
"""As the contract has it: no summer time."""


def day_number(day: date) -> int:
    """The day as the chain counts it. Raises InvalidInput for an instant, or a day before 2 January 1970."""
    if isinstance(day, datetime) or (number := (day - _EPOCH).days) < 1:
        raise InvalidInput(f"day {day!r} must be a date since 1970 without a time")
    return number


class Commitments:
    """The commitments of one token's omnibus wallets.

    `secret` keys the salts of the leaves: with another one no proof can be made for what was committed.
    """

    def __init__(
        self,
        accounts: OmnibusAccounts,
        registry: OmnibusRegistry,
        *,
        secret: bytes,
        lane: SendingLane | None = None,
    ) -> None:
        self._accounts = accounts
        self._registry = registry
        self._ledger = accounts.ledger
        self._token = accounts.token
        self._secret = secret
        self._lane = lane

    def today(self) -> date:
        """The day in Hong Kong, by the ledger's clock."""
        return self._ledger.clock.now().astimezone(_HONG_KONG).date()

    def commit(self, wallet: str, *, by: str, day: date | None = None) -> LedgerRecord:
        """Commits the positions as they stand now, for `day` (today in Hong Kong): once.

        `by` is a person with the role registrar. A call that was cut short is taken up where it was: what the
        chain has is believed. Raises OmnibusBreak before anything is sent unless the positions add up to the
        wallet's balance, NothingToCommit, CommitmentDiffers, NotAuthorised, the refusals of the chain
        (TotalIsNotBalance, NotOmnibus, DayNotAfter, DayNotReached), and what sending raises.
        """
        wallet, day = checksum_address(wallet, what="wallet"), day or self.today()
        record_id = _record_id(wallet, self._token.address, day)
        known = self._known(record_id)
        if known is not None and known.state is RecordState.CONFIRMED:
            return known
        found = self._registry.commitment_of(wallet, self._token.address, day_number(day))
        if found.committed_at:
            return self._adopt(record_id, known, found, wallet, day, by)
        lane = self._require_lane()
        statement, data = self._build(wallet, day)
        data["earlier"] = [] if known is None else _proposals(known)
        self._propose(record_id, known, data, by)
        expected = self._registry.expectation(
            Committed,
            wallet=wallet,
            token=self._token.address,
            day=statement.day,
            root=statement.root,
            total=statement.total,
            clients=statement.clients,
        )
        mined = lane.execute("registrar", self._registry.commit(statement), expected)
        return self._confirm(record_id, data, to_hex(mined.receipt.tx_hash), mined.block.number, by)

    def get(self, wallet: str, day: date) -> LedgerRecord:
        """The confirmed commitment of a day. Raises ProofNotFound."""
        wallet = checksum_address(wallet, what="wallet")
        record = self._known(_record_id(wallet, self._token.address, day))
        if record is None or record.state is not RecordState.CONFIRMED:
            raise ProofNotFound(
                f"nothing was committed for {wallet} and {self._accounts.symbol} on {day}", wallet=wallet
            )
        return record

    def tree(self, wallet: str, day: date) -> SumTree:
        """The tree of a commitment, built again from the journal as it stood then.

        Raises ProofNotFound, CommitmentDiffers if it hasn't the committed root any more.
        """
        data = self.get(wallet, day).data
        tree = self._tree(data["wallet"], day, data["through"])
        if to_hex(tree.root) != data["root"]:
            raise CommitmentDiffers(
                f"the journal gives the root {to_hex(tree.root)} for {day} and {data['root']} was committed: "
                "the secret is another one, or the ledger was changed; run `issuance ledger verify`"
            )
        return tree

    def prove(self, wallet: str, day: date, client: str, *, tree: SumTree | None = None) -> PositionProof:
        """A client's proof; give the day's `tree` to make many. Raises as `tree`, and ProofNotFound."""
        data = self.get(wallet, day).data
        found = self.tree(wallet, day) if tree is None else tree
        return PositionProof(
            tree=found,
            day=day,
            client=to_hex(found.leaf(client).client),
            symbol=self._accounts.symbol,
            decimals=self._accounts.decimals,
            built_on=data["built_on"],
            built_on_hash=data["built_on_hash"],
            transaction=data["transaction"],
        )

    # ------------------------------------------------------------------------------------------- inside

    def _build(self, wallet: str, day: date) -> tuple[OmnibusStatement, dict[str, Any]]:
        block = self._token.client.block("latest")
        through = self._ledger.head().seq
        tree = self._tree(wallet, day, through)
        balance = self._token.balance_of(wallet, block=block)
        if tree.total != balance:
            show = self._accounts.from_base_units
            raise OmnibusBreak(
                f"the clients of {wallet} have {show(tree.total).display()} together and it holds "
                f"{show(balance).display()} at block {block.number}: nothing was sent; allocate "
                "what arrived, settle what left, or find the difference",
                wallet=wallet,
                sum=tree.total,
                balance=balance,
                block=block.number,
            )
        statement = OmnibusStatement(
            wallet=wallet,
            token=self._token.address,
            day=tree.domain.day,
            root=tree.root,
            total=tree.total,
            clients=len(tree.leaves),
            # The last block's own hash is unknown to a node that rehearses the call on top of it.
            built_on=block.number - 1,
            built_on_hash=block.parent_hash,
        )
        return statement, {
            "wallet": wallet,
            "token": self._token.address,
            "chain_id": tree.domain.chain_id,
            "registry": tree.domain.registry,
            "day": day.isoformat(),
            "root": to_hex(tree.root),
            "total": str(tree.total),
            "clients": len(tree.leaves),
            "built_on": statement.built_on,
            "built_on_hash": to_hex(statement.built_on_hash),
            "through": through,
        }

    def _tree(self, wallet: str, day: date, through: int) -> SumTree:
        domain = Domain(
            self._token.client.chain_id,
            self._registry.address,
            wallet,
            self._token.address,
            day_number(day),
        )
        positions = self._ledger.omnibus.look_through(wallet, self._token.address, through=through)
        held = {position.client: position.held for position in positions}
        return SumTree.of(domain, held, salts(self._secret, domain.hash))

    def _adopt(
        self,
        record_id: str,
        known: LedgerRecord | None,
        found: OmnibusCommitment,
        wallet: str,
        day: date,
        by: str,
    ) -> LedgerRecord:
        """What the chain has already, if it is what was proposed: the call that sent it was cut short."""
        proposals = [] if known is None else _proposals(known)
        data = next((item for item in proposals if item["root"] == to_hex(found.root)), None)
        if data is None:
            raise CommitmentDiffers(
                f"the chain has the root {to_hex(found.root)} for {wallet} on {day}, committed by "
                f"{found.actor}, which this ledger did not propose: find out who sent it",
                wallet=wallet,
                root=to_hex(found.root),
                actor=found.actor,
            )
        events = self._registry.events(Committed, from_block=found.built_on, to_block="latest")
        event = next(item for item in events if item.root == found.root)
        return self._confirm(record_id, data, to_hex(event.log.tx_hash), event.log.block_number, by)

    def _propose(self, record_id: str, known: LedgerRecord | None, data: Mapping[str, Any], by: str) -> None:
        book, state = self._ledger.record_book, RecordState.PROPOSED
        if known is None:
            book.open(record_id, RecordKind.COMMITMENT, state, data, actor=by, role=Role.REGISTRAR)
        else:
            book.step(record_id, state, actor=by, role=Role.REGISTRAR, data=data, expected=known)

    def _confirm(
        self, record_id: str, data: Mapping[str, Any], transaction: str, block: int, by: str
    ) -> LedgerRecord:
        more = {"transaction": transaction, "block": block}
        return self._ledger.record_book.step(
            record_id, RecordState.CONFIRMED, actor=by, role=Role.REGISTRAR, data={**data, **more}
        )

    def _known(self, record_id: str) -> LedgerRecord | None:
        try:
            return self._ledger.record_book.get(record_id)
        except NotFound:
            return None

    def _require_lane(self) -> SendingLane:
        if self._lane is None:
            raise ConfigurationError("nothing can be committed without the registrar's lane: pass `lane`")
        return self._lane


def _proposals(known: LedgerRecord) -> list[dict[str, Any]]:
    """What was proposed for the day so far, the last first: any of it may have reached the chain."""
    last = {name: value for name, value in known.data.items() if name != "earlier"}
    return [last, *known.data["earlier"]]


def _record_id(wallet: str, token: str, day: date) -> str:
    return f"commitment/{wallet}/{token}/{day.isoformat()}"
