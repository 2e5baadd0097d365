"""A deployment to try things on: the demo terms, other terms made from them, and the chain's other hands."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.chain.abi import encode_call
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex, to_quantity
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import Sender
from toolkit.chain.signers import DEV_ACCOUNTS, dev_signer
from toolkit.deployment import DeploymentRecord, FundTerms, Progress, Terms, apply, load_terms
from toolkit.deployment.suite import AddressBook

REPOSITORY = Path(__file__).resolve().parents[3]
DEMO_TERMS = REPOSITORY / "deployments" / "terms" / "demo-coin.toml"
DEMO_FUND = REPOSITORY / "deployments" / "terms" / "demo-fund.toml"
STRANGER = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE"

OPERATOR, GUARDIAN, GOVERNOR, ADMIN = 1, 9, 10, 11
"""Indices of the demo terms' accounts."""


@dataclass(frozen=True)
class Deployed:
    """The demo coin on a node: terms, record and where the record is kept."""

    node: Anvil
    client: Client
    terms: Terms
    record: DeploymentRecord
    path: Path


@dataclass(frozen=True)
class DeployedFund:
    """The demo fund beside the demo coin: its terms, its record and where that is kept."""

    coin: Deployed
    terms: FundTerms
    record: DeploymentRecord
    path: Path

    @property
    def node(self) -> Anvil:
        return self.coin.node

    @property
    def client(self) -> Client:
        return self.coin.client


ADMIN_DELAY = 2 * 86_400
"""How long the demo coin's ADMIN waits."""


def deploy_fund(coin: Deployed, terms: FundTerms, path: Path | None = None) -> DeploymentRecord:
    """Apply, wait out ADMIN's delay, apply."""
    apply(terms, coin.client, None, path)
    coin.node.advance_time(ADMIN_DELAY + 1)
    return apply(terms, coin.client, None, path)


def account(index: int) -> str:
    return dev_signer(index).address


def demo_terms(*changes: tuple[str, str]) -> Terms:
    """The demo terms with each (old, new) replaced in the text."""
    text = DEMO_TERMS.read_text()
    for old, new in changes:
        if old not in text:
            raise AssertionError(f"the demo terms have no {old!r}")
        text = text.replace(old, new)
    return Terms.parse(text.encode(), file=DEMO_TERMS)


def call_data(book: AddressBook, contract: str, function: str, *args: Any) -> bytes:
    return encode_call(book.function(contract, function), function, args)


def send_as(node: Anvil, sender: str, to: str, data: bytes) -> None:
    """Send from any account, without its key."""
    node.request("anvil_setBalance", sender, to_quantity(10**18))
    node.request("anvil_impersonateAccount", sender)
    tx_hash = node.request("eth_sendTransaction", {"from": sender, "to": to, "data": to_hex(data)})
    node.request("anvil_stopImpersonatingAccount", sender)
    receipt, deadline = None, time.monotonic() + 30
    while receipt is None and time.monotonic() < deadline:
        receipt = node.request("eth_getTransactionReceipt", tx_hash)
    if receipt is None or receipt["status"] != "0x1":
        raise AssertionError(f"the call reverted: {receipt}")


def as_admin(node: Anvil, record: DeploymentRecord, function: str, *args: Any) -> None:
    """Call the access manager as one who holds ADMIN without delay: only the gate does, and only a test can
    put words into its mouth.
    """
    data = call_data(record.book, "AccessManager", function, *args)
    send_as(node, record.address("GuardianGate"), record.address("AccessManager"), data)


def as_governor(node: Anvil, record: DeploymentRecord, contract: str, function: str, *args: Any) -> None:
    """Call `contract` as a holder of GOVERNOR without delay, who is gone again afterwards."""
    as_admin(node, record, "grantRole", 8, STRANGER, 0)
    send_as(node, STRANGER, record.address(contract), call_data(record.book, contract, function, *args))
    as_admin(node, record, "revokeRole", 8, STRANGER)


def send(
    client: Client, index: int, record: DeploymentRecord, contract: str, function: str, *args: Any
) -> None:
    """Call `contract` with a development account's key, and see it mined."""
    call = Call(record.address(contract), call_data(record.book, contract, function, *args))
    Sender(client, dev_signer(index), MemoryJournal()).execute(call)


def apply_in_a_process(terms: str, rpc_url: str, record_path: str, notes_path: str) -> None:
    """What a killed process was doing: it notes every transaction it sends."""

    def note(progress: Progress) -> None:
        with Path(notes_path).open("a") as notes:
            notes.write(f"{progress.stage}\n")

    apply(load_terms(terms), Client(rpc_url), None, record_path, note)


def new_node(**options: Any) -> Anvil:
    return Anvil(accounts=DEV_ACCOUNTS, **options)
