"""Options that several commands share, and how they are resolved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from toolkit.chain.signers import Signer
    from toolkit.desk import Desk
    from toolkit.issuance import Issuance
    from toolkit.ledger import Ledger

__all__ = [
    "By",
    "Json",
    "Keys",
    "LedgerUrl",
    "Record",
    "Rpc",
    "TermsFile",
    "chosen",
    "keys_from",
    "open_desk",
    "open_issuance",
    "open_ledger",
    "signer_from",
]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Rpc = Annotated[
    str, typer.Option("--rpc", envvar="ISSUANCE_RPC", help="The node: http(s) address or IPC path.")
]
Record = Annotated[
    Path, typer.Option("--record", envvar="ISSUANCE_RECORD", help="The deployment record (JSON).")
]
LedgerUrl = Annotated[
    str,
    typer.Option("--ledger", envvar="ISSUANCE_LEDGER", help="The ledger's database, e.g. sqlite:///desk.db"),
]
TermsFile = Annotated[
    Path | None,
    typer.Option(
        "--terms",
        envvar="ISSUANCE_TERMS",
        help="The coin's terms: on a development chain the desk then signs with the accounts they name.",
    ),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        help="ROLE=SIGNER, e.g. operator=anvil:1 or treasurer=keystore:keys/treasurer.json. Repeat it. "
        "A keystore's password is read from the file that ISSUANCE_KEYSTORE_PASSWORD_FILE names.",
    ),
]

By = Annotated[str, typer.Option("--by", help="Who does this: a person's id.")]

PASSWORD_FILE = "ISSUANCE_KEYSTORE_PASSWORD_FILE"  # noqa: S105 - the name of the variable, not its value


def signer_from(text: str) -> Signer:
    """The signer that `text` names: `anvil:INDEX` (development chains) or `keystore:PATH`.

    Raises ConfigurationError.
    """
    kind, _, rest = text.partition(":")
    if kind == "anvil" and rest.isdigit():
        from toolkit.chain.signers import dev_signer

        return dev_signer(int(rest))
    if kind == "keystore" and rest:
        from toolkit.chain.signers import LocalSigner

        password_file = os.environ.get(PASSWORD_FILE)
        if not password_file:
            raise ConfigurationError(
                f"keystore {rest} needs its password: name the file that holds it in {PASSWORD_FILE}"
            )
        try:
            password = Path(password_file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise ConfigurationError(
                f"password file {password_file} can't be read: {error.strerror}"
            ) from None
        return LocalSigner.from_keystore(rest, password)
    raise ConfigurationError(
        f"signer {text!r} is unknown: write anvil:INDEX (a development account) or keystore:PATH"
    )


def keys_from(pairs: list[str] | None) -> dict[str, Signer]:
    """`ROLE=SIGNER` pairs as a mapping. Raises ConfigurationError."""
    keys = {}
    for pair in pairs or []:
        role, equals, signer = pair.partition("=")
        if not equals or not role or not signer:
            raise ConfigurationError(f"--key {pair!r} is not ROLE=SIGNER, e.g. operator=anvil:1")
        if role in keys:
            raise ConfigurationError(f"--key names {role} twice; give each role one signer")
        keys[role] = signer_from(signer)
    return keys


def chosen(text: str, names: Iterable[str], *, what: str) -> str:
    """`text` if it is one of `names`. Raises InvalidInput."""
    known = list(names)
    if text not in known:
        raise InvalidInput(f"{what} {text!r} is unknown: use one of {', '.join(known)}")
    return text


def open_issuance(record: Path, rpc: str) -> Issuance:
    """The recorded deployment on the node, after checking that it is that one."""
    from toolkit.issuance import Issuance

    return Issuance.load(record, rpc)


@contextmanager
def open_desk(
    record: Path, rpc: str, ledger: str, terms: Path | None = None, keys: list[str] | None = None
) -> Iterator[Desk]:
    """A desk on the recorded deployment and its ledger, with the keys given or, failing those, the terms'.

    A key that is missing is a ConfigurationError in the words of the command line.
    """
    from toolkit.desk import Desk
    from toolkit.issuance import Issuance

    signers = keys_from(keys) or None
    issuance = Issuance.load(record, rpc, terms=terms)
    with Desk(issuance, ledger, signers=signers) as desk:
        try:
            yield desk
        except ConfigurationError as error:
            role = error.details.get("role")
            if role is None:
                raise
            raise ConfigurationError(
                f"this needs a key for the role {role}: give --key {role}=keystore:PATH, or on a "
                f"development chain --key {role}=anvil:INDEX or --terms with the coin's terms",
                role=role,
            ) from error


@contextmanager
def open_ledger(record: Path, rpc: str, ledger: str) -> Iterator[Ledger]:
    """The ledger of the recorded deployment, with that deployment's clock."""
    with open_desk(record, rpc, ledger) as desk:
        yield desk.ledger
