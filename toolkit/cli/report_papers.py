"""Reports as files: written in all their forms, read back, and what of them is signed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.bindings.signable import Signable
    from toolkit.ledger import Ledger
    from toolkit.reporting.report import Report
    from toolkit.reporting.reports.content import Content
    from toolkit.reporting.shelf import Shelf

__all__ = ["outside", "require_place", "signable_of", "succeeding", "write_report"]


def write_report(report: Report[Any], folder: Path, beside: Mapping[str, str] | None = None) -> list[Path]:
    """Writes a report into a folder in all its forms, and returns the files. `beside` are further texts that
    belong to it, by the end of the file's name.
    """
    from toolkit.cli.files import make_folder, write_bytes
    from toolkit.reporting.rendering import to_csv, to_html

    make_folder(folder)
    document = report.document
    stem = f"{document.report_id.replace('/', '_')}_v{document.version}"
    texts = {f"{stem}.json": report.to_json(), f"{stem}.html": to_html(report)}
    texts |= {f"{stem}.{name}.csv": text for name, text in to_csv(report).items()}
    texts |= {f"{stem}.{name}": text for name, text in (beside or {}).items()}
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in texts]


def require_place(content: Content, beside: Mapping[str, str], out: Path | None) -> None:
    """Raises InvalidInput where a report, or what belongs to it, would be kept nowhere."""
    if out is None and (beside or not content.in_ledger):
        raise InvalidInput(
            f"a {content.kind} has what the ledger keeps only the hash of: say with --out FOLDER where the "
            "files go",
            kind=content.kind,
        )


def outside(file: Path | None, report_id: str) -> Report[Any] | None:
    """The report in a file, if one is given. Raises InvalidInput for another report's."""
    from toolkit.cli.files import read_bytes
    from toolkit.reporting.report import read_report

    if file is None:
        return None
    report = read_report(read_bytes(file))
    if report.document.report_id != report_id:
        raise InvalidInput(f"{file} is {report.document.report_id}, not {report_id}: give that report's file")
    return report


def succeeding(filing: Shelf, report_id: str, reason: str | None, previous: Path | None) -> dict[str, Any]:
    """What makes a report the next version: with a reason, or where the next is a draft already. `previous`
    is the version before where it is kept outside of the ledger.
    """
    from toolkit.ledger.record_words import RecordState

    versions = filing.versions(report_id)
    if not versions:
        return {}
    given = outside(previous, report_id)
    last = versions[-1]
    out = last.state not in (RecordState.GENERATED, RecordState.REVIEWED)
    if reason is not None and out:
        return {"previous": filing.latest(report_id, given).document, "reason": reason}
    number, why = last.data["version"], (last.data["document"] or {}).get("reason")
    if number == 1:
        return {}
    before = filing.get(report_id, number - 1) if given is None else filing.signed_off(given)
    return {"previous": before.document, "reason": reason or why}


def signable_of(ledger: Ledger, report_id: str, part: str, given: Report[Any] | None) -> Signable:
    """What the preparer or the reviewer of the latest version signs. Raises InvalidInput."""
    from toolkit.reporting.attestations import shelf_of
    from toolkit.reporting.signing import signable

    shelf = shelf_of(ledger, report_id)
    report = shelf.latest(report_id, given)
    people = {name: getattr(report.sign_off, field) for name, field in shelf.fields.items()}
    person = people.get(part)
    if person is None:
        known = " and ".join(name for name, known in people.items() if known is not None)
        raise InvalidInput(f"{report_id} has no {part} yet: it has its {known}; a reviewer once reviewed")
    return signable(report.document, part=part, person=person)
