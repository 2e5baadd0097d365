from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.chain.journal import FileJournal, JournalEntry, MemoryJournal, Outcome
from toolkit.errors import ConfigurationError, LedgerError

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def entry(nonce: int, mark: int | None = None) -> JournalEntry:
    tx_hash = (mark if mark is not None else nonce + 1).to_bytes(32, "big")
    return JournalEntry(31337, ADDRESS, nonce, tx_hash, b"\x02raw" + bytes([nonce]), f"number {nonce}")


def opened(path: Path) -> FileJournal:
    return FileJournal(path, chain_id=31337, address=ADDRESS, instance_id="0x" + "ab" * 32)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_what_every_journal_does(kind: str, tmp_path: Path) -> None:
    journal = MemoryJournal() if kind == "memory" else opened(tmp_path / "journal.jsonl")
    assert journal.next_nonce() is None
    assert journal.find(entry(0).hash) is None
    for nonce in (5, 6, 7):
        journal.record(entry(nonce))
    assert journal.next_nonce() == 8
    journal.finish(entry(7).hash, Outcome.REFUSED)
    assert journal.next_nonce() == 7, "a refused transaction's nonce is free again"
    journal.finish(entry(5).hash, Outcome.MINED)
    journal.finish(entry(5).hash, Outcome.MINED)
    assert journal.unfinished() == [entry(6)]
    assert journal.find(entry(5).hash) == entry(5)
    with journal.lock(), journal.lock():
        assert journal.next_nonce() == 7
    journal.record(entry(6, mark=66))
    assert {item.hash for item in journal.attempts(6)} == {entry(6).hash, entry(6, mark=66).hash}
    assert journal.attempts(7) == [], "refused"


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_the_same_bytes_recorded_again_after_a_refusal_are_open_again(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = MemoryJournal() if kind == "memory" else opened(path)
    journal.record(entry(0))
    journal.finish(entry(0).hash, Outcome.REFUSED)
    journal.record(entry(0))
    assert (journal.unfinished(), journal.next_nonce()) == ([entry(0)], 1)
    if kind == "file":
        assert (opened(path).unfinished(), opened(path).next_nonce()) == ([entry(0)], 1)
    journal.finish(entry(0).hash, Outcome.MINED)
    assert journal.unfinished() == []


@pytest.mark.parametrize("broken", ["write", "fsync"])
def test_what_could_not_be_written_was_never_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    journal = opened(tmp_path / "journal.jsonl")
    journal.record(entry(0))

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(f"toolkit.chain.journal.os.{broken}", fail)
        with pytest.raises(LedgerError, match="No space left"):
            journal.record(entry(1))
    assert journal.unfinished() == [entry(0)]
    assert opened(tmp_path / "journal.jsonl").unfinished() == [entry(0)]


def test_a_file_takes_its_own_keys_transactions_alone(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.jsonl")
    for foreign in (replace(entry(0), chain_id=1), replace(entry(0), sender="0x" + "11" * 20)):
        with pytest.raises(ConfigurationError, match="use that key's journal"):
            journal.record(foreign)
    assert journal.unfinished() == []


def test_a_file_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.jsonl"
    first = opened(path)
    first.record(entry(0))
    first.record(entry(1))
    first.finish(entry(0).hash, Outcome.REVERTED)
    second = opened(path)
    assert second.unfinished() == [entry(1)]
    assert second.next_nonce() == 2
    second.record(entry(2))
    assert first.next_nonce() == 3, "what another user of the file wrote is seen"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("keep", [1, 40, -1])
def test_a_torn_last_line_is_dropped_and_the_next_one_is_whole(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "journal.jsonl"
    opened(path).record(entry(0))
    whole = path.read_bytes()
    opened(path).record(entry(1))
    last = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + last[:keep])
    journal = opened(path)
    assert journal.unfinished() == [entry(0)]
    journal.record(entry(1, mark=99))
    assert opened(path).unfinished() == [entry(0), entry(1, mark=99)]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_torn_header_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"journal":1,')
    opened(path).record(entry(0))
    assert opened(path).unfinished() == [entry(0)]


def test_a_damaged_line_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    opened(path).record(entry(0))
    path.write_bytes(path.read_bytes() + b"rubbish\n")
    with pytest.raises(LedgerError, match=r"cannot be read .*rubbish.*do not delete it"):
        opened(path)


def test_a_shortened_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = opened(path)
    journal.record(entry(0))
    path.write_bytes(b"")
    with pytest.raises(LedgerError, match="became shorter"):
        journal.record(entry(1))


def test_one_file_for_each_key_chain_and_instance(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    opened(path)
    with pytest.raises(ConfigurationError, match="one file for each key and chain"):
        FileJournal(path, chain_id=1, address=ADDRESS)
    journals = [
        FileJournal.in_folder(tmp_path, chain_id=31337, address=ADDRESS, instance_id=instance)
        for instance in (None, "0x" + "11" * 32, "0x" + "22" * 32)
    ]
    assert len({journal.path for journal in journals}) == 3


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be used"):
        opened(tmp_path / "file" / "journal.jsonl")
