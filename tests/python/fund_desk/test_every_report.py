"""Every kind of report, made by command on one desk: its coin, its fund, its people and its chain."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.case_desks import CaseBench
from support.databases import run_sql
from support.desks import CHECKER, COMPLIANCE, MAKER, TREASURER, Customer
from support.fund_desks import FUND_TERMS, FundBench
from support.json_schemas import faults, published
from support.report_samples import HONG_KONG, engagement, every_kind
from support.shell import Shell, parsed
from support.suite import Suite

from toolkit.amounts import Amount
from toolkit.bindings.events import Transfer as TokensMoved
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import WalletKind
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.anvil import Anvil
from toolkit.chain.hexes import to_hex
from toolkit.chain.signers import dev_signer
from toolkit.compliance.omnibus import OmnibusAccounts, client_reference
from toolkit.compliance.travel_rule import Beneficiary, Counterparty, Originator, Transfer, TravelRule
from toolkit.errors import LedgerTampered
from toolkit.fund import Fund
from toolkit.issuance import Issuance
from toolkit.reporting.books import Books
from toolkit.reporting.breaks import Breaks
from toolkit.reporting.closed_days import ClosedDays
from toolkit.reporting.draw import draw_day
from toolkit.reporting.errors import BooksNotClosed
from toolkit.reporting.filing import Filing
from toolkit.reporting.reconciliation import Reconciliation
from toolkit.reporting.report import read_report
from toolkit.reporting.reports import KINDS
from toolkit.reporting.reports.content import Period
from toolkit.reporting.reports.values import Moment
from toolkit.reporting.schedule import cut_off_of
from toolkit.reporting.signing import signable

PREPARER, REVIEWER, AUDITOR, MARKET = "finance-1", "finance-2", "auditor-1", "tUSD"
ZONE = ZoneInfo("Asia/Hong_Kong")
CLIENTS = [client_reference(b"o" * 32, uuid.UUID(int=number)) for number in (71, 72)]
OUTSIDE = {"holder_register", "travel_rule"}
OF_THE_FUND = {"fund_dealing", "holder_register"}


@dataclass
class Closed:
    """Two days that are closed, the second a dealing day of the fund."""

    bench: FundBench
    shell: Shell
    folder: Path
    first: date
    last: date
    pool: Customer
    holder: Customer
    frozen: Customer
    escrowed: int
    made: dict[str, Path] = field(default_factory=dict)

    @property
    def days(self) -> ClosedDays:
        return ClosedDays(self.bench.desk.ledger, MARKET)

    def name(self, kind: str) -> str:
        subject = f"{MARKET}-A" if kind in OF_THE_FUND else MARKET
        return f"{kind}/{subject}/{self.first}..{self.last}"

    def make(self, kind: str) -> Path:
        """The folder with the report, which is made once."""
        if kind not in self.made:
            out, by = self.folder / kind, PREPARER
            if kind == "attestation_report":
                by = AUDITOR
                self.sign("attestation_schedule")
                self.settle()
            command = ["report", "make", kind, "--from", self.first, "--day", self.last, "--by", by]
            given = self.given().get(kind)
            if given is not None:
                file = self.folder / f"{kind}.given.json"
                file.write_text(json.dumps(given))
                command += ["--with", file]
            if kind in {"freeze_register", "travel_rule"}:
                command += ["--read-by", COMPLIANCE]
            if kind == "lifecycle_log":
                command += ["--fund", self.shell.environment["ISSUANCE_RECORD"]]
            found = self.shell.json(*command, "--out", out)
            assert (found["report_id"], found["state"]) == (self.name(kind), "generated")
            assert self.shell.json(*command, "--out", out) == found, "the same again changes nothing"
            self.made[kind] = out
        return self.made[kind]

    def sign(self, kind: str) -> None:
        """Management signs its report, at the time of the desk's clock, which is the chain's."""
        self.make(kind)
        filing, name = Filing(self.bench.desk.ledger), self.name(kind)
        if filing.record(name).state == "generated":
            filing.review(name, by=REVIEWER)
            document = filing.get(name).document
            for part, person, index in (("preparer", PREPARER, 11), ("reviewer", REVIEWER, 12)):
                filing.sign(name, signable(document, part=part, person=person).sign(dev_signer(index)).data)

    def settle(self) -> None:
        """What was explained and told to the supervisor is settled: nothing is attested over it before."""
        breaks = Breaks(self.bench.desk.ledger, MARKET)
        for item in breaks.all(open_only=True):
            breaks.close(item.break_id, by=REVIEWER, reason="the bank's file came")

    def given(self) -> dict[str, Any]:
        facts = every_kind()["incident_notice"].document.content.facts.model_dump(mode="json")
        today = Moment.of(self.bench.desk.ledger.clock.now()).hkt[:10]
        return {
            "attestation_report": engagement(report_date=today).model_dump(mode="json"),
            "attestation_schedule": {"policies": {"fees": "none"}},
            "holder_snapshot": {"kept_at": ["vault A", "vault B"]},
            "incident_notice": facts,
        }

    def content(self, kind: str) -> Any:
        (file,) = self.make(kind).glob("*_v1.json")
        return read_report(file.read_bytes()).document.content


@pytest.fixture(scope="module")
def closed(
    deployed_fund: tuple[Anvil, Issuance, Fund], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closed]:
    node, issuance, fund = deployed_fund
    snapshot, folder = node.snapshot(), tmp_path_factory.mktemp("reports")
    suite = Suite(node, issuance)
    govern(suite)
    bench = FundBench(suite, fund, folder / "desk.db").staff()
    for person, role, index in (
        (PREPARER, "finance", 11),
        (REVIEWER, "finance", 12),
        (AUDITOR, "auditor", 13),
    ):
        address = dev_signer(index).address
        bench.desk.add_person(person, label="of the house", roles=[role], addresses=[address])
    bench.announced()
    yield played(bench, folder)
    bench.desk.close()
    suite.client.close()
    node.revert(snapshot)


def govern(suite: Suite) -> None:
    """Powers are used: at once by the guardian, by governor, administrator and upgrader after their delay."""
    operator = dev_signer(17).address
    suite.govern(suite.access.grant_role(Role.OPERATOR, operator), Role.ADMIN)
    suite.govern(suite.market.set_operator_limit(operator, 10**9))
    suite.send(Role.GUARDIAN, suite.issuance.guardian_gate.revoke_role(Role.OPERATOR, operator))
    suite.send(Role.GUARDIAN, suite.token.pause())
    suite.govern(suite.token.resume())
    implementation = suite.issuance.record.contracts["Stablecoin"].implementation
    assert implementation is not None
    suite.govern(suite.token.upgrade(implementation.address), Role.UPGRADER)
    suite.attest(100_000_000_000_000)
    suite.send(Role.GUARDIAN, suite.feed.suspend_attestor(suite.attestors[-1].address))


def played(bench: FundBench, folder: Path) -> Closed:
    holder, other, pool = bench.investor(1), bench.investor(2, "500.00"), omnibus(bench)
    bench.act(holder.key, bench.suite.token.transfer(pool.wallet, 100_000_000))
    allocated(bench, pool)
    announced_transfer(bench, pool)
    paid = bench.burned(holder, "100.00")
    bench.desk.record_payout(paid, payment_reference="CHATS-1", by=TREASURER)
    bench.desk.run()
    waiting = bench.escrowed(holder, "40.00")
    bench.sent(bench.subscribed(holder, "200000.00"))
    CaseBench(bench).staff().frozen("CASE-1", other)
    dealt = bench.date_of(1)
    bench.settled(1)
    bench.funds.run()
    days = (dealt - timedelta(days=1), dealt)
    bench.go_to(datetime.combine(dealt + timedelta(days=1), time(0, 30), ZONE).astimezone(UTC))
    bench.suite.node.mine()
    close(bench, days)
    draw_day(
        bench.desk.ledger,
        MARKET,
        Period(start=days[0], end=days[1]),
        ended_at=cut_off_of(HONG_KONG, days[1]),
        by=AUDITOR,
        seed="nobody could have foreseen this",
    )
    record = folder / "fund.json"
    bench.deployed.record.save(record)
    environment = {
        "ISSUANCE_RPC": bench.suite.node.rpc_url,
        "ISSUANCE_RECORD": record,
        "ISSUANCE_LEDGER": bench.url,
        "ISSUANCE_MARKET": MARKET,
        "ISSUANCE_FUND_TERMS": FUND_TERMS,
        "ISSUANCE_FUND_CLASS": "A",
    }
    return Closed(bench, Shell(environment), folder, *days, pool, holder, other, waiting.amount.base_units)


def omnibus(bench: FundBench) -> Customer:
    known = bench.customer(9, registered=False).investor
    investor = replace(known, id=uuid.UUID(int=99), label="Pool", bank_account="BANK-POOL")
    pool = Customer(investor, dev_signer(16))
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, pool.wallet)
    bench.desk.prove_wallet(challenge, challenge.signable.sign(pool.key).data, kind=WalletKind.OMNIBUS)
    bench.desk.register_wallet(pool.wallet)
    return pool


def allocated(bench: FundBench, pool: Customer) -> None:
    """60 and 30 of the wallet's 100 to its clients; 10 are the distributor's own."""
    accounts = OmnibusAccounts(bench.desk.ledger, bench.suite.token)
    parts: dict[str, Any] = dict(zip(CLIENTS, ("60.00", "30.00"), strict=True))
    record = accounts.allocate(pool.wallet, parts, total="90.00", key="first", maker=MAKER)
    accounts.approve(record.id, checker=CHECKER)


def announced_transfer(bench: FundBench, pool: Customer) -> None:
    """Two transfers; the parties of the second were erased when it was over."""
    ledger, now = bench.desk.ledger, bench.desk.ledger.clock.now()
    rule = TravelRule(ledger)
    gate = Counterparty(
        "gate", "Gate Ltd", "HK", "vasp", "VATP 1", True, "DD-2026-7", now + timedelta(days=365)
    )
    rule.propose(gate, by=MAKER)
    rule.accept("gate", by=COMPLIANCE, rationale="licensed")
    sender = Originator("Chan Tai Man", "A-1", "1 Queen's Road", "A123456(7)")
    for name in ("order-out", "order-over"):
        amount = Amount.parse("2000.00", unit="tUSD", decimals=6)
        transfer = Transfer(name, bench.suite.issuance.chain_id, pool.wallet, amount, "HKD", "gate", "TRISA")
        rule.send(transfer, sender, Beneficiary("Harbour Ltd", "B-1"), by=MAKER)
    rule.give_back("order-over", by=COMPLIANCE, rationale="the customer changed their mind")
    ledger.travel.erase("order-over", by=COMPLIANCE, reason="the time is over")


def close(bench: FundBench, days: tuple[date, date]) -> None:
    """The bank's statements are missing, which are breaks that somebody explains."""
    ledger = bench.desk.ledger
    books = Books(
        bench.suite.issuance,
        ledger,
        BusinessCalendar.load("hong-kong"),
        market=MARKET,
        pool=MARKET,
        chain_name="Anvil",
        sub_ledger=ledger.omnibus,
    )
    reconciliation = Reconciliation(books)
    for day in days:
        for name in reconciliation.run(day, by=PREPARER, report=None).breaks:
            if not reconciliation.breaks.get(name).is_explained:
                reconciliation.breaks.assign(name, PREPARER, by=PREPARER)
                reconciliation.breaks.explain(name, "the bank's file is late", by=PREPARER)
                reconciliation.breaks.escalate(name, by=COMPLIANCE, reference="notice 1")
        reconciliation.close(day, by=REVIEWER)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_report_by_command_fits_its_schema_and_is_verified(closed: Closed, kind: str) -> None:
    out = closed.make(kind)
    (file,) = out.glob("*_v1.json")
    data, schema = parsed(file.read_text(encoding="utf-8")), published(kind)
    assert faults(data["document"], schema, schema) == []
    assert data["sign_off"]["prepared_by"] == (AUDITOR if kind == "attestation_report" else PREPARER)
    assert list(out.glob("*_v1.html"))
    rows = [item for path in out.glob("*.rows.jsonl") for item in ("--rows", path)]
    checked = closed.shell.json("report", "verify", file, *rows)
    assert checked["report_id"] == closed.name(kind)
    assert checked["established"][0].endswith(data["document"]["sha256"])


def test_the_travel_extract_names_the_parties_and_marks_what_was_erased(
    closed: Closed, tmp_path: Path
) -> None:
    shell, name = closed.shell, closed.name("travel_rule")
    over, out = sorted(closed.content("travel_rule").rows, key=lambda row: row.status)
    assert (out.transfer_id, out.originator["name"], out.recipient["name"]) == (
        *("order-out", "Chan Tai Man", "Harbour Ltd"),
    )
    assert (out.hkd.amount, out.tier, out.due_diligence) == ("2000.00", "short", "DD-2026-7")
    assert (over.status, set(over.originator), set(over.recipient)) == (
        *("returned", {"erased_at"}, {"erased_at"}),
    )
    record = closed.bench.desk.ledger.record_book.get(f"report/{name}/v1")
    assert record.data["document"] is None
    assert "Chan" not in json.dumps(record.data)
    command = ("report", "make", "travel_rule", "--from", closed.first, "--day", closed.last)
    by = ("--by", PREPARER, "--read-by", COMPLIANCE)
    assert "--out FOLDER" in shell.refusal(2, *command, *by)
    assert "its officers and the auditor may" in shell.refusal(1, *command, "--by", PREPARER)

    # Kept outside of the ledger, it is signed by its file.
    (file,) = closed.make("travel_rule").glob("*_v1.json")
    shell.json("report", "review", name, "--by", REVIEWER)
    sign = ("report", "sign", name, "--part")
    assert "give its file" in shell.refusal(2, *sign, "preparer", "--key", "anvil:11")
    (another,) = closed.make("holder_register").glob("*_v1.json")
    assert "give that report's file" in shell.refusal(
        2, *sign, "preparer", "--key", "anvil:11", "--file", another
    )
    shell.json(*sign, "preparer", "--key", "anvil:11", "--file", file)
    typed = shell.json("report", "typed-data", name, "--part", "reviewer", "--file", file)
    assert typed["message"]["person"] == REVIEWER
    assert shell.json(*sign, "reviewer", "--key", "anvil:12", "--file", file)["state"] == "signed"
    (signed, *_) = shell.json("report", "show", name, "--file", file, "--out", tmp_path / "signed")
    assert len(shell.json("report", "verify", signed)["established"]) == 4

    TravelRule(closed.bench.desk.ledger).acknowledge("order-out", by=MAKER, reference="GATE-1")
    again = (*command, *by, "--out", tmp_path / "second", "--reason", "it was acknowledged")
    assert "give its file" in shell.refusal(2, *again)
    assert shell.json(*again, "--previous", signed)["version"] == 2
    assert "on file" in shell.refusal(2, *sign, "preparer", "--key", "anvil:11", "--file", signed)


def test_the_register_of_freezes_is_compliances_own(closed: Closed) -> None:
    content = closed.content("freeze_register")
    assert {row.wallet for row in content.rows} == {closed.frozen.wallet}
    (row,) = content.rows
    assert (row.authority[:9], content.in_force, content.unsigned) == ("sanctions", 1, 0)
    assert row.owner_ref == closed.bench.desk.reference(closed.frozen.investor)
    command = ("report", "make", "freeze_register", "--by", PREPARER, "--day")
    assert "its officers and the auditor may" in closed.shell.refusal(1, *command, closed.last)
    assert "no person" in closed.shell.refusal(2, *command, closed.last, "--read-by", "nobody")
    before = closed.shell.json(*command, "2026-11-20", "--read-by", AUDITOR)
    assert (
        closed.days.ledger.record_book.get(f"report/{before['report_id']}/v1").data["document"]["content"][
            "rows"
        ]
        == []
    )


def test_the_snapshot_is_the_chain_at_the_cut_off_and_looks_through(closed: Closed) -> None:
    content = closed.content("holder_snapshot")
    (rows,) = closed.make("holder_snapshot").glob("*.rows.jsonl")
    claims = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    token, block = closed.bench.suite.token, content.cut.position.block_number
    held: dict[str, int] = {}
    for claim in claims:
        held[claim["wallet"]] = held.get(claim["wallet"], 0) + int(claim["units"])
    assert held == {wallet: token.balance_of(wallet, block=block) for wallet in held}
    assert sum(held.values()) == token.total_supply(block=block) == content.outstanding.value
    reference = closed.bench.desk.reference
    pool = {item["owner"]: item["units"] for item in claims if item["wallet"] == closed.pool.wallet}
    own = reference(closed.pool.investor)
    assert pool == {CLIENTS[0]: "60000000", CLIENTS[1]: "30000000", own: "10000000"}
    market = closed.bench.suite.issuance.market.address
    (escrow,) = (item for item in claims if item["wallet"] == market)
    assert escrow["owner"] == reference(closed.holder.investor)
    assert escrow["units"] == str(closed.escrowed)
    (frozen,) = (item for item in claims if item["wallet"] == closed.frozen.wallet)
    assert frozen["frozen"] == frozen["units"] == content.frozen.base_units
    of = ("--from", closed.first, "--day", closed.last, "--by", PREPARER)
    given = closed.folder / "holder_snapshot.given.json"
    assert "--out FOLDER" in closed.shell.refusal(
        2, "report", "make", "holder_snapshot", *of, "--with", given
    )


def test_the_checkpoint_of_a_closed_day_is_the_chains(closed: Closed) -> None:
    figures, kept = closed.days.figures(closed.last), closed.days.checkpoint(closed.last)
    assert kept.block_hash == figures.chains[0].cut.block_hash
    token, block = closed.bench.suite.token, kept.block_number
    balances = {wallet: int(units) for wallet, units in kept.coin["balances"].items()}
    assert balances == {wallet: token.balance_of(wallet, block=block) for wallet in balances}
    assert sum(balances.values()) == figures.outstanding
    with pytest.raises(BooksNotClosed, match="isn't closed"):
        closed.days.checkpoint(closed.last, 2)
    with pytest.raises(BooksNotClosed, match="never reconciled"):
        closed.days.checkpoint(closed.last + timedelta(days=1))


@pytest.mark.parametrize("edit", ["digest = :other", "data = :data"])
def test_a_checkpoint_that_was_edited_is_refused(closed: Closed, edit: str) -> None:
    url, record = closed.bench.url, f"reconciliation/{MARKET}/{closed.last}/v1"
    digest, packed = closed.bench.desk.ledger.as_of.checkpoint(record)
    _, other = closed.days.checkpoint(closed.first).pack()
    change = f"UPDATE checkpoints SET {edit} WHERE record_id = :record"
    values = {"other": "0" * 64} if "digest" in edit else {"data": other}
    try:
        assert run_sql(url, change, record=record, **values)[0] == 1
        with pytest.raises(LedgerTampered, match="not the one that was closed"):
            closed.days.checkpoint(closed.last)
    finally:
        restore = "UPDATE checkpoints SET digest = :digest, data = :data WHERE record_id = :record"
        run_sql(url, restore, record=record, digest=digest, data=packed)
    assert closed.days.checkpoint(closed.last)


def test_the_fund_is_reported_as_its_desk_has_it(closed: Closed, tmp_path: Path) -> None:
    dealt, register = closed.content("fund_dealing"), closed.content("holder_register")
    assert (dealt.dealing_day, dealt.closing.display, dealt.subscriptions) == (
        *(closed.last.isoformat(), "19980.0000", 1),
    )
    found = closed.bench.funds.register(register.block_number)
    assert (register.version_id, register.version_hash) == (
        *(found.version_id, "0x" + found.version_hash.hex()),
    )
    assert {row.legal_name for row in register.rows} == {None}
    command = ("report", "make", "holder_register", "--day", closed.last, "--by", PREPARER)
    made = closed.shell.json(*command, "--personal", "--out", tmp_path)
    assert made["report_id"] == f"holder_register/{MARKET}-A/{closed.last}"
    (file,) = tmp_path.glob("*_v1.json")
    names = {row.legal_name for row in read_report(file.read_bytes()).document.content.rows}
    assert closed.holder.investor.label in names
    assert "no dealing day" in closed.shell.refusal(
        2, "report", "make", "fund_dealing", "--day", closed.first, "--by", PREPARER
    )


def test_the_log_has_what_was_done_to_the_contracts(closed: Closed, tmp_path: Path) -> None:
    command = ("report", "make", "lifecycle_log", "--day", closed.last, "--by", PREPARER)
    closed.shell.json(*command, "--from", "2026-11-20", "--out", tmp_path)
    (file,) = tmp_path.glob("*_v1.json")
    content = read_report(file.read_bytes()).document.content
    suite, found = closed.bench.suite, {item.operation for item in content.operations}
    assert {"DEPLOY", "ROLE_GRANT", "ROLE_REVOKE", "CONFIGURE", "ALLOWLIST", "MINT", "BURN"} <= found
    assert {"FREEZE", "PAUSE", "RESUME", "UPGRADE", "CAP_CHANGE", "ATTESTOR_CHANGE"} <= found
    for operation, role in (("RESUME", Role.GOVERNOR), ("UPGRADE", Role.UPGRADER)):
        (locked,) = (
            item
            for item in content.operations
            if (item.operation, item.contract) == (operation, "Stablecoin") and item.scheduled_at
        )
        assert locked.requested_by == suite.signer(role).address
        delay = locked.executed_at.instant - locked.scheduled_at.instant
        assert delay.total_seconds() >= suite.access.has_role(role, locked.requested_by)[1] > 0
    block = closed.days.figures(closed.last).chains[0].cut.block_number
    mints = suite.token.events(TokensMoved, from_block=0, to_block=block)
    wanted = {to_hex(item.log.tx_hash) for item in mints if item.sender == ZERO_ADDRESS}
    logged = [item for item in content.operations if item.operation == "MINT"]
    assert {item.transaction for item in logged if item.contract == "Stablecoin"} == wanted
    for item in (content.operations[0], content.operations[-1]):
        known = suite.client.block(item.block_number)
        assert item.block_hash == to_hex(known.hash)
        assert item.executed_at.instant.timestamp() == known.timestamp
    later = closed.content("lifecycle_log").operations
    assert later == tuple(
        item for item in content.operations if item.executed_at.utc >= later[0].executed_at.utc
    )


def test_what_a_kind_needs_besides_the_ledger_is_asked_for(closed: Closed) -> None:
    bare = Shell({"ISSUANCE_LEDGER": closed.bench.url, "ISSUANCE_MARKET": MARKET})
    of = ("--day", closed.last, "--by", PREPARER, "--read-by", AUDITOR)
    for kind in ("lifecycle_log", "freeze_register", "fund_dealing", "holder_register"):
        said = bare.refusal(2, "report", "make", kind, *of)
        assert "--record and --rpc" in said or "--fund-terms and --class" in said
    assert "--with FILE" in bare.refusal(2, "report", "make", "holder_snapshot", *of)
