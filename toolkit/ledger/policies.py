"""What a product asks of whoever orders it: a policy, in force from one record to the next.

A ledger without any policy in force asks of a party only what every order needs (proof, verification,
review, limits that were set). The first policy closes it: from then on a product that has none is not
ordered, an investor whom nobody classified counts as retail, and who is onboarded is asked for their
jurisdiction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.errors import InvalidInput
from toolkit.ledger import checks, schema
from toolkit.ledger.errors import ProductNotAdmitted
from toolkit.ledger.machines import OrderKind
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.record_words import RecordKind, RecordState

__all__ = [
    "ANYWHERE",
    "FULL",
    "FULL_DUE",
    "ONBOARDING",
    "STABLECOIN_ONLY",
    "Document",
    "Policies",
    "Policy",
    "policies",
]

STABLECOIN_ONLY = "stablecoin_only"
"""The regime of an account that holds licensed stablecoins and nothing else (regulation.md R-BRK-04)."""
FULL = "full"
"""The regime of every other account: knowledge, exposure, classification."""

FULL_DUE = "full_due"
"""An account that came to hold another asset before it had moved: it acquires nothing until it has."""

ONBOARDING = "onboarding"
"""The policy of nobody's product: which jurisdictions are onboarded at all."""

ANYWHERE = "any"
"""In place of a list of jurisdictions: all of them, less those denied."""

_CLASSES = ("retail", "individual_professional", "corporate_professional", "institutional")
_FIELDS = frozenset(
    {"product", "licensed_stablecoin", "classes", "allowed", "denied", "documents", "limited"}
)

_RECORDS = schema.records
_IN_FORCE = Prepared(
    sa.select(_RECORDS.c.data).where(
        _RECORDS.c.kind == RecordKind.POLICY, _RECORDS.c.state == RecordState.IN_FORCE
    )
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that must have been acknowledged: its name, current version and SHA-256."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may order a product: a coin by its symbol, a fund's class as `FUND/CLASS`, or `onboarding`.

    `licensed_stablecoin` says that an account of either regime may hold it. `allowed` is a set of
    jurisdictions (ISO 3166-1 alpha-2), or None for any that isn't `denied`. `limited` are the kinds of order
    for which client, wallet kind and distributor each need a limit, if only one that says there is none.
    """

    product: str
    licensed_stablecoin: bool
    classes: frozenset[str]
    allowed: frozenset[str] | None
    denied: frozenset[str]
    documents: tuple[Document, ...]
    limited: frozenset[OrderKind]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Policy:
        """The policy of a document. Raises `InvalidInput` for a field that is missing, unknown or wrong."""
        if set(data) != _FIELDS:
            raise InvalidInput(
                f"a policy states {', '.join(sorted(_FIELDS))}; this one lacks "
                f"{sorted(_FIELDS - set(data))} and has {sorted(set(data) - _FIELDS)} besides"
            )
        if not isinstance(data["licensed_stablecoin"], bool):
            raise InvalidInput(
                f"licensed_stablecoin {data['licensed_stablecoin']!r} is neither true nor false"
            )
        unknown = set(data["classes"]) - set(_CLASSES)
        if unknown:
            raise InvalidInput(f"classes {sorted(unknown)} are unknown: use {', '.join(_CLASSES)}")
        if data["allowed"] != ANYWHERE and not isinstance(data["allowed"], list):
            raise InvalidInput(
                f"allowed must list jurisdictions, or be {ANYWHERE!r}: nothing is not anything"
            )
        try:
            documents = tuple(Document(**item) for item in data["documents"])
            limited = frozenset(OrderKind(item) for item in data["limited"])
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the policy of {data['product']!r} can't be read: {error}") from error
        for item in documents:
            if "/" in item.name + item.version:
                raise InvalidInput(
                    f"document {item.name!r}, version {item.version!r}: without a slash, please"
                )
            checks.one_line(item.name, what="document", longest=64)
            checks.one_line(item.version, what="version", longest=32)
            checks.sha256_hex(item.digest)
        return cls(
            product=checks.one_line(data["product"], what="product"),
            licensed_stablecoin=data["licensed_stablecoin"],
            classes=frozenset(data["classes"]),
            allowed=None if data["allowed"] == ANYWHERE else _countries(data["allowed"]),
            denied=_countries(data["denied"]),
            documents=documents,
            limited=limited,
        )

    def to_data(self) -> dict[str, Any]:
        """JSON data, from which `from_data` makes the policy again."""
        return {
            "product": self.product,
            "licensed_stablecoin": self.licensed_stablecoin,
            "classes": sorted(self.classes),
            "allowed": ANYWHERE if self.allowed is None else sorted(self.allowed),
            "denied": sorted(self.denied),
            "documents": [
                {"name": item.name, "version": item.version, "digest": item.digest} for item in self.documents
            ],
            "limited": sorted(self.limited),
        }

    def admits_jurisdiction(self, country: str) -> bool:
        """Whether the policy allows it. What is denied is denied, listed as allowed or not."""
        return country not in self.denied and (self.allowed is None or country in self.allowed)


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies in force, by product."""

    by_product: Mapping[str, Policy]

    def of(self, product: str) -> Policy | None:
        """The product's policy; None if no policy is in force at all. Raises `ProductNotAdmitted`."""
        if not self.by_product:
            return None
        found = self.by_product.get(product)
        if found is None:
            raise ProductNotAdmitted(
                f"no policy is in force for {product}: adopt one that says who may order it", product=product
            )
        return found


def policies(connection: Connection) -> Policies:
    """The policies in force now."""
    found = (Policy.from_data(json.loads(text)["policy"]) for text in _IN_FORCE.scalars(connection))
    return Policies({policy.product: policy for policy in found})


def _countries(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(checks.country(code) for code in codes)
