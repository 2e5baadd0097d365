"""Closing the difference: each step is sent, waited for until final, and seen on the chain.

After every transaction the chain is read again and the plan made anew, so that nothing is held in memory
that a crash could lose: killed at any point and run again, `apply` ends in the same addresses and an
empty plan. What was signed is in a journal beside the record before it is sent, so that no crash leads to
a second transaction where the first may still land.

Once the deployer has given up its rights, changes need the holders of their roles. A role with a delay
first schedules its call in the access manager; a later `apply` makes it when it is ready.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from toolkit.chain.abi import encode_call
from toolkit.chain.calls import Call
from toolkit.chain.client import Client, Receipt
from toolkit.chain.hexes import keccak, to_hex
from toolkit.chain.journal import FileJournal, MemoryJournal
from toolkit.chain.sender import Sender
from toolkit.chain.signers import Signer, dev_signer
from toolkit.deployment.creations import find_creation
from toolkit.deployment.factory import FACTORY_COST, FACTORY_SENDER, FACTORY_TRANSACTION
from toolkit.deployment.fund_terms import FundTerms
from toolkit.deployment.planning import Plan, Step, Way, compare, plan
from toolkit.deployment.record import DeploymentRecord
from toolkit.deployment.roles import read_role_table
from toolkit.deployment.terms import Terms
from toolkit.deployment.terms_file import TermsFile
from toolkit.errors import (
    ConfigurationError,
    ContractReverted,
    DeploymentError,
    EventMissing,
    NodeRejected,
    NotAuthorised,
    Replaced,
    StillPending,
)

__all__ = ["Progress", "Stage", "apply"]

_BATCH = 40
_POLL = 0.05


class Stage(StrEnum):
    """What happened to the steps of a `Progress`."""

    RESUMED = "resumed"
    SENT = "sent"
    DONE = "done"
    SCHEDULED = "scheduled"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing that happened: `steps` (their titles) reached `stage`; `remaining` are left in the plan."""

    stage: Stage
    steps: tuple[str, ...]
    remaining: int
    transaction: str | None = None


class _Choice(StrEnum):
    NOW = "now"
    SCHEDULE = "schedule"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """How a step is to be brought on: `signer` sends `call`."""

    step: Step
    choice: _Choice
    signer: Signer
    call: Call


def apply(
    terms: Terms | FundTerms,
    client: Client,
    signers: Iterable[Signer] | Mapping[str, Signer] | None = None,
    record_path: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    *,
    timeout: float = 3600.0,
) -> DeploymentRecord:
    """Make `client`'s chain what `terms` say, as far as `signers` may, and return the record.

    `signers` None means the development accounts that the terms name. The record is written to
    `record_path` after each creation and at the end, its journals to a folder `journal` beside it;
    without a path nothing is written. `timeout` is how long one transaction may take to be final, in
    seconds. What is scheduled and not yet ready stays in the plan.

    Raises NotAuthorised before anything is sent when a step has no signer, ForbiddenRoles, CodeMismatch,
    DeploymentError (the path holds the record of another deployment), ConfigurationError, WrongChain,
    TransactionError, ContractReverted, NodeError. Running it again goes on where it stopped.
    """
    given = _signers(terms, signers)
    path = None if record_path is None else Path(record_path)
    return _Run(terms, client, given, path, progress or _silent, timeout).run()


def _silent(progress: Progress) -> None:
    """Progress nobody listens to."""


def _signers(terms: TermsFile, signers: Iterable[Signer] | Mapping[str, Signer] | None) -> dict[str, Signer]:
    if signers is None:
        return {address: dev_signer(index) for address, index in terms.dev_accounts.items()}
    values = signers.values() if isinstance(signers, Mapping) else signers
    return {signer.address: signer for signer in values}


@dataclass(slots=True)
class _Run:
    terms: Terms | FundTerms
    client: Client
    signers: Mapping[str, Signer]
    path: Path | None
    progress: Callable[[Progress], None]
    timeout: float
    senders: dict[str, Sender] = field(default_factory=dict)
    instance_id: str | None = None

    def run(self) -> DeploymentRecord:
        current = plan(self.terms, self.client)
        self.instance_id = self.client.instance_id()
        record = self._first_record(current)
        while chosen := self._next(current):
            sender = self._sender(chosen[0].signer)
            if sender is None:  # an earlier run's transactions were on their way
                current = compare(self.terms, self.client, current.suite)
                record = self._first_record(current)
                continue
            receipt = self._execute(sender, chosen)
            current = self._verified(current, chosen, receipt)
            record = self._with_creations(record, current, chosen, receipt)
        record = self._finished(record, current)
        self._save(record)
        return record

    # --- choosing ------------------------------------------------------------------------------------

    def _next(self, current: Plan) -> list[_Chosen]:
        """The steps of the next transaction; none when the rest can only wait.

        Raises NotAuthorised if any step of the plan has no way.
        """
        choices = [self._choose(current, step) for step in current]
        waiting = tuple(item.step.title for item in choices if item.choice is _Choice.WAIT)
        doable = [item for item in choices if item.choice is not _Choice.WAIT]
        # The deployer keeps its rights until nothing else is left to do, and not while others only wait.
        doable = [item for item in doable if item.step.kind != "handover"] or doable
        if not doable and waiting:
            self.progress(Progress(Stage.WAITING, waiting, len(current)))
        if not doable:
            return []
        first, manager = doable[0], current.suite.address("AccessManager")
        batch = [first]
        for item in doable[1:_BATCH]:
            alike = (item.signer.address, item.choice) == (first.signer.address, first.choice)
            if not alike or item.call.to != manager or first.call.to != manager:
                break
            batch.append(item)
        return batch

    def _choose(self, current: Plan, step: Step) -> _Chosen:
        for way in step.ways:
            for signer, delay in self._able(current, way):
                if delay == 0:
                    return _Chosen(step, _Choice.NOW, signer, way.call)
        for way in step.ways:
            for signer, _delay in self._able(current, way):
                return self._delayed(current, step, signer, way.call)
        raise _not_authorised(current, step)

    def _able(self, current: Plan, way: Way) -> list[tuple[Signer, int]]:
        """The signers that may go this way, with the delay that each has."""
        if way.account is not None:
            return [(self.signers[way.account], 0)] if way.account in self.signers else []
        state = current.state
        holders = state.access.holders(way.role or 0, state.block.timestamp)
        extra = state.extra_delay(way.call)
        return [
            (self.signers[account], max(delay, extra))
            for account, delay in holders.items()
            if account in self.signers
        ]

    def _delayed(self, current: Plan, step: Step, signer: Signer, call: Call) -> _Chosen:
        waits = step.scheduled
        if waits is not None and waits.caller in self.signers and waits.ready:
            return _Chosen(step, _Choice.NOW, self.signers[waits.caller], waits.call)
        if waits is not None:
            return _Chosen(step, _Choice.WAIT, signer, call)
        # 0: as early as the delay allows.
        manager = current.suite.address("AccessManager")
        data = encode_call(
            current.suite.book.function("AccessManager", "schedule"), "schedule", (call.to, call.data, 0)
        )
        schedule = Call(manager, data, description=f"schedule: {call.description}")
        return _Chosen(step, _Choice.SCHEDULE, signer, schedule)

    # --- sending -------------------------------------------------------------------------------------

    def _sender(self, signer: Signer) -> Sender | None:
        """The sender of a key; None when its journal had transactions to see to their end first."""
        if signer.address in self.senders:
            return self.senders[signer.address]
        journal: FileJournal | MemoryJournal = MemoryJournal()
        if self.path is not None:
            journal = FileJournal.in_folder(
                self.path.parent / "journal",
                chain_id=self.terms.chain.id,
                address=signer.address,
                instance_id=self.instance_id,
            )
        sender = self.senders[signer.address] = Sender(self.client, signer, journal)
        resumed = sender.resume()
        for item in resumed:
            self._see_to_its_end(sender, item.sent.hash)
        return None if resumed else sender

    def _see_to_its_end(self, sender: Sender, tx_hash: bytes) -> None:
        # One that ended without its effect is still to be done in the plan that is made next.
        with suppress(ContractReverted, Replaced):
            sender.wait(tx_hash, final=True, timeout=self.timeout)
        entry = sender.journal.find(tx_hash)
        title = entry.description if entry is not None else ""
        self.progress(Progress(Stage.RESUMED, (title,), 0, to_hex(tx_hash)))

    def _execute(self, sender: Sender, chosen: Sequence[_Chosen]) -> Receipt:
        titles, remaining = tuple(item.step.title for item in chosen), len(chosen)
        if chosen[0].step.kind == "factory":
            return self._create_factory(sender)
        call = chosen[0].call if len(chosen) == 1 else _together(chosen)
        sent = sender.send(call)
        self.progress(Progress(Stage.SENT, titles, remaining, to_hex(sent.hash)))
        return sender.wait(sent, final=True, timeout=self.timeout).receipt

    def _create_factory(self, sender: Sender) -> Receipt:
        missing = FACTORY_COST - self.client.balance(FACTORY_SENDER, "latest")
        if missing > 0:
            fund = Call(
                FACTORY_SENDER, b"", value=missing, description="fund the CREATE2 deployer's creation"
            )
            sender.execute(fund, timeout=self.timeout)
        tx_hash = keccak(FACTORY_TRANSACTION)
        if self.client.transaction(tx_hash) is None:
            try:
                self.client.send_raw(FACTORY_TRANSACTION)
            except NodeRejected as error:
                if self.client.transaction(tx_hash) is None:
                    raise DeploymentError(
                        f"the node refused the CREATE2 deployer's presigned transaction ({error.message}); "
                        "it carries no chain id, so ask the node's operator to accept it once"
                    ) from error
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            receipt = self.client.receipt(tx_hash)
            if receipt is not None and self.client.is_final(receipt.block_number):
                return receipt
            time.sleep(_POLL)
        raise StillPending(
            f"the CREATE2 deployer's creation {to_hex(tx_hash)} is not final after {self.timeout} s (it pays "
            "100 gwei a unit of gas and no more); run apply again later",
            tx_hash=to_hex(tx_hash),
        )

    def _verified(self, before: Plan, chosen: Sequence[_Chosen], receipt: Receipt) -> Plan:
        """The plan after a transaction, once it shows that its steps have happened. Raises EventMissing."""
        current = compare(self.terms, self.client, before.suite)
        left = {step.title: step for step in current}
        for item in chosen:
            step = left.get(item.step.title)
            planned = item.choice is _Choice.SCHEDULE and step is not None and step.scheduled is not None
            if step is not None and not planned:
                raise EventMissing(
                    f"transaction {to_hex(receipt.tx_hash)} was mined in block {receipt.block_number}, and "
                    f"the chain still shows: {step}; someone else may have changed it, look at the plan",
                    tx_hash=to_hex(receipt.tx_hash),
                    step=item.step.title,
                )
        stage = Stage.SCHEDULED if chosen[0].choice is _Choice.SCHEDULE else Stage.DONE
        titles = tuple(item.step.title for item in chosen)
        self.progress(Progress(stage, titles, len(current), to_hex(receipt.tx_hash)))
        return current

    # --- the record ----------------------------------------------------------------------------------

    def _first_record(self, current: Plan) -> DeploymentRecord:
        """The record to go on with: the one on disk if it is this deployment's, with what the chain has and
        it lacks. Raises DeploymentError if it is another's.
        """
        record = DeploymentRecord.start(self.terms, current.suite, self.instance_id)
        known: dict[str, tuple[str | None, int | None]] = {}
        if self.path is not None and self.path.exists():
            known = self._known(DeploymentRecord.load(self.path), current)
        for creation in current.suite.creations:
            if creation.address in current.state.present:
                found = known.get(creation.address, (None, None))
                if None in found:
                    found = find_creation(self.client, creation, self.terms.first_block)
                record = record.with_creation(creation, *found)
        return record

    def _known(self, old: DeploymentRecord, current: Plan) -> dict[str, tuple[str | None, int | None]]:
        if old.chain_id == self.terms.chain.id and old.instance_id != self.instance_id:
            return {}  # that development node is gone, and all that stood there with it
        addresses = {item.address for item in current.suite.creations}
        foreign = [entry.address for entry in old.contracts.values() if entry.address not in addresses]
        if foreign or old.chain_id != self.terms.chain.id:
            raise DeploymentError(
                f"{self.path} is the record of another deployment (chain {old.chain_id}, "
                f"{', '.join(foreign)}): these terms and the packaged bytecode give other addresses; name "
                "another record, or move this one",
                path=str(self.path),
            )
        return {entry.address: (entry.transaction, entry.block) for entry in old.entries()}

    def _with_creations(
        self, record: DeploymentRecord, current: Plan, chosen: Sequence[_Chosen], receipt: Receipt
    ) -> DeploymentRecord:
        creation = chosen[0].step.creation
        if creation is None or creation.address not in current.state.present:
            return record
        record = record.with_creation(creation, to_hex(receipt.tx_hash), receipt.block_number)
        self._save(record)
        return record

    def _finished(self, record: DeploymentRecord, current: Plan) -> DeploymentRecord:
        """The record with the table of roles. Raises ForbiddenRoles if that holds what it must not."""
        table = read_role_table(
            self.client,
            current.suite.book,
            current.suite.founder,
            self.terms.first_block,
            current.state.block,
        )
        if not current:
            table.check()
        return replace(record, roles=tuple(table.to_json()), complete=True)

    def _save(self, record: DeploymentRecord) -> None:
        if self.path is not None:
            try:
                record.save(self.path)
            except OSError as error:
                raise ConfigurationError(
                    f"deployment record {self.path} can't be written: {error.strerror}; make the folder "
                    "writable and run apply again"
                ) from error


def _together(chosen: Sequence[_Chosen]) -> Call:
    """One transaction of many calls to the access manager, each with the sender's own rights."""
    manager = chosen[0].call.to
    data = encode_call(_MULTICALL, "multicall", ([item.call.data for item in chosen],))
    return Call(manager, data, description="; ".join(item.step.title for item in chosen))


_MULTICALL = [
    {"type": "function", "name": "multicall", "inputs": [{"name": "data", "type": "bytes[]"}], "outputs": []}
]


def _not_authorised(current: Plan, step: Step) -> NotAuthorised:
    state = current.state
    needs = []
    for way in step.ways:
        if way.account is not None:
            needs.append(f"the deployer {way.account}")
        else:
            holders = state.access.holders(way.role or 0, state.block.timestamp)
            needs.append(f"{way} ({', '.join(holders) or 'held by nobody'})")
    return NotAuthorised(
        f"{step.title} ({step.detail}) takes a signature of {' or '.join(needs)}, and none of them is among "
        "the signers given; run again with one. Nothing was sent for it",
        step=step.title,
        roles=[str(way) for way in step.ways],
    )
