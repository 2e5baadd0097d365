"""The difference between the terms and the chain, as an ordered list of steps.

`plan` reads the chain at one block and compares: the CREATE2 deployer, the code at every address, what
each proxy runs, every setting, the access manager's whole table. An empty plan means that the chain is
what the terms say; on a chain where something was deployed before, a step is drift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from toolkit.bindings.roles import Role
from toolkit.bindings.structs import Access
from toolkit.chain.abi import encode_call
from toolkit.chain.calls import Call
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex
from toolkit.deployment.access import ROLE_GUARDIANS, function_selector, functions_of, role_name
from toolkit.deployment.factory import FACTORY_COST, FACTORY_SENDER
from toolkit.deployment.fund_terms import FundTerms
from toolkit.deployment.setting import current_values
from toolkit.deployment.settings import settings_of
from toolkit.deployment.state import ChainState, read_schedules, read_state
from toolkit.deployment.suite import Creation, Suite
from toolkit.deployment.terms import Terms
from toolkit.deployment.terms_file import TermsFile
from toolkit.errors import ConfigurationError, DeploymentError, WrongChain

__all__ = ["Plan", "Scheduled", "Step", "Way", "compare", "plan"]


@dataclass(frozen=True, slots=True)
class Way:
    """One call that brings a step about: by `account` alone where it is given, else by a holder of `role`,
    else by anyone.
    """

    call: Call
    role: int | None = None
    account: str | None = None

    def __str__(self) -> str:
        if self.account is not None:
            return self.account
        return "anyone" if self.role is None else role_name(self.role)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`call` waits in the access manager: `caller` may make it from `ready_at` (Unix time) on."""

    caller: str
    call: Call
    ready_at: int
    ready: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One difference and how to close it.

    `kind` is factory, create, set, access, grant, revoke or handover; `title` identifies the step among
    all; `detail` says what is and what should be. `ways` are in order of preference.
    """

    kind: str
    contract: str
    title: str
    detail: str
    ways: tuple[Way, ...]
    creation: Creation | None = field(default=None, repr=False)
    scheduled: Scheduled | None = None

    def __str__(self) -> str:
        by = " or ".join(str(way) for way in self.ways)
        if self.scheduled is None:
            waits = ""
        elif self.scheduled.ready:
            waits = f"; scheduled by {self.scheduled.caller}, ready"
        else:
            waits = f"; scheduled by {self.scheduled.caller}, ready at {self.scheduled.ready_at}"
        return f"{self.title}: {self.detail} [{by}{waits}]"

    def to_json(self) -> dict[str, Any]:
        """`{kind, contract, title, detail, by, scheduled}`, the last null or `{caller, ready_at, ready}`."""
        waits = self.scheduled
        return {
            "kind": self.kind,
            "contract": self.contract,
            "title": self.title,
            "detail": self.detail,
            "by": [str(way) for way in self.ways],
            "scheduled": waits and {"caller": waits.caller, "ready_at": waits.ready_at, "ready": waits.ready},
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps from the chain's state at a block to the terms, in order. Falsy when there is none."""

    terms: Terms | FundTerms = field(repr=False)
    state: ChainState = field(repr=False)
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __str__(self) -> str:
        """One line a step; the empty string when there is nothing to do."""
        return "\n".join(str(step) for step in self.steps)

    @property
    def suite(self) -> Suite:
        return self.state.suite


def plan(terms: Terms | FundTerms, client: Client, deployer: str | None = None) -> Plan:
    """What has to be done on `client`'s chain for `terms` to hold, read at its latest block.

    `deployer`, where given, has to be the one in the terms, since every address depends on it. Raises
    WrongChain, ConfigurationError, CodeMismatch (another contract at one of the suite's addresses),
    DeploymentError (a fund's coin isn't there) and NodeError.
    """
    if deployer not in (None, terms.chain.deployer):
        raise ConfigurationError(
            f"deployer {deployer}: the terms say {terms.chain.deployer}, from which every address follows; "
            "use that account or change chain.deployer",
            deployer=deployer,
        )
    if client.chain_id != terms.chain.id:
        raise WrongChain(
            f"the node at {client.endpoint} serves chain {client.chain_id}, the terms {terms.file_name} are "
            f"for chain {terms.chain.id}; correct the address or chain.id",
            found=client.chain_id,
            wanted=terms.chain.id,
        )
    return compare(terms, client, Suite.of(terms))


def compare(terms: Terms | FundTerms, client: Client, suite: Suite) -> Plan:
    """`plan` for a suite that is at hand and a chain that is known to be the terms'."""
    state = read_state(client, terms, suite)
    steps = [
        *_creation_steps(terms, state),
        *_setting_steps(client, terms, state),
        *_function_steps(state),
    ]
    if "AccessManager" not in suite.standing:  # else its roles are other terms' to give
        steps += [*_role_steps(state), *_member_steps(terms, state)]
    return Plan(terms, state, tuple(_with_schedules(client, state, steps)))


def _creation_steps(terms: TermsFile, state: ChainState) -> Iterator[Step]:
    deployer = terms.chain.deployer
    if not state.has_factory:
        fund = Call(
            FACTORY_SENDER, b"", value=FACTORY_COST, description="fund the CREATE2 deployer's creation"
        )
        detail = "absent; one presigned transaction creates it"
        yield Step("factory", "", "create the CREATE2 deployer", detail, (Way(fund, account=deployer),))
    for creation in state.suite.creations:
        if creation.address in state.present:
            continue
        if creation.contract in state.suite.standing:
            raise DeploymentError(
                f"{terms.file_name} stands on {creation.title} at {creation.address}, where nothing is: run "
                "`issuance deploy apply` with its coins' terms first, using this version of the toolkit",
                contract=creation.title,
                address=creation.address,
            )
        yield Step(
            "create",
            creation.contract,
            f"create {creation.title}",
            f"at {creation.address}",
            (Way(creation.call, account=deployer),),
            creation=creation,
        )


def _setting_steps(client: Client, terms: Terms | FundTerms, state: ChainState) -> Iterator[Step]:
    settings = settings_of(client, terms, state)
    for setting, current in zip(settings, current_values(client, state, settings), strict=True):
        if current != setting.wanted:
            function, args = setting.write
            title = f"set {setting.contract}'s {setting.title}"
            call = _call(state, setting.contract, function, args, title)
            detail = f"{setting.show(current)} -> {setting.show(setting.wanted)}"
            yield Step("set", setting.contract, title, detail, (_by_role(state, call),))


def _function_steps(state: ChainState) -> Iterator[Step]:
    suite, access = state.suite, state.access
    own = set(suite.own)
    table = {
        (contract, function_selector(text)): (role, text) for contract, role, text in functions_of(suite.own)
    }
    # What the table leaves out belongs to ADMIN, whoever gave it away.
    wanted = {key: role for key, (role, _) in table.items()} | {
        key: Role.ADMIN for key in access.functions if key not in table and key[0] in own
    }
    wrong: dict[tuple[str, Role], list[bytes]] = {}
    for (contract, code), role in wanted.items():
        if access.functions.get((contract, code), Role.ADMIN) != role:
            wrong.setdefault((contract, role), []).append(code)
    for (contract, role), codes in wrong.items():
        names = [
            table[contract, code][1].partition("(")[0] if (contract, code) in table else to_hex(code)
            for code in codes
        ]
        held = sorted({role_name(access.functions.get((contract, code), Role.ADMIN)) for code in codes})
        title = f"give {contract}'s {', '.join(names)} to {role.name}"
        yield _manager_step(
            state,
            "access",
            title,
            f"{' and '.join(held)} -> {role.name}",
            "setTargetFunctionRole",
            (suite.address(contract), codes, int(role)),
        )
    for contract in sorted(access.closed & own):
        shut = (suite.address(contract), False)
        yield _manager_step(state, "access", f"open {contract}", "closed -> open", "setTargetClosed", shut)
    for contract, delay in sorted(access.admin_delays.items()):
        if delay and contract in own:
            none = (suite.address(contract), 0)
            title = f"remove {contract}'s administration delay"
            yield _manager_step(state, "access", title, f"{delay} s -> 0 s", "setTargetAdminDelay", none)


def _role_steps(state: ChainState) -> Iterator[Step]:
    access = state.access
    ours = [role for role in Role if role is not Role.ADMIN]
    for role in ours:
        label = access.labels.get(role, "none")
        if label != role.name:
            title = f"label role {role.value}"
            yield _manager_step(
                state, "access", title, f"{label} -> {role.name}", "labelRole", (int(role), role.name)
            )
    # A role that isn't the suite's has ADMIN above it and may have no holder.
    for number in sorted({*map(int, ours), *access.guardians}):
        name, wanted = role_name(number), int(ROLE_GUARDIANS.get(number, Role.ADMIN))
        guardian = access.guardians.get(number, int(Role.ADMIN))
        admin = access.admins.get(number, int(Role.ADMIN))
        if guardian != wanted:
            detail = f"{role_name(guardian)} -> {role_name(wanted)}"
            title = f"set the guardian of {name}"
            yield _manager_step(state, "access", title, detail, "setRoleGuardian", (number, wanted))
        if admin != Role.ADMIN:
            detail, title = f"{role_name(admin)} -> ADMIN", f"set the administrator of {name}"
            yield _manager_step(state, "access", title, detail, "setRoleAdmin", (number, int(Role.ADMIN)))
    for number, delay in sorted(access.grant_delays.items()):
        if delay:
            title = f"remove the grant delay of {role_name(number)}"
            yield _manager_step(state, "access", title, f"{delay} s -> 0 s", "setGrantDelay", (number, 0))


def _member_steps(terms: TermsFile, state: ChainState) -> Iterator[Step]:
    wanted = {
        (int(role), holder.account): holder.delay for role in Role for holder in terms.holders(role)
    } | {(int(Role.ADMIN), state.suite.address("GuardianGate")): 0}
    members = {key: access for key, access in state.access.members.items() if access.since}
    # ADMIN comes last among the grants: until then the deployer alone can have done anything.
    for key, delay in sorted(wanted.items(), key=lambda item: (item[0][0] == Role.ADMIN, item[0])):
        role, account = key
        held = _delay(members[key]) if key in members else None
        if held != delay:
            before = "not held" if held is None else f"delay {held} s"
            title = f"grant {role_name(role)} to {_name(state, account)}"
            detail = f"{before} -> delay {delay} s"
            yield _manager_step(state, "grant", title, detail, "grantRole", (role, account, delay))
    deployer = (int(Role.ADMIN), state.suite.founder)
    for role, account in sorted(members.keys() - wanted.keys() - {deployer}):
        yield _revocation(state, role, account)
    if deployer in members:
        yield _handover(state, state.suite.founder)


def _delay(access: Access) -> int:
    """The delay that holds, or will once the change under way takes effect."""
    return access.pending_delay if access.effect else access.current_delay


def _revocation(state: ChainState, role: int, account: str) -> Step:
    title = f"revoke {role_name(role)} from {_name(state, account)}"
    call = _call(state, "AccessManager", "revokeRole", (role, account), title)
    ways = [_by_role(state, call)]
    gate = (int(Role.ADMIN), state.suite.address("GuardianGate"))
    if role != Role.ADMIN and gate in state.access.members and state.access.members[gate].since:
        ways.insert(0, _by_role(state, _call(state, "GuardianGate", "revokeRole", (role, account), title)))
    return Step("revoke", "AccessManager", title, "held -> not held", tuple(ways))


def _handover(state: ChainState, deployer: str) -> Step:
    title = f"take ADMIN from the deployer {deployer}"
    renounce = _call(state, "AccessManager", "renounceRole", (int(Role.ADMIN), deployer), title)
    revoke = _call(state, "AccessManager", "revokeRole", (int(Role.ADMIN), deployer), title)
    ways = (Way(renounce, account=deployer), _by_role(state, revoke))
    return Step("handover", "AccessManager", title, "held -> not held", ways)


def _manager_step(
    state: ChainState, kind: str, title: str, detail: str, function: str, args: tuple[Any, ...]
) -> Step:
    call = _call(state, "AccessManager", function, args, title)
    return Step(kind, "AccessManager", title, detail, (_by_role(state, call),))


def _call(state: ChainState, contract: str, function: str, args: tuple[Any, ...], description: str) -> Call:
    data = encode_call(state.suite.book.function(contract, function), function, args)
    return Call(state.suite.address(contract), data, description=description)


def _by_role(state: ChainState, call: Call) -> Way:
    return Way(call, role=state.required_role(call))


def _name(state: ChainState, account: str) -> str:
    name = state.suite.book.name_of(account)
    return account if name == account else f"{name} {account}"


def _with_schedules(client: Client, state: ChainState, steps: list[Step]) -> list[Step]:
    """The steps with what the access manager says of their calls."""
    if state.suite.address("AccessManager") not in state.present:
        return steps
    now = state.block.timestamp
    asked = [
        (step, caller, way.call)
        for step in steps
        for way in step.ways
        if way.role is not None
        for caller, delay in state.access.holders(way.role, now).items()
        if max(delay, state.extra_delay(way.call))
    ]
    found = read_schedules(
        client, state.suite.book, [(caller, call) for _, caller, call in asked], state.block
    )
    waiting: dict[str, Scheduled] = {}
    for step, caller, call in asked:
        ready_at = found.get((caller, call.to, call.data))
        if ready_at is not None and (step.title not in waiting or ready_at < waiting[step.title].ready_at):
            waiting[step.title] = Scheduled(caller, call, ready_at, ready_at <= now)
    return [replace(step, scheduled=waiting.get(step.title)) for step in steps]
