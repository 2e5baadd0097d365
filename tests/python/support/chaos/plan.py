"""What a seed means: which faults meet which part of the desk, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum

from support.chaos.world import PARTITIONS
from support.proxy import Fault

# Where a worker is killed: the method, and whether before it runs or just after it returned.
STEPS = {
    "before an order is claimed": ("toolkit.ledger.flights:Flights.claim_mints", "before"),
    "claimed, not rehearsed": ("toolkit.ledger.flights:Flights.claim_mints", "after"),
    "rehearsed, not signed": ("toolkit.desk.flights:Flights.launch", "before"),
    "signed, not recorded": ("toolkit.ledger.transactions:LaneJournal.record", "before"),
    "while recording": ("toolkit.ledger.flights:Flights.launch", "after"),
    "while recording mints": ("toolkit.ledger.flights:Flights.launch_mints", "after"),
    "recorded, not sent": ("toolkit.chain.client:Client.send_raw", "before"),
    "sent, answer lost": ("toolkit.chain.client:Client.send_raw", "after"),
    "mined, not noted": ("toolkit.ledger.transactions:Transactions.land", "before"),
    "noted, not settled": ("toolkit.ledger.transactions:Transactions.land", "after"),
    "while settling mints": ("toolkit.ledger.flights:Flights.land_mints", "after"),
    "while settling redemptions": ("toolkit.ledger.flights:Flights.land", "after"),
    "settled": ("toolkit.desk.homecoming:Homecoming.conclude", "after"),
    "paid, not recorded": ("toolkit.desk.redemption:Redemptions.record_payout", "before"),
    "recorded as paid": ("toolkit.desk.redemption:Redemptions.record_payout", "after"),
    "before a commit": ("sqlalchemy.engine:Engine", "commit"),
    "after a commit": ("sqlalchemy.engine:Engine", "begin"),
}


class Event(StrEnum):
    """What happens when a certain request passes the proxy; network faults are `support.proxy.Fault`."""

    KILL = "kill -9 of a worker at a random request"
    STOP = "worker stopped past its lease, and woken"
    REORG = "reorganisation within the finality depth"
    DROP = "waiting transactions dropped by the node"
    PAUSE = "mining paused"
    RESTART = "node stopped and started again"
    BACKENDS = "PostgreSQL backends ended"
    CUT_COMMIT = "database line cut at a commit"
    HOLD = "compliance holds an order"


class Handicap(StrEnum):
    """What a worker is started with."""

    STEP = "kill -9 at a named step"
    DISK = "disk full"
    CLOCK = "clock jumps"
    TWO = "two workers on one ledger"
    ONE_KEY = "two workers with one key"


@dataclass(frozen=True)
class At:
    """`event` when the `request`-th request comes. `value` is blocks, seconds or requests, as it has it."""

    request: int
    event: Event
    value: float = 0


@dataclass(frozen=True)
class Plan:
    """One schedule. `rate` of network faults; `depth` of finality; a block every `pace` requests, or with
    `automine` at each transaction too.
    """

    seed: int
    database: str
    ledger: int
    workers: int
    operators: int
    limit: int
    automine: bool
    depth: int
    pace: int
    rate: float
    network: dict[Fault, float]
    hidden: float
    handicaps: tuple[Handicap, ...]
    step: tuple[str, int] | None
    room: int
    jumps: tuple[tuple[int, int], ...]
    events: tuple[At, ...] = field(default=())

    def __str__(self) -> str:
        kinds = ", ".join(
            [*self.handicaps, *(f"{item.event} at {item.request}" for item in self.events)]
            or ["network faults only"]
        )
        step = "" if self.step is None else f" ({self.step[0]}, time {self.step[1]})"
        return (
            f"seed {self.seed}: {self.database}, ledger {self.ledger}, {self.workers} worker(s) with "
            f"{self.operators} key(s), {self.limit} orders a flight, finality {self.depth}, "
            f"{'automine' if self.automine else f'a block every {self.pace} requests'}, "
            f"{self.rate:.0%} network faults; {kinds}{step}"
        )


FAMILIES = (
    "network",
    "step",
    "kill",
    "stop",
    "two",
    "reorg",
    "drop",
    "pause",
    "restart",
    "disk",
    "clock",
    "database",
    "hold",
)


def draw(seed: int, *, databases: tuple[str, ...] = ("sqlite", "sqlite", "postgresql"), ledgers: int) -> Plan:
    """The plan of a seed. Each has one family of faults by turn, and others by chance."""
    rng = random.Random(seed)
    families = {FAMILIES[seed % len(FAMILIES)]}
    families |= set(rng.sample(FAMILIES, rng.choice((0, 0, 1, 1, 2))))
    database = "postgresql" if "postgresql" in databases and "database" in families else rng.choice(databases)
    if "restart" in families:
        families -= {"reorg"}
    deep = "reorg" in families or rng.random() < 0.3
    handicaps: list[Handicap] = []
    events: list[At] = []
    workers = 2 if families & {"two", "stop"} or rng.random() < 0.15 else 1
    operators = rng.choice((1, 2)) if workers == 2 else 1
    if workers == 2:
        handicaps.append(Handicap.TWO if operators == 2 else Handicap.ONE_KEY)

    def some(event: Event, most: int, values: tuple[float, ...], last: int = 160) -> None:
        events.extend(
            At(rng.randint(5, last), event, rng.choice(values)) for _ in range(rng.randint(1, most))
        )

    step = None
    if "step" in families:
        handicaps.append(Handicap.STEP)
        name = list(STEPS)[seed // len(FAMILIES) % len(STEPS)]
        step = name, rng.randint(1, 12) if "commit" in name else rng.randint(1, 3)
    if "kill" in families:
        some(Event.KILL, 2, (0,))
    if "stop" in families:
        some(Event.STOP, 2, (0.7, 1.2))
    if "reorg" in families:
        some(Event.REORG, 3, (1, 2, 3))
    if "drop" in families:
        some(Event.DROP, 3, (0,))
    if "pause" in families:
        some(Event.PAUSE, 2, (20, 40, 80))
    if "restart" in families:
        some(Event.RESTART, 1, (0,))
    if "disk" in families:
        handicaps.append(Handicap.DISK)
    jumps: list[tuple[int, int]] = []
    if "clock" in families:
        handicaps.append(Handicap.CLOCK)
        sizes = (-86_400, -3_600, -40, 40, 3_600, 86_400, 4 * 86_400)
        jumps = [(rng.randint(1, 30), rng.choice(sizes)) for _ in range(rng.randint(1, 3))]
    if "database" in families and database == "postgresql":
        some(rng.choice((Event.BACKENDS, Event.CUT_COMMIT)), 3, (1, 2, 3, 5))
    if "hold" in families:
        some(Event.HOLD, 2, (0,), last=60)
    kinds = rng.sample(list(Fault), rng.randint(2, len(Fault)))
    return Plan(
        seed=seed,
        database=database,
        ledger=rng.randrange(min(ledgers, len(PARTITIONS))),
        workers=workers,
        operators=operators,
        limit=rng.choice((5, 10, 25, 200)),
        automine=bool(rng.random() < 0.5 and not families & {"drop", "pause"}),
        depth=5 if deep else 0,
        pace=rng.choice((2, 4, 8)),
        rate=rng.choice((0.05, 0.1, 0.2)) if "network" in families or rng.random() < 0.6 else 0.0,
        network={kind: float(rng.randint(1, 4)) for kind in kinds},
        hidden=rng.choice((0.3, 1.0, 60.0)),
        handicaps=tuple(handicaps),
        step=step,
        room=rng.choice((60_000, 150_000, 400_000)),
        jumps=tuple(sorted(jumps)),
        events=tuple(sorted(events, key=lambda item: item.request)),
    )
