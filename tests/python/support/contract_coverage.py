"""Which instructions of the contracts the Python tests execute: a plugin that scripts/coverage.py loads.
alone.

Whatever the SDK asks a node to execute (a call, an estimate, a transaction) is asked again as a trace,
which gives the program counters of each contract's code and which way each conditional jump went. Code is
known by its bytes, with the immutables left out, so that it counts behind a proxy too. What was executed
goes into one JSON file a process: `{contract: {"executed": [pc, ...], "jumps": [[pc, next pc], ...]}}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from toolkit import artifacts
from toolkit.artifacts import Artifact
from toolkit.chain.transport import Transport

# A frame's code is that of its `to`, also for a DELEGATECALL; `enter` is not called for the outermost.
TRACER = """{
  frames: ["outermost"], executed: {}, jumps: {}, jump: null,
  enter: function(frame) {
    this.frames.push(frame.getType().indexOf("CREATE") == 0 ? "creation" : toHex(frame.getTo()));
  },
  exit: function() { this.frames.pop(); },
  step: function(log) {
    var code = this.frames[this.frames.length - 1], pc = log.getPC();
    if (!this.executed[code]) { this.executed[code] = {}; this.jumps[code] = {}; }
    if (this.jump !== null) { this.jumps[code][this.jump + ">" + pc] = 1; this.jump = null; }
    this.executed[code][pc] = 1;
    if (log.op.toNumber() == 0x57) this.jump = pc;
  },
  fault: function() { this.jump = null; },
  result: function(context) {
    var to = context.type == "CREATE" ? null : toHex(context.to);
    return { to: to, executed: this.executed, jumps: this.jumps };
  }
}"""
OPTIONS = {"tracer": TRACER}


class Recorder:
    def __init__(self) -> None:
        self.executed: dict[str, set[int]] = {}
        self.jumps: dict[str, set[tuple[int, int]]] = {}
        self._known = {name: artifacts.load(name) for name in artifacts.names()}
        self._names: dict[tuple[str, str], str] = {}
        self._traced: set[str] = set()
        self._exchange = Transport._exchange

    def install(self) -> None:
        recorder = self

        def exchange(
            self: Transport,
            requests: Sequence[tuple[str, Sequence[Any]]],
            *,
            single: bool,
            timeout: float | None,
        ) -> list[dict[str, Any]]:
            answers = recorder._exchange(self, requests, single=single, timeout=timeout)
            for (method, params), answer in zip(requests, answers, strict=True):
                recorder._look(self, method, params, answer)
            return answers

        Transport._exchange = exchange  # type: ignore[method-assign]

    def write(self, folder: Path) -> None:
        found = {
            name: {"executed": sorted(self.executed[name]), "jumps": sorted(self.jumps[name])}
            for name in self.executed
        }
        (folder / f"{os.getpid()}.json").write_text(json.dumps(found))

    def _look(self, node: Transport, method: str, params: Sequence[Any], answer: dict[str, Any]) -> None:
        if method in ("eth_call", "eth_estimateGas"):
            block = params[1] if len(params) > 1 else "latest"
            self._trace(node, "debug_traceCall", [params[0], block, OPTIONS])
        elif method == "eth_getTransactionReceipt" and answer.get("result"):
            transaction = answer["result"]["transactionHash"]
            if transaction not in self._traced:
                self._traced.add(transaction)
                self._trace(node, "debug_traceTransaction", [transaction, OPTIONS])

    def _trace(self, node: Transport, method: str, params: list[Any]) -> None:
        trace = self._ask(node, method, params)
        if not isinstance(trace, dict):
            return  # Anvil refuses to trace what it refuses to execute
        for frame, counters in trace["executed"].items():
            address = trace["to"] if frame == "outermost" else frame
            name = None if address in (None, "creation") else self._name(node, address)
            if name is None:
                continue
            self.executed.setdefault(name, set()).update(int(pc) for pc in counters)
            jumps = self.jumps.setdefault(name, set())
            for jump in trace["jumps"][frame]:
                pc, following = jump.split(">")
                jumps.add((int(pc), int(following)))

    def _name(self, node: Transport, address: str) -> str | None:
        key = (node.name, address)
        if key not in self._names:
            code = bytes.fromhex(self._ask(node, "eth_getCode", [address, "latest"])[2:])
            for name, artifact in self._known.items():
                if len(code) == len(artifact.deployed_bytecode) and _masked(artifact, code) == _masked(
                    artifact, artifact.deployed_bytecode
                ):
                    self._names[key] = name
        return self._names.get(key)

    def _ask(self, node: Transport, method: str, params: list[Any]) -> Any:
        return self._exchange(node, [(method, params)], single=True, timeout=60)[0].get("result")


def _masked(artifact: Artifact, code: bytes) -> bytes:
    masked = bytearray(code)
    for part in artifact.immutable_references:
        masked[part.start : part.start + part.length] = bytes(part.length)
    return bytes(masked)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    recorder = Recorder()
    recorder.install()
    config.add_cleanup(lambda: recorder.write(Path(os.environ["CONTRACT_COVERAGE"])))
