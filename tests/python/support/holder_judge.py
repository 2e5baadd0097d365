"""A desk, compliance and chain beside the facts of who may hold, and the judge of every movement."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from support.desks import Bench
from support.holders import Redemption, Wallet, World
from support.movements import Kind, Movement, movements
from support.parties import office
from support.suite import Suite
from support.verbs import Steps

from toolkit.chain.signers import dev_signer
from toolkit.compliance.office import Compliance
from toolkit.errors import ContractReverted, IllegalTransition, InvalidInput, Refused
from toolkit.ledger import MintOrder, RedemptionOrder, State

T = TypeVar("T")

RESERVE = 1_000_000_000_000
CUSTODY = dev_signer(12).address
NOBODY = "0x00000000000000000000000000000000000000FE"
HIT = "hit"
MARGIN = timedelta(minutes=30)
"""Nothing ends near a whole hour: a course takes real minutes, and no end may come between look and act."""

REFUSALS = (Refused, ContractReverted, InvalidInput, IllegalTransition)


class Tally:
    """How often each verb went through, each reason stood in its way, and each kind of movement was seen."""

    def __init__(self) -> None:
        self.courses = 0
        self.successes: Counter[str] = Counter()
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.moved: Counter[Kind] = Counter()

    def __str__(self) -> str:
        rows = [f"{self.courses} courses, {sum(self.moved.values())} movements"]
        rows += [f"{count:>6} {kind.value}" for kind, count in sorted(self.moved.items(), key=str)]
        rows += [f"{count:>6} {verb}" for verb, count in sorted(self.successes.items())]
        rows += [f"{count:>6} {verb}: {why}" for (verb, why), count in sorted(self.refusals.items())]
        return "\n".join(rows)


class HolderJudge(Steps):
    """One course on `suite`, with the ledger at `path` and the facts of `world` as they are there."""

    def __init__(self, suite: Suite, path: Path, tally: Tally, world: World) -> None:
        super().__init__()
        self.suite, self.tally, self.world = suite, tally, world.copied()
        self.bench = Bench(suite, path)
        beginning = 1 + 100 * len(self.world.parties)  # nothing has a name of the common beginning again
        self.bench.lines = beginning
        self.desk, self.ledger = self.bench.desk, self.bench.desk.ledger
        self.office = Compliance(office(self.ledger, self.desk.actions))
        self.numbers = itertools.count(beginning)
        self.seen = suite.client.block("latest").number
        self.own: tuple[str, str, int] | None = None
        tally.courses += 1

    @property
    def now(self) -> int:
        return int(self.bench.now().timestamp())

    def in_hours(self, hours: int) -> datetime:
        return self.bench.now().replace(minute=0, second=0) + timedelta(hours=hours) + MARGIN

    def attempt(
        self, what: str, reasons: set[str], act: Callable[[], T], *, perhaps: bool = False
    ) -> T | None:
        """It goes through if and only if there is no reason why not; where `perhaps`, either may happen."""
        done = refusal = None
        try:
            done = act()
        except REFUSALS as error:
            refusal = error
        if refusal is not None:
            assert reasons or perhaps, f"{what} was refused for no reason: {refusal!r}"
            self.tally.refusals.update((what, reason) for reason in reasons)
            return None
        assert not reasons, f"{what} went through in spite of: {', '.join(sorted(reasons))}"
        self.tally.successes[what] += 1
        return done

    def name(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers)}"

    def open_mints(self, *states: State) -> list[MintOrder]:
        return [order for order in self.desk.orders(states) if isinstance(order, MintOrder)]

    def open_redemptions(self, *states: State) -> list[RedemptionOrder]:
        return [order for order in self.desk.orders(states) if isinstance(order, RedemptionOrder)]

    def of(self, order: MintOrder | RedemptionOrder) -> Wallet:
        found = self.world.wallet(order.wallet)
        assert found is not None
        return found

    # ---------------------------------------------------------------------------------------------- judging

    def judge(self) -> None:
        """Every movement since the last look, by the facts as they are."""
        last = self.suite.client.block("latest").number
        for movement in movements(self.suite, self.seen + 1, last) if last > self.seen else ():
            self.judge_one(movement)
            self.tally.moved[movement.kind] += 1
        self.seen = last
        self.own = None

    def judge_one(self, found: Movement) -> None:
        world = self.world
        reasons: set[str] = set()
        match found.kind:
            case Kind.MINT:
                order = world.mints[found.number]
                assert (order.wallet.address, order.amount) == (found.recipient, found.amount)
                assert not order.executed
                reasons = world.against_minting(order.wallet, found.at)
                order.executed = True
                world.supply += found.amount
            case Kind.ESCROW:
                wallet = self.held_by(found.sender)
                reasons = world.against_redeeming(wallet, found.at)
                world.redemptions[found.number] = Redemption(wallet, found.amount)
            case Kind.BURN | Kind.RETURN:
                request = self.ended(found)
                reasons = world.against_redeeming(request.wallet, found.at)
                world.supply -= found.amount if found.kind is Kind.BURN else 0
            case Kind.SEIZURE:
                self.judge_taking(found, self.ended(found).wallet)
            case Kind.FORCED:
                self.judge_taking(found, self.held_by(found.sender))
            case Kind.PLAIN:
                assert self.own == (found.sender, found.recipient, found.amount)
                frozen = self.held_by(found.sender).frozen_under | self.held_by(found.recipient).frozen_under
                reasons = {"frozen"} if frozen else set()
        assert not reasons, f"{found} happened in spite of: {', '.join(sorted(reasons))}"

    def held_by(self, address: str) -> Wallet:
        found = self.world.wallet(address)
        assert found is not None, f"{address} is nobody's"
        return found

    def ended(self, found: Movement) -> Redemption:
        request = self.world.redemptions[found.number]
        assert request.open
        assert request.amount == found.amount
        request.open = False
        return request

    def judge_taking(self, found: Movement, holder: Wallet) -> None:
        """By force only what is decided, only of whom it was decided, and a recovery only to whom may have
        the tokens.
        """
        taking = self.world.takings[found.case]
        assert taking.decided
        assert holder in taking.wallets
        assert found.recipient == taking.to
        assert holder.frozen_under
        receiver = self.world.wallet(taking.to)
        if receiver is not None:
            assert receiver.party is holder.party
            assert not self.world.against_registering(receiver, found.at)
            assert not receiver.frozen_under
