"""Net asset values as the desk keeps them: received, measured, struck by a second person, attested,
published, and if need be corrected (regulation.md W16). `toolkit.funds.nav_book` has the rules; the ledger
every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.bindings.events import Attested
from toolkit.bindings.structs import Attestation, Signature
from toolkit.chain.hexes import to_hex
from toolkit.desk.errors import DayNotOver
from toolkit.desk.fund_settling import recorded_result
from toolkit.errors import InvalidInput, NavStale
from toolkit.funds.corrections import DealtOrder, NavCorrection, OrderSide, correct_orders
from toolkit.funds.nav import NavStatement
from toolkit.funds.nav_book import DayNav, NavEvent, NavState
from toolkit.funds.nav_cash import require_apart_from_orders, require_apart_from_reserves
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind, Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reserves.attestation import FeedDomain
from toolkit.reserves.bundle import AttestationBundle
from toolkit.reserves.publication import accepts_signature

if TYPE_CHECKING:
    from toolkit.chain.sender import Mined
    from toolkit.chain.signers import Signer
    from toolkit.desk.fund_book import FundBook
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reserves.report import ReserveReport

__all__ = ["FundNavs"]


class FundNavs:
    """A class's net asset values, one record for each dealing day."""

    def __init__(self, book: FundBook) -> None:
        self._book = book
        self._context = book.context

    def receive(self, statement: NavStatement, pools: Iterable[ReserveReport] = ()) -> DayNav:
        """The maker's statement. See `FundDesk.receive_nav`."""
        self._count_cash_once(statement, pools)
        day, now, maker = statement.dealing_day, self._context.clock.now(), statement.prepared_by
        self._book.require(maker, Role.NAV_AGENT)
        before = self._record(day)
        nav = self._expected(day) if before is None else self._restored(before)
        received = nav.receive(statement, now=now)
        self._require_closed(day)
        steps = received.events[len(nav.events) :]
        with self._context.ledger.transaction() as tx:
            for step in steps:
                state, data = RecordState(step.target.value), _data(received)
                if before is None:
                    before = tx.record_book.open(
                        self._id(day),
                        RecordKind.NAV,
                        state,
                        data,
                        actor=maker,
                        role=Role.NAV_AGENT,
                        reason=step.reason,
                    )
                    continue
                before = tx.record_book.step(
                    self._id(day),
                    state,
                    data=data,
                    expected=before,
                    actor=maker,
                    role=Role.NAV_AGENT,
                    reason=step.reason,
                )
        return received

    def confirm(self, day: date, *, by: str, evidence: str) -> DayNav:
        """A second person found an outlier right. See `FundDesk.confirm_nav`."""
        record = self._existing(day)
        confirmed = self._restored(record).confirm(by=by, evidence=evidence, now=self._context.clock.now())
        return self._moved(record, confirmed, by)

    def strike(self, day: date, *, by: str) -> DayNav:
        """A second person strikes. See `FundDesk.strike_nav`."""
        record = self._existing(day)
        struck = self._restored(record).strike(by=by, now=self._context.clock.now())
        return self._moved(record, struck, by)

    def correct(
        self, statement: NavStatement, number: int, *, by: str, pools: Iterable[ReserveReport] = ()
    ) -> NavCorrection:
        """Restates a struck NAV. See `FundDesk.correct_nav`."""
        self._count_cash_once(statement, pools)
        record = self._existing(statement.dealing_day)
        self._book.require(statement.prepared_by, Role.NAV_AGENT)
        nav = self._restored(record)
        corrected = nav.correct(statement, by=by, now=self._context.clock.now())
        correction = self._correction(corrected, statement, number)
        data = _data(corrected) | {"corrections": [*record.data.get("corrections", []), correction.to_data()]}
        self._context.ledger.record_book.step(
            record.id,
            RecordState.CORRECTED,
            data=data,
            expected=record,
            actor=by,
            role=Role.CHECKER,
            reason=statement.reason or "",
        )
        return correction

    def bundle(self, day: date, signers: Iterable[Signer] = ()) -> AttestationBundle:
        """What the class's attestors sign of the struck statement, with the signatures of `signers`.

        Raises NavStale before the strike, UnknownAttestor.
        """
        feed = self._book.feed
        domain = FeedDomain(self._context.client.chain_id, feed.address)
        bundle = AttestationBundle(self.struck(day).attestation(), domain, feed.attestors())
        for signer in signers:
            bundle.sign(signer)
        return bundle

    def publish(self, day: date, bundle: AttestationBundle) -> Mined | None:
        """Publishes the struck NAV. See `FundDesk.publish_nav`."""
        book, feed = self._book, self._book.feed
        statement = self.struck(day)
        wanted = statement.attestation()
        if bundle.attestation != wanted or bundle.domain.contract != feed.address:
            raise InvalidInput(
                f"the signatures are not of the NAV that was struck for {day} (statement "
                f"{to_hex(statement.hash)}), for this feed: have that one signed",
                day=day,
            )
        book.finish_sent()
        last = feed.latest_round()
        if last and feed.round(last).report == wanted.report:
            return None
        bundle.verify_contracts(
            lambda contract, digest, signature: accepts_signature(
                feed.client, contract, digest, signature, block="latest"
            )
        )
        attestation = Attestation(wanted.value, wanted.as_of, wanted.report)
        signatures = [Signature(item.signer, item.data) for item in bundle.signatures_sorted()]
        mined = book.execute(
            "operator",
            feed,
            feed.publish(attestation, signatures),
            feed.expectation(Attested, value=wanted.value, as_of=wanted.as_of, report=wanted.report),
        )
        self._context.ledger.attestations.record(
            feed.address,
            as_of=wanted.instant,
            value=wanted.value,
            report=to_hex(wanted.report),
            transaction_hash=to_hex(mined.receipt.tx_hash),
        )
        return mined

    def struck(self, day: date) -> NavStatement:
        """The statement that two people struck for `day`. Raises NavStale while there is none."""
        record = self._record(day)
        nav = None if record is None else self._restored(record)
        if nav is None or nav.struck is None:
            raise NavStale(
                f"no NAV of {self._book.name} was struck for {day}: receive it, then have a second person "
                "strike it",
                day=day,
            )
        return nav.version(nav.struck)

    def get(self, day: date) -> DayNav:
        """The day's NAV as it stands. Raises NotFound."""
        return self._restored(self._existing(day))

    # ------------------------------------------------------------------------------------------------ inside

    def _count_cash_once(self, statement: NavStatement, pools: Iterable[ReserveReport]) -> None:
        require_apart_from_orders(statement.cash or (), self._book.vault.address)
        require_apart_from_reserves(statement.cash or (), pools)

    def _id(self, day: date) -> str:
        return f"nav/{self._book.name}/{day.isoformat()}"

    def _existing(self, day: date) -> LedgerRecord:
        return self._context.ledger.record_book.get(self._id(day))

    def _record(self, day: date) -> LedgerRecord | None:
        try:
            return self._existing(day)
        except NotFound:
            return None

    def _moved(self, record: LedgerRecord, nav: DayNav, by: str) -> DayNav:
        last = nav.events[-1]
        self._context.ledger.record_book.step(
            record.id,
            RecordState(last.target.value),
            data=_data(nav),
            expected=record,
            actor=by,
            role=Role.CHECKER,
            reason=last.reason,
        )
        return nav

    def _expected(self, day: date) -> DayNav:
        book = self._book
        return DayNav.expected(
            book.terms, book.share_class.code, book.calendar, day, last=self._last_before(day)
        )

    def _last_before(self, day: date) -> Amount | None:
        """The last value struck for an earlier day, as it was corrected since."""
        found = self._context.ledger.record_book.find(RecordKind.NAV, prefix=f"nav/{self._book.name}/")
        earlier = [
            record
            for record in found
            if record.data["struck"] is not None and date.fromisoformat(record.data["day"]) < day
        ]
        if not earlier:
            return None
        last = max(earlier, key=lambda record: str(record.data["day"]))
        return NavStatement.from_data(last.data["statements"][-1]).amount

    def _restored(self, record: LedgerRecord) -> DayNav:
        book, data = self._book, record.data
        return DayNav(
            book.terms,
            book.share_class,
            book.calendar,
            date.fromisoformat(data["day"]),
            book.terms.nav_value(data["last"]),
            NavState(record.state.value),
            tuple(NavStatement.from_data(item) for item in data["statements"]),
            data["struck"],
            tuple(_event(item) for item in data["events"]),
        )

    def _require_closed(self, day: date) -> None:
        """A value for a day that still takes orders would be known to who can still give them."""
        prefix = f"day/{self._book.vault.address}/"
        for record in self._context.ledger.record_book.find(RecordKind.DAY, prefix=prefix):
            if record.data["date"] == day.isoformat() and record.state is not RecordState.ANNOUNCED:
                return
        raise DayNotOver(
            f"dealing day {day} of {self._book.name} isn't closed: close it before its NAV comes", day=day
        )

    def _correction(self, nav: DayNav, right: NavStatement, number: int) -> NavCorrection:
        book = self._book
        record = self._context.ledger.record_book.get(book.day_id(number))
        dealt = [
            DealtOrder(
                order.id,
                order.investor,
                OrderSide.SUBSCRIPTION if order.kind is OrderKind.SUBSCRIPTION else OrderSide.REDEMPTION,
                item.size,
            )
            for order, item in self._context.ledger.fund_orders.on_day(book.vault.address, number)
        ]
        return correct_orders(
            recorded_result(book, record),
            dealt,
            dealt=nav.version(nav.struck or 1),
            right=right,
            coin=self._context.unit,
            share=book.share_class.symbol,
        )


def _data(nav: DayNav) -> dict[str, Any]:
    return {
        "day": nav.day.isoformat(),
        "last": str(nav.last),
        "statements": [item.to_data() for item in nav.statements],
        "struck": nav.struck,
        "events": [item.to_data() for item in nav.events],
    }


def _event(data: dict[str, Any]) -> NavEvent:
    return NavEvent(
        None if data["from"] is None else NavState(data["from"]),
        NavState(data["to"]),
        data["actor"],
        datetime.fromisoformat(data["at"]),
        data["reason"],
        data["statement"],
    )
