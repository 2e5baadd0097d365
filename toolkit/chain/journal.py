"""What was signed, on disk before it is sent, so that no crash can lead to a second transaction.

One journal belongs to one key on one chain (for Anvil: on one instance of it). The ledger keeps its own
in a table; `FileJournal` is for tools without one; `MemoryJournal` is for tests and short-lived nodes.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from toolkit.chain.hexes import from_hex, to_hex
from toolkit.errors import ConfigurationError, LedgerError

__all__ = ["FileJournal", "JournalEntry", "MemoryJournal", "Outcome", "TransactionJournal"]


class Outcome(StrEnum):
    """How a journalled transaction ended, for good."""

    MINED = "mined"
    REVERTED = "reverted"
    REPLACED = "replaced"
    """Another transaction under its nonce was mined: its own replacement, or another hand's."""
    REFUSED = "refused"
    """The node refused its first broadcast: it was never in the pool, so its nonce is free again."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A signed transaction: what `Sender` writes down before it broadcasts `raw`."""

    chain_id: int
    sender: str
    nonce: int
    hash: bytes
    raw: bytes = field(repr=False)
    description: str = ""


class TransactionJournal(Protocol):
    """Where a `Sender` writes. Everything written is durable when the method returns."""

    def lock(self) -> AbstractContextManager[None]:
        """Exclude every other user of this journal, in this process or another. Re-entrant in a thread."""
        ...

    def record(self, entry: JournalEntry) -> None:
        """Write a transaction down, before it is broadcast. The same bytes again, after the node refused
        them, are without an outcome again."""
        ...

    def finish(self, tx_hash: bytes, outcome: Outcome) -> None:
        """Write down how it ended. Saying the same again changes nothing."""
        ...

    def find(self, tx_hash: bytes) -> JournalEntry | None:
        """The entry with this hash."""
        ...

    def attempts(self, nonce: int) -> list[JournalEntry]:
        """The entries of this nonce that weren't refused: a transaction and what was to replace it."""
        ...

    def unfinished(self) -> list[JournalEntry]:
        """Entries without an outcome, by nonce."""
        ...

    def next_nonce(self) -> int | None:
        """One past the highest nonce of an entry that wasn't refused; None when there is none."""
        ...

    def position(self) -> tuple[set[int], int | None]:
        """The nonces of `unfinished`, and `next_nonce`, as of one moment."""
        ...


class MemoryJournal:
    """A journal that is gone with the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: dict[bytes, JournalEntry] = {}
        self._outcomes: dict[bytes, Outcome] = {}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """See `TransactionJournal.lock`; among the threads of this process."""
        with self._lock:
            yield

    def record(self, entry: JournalEntry) -> None:
        """See `TransactionJournal.record`."""
        with self._lock:
            self._entries[entry.hash] = entry
            self._outcomes.pop(entry.hash, None)

    def finish(self, tx_hash: bytes, outcome: Outcome) -> None:
        """See `TransactionJournal.finish`."""
        with self._lock:
            self._outcomes[tx_hash] = outcome

    def find(self, tx_hash: bytes) -> JournalEntry | None:
        """See `TransactionJournal.find`."""
        return self._entries.get(tx_hash)

    def attempts(self, nonce: int) -> list[JournalEntry]:
        """See `TransactionJournal.attempts`."""
        with self._lock:
            return [
                entry
                for entry in self._entries.values()
                if entry.nonce == nonce and self._outcomes.get(entry.hash) is not Outcome.REFUSED
            ]

    def unfinished(self) -> list[JournalEntry]:
        """See `TransactionJournal.unfinished`."""
        with self._lock:
            waiting = [entry for entry in self._entries.values() if entry.hash not in self._outcomes]
        return sorted(waiting, key=lambda entry: entry.nonce)

    def next_nonce(self) -> int | None:
        """See `TransactionJournal.next_nonce`."""
        with self._lock:
            used = [
                entry.nonce
                for entry in self._entries.values()
                if self._outcomes.get(entry.hash) is not Outcome.REFUSED
            ]
        return max(used) + 1 if used else None

    def position(self) -> tuple[set[int], int | None]:
        """See `TransactionJournal.position`."""
        with self._lock:
            return {entry.nonce for entry in self.unfinished()}, self.next_nonce()


class FileJournal:
    """A journal in a file of JSON lines, appended and synced one by one; shared safely by processes.

    The file's first line says whose it is. A last line that a crash tore is dropped: its transaction
    was never broadcast, since that happens after the line is on disk.

    Raises ConfigurationError for a file of another key or chain, LedgerError for one that can't be read.
    """

    def __init__(
        self, path: str | Path, *, chain_id: int, address: str, instance_id: str | None = None
    ) -> None:
        self._path = Path(path)
        self._header = {"journal": 1, "chain_id": chain_id, "address": address, "instance_id": instance_id}
        self._memory = MemoryJournal()
        self._threads = threading.RLock()
        self._descriptor: int | None = None
        self._read_to = 0
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self.lock():
                if self._read_to == 0:
                    self._append(self._header)
                    _sync_folder(self._path.parent)
        except OSError as error:
            raise LedgerError(f"the journal {str(self._path)!r} cannot be used: {error.strerror}") from error

    @classmethod
    def in_folder(
        cls, folder: str | Path, *, chain_id: int, address: str, instance_id: str | None = None
    ) -> FileJournal:
        """The file for this key on this chain: `<chain id>[-<instance>]-<address>.jsonl`."""
        instance = f"-{instance_id[2:18]}" if instance_id is not None else ""
        path = Path(folder) / f"{chain_id}{instance}-{address}.jsonl"
        return cls(path, chain_id=chain_id, address=address, instance_id=instance_id)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """See `TransactionJournal.lock`. Reads what others have written in the meantime."""
        import fcntl

        with self._threads:
            if self._descriptor is not None:
                yield
                return
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                self._descriptor = descriptor
                self._catch_up()
                yield
            finally:
                self._descriptor = None
                os.close(descriptor)

    def record(self, entry: JournalEntry) -> None:
        """See `TransactionJournal.record`. Raises ConfigurationError for another key's or chain's entry."""
        if (entry.chain_id, entry.sender) != (self._header["chain_id"], self._header["address"]):
            raise ConfigurationError(
                f"the journal {str(self._path)!r} was given a transaction of {entry.sender} on chain "
                f"{entry.chain_id}: use that key's journal"
            )
        line = {
            "recorded": to_hex(entry.hash),
            "nonce": entry.nonce,
            "raw": to_hex(entry.raw),
            "description": entry.description,
        }
        with self.lock():
            self._append(line)
            self._memory.record(entry)

    def finish(self, tx_hash: bytes, outcome: Outcome) -> None:
        """See `TransactionJournal.finish`."""
        with self.lock():
            if any(entry.hash == tx_hash for entry in self._memory.unfinished()):
                self._append({"finished": to_hex(tx_hash), "outcome": outcome.value})
                self._memory.finish(tx_hash, outcome)

    def find(self, tx_hash: bytes) -> JournalEntry | None:
        """See `TransactionJournal.find`."""
        found = self._memory.find(tx_hash)
        if found is not None:
            return found
        with self.lock():
            return self._memory.find(tx_hash)

    def attempts(self, nonce: int) -> list[JournalEntry]:
        """See `TransactionJournal.attempts`."""
        with self.lock():
            return self._memory.attempts(nonce)

    def unfinished(self) -> list[JournalEntry]:
        """See `TransactionJournal.unfinished`."""
        with self.lock():
            return self._memory.unfinished()

    def next_nonce(self) -> int | None:
        """See `TransactionJournal.next_nonce`."""
        with self.lock():
            return self._memory.next_nonce()

    def position(self) -> tuple[set[int], int | None]:
        """See `TransactionJournal.position`."""
        with self.lock():
            return self._memory.position()

    def _append(self, line: dict[str, Any]) -> None:
        descriptor = self._held()
        written = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            if os.write(descriptor, written) != len(written):
                raise OSError(errno.ENOSPC, "written in part; is the disk full?")
            os.fsync(descriptor)
        except OSError as error:
            # What the caller hears was not recorded must not be found by the next reader.
            os.ftruncate(descriptor, self._read_to)
            raise LedgerError(
                f"the journal {str(self._path)!r} could not be written: {error.strerror}; nothing was sent"
            ) from error
        self._read_to += len(written)

    def _catch_up(self) -> None:
        descriptor = self._held()
        size = os.fstat(descriptor).st_size
        if size < self._read_to:
            raise LedgerError(f"the journal {str(self._path)!r} became shorter: it was edited; restore it")
        tail = _read_all(descriptor, self._read_to, size)
        whole = tail.rfind(b"\n") + 1
        if whole != len(tail):
            os.ftruncate(descriptor, self._read_to + whole)
        for number, line in enumerate(tail[:whole].splitlines()):
            try:
                self._take(json.loads(line), first=self._read_to == 0 and number == 0)
            except (ValueError, KeyError, TypeError) as error:
                raise LedgerError(
                    f"the journal {str(self._path)!r} has a line that cannot be read ({error!r}): "
                    f"{line[:80]!r}; restore the file, do not delete it: it holds what was sent"
                ) from error
        self._read_to += whole

    def _take(self, line: dict[str, Any], *, first: bool) -> None:
        if first:
            if line != self._header:
                raise ConfigurationError(
                    f"the journal {str(self._path)!r} belongs to {line}, not to {self._header}: use one file "
                    "for each key and chain"
                )
        elif "recorded" in line:
            entry = JournalEntry(
                chain_id=self._header["chain_id"],  # type: ignore[arg-type]
                sender=str(self._header["address"]),
                nonce=int(line["nonce"]),
                hash=from_hex(line["recorded"], length=32),
                raw=from_hex(line["raw"]),
                description=str(line["description"]),
            )
            self._memory.record(entry)
        else:
            self._memory.finish(from_hex(line["finished"], length=32), Outcome(line["outcome"]))

    def _held(self) -> int:
        if self._descriptor is None:
            raise LedgerError(f"the journal {str(self._path)!r} was used without its lock")
        return self._descriptor


def _read_all(descriptor: int, start: int, end: int) -> bytes:
    parts = []
    while start < end:
        part = os.pread(descriptor, end - start, start)
        if not part:
            break
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    """A new file's name is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
