"""What a desk is made of when less is said: signers, clock, ledger and secret."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from toolkit.bindings.roles import Role as ChainRole
from toolkit.calendar import BusinessCalendar, Clock, SystemClock
from toolkit.chain.finality import DEV_CHAINS
from toolkit.desk.clock import ChainClock
from toolkit.desk.context import WORKER, DeskContext
from toolkit.errors import ConfigurationError
from toolkit.ledger.errors import NotFound
from toolkit.ledger.ledger import Ledger
from toolkit.ledger.machines import Role
from toolkit.ledger.records import Deployment

if TYPE_CHECKING:
    from toolkit.chain.signers import Signer
    from toolkit.issuance import Issuance

__all__ = ["SECRET_VARIABLE", "desk_secret", "make_context"]

SECRET_VARIABLE = "ISSUANCE_DESK_SECRET"  # noqa: S105 - the name of the variable, not its value
"""The environment's variable with the desk's secret: at least 64 hexadecimal digits."""

_SENDING_ROLES = ("operator", "treasurer", "registrar", "compliance", "guardian", "dealing_manager")


def make_context(
    issuance: Issuance,
    ledger: str | Ledger,
    *,
    signers: Mapping[str, Signer | Sequence[Signer]] | None,
    clock: Clock | None,
    calendar: BusinessCalendar | None,
    secret: bytes | None,
    patience: timedelta,
) -> DeskContext:
    """The context of a desk, its ledger opened and bound to the deployment.

    Raises ConfigurationError, LedgerError (StaleLedger for another deployment's) and NodeError.
    """
    client = issuance.client
    given = _pools(_development_signers(issuance) if signers is None else signers)
    unknown = set(given) - set(_SENDING_ROLES)
    if unknown:
        raise ConfigurationError(
            f"signers for {', '.join(sorted(unknown))}: the desk sends for {', '.join(_SENDING_ROLES)}"
        )
    clock = clock or (ChainClock(client) if client.chain_id in DEV_CHAINS else SystemClock())
    deployment = Deployment(issuance.chain_id, issuance.market.address, issuance.record.instance_id)
    if isinstance(ledger, Ledger):
        ledger.bind(deployment)
    else:
        ledger = Ledger.open(ledger, clock=clock, deployment=deployment)
    _register_worker(ledger)
    return DeskContext(
        client=client,
        manager=issuance.access_manager,
        registry=issuance.registry,
        token=issuance.token,
        market=issuance.market,
        first_block=issuance.record.first_block,
        ledger=ledger,
        clock=clock,
        calendar=calendar or BusinessCalendar.load("hong-kong"),
        signers=given,
        secret=desk_secret(secret, client.chain_id),
        unit=issuance.symbol,
        decimals=issuance.token_decimals,
        currency=issuance.currency,
        patience=patience,
    )


def _pools(signers: Mapping[str, Signer | Sequence[Signer]]) -> dict[str, tuple[Signer, ...]]:
    return {role: tuple(pool) if isinstance(pool, Sequence) else (pool,) for role, pool in signers.items()}


def _development_signers(issuance: Issuance) -> dict[str, Signer]:
    """The development accounts that the terms give the roles; none on any other chain."""
    from toolkit.chain.signers import dev_signer

    terms = issuance.terms
    if terms is None:
        return {}
    found: dict[str, Signer] = {}
    for name in _SENDING_ROLES:
        for holder in terms.roles.get(ChainRole[name.upper()].name, ()):
            index = terms.dev_accounts.get(holder.account)
            if index is not None and name not in found:
                found[name] = dev_signer(index)
    return found


def _register_worker(ledger: Ledger) -> None:
    try:
        ledger.persons.get(WORKER)
    except NotFound:
        ledger.persons.add(WORKER, label="the desk's worker", roles=[Role.OPERATOR])


def desk_secret(secret: bytes | None, chain_id: int) -> bytes:
    """The secret given, the environment's, or a development chain's. Raises ConfigurationError."""
    text = os.environ.get(SECRET_VARIABLE)
    if secret is None and text is not None:
        try:
            secret = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            raise ConfigurationError(
                f"{SECRET_VARIABLE} is not hexadecimal (its value is not shown)"
            ) from None
    if secret is None and chain_id in DEV_CHAINS:
        # As public as the development accounts' keys.
        secret = hashlib.sha256(b"issuance-toolkit development desk").digest()
    if secret is None or len(secret) < 32:
        raise ConfigurationError(
            "the desk needs a secret of at least 32 random bytes, always the same, from which investors' "
            f"references are made: pass Desk(secret=...) or set {SECRET_VARIABLE}"
        )
    return secret
