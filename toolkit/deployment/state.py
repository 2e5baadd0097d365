"""What the chain holds of a suite, read at one block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.bindings.roles import Role
from toolkit.bindings.structs import Access
from toolkit.chain.abi import decode_result, encode_arguments, selector, topic0
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.calls import Call
from toolkit.chain.client import Block, Client
from toolkit.chain.hexes import keccak, to_hex
from toolkit.chain.logs import Event, EventDecoder
from toolkit.deployment.access import FUNCTION_ROLES, function_selector, functions_of, kind_of
from toolkit.deployment.code import read_code
from toolkit.deployment.factory import FACTORY, FACTORY_CODE
from toolkit.deployment.suite import AddressBook, Creation, Suite
from toolkit.deployment.terms_file import TermsFile
from toolkit.errors import CodeMismatch, ConfigurationError

__all__ = [
    "AccessState",
    "ChainState",
    "Read",
    "read_access",
    "read_events",
    "read_many",
    "read_schedules",
    "read_state",
]


@dataclass(frozen=True, slots=True)
class Read:
    """One view to be read: `function` of `contract` with `args`."""

    contract: str
    function: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessState:
    """The access manager's table.

    `functions`: (contract, selector) → role. `members`: (role, account) → access, former members included
    with `since` 0. `admins` and `guardians`: role → role. `labels`, `grant_delays` (role) and
    `admin_delays` (target): what was last set. `closed`: contracts whose restricted functions are shut.
    """

    functions: Mapping[tuple[str, bytes], int]
    members: Mapping[tuple[int, str], Access]
    admins: Mapping[int, int]
    guardians: Mapping[int, int]
    labels: Mapping[int, str]
    grant_delays: Mapping[int, int]
    admin_delays: Mapping[str, int]
    closed: frozenset[str]

    def holders(self, role: int, timestamp: int) -> dict[str, int]:
        """Account → delay of everyone who has `role` at `timestamp`."""
        return {
            account: access.current_delay
            for (held, account), access in sorted(self.members.items())
            if held == role and 0 < access.since <= timestamp
        }


@dataclass(frozen=True, slots=True)
class ChainState:
    """A suite at `block`: the creations that are there, the access table, and the events that tell what no
    view does. Settings are read apart.
    """

    suite: Suite
    block: Block
    has_factory: bool
    present: frozenset[str]
    access: AccessState
    events: tuple[Event, ...]

    def has(self, contract: str) -> bool:
        """Whether `contract` can be called: it and what stands behind it exist."""
        behind = self.suite.implementation(contract)
        needed = {self.suite.address(contract)} | ({behind.address} if behind else set())
        return needed <= self.present

    def required_role(self, call: Call) -> int:
        """The role that the access manager asks of the caller of `call`."""
        contract, data = self.suite.book.name_of(call.to or ""), call.data
        if contract != "AccessManager":
            return self.access.functions.get((contract, data[:4]), Role.ADMIN)
        if data[:4] in _ROLE_ADMINISTRATION:
            return self.access.admins.get(int.from_bytes(data[4:36], "big"), Role.ADMIN)
        return Role.ADMIN

    def extra_delay(self, call: Call) -> int:
        """What a target's own administration delay adds to the caller's, in seconds."""
        if (
            self.suite.book.name_of(call.to or "") != "AccessManager"
            or call.data[:4] not in _TARGET_ADMINISTRATION
        ):
            return 0
        target = self.suite.book.name_of(address_from_bytes(call.data[4:36]))
        return self.access.admin_delays.get(target, 0)


_ROLE_ADMINISTRATION = frozenset(
    map(selector, ("grantRole(uint64,address,uint32)", "revokeRole(uint64,address)"))
)
_TARGET_ADMINISTRATION = frozenset(
    map(
        selector,
        (
            "updateAuthority(address,address)",
            "setTargetClosed(address,bool)",
            "setTargetFunctionRole(address,bytes4[],uint64)",
        ),
    )
)


def read_many(client: Client, book: AddressBook, reads: Sequence[Read], block: Block) -> list[Any]:
    """The answers to `reads` at `block`, in one message to the node."""
    abis = [book.function(read.contract, read.function) for read in reads]
    calls = [
        (book.address(read.contract), book.call_data(read.contract, read.function, read.args))
        for read in reads
    ]
    answers = client.calls(calls, block=block) if calls else []
    return [
        decode_result(abi, read.function, answer)
        for read, abi, answer in zip(reads, abis, answers, strict=True)
    ]


def read_schedules(
    client: Client, book: AddressBook, operations: Sequence[tuple[str, Call]], block: Block
) -> dict[tuple[str, str | None, bytes], int]:
    """(caller, target, data) → Unix time from which the scheduled operation may be made.

    Operations that are not scheduled, or whose week has passed, are left out.
    """
    reads = []
    for caller, call in operations:
        types = [{"type": "address"}, {"type": "address"}, {"type": "bytes"}]
        identity = keccak(encode_arguments(types, [caller, call.to, call.data]))
        reads.append(Read("AccessManager", "getSchedule", (identity,)))
    answers = read_many(client, book, reads, block)
    return {
        (caller, call.to, call.data): ready_at
        for (caller, call), ready_at in zip(operations, answers, strict=True)
        if ready_at
    }


def read_state(client: Client, terms: TermsFile, suite: Suite) -> ChainState:
    """The state at the latest block.

    Raises CodeMismatch for code at an address of the suite that is not the suite's.
    """
    block = client.block("latest")
    has_factory, present = _read_code(client, suite, block)
    if suite.address("AccessManager") not in present:
        initial = {(int(Role.ADMIN), suite.founder): Access(1, 0, 0, 0)}
        access = AccessState({}, initial, {}, {}, {}, {}, {}, frozenset())
        return ChainState(suite, block, has_factory, present, access, ())
    book = suite.book
    events = read_events(client, book, suite.founder, terms.first_block, block)
    candidates = {
        *((role, holder.account) for role in Role for holder in terms.holders(role)),
        (Role.ADMIN, suite.founder),
        (Role.ADMIN, book.address("GuardianGate")),
    }
    return ChainState(
        suite,
        block,
        has_factory,
        present,
        read_access(client, book, block, events, {(int(role), account) for role, account in candidates}),
        events,
    )


def _read_code(client: Client, suite: Suite, block: Block) -> tuple[bool, frozenset[str]]:
    proxies = [item for item in suite.creations if item.part == "proxy"]
    addresses = [FACTORY, *(item.address for item in suite.creations)]
    (factory, *codes), running = read_code(client, addresses, [item.address for item in proxies], block)
    if factory not in (b"", FACTORY_CODE):
        raise CodeMismatch(
            f"the code at {FACTORY} is not the canonical CREATE2 deployer's, so addresses would not follow "
            "from the terms; deploy on another chain",
            address=FACTORY,
        )
    present = set()
    for creation, code in zip(suite.creations, codes, strict=True):
        if code:
            _check_code(creation, code)
            present.add(creation.address)
    for creation, found in zip(proxies, running, strict=True):
        if creation.address in present:
            _check_implementation(creation, found)
    return bool(factory), frozenset(present)


def _check_code(creation: Creation, code: bytes) -> None:
    if not creation.is_code(code):
        raise CodeMismatch(
            f"the code at {creation.address} is not {creation.title}'s (hash {to_hex(keccak(code))}); "
            "use the toolkit version that deployed it, and treat the contract as foreign until then",
            address=creation.address,
            contract=creation.title,
        )


def _check_implementation(creation: Creation, found: str) -> None:
    expected = creation.arguments["implementation"]
    if found != expected:
        raise CodeMismatch(
            f"{creation.title} at {creation.address} runs {found}, the terms and the packaged bytecode give "
            f"{expected}: it was upgraded; use the toolkit version that it was upgraded with",
            address=creation.address,
            found=found,
            expected=expected,
        )


_EVENTS = {
    "AccessManager": {
        "RoleGranted",
        "RoleAdminChanged",
        "RoleGuardianChanged",
        "RoleLabel",
        "RoleGrantDelayChanged",
        "TargetFunctionRoleUpdated",
        "TargetAdminDelayUpdated",
        "TargetClosed",
    },
    "PrimaryMarket": {"OperatorLimitChanged"},
    "FundShare": {"CountriesChanged", "VaultUpdate"},
}


def read_events(
    client: Client, book: AddressBook, founder: str, first_block: int, block: Block
) -> tuple[Event, ...]:
    """What changed access, operators' limits, countries and vaults from `first_block` to `block`.

    Raises ConfigurationError unless the manager's own beginning is there, the grant of ADMIN to `founder`:
    who was granted a role before the first block looked at would be seen by nobody.
    """
    contracts = [contract for contract in book.addresses if kind_of(contract) in _EVENTS]
    abi = [
        entry
        for kind in sorted({kind_of(contract) for contract in contracts})
        for entry in book.abi(kind)
        if entry.get("type") == "event" and entry["name"] in _EVENTS[kind]
    ]
    addresses = [book.address(contract) for contract in contracts]
    logs = client.logs(addresses, [[topic0(entry) for entry in abi]], first_block, block)
    events = tuple(EventDecoder([abi]).decode_all(logs))
    beginning = (int(Role.ADMIN), founder)
    grants = (event for event in events if event.name == "RoleGranted")
    if not any((event.args["roleId"], event.args["account"]) == beginning for event in grants):
        raise ConfigurationError(
            f"block {first_block} is after the access manager's creation: no grant of ADMIN to {founder} is "
            "in the logs from there on, so roles granted before would be missed; correct the first block, or "
            "ask a node that keeps all logs",
            first_block=first_block,
        )
    return events


def read_access(
    client: Client,
    book: AddressBook,
    block: Block,
    events: Sequence[Event],
    others: Iterable[tuple[int, str]] = (),
) -> AccessState:
    """The access manager's table at `block`. Members are looked for in `events` and among `others`."""
    granted = (
        (event.args["roleId"], event.args["account"]) for event in events if event.name == "RoleGranted"
    )
    members = sorted({*granted, *others})
    names = {
        address: contract
        for contract, address in book.addresses.items()
        if contract == "AccessManager" or kind_of(contract) in FUNCTION_ROLES
    }
    functions = {
        *((contract, function_selector(text)) for contract, _, text in functions_of(names.values())),
        *(
            (names[event.args["target"]], event.args["selector"])
            for event in events
            if event.name == "TargetFunctionRoleUpdated" and event.args["target"] in names
        ),
    }
    ordered = sorted(functions)
    roles = sorted({*(int(role) for role in Role), *(role for role, _ in members)})
    settable = [role for role in roles if role != Role.ADMIN]
    contracts = list(names.values())

    def manager(function: str, *args: object) -> Read:
        return Read("AccessManager", function, args)

    answers = iter(
        read_many(
            client,
            book,
            [
                *(manager("getTargetFunctionRole", book.address(item), code) for item, code in ordered),
                *(manager("getAccess", role, account) for role, account in members),
                *(manager("getRoleAdmin", role) for role in settable),
                *(manager("getRoleGuardian", role) for role in settable),
                *(manager("isTargetClosed", book.address(item)) for item in contracts),
            ],
            block,
        )
    )
    # Labels are kept in events alone, and so is a delay that was changed but doesn't hold yet.
    return AccessState(
        functions={key: next(answers) for key in ordered},
        members={key: Access(*next(answers)) for key in members},
        admins={role: next(answers) for role in settable},
        guardians={role: next(answers) for role in settable},
        closed=frozenset(item for item in contracts if next(answers)),
        labels=_last(events, "RoleLabel", "roleId", "label"),
        grant_delays=_last(events, "RoleGrantDelayChanged", "roleId", "delay"),
        admin_delays={
            names[target]: delay
            for target, delay in _last(events, "TargetAdminDelayUpdated", "target", "delay").items()
            if target in names
        },
    )


def _last(events: Sequence[Event], name: str, key: str, value: str) -> dict[Any, Any]:
    """`value` of the last event of each `key`."""
    return {event.args[key]: event.args[value] for event in events if event.name == name}
