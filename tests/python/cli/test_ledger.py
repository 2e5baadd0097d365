"""`issuance ledger`: verify finds what was changed, rebuild brings a lost ledger back."""

from __future__ import annotations

from support.counter import Counter
from support.databases import run_sql
from support.shell import parsed


def test_a_ledger_is_verified_and_its_end_is_an_anchor(busy: Counter) -> None:
    found = busy.shell.json("ledger", "verify")
    assert found["end"].startswith(f"{found['events']}:")
    assert "none edited, removed or moved" in busy.shell.text("ledger", "verify", "--anchor", found["end"])
    other = f"{found['events']}:{'0' * 64}"
    assert "is not the one that was anchored" in busy.shell.refusal(1, "ledger", "verify", "--anchor", other)
    assert "SEQ:HASH" in busy.shell.refusal(2, "ledger", "verify", "--anchor", "yesterday")


def test_an_edited_ledger_is_found(busy: Counter) -> None:
    run_sql(f"sqlite:///{busy.folder / 'desk.db'}", "UPDATE order_events SET reason = 'x' WHERE seq = 2")
    assert "event 2 of order" in busy.shell.refusal(1, "ledger", "verify")


def test_a_ledger_of_this_version_needs_no_migration(busy: Counter) -> None:
    before = busy.shell.json("ledger", "verify")
    assert "this version's schema" in busy.shell.text("ledger", "migrate")
    assert busy.shell.json("ledger", "verify") == before


def test_a_lost_ledger_is_rebuilt(busy: Counter) -> None:
    (busy.folder / "desk.db").unlink()
    report = busy.shell.json("ledger", "rebuild", "--gap", "50")
    assert (report["agrees"], report["orders"]["mint"]) == (True, {"settled": 1})
    assert report["next_number"] == "52"
    assert busy.shell.json("status")["agrees"]
    assert busy.shell.json("ledger", "verify")["events"] == 2
    assert "isn't empty" in busy.shell.refusal(1, "ledger", "rebuild")
    fresh = ["--ledger", f"sqlite:///{busy.folder / 'again.db'}"]
    said = busy.shell.text("ledger", "rebuild", *fresh)
    assert "every total and every balance is the chain's" in said
    assert "only the old ledger knew:" in said
    assert parsed(busy.shell("ledger", "verify", *fresh, "--json").out)["events"] == 2
