"""Who asks for what, and what the ledger knows of them: the facts that every rule reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.amounts import Amount
from toolkit.ledger import schema, schema_eligibility
from toolkit.ledger.bulk import Among
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import FundOrder, Order

__all__ = ["HOUSE", "RETAIL", "Asked", "Party", "known_parties", "open_restriction"]

RETAIL = "retail"
HOUSE = "house"
"""The distributor of investors of whom nothing else is said: the broker itself."""

_INVESTORS, _WALLETS = schema.investors, schema.wallets
_STANDINGS, _RESTRICTIONS = schema_eligibility.standings, schema_eligibility.restrictions

open_restriction = sa.exists().where(
    _RESTRICTIONS.c.investor == _WALLETS.c.investor,
    _RESTRICTIONS.c.lifted_at.is_(None),
    sa.or_(_RESTRICTIONS.c.wallet.is_(None), _RESTRICTIONS.c.wallet == _WALLETS.c.address),
)
"""Of a row of wallets: whether its investor, or it, is restricted."""

_PARTIES = Prepared(
    sa.select(
        _WALLETS.c.address,
        _WALLETS.c.investor,
        _WALLETS.c.kind,
        _WALLETS.c.proof_method.is_not(None),
        _INVESTORS.c.jurisdiction,
        _INVESTORS.c.regime,
        _INVESTORS.c.verified_until,
        _STANDINGS.c.distributor,
        _STANDINGS.c.investor_class,
        _STANDINGS.c.classified_until,
        open_restriction,
    )
    .join(_INVESTORS, _INVESTORS.c.reference == _WALLETS.c.investor)
    .join(_STANDINGS, _STANDINGS.c.investor == _WALLETS.c.investor, isouter=True)
    .where(Among(_WALLETS.c.address, "wallets"))
)


class Asked(NamedTuple):
    """What somebody asks for: `base_units` of `unit` for the product (a coin, or a fund's class), to or from
    `wallet`. `order_id` is None until it is an order.
    """

    kind: OrderKind
    investor: str
    wallet: str
    product: str
    unit: str
    base_units: int
    decimals: int
    order_id: str | None = None

    @classmethod
    def amount_of(
        cls, kind: OrderKind, investor: str, wallet: str, amount: Amount, product: str | None = None
    ) -> Asked:
        """An order of `amount`, for that very token or for another product."""
        return cls(
            kind, investor, wallet, product or amount.unit, amount.unit, amount.base_units, amount.decimals
        )

    @classmethod
    def of(cls, order: Order) -> Asked:
        """What an order asks for."""
        product = order.share_class if isinstance(order, FundOrder) else order.unit
        return cls(
            order.kind, order.investor, order.wallet, product, order.unit, order.base_units, order.decimals,
            order.id,
        )  # fmt: skip


class Party(NamedTuple):
    """What the ledger knows of a wallet and of whose it is."""

    wallet: str
    investor: str
    wallet_kind: str
    is_proven: bool
    jurisdiction: str
    regime: str
    verified_until: datetime | None
    distributor: str
    approved_class: str | None
    classified_until: datetime | None
    is_restricted: bool

    def is_verified(self, at: datetime) -> bool:
        """Whether the verification holds at `at`."""
        return self.verified_until is not None and at < self.verified_until

    def investor_class(self, at: datetime) -> str:
        """The class that was approved and hasn't lapsed; without one everybody is retail."""
        until = self.classified_until
        if self.approved_class is None or until is None or at >= until:
            return RETAIL
        return self.approved_class


def known_parties(connection: Connection, wallets: Iterable[str]) -> dict[str, Party]:
    """By wallet, in one statement. Raises `NotFound` for a wallet that the ledger hasn't got."""
    wanted = sorted(set(wallets))
    found = {}
    for row in _PARTIES.all(connection, {"wallets": wanted}):
        address, investor, kind, proven, country, regime, verified, distributor, *rest = row
        approved, until, restricted = rest
        found[address] = Party(
            address, investor, kind, bool(proven), country, regime, verified,
            distributor or HOUSE, approved, until, bool(restricted),
        )  # fmt: skip
    missing = [wallet for wallet in wanted if wallet not in found]
    if missing:
        raise NotFound(
            f"no wallet {missing[0]!r}: record it for its investor first (with its checksum)",
            wallet=missing[0],
        )
    return found
