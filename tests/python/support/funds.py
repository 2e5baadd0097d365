"""A fund's terms, statements and accounts, as tests of the fund's room need them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from support.checkout import REPOSITORY

from toolkit.deployment import FundTerms
from toolkit.funds import NavStatement

DEMO_FUND = REPOSITORY / "deployments" / "terms" / "demo-fund.toml"
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
DAY = date(2026, 11, 20)  # a Friday


def fund_terms(*changes: tuple[str, str]) -> FundTerms:
    """The demo fund's terms, with pieces of the file's text replaced."""
    text = DEMO_FUND.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return FundTerms.parse(text.encode(), file=DEMO_FUND)


def at(text: str) -> datetime:
    """The instant of a Hong Kong wall-clock time, `2026-11-20 15:00:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=HONG_KONG).astimezone(UTC)


def statement_data(value: str, **changes: Any) -> dict[str, Any]:
    """A NAV statement of class A for `DAY`, valued at 16:30 in Hong Kong."""
    data: dict[str, Any] = {
        "schema_version": 1,
        "fund": "DMMF",
        "share_class": "A",
        "currency": "USD",
        "decimals": 8,
        "value": value,
        "dealing_day": DAY.isoformat(),
        "valuation_point": "2026-11-20T16:30:00+08:00",
        "price_sources": [
            {"source": "custodian", "reference": "PX-1120", "as_of": "2026-11-20T16:00:00+08:00"},
            {"source": "broker", "reference": "QUOTE-7", "as_of": "2026-11-20T16:15:00+08:00"},
        ],
        "version": 1,
        "prepared_by": "nav-maker",
    }
    return {key: item for key, item in {**data, **changes}.items() if item is not None}


def statement(value: str, **changes: Any) -> NavStatement:
    return NavStatement.from_data(statement_data(value, **changes))


RECEIVED = at("2026-11-20 17:00:00")
LATER = RECEIVED + timedelta(hours=1)
