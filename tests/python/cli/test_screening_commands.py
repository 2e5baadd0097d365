"""The officer's day by commands: lists and hits, transfers to institutions, alerts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.counter import COMPLIANCE, HOLDER, MAKER, Counter
from support.shell import parsed

from toolkit.chain.signers import dev_signer
from toolkit.compliance.lists import list_data

NOBODY = "0x00000000000000000000000000000000000000fe"


def list_file(counter: Counter, version: str, *wallets: str, days: int = 1) -> Path:
    """In the desk's own form, dated so many days before yesterday."""
    with counter.node.client() as client:
        now = datetime.fromtimestamp(client.block("latest").timestamp, UTC)
    file = counter.folder / f"list-{version}.json"
    data = list_data("ofac", version, now - timedelta(days=1 + days), [{"wallet": item} for item in wallets])
    file.write_text(json.dumps(data))
    return file


def test_a_list_a_hit_and_what_compliance_decides(busy: Counter) -> None:
    command = ("compliance", "screening")
    shell, by = busy.shell, ("--by", COMPLIANCE)
    assert shell.json(*command, "lists") == {
        "lists": [],
        "policy": {"required": False, "max_age": 86400, "max_list_age": None},
        "current": True,
    }
    shell.json(*command, "policy", *by, "--reason", "licence condition", "--max-age-hours", "48")
    stale = shell(*command, "lists")
    assert (stale.status, "adopt a list" in stale.err) == (1, True)
    assert "screening is impossible" in shell.refusal(
        *(1, "mint", "request", busy.investor, "10.00", "--wallet", busy.wallet),
        *("--idempotency-key", "SUB-9", "--maker", MAKER),
    )
    first = shell.json(*command, "adopt", list_file(busy, "1", NOBODY, days=5), *by)
    assert (first["state"], first["count"], first["run"]["hits"]) == ("in_force", 1, [])
    order = busy.request("10.00", "SUB-10")
    assert shell.json(*command, "order", order, *by)["lists"] == {"ofac": "1"}

    cut = list_file(busy, "2", NOBODY, busy.wallet)
    cut.write_text(cut.read_text()[:-9])
    assert "is no JSON" in shell.refusal(2, *command, "adopt", cut, *by)
    hit = shell(*command, "adopt", list_file(busy, "2", NOBODY, busy.wallet), *by, "--freeze", "--json")
    found = parsed(hit.out)
    assert (hit.status, found["frozen"], found["run"]["held"]) == (1, [busy.wallet], [order])
    assert busy.state(order) == "on_hold"
    listed = shell(*command, "hits", *by, "--json")
    (item,) = parsed(listed.out)
    assert (listed.status, item["state"], item["value"]) == (1, "matched", busy.wallet)
    assert "HIT: hit/" in shell(*command, "run", *by).err
    assert "does not hold the role" in shell.refusal(
        *(1, *command, "release", item["id"], "--by", MAKER, "--rationale", "a namesake")
    )
    assert "may not read" in shell.refusal(1, *command, "hits", "--by", MAKER)
    log = shell.json("compliance", "readings", *by)
    assert [(row["subject"], row["reader"]) for row in log] == [
        (f"screening of {order}", COMPLIANCE),
        ("hits", COMPLIANCE),
    ]
    assert shell.text("compliance", "readings", *by, "--of", "hits").count(COMPLIANCE) == 1
    released = shell.json(
        *command, "release", item["id"], *by, "--rationale", "the source named a reused address"
    )
    assert released["state"] == "released"
    assert shell.json(*command, "run", *by)["hits"] == []
    shell.text(*command, "hits", *by)
    shell.text(*command, "lists")
    shell.text(*command, "order", order, *by)
    (alarm,) = parsed(shell("compliance", "monitor", "alerts", "--json").out)["alerts"]
    assert alarm["rule"] == "list_refused"
    shell.text(
        *("compliance", "monitor", "acknowledge", alarm["id"], *by, "--note", "got again from the source")
    )
    assert shell.json("compliance", "monitor", "alerts")["alerts"] == []
    shell.json(*command, "retire", "ofac", *by, "--reason", "another source")
    shell.json("ledger", "verify")


def test_the_monitor_reads_on_from_where_it_stopped(busy: Counter) -> None:
    command = ("compliance", "monitor", "run")
    assert busy.shell.json(*command)["alerts"] == []
    with busy.node.client() as client:
        from toolkit.issuance import Issuance

        issuance = Issuance.load(busy.record, client)
        sender = issuance.sender(dev_signer(HOLDER))
        sender.execute(issuance.token.transfer(dev_signer(14).address, 5_000_000), timeout=120)
    again = busy.shell(*command, "--large", "tUSD=5.00", "--operator", dev_signer(1).address, "--json")
    found = parsed(again.out)
    assert (again.status, found["events"]) == (1, 1)
    assert found["alerts"][0].startswith("alert/large_transfer/")
    line = parsed(again.err.splitlines()[0])
    assert (line["rule"], line["level"]) == ("large_transfer", "warning")
    assert busy.shell.json(*command)["events"] == 0
    assert "names none of" in busy.shell.refusal(2, *command, "--large", "EURX=5")
    assert "ISSUANCE_WEBHOOK_SECRET_FILE" in busy.shell.refusal(
        2, "compliance", "monitor", "deliver", "http://127.0.0.1:9/"
    )
    secret = busy.folder / "secret"
    secret.write_text("s" * 40)
    busy.shell.environment["ISSUANCE_WEBHOOK_SECRET_FILE"] = str(secret)
    gone = busy.shell("compliance", "monitor", "deliver", "http://127.0.0.1:9/", "--json")
    assert (gone.status, len(parsed(gone.out)["failed"])) == (1, 1)


def test_what_goes_to_an_institution(busy: Counter) -> None:
    command, shell = ("compliance", "travel"), busy.shell
    facts = ("--name", "Gate Ltd", "--jurisdiction", "HK", "--licence", "VATP 1", "--reviewed", "DD-1")
    shell.json(*command, "propose", "gate", *facts, "--expires", "2099-12-31", "--by", MAKER)
    shell.json(*command, "accept", "gate", "--by", COMPLIANCE, "--rationale", "licensed")
    order = busy.request("10000.00", "SUB-11")
    parties = busy.folder / "parties.json"
    originator = {"name": "Chan Tai Man", "account": "A-1", "address": "Hong Kong"}
    recipient = {"name": "Harbour Ltd", "account": "B-1"}
    sending = (
        *(*command, "send", order, "--institution", "gate", "--parties", parties, "--by", MAKER),
        *("--rate", "7.8"),
    )
    parties.write_text(json.dumps({"originator": originator, "recipient": recipient}))
    assert "the full set lacks" in shell.refusal(2, *sending)
    parties.write_text(json.dumps({"originator": originator}))
    assert "Chan" not in shell.refusal(2, *sending)
    originator["identification"] = "A123456(7)"
    parties.write_text(json.dumps({"originator": originator, "recipient": recipient}))
    sent = shell.json(*sending)
    assert (sent["state"], sent["hkd"], sent["tier"]) == ("sent", "78000.00", "full")
    shell.json(*command, "ask", order, "--wanting", "the recipient's address", "--by", MAKER)
    shell.json(*command, "supply", order, "--parties", parties, "--by", MAKER)
    shell.json(*command, "hold", order, "--by", COMPLIANCE, "--rationale", "looking")
    shell.json(*command, "resume", order, "--by", COMPLIANCE, "--rationale", "looked")
    acked = shell.json(*command, "acknowledge", order, "--reference", "GATE-1", "--by", MAKER)
    assert acked["state"] == "acked"
    done = ("executed", order, "--transaction", "0x" + "ab" * 32, "--by", MAKER)
    assert shell.json(*command, *done)["transaction"] == "0x" + "ab" * 32
    shell.text(*command, "list")
    shell.text(*command, "institutions")
    shell.json(*command, "erase", order, "--by", COMPLIANCE, "--rationale", "the time is over")
    assert "Chan" not in str(shell.json(*command, "list", "--state", "acked"))
    shell.json(*command, "suspend", "gate", "--by", COMPLIANCE, "--rationale", "licence lapsed")
    shell.json("ledger", "verify")


@pytest.mark.parametrize("subject", ["screening", "travel", "monitor"])
def test_each_subject_has_its_help(busy: Counter, subject: str) -> None:
    assert "Commands:" in busy.shell("compliance", subject, "--help").out
