"""What a table of refusals is made of: how a contract is brought to refuse, and what it answers then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from support.suite import Suite
from support.tiny import place

from toolkit import artifacts
from toolkit.bindings.contract import Contract
from toolkit.bindings.roles import Role
from toolkit.bindings.solidity_error import SolidityError
from toolkit.chain.abi import encode_call, encode_constructor
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner


@dataclass(frozen=True)
class Attempt:
    """A call that `who` is refused, and the error's fields in full."""

    who: LocalSigner
    call: Call
    fields: dict[str, Any]


S = TypeVar("S", bound=Suite)


@dataclass(frozen=True)
class Case(Generic[S]):
    """`stage` brings about the state in which the call is refused with `error`.

    `at` is the place in the project's own sources that raises it, `Contract.function`; None for an error
    of OpenZeppelin's.
    """

    error: type[SolidityError]
    at: str | None
    stage: Callable[[S], Attempt]

    def __str__(self) -> str:
        return f"{self.error.__name__}-{self.stage.__name__}"


class Table(list[Case[S]]):
    """The refusals of one contract, each a function under its decorator."""

    def case(
        self, error: type[SolidityError], at: str | None = None
    ) -> Callable[[Callable[[S], Attempt]], Callable[[S], Attempt]]:
        def add(stage: Callable[[S], Attempt]) -> Callable[[S], Attempt]:
            self.append(Case(error, at, stage))
            return stage

        return add


def attempt(suite: Suite, who: Role | LocalSigner, call: Call, **fields: Any) -> Attempt:
    """A role stands for its first holder."""
    return Attempt(suite.signer(who) if isinstance(who, Role) else who, call, fields)


def governed(suite: Suite, call: Call, role: Role = Role.GOVERNOR, **fields: Any) -> Attempt:
    """The execution of a call that the role's holder scheduled and whose delay has passed."""
    signer = suite.signer(role)
    suite.send(role, suite.access.schedule(call))
    suite.node.advance_time(suite.access.has_role(role, signer.address)[1] + 1)
    return Attempt(signer, suite.access.execute(call), fields)


def raw(contract: Contract, function: str, *args: Any) -> Call:
    """A call as the ABI has it, where the binding gives no way to go wrong, or has no method."""
    return Call(contract.address, encode_call(artifacts.load(contract.artifact).abi, function, args))


def create(artifact: str, *args: Any) -> Call:
    """The creation of a packaged contract."""
    compiled = artifacts.load(artifact)
    return Call(None, compiled.bytecode + encode_constructor(compiled.abi, list(args)))


def created(suite: Suite, artifact: str, *args: Any) -> str:
    """The address of a contract that the stranger created."""
    address = suite.send(suite.stranger, create(artifact, *args)).receipt.contract_address
    assert address is not None
    return address


def speaker(node: Anvil, to: str, number: int = 1) -> str:
    """A contract that passes its input on to `to` and reverts with the answer; asked for four bytes, as by
    `isConsumingScheduledOp()`, it answers zero.
    """
    pass_on = "365f5f37" + "5f5f365f5f73" + to[2:].lower() + "5af150" + "3d5f5f3e" + "3d5ffd"
    head = "3660041460" + f"{6 + 1 + len(pass_on) // 2:02x}" + "57"
    return place(node, bytes.fromhex(head + pass_on + "5b" + "60205ff3"), number)


def through(contract: str, call: Call) -> Call:
    """The same call by way of a `speaker`."""
    return Call(contract, call.data)
