"""A day by commands alone: the bank's file, the reconciliation, its breaks, and closing it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.books import ACCOUNT, NUMBER, OFFICER, PREPARER, REVIEWER, Office
from support.ledgers import dollars
from support.shell import Shell


@pytest.fixture
def shell(office: Office, tmp_path: Path) -> Shell:
    record = tmp_path / "record.json"
    office.suite.issuance.record.save(record)
    return Shell(
        {
            "ISSUANCE_RPC": office.suite.node.rpc_url,
            "ISSUANCE_RECORD": record,
            "ISSUANCE_LEDGER": office.url,
            "ISSUANCE_MARKET": "demo-usd",
        }
    )


def test_a_day_by_commands(office: Office, shell: Shell, tmp_path: Path) -> None:
    customer = office.customer()
    office.minted(customer, "10.00")
    office.credit("FPS-1", dollars("10.00"))
    office.credit("INTEREST", dollars("0.05"))
    statement, report = tmp_path / "statement.csv", tmp_path / "report.json"
    statement.write_bytes(office.statement())
    office.report.save(report)
    day = office.day.isoformat()
    importing = ("bank", "import", statement, "--account", ACCOUNT, "--number", NUMBER, "--by", PREPARER)
    assert shell.json(*importing, "--day", day)[0]["new"] is True
    assert shell.json(*importing)[0]["new"] is False
    assert [item["entries"] for item in shell.json("bank", "list")] == [2]
    assert "was here already" in shell(*importing).out

    early = shell("reconcile", "day", day, "--by", PREPARER, "--report", report, "--json")
    assert json.loads(early.err)["error"]["code"] == "day_not_ended"
    office.end_day()
    run = ("reconcile", "day", day, "--by", PREPARER, "--report", report)
    done = shell(*run, "--json")
    found = json.loads(done.out)
    assert (done.status, found["state"]) == (1, "break")
    (item,) = found["breaks"]
    assert (item["type"], item["state"]) == ("CASH_VS_ORDER", "open")
    refused = shell("reconcile", "close", day, "--by", REVIEWER, "--json")
    assert json.loads(refused.err)["error"]["code"] == "open_breaks"

    name = item["break_id"]
    shell.json("reconcile", "assign", name, "--owner", REVIEWER, "--by", PREPARER)
    shell.json("reconcile", "explain", name, "interest, not the customers'", "--by", REVIEWER)
    listed = shell("reconcile", "breaks", "--json")
    assert listed.status == 1
    assert json.loads(listed.out)[0]["explanation"] == "interest, not the customers'"
    shell.json("reconcile", "settle", name, "--reason", "posted to income", "--by", PREPARER)
    assert shell.json("reconcile", "breaks") == []
    assert shell.json("reconcile", "breaks", "--all")[0]["state"] == "closed"
    closed = shell.json("reconcile", "close", day, "--by", REVIEWER)
    assert closed["state"] == "closed"
    assert shell.json("reconcile", "show", day)["sha256"] == closed["sha256"]
    assert shell.json("reconcile", "recompute", day)["sha256"] == closed["sha256"]

    special = tmp_path / "special.json"
    account = {"account": customer.wallet, "held_class": "TEST", "authority": "the issuer's"}
    special.write_text(json.dumps([account]))
    second = shell(*run, "--restate", "a test wallet was missing", "--special", special)
    (line,) = [line for line in second.out.splitlines() if "redeemable" in line]
    assert line.endswith(" 0.000000 tUSD")
    assert shell.json("reconcile", "show", day, "--version", "2")["reason"] == "a test wallet was missing"


def test_special_accounts_that_are_wrong_are_refused(office: Office, shell: Shell, tmp_path: Path) -> None:
    special = tmp_path / "special.json"
    good = {"account": office.customer().wallet, "held_class": "TEST", "authority": "a"}
    for entries in ([{**good, "held_class": "NICE"}], [{**good, "units": "1"}], [{"account": "x"}], {"a": 1}):
        special.write_text(json.dumps(entries))
        done = shell(
            "reconcile", "day", office.day, "--by", PREPARER, "--special", special, "--market", "demo-usd"
        )
        assert done.status == 2, done
        assert office.desk.ledger.incidents.find() == ()


def test_a_break_is_escalated_by_compliance_alone(office: Office, shell: Shell) -> None:
    office.minted(office.customer(), "10.00")
    office.end_day()
    day = office.day.isoformat()
    done = shell("reconcile", "day", day, "--by", PREPARER, "--json")
    names = [item["break_id"] for item in json.loads(done.out)["breaks"]]
    escalate = ("reconcile", "escalate", names[0], "--reference", "HKMA notice 1", "--by")
    refused = shell(*escalate, PREPARER, "--json")
    assert json.loads(refused.err)["error"]["code"] == "not_authorised"
    assert shell.json(*escalate, OFFICER)["notified_to_regulator_at"] is not None
