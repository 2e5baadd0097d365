"""The cut-off of a day: an instant, and the last block that belongs to it.

A day is a date in a named time zone, read through the zone's own rules and never as an offset: a block at
16:30 UTC belongs to the next day in Hong Kong (trap T9). What happened at the cut-off instant itself belongs
to the day that ends there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from toolkit.chain.finality import DEV_CHAINS
from toolkit.chain.hexes import to_hex
from toolkit.errors import InconsistentNode, InvalidInput
from toolkit.reporting.errors import DayNotEnded
from toolkit.reporting.figures import Cut, CutOffFigures

if TYPE_CHECKING:
    from toolkit.chain.client import Block, Client

__all__ = ["END_OF_DAY", "HONG_KONG", "cut_of", "cut_off", "day_of", "last_block"]

HONG_KONG = "Asia/Hong_Kong"

END_OF_DAY = time(23, 59, 59)
"""The daily statement is as of 23:59:59 local time, unless a profile says otherwise."""


def cut_off(day: date, *, at: time = END_OF_DAY, zone: str = HONG_KONG) -> CutOffFigures:
    """The cut-off of `day` at the local time `at`. Raises InvalidInput for an instant given as a day."""
    if isinstance(day, datetime) or not isinstance(day, date):
        raise InvalidInput(f"{day!r} is no plain date: say which day in {zone} is meant", value=day)
    instant = datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return CutOffFigures(day=day, instant=instant, time_zone=zone)


def day_of(instant: datetime, *, at: time = END_OF_DAY, zone: str = HONG_KONG) -> date:
    """The day that `instant` belongs to: the first whose cut-off is not before it."""
    if instant.tzinfo is None:
        raise InvalidInput(f"{instant!r} has no time zone: pass an aware datetime, e.g. in UTC")
    local = instant.astimezone(ZoneInfo(zone))
    today = local.date()
    if instant.replace(microsecond=0) <= cut_off(today, at=at, zone=zone).instant:
        return today
    return date.fromordinal(today.toordinal() + 1)


def last_block(client: Client, instant: datetime, *, first_block: int, now: datetime) -> Block:
    """The last block whose timestamp is not after `instant`; it is final.

    `now` is the ledger's time. A development chain makes no block without a transaction, so there the clock
    says that the day is over; elsewhere a later final block has to show it. Raises DayNotEnded, InvalidInput
    for an instant before the coin's first block, NodeError.
    """
    if now <= instant:
        raise DayNotEnded(
            f"the cut-off is {instant.isoformat()} and it is {now.isoformat()}: the day isn't over",
            cut_off=instant.isoformat(),
        )
    seconds = int(instant.timestamp())
    newest = client.finalized_block()
    if newest.timestamp <= seconds:
        if client.chain_id not in DEV_CHAINS:
            raise DayNotEnded(
                f"the last final block, {newest.number}, is of {_instant(newest).isoformat()}, which is not "
                f"after the cut-off {instant.isoformat()}: wait until a later one is final",
                block_number=newest.number,
            )
        return newest
    low = client.block(first_block)
    if low.timestamp > seconds:
        raise InvalidInput(
            f"the coin was deployed in block {first_block} at {_instant(low).isoformat()}, after the cut-off "
            f"{instant.isoformat()}: there is nothing to report before",
            block_number=first_block,
        )
    high = newest
    while high.number - low.number > 1:
        middle = client.block((low.number + high.number) // 2)
        if middle.timestamp <= seconds:
            low = middle
        else:
            high = middle
    if high.parent_hash != low.hash:
        raise InconsistentNode(
            f"block {high.number} doesn't follow block {low.number} ({to_hex(low.hash)}): the chain changed "
            "while it was read, or the node mixes two; ask again",
            block_number=low.number,
        )
    return low


def cut_of(client: Client, block: Block, *, chain_name: str) -> Cut:
    """A block as figures state it."""
    return Cut(
        chain_id=client.chain_id,
        chain_name=chain_name,
        block_number=block.number,
        block_hash=to_hex(block.hash),
        block_time=_instant(block),
        finality=str(client.finality),
    )


def _instant(block: Block) -> datetime:
    return datetime.fromtimestamp(block.timestamp, UTC)
