"""A worker that dies between recording and sending, by SIGKILL, and the run that finishes what it began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.desks import CHECKER, COMPLIANCE, TREASURER
from support.fund_desks import FUND_TERMS, FundBench
from support.suite import CASE

from toolkit.bindings.fund_events import DaySettled, DepositRequest, RedemptionsFunded, Released
from toolkit.bindings.roles import Role
from toolkit.ledger import State
from toolkit.ledger.record_words import RecordState

_KILLED = """
import os, signal, sys
from toolkit.chain.client import Client
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_signer
from toolkit.deployment import FundTerms, Terms
from toolkit.desk import Desk, FundDesk
from toolkit.desk.fund_watch import FundWatch
from toolkit.fund import Fund
from toolkit.issuance import Issuance

coin_record, fund_record, fund_terms, rpc, url, point, act = sys.argv[1:]
terms = FundTerms.load(fund_terms)
issuance = Issuance.load(coin_record, rpc, terms=terms.home)
desk = Desk(issuance, url)
funds = FundDesk(desk, Fund.load(fund_record, issuance, terms=terms), "A")

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(kind, name):
    original = getattr(kind, name)
    def wrapped(self, *args, **kwargs):
        original(self, *args, **kwargs)
        die()
    setattr(kind, name, wrapped)

{
    "recorded, not sent": lambda: setattr(Client, "send_raw", die),
    "sent, not answered": lambda: after(Client, "send_raw"),
    "sent, not waited for": lambda: setattr(Sender, "wait", die),
    "final, not read": lambda: setattr(FundWatch, "_take_in", die),
}[point]()
eval(act, {"funds": funds})
"""

POINTS = ["recorded, not sent", "sent, not answered", "sent, not waited for", "final, not read"]


def kill_at(point: str, bench: FundBench, tmp_path: Path, act: str) -> None:
    """Runs `act` in another process, which is killed at that point; then opens the desk again."""
    coin, fund = tmp_path / "coin.json", tmp_path / "fund.json"
    bench.suite.issuance.record.save(coin)
    bench.deployed.record.save(fund)
    arguments = [coin, fund, FUND_TERMS, bench.suite.node.rpc_url, bench.url, point, act]
    bench.desk.close()
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == -9, done.stderr
    bench.reopen()


def happened(bench: FundBench, kind: type) -> int:
    first = bench.deployed.record.first_block
    return len(bench.vault.events(kind, from_block=first, to_block="latest"))


@pytest.mark.parametrize("point", POINTS)
def test_a_request_is_sent_once(bench: FundBench, tmp_path: Path, point: str) -> None:
    investor = bench.investor()
    order = bench.subscribed(investor)
    bench.funds.validate(order, by=CHECKER)
    if point == "final, not read":
        bench.act(investor.key, bench.vault.request_deposit(order.base_units, order.wallet, order.wallet))
    kill_at(point, bench, tmp_path, "funds.run()")
    bench.funds.run()
    bench.funds.run()
    assert happened(bench, DepositRequest) == 1
    assert [(item.id, item.state) for item in bench.funds.orders()] == [(order.id, State.IN_BATCH)]
    bench.desk.ledger.verify()


@pytest.mark.parametrize("point", POINTS)
def test_a_day_is_settled_once_and_handed_out_once(bench: FundBench, tmp_path: Path, point: str) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor))
    bench.closed(1)
    bench.struck(1)
    kill_at(point, bench, tmp_path, "funds.settle_day(1, by='dealer-1')")
    bench.funds.run(push=False)
    assert happened(bench, DaySettled) == 1
    assert bench.order(order).state is State.PRICED
    assert bench.funds.day(1).state is RecordState.SETTLED
    if point != "final, not read":
        kill_at(point, bench, tmp_path, "funds.run()")
    bench.funds.run()
    assert bench.order(order).state is State.SETTLED
    assert bench.share.balance_of(investor.wallet) == 199_800_000
    bench.desk.ledger.verify()


@pytest.mark.parametrize("point", POINTS[:3])
def test_money_is_brought_once(bench: FundBench, tmp_path: Path, point: str) -> None:
    investor = bench.investor()
    bench.sent(bench.subscribed(investor, "900000.00"))
    bench.settled(1)
    bench.funds.run()
    (order,) = bench.sent(bench.redeemed(investor, "1000.0000"))
    bench.closed(2)
    bench.struck(2)
    bench.treasury(lambda by: bench.funds._days.shortfall())
    treasurer = bench.desk._context.signer("treasurer")
    bench.act(treasurer, bench.suite.token.approve(bench.vault.address, 2**100))  # only the bringing is cut
    kill_at(point, bench, tmp_path, "funds.fund_redemptions(by='treasurer-1')")
    bench.funds.fund_redemptions(by=TREASURER)
    assert happened(bench, RedemptionsFunded) == 1
    bench.funds.settle_day(2, by="dealer-1")
    bench.funds.run()
    assert bench.order(order).state is State.SETTLED
    assert bench.vault.funding() == 0


def test_a_release_that_was_confirmed_goes_on(bench: FundBench, tmp_path: Path) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor))
    bench.settled(1)
    bench.suite.send(Role.GUARDIAN, bench.share.freeze(investor.wallet))
    bench.funds.run()
    assert bench.order(order).state is State.QUARANTINED
    kill_at(
        "recorded, not sent",
        bench,
        tmp_path,
        f"funds.propose_release('{investor.wallet}', case_id='C-1', by='{COMPLIANCE}')",
    )
    assert happened(bench, Released) == 0
    bench.funds.run()
    bench.suite.send(Role.COMPLIANCE, bench.share.unfreeze(investor.wallet, 0, CASE))
    kill_at("sent, not answered", bench, tmp_path, f"funds.confirm_release('C-1', by='{TREASURER}')")
    bench.funds.run()
    bench.funds.run()
    assert happened(bench, Released) == 1
    assert bench.order(order).state is State.SETTLED
