"""The kinds of value that the fund's documents are made of, and how a document is read and hashed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import from_json as parse_json

from toolkit.amounts import parse_decimal
from toolkit.errors import InvalidInput

__all__ = ["DecimalText", "Document", "Instant", "Model", "Text", "canonical_json"]


def _decimal_text(value: object) -> Decimal:
    if isinstance(value, (str, Decimal)):
        return parse_decimal(value, what="amount")
    raise ValueError(f'write it as the string "{value}"; JSON numbers pass through binary fractions')


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise ValueError('write date, time and offset, e.g. "2026-11-20T16:30:00+08:00"')
    if instant.microsecond:
        raise ValueError("write whole seconds: the chain's clock counts seconds")
    return instant.astimezone(UTC)


DecimalText = Annotated[Decimal, BeforeValidator(_decimal_text)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Text = Annotated[str, Field(min_length=1, max_length=256)]


class Model(BaseModel):
    """A table of a document: its keys and no others, its types and no others."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Document(Model):
    """A document read from JSON with amounts and times as strings."""

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The document in a JSON text; a key given twice is refused. Raises `InvalidInput`."""
        try:
            parse_json(text)  # bounds the nesting, which the standard library leaves to the stack
            return cls.from_data(json.loads(text, object_pairs_hook=_unique))
        except ValueError as error:
            raise InvalidInput(f"the {cls._what()} is not JSON: {error}") from error

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The document from JSON data. Raises `InvalidInput` with every problem it has."""
        try:
            return cls.model_validate_json(json.dumps(dict(data)))
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, item['loc'])) or 'document'}: "
                f"{item['msg'].removeprefix('Value error, ')} (given {item['input']!r:.80})"
                for item in error.errors(include_url=False)
            ]
            raise InvalidInput(
                f"the {cls._what()} can't be used, correct: {'; '.join(problems)}", problems=problems
            ) from error
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the {cls._what()} holds something that isn't JSON: {error}") from error

    @classmethod
    def _what(cls) -> str:
        return "document"


def canonical_json(data: Mapping[str, Any]) -> bytes:
    """RFC 8785 of `data`: the bytes that are hashed."""
    import rfc8785

    return rfc8785.dumps(dict(data))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} stands there twice")
    return table
