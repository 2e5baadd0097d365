"""The desk of a fund: one object for a share class dealt in the desk's coin, in its ledger and lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from toolkit.bindings.fund_events import DealingSuspended
from toolkit.desk.fund_book import FundBook
from toolkit.desk.fund_cases import FundCases
from toolkit.desk.fund_days import FundDays
from toolkit.desk.fund_distributions import FundDistributions
from toolkit.desk.fund_navs import FundNavs
from toolkit.desk.fund_orders import AnyAmount, FundOrdering
from toolkit.desk.fund_papers import FundPapers
from toolkit.desk.fund_run import FundRun
from toolkit.desk.fund_watch import FundWatch
from toolkit.desk.mint import DEFAULT_EXPIRY
from toolkit.desk.report import RunLog, RunReport
from toolkit.funds.nav import NavStatement
from toolkit.ledger.machines import OrderKind, Role, State

if TYPE_CHECKING:
    from toolkit.amounts import Amount
    from toolkit.bindings.fund_structs import DistributionRecord, Quarantine
    from toolkit.chain.sender import Mined
    from toolkit.chain.signers import Signer
    from toolkit.dealing_days import DealingCalendar
    from toolkit.desk.desk import AnyInvestor, Desk
    from toolkit.fund import Fund
    from toolkit.funds.corrections import NavCorrection
    from toolkit.funds.dealing import DayResult
    from toolkit.funds.distributions import Distribution
    from toolkit.funds.in_kind import InKindOrder
    from toolkit.funds.nav_book import DayNav
    from toolkit.funds.register import Register
    from toolkit.funds.report import DealingReport, Liquidity
    from toolkit.ledger.records import (
        FundOrder,
        FundRedemptionOrder,
        LedgerRecord,
        MintOrder,
        Order,
        SubscriptionOrder,
    )
    from toolkit.reserves.bundle import AttestationBundle
    from toolkit.reserves.report import ReserveReport

__all__ = ["FundDesk"]


class FundDesk:
    """What the desk does for one share class of a fund, in the coin of `desk`.

    It stands on the desk: the same ledger, people, clock and keys; investors and wallets are onboarded there,
    and `desk.hold`, `desk.release`, `desk.reject`, `desk.cancel` and `desk.history` take the fund's orders
    too, as long as they aren't on chain. `calendar` defaults to the terms'; give one with the severe-weather
    days that were declared. `dealing_manager` is the lane that closes, settles and pushes.

    People are person ids of the ledger: a `maker` enters orders, a `checker` checks them and strikes values,
    a `nav_agent` prepares those, a `dealing_manager` runs the days, a `treasurer` brings money, `compliance`
    proposes what leaves the quarantine. Raises ConfigurationError for a fund without its terms or without a
    vault for the desk's coin, InvalidInput for a class that the fund hasn't got.
    """

    def __init__(
        self, desk: Desk, fund: Fund, share_class: str, *, calendar: DealingCalendar | None = None
    ) -> None:
        self.desk = desk
        self.fund = fund
        book = FundBook.of(desk._context, desk._lanes, fund, share_class, calendar)  # noqa: SLF001 - its other half
        self._book = book
        self._watch = FundWatch(book)
        self._orders = FundOrdering(book, desk._minting)  # noqa: SLF001 - as above
        self._navs = FundNavs(book)
        self._days = FundDays(book, self._watch, self._navs)
        self._cases = FundCases(book, self._watch)
        self._run = FundRun(book, desk._flights, self._watch, self._cases)  # noqa: SLF001 - as above
        self._papers = FundPapers(book)
        self._distributions = FundDistributions(book)

    @property
    def vault(self) -> str:
        """The vault's address."""
        return self._book.vault.address

    @property
    def calendar(self) -> DealingCalendar:
        """The days that the fund deals on."""
        return self._book.calendar

    @property
    def operator(self) -> str:
        """Whom an investor names as operator of the vault (`setOperator`), with an allowance of coins for
        the vault, so that the desk sends their requests.
        """
        return self._book.context.signer("operator").address

    # ------------------------------------------------------------------------------------------------ orders

    def subscribe(
        self,
        investor: AnyInvestor,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        day: date | None = None,
    ) -> SubscriptionOrder:
        """Takes a subscription of `amount` coins, which lie in `wallet`, for the day that the receipt
        decides: now, by the desk's clock. `day` only insists on it. The same key gives the same order.

        Raises CutOffPassed or NotADealingDay for `day`, BelowMinimum, NotEligible and the policy's refusals,
        DealingIsSuspended, NoDealingDay, InvalidInput (also for a year without known holidays),
        IdempotencyConflict, NotAuthorised.
        """
        return self._orders.subscribe(
            self.desk.reference(investor),
            amount,
            wallet=wallet,
            idempotency_key=idempotency_key,
            maker=maker,
            day=day,
        )

    def subscribe_with_money(
        self,
        investor: AnyInvestor,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        expiry: timedelta = DEFAULT_EXPIRY,
    ) -> tuple[SubscriptionOrder, MintOrder]:
        """Takes a subscription paid in money: the mint order that it stands on comes with it, and goes its
        way (`desk.confirm_funds`, `desk.approve`, `desk.run`). Once that is settled the subscription is
        `funded` and deals on the day that is open then. Raises as `subscribe` and `desk.request_mint`.
        """
        return self._orders.subscribe_with_money(
            self.desk.reference(investor),
            amount,
            wallet=wallet,
            idempotency_key=idempotency_key,
            maker=maker,
            expiry=expiry,
        )

    def redeem(
        self,
        investor: AnyInvestor,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        day: date | None = None,
    ) -> FundRedemptionOrder:
        """Takes a redemption of `amount` shares in `wallet`. Who may not subscribe any more may redeem.

        Raises as `subscribe`; InvalidInput for more than is free.
        """
        return self._orders.redeem(
            self.desk.reference(investor),
            amount,
            wallet=wallet,
            idempotency_key=idempotency_key,
            maker=maker,
            day=day,
        )

    def validate(self, order: Order | str, *, by: str) -> FundOrder:
        """`requested` to `valid`, by a checker who isn't the maker, before the cut-off: `run` sends it, or
        the investor's wallet calls the vault itself and `run` finds that.

        Raises NotAuthorised, OrderExpired, IllegalTransition, and for a subscription what keeps the investor
        from subscribing now.
        """
        return self._orders.validate(order, by=by)

    def orders(
        self, kind: OrderKind | None = None, state: State | Iterable[State] | None = None
    ) -> tuple[FundOrder, ...]:
        """The vault's orders, oldest first."""
        states = [state] if isinstance(state, State) else state
        return self._book.context.ledger.fund_orders.find(self.vault, kind, states)

    def run(self, *, push: bool = True) -> RunReport:
        """One pass: believes what has become final at the vault, opens orders for requests that investors
        made themselves, sends what is valid for wallets that named the desk their operator, hands out what
        is due (unless `push` is False), and goes on with releases that were cut short.

        Safe to kill and run again at any moment. Raises NodeError and LedgerError.
        """
        log = RunLog()
        self._run.run(log, push=push)
        return log.report()

    # -------------------------------------------------------------------------------------------------- days

    def announce_days(self, count: int, *, by: str) -> tuple[LedgerRecord, ...]:
        """Announces the next `count` dealing days of the calendar on chain. Days that were announced already
        and weren't on record, as after NotOnRecord, are returned, and none are announced. Raises InvalidInput
        for a year that the calendar doesn't know, NotOnRecord, also for days that were announced before,
        NotAuthorised.
        """
        return self._days.announce(count, by=by)

    def revise_days(self, *, by: str) -> tuple[LedgerRecord, ...]:
        """Announces the days ahead again where the calendar moved them; empty if none moved. Raises
        NotOnRecord, NotAuthorised.
        """
        return self._days.revise(by=by)

    def close_day(self, number: int | None = None, *, by: str) -> LedgerRecord:
        """Closes the next day, once its cut-off has passed. Raises DayNotOver, IllegalTransition for a day
        out of order or twice, NotOnRecord, NotAuthorised.
        """
        return self._days.close(number, by=by)

    def settle_day(self, number: int | None = None, *, by: str) -> LedgerRecord:
        """Deals the next closed day at the NAV that was struck and published, prices its orders and issues
        their contract notes. Raises NavStale (none struck, not published, too old), DayNotOver,
        IllegalTransition (out of order, twice), FundingShortfall, DealingIsSuspended, NotOnRecord,
        NotAuthorised.
        """
        return self._days.settle(number, by=by)

    def fund_redemptions(self, *, by: str) -> Amount:
        """The treasurer brings what the next day to settle needs beyond its subscriptions and what is there;
        returns how much that was. Asking twice brings it once. Raises NavStale before the strike.
        """
        return self._days.fund_redemptions(by=by)

    def forecast(self, number: int) -> DayResult:
        """What a closed day comes to at the NAV that was struck for it."""
        return self._days.forecast(number)

    def day(self, number: int) -> LedgerRecord:
        """A day on record: `announced`, `closed` or `settled`, its figures in `data`. Raises NotFound."""
        return self._days.record(number)

    def days(self) -> tuple[LedgerRecord, ...]:
        """All of them."""
        return self._days.records()

    # --------------------------------------------------------------------------------------------------- NAV

    def receive_nav(self, statement: NavStatement, *, pools: Sequence[ReserveReport] = ()) -> DayNav:
        """The statement of its `prepared_by`, a NAV agent: measured against the tolerance, on record. `pools`
        are the reserves of coins that the fund may hold: none of their holdings is the fund's cash.

        Raises DuplicateReference for cash that counts elsewhere, DayNotOver for a day that isn't closed,
        WrongShareClass, WrongCurrency, FutureNav, NotForwardPriced, NavStale, NavVersionConflict,
        NotADealingDay, IllegalTransition, NotAuthorised.
        """
        return self._navs.receive(statement, pools)

    def confirm_nav(self, day: date, *, by: str, evidence: str) -> DayNav:
        """A checker, not the maker, found an outlier right; `evidence` says where that is shown."""
        return self._navs.confirm(day, by=by, evidence=evidence)

    def strike_nav(self, day: date, *, by: str) -> DayNav:
        """A checker, not the maker, strikes: the day deals at the latest version. Raises NavOutlier,
        NavStale, NotAuthorised, IllegalTransition.
        """
        return self._navs.strike(day, by=by)

    def nav_bundle(self, day: date, signers: Iterable[Signer] = ()) -> AttestationBundle:
        """What the class's attestors sign, for keys here or elsewhere. Raises NavStale before the strike."""
        return self._navs.bundle(day, signers)

    def publish_nav(self, day: date, bundle: AttestationBundle) -> Mined | None:
        """Publishes the struck NAV on the class's feed; None if it is there already.

        Raises InvalidInput for signatures of something else, NavStale, and the feed's refusals.
        """
        return self._navs.publish(day, bundle)

    def correct_nav(
        self, statement: NavStatement, *, by: str, pools: Sequence[ReserveReport] = ()
    ) -> NavCorrection:
        """Restates a struck NAV as its next version and computes what each order of the settled day is owed;
        what happened stays as it is. `by` is a checker, not the maker. Raises as `receive_nav`, DayNotOver.
        """
        number = self._days.number_of(statement.dealing_day)
        return self._navs.correct(statement, number, by=by, pools=pools)

    def nav(self, day: date) -> DayNav:
        """The day's NAV with all versions and steps. Raises NotFound."""
        return self._navs.get(day)

    # -------------------------------------------------------------------------------------------- quarantine

    def quarantined(self, wallet: str) -> Quarantine:
        """What the vault keeps for a wallet that could not be given it."""
        return self._cases.quarantined(wallet)

    def propose_release(
        self, wallet: str, *, case_id: str, by: str, to: str | None = None, redeem: bool = False
    ) -> LedgerRecord:
        """First hand, compliance: all that is kept for `wallet` to go to it or to `to`, or with `redeem` its
        shares to be redeemed for it. `case_id` is 1 to 32 bytes of text.
        """
        return self._cases.propose(wallet, case_id=case_id, by=by, to=to, redeem=redeem)

    def confirm_release(self, case_id: str, *, by: str) -> LedgerRecord:
        """Second hand, a treasurer: what was proposed leaves, and the orders are settled. Raises
        NotOnRecord.
        """
        return self._cases.confirm(case_id, by=by)

    def retract_release(self, case_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Compliance takes a proposal back before it is confirmed."""
        return self._cases.retract(case_id, by=by, reason=reason)

    # -------------------------------------------------------------------------------------------- suspension

    def suspend(self, reason: bytes, *, by: str) -> Mined:
        """Suspends dealing at once: no day closes or settles and no request is taken; claims go on.

        `reason` is the hash of the document that says why, 32 bytes; `by` a person who is guardian. To resume
        is the governor's, after the delay that the terms give. Raises NotAuthorised, DealingIsSuspended,
        EventMissing.
        """
        self._book.require(by, Role.GUARDIAN)
        vault = self._book.vault
        return self._book.execute(
            "guardian",
            vault,
            vault.suspend_dealing(reason),
            vault.expectation(DealingSuspended, reason=reason),
            by=by,
        )

    def suspension(self) -> bytes | None:
        """The hash of the document that says why dealing is suspended; None while it is not."""
        return self._book.vault.suspension_reason()

    def coins(self, base_units: int) -> Amount:
        """What the chain calls `base_units` of the coin."""
        return self._book.context.tokens(base_units)

    # ------------------------------------------------------------------------------------------------ papers

    def register(self, block: int | None = None) -> Register:
        """The register of holders after a block (the last final one), from every transfer of the share.

        Raises RegisterDoesNotAddUp where it isn't equal to the chain.
        """
        return self._papers.register(block)

    def contract_notes(
        self, *, order: Order | str | None = None, day: int | None = None
    ) -> tuple[LedgerRecord, ...]:
        """The contract notes issued when a day was settled, of an order or a day; `data` is the note's."""
        order_id = order if order is None or isinstance(order, str) else order.id
        return self._papers.notes(order=order_id, day=day)

    def dealing_report(
        self,
        number: int,
        *,
        prepared_by: str,
        reviewed_by: str,
        liquidity: Liquidity | None = None,
        in_kind: Sequence[InKindOrder] = (),
    ) -> DealingReport:
        """The daily dealing report of a settled day (regulation.md 4.9), from ledger and chain.

        Raises DayNotOver, RegisterDoesNotAddUp, UnknownHolder, NotAuthorised for one person in both parts.
        """
        return self._papers.report(
            number, prepared_by=prepared_by, reviewed_by=reviewed_by, liquidity=liquidity, in_kind=in_kind
        )

    # ----------------------------------------------------------------------------------------- distributions

    def plan_distribution(
        self,
        record_date: date,
        per_share: str,
        *,
        available: AnyAmount,
        block: int | None = None,
        reinvest: Sequence[str] = (),
    ) -> Distribution:
        """What `per_share` coins a share (a decimal string) come to for each holder; nothing is written.

        The holders are those of the register after `block`, which is to be the record date's last (by default
        the last final one); the accounts in `reinvest` take shares instead. `available` coins are put aside.
        Raises NotADealingDay, UnknownHolder, NothingToPay, InvalidInput where it takes more than that.
        """
        return self._distributions.plan(
            self.register(block), record_date, per_share, self._book.context.amount(available), reinvest
        )

    def distributions(self) -> tuple[LedgerRecord, ...]:
        """The distributions on record, oldest first."""
        return self._distributions.all()

    def declare_distribution(self, distribution: Distribution, *, by: str) -> LedgerRecord:
        """First hand, a maker: puts a distribution of `toolkit.funds.distribute` on record."""
        return self._distributions.declare(distribution, by=by)

    def fund_distribution(self, report: str, *, by: str) -> LedgerRecord:
        """Second hand, a treasurer: creates it on chain and pays for it. `report` is the hash of the document
        (0x and 64 digits), `data["report"]` of the record. Asking again goes on where it was cut short.
        """
        return self._distributions.fund(report, by=by)

    def push_distribution(self, report: str) -> DistributionRecord:
        """Pays every holder who hasn't claimed; who can't be paid has it set aside. Returns what is on
        chain.
        """
        return self._distributions.push(report)

    def sweep_distribution(self, report: str, *, by: str) -> LedgerRecord:
        """Returns to the treasury what nobody claimed by the last day. Raises TooEarlyToSweep."""
        return self._distributions.sweep(report, by=by)
