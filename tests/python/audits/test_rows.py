"""The rows of docs/audits.md that are about the SDK: a test for each, named by its row.

`test_row_NN` are of the table "Funds and security tokens", `test_sdk_NN` of "Stablecoins and issuance
SDKs". Other tests go deeper; these say that the row holds.
"""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.checkout import REPOSITORY
from support.deployments import demo_terms, new_node
from support.desks import CHECKER, MAKER, Bench
from support.ledgers import TREASURER, Fixture, dollars
from support.reserve_reports import data, line
from support.suite import Suite

from toolkit import artifacts
from toolkit.bindings import errors
from toolkit.bindings.access import AccessManager, GuardianGate
from toolkit.bindings.contract import Contract
from toolkit.bindings.distribution import Distribution
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.market import PrimaryMarket
from toolkit.bindings.registry import InvestorRegistry
from toolkit.bindings.roles import Role
from toolkit.bindings.share import FundShare
from toolkit.bindings.token import Stablecoin
from toolkit.bindings.vault import FundVault
from toolkit.deployment import DeploymentRecord, Progress, apply, plan, verify
from toolkit.deployment.terms import Terms
from toolkit.errors import CodeMismatch, ConfigurationError, InvalidInput, NotAuthorised, ToolkitError
from toolkit.ledger import State
from toolkit.ledger.errors import PayoutAlreadyRecorded
from toolkit.reserves import ReserveReport


def test_row_26_a_payment_reference_pays_once(ledger: Fixture) -> None:
    orders = [ledger.redemption(key) for key in ("a", "b")]
    for order in orders:
        ledger.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED, State.BURNED)

    def pay(order_id: str) -> None:
        now = ledger.clock.now()
        ledger.ledger.payouts.record(
            order_id, reference="WIRE-1", amount=dollars("100.00"), paid_at=now, actor=TREASURER
        )

    pay(orders[0].id)
    for order in orders:
        with pytest.raises(PayoutAlreadyRecorded, match="WIRE-1"):
            pay(order.id)
    assert ledger.ledger.orders.get(orders[1].id).state is State.BURNED


@pytest.mark.parametrize("number", [-1, 2**256])
def test_row_42_numbers_from_outside_are_range_checked(suite: Suite, number: int) -> None:
    market = suite.market
    for use in (
        lambda: market.redemption(number),
        lambda: market.is_executed(number),
        lambda: market.cancel_redemption(number),
        lambda: market.reject_redemptions([number], bytes(32)),
        lambda: market.record_payouts([(number, bytes(32))]),
        lambda: suite.token.transfer(suite.holder.address, number),
    ):
        with pytest.raises(InvalidInput):
            use()


# ----------------------------------------------------------------------------------- documentation, install


def test_sdk_01_every_name_that_the_docs_import_exists() -> None:
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    texts += [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "toolkit").rglob("*.py"))]
    imported = [
        (module, name.split(" as ")[0].strip())
        for text in texts
        for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        for module, names in re.findall(r"^from (toolkit[\w.]*) import (.+)$", code, re.MULTILINE)
        for name in names.split(",")
    ]
    assert imported, "the documentation shows no import"
    for module, name in imported:
        known = hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None
        assert known, f"{module} has no {name}"


def test_sdk_04_a_deployment_cut_off_says_what_is_done_and_goes_on(tmp_path: Path) -> None:
    class CutOff(Exception):
        pass

    def stop_half_way(progress: Progress) -> None:
        if progress.remaining == 40:
            raise CutOff

    terms, path = demo_terms(), tmp_path / "record.json"
    with new_node() as node:
        client = node.client()
        with pytest.raises(CutOff):
            apply(terms, client, None, path, stop_half_way)
        unfinished = DeploymentRecord.load(path)
        assert not unfinished.complete
        assert unfinished.contracts
        assert plan(terms, client)
        finished = apply(terms, client, None, path)
        assert finished.complete
        assert not plan(terms, client)
        for name in unfinished.contracts:
            assert finished.address(name) == unfinished.address(name)
        client.close()


def test_sdk_05_everything_installs_from_a_public_registry_by_its_hash() -> None:
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.strip())
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in lock
    packages = json.loads((REPOSITORY / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    for name, package in installed.items():
        assert "resolved" not in package, f"{name} is bound to a registry"
        # npm takes the hash of another platform's binary from the registry that serves it.
        if not (package.get("optional") and name.startswith("node_modules/@foundry-rs/")):
            assert package["integrity"].startswith("sha512-"), name


def test_sdk_06_few_dependencies_and_each_of_them_locked() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {re.match(r"[\w-]+", item).group() for item in project["dependencies"]}  # type: ignore[union-attr]
    assert len(core) <= 8, core
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", lock, re.MULTILINE))
    assert core <= locked


# --------------------------------------------------------------------------------------- before sending


def test_sdk_03_the_error_says_which_gate_and_with_what_numbers(suite: Suite) -> None:
    suite.register(suite.holder.address)
    with pytest.raises(errors.ReserveStale) as stale:
        suite.mint(1, 5)
    assert (stale.value.as_of, stale.value.fresh_until) == (0, 0)
    suite.attest(101)
    with pytest.raises(errors.BackingExceeded) as short:
        suite.mint(1, 101)
    assert (short.value.minted, short.value.ceiling) == (101, 100)  # the terms keep one per cent back
    suite.mint(1, 100)


def test_sdk_07_maker_and_checker_are_two_people(bench: Bench) -> None:
    bench.desk.ledger.persons.set_roles(MAKER, ["maker", "checker", "approver"])  # type: ignore[list-item]
    order = bench.funded(bench.customer(), "5.00")
    with pytest.raises(NotAuthorised):
        bench.desk.approve(order, bench.approver(), by=MAKER)
    (proposal,) = bench.desk.approve(order, bench.approver(CHECKER))
    assert proposal.signed_by == (CHECKER,)


def test_sdk_08_explaining_sends_nothing_and_says_what_sending_would(suite: Suite) -> None:
    suite.ready(101)
    operator = suite.signer(Role.OPERATOR).address
    order = suite.order(1, 101)
    block, nonce = suite.client.block("latest").number, suite.client.nonce(operator, "pending")
    (refusal,) = suite.market.explain(order, operator)
    assert isinstance(refusal, errors.BackingExceeded)
    assert suite.client.block("latest").number == block
    assert suite.client.nonce(operator, "pending") == nonce
    with pytest.raises(errors.BackingExceeded) as caught:
        suite.send(Role.OPERATOR, suite.market.mint([suite.batch(order)]))
    assert caught.value.details == refusal.details


# --------------------------------------------------------------------------------------- versions


def test_sdk_09_versions_are_pinned_and_no_terms_leave_staleness_out(suite: Suite) -> None:
    package = json.loads((REPOSITORY / "package.json").read_text(encoding="utf-8"))
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} {version}"
    (pragma,) = re.findall(
        r"^pragma solidity (.+);",
        (REPOSITORY / "contracts" / "deployment" / "Imports.sol").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert pragma == package["dependencies"]["solc"]
    assert suite.feed.max_age() > 0
    for replacement in ('max_age = "0h"', ""):
        with pytest.raises(ConfigurationError, match="max_age"):
            demo_terms(('max_age = "26h"', replacement))
    for decimals in (2, 8, 18):
        assert isinstance(demo_terms(("decimals = 6", f"decimals = {decimals}")), Terms)


def test_sdk_12_the_bytecode_of_a_deployment_is_verified(suite: Suite) -> None:
    record = suite.issuance.record
    verify(suite.terms, suite.client, record)
    for contract in ("Stablecoin", "PrimaryMarket", "ReserveFeed"):
        snapshot = suite.node.snapshot()
        address = record.address(contract)
        suite.node.request("anvil_setCode", address, "0x" + suite.client.code(address, "latest").hex() + "00")
        with pytest.raises(CodeMismatch, match=address):
            verify(suite.terms, suite.client, record)
        suite.node.revert(snapshot)


def test_sdk_23_a_report_has_one_instant_and_no_line_another() -> None:
    with pytest.raises(InvalidInput, match="as_of"):
        ReserveReport.from_data(data(line(as_of="2024-01-30T12:00:00+08:00")))
    report = ReserveReport.from_data(data())
    assert report.to_data()["as_of"] == "2024-01-31T04:00:00Z"


def test_sdk_26_every_call_that_changes_something_has_a_typed_method() -> None:
    left_out = {
        "forcedTransfer(address,address,uint256)",  # always reverts: compliance acts under a case
        "setAuthority(address)",  # always reverts
        "initialize()",  # in the proxy's creation
    }
    for_contracts: dict[type[Contract], set[str]] = {
        Stablecoin: {"mint", "burnEscrow", "discharge", "lowerFrozen"},
        FundShare: {"issue", "retire", "collect", "deliver", "giveBack"},
    }
    contracts: tuple[type[Contract], ...] = (
        AttestedFeed,
        Distribution,
        FundShare,
        FundVault,
        GuardianGate,
        InvestorRegistry,
        PrimaryMarket,
        Stablecoin,
    )
    for contract in contracts:
        source = "".join(inspect.getsource(kind) for kind in contract.__mro__ if kind is not object)
        written = {
            item["name"]
            for item in artifacts.load(contract.artifact).abi
            if item["type"] == "function"
            and item["stateMutability"] not in ("view", "pure")
            and f"{item['name']}({','.join(part['type'] for part in item['inputs'])})" not in left_out
        }
        written -= for_contracts.get(contract, set())
        missing = {name for name in written if f'"{name}' not in source}
        assert not missing, f"{contract.__name__} has no method for {sorted(missing)}"
    assert AccessManager.artifact == "AccessManager"
    assert (REPOSITORY / "toolkit" / "py.typed").exists()
    assert issubclass(errors.BackingExceeded, ToolkitError)
