"""`issuance deploy check-upgrade`."""

from __future__ import annotations

import json
from pathlib import Path

from support.counter import APPROVER_KEY, Counter


def test_what_was_deployed_keeps_its_storage(counter: Counter, mode: str) -> None:
    counter.mode = mode
    said = counter.do("deploy", "check-upgrade")
    names = said["contracts"] if mode == "json" else said
    assert all(name in names for name in ("InvestorRegistry", "PrimaryMarket", "Stablecoin"))


def test_x2_the_orders_whose_approvals_an_upgrade_ends_are_counted(busy: Counter) -> None:
    ledger = f"sqlite:///{busy.folder / 'desk.db'}"
    command = ("deploy", "check-upgrade", "--ledger", ledger)
    assert busy.shell.json(*command)["approvals_ended"] == 0
    order = busy.request()
    busy.fund(order, "FPS-1")
    busy.do("mint", "approve", order, "--signer", f"anvil:{APPROVER_KEY}")
    assert busy.shell.json(*command)["approvals_ended"] == 1
    assert "ends the approvals of 1 order(s)" in busy.shell.text(*command)
    assert "ends every approval not executed by then" in busy.shell.text("deploy", "check-upgrade")


def test_x2_storage_that_would_be_misread_is_refused(counter: Counter, tmp_path: Path) -> None:
    record = json.loads(counter.record.read_text())
    layout = record["contracts"]["Stablecoin"]["implementation"]["storage_layout"]
    (accounts,) = (
        field
        for field in layout["namespaces"]["erc7201:issuance.storage.RegulatedERC20"]
        if field["label"] == "accounts"
    )
    accounts["slot"] = "9"
    path = tmp_path / "other.json"
    path.write_text(json.dumps(record))
    message = counter.shell.refusal(1, "deploy", "check-upgrade", "--record", path)
    assert "accounts: moved from slot 9, byte 0 to slot 1, byte 0" in message
