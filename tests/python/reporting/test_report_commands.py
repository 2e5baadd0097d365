"""Reports by commands alone: made, reviewed, signed, published, shown, verified; drawn days; what is due."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.closed_books import closed_week
from support.databases import Databases
from support.figures import a_break, figures, week
from support.ledgers import StoppedClock
from support.report_samples import HONG_KONG, filed, freeze_row, snapshot
from support.shell import Shell

from toolkit.chain.signers import LocalSigner, dev_private_key
from toolkit.ledger import Ledger
from toolkit.reporting.closed_days import ClosedDays
from toolkit.reporting.errors import BooksNotClosed
from toolkit.reporting.report import read_report
from toolkit.reporting.reports import KINDS
from toolkit.reporting.reports.content import Period
from toolkit.reporting.reports.daily import daily_statement

DAYS = week()
DAY = "2026-11-20"
NAME = f"daily_statement/HKDX/{DAY}"


@pytest.fixture
def shell(databases: Databases) -> Shell:
    url = databases.ledger()
    closed_week(url, DAYS)
    return Shell({"ISSUANCE_LEDGER": url, "ISSUANCE_MARKET": "HKDX"})


@pytest.fixture
def on_sqlite(sqlite_databases: Databases) -> Shell:
    url = sqlite_databases.ledger()
    closed_week(url, DAYS)
    return Shell({"ISSUANCE_LEDGER": url, "ISSUANCE_MARKET": "HKDX"})


def error(shell: Shell, *arguments: object) -> Any:
    done = shell(*arguments, "--json")
    assert done.status != 0
    return json.loads(done.err)["error"]


def signed(shell: Shell, name: str) -> None:
    shell.json("report", "review", name, "--by", "finance-2")
    shell.json("report", "sign", name, "--part", "preparer", "--key", "anvil:1")
    assert shell.json("report", "sign", name, "--part", "reviewer", "--key", "anvil:2")["state"] == "signed"


def test_a_statement_by_commands(shell: Shell, tmp_path: Path) -> None:
    make = ("report", "make", "daily_statement", "--day", DAY, "--by", "finance-1")
    made = shell.json(*make)
    assert (made["report_id"], made["state"]) == (NAME, "generated")
    assert shell.json(*make) == made
    # From either database the document that follows from the figures alone.
    content = daily_statement(DAYS[-1], HONG_KONG)
    assert made["sha256"] == filed(content, inputs={"figures": DAYS[-1].sha256}).document.sha256
    assert error(shell, "report", "review", NAME, "--by", "finance-1")["code"] == "not_authorised"
    signed(shell, NAME)
    publish = ("report", "publish", NAME, "--url", "https://example.test/d", "--by", "finance-1")
    assert shell.json(*publish)["state"] == "published"
    assert shell.json(*publish)["state"] == "published"
    files = [Path(item) for item in shell.json("report", "show", NAME, "--out", tmp_path / "pack")]
    assert {path.suffix for path in files} == {".json", ".html", ".csv"}
    checked = shell.json("report", "verify", files[0])
    assert any("signed as reviewer for finance-2" in text for text in checked["established"])
    assert "checked: " in shell.text("report", "verify", files[0])
    data = json.loads(files[0].read_text(encoding="utf-8"))
    data["document"]["content"]["surplus"]["amount"] = "8500200.38"
    files[0].write_text(json.dumps(data), encoding="utf-8")
    assert error(shell, "report", "verify", files[0])["code"] == "figures_do_not_add_up"
    assert [row["report_id"] for row in shell.json("report", "list")] == [NAME]


def test_x11_a_restated_day_by_commands(on_sqlite: Shell, tmp_path: Path) -> None:
    from support.closed_books import close

    shell = on_sqlite
    make = ("report", "make", "daily_statement", "--day", DAY, "--by", "finance-1")
    first = shell.json(*make)
    signed(shell, NAME)
    with Ledger.open(shell.environment["ISSUANCE_LEDGER"]) as ledger:
        data = DAYS[-1].to_data() | {"version": 2}
        data["ledger"]["received_in_reserve"] = "0"
        close(ledger, type(DAYS[0]).from_data(data), reason="a receipt was booked twice")
    assert error(shell, *make)["code"] == "invalid_input"
    second = shell.json(*make, "--reason", "a receipt was booked twice")
    assert (second["version"], second["state"]) == (2, "generated")
    signed(shell, NAME)
    states = {row["version"]: row["state"] for row in shell.json("report", "list")}
    assert states == {1: "restated", 2: "signed"}
    files = shell.json("report", "show", NAME, "--version", 1, "--out", tmp_path)
    old = read_report(Path(files[0]).read_bytes())
    assert (old.document.sha256, old.sign_off.superseded_by) == (first["sha256"], 2)


def test_the_weekly_pack_and_its_public_half(on_sqlite: Shell, tmp_path: Path) -> None:
    shell = on_sqlite
    of = ("--from", "2026-11-14", "--day", DAY, "--by", "finance-1")
    for kind in ("supervisory_report", "disclosure", "redemption_statistics"):
        shell.json("report", "make", kind, *of)
    shell.json("report", "make", "circulation", "--day", DAY, "--by", "finance-1")
    shell.json("report", "make", "breaks", *of)
    files = shell.json("report", "show", f"disclosure/HKDX/2026-11-14..{DAY}", "--out", tmp_path / "public")
    assert "annex" not in "".join(Path(item).read_text(encoding="utf-8").lower() for item in files)
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps({"rows": [freeze_row()]}), encoding="utf-8")
    made = shell.json("report", "make", "freeze_register", *of, "--with", rows)
    assert made["report_id"].startswith("freeze_register/")
    assert error(shell, "report", "make", "freeze_register", *of)["code"] == "invalid_input"
    assert error(shell, "report", "make", "holder_register", *of)["code"] == "invalid_input"


def facts(**changes: Any) -> dict[str, Any]:
    return {"stated_by": "compliance-1", "stress_tests": [], "third_party_notices": [], **changes}


def test_the_supervisory_report_says_none_only_where_somebody_stated_so(
    on_sqlite: Shell, tmp_path: Path
) -> None:
    shell, given = on_sqlite, tmp_path / "facts.json"
    make = ("report", "make", "supervisory_report", "--from", "2026-11-14", "--day", DAY, "--by", "finance-1")
    name = f"supervisory_report/HKDX/2026-11-14..{DAY}"

    def page() -> str:
        (file,) = (
            Path(item)
            for item in shell.json("report", "show", name, "--out", tmp_path / "shown")
            if item.endswith(".html")
        )
        return file.read_text(encoding="utf-8")

    shell.json(*make)
    assert "nobody has stated for this period" in page()
    assert page().count("Not stated.") == 2
    assert "as compliance-1 states" not in page()
    given.write_text(json.dumps(facts()), encoding="utf-8")
    shell.json(*make, "--with", given)
    assert "Not stated." not in page()
    assert "None was run, as compliance-1 states." in page()
    assert "None was sent, as compliance-1 states." in page()
    run = {
        "scenario": "30 % in a day",
        "run_on": "2026-11-18",
        "coverage": {"bps": 10021, "display": "100.21 %"},
    }
    given.write_text(json.dumps(facts(stress_tests=[run])), encoding="utf-8")
    shell.json(*make, "--with", given)
    assert "30 % in a day" in page()
    for wrong, said in (
        (facts(stated_by="nobody-1"), "no person 'nobody-1'"),
        ({"stated_by": "compliance-1", "stress_tests": []}, "third_party_notices: Field required"),
        (facts(stress_tests=[{**run, "coverage": {"bps": 1, "display": "1 %"}}]), "1 % is not 1 bps"),
        (facts(more=1), "more: Extra inputs"),
        ([], "not a JSON object"),
    ):
        given.write_text(json.dumps(wrong), encoding="utf-8")
        assert said in error(shell, *make, "--with", given)["message"]


def test_the_supervisory_report_takes_from_the_ledger_what_the_ledger_knows(
    on_sqlite: Shell, tmp_path: Path
) -> None:
    from support.figures import cut_off

    from toolkit.reporting.breaks import Breaks
    from toolkit.reporting.identities import Finding

    shell, clock = on_sqlite, StoppedClock(cut_off(date(2026, 11, 13)))
    hour = timedelta(hours=1)
    finding = Finding("CASH_VS_ORDER", "bank/reserve/7", "high", 2500, "HKD", 2, "belongs to nothing")
    with Ledger.open(shell.environment["ISSUANCE_LEDGER"], clock=clock) as ledger:
        old = ledger.incidents.open("older", "acknowledged before the period", {})
        waiting = ledger.incidents.open("older", "nobody has looked", {})
        ledger.incidents.acknowledge(old.id, by="compliance-1", note="seen")
        clock.instant = cut_off(date(2026, 11, 18))
        during = ledger.incidents.open("bank", "a late file", {})
        with ledger.transaction() as tx:
            (name,) = Breaks(ledger, "HKDX").found(tx, [finding], day="2026-11-18", by="finance-1")
        Breaks(ledger, "HKDX").escalate(name, by="compliance-1", reference="HKMA-3")
        clock.instant = cut_off(date(2026, 11, 20)) + hour
        later = ledger.incidents.open("bank", "after the period", {})
    make = ("report", "make", "supervisory_report", "--from", "2026-11-14", "--day", DAY, "--by", "finance-1")
    made = shell.json(*make)
    files = shell.json("report", "show", made["report_id"], "--out", tmp_path)
    annex = read_report(Path(files[0]).read_bytes()).document.content.annex
    assert [item.incident_id for item in annex.incidents] == [waiting.id, during.id]
    assert later.id not in {item.incident_id for item in annex.incidents}
    (notice,) = annex.notices_on_record
    assert (notice.subject, notice.reference) == (name, "HKMA-3")
    assert notice.sent_at.utc == "2026-11-18T15:59:59Z"


def test_the_attestation_schedule_by_commands(on_sqlite: Shell, tmp_path: Path) -> None:
    shell = on_sqlite
    of = ("--from", "2026-11-14", "--day", DAY)
    given = tmp_path / "policies.json"
    given.write_text(json.dumps({"policies": {"fees": "none"}, "previous": "2026-11-14"}), encoding="utf-8")
    make = ("report", "make", "attestation_schedule", *of, "--by", "finance-1", "--with", given)
    assert error(shell, *make)["code"] == "not_found"
    assert error(shell, "report", "draw", *of, "--by", "finance-1")["code"] == "not_authorised"
    drawn = shell.json("report", "draw", *of, "--by", "auditor-1", "--seed", "nobody could know this one")
    assert shell.json(*make)["state"] == "generated"
    assert "2026-11-14" <= drawn["day"] < DAY
    future = ("--from", "2027-11-01", "--day", "2027-11-30", "--by", "auditor-1")
    assert error(shell, "report", "draw", *future)["code"] == "drawn_too_early"


def test_a_signature_made_elsewhere_counts(on_sqlite: Shell) -> None:
    from toolkit.bindings.signable import Signable

    shell = on_sqlite
    shell.json("report", "make", "daily_statement", "--day", DAY, "--by", "finance-1")
    shell.json("report", "review", NAME, "--by", "finance-2")
    data = json.loads(shell("report", "typed-data", NAME, "--part", "preparer").out)
    message = data["message"] | {
        "version": int(data["message"]["version"]),
        "sha256": bytes.fromhex(data["message"]["sha256"][2:]),
    }
    types = {"Report": data["types"]["Report"]}
    signature = Signable(data["domain"], types, "Report", message).sign(LocalSigner(dev_private_key(1))).data
    sign = ("report", "sign", NAME, "--part", "preparer")
    assert shell.json(*sign, "--signature", "0x" + signature.hex())["signatures"] == 1
    assert error(shell, *sign)["code"] == "invalid_input"
    assert error(shell, *sign, "--key", "anvil:1")["code"] == "not_authorised"


def test_nothing_is_made_of_a_day_that_is_not_closed(on_sqlite: Shell) -> None:
    shell = on_sqlite
    found = error(shell, "report", "make", "daily_statement", "--day", "2026-11-21", "--by", "finance-1")
    assert found["code"] == "books_not_closed"
    assert "never reconciled" in found["message"]
    for wrong in (("--day", "tomorrow"), ("--from", "2026-11-21", "--day", DAY)):
        done = error(shell, "report", "make", "daily_statement", *wrong, "--by", "finance-1")
        assert done["code"] == "invalid_input"


def test_what_is_due_by_command(on_sqlite: Shell) -> None:
    shell = on_sqlite
    due = ("due", "--since", "2026-11-14")
    late = shell.json(*due, "--at", "2026-11-25T12:00:00+08:00")
    states = {
        (item["report"], item["period"]["end"]): (item["status"], item["late"]) for item in late["items"]
    }
    assert states["daily_statement", DAY] == ("due", True)
    assert states["disclosure", DAY] == ("blocked", True)
    blocked = next(item for item in late["items"] if item["period"]["end"] == "2026-11-21")
    assert blocked["blocked_by"] == ["HKDX: 2026-11-21 was never reconciled"]
    # As of Tuesday noon, when Friday's cut-off was to come.
    tuesday = shell.json(*due, "--at", "2026-11-17T12:00:00+08:00")
    assert {item["period"]["end"] for item in tuesday["items"]} == {"2026-11-14", "2026-11-15", "2026-11-16"}
    assert "blocked, late" in shell.text(*due, "--at", "2026-11-25T12:00:00+08:00")
    assert error(shell, *due, "--at", "2028-01-20T00:00:00Z")["code"] == "invalid_input"
    assert error(shell, *due, "--at", "2026-11-25")["code"] == "invalid_input"
    assert error(shell, *due, "--profile", "atlantis")["code"] == "invalid_input"
    assert shell.text("due", "--since", DAY, "--at", f"{DAY}T12:00:00+08:00") == "nothing is due\n"


def test_a_snapshots_rows_are_verified_by_command(on_sqlite: Shell, tmp_path: Path) -> None:
    made = snapshot(7)
    report, rows = tmp_path / "snapshot.json", tmp_path / "rows.jsonl"
    report.write_text(filed(made.content).to_json(), encoding="utf-8")
    rows.write_text("".join(made.rows), encoding="utf-8", newline="")
    verify = ("report", "verify", report, "--rows", rows)
    assert "9 claims add up" in on_sqlite.json(*verify)["established"][-1]
    rows.write_text(
        "".join(made.rows).replace('"frozen":"0"', '"frozen":"1"', 1), encoding="utf-8", newline=""
    )
    assert "the claims' root is" in error(on_sqlite, *verify)["message"]


def test_kinds_and_schemas_are_printed(on_sqlite: Shell) -> None:
    assert {item["kind"] for item in on_sqlite.json("report", "kinds")} == set(KINDS)
    assert json.loads(on_sqlite("report", "schema", "disclosure").out)["title"] == "Reserve disclosure"
    assert (
        error(on_sqlite, "report", "make", "balance", "--day", DAY, "--by", "finance-1")["code"]
        == "invalid_input"
    )


def test_closed_days_as_of_a_past_instant(sqlite_databases: Databases) -> None:
    from support.closed_books import close, staffed
    from support.figures import cut_off

    friday = date(2026, 11, 20)
    clock = StoppedClock(cut_off(friday))
    with staffed(sqlite_databases.ledger(), clock) as ledger:
        close(ledger, figures())
        first = clock.instant
        clock.instant = cut_off(date(2026, 11, 24))
        close(ledger, figures(version=2, reserve_value="1499.00"), reason="corrected")
        close(ledger, figures(date(2026, 11, 23), breaks=[a_break(friday)]), closed=False)
        assert ClosedDays(ledger, "HKDX").figures(friday).version == 2
        assert ClosedDays(ledger, "HKDX").figures(friday, 1).version == 1
        assert ClosedDays(ledger, "HKDX", at=first).figures(friday).version == 1
        with pytest.raises(BooksNotClosed, match="never reconciled"):
            ClosedDays(ledger, "HKDX").series(Period(start=date(2026, 11, 19), end=friday))
        with pytest.raises(BooksNotClosed, match=f"over break/{friday}/1"):
            ClosedDays(ledger, "HKDX").require_closed(date(2026, 11, 23))
