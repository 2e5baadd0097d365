"""Values that cannot be used, given to a deployed coin: refused with the value and the remedy, nothing sent.

What a part refuses by itself is tested with that part; here they meet a real coin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.suite import CASE, FOR_EVER, REPORT, Suite

from toolkit.amounts import Amount
from toolkit.bindings.structs import Attestation as FeedAttestation
from toolkit.bindings.structs import MintBatch, Redemption, RedemptionStatus, Signature, WalletEntry
from toolkit.bindings.token import Stablecoin
from toolkit.errors import InvalidInput
from toolkit.reserves import ReserveReport
from toolkit.reserves.errors import BadSignature, NotAllocated, ReportDoesNotAddUp, WrongToken

DEMO_REPORT = REPOSITORY / "deployments" / "reports" / "pyusd-2023-12-29.json"
PRESS_REPORT = REPOSITORY / "tests" / "data" / "reserve-reports" / "pyusd-2024-03-31.json"

Use = Callable[[Suite, Any], object]


def permit(suite: Suite, spender: Any, amount: Any) -> object:
    owner = suite.holder.address
    return suite.token.permit_data(owner=owner, spender=spender, amount=amount, nonce=0, deadline=FOR_EVER)


def authorisation(suite: Suite, to: Any, amount: Any) -> object:
    holder = suite.holder.address
    return suite.token.receive_data(
        holder=holder, to=to, amount=amount, valid_after=0, valid_before=FOR_EVER, nonce=CASE
    )


def acceptance(suite: Suite, holder: Any, amount: Any) -> object:
    return suite.market.acceptance_data({1: Redemption(holder, 0, RedemptionStatus.REQUESTED, amount)})


AMOUNTS: dict[str, Use] = {
    "transfer": lambda s, amount: s.token.transfer(s.stranger.address, amount),
    "approve": lambda s, amount: s.token.approve(s.stranger.address, amount),
    "freeze": lambda s, amount: s.token.freeze(s.stranger.address, amount),
    "burn": lambda s, amount: s.token.burn_by_order(s.stranger.address, amount, CASE),
    "redeem": lambda s, amount: s.market.request_redemption(amount, CASE),
    "mint": lambda s, amount: s.market.mint([MintBatch((s.order(1, amount),), ())]),
    "order cap": lambda s, amount: s.market.set_order_cap(amount),
    "attestation": lambda s, amount: s.bundle(amount),
    "permit to sign": lambda s, amount: permit(s, s.stranger.address, amount),
    "authorisation to sign": lambda s, amount: authorisation(s, s.stranger.address, amount),
    "mint to sign": lambda s, amount: s.market.mint_data([s.order(1, amount)]),
    "acceptance to sign": lambda s, amount: acceptance(s, s.holder.address, amount),
}

ACCOUNTS: dict[str, Use] = {
    "transfer": lambda s, account: s.token.transfer(account, 1),
    "balance": lambda s, account: s.token.balance_of(account),
    "freeze": lambda s, account: s.token.freeze(account),
    "mint": lambda s, account: s.market.mint([MintBatch((s.order(1, 5, account),), ())]),
    "wallet": lambda s, account: s.registry.set_wallets([WalletEntry(account, s.wallet(account))]),
    "is verified": lambda s, account: s.registry.is_verified(account),
    "operator limit": lambda s, account: s.market.set_operator_limit(account, 1),
    "attestor": lambda s, account: s.feed.set_attestors([account], 1),
    "role": lambda s, account: s.access.grant_role(1, account),
    "contract": lambda s, account: Stablecoin(s.client, account),
    "permit to sign": lambda s, account: permit(s, account, 5),
    "authorisation to sign": lambda s, account: authorisation(s, account, 5),
    "mint to sign": lambda s, account: s.market.mint_data([s.order(1, 5, account)]),
    "acceptance to sign": lambda s, account: acceptance(s, account, 5),
    "approval's signer": lambda s, account: s.market.mint(
        [MintBatch((s.order(1, 5),), (Signature(account, bytes(65)),))]
    ),
    "acceptance's signer": lambda s, account: s.market.accept_redemptions(
        [1], [Signature(account, bytes(65))]
    ),
    "attestation's signer": lambda s, account: s.feed.publish(
        FeedAttestation(1, 1, REPORT), [Signature(account, bytes(65))]
    ),
    "allocation": lambda s, account: ReserveReport.load(DEMO_REPORT).allocate(s.issuance.chain_id, account),
}


@pytest.fixture(autouse=True)
def nothing_is_sent(suite: Suite) -> Any:
    before = suite.client.block("latest").number
    yield
    assert suite.client.block("latest").number == before


@pytest.mark.parametrize("amount", [1.5, 1.0, True, Decimal(5), "5", -1, 2**256, None], ids=repr)
@pytest.mark.parametrize("use", AMOUNTS.values(), ids=AMOUNTS)
def test_base_units_are_whole_numbers_that_fit(suite: Suite, use: Use, amount: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        use(suite, amount)
    assert str(amount) in str(caught.value)


@pytest.mark.parametrize("amount", [1.5, True, Decimal(5), "5", None], ids=repr)
def test_a_refused_amount_is_named_with_the_remedy(suite: Suite, amount: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        suite.token.transfer(suite.stranger.address, amount)
    remedy = "must be an int: amounts are whole numbers of base units"
    assert str(caught.value) == f"transfer(address,uint256), value {amount!r} {remedy}"


def test_more_base_units_than_256_bits_are_named() -> None:
    for value in (2**256, -(2**256)):
        with pytest.raises(InvalidInput, match=rf"{value} .*2\^256 - 1"):
            Amount.from_base_units(value, unit="TUSD", decimals=6)
    with pytest.raises(InvalidInput, match="16610 bits"):
        Amount.from_base_units(10**5000, unit="TUSD", decimals=6)


@pytest.mark.parametrize("signer", [None, 5, b"\x01" * 20, "", "nobody", "0x" + "00" * 20], ids=repr)
def test_a_signature_names_its_signer(suite: Suite, signer: Any) -> None:
    good = Signature(suite.stranger.address, bytes(65))
    for publish in (
        lambda bad: suite.feed.publish(FeedAttestation(1, 1, REPORT), [good, bad]),
        lambda bad: suite.market.accept_redemptions([1], [good, bad]),
        lambda bad: suite.market.mint([MintBatch((suite.order(1, 5),), (good, bad))]),
    ):
        with pytest.raises(InvalidInput, match=r"signatures\[1\]") as caught:
            publish(Signature(signer, bytes(65)))
        assert repr(signer) in str(caught.value)


@pytest.mark.parametrize("text", ["0.0000001", "1e6", "1,000.00", "-1", "", "1.", "NaN", 0.1, True])
def test_an_amount_of_the_coin_is_exact_text(suite: Suite, text: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        suite.issuance.amount(text)
    assert str(text) in str(caught.value)


def test_an_amount_of_another_unit_does_not_mix(suite: Suite) -> None:
    with pytest.raises(InvalidInput, match="USD"):
        _ = suite.issuance.amount("1.00") + Amount.money("1.00", "USD")


@pytest.mark.parametrize("use", ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_address_needs_its_checksum(suite: Suite, use: Use) -> None:
    right = suite.stranger.address
    for wrong in (right[:2] + right[2:].swapcase(), right.lower()):
        with pytest.raises(InvalidInput, match="checksum") as caught:
            use(suite, wrong)
        assert wrong in str(caught.value)
        assert right in str(caught.value), "the remedy: how the address is written"


@pytest.mark.parametrize("use", ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_address_has_forty_digits(suite: Suite, use: Use) -> None:
    right = suite.stranger.address
    for wrong in (right[:-1], right + "0"):
        with pytest.raises(InvalidInput, match="40 hexadecimal digits") as caught:
            use(suite, wrong)
        assert wrong in str(caught.value)


@pytest.mark.parametrize("reference", [b"", b"\x01" * 31, b"\x01" * 33, "0x" + "11" * 32, None], ids=repr)
def test_references_and_case_ids_have_32_bytes(suite: Suite, reference: Any) -> None:
    holder = suite.holder.address
    uses: list[Callable[[], object]] = [
        lambda: suite.market.request_redemption(1, reference),
        lambda: suite.market.record_payouts([(1, reference)]),
        lambda: suite.token.unfreeze(holder, 0, reference),
        lambda: suite.market.seize_escrow(1, holder, reference),
    ]
    for use in uses:
        with pytest.raises(InvalidInput, match="32"):
            use()


# --------------------------------------------------------------------------------------------- attestations


def test_a_report_about_another_coin(suite: Suite) -> None:
    with pytest.raises(WrongToken, match="PYUSD in USD, the coin is tUSD"):
        ReserveReport.load(DEMO_REPORT).attest(suite.issuance, signers=suite.attestors)


def test_a_report_that_allocates_to_another_chain(suite: Suite) -> None:
    report = ReserveReport.load(DEMO_REPORT).revised(token=suite.issuance.symbol)
    confirmed = report.with_confirmations({"repo-1": "C-1", "cash-1": "C-2"}, custodian="Custodian")
    elsewhere = confirmed.allocate(1, suite.token.address)
    with pytest.raises(NotAllocated, match="on chain 31337") as caught:
        elsewhere.attest(suite.issuance, signers=suite.attestors)
    assert suite.token.address in str(caught.value)


def test_a_report_as_the_press_printed_it() -> None:
    with pytest.raises(ReportDoesNotAddUp, match=r"189,303,301\.00 .* 189,301,748\.00") as caught:
        ReserveReport.load(PRESS_REPORT)
    assert "1,553.00 USD" in str(caught.value)


def test_a_signature_for_another_chain_is_not_gathered(suite: Suite) -> None:
    bundle = suite.bundle(5, signers=[])
    elsewhere = replace(suite.issuance.feed_domain(), chain_id=1)
    attestor = suite.attestors[0]
    foreign = attestor.sign_digest(bundle.attestation.digest(elsewhere))
    with pytest.raises(BadSignature) as caught:
        bundle.add(attestor.address, foreign)
    assert attestor.address in str(caught.value)
    assert bundle.missing(suite.feed.threshold()) == 2


@pytest.mark.parametrize("as_of", [-1, 2**64, 1.5, True, "2024-01-31"], ids=repr)
def test_an_attestation_is_as_of_a_unix_second(suite: Suite, as_of: Any) -> None:
    with pytest.raises(InvalidInput, match="as_of"):
        suite.bundle(5, as_of=as_of)


@pytest.mark.parametrize("report", [b"", b"\x11" * 31, "0x" + "11" * 32], ids=repr)
def test_an_attestation_names_its_report_by_32_bytes(suite: Suite, report: Any) -> None:
    with pytest.raises(InvalidInput, match="32-byte"):
        suite.bundle(5, report=report)


def test_an_expiry_beyond_64_bits(suite: Suite) -> None:
    order = replace(suite.order(1, 5), expiry=FOR_EVER + 2**64)
    with pytest.raises(InvalidInput, match=str(FOR_EVER + 2**64)):
        suite.market.mint([MintBatch((order,), ())])
