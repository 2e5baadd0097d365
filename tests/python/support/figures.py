"""The figures of a day, made by hand: trap T6's pool, and a week of a larger coin."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from toolkit.reporting.figures import DayFigures
from toolkit.reserves.report import ReserveReport

HONG_KONG = timezone(timedelta(hours=8))
TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
MARKET = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
FEED = "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9"
HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def cut_off(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=HONG_KONG).astimezone(UTC)


def instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def line(line_id: str, asset_class: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "class": asset_class,
        "issuer": "Bank of the Harbour",
        "issuer_country": "HK",
        "custodian": "Harbour Custody",
        "custodian_reference": f"HC-{line_id}",
        "country": "HK",
        "currency": "HKD",
        "nominal": value,
        "market_value": value,
        "encumbered": False,
        "confirmation": f"CONF-{line_id}",
        **more,
    }


def reserve(day: date, lines: list[dict[str, Any]], *, outstanding: str, carried: date | None = None) -> Any:
    """`ReserveFigures` of a report with these lines, counted under the Hong Kong profile."""
    valued = carried or day
    report = ReserveReport.from_data(
        {
            "schema_version": 1,
            "source": "made by hand for the tests",
            "issuer": "Example Coin Limited",
            "token": "HKDX",
            "token_decimals": 6,
            "currency": "HKD",
            "as_of": instant(cut_off(valued)),
            "tokens_outstanding": outstanding,
            "positions": lines,
        }
    )
    found = report.evaluate("hong-kong")
    return {
        "report": report.to_data(),
        "report_hash": "0x" + report.hash.hex(),
        "profile": found.profile,
        "as_of": instant(cut_off(valued)),
        "lines": [
            {
                "line_id": item.line_id,
                "counted": str(item.counted.base_units),
                "eligible": item.eligible,
                "reason": item.reason,
            }
            for item in found.lines
        ],
        "market_value": str(found.market_total.base_units),
        "ineligible_value": str(found.ineligible_total.base_units),
        "carried": carried is not None,
        "valuation_date": valued.isoformat(),
        "buffer_bps": 100,
    }


def flow(units: int = 0, count: int = 0) -> dict[str, Any]:
    return {"units": str(units), "count": count}


def supply(minted: int, burned: int, discharged: int) -> dict[str, str]:
    return {"minted": str(minted), "burned": str(burned), "discharged": str(discharged)}


def figures(
    day: date = date(2026, 11, 20),
    *,
    opening: int = 1_050_000_000,
    minted: int = 0,
    burned: int = 200_000_000,
    frozen: int = 100_000_000,
    reserve_value: str = "1500.00",
    lines: list[dict[str, Any]] | None = None,
    burned_unpaid: int = 200_000_000,
    received_in_reserve: int = 300_00,
    special: list[dict[str, str]] | None = None,
    breaks: list[dict[str, Any]] | None = None,
    carried: date | None = None,
    version: int = 1,
    **changes: Any,
) -> DayFigures:
    """One day; without arguments the pool of trap T6 after its burn, in base units of 6 decimals."""
    outstanding = opening + minted - burned
    held = [(4, "TEMPORARILY_FROZEN", 90), (5, "PERMANENTLY_FROZEN", 10), (6, "TEST", 50)]
    if special is None:
        special = [
            {
                "account": f"0x{number:040x}",
                "held_class": name,
                "units": str(units * 10**6),
                "authority": "court order HCMP 17/2026",
            }
            for number, name, units in held
        ]
    block = 1000 + day.toordinal() % 1000 * 10
    totals = supply(opening + minted + burned, 2 * burned, burned - burned_unpaid + burned)
    at = cut_off(day)
    data: dict[str, Any] = {
        "schema_version": 1,
        "version": version,
        "market": MARKET,
        "coin": {"symbol": "HKDX", "decimals": 6, "currency": "HKD", "pool": "hkdx-pool-1"},
        "cut_off": {"day": day.isoformat(), "instant": instant(at), "time_zone": "Asia/Hong_Kong"},
        "chains": [
            {
                "cut": {
                    "chain_id": 31337,
                    "chain_name": "anvil",
                    "block_number": block,
                    "block_hash": "0x" + sha(f"block {block}"),
                    "block_time": instant(at - timedelta(seconds=7)),
                    "finality": "12 blocks deep when it was read",
                },
                "token": TOKEN,
                "market": MARKET,
                "implementation": None,
                "opening": supply(opening + burned, burned, burned),
                "replayed": totals,
                "called": totals,
                "minted_today": flow(minted, 1 if minted else 0),
                "burned_today": flow(burned, 1 if burned else 0),
                "discharged_today": flow(),
                "burned_by_order": "0",
                "recovered_today": flow(),
                "frozen": str(frozen),
                "special": special,
                "escrowed": "0",
                "unsolicited": "0",
                "holders": 12,
                "omnibus_holders": 1,
                "top_ten": str(outstanding * 9 // 10),
                "attestation": {
                    "feed": FEED,
                    "round": 7,
                    "value": str(1_500_000_000),
                    "as_of": instant(at - timedelta(hours=5)),
                    "report": "0x" + sha(f"report {day}"),
                    "max_age": 26 * 3600,
                    "fresh": True,
                    "discharged_by_then": "0",
                    "buffer_bps": 100,
                    "ceiling": str(1_300_000_000),
                    "headroom": str(450_000_000),
                },
            }
        ],
        "ledger": {
            "head_seq": 4711,
            "head_hash": sha(f"head {day}"),
            "minted": flow(opening + minted + burned, 24),
            "burned": flow(2 * burned, 2),
            "minted_today": flow(minted, 1 if minted else 0),
            "burned_today": flow(burned, 1 if burned else 0),
            "burned_unpaid": str(burned_unpaid),
            "paid_undischarged": "0",
            "paid_since_statement": "0",
            "received_in_reserve": str(received_in_reserve),
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
        },
        "reserve": reserve(
            day,
            lines or [line("cash-1", "CASH", reserve_value)],
            outstanding=f"{outstanding // 10**6}.{outstanding % 10**6:06}",
            carried=carried,
        ),
        "omnibus": [],
        "classes": [],
        "bank": [],
        "breaks": breaks or [],
        "inputs": [{"name": "reserve report", "sha256": sha(f"report {day}")}],
    }
    return DayFigures.from_data({**data, **changes})


def a_break(day: date, *, severity: str = "high", hours: int = 30, number: int = 1) -> dict[str, Any]:
    return {
        "break_id": f"break/{day}/{number}",
        "break_type": "CASH_VS_ORDER",
        "severity": severity,
        "amount": "2500",
        "unit": "HKD",
        "decimals": 2,
        "first_seen": instant(cut_off(day) - timedelta(hours=hours)),
        "owner": "finance-1",
        "explanation": None,
        "state": "assigned",
    }


def week(start: date = date(2026, 11, 14), days: int = 7) -> list[DayFigures]:
    """A larger coin over some days, with a bill, a deposit and cash, and coverage that moves a little."""
    found: list[DayFigures] = []
    supply_now = 480_000_000 * 10**6
    for index in range(days):
        day = start + timedelta(days=index)
        weekend = day.weekday() >= 5
        minted = 0 if weekend else (3_000_000 + 250_000 * index) * 10**6
        burned = 0 if weekend else (1_500_000 + 400_000 * (index % 3)) * 10**6
        total = supply_now + minted - burned
        cover = total // 10**6 * (10_150 + 17 * ((index * 5) % 7)) // 10_000
        bill, deposit = cover * 55 // 100, cover * 25 // 100
        lines = [
            line(
                "bill-1",
                "GOVT_SECURITY",
                f"{bill}.37",
                nominal=f"{bill + 900_000}.00",
                issuer="Hong Kong Exchange Fund",
                maturity="2027-01-20",
                start="2026-10-21",
                risk_weight_bps=0,
                price="99.7812",
                price_source="Exchange Fund bill fixing",
                price_time=instant(cut_off(day) - timedelta(hours=12)),
            ),
            line(
                "deposit-1",
                "DEPOSIT",
                f"{deposit}.00",
                custodian="Kowloon Bank",
                start="2026-10-30",
                maturity="2026-11-30",
            ),
            line("cash-1", "CASH", f"{cover - bill - deposit}.00", custodian="Peak Bank"),
            line("bond-1", "OTHER_APPROVED", "1200000.00", maturity="2028-06-30"),
        ]
        found.append(
            figures(
                day,
                opening=supply_now,
                minted=minted,
                burned=burned,
                frozen=1_250_000 * 10**6,
                lines=lines,
                burned_unpaid=burned // 4,
                received_in_reserve=150_000_00,
            )
        )
        supply_now = total
    return found
