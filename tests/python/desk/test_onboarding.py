"""Investors, proofs of wallets, the registry, freezes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.desks import Bench
from support.suite import Suite

from toolkit.amounts import Amount
from toolkit.bindings import errors as reverts
from toolkit.bindings.registry import InvestorRegistry
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import InvestorClass, WalletEntry, WalletKind
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner
from toolkit.countries import country_number
from toolkit.desk import Desk, Investor, WalletChallenge
from toolkit.desk.errors import ChallengeExpired, ChallengeMismatch, ChallengeReplayed, NotWalletOwner
from toolkit.errors import ConfigurationError, InvalidInput, NotEligible, StillPending
from toolkit.ledger.case_acts import Act, ActKind
from toolkit.ledger.errors import NotFound, WalletTaken

KEY = LocalSigner(bytes(31) + b"\x63")


def _investor(bench: Bench, number: int = 1) -> Investor:
    return Investor(
        id=uuid.UUID(int=number),
        label=f"Customer {number:02}",
        investor_class=InvestorClass.RETAIL,
        country="SG",
        verified_until=bench.now() + timedelta(days=30),
        bank_account=f"BANK-{number:02}",
    )


def _signed(challenge: WalletChallenge, key: LocalSigner = KEY) -> bytes:
    return challenge.signable.sign(key).data


def test_a_wallet_is_proven_and_registered(bench: Bench) -> None:
    investor = _investor(bench)
    record = bench.desk.onboard(investor)
    assert bench.desk.onboard(investor) == record
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    wallet = bench.desk.prove_wallet(challenge, _signed(challenge), kind=WalletKind.CUSTODIAL)
    assert wallet.proof is not None
    assert wallet.proof.signature == _signed(challenge)
    bench.desk.register_wallet(KEY.address)
    row = bench.suite.registry.wallet_of(KEY.address)
    assert row.investor == bytes.fromhex(record.reference[2:])
    assert (row.country, row.investor_class, row.kind) == (702, InvestorClass.RETAIL, WalletKind.CUSTODIAL)
    assert record.verified_until is not None
    assert row.verified_until == int(record.verified_until.timestamp())
    assert bench.desk.ledger.transactions.find(state="mined")


def test_the_reference_tells_nothing_without_the_secret(bench: Bench, suite: Suite, tmp_path: Path) -> None:
    investor = _investor(bench)
    other = Desk(suite.issuance, f"sqlite:///{tmp_path}/other.db", secret=b"\x01" * 32)
    assert bench.desk.reference(investor) != other.reference(investor)
    assert investor.id.hex not in bench.desk.reference(investor)
    other.close()
    with pytest.raises(ConfigurationError, match="at least 32"):
        Desk(suite.issuance, f"sqlite:///{tmp_path}/third.db", secret=b"short")
    with pytest.raises(InvalidInput, match="uuid"):
        bench.desk.onboard(replace(investor, id="Chan Tai Man"))  # type: ignore[arg-type]


def test_the_answer_must_be_the_wallets(bench: Bench) -> None:
    investor = _investor(bench)
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    for signature in (_signed(challenge, bench.suite.stranger), b"\x00" * 65, b""):
        with pytest.raises(NotWalletOwner, match=KEY.address):
            bench.desk.prove_wallet(challenge, signature)
    with pytest.raises(NotFound):
        bench.desk.register_wallet(KEY.address)


def test_a_challenge_expires_and_is_answered_once(bench: Bench) -> None:
    investor = _investor(bench)
    bench.desk.onboard(investor)
    late = bench.desk.challenge_wallet(investor, KEY.address)
    bench.suite.node.advance_time(901)
    with pytest.raises(ChallengeExpired):
        bench.desk.prove_wallet(late, _signed(late))
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    bench.desk.prove_wallet(challenge, _signed(challenge))
    with pytest.raises(ChallengeReplayed):
        bench.desk.prove_wallet(challenge, _signed(challenge))
    bench.suite.node.advance_time(60)
    renewed = bench.desk.challenge_wallet(investor, KEY.address)
    assert bench.desk.prove_wallet(renewed, _signed(renewed)).address == KEY.address


def test_a_challenge_of_another_domain_or_desk_is_refused(bench: Bench, suite: Suite, tmp_path: Path) -> None:
    investor = _investor(bench)
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    others = [
        replace(challenge, chain_id=1),
        replace(challenge, registry=suite.token.address),
        replace(challenge, nonce=b"\x05" * 32),
        replace(challenge, expiry=challenge.expiry + 3600),
        replace(challenge, wallet=suite.stranger.address),
    ]
    for other in others:
        with pytest.raises(ChallengeMismatch):
            bench.desk.prove_wallet(other, _signed(other))


def test_a_challenge_travels_as_json(bench: Bench) -> None:
    investor = _investor(bench)
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    sent = json.loads(json.dumps(challenge.to_json()))
    assert WalletChallenge.from_json(sent) == challenge
    sent["message"]["statement"] = "I give away my money."
    with pytest.raises(ChallengeMismatch):
        WalletChallenge.from_json(sent)
    with pytest.raises(InvalidInput):
        WalletChallenge.from_json({"message": {}})


def test_a_wallet_has_one_owner(bench: Bench) -> None:
    first, second = _investor(bench, 1), _investor(bench, 2)
    bench.desk.onboard(first)
    bench.desk.onboard(second)
    mine = bench.desk.challenge_wallet(first, KEY.address)
    theirs = bench.desk.challenge_wallet(second, KEY.address)
    bench.desk.prove_wallet(mine, _signed(mine))
    with pytest.raises(WalletTaken):
        bench.desk.prove_wallet(theirs, _signed(theirs))
    with pytest.raises(WalletTaken):
        bench.desk.challenge_wallet(second, KEY.address)
    with pytest.raises(WalletTaken, match="BANK-01"):
        bench.desk.onboard(replace(_investor(bench, 3), bank_account="BANK-01"))


def test_a_contract_proves_its_wallet_by_its_own_rules(bench: Bench) -> None:
    investor, contract = _investor(bench), bench.suite.stranger.address
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, contract)
    # Runtime code that returns the ERC-1271 magic value, and code that returns nothing.
    accepts = "0x" + "7f1626ba7e" + "00" * 28 + "60005260206000f3"
    bench.suite.node.request("anvil_setCode", contract, "0x00")
    with pytest.raises(NotWalletOwner):
        bench.desk.prove_wallet(challenge, b"\x01")
    bench.suite.node.request("anvil_setCode", contract, accepts)
    assert bench.desk.prove_wallet(challenge, b"\x01", kind=WalletKind.CONTRACT).kind == "contract"


def test_only_verified_investors_wallets_are_registered(bench: Bench) -> None:
    investor = _investor(bench)
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    bench.desk.prove_wallet(challenge, _signed(challenge))
    bench.suite.node.advance_time(31 * 86_400)
    with pytest.raises(NotEligible):
        bench.desk.register_wallet(KEY.address)


def test_a_renewal_registers_nothing(bench: Bench) -> None:
    investor = _investor(bench)
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    bench.desk.prove_wallet(challenge, _signed(challenge))
    registry, later = bench.suite.registry, bench.now() + timedelta(days=60)
    bench.desk.renew(investor, later)
    assert not registry.is_verified(KEY.address)  # proven, and never registered
    bench.desk.register_wallet(KEY.address)
    assert registry.wallet_of(KEY.address).verified_until == int(later.timestamp())
    bench.suite.send(Role.REGISTRAR, registry.remove_wallets([KEY.address]))
    bench.desk.renew(investor, later + timedelta(days=1))
    bench.desk.actions.write_wallets([KEY.address])
    assert not registry.is_verified(KEY.address)  # who took it out had a reason


def test_an_end_reaches_a_wallet_without_proof_and_an_extension_does_not(bench: Bench) -> None:
    investor, registry, wallet = _investor(bench), bench.suite.registry, KEY.address
    reference = bench.desk.onboard(investor).reference
    bench.desk.ledger.investors.add_wallet(wallet, investor=reference, kind="unhosted")
    until, later = bench.now() + timedelta(days=40), bench.now() + timedelta(days=50)
    before = replace(
        bench.suite.wallet(wallet, verified_until=int(until.timestamp())),
        investor=bytes.fromhex(reference[2:]),
    )
    bench.suite.send(Role.REGISTRAR, registry.set_wallets([WalletEntry(wallet, before)]))
    bench.desk.renew(investor, later)
    assert registry.wallet_of(wallet) == before
    ended = bench.now() - timedelta(hours=1)
    bench.desk.renew(investor, ended)
    assert registry.wallet_of(wallet) == replace(before, verified_until=int(ended.timestamp()))
    assert not registry.is_verified(wallet)


def test_any_instant_ends_a_verification(bench: Bench) -> None:
    customer = bench.customer()
    assert bench.suite.registry.is_verified(customer.wallet)
    bench.desk.renew(customer.investor, datetime.min.replace(tzinfo=UTC))
    assert not bench.suite.registry.is_verified(customer.wallet)


@pytest.mark.parametrize("registered", [False, True])
def test_the_end_of_a_verification_outlasts_what_another_process_is_sending(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, registered: bool
) -> None:
    customer, registry = bench.customer(registered=registered), bench.suite.registry
    ended, later = bench.now() - timedelta(hours=1), bench.now() + timedelta(days=400)
    other = Desk(bench.suite.issuance, bench.url)
    send = InvestorRegistry.set_wallets

    def ends_before_it_is_sent(self: InvestorRegistry, entries: Sequence[WalletEntry]) -> Call:
        monkeypatch.setattr(InvestorRegistry, "set_wallets", send)
        other.renew(customer.investor, ended)
        return send(self, entries)

    monkeypatch.setattr(InvestorRegistry, "set_wallets", ends_before_it_is_sent)
    if registered:
        bench.desk.renew(customer.investor, later)
    else:
        bench.desk.register_wallet(customer.wallet)
    assert registry.wallet_of(customer.wallet).verified_until == int(ended.timestamp())
    other.close()


def test_a_registration_found_done_is_shortened_to_what_the_ledger_says(bench: Bench) -> None:
    """Who registered it died before looking whether the verification had ended meanwhile."""
    investor = _investor(bench)
    bench.desk.onboard(investor)
    challenge = bench.desk.challenge_wallet(investor, KEY.address)
    bench.desk.prove_wallet(challenge, _signed(challenge))
    bench.desk.register_wallet(KEY.address)
    registry, ended = bench.suite.registry, bench.now() + timedelta(minutes=1)
    bench.desk.ledger.investors.set_verified_until(bench.desk.reference(investor), ended)
    act = Act(ActKind.REGISTER_WALLET, bench.suite.issuance.chain_id, registry.address, KEY.address, "REC-1")
    (done,) = bench.desk.actions.perform([act])
    assert (done.done, done.error) == (True, "")
    assert registry.wallet_of(KEY.address).verified_until == int(ended.timestamp())


def test_countries_are_those_of_iso_3166() -> None:
    assert [country_number(code) for code in ("HK", "CN", "GB", "AF", "ZW")] == [344, 156, 826, 4, 716]
    for code in ("XX", "hk", "HKG", ""):
        with pytest.raises(InvalidInput, match="ISO 3166"):
            country_number(code)


def test_a_freeze_goes_by_the_guardians_own_lane(bench: Bench) -> None:
    desk, customer = bench.desk, bench.customer()
    bench.minted(customer, "100.00")
    token = bench.suite.token
    desk.freeze(customer.wallet, "40.00")
    assert token.frozen_of(customer.wallet) == 40_000_000
    with pytest.raises(reverts.FreezeMayOnlyRaise):
        desk.freeze(customer.wallet, Amount.parse("30.00", unit="tUSD", decimals=6))
    desk.freeze(customer.wallet)
    assert not token.can_send(customer.wallet)
    desk.unfreeze(customer.wallet, "CASE-1", "10.00")
    assert token.frozen_of(customer.wallet) == 10_000_000
    desk.unfreeze(customer.wallet, "CASE-1")
    assert token.frozen_of(customer.wallet) == 0
    with pytest.raises(InvalidInput, match="case id"):
        desk.unfreeze(customer.wallet, "")
    lanes = {lane.purpose: lane.address for lane in desk.ledger.lanes.all()}
    assert len({lanes["guardian"], lanes["operator"], lanes["compliance"]}) == 3
    assert desk.ledger.transactions.find(lane=lanes["guardian"])


def test_a_freeze_whose_answer_was_late_is_followed_up(bench: Bench) -> None:
    account, node = bench.suite.stranger.address, bench.suite.node
    node.set_automine(False)
    with Desk(bench.suite.issuance, bench.url, patience=timedelta(0)) as desk:
        with pytest.raises(StillPending):
            desk.freeze(account)
        (pending,) = desk.run().pending
        assert desk.status().in_flight == (pending,)
        node.mine()
        node.set_automine(True)
        assert desk.run().pending == ()
        assert desk.status().in_flight == ()
    assert not bench.suite.token.can_send(account)
