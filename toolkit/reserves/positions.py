"""The parts of a reserve report: its lines, totals and allocations."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from toolkit.amounts import minor_units, parse_decimal
from toolkit.errors import InvalidInput
from toolkit.reserves.profiles import AssetClass, BasisPoints, Country

__all__ = ["Allocation", "Instant", "Model", "MoneyText", "Position", "Text", "Totals", "Unitemised"]


def _decimal_text(value: object) -> Decimal:
    if isinstance(value, (str, Decimal)):
        return parse_decimal(value, what="amount in the reserve report")
    raise InvalidInput(
        f'amount {value!r} in the reserve report is not a string: write it as "{value}", JSON numbers '
        "pass through binary fractions",
        value=value,
    )


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime) or (isinstance(value, str) and len(value) <= len("2024-01-31")):
        raise InvalidInput(
            f"as_of {value!r} is not an instant: write date, time and offset, "
            'e.g. "2024-01-31T23:59:59+08:00"; a date alone is a different instant in every time zone',
            value=value,
        )
    if instant.utcoffset() is None:
        raise InvalidInput(
            f'as_of {value!r} has no time zone: add the offset, e.g. "{instant.isoformat()}+08:00"',
            value=value,
        )
    if instant.microsecond:
        raise InvalidInput(
            f"as_of {value!r} is not a whole second: the chain's clock counts seconds", value=value
        )
    return instant.astimezone(UTC)


def folded(text: str | None) -> str:
    """`text` as names and references are compared: without regard to case and to runs of blanks."""
    return " ".join((text or "").split()).casefold()


def contract_address(value: str) -> str:
    from toolkit.chain.addresses import checksum_address

    return checksum_address(value, what="contract of an allocation")


MoneyText = Annotated[Decimal, BeforeValidator(_decimal_text)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Text = Annotated[str, Field(min_length=1)]


class Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Position(Model):
    """One line. `nominal` and `market_value` are in the report's currency, `currency` is the asset's own.

    None means that the source doesn't say. `country` is where custody is, `issuer_country` whose paper
    it is (for a reverse repo and for `risk_weight_bps`: the collateral's). `custodian_reference` is the
    custodian's name for the holding, `confirmation` its reference for having confirmed it. `start` is
    the day of placing or acquisition; `price`, where a line has one, is per unit of nominal, from
    `price_source` as of `price_time`. For a reverse repo `nominal` is the notional lent and
    `market_value` the value of the collateral. `holds_coin` says whether what the line is (a fund, say) holds
    coins of the report's own kind.
    """

    line_id: Text
    asset_class: AssetClass = Field(alias="class")
    description: Text | None = None
    issuer: Text | None = None
    issuer_country: Country | None = None
    custodian: Text | None = None
    custodian_reference: Text | None = None
    country: Country | None = None
    currency: Text
    nominal: MoneyText
    market_value: MoneyText
    start: date | None = None
    maturity: date | None = None
    tenor: Literal["overnight", "on-demand"] | None = None
    risk_weight_bps: BasisPoints | None = None
    encumbered: bool | None = None
    confirmation: Text | None = None
    approval_reference: Text | None = None
    holds_coin: bool | None = None
    price: MoneyText | None = None
    price_source: Text | None = None
    price_time: Instant | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Position:
        minor_units(self.currency)
        if self.start is not None and self.maturity is not None and self.start > self.maturity:
            raise InvalidInput(
                f"line {self.line_id}: it starts {self.start} and matures before, {self.maturity}"
            )
        if self.tenor == "on-demand" and self.maturity is not None:
            raise InvalidInput(
                f"line {self.line_id}: on-demand and maturing {self.maturity} contradict each other"
            )
        return self


class Unitemised(Model):
    """An amount that the source asserts without lines, in its own words. It counts zero."""

    amount: MoneyText
    statement: Text


class Totals(Model):
    """Totals as the source states them; each stated one must equal the sum of the lines."""

    nominal: MoneyText | None = None
    market_value: MoneyText | None = None
    counted: MoneyText | None = None


class Allocation(Model):
    """How much of the counted reserve backs the token at `contract` on the chain `chain_id`."""

    chain_id: int = Field(ge=1, lt=2**53)
    contract: Annotated[str, BeforeValidator(contract_address)]
    amount: MoneyText
