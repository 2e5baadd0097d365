from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from toolkit.chain.anvil import Anvil
from toolkit.chain.anvil_process import find_binary
from toolkit.chain.client import Client
from toolkit.errors import (
    AnvilExited,
    AnvilNotFound,
    ConfigurationError,
    InvalidInput,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
)

REPOSITORY = Path(__file__).resolve().parents[3]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def test_starts_answers_on_both_transports_and_stops(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "anvil.log"
    with Anvil(log_path=log) as node:
        pid = node.pid
        assert node.running
        assert len(node.accounts) == 10
        assert node.start() is node
        assert node.pid == pid
        for endpoint in (node.rpc_url, node.ipc_path):
            assert Client(endpoint, chain_id=31337).block("latest").number == 0
        socket = Path(node.ipc_path)
    assert not alive(pid)
    assert not socket.parent.exists()
    assert "Listening on 127.0.0.1" in log.read_text()
    node.stop()
    with pytest.raises(NodeUnreachable, match="not running"):
        _ = node.rpc_url


def test_each_start_is_another_instance_even_of_the_same_object() -> None:
    node = Anvil()
    ids = set()
    for _ in range(2):
        with node:
            assert Client(node.ipc_path).instance_id() == node.instance_id
            ids.add(node.instance_id)
    assert len(ids) == 2


def test_eight_parallel_starts_do_not_clash() -> None:
    nodes = [Anvil() for _ in range(8)]
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Anvil.start, nodes))
        # The threads that started them have ended; the nodes must not have ended with them.
        assert len({node.rpc_url for node in nodes}) == 8
        assert len({node.instance_id for node in nodes}) == 8
        assert all(Client(node.rpc_url).chain_id == 31337 for node in nodes)
    finally:
        for node in nodes:
            node.stop()


def test_3000_transactions_with_nobody_reading_the_log(tmp_path: Path) -> None:
    log = tmp_path / "anvil.log"
    with Anvil(no_mining=True, log_path=log) as node:
        client = node.client()
        to = node.accounts[0]
        for nonce in range(0, 300, 20):
            requests = [
                (
                    "eth_sendTransaction",
                    [{"from": sender, "to": to, "value": "0x1", "nonce": hex(nonce + offset)}],
                )
                for sender in node.accounts
                for offset in range(20)
            ]
            hashes = client.batch(requests)
            assert all(isinstance(tx_hash, str) for tx_hash in hashes), hashes
            node.mine()
        assert [client.nonce(sender, "latest") for sender in node.accounts] == [300] * 10
    assert log.stat().st_size > 1 << 16  # more than a pipe holds


@pytest.fixture
def own_folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A temporary folder, with a short path, that no other process's nodes clear up."""
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


def test_kill_9_of_the_owner_ends_the_node_and_the_next_start_clears_up(own_folders: None) -> None:
    script = (
        "import threading, time\n"
        "from toolkit.chain.anvil import Anvil\n"
        "node = Anvil()\n"
        "starter = threading.Thread(target=node.start); starter.start(); starter.join()\n"
        "print(node.pid, node.ipc_path, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid_text, ipc_path = owner.stdout.readline().split()
        pid = int(pid_text)
        time.sleep(0.3)
        assert alive(pid), "the node must not end with the thread that started it"
        owner.send_signal(signal.SIGKILL)
    assert eventually(lambda: not alive(pid))
    assert Path(ipc_path).parent.exists()
    with Anvil():
        assert not Path(ipc_path).parent.exists()


def test_the_next_start_ends_a_node_whose_owner_is_gone(own_folders: None) -> None:
    """What happens where the kernel doesn't do it: a note of a dead owner beside a live process."""
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        started = {
            process.pid: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
            for process in (orphan, stranger)
        }
        with Anvil() as node:
            live = json.loads((Path(node.ipc_path).parent / "node.json").read_text())
        folders = []
        for pid, start in ((orphan.pid, started[orphan.pid]), (stranger.pid, "1")):
            folder = Path(tempfile.mkdtemp(prefix="issuance-anvil-"))
            (folder / "node.json").write_text(
                json.dumps({**live, "node": pid, "node_started": start, "owner": 999_999_999})
            )
            folders.append(folder)
        with Anvil():
            assert orphan.wait(10) == -signal.SIGKILL
            assert stranger.poll() is None, "a recycled process id is somebody else's"
            assert not any(folder.exists() for folder in folders)
    finally:
        for process in (orphan, stranger):
            process.kill()
            process.wait()


def test_an_early_exit_shows_code_and_log() -> None:
    with pytest.raises(AnvilExited, match=r"(?s)exit code 1.*Unknown hardfork: nonsense") as caught:
        Anvil(hardfork="nonsense").start()
    assert caught.value.details["exit_code"] == 1
    with pytest.raises(AnvilExited, match="unexpected argument '--no-such-flag'"):
        Anvil(extra_args=["--no-such-flag"]).start()


def test_a_busy_port_is_said_to_be_busy(anvil: Anvil) -> None:
    port = int(anvil.rpc_url.rpartition(":")[2])
    with pytest.raises(AnvilExited, match="Address already in use"):
        Anvil(port=port).start()


def test_a_node_that_dies_half_way_is_reported_with_its_log() -> None:
    with Anvil() as node:
        client = node.client()
        assert client.block("latest").number == 0
        os.kill(node.pid, signal.SIGKILL)
        with pytest.raises(NodeUnreachable):
            client.block("latest")
        with pytest.raises(AnvilExited, match=r"(?s)exit code -9.*Listening on"):
            node.mine()


def test_a_binary_that_never_comes_up_is_killed(tmp_path: Path) -> None:
    fake = tmp_path / "anvil"
    fake.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\necho starting\nexec sleep 60\n")
    fake.chmod(0o755)
    for patience in (0.5, 5, 50):  # a slow machine may not even have got to the shell
        with pytest.raises(NodeTimeout, match=rf"did not come up within {patience} s") as caught:
            Anvil(binary=fake, start_timeout=patience).start()
        if "starting" in caught.value.message:
            break
    assert caught.value.message.endswith("starting")
    pid = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not alive(pid))


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.chain.anvil._VERSION", "1.6.")
    with pytest.raises(ConfigurationError, match=r"Anvil 1\.7\.\d+ cannot be used: 1\.6\.x is needed"):
        Anvil().start()


def test_the_binary_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_binary()
    assert found.name == "anvil"
    monkeypatch.setenv("ISSUANCE_ANVIL", str(found))
    assert find_binary() == found.resolve()
    monkeypatch.setenv("ISSUANCE_ANVIL", str(tmp_path / "none"))
    with pytest.raises(AnvilNotFound, match="ISSUANCE_ANVIL"):
        find_binary()
    monkeypatch.delenv("ISSUANCE_ANVIL")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("toolkit.chain.anvil_process.__file__", str(tmp_path / "a" / "b" / "anvil.py"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnvilNotFound, match="make setup"):
        find_binary()
    on_path = tmp_path / "anvil"
    on_path.write_text("#!/bin/sh\n")
    on_path.chmod(0o755)
    assert find_binary() == on_path.resolve()


def test_contradictory_options_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="exclude each other"):
        Anvil(no_mining=True, block_time=1)
    with pytest.raises(ConfigurationError, match="needs a block_time"):
        Anvil(mixed_mining=True)


def test_time_and_blocks(chain: Anvil, client: Client) -> None:
    chain.mine()  # the last block may be as old as the node
    before = client.block("latest")
    chain.advance_time(86_400)
    after = client.block("latest")
    assert after.number == before.number + 1
    assert 86_400 <= after.timestamp - before.timestamp < 86_400 + 60
    chain.set_next_block_timestamp(after.timestamp + 1_000)
    chain.mine()
    assert client.block("latest").timestamp == after.timestamp + 1_000
    chain.mine(5)
    assert client.block("latest").number == after.number + 6
    with pytest.raises(InvalidInput, match="never goes back"):
        chain.advance_time(-1)
    with pytest.raises(NodeRejected, match="Timestamp"):
        chain.set_next_block_timestamp(1)


def test_snapshot_and_revert_take_the_clock_back_too(chain: Anvil, client: Client) -> None:
    snapshot = chain.snapshot()
    before = client.block("latest")
    chain.advance_time(10_000_000)
    chain.set_balance(chain.accounts[3], 5)
    chain.revert(snapshot)
    assert client.block("latest") == before
    chain.mine()
    assert client.block("latest").timestamp - before.timestamp < 1_000
    assert client.balance(chain.accounts[3], "latest") == 10_000 * 10**18
    with pytest.raises(InvalidInput, match="unknown or has been used"):
        chain.revert(snapshot)


def test_reorg_replaces_blocks(chain: Anvil, client: Client) -> None:
    chain.mine(3)
    sender, to = chain.accounts[:2]
    # By hand: automine mines after it has answered, and an empty block may come back with the same hash.
    chain.set_automine(False)
    chain.request("eth_sendTransaction", {"from": sender, "to": to, "value": "0x1"})
    chain.mine()
    before = client.block("latest")
    chain.reorg(2)
    after = client.block(before.number)
    assert after.hash != before.hash


def test_options_reach_the_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Anvil(
        chain_id=1337, accounts=2, timestamp=1_700_000_000, prune_history=True, block_time=3600
    ) as node:
        assert node.client().chain_id == 1337
        assert len(node.accounts) == 2
        assert node.client().block(0).timestamp == 1_700_000_000
    monkeypatch.chdir(tmp_path)
    state = "state.json"
    with Anvil(state=state) as node:
        node.set_balance(node.accounts[0], 42)
        node.mine()
    with Anvil(state=state) as node:
        assert node.client().balance(node.accounts[0], "latest") == 42


def test_wait_serves_a_node_in_the_foreground() -> None:
    with Anvil() as node:
        with pytest.raises(NodeTimeout, match="still runs"):
            node.wait(0.05)
        threading.Timer(0.1, os.kill, (node.pid, signal.SIGTERM)).start()
        assert node.wait(10) in (0, -signal.SIGTERM)
