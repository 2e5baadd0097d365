"""Every Solidity error is a class with its fields, its family and a sentence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from eth_abi import encode
from support.checkout import REPOSITORY

from toolkit import artifacts
from toolkit import errors as families
from toolkit.bindings import errors
from toolkit.bindings.solidity_error import SolidityError
from toolkit.chain.abi import selector, signature

HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

SAMPLES = {
    "address": HOLDER,
    "bool": True,
    "string": "a name",
    "bytes16": b"\x01" * 16,
    "bytes32": b"\x02" * 32,
    "bytes4": b"\x03" * 4,
}


def _sample(kind: str) -> object:
    return SAMPLES.get(kind, 3)


def _data(kind: type[SolidityError]) -> bytes:
    entry = next(e for e in artifacts.all_errors() if signature(e) == kind.signature)
    types = [item["type"] for item in entry["inputs"]]
    return selector(kind.signature) + bytes(encode(types, [_sample(item) for item in types]))


def test_generating_again_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate_errors.py", "--check"],
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", errors.ALL, ids=lambda kind: kind.__name__)
def test_revert_data_becomes_the_class_of_the_same_name(kind: type[SolidityError]) -> None:
    error = errors.registry().decode(_data(kind))
    assert type(error) is kind
    assert isinstance(error, families.ContractReverted)
    assert error.data == _data(kind)
    for field in kind.fields:
        assert getattr(error, field) == error.details[field]
    assert ":" in error.message, "a message says what was wrong, then what to do"
    assert "{" not in error.message
    assert error.to_json()["code"] == kind.code


def test_codes_are_distinct() -> None:
    codes = [kind.code for kind in errors.ALL if kind.__name__ != "ReserveStale"]
    assert len(set(codes)) == len(codes)


def test_every_error_of_every_packaged_contract_has_a_class() -> None:
    declared = {
        entry["name"] for item in artifacts.all_artifacts() for entry in item.abi if entry["type"] == "error"
    }
    assert declared == {kind.__name__ for kind in errors.ALL}


def test_an_error_of_a_library_still_decodes() -> None:
    data = selector("ECDSAInvalidSignatureLength(uint256)") + bytes(encode(["uint256"], [64]))
    error = errors.registry().decode(data)
    assert type(error).__name__ == "ECDSAInvalidSignatureLength"


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (errors.BackingExceeded, families.ReserveShortfall),
        (errors.ReserveStale, families.ReserveStale),
        (errors.WalletNotVerified, families.NotEligible),
        (errors.ERC7943CannotSend, families.NotEligible),
        (errors.ERC7943CannotReceive, families.NotEligible),
        (errors.ERC7943InsufficientUnfrozenBalance, families.NotEligible),
        (errors.OperatorLimitExceeded, families.Refused),
        (errors.OrderAboveCap, families.Refused),
        (errors.OrderAlreadyExecuted, families.Refused),
        (errors.NotEnoughApprovals, families.NotAuthorised),
        (errors.NotApprover, families.NotAuthorised),
        (errors.ApproverIsSender, families.NotAuthorised),
        (errors.AccessManagedUnauthorized, families.NotAuthorised),
        (errors.NotEnoughSignatures, families.NotAuthorised),
        (errors.AttestationNotNewer, families.Refused),
    ],
)
def test_families(kind: type[SolidityError], family: type[families.ToolkitError]) -> None:
    assert issubclass(kind, family)


def test_a_message_names_the_values_and_the_remedy() -> None:
    error = errors.BackingExceeded(minted=1_000_001, ceiling=1_000_000)
    assert str(error) == (
        "the mint would bring everything ever minted to 1000001 base units, beyond the 1000000 that the "
        "attested reserve covers: mint less, or publish an attestation of a larger reserve first"
    )
    assert (error.minted, error.ceiling) == (1_000_001, 1_000_000)


def test_times_roles_and_statuses_are_shown_in_words() -> None:
    assert "expired at 2024-01-31 12:00:00 UTC" in str(errors.OrderExpired(number=7, expiry=1706702400))
    assert "as of never" in str(errors.ReserveStale(as_of=0, fresh_until=0))
    assert "GUARDIAN" in str(errors.AccessManagerUnauthorizedAccount(msgsender=HOLDER, role_id=6))
    message = str(errors.RedemptionInStatus(id=4, status=3, required=2))
    assert "redemption 4 is paid and would have to be accepted" in message


def test_a_customer_is_told_no_details() -> None:
    error = errors.WalletNotVerified(account=HOLDER, verified_until=0)
    assert HOLDER not in error.user_message
