"""The daily dealing report: it adds up, or there is none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from support.funds import LATER, at, fund_terms, statement

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.signers import dev_signer
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.funds import (
    DayResult,
    DayTotals,
    DealingReport,
    DealtOrder,
    HolderType,
    Liquidity,
    OrderSide,
    Register,
    RegisterAccount,
    Scale,
    ShareTransfer,
    WalletLink,
    build_register,
    dealing_report,
    settle_day,
)
from toolkit.funds.errors import RegisterDoesNotAddUp

STATEMENT = statement("10.1234")
SUPPLY = 10**10
ASKED = [6 * 10**8, 9 * 10**8]
DAY = settle_day(
    STATEMENT.base_units,
    Scale(6, 4, 8),
    DayTotals(SUPPLY, 10**12 + 7, sum(ASKED)),
    gate_bps=1000,
    entry_fee_bps=10,
)
ORDERS = [
    DealtOrder("S-1", "INV-1", OrderSide.SUBSCRIPTION, 10**12),
    DealtOrder("S-2", "INV-2", OrderSide.SUBSCRIPTION, 7),
    *(
        DealtOrder(f"R-{n}", "INV-3", OrderSide.REDEMPTION, DAY.accepted_of(size))
        for n, size in enumerate(ASKED)
    ),
]


def register(supply: int) -> Register:
    holder = dev_signer(0).address
    return build_register(
        [ShareTransfer(ZERO_ADDRESS, holder, supply, 1, 0, at("2026-11-20 18:00:00"))],
        [RegisterAccount("INV-1", "n", "a", HolderType.CORPORATE, "HK", (WalletLink(holder, 31337, "p"),))],
        share_class="A",
        supply=Amount.from_base_units(supply, unit="DMMF-A", decimals=4),
        block_number=9,
        block_hash="0x" + "33" * 32,
        calendar=BusinessCalendar.load("hong-kong"),
    )


CLOSING = SUPPLY + DAY.minted - DAY.accepted


def report(day: DayResult = DAY, orders: list[DealtOrder] = ORDERS, **changes: Any) -> DealingReport:
    facts: dict[str, Any] = {
        "register": register(CLOSING),
        "coin": "tUSD",
        "prepared_by": "registrar-maker",
        "reviewed_by": "registrar-checker",
        "generated_at": LATER,
        **changes,
    }
    given = facts.pop("statement", STATEMENT)
    return dealing_report(day, orders, given, fund_terms().dealing_calendar(), facts.pop("register"), **facts)


def test_the_report_of_a_gated_day() -> None:
    data = report(
        pending_payments={date(2026, 11, 23): Amount.parse("1", unit="tUSD", decimals=6)},
        liquidity=Liquidity(749, 2000, 30, 60),
    ).to_data()
    assert data["cut_off_at"] == {"utc": "2026-11-20T07:00:00+00:00", "local": "2026-11-20T15:00:00+08:00"}
    assert data["nav"]["valuation_point"]["local"] == "2026-11-20T16:30:00+08:00"
    assert data["units"]["opening"] == "1000000.0000"
    opened, closed = Decimal(data["units"]["opening"]), Decimal(data["units"]["closing"])
    minted, burned = Decimal(data["subscriptions"]["units"]), Decimal(data["redemptions"]["units"])
    assert closed == opened + minted - burned
    assert data["gate"]["active"] is True
    asked = Decimal(data["redemptions"]["requested_units"])
    assert Decimal(data["gate"]["carried_units"]) == asked - burned
    assert (data["subscriptions"]["count"], data["redemptions"]["count"]) == (2, 2)
    assert Decimal(data["to_fund"]) == Decimal("1000000.000007") - Decimal(data["redemptions"]["cash"])
    assert (data["gross_flow_bps"], data["net_flow_bps"]) == (1987, -12)
    assert Decimal(data["rounding_residual_to_fund"]) > 0
    assert data["pending_payments"] == {"2026-11-23": "1.000000"}
    assert data["liquidity"]["below_minimum"] is True
    assert data["register"]["difference"] == "0.0000"
    assert (
        data["hash"]
        == "0x"
        + report(
            pending_payments={date(2026, 11, 23): Amount.parse("1", unit="tUSD", decimals=6)},
            liquidity=Liquidity(749, 2000, 30, 60),
        ).hash.hex()
    )


def test_no_report_where_something_does_not_add_up() -> None:
    with pytest.raises(RegisterDoesNotAddUp, match="take the block of the settlement"):
        report(register=register(CLOSING + 1))
    with pytest.raises(InvalidInput, match="the subscriptions don't add up"):
        report(orders=ORDERS[1:])
    with pytest.raises(InvalidInput, match="the redemptions exceed"):
        report(orders=[*ORDERS, DealtOrder("R-9", "INV-3", OrderSide.REDEMPTION, 10)])
    with pytest.raises(InvalidInput, match="the statement says"):
        report(statement=statement("10.1235"))
    with pytest.raises(NotAuthorised, match="another person reviews"):
        report(reviewed_by="registrar-maker")


def test_the_first_day_of_a_class_has_no_flow_in_basis_points() -> None:
    day = settle_day(STATEMENT.base_units, Scale(6, 4, 8), DayTotals(0, 10**12, 0))
    order = DealtOrder("S-1", "INV-1", OrderSide.SUBSCRIPTION, 10**12)
    data = report(day, [order], register=register(day.minted)).to_data()
    assert data["net_flow_bps"] is None
    assert data["gate"] == {"active": False, "carried_units": "0.0000"}
