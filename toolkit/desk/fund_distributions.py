"""Distributions in the desk's coin: declared by one person, funded by another, pushed, swept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from toolkit.bindings.fund_events import DistributionCreated, DistributionSwept
from toolkit.bindings.fund_structs import DistributionClaim, DistributionTerms
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.desk.context import WORKER
from toolkit.errors import InvalidInput
from toolkit.funds.distributions import LEAF_TYPES, Choice, Distribution, distribute, distribution_dates
from toolkit.funds.errors import TooEarlyToSweep
from toolkit.funds.merkle import StandardMerkleTree
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.amounts import Amount
    from toolkit.bindings.fund_structs import DistributionRecord
    from toolkit.desk.fund_book import FundBook
    from toolkit.funds.register import Register
    from toolkit.ledger.records import LedgerRecord

__all__ = ["FundDistributions"]

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class FundDistributions:
    """The distributions of one share class. Their ids are the hashes of their documents."""

    book: FundBook

    def plan(
        self, register: Register, record: date, per_share: str, available: Amount, reinvest: Sequence[str]
    ) -> Distribution:
        """What the holders are due. See `FundDesk.plan_distribution`."""
        unknown = sorted(set(reinvest) - {row.account.account for row in register.holders})
        if unknown:
            raise InvalidInput(
                f"{', '.join(unknown)} hold nothing in {register.version_id} and so reinvest nothing: name "
                "accounts of the register",
                accounts=unknown,
            )
        return distribute(
            register,
            self.book.terms,
            distribution_dates(self.book.terms, self.book.calendar, record),
            per_share=per_share,
            coin=available,
            choices=dict.fromkeys(reinvest, Choice.REINVEST),
        )

    def all(self) -> tuple[LedgerRecord, ...]:
        """The distributions on record, oldest first."""
        return self.book.context.ledger.record_book.find(RecordKind.DISTRIBUTION, prefix=self._name(""))

    def declare(self, distribution: Distribution, *, by: str) -> LedgerRecord:
        """First hand. See `FundDesk.declare_distribution`."""
        if distribution.tree is None:
            raise InvalidInput("nobody is paid in the coin: everybody reinvests")
        if distribution.share_class != self.book.name or distribution.total.unit != self.book.context.unit:
            raise InvalidInput(
                f"the distribution is on {distribution.share_class} in {distribution.total.unit}, not on "
                f"{self.book.name} in {self.book.context.unit}"
            )
        data = distribution.to_data() | {
            "report": to_hex(distribution.hash),
            "record_at": self._record_at(distribution),
            "leaves": [
                [index, item.wallet, str(item.net.base_units)] for index, item in enumerate(distribution.cash)
            ],
        }
        return self.book.context.ledger.record_book.open(
            self._name(data["report"]),
            RecordKind.DISTRIBUTION,
            RecordState.DECLARED,
            data,
            actor=by,
            role=Role.MAKER,
        )

    def fund(self, report: str, *, by: str) -> LedgerRecord:
        """Second hand. See `FundDesk.fund_distribution`."""
        records = self.book.context.ledger.record_book
        record = records.get(self._name(report))
        if record.state is RecordState.DECLARED:
            record = records.step(record.id, RecordState.CONFIRMED, actor=by, role=Role.TREASURER)
        if record.state is RecordState.CONFIRMED:
            number = self._create(record, by)
            record = records.step(
                record.id,
                RecordState.FUNDED,
                actor=WORKER,
                role=Role.OPERATOR,
                data={**record.data, "number": number},
                reason=f"distribution {number}",
            )
        return record

    def push(self, report: str) -> DistributionRecord:
        """Pays every leaf that wasn't claimed. See `FundDesk.push_distribution`."""
        book, contract = self.book, self.book.distribution
        record = book.context.ledger.record_book.get(self._name(report))
        number = self._number(record)
        book.finish_sent()
        leaves = [(int(index), str(wallet), int(net)) for index, wallet, net in record.data["leaves"]]
        tree = StandardMerkleTree.of(leaves, LEAF_TYPES)
        left = [leaf for leaf in leaves if not contract.is_claimed(number, leaf[0])]
        for start in range(0, len(left), _AT_ONCE):
            claims = [
                DistributionClaim(index, wallet, net, tree.proof(index))
                for index, wallet, net in left[start : start + _AT_ONCE]
            ]
            book.execute("operator", contract, contract.claim_many(number, claims))
        return contract.distribution(number)

    def sweep(self, report: str, *, by: str) -> LedgerRecord:
        """Returns what nobody claimed. See `FundDesk.sweep_distribution`."""
        book, contract = self.book, self.book.distribution
        book.require(by, Role.TREASURER)
        records = book.context.ledger.record_book
        record = records.get(self._name(report))
        number = self._number(record)
        book.finish_sent()
        deadline = contract.distribution(number).terms.deadline
        if book.context.clock.now().timestamp() < deadline:
            raise TooEarlyToSweep(
                f"claims of distribution {number} are open until "
                f"{datetime.fromtimestamp(deadline, UTC).isoformat()}: sweep after that",
                deadline=deadline,
            )
        swept = contract.expectation(DistributionSwept, number=number)
        mined = book.execute("treasurer", contract, contract.sweep(number), swept, by=by)
        return records.step(
            record.id,
            RecordState.CLOSED,
            actor=WORKER,
            role=Role.OPERATOR,
            data={**record.data, "swept": to_hex(mined.receipt.tx_hash)},
        )

    # ------------------------------------------------------------------------------------------------ inside

    def _name(self, report: str) -> str:
        return f"distribution/{self.book.distribution.address}/{report}"

    def _number(self, record: LedgerRecord) -> int:
        number: int | None = record.data.get("number")
        if number is None:
            raise InvalidInput(f"{record.id} is {record.state}: fund it first", record=record.id)
        return number

    def _record_at(self, distribution: Distribution) -> int:
        """The record date as the contract keeps it: its cut-off."""
        return int(self.book.calendar.cut_off_at(distribution.dates.record).timestamp())

    def _create(self, record: LedgerRecord, by: str) -> int:
        """The distribution's number on chain, where it is created once for each document."""
        book, contract, data = self.book, self.book.distribution, record.data
        report = from_hex(data["report"], what="report", length=32)
        book.finish_sent()
        known = contract.number_of(report)
        if known:
            return known
        terms = _terms(book, data, report)
        treasurer = book.context.signer("treasurer").address
        if book.context.token.allowance(treasurer, contract.address) < terms.total:
            approval = book.context.token.approve(contract.address, terms.total)
            book.execute("treasurer", contract, approval, by=by)
        created = contract.expectation(DistributionCreated, share=terms.share, actor=treasurer, terms=terms)
        book.execute("treasurer", contract, contract.create(terms), created, by=by)
        return contract.number_of(report)


def _terms(book: FundBook, data: dict[str, Any], report: bytes) -> DistributionTerms:
    return DistributionTerms(
        share=book.share.address,
        record_date=data["record_at"],
        deadline=int(datetime.fromisoformat(data["last_claim"]).timestamp()),
        total=sum(int(net) for _, _, net in data["leaves"]),
        root=from_hex(data["root"], what="root", length=32),
        report=report,
    )
