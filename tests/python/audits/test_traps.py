"""The traps of docs/audits.md that are about the SDK, the tools and the documentation."""

from __future__ import annotations

import re
import sqlite3
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.desks import Bench
from support.ledgers import MAKER, Fixture
from support.suite import Suite

import toolkit
from toolkit import artifacts
from toolkit.amounts import Amount
from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.chain.abi import selector
from toolkit.errors import IllegalTransition, InvalidInput, LedgerTampered, NotAuthorised, ToolkitError
from toolkit.ledger import Role as LedgerRole
from toolkit.ledger import State


def test_trap_14_no_debugging_code_in_the_contracts() -> None:
    sources = sorted((REPOSITORY / "contracts").rglob("*.sol"))
    assert len(sources) > 20
    for path in sources:
        found = re.search(r"console|hardhat|forge-std|\bVm\b", path.read_text(encoding="utf-8"))
        assert found is None, f"{path.name}: {found}"


def test_trap_15_every_command_that_the_docs_name_exists() -> None:
    from toolkit.cli.app import command

    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    shown = [
        words.split()
        for page in pages
        for words in re.findall(r"`issuance ([a-z]+(?: [a-z][a-z-]*)?)", page.read_text(encoding="utf-8"))
    ]
    assert len(shown) > 10
    for words in shown:
        found: Any = command()
        for word in words:
            found = getattr(found, "commands", {}).get(word)
            assert found is not None, f"issuance {' '.join(words)}: no command {word}"


def test_trap_16_nobody_sets_a_state_by_itself(ledger: Fixture) -> None:
    order = ledger.mint("a")
    with pytest.raises(IllegalTransition):
        ledger.ledger.orders.step(order.id, State.SETTLED, actor=MAKER, role=LedgerRole.MAKER, reason="done")
    with pytest.raises((NotAuthorised, IllegalTransition)):
        ledger.ledger.orders.step(order.id, State.FUNDED, actor=MAKER, role=LedgerRole.MAKER, reason="paid")
    with sqlite3.connect(ledger.url.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE orders SET state = 'settled'")
    database.close()
    with pytest.raises(LedgerTampered, match="settled"):
        ledger.ledger.verify()


def test_trap_17_an_amount_has_one_unit_and_says_which(bench: Bench) -> None:
    suite, customer = bench.suite, bench.customer()
    assert bench.requested(customer, "1000.00").base_units == 1000 * 10 ** suite.token.decimals()
    for amount in (1000.0, "1000.0000001", Amount.money("1000.00", "HKD")):
        with pytest.raises(InvalidInput):
            bench.requested(customer, amount)  # type: ignore[arg-type]


def test_trap_18_gas_is_estimated_for_what_is_sent(suite: Suite) -> None:
    suite.ready()
    limits = []
    for count in (1, 20):
        first = suite.client.block("latest").number * 100
        orders = [suite.order(first + place, 5) for place in range(count)]
        call = suite.market.mint([suite.batch(*orders)])
        operator = suite.signer(Role.OPERATOR)
        estimate = suite.client.estimate_gas(call.to, call.data, sender=operator.address)
        sent = suite.send(Role.OPERATOR, call)
        transaction = suite.client.transaction(sent.receipt.tx_hash)
        assert transaction is not None
        assert transaction.gas >= estimate, "with room above the estimate"
        limits.append(transaction.gas)
    assert limits[1] > limits[0] + 100_000


def test_trap_19_every_contract_error_has_a_code_and_a_selector_of_its_own() -> None:
    assert len({kind.code for kind in errors.ALL}) == len(errors.ALL) > 80
    declared = {
        (entry["name"], selector(entry))
        for name in ("Stablecoin", "PrimaryMarket", "AttestedFeed", "InvestorRegistry", "GuardianGate")
        for entry in artifacts.load(name).abi
        if entry["type"] == "error"
    }
    assert len({code for _, code in declared}) == len(declared)


def test_trap_19_every_error_of_the_toolkit_has_a_code_of_its_own() -> None:
    for module in walk_packages(toolkit.__path__, "toolkit."):
        if not module.name.startswith("toolkit.ledger.migrations"):
            import_module(module.name)
    holders: dict[str, type[ToolkitError]] = {}
    for kind in sorted(_below(ToolkitError), key=lambda kind: len(kind.__mro__)):
        if "code" not in vars(kind) or not kind.__module__.startswith("toolkit."):
            continue
        # A contract's refusal may have the code of the family that it belongs to.
        other = holders.setdefault(kind.code, kind)
        assert issubclass(kind, other), f"{kind} and {other} are both {kind.code}"
    assert len(holders) > 100


def _below(kind: type[ToolkitError]) -> set[type[ToolkitError]]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))
