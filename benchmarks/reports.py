"""What reports cost, and how that grows: a daily statement, statistics, a snapshot of many holders.

    make bench-reports

The statement is drawn from the day's figures, so its cost doesn't grow with the orders; the statistics of
redemptions read every redemption, and a snapshot hashes every claim. Ceilings, on two shared cores: a
statement in 5 s after the reconciliation, a snapshot of 100,000 holders with its proofs in 30 s.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "python"))

from support.figures import cut_off, figures, week
from support.report_samples import CALENDAR, DAY, HONG_KONG, ZERO, filed, passage, wallet

from toolkit.reporting.rendering import to_csv, to_html
from toolkit.reporting.report import read_report
from toolkit.reporting.reports.daily import daily_statement
from toolkit.reporting.reports.redemptions import redemption_statistics
from toolkit.reporting.reports.snapshot import Holding, holder_snapshot, verify_rows

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
CEILINGS = {"statement": 5.0, "snapshot": 30.0}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time, which other work on the machine doesn't change, and what was made."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def statement() -> float:
    """Compose, write in all three forms, read back and verify the statement of a day of 100,000 orders."""
    day = week()[-1]

    def work() -> None:
        report = filed(daily_statement(day, HONG_KONG), inputs={"figures": day.sha256})
        to_html(report)
        to_csv(report)
        read_report(report.to_json())

    work()
    return timed(work)[0]


def statistics(orders: int) -> float:
    passages = [
        passage(n, START + timedelta(seconds=n % 30_000), paid_after=timedelta(seconds=60 + n % 90_000))
        for n in range(orders)
    ]
    return timed(
        lambda: redemption_statistics(
            passages,
            HONG_KONG,
            CALENDAR,
            after=START,
            until=cut_off(DAY) + timedelta(days=3),
            zero=ZERO,
            currency="HKD",
        )
    )[0]


def snapshot(holders: int) -> tuple[float, float]:
    """Seconds to make the snapshot with every proof, and to verify its rows."""
    day = figures(opening=holders * 10**6, burned=0, burned_unpaid=0, frozen=0, special=[])
    # One wallet in a thousand is an omnibus wallet with fifty clients.
    holdings = [
        Holding(
            wallet(number + 1),
            10**6,
            0,
            f"0x{number:032x}",
            {f"client-{client}": 10_000 for client in range(50)} if number % 1000 == 0 else None,
        )
        for number in range(holders)
    ]

    def make() -> Any:
        return holder_snapshot(holdings, day.chains[0], day.coin, kept_at=("vault A", "vault B"))

    seconds, made = timed(make)
    return seconds, timed(lambda: verify_rows(made.content, made.rows))[0]


def main() -> int:
    one = statement()
    print(f"daily statement, composed, written and verified: {one * 1000:.0f} ms")
    for orders in (1_000, 10_000, 100_000):
        print(f"redemption statistics of {orders:>7,} redemptions: {statistics(orders):6.2f} s")
    made = 0.0
    for holders in (1_000, 10_000, 100_000):
        made, checked = snapshot(holders)
        print(f"snapshot of {holders:>7,} holders with proofs: {made:6.2f} s; verified in {checked:6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"largest memory: {peak} MiB")
    slow = [name for name, took in (("statement", one), ("snapshot", made)) if took > CEILINGS[name]]
    for name in slow:
        print(f"{name} exceeds its ceiling of {CEILINGS[name]} s", file=sys.stderr)
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
