"""How investors stand, by commands alone: policies, limits, classes, regimes, documents and accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.counter import CHECKER, COMPLIANCE, HOLDER, MAKER, Counter

from toolkit.chain.calls import Call
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_signer

DIGEST = "ab" * 32
PROFESSIONAL = ["corporate_professional", "individual_professional"]


def written(counter: Counter, name: str, data: dict[str, Any]) -> Path:
    path = counter.folder / name
    path.write_text(json.dumps(data))
    return path


def in_force(counter: Counter, what: str, data: dict[str, Any]) -> str:
    """Proposed by one, confirmed by another."""
    shell, office = counter.shell, ("compliance", what)
    made = shell.json(*office, "propose", written(counter, f"{what}.json", data), "--by", CHECKER)
    shell.refusal(1, *office, "confirm", made["id"], "--by", CHECKER)
    counter.do(*office, "confirm", made["id"], "--by", COMPLIANCE)
    return str(made["id"])


def policy(product: str, **changes: Any) -> dict[str, Any]:
    return {
        "product": product,
        "licensed_stablecoin": True,
        "classes": PROFESSIONAL,
        "allowed": ["HK"],
        "denied": [],
        "documents": [{"name": "terms", "version": "1", "digest": DIGEST}],
        "limited": ["mint"],
        **changes,
    }


def test_an_officers_work_on_parties(counter: Counter, mode: str) -> None:
    do, shell = counter.do, counter.shell
    counter.mode = mode
    counter.staff()
    counter.customer()
    counter.back()
    in_force(counter, "policy", policy("tUSD"))
    spare = shell.json(
        "compliance", "policy", "propose", written(counter, "spare.json", policy("tUSD")), "--by", CHECKER
    )
    do("compliance", "policy", "retract", spare["id"], "--by", CHECKER, "--reason", "a slip")
    do("compliance", "policy", "list")
    assert [item["product"] for item in shell.json("compliance", "policy", "list")] == ["tUSD"]

    investor, wallet = counter.investor, counter.wallet
    request = (
        *("mint", "request", investor, "100.00", "--wallet", wallet),
        *("--idempotency-key", "K-1", "--maker", MAKER),
    )
    assert "is for corporate_professional" in shell.refusal(1, *request)
    _classified(counter)
    assert "hasn't acknowledged version 1 of terms" in shell.refusal(1, *request)
    said = ("--digest", DIGEST, "--evidence", DIGEST, "--by", MAKER)
    do("compliance", "acknowledge", investor, "terms", "1", *said)
    assert "no limit is set" in shell.refusal(1, *request)
    for scope in ("client", "wallet_kind", "distributor"):
        limit = {"scope": scope, "subject": "*", "order_kind": "mint", "unit": "tUSD", "windows": "none"}
        if scope == "client":
            limit["windows"] = [{"seconds": 86_400, "most": "100000000"}]
        in_force(counter, "limit", limit)
    do("compliance", "limit", "list")
    do(*request)
    assert "pass the limit" in shell.refusal(1, *request[:-4], "--idempotency-key", "K-2", "--maker", MAKER)

    _moved(counter)
    do("compliance", "classify", "sweep", "--by", COMPLIANCE)
    do("compliance", "classify", "show", investor)
    do("investor", "list")
    assert shell.json("investor", "list")[0]["regime"] == "full"
    do("ledger", "verify")


def _classified(counter: Counter) -> None:
    do, shell, office = counter.do, counter.shell, ("compliance", "classify")
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    evidence = f"audited_accounts:{day}:{DIGEST}"
    receive = (*office, "receive", counter.investor, "--by", MAKER)
    shell.refusal(2, *receive, "--evidence", f"hearsay:{day}:{DIGEST}")
    first = shell.json(*receive, "--evidence", evidence)
    do(*office, "turn-down", first["id"], "--by", COMPLIANCE, "--reason", "another company's")
    record = shell.json(*receive, "--evidence", evidence)["id"]
    application = {
        "category": "corporate",
        "relevant_date": day,
        "consent": DIGEST,
        "total_assets": {"value": "39999999.99", "currency": "HKD"},
    }
    file = written(counter, "application.json", application)
    assert "isn't reached" in shell.refusal(1, *office, "assess", record, file, "--by", MAKER)
    application["total_assets"] = {"value": "40000000.00", "currency": "HKD"}
    written(counter, "application.json", application)
    do(*office, "assess", record, file, "--by", MAKER)
    do(*office, "approve", record, "--by", COMPLIANCE)


def _moved(counter: Counter) -> None:
    """To the full regime; and a bank account of their own."""
    do, shell, office = counter.do, counter.shell, ("compliance", "regime")
    noted = ("--asset", "XYZ", "--evidence", DIGEST, "--by", COMPLIANCE)
    do(*office, "note", counter.investor, *noted)
    move = (*office, "propose", counter.investor, "--by", MAKER)
    shell.refusal(2, *move, "--exposure", "1:2")
    shell.refusal(2, *move, "--knowledge", f"trades:{DIGEST}", "--trade", "yesterday")
    record = shell.json(
        *move,
        "--knowledge",
        f"training:{DIGEST}",
        "--exposure",
        "100000:9000000:HKD",
        "--trade",
        "2026-01-05",
    )
    do(*office, "confirm", record["id"], "--by", COMPLIANCE)
    do(*office, "note", counter.investor, *noted)
    partner = ("compliance", "distributor")
    made = shell.json(*partner, "propose", counter.investor, "partner", "--by", MAKER)
    do(*partner, "confirm", made["id"], "--by", COMPLIANCE)
    account = (
        *("compliance", "bank", "propose", counter.investor, "BANK-2", "--currency", "USD"),
        *("--method", "name_match", "--evidence", DIGEST, "--by", MAKER),
    )
    assert "in the customer's own name" in shell.refusal(1, *account)
    do(*account, "--own-name")
    do("compliance", "bank", "confirm", "BANK-2", "--by", COMPLIANCE)


def test_a_wallet_proved_by_a_payment(counter: Counter, mode: str) -> None:
    counter.mode = mode
    counter.staff()
    reference, wallet = counter.onboard(), dev_signer(HOLDER).address
    ask = ("investor", "ask-payment", reference, wallet, "--by", MAKER, "--native")
    counter.do(*ask)
    asked = counter.shell.json(*ask)
    with counter.node.client() as client:
        call = Call(asked["to"], b"", value=int(asked["base_units"]), description="pay")
        sender = Sender(client, dev_signer(HOLDER), MemoryJournal())
        paid = to_hex(sender.execute(call, timeout=120).receipt.tx_hash)
    prove = ("investor", "prove-payment", asked["id"], paid, "--kind")
    counter.shell.refusal(2, *prove, "sock")
    counter.do(*prove, "custodial")
    assert counter.shell.json("investor", "list")[0]["wallets"] == [wallet]
