"""The base of the written Solidity errors: a sentence with the decoded values and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any, ClassVar

from toolkit.bindings.fund_structs import DistributionStatus
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import InvestorClass, RedemptionStatus
from toolkit.chain.hexes import to_hex
from toolkit.chain.reverts import DecodedRevert

__all__ = ["SolidityError"]

# Beyond the year 9999 a Unix time is a caller's "for ever", not a date.
_LAST_DATE = 253_402_300_799


class SolidityError(DecodedRevert):
    """A Solidity custom error; its fields are attributes, in snake case, and `details`.

    Integers are base units, Unix seconds or counts, addresses are EIP-55 strings, `bytesN` are bytes.
    `template` is the message, with `{field}` for a value and the formats `:time` (Unix time as UTC),
    `:role` (a role's name), `:status` and `:distribution` (a redemption's and a distribution's status) and
    `:investor_class`.
    """

    template: ClassVar[str]

    def describe(self, values: Mapping[str, Any]) -> str:
        return _Sentence().vformat(self.template, (), values)


class _Sentence(Formatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        if format_spec == "time":
            return _time(value)
        if format_spec == "role":
            return Role(value).name if value in Role._value2member_map_ else str(value)
        if format_spec == "status":
            return RedemptionStatus(value).name.lower()
        if format_spec == "distribution":
            return DistributionStatus(value).name.lower()
        if format_spec == "investor_class":
            return InvestorClass(value).name.lower().replace("_", " ")
        return to_hex(value) if isinstance(value, bytes) else str(value)


def _time(seconds: int) -> str:
    if seconds == 0:
        return "never"
    if seconds > _LAST_DATE:
        return "no end"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
