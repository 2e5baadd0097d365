"""Which day an instant belongs to, and which block is a day's last."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta

import pytest
from support.suite import Suite

from toolkit.errors import InvalidInput
from toolkit.reporting.cutoff import cut_off, day_of, last_block
from toolkit.reporting.errors import DayNotEnded


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_t9_a_block_at_1630_utc_belongs_to_the_next_day_in_hong_kong() -> None:
    assert day_of(_instant("2026-09-30T16:30:00Z")) == date(2026, 10, 1)
    assert day_of(_instant("2026-09-30T15:59:59Z")) == date(2026, 9, 30)
    assert day_of(_instant("2026-09-30T16:00:00Z")) == date(2026, 10, 1)


def test_t9_the_end_of_october_in_hong_kong() -> None:
    assert cut_off(date(2026, 10, 31)).instant == _instant("2026-10-31T15:59:59Z")


def test_t9_the_cut_off_instant_itself_belongs_to_the_day() -> None:
    closing = time(16, 0)
    for text, day in (
        ("2026-11-20T15:59:59.999+08:00", 20),
        ("2026-11-20T16:00:00.000+08:00", 20),
        ("2026-11-20T16:00:01.000+08:00", 21),
    ):
        assert day_of(_instant(text), at=closing) == date(2026, 11, day)
    assert int(cut_off(date(2026, 11, 20), at=closing).instant.timestamp()) == 1_795_161_600


def test_hong_kong_had_summer_time_until_1979() -> None:
    assert cut_off(date(1979, 7, 1)).instant == _instant("1979-07-01T14:59:59Z")


def test_a_day_is_no_instant() -> None:
    with pytest.raises(InvalidInput, match="no plain date"):
        cut_off(datetime(2026, 9, 30, tzinfo=UTC))
    with pytest.raises(InvalidInput, match="time zone"):
        day_of(datetime(2026, 9, 30))  # noqa: DTZ001 - the point


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "UTC"])
def test_t9_the_host_s_time_zone_changes_nothing(zone: str) -> None:
    program = (
        "from support.day_figures import day\n"
        "from toolkit.reporting.cutoff import day_of\n"
        "from datetime import datetime\n"
        "print(day().sha256, day_of(datetime.fromisoformat('2026-09-30T16:30:00Z')))"
    )
    environment = {
        **os.environ,
        "TZ": zone,
        "LC_ALL": "C",
        "PYTHONPATH": "tests/python",
        "PYTHONHASHSEED": "7",
    }
    found = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    from support.day_figures import day

    assert found.stdout == f"{day().sha256} 2026-10-01\n"


def test_the_last_block_is_found_among_many(suite: Suite) -> None:
    first = suite.issuance.record.first_block
    base = suite.now()
    for _ in range(9):
        suite.node.advance_time(100)
        suite.node.mine()
    now = datetime.fromtimestamp(suite.now() + 1, UTC)
    for offset in (0, 50, 99, 100, 101, 450, 899):
        wanted = base + offset
        block = last_block(suite.client, datetime.fromtimestamp(wanted, UTC), first_block=first, now=now)
        assert block.timestamp <= wanted
        assert suite.client.block(block.number + 1).timestamp > wanted


def test_the_last_block_of_a_day_that_is_not_over_is_refused(suite: Suite) -> None:
    first = suite.issuance.record.first_block
    now = datetime.fromtimestamp(suite.now(), UTC)
    with pytest.raises(DayNotEnded):
        last_block(suite.client, now, first_block=first, now=now)
    deployed = datetime.fromtimestamp(suite.client.block(first).timestamp, UTC)
    with pytest.raises(InvalidInput, match="deployed in block"):
        last_block(suite.client, deployed - timedelta(seconds=1), first_block=first, now=now)
