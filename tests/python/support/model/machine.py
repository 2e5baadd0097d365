"""The SDK on Anvil and the model of it, side by side: after every step all that can be seen has to agree."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from support.model.choices import Size, Slip, Voices
from support.model.rules import HOLDERS
from support.model.rules_authority import AuthorityRules
from support.verbs import verb, verbs_of

FIRST_RESERVE = 20_000
SCALES = (1, 1, 10**9, 2**97)


class CoinMachine(AuthorityRules):
    """One example is one coin, from its first attestation on; `SCALES` are its base units to a unit."""

    @initialize(scale=st.sampled_from(SCALES))
    def begin(self, scale: int) -> None:
        self.scale = scale
        if scale != 1:
            self.set_market()
        self.publish(FIRST_RESERVE * scale, self.model.clock, Voices.ALL)
        for who in range(len(HOLDERS)):
            self.register(who=who, lasting=2**39, stolen=0)
        first = [(who, Size(number=1500)) for who in range(len(HOLDERS))]
        plainly = {"again": False, "twice": False, "skipped": 0, "pick": 0, "slip": Slip.NONE}
        self.mint_many(operator=0, orders=first, cut=True, **plainly)

    @verb(2)
    def audit(self) -> None:
        """What the issuance tells an auditor, recomputed from the chain."""
        model, reserve = self.model, self.sdk.reserve
        status = reserve.status()
        assert status.outstanding.base_units == model.token.outstanding
        assert status.payable.base_units == model.token.burned - model.token.discharged()
        assert status.headroom.base_units == model.headroom
        assert status.coverage_bps == model.coverage_bps
        assert status.fresh is model.is_fresh
        rounds = [(item.value, item.instant) for item in reserve.history()]
        assert rounds == [(item.value, item.as_of) for item in model.feed.rounds]
        assert reserve.tracker().supply_from_events().minted == model.token.minted
        self.bench.tally.successes["audit"] += 1

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        self.take_one(VERBS, data)

    @invariant()
    def all_that_can_be_seen_agrees(self) -> None:
        self.steps += 1
        self.see()

    @invariant()
    def the_promise_holds(self) -> None:
        """Design 4.6, of the model: that it is itself what it is to be."""
        token = self.model.token
        assert sum(token.balances.values()) == token.outstanding
        assert token.discharged() <= token.burned
        assert self.model.unsolicited >= 0

    def teardown(self) -> None:
        self.bench.close()


VERBS = verbs_of(CoinMachine, first="transfer")
