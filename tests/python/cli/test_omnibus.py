"""An omnibus wallet by commands alone."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from support.checkout import REPOSITORY
from support.counter import CHECKER, COMPLIANCE, MAKER, Counter

from toolkit.chain.signers import dev_signer

POOL = 16


@pytest.fixture
def pool(counter: Counter, tmp_path: Path) -> Counter:
    """A staffed desk with an omnibus wallet that holds 100.00."""
    counter.staff()
    counter.do("investor", "person", "registrar-1", "--role", "registrar")
    counter.do("investor", "person", "compliance-2", "--role", "compliance")
    counter.onboard()
    file = counter.challenge(dev_signer(POOL).address)
    counter.do("investor", "prove", file, "--signer", f"anvil:{POOL}", "--kind", "omnibus")
    counter.back()
    counter.do(
        *("mint", "request", counter.investor, "100.00"),
        *("--wallet", dev_signer(POOL).address, "--idempotency-key", "S", "--maker", MAKER),
    )
    order = str(counter.order()["id"])
    counter.fund(order, "FPS-9", "100.00")
    counter.do("mint", "approve", order, "--signer", "anvil:2")
    announce(counter, order, tmp_path / "parties.json")
    counter.do("run")
    return counter


def announce(counter: Counter, order: str, parties: Path) -> None:
    """An omnibus wallet is a platform's, which acknowledges what it receives (the travel rule)."""
    travel, by = ("compliance", "travel"), ("--by", MAKER)
    review = ("--licence", "VATP 1", "--reviewed", "DD-1", "--expires", "2100-01-01")
    counter.do(*travel, "propose", "gate", "--name", "Gate Ltd", "--jurisdiction", "HK", *review, *by)
    counter.do(*travel, "accept", "gate", "--rationale", "file DD-1", "--by", COMPLIANCE)
    party = {"name": "a party", "account": "an account"}
    parties.write_text(json.dumps({"originator": party, "recipient": party}))
    sent = ("--institution", "gate", "--parties", parties, "--rate", "7.80")
    counter.do(*travel, "send", order, *sent, *by)
    counter.do(*travel, "acknowledge", order, "--reference", "GATE-1", *by)


def test_from_allocation_to_a_verified_share(pool: Counter, mode: str, tmp_path: Path) -> None:
    wallet, omnibus = dev_signer(POOL).address, ("compliance", "omnibus")
    shell = pool.shell
    ann, ben = (shell.json(*omnibus, "client", uuid.UUID(int=number))["client"] for number in (1, 2))
    pool.mode = mode
    parts = ("--part", f"{ann}=33.333334", "--part", f"{ben}=66.666666")
    shell.refusal(
        2, *omnibus, "allocate", wallet, *parts[:2], "--total", "100", "--key", "a", "--maker", MAKER
    )
    pool.do(*omnibus, "allocate", wallet, *parts, "--total", "100", "--key", "a", "--maker", MAKER)
    asked = f"allocation/{wallet}/a"
    shell.refusal(1, *omnibus, "commit", wallet, "--by", "registrar-1")
    pool.do(*omnibus, "approve", asked, "--checker", CHECKER)
    pool.do(
        *(*omnibus, "transfer", wallet, "--from", ben, "--to", ann),
        *("--amount", "0.000001", "--key", "t", "--maker", MAKER),
    )
    pool.do(*omnibus, "approve", f"allocation/{wallet}/t", "--checker", CHECKER)
    flow = ("--amount", "0.50", "--maker", MAKER)
    pool.do(*omnibus, "announce", wallet, ann, *flow, "--key", "in")
    pool.do(*omnibus, "reserve", wallet, ben, *flow, "--key", "out")
    (leaving,) = [row for row in shell.json(*omnibus, "positions", wallet)["rows"] if row["client"] == ben]
    assert leaving["pending_out"] == "0.500000"
    nowhere = ("--transaction", "0x" + "00" * 32, "--by", CHECKER)
    assert "is not final" in shell.refusal(1, *omnibus, "settle", f"client_flow/{wallet}/in", *nowhere)
    for name in ("in", "out"):
        retracted = ("--by", MAKER, "--reason", "called off")
        pool.do(*omnibus, "retract", f"client_flow/{wallet}/{name}", *retracted)
    case = ("--case", "CASE-7")
    pool.do(*omnibus, "lock", wallet, ann, "--amount", "33.333335", *case, "--by", COMPLIANCE)
    pool.do(*omnibus, "positions", wallet)
    found = shell.json(*omnibus, "positions", wallet)
    assert (found["sum"], found["difference"], found["locked"]) == ("100.000000", "0.000000", "33.333335")
    assert {row["client"]: row["available"] for row in found["rows"]} == {ann: "0.000000", ben: "66.666665"}
    shell.refusal(1, *omnibus, "unlock", wallet, ann, *case, "--by", COMPLIANCE)
    pool.do(*omnibus, "unlock", wallet, ann, *case, "--by", "compliance-2")

    pool.do(*omnibus, "commit", wallet, "--by", "registrar-1")
    proof = tmp_path / "proof.json"
    pool.do(*omnibus, "prove", wallet, ann, "--out", proof)
    pool.do(*omnibus, "verifier", tmp_path / "for-clients")
    given = tmp_path / "for-clients" / "verify_position.py"
    source = REPOSITORY / "toolkit" / "compliance" / "omnibus" / "verify_position.py"
    assert given.read_bytes() == source.read_bytes()
    pool.do(*omnibus, "verify", proof, "--rpc", pool.node.rpc_url)
    held = shell.json(*omnibus, "verify", proof, "--rpc", pool.node.rpc_url)
    assert held == {
        "holds": True,
        "compared_with_chain": True,
        "problem": None,
        "amount": "33.333335 tUSD",
    }
    document = json.loads(proof.read_text())
    document["position"]["amount"] = "33333336"
    proof.write_text(json.dumps(document))
    refuted = shell(*omnibus, "verify", proof, "--rpc", pool.node.rpc_url)
    assert (refuted.status, refuted.err) == (1, "")
    assert "does not hold" in refuted.out
    proof.write_text("{}")
    assert "lacks" in shell.refusal(2, *omnibus, "verify", proof)
