"""What the omnibus registry refuses."""

from __future__ import annotations

from dataclasses import replace

from support.refusals.cases import Attempt, Table, attempt
from support.suite import Suite

from toolkit.bindings import errors
from toolkit.bindings.omnibus import OmnibusStatement
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import WalletEntry, WalletKind

table: Table[Suite] = Table()
case = table.case

DAY = 86_400
HONG_KONG = 8 * 3600


def _statement(suite: Suite) -> OmnibusStatement:
    """A statement that the registry takes: the holder's wallet, registered as an omnibus wallet, is empty."""
    account = suite.holder.address
    entry = WalletEntry(account, replace(suite.wallet(account), kind=WalletKind.OMNIBUS))
    suite.send(Role.REGISTRAR, suite.registry.set_wallets([entry]))
    block = suite.client.block("latest")
    return OmnibusStatement(
        wallet=account,
        token=suite.token.address,
        day=(block.timestamp + HONG_KONG) // DAY,
        root=b"\x11" * 32,
        total=0,
        clients=1,
        built_on=block.number - 1,
        built_on_hash=block.parent_hash,
    )


def _commit(suite: Suite, statement: OmnibusStatement, **values: object) -> Attempt:
    return attempt(suite, Role.REGISTRAR, suite.issuance.omnibus.commit(statement), **values)


@case(errors.IncompleteStatement, at="OmnibusRegistry._requireOmnibus")
def a_commitment_of_nobody(suite: Suite) -> Attempt:
    return _commit(suite, replace(_statement(suite), clients=0))


@case(errors.NotOmnibus, at="OmnibusRegistry._requireOmnibus")
def a_commitment_for_a_wallet_of_ones_own(suite: Suite) -> Attempt:
    account = suite.other_holder.address
    suite.register(account)
    statement = replace(_statement(suite), wallet=account)
    return _commit(suite, statement, wallet=account, kind=WalletKind.UNHOSTED)


@case(errors.DayNotReached, at="OmnibusRegistry._requireOmnibus")
def a_commitment_for_a_day_to_come(suite: Suite) -> Attempt:
    statement = _statement(suite)
    later = replace(statement, day=statement.day + 2)
    return _commit(suite, later, day=later.day, today=statement.day)


@case(errors.BlockNotOfThisChain, at="OmnibusRegistry._requireOmnibus")
def a_commitment_on_another_chains_block(suite: Suite) -> Attempt:
    statement = replace(_statement(suite), built_on_hash=b"\x22" * 32)
    return _commit(suite, statement, number=statement.built_on, hash=statement.built_on_hash)


@case(errors.TotalIsNotBalance, at="OmnibusRegistry._requireOmnibus")
def a_commitment_that_is_off_by_one(suite: Suite) -> Attempt:
    return _commit(suite, replace(_statement(suite), total=1), total=1, balance=0)


@case(errors.DayNotAfter, at="OmnibusRegistry.commit")
def a_second_commitment_of_a_day(suite: Suite) -> Attempt:
    statement = _statement(suite)
    suite.send(Role.REGISTRAR, suite.issuance.omnibus.commit(statement))
    return _commit(suite, statement, day=statement.day, last_day=statement.day)
