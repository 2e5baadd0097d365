"""What can be set on a suite, and what the terms say it should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.amounts import Amount
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex
from toolkit.deployment.state import ChainState, Read, read_many
from toolkit.deployment.terms import Terms

__all__ = ["Setting", "current_values", "settings_of"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a call sets: how it is read, what it is before it is set, what the terms want.

    `wanted` and what `reads` answer are compared as lists; `show` writes such a list for people. `write`
    is the function to call and its arguments.
    """

    contract: str
    title: str
    reads: tuple[Read, ...]
    unset: list[Any]
    wanted: list[Any]
    write: tuple[str, tuple[Any, ...]]
    show: Callable[[list[Any]], str]


def settings_of(client: Client, terms: Terms, state: ChainState) -> list[Setting]:
    """Every setting of the suite in the order in which they are made."""
    return [*_feed(terms), *_token(terms, state), *_documents(client, terms, state), *_market(terms, state)]


def current_values(client: Client, state: ChainState, settings: Sequence[Setting]) -> list[list[Any]]:
    """What each setting is at the state's block."""
    reads = [read for setting in settings if state.has(setting.contract) for read in setting.reads]
    answers = iter(read_many(client, state.suite.book, reads, state.block))
    return [
        [_comparable(read, next(answers)) for read in setting.reads]
        if state.has(setting.contract)
        else setting.unset
        for setting in settings
    ]


def _comparable(read: Read, answer: Any) -> Any:
    match read.function:
        case "attestors":
            return sorted(answer, key=str.lower)
        case "approvalTiers":
            return [(tier["upTo"], tier["approvals"]) for tier in answer]
        case "getDocument":
            uri, document_hash, _at = answer
            return (uri, document_hash)
        case "operatorLimit":
            return answer[0]  # the other is how much of it is free just now
        case _:
            return answer


def _feed(terms: Terms) -> list[Setting]:
    reserve = terms.reserve
    attestors = sorted(reserve.attestors, key=str.lower)
    bounds = (reserve.max_rise_bps, reserve.max_fall_bps)
    return [
        Setting(
            "ReserveFeed",
            "attestors",
            (Read("ReserveFeed", "attestors"), Read("ReserveFeed", "threshold")),
            unset=[[], 0],
            wanted=[attestors, reserve.threshold],
            write=("setAttestors", (attestors, reserve.threshold)),
            show=lambda value: f"{value[1]} of {', '.join(value[0])}" if value[0] else "none",
        ),
        Setting(
            "ReserveFeed",
            "limits",
            (Read("ReserveFeed", "maxAge"), Read("ReserveFeed", "bounds")),
            unset=[0, (0, 0)],
            wanted=[reserve.max_age, bounds],
            write=("setLimits", (reserve.max_age, *bounds)),
            show=lambda value: f"age {value[0]} s, rise {value[1][0]} bps, fall {value[1][1]} bps",
        ),
    ]


def _token(terms: Terms, state: ChainState) -> list[Setting]:
    def show_address(value: list[Any]) -> str:
        return "none" if value[0] == ZERO_ADDRESS else str(value[0])

    feed, market = state.suite.address("ReserveFeed"), state.suite.address("PrimaryMarket")
    buffer = terms.reserve.buffer_bps
    return [
        _simple("Stablecoin", "feed", "feed", "setFeed", ZERO_ADDRESS, feed, show_address),
        _simple("Stablecoin", "buffer", "bufferBps", "setBuffer", 0, buffer, lambda value: f"{value[0]} bps"),
        _simple("Stablecoin", "market", "market", "setMarket", ZERO_ADDRESS, market, show_address),
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
        _simple("PrimaryMarket", "order cap", "orderCap", "setOrderCap", 0, cap, show_amount),
        _simple(
            "PrimaryMarket", "approval tiers", "approvalTiers", "setApprovalTiers", [], tiers, show_tiers
        ),
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
            for operator in sorted(state.operators)
        ),
        _simple(
            "PrimaryMarket",
            "redemption period",
            "redemptionPeriod",
            "setRedemptionPeriod",
            0,
            period,
            lambda value: f"{value[0]} s",
        ),
    ]


def _simple(
    contract: str,
    title: str,
    view: str,
    setter: str,
    unset: Any,
    wanted: Any,
    show: Callable[[list[Any]], str],
) -> Setting:
    return Setting(contract, title, (Read(contract, view),), [unset], [wanted], (setter, (wanted,)), show)


def _text(name: bytes) -> str:
    return name.rstrip(b"\0").decode("utf-8", errors="backslashreplace")
