"""Dealing days as the desk runs them: announced, closed after the cut-off, funded, settled.

Each step is sent once, believed by its event, and put on record by `FundWatch`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings.fund_events import DayClosed, DaysAnnounced, DaySettled, RedemptionsFunded
from toolkit.chain.hexes import to_hex
from toolkit.desk.errors import DayNotOver
from toolkit.desk.fund_book import DEALING_MANAGER
from toolkit.errors import IllegalTransition, InvalidInput, NavStale
from toolkit.funds.dealing import DayResult, DayTotals, settle_day
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.desk.fund_book import FundBook
    from toolkit.desk.fund_navs import FundNavs
    from toolkit.desk.fund_watch import FundWatch
    from toolkit.funds.announced import Announcement
    from toolkit.ledger.records import LedgerRecord

__all__ = ["FundDays"]


class FundDays:
    """The calendar on chain, and the days' ends."""

    def __init__(self, book: FundBook, watch: FundWatch, navs: FundNavs) -> None:
        self._book = book
        self._watch = watch
        self._navs = navs

    def announce(self, count: int, *, by: str) -> tuple[LedgerRecord, ...]:
        """Announces the next `count` days. See `FundDesk.announce_days`."""
        book = self._book
        self._begin(by)
        announced = book.announced()
        last = len(announced.cut_offs)
        if last:
            # Whoever was told NotOnRecord and asks again wants those days, and not more of them.
            told = len(self.records())
            self._watch.read_after(f"dealing day {last} is announced", lambda: bool(self.record(last)))
            if told < last:
                return tuple(self.record(number) for number in range(told + 1, last + 1))
        return self._send(announced.more(count, after=self._yesterday()), by)

    def revise(self, *, by: str) -> tuple[LedgerRecord, ...]:
        """Announces the days ahead again, after the calendar changed; nothing if none of them moves."""
        book = self._book
        self._begin(by)
        again = book.announced().revised(book.calendar, now=book.context.clock.now())
        return () if again is None else self._send(again, by)

    def close(self, number: int | None, *, by: str) -> LedgerRecord:
        """Closes a day whose cut-off has passed. See `FundDesk.close_day`."""
        book = self._book
        self._begin(by)
        next_day = book.vault.progress().closed + 1
        day = self._due(number, next_day, "closed")
        cut_off = book.vault.dealing_day(day).cut_off
        if cut_off == 0:
            raise InvalidInput(f"dealing day {day} was not announced: announce days first", day=day)
        now = book.context.clock.now()
        if now.timestamp() < cut_off:
            until = datetime.fromtimestamp(cut_off, UTC)
            raise DayNotOver(
                f"dealing day {day} takes orders until {until.isoformat()}, and it is {now.isoformat()}: "
                "close it then",
                day=day,
                cut_off=until,
            )
        book.execute(
            DEALING_MANAGER,
            book.vault,
            book.vault.close_day(day),
            book.vault.expectation(DayClosed, day=day),
            by=by,
        )
        done = (RecordState.CLOSED, RecordState.SETTLED)
        self._watch.read_after(f"dealing day {day} is closed", lambda: self.record(day).state in done)
        return self.record(day)

    def settle(self, number: int | None, *, by: str) -> LedgerRecord:
        """Deals a closed day at the struck NAV. See `FundDesk.settle_day`."""
        book = self._book
        self._begin(by)
        day = self._due(number, book.vault.progress().settled + 1, "settled")
        if day > book.vault.progress().closed:
            raise DayNotOver(f"dealing day {day} isn't closed: close it, then value it", day=day)
        self._require_value(day)
        book.execute(
            DEALING_MANAGER,
            book.vault,
            book.vault.settle_day(day),
            book.vault.expectation(DaySettled, day=day),
            by=by,
        )
        self._watch.read_after(
            f"dealing day {day} is settled", lambda: self.record(day).state is RecordState.SETTLED
        )
        return self.record(day)

    def fund_redemptions(self, *, by: str) -> Amount:
        """Brings what the next day to settle lacks. See `FundDesk.fund_redemptions`."""
        book, context = self._book, self._book.context
        book.require(by, Role.TREASURER)
        book.finish_sent()
        needed = self.shortfall()
        if needed.is_zero:
            return needed
        treasurer = context.signer("treasurer").address
        amount = needed.base_units
        if context.token.allowance(treasurer, book.vault.address) < amount:
            call = context.token.approve(book.vault.address, amount)
            book.execute("treasurer", book.vault, call, by=by)
        book.execute(
            "treasurer",
            book.vault,
            book.vault.fund_redemptions(amount),
            book.vault.expectation(RedemptionsFunded, actor=treasurer, assets=amount),
            by=by,
        )
        return needed

    def shortfall(self) -> Amount:
        """What the treasurer has still to bring before the next closed day can settle."""
        book = self._book
        result = self.forecast(book.vault.progress().settled + 1)
        missing = -result.to_fund - book.vault.funding()
        return book.context.tokens(max(0, missing))

    def forecast(self, number: int) -> DayResult:
        """What a closed day will come to at the struck NAV. Raises NavStale, DayNotOver."""
        book = self._book
        progress = book.vault.progress()
        if not progress.settled < number <= progress.closed:
            raise DayNotOver(f"dealing day {number} isn't waiting to be settled", day=number)
        terms = book.vault.dealing_day(number)
        statement = self._navs.struck(self.date_of(number))
        return settle_day(
            statement.base_units,
            book.scale,
            DayTotals(
                book.share.total_supply(),
                book.vault.subscription_book(number).amount,
                book.vault.redemption_book(number).amount,
            ),
            entry_fee_bps=terms.entry_fee_bps,
            exit_fee_bps=terms.exit_fee_bps,
            gate_bps=terms.gate_bps,
            swing_threshold_bps=terms.swing_threshold_bps,
            swing_bps=terms.swing_bps,
        )

    def record(self, number: int) -> LedgerRecord:
        """The day on record. Raises NotFound."""
        return self._book.context.ledger.record_book.get(self._book.day_id(number))

    def records(self) -> tuple[LedgerRecord, ...]:
        """Every day of the vault on record, in their sequence."""
        prefix = f"day/{self._book.vault.address}/"
        return self._book.context.ledger.record_book.find(RecordKind.DAY, prefix=prefix)

    def date_of(self, number: int) -> date:
        """The date of a day. Raises InvalidInput for one that wasn't announced."""
        try:
            found = self.record(number).data["date"]
        except NotFound:
            found = None
        if found is None:
            raise InvalidInput(f"dealing day {number} was not announced", day=number)
        return date.fromisoformat(found)

    def number_of(self, day: date) -> int:
        """The number of a date. Raises InvalidInput if it wasn't announced."""
        for record in self.records():
            if record.data["date"] == day.isoformat():
                return int(record.data["number"])
        raise InvalidInput(f"{day} was not announced as a dealing day", day=day)

    # ------------------------------------------------------------------------------------------------ inside

    def _begin(self, by: str) -> None:
        self._book.require(by, Role.DEALING_MANAGER)
        self._book.finish_sent()

    def _due(self, number: int | None, expected: int, what: str) -> int:
        if number not in (None, expected):
            raise IllegalTransition(
                f"dealing day {number} can't be {what}: days are {what} in their order, each once, and the "
                f"next is {expected}",
                day=number,
                expected=expected,
            )
        return expected

    def _send(self, announcement: Announcement, by: str) -> tuple[LedgerRecord, ...]:
        book = self._book
        first, cut_offs = announcement.first_day, announcement.cut_offs
        book.execute(
            DEALING_MANAGER,
            book.vault,
            book.vault.announce_days(first, cut_offs),
            book.vault.expectation(DaysAnnounced, first_day=first, cut_offs=cut_offs),
            by=by,
        )
        numbers = range(first, first + len(cut_offs))
        self._watch.read_after(
            f"dealing days {first} to {numbers[-1]} are announced",
            lambda: [self.record(number).data["cut_off"] for number in numbers] == list(cut_offs),
        )
        return tuple(self.record(number) for number in numbers)

    def _yesterday(self) -> date:
        """The date after which the first day is: today, once its cut-off has passed."""
        calendar, now = self._book.calendar, self._book.context.clock.now()
        today = calendar.business.local_date(now)
        if calendar.is_dealing_day(today) and now >= calendar.cut_off_at(today):
            return today
        return today - timedelta(days=1)

    def _require_value(self, number: int) -> None:
        """The feed has to say what two people struck for this day. Raises NavStale."""
        statement = self._navs.struck(self.date_of(number))
        feed = self._book.feed
        latest = feed.latest_round()
        said = feed.round(latest) if latest else None
        if said is None or (said.value, said.report) != (statement.base_units, statement.hash):
            raise NavStale(
                f"the feed doesn't say the NAV {statement.amount} that was struck for dealing day {number} "
                f"(statement {to_hex(statement.hash)}): publish it first",
                day=number,
            )
