"""The machines of design 5.2, step by step."""

from __future__ import annotations

import itertools

import pytest

from toolkit.errors import IllegalTransition, NotAuthorised
from toolkit.ledger.machines import FUND_REDEMPTION, MINT, REDEMPTION, SUBSCRIPTION, Machine, Role, State

S = State

MINT_STEPS = {
    S.REQUESTED: {S.FUNDED, S.ON_HOLD, S.REJECTED, S.CANCELLED, S.EXPIRED},
    S.FUNDED: {S.APPROVED, S.ON_HOLD, S.REJECTED, S.CANCELLED, S.EXPIRED},
    S.APPROVED: {S.SUBMITTED, S.FUNDED, S.SETTLED, S.FAILED, S.ON_HOLD, S.REJECTED, S.CANCELLED, S.EXPIRED},
    S.SUBMITTED: {S.MINED, S.APPROVED, S.FAILED},
    S.MINED: {S.SETTLED, S.SUBMITTED},
    S.ON_HOLD: {S.REQUESTED, S.FUNDED, S.APPROVED, S.REJECTED, S.CANCELLED, S.EXPIRED},
    S.RECOVERED: {S.SETTLED},
}
REDEMPTION_STEPS = {
    S.REQUESTED: {S.VALID, S.ON_HOLD, S.REJECTED, S.CANCELLED},
    S.VALID: {S.ESCROWED, S.ON_HOLD, S.REJECTED, S.CANCELLED},
    S.ESCROWED: {S.APPROVED, S.VALID, S.ON_HOLD, S.REJECTED, S.CANCELLED},
    S.APPROVED: {S.BURNED, S.ESCROWED, S.ON_HOLD, S.REJECTED, S.CANCELLED},
    S.BURNED: {S.PAID, S.APPROVED},
    S.PAID: {S.SETTLED},
    S.ON_HOLD: {S.REQUESTED, S.VALID, S.ESCROWED, S.APPROVED, S.REJECTED, S.CANCELLED},
    S.RECOVERED: {S.ESCROWED, S.BURNED, S.SETTLED, S.CANCELLED, S.REJECTED},
}

_BEFORE = {S.IN_BATCH, S.ON_HOLD, S.REJECTED, S.CANCELLED, S.EXPIRED}
_DEALT = {
    S.PRICED: {S.SETTLED, S.QUARANTINED},
    S.QUARANTINED: {S.SETTLED},
}
SUBSCRIPTION_STEPS = {
    S.REQUESTED: {S.VALID, *_BEFORE},
    S.VALID: {S.FUNDED, *_BEFORE},
    S.FUNDED: _BEFORE,
    S.IN_BATCH: {S.PRICED, S.CANCELLED},
    **_DEALT,
    S.ON_HOLD: {S.REQUESTED, S.VALID, S.FUNDED, S.IN_BATCH, S.REJECTED, S.CANCELLED, S.EXPIRED},
}
FUND_REDEMPTION_STEPS = {
    S.REQUESTED: {S.VALID, *_BEFORE},
    S.VALID: _BEFORE,
    S.IN_BATCH: {S.GATED, S.PRICED, S.CANCELLED},
    S.GATED: {S.GATED, S.PRICED},
    **_DEALT,
    S.ON_HOLD: {S.REQUESTED, S.VALID, S.IN_BATCH, S.REJECTED, S.CANCELLED, S.EXPIRED},
}


@pytest.mark.parametrize(
    ("machine", "steps"),
    [
        (MINT, MINT_STEPS),
        (REDEMPTION, REDEMPTION_STEPS),
        (SUBSCRIPTION, SUBSCRIPTION_STEPS),
        (FUND_REDEMPTION, FUND_REDEMPTION_STEPS),
    ],
    ids=["mint", "redemption", "subscription", "fund_redemption"],
)
def test_every_pair_of_states_is_a_step_or_is_not(machine: Machine, steps: dict[State, set[State]]) -> None:
    for source, target in itertools.product(State, State):
        held_from = target if source is S.ON_HOLD else None
        if target in steps.get(source, set()):
            step = machine.step(source, target, held_from=held_from, order="o")
            assert (step.source, step.target) == (source, target)
        else:
            with pytest.raises(IllegalTransition) as refused:
                machine.step(source, target, held_from=held_from, order="o")
            assert refused.value.details["source"] is source
            assert refused.value.details["target"] is target


def test_the_message_says_from_where_to_where_and_what_is_legal() -> None:
    with pytest.raises(IllegalTransition) as refused:
        MINT.step(S.MINED, S.FUNDED, order="o-1")
    assert str(refused.value) == (
        "mint order o-1 can't go from mined to funded; legal from mined: settled, submitted"
    )
    assert refused.value.details["legal"] == [S.SETTLED, S.SUBMITTED]
    with pytest.raises(IllegalTransition, match="legal from settled: none, the state is final"):
        MINT.step(S.SETTLED, S.MINED, order="o-1")


def test_final_states() -> None:
    assert MINT.final == {S.SETTLED, S.REJECTED, S.CANCELLED, S.EXPIRED, S.FAILED}
    assert REDEMPTION.final == {S.SETTLED, S.REJECTED, S.CANCELLED}
    for machine in (SUBSCRIPTION, FUND_REDEMPTION):
        assert machine.final == {S.SETTLED, S.REJECTED, S.CANCELLED, S.EXPIRED}


@pytest.mark.parametrize("machine", [MINT, REDEMPTION, SUBSCRIPTION, FUND_REDEMPTION])
def test_a_held_order_returns_only_to_where_it_came_from(machine: Machine) -> None:
    holdable = [source for source, target in machine.steps if target is S.ON_HOLD]
    for origin, other in itertools.product(holdable, holdable):
        if origin is other:
            machine.step(S.ON_HOLD, origin, held_from=origin, order="o")
        else:
            with pytest.raises(IllegalTransition):
                machine.step(S.ON_HOLD, other, held_from=origin, order="o")
    assert machine.legal(S.ON_HOLD, held_from=S.REQUESTED).count(S.REQUESTED) == 1


def test_nothing_ends_a_mint_that_was_sent_but_the_chain() -> None:
    for state in (S.SUBMITTED, S.MINED):
        assert not {S.CANCELLED, S.REJECTED, S.EXPIRED, S.ON_HOLD} & set(MINT.legal(state))


@pytest.mark.parametrize("machine", [MINT, REDEMPTION])
def test_every_state_can_be_reached_and_left(machine: Machine) -> None:
    reached, border = {S.REQUESTED, S.RECOVERED}, {S.REQUESTED}
    while border:
        border = {target for source, target in machine.steps if source in border} - reached
        reached |= border
    assert reached == machine.states


@pytest.mark.parametrize("machine", [MINT, REDEMPTION])
def test_only_a_checker_approves_and_the_worker_decides_nothing(machine: Machine) -> None:
    for (source, target), step in machine.steps.items():
        if target is S.APPROVED and source not in (S.ON_HOLD, S.SUBMITTED, S.BURNED):
            assert step.roles == {Role.CHECKER}
            assert S.REQUESTED in step.apart_from
        if source is S.ON_HOLD and target not in machine.final:
            assert step.roles == {Role.COMPLIANCE}
        assert Role.APPROVER not in step.roles


def test_the_wrong_role_is_told_which_would_do() -> None:
    step = MINT.step(S.FUNDED, S.APPROVED, order="o-1")
    with pytest.raises(
        NotAuthorised, match=r"role maker may not take mint order o-1 .* needs one of checker"
    ):
        MINT.authorise(step, Role.MAKER, order="o-1")
