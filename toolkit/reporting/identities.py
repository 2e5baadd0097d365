"""The identities that a day's figures must satisfy, in whole numbers, and what is found where they don't.

Regulation.md W09 and trap T6: the chain's supply equals the order ledger's to the base unit; what is burned
and unpaid equals what the chain has as payable; the reserve covers the liability; sub-ledgers, registers and
bank accounts add up. A finding says which figures differ by how much. Whether anything was missing to
compare is a finding as well: a figure that isn't there is never taken to agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from toolkit.amounts import Amount, minor_units
from toolkit.chain.hexes import to_hex
from toolkit.reserves.report import ReserveReport

if TYPE_CHECKING:
    from toolkit.reporting.figures import (
        AccountFigures,
        AttestationFigures,
        CashFigures,
        ChainFigures,
        ClassFigures,
        DayFigures,
        ReserveFigures,
    )

__all__ = ["BREAK_TYPES", "Finding", "Severity", "check"]

_BPS = 10_000

Severity = Literal["low", "high", "critical"]

CHAIN, RESERVE, OMNIBUS = "ONCHAIN_VS_LEDGER", "LEDGER_VS_RESERVE", "OMNIBUS_VS_CHAIN"
REGISTER, CASH, HOLDER = "REGISTER_VS_TOKEN", "CASH_VS_ORDER", "UNKNOWN_HOLDER"
DUPLICATE, NAV = "DUPLICATE", "NAV_MISMATCH"

BREAK_TYPES = (CHAIN, RESERVE, OMNIBUS, REGISTER, CASH, HOLDER, DUPLICATE, NAV)
"""Regulation.md 4.8."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference. `subject` names what differs, the same each time it is found; `amount` is in base units
    of `unit` and may be negative; `text` says for people what was compared.
    """

    break_type: str
    subject: str
    severity: Severity
    amount: int
    unit: str
    decimals: int
    text: str

    @property
    def display(self) -> str:
        return Amount.from_base_units(
            self.amount, unit=self.unit, decimals=self.decimals, signed=True
        ).display()


def check(figures: DayFigures) -> tuple[Finding, ...]:
    """Everything in which the figures don't agree. None is what a day that matches has."""
    checks = _Checks(figures)
    found = [item for chain in figures.chains for item in checks.chain(chain)]
    found += checks.ledger()
    found += checks.reserve()
    found += checks.omnibus()
    for share_class in figures.classes:
        found += checks.share_class(share_class)
    for account in figures.bank:
        found += checks.account(account)
    for item in figures.cash:
        found += checks.cash(item)
    return tuple(found)


class _Checks:
    def __init__(self, figures: DayFigures) -> None:
        self._figures = figures
        self._coin = figures.coin

    # ------------------------------------------------------------------------------------------------ making

    def tokens(
        self, kind: str, subject: str, severity: Severity, difference: int, text: str
    ) -> Iterator[Finding]:
        """A difference in the coin, unless it is zero."""
        if difference:
            yield Finding(kind, subject, severity, difference, self._coin.symbol, self._coin.decimals, text)

    def _money(
        self, kind: str, subject: str, severity: Severity, difference: int, text: str
    ) -> Iterator[Finding]:
        if difference:
            places = minor_units(self._coin.currency)
            yield Finding(kind, subject, severity, difference, self._coin.currency, places, text)

    def _missing(self, kind: str, subject: str, severity: Severity, text: str) -> Finding:
        return Finding(kind, subject, severity, 0, self._coin.symbol, self._coin.decimals, text)

    # ------------------------------------------------------------------------------------------------- chain

    def chain(self, chain: ChainFigures) -> Iterator[Finding]:
        """One chain by itself: calls against the replay, the day against its opening, the backing rule."""
        name = f"chain/{chain.cut.chain_id}"
        if chain.called is None:
            yield self._missing(
                CHAIN,
                f"{name}/replayed-only",
                "low",
                f"the node of chain {chain.cut.chain_id} has no state at block {chain.cut.block_number} any "
                "more: replayed only, not compared with the token's own totals",
            )
        else:
            for total in ("minted", "burned", "discharged"):
                difference = getattr(chain.called, total) - getattr(chain.replayed, total)
                text = f"the token's own total {total} less the one replayed from events"
                yield from self.tokens(CHAIN, f"{name}/called/{total}", "critical", difference, text)
        for total in ("minted", "burned", "discharged"):
            grown = getattr(chain.replayed, total) - getattr(chain.opening, total)
            difference = grown - getattr(chain, f"{total}_today").units
            text = f"what {total} has grown by since the opening less the day's movements"
            yield from self.tokens(CHAIN, f"{name}/day/{total}", "critical", difference, text)
        if chain.attestation is not None:
            yield from self._backing(name, chain, chain.attestation)
        else:
            text = f"chain {chain.cut.chain_id} had no attestation at the cut-off, or none that could be read"
            yield self._missing(RESERVE, f"{name}/attestation", "high", text)
        yield from self.tokens(
            CHAIN,
            f"{name}/unsolicited",
            "low",
            chain.unsolicited,
            "tokens that the market holds for no redemption: find out whose they are",
        )

    def _backing(self, name: str, chain: ChainFigures, last: AttestationFigures) -> Iterator[Finding]:
        """The ceiling: the attested reserve less the buffer plus what was discharged by then (design 4.3)."""
        backed = last.value * _BPS // (_BPS + last.buffer_bps) + last.discharged_by_then
        ceiling = backed if last.fresh else 0
        text = "the token's ceiling less the one recomputed from the attestation"
        yield from self.tokens(RESERVE, f"{name}/ceiling", "critical", last.ceiling - ceiling, text)
        headroom = max(0, ceiling - chain.replayed.minted)
        text = "the token's headroom less the ceiling less everything minted"
        yield from self.tokens(RESERVE, f"{name}/headroom", "critical", last.headroom - headroom, text)

    # ------------------------------------------------------------------------------------------------ ledger

    def ledger(self) -> Iterator[Finding]:
        """A = B: the chains' totals against the final orders', and what is burned and not paid."""
        chains, ledger = self._figures.chains, self._figures.ledger
        by_order = sum(chain.burned_by_order for chain in chains)
        by_order_today = [chain.burned_by_order_today for chain in chains]
        pairs = (
            ("minted", sum(c.replayed.minted for c in chains), ledger.minted.units),
            ("burned", sum(c.replayed.burned for c in chains), ledger.burned.units + by_order),
            ("minted today", sum(c.minted_today.units for c in chains), ledger.minted_today.units),
            (
                "burned today",
                sum(c.burned_today.units for c in chains),
                ledger.burned_today.units + sum(item.units for item in by_order_today),
            ),
            (
                "payable",
                sum(c.replayed.payable for c in chains),
                ledger.burned_unpaid + ledger.paid_undischarged,
            ),
        )
        for what, on_chain, by_orders in pairs:
            text = f"{what} on chain less {what} by final orders"
            subject = f"ledger/{what.replace(' ', '-')}"
            yield from self.tokens(CHAIN, subject, "critical", on_chain - by_orders, text)
        for what, movements, orders in (
            ("minted", sum(c.minted_today.count for c in chains), ledger.minted_today.count),
            (
                "burned",
                sum(c.burned_today.count for c in chains),
                ledger.burned_today.count + sum(item.count for item in by_order_today),
            ),
        ):
            if movements != orders:
                text = f"the chain {what} {movements} times today, the ledger has {orders} orders"
                yield self._missing(CHAIN, f"ledger/{what}-count", "critical", text)

    # ----------------------------------------------------------------------------------------------- reserve

    def reserve(self) -> Iterator[Finding]:
        """The report adds up and is the attested one; it covers the liability."""
        figures, reserve = self._figures, self._figures.reserve
        if reserve is None:
            text = "there is no reserve report for the day: the reserve counts zero"
            yield self._missing(RESERVE, "reserve/report", "high", text)
        else:
            yield from self._document(reserve)
            yield from self._attested(reserve)
        if figures.surplus < 0:
            owed = figures.coin.at_par(-figures.surplus)
            liability = figures.coin.at_par(figures.liability)
            yield Finding(
                RESERVE,
                "reserve/shortfall",
                "critical",
                figures.surplus,
                owed.unit,
                owed.decimals,
                f"what counts of the reserve less a liability of {liability.display()}",
            )

    def _document(self, reserve: ReserveFigures) -> Iterator[Finding]:
        report = ReserveReport.from_data(reserve.report)
        if to_hex(report.hash) != reserve.report_hash or report.as_of != reserve.as_of:
            text = "the reserve report's document is not the one whose hash and instant are stated"
            yield self._missing(RESERVE, "reserve/hash", "critical", text)
        counted = report.evaluate(reserve.profile.split(" ")[0])
        if counted.profile != reserve.profile:
            text = f"the report was counted under {reserve.profile}, and {counted.profile} is installed"
            yield self._missing(RESERVE, "reserve/profile", "high", text)
        lines = {line.line_id: line.counted for line in reserve.lines}
        for line in counted.lines:
            difference = lines.pop(line.line_id, 0) - line.counted.base_units
            text = f"what line {line.line_id} is stated to count less what it counts"
            yield from self._money(RESERVE, f"reserve/line/{line.line_id}", "high", difference, text)
        for line_id, stated in lines.items():
            text = f"line {line_id} counts and is not in the report"
            yield from self._money(RESERVE, f"reserve/line/{line_id}", "high", stated, text)
        eligible = counted.market_total - counted.ineligible_total
        for name, stated, found in (
            ("market value", reserve.market_value, eligible.base_units),
            ("ineligible value", reserve.ineligible_value, counted.ineligible_total.base_units),
        ):
            text = f"the stated {name} less the lines'"
            yield from self._money(RESERVE, f"reserve/{name.replace(' ', '-')}", "high", stated - found, text)

    def _attested(self, reserve: ReserveFigures) -> Iterator[Finding]:
        """What each chain was told is what the report allocates to it."""
        report = ReserveReport.from_data(reserve.report)
        for chain in self._figures.chains:
            last, name = chain.attestation, f"chain/{chain.cut.chain_id}"
            if last is None:
                continue
            if last.report != reserve.report_hash:
                text = f"chain {chain.cut.chain_id} was attested another report than the day's"
                yield self._missing(RESERVE, f"{name}/attested-report", "high", text)
                continue
            allocated = report.allocation_for(chain.cut.chain_id, chain.token)
            stated = 0 if allocated is None else self._coin.scaled_minor(allocated.base_units)
            difference = self._coin.scaled_units(last.value) - stated
            if difference:
                found = self._coin.at_par(difference)
                text = "the attested value less what the report allocates to the chain"
                subject = f"{name}/allocation"
                yield Finding(RESERVE, subject, "critical", difference, found.unit, found.decimals, text)

    # ------------------------------------------------------------------------------- omnibus, fund and bank

    def omnibus(self) -> Iterator[Finding]:
        """Each omnibus wallet holds exactly what its clients' sub-ledger adds up to."""
        shares = {item.token: item for item in self._figures.classes}
        for item in self._figures.omnibus:
            if not item.difference:
                continue
            unit, decimals = self._coin.symbol, self._coin.decimals
            if item.token in shares:
                unit = shares[item.token].share_class.replace("/", "-")
                decimals = shares[item.token].decimals
            text = f"the balance of omnibus wallet {item.wallet} less its sub-ledger"
            subject = f"omnibus/{item.wallet}/{item.token}"
            yield Finding(OMNIBUS, subject, "high", item.difference, unit, decimals, text)

    def share_class(self, item: ClassFigures) -> Iterator[Finding]:
        """A share class: register, replay and call are one number; what is owed agrees; no unknown holder."""
        name = f"class/{item.share_class}"

        def shares(subject: str, difference: int, text: str) -> Iterator[Finding]:
            if difference:
                yield Finding(
                    REGISTER,
                    f"{name}/{subject}",
                    "high",
                    difference,
                    item.share_class.replace("/", "-"),
                    item.decimals,
                    text,
                )

        yield from shares(
            "register", item.registered - item.replayed, "units in the register less the token's"
        )
        if item.called is None:
            yield self._missing(
                REGISTER, f"{name}/replayed-only", "low", f"{name}: replayed only, not compared"
            )
        else:
            yield from shares(
                "called", item.called - item.replayed, "the share's own supply less the replayed one"
            )
        owed = item.payable_ledger - item.payable_chain
        text = f"what the ledger owes investors of {item.share_class} less what their vaults hold for them"
        yield from self.tokens(REGISTER, f"{name}/payable", "high", owed, text)
        for holder in item.unknown_holders:
            text = f"{holder} holds shares of {item.share_class} and stands in no register"
            yield self._missing(HOLDER, f"{name}/holder/{holder}", "high", text)

    def account(self, item: AccountFigures) -> Iterator[Finding]:
        """An account adds up; each entry has its order, payout or return, and each of those its entry."""
        name, places = f"bank/{item.account}", minor_units(item.currency)
        moved = item.opening + item.credits.units - item.debits.units
        if item.closing != moved:
            yield Finding(
                CASH,
                f"{name}/balance",
                "high",
                item.closing - moved,
                item.currency,
                places,
                "the closing balance less the opening one and the day's entries",
            )
        if not item.statements:
            text = f"no statement of account {item.account} covers the day: import it"
            yield self._missing(CASH, f"{name}/statement/{self._figures.cut_off.day}", "high", text)
        for entry in item.unmatched:
            yield self._missing(
                CASH,
                f"{name}/entry/{entry}",
                "high",
                f"bank entry {entry} belongs to no order, payout or return",
            )
        for reference in item.missing:
            yield self._missing(
                CASH,
                f"{name}/missing/{reference}",
                "high",
                f"the ledger has {reference} and no statement of {item.account} does",
            )

    def cash(self, item: CashFigures) -> Iterator[Finding]:
        """The bank has what the reserve report states to lie on the account, to the smallest unit."""
        subject = f"reserve/cash/{item.account}"
        lines = ", ".join(item.lines) or "no line"
        if item.balance is None:
            text = (
                f"no imported statement has the balance of account {item.account} on {item.day}, and {lines} "
                "of the reserve report rests on it: import it"
            )
            yield self._missing(RESERVE, f"{subject}/statement/{item.day}", "high", text)
        elif not item.is_comparable:
            text = (
                f"account {item.account} is in {item.bank_currency}, and {lines} in "
                f"{', '.join(item.line_currencies) or item.currency} of a report in {item.currency}: they "
                "can't be compared"
            )
            yield self._missing(RESERVE, f"{subject}/currency", "high", text)
        else:
            text = (
                f"what the reserve report states on account {item.account} ({lines}) less the bank's balance "
                f"on {item.day}"
            )
            yield from self._money(RESERVE, subject, "high", item.stated - item.balance, text)
