"""Every refusal of the contracts, met through the SDK: as a call, an estimate, a send and a mined revert.

The tables in support/refusals say how each is brought about. That none is missing is checked against the
sources and the ABIs, not against what ran.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from support.checkout import REPOSITORY
from support.fund_suite import FundSuite
from support.refusals import (
    access,
    distribution,
    feed,
    fund_desk,
    market,
    omnibus,
    registry,
    share,
    signed_transfers,
    token,
    vault,
)
from support.refusals.cases import Attempt, Case
from support.suite import Suite

from toolkit.bindings import errors
from toolkit.bindings.solidity_error import SolidityError
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.hexes import to_hex

CASES: list[Case[Suite]] = [
    *access.table,
    *feed.table,
    *market.table,
    *omnibus.table,
    *registry.table,
    *signed_transfers.table,
    *token.table,
]
FUND_CASES: list[Case[FundSuite]] = [
    *distribution.table,
    *fund_desk.table,
    *share.table,
    *vault.table,
]
PLACES = [(case.error, case.at) for cases in (CASES, FUND_CASES) for case in cases]

UNREACHABLE: dict[type[SolidityError], str] = {
    errors.AccessManagedInvalidAuthority: "of setAuthority, which Governed replaces by AuthorityIsFixed",
    errors.AccessManagedRequiredDelay: "declared by OpenZeppelin's interface and raised nowhere",
    errors.CheckpointUnorderedInsertion: "needs a block before the last one's time",
    errors.ERC7943CannotTransfer: "declared by the standard; the token always knows a closer reason",
    errors.InsufficientBalance: "the manager passes on the ether it was sent with the call, never more",
    errors.InvalidAccountNonce: "of a helper of OpenZeppelin's that the token does not use",
    errors.InvalidShortString: "needs a corrupted immutable",
    errors.StringsInsufficientHexLength: "the market's constructor writes 14 bytes of 14",
    errors.NotInitializing: "only functions that are internal have its guard",
}
# The zero address sends nothing, and no signature recovers to it: only a read can ask in its name.
READ_ONLY = {(errors.ERC20InvalidApprover, "RegulatedERC20._approve")}

GAS = 6_000_000


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_refusal_arrives_typed_on_every_path(suite: Suite, case: Case[Suite]) -> None:
    _require_typed_on_every_path(suite, case.error, case.stage(suite))


@pytest.mark.parametrize("case", FUND_CASES, ids=str)
def test_a_refusal_of_the_fund_arrives_typed_on_every_path(
    fund_suite: FundSuite, case: Case[FundSuite]
) -> None:
    _require_typed_on_every_path(fund_suite, case.error, case.stage(fund_suite))


def _require_typed_on_every_path(suite: Suite, kind: type[SolidityError], attempt: Attempt) -> None:
    call, who = attempt.call, attempt.who.address
    sender = suite.issuance.sender(attempt.who)

    def require_typed(error: BaseException) -> None:
        assert type(error) is kind, error
        assert {name: getattr(error, name) for name in kind.fields} == attempt.fields

    with pytest.raises(kind) as caught:
        suite.client.call(call.to, call.data, block="latest", sender=who, value=call.value)
    require_typed(caught.value)

    with pytest.raises(kind) as caught:
        suite.client.estimate_gas(call.to, call.data, sender=who, value=call.value)
    require_typed(caught.value)

    nonce = suite.client.nonce(who, "pending")
    with pytest.raises(kind) as caught:
        sender.send(call)
    require_typed(caught.value)
    assert suite.client.nonce(who, "pending") == nonce, "nothing may be on its way"

    sent = sender.send(call, gas=GAS)
    with pytest.raises(kind) as caught:
        sender.wait(sent, timeout=120)
    require_typed(caught.value)
    assert caught.value.details["tx_hash"] == to_hex(sent.hash)
    receipt = suite.client.receipt(sent.hash)
    assert receipt is not None
    assert not receipt.succeeded


def test_an_allowance_of_nobodys_arrives_typed_on_a_read(suite: Suite) -> None:
    call = suite.token.approve(suite.stranger.address, 1)
    with pytest.raises(errors.ERC20InvalidApprover) as caught:
        suite.client.call(suite.token.address, call.data, block="latest", sender=ZERO_ADDRESS)
    assert caught.value.approver == ZERO_ADDRESS


def test_every_error_is_provoked_or_known_to_be_unreachable() -> None:
    provoked = {error for error, _ in PLACES} | {error for error, _ in READ_ONLY}
    assert provoked.isdisjoint(UNREACHABLE)
    assert provoked | set(UNREACHABLE) == set(errors.ALL)


def test_every_place_in_the_sources_that_raises_is_reached() -> None:
    sites = _sites()
    assert sites.total() > 80, "the sources were not read"
    named = Counter((error.__name__, at) for error, at in PLACES if at is not None)
    assert set(named) <= set(sites)
    read_only = Counter((error.__name__, at) for error, at in READ_ONLY)
    assert sites - named - read_only == Counter()


def _sites() -> Counter[tuple[str, str]]:
    """Each `revert` of the sources, and each refusal that another function raises for it."""
    opening = re.compile(r"^\s*(?:function\s+(\w+)|(constructor)|modifier\s+(\w+))\b")
    contract_opening = re.compile(r"^(?:abstract )?(?:contract|library) (\w+)")
    raising = re.compile(r"\brevert (?:\w+\.)?(\w+)\(")
    refusing = re.compile(r"encodeWithSelector\((?:\w+\.)?(\w+)\.selector")
    refuser = re.compile(r"\w+Refusal|_tierOf")
    sites: Counter[tuple[str, str]] = Counter()
    for path in sorted((REPOSITORY / "contracts").rglob("*.sol")):
        contract = function = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            contract = found.group(1) if (found := contract_opening.match(line)) else contract
            if found := opening.match(line):
                function = next(filter(None, found.groups()))
            names = raising.findall(line)
            if refuser.fullmatch(function):
                names += refusing.findall(line)
            sites.update((name, f"{contract}.{function}") for name in names)
    return sites
