"""Evidence and exit by commands alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from support.shell import Shell

from toolkit.bindings.roles import Role as ChainRole
from toolkit.chain.hexes import to_hex
from toolkit.chain.signers import LocalSigner
from toolkit.ledger import Role
from toolkit.reporting.evidence import verify_pack
from toolkit.reporting.exit import Holding, Snapshot

if TYPE_CHECKING:
    from conftest import Settled


@pytest.fixture
def shell(settled: Settled, tmp_path: Path) -> Shell:
    record = tmp_path / "record.json"
    settled.bench.suite.issuance.record.save(record)
    return Shell(
        {
            "ISSUANCE_RPC": settled.bench.suite.node.ipc_path,
            "ISSUANCE_RECORD": record,
            "ISSUANCE_LEDGER": settled.bench.url,
        }
    )


def test_packs_are_made_and_verified_by_commands(settled: Settled, shell: Shell, tmp_path: Path) -> None:
    report, out = tmp_path / "report.json", tmp_path / "order.zip"
    report.write_bytes(settled.report)
    order = settled.mint.id
    packed = shell.json("evidence", "order", order, "--out", out, "--report", report)
    assert (packed["result"], packed["missing"]) == ("ok", [])
    assert out.read_bytes() == settled.evidence.order(order)
    assert shell.json("evidence", "verify", out)["pack"] == packed["sha256"]
    head = settled.bench.desk.ledger.extracts.history(order)[-1]
    text = shell.text("evidence", "verify", out, "--head", f"{head['seq']}:{head['hash']}")
    assert text.endswith("result: ok\n")
    wrong = shell("evidence", "verify", out, "--head", f"{head['seq']}:{'0' * 64}")
    assert (wrong.status, "result: FAILED" in wrong.out) == (1, True)
    missing = shell("evidence", "order", order, "--out", out)
    assert (missing.status, "missing: the reserve report" in missing.out) == (3, True)
    refused = shell("evidence", "verify", report)
    assert refused.status == 2
    today = settled.bench.desk.ledger.clock.now().astimezone(ZoneInfo("Asia/Hong_Kong")).date()
    day = shell.json("evidence", "day", today, "--out", tmp_path / "day.zip", "--report", report)
    assert day["result"] == "ok"
    incident = settled.bench.desk.ledger.incidents.open("unbacked", "figures differ", {"order": order})
    found = shell.json("evidence", "incident", incident.id, "--out", tmp_path / "i.zip", "--report", report)
    assert found["result"] == "ok"
    assert f"orders/{order}.json" in verify_pack.read_archive((tmp_path / "i.zip").read_bytes())
    for bad in (("day", "yesterday"), ("order", "nobody's")):
        assert shell("evidence", *bad, "--out", out).status != 0


STAFF = {
    "finance-1": {Role.FINANCE},
    "registrar-1": {Role.REGISTRAR},
    "compliance-2": {Role.COMPLIANCE},
    "treasurer-3": {Role.TREASURER},
    "auditor-1": {Role.AUDITOR},
}


@pytest.fixture
def leaving(settled: Settled) -> None:
    """The staff that an exit needs, and a market that the governor has wound down."""
    for person, roles in STAFF.items():
        settled.bench.desk.ledger.persons.add(person, label=person, roles=roles)


@pytest.mark.usefixtures("leaving")
def test_a_coin_is_wound_down_by_commands(settled: Settled, shell: Shell, tmp_path: Path) -> None:
    suite, signer = settled.bench.suite, LocalSigner(bytes(31) + b"\x09")
    minute = tmp_path / "minute.pdf"
    minute.write_bytes(b"decided")

    def do(*arguments: Any, by: str) -> Any:
        return shell.json("exit", *arguments, "--by", by)

    paper = ("--document", minute)
    do("decide", *paper, "--reference", "12/26", "--decimals", 6, "--currency", "USD", by="finance-1")
    do("notice", "--reference", "HKMA/1", by="compliance-2")
    still = shell("exit", "wind-down", "--by", "checker-1")
    assert (still.status != 0, "windDown" in still.err) == (True, True)
    suite.govern(suite.market.wind_down(), ChainRole.GOVERNOR)
    assert do("wind-down", by="checker-1")["state"] == "wind_down"

    block = suite.client.block("latest")
    orders = settled.bench.desk.orders()
    rows = [
        Holding(wallet, owner, suite.token.balance_of(wallet))
        for wallet, owner in sorted({(order.wallet, order.investor) for order in orders})
        if suite.token.balance_of(wallet)
    ]
    taken_at = max(datetime.fromtimestamp(block.timestamp, UTC), settled.bench.desk.ledger.clock.now())
    snapshot = Snapshot(
        suite.issuance.chain_id,
        suite.token.address,
        block.number,
        to_hex(block.hash),
        taken_at,
        suite.token.total_supply(),
        tuple(rows),
    )
    files = [tmp_path / name for name in ("bank.json", "archive.json")]
    for file in files:
        file.write_text(json.dumps(snapshot.to_json()))
    kept = ("--snapshot", files[0])
    signature = to_hex(snapshot.signable.sign(signer).data)
    by_whom = ("--signature", signature, "--signer", signer.address, "--allowed", signer.address)
    one = shell("exit", "record-snapshot", *kept, *by_whom, "--copy", f"a={files[0]}", "--by", "registrar-1")
    assert (one.status != 0, "two places" in one.err) == (True, True)
    both = ("--copy", f"a={files[0]}", "--copy", f"b={files[1]}")
    do("record-snapshot", *kept, *by_whom, *both, by="registrar-1")
    closes = (settled.bench.desk.ledger.clock.now() + timedelta(hours=1)).isoformat()
    do("open-claims", *kept, "--closes", closes, by="compliance-1")
    do("assets", "--amount", "189.95", *paper, by="finance-1")
    do("start-paying", by="treasurer-3")
    first = rows[0]
    account = settled.bench.desk.ledger.investors.bank_accounts(first.owner)[0].reference
    who = ("--wallet", first.wallet, "--owner", first.owner, "--units", first.units)
    do("claim", "lodge", *kept, *who, "--bank-account", account, by="maker-1")
    do("claim", "admit", 0, *kept, *paper, by="checker-1")
    do("claim", "hold", 0, *kept, "--reason", "a hit", by="compliance-1")
    do("claim", "release", 0, *kept, "--reason", "no hit", by="compliance-1")
    do("claim", "admit", 0, *kept, *paper, by="checker-1")
    do("claim", "approve", 0, *kept, by="finance-1")
    paid = do("claim", "pay", 0, *kept, "--reference", "P-1", by="treasurer-3")
    assert (paid["state"], int(paid["amount"])) == ("claim_paid", first.units // 10_000)
    settled.bench.suite.node.advance_time(60)
    status = shell.json("exit", "status", *kept)
    assert status["totals"]["money_paid"] == paid["amount"]
    assert [item["index"] for item in status["unclaimed"]] == [1]
    assert "held over" in shell.text("exit", "status", *kept)
