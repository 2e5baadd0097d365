"""The table of who may call what after what delay, read from the chain, and what must never be in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

from toolkit.bindings.roles import Role
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.client import Block, Client
from toolkit.chain.hexes import to_hex
from toolkit.chain.logs import Event
from toolkit.deployment.access import (
    ATTESTOR,
    FEEDS,
    MANAGER_FUNCTIONS,
    MARKET_FUNCTIONS,
    OPPOSITE_ENDS,
    VAULT_FUNCTIONS,
    forbidden_pairs,
    function_selector,
    functions_of,
    kind_of,
    role_name,
)
from toolkit.deployment.record import DeploymentRecord
from toolkit.deployment.state import AccessState, Read, read_access, read_events, read_many
from toolkit.deployment.suite import AddressBook
from toolkit.errors import ForbiddenRoles

__all__ = ["MARKET", "VAULTS", "RoleRow", "RoleTable", "read_role_table", "read_roles"]

MARKET = "the market"
"""What the table calls the coin's one stored market address."""

VAULTS = "the vaults"
"""What the table calls the addresses that a share class has marked as its vaults."""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One function and who may call it: each holder of `role` after its delay in seconds."""

    contract: str
    function: str
    selector: str
    role: str
    holders: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "contract": self.contract,
            "function": self.function,
            "selector": self.selector,
            "role": self.role,
            "holders": [{"account": account, "delay": delay} for account, delay in self.holders],
        }


@dataclass(frozen=True, slots=True)
class RoleTable:
    """The whole table at `block`. `holders`: role (or `ATTESTOR`) → account → delay in seconds.

    `gate` is the GuardianGate, which holds ADMIN by design and can only take away and call off.
    """

    block: Block
    rows: tuple[RoleRow, ...]
    holders: Mapping[str, Mapping[str, int]]
    gate: str

    def __iter__(self) -> Iterator[RoleRow]:
        return iter(self.rows)

    def row(self, contract: str, function: str) -> RoleRow:
        """The row of a function, by its name or its signature."""
        for row in self.rows:
            if row.contract == contract and function in (row.function, row.function.partition("(")[0]):
                return row
        raise KeyError(f"{contract}.{function}")

    def forbidden(self) -> list[str]:
        """Every account that holds two roles which must be apart, and every role with both ends."""
        problems = [
            f"{account} is both {left} and {right}" for account, left, right in forbidden_pairs(self.holders)
        ]
        for meaning, contract, first, other, second in OPPOSITE_ENDS:
            for left, right in product(self._rows(contract, first), self._rows(other, second)):
                if left.role == right.role:
                    places = f"{left.contract}.{first}, {right.contract}.{second}"
                    problems.append(f"{left.role} can {meaning} ({places})")
        for row in self.rows:
            if row.role == "APPROVER":
                problems.append(f"APPROVER, who sign, can call {row.contract}.{row.function}")
            elif row.role == "ADMIN" and row.contract != "AccessManager":
                problems.append(f"ADMIN, who grant, can call {row.contract}.{row.function} themselves")
            elif row.role == _PUBLIC:
                problems.append(f"anyone can call {row.contract}.{row.function}")
        return problems

    def _rows(self, kind: str, function: str) -> list[RoleRow]:
        """The rows of a function on every contract of a kind."""
        return [
            row
            for row in self.rows
            if kind_of(row.contract) == kind and row.function.partition("(")[0] == function
        ]

    def check(self) -> None:
        """Raises ForbiddenRoles, with every problem in `details["problems"]`."""
        problems = self.forbidden()
        if problems:
            raise ForbiddenRoles(
                "roles that must be apart are together: " + "; ".join(problems) + "; revoke one of each",
                problems=problems,
            )

    def to_json(self) -> list[dict[str, Any]]:
        return [row.to_json() for row in self.rows]


_PUBLIC_ROLE = 2**64 - 1
_PUBLIC = "anyone"


def read_roles(record: DeploymentRecord, client: Client) -> RoleTable:
    """The table of a deployment at the latest block.

    Raises DeploymentError for an incomplete record, and NodeError. `record.check` comes first where the
    record isn't fresh.
    """
    return read_role_table(client, record.book, record.founder, record.first_block, client.block("latest"))


def read_role_table(
    client: Client, book: AddressBook, founder: str, first_block: int, block: Block
) -> RoleTable:
    """The table of the suite in `book` at `block`; no log before `first_block` is looked at."""
    events = read_events(client, book, founder, first_block, block)
    access = read_access(client, book, block, events)
    feeds = [Read(contract, "attestors") for contract in book.addresses if kind_of(contract) in FEEDS]
    market, *attestors = read_many(client, book, [Read("Stablecoin", "market"), *feeds], block)
    known = {*(int(role) for role in Role), *(role for role, _ in access.members)}
    holders = {role_name(role): access.holders(role, block.timestamp) for role in sorted(known)}
    holders[ATTESTOR] = dict.fromkeys(chain(*attestors), 0)
    rows = [
        *_function_rows(book, access, block.timestamp),
        *_market_rows(market),
        *_vault_rows(book, events),
    ]
    return RoleTable(block, tuple(rows), holders, book.address("GuardianGate"))


def _function_rows(book: AddressBook, access: AccessState, now: int) -> Iterator[RoleRow]:
    for text in MANAGER_FUNCTIONS:
        yield _row("AccessManager", text, function_selector(text), int(Role.ADMIN), access, now)
    listed = {(contract, function_selector(text)): text for contract, _, text in functions_of(book.addresses)}
    others = {key: "an unlisted function" for key in access.functions if key not in listed}
    for (contract, code), text in {**listed, **others}.items():
        role = access.functions[contract, code]
        # ADMIN is what an unlisted function has anyway.
        if (contract, code) not in others or role != Role.ADMIN:
            yield _row(contract, text, code, role, access, now)


def _row(contract: str, text: str, code: bytes, role: int, access: AccessState, now: int) -> RoleRow:
    holders = tuple(access.holders(role, now).items())
    return RoleRow(
        contract, text, to_hex(code), _PUBLIC if role == _PUBLIC_ROLE else role_name(role), holders
    )


def _market_rows(market: str) -> Iterator[RoleRow]:
    for text in MARKET_FUNCTIONS:
        yield RoleRow("Stablecoin", text, to_hex(function_selector(text)), MARKET, ((market, 0),))


def _vault_rows(book: AddressBook, events: Sequence[Event]) -> Iterator[RoleRow]:
    current = {
        (event.log.address, event.args["asset"]): event.args["vault"]
        for event in events
        if event.name == "VaultUpdate"
    }
    for contract, address in book.addresses.items():
        if kind_of(contract) == "FundShare":
            vaults = {vault for (share, _), vault in current.items() if share == address} - {ZERO_ADDRESS}
            holders = tuple((vault, 0) for vault in sorted(vaults))
            for text in VAULT_FUNCTIONS:
                yield RoleRow(contract, text, to_hex(function_selector(text)), VAULTS, holders)
