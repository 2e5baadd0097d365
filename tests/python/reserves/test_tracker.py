"""The reserve, recomputed from the chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from support.suite import CASE, STRANGER, Suite

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import Supply
from toolkit.chain.calls import Call
from toolkit.chain.client import Client, Transaction
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.errors import ConfigurationError, InvalidInput
from toolkit.issuance import Issuance
from toolkit.reserves.attestation import FeedDomain
from toolkit.reserves.bundle import AttestationBundle
from toolkit.reserves.errors import BadSignature, UnknownAttestor, WrongFeed
from toolkit.reserves.history import HistoryNotVerified
from toolkit.reserves.tracker import FiguresDisagree, ReserveStatus, ReserveTracker

UNIT = 10**6
MILLION = 1_000_000 * UNIT


def codes(status: ReserveStatus) -> list[str]:
    return [notice.code for notice in status.warnings]


# --- publication -----------------------------------------------------------------------------------------


def test_a_publication_is_the_event_in_a_final_block(suite: Suite) -> None:
    bundle = suite.bundle(5 * MILLION)
    done = suite.issuance.reserve.publish(bundle)
    assert done.round == suite.feed.latest_round() == 1
    assert done.attestation.value == suite.feed.reading().value == 5 * MILLION
    assert set(done.signers) == set(suite.issuance.attestors)
    assert suite.client.is_final(done.block_number)
    assert done.to_json()["value"] == str(5 * MILLION)


def test_anyone_may_send_it(suite: Suite) -> None:
    done = suite.issuance.reserve.publish(suite.bundle(MILLION), signer=suite.stranger)
    assert suite.issuance.reserve.history()[0].sender == suite.stranger.address
    assert done.round == 1


def test_somebody_has_to_send_it(suite: Suite) -> None:
    nobody = Issuance(suite.client, suite.issuance.record)
    with pytest.raises(ConfigurationError, match="signer"):
        nobody.reserve.publish(suite.bundle(MILLION))


def test_signatures_below_the_threshold(suite: Suite) -> None:
    with pytest.raises(errors.NotEnoughSignatures) as caught:
        suite.issuance.reserve.publish(suite.bundle(MILLION, signers=suite.attestors[:1]))
    assert (caught.value.valid, caught.value.required) == (1, 2)


def test_a_stranger_does_not_sign(suite: Suite) -> None:
    with pytest.raises(UnknownAttestor):
        suite.bundle(MILLION, signers=[dev_signer(STRANGER)])


def test_an_attestation_for_another_chain_or_feed(suite: Suite) -> None:
    bundle = suite.bundle(MILLION)
    for domain in (FeedDomain(1, suite.feed.address), FeedDomain(31337, suite.token.address)):
        other = AttestationBundle(bundle.attestation, domain, suite.issuance.attestors)
        with pytest.raises(WrongFeed, match="signed for feed"):
            suite.issuance.reserve.publish(other)


def test_attestations_move_forward_and_never_come_from_the_future(suite: Suite) -> None:
    suite.attest(MILLION)
    with pytest.raises(errors.AttestationNotNewer):
        suite.attest(MILLION, as_of=suite.feed.reading().as_of)
    with pytest.raises(errors.AttestationFromFuture):
        suite.attest(MILLION, as_of=suite.now() + 10_000)


def test_a_rise_beyond_the_bound_takes_every_attestor(suite: Suite) -> None:
    suite.govern(suite.feed.set_attestors([item.address for item in suite.attestors], 1))
    suite.attest(MILLION)
    suite.node.advance_time(60)
    with pytest.raises(errors.NotEnoughSignatures) as caught:
        suite.issuance.reserve.publish(suite.bundle(2 * MILLION, signers=suite.attestors[:1]))
    assert caught.value.required == 2
    suite.issuance.reserve.publish(suite.bundle(MILLION + UNIT, signers=suite.attestors[:1]))
    assert [item.required for item in suite.issuance.reserve.history()] == [2, 1]


# Runtime code that answers every call with ERC-1271's magic value, and with zero.
ACCEPTS = bytes.fromhex("631626ba7e60e01b60005260206000f3")
REFUSES = bytes.fromhex("600060005260206000f3")


def contract_attestor(suite: Suite, runtime: bytes) -> str:
    """A contract as the third attestor."""
    creation = bytes([0x60, len(runtime), 0x80, 0x60, 0x09, 0x3D, 0x39, 0x3D, 0xF3]) + runtime
    mined = suite.send(suite.stranger, Call(to=None, data=creation))
    account = mined.receipt.contract_address
    assert account is not None
    attestors = [item.address for item in suite.attestors]
    suite.govern(suite.feed.set_attestors([*attestors, account], 3))
    return account


def test_a_contract_attestor_signs_by_its_code(suite: Suite) -> None:
    account = contract_attestor(suite, ACCEPTS)
    bundle = suite.bundle(MILLION)
    bundle.add(account, b"whatever it accepts", contract=True)
    assert account in suite.issuance.reserve.publish(bundle).signers
    assert account in suite.issuance.reserve.history()[0].signers


def test_a_contract_attestor_that_does_not_accept(suite: Suite) -> None:
    account = contract_attestor(suite, REFUSES)
    bundle = suite.bundle(MILLION)
    bundle.add(account, b"nothing it accepts", contract=True)
    with pytest.raises(BadSignature, match="does not accept"):
        suite.issuance.reserve.publish(bundle)


# --- status ----------------------------------------------------------------------------------------------


def test_before_any_attestation(suite: Suite) -> None:
    status = suite.issuance.reserve.status()
    assert codes(status) == ["no_attestation"]
    assert (status.round, status.as_of, status.age, status.report) == (0, None, None, None)
    assert not status.fresh
    assert status.coverage_bps is None
    assert status.headroom.is_zero


def test_figures_follow_a_mint_a_burn_and_a_payout(suite: Suite) -> None:
    suite.ready(MILLION)
    suite.mint(1, 600_000 * UNIT)
    status = suite.issuance.reserve.status()
    # A buffer of 100 basis points: 1,000,000 / 1.01, rounded down to the base unit.
    assert str(status.ceiling) == "990099.009900"
    assert str(status.headroom) == "390099.009900"
    assert str(status.outstanding) == "600000.000000"
    assert status.coverage_bps == 16_666
    assert status.shortfall is None
    assert codes(status) == []

    number = suite.redeem(200_000 * UNIT)
    suite.accept(number)
    burned = suite.issuance.reserve.status()
    assert (str(burned.outstanding), str(burned.payable)) == ("400000.000000", "200000.000000")
    assert burned.headroom == status.headroom

    suite.pay(number)
    paid = suite.issuance.reserve.status()
    assert (str(paid.payable), str(paid.discharged)) == ("0.000000", "200000.000000")
    assert paid.headroom == status.headroom, "money left, and no attestation has seen it yet"

    suite.node.advance_time(60)
    suite.attest(900_000 * UNIT)
    later = suite.issuance.reserve.status()
    assert later.coverage_bps == 22_500, "900,000 over 400,000"
    assert str(later.reserve) == "900000.000000"
    assert later.reserve.unit == "USD"


def test_status_of_an_earlier_block(suite: Suite) -> None:
    suite.ready(MILLION)
    before = suite.client.block("latest")
    suite.mint(1, 100 * UNIT)
    assert suite.issuance.reserve.status(block=before.number).outstanding.is_zero
    assert suite.issuance.reserve.status(block=before.hash).block == before
    assert str(suite.issuance.reserve.status().outstanding) == "100.000000"


def test_warnings_before_staleness_and_after(suite: Suite) -> None:
    suite.attest(MILLION)
    suite.node.advance_time(19 * 3600)
    assert codes(suite.issuance.reserve.status()) == []
    suite.node.advance_time(3600)
    status = suite.issuance.reserve.status()
    assert (codes(status), status.fresh) == (["stale_soon"], True)
    assert codes(suite.issuance.reserve.tracker(warn_at=Fraction(9, 10)).status()) == []
    suite.node.advance_time(6 * 3600)
    stale = suite.issuance.reserve.status()
    assert (codes(stale), stale.fresh) == (["stale"], False)
    assert stale.headroom.is_zero
    assert str(stale.reserve) == "1000000.000000", "the figure stays, only minting waits"


def test_fresh_to_the_last_second(suite: Suite) -> None:
    suite.attest(MILLION)
    last = suite.feed.reading().fresh_until
    suite.node.set_next_block_timestamp(last)
    suite.node.mine()
    assert suite.issuance.reserve.status().fresh
    suite.node.set_next_block_timestamp(last + 1)
    suite.node.mine()
    assert not suite.issuance.reserve.status().fresh


def test_suspended(suite: Suite) -> None:
    suite.attest(MILLION)
    suite.send(Role.GUARDIAN, suite.feed.suspend())
    status = suite.issuance.reserve.status()
    assert status.suspended
    assert not status.fresh
    assert status.fresh_until is None
    assert codes(status) == ["suspended"]


def test_alarm_below_the_buffer_and_at_a_shortfall(suite: Suite) -> None:
    suite.ready(1_010 * UNIT)
    suite.mint(1, 1_000 * UNIT)
    assert codes(suite.issuance.reserve.status()) == []
    suite.node.advance_time(60)
    suite.attest(1_005 * UNIT)
    status = suite.issuance.reserve.status()
    assert (status.coverage_bps, codes(status)) == (10_050, ["below_buffer"])
    suite.node.advance_time(60)
    suite.attest(999_999_999)
    short = suite.issuance.reserve.status()
    assert short.coverage_bps == 9_999, "rounded down, never up to covered"
    assert str(short.shortfall) == "0.000001"
    assert [notice.code for notice in short.alarms] == ["shortfall"]
    assert "99.99 %" in short.alarms[0].message


def test_json_has_strings_for_amounts(suite: Suite) -> None:
    suite.ready(MILLION)
    suite.mint(1, 1)
    text = json.dumps(suite.issuance.reserve.status().to_json())
    data = json.loads(text)
    assert data["outstanding"] == "0.000001"
    assert data["shortfall"] is None
    assert data["report"] == "0x" + "11" * 32
    assert data["block"]["number"] == suite.client.block("latest").number
    assert str(suite.issuance.reserve.status()).startswith("outstanding  0.000001 tUSD")


def test_warn_at_is_a_share(suite: Suite) -> None:
    with pytest.raises(InvalidInput, match="warn_at"):
        ReserveTracker(suite.token, warn_at=Fraction(3, 2))


# --- recomputed from events ------------------------------------------------------------------------------


def test_totals_from_events(suite: Suite) -> None:
    suite.ready(MILLION)
    suite.mint(1, 1_000 * UNIT)
    suite.mint(2, 500 * UNIT, suite.other_holder.address)
    suite.send(suite.holder, suite.token.transfer(suite.stranger.address, 5))
    number = suite.redeem(300 * UNIT)
    suite.accept(number)
    suite.send(Role.COMPLIANCE, suite.token.burn_by_order(suite.other_holder.address, 7, CASE))
    found = suite.issuance.reserve.tracker().supply_from_events()
    burned = 300 * UNIT + 7
    assert found == Supply(1_500 * UNIT - burned, 1_500 * UNIT, burned, 300 * UNIT, 7)


def test_history_is_verified_again(suite: Suite) -> None:
    suite.attest(MILLION)
    suite.node.advance_time(60)
    suite.attest(MILLION + 5, report=b"\x12" * 32)
    first, second = suite.issuance.reserve.history()
    assert (first.number, first.value, second.value) == (1, MILLION, MILLION + 5)
    assert second.report == b"\x12" * 32
    assert set(second.signers) == set(suite.issuance.attestors)
    assert first.as_of < first.posted_at < second.posted_at
    json.dumps([item.to_json() for item in (first, second)])
    assert len(suite.issuance.reserve.history(block=first.block_number)) == 1


def test_history_outlives_a_change_of_attestors(suite: Suite) -> None:
    suite.attest(MILLION)
    gone = suite.attestors[0].address
    suite.send(Role.GUARDIAN, suite.feed.suspend_attestor(gone))
    first = suite.issuance.reserve.history()[0]
    assert gone in first.signers
    assert gone not in suite.issuance.attestors


def three_attestors(suite: Suite) -> list[LocalSigner]:
    """Three attestors with a threshold of two, who have all signed a first value."""
    attestors = [*suite.attestors, dev_signer(18)]
    addresses = sorted((signer.address for signer in attestors), key=lambda address: int(address, 16))
    suite.govern(suite.feed.set_attestors(addresses, 2))
    suite.issuance.reserve.publish(suite.bundle(MILLION, signers=attestors))
    return attestors


def test_history_counts_who_was_suspended_among_all(suite: Suite) -> None:
    attestors = three_attestors(suite)
    suite.send(Role.GUARDIAN, suite.feed.suspend_attestor(attestors[2].address))
    suite.node.advance_time(60)
    suite.issuance.reserve.publish(suite.bundle(MILLION + 1, signers=attestors[:2]))
    history = suite.issuance.reserve.history()
    assert [item.required for item in history] == [3, 2]
    suite.node.advance_time(60)
    # Both that are left are not all: the last value that all signed is the first.
    suite.issuance.reserve.publish(suite.bundle(MILLION * 12 // 10, signers=attestors[:2]))
    assert [item.required for item in suite.issuance.reserve.history()] == [3, 2, 2]


def test_history_measures_from_the_last_value_that_all_signed(suite: Suite) -> None:
    attestors = three_attestors(suite)
    for value, signers in ((MILLION * 12 // 10, 2), (MILLION * 13 // 10, 3), (MILLION * 14 // 10, 2)):
        suite.node.advance_time(60)
        suite.issuance.reserve.publish(suite.bundle(value, signers=attestors[:signers]))
    assert [item.required for item in suite.issuance.reserve.history()] == [3, 2, 3, 2]


class LyingClient(Client):
    """A node whose answers are changed on the way."""

    def __init__(self, endpoint: str, **options: Any) -> None:
        super().__init__(endpoint, **options)
        self.change: Callable[[str, Any], Any] = lambda method, result: result

    def request(self, method: str, params: Any = (), *, timeout: float | None = None) -> Any:
        return self.change(method, super().request(method, params, timeout=timeout))


def lying(suite: Suite, change: Callable[[str, Any], Any]) -> Issuance:
    client = LyingClient(suite.node.ipc_path, reverts=errors.registry())
    client.change = change
    return Issuance(client, suite.issuance.record)


def test_a_signature_that_was_changed_is_found(suite: Suite) -> None:
    suite.attest(MILLION)
    signature = suite.bundle(MILLION, as_of=suite.feed.reading().as_of).signatures_sorted()[0].data

    def change(method: str, result: Any) -> Any:
        if method != "eth_getTransactionByHash":
            return result
        data = from_hex(result["input"])
        assert signature in data
        return {**result, "input": to_hex(data.replace(signature, bytes([signature[0] ^ 1]) + signature[1:]))}

    with pytest.raises(HistoryNotVerified, match="holds no valid signature of 0x"):
        lying(suite, change).reserve.history()


def test_a_value_that_was_changed_is_found(suite: Suite) -> None:
    suite.attest(MILLION)
    old, new = MILLION.to_bytes(32, "big").hex(), (MILLION + 1).to_bytes(32, "big").hex()

    def change(method: str, result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [{**log, "data": log["data"].replace(old, new)} for log in result]

    with pytest.raises(HistoryNotVerified, match="other data than its event"):
        lying(suite, change).reserve.history()


def test_a_round_left_out_is_found(suite: Suite) -> None:
    suite.attest(MILLION)

    def change(method: str, result: Any) -> Any:
        return result[:-1] if method == "eth_getLogs" else result

    with pytest.raises(HistoryNotVerified, match="number of rounds differs"):
        lying(suite, change).reserve.history()


def test_a_transfer_left_out_is_found(suite: Suite) -> None:
    suite.ready(MILLION)
    suite.mint(1, 1_000 * UNIT)

    def change(method: str, result: Any) -> Any:
        return result[:-1] if method == "eth_getLogs" else result

    with pytest.raises(FiguresDisagree, match="from events") as caught:
        lying(suite, change).reserve.tracker().supply_from_events()
    assert not caught.value.retryable


def test_a_view_that_does_not_recompute_is_found(suite: Suite) -> None:
    suite.ready(MILLION)
    true = suite.token.headroom().to_bytes(32, "big").hex()
    false = (suite.token.headroom() + 1).to_bytes(32, "big").hex()

    def change(method: str, result: Any) -> Any:
        return "0x" + false if method == "eth_call" and result == "0x" + true else result

    with pytest.raises(FiguresDisagree, match="recomputes to"):
        lying(suite, change).reserve.status()


def test_the_publishing_transaction_is_needed(suite: Suite) -> None:
    suite.attest(MILLION)

    def change(method: str, result: Any) -> Any:
        return None if method == "eth_getTransactionByHash" else result

    with pytest.raises(HistoryNotVerified, match="does not know transaction"):
        lying(suite, change).reserve.history()


def test_signatures_are_found_inside_another_contracts_call(suite: Suite) -> None:
    """A relay's call data holds the publication at some depth; the signatures prove themselves."""
    suite.attest(MILLION)

    class Relayed(Client):
        def transaction(self, tx_hash: bytes) -> Transaction | None:
            found = super().transaction(tx_hash)
            return (
                None if found is None else replace(found, data=b"\xab\xcd\xef\x01" + bytes(64) + found.data)
            )

    client = Relayed(suite.node.ipc_path, reverts=errors.registry())
    assert len(Issuance(client, suite.issuance.record).reserve.history()) == 1
