"""Every error that the contracts can raise is met here through the SDK, as the class of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.suite import CASE, FOR_EVER, REPORT, Suite

from toolkit import artifacts
from toolkit.bindings import errors as e
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.roles import Role
from toolkit.bindings.solidity_error import SolidityError
from toolkit.bindings.structs import (
    ApprovalTier,
    Attestation,
    MintBatch,
    MintOrder,
    Signature,
    WalletEntry,
)
from toolkit.bindings.token import Stablecoin
from toolkit.chain.abi import encode_arguments, encode_constructor, selector
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner

UNIT = 10**6
PUBLIC_ROLE = 2**64 - 1
NO_CASE = bytes(32)
# Returns 32 zero bytes to every call.
ANSWERS_ZERO = bytes.fromhex("600060005260206000f3")

# Declared by OpenZeppelin's bases or libraries, on paths that no call reaches.
UNREACHABLE = {
    e.AccessManagedRequiredDelay: "a delayed caller is told AccessManagerNotScheduled instead",
    e.AccessManagedInvalidAuthority: "setAuthority always reverts with AuthorityIsFixed",
    e.CheckpointUnorderedInsertion: "payouts are recorded at block time, which never goes back",
    e.ERC7943CannotTransfer: "the standard declares it; each refusal has a more telling error",
    e.InsufficientBalance: "the manager forwards exactly the value it was sent",
    e.InvalidAccountNonce: "permits use up the current nonce and name none",
    e.InvalidShortString: "names are written by the constructor that checked them",
    e.NotInitializing: "initialisers call their parts only while they run",
    e.StringTooLong: "names and symbols are measured first, with UnusableMetadata",
}


def ask(suite: Suite, who: Role | LocalSigner | str, call: Call, value: int = 0) -> None:
    """Executes a call without sending it."""
    sender = who if isinstance(who, str) else (suite.signer(who) if isinstance(who, Role) else who).address
    assert call.to is not None
    suite.client.call(call.to, call.data, block="latest", sender=sender, value=value)


def governed(suite: Suite, call: Call, role: Role = Role.GOVERNOR, value: int = 0) -> None:
    """Schedules a call, lets its delay pass, and executes it without sending."""
    suite.send(role, suite.access.schedule(call))
    suite.node.advance_time(2 * 86_400 + 1)
    ask(suite, role, suite.access.execute(call), value)


def raw(to: str, signature: str, kinds: Sequence[str] = (), values: Sequence[Any] = ()) -> Call:
    return Call(to, selector(signature) + encode_arguments([{"type": kind} for kind in kinds], values))


def create(suite: Suite, artifact: str, *arguments: Any, value: int = 0) -> None:
    compiled = artifacts.load(artifact)
    data = compiled.bytecode + encode_constructor(compiled.abi, arguments)
    suite.client.estimate_gas(None, data, sender=suite.stranger.address, value=value)


def install(suite: Suite, runtime: bytes) -> str:
    creation = bytes([0x60, len(runtime), 0x80, 0x60, 0x09, 0x3D, 0x39, 0x3D, 0xF3]) + runtime
    address = suite.send(suite.stranger, Call(to=None, data=creation)).receipt.contract_address
    assert address is not None
    return address


# --- preparing -------------------------------------------------------------------------------------------


def minted(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 100 * UNIT)


def requested(suite: Suite) -> int:
    minted(suite)
    return suite.redeem(10 * UNIT)


def operate(suite: Suite, *orders: MintOrder, approvers: int = 1) -> None:
    ask(suite, Role.OPERATOR, suite.market.mint([suite.batch(*orders, approvers=approvers)]))


def operate_with(suite: Suite, *approvals: Signature) -> None:
    suite.ready()
    call = suite.market.mint([MintBatch((suite.order(1, UNIT),), approvals)])
    ask(suite, Role.OPERATOR, call)


def approval(suite: Suite, signer: LocalSigner) -> Signature:
    return suite.market.mint_data([suite.order(1, UNIT)]).sign(signer)


def schedule_twice(suite: Suite) -> None:
    call = suite.access.schedule(suite.market.set_order_cap(1))
    suite.send(Role.GOVERNOR, call)
    ask(suite, Role.GOVERNOR, call)


def execute_too_late(suite: Suite) -> None:
    call = suite.market.set_order_cap(1)
    suite.send(Role.GOVERNOR, suite.access.schedule(call))
    suite.node.advance_time(9 * 86_400)
    ask(suite, Role.GOVERNOR, suite.access.execute(call))


def execute_too_early(suite: Suite) -> None:
    call = suite.market.set_order_cap(1)
    suite.send(Role.GOVERNOR, suite.access.schedule(call))
    ask(suite, Role.GOVERNOR, suite.access.execute(call))


def cancel_another(suite: Suite) -> None:
    call = suite.market.set_order_cap(1)
    suite.send(Role.GOVERNOR, suite.access.schedule(call))
    ask(suite, suite.stranger, suite.access.cancel(suite.signer(Role.GOVERNOR).address, call))


def consume(suite: Suite) -> None:
    call = raw(
        suite.access.address,
        "consumeScheduledOp(address,bytes)",
        ("address", "bytes"),
        (suite.stranger.address, b"data"),
    )
    ask(suite, suite.token.address, call)


def set_authority(suite: Suite) -> None:
    values = (suite.stranger.address,)
    ask(suite, suite.stranger, raw(suite.token.address, "setAuthority(address)", ("address",), values))


def lock_function(suite: Suite) -> None:
    manager = suite.access.address
    locked = selector("setAuthority(address)")
    governed(suite, suite.access.set_function_role(manager, [locked], Role.OPERATOR), Role.ADMIN)


def upgrade_implementation_itself(suite: Suite) -> None:
    implementation = Stablecoin(suite.client, suite.token.implementation())
    ask(suite, Role.UPGRADER, implementation.upgrade(suite.token.implementation()))


def upgrade_to_another_slot(suite: Suite) -> None:
    governed(suite, suite.token.upgrade(install(suite, ANSWERS_ZERO)), Role.UPGRADER)


def initialise_again(suite: Suite) -> None:
    ask(suite, suite.stranger, raw(suite.token.address, "initialize()"))


def unconfigured_feed(suite: Suite) -> None:
    arguments = (suite.access.address, 6, "empty")
    compiled = artifacts.load("AttestedFeed")
    data = compiled.bytecode + encode_constructor(compiled.abi, arguments)
    address = suite.send(suite.stranger, Call(to=None, data=data)).receipt.contract_address
    assert address is not None
    call = AttestedFeed(suite.client, address).publish(Attestation(1, suite.now() - 1, REPORT), [])
    ask(suite, suite.stranger, call)


def publish(suite: Suite, value: int = 1, as_of: int | None = None, report: bytes = REPORT) -> None:
    ask(
        suite,
        suite.stranger,
        suite.feed.publish(
            Attestation(value, suite.now() - 1 if as_of is None else as_of, report),
            [Signature(item.signer, item.data) for item in suite.bundle(1).signatures_sorted()],
        ),
    )


def publish_again(suite: Suite) -> None:
    suite.attest(1)
    publish(suite, as_of=suite.feed.reading().as_of)


def publish_one_signer_twice(suite: Suite) -> None:
    item = suite.bundle(1).signatures_sorted()[0]
    twice = [Signature(item.signer, item.data)] * 2
    ask(suite, suite.stranger, suite.feed.publish(Attestation(1, suite.now() - 1, REPORT), twice))


def publish_one_signature(suite: Suite) -> None:
    ask(suite, suite.stranger, suite.feed.publish(Attestation(1, suite.now() - 1, REPORT), []))


def suspend_twice(suite: Suite) -> None:
    suite.send(Role.GUARDIAN, suite.feed.suspend())
    ask(suite, Role.GUARDIAN, suite.feed.suspend())


def feed_of_other_decimals(suite: Suite) -> None:
    compiled = artifacts.load("AttestedFeed")
    data = compiled.bytecode + encode_constructor(compiled.abi, (suite.access.address, 2, "cents"))
    address = suite.send(suite.stranger, Call(to=None, data=data)).receipt.contract_address
    assert address is not None
    governed(suite, suite.token.set_feed(address))


def frozen(suite: Suite) -> None:
    minted(suite)
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address))


def send_frozen(suite: Suite) -> None:
    frozen(suite)
    ask(suite, suite.holder, suite.token.transfer(suite.stranger.address, 1))


def receive_frozen(suite: Suite) -> None:
    minted(suite)
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.stranger.address))
    ask(suite, suite.holder, suite.token.transfer(suite.stranger.address, 1))


def send_partly_frozen(suite: Suite) -> None:
    minted(suite)
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address, 60 * UNIT))
    ask(suite, suite.holder, suite.token.transfer(suite.stranger.address, 41 * UNIT))


def freeze_less(suite: Suite) -> None:
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address, 5))
    ask(suite, Role.GUARDIAN, suite.token.freeze(suite.holder.address, 4))


def paused(suite: Suite) -> None:
    minted(suite)
    suite.send(Role.GUARDIAN, suite.token.pause())
    ask(suite, suite.holder, suite.token.transfer(suite.stranger.address, 1))


def no_case_forced(suite: Suite) -> None:
    minted(suite)
    call = suite.token.forced_transfer(suite.holder.address, suite.stranger.address, 1, NO_CASE)
    ask(suite, Role.COMPLIANCE, call)


def seize_escrow_in_the_token(suite: Suite) -> None:
    requested(suite)
    ask(suite, Role.COMPLIANCE, suite.token.burn_by_order(suite.market.address, 1, CASE))


def discharge_too_much(suite: Suite) -> None:
    call = raw(suite.token.address, "discharge(uint256)", ("uint256",), (1,))
    ask(suite, suite.market.address, call)


def authorised(
    suite: Suite, *, after: int = 0, before: int = FOR_EVER, signer: LocalSigner | None = None
) -> Call:
    terms = {"holder": suite.holder.address, "to": suite.stranger.address, "amount": 1, "nonce": REPORT}
    times = {"valid_after": after, "valid_before": before}
    signed = suite.token.transfer_data(**terms, **times).sign(signer or suite.holder)
    return suite.token.transfer_with_authorization(**terms, **times, signature=signed.data)


def authorisation_used(suite: Suite) -> None:
    minted(suite)
    call = authorised(suite)
    suite.send(suite.stranger, call)
    ask(suite, suite.stranger, call)


def receive_for_another(suite: Suite) -> None:
    call = suite.token.receive_with_authorization(
        holder=suite.holder.address,
        to=suite.market.address,
        amount=1,
        valid_after=0,
        valid_before=FOR_EVER,
        nonce=REPORT,
        signature=bytes(65),
    )
    ask(suite, suite.stranger, call)


def permit(suite: Suite, deadline: int) -> None:
    owner, spender = suite.holder.address, suite.stranger.address
    call = suite.token.permit(owner=owner, spender=spender, amount=1, deadline=deadline, signature=bytes(65))
    ask(suite, suite.stranger, call)


def repeat_order(suite: Suite) -> None:
    minted(suite)
    operate(suite, suite.order(1, UNIT))


def expired_order(suite: Suite) -> None:
    suite.ready()
    operate(suite, replace(suite.order(1, UNIT), expiry=1))


def beyond_the_reserve(suite: Suite) -> None:
    suite.ready(1_000 * UNIT)
    operate(suite, suite.order(1, 1_001 * UNIT))


def beyond_the_limit(suite: Suite) -> None:
    suite.ready(10**15)
    operator = suite.signer(Role.OPERATOR).address
    suite.govern(suite.market.set_operator_limit(operator, 5 * UNIT))
    operate(suite, suite.order(1, 6 * UNIT))


def beyond_the_tiers(suite: Suite) -> None:
    suite.ready(10**16)
    operator = suite.signer(Role.OPERATOR).address
    suite.govern(suite.market.set_operator_limit(operator, 10**15))
    orders = [suite.order(number, 50_000_000 * UNIT) for number in range(1, 8)]
    operate(suite, *orders, approvers=2)


def approved_by_the_sender(suite: Suite) -> None:
    operator = suite.signer(Role.OPERATOR)
    suite.govern(suite.access.grant_role(Role.APPROVER, operator.address), Role.ADMIN)
    operate_with(suite, approval(suite, operator))


def approvals_twice(suite: Suite) -> None:
    item = approval(suite, suite.signer(Role.APPROVER))
    operate_with(suite, item, item)


def bad_approval(suite: Suite) -> None:
    operate_with(suite, replace(approval(suite, suite.signer(Role.APPROVER)), data=bytes(65)))


def stopped(suite: Suite) -> None:
    suite.ready()
    suite.send(Role.GUARDIAN, suite.market.stop_minting())
    operate(suite, suite.order(1, UNIT))


def wound_down(suite: Suite) -> None:
    suite.govern(suite.market.wind_down())
    suite.ready()
    operate(suite, suite.order(1, UNIT))


def accept_frozen(suite: Suite) -> None:
    number = requested(suite)
    signed = suite.acceptance(number)
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address))
    ask(suite, Role.OPERATOR, suite.market.accept_redemptions([number], [signed]))


def pay(suite: Suite, *payouts: tuple[int, bytes]) -> None:
    ask(suite, Role.TREASURER, suite.market.record_payouts(payouts))


def pay_lists_of_other_lengths(suite: Suite) -> None:
    call = raw(
        suite.market.address,
        "recordPayouts(uint256[],bytes32[])",
        ("uint256[]", "bytes32[]"),
        ([1, 2], [REPORT]),
    )
    ask(suite, Role.TREASURER, call)


def wallet_of_another(suite: Suite) -> None:
    suite.register(suite.holder.address)
    entry = WalletEntry(suite.holder.address, suite.wallet(suite.stranger.address))
    ask(suite, Role.REGISTRAR, suite.registry.set_wallets([entry]))


Provoke = Callable[[Suite], object]

CASES: dict[type[SolidityError], Provoke] = {
    # Access.
    e.AccessManagedUnauthorized: lambda s: ask(s, s.stranger, s.token.pause()),
    e.AccessManagerAlreadyScheduled: schedule_twice,
    e.AccessManagerNotScheduled: lambda s: ask(s, Role.GOVERNOR, s.access.execute(s.market.set_order_cap(1))),
    e.AccessManagerNotReady: execute_too_early,
    e.AccessManagerExpired: execute_too_late,
    e.AccessManagerLockedRole: lambda s: governed(
        s, s.access.grant_role(PUBLIC_ROLE, s.stranger.address), Role.ADMIN
    ),
    e.AccessManagerLockedFunction: lock_function,
    e.AccessManagerBadConfirmation: lambda s: ask(
        s, Role.OPERATOR, s.access.renounce_role(Role.OPERATOR, s.stranger.address)
    ),
    e.AccessManagerUnauthorizedAccount: lambda s: ask(
        s, s.stranger, s.access.grant_role(Role.OPERATOR, s.stranger.address)
    ),
    e.AccessManagerUnauthorizedCall: lambda s: ask(
        s, s.stranger, s.access.schedule(s.market.set_order_cap(1))
    ),
    e.AccessManagerUnauthorizedConsume: consume,
    e.AccessManagerUnauthorizedCancel: cancel_another,
    e.AccessManagerInvalidInitialAdmin: lambda s: create(s, "AccessManager", ZERO_ADDRESS),
    e.AdministratorIsProtected: lambda s: ask(
        s, Role.GUARDIAN, s.issuance.guardian_gate.revoke_role(Role.ADMIN, s.stranger.address)
    ),
    e.AuthorityIsFixed: set_authority,
    e.AuthorityHasNoCode: lambda s: create(s, "AttestedFeed", s.stranger.address, 6, "feed"),
    e.AddressEmptyCode: lambda s: governed(s, Call(s.stranger.address, b"\1\2\3\4"), Role.ADMIN),
    e.FailedCall: lambda s: governed(s, Call(s.feed.address, b"\1\2\3\4"), Role.ADMIN),
    # Proxies and initialisers.
    e.ERC1967InvalidImplementation: lambda s: governed(s, s.token.upgrade(s.feed.address), Role.UPGRADER),
    e.ERC1967NonPayable: lambda s: governed(
        s, s.token.upgrade(s.token.implementation()), Role.UPGRADER, value=1
    ),
    e.ERC1967ProxyUninitialized: lambda s: create(s, "ERC1967Proxy", s.token.implementation(), b""),
    e.UUPSUnauthorizedCallContext: upgrade_implementation_itself,
    e.UUPSUnsupportedProxiableUUID: upgrade_to_another_slot,
    e.InvalidInitialization: initialise_again,
    # Feed.
    e.FeedNotConfigured: unconfigured_feed,
    e.AttestationFromFuture: lambda s: publish(s, as_of=s.now() + 1_000),
    e.AttestationNotNewer: publish_again,
    e.ValueTooLarge: lambda s: publish(s, value=2**112),
    e.ReportMissing: lambda s: publish(s, report=bytes(32)),
    e.SignersNotSorted: publish_one_signer_twice,
    e.NotEnoughSignatures: publish_one_signature,
    e.FeedSuspended: lambda s: (
        s.send(Role.GUARDIAN, s.feed.suspend()),
        ask(s, Role.GUARDIAN, s.feed.suspend()),
    ),
    e.FeedNotSuspended: lambda s: governed(s, s.feed.resume()),
    e.InvalidThreshold: lambda s: governed(s, s.feed.set_attestors([s.stranger.address], 2)),
    e.InvalidAttestor: lambda s: governed(s, s.feed.set_attestors([s.stranger.address] * 2, 1)),
    e.InvalidMaxAge: lambda s: governed(s, s.feed.set_limits(0, 1, 1)),
    e.NotAttestor: lambda s: ask(s, Role.GUARDIAN, s.feed.suspend_attestor(s.stranger.address)),
    e.NoRound: lambda s: s.feed.round(1),
    e.TooManyDecimals: lambda s: create(s, "AttestedFeed", s.access.address, 19, "feed"),
    # Token: what it is.
    e.UnusableMetadata: lambda s: create(s, "Stablecoin", s.access.address, "", "X", 6, "USD"),
    e.NotAContract: lambda s: governed(s, s.token.set_market(s.stranger.address)),
    e.FeedDecimalsMismatch: feed_of_other_decimals,
    e.BufferTooLarge: lambda s: governed(s, s.token.set_buffer(10_001)),
    e.ERC1643InvalidName: lambda s: governed(s, s.token.set_document(bytes(32), "uri", REPORT)),
    e.ERC1643MissingDocument: lambda s: governed(s, s.token.remove_document(REPORT)),
    # Token: balances and freezes.
    e.ERC20InsufficientBalance: lambda s: ask(s, s.holder, s.token.transfer(s.stranger.address, 1)),
    e.ERC20InsufficientAllowance: lambda s: ask(
        s, s.stranger, s.token.transfer_from(s.holder.address, s.stranger.address, 1)
    ),
    e.ERC20InvalidApprover: lambda s: ask(s, ZERO_ADDRESS, s.token.approve(s.stranger.address, 1)),
    e.ERC20InvalidSpender: lambda s: ask(s, s.holder, s.token.approve(ZERO_ADDRESS, 1)),
    e.ERC20InvalidReceiver: lambda s: ask(s, s.holder, s.token.transfer(ZERO_ADDRESS, 0)),
    e.ERC20InvalidSender: lambda s: ask(s, Role.GUARDIAN, s.token.freeze(ZERO_ADDRESS, 1)),
    e.SafeCastOverflowedUintDowncast: lambda s: ask(
        s, Role.GUARDIAN, s.token.freeze(s.holder.address, 2**200)
    ),
    e.ERC7943CannotSend: send_frozen,
    e.ERC7943CannotReceive: receive_frozen,
    e.ERC7943InsufficientUnfrozenBalance: send_partly_frozen,
    e.FreezeMayOnlyRaise: freeze_less,
    e.UnfreezeMayOnlyLower: lambda s: ask(s, Role.COMPLIANCE, s.token.unfreeze(s.holder.address, 1, CASE)),
    e.TokenPaused: paused,
    e.TokenNotPaused: lambda s: governed(s, s.token.resume()),
    e.CaseIdRequired: no_case_forced,
    e.ForcedTransferToSelf: lambda s: ask(
        s, Role.COMPLIANCE, s.token.forced_transfer(s.holder.address, s.holder.address, 1, CASE)
    ),
    e.EscrowIsProtected: seize_escrow_in_the_token,
    e.CallerIsNotMarket: lambda s: ask(
        s, s.stranger, raw(s.token.address, "discharge(uint256)", ("uint256",), (1,))
    ),
    e.DischargeExceedsBurned: discharge_too_much,
    # Token: signatures.
    e.ERC2612ExpiredSignature: lambda s: permit(s, 1),
    e.ERC2612InvalidSigner: lambda s: permit(s, FOR_EVER),
    e.ERC3009NotYetValid: lambda s: ask(s, s.stranger, authorised(s, after=FOR_EVER)),
    e.ERC3009Expired: lambda s: ask(s, s.stranger, authorised(s, before=1)),
    e.ERC3009AlreadyUsed: authorisation_used,
    e.ERC3009InvalidSignature: lambda s: ask(s, s.stranger, authorised(s, signer=s.stranger)),
    e.ERC3009CallerIsNotPayee: receive_for_another,
    # Market: minting.
    e.ReserveStale: lambda s: (s.register(s.holder.address), operate(s, s.order(1, UNIT))),
    e.BackingExceeded: beyond_the_reserve,
    e.OrderAlreadyExecuted: repeat_order,
    e.OrderExpired: expired_order,
    e.OrderEmpty: lambda s: (s.ready(), operate(s, s.order(1, 0))),
    e.OrderAboveCap: lambda s: (s.ready(), operate(s, s.order(1, 50_000_001 * UNIT), approvers=2)),
    e.OperatorLimitExceeded: beyond_the_limit,
    e.TotalAboveTiers: beyond_the_tiers,
    e.NotEnoughApprovals: operate_with,
    e.NotApprover: lambda s: operate_with(s, approval(s, s.stranger)),
    e.InvalidApproval: bad_approval,
    e.ApproversNotSorted: approvals_twice,
    e.ApproverIsSender: approved_by_the_sender,
    e.BatchEmpty: lambda s: ask(s, Role.OPERATOR, s.market.mint([])),
    e.MintingIsStopped: stopped,
    e.MintingIsNotStopped: lambda s: governed(s, s.market.resume_minting()),
    e.MarketWoundDown: wound_down,
    e.InvalidTiers: lambda s: governed(s, s.market.set_approval_tiers([ApprovalTier(1, 0)])),
    e.InvalidPeriod: lambda s: governed(s, s.market.set_redemption_period(0)),
    # Market: redemption.
    e.RedemptionEmpty: lambda s: ask(s, s.holder, s.market.request_redemption(0, REPORT)),
    e.RedemptionInStatus: lambda s: pay(s, (requested(s), REPORT)),
    e.NotRedemptionHolder: lambda s: ask(s, s.stranger, s.market.cancel_redemption(requested(s))),
    e.RedemptionHolderFrozen: accept_frozen,
    e.RedemptionHolderNotFrozen: lambda s: ask(
        s, Role.COMPLIANCE, s.market.seize_escrow(requested(s), s.stranger.address, CASE)
    ),
    e.PaymentReferenceMissing: lambda s: pay(s, (1, bytes(32))),
    e.LengthMismatch: pay_lists_of_other_lengths,
    e.CaseIdMissing: lambda s: ask(s, Role.COMPLIANCE, s.market.seize_escrow(1, s.stranger.address, NO_CASE)),
    e.UnsolicitedExceeded: lambda s: ask(
        s, Role.COMPLIANCE, s.market.return_unsolicited(s.stranger.address, 1, CASE)
    ),
    # Registry.
    e.WalletNotVerified: lambda s: (s.attest(10**12), operate(s, s.order(1, UNIT))),
    e.WalletBelongsToAnother: wallet_of_another,
    e.WalletNotRegistered: lambda s: ask(s, Role.REGISTRAR, s.registry.remove_wallets([s.stranger.address])),
    e.IncompleteWallet: lambda s: ask(
        s,
        Role.REGISTRAR,
        s.registry.set_wallets([WalletEntry(s.holder.address, s.wallet(s.holder.address, verified_until=0))]),
    ),
}


def test_every_error_is_met_or_cannot_be() -> None:
    assert set(CASES) | set(UNREACHABLE) == set(e.ALL)
    assert not set(CASES) & set(UNREACHABLE)


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_the_contract_raises_it_and_the_sdk_names_it(suite: Suite, kind: type[SolidityError]) -> None:
    with pytest.raises(SolidityError) as caught:
        CASES[kind](suite)
    assert type(caught.value) is kind
    assert set(caught.value.details) >= set(kind.fields)
