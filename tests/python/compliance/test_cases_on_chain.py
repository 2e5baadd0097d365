"""Cases against a live chain: what a freeze, a seizure and a recovery do to coin, shares, escrow and vault.

One node and one deployment for all of them; what a test does is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.case_desks import (
    APPROVER,
    GUARDIAN,
    LISTED,
    ORDER,
    OTHER_APPROVER,
    OTHER_GUARDIAN,
    REGISTRAR,
    REVIEW,
    CaseBench,
    Fallible,
    Killed,
    digest,
)
from support.desks import CHECKER, COMPLIANCE, TREASURER
from support.fund_desks import FundBench, deploy_fund
from support.shell import Shell
from support.suite import FOR_EVER, TERMS, Suite

from toolkit.bindings.errors import (
    ERC7943CannotReceive,
    ERC7943CannotSend,
    ERC7943InsufficientUnfrozenBalance,
    WalletBelongsToAnother,
)
from toolkit.bindings.roles import Role as ChainRole
from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.anvil import Anvil
from toolkit.chain.signers import dev_signer
from toolkit.compliance.authority import Taking
from toolkit.compliance.errors import CoolingOff
from toolkit.desk import Desk
from toolkit.errors import NotEligible
from toolkit.fund import Fund
from toolkit.issuance import Issuance
from toolkit.ledger import State
from toolkit.ledger.case_acts import WHOLE_ACCOUNT, ActKind
from toolkit.ledger.record_words import RecordState


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[Anvil, Issuance, Fund]]:
    # A Monday morning in Hong Kong, whose days the fund's calendar knows.
    start = int(datetime(2026, 11, 23, 1, tzinfo=UTC).timestamp())
    with Anvil(accounts=20, timestamp=start) as anvil:
        issuance = Issuance.deploy(TERMS, anvil)
        yield anvil, issuance, deploy_fund(anvil, issuance)


@pytest.fixture
def cases(node: tuple[Anvil, Issuance, Fund], tmp_path: Path) -> Iterator[CaseBench]:
    anvil, issuance, fund = node
    snapshot = anvil.snapshot()
    suite = Suite(anvil, issuance)
    suite.attest(100_000_000_000_000)
    bench = FundBench(suite, fund, tmp_path / "desk.db").staff()
    bench.announced(6)
    yield CaseBench(bench).staff()
    bench.desk.ledger.verify()
    bench.desk.close()
    suite.client.close()
    anvil.revert(snapshot)


def test_w14_a_party_is_frozen_in_the_coin_and_the_share_and_released(cases: CaseBench) -> None:
    bench = cases.bench
    customer, other = bench.investor(1), bench.investor(2)
    open_order = bench.requested(customer)
    assert cases.frozen("FRZ-1", customer).state is RecordState.FROZEN
    for token in (bench.suite.token, bench.share):
        assert token.frozen_of(customer.wallet) == WHOLE_ACCOUNT
        assert token.frozen_of(other.wallet) == 0
    assert bench.desk.order(open_order).state is State.ON_HOLD
    with pytest.raises(ERC7943CannotSend):
        bench.act(customer.key, bench.suite.token.transfer(other.wallet, 1))
    with pytest.raises(ERC7943CannotReceive):
        bench.act(other.key, bench.suite.token.transfer(customer.wallet, 1))
    later = cases.another_wallet(customer, 1)
    (record,) = cases.office.freezes.resume()
    assert bench.suite.token.frozen_of(later.wallet) == WHOLE_ACCOUNT
    assert all(row["transaction"] for row in record.data["acts"])
    assert cases.released("FRZ-1").state is RecordState.RELEASED
    for wallet in (customer.wallet, later.wallet):
        assert bench.suite.token.frozen_of(wallet) == bench.share.frozen_of(wallet) == 0
    bench.act(customer.key, bench.suite.token.transfer(other.wallet, 1))


def test_w14_a_part_of_an_omnibus_wallet_to_the_last_unit(cases: CaseBench) -> None:
    bench = cases.bench
    omnibus, other = bench.investor(1, "100.00"), bench.investor(2, "1.00")
    cases.part("PART-1", omnibus.wallet, "30.000001")
    cases.part("PART-2", omnibus.wallet, "9.999999")
    with pytest.raises(ERC7943InsufficientUnfrozenBalance):
        bench.act(omnibus.key, bench.suite.token.transfer(other.wallet, 60_000_001))
    bench.act(omnibus.key, bench.suite.token.transfer(other.wallet, 60_000_000))
    cases.released("PART-1")
    assert bench.suite.token.frozen_of(omnibus.wallet) == 9_999_999
    custody = dev_signer(12).address
    cases.office.freezes.propose_disposal("PART-2", Taking.SEIZE, by=COMPLIANCE, order=ORDER, to=custody)
    cases.office.freezes.approve("PART-2", by=APPROVER)
    assert cases.office.freezes.approve("PART-2", by=OTHER_APPROVER).state is RecordState.SEIZED
    assert bench.suite.token.balance_of(custody) == 9_999_999
    assert bench.suite.token.frozen_of(omnibus.wallet) == 0
    bench.act(omnibus.key, bench.suite.token.transfer(other.wallet, 30_000_001))


def test_w14_escrow_is_seized_and_the_rest_burned_by_order_with_discharge(cases: CaseBench) -> None:
    bench = cases.bench
    customer = bench.investor(1, "1000.00")
    order = bench.escrowed(customer, "400.00")
    cases.frozen("FRZ-1", customer)
    custody = dev_signer(12).address
    freezes = cases.office.freezes
    freezes.propose_disposal("FRZ-1", Taking.BURN, by=COMPLIANCE, order=ORDER, to=custody)
    freezes.approve("FRZ-1", by=APPROVER)
    before, discharged = bench.suite.token.total_supply(), bench.suite.token.discharged()
    assert freezes.approve("FRZ-1", by=OTHER_APPROVER).state is RecordState.BURNED_BY_ORDER
    assert bench.suite.token.total_supply() == before - 1_000_000_000
    assert bench.suite.token.discharged() == discharged + 1_000_000_000
    assert bench.suite.market.redemption(order.number or 0).status is RedemptionStatus.SEIZED
    bench.desk.run()
    assert bench.desk.order(order).state is State.CANCELLED
    assert bench.suite.issuance.reserve.status().payable.is_zero


def test_t10_a_party_frozen_between_approval_and_mining_gets_nothing_and_the_order_is_on_hold(
    cases: CaseBench,
) -> None:
    bench = cases.bench
    customer = bench.customer(1)
    order = bench.approved(customer)
    # The freeze is mined first: the mint was simulated before it, and sent after.
    cases.office.freezes.freeze(
        "FRZ-1",
        by=GUARDIAN,
        authority=LISTED,
        review_on=REVIEW,
        wallets=[customer.wallet],  # by the chain alone: the ledger doesn't restrict the party
    )
    bench.desk.run()
    assert bench.suite.token.balance_of(customer.wallet) == 0
    held = bench.desk.order(order)
    assert held.state is State.ON_HOLD
    assert bench.desk.history(order)[-1].to_state is State.ON_HOLD


def test_t10_a_mint_that_was_sent_before_the_freeze_was_mined_mints_nothing(cases: CaseBench) -> None:
    bench, anvil = cases.bench, cases.bench.suite.node
    customer = bench.customer(1)
    order = bench.approved(customer)
    hasty = Desk(bench.suite.issuance, bench.url, patience=timedelta(seconds=1))
    anvil.set_automine(False)
    try:
        with hasty._lanes.lease("guardian") as lane:
            lane.send(bench.suite.token.freeze(customer.wallet))
        hasty.run()  # simulated while the freeze only waits in the pool
        assert hasty.order(order).state is State.SUBMITTED
        anvil.mine(1)
    finally:
        anvil.set_automine(True)
    hasty.run()
    assert bench.suite.token.balance_of(customer.wallet) == 0
    assert hasty.order(order).state is State.ON_HOLD
    hasty.close()


@pytest.mark.parametrize("lapse", ["removed", "expired"])
def test_t10_a_status_that_changes_after_approval_stops_the_order(cases: CaseBench, lapse: str) -> None:
    bench = cases.bench
    customer = bench.customer(1)
    order = bench.approved(customer)
    if lapse == "removed":
        bench.suite.send(ChainRole.REGISTRAR, bench.suite.registry.remove_wallets([customer.wallet]))
    else:
        entry = bench.suite.registry.wallet_of(customer.wallet)
        bench.suite.node.advance_time(entry.verified_until - bench.suite.now() + 1)
    bench.desk.run()
    assert bench.suite.token.balance_of(customer.wallet) == 0
    assert bench.desk.order(order).state in (State.ON_HOLD, State.EXPIRED)


def test_t10_a_frozen_subscriber_is_not_sent_and_a_frozen_holder_gets_no_shares(cases: CaseBench) -> None:
    bench = cases.bench
    customer, other = bench.investor(1), bench.investor(2)
    (sent,) = bench.sent(bench.subscribed(other))
    waiting = bench.subscribed(customer)
    bench.funds.validate(waiting, by=CHECKER)
    cases.frozen("FRZ-1", customer)
    cases.frozen("FRZ-2", other)
    bench.funds.run()
    assert bench.order(waiting).state is State.ON_HOLD
    bench.settled(1)
    bench.funds.run()
    assert bench.order(sent).state is State.QUARANTINED
    assert bench.share.balance_of(other.wallet) == 0
    assert bench.suite.token.balance_of(other.wallet) == 800_000_000_000  # what was not subscribed stays


def test_the_officers_commands(cases: CaseBench, tmp_path: Path) -> None:
    bench = cases.bench
    customer = bench.customer(1)
    record, fund = tmp_path / "coin.json", tmp_path / "fund.json"
    bench.suite.issuance.record.save(record)
    bench.deployed.record.save(fund)
    shell = Shell(
        {
            "ISSUANCE_RPC": bench.suite.node.rpc_url,
            "ISSUANCE_RECORD": record,
            "ISSUANCE_LEDGER": bench.url,
            "ISSUANCE_TERMS": TERMS,
            "ISSUANCE_FUND_RECORDS": fund,
        }
    )

    def run(*words: object) -> Any:
        return shell.json("compliance", *words)

    stands_on = ("--authority", "sanctions", "--reference", "SDN 7", "--document", digest("list"))
    frozen = run(
        *("cases", "freeze", "FRZ-1", "--by", GUARDIAN, "--review-on", "2027-02-01", *stands_on),
        *("--investor", bench.desk.reference(customer.investor)),
    )
    assert (frozen["state"], frozen["acts"], frozen["alarms"]) == ("prelim_freeze", 3, {})
    assert "SDN" not in str(run("cases", "list"))
    assert shell.text("compliance", "cases", "list")
    run("cases", "second", "FRZ-1", "--by", OTHER_GUARDIAN)
    assert run("cases", "confirm", "FRZ-1", "--by", COMPLIANCE, "--reason", "a match")["state"] == "frozen"
    (row,) = run("cases", "register", "--by", COMPLIANCE)
    assert row["authority"] == "sanctions: SDN 7"
    assert run("cases", "show", "FRZ-1", "--by", COMPLIANCE)["authority"]["reference"] == "SDN 7"
    assert run("cases", "overdue", "--by", COMPLIANCE) == []
    run("cases", "propose-release", "FRZ-1", "--by", COMPLIANCE, *stands_on)
    assert run("cases", "approve", "FRZ-1", "--by", APPROVER)["state"] == "released"

    report = ("--wallet", customer.wallet, "--evidence", digest("report"), "--by", "maker-1")
    assert run("recovery", "report", "REC-1", *report)["state"] == "old_frozen"
    channels = ("--channel", f"call={digest('call')}", "--channel", f"visit={digest('visit')}")
    assert run("recovery", "reverify", "REC-1", "--by", COMPLIANCE, *channels)["state"] == "cooling_off"
    new = cases.another_wallet(customer, 1)
    bench.go_to(bench.now() + timedelta(hours=49))
    run("recovery", "prove", "REC-1", "--wallet", new.wallet, "--by", COMPLIANCE)
    for person in (COMPLIANCE, REGISTRAR, APPROVER, OTHER_APPROVER):
        done = run("recovery", "approve", "REC-1", "--by", person)
    assert done["state"] == "register_posted"
    assert run("cases", "resume")["changed"] == []
    assert run("recovery", "close", "REC-1", "--by", COMPLIANCE, "--reason", "done")["state"] == "closed"


# --------------------------------------------------------------------------------------------------- recovery


def test_x7_a_lost_wallet_is_recovered_supply_neutral_and_the_old_one_is_dead(cases: CaseBench) -> None:
    bench, token = cases.bench, cases.bench.suite.token
    customer, thief = bench.investor(1, "300000.00"), bench.investor(2, "1.00")
    bench.sent(bench.subscribed(customer, "200000.00"))
    bench.settled(1)
    bench.funds.run()
    redemption = bench.escrowed(customer, "40000.00")
    bench.act(customer.key, token.approve(thief.wallet, 2**128 - 1))
    bench.act(customer.key, bench.share.approve(thief.wallet, 2**128 - 1))
    permit = {
        "owner": customer.wallet,
        "spender": thief.wallet,
        "amount": 5,
        "deadline": FOR_EVER,
    }
    signed = token.permit_data(**permit, nonce=token.nonce_of(customer.wallet)).sign(customer.key).data
    supplies = (token.total_supply(), token.minted(), token.discharged(), bench.share.total_supply())
    reference = bench.desk.reference(customer.investor)
    held = bench.funds.register().row(reference).units
    shares, coins = bench.share.balance_of(customer.wallet), token.balance_of(customer.wallet)

    cases.reported("REC-1", customer)
    new = cases.another_wallet(customer, 1)
    cases.office.recoveries.prove("REC-1", wallet=new.wallet, by=COMPLIANCE)
    assert token.balance_of(customer.wallet) == coins
    record = cases.approved("REC-1")
    assert record.state is RecordState.REGISTER_POSTED, record.data["alarms"]

    assert token.balance_of(new.wallet) == coins + 40_000_000_000
    assert bench.share.balance_of(new.wallet) == shares
    assert (token.total_supply(), token.minted(), token.discharged(), bench.share.total_supply()) == supplies
    assert bench.funds.register().row(reference).units == held
    # The old wallet's allowances, permits, redemptions and deposits are dead.
    bench.act(thief.key, token.permit(**permit, signature=signed))
    for call in (
        token.transfer_from(customer.wallet, thief.wallet, 0),
        bench.share.transfer_from(customer.wallet, thief.wallet, 0),
    ):
        with pytest.raises(ERC7943CannotSend):
            bench.act(thief.key, call)
    with pytest.raises(ERC7943CannotReceive):
        bench.act(thief.key, token.transfer(customer.wallet, 1))
    bench.desk.run()
    assert bench.desk.order(redemption).state is State.CANCELLED
    assert bench.suite.market.redemption(redemption.number or 0).status is RedemptionStatus.SEIZED
    # And for good: no registering, no proving, no order, no renewal brings it back.
    assert not bench.suite.registry.is_verified(customer.wallet)
    with pytest.raises(NotEligible):
        bench.desk.register_wallet(customer.wallet)
    challenge = bench.desk.challenge_wallet(customer.investor, customer.wallet)
    with pytest.raises(NotEligible):
        bench.desk.prove_wallet(challenge, challenge.signable.sign(customer.key).data)
    with pytest.raises(NotEligible):
        bench.requested(customer)
    bench.desk.renew(customer.investor, bench.now() + timedelta(days=700))
    assert not bench.suite.registry.is_verified(customer.wallet)
    assert bench.suite.registry.is_verified(new.wallet)
    # The new one works.
    bench.act(new.key, token.transfer(thief.wallet, 1))
    cases.office.recoveries.close("REC-1", by=COMPLIANCE, reason="done")
    assert cases.office.recoveries.resume() == ()


def test_x7_a_recovery_killed_between_its_acts_happens_once(cases: CaseBench) -> None:
    bench = cases.bench
    customer = bench.investor(1, "1000.00")
    bench.escrowed(customer, "250.00")
    cases.reported("REC-1", customer)
    new = cases.another_wallet(customer, 1)
    cases.office.recoveries.prove("REC-1", wallet=new.wallet, by=COMPLIANCE)
    cases.approved("REC-1", last=False)
    fallible = Fallible(cases.suites[0])
    cases.suites = (fallible,)
    fallible.kill_after = 1  # the escrow is taken, and the case doesn't know
    with pytest.raises(Killed):
        cases.office.recoveries.approve("REC-1", by=OTHER_APPROVER)
    bench.reopen()
    cases.suites = (bench.desk.actions.with_funds(bench.deployed),)
    cases.office.recoveries.resume()
    record = cases.office.recoveries.get("REC-1")
    assert record.state is RecordState.REGISTER_POSTED
    assert bench.suite.token.balance_of(new.wallet) == 1_000_000_000
    seized = [row for row in record.data["acts"] if row["do"] == ActKind.SEIZE_ESCROW]
    assert len(seized) == 1
    assert seized[0]["transaction"]


def test_x7_requests_at_the_vault_come_to_their_end_first(cases: CaseBench) -> None:
    bench = cases.bench
    customer = bench.investor(1, "300000.00")
    bench.sent(bench.subscribed(customer, "200000.00"))
    cases.office.recoveries.report("REC-1", wallet=customer.wallet, by="maker-1", evidence=digest("report"))
    channels = {"call-back": digest("call"), "meeting": digest("meeting")}
    cases.office.recoveries.reverify("REC-1", by=COMPLIANCE, channels=channels)
    new = cases.another_wallet(customer, 1)
    with pytest.raises(CoolingOff):
        cases.office.recoveries.prove("REC-1", wallet=new.wallet, by=COMPLIANCE)
    bench.settled(1)
    bench.go_to(bench.now() + timedelta(hours=49))
    cases.office.recoveries.prove("REC-1", wallet=new.wallet, by=COMPLIANCE)
    assert cases.approved("REC-1").state is RecordState.APPROVED
    (alarm,) = cases.office.recoveries.overdue()
    assert "subscription to claim" in alarm.message
    bench.funds.run()  # hands out what was settled: to a frozen wallet that is quarantine
    bench.desk.register_wallet(new.wallet)
    bench.funds.propose_release(customer.wallet, case_id="REC-1", by=COMPLIANCE, to=new.wallet)
    bench.funds.confirm_release("REC-1", by=TREASURER)
    (record,) = cases.office.recoveries.resume()
    assert record.state is RecordState.REGISTER_POSTED
    assert bench.share.balance_of(new.wallet) == 199_800_000
    assert bench.suite.token.balance_of(new.wallet) == 100_000_000_000
    assert bench.share.balance_of(customer.wallet) == 0


def test_x7_the_chain_never_gives_a_wallet_to_another_investor(cases: CaseBench) -> None:
    bench = cases.bench
    customer, other = bench.customer(1), bench.customer(2)
    cases.reported("REC-1", customer)
    new = cases.another_wallet(customer, 1)
    cases.office.recoveries.prove("REC-1", wallet=new.wallet, by=COMPLIANCE)
    assert cases.approved("REC-1").state is RecordState.REGISTER_POSTED
    entries = bench.desk._onboarding.entries([other.wallet])
    stolen = type(entries[0])(customer.wallet, entries[0].wallet)
    with pytest.raises(WalletBelongsToAnother):
        bench.suite.send(ChainRole.REGISTRAR, bench.suite.registry.set_wallets([stolen]))
