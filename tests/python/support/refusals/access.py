"""What the access manager, the gate, the proxies and the contracts' common base refuse."""

from __future__ import annotations

from dataclasses import replace

from support.refusals.cases import (
    Attempt,
    Table,
    attempt,
    create,
    governed,
    raw,
    speaker,
    through,
)
from support.suite import Suite
from support.tiny import place

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.chain.abi import selector
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.calls import Call

table: Table[Suite] = Table()
case = table.case

PUBLIC_ROLE = 2**64 - 1
DAY = 86_400
ANSWERS_ONE = bytes.fromhex("60015f5260205ff3")


def scheduled(suite: Suite) -> tuple[Call, bytes]:
    """A call that the governor has scheduled, and its operation id."""
    call = suite.token.set_buffer(50)
    suite.send(Role.GOVERNOR, suite.access.schedule(call))
    governor = suite.signer(Role.GOVERNOR).address
    return call, suite.access.operation_id(governor, suite.token.address, call.data)


# --------------------------------------------------------------------------------------------- who may call


@case(errors.AccessManagedUnauthorized)
def a_stranger_calls_a_restricted_function(suite: Suite) -> Attempt:
    return attempt(suite, suite.stranger, suite.token.pause(), caller=suite.stranger.address)


@case(errors.AccessManagedUnauthorized)
def the_deployer_has_no_right_left(suite: Suite) -> Attempt:
    deployer = suite.issuance.publisher
    return attempt(suite, deployer, suite.market.set_order_cap(1), caller=deployer.address)


@case(errors.AccessManagerUnauthorizedAccount)
def a_stranger_grants_itself_a_role(suite: Suite) -> Attempt:
    call = suite.access.grant_role(Role.OPERATOR, suite.stranger.address)
    return attempt(suite, suite.stranger, call, msgsender=suite.stranger.address, role_id=Role.ADMIN)


@case(errors.AccessManagerUnauthorizedCall)
def a_stranger_schedules(suite: Suite) -> Attempt:
    call = suite.token.set_buffer(0)
    return attempt(
        suite,
        suite.stranger,
        suite.access.schedule(call),
        caller=suite.stranger.address,
        target=suite.token.address,
        selector=call.data[:4],
    )


@case(errors.AccessManagerUnauthorizedCancel)
def a_stranger_cancels(suite: Suite) -> Attempt:
    call, _ = scheduled(suite)
    governor = suite.signer(Role.GOVERNOR).address
    return attempt(
        suite,
        suite.stranger,
        suite.access.cancel(governor, call),
        msgsender=suite.stranger.address,
        caller=governor,
        target=suite.token.address,
        selector=call.data[:4],
    )


@case(errors.AccessManagerUnauthorizedConsume)
def a_contract_consumes_what_it_does_not_run(suite: Suite) -> Attempt:
    contract = speaker(suite.node, suite.access.address)
    call = raw(suite.access, "consumeScheduledOp", suite.stranger.address, b"\x01" * 4)
    return attempt(suite, suite.stranger, through(contract, call), target=contract)


# ------------------------------------------------------------------------------------------------ schedules


@case(errors.AccessManagerNotScheduled)
def the_governor_skips_its_delay(suite: Suite) -> Attempt:
    call = suite.token.set_buffer(50)
    governor = suite.signer(Role.GOVERNOR)
    operation = suite.access.operation_id(governor.address, suite.token.address, call.data)
    return attempt(suite, governor, call, operation_id=operation)


@case(errors.AccessManagerNotReady)
def an_execution_comes_too_early(suite: Suite) -> Attempt:
    call, operation = scheduled(suite)
    return attempt(suite, Role.GOVERNOR, suite.access.execute(call), operation_id=operation)


@case(errors.AccessManagerExpired)
def an_execution_comes_too_late(suite: Suite) -> Attempt:
    call, operation = scheduled(suite)
    suite.node.advance_time(9 * DAY)
    return attempt(suite, Role.GOVERNOR, suite.access.execute(call), operation_id=operation)


@case(errors.AccessManagerAlreadyScheduled)
def scheduling_twice(suite: Suite) -> Attempt:
    call, operation = scheduled(suite)
    return attempt(suite, Role.GOVERNOR, suite.access.schedule(call), operation_id=operation)


# ---------------------------------------------------------------------------------------------------- roles


@case(errors.AccessManagerBadConfirmation)
def renouncing_in_anothers_name(suite: Suite) -> Attempt:
    call = suite.access.renounce_role(Role.APPROVER, suite.signer(Role.APPROVER).address)
    return attempt(suite, suite.stranger, call)


@case(errors.AccessManagerLockedRole)
def the_public_role_is_given_an_administrator(suite: Suite) -> Attempt:
    call = suite.access.set_role_admin(PUBLIC_ROLE, Role.OPERATOR)
    return governed(suite, call, Role.ADMIN, role_id=PUBLIC_ROLE)


@case(errors.AccessManagerLockedFunction)
def the_function_that_moves_the_authority_is_given_a_role(suite: Suite) -> Attempt:
    moving = selector("setAuthority(address)")
    call = suite.access.set_function_role(suite.token.address, [moving], Role.OPERATOR)
    return governed(suite, call, Role.ADMIN, selector=moving)


@case(errors.AccessManagerInvalidInitialAdmin)
def an_access_manager_without_an_administrator(suite: Suite) -> Attempt:
    call = create("AccessManager", ZERO_ADDRESS)
    return attempt(suite, suite.stranger, call, initial_admin=ZERO_ADDRESS)


@case(errors.AddressEmptyCode)
def the_manager_calls_an_account_without_code(suite: Suite) -> Attempt:
    nobody = suite.stranger.address
    return governed(suite, Call(nobody, b"\x01\x02\x03\x04"), Role.ADMIN, target=nobody)


@case(errors.FailedCall)
def the_manager_calls_a_function_that_does_not_exist(suite: Suite) -> Attempt:
    return governed(suite, Call(suite.feed.address, b"\x01\x02\x03\x04"), Role.ADMIN)


# --------------------------------------------------------------------------------------- gate and authority


@case(errors.AdministratorIsProtected, at="GuardianGate.revokeRole")
def the_guardian_strips_an_administrator(suite: Suite) -> Attempt:
    administrator = suite.signer(Role.ADMIN).address
    call = suite.issuance.guardian_gate.revoke_role(Role.ADMIN, administrator)
    return attempt(suite, Role.GUARDIAN, call, account=administrator)


@case(errors.OwnRevocation, at="GuardianGate.cancel")
def the_guardian_cancels_its_own_revocation(suite: Suite) -> Attempt:
    guardian, administrator = suite.signer(Role.GUARDIAN).address, suite.signer(Role.ADMIN).address
    revocation = suite.access.revoke_role(Role.GUARDIAN, guardian)
    suite.send(Role.ADMIN, suite.access.schedule(revocation))
    call = suite.issuance.guardian_gate.cancel(administrator, revocation)
    return attempt(suite, Role.GUARDIAN, call, guardian=guardian)


@case(errors.ActorUnknown, at="Governed._requireDirect")
def the_guardian_cancels_by_way_of_the_manager(suite: Suite) -> Attempt:
    call, _ = scheduled(suite)
    cancelling = suite.issuance.guardian_gate.cancel(suite.signer(Role.GOVERNOR).address, call)
    return attempt(suite, Role.GUARDIAN, suite.access.execute(cancelling))


@case(errors.AuthorityHasNoCode, at="Governed.constructor")
def a_contract_is_governed_by_nobody(suite: Suite) -> Attempt:
    nobody = suite.stranger.address
    return attempt(suite, suite.stranger, create("GuardianGate", nobody), authority=nobody)


@case(errors.AuthorityIsFixed, at="Governed.setAuthority")
def the_manager_hands_the_token_to_another(suite: Suite) -> Attempt:
    call = raw(suite.access, "updateAuthority", suite.token.address, suite.feed.address)
    return governed(suite, call, Role.ADMIN, authority=suite.access.address)


# -------------------------------------------------------------------------------------------------- proxies


@case(errors.InvalidInitialization)
def a_proxy_is_initialised_again(suite: Suite) -> Attempt:
    return attempt(suite, suite.stranger, raw(suite.token, "initialize"))


@case(errors.InvalidInitialization)
def an_implementation_is_initialised(suite: Suite) -> Attempt:
    call = replace(raw(suite.market, "initialize"), to=suite.market.implementation())
    return attempt(suite, suite.stranger, call)


@case(errors.UUPSUnauthorizedCallContext)
def an_implementation_is_upgraded_itself(suite: Suite) -> Attempt:
    behind = suite.registry.implementation()
    return attempt(suite, Role.UPGRADER, replace(suite.registry.upgrade(behind), to=behind))


@case(errors.UUPSUnsupportedProxiableUUID)
def an_upgrade_for_another_kind_of_proxy(suite: Suite) -> Attempt:
    call = suite.registry.upgrade(place(suite.node, ANSWERS_ONE))
    return governed(suite, call, Role.UPGRADER, slot=(1).to_bytes(32, "big"))


@case(errors.ERC1967InvalidImplementation)
def an_upgrade_to_what_is_no_implementation(suite: Suite) -> Attempt:
    call = suite.token.upgrade(suite.feed.address)
    return governed(suite, call, Role.UPGRADER, implementation=suite.feed.address)


@case(errors.ERC1967NonPayable)
def an_upgrade_with_ether(suite: Suite) -> Attempt:
    found = governed(suite, suite.token.upgrade(suite.token.implementation()), Role.UPGRADER)
    return replace(found, call=replace(found.call, value=1))


@case(errors.ERC1967ProxyUninitialized)
def a_proxy_that_nobody_initialises(suite: Suite) -> Attempt:
    return attempt(suite, suite.stranger, create("ERC1967Proxy", suite.token.implementation(), b""))
