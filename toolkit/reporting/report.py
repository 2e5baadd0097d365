"""A report: one document with one canonical form and one hash, and apart from it who stands behind it.

The document follows from the figures as of its cut-off and from nothing else: no clock, time zone, locale or
database has a part in it, so that made again it is the same to the byte. When it was made and by whom, who
signed it, where it was published and what superseded it is the sign-off, which the hash doesn't cover and
the signatures and the ledger do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Literal, Self, TypeVar

import rfc8785
from pydantic import Field, ValidationError, model_validator
from pydantic_core import from_json as parse_json

from toolkit.errors import InvalidInput
from toolkit.reporting.reports.content import Content, Period
from toolkit.reporting.reports.values import Model, Moment, Text, problems, require

__all__ = [
    "Document",
    "FiguresDoNotAddUp",
    "InputHash",
    "Receipt",
    "Report",
    "SignOff",
    "Signature",
    "Supersedes",
    "compose",
    "read_report",
    "schema_of",
]

C = TypeVar("C", bound=Content)
Digest = r"^[0-9a-f]{64}$"
_MAX_BYTES = 256 * 1024 * 1024


class FiguresDoNotAddUp(InvalidInput):
    """A report's figure doesn't follow from its others, or its hash isn't that of its content."""

    code = "figures_do_not_add_up"


class InputHash(Model):
    """Something that the report was made from, and the sha256 of its canonical form."""

    name: Text
    sha256: str = Field(pattern=Digest)


class Supersedes(Model):
    """The version before, which stays as it was published."""

    version: int = Field(ge=1)
    sha256: str = Field(pattern=Digest)


class Document(Model, Generic[C]):
    """What is hashed, signed and published.

    `sha256` is over the canonical JSON (RFC 8785) of everything else in here.
    """

    report_id: Text
    kind: Text
    schema_version: Literal[1] = 1
    version: int = Field(ge=1)
    supersedes: Supersedes | None
    reason: Text | None
    profile: Text
    period: Period
    as_of: Moment
    input_hashes: tuple[InputHash, ...] = Field(min_length=1)
    content: C
    sha256: str = Field(pattern=Digest)

    @model_validator(mode="after")
    def _is_itself(self) -> Self:
        require(self.kind == self.content.kind, f"a {self.kind} with the content of a {self.content.kind}")
        require(self.period.start <= self.period.end, f"the period {self.period} ends before it starts")
        if self.version == 1:
            require(self.supersedes is None, "the first version supersedes nothing")
        else:
            require(
                self.supersedes is not None and self.supersedes.version == self.version - 1,
                f"version {self.version} has to say that it supersedes version {self.version - 1}",
            )
            require(self.reason is not None, f"version {self.version} restates a report and gives no reason")
        computed = self.compute_sha256()
        require(self.sha256 == computed, f"the content's sha256 is {computed}, not {self.sha256}")
        return self

    def compute_sha256(self) -> str:
        """The sha256 that the document has to state."""
        return digest({key: value for key, value in self.to_data().items() if key != "sha256"})

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return self.model_dump(mode="json")


class Signature(Model):
    """One person's EIP-712 signature under the document's hash (`toolkit.reporting.signing`)."""

    part: Literal["preparer", "reviewer", "practitioner"]
    person: Text
    signer: str = Field(pattern=r"^0x[0-9a-fA-F]{40}$")
    signature: str = Field(pattern=r"^0x[0-9a-f]{130}$")
    at: Moment


class Receipt(Model):
    """Where it was published (`url`), or what the supervisor answered (`receipt`)."""

    kind: Literal["published", "submitted"]
    reference: Text
    at: Moment


class SignOff(Model):
    """Who stands behind a document, and what became of it; times are the ledger's."""

    state: Text = "draft"
    generator: Text
    generated_at: Moment | None = None
    prepared_by: Text | None = None
    reviewed_by: Text | None = None
    signatures: tuple[Signature, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    superseded_by: int | None = None


@dataclass(frozen=True, slots=True)
class Report(Generic[C]):
    """A document with its sign-off. Make one with `compose` or `read_report`."""

    document: Document[C]
    sign_off: SignOff

    def to_data(self) -> dict[str, Any]:
        """JSON data: the file's form."""
        return {"document": self.document.to_data(), "sign_off": self.sign_off.model_dump(mode="json")}

    def to_json(self) -> str:
        """The report as indented JSON with a final newline."""
        return json.dumps(self.to_data(), indent=1, ensure_ascii=False) + "\n"

    def signed_off(self, sign_off: SignOff) -> Report[C]:
        """The same document under another sign-off."""
        return replace(self, sign_off=sign_off)


def compose(
    content: C,
    *,
    subject: str,
    period: Period,
    as_of: datetime,
    profile: str,
    inputs: Mapping[str, str],
    previous: Document[Any] | None = None,
    reason: str | None = None,
) -> Report[C]:
    """The report with this content, not signed by anybody.

    `subject` is the coin or the share class, `inputs` maps names to sha256 (64 hex digits). With `previous`
    it is that document's next version and needs a reason. Raises `FiguresDoNotAddUp` for content whose
    figures disagree, `InvalidInput` for a version without a reason.
    """
    name = f"{content.kind}/{subject}/{period}"
    if previous is not None and previous.report_id != name:
        raise InvalidInput(f"{name} can't supersede {previous.report_id}: give the version before")
    if previous is not None and not (reason or "").strip():
        raise InvalidInput(
            f"{name}, version {previous.version}, is out: say why it is restated (a reason)", report=name
        )
    data: dict[str, Any] = {
        "report_id": name,
        "kind": content.kind,
        "schema_version": 1,
        "version": 1 if previous is None else previous.version + 1,
        "supersedes": None if previous is None else {"version": previous.version, "sha256": previous.sha256},
        "reason": reason if previous is not None else None,
        "profile": profile,
        "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
        "as_of": Moment.of(as_of).model_dump(mode="json"),
        "input_hashes": [{"name": key, "sha256": inputs[key]} for key in sorted(inputs)],
        "content": content.model_dump(mode="json"),
    }
    data["sha256"] = digest(data)
    return Report(_document(data, type(content)), SignOff(generator=generator()))


def read_report(text: str | bytes) -> Report[Any]:
    """The report in a JSON text, with every figure that follows from others recomputed.

    Takes a file with a sign-off, or a document alone. Raises `FiguresDoNotAddUp` naming what is wrong.
    """
    if len(text) > _MAX_BYTES:
        raise InvalidInput(f"the report is larger than {_MAX_BYTES} bytes")
    try:
        parse_json(text)  # bounds the nesting, which the standard library leaves to the stack
        data = json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        raise InvalidInput(f"the report is not JSON: {error}") from error
    return report_from_data(data)


def report_from_data(data: Any) -> Report[Any]:
    """As `read_report`, from JSON data."""
    from toolkit.reporting.reports import content_of

    if not isinstance(data, dict):
        raise InvalidInput(f"a report is a JSON object, not {type(data).__name__}")
    wrapped = "document" in data
    document = data["document"] if wrapped else data
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise InvalidInput("the report doesn't say what kind it is")
    read = _document(document, content_of(document["kind"]))
    if not wrapped:
        return Report(read, SignOff(generator=generator()))
    try:
        sign_off = SignOff.model_validate_json(json.dumps(data.get("sign_off")))
    except ValidationError as error:
        raise FiguresDoNotAddUp(
            f"{read.report_id}: the sign-off can't be used: {'; '.join(problems(error))}"
        ) from error
    return Report(read, sign_off)


def schema_of(content: type[Content]) -> dict[str, Any]:
    """The published JSON Schema (2020-12) of a kind's document."""
    schema = Document[content].model_json_schema(mode="serialization")  # type: ignore[valid-type]
    schema["properties"]["kind"] = {"const": content.kind}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": content.title,
        "description": (content.__doc__ or "").strip(),
    }


def digest(data: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON (RFC 8785), 64 hex digits."""
    return hashlib.sha256(rfc8785.dumps(dict(data))).hexdigest()


def generator() -> str:
    """Which program made it."""
    from importlib.metadata import version

    return f"issuance-toolkit {version('issuance-toolkit')}"


def _document(data: Mapping[str, Any], content: type[C]) -> Document[C]:
    try:
        return Document[content].model_validate_json(json.dumps(data))  # type: ignore[valid-type]
    except ValidationError as error:
        found = problems(error)
        raise FiguresDoNotAddUp(
            f"{data.get('report_id', 'the report')} doesn't add up: {'; '.join(found)}", problems=found
        ) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is given twice")
        found[key] = value
    return found
