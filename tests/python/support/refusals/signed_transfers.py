"""What the token refuses of permits (ERC-2612) and authorisations (ERC-3009), in both forms of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.refusals.cases import Attempt, Table, attempt, raw
from support.suite import FOR_EVER, Suite

from toolkit.bindings import errors
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner

table: Table[Suite] = Table()
case = table.case

NONCE = b"\x33" * 32
VRS = "uint8,bytes32,bytes32"
PERMIT = f"permit(address,address,uint256,uint256,{VRS})"
WORDS = "address,address,uint256,uint256,uint256,bytes32"
TRANSFER = f"transferWithAuthorization({WORDS},{VRS})"
RECEIVE = f"receiveWithAuthorization({WORDS},{VRS})"
CANCEL = f"cancelAuthorization(address,bytes32,{VRS})"


def vrs(signature: bytes) -> tuple[int, bytes, bytes]:
    return signature[64], signature[:32], signature[32:64]


def permit(suite: Suite, signer: LocalSigner, deadline: int = FOR_EVER) -> tuple[dict[str, Any], bytes]:
    """The holder's permit for the stranger, as `signer` signs it."""
    terms = {
        "owner": suite.holder.address,
        "spender": suite.stranger.address,
        "amount": 5,
        "deadline": deadline,
    }
    data = suite.token.permit_data(**terms, nonce=suite.token.nonce_of(suite.holder.address))
    return terms, data.sign(signer).data


def authorization(
    suite: Suite,
    kind: Callable[..., Any],
    signer: LocalSigner,
    *,
    valid_after: int = 0,
    valid_before: int = FOR_EVER,
) -> tuple[dict[str, Any], bytes]:
    """The holder's authorisation to the other holder, as `signer` signs it."""
    terms = {
        "holder": suite.holder.address,
        "to": suite.other_holder.address,
        "amount": 0,
        "valid_after": valid_after,
        "valid_before": valid_before,
        "nonce": NONCE,
    }
    return terms, kind(**terms).sign(signer).data


def transfer(suite: Suite, signer: LocalSigner, **times: int) -> Call:
    terms, signature = authorization(suite, suite.token.transfer_data, signer, **times)
    return suite.token.transfer_with_authorization(**terms, signature=signature)


# -------------------------------------------------------------------------------------------------- permits


@case(errors.ERC2612ExpiredSignature, at="Permits._permitDigest")
def a_permit_past_its_deadline(suite: Suite) -> Attempt:
    deadline = suite.now() - 1
    terms, signature = permit(suite, suite.holder, deadline)
    return attempt(suite, suite.stranger, suite.token.permit(**terms, signature=signature), deadline=deadline)


@case(errors.ERC2612InvalidSigner, at="Permits.permit")
def a_permit_that_another_signed(suite: Suite) -> Attempt:
    terms, signature = permit(suite, suite.stranger)
    call = suite.token.permit(**terms, signature=signature)
    return attempt(suite, suite.stranger, call, owner=suite.holder.address)


@case(errors.ERC2612InvalidSigner, at="Permits.permit")
def a_permit_in_three_parts_that_another_signed(suite: Suite) -> Attempt:
    terms, signature = permit(suite, suite.stranger)
    call = raw(suite.token, PERMIT, *terms.values(), *vrs(signature))
    return attempt(suite, suite.stranger, call, owner=suite.holder.address)


@case(errors.ERC2612InvalidSigner)
def a_permit_is_used_twice(suite: Suite) -> Attempt:
    terms, signature = permit(suite, suite.holder)
    call = suite.token.permit(**terms, signature=signature)
    suite.send(suite.stranger, call)
    return attempt(suite, suite.stranger, call, owner=suite.holder.address)


# ------------------------------------------------------------------------------------------- authorisations


@case(errors.ERC3009NotYetValid, at="SignedTransfers._authorization")
def an_authorisation_presented_too_early(suite: Suite) -> Attempt:
    after = suite.now() + 3600
    call = transfer(suite, suite.holder, valid_after=after)
    return attempt(suite, suite.stranger, call, valid_after=after)


@case(errors.ERC3009Expired, at="SignedTransfers._authorization")
def an_authorisation_presented_too_late(suite: Suite) -> Attempt:
    before = suite.now()
    call = transfer(suite, suite.holder, valid_before=before)
    return attempt(suite, suite.stranger, call, valid_before=before)


@case(errors.ERC3009AlreadyUsed, at="SignedTransfers._use")
def an_authorisation_presented_twice(suite: Suite) -> Attempt:
    call = transfer(suite, suite.holder)
    suite.send(suite.stranger, call)
    return attempt(suite, suite.stranger, call, authorizer=suite.holder.address, nonce=NONCE)


@case(errors.ERC3009AlreadyUsed)
def a_cancelled_authorisation(suite: Suite) -> Attempt:
    holder = suite.holder.address
    signature = suite.token.cancel_data(authorizer=holder, nonce=NONCE).sign(suite.holder).data
    suite.send(
        suite.stranger,
        suite.token.cancel_authorization(authorizer=holder, nonce=NONCE, signature=signature),
    )
    return attempt(suite, suite.stranger, transfer(suite, suite.holder), authorizer=holder, nonce=NONCE)


@case(errors.ERC3009InvalidSignature, at="SignedTransfers.transferWithAuthorization")
def a_transfer_authorisation_that_another_signed(suite: Suite) -> Attempt:
    call = transfer(suite, suite.stranger)
    return attempt(suite, suite.stranger, call, authorizer=suite.holder.address)


@case(errors.ERC3009InvalidSignature, at="SignedTransfers.transferWithAuthorization")
def a_transfer_authorisation_in_three_parts_that_another_signed(suite: Suite) -> Attempt:
    terms, signature = authorization(suite, suite.token.transfer_data, suite.stranger)
    call = raw(suite.token, TRANSFER, *terms.values(), *vrs(signature))
    return attempt(suite, suite.stranger, call, authorizer=suite.holder.address)


@case(errors.ERC3009InvalidSignature, at="SignedTransfers.receiveWithAuthorization")
def a_receive_authorisation_that_another_signed(suite: Suite) -> Attempt:
    terms, signature = authorization(suite, suite.token.receive_data, suite.stranger)
    call = suite.token.receive_with_authorization(**terms, signature=signature)
    return attempt(suite, suite.other_holder, call, authorizer=suite.holder.address)


@case(errors.ERC3009InvalidSignature, at="SignedTransfers.receiveWithAuthorization")
def a_receive_authorisation_in_three_parts_that_another_signed(suite: Suite) -> Attempt:
    terms, signature = authorization(suite, suite.token.receive_data, suite.stranger)
    call = raw(suite.token, RECEIVE, *terms.values(), *vrs(signature))
    return attempt(suite, suite.other_holder, call, authorizer=suite.holder.address)


@case(errors.ERC3009CallerIsNotPayee, at="SignedTransfers.receiveWithAuthorization")
def a_receive_authorisation_presented_by_another(suite: Suite) -> Attempt:
    terms, signature = authorization(suite, suite.token.receive_data, suite.holder)
    call = suite.token.receive_with_authorization(**terms, signature=signature)
    accounts = {"caller": suite.stranger.address, "payee": suite.other_holder.address}
    return attempt(suite, suite.stranger, call, **accounts)


@case(errors.ERC3009CallerIsNotPayee, at="SignedTransfers.receiveWithAuthorization")
def a_receive_authorisation_in_three_parts_presented_by_another(suite: Suite) -> Attempt:
    terms, signature = authorization(suite, suite.token.receive_data, suite.holder)
    call = raw(suite.token, RECEIVE, *terms.values(), *vrs(signature))
    accounts = {"caller": suite.stranger.address, "payee": suite.other_holder.address}
    return attempt(suite, suite.stranger, call, **accounts)


@case(errors.ERC3009InvalidSignature, at="SignedTransfers.cancelAuthorization")
def a_cancellation_that_another_signed(suite: Suite) -> Attempt:
    holder = suite.holder.address
    signature = suite.token.cancel_data(authorizer=holder, nonce=NONCE).sign(suite.stranger).data
    call = suite.token.cancel_authorization(authorizer=holder, nonce=NONCE, signature=signature)
    return attempt(suite, suite.stranger, call, authorizer=holder)


@case(errors.ERC3009InvalidSignature, at="SignedTransfers.cancelAuthorization")
def a_cancellation_in_three_parts_that_another_signed(suite: Suite) -> Attempt:
    holder = suite.holder.address
    signature = suite.token.cancel_data(authorizer=holder, nonce=NONCE).sign(suite.stranger).data
    call = raw(suite.token, CANCEL, holder, NONCE, *vrs(signature))
    return attempt(suite, suite.stranger, call, authorizer=holder)
