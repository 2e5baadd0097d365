"""The desk's work by commands alone, each said to people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.counter import APPROVER_KEY, CHECKER, COMPLIANCE, HOLDER, TREASURER, Counter, foreign_signature
from support.fund_suite import ADMIN_DELAY, FUND_TERMS
from support.shell import parsed

from toolkit.chain.signers import dev_signer


def test_from_the_first_person_to_settled_tokens(counter: Counter, mode: str) -> None:
    do, shell = counter.do, counter.shell
    counter.mode = mode
    counter.staff()
    counter.customer()
    counter.back()
    backing = shell.json("reserve", "status")
    assert (backing["reserve"], backing["outstanding"]) == ("265432408.000000", "0.000000")

    first = counter.request("250000.00")
    assert counter.request("250000.00") == first, "the same key, the same order"
    orders = counter.folder / "orders.csv"
    orders.write_text(
        "client_order_id,investor,wallet,amount\n"
        f"SUB-2,harbour,{counter.wallet},1000.50\nSUB-3,{counter.investor},{counter.wallet},99.00\n"
    )
    do("mint", "import", orders, "--maker", "maker-1")
    do("mint", "import", orders, "--maker", "maker-1")
    found = shell.json("orders", "--kind", "mint", "--state", "requested")
    assert [item["amount"] for item in found] == ["250000.000000", "1000.500000", "99.000000"]
    ids = [item["id"] for item in found]
    for order, receipt, amount in zip(
        ids, ("FPS-1", "FPS-2", "FPS-3"), ("250000.00", "1000.50", "99.00"), strict=True
    ):
        counter.fund(order, receipt, amount)

    # One batch signed here, one elsewhere.
    do("mint", "approve", first, "--signer", f"anvil:{APPROVER_KEY}")
    folder = counter.folder / "to-sign"
    do("mint", "propose", *ids[1:], "--out", folder)
    (file,) = folder.iterdir()
    signature = foreign_signature(json.loads(file.read_text()), APPROVER_KEY)
    approver = dev_signer(APPROVER_KEY).address
    do("mint", "sign", file.stem, "--signer", approver, "--signature", signature)
    assert [counter.state(order) for order in ids] == ["approved"] * 3
    do("run")
    assert [counter.state(order) for order in ids] == ["settled"] * 3
    do("run")
    do("orders")
    do("orders", first)
    do("status")
    books = shell.json("status")
    assert books["agrees"] is True
    assert books["lines"][0]["chain"] == "251099.500000"
    do("reserve", "status")


def test_a_redemption_from_request_to_discharge(busy: Counter, mode: str) -> None:
    do, shell = busy.do, busy.shell
    busy.mode = mode
    here, elsewhere = busy.valid("1000.00", "RED-1"), busy.valid("2500.05", "RED-2")
    do("redeem", "reference", here)
    do("redeem", "escrow", here, "--signer", f"anvil:{HOLDER}")
    file = busy.folder / "authorisation.json"
    do("redeem", "authorise", elsewhere, "--out", file)
    signature = foreign_signature(json.loads(file.read_text())["typed_data"], HOLDER)
    do("redeem", "escrow", elsewhere, "--authorization", file, "--signature", signature)
    assert [busy.state(order) for order in (here, elsewhere)] == ["escrowed"] * 2

    do("redeem", "approve", here, "--signer", f"anvil:{APPROVER_KEY}")
    folder = busy.folder / "to-sign"
    do("redeem", "propose", elsewhere, "--out", folder)
    (file,) = folder.iterdir()
    signature = foreign_signature(json.loads(file.read_text()), APPROVER_KEY)
    approver = dev_signer(APPROVER_KEY).address
    do("redeem", "sign", file.stem, "--signer", approver, "--signature", signature)
    do("run")
    assert shell.json("reserve", "status")["payable"] == "3500.050000"
    for number, order in enumerate((here, elsewhere)):
        do("redeem", "payments-due")
        do("redeem", "payout", order, "--payment-reference", f"CHATS-{number}", "--by", TREASURER)
    do("run")
    assert [busy.state(order) for order in (here, elsewhere)] == ["settled"] * 2
    assert shell.json("reserve", "status")["payable"] == "0.000000"
    assert shell.json("status")["agrees"] is True


def test_a_holder_who_sends_the_request_itself(busy: Counter) -> None:
    order = busy.valid("1000.00")
    told = busy.do("redeem", "reference", order)
    assert (told["amount"], told["base_units"]) == ("1000.000000", "1000000000")
    busy.send_request(told, int(told["base_units"]))
    assert busy.do("run")["changes"] == [{"order": order, "state": "escrowed", "reason": ""}]


def test_a_request_that_is_not_as_ordered_is_an_alarm(busy: Counter) -> None:
    told = busy.do("redeem", "reference", busy.valid("1000.00"))
    busy.send_request(told, int(told["base_units"]) + 1)
    said = busy.shell("run")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("issuance: ALARM: redemption 1 names order")
    document = busy.shell("run", "--json")
    assert (document.status, document.err) == (1, "")
    assert [alarm["code"] for alarm in parsed(document.out)["alarms"]] == ["escrow_mismatch"]


def test_orders_that_end_early_and_money_that_goes_back(busy: Counter, mode: str) -> None:
    do = busy.do
    busy.mode = mode
    order = busy.request("500.00", "SUB-9")
    do("mint", "hold", order, "--by", COMPLIANCE, "--reason", "source of funds")
    assert busy.state(order) == "on_hold"
    do("compliance", "holds", order, "--by", COMPLIANCE)
    assert "source of funds" in busy.shell.text("compliance", "holds", order, "--by", COMPLIANCE)
    assert "source of funds" not in busy.shell.text("orders", order)  # the desk's view
    do("mint", "release", order, "--by", COMPLIANCE, "--reason", "explained")
    busy.fund(order, "FPS-9", "500.00")
    do("mint", "propose", order, "--out", busy.folder / "to-sign")
    (file,) = (busy.folder / "to-sign").iterdir()
    do("mint", "dissolve", file.stem)
    do("mint", "reject", order, "--by", CHECKER, "--reason", "not wanted")
    do("mint", "return-funds", "FPS-9", "--payment-reference", "CHATS-9")
    assert busy.state(order) == "rejected"
    other = busy.request("600.00", "SUB-10")
    do("mint", "cancel", other, "--by", CHECKER, "--reason", "the customer's wish")
    assert busy.state(other) == "cancelled"
    redemption = busy.valid("1.00")
    do("redeem", "cancel", redemption, "--by", CHECKER, "--reason", "the customer's wish")
    assert busy.state(redemption) == "cancelled"


def test_freezing_is_the_guardians_and_unfreezing_needs_a_case(counter: Counter, mode: str) -> None:
    counter.mode = mode
    counter.do("freeze", counter.wallet)
    counter.do("unfreeze", counter.wallet, "--case", "CASE-1", "--amount", "5.00")
    counter.do("unfreeze", counter.wallet, "--case", "CASE-2")
    assert "--case" in counter.shell.usage("unfreeze", counter.wallet)


def test_investors_and_wallets(counter: Counter, mode: str) -> None:
    do, shell = counter.do, counter.shell
    counter.mode = mode
    counter.onboard()
    file = counter.challenge(counter.wallet)
    do("investor", "prove", file, "--signature", foreign_signature(json.loads(file.read_text()), HOLDER))
    do("investor", "register", counter.wallet)
    do("investor", "renew", counter.investor, "--verified-until", "2098-06-30T12:00:00")
    do("investor", "list")
    (found,) = shell.json("investor", "list")
    assert found["verified_until"] == "2098-06-30T12:00:00+00:00"
    assert found["wallets"] == [counter.wallet]
    assert found["class"] == "corporate_professional"


def test_a_deployment_planned_applied_and_verified(counter: Counter, mode: str, tmp_path: Path) -> None:
    do, shell = counter.do, counter.shell
    counter.mode = mode
    terms, rpc = shell.environment["ISSUANCE_TERMS"], shell.environment["ISSUANCE_RPC"]
    do("deploy", "plan", terms)
    assert shell.json("deploy", "plan", terms) == []
    do("deploy", "apply", terms, "--rpc", rpc, "--record", tmp_path / "new" / "again.json")
    record = json.loads((tmp_path / "new" / "again.json").read_text())
    assert record["contracts"] == json.loads(counter.record.read_text())["contracts"]
    do("deploy", "verify", terms)
    do("deploy", "roles")
    rows = shell.json("deploy", "roles")
    assert {"contract": "PrimaryMarket", "role": "OPERATOR"}.items() <= next(
        row for row in rows if row["function"].startswith("mint(")
    ).items()


def test_a_fund_planned_applied_and_verified(counter: Counter, mode: str) -> None:
    do, shell, record = counter.do, counter.shell, counter.folder / "fund.json"
    counter.mode = mode
    steps = shell.json("deploy", "plan", FUND_TERMS)
    assert steps[0]["title"] == "create FundShare A implementation"
    do("deploy", "apply", FUND_TERMS, "--record", record)
    waiting = shell.json("deploy", "apply", FUND_TERMS, "--record", record)["remaining"]
    assert waiting
    assert all(step["scheduled"] for step in waiting)
    counter.node.advance_time(ADMIN_DELAY + 1)
    assert shell.json("deploy", "apply", FUND_TERMS, "--record", record)["remaining"] == []
    do("deploy", "plan", FUND_TERMS)
    do("deploy", "verify", FUND_TERMS, "--record", record)
    do("deploy", "check-upgrade", "--record", record)
    rows = shell.json("deploy", "roles", "--record", record)
    assert {"contract": "FundVault A tUSD", "role": "DEALING_MANAGER"}.items() <= next(
        row for row in rows if row["function"].startswith("settleDay(")
    ).items()


def test_applied_where_the_terms_say_unless_told(
    counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    terms = counter.shell.environment["ISSUANCE_TERMS"]
    del counter.shell.environment["ISSUANCE_RECORD"]
    assert counter.do("deploy", "apply", terms)["record"] == "deployments/31337/tUSD.json"
    assert (tmp_path / "deployments" / "31337" / "tUSD.json").is_file()


def test_a_report_counted_and_allocated_in_part(counter: Counter, mode: str) -> None:
    counter.mode = mode
    report = counter.report()
    counter.do("reserve", "report", report)
    other = counter.folder / "part.json"
    counter.do(
        "reserve", "allocate", report, "--amount", "1000000.00", "--profile", "hong-kong", "--out", other
    )
    allocated = json.loads(other.read_text())
    assert [item["amount"] for item in allocated["allocations"]] == ["1000000.00"]
    counted = counter.shell.json("reserve", "report", other)
    assert counted["counted_total"] == "265432408.00"
    assert [item["amount"] for item in counted["allocations"]] == ["1000000.00"]
