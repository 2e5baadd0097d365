"""Every movement of a coin that the chain has seen, with what it was for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from support.suite import Suite

from toolkit.bindings.events import (
    CaseActed,
    ContractEvent,
    ForcedTransfer,
    OrderExecuted,
    RedemptionAccepted,
    RedemptionCancelled,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionSeized,
    Transfer,
)
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.client import Log


class Kind(Enum):
    MINT = "mint"
    ESCROW = "escrow"
    RETURN = "return of escrow"
    BURN = "burn"
    SEIZURE = "seizure of escrow"
    FORCED = "forced transfer"
    PLAIN = "transfer"


@dataclass(frozen=True)
class Movement:
    """`at` is the block's time; `number` the order's or the redemption's, `case` the case's id as text."""

    kind: Kind
    at: int
    sender: str
    recipient: str
    amount: int
    number: int = 0
    case: str = ""


def movements(suite: Suite, first: int, last: int) -> Iterator[Movement]:
    """Those of the blocks `first` to `last`, in their sequence; each `Transfer` is one of them."""
    addresses = [suite.token.address, suite.market.address]
    logs = suite.client.logs(addresses, [], first, last)
    for _, group in groupby(logs, key=lambda log: log.tx_hash):
        of_one = list(group)
        at = suite.client.block(of_one[0].block_number).timestamp
        yield from _of_transaction(suite.market.address, of_one, at)


def _of_transaction(market: str, logs: list[Log], at: int) -> Iterator[Movement]:
    transfers = [Transfer.from_log(log) for log in _of(logs, Transfer)]
    minted = iter([OrderExecuted.from_log(log).number for log in _of(logs, OrderExecuted)])
    cases = [CaseActed.from_log(log).case_id for log in _of(logs, CaseActed)]
    forced = {
        (event.sender, event.recipient, event.amount)
        for event in (ForcedTransfer.from_log(log) for log in _of(logs, ForcedTransfer))
    }
    escrow = iter(_of_escrow(logs, at))
    for item in transfers:
        whole = (item.sender, item.recipient, item.amount)
        if item.sender == ZERO_ADDRESS:
            yield Movement(Kind.MINT, at, *whole, number=next(minted))
        elif whole in forced:
            (case,) = cases
            yield Movement(Kind.FORCED, at, *whole, case=_text(case))
        elif item.sender == market or item.recipient == market:
            moved = 0
            while moved < item.amount:  # one burn may be that of several redemptions
                part = next(escrow)
                moved += part.amount
                yield part
            assert moved == item.amount
        else:
            yield Movement(Kind.PLAIN, at, *whole)
    assert next(minted, None) is next(escrow, None) is None


def _of_escrow(logs: list[Log], at: int) -> Iterator[Movement]:
    for log in logs:
        topic = log.topics[0]
        if topic == RedemptionRequested.topic0():
            asked = RedemptionRequested.from_log(log)
            yield Movement(Kind.ESCROW, at, asked.holder, log.address, asked.amount, number=asked.id)
        elif topic == RedemptionAccepted.topic0():
            burned = RedemptionAccepted.from_log(log)
            yield Movement(Kind.BURN, at, burned.holder, ZERO_ADDRESS, burned.amount, number=burned.id)
        elif topic == RedemptionRejected.topic0():
            back = RedemptionRejected.from_log(log)
            yield Movement(Kind.RETURN, at, log.address, back.holder, back.amount, number=back.id)
        elif topic == RedemptionCancelled.topic0():
            own = RedemptionCancelled.from_log(log)
            yield Movement(Kind.RETURN, at, log.address, own.holder, own.amount, number=own.id)
        elif topic == RedemptionSeized.topic0():
            taken = RedemptionSeized.from_log(log)
            case = _text(taken.case_id)
            yield Movement(Kind.SEIZURE, at, log.address, taken.to, taken.amount, number=taken.id, case=case)


def _of(logs: list[Log], event: type[ContractEvent]) -> list[Log]:
    return [log for log in logs if log.topics[0] == event.topic0()]


def _text(case: bytes) -> str:
    return case.rstrip(b"\0").decode()
