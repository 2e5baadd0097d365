"""Whether deployed contracts belong together, as far as they say themselves."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.bindings.contract import Contract
from toolkit.errors import CodeMismatch, Drift

__all__ = ["check_built_in", "check_set"]


def check_built_in(rows: Iterable[tuple[Contract, str, str, str]]) -> None:
    """(contract, what, address found, address recorded) of what is part of the code.

    Raises CodeMismatch where they differ: the contract can't have been deployed with the others.
    """
    for contract, name, found, recorded in rows:
        if found != recorded:
            raise CodeMismatch(
                f"{contract!r} has the {name} {found}, the record has {recorded}: it belongs to another "
                "deployment; use the record that its deployment wrote",
                found=found,
                recorded=recorded,
            )


def check_set(rows: Iterable[tuple[str, str, str]]) -> None:
    """(what, address found, address recorded) of what can be set. Raises Drift where they differ."""
    for name, found, recorded in rows:
        if found != recorded:
            raise Drift(
                f"{name} is {found}, the record has {recorded}: it was changed since; see `issuance deploy "
                "plan`",
                differences=[f"{name}: {found} instead of {recorded}"],
            )
