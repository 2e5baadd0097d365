"""JSON-RPC 2.0 over HTTP(S) or a Unix socket.

Why not web3's providers, which the rest of the ecosystem uses: measured on two cores, a request costs
1.8 ms through `HTTPProvider` and 0.3 ms here, and loading web3 adds over a second to each command. Above
all, `IPCProvider` writes a request again after a broken pipe and spins until its time-out when the node
has gone; money needs to know at once whether a request may have arrived. Nothing here is ever retried.

Proxies from the environment are ignored: a local node behind a proxy would be another node.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import orjson

from toolkit.errors import ConfigurationError, InconsistentNode, NodeRejected, NodeTimeout, NodeUnreachable

__all__ = ["Transport"]

_CHUNK = 1 << 16


class _NotJson(Exception):
    """The answer was something else: its first argument."""


class _Connection(Protocol):
    def exchange(self, body: bytes, deadline: float) -> Any:
        """The answer, parsed. Raises _NotJson."""
        ...

    def idle_and_open(self) -> bool: ...

    def close(self) -> None: ...


class Transport:
    """Requests to one endpoint: `http://`, `https://` or the path of a Unix socket.

    Safe to share between threads: each request has a connection to itself while it lasts. `timeout`
    is in seconds and covers the whole request.

    Raises NodeUnreachable (no connection, or it broke), NodeTimeout, NodeRejected (HTTP status),
    InconsistentNode (an answer that is not one to this question).
    """

    def __init__(self, endpoint: str, *, timeout: float = 20.0) -> None:
        if timeout <= 0:
            raise ConfigurationError(f"time-out {timeout} must be a number of seconds above zero")
        self.timeout = timeout
        self._target = _Target(endpoint)
        self._idle: deque[_Connection] = deque()
        self._ids = 0
        self._lock = threading.Lock()
        self._owner = os.getpid()
        weakref.finalize(self, _close_all, self._idle)

    @property
    def name(self) -> str:
        """The endpoint without path, query or credentials, fit for messages."""
        return self._target.name

    def request(self, method: str, params: Sequence[Any], *, timeout: float | None = None) -> dict[str, Any]:
        """One request; the response object (`result` or `error`)."""
        answer = self._exchange([(method, params)], single=True, timeout=timeout)
        return answer[0]

    def batch(
        self, requests: Sequence[tuple[str, Sequence[Any]]], *, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Many requests in one message; response objects in the order of the questions.

        The node may execute them in any order and at the same time.
        """
        return self._exchange(requests, single=False, timeout=timeout) if requests else []

    def close(self) -> None:
        """Close idle connections. The transport stays usable."""
        with self._lock:
            _close_all(self._idle)

    def _exchange(
        self, requests: Sequence[tuple[str, Sequence[Any]]], *, single: bool, timeout: float | None
    ) -> list[dict[str, Any]]:
        with self._lock:
            first = self._ids + 1
            self._ids += len(requests)
        messages = [
            {"jsonrpc": "2.0", "id": first + offset, "method": method, "params": list(params)}
            for offset, (method, params) in enumerate(requests)
        ]
        body = orjson.dumps(messages[0] if single else messages)
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        answer = self._send(body, deadline, requests[0][0])
        return self._match(answer, first, len(requests), requests[0][0])

    def _send(self, body: bytes, deadline: float, method: str) -> Any:
        connection = self._take(deadline, method)
        try:
            answer = connection.exchange(body, deadline)
        except TimeoutError as error:
            connection.close()
            raise NodeTimeout(
                f"the node at {self.name} did not answer {method} in time; whether it acted is unknown",
                method=method,
            ) from error
        except (OSError, HTTPException) as error:
            connection.close()
            raise NodeUnreachable(
                f"the connection to the node at {self.name} broke during {method} "
                f"({type(error).__name__}: {error}); check that the node is running",
                method=method,
            ) from error
        except _NotJson as error:
            connection.close()
            raise InconsistentNode(
                f"the node at {self.name} answered {method} with something that is not JSON: "
                f"{error.args[0][:120]!r}",
                method=method,
            ) from error
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)
        return answer

    def _take(self, deadline: float, method: str) -> _Connection:
        while True:
            with self._lock:
                if self._owner != os.getpid():  # after a fork the sockets belong to the parent
                    self._owner = os.getpid()
                    _close_all(self._idle)
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                break
            if connection.idle_and_open():
                return connection
            connection.close()
        try:
            return self._target.connect(deadline)
        except TimeoutError as error:
            raise NodeTimeout(
                f"the node at {self.name} did not accept a connection in time", method=method
            ) from error
        except OSError as error:
            raise NodeUnreachable(
                f"no node answers at {self.name} ({error}); start one, or correct the address", method=method
            ) from error

    def _match(self, answer: Any, first: int, count: int, method: str) -> list[dict[str, Any]]:
        answers = answer if isinstance(answer, list) else [answer]
        if not all(isinstance(item, dict) for item in answers):
            raise InconsistentNode(f"the node at {self.name} answered {method} without a response object")
        if len(answers) == 1 and answers[0].get("id") is None and "error" in answers[0]:
            return [answers[0]] * count  # an error about the message as a whole has no id
        by_id = {item.get("id"): item for item in answers}
        try:
            matched = [by_id[first + offset] for offset in range(count)]
        except KeyError as error:
            raise InconsistentNode(
                f"the node at {self.name} did not answer request {error} ({method}), only "
                f"{sorted(map(str, by_id))}",
                method=method,
            ) from None
        for item in matched:
            if ("result" in item) == ("error" in item and item["error"] is not None):
                raise InconsistentNode(
                    f"the node at {self.name} answered {method} with neither a result nor an error",
                    method=method,
                )
        return matched


def _close_all(idle: deque[_Connection]) -> None:
    while idle:
        idle.pop().close()


class _Target:
    """Where to connect, parsed once."""

    def __init__(self, endpoint: str) -> None:
        if not endpoint:
            raise ConfigurationError(f"endpoint {endpoint!r} must be an http(s) address or a socket's path")
        self.path = ""
        self.headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if "://" not in endpoint:
            self.scheme, self.name, self.path = "ipc", endpoint, endpoint
            return
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                f"endpoint with scheme {parts.scheme!r} cannot be used; give http://host:port, "
                "https://host/… or the path of a Unix socket"
            )
        try:
            port = parts.port
        except ValueError:
            raise ConfigurationError(f"the port of endpoint {parts.hostname!r} is not a number") from None
        self.scheme, self.host = parts.scheme, parts.hostname
        self.port = port or (443 if parts.scheme == "https" else 80)
        self.name = f"{self.scheme}://{self.host}:{self.port}"
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if parts.username is not None:
            from base64 import b64encode

            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()

    def connect(self, deadline: float) -> _Connection:
        if self.scheme == "ipc":
            return _SocketConnection(self.path, deadline)
        return _HttpConnection(self, deadline)


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline passed")
    return left


def _quiet(sock: socket.socket | None) -> bool:
    """Whether nothing waits to be read: an idle connection with data, or its end, is of no use."""
    return sock is not None and not select.select([sock], [], [], 0)[0]


class _HttpConnection:
    def __init__(self, target: _Target, deadline: float) -> None:
        self._target = target
        kind = HTTPSConnection if target.scheme == "https" else HTTPConnection
        self._http = kind(target.host, target.port, timeout=_remaining(deadline))
        self._http.connect()
        if self._http.sock is not None:
            self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, body: bytes, deadline: float) -> Any:
        self._limit(deadline)
        self._http.request("POST", self._target.path, body, self._target.headers)
        self._limit(deadline)
        response = self._http.getresponse()
        parts: list[bytes] = []
        while not parts or parts[-1]:
            self._limit(deadline)
            parts.append(response.read1(_CHUNK))
        raw = b"".join(parts)
        if response.length:
            raise IncompleteRead(raw, response.length)
        response.close()
        if response.status != 200 and not raw.lstrip().startswith((b"{", b"[")):
            _refuse_status(self._target.name, response.status, raw)
        try:
            return orjson.loads(raw)
        except ValueError as error:
            raise _NotJson(raw) from error

    def idle_and_open(self) -> bool:
        return _quiet(self._http.sock)

    def close(self) -> None:
        self._http.close()

    def _limit(self, deadline: float) -> None:
        if self._http.sock is not None:
            self._http.sock.settimeout(_remaining(deadline))


def _refuse_status(name: str, status: int, raw: bytes) -> None:
    message = f"the node at {name} answered with HTTP status {status}: {raw[:200]!r}"
    if status == 429 or status >= 500:
        raise NodeUnreachable(f"{message}; try again later", status=status)
    raise NodeRejected(f"{message}; check the address and the credentials", status=status)


class _SocketConnection:
    """One JSON value a line in each direction, as geth and Anvil speak on their IPC socket."""

    def __init__(self, path: str, deadline: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(_remaining(deadline))
            self._socket.connect(path)
        except BaseException:
            self._socket.close()
            raise

    def exchange(self, body: bytes, deadline: float) -> Any:
        self._socket.settimeout(_remaining(deadline))
        self._socket.sendall(body + b"\n")
        parts: list[bytes] = []
        while True:
            self._socket.settimeout(_remaining(deadline))
            part = self._socket.recv(_CHUNK)
            if not part:
                raise ConnectionResetError("the node closed the connection")
            parts.append(part)
            # Not every client ends an answer with a line feed: only the JSON tells whether it is whole.
            if part.rstrip().endswith((b"}", b"]")):
                with suppress(ValueError):
                    return orjson.loads(b"".join(parts))

    def idle_and_open(self) -> bool:
        return _quiet(self._socket)

    def close(self) -> None:
        self._socket.close()
