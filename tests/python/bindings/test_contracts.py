"""The bindings against a real deployment: what is read, what is sent, what is refused."""

from __future__ import annotations

import pytest
from support.suite import CASE, FOR_EVER, REPORT, Suite

from toolkit.bindings import errors, events
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import ApprovalTier, MintBatch, MintOrder, RedemptionStatus, Supply, WalletEntry
from toolkit.bindings.token import ACCOUNT_FROZEN
from toolkit.chain.hexes import keccak
from toolkit.errors import EventMissing, InvalidInput

UNIT = 10**6


def test_settings_are_those_of_the_terms(suite: Suite) -> None:
    assert (suite.token.name(), suite.token.symbol()) == ("Demo USD (test)", "tUSD")
    assert (suite.token.decimals(), suite.token.currency()) == (6, "USD")
    assert suite.token.feed() == suite.feed.address
    assert suite.token.market() == suite.market.address
    assert suite.token.buffer_bps() == 100
    assert suite.feed.threshold() == 2
    assert suite.feed.max_age() == 26 * 3600
    assert suite.feed.bounds().max_fall_bps == 1000
    assert suite.market.token() == suite.token.address
    assert suite.market.registry() == suite.registry.address
    assert suite.market.order_cap() == 50_000_000 * UNIT
    assert suite.market.redemption_period() == 86_400
    assert suite.market.approval_tiers() == (
        ApprovalTier(1_000_000 * UNIT, 1),
        ApprovalTier(300_000_000 * UNIT, 2),
    )
    limit = suite.market.operator_limit(suite.signer(Role.OPERATOR).address)
    assert limit.limit == limit.available == 300_000_000 * UNIT


def test_each_contract_names_its_manager_and_implementation(suite: Suite) -> None:
    for contract in (suite.token, suite.market, suite.registry):
        assert contract.authority() == suite.access.address
        assert suite.client.code(contract.implementation(), "latest")
    assert int(suite.feed.implementation(), 16) == 0


def test_mint_in_one_transaction_and_its_events(suite: Suite) -> None:
    suite.ready()
    orders = (suite.order(1, 100 * UNIT), suite.order(2, 50 * UNIT, suite.other_holder.address))
    mined = suite.send(Role.OPERATOR, suite.market.mint([suite.batch(*orders)]))
    executed = suite.market.events_in(mined.receipt, events.OrderExecuted)
    assert [event.number for event in executed] == [1, 2]
    assert {event.operator for event in executed} == {suite.signer(Role.OPERATOR).address}
    transfers = suite.token.events_in(mined.receipt, events.Transfer)
    assert [(event.recipient, event.amount) for event in transfers] == [
        (suite.holder.address, 100 * UNIT),
        (suite.other_holder.address, 50 * UNIT),
    ]
    assert suite.market.is_executed(2)
    assert not suite.market.is_executed(3)
    assert suite.token.supply() == Supply(150 * UNIT, 150 * UNIT, 0, 0, 0)
    found = suite.market.events(events.OrderExecuted, from_block=0, to_block="latest")
    assert [event.number for event in found] == [1, 2]
    assert found[0].log.tx_hash == mined.receipt.tx_hash


def test_reads_answer_for_the_block_they_are_given(suite: Suite) -> None:
    suite.ready()
    before = suite.client.block("latest")
    suite.mint(1, 100 * UNIT)
    assert suite.token.balance_of(suite.holder.address, block=before) == 0
    assert suite.token.balance_of(suite.holder.address, block=before.number) == 0
    assert suite.token.balance_of(suite.holder.address, block=before.hash) == 0
    assert suite.token.supply(block=before).minted == 0
    assert suite.token.balance_of(suite.holder.address) == 100 * UNIT


def test_the_digests_signed_are_the_contracts_own(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 100 * UNIT)
    orders = [suite.order(2, 5), suite.order(3, 6, suite.other_holder.address)]
    assert suite.market.mint_data(orders).digest == suite.market.mint_digest(orders)
    assert suite.market.signing_version() == suite.market.implementation()[:30].lower()
    number = suite.redeem(10 * UNIT)
    request = suite.market.redemption(number)
    assert suite.market.acceptance_data({number: request}).digest == suite.market.acceptance_digest([number])


def test_redemption_escrow_burn_pay(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 100 * UNIT)
    number = suite.redeem(40 * UNIT)
    request = suite.market.redemption(number)
    assert (request.holder, request.amount) == (suite.holder.address, 40 * UNIT)
    assert request.status is RedemptionStatus.REQUESTED
    assert suite.market.escrowed() == 40 * UNIT
    assert suite.market.unsolicited() == 0
    accepted = suite.market.events_in(suite.accept(number).receipt, events.RedemptionAccepted)
    assert [(event.id, event.amount) for event in accepted] == [(number, 40 * UNIT)]
    assert suite.token.supply() == Supply(60 * UNIT, 100 * UNIT, 40 * UNIT, 40 * UNIT, 0)
    paid = suite.market.events_in(suite.pay(number).receipt, events.RedemptionPaid)
    assert paid[0].payment_reference == number.to_bytes(32, "big")
    assert suite.token.supply() == Supply(60 * UNIT, 100 * UNIT, 40 * UNIT, 0, 40 * UNIT)
    assert suite.market.redemption(number).status is RedemptionStatus.PAID
    with pytest.raises(errors.RedemptionInStatus) as caught:
        suite.pay(number)
    assert (caught.value.id, caught.value.status) == (number, RedemptionStatus.PAID)


def test_gasless_redemption_binds_its_reference(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 100 * UNIT)
    reference, salt = b"\x33" * 32, b"\x44" * 32
    terms = {
        "holder": suite.holder.address,
        "amount": 30 * UNIT,
        "valid_after": 0,
        "valid_before": FOR_EVER,
    }
    nonce = suite.market.redemption_nonce(reference, salt)
    signed = suite.token.receive_data(to=suite.market.address, nonce=nonce, **terms).sign(suite.holder)
    call = suite.market.request_redemption_with_authorization(
        **terms, reference=reference, salt=salt, signature=signed.data
    )
    mined = suite.send(suite.stranger, call)
    event = suite.market.events_in(mined.receipt, events.RedemptionRequested)[0]
    assert (event.holder, event.reference, event.sender) == (
        suite.holder.address,
        reference,
        suite.stranger.address,
    )
    assert suite.token.authorization_used(suite.holder.address, nonce)
    with pytest.raises(errors.ERC3009AlreadyUsed):
        suite.send(suite.stranger, call)


def test_permit_and_transfer_authorisation(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 100 * UNIT)
    owner, spender = suite.holder.address, suite.stranger.address
    data = suite.token.permit_data(owner=owner, spender=spender, amount=7, nonce=0, deadline=FOR_EVER)
    call = suite.token.permit(
        owner=owner, spender=spender, amount=7, deadline=FOR_EVER, signature=data.sign(suite.holder).data
    )
    suite.send(suite.stranger, call)
    assert suite.token.allowance(owner, spender) == 7
    assert suite.token.nonce_of(owner) == 1
    with pytest.raises(errors.ERC2612InvalidSigner):
        suite.send(suite.stranger, call)
    terms = {"holder": owner, "to": spender, "amount": 5, "valid_after": 0, "valid_before": FOR_EVER}
    signed = suite.token.transfer_data(nonce=b"\x55" * 32, **terms).sign(suite.holder)
    suite.send(
        suite.stranger,
        suite.token.transfer_with_authorization(nonce=b"\x55" * 32, signature=signed.data, **terms),
    )
    assert suite.token.balance_of(spender) == 5


def test_freezing_and_forced_transfer(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 100 * UNIT)
    frozen, other = suite.holder.address, suite.other_holder.address
    suite.send(Role.GUARDIAN, suite.token.freeze(frozen))
    assert suite.token.frozen_of(frozen) == ACCOUNT_FROZEN
    assert not suite.token.can_send(frozen)
    assert not suite.token.can_transfer(frozen, other, 1)
    with pytest.raises(errors.ERC7943CannotSend) as caught:
        suite.send(suite.holder, suite.token.transfer(other, 1))
    assert caught.value.account == frozen
    mined = suite.send(Role.COMPLIANCE, suite.token.forced_transfer(frozen, other, 100 * UNIT, CASE))
    acted = suite.token.events_in(mined.receipt, events.CaseActed)[0]
    assert (acted.case_id, acted.account, acted.amount) == (CASE, frozen, 100 * UNIT)
    suite.send(Role.COMPLIANCE, suite.token.unfreeze(frozen, 0, CASE))
    assert suite.token.can_send(frozen)


def test_the_registry_gives_back_what_was_written(suite: Suite) -> None:
    account = suite.holder.address
    suite.register(account)
    assert suite.registry.wallet_of(account) == suite.wallet(account)
    assert suite.registry.is_verified(account)
    written = suite.registry.events(events.WalletRegistered, from_block=0, to_block="latest")
    assert written[-1].kind is suite.wallet(account).kind
    suite.send(Role.REGISTRAR, suite.registry.remove_wallets([account]))
    assert suite.registry.wallet_of(account).verified_until == 0
    with pytest.raises(errors.WalletNotVerified):
        suite.registry.require_verified([suite.order(1, 1).to])


def test_explain_names_every_rule_that_refuses(suite: Suite) -> None:
    order = MintOrder(1, suite.stranger.address, 400_000_000 * UNIT, 1)
    refusals = suite.market.explain(order, suite.signer(Role.OPERATOR).address)
    kinds = {type(refusal) for refusal in refusals}
    assert {
        errors.OrderExpired,
        errors.WalletNotVerified,
        errors.OperatorLimitExceeded,
        errors.ReserveStale,
    } <= kinds
    assert {type(item) for item in suite.token.explain_mint(suite.stranger.address, 1)} == {
        errors.ReserveStale
    }


def test_governed_change_waits_for_its_delay(suite: Suite) -> None:
    call = suite.market.set_order_cap(5 * UNIT)
    with pytest.raises(errors.AccessManagedUnauthorized):
        suite.send(suite.stranger, call)
    governor = suite.signer(Role.GOVERNOR).address
    suite.send(Role.GOVERNOR, suite.access.schedule(call))
    operation = suite.access.operation_id(governor, suite.market.address, call.data)
    assert suite.access.scheduled_at(operation) > suite.now()
    with pytest.raises(errors.AccessManagerNotReady):
        suite.send(Role.GOVERNOR, suite.access.execute(call))
    suite.node.advance_time(86_401)
    mined = suite.send(Role.GOVERNOR, suite.access.execute(call))
    assert suite.market.events_in(mined.receipt, events.OrderCapChanged)[0].cap == 5 * UNIT
    assert suite.market.order_cap() == 5 * UNIT


def test_the_guardian_calls_off_and_revokes_at_once(suite: Suite) -> None:
    call = suite.market.set_order_cap(5 * UNIT)
    suite.send(Role.GOVERNOR, suite.access.schedule(call))
    governor, operator = suite.signer(Role.GOVERNOR).address, suite.signer(Role.OPERATOR).address
    suite.send(Role.GUARDIAN, suite.issuance.guardian_gate.cancel(governor, call))
    assert suite.access.scheduled_at(suite.access.operation_id(governor, call.to or "", call.data)) == 0
    suite.send(Role.GUARDIAN, suite.issuance.guardian_gate.revoke_role(Role.OPERATOR, operator))
    assert suite.access.has_role(Role.OPERATOR, operator) == (False, 0)
    admin = suite.signer(Role.ADMIN).address
    with pytest.raises(errors.AdministratorIsProtected):
        suite.send(Role.GUARDIAN, suite.issuance.guardian_gate.revoke_role(Role.ADMIN, admin))


def test_who_may_call_what(suite: Suite) -> None:
    selector = keccak(b"stopMinting()")[:4]
    guardian = suite.signer(Role.GUARDIAN).address
    assert suite.access.function_role(suite.market.address, selector) == Role.GUARDIAN
    assert suite.access.can_call(guardian, suite.market.address, selector).immediate
    raise_cap = keccak(b"setOrderCap(uint112)")[:4]
    permission = suite.access.can_call(suite.signer(Role.GOVERNOR).address, suite.market.address, raise_cap)
    assert (permission.immediate, permission.delay) == (False, 86_400)


def test_an_expectation_that_is_not_met_is_an_error(suite: Suite) -> None:
    suite.ready()
    mined = suite.mint(1, 100 * UNIT)
    suite.market.expectation(events.OrderExecuted, number=1).find(mined.receipt)
    with pytest.raises(EventMissing, match="OrderExecuted"):
        suite.market.expectation(events.OrderExecuted, number=2).find(mined.receipt)


def test_values_that_do_not_fit_are_refused_before_sending(suite: Suite) -> None:
    with pytest.raises(InvalidInput):
        suite.token.transfer(suite.holder.address, -1)
    with pytest.raises(InvalidInput):
        suite.token.transfer(suite.holder.address.lower(), 1)
    with pytest.raises(InvalidInput):
        suite.market.request_redemption(1, b"short")
    with pytest.raises(InvalidInput):
        suite.market.mint([MintBatch((suite.order(2**256, 1),), ())])


def test_a_rounded_off_entry_is_refused(suite: Suite) -> None:
    empty = WalletEntry(suite.holder.address, suite.wallet(suite.holder.address, verified_until=0))
    with pytest.raises(errors.IncompleteWallet):
        suite.send(Role.REGISTRAR, suite.registry.set_wallets([empty]))


def test_signable_data_as_json_for_a_wallet_elsewhere(suite: Suite) -> None:
    data = suite.market.mint_data([suite.order(1, 5)]).to_json()
    assert data["primaryType"] == "MintBatch"
    assert data["domain"]["verifyingContract"] == suite.market.address
    assert data["message"]["orders"][0]["amount"] == "5"


def test_documents(suite: Suite) -> None:
    name = b"white-paper".ljust(32, b"\0")
    suite.govern(suite.token.set_document(name, "https://issuer.example/paper.pdf", REPORT))
    assert name in suite.token.document_names()
    assert suite.token.document(name).document_hash == REPORT
    with pytest.raises(errors.ERC1643MissingDocument):
        suite.govern(suite.token.remove_document(REPORT))
