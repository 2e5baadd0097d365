"""The terms of a coin: what it is to be, as a TOML file.

`Terms.load` reads the file, resolves accounts (a checksummed address; on a development chain also
`anvil:<index>`, one of the node's own accounts), documents and amounts, and refuses whatever a deployment
could not make good: every refusal is a ConfigurationError that names the file, the key, the value and the
remedy. Zero never means unlimited, and nothing that limits has a default.

Amounts are decimal strings in the coin's units. Durations are whole seconds or `"90s"`, `"30m"`, `"26h"`,
`"2d"`. Shares of a whole are basis points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from toolkit.amounts import MAX_DECIMALS, Amount, minor_units
from toolkit.bindings.roles import Role
from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.deployment.consistency import check_consistency
from toolkit.deployment.fields import (
    Account,
    AmountText,
    BasisPoints,
    Model,
    PositiveSeconds,
    ShortText,
    valid,
)
from toolkit.deployment.terms_file import ChainTerms, RoleHolder, TermsFile

__all__ = [
    "ChainTerms",
    "CoinTerms",
    "DocumentTerms",
    "FeedTerms",
    "IssuerTerms",
    "MarketTerms",
    "OperatorLimitTerms",
    "ReserveTerms",
    "RoleHolder",
    "Terms",
    "TierTerms",
]


_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class IssuerTerms(Model):
    """Who issues, under which licence (Cap. 656 s. 8). `test`: no licence, development chains only."""

    name: Annotated[str, Field(min_length=1)]
    status: Literal["test", "licensed"]
    regulator: str | None = None
    licence: str | None = None

    @model_validator(mode="after")
    def _licence_is_named(self) -> Self:
        if self.status == "licensed" and not (self.regulator and self.licence):
            raise ValueError("a licensed issuer names its `regulator` and its `licence` number")
        return self


class CoinTerms(Model):
    """The coin's identity, which with the deployer and `salt` fixes every address."""

    name: ShortText
    symbol: ShortText
    decimals: Annotated[int, Field(ge=0, le=MAX_DECIMALS)]
    currency: str
    salt: Annotated[str, Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not _SYMBOL.fullmatch(self.symbol):
            raise ValueError(f"symbol {self.symbol!r}: use letters, digits, '.', '_' and '-'")
        places = valid(minor_units, self.currency)
        if self.decimals < places:
            raise ValueError(
                f"decimals {self.decimals}: {self.currency} is paid in {places} decimals, use no fewer"
            )
        return self


class FeedTerms(Model):
    """An attested feed: who attests, how old a value may be, how far it may move.

    `max_age` is counted from the instant the attested value held. A rise or fall beyond the bounds needs
    every attestor.
    """

    attestors: Annotated[tuple[Account, ...], Field(min_length=1, strict=False)]
    threshold: Annotated[int, Field(gt=0, le=255)]
    max_age: PositiveSeconds
    max_rise_bps: BasisPoints
    max_fall_bps: BasisPoints

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if len(set(self.attestors)) != len(self.attestors):
            raise ValueError("an attestor is listed twice; list each account once")
        if self.threshold > len(self.attestors):
            raise ValueError(
                f"threshold {self.threshold} is above the number of attestors ({len(self.attestors)}), "
                "so that no attestation could ever be published; lower it or add attestors"
            )
        return self


class ReserveTerms(FeedTerms):
    """The reserve's feed and what the backing rule keeps back (`buffer_bps`).

    `profile` names the eligibility rules of the reserve's assets.
    """

    buffer_bps: BasisPoints
    profile: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class TierTerms(Model):
    """A batch whose total is at most `up_to` needs `approvals` distinct approvers."""

    up_to: AmountText
    approvals: Annotated[int, Field(gt=0, le=255)]


class OperatorLimitTerms(Model):
    """What one operator may mint in any 24 hours (a leaking bucket)."""

    account: Account
    limit: AmountText


class MarketTerms(Model):
    """What may be minted at once, and until when a redemption has to be paid."""

    order_cap: AmountText
    redemption_period: PositiveSeconds
    tiers: Annotated[tuple[TierTerms, ...], Field(min_length=1, max_length=4, strict=False)]
    operator_limits: Annotated[tuple[OperatorLimitTerms, ...], Field(min_length=1, strict=False)]


class DocumentTerms(Model):
    """An ERC-1643 document: `hash` is the Keccak-256 of its bytes, taken from `path` where that is given."""

    name: ShortText
    uri: Annotated[str, Field(min_length=1)]
    hash: str | None = None
    path: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _hash_of_path(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping) or not isinstance(value.get("path"), str) or "hash" in value:
            return value
        path = Path((info.context or {})["folder"], value["path"])
        try:
            return {**value, "hash": to_hex(keccak(path.read_bytes()))}
        except OSError as error:
            raise ValueError(f"path {value['path']!r} can't be read: {error.strerror}") from None

    @model_validator(mode="after")
    def _hashed(self) -> Self:
        if self.hash is None:
            raise ValueError("give the document's `hash` (0x and 64 digits), or a `path` to its bytes")
        valid(from_hex, self.hash, what="hash", length=32)
        return self

    @property
    def name_word(self) -> bytes:
        """The name as the chain holds it: 32 bytes, padded with zeros."""
        return self.name.encode().ljust(32, b"\0")

    @property
    def hash_word(self) -> bytes:
        return from_hex(self.hash or "", what="hash", length=32)


class Terms(TermsFile):
    """A coin's terms."""

    issuer: IssuerTerms
    coin: CoinTerms
    reserve: ReserveTerms
    market: MarketTerms
    roles: dict[str, Annotated[tuple[RoleHolder, ...], Field(strict=False)]]
    documents: Annotated[tuple[DocumentTerms, ...], Field(strict=False)] = ()

    @property
    def record_name(self) -> str:
        return self.coin.symbol

    def amount(self, text: str) -> Amount:
        """An amount in the coin's units."""
        return Amount.parse(text, unit=self.coin.symbol, decimals=self.coin.decimals)

    @property
    def order_cap(self) -> Amount:
        return self.amount(self.market.order_cap)

    @property
    def tiers(self) -> tuple[tuple[Amount, int], ...]:
        """(largest total, approvals), ascending."""
        return tuple((self.amount(tier.up_to), tier.approvals) for tier in self.market.tiers)

    @property
    def operator_limits(self) -> dict[str, Amount]:
        """Operator → what it may mint in 24 hours."""
        return {item.account: self.amount(item.limit) for item in self.market.operator_limits}

    def holders(self, role: Role) -> tuple[RoleHolder, ...]:
        return self.roles.get(role.name, ())

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        check_consistency(self)
        return self
