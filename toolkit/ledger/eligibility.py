"""What an order has to pass when it is asked for, and again when it is executed (trap T10).

All rules, in one place, from the ledger alone and in few statements however many orders there are. Between
approval and execution a verification lapses, a class expires, a jurisdiction is closed, a list names a
wallet, an account leaves its regime: what held when the order was taken is asked again when it is sent.

A rule is a function over many that are asked at once; `_RULES` says which kinds of order it concerns and
when. The rules about a party's own standing come first, and those that look at other orders last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import NotEligible
from toolkit.ledger import limits, schema
from toolkit.ledger.bulk import Among
from toolkit.ledger.errors import (
    ClassNotApproved,
    DocumentNotAcknowledged,
    JurisdictionRefused,
    OutsidePerimeter,
    ProductNotAdmitted,
    ScreeningImpossible,
    UnderReview,
)
from toolkit.ledger.lists import require_current
from toolkit.ledger.machines import OrderKind
from toolkit.ledger.matches import hits_of, hits_of_new
from toolkit.ledger.parties import Asked, Party, known_parties
from toolkit.ledger.policies import FULL, FULL_DUE, ONBOARDING, Document, Policies, Policy, policies
from toolkit.ledger.record_words import RecordState
from toolkit.ledger.records import Order
from toolkit.ledger.store import Unit

__all__ = [
    "Asked",
    "Eligibility",
    "Stage",
    "acknowledgement_id",
    "refusals",
    "require",
    "require_unlisted",
    "under_review",
]


class Stage(StrEnum):
    """When an order is asked about. `VALIDATION` is where a redemption's clock starts."""

    REQUEST = "request"
    VALIDATION = "validation"
    EXECUTION = "execution"


@dataclass(frozen=True, slots=True)
class _Look:
    """What the rules look at: by place, what is asked for and by whom."""

    connection: Connection
    asked: Sequence[tuple[Asked, Party]]
    policies: Policies
    at: datetime

    def of(self, position: int) -> tuple[Asked, Party]:
        return self.asked[position]

    def policy(self, position: int) -> Policy | None:
        return self.policies.of(self.asked[position][0].product)


_Refusals = Iterator[tuple[int, NotEligible]]
_Check = Callable[[_Look, Sequence[int]], _Refusals]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether orders may be taken, and whether they may still be executed."""

    unit: Unit
    clock: Clock

    def refusals(
        self, orders: Collection[Order], *, stage: Stage = Stage.EXECUTION
    ) -> dict[str, NotEligible]:
        """By order id, the first rule that each of these orders doesn't pass now; nothing of the others."""
        with self.unit.reading() as connection:
            asked = [Asked.of(order) for order in orders]
            found = refusals(connection, asked, at=self.clock.now(), stage=stage)
        return {order.id: found[place] for place, order in enumerate(orders) if place in found}

    def require(self, asked: Asked, *, stage: Stage = Stage.REQUEST) -> None:
        """Raises the `NotEligible` of the first rule that refuses it now, or `NotFound`."""
        with self.unit.reading() as connection:
            require(connection, [asked], at=self.clock.now(), stage=stage)

    def require_registrable(self, wallet: str) -> None:
        """Raises `NotEligible` for a wallet that may not go into the registry: unproved, of an investor who
        isn't verified now, or under review. Raises `NotFound`.
        """
        with self.unit.reading() as connection:
            party = known_parties(connection, [wallet])[wallet]
            require_unlisted(connection, self.clock.now(), investor=party.investor)
        refusal = _unproven(party) or _unverified(party, self.clock.now())
        if party.is_restricted:
            refusal = under_review(party.investor)
        if refusal is not None:
            raise refusal

    def require_onboarding(self, *, jurisdiction: str, investor_class: str) -> None:
        """Raises `JurisdictionRefused`, or `ClassNotApproved` for a class that nobody has approved.

        Where no policy is in force there is nothing to raise.
        """
        with self.unit.reading() as connection:
            policy = policies(connection).of(ONBOARDING)
        if policy is None:
            return
        if not policy.admits_jurisdiction(jurisdiction):
            raise JurisdictionRefused(
                f"investors of {jurisdiction} aren't onboarded under the policy in force",
                jurisdiction=jurisdiction,
            )
        if investor_class not in policy.classes:
            raise ClassNotApproved(
                f"nobody is onboarded as {investor_class}: onboard them as one of "
                f"{', '.join(sorted(policy.classes))}, then have them classified on evidence",
                investor_class=investor_class,
            )


def refusals(
    connection: Connection, asked: Sequence[Asked], *, at: datetime, stage: Stage
) -> dict[int, NotEligible]:
    """By place in `asked`, the first rule that refuses it. Raises `NotFound` for an unknown wallet."""
    if not asked:
        return {}
    parties = known_parties(connection, (item.wallet for item in asked))
    look = _Look(connection, [(item, parties[item.wallet]) for item in asked], policies(connection), at)
    by_kind: dict[OrderKind, list[int]] = defaultdict(list)
    for place, item in enumerate(asked):
        by_kind[item.kind].append(place)
    refused: dict[int, NotEligible] = {}
    for kind, standing in by_kind.items():
        for check in _checks(kind, stage):
            found = dict(check(look, standing))
            if found:
                refused |= found
                standing[:] = [place for place in standing if place not in found]
    return refused


def require(connection: Connection, asked: Sequence[Asked], *, at: datetime, stage: Stage) -> None:
    """Raises the first of `refusals`."""
    refused = refusals(connection, asked, at=at, stage=stage)
    if refused:
        raise refused[min(refused)]


def require_unlisted(
    connection: Connection, at: datetime, *, investor: str, wallet: str | None = None
) -> None:
    """Raises `UnderReview` if a list in force names the investor, one of their wallets, or `wallet`, which
    is to be theirs; `ScreeningImpossible` if nobody can say.
    """
    if not require_current(connection, at):
        return
    hits = hits_of(connection, [investor])
    if wallet is not None:
        hits += hits_of_new(connection, investor, wallet)
    if any(not hit.released for hit in hits):
        raise under_review(investor)


def acknowledgement_id(investor: str, document: str, version: str) -> str:
    """The record that says that the investor has acknowledged a version of a document."""
    return f"acknowledgement/{investor}/{document}/{version}"


def under_review(investor: str) -> UnderReview:
    """The same words whatever the cause."""
    return UnderReview(
        f"investor {investor} is under review by compliance: nothing moves until compliance has decided",
        investor=investor,
    )


# ------------------------------------------------------------------------------------------------ the rules


def _owned(look: _Look, places: Sequence[int]) -> _Refusals:
    for place in places:
        asked, party = look.of(place)
        if party.investor != asked.investor:
            yield (
                place,
                NotEligible(
                    f"wallet {asked.wallet} belongs to investor {party.investor}, not to {asked.investor}",
                    wallet=asked.wallet,
                ),
            )


def _free_of_review(look: _Look, places: Sequence[int]) -> _Refusals:
    for place in places:
        _, party = look.of(place)
        if party.is_restricted:
            yield place, under_review(party.investor)


def _screened(look: _Look, places: Sequence[int]) -> _Refusals:
    """The lists in force, whether or not a run has come to the party since they were adopted."""
    try:
        lists = require_current(look.connection, look.at)
    except ScreeningImpossible as error:
        yield from ((place, error) for place in places)
        return
    if not lists:
        return
    investors = {look.of(place)[1].investor for place in places}
    listed = {hit.investor for hit in hits_of(look.connection, investors) if not hit.released}
    for place in places:
        _, party = look.of(place)
        if party.investor in listed:
            yield place, under_review(party.investor)


def _proven(look: _Look, places: Sequence[int]) -> _Refusals:
    yield from _each(places, lambda place: _unproven(look.of(place)[1]))


def _verified(look: _Look, places: Sequence[int]) -> _Refusals:
    yield from _each(places, lambda place: _unverified(look.of(place)[1], look.at))


def _each(places: Sequence[int], ask: Callable[[int], NotEligible | None]) -> _Refusals:
    for place in places:
        refusal = ask(place)
        if refusal is not None:
            yield place, refusal


def _unproven(party: Party) -> NotEligible | None:
    if party.is_proven:
        return None
    return NotEligible(
        f"wallet {party.wallet} has no proof of ownership: record one with investors.prove_wallet",
        wallet=party.wallet,
    )


def _unverified(party: Party, at: datetime) -> NotEligible | None:
    if party.is_verified(at):
        return None
    until = party.verified_until.isoformat() if party.verified_until else "never verified"
    return NotEligible(
        f"investor {party.investor} is not verified at {at.isoformat()} (verified until: {until}): "
        "renew the verification",
        investor=party.investor,
    )


def _admitted(look: _Look, places: Sequence[int]) -> _Refusals:
    """The product's policy: jurisdiction, regime and class."""
    for place in places:
        asked, party = look.of(place)
        if party.regime == FULL_DUE:
            yield place, _outside_perimeter(party, "it holds another asset already")
            continue
        try:
            policy = look.policy(place)
        except ProductNotAdmitted as error:
            yield place, error
            continue
        refusal = None if policy is None else _outside(policy, asked, party, look.at)
        if refusal is not None:
            yield place, refusal


def _outside(policy: Policy, asked: Asked, party: Party, at: datetime) -> NotEligible | None:
    if not policy.admits_jurisdiction(party.jurisdiction):
        return JurisdictionRefused(
            f"{asked.product} isn't for investors of {party.jurisdiction} under the policy in force",
            investor=party.investor,
            jurisdiction=party.jurisdiction,
        )
    if not policy.licensed_stablecoin and party.regime != FULL:
        return _outside_perimeter(party, f"{asked.product} is no licensed stablecoin")
    found = party.investor_class(at)
    if found not in policy.classes:
        lapsed = party.approved_class is not None and party.approved_class != found
        why = f" since the class {party.approved_class} lapsed at {party.classified_until}" if lapsed else ""
        return ClassNotApproved(
            f"{asked.product} is for {', '.join(sorted(policy.classes))}, and investor {party.investor} is "
            f"{found}{why}: classify them on evidence",
            investor=party.investor,
            investor_class=found,
        )
    return None


def _outside_perimeter(party: Party, why: str) -> OutsidePerimeter:
    return OutsidePerimeter(
        f"the account of investor {party.investor} is under the regime {party.regime}, and {why}: move it to "
        f"{FULL} first",
        investor=party.investor,
        regime=party.regime,
    )


_RECORDS = schema.records
_ACKNOWLEDGED = sa.select(_RECORDS.c.id).where(
    Among(_RECORDS.c.id, "ids"), _RECORDS.c.state == RecordState.ACKNOWLEDGED
)


def _acknowledged(look: _Look, places: Sequence[int]) -> _Refusals:
    """Every document that the product names, in the version in force."""
    wanted: dict[int, tuple[Document, ...]] = {}
    for place in places:
        policy = look.policy(place)
        if policy is not None and policy.documents:
            wanted[place] = policy.documents
    if not wanted:
        return
    ids = {
        acknowledgement_id(look.asked[place][0].investor, item.name, item.version)
        for place, documents in wanted.items()
        for item in documents
    }
    found = set(look.connection.execute(_ACKNOWLEDGED, {"ids": sorted(ids)}).scalars())
    for place, documents in wanted.items():
        investor = look.asked[place][0].investor
        for item in documents:
            if acknowledgement_id(investor, item.name, item.version) not in found:
                yield (
                    place,
                    DocumentNotAcknowledged(
                        f"investor {investor} hasn't acknowledged version {item.version} of {item.name}: "
                        "have them acknowledge it first",
                        investor=investor,
                        document=item.name,
                        version=item.version,
                    ),
                )
                break


def _within_limits(look: _Look, places: Sequence[int]) -> _Refusals:
    wanted = []
    for place in places:
        asked, party = look.of(place)
        policy = look.policies.by_product.get(asked.product)
        must_be_set = policy is not None and asked.kind in policy.limited
        wanted.append(limits.Use(place, asked, party, must_be_set))
    return limits.passed(look.connection, wanted, at=look.at)


@cache
def _checks(kind: OrderKind, stage: Stage) -> tuple[_Check, ...]:
    return tuple(check for check, when in _RULES if (kind, stage) in when)


def _at(
    *stages: Stage, kinds: Collection[OrderKind] = tuple(OrderKind)
) -> frozenset[tuple[OrderKind, Stage]]:
    return frozenset((kind, stage) for kind in kinds for stage in stages or tuple(Stage))


_ALWAYS = _at()
_ACQUIRING = _at(kinds=(OrderKind.MINT, OrderKind.SUBSCRIPTION))
# Who may not buy any more may redeem: of a redemption the verification is asked when its clock starts, and
# once the tokens are in escrow a limit no longer stands between the holder and the money.
_STARTING_CLOCK = _at(Stage.VALIDATION, kinds=(OrderKind.REDEMPTION,))
_TAKING_BACK = _at(Stage.REQUEST, Stage.VALIDATION, kinds=(OrderKind.REDEMPTION, OrderKind.FUND_REDEMPTION))

_RULES: tuple[tuple[_Check, frozenset[tuple[OrderKind, Stage]]], ...] = (
    (_owned, _ALWAYS),
    (_free_of_review, _ALWAYS),
    (_screened, _ALWAYS),
    (_proven, _ACQUIRING | _STARTING_CLOCK),
    (_verified, _ACQUIRING | _STARTING_CLOCK),
    (_admitted, _ACQUIRING),
    (_acknowledged, _ACQUIRING),
    (_within_limits, _ACQUIRING | _TAKING_BACK),
)
