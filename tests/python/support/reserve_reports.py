"""Reserve reports for tests: the published ones, and a small one whose every line can be bent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.reserves import ReserveReport

ROOT = Path(__file__).parents[3]
DEMO_REPORTS = ROOT / "deployments" / "reports"
TEST_REPORTS = ROOT / "tests" / "data" / "reserve-reports"

TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
OTHER_TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
FEED = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
OTHER_FEED = "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9"


def published(name: str) -> dict[str, Any]:
    """A published report as it was transcribed, before it was put into our format."""
    data: dict[str, Any] = json.loads((TEST_REPORTS / "source" / f"{name}.json").read_text(encoding="utf-8"))
    return data


def pyusd_confirmed() -> ReserveReport:
    """PYUSD of December 2023 with its two lines confirmed by a custodian of the test's invention."""
    report = ReserveReport.load(DEMO_REPORTS / "pyusd-2023-12-29.json")
    return report.with_confirmations({"repo-1": "TEST-1", "cash-1": "TEST-2"}, custodian="Test custodian")


def line(line_id: str = "bill-1", **changes: Any) -> dict[str, Any]:
    """A Treasury bill that counts under every profile, with `changes`; None removes a field."""
    data = {
        "line_id": line_id,
        "class": "GOVT_SECURITY",
        "custodian": "Bank A",
        "custodian_reference": f"ref-{line_id}",
        "country": "US",
        "issuer_country": "US",
        "currency": "USD",
        "nominal": "1000.00",
        "market_value": "990.50",
        "start": "2024-01-02",
        "maturity": "2024-03-29",
        "risk_weight_bps": 0,
        "encumbered": False,
        "confirmation": f"conf-{line_id}",
    } | changes
    return {key: value for key, value in data.items() if value is not None}


def data(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The data of a report of `lines` as of 31 January 2024, noon in Hong Kong; None removes a field."""
    whole = {
        "schema_version": 1,
        "source": "test",
        "issuer": "Test issuer",
        "token": "TUSD",
        "token_decimals": 6,
        "currency": "USD",
        "as_of": "2024-01-31T12:00:00+08:00",
        "tokens_outstanding": "900",
        "positions": list(lines or (line(),)),
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def report(*lines: dict[str, Any], **changes: Any) -> ReserveReport:
    return ReserveReport.from_data(data(*lines, **changes))
