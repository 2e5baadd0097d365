"""Circulation by chain (regulation.md 4.4)."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from toolkit.reporting.figures import ChainFigures, DayFigures
from toolkit.reporting.reports.content import Content, Layout, Listing, Table
from toolkit.reporting.reports.parts import ChainCut, Coin, Movement, cuts_table, moved, share
from toolkit.reporting.reports.values import Bps, Model, Text, Tokens, require, sum_tokens

__all__ = ["ChainCirculation", "Circulation", "chain_rows", "circulation", "circulation_table"]


class ChainCirculation(Model):
    """The coin on one chain. `supply_called` is None where the node no longer has the state of that block.

    `utilisation` is outstanding over the reserve allocated to this chain by its attestation.
    """

    cut: ChainCut
    contract: Text
    implementation: Text | None
    opening: Tokens
    minted: Movement
    burned: Movement
    supply_replayed: Tokens
    supply_called: Tokens | None
    difference: Tokens | None
    frozen: Tokens
    issuer_held: Tokens
    escrowed: Tokens
    time_locked: Tokens
    allocation: Tokens | None
    utilisation: Bps | None
    holders: int = Field(ge=0)
    omnibus_holders: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        chain = self.cut.position.chain_id
        flow = self.minted.tokens.value - self.burned.tokens.value
        require(
            self.opening.value + flow == self.supply_replayed.value,
            f"chain {chain}: opening, flow and supply",
        )
        if self.supply_called is None:
            require(self.difference is None, f"chain {chain}: a difference from a supply that wasn't called")
        else:
            gap = self.supply_called.value - self.supply_replayed.value
            require(
                self.difference is not None and self.difference.value == gap, f"chain {chain}: the difference"
            )
        whole = 0 if self.allocation is None else self.allocation.value
        require(
            self.utilisation == share(self.supply_replayed.value, whole), f"chain {chain}: the utilisation"
        )
        return self


class Circulation(Content):
    """Tokens in existence on each chain at its cut-off block, by replay and by call."""

    kind: ClassVar[str] = "circulation"
    title: ClassVar[str] = "Circulation by chain"
    closed_days: ClassVar[bool] = True
    audience: ClassVar[str] = "public"

    coin: Coin
    chains: tuple[ChainCirculation, ...] = Field(min_length=1)
    outstanding_total: Tokens
    order_ledger: Tokens
    burned_by_order: Tokens
    difference_from_orders: Tokens

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        self.coin.require_tokens(
            self.outstanding_total,
            self.order_ledger,
            self.difference_from_orders,
            *(item.supply_replayed for item in self.chains),
        )
        total = sum_tokens(item.supply_replayed for item in self.chains)
        require(total == self.outstanding_total.value, "the chains don't sum to the total")
        gap = total - (self.order_ledger.value - self.burned_by_order.value)
        require(gap == self.difference_from_orders.value, "chains less orders")
        return self

    @property
    def layout(self) -> Layout:
        warnings = []
        if self.difference_from_orders.value:
            warnings.append(f"Chains and orders differ by {self.difference_from_orders.display}.")
        warnings += [
            f"Chain {item.cut.position.chain_id}: called less replayed supply is {item.difference.display}."
            for item in self.chains
            if item.difference is not None and item.difference.value
        ]
        return Layout(
            subject=self.coin.symbol,
            figures=(("Outstanding", self.outstanding_total), ("Difference", self.difference_from_orders)),
            warnings=warnings,
            blocks=(
                circulation_table(self.chains),
                Table(
                    "flows",
                    "Minted and burned since the day before's cut-off",
                    (
                        ("Chain", str),
                        ("Opening", Tokens),
                        ("Minted", Tokens),
                        ("Burned", Tokens),
                        ("Closing", Tokens),
                    ),
                    [
                        (
                            item.cut.chain_name,
                            item.opening,
                            item.minted.tokens,
                            item.burned.tokens,
                            item.supply_replayed,
                        )
                        for item in self.chains
                    ],
                ),
                Table(
                    "set_apart",
                    "Set apart on each chain",
                    (
                        ("Chain", str),
                        ("Frozen", Tokens),
                        ("Issuer-held", Tokens),
                        ("In escrow", Tokens),
                        ("Time-locked", Tokens),
                        ("Contract", str),
                    ),
                    [
                        (
                            item.cut.chain_name,
                            item.frozen,
                            item.issuer_held,
                            item.escrowed,
                            item.time_locked,
                            item.contract,
                        )
                        for item in self.chains
                    ],
                ),
                Listing(
                    "orders",
                    "Beside the order ledger",
                    (
                        ("On chain", self.outstanding_total),
                        ("By orders", self.order_ledger),
                        ("Burned by order of an authority", self.burned_by_order),
                        ("Difference", self.difference_from_orders),
                    ),
                    sums=("Difference",),
                ),
                cuts_table(tuple(item.cut for item in self.chains)),
            ),
        )


def circulation(day: DayFigures) -> Circulation:
    """The circulation at one cut-off."""
    orders = day.ledger.minted.units - day.ledger.burned.units
    by_order = sum(chain.burned_by_order for chain in day.chains)
    return Circulation(
        coin=Coin.of(day),
        chains=chain_rows(day),
        outstanding_total=Tokens.of(day.coin.amount(day.outstanding)),
        order_ledger=Tokens.of(day.coin.amount(orders)),
        burned_by_order=Tokens.of(day.coin.amount(by_order)),
        difference_from_orders=Tokens.of(day.coin.amount(day.outstanding - (orders - by_order))),
    )


def chain_rows(day: DayFigures) -> tuple[ChainCirculation, ...]:
    """A row for each chain."""
    return tuple(_row(day, chain) for chain in day.chains)


def circulation_table(chains: tuple[ChainCirculation, ...]) -> Table:
    return Table(
        "circulation",
        "Circulation by chain",
        (
            ("Chain", str),
            ("Supply, replayed", Tokens),
            ("Supply, called", Tokens),
            ("Difference", Tokens),
            ("Allocated reserve", Tokens),
            ("Used", Bps),
            ("Holders", int),
            ("Omnibus", int),
        ),
        [
            (
                item.cut.chain_name,
                item.supply_replayed,
                item.supply_called,
                item.difference,
                item.allocation,
                item.utilisation,
                item.holders,
                item.omnibus_holders,
            )
            for item in chains
        ],
    )


def _row(day: DayFigures, chain: ChainFigures) -> ChainCirculation:
    def tokens(units: int) -> Tokens:
        return Tokens.of(day.coin.amount(units))

    supply, gap = chain.replayed.outstanding, chain.supply_difference
    allocation = None if chain.attestation is None else chain.attestation.value
    return ChainCirculation(
        cut=ChainCut.of(chain),
        contract=chain.token,
        implementation=chain.implementation,
        opening=tokens(chain.opening.outstanding),
        minted=moved(day, chain.minted_today),
        burned=moved(day, chain.burned_today),
        supply_replayed=tokens(supply),
        supply_called=None if chain.called is None else tokens(chain.called.outstanding),
        difference=None if gap is None else tokens(gap),
        frozen=tokens(chain.frozen),
        issuer_held=tokens(chain.held("ISSUER_HELD")),
        escrowed=tokens(chain.escrowed),
        time_locked=tokens(chain.held("TIME_LOCKED")),
        allocation=None if allocation is None else tokens(allocation),
        utilisation=share(supply, allocation or 0),
        holders=chain.holders,
        omnibus_holders=chain.omnibus_holders,
    )
