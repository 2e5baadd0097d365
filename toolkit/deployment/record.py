"""The deployment record: what was deployed, as the JSON file that the rest of the SDK loads.

Nothing uses it before `check` has seen that the chain is the recorded one and that the code at every
address is the code recorded: a record of another Anvil instance is a StaleDeployment, never a wrong
address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolkit.artifacts.compiler import write_atomically
from toolkit.artifacts.model import ByteRange
from toolkit.chain.addresses import checksum_address
from toolkit.chain.client import Client
from toolkit.chain.hexes import keccak, to_hex
from toolkit.deployment.access import CONTRACTS, LATER_CONTRACTS
from toolkit.deployment.code import read_code
from toolkit.deployment.suite import AddressBook, Creation, Suite, mask
from toolkit.deployment.terms_file import TermsFile
from toolkit.errors import CodeMismatch, ConfigurationError, DeploymentError, StaleDeployment, ToolkitError

__all__ = ["SCHEMA", "DeploymentRecord", "RecordedContract", "default_record_path"]

_NEEDED = tuple(name for name in CONTRACTS if name not in LATER_CONTRACTS)

SCHEMA = 1


def default_record_path(terms: TermsFile, root: str | Path = ".") -> Path:
    """`deployments/<chain id>/<the coin's symbol or the fund's code>.json` under `root`."""
    return Path(root) / "deployments" / str(terms.chain.id) / f"{terms.record_name}.json"


@dataclass(frozen=True, slots=True)
class RecordedContract:
    """One contract as it was created; of a proxy, with the `implementation` behind it.

    `transaction` (0x and 64 digits) and `block` are None where the chain no longer tells them.
    `creation_code_hash` is the Keccak-256 of the creation code with its arguments, from which with the
    salt the address follows (EIP-1014); `runtime_code_hash` that of the runtime code with zeros at
    `immutables`. `init_data` is what the proxy's constructor called.
    """

    address: str
    artifact: str
    arguments: Mapping[str, Any]
    init_data: str | None
    transaction: str | None
    block: int | None
    creation_code_hash: str
    runtime_code_hash: str
    immutables: tuple[ByteRange, ...] = field(repr=False)
    storage_layout: Mapping[str, Any] = field(repr=False)
    implementation: RecordedContract | None = None

    @classmethod
    def of(cls, creation: Creation, transaction: str | None, block: int | None) -> RecordedContract:
        """The entry of `creation`, without what is behind it."""
        data = creation.arguments.get("data")
        return cls(
            address=creation.address,
            artifact=creation.artifact.name,
            arguments={
                name: to_hex(value) if isinstance(value, bytes) else value
                for name, value in creation.arguments.items()
            },
            init_data=None if data is None else to_hex(data),
            transaction=transaction,
            block=block,
            creation_code_hash=to_hex(keccak(creation.init_code)),
            runtime_code_hash=to_hex(creation.runtime_code_hash),
            immutables=creation.artifact.immutable_references,
            storage_layout=creation.artifact.storage_layout,
        )

    def to_json(self) -> dict[str, Any]:
        """The entry in the file."""
        return {
            "address": self.address,
            "artifact": self.artifact,
            "arguments": dict(self.arguments),
            "init_data": self.init_data,
            "transaction": self.transaction,
            "block": self.block,
            "creation_code_hash": self.creation_code_hash,
            "runtime_code_hash": self.runtime_code_hash,
            "immutables": [[span.start, span.length] for span in self.immutables],
            "storage_layout": dict(self.storage_layout),
            "implementation": None if self.implementation is None else self.implementation.to_json(),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> RecordedContract:
        """Raises KeyError, TypeError, ValueError or InvalidInput for another form."""
        behind = found["implementation"]
        return cls(
            **{
                **{name: found[name] for name in cls.__dataclass_fields__},
                "address": checksum_address(found["address"], what="recorded address"),
                "immutables": tuple(ByteRange(start, length) for start, length in found["immutables"]),
                "implementation": None if behind is None else cls.from_json(behind),
            }
        )

    def is_code(self, code: bytes) -> bool:
        """Whether `code` is the code recorded, whatever its immutables."""
        return to_hex(keccak(mask(code, self.immutables))) == self.runtime_code_hash


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """What was deployed, by which terms, on which chain. `complete` once `apply` came to its end: all that it
    could do is done, and at most delayed changes wait.

    `instance_id` tells apart two runs of a development node, and is None elsewhere. `roles` is the table of
    `toolkit.deployment.roles` as JSON.
    """

    chain_id: int
    instance_id: str | None
    terms: Mapping[str, str]
    deployer: str
    salt: str
    compiler: str
    settings_hash: str
    contracts: Mapping[str, RecordedContract]
    roles: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    complete: bool = False

    @classmethod
    def start(cls, terms: TermsFile, suite: Suite, instance_id: str | None) -> DeploymentRecord:
        """A record of nothing yet."""
        last = suite.creations[-1]
        return cls(
            chain_id=terms.chain.id,
            instance_id=instance_id,
            terms={"name": terms.file_name, "sha256": terms.sha256},
            deployer=terms.chain.deployer,
            salt=to_hex(last.salt),
            compiler=last.artifact.compiler,
            settings_hash=last.artifact.settings_hash,
            contracts={},
        )

    @classmethod
    def load(cls, path: str | Path) -> DeploymentRecord:
        """The record in the file at `path`; call `check` before using it.

        Raises ConfigurationError for a file that can't be read or is no record.
        """
        path = Path(path)
        try:
            found = json.loads(path.read_bytes())
        except OSError as error:
            raise ConfigurationError(
                f"deployment record {path} can't be read: {error.strerror}; run `issuance deploy apply` "
                "first, or give the record's path"
            ) from None
        except ValueError as error:
            raise ConfigurationError(f"deployment record {path} is not JSON: {error}; restore it") from None
        try:
            return cls._from_json(found)
        except (KeyError, TypeError, ValueError, AttributeError, ToolkitError) as error:
            raise ConfigurationError(
                f"{path} is not a deployment record of schema {SCHEMA} ({type(error).__name__}: {error}); "
                "run `issuance deploy apply` again to write it anew"
            ) from None

    @classmethod
    def _from_json(cls, found: Mapping[str, Any]) -> DeploymentRecord:
        if found["schema"] != SCHEMA:
            raise ValueError(f"schema {found['schema']!r}")
        return cls(
            **{
                **{name: found[name] for name in cls.__dataclass_fields__},
                "contracts": {
                    name: RecordedContract.from_json(entry) for name, entry in found["contracts"].items()
                },
                "roles": tuple(found["roles"]),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """What the file holds."""
        return {
            "schema": SCHEMA,
            "complete": self.complete,
            "chain_id": self.chain_id,
            "instance_id": self.instance_id,
            "terms": dict(self.terms),
            "deployer": self.deployer,
            "salt": self.salt,
            "compiler": self.compiler,
            "settings_hash": self.settings_hash,
            "contracts": {name: entry.to_json() for name, entry in self.contracts.items()},
            "roles": [dict(row) for row in self.roles],
        }

    def save(self, path: str | Path) -> None:
        """Write the file in one piece: a reader, or a crash, finds the old record or this one."""
        write_atomically(Path(path), json.dumps(self.to_json(), indent=1).encode() + b"\n")

    def address(self, contract: str) -> str:
        """Where `contract` is called. Raises DeploymentError if it isn't recorded."""
        if contract not in self.contracts:
            raise DeploymentError(
                f"the record has no {contract}; it has {', '.join(self.contracts) or 'nothing yet'}: "
                "run `issuance deploy apply` to the end"
            )
        return self.contracts[contract].address

    @property
    def book(self) -> AddressBook:
        """The addresses of all contracts. Raises DeploymentError if one of a coin's isn't recorded."""
        return AddressBook(
            {contract: self.address(contract) for contract in dict.fromkeys((*_NEEDED, *self.contracts))}
        )

    @property
    def founder(self) -> str:
        """The access manager's first administrator. Raises DeploymentError as `book`."""
        self.address("AccessManager")
        return str(self.contracts["AccessManager"].arguments["initial_admin"])

    @property
    def first_block(self) -> int:
        """The block of the first creation, before which there are no logs; 0 where it isn't known."""
        blocks = [entry.block for entry in self.entries()]
        return min((block for block in blocks if block is not None), default=0) if None not in blocks else 0

    def with_creation(
        self, creation: Creation, transaction: str | None, block: int | None
    ) -> DeploymentRecord:
        """The record with one more creation. An implementation has to be there before its proxy."""
        entry = RecordedContract.of(creation, transaction, block)
        known = self.contracts.get(creation.contract)
        if creation.part == "proxy" and known is not None:
            entry = replace(entry, implementation=known)
        return replace(self, contracts={**self.contracts, creation.contract: entry})

    def check(self, client: Client) -> None:
        """See that `client`'s chain is the recorded one and holds the recorded code, at its latest block.

        Raises StaleDeployment for another chain or another Anvil instance, DeploymentError for a record
        that isn't complete, CodeMismatch for an address without the recorded code, NodeError.
        """
        if client.chain_id != self.chain_id:
            raise StaleDeployment(
                f"the record is of chain {self.chain_id}, the node at {client.endpoint} serves "
                f"{client.chain_id}; use that chain's record",
                recorded=self.chain_id,
                found=client.chain_id,
            )
        instance = client.instance_id()
        if instance != self.instance_id:
            raise StaleDeployment(
                f"the record is of the development node {self.instance_id}, this one is {instance}: what was "
                "deployed there is gone; run `issuance deploy apply` again",
                recorded=self.instance_id,
                found=instance,
            )
        if not self.complete:
            raise DeploymentError(
                "the deployment was not finished: run `issuance deploy apply` again, it goes on"
            )
        _ = self.book
        self._check_code(client)

    def _check_code(self, client: Client) -> None:
        entries = self.entries()
        proxies = [entry for entry in entries if entry.implementation is not None]
        addresses = [entry.address for entry in entries]
        words, slots = read_code(
            client, addresses, [entry.address for entry in proxies], client.block("latest")
        )
        for entry, code in zip(entries, words, strict=True):
            if not entry.is_code(code):
                found = f"other code (hash {to_hex(keccak(code))})" if code else "no code"
                raise CodeMismatch(
                    f"{entry.address} should hold {entry.artifact}, and holds {found}; do not use it, "
                    "`issuance deploy plan` tells more",
                    address=entry.address,
                    contract=entry.artifact,
                )
        for entry, running in zip(proxies, slots, strict=True):
            behind = entry.implementation
            if behind is not None and running != behind.address:
                raise CodeMismatch(
                    f"the proxy {entry.address} runs {running}, and {behind.address} ({behind.artifact}) is "
                    "recorded: it was upgraded; use the record written by the upgrade",
                    address=entry.address,
                    found=running,
                    expected=behind.address,
                )

    def entries(self) -> list[RecordedContract]:
        """Every contract, implementations included."""
        return [
            entry
            for contract in self.contracts.values()
            for entry in (contract.implementation, contract)
            if entry is not None
        ]
