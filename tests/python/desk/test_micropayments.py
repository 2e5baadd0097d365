"""A wallet proved by a payment from it: what counts as one, and what doesn't."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from support.desks import MAKER, TREASURER, Bench, Customer
from support.parties import office, policy

from toolkit.bindings.structs import InvestorClass, WalletKind
from toolkit.chain.calls import Call
from toolkit.chain.hexes import to_hex, to_quantity
from toolkit.chain.signers import LocalSigner
from toolkit.compliance.policies import PolicyBook
from toolkit.desk import Investor
from toolkit.desk.errors import ChallengeExpired, ChallengeMismatch, ChallengeReplayed, NotWalletOwner
from toolkit.desk.micropayments import Micropayment
from toolkit.errors import InvalidInput, NotAuthorised, NotEligible, StillPending
from toolkit.ledger.errors import ClassNotApproved, JurisdictionRefused, NotFound, WalletTaken


def customer(bench: Bench, number: int = 1) -> Customer:
    """Onboarded, with a key and some ether, and no proof."""
    investor = Investor(
        id=uuid.UUID(int=number),
        label=f"Customer {number:02}",
        investor_class=InvestorClass.RETAIL,
        country="HK",
        verified_until=bench.now() + timedelta(days=365),
        bank_account=f"BANK-{number:02}",
    )
    bench.desk.onboard(investor)
    found = Customer(investor, LocalSigner(bytes(31) + bytes([100 + number])))
    bench.suite.node.request("anvil_setBalance", found.wallet, to_quantity(10**18))
    return found


def ask(bench: Bench, who: Customer, *, native: bool = False) -> Micropayment:
    return bench.desk.request_micropayment(who.investor, who.wallet, by=MAKER, native=native)


def pay(bench: Bench, key: LocalSigner, asked: Micropayment, amount: int | None = None) -> str:
    """The asked amount (or another) of the chain's own coin."""
    value = asked.amount.base_units if amount is None else amount
    return to_hex(bench.suite.send(key, Call(asked.to, b"", value=value, description="pay")).receipt.tx_hash)


def test_a_payment_of_the_token_proves_the_wallet(bench: Bench) -> None:
    holder, who = bench.customer(9), customer(bench)
    bench.minted(holder, "10.00")
    bench.suite.send(holder_with_gas(bench, holder), bench.suite.token.transfer(who.wallet, 5_000_000))
    asked = ask(bench, who)
    assert asked.amount.unit == "tUSD"
    assert asked.to == bench.desk._context.signer("treasurer").address
    call = bench.suite.token.transfer(asked.to, asked.amount.base_units)
    paid = to_hex(bench.suite.send(who.key, call).receipt.tx_hash)
    wallet = bench.desk.prove_by_micropayment(asked, paid, kind=WalletKind.CUSTODIAL)
    assert wallet.proof is not None
    assert (wallet.kind, wallet.proof.method, to_hex(wallet.proof.signature)) == (
        "custodial",
        "micropayment",
        paid,
    )
    bench.desk.register_wallet(who.wallet)
    assert bench.suite.registry.wallet_of(who.wallet).kind is WalletKind.CUSTODIAL
    with pytest.raises(ChallengeReplayed):
        bench.desk.prove_by_micropayment(asked.id, paid)
    # An EIP-712 challenge renews it.
    challenge = bench.desk.challenge_wallet(who.investor, who.wallet)
    again = bench.desk.prove_wallet(challenge, challenge.signable.sign(who.key).data)
    assert again.proof is not None
    assert again.proof.method == "eip712-challenge"
    bench.desk.ledger.verify()


def holder_with_gas(bench: Bench, holder: Customer) -> LocalSigner:
    bench.suite.node.request("anvil_setBalance", holder.wallet, to_quantity(10**18))
    return holder.key


def test_a_payment_that_proves_nothing(bench: Bench) -> None:
    who, other = customer(bench), customer(bench, 2)
    early = ask(bench, who, native=True)
    before = pay(bench, who.key, early)
    asked = ask(bench, who, native=True)
    assert asked.id != early.id
    prove = bench.desk.prove_by_micropayment
    refused = {
        pay(bench, other.key, asked): NotWalletOwner,
        pay(bench, who.key, asked, asked.amount.base_units + 1): ChallengeMismatch,
        "0x" + "77" * 32: StillPending,
    }
    if early.amount != asked.amount:
        refused[before] = ChallengeMismatch
    for transaction, error in refused.items():
        with pytest.raises(error):
            prove(asked, transaction)
    with pytest.raises(InvalidInput):
        prove(asked, "0x1234")
    with pytest.raises(NotFound):
        bench.desk.ledger.investors.wallet(who.wallet)
    paid = pay(bench, who.key, asked)
    assert prove(asked, paid).investor == bench.desk.reference(who.investor)
    with pytest.raises(WalletTaken):
        bench.desk.request_micropayment(other.investor, who.wallet, by=MAKER)
    with pytest.raises(NotAuthorised):
        bench.desk.request_micropayment(other.investor, other.wallet, by=TREASURER)


def test_a_payment_from_before_or_after_it_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    who = customer(bench)
    monkeypatch.setattr("toolkit.desk.micropayments._SPREAD", 1)  # every amount alike
    first = ask(bench, who, native=True)
    paid = pay(bench, who.key, first)
    second = ask(bench, who, native=True)
    with pytest.raises(ChallengeReplayed, match="from before"):
        bench.desk.prove_by_micropayment(second, paid)
    third = ask(bench, who, native=True)
    again = pay(bench, who.key, third)
    bench.desk.prove_by_micropayment(second, again)
    with pytest.raises(ChallengeReplayed, match="has proved"):
        bench.desk.prove_by_micropayment(third, again)
    bench.suite.node.advance_time(25 * 3600)
    late = pay(bench, who.key, third)
    with pytest.raises(ChallengeExpired):
        bench.desk.prove_by_micropayment(third, late)
    with pytest.raises(ChallengeReplayed, match="is lapsed"):
        bench.desk.prove_by_micropayment(third, late)


def test_onboarding_under_a_policy(bench: Bench) -> None:
    book = PolicyBook(office(bench.desk.ledger))
    proposed = book.propose(policy("onboarding", classes=["retail"], denied=["KP"]), by="checker-1")
    book.confirm(proposed.id, by="compliance-1")
    known = customer(bench)
    with pytest.raises(ClassNotApproved, match="classified on evidence"):
        bench.customer(9)
    stranger = Investor(
        uuid.UUID(int=77),
        "Customer 77",
        InvestorClass.RETAIL,
        "KP",
        bench.now() + timedelta(days=1),
        "BANK-77",
    )
    with pytest.raises(JurisdictionRefused):
        bench.desk.onboard(stranger)
    with pytest.raises(NotFound):
        bench.desk.ledger.investors.get(bench.desk.reference(stranger))
    assert bench.desk.onboard(known.investor).regime == "stablecoin_only"
    with pytest.raises(NotEligible):
        bench.desk.register_wallet(bench_wallet(bench, known))


def bench_wallet(bench: Bench, who: Customer) -> str:
    """A wallet on record without a proof."""
    reference = bench.desk.reference(who.investor)
    return bench.desk.ledger.investors.add_wallet(who.wallet, investor=reference, kind="unhosted").address
