"""Investors, their wallets and accounts, and the persons who act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.ledgers import ALICE, MAKER, NOON, WORKER, Fixture, address, proof, reference

from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger import Role
from toolkit.ledger.errors import NotFound, WalletTaken


def test_an_investor_comes_back_as_onboarded(desk: Fixture) -> None:
    investor = desk.ledger.investors.get(reference(1))
    assert (investor.label, investor.jurisdiction, investor.created_at) == ("Customer 1", "HK", NOON)
    assert investor.is_verified(NOON)
    assert not investor.is_verified(NOON + timedelta(days=365))
    assert [found.reference for found in desk.ledger.investors.all()] == [reference(1), reference(2)]


@pytest.mark.parametrize(
    "changed",
    [
        {"reference": "Jane Doe"},
        {"reference": "0x1234"},
        {"reference": reference(1)},
        {"label": " padded"},
        {"label": "two\nlines"},
        {"label": ""},
        {"jurisdiction": "Hong Kong"},
        {"investor_class": "Professional Investor"},
        {"regime": ""},
        {"verified_until": NOON.replace(tzinfo=None)},
        {"verified_until": "2027-01-01"},
    ],
)
def test_an_investor_that_can_not_be_onboarded(desk: Fixture, changed: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "reference": reference(9),
        "label": "Customer 9",
        "investor_class": "retail",
        "jurisdiction": "HK",
        "regime": "stablecoin",
    }
    with pytest.raises(InvalidInput):
        desk.ledger.investors.add(**(fields | changed))
    assert len(desk.ledger.investors.all()) == 2


def test_a_wallet_has_one_owner(desk: Fixture) -> None:
    with pytest.raises(WalletTaken, match=f"already belongs to investor {reference(1)}"):
        desk.ledger.investors.add_wallet(address(1), investor=reference(2), kind="self_custody")
    with pytest.raises(InvalidInput, match="checksum"):
        desk.ledger.investors.add_wallet("0x" + "ab" * 20, investor=reference(1), kind="self_custody")
    with pytest.raises(InvalidInput, match="zero address"):
        desk.ledger.investors.add_wallet("0x" + "00" * 20, investor=reference(1), kind="self_custody")
    with pytest.raises(NotFound, match="no investor"):
        desk.ledger.investors.add_wallet(address(60), investor=reference(9), kind="self_custody")
    assert [wallet.address for wallet in desk.ledger.investors.wallets(reference(1))] == [address(1)]
    assert len(desk.ledger.investors.wallets()) == 2


def test_a_proof_is_kept_whole(desk: Fixture) -> None:
    wallet = desk.ledger.investors.add_wallet(address(60), investor=reference(1), kind="omnibus")
    assert wallet.proof is None
    desk.ledger.investors.prove_wallet(address(60), proof())
    assert desk.ledger.investors.wallet(address(60)).proof == proof()
    with pytest.raises(NotFound):
        desk.ledger.investors.prove_wallet(address(61), proof())


def test_a_bank_account_has_one_owner(desk: Fixture) -> None:
    with pytest.raises(WalletTaken):
        desk.ledger.investors.add_bank_account(
            "account-1", investor=reference(2), currency="USD", verified_at=NOON
        )
    with pytest.raises(InvalidInput, match="ISO 4217"):
        desk.ledger.investors.add_bank_account("x", investor=reference(2), currency="usd", verified_at=NOON)
    assert [account.reference for account in desk.ledger.investors.bank_accounts(reference(2))] == [
        "account-2"
    ]


def test_a_key_has_one_owner_and_a_person_may_have_several(desk: Fixture) -> None:
    alice = desk.ledger.persons.add_signer(ALICE, address(2000))
    assert {key.address for key in alice.signing_keys} == {desk.signer(ALICE), address(2000)}
    assert desk.ledger.persons.by_signer(address(2000)) == alice
    with pytest.raises(WalletTaken, match=f"is {ALICE}'s"):
        desk.ledger.persons.add_signer(MAKER, address(2000))


def test_a_revoked_key_is_nobodys(desk: Fixture) -> None:
    key = desk.signer(ALICE)
    desk.ledger.persons.revoke_signer(key)
    with pytest.raises(NotAuthorised, match="is revoked"):
        desk.ledger.persons.by_signer(key)
    with pytest.raises(NotAuthorised, match="is unknown"):
        desk.ledger.persons.by_signer(address(2001))
    with pytest.raises(WalletTaken):
        desk.ledger.persons.add_signer(MAKER, key)
    with pytest.raises(NotFound):
        desk.ledger.persons.revoke_signer(address(2001))


@pytest.mark.parametrize(
    "roles",
    [
        *({Role.OPERATOR, role} for role in Role if role is not Role.OPERATOR),
        {Role.COMPLIANCE, Role.CHECKER},
        {Role.COMPLIANCE, Role.APPROVER},
        {Role.COMPLIANCE, Role.TREASURER},
        {Role.TREASURER, Role.APPROVER},
    ],
)
def test_roles_that_must_be_apart(desk: Fixture, roles: set[Role]) -> None:
    with pytest.raises(NotAuthorised, match="can't be both"):
        desk.ledger.persons.add("someone", label="Someone", roles=roles)
    with pytest.raises(NotAuthorised, match="can't be both"):
        desk.ledger.persons.set_roles(WORKER, roles)
    assert desk.ledger.persons.get(WORKER).roles == {Role.OPERATOR}


def test_a_person_without_roles_acts_no_more(desk: Fixture) -> None:
    desk.ledger.persons.set_roles(MAKER, [])
    with pytest.raises(NotAuthorised, match="does not hold the role maker"):
        desk.mint()
    with pytest.raises(InvalidInput, match="already in the ledger"):
        desk.ledger.persons.add(MAKER, label="Maker", roles=[Role.MAKER])
    with pytest.raises(NotFound):
        desk.ledger.persons.set_roles("nobody", [])
