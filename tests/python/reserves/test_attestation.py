"""Signed statements of a reserve: for one feed, by its attestors, gathered in any order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st
from support.reserve_reports import FEED, OTHER_FEED, OTHER_TOKEN, TOKEN, line, pyusd_confirmed, report

from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.errors import InvalidInput
from toolkit.reserves import Attestation, AttestationBundle, FeedDomain
from toolkit.reserves.errors import (
    AllocationExceedsReserve,
    BadSignature,
    ConflictingSignature,
    FutureAttestation,
    NotAllocated,
    UnknownAttestor,
    WrongFeed,
    WrongToken,
)

CUSTODIAN, AUDITOR, THIRD, STRANGER = (dev_signer(index) for index in (1, 2, 3, 4))
ATTESTORS = [CUSTODIAN.address, AUDITOR.address, THIRD.address]
DOMAIN = FeedDomain(31337, FEED)
ATTESTATION = Attestation(265_432_408_000_000, 1_703_887_200, bytes(range(32)))


@dataclass
class Subject:
    """A coin as `attest` sees it."""

    token_symbol: str = "PYUSD"
    token_decimals: int = 6
    currency: str = "USD"
    stablecoin_address: str = TOKEN
    attestors: list[str] = field(default_factory=lambda: list(ATTESTORS))
    domain: FeedDomain = DOMAIN

    def feed_domain(self) -> FeedDomain:
        return self.domain


@dataclass
class FixedClock:
    instant: datetime

    def now(self) -> datetime:
        return self.instant


def bundle(**changes: Any) -> AttestationBundle:
    arguments: dict[str, Any] = {
        "attestation": ATTESTATION,
        "domain": DOMAIN,
        "attestors": ATTESTORS,
    } | changes
    return AttestationBundle(**arguments)


def signed_by(*signers: LocalSigner, **changes: Any) -> AttestationBundle:
    one = bundle(**changes)
    for signer in signers:
        one.sign(signer)
    return one


# -- the statement -----------------------------------------------------------------------------------


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32))
def test_the_digest_is_that_of_eip_712(value: int, as_of: int, report_hash: bytes) -> None:
    attestation = Attestation(value, as_of, report_hash)
    signature = bundle(attestation=attestation)
    signature.sign(CUSTODIAN)
    message = encode_typed_data(full_message=attestation.typed_data(DOMAIN))
    (gathered,) = signature.signatures_sorted()
    assert Account.recover_message(message, signature=gathered.data) == CUSTODIAN.address


def test_what_a_wallet_is_shown_is_json() -> None:
    shown = json.loads(json.dumps(ATTESTATION.typed_data(DOMAIN)))
    assert shown["primaryType"] == "Attestation"
    assert shown["domain"] == {
        "name": "AttestedFeed",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": FEED,
    }
    assert shown["message"]["value"] == "265432408000000"


@pytest.mark.parametrize(
    "arguments",
    [
        (-1, 1, bytes(32)),
        (2**128, 1, bytes(32)),
        (1, 2**64, bytes(32)),
        (1.0, 1, bytes(32)),
        (1, True, bytes(32)),
        (1, 1, bytes(31)),
        (1, 1, "00" * 32),
    ],
)
def test_an_attestation_holds_what_the_chain_can_hold(arguments: tuple[Any, Any, Any]) -> None:
    with pytest.raises(InvalidInput):
        Attestation(*arguments)


@pytest.mark.parametrize("chain_id", [0, -1, True, "31337", 1.0])
def test_a_feed_domain_has_a_chain(chain_id: Any) -> None:
    with pytest.raises(InvalidInput):
        FeedDomain(chain_id, FEED)


# -- from a report -----------------------------------------------------------------------------------


def test_a_report_is_attested_for_what_it_allocates_to_this_token() -> None:
    allocated = pyusd_confirmed().allocate(31337, TOKEN)
    attested = allocated.attest(Subject(), [AUDITOR, CUSTODIAN])
    assert attested.attestation == Attestation(265_432_408_000_000, 1_703_887_200, allocated.hash)
    assert attested.attestation.instant == allocated.as_of
    assert attested.report is allocated
    assert attested.missing(2) == 0


@pytest.mark.parametrize(("decimals", "value"), [(0, 990), (2, 99_050), (18, 990_500_000_000_000_000_000)])
def test_the_value_is_in_base_units_rounded_down(decimals: int, value: int) -> None:
    allocated = report().allocate(31337, TOKEN)
    subject = Subject(token_symbol="TUSD", token_decimals=decimals)
    assert allocated.attest(subject).attestation.value == value


def test_a_report_for_another_token_or_currency_is_refused() -> None:
    allocated = pyusd_confirmed().allocate(31337, TOKEN)
    for subject in (Subject(token_symbol="FDUSD"), Subject(currency="HKD")):
        with pytest.raises(WrongToken, match="PYUSD"):
            allocated.attest(subject)


def test_a_report_for_another_chain_or_contract_is_refused() -> None:
    with pytest.raises(NotAllocated, match="on chain 31338"):
        pyusd_confirmed().allocate(31337, TOKEN).attest(Subject(domain=FeedDomain(31338, FEED)))
    with pytest.raises(NotAllocated, match=OTHER_TOKEN):
        pyusd_confirmed().allocate(31337, OTHER_TOKEN).attest(Subject())
    with pytest.raises(NotAllocated, match="allocates to: nothing"):
        pyusd_confirmed().attest(Subject())


def test_a_report_from_the_future_is_refused_at_the_second() -> None:
    allocated = pyusd_confirmed().allocate(31337, TOKEN)
    assert allocated.attest(Subject(), clock=FixedClock(allocated.as_of))
    with pytest.raises(FutureAttestation):
        allocated.attest(Subject(), clock=FixedClock(allocated.as_of - timedelta(seconds=1)))
    ahead = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()
    coming = report(line(start=None, maturity=None, **{"class": "CASH"}), as_of=ahead).allocate(31337, TOKEN)
    with pytest.raises(FutureAttestation):
        coming.attest(Subject(token_symbol="TUSD"))


def test_allocations_written_into_a_file_are_checked_against_what_counts() -> None:
    allocated = report(line(nominal="100", market_value="100")).allocate(31337, TOKEN).to_data()
    allocated["allocations"].append({"chain_id": 31338, "contract": TOKEN, "amount": "100"})
    doubled = type(report()).from_data(allocated)
    with pytest.raises(AllocationExceedsReserve):
        doubled.attest(Subject(token_symbol="TUSD"))


def test_a_report_is_attested_under_the_profile_it_was_counted_with() -> None:
    allocated = pyusd_confirmed().allocate(31337, TOKEN, profile="new-york")
    assert allocated.attest(Subject())
    with pytest.raises(InvalidInput, match="was counted under"):
        allocated.attest(Subject(), profile="hong-kong")


# -- gathering ---------------------------------------------------------------------------------------


@given(st.permutations([CUSTODIAN, AUDITOR, THIRD]))
def test_signatures_gather_in_any_order_and_come_out_ascending(order: list[LocalSigner]) -> None:
    one = signed_by(*order)
    addresses = [int(signature.signer, 16) for signature in one.signatures_sorted()]
    assert addresses == sorted(addresses)
    assert one.signatures_sorted() == signed_by(CUSTODIAN, AUDITOR, THIRD).signatures_sorted()


def test_missing_counts_down_to_the_threshold() -> None:
    one = bundle()
    assert one.missing(2) == 2
    one.sign(CUSTODIAN)
    assert (one.missing(1), one.missing(2), one.missing(3)) == (0, 1, 2)
    one.sign(AUDITOR)
    assert one.missing(1) == 0


@pytest.mark.parametrize("threshold", [0, -1, 4, True, "2"])
def test_a_threshold_of_zero_or_beyond_the_attestors_is_refused(threshold: Any) -> None:
    with pytest.raises(InvalidInput, match="1 to 3"):
        signed_by(CUSTODIAN).missing(threshold)


def test_a_stranger_is_refused_before_signing() -> None:
    one = bundle()
    with pytest.raises(UnknownAttestor, match=STRANGER.address):
        one.sign(STRANGER)
    (foreign,) = signed_by(STRANGER, attestors=[STRANGER.address]).signatures_sorted()
    with pytest.raises(UnknownAttestor):
        one.add(*foreign)
    assert one.signatures_sorted() == []


def test_twice_from_one_attestor_counts_once() -> None:
    one = signed_by(CUSTODIAN, CUSTODIAN)
    assert one.missing(2) == 1
    one.add(*one.signatures_sorted()[0])
    assert len(one.signatures_sorted()) == 1


def test_two_different_signatures_of_one_attestor_are_refused() -> None:
    one = signed_by(CUSTODIAN)
    (held,) = one.signatures_sorted()
    one.verify_contracts(lambda *_: False)
    with pytest.raises(ConflictingSignature, match=CUSTODIAN.address):
        one.add(CUSTODIAN.address, b"\x01" * 70, contract=True)
    assert one.signatures_sorted() == [held]


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": FeedDomain(31338, FEED)},
        {"domain": FeedDomain(31337, OTHER_FEED)},
        {"attestation": Attestation(1, ATTESTATION.as_of, ATTESTATION.report)},
        {"attestation": Attestation(ATTESTATION.value, ATTESTATION.as_of + 1, ATTESTATION.report)},
        {"attestation": Attestation(ATTESTATION.value, ATTESTATION.as_of, bytes(32))},
    ],
)
def test_a_signature_for_another_chain_feed_or_attestation_is_refused(changes: dict[str, Any]) -> None:
    other = signed_by(CUSTODIAN, **changes)
    one = bundle()
    with pytest.raises(WrongFeed):
        one.add_data(other.signature_data(CUSTODIAN.address))
    with pytest.raises(WrongFeed):
        one.add_data(other.to_data())
    with pytest.raises(BadSignature, match="was made by"):
        one.add(*other.signatures_sorted()[0])
    assert one.signatures_sorted() == []


def test_malformed_and_malleable_signatures_are_refused() -> None:
    (_, good) = signed_by(CUSTODIAN).signatures_sorted()[0]
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    flipped = bytes([27 + 28 - good[64]])
    for bad in (b"", good[:64], good + b"\x00", bytes(65), good[:32] + high + flipped, good[:64] + b"\x02"):
        one = bundle()
        with pytest.raises(BadSignature):
            one.add(CUSTODIAN.address, bad)
        assert one.signatures_sorted() == []


def test_another_attestors_signature_under_ones_name_is_refused() -> None:
    (theirs,) = signed_by(AUDITOR).signatures_sorted()
    with pytest.raises(BadSignature, match=AUDITOR.address):
        bundle().add(CUSTODIAN.address, theirs.data)


def test_a_feed_without_attestors_or_with_one_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no attestors"):
        bundle(attestors=[])
    with pytest.raises(InvalidInput, match="twice"):
        bundle(attestors=[CUSTODIAN.address, CUSTODIAN.address])


# -- contract signers ----------------------------------------------------------------------------------


def test_a_contracts_signature_waits_until_the_chain_was_asked() -> None:
    one = signed_by(CUSTODIAN)
    one.add(AUDITOR.address, b"\x01\x02", contract=True)
    assert one.unverified == [AUDITOR.address]
    assert one.missing(2) == 1
    asked: list[tuple[str, bytes, bytes]] = []
    one.verify_contracts(lambda *question: asked.append(question) is None)
    assert asked == [(AUDITOR.address, ATTESTATION.digest(DOMAIN), b"\x01\x02")]
    assert (one.unverified, one.missing(2)) == ([], 0)
    one.add(AUDITOR.address, b"\x01\x02", contract=True)
    assert one.missing(2) == 0, "the same again changes nothing"


def test_a_contract_that_does_not_accept_its_signature_is_dropped() -> None:
    one = signed_by(CUSTODIAN)
    one.add(AUDITOR.address, b"\x01", contract=True)
    with pytest.raises(BadSignature, match=AUDITOR.address):
        one.verify_contracts(lambda *_: False)
    assert one.signers == [CUSTODIAN.address]


# -- files ---------------------------------------------------------------------------------------------


def test_signatures_travel_in_files(tmp_path: Path) -> None:
    for signer in (THIRD, CUSTODIAN):
        signed_by(signer).save_signature(signer.address, tmp_path / f"{signer.address}.json")
    one = AttestationBundle.load(tmp_path / f"{THIRD.address}.json", domain=DOMAIN, attestors=ATTESTORS)
    one.add_file(tmp_path / f"{CUSTODIAN.address}.json")
    one.add(AUDITOR.address, b"\x01", contract=True)
    one.save(tmp_path / "bundle.json")
    again = AttestationBundle.load(tmp_path / "bundle.json", domain=DOMAIN, attestors=ATTESTORS)
    assert again.attestation == ATTESTATION
    assert again.signatures_sorted() == one.signatures_sorted()
    assert again.unverified == [AUDITOR.address], "what a file says of itself is asked of the chain again"


def test_a_file_cannot_choose_its_own_feed_or_attestors(tmp_path: Path) -> None:
    signed_by(STRANGER, attestors=[STRANGER.address]).save(tmp_path / "stranger.json")
    with pytest.raises(UnknownAttestor):
        AttestationBundle.load(tmp_path / "stranger.json", domain=DOMAIN, attestors=ATTESTORS)
    signed_by(CUSTODIAN, domain=FeedDomain(31338, FEED)).save(tmp_path / "other.json")
    with pytest.raises(WrongFeed, match="chainId 31338 instead of 31337"):
        AttestationBundle.load(tmp_path / "other.json", domain=DOMAIN, attestors=ATTESTORS)


def bent(**changes: Any) -> Any:
    data = signed_by(CUSTODIAN).signature_data(CUSTODIAN.address) | changes
    return {key: value for key, value in data.items() if value is not None}


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        bent(signature=None),
        bent(signature="12"),
        bent(signature=12),
        bent(signer=None),
        bent(signer=CUSTODIAN.address.lower()),
        bent(contract="yes"),
        bent(domain=None),
        bent(attestation=None),
        bent(attestation={**ATTESTATION.to_data(), "value": 265432408000000}),
        bent(attestation={**ATTESTATION.to_data(), "value": "-1"}),
        bent(attestation={**ATTESTATION.to_data(), "as_of": True}),
        bent(attestation={**ATTESTATION.to_data(), "report": "0x00"}),
        {**bent(signature=None), "signatures": "none"},
        {**bent(signature=None), "signatures": [1]},
    ],
)
def test_malformed_signature_files_are_refused(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "signature.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InvalidInput):
        bundle().add_file(path)
    with pytest.raises(InvalidInput):
        AttestationBundle.load(path, domain=DOMAIN, attestors=ATTESTORS)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
def test_files_that_are_not_json_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signature.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="not JSON"):
        bundle().add_file(path)
    with pytest.raises(InvalidInput, match="can't be read"):
        bundle().add_file(tmp_path / "missing.json")


def test_a_signature_not_gathered_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="has not signed"):
        bundle().save_signature(CUSTODIAN.address, tmp_path / "none.json")
