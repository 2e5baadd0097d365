"""One coin on one chain: deployed, loaded from its record, refused where the record is another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.refusals.cases import created
from support.suite import TERMS, Suite

from toolkit.bindings.errors import AccessManagedUnauthorized
from toolkit.bindings.roles import Role
from toolkit.chain.anvil import Anvil
from toolkit.chain.journal import FileJournal, MemoryJournal
from toolkit.chain.signers import dev_signer
from toolkit.errors import CodeMismatch, Drift, InvalidInput, StaleDeployment
from toolkit.issuance import Issuance, connect
from toolkit.reserves import ReserveReport

REPORT = TERMS.parent.parent / "reports" / "pyusd-2023-12-29.json"


def test_what_the_coin_is(suite: Suite) -> None:
    coin = suite.issuance
    assert (coin.name, coin.symbol, coin.token_symbol) == ("Demo USD (test)", "tUSD", "tUSD")
    assert (coin.currency, coin.token_decimals, coin.chain_id) == ("USD", 6, 31337)
    assert coin.stablecoin_address == coin.token.address
    assert set(coin.attestors) == {signer.address for signer in suite.attestors}
    assert coin.feed_domain().contract == coin.feed.address


def test_amounts_are_exact(suite: Suite) -> None:
    assert suite.issuance.amount("250000.00").base_units == 250_000_000_000
    assert str(suite.issuance.from_base_units(1)) == "0.000001"
    with pytest.raises(InvalidInput, match="more decimals"):
        suite.issuance.amount("0.0000001")


def test_deploying_again_changes_nothing(suite: Suite) -> None:
    before = suite.client.block("latest").number
    again = Issuance.deploy(TERMS, suite.node)
    assert again.token.address == suite.token.address
    assert suite.client.block("latest").number == before


def test_a_record_opens_the_coin(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    suite.issuance.record.save(path)
    loaded = Issuance.load(path, suite.node.rpc_url, terms=TERMS)
    assert loaded.token.address == suite.token.address
    assert loaded.terms is not None
    assert loaded.reserve.status().outstanding.is_zero


def test_reverts_are_typed_on_every_connection(suite: Suite) -> None:
    loaded = Issuance.load(suite.issuance.record, suite.node.rpc_url)
    call = loaded.token.pause()
    with pytest.raises(AccessManagedUnauthorized):
        loaded.client.call(call.to or "", call.data, block="latest", sender=suite.stranger.address)


def test_a_record_of_another_anvil(suite: Suite) -> None:
    with Anvil() as other, pytest.raises(StaleDeployment, match="development node"):
        Issuance.load(suite.issuance.record, other)


def test_a_record_with_another_coins_contract(suite: Suite) -> None:
    contracts = suite.issuance.record.contracts
    mixed = replace(
        suite.issuance.record, contracts={**contracts, "InvestorRegistry": contracts["PrimaryMarket"]}
    )
    with pytest.raises(CodeMismatch, match="registry"):
        Issuance.load(mixed, suite.node)


def test_a_token_pointed_at_another_feed_since(suite: Suite) -> None:
    feed = created(suite, "AttestedFeed", suite.access.address, 6, "another reserve")
    suite.govern(suite.token.set_feed(feed))
    with pytest.raises(Drift, match="feed"):
        Issuance.load(suite.issuance.record, suite.node)


def test_one_sender_for_each_key(suite: Suite) -> None:
    signer = suite.signer(Role.OPERATOR)
    assert suite.issuance.sender(signer) is suite.issuance.sender(signer)
    assert isinstance(suite.issuance.sender(signer).journal, MemoryJournal)
    own = MemoryJournal()
    assert suite.issuance.sender(dev_signer(17), journal=own).journal is own


def test_the_journal_lies_beside_the_record(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    suite.issuance.record.save(path)
    loaded = Issuance.load(path, suite.node)
    journal = loaded.sender(dev_signer(16)).journal
    assert isinstance(journal, FileJournal)
    assert journal.path.parent == tmp_path / "journal"


def test_a_client_that_is_given_is_used(suite: Suite) -> None:
    assert connect(suite.client) is suite.client


def test_a_published_report_becomes_the_reserve(suite: Suite) -> None:
    """The way of the README: a report, its attestation by two parties, the figures on chain."""
    published = ReserveReport.load(REPORT).revised(token=suite.issuance.symbol)
    confirmed = published.with_confirmations({"repo-1": "C-1", "cash-1": "C-2"}, custodian="Custodian")
    allocated = confirmed.allocate(suite.issuance.chain_id, suite.token.address)
    done = suite.issuance.reserve.publish(allocated.attest(suite.issuance, signers=suite.attestors))
    status = suite.issuance.reserve.status()
    value = allocated.allocation_for(suite.issuance.chain_id, suite.token.address)
    assert value is not None
    assert status.reserve.value == value.value
    assert status.report == allocated.hash == done.attestation.report
    assert [notice.code for notice in status.warnings] == ["stale"], "the report is of another year"
    assert suite.issuance.reserve.history()[0].report == allocated.hash
