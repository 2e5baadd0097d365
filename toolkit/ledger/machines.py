"""The legal lives of an order, as data.

An order moves only along its machine; the ledger refuses every other step. The two tables below are
the whole rule: from where, to where, in which role, and which earlier actors must be other people.
The roles and who must be apart from whom follow regulation.md 3.0 and W03 to W08.

    mint             requested -> funded -> approved -> submitted -> mined -> settled
    redemption       requested -> valid -> escrowed -> approved -> burned -> paid -> settled
    subscription     requested -> valid -> [funded] -> in_batch -> priced -> settled
    fund_redemption  requested -> valid -> in_batch -> [gated] -> priced -> settled

`mined` is provisional: a reorganisation takes it back to `submitted`, and only `settled`, final under
the chain's policy, releases money. An order that `ledger rebuild` found on the chain begins as
`recovered` and goes at once to where the chain has it. `submitted` goes back to `approved` only when
the transaction provably can't land any more, and `approved` goes back to `funded` or `escrowed` only when
what was signed is void. `on_hold` remembers the state it came from and returns
there or ends.

The fund's orders move on final events alone. `in_batch` is on chain, on its dealing day; `gated` has had a
part dealt and waits on the next day with the rest; `priced` waits to be claimed; `quarantined` was due to
somebody who could not be given it. One that isn't on chain by its cut-off has `expired`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from toolkit.errors import IllegalTransition, NotAuthorised

__all__ = [
    "FUND_KINDS",
    "FUND_REDEMPTION",
    "MACHINES",
    "MINT",
    "REDEMPTION",
    "SUBSCRIPTION",
    "Machine",
    "OrderKind",
    "Role",
    "State",
    "Step",
]


class OrderKind(StrEnum):
    """What the customer asks for."""

    MINT = "mint"
    REDEMPTION = "redemption"
    SUBSCRIPTION = "subscription"
    FUND_REDEMPTION = "fund_redemption"


FUND_KINDS = frozenset({OrderKind.SUBSCRIPTION, OrderKind.FUND_REDEMPTION})
"""The orders that deal on a fund's dealing days."""


class State(StrEnum):
    """Every state of every machine."""

    RECOVERED = "recovered"
    REQUESTED = "requested"
    FUNDED = "funded"
    VALID = "valid"
    ESCROWED = "escrowed"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    MINED = "mined"
    BURNED = "burned"
    PAID = "paid"
    IN_BATCH = "in_batch"
    GATED = "gated"
    PRICED = "priced"
    QUARANTINED = "quarantined"
    SETTLED = "settled"
    ON_HOLD = "on_hold"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class Role(StrEnum):
    """In which capacity somebody acts on an order.

    `OPERATOR` is the worker, which sends and observes and decides nothing. `APPROVER` signs batches
    on chain and takes no step of a machine. `NAV_AGENT` prepares net asset values, `DEALING_MANAGER` closes
    and settles dealing days. `GUARDIAN` freezes and `REGISTRAR` keeps the register of holders; `FINANCE`
    reconciles and reports, `AUDITOR` draws days and attests, and does nothing else.
    """

    MAKER = "maker"
    CHECKER = "checker"
    COMPLIANCE = "compliance"
    TREASURER = "treasurer"
    APPROVER = "approver"
    NAV_AGENT = "nav_agent"
    DEALING_MANAGER = "dealing_manager"
    GUARDIAN = "guardian"
    REGISTRAR = "registrar"
    FINANCE = "finance"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Step:
    """One legal step.

    `apart_from`: the actor must be another person than whoever brought the order into these states.
    `reasoned`: a reason must be given. `unless_sent`: refused while a transaction that was handed to
    the chain carries the order, because it may still land.
    `before_expiry`: refused once the order has expired.
    `recorded_by`: taken only by this method of the ledger, which records the facts the step rests on.
    """

    source: State
    target: State
    roles: frozenset[Role]
    apart_from: frozenset[State] = frozenset()
    reasoned: bool = False
    unless_sent: bool = False
    before_expiry: bool = False
    recorded_by: str | None = None


class Machine:
    """The steps of one kind of order. `requested` is where every order begins, or `recovered`."""

    def __init__(self, kind: OrderKind, *, opened_by: Iterable[Role], steps: Iterable[Step]) -> None:
        self.kind = kind
        self.opened_by = frozenset(opened_by)
        self.steps = {(step.source, step.target): step for step in steps}
        self.states = frozenset(state for pair in self.steps for state in pair) | {State.REQUESTED}
        self.final = self.states - {source for source, _ in self.steps}

    def legal(self, source: State, *, held_from: State | None = None) -> list[State]:
        """The states that an order in `source` may go to, sorted.

        `held_from` is the state an order on hold came from: the only one it may go back to.
        """
        return sorted(
            target
            for origin, target in self.steps
            if origin is source
            and not (source is State.ON_HOLD and _is_return(target) and target is not held_from)
        )

    def step(self, source: State, target: State, *, held_from: State | None = None, order: str) -> Step:
        """The step from `source` to `target`. Raises `IllegalTransition` naming the legal ones."""
        legal = self.legal(source, held_from=held_from)
        if target not in legal:
            names = ", ".join(legal) or "none, the state is final"
            raise IllegalTransition(
                f"{self.kind} order {order} can't go from {source} to {target}; legal from {source}: {names}",
                order=order,
                source=source,
                target=target,
                legal=legal,
            )
        return self.steps[source, target]

    def authorise(self, step: Step, role: Role, *, order: str) -> None:
        """Raises `NotAuthorised` unless `role` may take `step`."""
        if role not in step.roles:
            may = ", ".join(sorted(step.roles))
            raise NotAuthorised(
                f"the role {role} may not take {self.kind} order {order} from {step.source} to "
                f"{step.target}: that needs one of {may}",
                order=order,
                role=role,
                allowed=sorted(step.roles),
            )


_OPERATOR = frozenset({Role.OPERATOR})
_ENDINGS = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED})
# From hold an order goes back to where it was, or here.
_AWAY = _ENDINGS | {State.IN_BATCH}


def _is_return(target: State) -> bool:
    return target not in _AWAY


def _recovered(*targets: State) -> list[Step]:
    return [
        Step(State.RECOVERED, target, _OPERATOR, reasoned=True, recorded_by="recovery") for target in targets
    ]


def _holdable(*sources: State, unless_sent: frozenset[State] = frozenset()) -> list[Step]:
    # A hold can be automatic (a list changed, a check failed at execution); only a person releases it.
    into = [
        Step(
            source,
            State.ON_HOLD,
            frozenset({Role.COMPLIANCE, Role.OPERATOR}),
            reasoned=True,
            unless_sent=source in unless_sent,
        )
        for source in sources
    ]
    back = [Step(State.ON_HOLD, source, frozenset({Role.COMPLIANCE}), reasoned=True) for source in sources]
    return into + back


def _ending(
    target: State, *sources: State, roles: Iterable[Role], unless_sent: frozenset[State] = frozenset()
) -> list[Step]:
    return [
        Step(source, target, frozenset(roles), reasoned=True, unless_sent=source in unless_sent)
        for source in sources
    ]


_CHECKER = frozenset({Role.CHECKER})
_TREASURER = frozenset({Role.TREASURER})
_SENT = frozenset({State.VALID, State.APPROVED})  # with an escrow, or an acceptance

MINT = Machine(
    OrderKind.MINT,
    opened_by=[Role.MAKER],
    steps=[
        Step(State.REQUESTED, State.FUNDED, _TREASURER, before_expiry=True, recorded_by="funds.match"),
        Step(
            State.FUNDED,
            State.APPROVED,
            _CHECKER,
            apart_from=frozenset({State.REQUESTED, State.FUNDED}),
            before_expiry=True,
        ),
        Step(State.APPROVED, State.SUBMITTED, _OPERATOR, before_expiry=True),
        Step(State.SUBMITTED, State.MINED, _OPERATOR),
        Step(State.MINED, State.SETTLED, _OPERATOR),
        # Executed by another hand, exactly as ordered: the customer has the tokens, whatever the time.
        Step(State.APPROVED, State.SETTLED, _OPERATOR, reasoned=True),
        # Reorganisation; and a transaction that provably never left or was refused as a whole.
        Step(State.MINED, State.SUBMITTED, _OPERATOR, reasoned=True),
        Step(State.SUBMITTED, State.APPROVED, _OPERATOR, reasoned=True),
        # What was approved can't be executed any more as it was signed: the market's code was upgraded.
        Step(State.APPROVED, State.FUNDED, _OPERATOR, reasoned=True),
        Step(State.APPROVED, State.FAILED, _OPERATOR, reasoned=True),
        Step(State.SUBMITTED, State.FAILED, _OPERATOR, reasoned=True),
        *_recovered(State.SETTLED),
        *_holdable(State.REQUESTED, State.FUNDED, State.APPROVED),
        *_ending(
            State.REJECTED,
            State.REQUESTED,
            State.FUNDED,
            State.APPROVED,
            State.ON_HOLD,
            roles=[Role.CHECKER, Role.COMPLIANCE],
        ),
        *_ending(
            State.CANCELLED,
            State.REQUESTED,
            State.FUNDED,
            State.APPROVED,
            State.ON_HOLD,
            roles=[Role.MAKER, Role.CHECKER],
        ),
        *_ending(
            State.EXPIRED,
            State.REQUESTED,
            State.FUNDED,
            State.APPROVED,
            State.ON_HOLD,
            roles=[Role.OPERATOR, Role.CHECKER],
        ),
    ],
)

REDEMPTION = Machine(
    OrderKind.REDEMPTION,
    # The worker opens the order of a holder who went to the contract directly.
    opened_by=[Role.MAKER, Role.OPERATOR],
    steps=[
        Step(
            State.REQUESTED,
            State.VALID,
            frozenset({Role.CHECKER, Role.COMPLIANCE}),
            recorded_by="orders.validate",
        ),
        # Whoever did it on chain. Of a transaction of the desk's own its end says so, which frees the order
        # before it takes the step: who saw it on the chain first would leave nothing for that end to do.
        Step(State.VALID, State.ESCROWED, _OPERATOR, recorded_by="orders.escrow", unless_sent=True),
        Step(State.ESCROWED, State.APPROVED, _CHECKER, apart_from=frozenset({State.REQUESTED})),
        # Only when the burn is final: what follows moves money.
        Step(State.APPROVED, State.BURNED, _OPERATOR, unless_sent=True),
        Step(
            State.BURNED,
            State.PAID,
            _TREASURER,
            apart_from=frozenset({State.REQUESTED, State.APPROVED}),
            recorded_by="payouts.record",
        ),
        Step(State.PAID, State.SETTLED, _OPERATOR, unless_sent=True),
        Step(State.ESCROWED, State.VALID, _OPERATOR, reasoned=True),
        Step(State.BURNED, State.APPROVED, _OPERATOR, reasoned=True),
        # As of a mint: approved for code that was upgraded.
        Step(State.APPROVED, State.ESCROWED, _OPERATOR, reasoned=True, unless_sent=True),
        *_recovered(State.ESCROWED, State.BURNED, State.SETTLED, State.CANCELLED, State.REJECTED),
        *_holdable(State.REQUESTED, State.VALID, State.ESCROWED, State.APPROVED, unless_sent=_SENT),
        *_ending(
            State.REJECTED,
            State.REQUESTED,
            State.VALID,
            State.ESCROWED,
            State.APPROVED,
            State.ON_HOLD,
            roles=[Role.CHECKER, Role.COMPLIANCE],
            unless_sent=_SENT,
        ),
        # The holder may cancel on chain until acceptance; the worker sees it and says so.
        *_ending(
            State.CANCELLED,
            State.REQUESTED,
            State.VALID,
            State.ESCROWED,
            State.APPROVED,
            State.ON_HOLD,
            roles=[Role.MAKER, Role.CHECKER, Role.OPERATOR],
            unless_sent=_SENT,
        ),
    ],
)

# A transaction that carries the order may still land.
_REQUESTING = frozenset({State.VALID, State.FUNDED})


def _fund_steps(*before: State) -> list[Step]:
    """What both kinds have in common; `before` are the states in which nothing is on chain yet."""
    return [
        Step(
            State.REQUESTED,
            State.VALID,
            frozenset({Role.CHECKER, Role.COMPLIANCE}),
            apart_from=frozenset({State.REQUESTED}),
            before_expiry=True,
        ),
        # The chain has it, whoever sent it.
        *(
            Step(
                source,
                State.IN_BATCH,
                _OPERATOR,
                recorded_by="fund_orders.enter",
                unless_sent=source in _REQUESTING,
            )
            for source in before
        ),
        Step(State.ON_HOLD, State.IN_BATCH, _OPERATOR, recorded_by="fund_orders.enter"),
        Step(State.IN_BATCH, State.PRICED, _OPERATOR, recorded_by="fund_orders.deal"),
        Step(State.PRICED, State.SETTLED, _OPERATOR, reasoned=True),
        Step(State.PRICED, State.QUARANTINED, _OPERATOR, reasoned=True),
        Step(State.QUARANTINED, State.SETTLED, _OPERATOR, reasoned=True),
        # Asked back on chain before the cut-off.
        Step(State.IN_BATCH, State.CANCELLED, _OPERATOR, reasoned=True),
        *_holdable(*before, unless_sent=_REQUESTING),
        *_ending(
            State.REJECTED,
            *before,
            State.ON_HOLD,
            roles=[Role.CHECKER, Role.COMPLIANCE],
            unless_sent=_REQUESTING,
        ),
        *_ending(
            State.CANCELLED,
            *before,
            State.ON_HOLD,
            roles=[Role.MAKER, Role.CHECKER],
            unless_sent=_REQUESTING,
        ),
        *_ending(
            State.EXPIRED,
            *before,
            State.ON_HOLD,
            roles=[Role.OPERATOR, Role.CHECKER],
            unless_sent=_REQUESTING,
        ),
    ]


SUBSCRIPTION = Machine(
    OrderKind.SUBSCRIPTION,
    opened_by=[Role.MAKER, Role.OPERATOR],
    steps=[
        *_fund_steps(State.REQUESTED, State.VALID, State.FUNDED),
        # Paid in money: the mint order it stands on is settled, the coin is there.
        Step(State.VALID, State.FUNDED, _OPERATOR, reasoned=True),
    ],
)

FUND_REDEMPTION = Machine(
    OrderKind.FUND_REDEMPTION,
    opened_by=[Role.MAKER, Role.OPERATOR],
    steps=[
        *_fund_steps(State.REQUESTED, State.VALID),
        Step(State.IN_BATCH, State.GATED, _OPERATOR, recorded_by="fund_orders.deal"),
        Step(State.GATED, State.GATED, _OPERATOR, recorded_by="fund_orders.deal"),
        Step(State.GATED, State.PRICED, _OPERATOR, recorded_by="fund_orders.deal"),
    ],
)

MACHINES = {machine.kind: machine for machine in (MINT, REDEMPTION, SUBSCRIPTION, FUND_REDEMPTION)}
