"""Distributions: who is paid what, what is withheld, what is left, and the proof of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from support.funds import at, fund_terms

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes
from toolkit.chain.hexes import keccak, to_hex
from toolkit.errors import InvalidInput, NotADealingDay
from toolkit.funds import (
    Choice,
    Distribution,
    HolderType,
    Register,
    RegisterAccount,
    ShareTransfer,
    WalletLink,
    build_register,
    distribute,
    distribution_dates,
)
from toolkit.funds.distributions import LEAF_TYPES
from toolkit.funds.errors import NothingToPay, TooEarlyToSweep, UnknownHolder
from toolkit.funds.merkle import StandardMerkleTree, verify

TERMS = fund_terms()
CALENDAR = TERMS.dealing_calendar()
DATES = distribution_dates(TERMS, CALENDAR, date(2026, 12, 23))
PUT_ASIDE = Amount.parse("1000000", unit="tUSD", decimals=6)
HELD = {"anna": ("HK", 1_000_0001), "berta": ("US", 333_3333), "carl": ("FR", 7), "dora": ("GB", 500_0000)}


def wallet(name: str) -> str:
    return address_from_bytes(keccak(name.encode())[:20])


def register(held: dict[str, tuple[str, int]] = HELD, *, stranger: int = 0) -> Register:
    accounts = [
        RegisterAccount(
            name,
            name.title(),
            "Hong Kong",
            HolderType.INDIVIDUAL,
            country,
            (
                WalletLink(wallet(f"{name}-old"), 31337, "p", "removed"),
                WalletLink(wallet(name), 31337, "p"),
                WalletLink(wallet(f"{name}-2"), 31337, "p"),
            ),
        )
        for name, (country, _) in held.items()
    ]
    issues = [(wallet(name), units) for name, (_, units) in held.items()]
    if stranger:
        issues.append((wallet("stranger"), stranger))
    transfers = [
        ShareTransfer(ZERO_ADDRESS, address, units, 1, log, at("2026-11-20 18:00:00"))
        for log, (address, units) in enumerate(issues)
    ]
    supply = Amount.from_base_units(sum(units for _, units in issues), unit="DMMF-A", decimals=4)
    return build_register(
        transfers,
        accounts,
        share_class="A",
        supply=supply,
        block_number=5,
        block_hash="0x" + "22" * 32,
        calendar=BusinessCalendar.load("hong-kong"),
    )


def distributed(per_share: str = "0.0123", **more: Any) -> Distribution:
    return distribute(register(), TERMS, DATES, per_share=per_share, coin=PUT_ASIDE, **more)


def test_the_dates_follow_from_the_record_date() -> None:
    """Record on 23 December 2026: ex on the half day after, paid after Christmas."""
    assert (DATES.ex, DATES.pay) == (date(2026, 12, 24), date(2026, 12, 29))
    assert DATES.last_claim == datetime(2027, 12, 28, 16, tzinfo=UTC)
    with pytest.raises(NotADealingDay):
        distribution_dates(TERMS, CALENDAR, date(2026, 12, 25))
    with pytest.raises(InvalidInput, match="2026, 2027"):
        distribution_dates(TERMS, CALENDAR, date(2028, 1, 3))


def test_each_holder_gets_its_part_rounded_down_and_the_fund_the_rest() -> None:
    done = distributed()
    rows = {item.account: item for item in done.entitlements}
    assert {name: str(item.gross) for name, item in rows.items()} == {
        "anna": "12.300001",
        "berta": "4.099999",
        "carl": "0.000008",
        "dora": "6.150000",
    }
    assert {name: str(item.withheld) for name, item in rows.items()} == {
        "anna": "0.000000",
        "berta": "1.230000",
        "carl": "0.000002",
        "dora": "0.000000",
    }
    assert str(done.total) == "22.550009"
    assert str(done.residual) == "0.000001"
    assert done.payable + done.withheld + done.residual == done.total
    for item in done.entitlements:
        assert item.gross == item.net + item.withheld


def test_every_cash_holder_can_prove_its_amount_and_no_other() -> None:
    done = distributed(choices={"dora": Choice.REINVEST}, wallets={"anna": wallet("anna-2")})
    assert done.tree is not None
    assert [item.account for item in done.reinvested] == ["dora"]
    assert [item.account for item in done.cash] == ["anna", "berta", "carl"]
    assert done.cash[0].wallet == wallet("anna-2")
    for name in ("anna", "berta", "carl"):
        index, address, amount, proof = done.proof(name)
        assert verify(done.tree.root, (str(index), address, str(amount)), proof, LEAF_TYPES)
        assert not verify(done.tree.root, (str(index), address, str(amount + 1)), proof, LEAF_TYPES)
    with pytest.raises(InvalidInput, match="no cash"):
        done.proof("dora")
    assert StandardMerkleTree.load(done.tree.dump()) == done.tree
    assert done.payable == Amount.sum((item.net for item in done.cash), unit="tUSD", decimals=6)
    data = done.to_data()
    assert data["root"] == to_hex(done.tree.root)
    assert data["residual_to_fund"] == "0.000001"
    assert data["record_date"] == "2026-12-23"
    assert done.hash != distributed().hash


def test_nobody_is_paid_to_a_wallet_that_is_not_its_own() -> None:
    for wrong in (wallet("anna-old"), wallet("berta"), ZERO_ADDRESS):
        with pytest.raises(InvalidInput, match=r"no active wallet|zero address"):
            distributed(wallets={"anna": wrong})


def test_everybody_may_reinvest() -> None:
    done = distributed(choices=dict.fromkeys(HELD, Choice.REINVEST))
    assert done.tree is None
    assert done.payable.is_zero
    assert len(done.reinvested) == 4


def test_what_is_unclaimed_returns_after_the_last_claim_day() -> None:
    done = distributed()
    with pytest.raises(TooEarlyToSweep, match="open until"):
        done.sweep([], now=DATES.last_claim)
    later = DATES.last_claim + timedelta(seconds=1)
    swept = done.sweep([0, 2, 2], now=later)
    assert [item.account for item in swept.entitlements] == ["berta", "dora"]
    assert str(swept.unclaimed) == "9.019999"
    assert swept.claimed + swept.unclaimed == done.payable
    assert done.sweep(range(4), now=later).unclaimed.is_zero
    with pytest.raises(InvalidInput, match="no leaf 4"):
        done.sweep([4], now=later)


def test_withholding_goes_up_to_everything() -> None:
    terms = fund_terms(("US = 3000", "US = 10000"))
    done = distribute(register(), terms, DATES, per_share="0.0123", coin=PUT_ASIDE)
    berta = next(item for item in done.entitlements if item.account == "berta")
    assert (berta.net.is_zero, str(berta.withheld)) == (True, "4.099999")
    assert "berta" not in [item.account for item in done.cash]


@pytest.mark.parametrize("per_share", ["0", "-0.01", "0.0000000001"])
def test_a_distribution_of_nothing_is_refused(per_share: str) -> None:
    with pytest.raises(NothingToPay):
        distributed(per_share)


def test_a_distribution_beyond_what_is_put_aside_is_refused() -> None:
    little = Amount.parse("22.550008", unit="tUSD", decimals=6)
    with pytest.raises(InvalidInput, match="put aside"):
        distribute(register(), TERMS, DATES, per_share="0.0123", coin=little)
    with pytest.raises(InvalidInput, match="float"):
        distributed(0.0123)  # type: ignore[arg-type]


def test_no_distribution_over_a_register_with_unknown_holders() -> None:
    with pytest.raises(UnknownHolder):
        distribute(register(stranger=5), TERMS, DATES, per_share="0.0123", coin=PUT_ASIDE)
