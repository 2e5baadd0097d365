"""Signatures made by viem and by ethers are accepted by the contracts on a real node, and only they.

Each library signs everything in one process, on the JSON that the SDK hands to a wallet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from support.foreign_wallets import LIBRARIES, Job, Signed, sign
from support.refusals.cases import raw
from support.refusals.signed_transfers import CANCEL, PERMIT, RECEIVE, TRANSFER, vrs
from support.suite import FOR_EVER, HOLDER, OTHER_HOLDER, REPORT, Suite

from toolkit.bindings import errors, structs
from toolkit.bindings.events import RedemptionRequested
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch, MintOrder, Redemption, RedemptionStatus, Signature
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.hexes import keccak
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.issuance import Issuance
from toolkit.reserves.attestation import Attestation

RESERVE = 1_000_000
MINTED = 1_000
REFERENCE = b"\x22" * 32
SALT = b"\x44" * 32
NONCE = b"\x33" * 32
CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141

NAMES = (
    "permit",
    "transfer",
    "receive",
    "cancel",
    "redeem",
    "mint",
    "acceptance",
    "attestation by the custodian",
    "attestation by the auditor",
)


@dataclass(frozen=True)
class Wallets:
    """What one library signed, and the values it signed."""

    signed: dict[str, Signed]
    asked: dict[str, Job]
    digests: dict[str, bytes]
    values: dict[str, Any]

    def signature(self, name: str) -> bytes:
        return self.signed[name].signature


@pytest.fixture(scope="session", params=LIBRARIES)
def wallets(request: pytest.FixtureRequest, deployed: tuple[Anvil, Issuance]) -> Wallets:
    suite = Suite(*deployed)
    holder, other = dev_signer(HOLDER).address, dev_signer(OTHER_HOLDER).address
    times = {"valid_after": 0, "valid_before": FOR_EVER}
    order = MintOrder(1, holder, MINTED, FOR_EVER)
    values: dict[str, Any] = {
        "permit": {"owner": holder, "spender": other, "amount": 2**200, "deadline": FOR_EVER},
        "transfer": {"holder": holder, "to": other, "amount": 5, "nonce": NONCE, **times},
        "cancel": {"authorizer": holder, "nonce": NONCE},
        "redeem": {"holder": holder, "amount": 60, "reference": REFERENCE, "salt": SALT, **times},
        "mint": order,
        "attestation": Attestation(RESERVE, suite.now() - 1, REPORT),
    }
    nonce = suite.market.redemption_nonce(REFERENCE, SALT)
    redemption = {"holder": holder, "to": suite.market.address, "amount": 60, "nonce": nonce, **times}
    request_1 = Redemption(holder, 0, RedemptionStatus.REQUESTED, 60)
    signable = {
        "permit": (HOLDER, suite.token.permit_data(**values["permit"], nonce=0)),
        "transfer": (HOLDER, suite.token.transfer_data(**values["transfer"])),
        "receive": (HOLDER, suite.token.receive_data(**values["transfer"])),
        "cancel": (HOLDER, suite.token.cancel_data(**values["cancel"])),
        "redeem": (HOLDER, suite.token.receive_data(**redemption)),
        "mint": (_account(suite, Role.APPROVER), suite.market.mint_data([order])),
        "acceptance": (_account(suite, Role.APPROVER), suite.market.acceptance_data({1: request_1})),
    }
    asked = {name: Job(account, data.to_json()) for name, (account, data) in signable.items()}
    digests = {name: data.digest for name, (_, data) in signable.items()}
    domain, custodian_and_auditor = suite.issuance.feed_domain(), suite.terms.reserve.attestors
    for name, attestor in zip(NAMES[-2:], custodian_and_auditor, strict=True):
        statement = values["attestation"]
        asked[name] = Job(suite.terms.dev_accounts[attestor], statement.typed_data(domain))
        digests[name] = statement.digest(domain)
    assert tuple(asked) == NAMES
    signed = dict(zip(NAMES, sign(request.param, list(asked.values())), strict=True))
    return Wallets(signed, asked, digests, values)


def _account(suite: Suite, role: Role) -> int:
    return suite.terms.dev_accounts[suite.signer(role).address]


# -------------------------------------------------------------------------------------------------- digests


@pytest.mark.parametrize("name", NAMES)
def test_everyone_computes_the_same_digest_and_signature(wallets: Wallets, name: str) -> None:
    foreign, job = wallets.signed[name], wallets.asked[name]
    assert foreign.digest == wallets.digests[name]
    signable = encode_typed_data(full_message=job.typed_data)
    assert keccak(b"\x19" + signable.version + signable.header + signable.body) == foreign.digest
    signer = dev_signer(job.account)
    assert foreign.address == signer.address
    # ECDSA as wallets do it is deterministic (RFC 6979), so even the bytes agree.
    assert foreign.signature == signer.sign_digest(foreign.digest)


def test_the_contracts_compute_the_same_digests(suite: Suite, wallets: Wallets) -> None:
    statement = wallets.values["attestation"]
    of_bindings = structs.Attestation(statement.value, statement.as_of, statement.report)
    assert suite.feed.attestation_digest(of_bindings) == wallets.signed[NAMES[-1]].digest
    assert suite.market.mint_digest([wallets.values["mint"]]) == wallets.signed["mint"].digest
    fund(suite, wallets)
    redeem(suite, wallets)
    assert suite.market.acceptance_digest([1]) == wallets.signed["acceptance"].digest


# ------------------------------------------------------------------------------------ accepted by the token


def attestation(suite: Suite, wallets: Wallets, change: Callable[[bytes], bytes] | None = None) -> Call:
    statement = wallets.values["attestation"]
    signatures = [
        Signature(wallets.signed[name].address, (change or bytes)(wallets.signature(name)))
        for name in NAMES[-2:]
    ]
    return suite.feed.publish(
        structs.Attestation(statement.value, statement.as_of, statement.report), signatures
    )


def mint(suite: Suite, wallets: Wallets, signature: bytes) -> Call:
    approval = Signature(wallets.signed["mint"].address, signature)
    return suite.market.mint([MintBatch((wallets.values["mint"],), (approval,))])


def redemption(suite: Suite, wallets: Wallets, signature: bytes) -> Call:
    return suite.market.request_redemption_with_authorization(**wallets.values["redeem"], signature=signature)


def fund(suite: Suite, wallets: Wallets) -> None:
    """Tokens for the holder, on the library's own attestation and approval."""
    suite.send(suite.stranger, attestation(suite, wallets))
    suite.register(suite.holder.address)
    suite.send(Role.OPERATOR, mint(suite, wallets, wallets.signature("mint")))


def redeem(suite: Suite, wallets: Wallets) -> None:
    suite.send(suite.stranger, redemption(suite, wallets, wallets.signature("redeem")))


def test_an_attestation_is_published(suite: Suite, wallets: Wallets) -> None:
    suite.send(suite.stranger, attestation(suite, wallets))
    assert suite.feed.reading().value == RESERVE


def test_a_mint_is_approved(suite: Suite, wallets: Wallets) -> None:
    fund(suite, wallets)
    assert suite.token.balance_of(suite.holder.address) == MINTED


@pytest.mark.parametrize("in_parts", [False, True], ids=["bytes", "v-r-s"])
def test_a_permit_is_accepted(suite: Suite, wallets: Wallets, in_parts: bool) -> None:
    values, signature = wallets.values["permit"], wallets.signature("permit")
    if in_parts:
        call = raw(suite.token, PERMIT, *values.values(), *vrs(signature))
    else:
        call = suite.token.permit(**values, signature=signature)
    suite.send(suite.stranger, call)
    assert suite.token.allowance(suite.holder.address, suite.other_holder.address) == 2**200
    assert suite.token.nonce_of(suite.holder.address) == 1


@pytest.mark.parametrize("in_parts", [False, True], ids=["bytes", "v-r-s"])
@pytest.mark.parametrize("kind", ["transfer", "receive"])
def test_an_authorisation_moves_tokens(suite: Suite, wallets: Wallets, kind: str, in_parts: bool) -> None:
    fund(suite, wallets)
    values, signature = wallets.values["transfer"], wallets.signature(kind)
    if in_parts:
        order = ("holder", "to", "amount", "valid_after", "valid_before", "nonce")
        function = TRANSFER if kind == "transfer" else RECEIVE
        call = raw(suite.token, function, *(values[name] for name in order), *vrs(signature))
    elif kind == "transfer":
        call = suite.token.transfer_with_authorization(**values, signature=signature)
    else:
        call = suite.token.receive_with_authorization(**values, signature=signature)
    suite.send(suite.stranger if kind == "transfer" else suite.other_holder, call)
    assert suite.token.balance_of(suite.other_holder.address) == 5
    assert suite.token.balance_of(suite.holder.address) == MINTED - 5
    assert suite.token.authorization_used(suite.holder.address, NONCE)


@pytest.mark.parametrize("in_parts", [False, True], ids=["bytes", "v-r-s"])
def test_an_authorisation_is_cancelled(suite: Suite, wallets: Wallets, in_parts: bool) -> None:
    values, signature = wallets.values["cancel"], wallets.signature("cancel")
    if in_parts:
        call = raw(suite.token, CANCEL, *values.values(), *vrs(signature))
    else:
        call = suite.token.cancel_authorization(**values, signature=signature)
    suite.send(suite.stranger, call)
    assert suite.token.authorization_used(suite.holder.address, NONCE)
    presented = suite.token.transfer_with_authorization(
        **wallets.values["transfer"], signature=wallets.signature("transfer")
    )
    with pytest.raises(errors.ERC3009AlreadyUsed):
        suite.send(suite.stranger, presented)


def test_a_redemption_without_gas_of_the_holders(suite: Suite, wallets: Wallets) -> None:
    fund(suite, wallets)
    ether = suite.client.balance(suite.holder.address, "latest")
    mined = suite.send(suite.stranger, redemption(suite, wallets, wallets.signature("redeem")))
    (event,) = suite.market.events_in(mined.receipt, RedemptionRequested)
    assert (event.id, event.holder, event.amount) == (1, suite.holder.address, 60)
    assert event.reference == REFERENCE
    assert event.sender == suite.stranger.address
    assert suite.token.balance_of(suite.market.address) == suite.market.escrowed() == 60
    assert suite.client.balance(suite.holder.address, "latest") == ether


def test_an_acceptance_is_approved(suite: Suite, wallets: Wallets) -> None:
    fund(suite, wallets)
    redeem(suite, wallets)
    approval = Signature(wallets.signed["acceptance"].address, wallets.signature("acceptance"))
    suite.send(Role.OPERATOR, suite.market.accept_redemptions([1], [approval]))
    assert suite.token.payable() == 60


# -------------------------------------------------------------------------------------------------- refused


def one_bit_off(signature: bytes) -> bytes:
    return signature[:40] + bytes([signature[40] ^ 1]) + signature[41:]


def with_high_s(signature: bytes) -> bytes:
    """The other signature that mathematics allows for the same key and digest (EIP-2 forbids it)."""
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def cut_short(signature: bytes) -> bytes:
    return signature[:64]


@pytest.mark.parametrize("tamper", [one_bit_off, with_high_s, cut_short], ids=lambda change: change.__name__)
def test_a_tampered_signature_is_refused(
    suite: Suite, wallets: Wallets, tamper: Callable[[bytes], bytes]
) -> None:
    holder, approver = suite.holder.address, suite.signer(Role.APPROVER).address

    def refused(
        who: Role | LocalSigner, call: Call, error: type[errors.SolidityError], **fields: Any
    ) -> None:
        with pytest.raises(error) as caught:
            suite.send(who, call)
        assert {name: getattr(caught.value, name) for name in error.fields} == fields

    refused(
        suite.stranger,
        attestation(suite, wallets, tamper),
        errors.NotEnoughSignatures,
        valid=0,
        required=2,
    )
    suite.send(suite.stranger, attestation(suite, wallets))
    suite.register(holder)
    changed = tamper(wallets.signature("mint"))
    refused(Role.OPERATOR, mint(suite, wallets, changed), errors.InvalidApproval, signer=approver)
    suite.send(Role.OPERATOR, mint(suite, wallets, wallets.signature("mint")))

    changed = tamper(wallets.signature("permit"))
    call = suite.token.permit(**wallets.values["permit"], signature=changed)
    refused(suite.stranger, call, errors.ERC2612InvalidSigner, owner=holder)
    changed = tamper(wallets.signature("transfer"))
    call = suite.token.transfer_with_authorization(**wallets.values["transfer"], signature=changed)
    refused(suite.stranger, call, errors.ERC3009InvalidSignature, authorizer=holder)
    changed = tamper(wallets.signature("receive"))
    call = suite.token.receive_with_authorization(**wallets.values["transfer"], signature=changed)
    refused(suite.other_holder, call, errors.ERC3009InvalidSignature, authorizer=holder)
    changed = tamper(wallets.signature("cancel"))
    call = suite.token.cancel_authorization(**wallets.values["cancel"], signature=changed)
    refused(suite.stranger, call, errors.ERC3009InvalidSignature, authorizer=holder)
    call = redemption(suite, wallets, tamper(wallets.signature("redeem")))
    refused(suite.stranger, call, errors.ERC3009InvalidSignature, authorizer=holder)

    redeem(suite, wallets)
    approval = Signature(approver, tamper(wallets.signature("acceptance")))
    call = suite.market.accept_redemptions([1], [approval])
    refused(Role.OPERATOR, call, errors.InvalidApproval, signer=approver)


def test_what_was_signed_cannot_be_presented_with_other_values(suite: Suite, wallets: Wallets) -> None:
    fund(suite, wallets)
    values = {**wallets.values["transfer"], "amount": 6}
    call = suite.token.transfer_with_authorization(**values, signature=wallets.signature("transfer"))
    with pytest.raises(errors.ERC3009InvalidSignature):
        suite.send(suite.stranger, call)
    as_transfer = suite.token.transfer_with_authorization(
        **wallets.values["transfer"], signature=wallets.signature("receive")
    )
    with pytest.raises(errors.ERC3009InvalidSignature):
        suite.send(suite.stranger, as_transfer)
    other_reference = {**wallets.values["redeem"], "reference": b"\x23" * 32}
    call = suite.market.request_redemption_with_authorization(
        **other_reference, signature=wallets.signature("redeem")
    )
    with pytest.raises(errors.ERC3009InvalidSignature):
        suite.send(suite.stranger, call)
