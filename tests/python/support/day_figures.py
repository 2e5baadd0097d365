"""The figures of a day that agree with each other, every one of which can be bent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from support.reserve_reports import TOKEN, data, line

from toolkit.chain.hexes import to_hex
from toolkit.reporting.cutoff import cut_off
from toolkit.reporting.figures import Coin, DayFigures
from toolkit.reporting.reserve_side import reserve_figures
from toolkit.reserves.report import ReserveReport

DAY = date(2026, 11, 20)
COIN = Coin(symbol="TUSD", decimals=6, currency="USD", pool="tusd-1")
MARKET = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
FEED = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
CLIENT, TESTER = "0x" + "a1" * 20, "0x" + "b2" * 20
MILLION = 10**6


def units(tokens: int) -> str:
    """Whole tokens as base units."""
    return str(tokens * MILLION)


def flow(tokens: int = 0, count: int = 0) -> dict[str, Any]:
    return {"units": units(tokens), "count": count}


def supply(minted: int, burned: int, discharged: int) -> dict[str, str]:
    return {"minted": units(minted), "burned": units(burned), "discharged": units(discharged)}


def report(value: str) -> ReserveReport:
    """A deposit of `value` and a line that doesn't count, allocated to the coin, as of the cut-off."""
    deposit = line("cash-1", nominal=value, market_value=value, start="2026-11-01", maturity="2026-12-20") | {
        "class": "DEPOSIT"
    }
    pledged = line("bill-1", encumbered=True, start="2026-10-01", maturity="2026-12-29")
    whole = ReserveReport.from_data(data(deposit, pledged, as_of="2026-11-20T23:59:59+08:00"))
    return whole.allocate(31337, TOKEN)


def day(reserve: str = "1500.00", *, received_in_reserve: str = "30000") -> DayFigures:
    """Trap T6: 1,000 client coins, 100 of them frozen (10 for good), 50 test tokens, 200 burned and unpaid,
    300 received and not minted, `reserve` in the reserve account.
    """
    document = report(reserve)
    counted = reserve_figures(
        document,
        COIN,
        cut_off(DAY),
        profile="hong-kong",
        buffer_bps=0,
        is_business_day=lambda _: True,
    )
    value = int(reserve.replace(".", "")) * 10_000
    minted = 1050 * MILLION
    chain = {
        "cut": {
            "chain_id": 31337,
            "chain_name": "Anvil",
            "block_number": 120,
            "block_hash": "0x" + "12" * 32,
            "block_time": "2026-11-20T15:59:58Z",
            "finality": "0 blocks",
        },
        "token": TOKEN,
        "market": MARKET,
        "implementation": None,
        "opening": supply(1000, 0, 0),
        "replayed": supply(1050, 200, 0),
        "called": supply(1050, 200, 0),
        "minted_today": flow(50, 1),
        "burned_today": flow(200, 1),
        "discharged_today": flow(),
        "burned_by_order": "0",
        "burned_by_order_today": flow(),
        "recovered_today": flow(),
        "frozen": units(100),
        "special": [
            _special(CLIENT, "TEMPORARILY_FROZEN", 90, "court order 1"),
            _special(CLIENT, "PERMANENTLY_FROZEN", 10, "court order 2"),
            _special(TESTER, "TEST", 50, "the issuer's test wallet"),
        ],
        "escrowed": "0",
        "unsolicited": "0",
        "holders": 2,
        "omnibus_holders": 0,
        "top_ten": units(850),
        "attestation": {
            "feed": FEED,
            "round": 4,
            "value": str(value),
            "as_of": "2026-11-20T15:59:59Z",
            "report": to_hex(document.hash),
            "max_age": 93_600,
            "fresh": True,
            "discharged_by_then": "0",
            "buffer_bps": 0,
            "ceiling": str(value),
            "headroom": str(max(0, value - minted)),
        },
    }
    ledger = {
        "head_seq": 90,
        "head_hash": "ab" * 32,
        "minted": flow(1050, 12),
        "burned": flow(200, 1),
        "minted_today": flow(50, 1),
        "burned_today": flow(200, 1),
        "burned_unpaid": units(200),
        "paid_undischarged": "0",
        "paid_since_statement": "0",
        "received_in_reserve": received_in_reserve,
        "received_elsewhere": "0",
        "returned_today": "0",
        "redemptions": {
            name: flow()
            for name in (
                "requested",
                "became_valid",
                "rejected",
                "cancelled",
                "paid",
                "open",
                "overdue",
                "held",
            )
        },
    }
    return DayFigures.from_data(
        {
            "schema_version": 1,
            "version": 1,
            "market": "tusd",
            "coin": COIN.model_dump(mode="json"),
            "cut_off": cut_off(DAY).model_dump(mode="json"),
            "chains": [chain],
            "ledger": ledger,
            "reserve": counted.model_dump(mode="json"),
            "omnibus": [_omnibus()],
            "classes": [_share_class()],
            "bank": [_account()],
            "breaks": [],
            "inputs": [],
        }
    )


def _special(account: str, held_class: str, tokens: int, authority: str) -> dict[str, Any]:
    return {"account": account, "held_class": held_class, "units": units(tokens), "authority": authority}


def _omnibus() -> dict[str, Any]:
    return {
        "wallet": CLIENT,
        "token": TOKEN,
        "balance": units(400),
        "sub_ledger": units(400),
        "clients": 3,
        "reference": "event 90",
    }


def _share_class() -> dict[str, Any]:
    return {
        "share_class": "DMMF/A",
        "token": MARKET,
        "decimals": 6,
        "registered": "5000000",
        "replayed": "5000000",
        "called": "5000000",
        "holders": 2,
        "payable_ledger": "70",
        "payable_chain": "70",
        "unknown_holders": [],
    }


def _account() -> dict[str, Any]:
    return {
        "account": "reserve-usd",
        "purpose": "RESERVE",
        "currency": "USD",
        "statements": ["bank/reserve-usd/S-1"],
        "opening": "-100",
        "credits": {"units": "30000", "count": 1},
        "debits": {"units": "5000", "count": 1},
        "closing": "24900",
        "unmatched": [],
        "missing": [],
    }


def at_noon(day: date) -> datetime:
    """Noon in Hong Kong."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
