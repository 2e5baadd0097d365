"""The kinds of value that terms are made of, each refused with its remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from toolkit.chain.addresses import checksum_address
from toolkit.chain.finality import DEV_CHAINS
from toolkit.chain.signers import DEV_ACCOUNTS, dev_signer
from toolkit.countries import country_number
from toolkit.errors import InvalidInput

__all__ = [
    "Account",
    "AmountText",
    "BasisPoints",
    "Country",
    "Model",
    "PositiveSeconds",
    "Seconds",
    "ShortText",
    "valid",
]

_T = TypeVar("_T")
_MAX_UINT32 = 2**32 - 1
_BPS = 10_000
_DURATION = re.compile(r"([0-9]+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DEV_ACCOUNT = re.compile(r"anvil:([0-9]{1,3})")


def valid(check: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """`check`'s answer, its InvalidInput as the ValueError that pydantic collects."""
    try:
        return check(*args, **kwargs)
    except InvalidInput as error:
        raise ValueError(error.message) from None


def _seconds(value: Any) -> int:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        value = int(match[1]) * _SECONDS[match[2]]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_UINT32:
        raise ValueError(f'write whole seconds (at most {_MAX_UINT32}), or "90s", "30m", "26h", "2d"')
    return value


def _account(value: Any, info: ValidationInfo) -> str:
    """The address behind `anvil:3` or an address as it stands, noted in the context's `dev_accounts`."""
    if not isinstance(value, str):
        raise ValueError('write an address as a string, or "anvil:<index>" on a development chain')
    match = _DEV_ACCOUNT.fullmatch(value)
    if match is None:
        if value.startswith("anvil:"):
            raise ValueError('write "anvil:<index>" with a number')
        return valid(checksum_address, value, what="account")
    index, context = int(match[1]), info.context or {}
    if context.get("chain_id") not in DEV_CHAINS:
        raise ValueError(
            f"Anvil's accounts have published keys and exist on development chains only "
            f"({', '.join(map(str, sorted(DEV_CHAINS)))}); write the account's address"
        )
    if index >= DEV_ACCOUNTS:
        raise ValueError(f"use an index from 0 to {DEV_ACCOUNTS - 1}")
    address = dev_signer(index).address
    context["dev_accounts"][address] = index
    return address


def _short(value: str) -> str:
    if not 1 <= len(value.encode()) <= 31:
        raise ValueError(f"has {len(value.encode())} bytes of UTF-8; use 1 to 31")
    return value


def _amount_text(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'write the amount as a decimal string, e.g. "{value}.00"')
    return value


def _country(value: str) -> str:
    valid(country_number, value)
    return value


Seconds = Annotated[int, BeforeValidator(_seconds)]
PositiveSeconds = Annotated[int, BeforeValidator(_seconds), Field(gt=0)]
Account = Annotated[str, BeforeValidator(_account)]
ShortText = Annotated[str, AfterValidator(_short)]
AmountText = Annotated[str, BeforeValidator(_amount_text)]
Country = Annotated[str, AfterValidator(_country)]
"""ISO 3166-1 alpha-2 code."""
BasisPoints = Annotated[int, Field(ge=0, le=_BPS)]


class Model(BaseModel):
    """A table of the terms: its keys and no others, its types and no others."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
