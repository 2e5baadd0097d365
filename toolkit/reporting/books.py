"""Gathering one day's figures: chain, ledger, reserve, sub-ledgers, registers and bank, as of one cut-off.

`Books` holds where everything is; `read_day` reads it and compares it. Nothing is written here. The chain is
read at the hash of the cut-off block, the ledger up to a place of its chain of events: both are named in the
figures, so that the same question later has the same answer.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from toolkit.ledger.machines import State
from toolkit.reporting import cash, reserve_side
from toolkit.reporting.chain_side import ChainReader, ShareReader, SpecialAccount
from toolkit.reporting.cutoff import END_OF_DAY, HONG_KONG, cut_off, last_block
from toolkit.reporting.figures import (
    Coin,
    DayFigures,
    Flow,
    InputHash,
    LedgerFigures,
    OmnibusFigures,
    RedemptionFigures,
)
from toolkit.reporting.identities import Finding, check
from toolkit.reporting.ledger_state import LedgerDay, LedgerState, OpenRedemption, Place, read_ledger
from toolkit.reporting.matching import match_orders
from toolkit.reporting.replay import CoinState, Movement, TokenState
from toolkit.reporting.reserve_cash import ReserveAccount, reserve_cash

if TYPE_CHECKING:
    from toolkit.calendar import BusinessCalendar
    from toolkit.chain.client import Block
    from toolkit.issuance import Issuance
    from toolkit.ledger.as_of import Received
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import Head
    from toolkit.reporting.figures import CashFigures, CutOffFigures, ReserveFigures
    from toolkit.reserves.report import ReserveReport

__all__ = ["Books", "Checkpoint", "Position", "Reading", "SubLedger", "read_day"]


class Position(Protocol):
    """What one client has in an omnibus wallet, in base units."""

    @property
    def held(self) -> int:
        """The client's part of what the wallet holds on chain."""
        ...


class SubLedger(Protocol):
    """The omnibus sub-ledgers, as the ledger keeps them."""

    def look_through(
        self, wallet: str, token: str, at: datetime | None = None, *, through: int | None = None
    ) -> Sequence[Position]:
        """Who had something at the instant, by reference."""
        ...

    def accounts(self) -> Sequence[tuple[str, str]]:
        """The wallets and tokens with a sub-ledger."""
        ...


@dataclass(frozen=True)
class Books:
    """Where a coin's figures come from. `market` names the books (`demo-usd`), `pool` the reserve pool.

    `special` are accounts that a definition sets apart; `shares` the fund's classes that deal in the coin.
    `sub_ledger` is None where no omnibus account is kept. `accounts` are the bank accounts of the reserve
    whose statements must be there, to be compared with the reserve report's cash. `profile` counts the
    reserve, `buffer_bps` is the over-collateralisation of the desk's policy (None: the profile's). `at` and
    `zone` fix the cut-off.
    """

    issuance: Issuance
    ledger: Ledger
    calendar: BusinessCalendar
    market: str
    pool: str
    chain_name: str
    special: tuple[SpecialAccount, ...] = ()
    shares: tuple[ShareReader, ...] = ()
    sub_ledger: SubLedger | None = None
    accounts: tuple[ReserveAccount, ...] = ()
    profile: str = "hong-kong"
    buffer_bps: int | None = None
    at: time = END_OF_DAY
    zone: str = HONG_KONG

    @property
    def coin(self) -> Coin:
        issuance = self.issuance
        return Coin(
            symbol=issuance.symbol,
            decimals=issuance.token_decimals,
            currency=issuance.currency,
            pool=self.pool,
        )

    def cut_off(self, day: date) -> CutOffFigures:
        """The cut-off of a day of these books."""
        return cut_off(day, at=self.at, zone=self.zone)


@dataclass(frozen=True)
class Checkpoint:
    """What one reconciled day leaves for the next, bound to the hash of its block."""

    block_number: int
    block_hash: str
    instant: datetime
    coin: dict[str, Any]
    ledger: dict[str, Any]

    def pack(self) -> tuple[str, bytes]:
        """The sha256 of its canonical text, and the text compressed."""
        data = {
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "instant": self.instant.isoformat(),
            "coin": self.coin,
            "ledger": self.ledger,
        }
        text = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
        return hashlib.sha256(text).hexdigest(), zlib.compress(text, 1)

    @classmethod
    def unpack(cls, data: bytes) -> tuple[str, Checkpoint]:
        """The sha256 of what was packed, and the checkpoint."""
        text = zlib.decompress(data)
        fields = json.loads(text)
        fields["instant"] = datetime.fromisoformat(fields["instant"])
        return hashlib.sha256(text).hexdigest(), cls(**fields)


@dataclass(frozen=True)
class Reading:
    """A day's figures, in what they don't agree, and the checkpoint for the next day."""

    figures: DayFigures
    findings: tuple[Finding, ...]
    checkpoint: Checkpoint


def read_day(
    books: Books,
    day: date,
    *,
    report: ReserveReport | None,
    head: Head,
    version: int = 1,
    previous: Checkpoint | None = None,
    matched_to: CutOffFigures | None = None,
) -> Reading:
    """Reads a day up to its cut-off, and the ledger up to `head`.

    `report` is the reserve report in force; `previous` the last day's checkpoint, which is left unused where
    a reorganisation has made it worthless; `matched_to` the cut-off up to which money was matched with the
    bank's lines before. Raises DayNotEnded, WrongReserveReport, NodeError, LedgerError.
    """
    return _Day(books, day, report, head, version, previous, matched_to).read()


@dataclass
class _Day:
    books: Books
    day: date
    report: ReserveReport | None
    head: Head
    version: int
    previous: Checkpoint | None
    matched_to: CutOffFigures | None

    def read(self) -> Reading:
        books = self.books
        now = books.ledger.clock.now()
        until = books.cut_off(self.day)
        since = books.cut_off(self.day - timedelta(days=1))
        client, first = books.issuance.client, books.issuance.record.first_block
        block = last_block(client, until.instant, first_block=first, now=now)
        before = self._opening(since.instant, now)
        chain = ChainReader(books.issuance, books.chain_name, books.special, self._coin_state(before, block))
        chain.read(before, block)
        cut = Place(block.number, until.instant)
        opening = Place(first - 1 if before is None else before.number, since.instant)
        orders = self._ledger(chain, cut, opening)
        reserve = self._reserve()
        money = cash.match_day(
            books.ledger,
            until,
            matched_to=self.matched_to,
            is_business_day=books.calendar.is_business_day(self.day),
            currency=books.issuance.currency,
            through=self.head.seq,
        )
        omnibus_wallets = books.ledger.as_of.wallets("omnibus", until=until.instant)
        classes = [item.read(block) for item in books.shares]
        states = {item.token: state for item, _, state in classes}
        states[books.issuance.token.address] = chain.state
        omnibus = self._omnibus(states, until.instant)
        inputs = [
            *(InputHash(name=item.id, sha256=item.data["file"]) for item in money.statements),
            *(InputHash(name=f"register {item.share_class}", sha256=digest) for item, digest, _ in classes),
        ]
        if self.report is not None:
            digest = hashlib.sha256(self.report.canonical).hexdigest()
            inputs.append(InputHash(name="reserve report", sha256=digest))
        figures = DayFigures(
            version=self.version,
            market=books.market,
            coin=books.coin,
            cut_off=until,
            chains=(chain.figures(block, opening.block_number, omnibus_wallets),),
            ledger=self._orders(orders, cut, opening, reserve),
            reserve=reserve,
            omnibus=omnibus,
            classes=tuple(item for item, _, _ in classes),
            bank=tuple(money.accounts),
            cash=self._cash(reserve),
            breaks=(),
            inputs=tuple(sorted(inputs, key=lambda item: item.name)),
        )
        found = (*check(figures), *match_orders(chain.window, orders, books.coin), *money.findings)
        checkpoint = Checkpoint(
            block.number,
            figures.chains[0].cut.block_hash,
            until.instant,
            chain.state.to_data(),
            orders.state.to_data(),
        )
        return Reading(figures, found, checkpoint)

    # ------------------------------------------------------------------------------------------------- chain

    def _opening(self, instant: datetime, now: datetime) -> Block | None:
        """The day before's last block; None where the coin didn't exist yet."""
        client, first = self.books.issuance.client, self.books.issuance.record.first_block
        if client.block(first).timestamp > int(instant.timestamp()):
            return None
        return last_block(client, instant, first_block=first, now=now)

    def _coin_state(self, before: Block | None, block: Block) -> tuple[int, CoinState]:
        """Where to read on from: the last checkpoint while it is on this chain, else the coin's first
        block.
        """
        client, first = self.books.issuance.client, self.books.issuance.record.first_block
        kept = self.previous
        if kept is not None and before is not None and kept.block_number <= before.number <= block.number:
            found = client.block(kept.block_number)
            if f"0x{found.hash.hex()}" == kept.block_hash:
                return kept.block_number, CoinState.from_data(kept.coin)
        self.previous = None
        return first - 1, CoinState()

    # ------------------------------------------------------------------------------------------------ ledger

    def _ledger(self, chain: ChainReader, cut: Place, opening: Place) -> LedgerDay:
        kept = self.previous
        return read_ledger(
            self.books.ledger,
            chain.window,
            cut,
            opening=opening,
            head=self.head,
            previous=None if kept is None else LedgerState.from_data(kept.ledger),
            counted_to=None if kept is None else Place(kept.block_number, kept.instant),
        )

    def _orders(
        self, orders: LedgerDay, cut: Place, opening: Place, reserve: ReserveFigures | None
    ) -> LedgerFigures:
        state, ledger = orders.state, self.books.ledger
        inside, outside = self._received(orders.open_receipts, reserve)
        returned = ledger.as_of.returned(after=opening.instant, until=cut.instant)
        return LedgerFigures(
            head_seq=state.head.seq,
            head_hash=state.head.hash,
            minted=_flow(state.minted),
            burned=_flow(state.burned),
            minted_today=_since(orders.minted, opening),
            burned_today=_since(orders.burned, opening),
            burned_unpaid=max(0, state.burned[0] - state.paid[0]),
            paid_undischarged=state.paid[0] - state.discharged[0],
            paid_since_statement=self._paid_since(cut, reserve),
            received_in_reserve=inside,
            received_elsewhere=outside,
            returned_today=sum(item.minor for item in returned),
            redemptions=_redemptions(orders, cut),
        )

    def _received(self, receipts: Sequence[Received], reserve: ReserveFigures | None) -> tuple[int, int]:
        """Money for orders not minted: inside the reserve's figure, and elsewhere."""
        where = cash.is_in_reserve(self.books.ledger, receipts, self.day, through=self.head.seq)
        inside = outside = 0
        for item in receipts:
            counted = reserve is None or item.received_at <= reserve.as_of
            if where[item.reference] and counted:
                inside += item.minor
            else:
                outside += item.minor
        return inside, outside

    def _paid_since(self, cut: Place, reserve: ReserveFigures | None) -> int:
        if reserve is None or reserve.as_of >= cut.instant:
            return 0
        paid = self.books.ledger.as_of.paid(after=reserve.as_of, until=cut.instant)
        return sum(item.minor for item in paid)

    # ----------------------------------------------------------------------------------- reserve and omnibus

    def _reserve(self) -> ReserveFigures | None:
        books = self.books
        if self.report is None:
            return None
        return reserve_side.reserve_figures(
            self.report,
            books.coin,
            books.cut_off(self.day),
            profile=books.profile,
            buffer_bps=books.buffer_bps,
            is_business_day=books.calendar.is_business_day,
        )

    def _cash(self, reserve: ReserveFigures | None) -> tuple[CashFigures, ...]:
        """The reserve report's cash beside the bank's, on the day that the report values."""
        books = self.books
        return reserve_cash(
            books.ledger,
            self.report,
            books.accounts,
            self.day if reserve is None else reserve.valuation_date,
            is_business_day=books.calendar.is_business_day,
            through=self.head.seq,
        )

    def _omnibus(self, states: Mapping[str, TokenState], instant: datetime) -> tuple[OmnibusFigures, ...]:
        """Every omnibus wallet with a sub-ledger, of the coin and of the share classes."""
        kept = self.books.sub_ledger
        if kept is None:
            return ()
        found = []
        for wallet, token in sorted(kept.accounts()):
            if token not in states:
                continue
            positions = kept.look_through(wallet, token, instant, through=self.head.seq)
            found.append(
                OmnibusFigures(
                    wallet=wallet,
                    token=token,
                    balance=states[token].balances.get(wallet, 0),
                    sub_ledger=sum(item.held for item in positions),
                    clients=len(positions),
                    reference=f"event {self.head.seq}",
                )
            )
        return tuple(found)


def _flow(total: tuple[int, int]) -> Flow:
    return Flow(units=total[0], count=total[1])


def _since(movements: Sequence[Movement], opening: Place) -> Flow:
    units = [item.units for item in movements if item.block_number > opening.block_number]
    return Flow(units=sum(units), count=len(units))


def _redemptions(orders: LedgerDay, cut: Place) -> RedemptionFigures:
    known = orders.state.redemptions.values()
    overdue = [item for item in known if item.due_at is not None and item.due_at < cut.instant]
    held = [item for item in known if item.state == State.ON_HOLD]

    return RedemptionFigures(
        requested=orders.flow("requested"),
        became_valid=orders.flow("valid"),
        rejected=orders.flow("rejected"),
        cancelled=orders.flow("cancelled"),
        paid=orders.flow("paid"),
        open=_waiting(known),
        overdue=_waiting(overdue),
        held=_waiting(held),
    )


def _waiting(redemptions: Collection[OpenRedemption]) -> Flow:
    return Flow(units=sum(item.units for item in redemptions), count=len(redemptions))
