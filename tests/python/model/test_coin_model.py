"""Any course of a coin's life: the SDK on a real chain does what the reference model does, step by step.

`HYPOTHESIS_PROFILE=deep` goes through many times as many courses, other ones each time.
"""

from __future__ import annotations

import pytest
from support.courses import PROFILE, Courses
from support.model.bench import Tally, model_terms
from support.model.machine import CoinMachine
from support.model.refusals import KINDS

from toolkit.bindings import errors
from toolkit.chain.anvil import Anvil
from toolkit.issuance import Issuance

COURSES = {"check": Courses(70, steps=50), "deep": Courses(1000, steps=80, new=True)}[PROFILE]
LEAST = {"check": 2, "deep": 50}[PROFILE]

VERBS = {
    *("accept", "approve", "attest", "audit", "burn by order", "cancel", "cancel authorisation", "explain"),
    *("forced transfer", "freeze", "mint", "mint many", "pause", "pay", "permit", "receive by authorisation"),
    *("register", "reject", "remove wallet", "request", "request by authorisation", "resume", "resume feed"),
    *("resume minting", "return unsolicited", "schedule", "seize", "set attestors", "set buffer", "set feed"),
    *(
        "set limit",
        "set limits",
        "set order cap",
        "set period",
        "set tiers",
        "stop minting",
        "suspend attestor",
    ),
    *("suspend feed", "time passes", "transfer", "transfer by authorisation", "transfer from", "unfreeze"),
    "wind down",
}
"""What has to have gone through, again and again, for agreement to mean anything."""

RARE = {
    errors.AccessManagerAlreadyScheduled,
    errors.BufferTooLarge,
    errors.CaseIdMissing,
    errors.InvalidAttestor,
    errors.InvalidMaxAge,
    errors.InvalidPeriod,
    errors.InvalidThreshold,
    errors.InvalidTiers,
    errors.MarketWoundDown,
    errors.NotRedemptionHolder,
    errors.PaymentReferenceMissing,
    errors.SafeCastOverflowedUintDowncast,
}
"""Refusals that the short run may miss: each comes of one argument of one verb."""


@pytest.mark.timeout(0)
def test_the_sdk_does_what_the_model_does() -> None:
    tally = Tally()
    with Anvil(accounts=20) as node:
        deployed = Issuance.deploy(model_terms(), node)
        COURSES.run(lambda: CoinMachine(node, deployed, tally))
    print(tally)
    assert set(tally.successes) == VERBS
    seldom = {verb: count for verb, count in tally.successes.items() if count < LEAST}
    assert not seldom, f"hardly ever went through: {seldom}\n{tally}"
    unseen = KINDS - tally.kinds() - (RARE if PROFILE == "check" else set())
    assert not unseen, f"never refused with {sorted(kind.__name__ for kind in unseen)}\n{tally}"
