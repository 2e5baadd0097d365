"""What is signed under a report: EIP-712 over its hash, readable in a wallet.

The hash covers the whole document, so a signature binds every figure, the version and the reason. The
issuer's reports are signed by preparer and reviewer, who are two persons, and two keys of one person are one
person; the practitioner's by the practitioner alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.bindings.signable import Signable
from toolkit.chain.hexes import from_hex
from toolkit.chain.signers import recover_address
from toolkit.errors import InvalidInput
from toolkit.reporting.report import Document, FiguresDoNotAddUp, Report

__all__ = ["Checked", "signable", "verify_report"]

_DOMAIN = {"name": "Issuance reports", "version": "1"}
_TYPES = {
    "Report": [
        {"name": "reportId", "type": "string"},
        {"name": "version", "type": "uint256"},
        {"name": "sha256", "type": "bytes32"},
        {"name": "part", "type": "string"},
        {"name": "person", "type": "string"},
    ]
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a verification established, and what it can't say without the ledger."""

    established: tuple[str, ...]
    not_checked: tuple[str, ...]


def signable(document: Document[Any], *, part: str, person: str) -> Signable:
    """The typed data that `person` signs as `part`, one of the content's `parts`. Raises InvalidInput."""
    parts = document.content.parts
    if part not in parts:
        raise InvalidInput(f"{part!r} is no part in a {document.kind}: use {' or '.join(parts)}", part=part)
    return Signable(
        _DOMAIN,
        _TYPES,
        "Report",
        {
            "reportId": document.report_id,
            "version": document.version,
            "sha256": bytes.fromhex(document.sha256),
            "part": part,
            "person": person,
        },
    )


def verify_report(report: Report[Any]) -> Checked:
    """Checks a report's signatures; its figures and its hash were checked when it was read.

    Raises `FiguresDoNotAddUp` for a signature that isn't the stated signer's, and for one person, or one
    key, in both parts.
    """
    document, sign_off = report.document, report.sign_off
    established = [
        f"the content's sha256 is {document.sha256}",
        "every figure that follows from others was recomputed",
    ]
    for item in sign_off.signatures:
        digest = signable(document, part=item.part, person=item.person).digest
        signer = recover_address(digest, from_hex(item.signature, what="signature", length=65))
        if signer != item.signer:
            raise FiguresDoNotAddUp(
                f"{document.report_id}: the {item.part}'s signature is {signer}'s, not {item.signer}'s",
                signer=signer,
            )
        established.append(f"{item.signer} signed as {item.part} for {item.person}")
    for what in ("part", "person", "signer"):
        names = [str(getattr(item, what)).lower() for item in sign_off.signatures]
        if len(set(names)) != len(names):
            raise FiguresDoNotAddUp(f"{document.report_id}: one {what} signed twice")
    open_questions = [
        "whether the inputs named in input_hashes are those of the ledger and the chain",
    ]
    if sign_off.signatures:
        open_questions.append(
            "whether the signers' keys are registered to the persons named, and not revoked"
        )
    missing = [
        part for part in document.content.parts if part not in {item.part for item in sign_off.signatures}
    ]
    if missing:
        open_questions.append(f"no signature of the {' and the '.join(missing)} is in the file")
    return Checked(tuple(established), tuple(open_questions))
