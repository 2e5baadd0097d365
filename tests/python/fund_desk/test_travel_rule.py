"""A fund's orders of an institution's wallet: nothing goes there before it has acknowledged (R-AML-07)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from support.desks import COMPLIANCE, MAKER, Customer
from support.fund_desks import FundBench

from toolkit.bindings.structs import WalletKind
from toolkit.compliance.travel_rule import Beneficiary, Counterparty, FxRate, Originator, Transfer, TravelRule
from toolkit.errors import InvalidInput
from toolkit.ledger import State
from toolkit.ledger.records import FundOrder

SENDER = Originator("Chan Tai Man", "A-1", "Hong Kong", "A123456(7)")


def platform(bench: FundBench) -> Customer:
    """An institution with 500,000.00 in a platform's wallet, for which the desk may ask."""
    known = bench.customer(1, registered=False)
    challenge = bench.desk.challenge_wallet(known.investor, bench.suite.other_holder.address)
    wallet = bench.suite.other_holder
    bench.desk.prove_wallet(challenge, challenge.signable.sign(wallet).data, kind=WalletKind.PLATFORM)
    bench.desk.register_wallet(wallet.address)
    bench.suite.mint(900_000_001, 500_000_000_000, wallet.address)
    bench.act(wallet, bench.suite.token.approve(bench.vault.address, 2**128 - 1))
    bench.act(wallet, bench.vault.set_operator(bench.funds.operator, True))
    return Customer(known.investor, wallet)


def travel_of(bench: FundBench) -> TravelRule:
    travel = TravelRule(bench.desk.ledger)
    review = ("DD-2026-7", bench.now() + timedelta(days=365))
    travel.propose(Counterparty("platform", "Platform Ltd", "HK", "vasp", "VATP 1", True, *review), by=MAKER)
    travel.accept("platform", by=COMPLIANCE, rationale="licensed; file DD-2026-7")
    return travel


def send(bench: FundBench, travel: TravelRule, order: FundOrder, price: Decimal | None = None) -> str:
    transfer = Transfer(
        *(order.id, bench.suite.issuance.chain_id, order.wallet, order.amount, order.currency, "platform"),
        *("secure mail", price),
    )
    rate = FxRate(order.currency, Decimal("7.80"), "HKMA", bench.now())
    record = travel.send(transfer, SENDER, Beneficiary("the fund", order.wallet), rate=rate, by=MAKER)
    return str(record.data["hkd"])


def test_nothing_is_asked_or_handed_out_before_the_institution_has_acknowledged(bench: FundBench) -> None:
    customer, travel = platform(bench), travel_of(bench)
    order = bench.subscribed(customer, "200000.00")
    (waiting,) = bench.sent(order)
    assert waiting.state is State.VALID
    assert send(bench, travel, order) == "1560000.00"
    assert bench.funds.run().waiting[0].error.code == "transfer_not_acknowledged"
    travel.acknowledge(order.id, by=MAKER, reference="PLATFORM-1")
    bench.funds.run()
    assert bench.order(order).state is State.IN_BATCH

    bench.settled(1)
    travel.suspend("platform", by=COMPLIANCE, rationale="its licence is under review")
    bench.funds.run()
    assert bench.order(order).state is State.PRICED
    assert bench.share.balance_of(customer.wallet) == 0
    review = ("DD-2026-8", bench.now() + timedelta(days=365))
    travel.propose(Counterparty("platform", "Platform Ltd", "HK", "vasp", "VATP 1", True, *review), by=MAKER)
    travel.accept("platform", by=COMPLIANCE, rationale="found in order; file DD-2026-8")
    bench.funds.run()
    assert bench.order(order).state is State.SETTLED
    shares = bench.share.balance_of(customer.wallet)
    assert shares > 0

    selling = bench.redeemed(customer, "1000.0000")
    (waiting,) = bench.sent(selling)
    assert waiting.state is State.VALID
    with pytest.raises(InvalidInput, match="what one is worth"):
        send(bench, travel, selling)
    assert send(bench, travel, selling, Decimal("10.00")) == "78000.00"
    travel.acknowledge(selling.id, by=MAKER, reference="PLATFORM-2")
    bench.funds.run()
    assert bench.order(selling).state is State.IN_BATCH
    bench.desk.ledger.verify()
