"""What a case may stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from toolkit.compliance.errors import AuthorityMissing

__all__ = ["Authority", "AuthorityKind", "Taking", "require_digest", "required"]

_HASH = re.compile(r"0x[0-9a-f]{64}")


class AuthorityKind(StrEnum):
    """What a freeze may stand on (regulation.md 4.6)."""

    SANCTIONS = "sanctions"
    COURT_ORDER = "court_order"
    LEA_REQUEST = "lea_request"
    RISK = "risk"


class Taking(StrEnum):
    """What may be done with what is frozen: on an order, or to give an investor back what is theirs."""

    SEIZE = "seize"
    BURN = "burn"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class Authority:
    """What a step stands on: `reference` names the list with its version, the order or the request;
    `document` is the hash of the document (0x and 64 hex digits).
    """

    kind: AuthorityKind
    reference: str
    document: str

    def to_data(self) -> dict[str, str]:
        """As the case keeps it. Raises AuthorityMissing for a blank reference or no hash."""
        if not self.reference.strip():
            raise AuthorityMissing(
                f"a {self.kind} without a reference is no authority: name the list and its version, the "
                "order, the request or the risk file"
            )
        require_digest(self.document)
        return {
            "kind": AuthorityKind(self.kind).value,
            "reference": self.reference,
            "document": self.document,
        }


def required(authority: Authority | None) -> Authority:
    """The authority, if it is one. Raises AuthorityMissing."""
    if authority is None:
        raise AuthorityMissing("a case stands on an authority: a list, an order, a request or a risk on file")
    authority.to_data()
    return authority


def require_digest(text: str) -> str:
    """The digest of a document on file. Raises AuthorityMissing unless it is 0x and 64 hex digits."""
    if _HASH.fullmatch(text) is None:
        raise AuthorityMissing(
            f"the document's hash {text!r} is not 0x and 64 hexadecimal digits: give the SHA-256 or keccak "
            "of the document on file"
        )
    return text
