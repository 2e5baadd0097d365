"""The fund's dealing report (regulation.md 4.9) and register of holders (4.11), as filed documents."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.funds.register import Register
from toolkit.funds.report import DealingReport
from toolkit.reporting.reports.content import Content, Layout, Listing, Table
from toolkit.reporting.reports.values import Bps, Hash32, Model, Text, Tokens, require, sum_tokens

__all__ = ["FundDealing", "HolderRegister", "fund_dealing", "holder_register"]

# Who made the report, and when, is the sign-off's.
_APART = frozenset({"prepared_by", "reviewed_by", "generated_at"})


class FundDealing(Content):
    """One dealing day of a share class: what was dealt at which value, and what it left.

    `detail` is the fund's own report (`toolkit.funds.report`) without who made it and when.
    """

    kind: ClassVar[str] = "fund_dealing"
    title: ClassVar[str] = "Fund dealing report"

    fund: Text
    share_class: Text
    dealing_day: Text
    nav: Text
    nav_version: int = Field(ge=1)
    opening: Tokens
    issued: Tokens
    redeemed: Tokens
    closing: Tokens
    subscriptions: int = Field(ge=0)
    redemptions: int = Field(ge=0)
    cash_in: Tokens
    cash_out: Tokens
    gross_flow: Bps | None
    net_flow: Bps | None
    gated: bool
    suspended: Text | None
    register_difference: Tokens
    detail: dict[str, Any]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        left = self.opening.value + self.issued.value - self.redeemed.value
        require(left == self.closing.value, "opening, issued and redeemed don't give the closing units")
        require(self.register_difference.value == 0, "the register's units are not the token's")
        require(not _APART & set(self.detail), "who made the report is the sign-off's")
        units = self.detail["units"]
        require(
            (units["opening"], units["closing"]) == (self.opening.display, self.closing.display),
            "the units of the detail",
        )
        require(
            self.detail["subscriptions"]["units"] == self.issued.display
            and self.detail["redemptions"]["units"] == self.redeemed.display,
            "the units dealt in the detail",
        )
        return self

    @property
    def layout(self) -> Layout:
        detail = self.detail
        return Layout(
            subject=f"{self.fund}, class {self.share_class}, dealing day {self.dealing_day}",
            figures=(
                ("Net asset value", f"{self.nav} {detail['nav']['currency']}"),
                ("Closing units", self.closing),
                ("Subscribed", self.cash_in),
                ("Redeemed", self.cash_out),
                ("Net flow", self.net_flow),
            ),
            warnings=[
                text
                for text, there in (
                    (f"Dealing is suspended: {self.suspended}.", self.suspended),
                    ("Redemptions were gated.", self.gated),
                )
                if there
            ],
            blocks=(
                Listing(
                    "units",
                    "Units",
                    (
                        ("Opening", self.opening),
                        (f"Issued ({self.subscriptions} subscriptions)", self.issued),
                        (f"Redeemed ({self.redemptions} redemptions)", self.redeemed),
                        ("Closing", self.closing),
                        ("Token supply less register", self.register_difference),
                    ),
                    sums=("Closing",),
                ),
                Listing(
                    "prices",
                    "Value and prices",
                    (
                        ("Net asset value a share", self.nav),
                        ("Version", self.nav_version),
                        ("Subscription price", detail["prices"]["subscription"]),
                        ("Redemption price", detail["prices"]["redemption"]),
                        ("Rounding residual to the fund", detail["rounding_residual_to_fund"]),
                        ("Gross flow", self.gross_flow),
                        ("Net flow", self.net_flow),
                    ),
                ),
                Table(
                    "pending_payments",
                    "Payments to come",
                    (("Due", str), ("Amount", str)),
                    sorted(detail["pending_payments"].items()),
                ),
                Table(
                    "in_kind",
                    "In kind",
                    (("Order", str), ("Direction", str), ("State", str)),
                    [(item["order"], item["direction"], item["state"]) for item in detail["in_kind"]],
                ),
            ),
        )


def fund_dealing(report: DealingReport) -> FundDealing:
    """The fund's own report as a document. Raises `InvalidInput` when its figures disagree."""
    data: Mapping[str, Any] = report.data
    units, coin = data["units"], data["coin"]
    share = units["share"]
    net, gross = data["net_flow_bps"], data["gross_flow_bps"]
    return FundDealing(
        fund=data["fund"],
        share_class=data["share_class"],
        dealing_day=data["dealing_day"],
        nav=data["nav"]["value"],
        nav_version=data["nav"]["version"],
        opening=_tokens(units["opening"], share),
        issued=_tokens(data["subscriptions"]["units"], share),
        redeemed=_tokens(data["redemptions"]["units"], share),
        closing=_tokens(units["closing"], share),
        subscriptions=data["subscriptions"]["count"],
        redemptions=data["redemptions"]["count"],
        cash_in=_tokens(data["subscriptions"]["cash"], coin),
        cash_out=_tokens(data["redemptions"]["cash"], coin),
        gross_flow=None if gross is None else Bps.of(gross),
        net_flow=None if net is None else Bps.of(net),
        gated=data["gate"]["active"],
        suspended=data["suspended"],
        register_difference=_tokens(data["register"]["difference"], share),
        detail={key: value for key, value in data.items() if key not in _APART},
    )


class HolderRow(Model):
    """An account of the register. Name and address stand in the personal extract alone."""

    register_account: Text
    legal_name: Text | None
    registered_address: Text | None
    holder_type: Text
    country: Text
    units: Tokens
    kept_by_vaults: Tokens
    amount_paid: Text | None
    entry_date: Text | None
    cessation_date: Text | None
    wallets: tuple[Text, ...]
    restrictions: tuple[Text, ...]
    last_delta: Text | None


class HolderRegister(Content):
    """Who holds a share class at a block; the units add up to the token's supply."""

    kind: ClassVar[str] = "holder_register"
    title: ClassVar[str] = "Register of holders"
    in_ledger: ClassVar[bool] = False

    share_class: Text
    version_id: Text
    version_hash: Hash32
    block_number: int = Field(ge=0)
    block_hash: Hash32
    supply: Tokens
    rows: tuple[HolderRow, ...]
    unknown: tuple[tuple[Text, Tokens], ...]
    personal: bool

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        known = sum_tokens(row.units for row in self.rows)
        unknown = sum_tokens(units for _, units in self.unknown)
        require(known + unknown == self.supply.value, "the units don't add up to the supply")
        accounts = [row.register_account for row in self.rows]
        require(accounts == sorted(set(accounts)), "the accounts are not in order, or one stands twice")
        if not self.personal:
            named = any(row.legal_name or row.registered_address for row in self.rows)
            require(not named, "names stand in the personal extract alone")
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject=f"{self.share_class}, version {self.version_id}",
            figures=(("Supply", self.supply), ("Accounts", len(self.rows)), ("Unknown", len(self.unknown))),
            warnings=[f"No account holds the shares of {wallet}." for wallet, _ in self.unknown],
            blocks=(
                Table(
                    "holders",
                    "Holders",
                    (
                        ("Account", str),
                        ("Name", str),
                        ("Type", str),
                        ("Country", str),
                        ("Units", Tokens),
                        ("Kept by vaults", Tokens),
                        ("Paid", str),
                        ("Entered", str),
                        ("Ceased", str),
                        ("Wallets", str),
                    ),
                    [
                        (
                            row.register_account,
                            row.legal_name,
                            row.holder_type,
                            row.country,
                            row.units,
                            row.kept_by_vaults,
                            row.amount_paid,
                            row.entry_date,
                            row.cessation_date,
                            ", ".join(row.wallets),
                        )
                        for row in self.rows
                    ],
                ),
            ),
            notes=(
                f"Block {self.block_number}, {self.block_hash}; hash of this version {self.version_hash}.",
            ),
        )


def holder_register(register: Register, *, personal: bool = False) -> HolderRegister:
    """The register as a document; with names and addresses if `personal`."""
    rows = []
    for row in register.rows:
        data = row.to_data(personal=personal)
        rows.append(
            HolderRow(
                register_account=data["register_account"],
                legal_name=data.get("legal_name"),
                registered_address=data.get("registered_address"),
                holder_type=data["holder_type"],
                country=data["country"],
                units=Tokens.of(row.units),
                kept_by_vaults=Tokens.of(row.escrowed),
                amount_paid=data["amount_paid"],
                entry_date=data["entry_date"],
                cessation_date=data["cessation_date"],
                wallets=tuple(f"{item['address']} on {item['chain_id']}" for item in data["wallets"]),
                restrictions=tuple(data["restrictions"]),
                last_delta=data["last_delta"],
            )
        )
    return HolderRegister(
        share_class=register.share_class,
        version_id=register.version_id,
        version_hash="0x" + register.version_hash.hex(),
        block_number=register.block_number,
        block_hash=register.block_hash,
        supply=Tokens.of(register.supply),
        rows=tuple(rows),
        unknown=tuple((wallet, Tokens.of(units)) for wallet, units in sorted(register.unknown.items())),
        personal=personal,
    )


def _tokens(text: str, unit: str) -> Tokens:
    places = -int(Decimal(text).as_tuple().exponent)
    if places < 0:
        raise InvalidInput(f"{text!r} is no amount in full")
    return Tokens.of(Amount.parse(text, unit=unit, decimals=places, signed=True))
