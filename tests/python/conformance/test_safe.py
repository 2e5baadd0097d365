"""A Safe in every place of the suite where an account may be a contract.

Safe's contracts are those that its package ships, compiled by their makers: two of three owners sign for the
account (ERC-1271), or send its transactions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.foreign_wallets import LIBRARIES, Job, sign
from support.refusals.cases import create
from support.safes import OUTSIDER, OWNERS, Safe, created, new_safes, shipped
from support.suite import FOR_EVER, REPORT, Suite

from toolkit.bindings import errors, structs
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch, MintOrder, RedemptionStatus, Signature
from toolkit.chain.abi import encode_call
from toolkit.chain.calls import Call
from toolkit.chain.reverts import RequireFailed
from toolkit.chain.signers import dev_signer

MINTED = 1_000
NONCE, REFERENCE, SALT = b"\x33" * 32, b"\x22" * 32, b"\x44" * 32
TIMES = {"valid_after": 0, "valid_before": FOR_EVER}
FIRST, SECOND, THIRD = OWNERS


@pytest.fixture
def safe(suite: Suite) -> Safe:
    return new_safes(suite)[0]


def grant(suite: Suite, role: Role, account: str, delay: int = 0) -> None:
    suite.govern(suite.access.grant_role(role, account, delay), Role.ADMIN)


def approved(suite: Suite, safe: Safe, order: MintOrder, signature: bytes) -> Call:
    """A batch of one order, with the Safe's approval."""
    return suite.market.mint([MintBatch((order,), (Signature(safe.address, signature),))])


def holding(suite: Suite, safe: Safe) -> None:
    """The Safe has tokens."""
    suite.ready()
    suite.register(safe.address)
    suite.mint(1, MINTED, safe.address)


def test_what_owners_sign_is_what_the_safe_says_they_sign(suite: Suite, safe: Safe) -> None:
    digest = suite.market.mint_digest([suite.order(1, 5)])
    assert safe.read("getMessageHash", digest) == safe.message(digest).digest
    assert safe.read("getThreshold") == 2
    assert safe.read("VERSION") == "1.5.0"


# ------------------------------------------------------------------------------------------------ approver


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_safe_approves_a_mint_with_its_owners_own_wallets(suite: Suite, safe: Safe, library: str) -> None:
    grant(suite, Role.APPROVER, safe.address)
    suite.ready()
    order = suite.order(1, MINTED)
    message = safe.message(suite.market.mint_digest([order])).to_json()
    first, third = sign(library, [Job(FIRST, message), Job(THIRD, message)])
    signature = safe.joined({FIRST: first.signature, THIRD: third.signature})
    suite.send(Role.OPERATOR, approved(suite, safe, order, signature))
    assert suite.token.balance_of(suite.holder.address) == MINTED


def test_a_safe_and_a_person_approve_together(suite: Suite, safe: Safe) -> None:
    grant(suite, Role.APPROVER, safe.address)
    suite.ready(10**13)
    order = suite.order(1, 2_000_000_000_000)  # two million: two approvals
    data = suite.market.mint_data([order])
    alone = Signature(safe.address, safe.sign(data.digest))
    with pytest.raises(errors.NotEnoughApprovals):
        suite.send(Role.OPERATOR, suite.market.mint([MintBatch((order,), (alone,))]))
    person = data.sign(suite.signer(Role.APPROVER))
    suite.send(Role.OPERATOR, suite.market.mint([MintBatch((order,), (alone, person))]))
    assert suite.token.balance_of(suite.holder.address) == order.amount


def test_a_safe_that_is_no_approver_approves_nothing(suite: Suite, safe: Safe) -> None:
    suite.ready()
    order = suite.order(1, MINTED)
    call = approved(suite, safe, order, safe.sign(suite.market.mint_digest([order])))
    with pytest.raises(errors.NotApprover):
        suite.send(Role.OPERATOR, call)


def test_a_safe_approves_an_acceptance(suite: Suite, safe: Safe) -> None:
    grant(suite, Role.APPROVER, safe.address)
    suite.ready()
    suite.mint(1, MINTED)
    number = suite.redeem(60)
    signature = safe.sign(suite.market.acceptance_digest([number]))
    approval = Signature(safe.address, signature)
    suite.send(Role.OPERATOR, suite.market.accept_redemptions([number], [approval]))
    assert suite.token.payable() == 60


def test_a_safe_approves_on_chain_without_a_signature(suite: Suite, safe: Safe) -> None:
    grant(suite, Role.APPROVER, safe.address)
    suite.ready()
    order = suite.order(1, MINTED)
    digest = suite.market.mint_digest([order])
    with pytest.raises(errors.InvalidApproval):
        suite.send(Role.OPERATOR, approved(suite, safe, order, b""))
    library = created(suite, "libraries/SignMessageLib")
    data = encode_call(shipped("libraries/SignMessageLib")["abi"], "signMessage", (digest,))
    suite.send(suite.stranger, safe.execute(Call(library, data), delegate=True))
    suite.send(Role.OPERATOR, approved(suite, safe, order, b""))
    assert suite.token.balance_of(suite.holder.address) == MINTED


def test_an_owner_may_agree_by_a_transaction(suite: Suite, safe: Safe) -> None:
    """Of the two signatures one (v = 1) only names the owner, who approved the hash on chain."""
    grant(suite, Role.APPROVER, safe.address)
    suite.ready()
    order = suite.order(1, MINTED)
    message = safe.message(suite.market.mint_digest([order]))
    owner = dev_signer(SECOND)
    named = bytes(12) + bytes.fromhex(owner.address[2:]) + bytes(32) + b"\x01"
    signature = safe.joined({FIRST: message.sign(dev_signer(FIRST)).data, SECOND: named})
    with pytest.raises(errors.InvalidApproval):
        suite.send(Role.OPERATOR, approved(suite, safe, order, signature))
    suite.send(owner, safe.call("approveHash", message.digest))
    suite.send(Role.OPERATOR, approved(suite, safe, order, signature))
    assert suite.token.balance_of(suite.holder.address) == MINTED


# -------------------------------------------------------------------------------------- what is no signature

Forgery = Callable[[Suite, Safe, bytes], bytes]


def by_one_owner(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    return safe.sign(digest, [FIRST])


def by_one_owner_twice(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    return safe.sign(digest, [FIRST]) * 2


def by_an_owner_and_an_outsider(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    return safe.sign(digest, [FIRST, OUTSIDER])


def in_another_order(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    signature = safe.sign(digest)
    return signature[65:] + signature[:65]


def of_another_digest(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    return safe.sign(bytes([digest[0] ^ 1]) + digest[1:])


def of_the_digest_itself(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    """As two people would sign it for themselves, not for the Safe."""
    return safe.joined({index: dev_signer(index).sign_digest(digest) for index in OWNERS[:2]})


def of_another_safe_of_the_same_owners(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    return new_safes(suite, 2)[1].sign(digest)


def before_an_owner_left(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    signature = safe.sign(digest, [FIRST, SECOND])
    listed = safe.read("getOwners")
    leaving = dev_signer(SECOND).address
    before = [*["0x" + f"{1:040x}"], *listed][listed.index(leaving)]
    suite.send(suite.stranger, safe.execute(safe.call("removeOwner", before, leaving, 2)))
    return signature


def before_the_threshold_rose(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    signature = safe.sign(digest, [FIRST, SECOND])
    suite.send(suite.stranger, safe.execute(safe.call("changeThreshold", 3)))
    return signature


def that_is_empty(suite: Suite, safe: Safe, digest: bytes) -> bytes:
    return b""


FORGERIES = [
    by_one_owner,
    by_one_owner_twice,
    by_an_owner_and_an_outsider,
    in_another_order,
    of_another_digest,
    of_the_digest_itself,
    of_another_safe_of_the_same_owners,
    before_an_owner_left,
    before_the_threshold_rose,
    that_is_empty,
]


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda forged: forged.__name__)
def test_what_the_safe_did_not_sign_approves_nothing(suite: Suite, safe: Safe, forged: Forgery) -> None:
    grant(suite, Role.APPROVER, safe.address)
    suite.ready()
    order = suite.order(1, MINTED)
    signature = forged(suite, safe, suite.market.mint_digest([order]))
    with pytest.raises(errors.InvalidApproval) as caught:
        suite.send(Role.OPERATOR, approved(suite, safe, order, signature))
    assert caught.value.signer == safe.address
    assert not suite.market.is_executed(1)


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda forged: forged.__name__)
def test_what_the_safe_did_not_sign_moves_nothing(suite: Suite, safe: Safe, forged: Forgery) -> None:
    holding(suite, safe)
    values = {"holder": safe.address, "to": suite.holder.address, "amount": 5, "nonce": NONCE, **TIMES}
    signature = forged(suite, safe, suite.token.transfer_data(**values).digest)
    with pytest.raises(errors.ERC3009InvalidSignature):
        suite.send(suite.stranger, suite.token.transfer_with_authorization(**values, signature=signature))
    assert suite.token.balance_of(safe.address) == MINTED


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda forged: forged.__name__)
def test_what_the_safe_did_not_sign_permits_nothing(suite: Suite, safe: Safe, forged: Forgery) -> None:
    values = {"owner": safe.address, "spender": suite.holder.address, "amount": 7, "deadline": FOR_EVER}
    signature = forged(suite, safe, suite.token.permit_data(**values, nonce=0).digest)
    with pytest.raises(errors.ERC2612InvalidSigner):
        suite.send(suite.stranger, suite.token.permit(**values, signature=signature))
    assert suite.token.allowance(safe.address, suite.holder.address) == 0


# ------------------------------------------------------------------------------------------------- attestor


def attestation(suite: Suite, value: int) -> structs.Attestation:
    return structs.Attestation(value, suite.now() - 1, REPORT)


def with_attestors(suite: Suite, safe: Safe) -> None:
    """The Safe beside the two persons, two signatures needed; a first value by all three."""
    persons = [signer.address for signer in suite.attestors]
    suite.govern(suite.feed.set_attestors([*persons, safe.address], 2))
    first = attestation(suite, 10**12)
    digest = suite.feed.attestation_digest(first)
    signatures = [Signature(signer.address, signer.sign_digest(digest)) for signer in suite.attestors]
    with pytest.raises(errors.NotEnoughSignatures):
        suite.send(suite.stranger, suite.feed.publish(first, signatures))
    signatures.append(Signature(safe.address, safe.sign(digest)))
    suite.send(suite.stranger, suite.feed.publish(first, signatures))


def test_a_safe_attests(suite: Suite, safe: Safe) -> None:
    with_attestors(suite, safe)
    suite.node.advance_time(10)
    suite.node.mine()
    statement = attestation(suite, 10**12 + 5)
    digest = suite.feed.attestation_digest(statement)
    person = suite.attestors[0]
    signatures = [
        Signature(person.address, person.sign_digest(digest)),
        Signature(safe.address, safe.sign(digest)),
    ]
    suite.send(suite.stranger, suite.feed.publish(statement, signatures))
    assert suite.feed.reading().value == 10**12 + 5


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda forged: forged.__name__)
def test_what_the_safe_did_not_sign_attests_nothing(suite: Suite, safe: Safe, forged: Forgery) -> None:
    with_attestors(suite, safe)
    suite.node.advance_time(10)
    suite.node.mine()
    statement = attestation(suite, 10**12 + 5)
    digest = suite.feed.attestation_digest(statement)
    person = suite.attestors[0]
    signatures = [
        Signature(person.address, person.sign_digest(digest)),
        Signature(safe.address, forged(suite, safe, digest)),
    ]
    with pytest.raises(errors.NotEnoughSignatures) as caught:
        suite.send(suite.stranger, suite.feed.publish(statement, signatures))
    assert (caught.value.valid, caught.value.required) == (1, 2)


# --------------------------------------------------------------------------------------------------- holder


def test_a_safe_signs_a_permit(suite: Suite, safe: Safe) -> None:
    values = {"owner": safe.address, "spender": suite.holder.address, "amount": 7, "deadline": FOR_EVER}
    data = suite.token.permit_data(**values, nonce=0)
    call = suite.token.permit(**values, signature=safe.sign(data.digest))
    suite.send(suite.stranger, call)
    assert suite.token.allowance(safe.address, suite.holder.address) == 7
    with pytest.raises(errors.ERC2612InvalidSigner):
        suite.send(suite.stranger, call)


@pytest.mark.parametrize("kind", ["transfer", "receive"])
def test_a_safe_authorises_a_transfer(suite: Suite, safe: Safe, kind: str) -> None:
    holding(suite, safe)
    values: dict[str, Any] = {
        "holder": safe.address,
        "to": suite.holder.address,
        "amount": 5,
        "nonce": NONCE,
        **TIMES,
    }
    if kind == "transfer":
        signature = safe.sign(suite.token.transfer_data(**values).digest)
        call = suite.token.transfer_with_authorization(**values, signature=signature)
        suite.send(suite.stranger, call)
    else:
        signature = safe.sign(suite.token.receive_data(**values).digest)
        call = suite.token.receive_with_authorization(**values, signature=signature)
        suite.send(suite.holder, call)
    assert suite.token.balance_of(suite.holder.address) == 5
    with pytest.raises(errors.ERC3009AlreadyUsed):
        suite.send(suite.holder, call)


def test_a_safe_cancels_an_authorisation(suite: Suite, safe: Safe) -> None:
    values = {"authorizer": safe.address, "nonce": NONCE}
    signature = safe.sign(suite.token.cancel_data(**values).digest)
    suite.send(suite.stranger, suite.token.cancel_authorization(**values, signature=signature))
    assert suite.token.authorization_used(safe.address, NONCE)


def test_a_safe_redeems_without_sending_anything(suite: Suite, safe: Safe) -> None:
    holding(suite, safe)
    nonce = suite.market.redemption_nonce(REFERENCE, SALT)
    terms = {"holder": safe.address, "amount": 60, **TIMES}
    data = suite.token.receive_data(**terms, to=suite.market.address, nonce=nonce)
    call = suite.market.request_redemption_with_authorization(
        **terms, reference=REFERENCE, salt=SALT, signature=safe.sign(data.digest)
    )
    suite.send(suite.stranger, call)
    request = suite.market.redemption(1)
    assert (request.holder, request.amount) == (safe.address, 60)
    # And takes it back itself.
    suite.send(suite.stranger, safe.execute(suite.market.cancel_redemption(1)))
    assert suite.market.redemption(1).status is RedemptionStatus.CANCELLED
    assert suite.token.balance_of(safe.address) == MINTED


def test_a_frozen_safe_moves_nothing(suite: Suite, safe: Safe) -> None:
    holding(suite, safe)
    suite.send(Role.GUARDIAN, suite.token.freeze(safe.address))
    values = {"holder": safe.address, "to": suite.holder.address, "amount": 5, "nonce": NONCE, **TIMES}
    signature = safe.sign(suite.token.transfer_data(**values).digest)
    with pytest.raises(errors.ERC7943CannotSend):
        suite.send(suite.stranger, suite.token.transfer_with_authorization(**values, signature=signature))
    with pytest.raises(errors.ERC7943CannotSend):
        suite.send(suite.stranger, safe.execute(suite.token.transfer(suite.holder.address, 5)))


# ------------------------------------------------------------------------------------------------ as a sender


def test_a_safe_operates(suite: Suite, safe: Safe) -> None:
    grant(suite, Role.OPERATOR, safe.address)
    suite.govern(suite.market.set_operator_limit(safe.address, MINTED))
    suite.ready()
    call = suite.market.mint([suite.batch(suite.order(1, MINTED))])
    with pytest.raises(RequireFailed, match="GS020"):
        suite.send(suite.stranger, safe.execute(call, [FIRST]))
    suite.send(suite.stranger, safe.execute(call))
    assert suite.token.balance_of(suite.holder.address) == MINTED
    # Its refusals come through the Safe as they are.
    with pytest.raises(errors.OperatorLimitExceeded):
        suite.send(suite.stranger, safe.execute(suite.market.mint([suite.batch(suite.order(2, MINTED))])))
    with pytest.raises(errors.OrderAlreadyExecuted):
        suite.send(suite.stranger, safe.execute(call))


def test_a_safe_does_not_approve_what_it_sends(suite: Suite, safe: Safe) -> None:
    for role in (Role.OPERATOR, Role.APPROVER):
        grant(suite, role, safe.address)
    suite.govern(suite.market.set_operator_limit(safe.address, MINTED))
    suite.ready()
    order = suite.order(1, MINTED)
    call = approved(suite, safe, order, safe.sign(suite.market.mint_digest([order])))
    with pytest.raises(errors.ApproverIsSender):
        suite.send(suite.stranger, safe.execute(call))
    assert not suite.market.is_executed(1)


def test_a_safe_governs_after_its_delay(suite: Suite, safe: Safe) -> None:
    delay = 86_400
    grant(suite, Role.GOVERNOR, safe.address, delay)
    change = suite.market.set_order_cap(5)
    with pytest.raises(errors.AccessManagerNotScheduled):
        suite.send(suite.stranger, safe.execute(suite.access.execute(change)))
    suite.send(suite.stranger, safe.execute(suite.access.schedule(change)))
    with pytest.raises(errors.AccessManagerNotReady):
        suite.send(suite.stranger, safe.execute(suite.access.execute(change)))
    suite.node.advance_time(delay + 1)
    suite.send(suite.stranger, safe.execute(suite.access.execute(change)))
    assert suite.market.order_cap() == 5


def test_a_guardian_calls_off_what_a_safe_scheduled(suite: Suite, safe: Safe) -> None:
    delay = 86_400
    grant(suite, Role.GOVERNOR, safe.address, delay)
    change = suite.market.set_order_cap(5)
    suite.send(suite.stranger, safe.execute(suite.access.schedule(change)))
    suite.send(Role.GUARDIAN, suite.access.cancel(safe.address, change))
    suite.node.advance_time(delay + 1)
    with pytest.raises(errors.AccessManagerNotScheduled):
        suite.send(suite.stranger, safe.execute(suite.access.execute(change)))


def test_a_safe_upgrades_after_its_delay(suite: Suite, safe: Safe) -> None:
    """The same code again, with the same arguments: what changes is who may point the proxy at it."""
    delay = 2 * 86_400
    grant(suite, Role.UPGRADER, safe.address, delay)
    arguments = suite.issuance.record.contracts["InvestorRegistry"].implementation
    assert arguments is not None
    call = create("InvestorRegistry", *arguments.arguments.values())
    address = suite.send(suite.stranger, call).receipt.contract_address
    assert address is not None
    upgrade = suite.registry.upgrade(address)
    suite.send(suite.stranger, safe.execute(suite.access.schedule(upgrade)))
    suite.node.advance_time(delay + 1)
    suite.send(suite.stranger, safe.execute(upgrade))
    assert suite.registry.implementation() == address
