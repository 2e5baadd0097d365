"""The full check of a deployment: record, chain, packaged artifacts and terms against each other."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.chain.client import Client
from toolkit.chain.hexes import keccak, to_hex
from toolkit.deployment.fund_terms import FundTerms
from toolkit.deployment.planning import plan
from toolkit.deployment.record import DeploymentRecord, RecordedContract
from toolkit.deployment.roles import read_roles
from toolkit.deployment.suite import Creation, Suite
from toolkit.deployment.terms import Terms
from toolkit.deployment.terms_file import TermsFile
from toolkit.errors import Drift

__all__ = ["Difference", "differences", "verify"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What doesn't agree: `between` names the two sides."""

    between: str
    what: str

    def __str__(self) -> str:
        return f"{self.between}: {self.what}"


def verify(terms: Terms | FundTerms, client: Client, record: DeploymentRecord) -> None:
    """See that record, chain, artifacts and terms agree.

    Raises Drift with every difference in `details["differences"]`; what makes comparing pointless comes
    first, as `DeploymentRecord.check` and `plan` raise it (StaleDeployment, CodeMismatch, WrongChain).
    """
    found = differences(terms, client, record)
    if found:
        raise Drift(
            f"{len(found)} difference(s): "
            + "; ".join(map(str, found))
            + ". `issuance deploy plan` shows how to "
            "close those of the chain",
            differences=[str(item) for item in found],
        )


def differences(terms: Terms | FundTerms, client: Client, record: DeploymentRecord) -> list[Difference]:
    """Every difference, none when all agree. Raises as `verify`, except Drift."""
    record.check(client)
    suite = Suite.of(terms)
    found = [Difference("record and terms", what) for what in _record_and_terms(terms, record)]
    for creation in suite.creations:
        entry = _entry(record, creation)
        if entry is None or entry.address != creation.address:
            where = "nothing" if entry is None else entry.address
            found.append(
                Difference(
                    "record and terms",
                    f"{creation.title} is recorded at {where}, terms and artifacts give {creation.address}",
                )
            )
        else:
            found += [Difference("record and artifacts", what) for what in _artifacts(creation, entry)]
    found += [Difference("chain and terms", str(step)) for step in plan(terms, client)]
    table = read_roles(record, client)
    if [dict(row) for row in record.roles] != table.to_json():
        found.append(Difference("chain and record", "the table of roles has changed since it was recorded"))
    found += [Difference("roles", problem) for problem in table.forbidden()]
    return found


def _record_and_terms(terms: TermsFile, record: DeploymentRecord) -> list[str]:
    found = []
    if record.terms["sha256"] != terms.sha256:
        found.append(
            f"the terms file's SHA-256 is {terms.sha256}, and {record.terms['sha256']} "
            f"({record.terms['name']}) was applied"
        )
    if record.deployer != terms.chain.deployer:
        found.append(f"the deployer is {terms.chain.deployer}, {record.deployer} is recorded")
    return found


def _artifacts(creation: Creation, entry: RecordedContract) -> list[str]:
    pairs = {
        "creation code": (entry.creation_code_hash, to_hex(keccak(creation.init_code))),
        "runtime code": (entry.runtime_code_hash, to_hex(creation.runtime_code_hash)),
    }
    found = [
        f"{creation.title}'s {what} has the hash {recorded}, the packaged one {packaged}"
        for what, (recorded, packaged) in pairs.items()
        if recorded != packaged
    ]
    if entry.storage_layout != creation.artifact.storage_layout:
        found.append(f"{creation.title}'s storage layout is not the packaged one")
    return found


def _entry(record: DeploymentRecord, creation: Creation) -> RecordedContract | None:
    entry = record.contracts.get(creation.contract)
    return entry.implementation if entry is not None and creation.part == "implementation" else entry
