"""Packs of a desk's orders, from a real node: complete, the same for the same facts, and true."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.databases import Databases
from support.ledgers import NOON, Fixture

from toolkit.calendar import BusinessCalendar
from toolkit.chain.anvil import Anvil
from toolkit.chain.hexes import from_hex, keccak
from toolkit.desk.rebuild import rebuild
from toolkit.errors import InconsistentNode, InvalidInput
from toolkit.ledger import Deployment, Ledger, Role, State
from toolkit.ledger.errors import NotFound
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.evidence import Evidence, verify_pack
from toolkit.reporting.evidence.blocks import BlockEvidence, read_block

if TYPE_CHECKING:
    from conftest import Settled


SOME_ACCESS = {"address": "0x" + "11" * 20, "storageKeys": ["0x" + "22" * 32]}


def files_of(pack: bytes) -> dict[str, bytes]:
    return verify_pack.read_archive(pack)


@pytest.mark.parametrize("what", ["mint", "redemption", "requested"])
def test_an_orders_pack_holds_what_proves_it_and_verifies(settled: Settled, what: str) -> None:
    order = getattr(settled, what)
    pack = settled.evidence.order(order.id)
    result = verify_pack.verify(pack)
    assert result.status == "ok", verify_pack.render(result)
    assert pack == settled.evidence.order(order.id)
    folders = {name.partition("/")[0] for name in files_of(pack)}
    chain = {"batches", "blocks", "receipts", "transactions"}
    wanted = {
        "mint": chain | {"attestations", "reports"},
        "redemption": chain,
        "requested": set(),
    }
    assert folders == {"manifest.json", "verify_pack.py", "ledger", "orders"} | wanted[what]


def test_no_name_and_no_label_is_in_a_pack(settled: Settled) -> None:
    pack = settled.evidence.order(settled.mint.id)
    investor = settled.bench.desk.ledger.investors.get(settled.mint.investor)
    texts = b"".join(content for name, content in files_of(pack).items() if name != "verify_pack.py")
    assert investor.label.encode() not in texts


def test_without_its_reserve_report_a_pack_says_what_is_missing(settled: Settled) -> None:
    pack = replace(settled.evidence, reports=()).order(settled.mint.id)
    result = verify_pack.verify(pack)
    assert (result.status, result.exit_code) == ("missing", 3)
    assert "the reserve report behind an attestation" in verify_pack.render(result)


def test_a_report_of_another_figure_cannot_take_its_place(settled: Settled) -> None:
    other = settled.report.replace(b'"amount":"1000000.00"', b'"amount":"1000001.00"')
    assert other != settled.report
    assert (
        verify_pack.verify(replace(settled.evidence, reports=[other]).order(settled.mint.id)).exit_code == 3
    )


def test_a_days_pack_holds_every_order_that_moved(settled: Settled) -> None:
    now = settled.bench.desk.ledger.clock.now()
    since, until = now - timedelta(hours=12), now + timedelta(hours=12)
    pack = settled.evidence.between(since, until)
    assert verify_pack.verify(pack).status == "ok"
    orders = {name for name in files_of(pack) if name.startswith("orders/")}
    assert len(orders) == len(settled.bench.desk.orders()) == 4
    head = settled.bench.desk.ledger.head()
    assert verify_pack.verify(pack, head=(head.seq, head.hash)).status == "ok"
    with pytest.raises(InvalidInput, match="nothing happened"):
        settled.evidence.day((now - timedelta(days=400)).date())


def test_an_order_that_does_not_exist_has_no_pack(settled: Settled) -> None:
    with pytest.raises(NotFound, match="no-such-order"):
        settled.evidence.order("no-such-order")


def test_an_incidents_pack_holds_its_orders_and_says_what_binds_nothing(settled: Settled) -> None:
    incident = settled.bench.desk.ledger.incidents.open(
        "unbacked", "figures differ", {"orders": [settled.redemption.id], "amount": "1"}
    )
    pack = settled.evidence.incident(incident.id)
    result = verify_pack.verify(pack)
    assert result.status == "ok", verify_pack.render(result)
    assert f"orders/{settled.redemption.id}.json" in files_of(pack)
    assert any(item.check == "what the desk noted of the incident" for item in result.findings)


def test_a_records_document_is_packed_only_where_it_holds_no_personal_data(settled: Settled) -> None:
    ledger = settled.bench.desk.ledger
    ledger.persons.add("agent-1", label="an agent", roles=[Role.NAV_AGENT, Role.COMPLIANCE])
    book = ledger.record_book
    data = {"value": "1.0001", "to": "0x00"}
    book.open(
        "nav/F/A/2026-11-20", RecordKind.NAV, RecordState.RECEIVED, data, actor="agent-1", role=Role.NAV_AGENT
    )
    book.open("case/1", RecordKind.CASE, RecordState.PROPOSED, data, actor="agent-1", role=Role.COMPLIANCE)
    pack = settled.evidence.incident("case/1", records=["nav/F/A/2026-11-20"])
    result = verify_pack.verify(pack)
    assert result.status == "ok", verify_pack.render(result)
    records = {
        entry["id"]: entry["data"]
        for name, content in files_of(pack).items()
        if name.startswith("records/")
        for entry in [json.loads(content)]
    }
    assert records == {"nav/F/A/2026-11-20": data, "case/1": None}
    assert any("personal data" in item.check for item in result.findings)
    shown = replace(settled.evidence, disclosed=frozenset({"nav", "case"})).incident("case/1")
    assert verify_pack.verify(shown).status == "ok"


def test_a_record_older_than_the_order_is_bound_by_its_own_events(settled: Settled) -> None:
    ledger = settled.bench.desk.ledger
    ledger.persons.add("agent-2", label="an agent", roles=[Role.NAV_AGENT])
    ledger.record_book.open(
        "nav/F/B", RecordKind.NAV, RecordState.RECEIVED, {"value": "2"}, actor="agent-2", role=Role.NAV_AGENT
    )
    later = settled.bench.requested(settled.bench.customer(7), "3.00")
    pack = settled.evidence.order(later.id, records=["nav/F/B"])
    result = verify_pack.verify(pack)
    assert result.status == "ok", verify_pack.render(result)
    assert "compare their hashes with the ledger's" in verify_pack.render(result)
    files = files_of(pack)
    outside = json.loads(files[verify_pack.OUTSIDE])
    outside[0]["actor"] = "agent-3"
    files[verify_pack.OUTSIDE] = verify_pack.encode(outside)
    manifest = json.loads(files[verify_pack.MANIFEST])
    manifest["files"] = verify_pack.manifest_entries(files)
    files[verify_pack.MANIFEST] = verify_pack.encode(manifest)
    assert verify_pack.verify(verify_pack.write_archive(files)).status == "FAILED"


# -------------------------------------------------------------------------------------- blocks of a real node


@pytest.mark.parametrize("fork", ["shanghai", "cancun", "prague"])
def test_headers_and_roots_of_a_real_node_are_rebuilt(fork: str) -> None:
    kinds = ({}, {"gasPrice": hex(10**10)}, {"gasPrice": hex(10**10), "accessList": [SOME_ACCESS]})
    with Anvil(accounts=len(kinds), hardfork=fork) as node, node.client() as client:
        accounts = client.request("eth_accounts")
        node.set_automine(False)
        for account, fields in zip(accounts, kinds, strict=True):
            client.request(
                "eth_sendTransaction", [{"from": account, "to": account, "value": "0x1", **fields}]
            )
        node.mine()
        block = read_block(client, client.block("latest").hash)
        assert (len(block.raw_transactions), block.gaps) == (3, ())
        assert block.header is not None
        assert len(verify_pack.rlp_decode(block.header)) == {"shanghai": 17, "cancun": 20, "prague": 21}[fork]
        senders = {verify_pack.recover_call(raw, client.chain_id).sender for raw in block.raw_transactions}
        assert {sender.lower() for sender in senders} == set(accounts)
        assert {raw[0] for raw in block.raw_transactions if raw[0] < 0x80} == {1, 2}
        assert all(block.transaction(keccak(raw)).receipt_proof for raw in block.raw_transactions)
        with pytest.raises(InconsistentNode, match="not among"):
            block.transaction(bytes(32))


def test_a_header_that_cannot_be_rebuilt_is_said_and_never_papered_over(settled: Settled) -> None:
    pack = settled.evidence.order(settled.mint.id)
    name = next(item for item in files_of(pack) if item.startswith("blocks/"))
    client = settled.bench.suite.client
    found = dict(client.request("eth_getBlockByHash", [f"0x{name[7:-5]}", True]))
    receipts = client.request("eth_getBlockReceipts", [found["hash"]])
    strange: dict[str, Any] = {**found, "extraData": "0x01"}
    block = BlockEvidence(strange, receipts)
    assert (block.header, block.gaps) == (None, ("its header",))
    files = files_of(pack)
    files[name] = verify_pack.encode({"header": None, "stated": block.stated_roots})
    manifest = json.loads(files[verify_pack.MANIFEST])
    manifest["files"] = verify_pack.manifest_entries(files)
    files[verify_pack.MANIFEST] = verify_pack.encode(manifest)
    result = verify_pack.verify(verify_pack.write_archive(files))
    assert (result.status, "only stated" in verify_pack.render(result)) == ("missing", True)
    other = BlockEvidence({**found, "receiptsRoot": "0x" + "00" * 32}, receipts)
    assert "its receipts' root" in other.gaps
    proof = other.transaction(from_hex(found["transactions"][0]["hash"]))
    assert (proof.receipt_proof, proof.transaction_proof is None) == (None, False)


# ------------------------------------------------------------------------------------- orders of every kind


def test_an_order_that_is_approved_and_not_sent_has_its_signatures_in_the_pack(settled: Settled) -> None:
    bench = settled.bench
    order = bench.approved(bench.customer(11), "5.00")
    files = files_of(settled.evidence.order(order.id))
    (name,) = [item for item in files if item.startswith("batches/")]
    (approval,) = json.loads(files[name])["approvals"]
    assert approval["signer"] == bench.approver().address
    result = verify_pack.verify(settled.evidence.order(order.id))
    assert result.status == "ok", verify_pack.render(result)


def test_an_order_recovered_from_the_chain_says_what_was_lost(settled: Settled, tmp_path: Path) -> None:
    issuance = settled.bench.suite.issuance
    deployment = Deployment(issuance.chain_id, issuance.market.address, issuance.record.instance_id)
    with Ledger.open(f"sqlite:///{tmp_path / 'again.db'}", deployment=deployment) as ledger:
        rebuild(issuance, ledger, calendar=BusinessCalendar.load("hong-kong"))
        evidence = Evidence(ledger, issuance, reports=[settled.report])
        for order in ledger.orders.find(state=State.SETTLED):
            result = verify_pack.verify(evidence.order(order.id))
            assert result.status == "missing", verify_pack.render(result)
            missing = {item.check for item in result.findings if item.status == "missing"}
            assert "an order's request" in missing


def test_every_event_and_order_is_extracted_as_it_was_hashed(databases: Databases) -> None:
    fixture = Fixture(databases.ledger(), customers=2)
    mint, redemption = fixture.mint(), fixture.redemption(customer=2)
    fixture.drive(mint.id, State.FUNDED)
    fixture.drive(redemption.id, State.VALID, State.ESCROWED)
    extracts, head = fixture.ledger.extracts, fixture.ledger.head()
    links = extracts.events(1, head.seq)
    assert [link["seq"] for link in links] == list(range(1, head.seq + 1))
    assert all(verify_pack.link_hash(link) == link["hash"] for link in links)
    assert links[-1]["hash"] == head.hash
    for order in (mint, redemption):
        entry = extracts.order(order.id)
        steps = extracts.history(order.id)
        assert verify_pack.order_digest(entry["order"]) == steps[0]["evidence"]
        request = entry["request"]
        assert verify_pack.sha256(verify_pack.encode(request["body"])) == request["body_hash"]
    money = extracts.order(mint.id)["money"]
    assert verify_pack.sha256(verify_pack.encode(money)) == extracts.history(mint.id)[-1]["evidence"]
    moved = extracts.moved(NOON, NOON + timedelta(seconds=1))
    assert moved is not None
    assert (moved.orders, moved.first, moved.last) == ((mint.id, redemption.id), 1, head.seq)
    assert extracts.moved(NOON + timedelta(seconds=1), NOON + timedelta(days=1)) is None
    fixture.ledger.close()
