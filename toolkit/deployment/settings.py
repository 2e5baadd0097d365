"""What can be set on a coin's suite, and what the terms say it should be."""

from __future__ import annotations

from typing import Any

from toolkit.amounts import Amount
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex
from toolkit.deployment.fund_settings import fund_settings
from toolkit.deployment.fund_terms import FundTerms
from toolkit.deployment.setting import Setting, feed_settings, show_address, single
from toolkit.deployment.state import ChainState, Read, read_many
from toolkit.deployment.terms import Terms

__all__ = ["settings_of"]


def settings_of(client: Client, terms: Terms | FundTerms, state: ChainState) -> list[Setting]:
    """Every setting of what `terms` deploy, in the order in which they are made."""
    if isinstance(terms, FundTerms):
        return fund_settings(terms, state)
    return [
        *feed_settings("ReserveFeed", terms.reserve),
        *_token(terms, state),
        *_documents(client, terms, state),
        *_market(terms, state),
    ]


def _token(terms: Terms, state: ChainState) -> list[Setting]:
    feed, market = state.suite.address("ReserveFeed"), state.suite.address("PrimaryMarket")
    buffer = terms.reserve.buffer_bps
    return [
        single("Stablecoin", "feed", "feed", "setFeed", ZERO_ADDRESS, feed, show_address),
        single("Stablecoin", "buffer", "bufferBps", "setBuffer", 0, buffer, lambda value: f"{value[0]} bps"),
        single("Stablecoin", "market", "market", "setMarket", ZERO_ADDRESS, market, show_address),
    ]


def _documents(client: Client, terms: Terms, state: ChainState) -> list[Setting]:
    wanted = {document.name_word: (document.uri, document.hash_word) for document in terms.documents}
    held: list[bytes] = []
    if state.has("Stablecoin"):
        (held,) = read_many(client, state.suite.book, [Read("Stablecoin", "getAllDocuments")], state.block)
    absent = ("", bytes(32))
    return [
        Setting(
            "Stablecoin",
            f"document {_text(name)!r}",
            (Read("Stablecoin", "getDocument", (name,)),),
            unset=[absent],
            wanted=[wanted.get(name, absent)],
            write=("setDocument", (name, *wanted[name])) if name in wanted else ("removeDocument", (name,)),
            show=lambda value: f"{value[0][0]} ({to_hex(value[0][1])})" if value[0] != absent else "none",
        )
        for name in [*wanted, *(name for name in held if name not in wanted)]
    ]


def _market(terms: Terms, state: ChainState) -> list[Setting]:
    changes = (event for event in state.events if event.name == "OperatorLimitChanged")
    operators = {event.args["operator"] for event in changes} | set(terms.operator_limits)
    limits = {operator: limit.base_units for operator, limit in terms.operator_limits.items()}
    tiers = [(up_to.base_units, approvals) for up_to, approvals in terms.tiers]

    def amount(base_units: int) -> str:
        return Amount.from_base_units(
            base_units, unit=terms.coin.symbol, decimals=terms.coin.decimals
        ).display()

    def show_amount(value: list[Any]) -> str:
        return amount(value[0])

    def show_tiers(value: list[Any]) -> str:
        return ", ".join(f"up to {amount(up_to)}: {count}" for up_to, count in value[0]) or "none"

    cap, period = terms.order_cap.base_units, terms.market.redemption_period
    return [
        single("PrimaryMarket", "order cap", "orderCap", "setOrderCap", 0, cap, show_amount),
        single("PrimaryMarket", "approval tiers", "approvalTiers", "setApprovalTiers", [], tiers, show_tiers),
        *(
            Setting(
                "PrimaryMarket",
                f"limit of operator {operator}",
                (Read("PrimaryMarket", "operatorLimit", (operator,)),),
                unset=[0],
                wanted=[limits.get(operator, 0)],
                write=(
                    "setOperatorLimit",
                    (operator, limits.get(operator, 0)),
                ),
                show=show_amount,
            )
            for operator in sorted(operators)
        ),
        single(
            "PrimaryMarket",
            "redemption period",
            "redemptionPeriod",
            "setRedemptionPeriod",
            0,
            period,
            lambda value: f"{value[0]} s",
        ),
    ]


def _text(name: bytes) -> str:
    return name.rstrip(b"\0").decode("utf-8", errors="backslashreplace")
