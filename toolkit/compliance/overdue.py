"""What about a case a person has to look after, and when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from toolkit.ledger.case_machines import FREEZE_ENDED
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord

__all__ = ["FreezePolicy", "Overdue", "freeze_overdue", "overdue_cases", "unreached"]

_EARLY = (RecordState.HIT, RecordState.PRELIM_FREEZE)


@dataclass(frozen=True, slots=True)
class FreezePolicy:
    """Policy defaults of regulation.md 3.2: the first freeze within 15 minutes, the second signature within
    the hour.
    """

    second_sign_within: timedelta = timedelta(hours=1)
    freeze_within: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Overdue:
    """Something about a case that a person has to look after. `since` is when it was due or began, `cause`
    what tells it from another matter of its kind about the same case.
    """

    record: str
    what: str
    since: datetime
    message: str
    cause: str = ""

    @property
    def reference(self) -> str:
        """The matter by a name that says neither the case nor what it is about (32 hexadecimal digits)."""
        return hashlib.sha256(f"{self.record}\n{self.what}\n{self.cause}".encode()).hexdigest()[:32]


def unreached(record: LedgerRecord) -> list[Overdue]:
    """The chains that the case didn't get through to, since when, and why."""
    return [
        Overdue(
            record.id,
            "chain",
            datetime.fromisoformat(alarm["since"]),
            f"{record.id} on chain {chain}: {alarm['error']}",
            f"{chain} since {alarm['since']}",
        )
        for chain, alarm in record.data["alarms"].items()
    ]


def freeze_overdue(record: LedgerRecord, policy: FreezePolicy, now: datetime, today: date) -> list[Overdue]:
    """What is overdue of a freeze at `now`, which is `today` at the desk."""
    data, name = record.data, record.id
    found = unreached(record)
    if record.state is RecordState.PRELIM_FREEZE:
        due = datetime.fromisoformat(data["second_sign_due"])
        if now >= due:
            found.append(Overdue(name, "second signature", due, f"{name} has no second signature"))
    limit = datetime.fromisoformat(data["received_at"]) + policy.freeze_within
    if "imposed_at" not in data and record.state in _EARLY and now >= limit:
        found.append(Overdue(name, "first freeze", limit, f"{name} is frozen nowhere yet"))
    review = date.fromisoformat(data["review_on"])
    if record.state not in FREEZE_ENDED and today >= review:
        found.append(Overdue(name, "review", now, f"{name} was to be reviewed on {review}", f"{review}"))
    return found


def overdue_cases(ledger: Ledger, policy: FreezePolicy, now: datetime, today: date) -> tuple[Overdue, ...]:
    """What is overdue of every freeze, and of every recovery the chains that it didn't get through to. A
    recovery has no other step with a time of its own.
    """
    book = ledger.record_book
    freezes = [freeze_overdue(item, policy, now, today) for item in book.find(RecordKind.FREEZE)]
    recoveries = [unreached(item) for item in book.find(RecordKind.RECOVERY)]
    return tuple(item for found in (*freezes, *recoveries) for item in found)
