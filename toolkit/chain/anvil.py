"""A local Anvil node that never outlives its owner.

The node is the platform package's own binary (the npm shim costs 200 ms and leaves a second process),
on a port that it picks itself, with its output in a file: on an unread pipe it stops answering after
214 transactions (foundry#3414).

How it dies with its owner stands in `toolkit.chain.anvil_process`.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from toolkit.amounts import is_whole
from toolkit.chain.anvil_process import find_binary, make_folder, reap, spawn
from toolkit.chain.hexes import to_quantity
from toolkit.errors import (
    AnvilExited,
    ConfigurationError,
    InvalidInput,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
)

if TYPE_CHECKING:
    from toolkit.chain.client import Client
    from toolkit.chain.transport import Transport

__all__ = ["DEV_CHAIN_ID", "Anvil"]

DEV_CHAIN_ID = 31337

_VERSION = "1.7."  # 1.8 desynchronises nonces (foundry#16851)
_TAIL_LINES = 20
_BANNER = re.compile(r"^Listening on 127\.0\.0\.1:(\d+)\s*$", re.MULTILINE)


class Anvil:
    """One Anvil process, started by `start()` or by entering the context, stopped by leaving it.

    `port=0` lets the node pick a free port. `hardfork` defaults to Cancun, the level the contracts are
    compiled for (from Prague on each block adds a storage slot, and long tests slow down).
    `prune_history` keeps only the newest state. `no_mining` mines on `mine()` only; `block_time` mines
    every so many seconds, with `mixed_mining` also at each transaction. `timestamp` is the genesis time
    (seconds since 1970), `state` a file to load and dump. `extra_args` go to Anvil as they are.
    `log_path` keeps the log there; without it the log goes when the node stops.

    Raises AnvilNotFound, AnvilExited (with the log's tail), NodeTimeout (not up within
    `start_timeout` seconds), ConfigurationError (another version).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        chain_id: int = DEV_CHAIN_ID,
        accounts: int = 10,
        hardfork: str = "cancun",
        prune_history: bool = False,
        no_mining: bool = False,
        block_time: int | None = None,
        mixed_mining: bool = False,
        timestamp: int | None = None,
        state: str | Path | None = None,
        extra_args: Sequence[str] = (),
        binary: str | Path | None = None,
        log_path: str | Path | None = None,
        start_timeout: float = 20.0,
    ) -> None:
        if no_mining and block_time is not None:
            raise ConfigurationError("no_mining and block_time exclude each other: choose one")
        if mixed_mining and block_time is None:
            raise ConfigurationError("mixed_mining needs a block_time")
        self.chain_id = chain_id
        self._port = port
        self._options = [
            *("--chain-id", str(chain_id), "--accounts", str(accounts), "--hardfork", hardfork),
            *(["--prune-history"] if prune_history else []),
            *(["--no-mining"] if no_mining else []),
            *(["--block-time", str(block_time)] if block_time is not None else []),
            *(["--mixed-mining"] if mixed_mining else []),
            *(["--timestamp", str(timestamp)] if timestamp is not None else []),
            *(["--state", str(Path(state).resolve())] if state is not None else []),
            *extra_args,
        ]
        self._binary = binary
        self._kept_log = Path(log_path) if log_path is not None else None
        self._start_timeout = start_timeout
        self._lock = threading.RLock()
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._transport: Transport | None = None
        self._rpc_url = ""
        self._instance_id = ""
        self._accounts: tuple[str, ...] = ()
        self._last_tail = ""

    def __repr__(self) -> str:
        return f"Anvil({self._rpc_url or 'not running'}, chain_id={self.chain_id})"

    def __enter__(self) -> Anvil:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- life ---------------------------------------------------------------------------------------

    def start(self) -> Anvil:
        """Start the node and return once it answers. A running node is left as it is."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return self
            self.stop()
            reap()
            binary = find_binary(self._binary)
            self._folder = make_folder()
            try:
                self._spawn(binary)
                self._await_banner()
                self._identify()
            except BaseException:
                self.stop()
                raise
            return self

    def stop(self) -> None:
        """End the node and remove its temporary files. May be called at any time, more than once."""
        with self._lock:
            process, self._process = self._process, None
            if self._transport is not None:
                self._transport.close()
                self._transport = None
            if process is not None:
                self._end(process)
            if self._keeper is not None:
                self._keeper.join()
                self._keeper = None
            if self._folder is not None:
                self._last_tail = self._read_tail()
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
            self._rpc_url = ""

    def wait(self, timeout: float | None = None) -> int:
        """Block until the node ends by itself and return its exit status: for a node in the foreground.

        Raises NodeTimeout if it still runs after `timeout` seconds.
        """
        process = self._process
        if process is None:
            raise NodeUnreachable("this Anvil is not running: call start(), or use it as a context manager")
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise NodeTimeout(f"the node at {self._rpc_url} still runs after {timeout} s") from None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The node's process id."""
        return self._running().pid

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines of the node's log, also after it has stopped."""
        return self._read_tail(lines) if self._folder is not None else self._last_tail

    # --- where it is ---------------------------------------------------------------------------------

    @property
    def rpc_url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        self._running()
        return self._rpc_url

    @property
    def ipc_path(self) -> str:
        """The node's Unix socket: several times faster than HTTP."""
        self._running()
        return self._ipc()

    @property
    def instance_id(self) -> str:
        """0x and 64 digits, different for each process: what a deployment record is bound to."""
        self._running()
        return self._instance_id

    @property
    def accounts(self) -> tuple[str, ...]:
        """The development accounts' addresses, each with 10,000 ether."""
        self._running()
        return self._accounts

    def private_key(self, index: int) -> bytes:
        """The 32-byte key of a development account: public knowledge, worthless on any other chain."""
        from toolkit.chain.signers import dev_private_key

        return dev_private_key(index)

    def client(self, **options: Any) -> Client:
        """A `Client` on this node's socket, bound to its chain id; `options` as for `Client`."""
        from toolkit.chain.client import Client

        return Client(self.ipc_path, chain_id=self.chain_id, **options)

    # --- time, blocks, state -------------------------------------------------------------------------

    def advance_time(self, seconds: int) -> None:
        """Move the node's clock on by `seconds` and mine a block at the new time."""
        if not is_whole(seconds) or seconds < 0:
            raise InvalidInput(
                f"{seconds!r} must be whole seconds, 0 or more: a chain's clock never goes back"
            )
        self.request("evm_increaseTime", seconds)
        self.mine()

    def set_next_block_timestamp(self, timestamp: int) -> None:
        """Give the next block this time (seconds since 1970). It must lie after the last block's."""
        self.request("evm_setNextBlockTimestamp", timestamp)

    def mine(self, blocks: int = 1) -> None:
        """Mine `blocks` blocks."""
        if blocks == 1:
            self.request("evm_mine")
        else:
            self.request("anvil_mine", to_quantity(blocks))

    def snapshot(self) -> str:
        """Remember the chain's state; the id is good for one `revert`."""
        return str(self.request("evm_snapshot"))

    def revert(self, snapshot_id: str) -> None:
        """Go back to a snapshot, which is used up; transactions that wait are forgotten.

        Raises InvalidInput for an id that is unknown or used.
        """
        # Anvil keeps its pool over a revert, and a revert in the middle of mining leaves holes in the chain:
        # empty the pool, and let a last block wait for one that is being made.
        self.request("anvil_dropAllTransactions")
        self.request("evm_mine")
        if self.request("evm_revert", snapshot_id) is not True:
            raise InvalidInput(f"snapshot {snapshot_id!r} is unknown or has been used; take a new one")

    def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by other, empty ones; their transactions are gone."""
        self.request("anvil_reorg", depth, [])

    def set_balance(self, address: str, wei: int) -> None:
        """Give an account exactly `wei`."""
        self.request("anvil_setBalance", address, to_quantity(wei))

    def set_automine(self, enabled: bool) -> None:
        """Mine each transaction at once, or only on `mine()`."""
        self.request("evm_setAutomine", enabled)

    def drop_transaction(self, tx_hash: str) -> None:
        """Forget a transaction that waits in the pool."""
        self.request("anvil_dropTransaction", tx_hash)

    def request(self, method: str, *params: Any) -> Any:
        """Any JSON-RPC method of this node. Raises NodeRejected, or AnvilExited if it has ended."""
        self._running()
        transport = self._transport
        if transport is None:
            raise NodeUnreachable("this Anvil is not running: call start()")
        try:
            answer = transport.request(method, params)
        except NodeUnreachable:
            self._fail_if_exited(grace=1.0)
            raise
        if "error" in answer:
            raise NodeRejected(f"Anvil refused {method}{params!r}: {answer['error']}", method=method)
        return answer["result"]

    # --- inside --------------------------------------------------------------------------------------

    def _spawn(self, binary: Path) -> None:
        log_path = self._log()
        log_path.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *(str(binary), "--host", "127.0.0.1", "--port", str(self._port), "--ipc", self._ipc()),
            *self._options,
        ]
        self._process, self._keeper = spawn(command, folder=self._folder_now(), log_path=log_path)

    def _await_banner(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        while True:
            match = _BANNER.search(self._log().read_text(encoding="utf-8", errors="replace"))
            # The socket comes up slightly later than the port.
            if match and Path(self._ipc()).exists():
                self._rpc_url = f"http://127.0.0.1:{match[1]}"
                return
            self._fail_if_exited()
            if time.monotonic() > deadline:
                raise NodeTimeout(
                    f"Anvil did not come up within {self._start_timeout} s; the end of its log:\n"
                    f"{self._read_tail()}"
                )
            time.sleep(0.005)

    def _identify(self) -> None:
        from toolkit.chain.transport import Transport

        self._transport = Transport(self._ipc())
        metadata = self.request("anvil_metadata")
        version = str(metadata["clientVersion"]).rpartition("/v")[2]
        if not version.startswith(_VERSION):
            raise ConfigurationError(
                f"Anvil {version} cannot be used: {_VERSION}x is needed (later ones lose count of nonces); "
                "run `make setup`, or point ISSUANCE_ANVIL at one"
            )
        self._instance_id = str(metadata["instanceId"])
        self.chain_id = int(metadata["chainId"])
        from toolkit.chain.addresses import checksum_address

        self._accounts = tuple(
            checksum_address(address, lenient=True) for address in self.request("eth_accounts")
        )

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None:
            raise NodeUnreachable("this Anvil is not running: call start(), or use it as a context manager")
        self._fail_if_exited()
        return process

    def _fail_if_exited(self, grace: float = 0.0) -> None:
        process = self._process
        if process is None:
            return
        deadline = time.monotonic() + grace
        while process.poll() is None:
            if time.monotonic() >= deadline:
                return
            time.sleep(0.01)
        raise AnvilExited(
            f"Anvil ended by itself with exit code {process.returncode}; the end of its log:\n"
            f"{self._read_tail()}",
            exit_code=process.returncode,
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # Anvil then dumps its state, where it was asked to
            try:
                process.wait(60 if "--state" in self._options else 5)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()

    def _folder_now(self) -> Path:
        if self._folder is None:
            raise NodeUnreachable("this Anvil is not running: call start()")
        return self._folder

    def _log(self) -> Path:
        return self._kept_log or self._folder_now() / "anvil.log"

    def _ipc(self) -> str:
        return str(self._folder_now() / "anvil.ipc")

    def _read_tail(self, lines: int = _TAIL_LINES) -> str:
        path = self._log()
        if not path.exists():
            return ""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
