#!/usr/bin/env python3
"""Checks one client's position in an omnibus wallet against what its distributor committed on chain.

    python verify_position.py proof.json                         the proof alone
    python verify_position.py proof.json --rpc https://node...   also what the chain says, from your own node
    python verify_position.py proof.json --client 0x... --amount 12.50   also that it is yours, and how much
    python verify_position.py proof.json --registry 0x... --rpc ...      also that it is the issuer's registry

One file, the standard library alone, nothing of the distributor's: read it, then run it. What it computes is
in `verify`. The proof is a JSON document; its numbers of tokens are decimal strings in base units.

A position is in the commitment if its leaf and the siblings on its path hash up to the committed root while
the sums add up to the committed total. Compare the root with the chain (--rpc does): without it, you know
only that the document agrees with itself. And see that registry, token and wallet are those that the issuer
publishes: a registry of the distributor's own would say what the distributor likes.

Exit status: 0 it holds, 1 it doesn't, 2 the document or the command is wrong, 3 the node doesn't answer.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import urllib.error
import urllib.request
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

FORMAT = "omnibus-position-1"
LIMIT = 2**128
MASK = 2**64 - 1
EPOCH = dt.date(1970, 1, 1)

HOLDS, FAILS, WRONG, UNREACHABLE = 0, 1, 2, 3


class Malformed(Exception):
    """The document is not a proof."""


class Refuted(Exception):
    """The proof doesn't hold, or is not of what it says."""


class NodeSilent(Exception):
    """The node gave no answer that can be used."""


# ----------------------------------------------------------------------------------------------- keccak-256

# FIPS 202's permutation with Keccak's own padding, as Ethereum uses it.
ROUNDS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip


def _rotate(word: int, by: int) -> int:
    by %= 64
    return ((word << by) | (word >> (64 - by))) & MASK


def _permute(state: list[int]) -> list[int]:
    """Keccak-f[1600] of 25 words of 64 bits; word (x, y) stands at x + 5 y."""
    for constant in ROUNDS:
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        mixed = [columns[(x + 4) % 5] ^ _rotate(columns[(x + 1) % 5], 1) for x in range(5)]
        state = [word ^ mixed[place % 5] for place, word in enumerate(state)]
        x, y, word = 1, 0, state[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            place = x + 5 * y
            word, state[place] = state[place], _rotate(word, (step + 1) * (step + 2) // 2)
        rows = [state[5 * row : 5 * row + 5] for row in range(5)]
        state = [row[x] ^ (~row[(x + 1) % 5] & MASK & row[(x + 2) % 5]) for row in rows for x in range(5)]
        state[0] ^= constant
    return state


def keccak(data: bytes) -> bytes:
    """Keccak-256 of `data`."""
    rate = 136
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), rate):
        for place in range(rate // 8):
            state[place] ^= int.from_bytes(padded[start + 8 * place : start + 8 * place + 8], "little")
        state = _permute(state)
    return b"".join(word.to_bytes(8, "little") for word in state[:4])


# ----------------------------------------------------------------------------------------------- the document


def _bytes(value: Any, length: int, what: str) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x") or len(value) != 2 + 2 * length:
        raise Malformed(f"{what} must be 0x and {2 * length} hexadecimal digits, it is {value!r}")
    try:
        return bytes.fromhex(value[2:])
    except ValueError:
        raise Malformed(f"{what} must be hexadecimal, it is {value!r}") from None


def _number(value: Any, what: str, limit: int) -> int:
    """A JSON number, whole and from 0 to below `limit`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < limit:
        raise Malformed(f"{what} must be a whole number from 0 to below {limit}, it is {value!r}")
    return value


def _amount(value: Any, what: str) -> int:
    """An amount in base units: a text of decimal digits, from 0 to below 2^128."""
    if not isinstance(value, str) or not re.fullmatch("0|[1-9][0-9]{0,38}", value) or int(value) >= LIMIT:
        raise Malformed(f"{what} must be a text of decimal digits below 2^128, it is {value!r}")
    return int(value)


def _part(proof: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(proof, dict) or name not in proof:
            raise Malformed(f"the proof lacks {'.'.join(names)}")
        proof = proof[name]
    return proof


def day_number(proof: Any) -> int:
    """The day, counted from 1 January 1970."""
    text = _part(proof, "day")
    if not isinstance(text, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Malformed(f"day must be a date such as 2026-11-22, it is {text!r}")
    try:
        return (dt.date.fromisoformat(text) - EPOCH).days
    except ValueError:
        raise Malformed(f"{text} is no day of the calendar") from None


def verify(proof: Any) -> int:
    """The client's position in base units, if the proof leads to the root and the total that it names.

    Raises Malformed for what is no proof, Refuted for one that doesn't hold.
    """
    if _part(proof, "format") != FORMAT:
        raise Malformed(f"the format is {proof['format']!r}, this file checks {FORMAT!r}")
    domain = keccak(
        b"issuance.omnibus.1"
        + _number(_part(proof, "chain_id"), "chain_id", 2**53).to_bytes(32, "big")
        + _bytes(_part(proof, "registry"), 20, "registry")
        + _bytes(_part(proof, "wallet"), 20, "wallet")
        + _bytes(_part(proof, "token"), 20, "token")
        + _number(day_number(proof), "day", 2**32).to_bytes(4, "big")
    )
    clients = _number(_part(proof, "commitment", "clients"), "commitment.clients", 2**53)
    total = _amount(_part(proof, "commitment", "total"), "commitment.total")
    root = _bytes(_part(proof, "commitment", "root"), 32, "commitment.root")
    index = _number(_part(proof, "position", "index"), "position.index", 2**53)
    amount = _amount(_part(proof, "position", "amount"), "position.amount")
    path = _part(proof, "path")
    if not isinstance(path, list):
        raise Malformed("path must be a list")
    if index >= clients:
        raise Refuted(f"the position stands at place {index}, and there are {clients} clients")

    node = keccak(
        b"\x00"
        + domain
        + index.to_bytes(8, "big")
        + _bytes(_part(proof, "position", "client"), 16, "position.client")
        + _bytes(_part(proof, "position", "salt"), 32, "position.salt")
        + amount.to_bytes(16, "big")
    )
    sum_, place, width, used = amount, index, clients, 0
    while width > 1:
        if place % 2 == 1 or place + 1 < width:  # else the last of an odd number, which goes up as it is
            if used == len(path):
                raise Refuted("the path is too short for the number of clients")
            other = _bytes(_part(path[used], "hash"), 32, f"path[{used}].hash")
            other_sum = _amount(_part(path[used], "sum"), f"path[{used}].sum")
            used += 1
            mine, theirs = sum_.to_bytes(16, "big"), other_sum.to_bytes(16, "big")
            if place % 2 == 1:
                node = keccak(b"\x01" + other + theirs + node + mine)
            else:
                node = keccak(b"\x01" + node + mine + other + theirs)
            sum_ += other_sum
            if sum_ >= LIMIT:
                raise Refuted("the sums on the path pass 2^128: a position is hidden as a negative one")
        place, width = place // 2, (width + 1) // 2
    if used != len(path):
        raise Refuted("the path is too long for the number of clients")
    if sum_ != total:
        raise Refuted(f"the sums on the path add up to {sum_}, not to the total of {total}")
    if keccak(b"\x02" + domain + clients.to_bytes(8, "big") + node + total.to_bytes(16, "big")) != root:
        raise Refuted("the position doesn't lead to the root: something in the document was changed")
    return amount


# ------------------------------------------------------------------------------------------------- the chain


def _ask(url: str, method: str, params: list[Any]) -> str:
    if not url.startswith(("http://", "https://")):
        raise NodeSilent(f"{url!r} is no http(s) address")
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http(s), checked above
            found = json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise NodeSilent(f"the node at {url} doesn't answer ({error})") from None
    if not isinstance(found, dict) or not isinstance(found.get("result"), str):
        raise NodeSilent(f"the node at {url} refused {method}: {found}")
    return str(found["result"])


def compare_with_chain(proof: Any, url: str) -> None:
    """See that the registry on chain has the commitment that the proof names. Raises Refuted, NodeSilent."""
    chain_id = int(_ask(url, "eth_chainId", []), 16)
    if chain_id != proof["chain_id"]:
        raise Refuted(f"the node serves chain {chain_id}, the proof is of chain {proof['chain_id']}")
    words = [
        _bytes(proof["wallet"], 20, "wallet").rjust(32, b"\0"),
        _bytes(proof["token"], 20, "token").rjust(32, b"\0"),
        day_number(proof).to_bytes(32, "big"),
    ]
    data = keccak(b"commitmentOf(address,address,uint32)")[:4] + b"".join(words)
    call = {"to": proof["registry"], "data": "0x" + data.hex()}
    answer = bytes.fromhex(_ask(url, "eth_call", [call, "latest"])[2:])
    if len(answer) != 7 * 32:
        raise Refuted(f"there is no omnibus registry at {proof['registry']}")
    root, total, clients = (
        answer[:32],
        int.from_bytes(answer[32:64], "big"),
        int.from_bytes(answer[64:96], "big"),
    )
    if not any(answer):
        raise Refuted(f"nothing was committed for {proof['day']}")
    said = proof["commitment"]
    if (root, total, clients) != (
        bytes.fromhex(said["root"][2:]),
        _amount(said["total"], "commitment.total"),
        _number(said["clients"], "commitment.clients", 2**53),
    ):
        raise Refuted(
            f"the chain has the root 0x{root.hex()} over {clients} clients with {total} in total, the proof "
            "names another commitment"
        )


# ------------------------------------------------------------------------------------------------ the command


def shown(proof: Any, base_units: int) -> str:
    """An amount for people: `12.500000 tUSD`."""
    decimals = _number(_part(proof, "decimals"), "decimals", 78)
    digits = str(base_units).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return f"{whole}{'.' if fraction else ''}{fraction} {_part(proof, 'symbol')}"


def _require_mine(proof: Any, amount: int, client: str | None, wanted: str | None) -> None:
    found = _part(proof, "position", "client")
    if client is not None and client.lower() != found.lower():
        raise Refuted(f"the position is client {found}'s, not {client}'s")
    if wanted is None:
        return
    try:
        units = Decimal(wanted).scaleb(_number(_part(proof, "decimals"), "decimals", 78))
    except InvalidOperation:
        raise Malformed(f"--amount {wanted!r} is no number") from None
    if units != amount:
        raise Refuted(f"the position is {shown(proof, amount)}, not {wanted}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a client's position in an omnibus wallet.")
    parser.add_argument("proof", type=Path, help="the proof's file (JSON)")
    parser.add_argument("--rpc", help="a node's http(s) address, to compare with the chain")
    parser.add_argument("--client", help="your reference, as your contract notes show it")
    parser.add_argument("--registry", help="the omnibus registry's address, as the issuer publishes it")
    parser.add_argument("--amount", help="what you think you have, e.g. 12.50")
    options = parser.parse_args(arguments)
    out, err = sys.stdout.write, sys.stderr.write
    try:
        proof = json.loads(options.proof.read_text(encoding="utf-8"))
        amount = verify(proof)
        _require_mine(proof, amount, options.client, options.amount)
        if options.registry and options.registry.lower() != proof["registry"].lower():
            raise Refuted(f"the proof is of registry {proof['registry']}, not of {options.registry}")
        if options.rpc:
            compare_with_chain(proof, options.rpc)
        commitment = proof["commitment"]
        out(f"client {proof['position']['client']} has {shown(proof, amount)}\n")
        out(f"in wallet {proof['wallet']}, token {proof['token']}, on {proof['day']}\n")
        out(
            f"one of {commitment['clients']} clients with {shown(proof, int(commitment['total']))} together\n"
        )
        out(f"root {commitment['root']}\n")
    except (OSError, ValueError) as error:
        err(f"{options.proof} can't be read: {error}\n")
        return WRONG
    except Malformed as error:
        err(f"this is no proof: {error}\n")
        return WRONG
    except Refuted as error:
        err(f"THE PROOF DOES NOT HOLD: {error}\n")
        return FAILS
    except NodeSilent as error:
        err(f"{error}\n")
        return UNREACHABLE
    if options.rpc:
        out(f"it holds, and registry {proof['registry']} on chain {proof['chain_id']} has this commitment\n")
    else:
        out("it holds; compare the root with the chain (--rpc), else it proves nothing\n")
    return HOLDS


if __name__ == "__main__":
    sys.exit(main())
