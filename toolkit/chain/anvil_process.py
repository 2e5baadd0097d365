"""Finding, starting and clearing away the Anvil process: what `toolkit.chain.anvil` needs of the system.

How a node dies with its owner, even after `kill -9`. On Linux the kernel does it: a few lines of Python set
PR_SET_PDEATHSIG and then become Anvil by exec, so that no supervisor is left that could itself be killed,
and no Python runs between fork and exec. The signal comes when the *thread* that started the child ends,
so a keeper thread starts it and then waits for it, for as long as it lives. Where there is no such signal
(macOS), and to clear away what a killed owner left in the temporary folder, each start looks for nodes
whose owner is gone, told apart from recycled process ids by their start times.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from toolkit.errors import AnvilNotFound

__all__ = ["find_binary", "make_folder", "reap", "spawn"]

_PREFIX = "issuance-anvil-"
_NOTE = "node.json"
_MEMORY_LIMIT = 8 << 30  # a hung automine has been seen to take 24 GB

# argv: owner's process id, memory limit, then the command. The parent may have died before prctl ran.
_LAUNCHER = """
import os, sys
owner, memory, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
if sys.platform == "linux":
    import ctypes, resource, signal
    if ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit("prctl(PR_SET_PDEATHSIG) failed, errno %d" % ctypes.get_errno())
    if os.getppid() != owner:
        sys.exit("the owner has gone")
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
os.execv(command[0], command)
"""


def find_binary(given: str | Path | None = None) -> Path:
    """The Anvil to run: `given`, else ISSUANCE_ANVIL, else the npm platform package in `node_modules`
    of the working folder or the toolkit's checkout or a folder above them, else `anvil` on the PATH.

    Raises AnvilNotFound.
    """
    named = str(given) if given is not None else os.environ.get("ISSUANCE_ANVIL", "")
    if named:
        path = Path(named).expanduser()
        if path.is_file() and os.access(path, os.X_OK):
            return path.resolve()
        raise AnvilNotFound(
            f"there is no executable Anvil at {named!r}: correct the path, or unset ISSUANCE_ANVIL and "
            "run `make setup`"
        )
    inside = Path("node_modules", "@foundry-rs", f"anvil-{_platform()}", "bin", "anvil")
    for start in (Path.cwd(), Path(__file__).resolve().parents[2]):
        for folder in (start, *start.parents):
            if (folder / inside).is_file():
                return folder / inside
    on_path = shutil.which("anvil")
    if on_path is not None:
        return Path(on_path).resolve()
    raise AnvilNotFound(
        f"no Anvil found: neither {inside} in this folder or above, nor `anvil` on the PATH. "
        "Run `make setup` (or `npm install @foundry-rs/anvil@1.7.1`), or set ISSUANCE_ANVIL to its path"
    )


def make_folder() -> Path:
    """A new private folder for one node's socket, log and note."""
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_short_temporary_folder()))


def spawn(
    command: Sequence[str], *, folder: Path, log_path: Path
) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    """Start `command` bound to this process's life, its output in `log_path` and a note of it in `folder`.

    The thread that is returned ends when the process does. Raises AnvilNotFound.
    """
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(_MEMORY_LIMIT), *command]
    starting: Future[subprocess.Popen[bytes]] = Future()

    def keep() -> None:
        try:
            with log_path.open("wb") as log:
                # An own session: Ctrl-C in a terminal is for the owner, who then stops the node.
                process = subprocess.Popen(
                    launch,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    start_new_session=True,
                )
        except BaseException as error:  # noqa: BLE001 - the thread that waits for the future raises it
            starting.set_exception(error)
            return
        starting.set_result(process)
        process.wait()

    keeper = threading.Thread(target=keep, name="anvil-keeper", daemon=True)
    keeper.start()
    try:
        process = starting.result()
    except OSError as error:
        raise AnvilNotFound(f"{command[0]} could not be started: {error}") from error
    note = {
        "machine": _machine(),
        "node": process.pid,
        "node_started": _start_time(process.pid),
        "owner": os.getpid(),
        "owner_started": _start_time(os.getpid()),
    }
    try:
        (folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    except BaseException:
        process.kill()
        raise
    return process, keeper


def _platform() -> str:
    machine = os.uname().machine.lower()
    return f"{sys.platform}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def _short_temporary_folder() -> str:
    """A Unix socket's path has at most about 104 bytes."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= 60 else "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it


def reap() -> None:
    """End nodes whose owner is gone and remove what they left. Only this user's folders are looked at."""
    for folder in Path(_short_temporary_folder()).glob(f"{_PREFIX}*"):
        note = folder / _NOTE
        try:
            if folder.stat().st_uid != os.getuid() or not note.exists():
                continue
            noted = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # another process is just writing or removing it
        if noted["machine"] != _machine() or _start_time(noted["owner"]) == noted["owner_started"]:
            continue
        if _start_time(noted["node"]) == noted["node_started"] is not None:
            with suppress(ProcessLookupError):  # it is just ending by itself
                os.kill(noted["node"], signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    """What process ids mean here: containers may share a temporary folder, but not these."""
    namespace = Path("/proc/self/ns/pid")
    return f"{os.uname().nodename} {namespace.readlink() if namespace.exists() else ''}"


def _start_time(pid: int) -> str | None:
    """When process `pid` started, in the system's own words, or None when there is none.

    A zombie counts as gone.
    """
    if Path("/proc/self/stat").exists():
        try:
            fields = (
                Path(f"/proc/{pid}/stat")
                .read_text(encoding="ascii", errors="replace")
                .rpartition(")")[2]
                .split()
            )
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]
    found = subprocess.run(
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return found or None
