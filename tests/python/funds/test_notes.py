"""Contract notes: every figure can be computed again from the note itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from support.funds import fund_terms, statement

from toolkit.chain.hexes import to_hex
from toolkit.funds import DayTotals, DealtOrder, OrderSide, Scale, contract_note, settle_day

SCALE = Scale(coin=6, share=4, nav=8)
CALENDAR = fund_terms().dealing_calendar()
STATEMENT = statement("10.1234")
BUY = DealtOrder("S-7", "INV-1", OrderSide.SUBSCRIPTION, 1_000_003_000_000)


def test_a_subscription_to_the_last_unit() -> None:
    day = settle_day(STATEMENT.base_units, SCALE, DayTotals(10**10, BUY.size, 0), entry_fee_bps=10)
    note = contract_note(BUY, day, STATEMENT, CALENDAR, coin="tUSD", share="DMMF-A")
    data = note.to_data()
    assert data["gross"] == "1000003.000000"
    assert data["fee"] == "1000.003000"
    assert data["net"] == "999002.997000"
    assert data["units"] == "98682.5569"
    assert Decimal(data["gross"]) == Decimal(data["fee"]) + Decimal(data["net"])
    residual = Decimal(data["net"]) - Decimal(data["units"]) * Decimal(data["price"])
    assert Decimal(data["rounding_residual_to_fund"]) == residual
    assert (note.settlement_due, note.note_due) == (date(2026, 11, 23), date(2026, 11, 24))
    assert (data["nav"], data["nav_version"], data["swing_bps"]) == ("10.12340000", 1, 0)
    assert data["nav_hash"] == to_hex(STATEMENT.hash)
    assert note.to_text() == (
        "Contract note for subscription S-7 of investor INV-1\n"
        "DMMF, class A, dealing day 2026-11-20\n"
        "\n"
        "NAV per share    10.12340000 USD (version 1)\n"
        "Price            10.12340000 USD (swing 0 bps)\n"
        "Gross            1,000,003.000000 tUSD\n"
        "Fee              1,000.003000 tUSD\n"
        "Net              999,002.997000 tUSD\n"
        "Shares           98,682.5569 DMMF-A\n"
        "Rounding         0.00047854 USD, kept by the fund\n"
        "Settlement       by 2026-11-23\n"
        f"NAV statement    {to_hex(STATEMENT.hash)}\n"
    )


def test_a_gated_redemption_says_what_is_carried() -> None:
    totals = DayTotals(10**10, 0, 3 * 10**9)
    day = settle_day(STATEMENT.base_units, SCALE, totals, gate_bps=1000, swing_threshold_bps=0, swing_bps=15)
    asked = 600_000_000
    order = DealtOrder("R-3", "INV-2", OrderSide.REDEMPTION, day.accepted_of(asked))
    note = contract_note(order, day, STATEMENT, CALENDAR, coin="tUSD", share="DMMF-A", requested=asked)
    data = note.to_data()
    assert (data["units"], data["carried_units"]) == ("20000.0000", "39999.9999")
    assert (data["price"], data["swing_bps"]) == ("10.10821490", -15)
    gross = Decimal(data["units"]) * Decimal(data["price"])
    assert 0 <= gross - Decimal(data["gross"]) < Decimal("0.000001")
    assert Decimal(data["gross"]) == Decimal(data["fee"]) + Decimal(data["net"])
    assert "Carried over     39,999.9999 DMMF-A to the next dealing day (gate)\n" in note.to_text()


def test_the_hash_depends_on_every_figure() -> None:
    day = settle_day(STATEMENT.base_units, SCALE, DayTotals(10**10, BUY.size, 0))
    hashes = {
        contract_note(order, day, STATEMENT, CALENDAR, coin="tUSD", share="DMMF-A").hash
        for order in (
            BUY,
            DealtOrder("S-8", "INV-1", OrderSide.SUBSCRIPTION, BUY.size),
            DealtOrder("S-7", "INV-1", OrderSide.SUBSCRIPTION, BUY.size + 1),
        )
    }
    assert len(hashes) == 3
