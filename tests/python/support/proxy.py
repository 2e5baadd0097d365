"""A node that misbehaves: an HTTP proxy between a client and a real one, which drops, delays or lies.

```python
with MisbehavingProxy(anvil.rpc_url) as proxy:
    client = Client(proxy.url, timeout=0.5)
    proxy.drop_answer("eth_sendRawTransaction")   # the node acts, the client never hears of it
    ...
    proxy.behave()
```

Rules hold for a method until `behave()`, or for as many requests as `times` says. `proxy.seen` lists the
methods in the order in which they came, whether passed on or not.
"""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Rule = Callable[["_Exchange"], None]


class MisbehavingProxy:
    def __init__(self, target: str) -> None:
        self.target = target
        self.seen: list[str] = []
        self._rules: dict[str, list[Any]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy._handle(_Exchange(proxy, self, body))

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> MisbehavingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- rules ---------------------------------------------------------------------------------------

    def behave(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._rules.clear()

    def drop_request(self, method: str, times: int = 1_000_000) -> None:
        """Never pass it on, and break the connection."""
        self._add(method, times, lambda exchange: exchange.break_off())

    def drop_answer(self, method: str, times: int = 1_000_000) -> None:
        """Pass it on, then break the connection without an answer."""
        self._add(method, times, lambda exchange: (exchange.ask(), exchange.break_off()))

    def hang(self, method: str, times: int = 1_000_000, *, pass_on: bool = False) -> None:
        """Keep the connection open and say nothing, with or without passing it on."""

        def rule(exchange: _Exchange) -> None:
            if pass_on:
                exchange.ask()
            self._closing.wait(30)
            exchange.break_off()

        self._add(method, times, rule)

    def refuse(self, method: str, message: str, times: int = 1_000_000, *, code: int = -32000) -> None:
        """Answer with a JSON-RPC error, without passing it on."""
        self._add(
            method, times, lambda exchange: exchange.answer({"error": {"code": code, "message": message}})
        )

    def lie(self, method: str, change: Callable[[Any, Any], Any], times: int = 1_000_000) -> None:
        """Answer with `change(result, params)` in place of the node's result."""

        def rule(exchange: _Exchange) -> None:
            answer = json.loads(exchange.ask())
            if "result" in answer:
                answer = {"result": change(answer["result"], exchange.message["params"])}
            exchange.answer(answer)

        self._add(method, times, rule)

    def pass_on_and_refuse(self, method: str, message: str, times: int = 1_000_000) -> None:
        """Pass the request on, let the node act, and answer with this JSON-RPC error."""

        def rule(exchange: _Exchange) -> None:
            exchange.ask()
            exchange.answer({"error": {"code": -32000, "message": message}})

        self._add(method, times, rule)

    def answer_raw(self, method: str, body: bytes, times: int = 1_000_000, *, status: int = 200) -> None:
        """Answer with these bytes and this HTTP status, whatever was asked."""
        self._add(method, times, lambda exchange: exchange.answer_bytes(body, status))

    def _add(self, method: str, times: int, rule: Callable[[_Exchange], Any]) -> None:
        with self._lock:
            self._rules[method] = [times, rule]

    def _handle(self, exchange: _Exchange) -> None:
        with self._lock:
            self.seen.append(exchange.method)
            held = self._rules.get(exchange.method)
            if held is not None and held[0] > 0:
                held[0] -= 1
            else:
                held = None
        if held is None:
            exchange.answer_bytes(exchange.ask(), 200)
        else:
            held[1](exchange)


class _Exchange:
    def __init__(self, proxy: MisbehavingProxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.message = json.loads(body)
        self.method = self.message["method"] if isinstance(self.message, dict) else "batch"
        self._proxy, self._handler, self._body = proxy, handler, body

    def ask(self) -> bytes:
        request = urllib.request.Request(
            self._proxy.target, self._body, {"Content-Type": "application/json"}, method="POST"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return bytes(response.read())

    def answer(self, answer: dict[str, Any]) -> None:
        self.answer_bytes(json.dumps({"jsonrpc": "2.0", "id": self.message["id"], **answer}).encode(), 200)

    def answer_bytes(self, body: bytes, status: int) -> None:
        self._handler.send_response(status)
        self._handler.send_header("Content-Length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def break_off(self) -> None:
        self._handler.close_connection = True
        try:
            self._handler.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the client was first
