"""Any course of movements, legal or not: an omnibus account follows the model, and its lines say so."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support.databases import Databases
from support.ledgers import CHECKER, COMPLIANCE, MAKER, WORKER, Fixture, address, proof, reference

from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised, Refused
from toolkit.ledger import Role
from toolkit.ledger.omnibus_lines import Position, split

POOL, TOKEN, OFFICER = address(500), address(600), "compliance-2"
CLIENTS = [reference(number) for number in (11, 12, 13)]
HASH = "0x" + "ab" * 32
REFUSALS = (IllegalTransition, InvalidInput, NotAuthorised, Refused)

client = st.sampled_from(CLIENTS)
amount = st.integers(min_value=0, max_value=60)


class OmnibusMachine(RuleBasedStateMachine):
    """A model beside the account: what is where, in plain numbers, and what the wallet would hold."""

    flows = Bundle("flows")
    asked = Bundle("asked")

    def __init__(self, url: str) -> None:
        super().__init__()
        self.desk = Fixture(url)
        self.ledger = self.desk.ledger
        self.book = self.ledger.omnibus
        with self.ledger.transaction() as tx:
            tx.persons.add(OFFICER, label="Another officer", roles=[Role.COMPLIANCE])
            tx.investors.add_wallet(POOL, investor=reference(1), kind="omnibus", proof=proof())
        self.model = {
            name: {"available": 0, "locked": 0, "pending_in": 0, "pending_out": 0} for name in CLIENTS
        }
        self.balance = self.keys = 0
        self.waiting: dict[str, tuple[str, str, int]] = {}
        self.locks: dict[tuple[str, str], int] = {}

    def teardown(self) -> None:
        self.ledger.verify()
        self.ledger.close()

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    @rule(total=st.integers(1, 200), weights=st.dictionaries(client, st.integers(1, 9), min_size=1))
    def allocate(self, total: int, weights: dict[str, int]) -> None:
        parts = {name: part for name, part in split(total, weights).items() if part}
        record = self.book.allocate(POOL, TOKEN, parts, total=total, key=self.key(), maker=MAKER)
        self.book.approve(record.id, checker=CHECKER)
        self.balance += total
        for name, part in parts.items():
            self.model[name]["available"] += part

    @rule(target=asked, giver=client, taker=client, size=amount)
    def transfer(self, giver: str, taker: str, size: int) -> str:
        key = self.key()
        try:
            record = self.book.transfer(POOL, TOKEN, giver, taker, size, key=key, maker=MAKER)
        except REFUSALS:
            assert giver == taker or not 0 < size <= self.model[giver]["available"]
            return ""
        self.waiting[record.id] = (giver, taker, size)
        return record.id

    @rule(record_id=asked, checker=st.sampled_from([MAKER, CHECKER]))
    def approve(self, record_id: str, checker: str) -> None:
        giver, taker, size = self.waiting.get(record_id, ("", "", 0))
        try:
            self.book.approve(record_id, checker=checker)
        except REFUSALS:
            assert checker == MAKER or not giver or size > self.model[giver]["available"]
            return
        del self.waiting[record_id]
        self.model[giver]["available"] -= size
        self.model[taker]["available"] += size

    @rule(target=flows, name=client, size=amount, out=st.booleans())
    def flow(self, name: str, size: int, out: bool) -> str:
        ask = self.book.reserve if out else self.book.announce
        try:
            record = ask(POOL, TOKEN, name, size, key=self.key(), maker=MAKER)
        except REFUSALS:
            assert size == 0 or (out and size > self.model[name]["available"])
            return ""
        self.waiting[record.id] = (name, "out" if out else "in", size)
        self.model[name]["pending_out" if out else "pending_in"] += size
        self.model[name]["available"] -= size if out else 0
        return record.id

    @rule(record_id=flows, settle=st.booleans())
    def end(self, record_id: str, settle: bool) -> None:
        name, way, size = self.waiting.get(record_id, ("", "", 0))
        try:
            if settle:
                self.book.settle(record_id, transaction=HASH, by=WORKER, role=Role.OPERATOR)
            else:
                self.book.retract(record_id, by=CHECKER, role=Role.CHECKER, reason="as the test says")
        except REFUSALS:
            assert not name
            return
        del self.waiting[record_id]
        self.model[name][f"pending_{way}"] -= size
        if settle:
            self.balance += size if way == "in" else -size
        if settle == (way == "in"):
            self.model[name]["available"] += size

    @rule(name=client, size=amount, case=st.sampled_from(["CASE-1", "CASE-2"]))
    def lock(self, name: str, size: int, case: str) -> None:
        standing = self.locks.get((name, case))
        try:
            self.book.lock(POOL, TOKEN, name, size, case=case, actor=COMPLIANCE)
        except REFUSALS:
            assert size == 0 or standing is not None or size > self.model[name]["available"]
            return
        if standing is None:
            self.locks[name, case] = size
            self.model[name]["available"] -= size
            self.model[name]["locked"] += size
        else:
            assert standing == size, "the lock that stands"

    @rule(name=client, case=st.sampled_from(["CASE-1", "CASE-2"]), by=st.sampled_from([COMPLIANCE, OFFICER]))
    def unlock(self, name: str, case: str, by: str) -> None:
        try:
            self.book.unlock(POOL, TOKEN, name, case=case, actor=by)
        except REFUSALS:
            assert (name, case) not in self.locks or by == COMPLIANCE
            return
        size = self.locks.pop((name, case))
        self.model[name]["locked"] -= size
        self.model[name]["available"] += size

    @invariant()
    def the_account_is_the_models(self) -> None:
        wanted = tuple(
            position
            for name, buckets in sorted(self.model.items())
            if not (position := Position(name, **buckets)).is_empty
        )
        assert self.book.positions(POOL, TOKEN) == wanted
        assert self.book.look_through(POOL, TOKEN) == wanted
        assert sum(position.held for position in wanted) == self.balance


def test_any_course_of_movements(databases: Databases) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: OmnibusMachine(databases.ledger()),
        settings=settings(
            max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
