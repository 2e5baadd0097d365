"""The register of holders: added up from transfers, joined to accounts, equal to the supply at any block."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from support.funds import at

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes
from toolkit.chain.hexes import keccak
from toolkit.errors import InvalidInput
from toolkit.funds import (
    HolderType,
    Register,
    RegisterAccount,
    ShareTransfer,
    WalletLink,
    build_register,
)
from toolkit.funds.errors import RegisterDoesNotAddUp, UnknownHolder
from toolkit.funds.register import DeltaKind

CALENDAR = BusinessCalendar.load("hong-kong")
START = at("2026-11-20 18:00:00")


def wallet(name: str) -> str:
    return address_from_bytes(keccak(name.encode())[:20])


def shares(value: int) -> Amount:
    return Amount.from_base_units(value, unit="DMMF-A", decimals=4)


def account(name: str, *wallets: str, kind: HolderType = HolderType.CORPORATE) -> RegisterAccount:
    links = tuple(WalletLink(wallet(item), 31337, f"proof-{item}") for item in wallets or (name,))
    return RegisterAccount(name, f"{name} Limited", "1 Queen's Road, Hong Kong", kind, "HK", links)


def move(source: str, target: str, value: int, block: int, log: int = 0, **when: Any) -> ShareTransfer:
    sender, receiver = (ZERO_ADDRESS if item == "" else wallet(item) for item in (source, target))
    moment: datetime = when.get("when", START + timedelta(days=block))
    return ShareTransfer(sender, receiver, value, block, log, moment)


def built(
    transfers: list[ShareTransfer], accounts: list[RegisterAccount], supply: int, block: int = 99, **more: Any
) -> Register:
    return build_register(
        transfers,
        accounts,
        share_class="A",
        supply=shares(supply),
        block_number=block,
        block_hash="0x" + "11" * 32,
        calendar=CALENDAR,
        **more,
    )


ACCOUNTS = [account("anna", "anna-1", "anna-2"), account("berta"), account("vault", kind=HolderType.ESCROW)]
MOVES = [
    move("", "vault", 1000, 1),
    move("vault", "anna-1", 600, 2, 0),
    move("vault", "berta", 400, 2, 1),
    move("anna-1", "anna-2", 100, 3),
    move("berta", "anna-1", 400, 4),
    move("anna-2", "vault", 100, 5),
    move("vault", "", 100, 6),
]


def test_the_register_at_the_last_block() -> None:
    register = built(MOVES, ACCOUNTS, 900, paid={"anna": Amount.money("6000", "USD")})
    assert [(row.account.account, str(row.units)) for row in register.rows] == [
        ("anna", "0.0900"),
        ("berta", "0.0000"),
        ("vault", "0.0000"),
    ]
    anna, berta = register.row("anna"), register.row("berta")
    assert (anna.entered, anna.ceased) == (date(2026, 11, 22), None)
    assert (berta.entered, berta.ceased) == (date(2026, 11, 22), date(2026, 11, 24))
    assert [row.account.account for row in register.holders] == ["anna"]
    assert str(anna.paid) == "6000.00"
    assert [delta.kind for delta in register.deltas] == [
        DeltaKind.ISSUED,
        DeltaKind.TRANSFERRED,
        DeltaKind.TRANSFERRED,
        DeltaKind.MOVED,
        DeltaKind.TRANSFERRED,
        DeltaKind.TRANSFERRED,
        DeltaKind.REDEEMED,
    ]
    assert anna.last_delta == "5-0"
    assert register.version_id == "A@99"
    with pytest.raises(InvalidInput, match="not in the register"):
        register.row("carla")


@pytest.mark.parametrize(
    ("block", "supply", "units"),
    [
        (1, 1000, {}),
        (2, 1000, {"anna": 600, "berta": 400}),
        (4, 1000, {"anna": 1000}),
        (6, 900, {"anna": 900}),
    ],
)
def test_the_register_at_any_block(block: int, supply: int, units: dict[str, int]) -> None:
    register = built(list(reversed(MOVES)), ACCOUNTS, supply, block)
    assert {row.account.account: row.units.base_units for row in register.holders} == units


def test_who_comes_back_enters_again() -> None:
    moves = [*MOVES[:5], move("anna-1", "berta", 5, 8)]
    row = built(moves, ACCOUNTS, 1000).row("berta")
    assert (row.entered, row.ceased) == (date(2026, 11, 28), None)


def test_dates_are_hong_kongs() -> None:
    late = move("", "anna-1", 5, 1, when=at("2026-10-01 00:30:00"))
    assert built([late], ACCOUNTS, 5).row("anna").entered == date(2026, 10, 1)


def test_a_transfer_of_nothing_enters_nobody() -> None:
    register = built([move("", "anna-1", 5, 1), move("anna-1", "berta", 0, 2)], ACCOUNTS, 5)
    assert [row.account.account for row in register.rows] == ["anna"]


def test_a_wallet_without_an_account_is_a_break() -> None:
    register = built([*MOVES, move("anna-1", "stranger", 50, 7)], ACCOUNTS, 900)
    assert register.unknown == {wallet("stranger"): shares(50)}
    with pytest.raises(UnknownHolder, match=wallet("stranger")):
        register.require_known()
    known = built(MOVES, ACCOUNTS, 900)
    known.require_known()
    passed = built([move("", "stranger", 5, 1), move("stranger", "anna-1", 5, 2)], ACCOUNTS, 5)
    passed.require_known()


@pytest.mark.parametrize(
    ("transfers", "supply", "message"),
    [
        (MOVES, 901, "add up to 0.0900 DMMF-A, and the supply is 0.0901"),
        (MOVES[1:], 900, "sent more than it held at 2-0"),
        ([*MOVES, MOVES[2]], 900, "block 2, log 1 is given twice"),
        (MOVES[:-1], 900, "add up to 0.1000"),
    ],
)
def test_what_does_not_add_up_is_refused(transfers: list[ShareTransfer], supply: int, message: str) -> None:
    with pytest.raises(RegisterDoesNotAddUp, match=message):
        built(transfers, ACCOUNTS, supply)


def test_accounts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="a wallet has one holder"):
        built([], [account("anna"), account("berta", "anna")], 0)
    with pytest.raises(InvalidInput, match="given twice"):
        built([], [account("anna"), account("anna", "other")], 0)


def test_shares_in_a_vault_are_their_investors() -> None:
    moves = [move("", "vault", 1000, 1), move("vault", "anna-1", 600, 2)]
    register = built(moves, ACCOUNTS, 1000, escrowed={"berta": shares(399)})
    assert {row.account.account: row.entitled.base_units for row in register.holders} == {
        "anna": 600,
        "berta": 399,
    }
    assert register.row("berta").entered is None
    with pytest.raises(RegisterDoesNotAddUp, match="vaults hold 400"):
        built(moves, ACCOUNTS, 1000, escrowed={"berta": shares(401)})
    with pytest.raises(InvalidInput, match="'carla', which is no account"):
        built(moves, ACCOUNTS, 1000, escrowed={"carla": shares(1)})


def test_personal_data_stays_out_of_the_version() -> None:
    register = built(MOVES, ACCOUNTS, 900)
    public, private = register.to_data(), register.to_data(personal=True)
    assert "legal_name" not in public["rows"][0]
    assert private["rows"][0]["legal_name"] == "anna Limited"
    renamed = [account("anna", "anna-1", "anna-2"), *ACCOUNTS[1:]]
    assert built(MOVES, renamed, 900).version_hash == register.version_hash
    assert built(MOVES[:5], ACCOUNTS, 1000).version_hash != register.version_hash
    assert public["rows"][0]["wallets"][0]["proof"].startswith("proof-anna-")


def test_the_total_is_the_supply_after_any_transfers() -> None:
    """Two thousand random transfers among ten investors with three wallets each."""
    seed = random.Random(20261120)
    accounts = [account(f"i{n}", f"i{n}-a", f"i{n}-b", f"i{n}-c") for n in range(10)]
    wallets = [f"i{n}-{letter}" for n in range(10) for letter in "abc"]
    balances = dict.fromkeys(wallets, 0)
    moves, supply = [], 0
    for block in range(1, 2001):
        source, target = seed.choice(["", *wallets]), seed.choice(["", *wallets])
        if source == target:
            continue
        value = seed.randrange(10**6) if source == "" else seed.randrange(balances[source] + 1)
        for name, sign in ((source, -1), (target, 1)):
            if name == "":
                supply -= sign * value
            else:
                balances[name] += sign * value
        moves.append(move(source, target, value, block, when=START))
    register = built(moves, accounts, supply, 3000)
    assert sum(row.units.base_units for row in register.rows) == supply
    for row in register.rows:
        name = row.account.account
        assert row.units.base_units == sum(balances[f"{name}-{letter}"] for letter in "abc")
