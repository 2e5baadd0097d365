"""Any sequence of steps, legal or not: the ledger follows the machines and its chain always holds."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support.databases import Databases
from support.ledgers import PEOPLE, Fixture

from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised, Refused
from toolkit.ledger import MACHINES, MintOrder, Role, State
from toolkit.ledger.errors import OrderExpired


class LedgerMachine(RuleBasedStateMachine):
    """A model beside the ledger: for each order its state, where it was held from, and its path."""

    orders = Bundle("orders")

    def __init__(self, url: str) -> None:
        super().__init__()
        self.desk = Fixture(url)
        self.ledger = self.desk.ledger
        self.paths: dict[str, list[State]] = {}
        self.held_from: dict[str, State | None] = {}
        self.asked = 0

    def teardown(self) -> None:
        self.ledger.verify()
        for order_id, path in self.paths.items():
            assert [event.to_state for event in self.ledger.history(order_id)] == path
        self.ledger.close()

    @rule(target=orders, mint=st.booleans())
    def request(self, mint: bool) -> str:
        self.asked += 1
        order = self.desk.mint(f"k{self.asked}") if mint else self.desk.redemption(f"k{self.asked}")
        self.paths[order.id] = [State.REQUESTED]
        self.held_from[order.id] = None
        return order.id

    @rule(order_id=orders)
    def ask_again(self, order_id: str) -> None:
        head = self.ledger.head()
        order = self.ledger.orders.get(order_id)
        key = f"k{1 + list(self.paths).index(order_id)}"
        again = self.desk.mint(key) if isinstance(order, MintOrder) else self.desk.redemption(key)
        assert again == order
        assert self.ledger.head() == head

    @rule(order_id=orders, pick=st.integers(min_value=0, max_value=20))
    def legal_step(self, order_id: str, pick: int) -> None:
        order = self.ledger.orders.get(order_id)
        legal = MACHINES[order.kind].legal(order.state, held_from=order.held_from)
        if not legal:
            return
        target = legal[pick % len(legal)]
        try:
            self.desk.take(order_id, target)
        except OrderExpired:
            assert self.desk.clock.now() >= order.expires_at  # type: ignore[attr-defined]
            return
        except IllegalTransition:
            assert target is State.EXPIRED
            return
        self.held_from[order_id] = order.state if target is State.ON_HOLD else None
        self.paths[order_id].append(target)

    @rule(
        order_id=orders,
        to=st.sampled_from(State),
        person=st.sampled_from(sorted([*PEOPLE, "nobody"])),
        role=st.sampled_from(Role),
        reason=st.sampled_from(["", "because"]),
    )
    def any_step(self, order_id: str, to: State, person: str, role: Role, reason: str) -> None:
        before, head = self.ledger.orders.get(order_id), self.ledger.head()
        machine = MACHINES[before.kind]
        try:
            self.ledger.orders.step(order_id, to, actor=person, role=role, reason=reason)
        except (IllegalTransition, NotAuthorised, InvalidInput, Refused):
            assert self.ledger.orders.get(order_id) == before
            assert self.ledger.head() == head
            return
        step = machine.step(before.state, to, held_from=before.held_from, order=order_id)
        assert role in step.roles
        assert role in PEOPLE[person]
        assert reason or not step.reasoned
        self.held_from[order_id] = before.state if to is State.ON_HOLD else None
        self.paths[order_id].append(to)

    @rule(hours=st.integers(min_value=1, max_value=12))
    def time_passes(self, hours: int) -> None:
        self.desk.clock.advance(timedelta(hours=hours))

    @invariant()
    def the_ledger_is_where_the_model_is(self) -> None:
        found = {order.id: (order.state, order.held_from) for order in self.ledger.orders.find()}
        assert found == {order: (path[-1], self.held_from[order]) for order, path in self.paths.items()}

    @invariant()
    def the_chain_holds(self) -> None:
        assert self.ledger.verify().seq == sum(len(path) for path in self.paths.values())


def test_any_sequence_of_steps(databases: Databases) -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(databases.ledger()),
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
