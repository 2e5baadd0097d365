"""A node that misbehaves: an HTTP proxy between a client and a real one, which drops, delays or lies.

```python
with MisbehavingProxy(anvil.rpc_url) as proxy:
    client = Client(proxy.url, timeout=0.5)
    proxy.drop_answer("eth_sendRawTransaction")   # the node acts, the client never hears of it
    ...
    proxy.behave()
    proxy.misbehave(Schedule(seed=7, rate=0.05))  # a campaign: random faults until behave()
```

Rules hold for a method until `behave()`, or for as many requests as `times` says. A schedule draws a
fault for each request that no rule is about. `proxy.seen` lists the methods in the order in which they
came, whether passed on or not; `proxy.injected` counts the faults by kind.

It speaks just enough HTTP to be quick (thousands of requests a second while it behaves): one thread and one
connection to the node for each of the client's.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, cast
from urllib.parse import urlsplit

Rule = Callable[["Exchange"], Any]

_ALWAYS = 1_000_000
_HEAD = "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: "


class Fault(StrEnum):
    DROP_REQUEST = "drop the request"
    DROP_ANSWER = "drop the answer"
    DELAY = "delay"
    DUPLICATE = "duplicate the request"
    LATE = "answer late"
    CUT = "cut mid-body"
    HIDE_RECEIPT = "lie about the receipt"
    WRONG_CHAIN = "another chain id"
    RESET = "reset the connection"


@dataclass
class Schedule:
    """Which fault meets which request: for each, `rate` says how often one is drawn, `seed` which.

    `weights` are the kinds' relative frequencies, `methods` the requests concerned (all of them by default).
    A delay takes up to `delay` seconds; a late answer comes `late` seconds after the node's, which is to
    be more than the client's time-out; a hidden receipt stays hidden for `hidden` seconds.
    """

    seed: int
    rate: float = 0.02
    weights: Mapping[Fault, float] = field(default_factory=lambda: dict.fromkeys(Fault, 1.0))
    methods: frozenset[str] | None = None
    delay: float = 0.05
    late: float = 1.0
    hidden: float = 60.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._kinds, self._shares = list(self.weights), list(self.weights.values())

    def seconds(self, fault: Fault) -> float:
        return {Fault.DELAY: self.delay, Fault.LATE: self.late, Fault.HIDE_RECEIPT: self.hidden}.get(
            fault, 0.0
        )

    def draw(self, method: str) -> Fault | None:
        if self.methods is not None and method not in self.methods:
            return None
        if self._random.random() >= self.rate:
            return None
        [fault] = self._random.choices(self._kinds, self._shares)
        if fault is Fault.HIDE_RECEIPT and method != "eth_getTransactionReceipt":
            return None
        if fault is Fault.WRONG_CHAIN and method != "eth_chainId":
            return None
        return fault


class MisbehavingProxy:
    """Between a client and the node at `target` (http://host:port); both may be changed on the way:
    `proxy.target` may name a restarted node."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.seen: list[str] = []
        self.injected: Counter[Fault] = Counter()
        self.schedule: Schedule | None = None
        self._rules: dict[str, list[Any]] = {}
        self._hidden: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    def __enter__(self) -> MisbehavingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    # --- rules ---------------------------------------------------------------------------------------

    def behave(self) -> None:
        """Pass everything on again, and hide no receipt any more."""
        with self._lock:
            self._rules.clear()
            self._hidden.clear()
            self.schedule = None

    def misbehave(self, schedule: Schedule) -> None:
        """Faults as the schedule draws them, until `behave()`."""
        with self._lock:
            self.schedule = schedule

    def drop_request(self, method: str, times: int = _ALWAYS) -> None:
        """Never pass it on, and break the connection."""
        self._fault(method, Fault.DROP_REQUEST, times)

    def drop_answer(self, method: str, times: int = _ALWAYS) -> None:
        """Pass it on, then break the connection without an answer."""
        self._fault(method, Fault.DROP_ANSWER, times)

    def delay(self, method: str, seconds: float, times: int = _ALWAYS) -> None:
        """Pass it on only after a while."""
        self._fault(method, Fault.DELAY, times, seconds)

    def duplicate(self, method: str, times: int = _ALWAYS) -> None:
        """Pass it on twice and give the second answer."""
        self._fault(method, Fault.DUPLICATE, times)

    def answer_late(self, method: str, seconds: float, times: int = _ALWAYS) -> None:
        """Pass it on at once, and answer after a while: more than the client's time-out."""
        self._fault(method, Fault.LATE, times, seconds)

    def cut(self, method: str, times: int = _ALWAYS) -> None:
        """Pass it on, and break the connection in the middle of the answer."""
        self._fault(method, Fault.CUT, times)

    def hide_receipts(self, seconds: float = 60.0, times: int = _ALWAYS) -> None:
        """Say of each transaction whose receipt is asked for, for so long from then, that there is none."""
        self._fault("eth_getTransactionReceipt", Fault.HIDE_RECEIPT, times, seconds)

    def another_chain(self, times: int = _ALWAYS) -> None:
        """Answer with another chain's id."""
        self._fault("eth_chainId", Fault.WRONG_CHAIN, times)

    def reset(self, method: str, times: int = _ALWAYS) -> None:
        """Reset the connection (RST) without passing it on."""
        self._fault(method, Fault.RESET, times)

    def hang(
        self,
        method: str,
        times: int = _ALWAYS,
        *,
        pass_on: bool = False,
        first: Callable[[], None] | None = None,
    ) -> None:
        """Keep the connection open and say nothing, with or without passing it on. `first` is done before."""

        def rule(exchange: Exchange) -> None:
            if first is not None:
                first()
            if pass_on:
                exchange.ask()
            self._closing.wait(30)
            exchange.break_off()

        self._add(method, times, rule)

    def refuse(self, method: str, message: str, times: int = _ALWAYS, *, code: int = -32000) -> None:
        """Answer with a JSON-RPC error, without passing it on."""
        self._add(
            method, times, lambda exchange: exchange.answer({"error": {"code": code, "message": message}})
        )

    def lie(self, method: str, change: Callable[[Any, Any], Any], times: int = _ALWAYS) -> None:
        """Answer with `change(result, params)` in place of the node's result."""

        def rule(exchange: Exchange) -> None:
            answer = json.loads(exchange.ask())
            if "result" in answer:
                answer = {"result": change(answer["result"], exchange.message["params"])}
            exchange.answer(answer)

        self._add(method, times, rule)

    def pass_on_and_refuse(
        self, method: str, message: str, times: int = _ALWAYS, *, first: Callable[[], None] | None = None
    ) -> None:
        """Pass the request on, let the node act, and answer with this JSON-RPC error, `first` being done
        before the answer."""

        def rule(exchange: Exchange) -> None:
            exchange.ask()
            if first is not None:
                first()
            exchange.answer({"error": {"code": -32000, "message": message}})

        self._add(method, times, rule)

    def answer_raw(self, method: str, body: bytes, times: int = _ALWAYS, *, status: int = 200) -> None:
        """Answer with these bytes and this HTTP status, whatever was asked."""
        self._add(method, times, lambda exchange: exchange.answer_bytes(body, status))

    def on(self, method: str, act: Callable[[], None], times: int = 1) -> None:
        """Do something when such a request comes, before it is passed on."""

        def rule(exchange: Exchange) -> None:
            act()
            exchange.answer_bytes(exchange.ask())

        self._add(method, times, rule)

    def _fault(self, method: str, fault: Fault, times: int, seconds: float = 0.0) -> None:
        self._add(method, times, lambda exchange: self._inject(exchange, fault, seconds))

    def _add(self, method: str, times: int, rule: Rule) -> None:
        with self._lock:
            self._rules[method] = [times, rule]

    # --- what happens to one request -----------------------------------------------------------------

    def _handle(self, exchange: Exchange) -> None:
        rule = self._rule_for(exchange)
        if rule is not None:
            rule(exchange)
        else:
            exchange.answer_bytes(exchange.ask())

    def _rule_for(self, exchange: Exchange) -> Rule | None:
        method = exchange.method
        if not self._rules and self.schedule is None and not self._hidden:
            self.seen.append(method)
            return None
        with self._lock:
            self.seen.append(method)
            held = self._rules.get(method)
            if held is not None and held[0] > 0:
                held[0] -= 1
                return cast(Rule, held[1])
            schedule = self.schedule
            fault = schedule.draw(method) if schedule is not None else None
            if fault is None and method == "eth_getTransactionReceipt" and self._is_hidden(exchange):
                return lambda exchange: exchange.answer({"result": None})
        if fault is None or schedule is None:
            return None
        seconds = {
            Fault.DELAY: schedule.delay,
            Fault.LATE: schedule.late,
            Fault.HIDE_RECEIPT: schedule.hidden,
        }
        return lambda exchange: self._inject(exchange, fault, seconds.get(fault, 0.0))

    def _is_hidden(self, exchange: Exchange) -> bool:
        return time.monotonic() < self._hidden.get(str(exchange.message["params"][0]), 0.0)

    def _inject(self, exchange: Exchange, fault: Fault, seconds: float) -> None:
        with self._lock:
            self.injected[fault] += 1
        if fault is Fault.DROP_REQUEST:
            exchange.break_off()
        elif fault is Fault.RESET:
            exchange.break_off(reset=True)
        elif fault is Fault.DROP_ANSWER:
            exchange.ask()
            exchange.break_off()
        elif fault is Fault.CUT:
            exchange.cut()
        elif fault is Fault.HIDE_RECEIPT:
            self._hide(exchange, seconds)
        elif fault is Fault.WRONG_CHAIN:
            exchange.answer({"result": "0xbad"})
        else:
            if fault is Fault.DELAY:
                self._closing.wait(seconds)
            body = exchange.ask()
            if fault is Fault.DUPLICATE:
                body = exchange.ask()
            if fault is Fault.LATE:
                self._closing.wait(seconds)
            exchange.answer_bytes(body)

    def _hide(self, exchange: Exchange, seconds: float) -> None:
        with self._lock:
            self._hidden.setdefault(str(exchange.message["params"][0]), time.monotonic() + seconds)
            hidden = self._is_hidden(exchange)
        if hidden:
            exchange.answer({"result": None})
        else:
            exchange.answer_bytes(exchange.ask())

    # --- connections ---------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        upstream = _Upstream(self)
        reader = connection.makefile("rb")
        try:
            while True:
                body = _read_message(reader)
                if body is None:
                    return
                self._handle(Exchange(connection, upstream, body))
        except OSError:
            return  # the client went away, or a fault broke the connection
        finally:
            with self._lock:
                self._connections.discard(connection)
            upstream.close()
            reader.close()
            connection.close()


class Exchange:
    """One request and its answer."""

    def __init__(self, connection: socket.socket, upstream: _Upstream, body: bytes) -> None:
        self._message: Any = None
        self._connection, self._upstream, self._body = connection, upstream, body
        start = body.find(b'"method":"') + 10
        # The transport writes no spaces; whoever does is parsed.
        one = body.startswith(b"{") and start > 9
        self.method = body[start : body.index(b'"', start)].decode() if one else self._method()

    @property
    def message(self) -> Any:
        if self._message is None:
            self._message = json.loads(self._body)
        return self._message

    def _method(self) -> str:
        return str(self.message["method"]) if isinstance(self.message, dict) else "batch"

    def ask(self) -> bytes:
        return self._upstream.ask(self._body)

    def answer(self, answer: dict[str, Any]) -> None:
        self.answer_bytes(json.dumps({"jsonrpc": "2.0", "id": self.message["id"], **answer}).encode())

    def answer_bytes(self, body: bytes, status: int = 200) -> None:
        head = f"HTTP/1.1 {status} \r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._connection.sendall(head.encode() + body)

    def cut(self) -> None:
        body = self.ask()
        head = f"HTTP/1.1 200 \r\nContent-Length: {len(body)}\r\n\r\n"
        self._connection.sendall(head.encode() + body[: len(body) // 2])
        self.break_off()

    def break_off(self, *, reset: bool = False) -> None:
        if reset:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._connection.close()
        else:
            with suppress(OSError):  # the client was first
                self._connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("as the fault wants it")


class _Upstream:
    """One connection to the node, made again when the node was."""

    def __init__(self, proxy: MisbehavingProxy) -> None:
        self._proxy = proxy
        self._socket: socket.socket | None = None
        self._reader: Any = None
        self._target = ""

    def ask(self, body: bytes) -> bytes:
        if self._target != self._proxy.target:
            self.close()
        if self._socket is None:
            self._target = self._proxy.target
            parts = urlsplit(self._target)
            self._socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reader = self._socket.makefile("rb")
        head = f"{_HEAD}{len(body)}\r\n\r\n"
        try:
            self._socket.sendall(head.encode() + body)
            answer = _read_message(self._reader)
        except OSError:
            self.close()
            raise
        if answer is None:
            self.close()
            raise ConnectionResetError("the node closed the connection")
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._reader.close()
            self._socket.close()
            self._socket = None


def _read_message(reader: Any) -> bytes | None:
    """The body of the next HTTP message; None at the end, or where whoever wrote it was killed."""
    if not reader.readline():
        return None
    length, chunked = 0, False
    while (line := reader.readline().lower()) not in (b"\r\n", b""):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
        elif line.startswith(b"transfer-encoding:"):
            chunked = b"chunked" in line
    if not chunked:
        body: bytes = reader.read(length)
        return body if len(body) == length else None
    parts = []
    while (size := int(reader.readline(), 16)) > 0:
        parts.append(reader.read(size))
        reader.readline()
    reader.readline()
    return b"".join(parts)
