"""A dealing day by commands alone, said as JSON, and once to people."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from support.desks import CHECKER, COMPLIANCE, MAKER, TREASURER
from support.fund_desks import ATTESTORS, DEALER, FUND_TERMS, FundBench
from support.reserve_reports import line, report
from support.shell import Shell

from toolkit.chain.hexes import keccak, to_hex


@pytest.fixture
def shell(bench: FundBench, tmp_path: Path) -> Shell:
    record = tmp_path / "fund.json"
    bench.deployed.record.save(record)
    return Shell(
        {
            "ISSUANCE_RPC": bench.suite.node.rpc_url,
            "ISSUANCE_RECORD": record,
            "ISSUANCE_LEDGER": bench.url,
            "ISSUANCE_FUND_TERMS": FUND_TERMS,
            "ISSUANCE_FUND_CLASS": "A",
        }
    )


def test_a_dealing_day_by_commands(bench: FundBench, shell: Shell, tmp_path: Path) -> None:
    investor = bench.investor()
    reference = bench.desk.reference(investor.investor)
    taking = ("--wallet", investor.wallet, "--idempotency-key", "S-1", "--maker", MAKER)
    (order,) = shell.json("fund", "subscribe", reference, "200000.00", *taking)
    assert shell.json("fund", "validate", order["id"], "--by", CHECKER)["state"] == "valid"
    assert shell.json("fund", "run")["changes"][0]["state"] == "in_batch"
    assert [item["state"] for item in shell.json("fund", "days")] == ["announced"] * 3

    bench.go_to(bench.cut_off(1) + timedelta(minutes=1))
    assert shell.json("fund", "close", 1, "--by", DEALER)["state"] == "closed"
    statement = tmp_path / "nav.json"
    statement.write_text(json.dumps(bench.statement(1).to_data()))
    day = bench.date_of(1).isoformat()
    own, pool, doubled = bench.statement(1).to_data(), tmp_path / "pool.json", tmp_path / "doubled.json"
    report(line(custodian="Bank A", custodian_reference="ACC-7")).save(pool)
    doubled.write_text(json.dumps(own | {"cash": [{"holder": "Bank A", "reference": "ACC-7"}]}))
    said = shell.refusal(2, "fund", "nav", "receive", doubled, "--pool", pool)
    assert "it backs the coin, so the fund can't count it too" in said
    assert shell.json("fund", "nav", "receive", statement, "--pool", pool)["state"] == "tolerance_ok"
    assert shell.json("fund", "nav", "strike", day, "--by", CHECKER)["state"] == "struck"
    files: list[object] = []
    for index in ATTESTORS:
        file = tmp_path / f"signature-{index}.json"
        shell.json("fund", "nav", "sign", day, "--signer", f"anvil:{index}", "--out", file)
        files += ["--signatures", file]
    assert shell.json("fund", "nav", "publish", day, *files)["transaction"]
    assert shell.json("fund", "nav", "publish", day, *files)["transaction"] is None
    assert shell.json("fund", "fund", "--by", TREASURER)["brought"] == "0.000000"
    assert shell.json("fund", "settle", 1, "--by", DEALER)["state"] == "settled"
    assert shell.json("fund", "run")["changes"][-1]["state"] == "settled"
    assert shell.json("fund", "orders", "--state", "settled")[0]["id"] == order["id"]
    assert [event["to"] for event in shell.json("orders", order["id"])["events"]][-1] == "settled"

    assert shell.json("fund", "register")["supply"] == "19980.0000"
    (note,) = shell.json("fund", "notes", "--order", order["id"])
    assert (note["units"], note["nav_version"]) == ("19980.0000", 1)
    reviewed = ("--prepared-by", MAKER, "--reviewed-by", CHECKER)
    assert shell.json("fund", "report", 1, *reviewed)["units"]["closing"] == "19980.0000"
    for words in (("register",), ("notes",), ("days",), ("orders",), ("nav", "show", day)):
        assert shell.text("fund", *words)

    right = bench.funds.nav(bench.date_of(1)).statement.restated(
        {"value": "10.10000000"}, reason="a bond was priced twice", prepared_by="nav-1"
    )
    statement.write_text(json.dumps(right.to_data()))
    assert shell.json("fund", "nav", "correct", statement, "--by", CHECKER)["reportable"] is True

    taking = ("--wallet", investor.wallet, "--idempotency-key", "R-1", "--maker", MAKER)
    assert "are free" in shell.refusal(2, "fund", "redeem", reference, "20000.0000", *taking)
    assert "no date" in shell.refusal(2, "fund", "nav", "show", "yesterday")
    assert "has no" in shell.refusal(2, "fund", "confirm-release", "--case", "C-1", "--by", COMPLIANCE)


def test_a_distribution_by_commands(bench: FundBench, shell: Shell) -> None:
    first, second = bench.investor(1), bench.investor(2)
    bench.sent(bench.subscribed(first, "300000.00"), bench.subscribed(second, "100000.00"))
    bench.settled(1)
    bench.funds.run()
    day = bench.date_of(1).isoformat()
    at = ("--record-date", day, "--available")
    declare = ("fund", "distribution", "declare", "0.05")
    assert "is put aside" in shell.refusal(2, *declare, *at, "1.00", "--by", MAKER)
    assert "hold nothing" in shell.refusal(2, *declare, *at, "9999.00", "--by", MAKER, "--reinvest", "nobody")
    found = shell.json(*declare, *at, "9999.00", "--by", MAKER)
    assert (found["state"], len(found["leaves"])) == ("declared", 2)
    report = found["report"]
    assert "fund it first" in shell.refusal(2, "fund", "distribution", "push", report)
    bench.treasury(lambda by: bench.suite.issuance.amount("0.00"))
    assert shell.json("fund", "distribution", "fund", report, "--by", TREASURER)["number"] == 1
    before = bench.suite.token.balance_of(first.wallet)
    assert shell.json("fund", "distribution", "push", report)["remaining"] == "0.000000"
    due = next(int(leaf[2]) for leaf in found["leaves"] if leaf[1] == first.wallet)
    assert bench.suite.token.balance_of(first.wallet) == before + due
    assert "open until" in shell.refusal(1, "fund", "distribution", "sweep", report, "--by", TREASURER)
    assert report in shell.text("fund", "distribution", "list")
    counted = bench.desk.status().orders["subscription"]
    assert counted == {"settled": 2}


def test_dealing_is_suspended_by_a_command(bench: FundBench, shell: Shell, tmp_path: Path) -> None:
    document = tmp_path / "reason.txt"
    document.write_text("the custodian of the fund is silent")
    assert "guardian" in shell.refusal(1, "fund", "suspend", document, "--by", MAKER)
    bench.desk.add_person("guardian-1", label="a guardian", roles=["guardian"])
    told = shell.json("fund", "suspend", document, "--by", "guardian-1")
    assert told["reason"] == to_hex(keccak(document.read_bytes()))
    assert bench.funds.suspension() == keccak(document.read_bytes())
    assert "suspended" in shell.refusal(1, "fund", "suspend", document, "--by", "guardian-1")
    absent = tmp_path / "nothing.txt"
    assert "can't be read" in shell.refusal(2, "fund", "suspend", absent, "--by", "guardian-1")
