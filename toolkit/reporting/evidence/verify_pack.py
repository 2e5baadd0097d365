#!/usr/bin/env python3
"""Checks an evidence pack with Python's standard library alone: no package, no node, no network.

    python verify_pack.py PACK [--head SEQ:HASH] [--block HASH ...] [--json]

Ends with 0 if every check held, 1 if one FAILED, 2 if the pack was refused unread, 3 if nothing failed but
something that belongs into a pack is missing. What no pack can prove by itself is printed as `not checked`,
with where to compare it.

From top to bottom: Keccak-256 (the Keccak team's padding, not SHA3's), RLP and the Merkle-Patricia trie
(Ethereum yellow paper, appendices B and D), recovery of secp256k1 signatures (SEC 1, 4.1.6), the contract
ABI, EIP-712; then the archive; then the checks.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = 2
VERIFIER = "verify_pack.py"
MANIFEST = "manifest.json"
SEGMENT = "ledger/segment.json"
OUTSIDE = "ledger/outside.json"
INCIDENT = "incident.json"
GENESIS = "0" * 64
ZERO = bytes(20)

MAX_BYTES = 1 << 30
MAX_FILES = 500_000

CONTENTS: dict[str, tuple[str, str]] = {
    VERIFIER: ("the program that checks this pack", "compared with the program that runs"),
    SEGMENT: ("the ledger's events, link by link", "every link's sha256 over its fields and the link before"),
    OUTSIDE: ("earlier events of records in this pack", "each event's sha256 over its fields"),
    INCIDENT: ("the incident as the desk noted it", "not bound by any hash"),
    "orders/": ("an order: request, bank's line, payout, dealings", "the digests that its events carry"),
    "batches/": ("what approvers signed (EIP-712) and their signatures", "digest and recovered signers"),
    "transactions/": ("a signed transaction", "hash and recovered sender"),
    "receipts/": ("a receipt with its events and proofs", "Merkle-Patricia proofs to the block's header"),
    "blocks/": ("a block's header (RLP)", "keccak of the header is the block's hash"),
    "attestations/": ("an attestation of the reserve and its signatures", "digest, signers, event, calldata"),
    "reports/": ("the reserve report in its canonical form", "its keccak is the attestation's report"),
    "records/": ("a record of the ledger, or its digest", "the digest that its last event carries"),
}
"""Which files a pack may hold, what each is and how it is checked; a name that ends in / is a folder's."""


class Bad(Exception):
    """Something in the pack doesn't hold."""


class Refused(Exception):
    """The archive isn't a pack, or isn't safe to read."""


# ---------------------------------------------------------------------------------------------------- Keccak

_MASK = (1 << 64) - 1


def _round_constants() -> tuple[int, ...]:
    constants, bits = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if bits & 1:
                constant |= 1 << ((1 << power) - 1)
            bits = (bits << 1) ^ ((bits >> 7) * 0x171)
        constants.append(constant)
    return tuple(constants)


def _lanes() -> tuple[tuple[int, int, int, int], ...]:
    """For each lane after rho and pi: where it comes from, its column there, and its rotation both ways."""
    lanes, x, y = {0: (0, 0, 0, 64)}, 1, 0
    for t in range(24):
        turn = (t + 1) * (t + 2) // 2 % 64
        lanes[y + 5 * ((2 * x + 3 * y) % 5)] = (x + 5 * y, x, turn, 64 - turn)
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(lanes[place] for place in range(25))


_ROUNDS = _round_constants()
_LANES = _lanes()
_ROWS = tuple((y + x, y + (x + 1) % 5, y + (x + 2) % 5) for y in range(0, 25, 5) for x in range(5))


def _permute(a: list[int]) -> list[int]:
    for constant in _ROUNDS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ ((c[x - 4] << 1 | c[x - 4] >> 63) & _MASK) for x in range(5)]
        b = [((lane := a[i] ^ d[x]) << left | lane >> right) & _MASK for i, x, left, right in _LANES]
        a = [b[x] ^ (~b[y] & b[z]) for x, y, z in _ROWS]
        a[0] ^= constant
    return a


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it: 32 bytes."""
    short = 136 - len(data) % 136
    padded = data + (b"\x81" if short == 1 else b"\x01" + bytes(short - 2) + b"\x80")
    state = [0] * 25
    for start in range(0, len(padded), 136):
        for lane, word in enumerate(struct.unpack("<17Q", padded[start : start + 136])):
            state[lane] ^= word
        state = _permute(state)
    return struct.pack("<4Q", *state[:4])


# ------------------------------------------------------------------------------------------------------- RLP


def rlp_encode(item: Any) -> bytes:
    """RLP of bytes and nested lists of them."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _rlp_prefix(len(item), 0x80) + item
    body = b"".join(map(rlp_encode, item))
    return _rlp_prefix(len(body), 0xC0) + body


def _rlp_prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = number_bytes(length)
    return bytes([offset + 55 + len(size)]) + size


def rlp_decode(data: bytes) -> Any:
    """Bytes or nested lists. Raises Bad for anything but the one canonical encoding."""
    item, end = _rlp_item(data, 0, 0)
    if end != len(data):
        raise Bad("bytes after the end of RLP")
    return item


def _rlp_item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if at >= len(data) or depth > 16:
        raise Bad("RLP is cut short or nested too deep")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    offset = 0x80 if first < 0xC0 else 0xC0
    length, start = first - offset, at + 1
    if length > 55:
        size = data[start : start + length - 55]
        start += length - 55
        length = int.from_bytes(size, "big")
        if length < 56 or size[0] == 0:
            raise Bad("an RLP length isn't canonical")
    end = start + length
    if end > len(data):
        raise Bad("RLP is cut short")
    if offset == 0x80:
        if length == 1 and data[start] < 0x80:
            raise Bad("an RLP byte isn't canonical")
        return data[start:end], end
    items = []
    while start < end:
        item, start = _rlp_item(data, start, depth + 1)
        items.append(item)
    if start != end:
        raise Bad("an RLP list overruns its end")
    return items, end


def number_bytes(value: int) -> bytes:
    """Big-endian without leading zeros, as RLP writes numbers."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


# ------------------------------------------------------------------------------------------------------ trie


def nibbles(key: bytes) -> list[int]:
    """The half-bytes that a key's path in the trie consists of."""
    return [half for byte in key for half in (byte >> 4, byte & 15)]


def prove(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """The value that the trie with this root holds under `key`; `nodes` are those on the way, no more."""
    path, waiting = nibbles(key), list(nodes)
    reference: Any = root
    while True:
        if isinstance(reference, list):
            node: Any = reference  # shorter than a hash: it stands in its parent
        else:
            if not waiting or keccak256(waiting[0]) != reference:
                raise Bad("a node of the proof doesn't hash to what refers to it")
            node = rlp_decode(waiting.pop(0))
        value = None
        if len(node) == 17:
            if path:
                reference, path = node[path[0]], path[1:]
            else:
                value = node[16]
        elif len(node) == 2:
            shared = nibbles(node[0])
            leaf, shared = shared[0] >= 2, shared[1 if shared[0] % 2 else 2 :]
            if path[: len(shared)] != shared:
                raise Bad("the trie holds nothing under this key")
            reference, path = node[1], path[len(shared) :]
            if leaf:
                value = node[1] if not path else b""
        else:
            raise Bad("a node of the proof is neither branch nor leaf")
        if value is not None:
            if waiting or not value:
                raise Bad("the proof ends elsewhere, or has nodes to spare")
            return bytes(value)


# ------------------------------------------------------------------------------------------------- secp256k1

_P = 2**256 - 2**32 - 977
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    1,
)
_Point = tuple[int, int, int]  # Jacobian; z = 0 is infinity


def _double(point: _Point) -> _Point:
    x, y, z = point
    if not z or not y:
        return 0, 1, 0
    square = y * y % _P
    s = 4 * x * square % _P
    m = 3 * x * x % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * square * square) % _P, 2 * y * z % _P


def _add(one: _Point, other: _Point) -> _Point:
    if not one[2]:
        return other
    if not other[2]:
        return one
    (x1, y1, z1), (x2, y2, z2) = one, other
    square1, square2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * square2 % _P, x2 * square1 % _P
    s1, s2 = y1 * square2 * z2 % _P, y2 * square1 * z1 % _P
    if u1 == u2:
        return _double(one) if s1 == s2 else (0, 1, 0)
    h, r = u2 - u1, s2 - s1
    h2 = h * h % _P
    h3, v = h * h2 % _P, u1 * h2 % _P
    x3 = (r * r - h3 - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * h3) % _P, h * z1 * z2 % _P


def recover(digest: bytes, r: int, s: int, odd: int) -> bytes:
    """The address (20 bytes) whose key signed. Raises Bad, also for a high s (EIP-2)."""
    if not (0 < r < _N and 0 < s <= _N // 2 and odd in (0, 1)):
        raise Bad("the numbers of a signature are out of range")
    square = (r * r * r + 7) % _P
    y = pow(square, (_P + 1) // 4, _P)
    if y * y % _P != square:
        raise Bad("a signature is no point of the curve")
    point = (r, y if y % 2 == odd else _P - y, 1)
    inverse = pow(r, -1, _N)
    u1, u2 = -int.from_bytes(digest, "big") * inverse % _N, s * inverse % _N
    both, total = _add(_G, point), (0, 1, 0)
    for bit in range(255, -1, -1):
        total = _double(total)
        pair = (u1 >> bit & 1, u2 >> bit & 1)
        if pair != (0, 0):
            total = _add(total, {(1, 0): _G, (0, 1): point, (1, 1): both}[pair])
    if not total[2]:
        raise Bad("a signature recovers to no key")
    z = pow(total[2], -1, _P)
    x, y = total[0] * z * z % _P, total[1] * z * z * z % _P
    return keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]


def recover_signature(digest: bytes, signature: bytes) -> bytes:
    """The same from 65 bytes r, s, v with v 27 or 28."""
    if len(signature) != 65:
        raise Bad(f"a signature has {len(signature)} bytes, not a key's 65")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return recover(digest, r, s, signature[64] - 27)


# ------------------------------------------------------------------------------------------- ABI and EIP-712


def split_types(text: str) -> list[str]:
    """`"uint256,(address,bytes)[]"` -> its two types: at the commas outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if text else []


class _Decoder:
    """One call's arguments. The contract ABI's dynamic parts are offsets into `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # Offsets may point to one place again and again; honest data has no more values than this.
        self.left = len(data) // 16 + 64

    def word(self, at: int) -> bytes:
        if at + 32 > len(self.data):
            raise Bad("ABI data is cut short")
        return self.data[at : at + 32]

    def number(self, at: int) -> int:
        return int.from_bytes(self.word(at), "big")

    def members(self, kinds: Sequence[str], base: int) -> list[Any]:
        values, at = [], base
        for kind in kinds:
            values.append(self.value(kind, base + self.number(at) if _dynamic(kind) else at))
            at += _head(kind)
        return values

    def value(self, kind: str, at: int) -> Any:
        self.left -= 1
        if self.left < 0 or at > len(self.data):
            raise Bad("ABI data points outside itself, or holds too much")
        if kind.endswith("[]"):
            count = self.number(at)
            if count > self.left:
                raise Bad("an ABI array is longer than its data")
            return self.members([kind[:-2]] * count, at + 32)
        if kind.startswith("("):
            return self.members(split_types(kind[1:-1]), at)
        if kind == "bytes":
            length = self.number(at)
            if at + 32 + length > len(self.data):
                raise Bad("ABI data is cut short")
            return self.data[at + 32 : at + 32 + length]
        word = self.word(at)
        if kind == "address":
            return checksum(word[12:])
        return word if kind == "bytes32" else int.from_bytes(word, "big")


def _dynamic(kind: str) -> bool:
    return (
        kind == "bytes"
        or kind.endswith("[]")
        or (kind.startswith("(") and any(map(_dynamic, split_types(kind[1:-1]))))
    )


def _head(kind: str) -> int:
    if kind.startswith("(") and not _dynamic(kind):
        return sum(map(_head, split_types(kind[1:-1])))
    return 32


def abi_decode(kinds: str, data: bytes) -> list[Any]:
    """The values of `kinds` (uints, address, bytes32, bytes, tuples, arrays), separated by commas."""
    return _Decoder(data).members(split_types(kinds), 0)


@lru_cache(maxsize=1 << 16)
def checksum(address: bytes) -> str:
    """An address as people and the ledger write it (EIP-55)."""
    digits = address.hex()
    mask = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(bit, 16) > 7 else digit for digit, bit in zip(digits, mask, strict=False)
    )


def members(text: str) -> list[dict[str, str]]:
    """`"uint256 number,address to"` as EIP-712 lists the members of a struct."""
    return [dict(zip(("type", "name"), part.split(" "), strict=True)) for part in text.split(",")]


_DOMAIN = members("string name,string version,uint256 chainId,address verifyingContract")
MINT_TYPES = {
    "MintBatch": members("MintOrder[] orders"),
    "MintOrder": members("uint256 number,address to,uint256 amount,uint64 expiry"),
}
ACCEPTANCE_TYPES = {
    "Acceptance": members("AcceptedRedemption[] redemptions"),
    "AcceptedRedemption": members("uint256 id,address holder,uint256 amount"),
}
ATTESTATION_TYPES = {"Attestation": members("uint128 value,uint64 asOf,bytes32 report")}


def typed_data(
    contract: str,
    chain_id: int,
    address: str,
    types: Mapping[str, Any],
    message: Mapping[str, Any],
    version: str = "1",
) -> dict[str, Any]:
    """The argument of `eth_signTypedData_v4`; the first of `types` is what is signed."""
    domain = {"name": contract, "version": version, "chainId": chain_id, "verifyingContract": address}
    return {
        "domain": domain,
        "types": {"EIP712Domain": _DOMAIN, **types},
        "primaryType": next(iter(types)),
        "message": message,
    }


def typed_data_digest(data: Mapping[str, Any]) -> bytes:
    """keccak(0x1901 ‖ domain separator ‖ struct hash) (EIP-712)."""
    types = {kind: (_type_hash(data["types"], kind), data["types"][kind]) for kind in data["types"]}
    domain = _struct_hash(types, "EIP712Domain", data["domain"])
    return keccak256(b"\x19\x01" + domain + _struct_hash(types, data["primaryType"], data["message"]))


def _type_hash(types: Mapping[str, Any], kind: str) -> bytes:
    used = {kind}
    for _ in types:
        used |= {item["type"].removesuffix("[]") for name in used for item in types[name]} & set(types)
    encoded = "".join(
        f"{name}({','.join(item['type'] + ' ' + item['name'] for item in types[name])})"
        for name in [kind, *sorted(used - {kind})]
    )
    return keccak256(encoded.encode())


def _struct_hash(types: Mapping[str, Any], kind: str, value: Mapping[str, Any]) -> bytes:
    type_hash, items = types[kind]
    words = [_encoded(types, item["type"], value[item["name"]]) for item in items]
    return keccak256(type_hash + b"".join(words))


def _encoded(types: Mapping[str, Any], kind: str, value: Any) -> bytes:
    if kind.endswith("[]"):
        return keccak256(b"".join(_encoded(types, kind[:-2], item) for item in value))
    if kind in types:
        return _struct_hash(types, kind, value)
    if kind == "string":
        return keccak256(value.encode())
    if kind == "address":
        if checksum(unhex(value, 20)) != value:
            raise Bad(f"{value} isn't a checksummed address")
        return bytes(12) + unhex(value, 20)
    if kind == "bytes32":
        return unhex(value, 32)
    return whole(value).to_bytes(32, "big")


# -------------------------------------------------------------------------------------- texts and the archive


def unhex(text: str, length: int | None = None) -> bytes:
    """`"0x01"` -> `b"\\x01"`, lower case unless it is an address."""
    data = bytes.fromhex(text[2:]) if re.fullmatch(r"0x(?:[0-9a-fA-F]{2})*", text) else None
    if data is None or (length is not None and len(data) != length):
        raise Bad(f"{text[:80]!r} isn't hexadecimal of {length or 'any'} bytes")
    if length != 20 and text != "0x" + data.hex():
        raise Bad(f"{text[:80]!r} isn't written in lower case")
    return data


def whole(value: Any) -> int:
    """A whole number of up to 256 bits, as text or as a number, written in the one way."""
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,77}", value):
        value = int(value)
    if type(value) is not int or not 0 <= value < 2**256:
        raise Bad(f"{str(value)[:80]!r} isn't a whole number of 256 bits")
    return int(value)


def encode(value: Any) -> bytes:
    """The one form of JSON in a pack, in which the ledger hashes too (RFC 8785 for what is flat)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _no_float(text: str) -> Any:
    raise Bad(f"the number {text[:40]} isn't whole")


def _small(text: str) -> int:
    if len(text) > 16:
        raise Bad("a number is too long: amounts are written as text")
    return int(text)


def loads(data: bytes) -> Any:
    """JSON of whole numbers. Nesting is measured first: Python's parser may not survive it."""
    brackets = re.sub(rb'"[^"\\]*(?:\\.[^"\\]*)*"', b"", data).translate(None, _NO_BRACKETS)
    for _ in range(32):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise Bad("the file is nested too deep, or isn't JSON")
    return json.loads(data, parse_float=_no_float, parse_constant=_no_float, parse_int=_small)


_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def parse(data: bytes) -> Any:
    """A JSON file of a pack. Raises Bad unless it is written in the one form."""
    try:
        value = loads(data)
        if encode(value) != data:
            raise Bad("the file isn't written as packs write JSON")
    except (ValueError, RecursionError) as error:
        raise Bad(f"the file isn't JSON: {error}") from None
    return value


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """The one archive with these files: names sorted, nothing compressed, no times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def read_archive(data: bytes) -> dict[str, bytes]:
    """The files by name. Raises Refused for anything but what `write_archive` makes of them.

    Nothing is written to disk, nothing is compressed, so nothing grows; and since the archive is made again
    and compared, no byte of it can hide anything: a second file of one name, a comment, a time.
    """
    if len(data) > MAX_BYTES:
        raise Refused(f"the pack is larger than {MAX_BYTES} bytes")
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise Refused(f"the pack holds more than {MAX_FILES} files")
            for entry in entries:
                name = entry.filename
                if not re.fullmatch(r"(?:[a-z]{1,20}/)?[a-z0-9][a-z0-9_-]{0,90}(?:\.[a-z]{1,4})?", name):
                    raise Refused(f"the pack holds a file with the name {name[:80]!r}")
                if name in files or entry.compress_type != zipfile.ZIP_STORED:
                    raise Refused(f"{name} stands in the pack twice, or compressed")
                if entry.file_size > len(data):
                    raise Refused(f"{name} claims to be larger than the pack")
                files[name] = archive.read(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise Refused(f"the pack isn't a readable archive: {error}") from None
    except struct.error as error:
        raise Refused(f"the pack isn't a readable archive: {error}") from None
    if write_archive(files) != data:
        raise Refused("the archive holds more than its files, or they stand in it in another way")
    return files


def contents_of(name: str) -> tuple[str, str]:
    """What a file is and how it is checked. Raises Bad for one that no pack holds."""
    folder, slash, _ = name.partition("/")
    found = CONTENTS.get(name) or CONTENTS.get(folder + slash)
    if found is None:
        raise Bad(f"{name} doesn't belong into a pack")
    return found


def manifest_entries(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    """The manifest's list of all files but itself."""
    entries = []
    for name in sorted(set(files) - {MANIFEST}):
        what, how = contents_of(name)
        entries.append({"name": name, "sha256": sha256(files[name]), "what": what, "checked": how})
    return entries


# --------------------------------------------------------------------------------------------------- findings

OK = "ok"
FAILED = "FAILED"
MISSING = "missing"
UNCHECKED = "not checked"
REFUSED = "refused"


class Finding(NamedTuple):
    """One line of the result. `status` is OK, FAILED, MISSING (from the pack) or UNCHECKED (no pack can)."""

    status: str
    check: str
    detail: str
    times: int


class Findings:
    """What was found, counted where the same was found of several things."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(self, status: str, check: str, detail: str = "") -> None:
        key = (status, check, detail)
        self._counts[key] = self._counts.get(key, 0) + 1

    @contextmanager
    def of(self, check: str, where: str = "") -> Iterator[None]:
        """OK if the block ends, FAILED with what was Bad in it, also where the pack has another shape."""
        try:
            yield
        except Bad as error:
            self.add(FAILED, check, f"{where}: {error}" if where else str(error))
        except (
            KeyError,
            TypeError,
            ValueError,
            IndexError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            self.add(FAILED, check, f"{where}: it has another shape than it must ({error!r:.200})")
        else:
            self.add(OK, check)

    def list(self) -> list[Finding]:
        order = {FAILED: 0, MISSING: 1, OK: 2, UNCHECKED: 3}
        found = [Finding(*key, count) for key, count in self._counts.items()]
        return sorted(found, key=lambda item: order[item.status])


@dataclass
class Result:
    """All findings. `status` is ok, FAILED, missing or refused; `pack` is the archive's sha256."""

    pack: str
    findings: list[Finding]
    reason: str = ""

    @property
    def status(self) -> str:
        if self.reason:
            return REFUSED
        found = {item.status for item in self.findings}
        return FAILED if FAILED in found else MISSING if MISSING in found else OK

    @property
    def exit_code(self) -> int:
        return {OK: 0, FAILED: 1, REFUSED: 2, MISSING: 3}[self.status]

    def to_json(self) -> dict[str, Any]:
        found = [item._asdict() for item in self.findings]
        return {"pack": self.pack, "result": self.status, "reason": self.reason, "findings": found}


def need(holds: object, problem: str) -> None:
    """Raises Bad unless it holds."""
    if not holds:
        raise Bad(problem)


def shaped(value: Any, names: Iterable[str], what: str) -> dict[str, Any]:
    """`value` if it is an object with exactly these members."""
    wanted = set(names)
    if not isinstance(value, dict) or set(value) != wanted:
        raise Bad(f"{what} must have exactly {', '.join(sorted(wanted))}")
    return value


# ------------------------------------------------------------------------------------------------ chain facts

_EVENTS = {
    ("token", "Transfer"): "address indexed from,address indexed to,uint256 amount",
    ("token", "FeedChanged"): "address indexed feed,address indexed actor",
    ("market", "OrderExecuted"): "uint256 indexed number,address indexed operator",
    ("market", "RedemptionRequested"): (
        "uint256 indexed id,address indexed holder,bytes32 indexed reference,uint256 amount,address sender"
    ),
    ("market", "RedemptionAccepted"): (
        "uint256 indexed id,address indexed actor,address indexed holder,uint256 amount"
    ),
    ("market", "RedemptionPaid"): (
        "uint256 indexed id,address indexed actor,bytes32 indexed reference,uint256 amount"
    ),
    ("market", "RedemptionRejected"): (
        "uint256 indexed id,address indexed actor,address indexed holder,uint256 amount,bytes32 reason"
    ),
    ("market", "ApprovalTiersChanged"): "(uint112,uint8)[] tiers,address indexed actor",
    ("market", "Upgraded"): "address indexed implementation",
    ("feed", "Attested"): (
        "uint80 indexed round,bytes32 indexed report,uint256 value,uint256 asOf,"
        "address[] signers,address sender"
    ),
    ("feed", "AttestorsChanged"): "address[] attestors,uint8 threshold,address indexed actor",
    ("feed", "AttestorSuspended"): "address indexed attestor,address indexed actor",
    ("feed", "LimitsChanged"): "uint32 maxAge,uint32 maxRise,uint32 maxFall,address indexed actor",
    ("feed", "Suspended"): "address indexed actor",
    ("feed", "Resumed"): "address indexed actor",
    ("manager", "RoleGranted"): (
        "uint64 indexed role,address indexed account,uint32 delay,uint48 since,bool isNew"
    ),
    ("manager", "RoleRevoked"): "uint64 indexed role,address indexed account",
    ("vault", "DepositRequest"): (
        "address indexed holder,address indexed owner,uint256 indexed day,address sender,uint256 amount"
    ),
    ("vault", "RedeemRequest"): (
        "address indexed holder,address indexed owner,uint256 indexed day,address sender,uint256 amount"
    ),
}
"""The events that are read, by the contract that says them. A vault is whichever contract an order names."""

_APPROVER = 2  # the role's number in the access manager
_CALLS = {
    "mint": "((uint256,address,uint256,uint64)[],(address,bytes)[],uint256)[]",
    "acceptRedemptions": "uint256[],(address,bytes)[]",
    "publish": "(uint128,uint64,bytes32),(address,bytes)[]",
}


@lru_cache(maxsize=1)
def _topics() -> dict[tuple[bytes, int], tuple[str, str, list[tuple[str, str, bool]]]]:
    """First topic and number of topics -> contract, event, and its arguments as name, type, indexed."""
    table = {}
    for (contract, name), text in _EVENTS.items():
        arguments = []
        for part in split_types(text):
            kind, *rest = part.split(" ")
            arguments.append((rest[-1], kind, rest[0] == "indexed"))
        declared = f"{name}({','.join(kind for _, kind, _ in arguments)})"
        count = 1 + sum(indexed for _, _, indexed in arguments)
        table[keccak256(declared.encode()), count] = (contract, name, arguments)
    return table


@lru_cache(maxsize=1)
def _selectors() -> dict[bytes, str]:
    return {keccak256(f"{name}({kinds})".encode())[:4]: name for name, kinds in _CALLS.items()}


class Event(NamedTuple):
    """A decoded log; `place` is block number, transaction's and log's index."""

    place: tuple[int, int, int]
    address: str
    contract: str
    name: str
    args: dict[str, Any]
    tx: str
    time: int


@dataclass
class Block:
    """What is known of a block: from its header, or stated where there is none."""

    number: int
    time: int
    transactions_root: bytes
    receipts_root: bytes


@dataclass
class Call:
    """A signed transaction, recovered: who sent what to whom."""

    raw: bytes
    sender: str
    to: str
    data: bytes
    decoded: list[Any] | None = None

    def arguments(self, name: str) -> list[Any] | None:
        """The arguments if this is a call of that function, else None."""
        if _selectors().get(self.data[:4]) != name:
            return None
        if self.decoded is None:
            self.decoded = abi_decode(_CALLS[name], self.data[4:])
        return self.decoded


_SIGNED_FIELDS = {0: 9, 1: 11, 2: 12, 3: 14, 4: 13}
_TO = {0: 3, 1: 4, 2: 5, 3: 5, 4: 5}


def recover_call(raw: bytes, chain_id: int) -> Call:
    """Sender, recipient and data of signed bytes of type 0 to 4 (EIP-155, 2930, 1559, 4844, 7702)."""
    kind = raw[0] if raw and raw[0] < 0x80 else 0
    fields = rlp_decode(raw[1:] if kind else raw)
    need(
        len(fields) == _SIGNED_FIELDS.get(kind), f"a transaction of type {kind} has another number of fields"
    )
    *signed, v, r, s = fields
    parity = int.from_bytes(v, "big")
    if kind:
        need(int.from_bytes(signed[0], "big") == chain_id, "the transaction is of another chain")
        digest = keccak256(bytes([kind]) + rlp_encode(signed))
    else:
        parity -= 35 + 2 * chain_id
        need(parity in (0, 1), "the transaction isn't bound to this chain (EIP-155)")
        digest = keccak256(rlp_encode([*signed, number_bytes(chain_id), b"", b""]))
    sender = recover(digest, int.from_bytes(r, "big"), int.from_bytes(s, "big"), parity)
    to = fields[_TO[kind]]
    return Call(raw, checksum(sender), checksum(to) if to else "", fields[_TO[kind] + 2])


# ------------------------------------------------------------------------------------------------- the checks

_LINK = (
    "seq",
    "order_id",
    "from_state",
    "to_state",
    "actor",
    "role",
    "at",
    "reason",
    "evidence",
    "previous_hash",
    "hash",
)
_ORDER = (
    "id",
    "kind",
    "investor",
    "wallet",
    "amount",
    "unit",
    "decimals",
    "currency",
    "maker",
    "bank_account",
    "created_at",
    "expires_at",
)
_DEALT = ("vault", "share_class", "dealing_date", "funded_by")
_FUND = ("subscription", "fund_redemption")
_RECEIPT = ("reference", "amount", "decimals", "currency", "payer_matches", "value_date", "received_at")
_PAYOUT = (
    "reference",
    "order_id",
    "bank_account",
    "amount",
    "decimals",
    "currency",
    "paid_at",
    "recorded_at",
)
_DEALING = ("order_id", "day", "size", "due", "carried", "nav", "report", "transaction_hash", "dealt_at")


@dataclass
class Pack:
    """A pack while it is checked: its files, and what the checks before have established."""

    files: Mapping[str, bytes]
    found: Findings = field(default_factory=Findings)
    kind: str = ""
    subject: dict[str, Any] = field(default_factory=dict)
    chain_id: int = 0
    contracts: dict[str, str] = field(default_factory=dict)
    links: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by order or record
    segment: list[dict[str, Any]] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    mined: dict[str, str] = field(default_factory=dict)  # transaction -> block
    events: dict[tuple[str, str], list[Event]] = field(default_factory=dict)  # by address and name
    logs: dict[tuple[str, str, str], list[Event]] = field(default_factory=dict)  # by transaction too
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: dict[bytes, str] = field(default_factory=dict)  # of the batches, by their typed data
    sent: dict[str, set[str]] = field(default_factory=dict)  # by batch, the transactions checked against it
    carried: dict[str, dict[str, tuple[int, Sequence[Any]]]] = field(default_factory=dict)
    carriers: dict[tuple[str, int], str] = field(default_factory=dict)
    mints: dict[str, dict[int, tuple[Event, Event]]] = field(default_factory=dict)

    def json(self, name: str) -> Any:
        need(name in self.files, f"the pack has no {name}")
        return parse(self.files[name])

    def names(self, folder: str) -> list[str]:
        return [name for name in sorted(self.files) if name.startswith(folder)]

    def events_of(self, contract: str, *names: str, tx: str | None = None) -> list[Event]:
        """The events of one of the deployment's contracts, in the chain's order."""
        address = self.contracts[contract]
        if tx is not None:
            found = [event for name in names for event in self.logs.get((tx, address, name), ())]
        else:
            found = [event for name in names for event in self.events.get((address, name), ())]
        return sorted(found, key=lambda event: event.place) if len(names) > 1 else found

    def put_event(self, event: Event) -> None:
        self.events.setdefault((event.address, event.name), []).append(event)
        self.logs.setdefault((event.tx, event.address, event.name), []).append(event)

    def put_links(self, links: Iterable[dict[str, Any]]) -> None:
        for link in links:
            self.links.setdefault(link["order_id"], []).append(link)


def check_manifest(pack: Pack) -> None:
    """What the pack says it is, and that it holds the files it lists and no others."""
    manifest = shaped(
        pack.json(MANIFEST), ("format", "kind", "subject", "chain_id", "contracts", "files"), "the manifest"
    )
    need(manifest["format"] == FORMAT, f"the pack's format is {manifest['format']!r}, not {FORMAT}")
    need(manifest["kind"] in ("order", "day", "incident"), "the pack is of no known kind")
    need(manifest["files"] == manifest_entries(pack.files), "the files aren't those that the manifest lists")
    pack.kind, pack.chain_id = manifest["kind"], whole(manifest["chain_id"])
    need(isinstance(manifest["chain_id"], str), "the chain id isn't text")
    pack.contracts = shaped(manifest["contracts"], ("market", "token", "feed", "manager"), "contracts")
    for address in pack.contracts.values():
        need(checksum(unhex(address, 20)) == address, f"{address} isn't a checksummed address")
    wanted = {"order": ("order",), "day": ("since", "until"), "incident": ("incident", "orders", "records")}
    pack.subject = shaped(manifest["subject"], wanted[pack.kind], "the subject")


def check_verifier(pack: Pack) -> None:
    """That the copy in the pack is this program: whoever can edit a pack can edit that copy."""
    if pack.files.get(VERIFIER) == own_source():
        pack.found.add(OK, "the verifier in the pack is the one that runs")
    else:
        pack.found.add(
            UNCHECKED,
            "the verifier in the pack",
            "it isn't the one that runs: don't run it; take it from the toolkit",
        )


@lru_cache(maxsize=1)
def own_source() -> bytes:
    """This program."""
    return Path(__file__).read_bytes()


# -- the ledger


def link_hash(link: Mapping[str, Any]) -> str:
    """sha256 of an event's canonical JSON: all its fields but the hash."""
    return sha256(encode({name: value for name, value in link.items() if name != "hash"}))


def check_link(link: Any) -> None:
    """One event's own hash, and that its fields are of their kinds."""
    shaped(link, _LINK, "an event")
    need(type(link["seq"]) is int, "an event's seq isn't a number")
    need(link_hash(link) == link["hash"], f"event {link['seq']} isn't what its hash says")


def check_ledger(pack: Pack, head: tuple[int, str] | None) -> None:
    """Every link of the segment over the one before it; the events outside it by their own hashes."""
    with pack.found.of("ledger: the chain of events"):
        events = pack.json(SEGMENT)
        need(isinstance(events, list) and events, "the segment holds no event")
        before = None
        for link in events:
            check_link(link)
            if before is not None:
                need(link["seq"] == before["seq"] + 1, f"event {link['seq']} doesn't follow {before['seq']}")
                need(
                    link["previous_hash"] == before["hash"],
                    f"event {link['seq']} doesn't hang on the one before",
                )
            before = link
        need(
            events[0]["seq"] > 1 or events[0]["previous_hash"] == GENESIS, "the first event has one before it"
        )
        pack.segment = events
    if OUTSIDE in pack.files:
        with pack.found.of("ledger: events before the segment, each by its own hash"):
            outside = pack.json(OUTSIDE)
            for link in outside:
                check_link(link)
            need(
                [link["seq"] for link in outside] == sorted({link["seq"] for link in outside}),
                "they are unordered",
            )
            need(
                not pack.segment or outside[-1]["seq"] < pack.segment[0]["seq"],
                "they aren't before the segment",
            )
            pack.put_links(outside)
            pack.found.add(
                UNCHECKED,
                "that events before the segment stand in the chain",
                "compare their hashes with the ledger's (issuance ledger verify)",
            )
    pack.put_links(pack.segment)
    check_head(pack, head)


def check_head(pack: Pack, head: tuple[int, str] | None) -> None:
    """The segment against a head of the chain that was kept elsewhere."""
    if not pack.segment:
        return
    known = {link["seq"]: link["hash"] for link in pack.segment}
    known[pack.segment[0]["seq"] - 1] = pack.segment[0]["previous_hash"]
    if head is not None and head[0] in known:
        with pack.found.of(f"ledger: the head {head[0]} given"):
            need(known[head[0]] == head[1], f"event {head[0]} has the hash {known[head[0]]}, not {head[1]}")
        return
    last = pack.segment[-1]
    pack.found.add(
        UNCHECKED,
        "that this is the ledger's own chain",
        f"compare {last['seq']}:{last['hash']} with a head kept elsewhere, or give --head one in "
        f"{pack.segment[0]['seq'] - 1} to {last['seq']}",
    )


# -- the chain


def check_blocks(pack: Pack, known: Sequence[str]) -> None:
    """Each header hashes to its block; whether that block is the chain's own only a node can say."""
    for name in pack.names("blocks/"):
        with pack.found.of("chain: a header hashes to its block", name):
            entry, block_hash = pack.json(name), "0x" + _stem(name)
            if entry.get("header") is None:
                stated = shaped(entry, ("header", "stated"), name)["stated"]
                shaped(stated, ("number", "timestamp", "transactions_root", "receipts_root"), name)
                pack.found.add(
                    MISSING,
                    "a block's header",
                    f"block {block_hash}: the node's answer couldn't be rebuilt to its hash, so its "
                    "roots are only stated",
                )
                pack.blocks[block_hash] = Block(
                    whole(stated["number"]),
                    whole(stated["timestamp"]),
                    unhex(stated["transactions_root"], 32),
                    unhex(stated["receipts_root"], 32),
                )
                continue
            header = unhex(shaped(entry, ("header",), name)["header"])
            need("0x" + keccak256(header).hex() == block_hash, "the header doesn't hash to the block's hash")
            fields = rlp_decode(header)
            pack.blocks[block_hash] = Block(
                int.from_bytes(fields[8], "big"), int.from_bytes(fields[11], "big"), fields[4], fields[5]
            )
    for block_hash in known:
        pack.found.add(OK if block_hash in pack.blocks else FAILED, f"chain: the block {block_hash} given")
    unknown = [item for item in pack.blocks if item not in known]
    if unknown:
        pack.found.add(
            UNCHECKED,
            "that these blocks are in the canonical chain",
            "compare with any node: " + ", ".join(f"{pack.blocks[item].number} {item}" for item in unknown),
        )


def check_transactions(pack: Pack) -> None:
    """Hash and sender of each, then the proofs that it and its receipt stand in a block."""
    for name in pack.names("transactions/"):
        with pack.found.of("chain: a transaction's hash and sender", name):
            raw = unhex(shaped(pack.json(name), ("raw",), name)["raw"])
            tx = "0x" + _stem(name)
            need("0x" + keccak256(raw).hex() == tx, "the bytes don't hash to the transaction's hash")
            pack.calls[tx] = recover_call(raw, pack.chain_id)
    for name in pack.names("receipts/"):
        with pack.found.of("chain: a receipt and its transaction are proven in a block", name):
            check_receipt(pack, name)
    for events in pack.events.values():
        events.sort(key=lambda event: event.place)
    unproven = sorted(set(pack.blocks) - set(pack.mined.values()))
    need(not unproven, f"block {unproven and unproven[0]} stands for nothing in the pack")


def check_receipt(pack: Pack, name: str) -> None:
    """A receipt's proofs; its events join the pack's."""
    entry = shaped(pack.json(name), ("block", "index", "receipt", "receipt_proof", "transaction_proof"), name)
    tx, block = "0x" + _stem(name), pack.blocks.get(entry["block"])
    if block is None:
        raise Bad(f"the pack doesn't hold its block {entry['block']}")
    receipt, index = unhex(entry["receipt"]), whole(entry["index"])
    key = rlp_encode(number_bytes(index))
    proofs = (
        ("transaction", block.transactions_root, entry["transaction_proof"]),
        ("receipt", block.receipts_root, entry["receipt_proof"]),
    )
    for what, root, nodes in proofs:
        if nodes is None:
            pack.found.add(MISSING, f"the proof of a {what}", f"{tx} in block {entry['block']}")
            continue
        value = prove(root, key, [unhex(node) for node in nodes])
        if what == "receipt":
            need(value == receipt, "the proven receipt is another one")
        elif tx in pack.calls:
            need(value == pack.calls[tx].raw, "the proven transaction is another one")
        else:
            need("0x" + keccak256(value).hex() == tx, "the proven transaction is another one")
    pack.mined[tx] = entry["block"]
    fields = rlp_decode(receipt[1:] if receipt[0] < 0x80 else receipt)
    for place, (address, topics, data) in enumerate(fields[3]):
        event = decode_log(address, topics, data, (block.number, index, place), tx, block.time)
        if event is not None:
            pack.put_event(event)


def decode_log(
    address: bytes, topics: Sequence[bytes], data: bytes, place: tuple[int, int, int], tx: str, time: int
) -> Event | None:
    """The event, or None for one that isn't read here."""
    declared = _topics().get((topics[0], len(topics))) if topics else None
    if declared is None:
        return None
    contract, name, arguments = declared
    rest = abi_decode(",".join(kind for _, kind, indexed in arguments if not indexed), data)
    args, later, words = {}, iter(rest), iter(topics[1:])
    for argument, kind, indexed in arguments:
        args[argument] = abi_decode(kind, next(words))[0] if indexed else next(later)
    return Event(place, checksum(address), contract, name, args, tx, time)


def _stem(name: str) -> str:
    return name.partition("/")[2].partition(".")[0]


# -- approvals


def check_batches(pack: Pack) -> None:
    """What approvers signed has its digest, in the one form, and each signature is its signer's."""
    for name in pack.names("batches/"):
        with pack.found.of("approvals: typed data and signatures", name):
            entry = shaped(pack.json(name), ("typed_data", "approvals"), name)
            data, kind = entry["typed_data"], entry["typed_data"]["primaryType"]
            types = {"MintBatch": MINT_TYPES, "Acceptance": ACCEPTANCE_TYPES}[kind]
            market, version = pack.contracts["market"], data["domain"]["version"]
            expected = typed_data("PrimaryMarket", pack.chain_id, market, types, data["message"], version)
            need(data == expected, "the typed data isn't that of this market on this chain")
            ran = [item.args["implementation"] for item in pack.events_of("market", "Upgraded")]
            need(
                version in map(signing_version, ran),
                "the pack proves no implementation of the market that this was signed for",
            )
            rows = data["message"][types[kind][0]["name"]]
            shaped(data["message"], (types[kind][0]["name"],), "the message")
            for row in rows:
                shaped(row, (item["name"] for item in list(types.values())[1]), "what was signed")
                need(all(isinstance(value, str) for value in row.values()), "what was signed isn't text")
            digest = typed_data_digest(data)
            need(digest.hex() == _stem(name), "the typed data doesn't hash to its digest")
            signers = [
                shaped(item, ("person_id", "signer", "signature"), name) for item in entry["approvals"]
            ]
            for item in signers:
                check_signature(pack, digest, item)
            persons = [item["person_id"] for item in signers if item["person_id"] is not None]
            need(
                len(set(persons)) == len(persons),
                "one person signed twice: two keys of one person are one approval",
            )
            need(len({item["signer"] for item in signers}) == len(signers), "a key is listed twice")
            pack.batches[digest.hex()] = entry
            pack.digests[encode(data)] = digest.hex()


def check_signature(pack: Pack, digest: bytes, item: Mapping[str, Any]) -> None:
    """That `signer` signed; a contract's signature only the chain can judge."""
    signature, signer = unhex(item["signature"]), item["signer"]
    need(checksum(unhex(signer, 20)) == signer, f"{signer} isn't a checksummed address")
    if len(signature) == 65:
        recovered = checksum(recover_signature(digest, signature))
        need(recovered == signer, f"the signature recovers to {recovered}, not to {signer}")
        return
    pack.found.add(
        UNCHECKED, "a contract's signature (ERC-1271)", f"{signer} of digest 0x{digest.hex()}: ask a node"
    )


def signing_version(implementation: str) -> str:
    """The version in which approvers sign for an implementation: the first 14 bytes of its address."""
    return implementation[:30].lower()


def version_at(pack: Pack, at: Event) -> str:
    """The version in which what the market executed there had to be signed: that of the code that ran."""
    upgrades = [item for item in pack.events_of("market", "Upgraded") if item.place < at.place]
    need(upgrades, "the pack doesn't prove which implementation the market ran")
    return signing_version(upgrades[-1].args["implementation"])


def expected_mint(pack: Pack, orders: Sequence[Sequence[Any]], version: str) -> dict[str, Any]:
    """The typed data of the orders in a mint's calldata."""
    rows = [
        {"number": str(number), "to": to, "amount": str(amount), "expiry": str(expiry)}
        for number, to, amount, expiry in orders
    ]
    market = pack.contracts["market"]
    return typed_data("PrimaryMarket", pack.chain_id, market, MINT_TYPES, {"orders": rows}, version)


def expected_acceptance(pack: Pack, accepted: Sequence[Event], version: str) -> dict[str, Any]:
    """The typed data of the redemptions that a transaction accepted."""
    rows = [
        {"id": str(event.args["id"]), "holder": event.args["holder"], "amount": str(event.args["amount"])}
        for event in accepted
    ]
    market = pack.contracts["market"]
    message = {"redemptions": rows}
    return typed_data("PrimaryMarket", pack.chain_id, market, ACCEPTANCE_TYPES, message, version)


def check_approved(pack: Pack, data: Mapping[str, Any], given: Sequence[Sequence[Any]], at: Event) -> str:
    """That a transaction carried exactly the signatures in the pack, of people who could approve then.

    Returns the batch's digest.
    """
    digest = pack.digests.get(encode(data))
    if digest is None:
        raise Bad(f"the pack doesn't hold the batch that {at.tx} carries")
    batch, checked = pack.batches[digest], pack.sent.setdefault(digest, set())
    if at.tx in checked:
        return digest  # for another order of the batch
    listed = {item["signer"]: item["signature"] for item in batch["approvals"]}
    sent = {signer: "0x" + signature.hex() for signer, signature in given}
    need(listed == sent, "the signatures aren't those in the transaction")
    amounts = [whole(row["amount"]) for rows in data["message"].values() for row in rows]
    check_tier(pack, sum(amounts), len(sent), at)
    approvers = approvers_at(pack, at)
    if not approvers:
        pack.found.add(MISSING, "who could approve", "no grant of the role APPROVER is in the pack")
    else:
        strangers = sorted(set(sent) - approvers)
        need(not strangers, f"{', '.join(strangers)} could not approve then")
    if any(item["person_id"] is None for item in batch["approvals"]):
        pack.found.add(MISSING, "whose keys signed", f"batch {digest} names no persons")
    checked.add(at.tx)
    return digest


def approvers_at(pack: Pack, at: Event) -> set[str]:
    """The accounts whose approval counted, by the grants and revocations before that place."""
    members: set[str] = set()
    for event in pack.events_of("manager", "RoleGranted", "RoleRevoked"):
        if event.args["role"] == _APPROVER and event.place < at.place:
            counts = (
                event.name == "RoleGranted" and event.args["delay"] == 0 and event.args["since"] <= at.time
            )
            (members.add if counts else members.discard)(event.args["account"])
    return members


def check_tier(pack: Pack, total: int, count: int, at: Event) -> None:
    """As many approvals as the market's tiers asked for such a total."""
    changes = [item for item in pack.events_of("market", "ApprovalTiersChanged") if item.place < at.place]
    if not changes:
        pack.found.add(MISSING, "how many had to approve", "no approval tiers are in the pack")
        return
    tiers = changes[-1].args["tiers"]
    required = next((needed for up_to, needed in tiers if total <= up_to), tiers[-1][1] if tiers else 0)
    need(tiers and count >= required, f"{count} approved {total} base units; the tiers ask for {required}")


# -- attestations


def check_attestations(pack: Pack) -> None:
    """Every published round: its signatures, its attestors then, and the report behind it."""
    for event in pack.events_of("feed", "Attested"):
        name = f"attestations/{event.tx[2:]}.json"
        with pack.found.of("attestation: signed by enough attestors, and in the transaction", name):
            check_attestation(pack, name, event)
        check_reserve_report(pack, event)
    known = {f"attestations/{event.tx[2:]}.json" for event in pack.events_of("feed", "Attested")}
    reports = {f"reports/{event.args['report'].hex()}.json" for event in pack.events_of("feed", "Attested")}
    strays = sorted({*pack.names("attestations/"), *pack.names("reports/")} - known - reports)
    need(not strays, f"{strays and strays[0]} belongs to no attestation in the pack")


def check_attestation(pack: Pack, name: str, event: Event) -> None:
    """One round against its calldata and against the attestors of that moment."""
    entry = shaped(pack.json(name), ("typed_data", "signatures"), name)
    message = {
        "value": str(event.args["value"]),
        "asOf": str(event.args["asOf"]),
        "report": "0x" + event.args["report"].hex(),
    }
    data = typed_data("AttestedFeed", pack.chain_id, event.address, ATTESTATION_TYPES, message)
    need(entry["typed_data"] == data, "the attestation isn't the one in the event")
    digest, signed = typed_data_digest(data), set()
    for item in entry["signatures"]:
        check_signature(pack, digest, shaped(item, ("signer", "signature"), name))
        signed.add(item["signer"])
    need(len(signed) == len(entry["signatures"]), "a signer is listed twice")
    need(event.tx in pack.calls, f"the pack doesn't hold {event.tx}, which published it")
    call = pack.calls[event.tx]
    arguments = call.arguments("publish") if call.to == event.address else None
    if arguments is None:
        pack.found.add(
            UNCHECKED, "the signatures in the publishing transaction", f"{event.tx} isn't a plain publish"
        )
    else:
        given = [{"signer": signer, "signature": "0x" + raw.hex()} for signer, raw in arguments[1]]
        need(entry["signatures"] == given, "the signatures aren't those in the transaction")
    need(set(event.args["signers"]) <= signed, "the chain counted a signer whose signature isn't in the pack")
    attestors, threshold = attestors_at(pack, event)
    need(threshold > 0, "the pack doesn't hold who the attestors were")
    counted = signed & attestors
    need(len(counted) >= threshold, f"{len(counted)} attestors signed; the threshold was {threshold}")
    need(set(event.args["signers"]) <= attestors, "the chain counted somebody who was no attestor")


def attestors_at(pack: Pack, at: Event) -> tuple[set[str], int]:
    """Attestors and threshold, by the feed's changes before that place."""
    attestors: set[str] = set()
    threshold = 0
    for event in pack.events_of("feed", "AttestorsChanged", "AttestorSuspended"):
        if event.place < at.place:
            if event.name == "AttestorsChanged":
                attestors, threshold = set(event.args["attestors"]), event.args["threshold"]
            else:
                attestors.discard(event.args["attestor"])
    return attestors, threshold


def check_reserve_report(pack: Pack, event: Event) -> None:
    """The report hashes to what was attested, and says the same value as of the same instant."""
    digest = event.args["report"]
    name = f"reports/{digest.hex()}.json"
    if name not in pack.files:
        pack.found.add(MISSING, "the reserve report behind an attestation", f"its keccak is 0x{digest.hex()}")
        return
    with pack.found.of("attestation: the report hashes to it and states its value", name):
        data = pack.files[name]
        need(keccak256(data) == digest, "the report doesn't hash to what was attested")
        report = loads(data)
        as_of = int(datetime.fromisoformat(report["as_of"]).timestamp())
        need(
            as_of == event.args["asOf"],
            f"the report is as of {as_of}, the attestation as of {event.args['asOf']}",
        )
        mine = [
            item["amount"]
            for item in report["allocations"]
            if (item["chain_id"], item["contract"]) == (pack.chain_id, pack.contracts["token"])
        ]
        need(len(mine) == 1, "the report allocates nothing to this token, or twice")
        units, _, cents = mine[0].partition(".")
        decimals = report["token_decimals"]
        stated = int(units + cents.ljust(decimals, "0")[:decimals])  # rounded down, in the holders' favour
        need(
            stated == event.args["value"],
            f"the report allocates {stated}, the attestation says {event.args['value']}",
        )


def check_backing(pack: Pack, at: Event) -> None:
    """At a mint the newest attestation was fresh and the feed not suspended."""
    feeds = [item for item in pack.events_of("token", "FeedChanged") if item.place < at.place]
    need(
        feeds and feeds[-1].args["feed"] == pack.contracts["feed"],
        "the token's feed isn't shown to be this one",
    )
    rounds = [item for item in pack.events_of("feed", "Attested") if item.place < at.place]
    limits = [item for item in pack.events_of("feed", "LimitsChanged") if item.place < at.place]
    stops = [item for item in pack.events_of("feed", "Suspended", "Resumed") if item.place < at.place]
    need(rounds and limits, "the pack holds no attestation before the mint, or no limits of the feed")
    need(not stops or stops[-1].name == "Resumed", "the feed was suspended at the mint")
    age = at.time - rounds[-1].args["asOf"]
    need(0 <= age <= limits[-1].args["maxAge"], f"the attestation was {age} seconds old at the mint")


# -- orders


def check_orders(pack: Pack) -> None:
    """Every order in the pack, and that the pack holds the orders that it is about."""
    names = {_stem(name) for name in pack.names("orders/")}
    moved = {
        link["order_id"]
        for link in pack.segment
        if pack.kind == "day" and pack.subject["since"] <= link["at"] < pack.subject["until"]
    }
    with pack.found.of("the pack holds what it is about"):
        records = {pack.json(name)["id"] for name in pack.names("records/")}
        if pack.kind == "order":
            need(names == {pack.subject["order"]}, "it holds another order, or none")
        elif pack.kind == "day":
            need(
                names == {item for item in moved if not _is_record(item)}, "it doesn't hold the day's orders"
            )
            need(records >= {item for item in moved if _is_record(item)}, "it doesn't hold the day's records")
        else:
            need(names == set(pack.subject["orders"]), "it doesn't hold the incident's orders")
            need(records == set(pack.subject["records"]), "it doesn't hold the incident's records")
            need(pack.subject == _sorted_subject(pack.subject), "the incident's lists aren't in order")
    for order_id in sorted(names):
        with pack.found.of("order: what was asked, and every figure tied", f"order {order_id}"):
            check_order(pack, order_id)


def _is_record(subject: str) -> bool:
    return "/" in subject  # an order's id is a UUID


def _sorted_subject(subject: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sorted(set(value)) if isinstance(value, list) else value for name, value in subject.items()}


def order_digest(order: Mapping[str, Any]) -> str:
    """What the first event of an order carries: all of it that never changes."""
    fields = {name: order[name] for name in _ORDER}
    fields["number"] = order["number"] if order["kind"] == "mint" else None
    if order["kind"] in _FUND:
        fields |= {name: order[name] for name in _DEALT}
    return sha256(encode(fields))


def check_order(pack: Pack, order_id: str) -> None:
    """One order along its events; what each state rests on must be in the pack."""
    entry = shaped(
        pack.json(f"orders/{order_id}.json"), ("order", "request", "money", "payout", "dealings"), "an order"
    )
    order, steps = entry["order"], pack.links.get(order_id, [])
    dealt = (*_DEALT, "dealing_day") if order["kind"] in _FUND else ()
    shaped(order, (*_ORDER, "number", "due_at", "state", "held_from", *dealt), "an order")
    need(order["id"] == order_id and steps, "the ledger's events say nothing of it")
    need(isinstance(order["amount"], str) and whole(order["amount"]) > 0, "its amount isn't a whole number")
    state = None
    for step in steps:
        need(step["from_state"] == state, f"event {step['seq']} doesn't go on from {state}")
        state = step["to_state"]
    need(state == order["state"], f"it is {order['state']}, but its last event says {state}")
    held = steps[-1]["from_state"] if state == "on_hold" else None
    need(order["held_from"] == held, f"it is held from {order['held_from']}, not from {held}")
    need(order_digest(order) == steps[0]["evidence"], "it isn't what was ordered")
    check_facts(order, steps)
    recovered = steps[0]["to_state"] == "recovered"
    reached = {step["to_state"]: step for step in steps if not is_return(step)}
    check_request(pack, order, entry["request"])
    check_money(order, entry, reached)
    if order["kind"] == "mint":
        check_mint(pack, order, reached, recovered=recovered)
    elif order["kind"] == "redemption":
        check_redemption(pack, order, entry["payout"], reached)
    else:
        check_dealt(pack, order, entry["dealings"], steps)


def is_return(step: Mapping[str, Any]) -> bool:
    """Whether an order comes back to what it had reached: from a hold, or from approvals that became void."""
    back = {("approved", "funded"), ("approved", "escrowed")}
    return step["from_state"] == "on_hold" or (step["from_state"], step["to_state"]) in back


def check_facts(order: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> None:
    """What the chain gave an order later stands in the reasons of its events."""
    number, due = order["number"], order["due_at"]
    if order["kind"] == "redemption":
        facts = [] if number is None else [f"redemption {number}"]
        said = [
            fact for step in steps for fact in step["reason"].split(", ") if fact.startswith("redemption ")
        ]
        need(said[-1:] == facts, f"its number is {number}, but its events say {said}")
    if order["kind"] != "mint":
        facts = [] if due is None else [f"due at {due}"]
        said = [fact for step in steps for fact in step["reason"].split(", ") if fact.startswith("due at ")]
        need(said[-1:] == facts, f"it is due at {due}, but its events say {said}")
    else:
        need(due is None, "a mint order has no due time")
    if order["kind"] in _FUND:
        days = [step["reason"] for step in steps if step["to_state"] in ("in_batch", "gated", "priced")]
        day = order["dealing_day"]
        need(days[-1:] == ([] if day is None else [f"dealing day {day}"]), f"it isn't on dealing day {day}")
        need(number is None, "a fund's order has no number")


def check_request(pack: Pack, order: Mapping[str, Any], request: Any) -> None:
    """The request's body is the order, and hashes to what its key was used for."""
    if request is None:
        pack.found.add(MISSING, "an order's request", f"order {order['id']} was entered under no key")
        return
    shaped(request, ("idempotency_key", "body", "body_hash"), "a request")
    names = ["kind", "investor", "wallet", "amount", "unit", "currency"]
    body = {name: order[name] for name in names} | {"decimals": str(order["decimals"])}
    if order["kind"] == "mint":
        lifetime = datetime.fromisoformat(order["expires_at"]) - datetime.fromisoformat(order["created_at"])
        micros = (lifetime.days * 86_400 + lifetime.seconds) * 1_000_000 + lifetime.microseconds
        body["lifetime"] = str(micros)
    elif order["kind"] == "redemption":
        body["bank_account"] = order["bank_account"]
    else:
        body |= {name: order[name] for name in ("vault", "share_class")}
    need(isinstance(request["idempotency_key"], str), "the key isn't text")
    need(request["body"] == body, "the request's body isn't the order")
    need(sha256(encode(body)) == request["body_hash"], "the body doesn't hash to what its key was used for")
    pack.found.add(
        UNCHECKED,
        "idempotency keys",
        "no hash binds them: compare with the client's own record of the request",
    )


def check_money(
    order: Mapping[str, Any], entry: Mapping[str, Any], reached: Mapping[str, Mapping[str, Any]]
) -> None:
    """The bank's line and the payout are those that the events carry, at par to the last unit."""
    funded, paid = reached.get("funded"), reached.get("paid")
    money, payout = entry["money"], entry["payout"]
    if order["kind"] != "mint" or funded is None:
        need(money is None, "a bank's line that no event stands on")
    else:
        shaped(money, _RECEIPT, "a bank's line")
        need(sha256(encode(money)) == funded["evidence"], "the bank's line isn't the one it was funded with")
        need(_at_par(order, money), "the bank's line isn't the order's amount at par")
    if paid is None:
        need(payout is None, "a payout that no event stands on")
    else:
        shaped(payout, _PAYOUT, "a payout")
        need(sha256(encode(payout)) == paid["evidence"], "the payout isn't the one that was recorded")
        need(
            payout["order_id"] == order["id"] and _at_par(order, payout),
            "the payout isn't of the order's amount",
        )
        need(payout["bank_account"] == order["bank_account"], "the payout went to another account")


def _at_par(order: Mapping[str, Any], money: Mapping[str, Any]) -> bool:
    tokens = whole(order["amount"]) * 10 ** int(whole(money["decimals"]) % 100)
    paid = whole(money["amount"]) * 10 ** int(whole(order["decimals"]) % 100)
    return tokens == paid and bool(order["currency"] == money["currency"])


def check_landed(pack: Pack, step: Mapping[str, Any] | None) -> str | None:
    """The transaction that an event rests on, proven in a block. None if there is no such event."""
    if step is None:
        return None
    tx = f"0x{step['evidence']}"
    need(
        tx in pack.calls and tx in pack.mined,
        f"the pack doesn't hold or prove {tx}, on which {step['to_state']} rests",
    )
    return tx


def check_mint(
    pack: Pack, order: Mapping[str, Any], reached: Mapping[str, Mapping[str, Any]], *, recovered: bool
) -> None:
    """Approvals, calldata, event and block of a mint say the same order."""
    batch = reached.get("approved", {}).get("evidence")
    if batch is not None:
        need(batch in pack.batches, f"the pack doesn't hold the batch {batch} that was approved")
        check_names(pack, batch, reached["approved"]["reason"])
    tx = check_landed(pack, reached.get("settled"))
    if tx is None and "mined" in reached and order["state"] == "mined":
        tx = f"0x{reached['submitted']['evidence']}"
        need(tx in pack.mined, f"the pack doesn't prove {tx}, which is said to be mined")
    if "submitted" in reached and not recovered:
        sent = f"0x{reached['submitted']['evidence']}"
        need(sent in pack.calls, f"the pack doesn't hold {sent}, which was sent")
    if tx is None:
        return
    if "mined" in reached:
        need(pack.mined[tx] == f"0x{reached['mined']['evidence']}", "it was mined in another block")
    executed, event = minted(pack, order, tx)
    call = pack.calls[tx]
    batches = call.arguments("mint") if call.to == pack.contracts["market"] else None
    if batches is None:
        pack.found.add(
            UNCHECKED, "the approvals in a mint's transaction", f"{tx} isn't a plain call of the market"
        )
    else:
        need(executed.args["operator"] == call.sender, "the event names another operator than the sender")
        digest = check_calldata(pack, order, batches[0], event, recovered=recovered)
        need(batch in (None, digest), "the orders were sent under other signatures than approved")
    check_backing(pack, event)


def minted(pack: Pack, order: Mapping[str, Any], tx: str) -> tuple[Event, Event]:
    """The order's two events: the n-th OrderExecuted of a transaction belongs to its n-th mint."""
    if tx not in pack.mints:
        executed = pack.events_of("market", "OrderExecuted", tx=tx)
        transfers = pack.events_of("token", "Transfer", tx=tx)
        mints = [item for item in transfers if item.args["from"] == checksum(ZERO)]
        need(len(executed) == len(mints), "orders and mints of the transaction don't pair")
        pairs = {pair[0].args["number"]: pair for pair in zip(executed, mints, strict=True)}
        need(len(pairs) == len(mints), "the transaction executes a number twice")
        pack.mints[tx] = pairs
    pair = pack.mints[tx].get(whole(order["number"]))
    if pair is None:
        raise Bad(f"the transaction doesn't execute order number {order['number']}")
    wanted = (order["wallet"], whole(order["amount"]))
    need((pair[1].args["to"], pair[1].args["amount"]) == wanted, "another wallet or amount was minted")
    return pair


def check_calldata(
    pack: Pack, order: Mapping[str, Any], batches: Sequence[Any], event: Event, *, recovered: bool
) -> str:
    """The batch of the transaction that carries the order, and its signatures. Returns its digest."""
    expiry = int(datetime.fromisoformat(order["expires_at"]).timestamp())
    place, signed = carried(pack, event.tx, batches).get(order["number"], (None, None))
    if place is None or signed is None:
        raise Bad("the transaction's data doesn't hold the order")
    _, to, amount, until = signed
    need((to, amount) == (order["wallet"], whole(order["amount"])), "the transaction says another order")
    need(recovered or until == expiry, f"the signed order expires at {until}, not at {expiry}")
    if (event.tx, place) not in pack.carriers:
        orders, approvals, _ = batches[place]
        data = expected_mint(pack, orders, version_at(pack, event))
        pack.carriers[event.tx, place] = check_approved(pack, data, approvals, event)
    return pack.carriers[event.tx, place]


def carried(pack: Pack, tx: str, batches: Sequence[Any]) -> dict[str, tuple[int, Sequence[Any]]]:
    """By its number, each order that a transaction executes: the place of its batch, and what was signed."""
    if tx not in pack.carried:
        pack.carried[tx] = {
            str(order[0]): (place, order)
            for place, (orders, _, skipped) in enumerate(batches)
            for index, order in enumerate(orders)
            if not skipped >> index & 1
        }
    return pack.carried[tx]


def check_names(pack: Pack, batch: str, reason: str) -> None:
    """Whoever the event says signed is among those whose signatures are here."""
    if reason.startswith("signed by "):
        named = set(reason.removeprefix("signed by ").split(", "))
        persons = {item["person_id"] for item in pack.batches[batch]["approvals"]}
        need(named <= persons, f"the event says that {', '.join(sorted(named))} signed, the pack {persons}")


def check_redemption(
    pack: Pack, order: Mapping[str, Any], payout: Any, reached: Mapping[str, Mapping[str, Any]]
) -> None:
    """Escrow, burn and payout of a redemption say the same order."""
    amount, number = whole(order["amount"]), order["number"]
    tx = check_landed(pack, reached.get("escrowed"))
    if tx is not None:
        event = one_event(pack, tx, "RedemptionRequested", number)
        need(
            (event.args["holder"], event.args["amount"]) == (order["wallet"], amount),
            "another request was escrowed",
        )
        if event.args["reference"] != keccak256(order["id"].encode()):
            pack.found.add(
                UNCHECKED, "a holder's own reference on chain", f"redemption {number} doesn't name the order"
            )
    batch = reached.get("approved", {}).get("evidence")
    if batch is not None:
        need(batch in pack.batches, f"the pack doesn't hold the batch {batch} that was approved")
        check_names(pack, batch, reached["approved"]["reason"])
    tx = check_landed(pack, reached.get("burned"))
    if tx is not None:
        check_burn(pack, order, tx, batch)
    tx = check_landed(pack, reached.get("settled"))
    if tx is not None:
        event = one_event(pack, tx, "RedemptionPaid", number)
        reference = keccak256(payout["reference"].encode()) if payout else None
        if reference is None:
            pack.found.add(MISSING, "a payout", f"order {order['id']} was recovered from the chain")
        need(reference in (None, event.args["reference"]), "the chain has another payment reference")
        need(event.args["amount"] == amount, "another amount was paid")


def check_burn(pack: Pack, order: Mapping[str, Any], tx: str, batch: str | None) -> None:
    """The acceptance: its signatures, and that as much was burned as it accepted."""
    event = one_event(pack, tx, "RedemptionAccepted", order["number"])
    need(
        (event.args["holder"], event.args["amount"]) == (order["wallet"], whole(order["amount"])),
        "another redemption was accepted",
    )
    accepted = pack.events_of("market", "RedemptionAccepted", tx=tx)
    burns = [item for item in pack.events_of("token", "Transfer", tx=tx) if item.args["to"] == checksum(ZERO)]
    total = sum(item.args["amount"] for item in accepted)
    need(sum(item.args["amount"] for item in burns) == total, "not as much was burned as was accepted")
    call = pack.calls[tx]
    arguments = call.arguments("acceptRedemptions") if call.to == pack.contracts["market"] else None
    if arguments is None:
        pack.found.add(UNCHECKED, "the approvals in an acceptance", f"{tx} isn't a plain call of the market")
        return
    need(
        [item.args["id"] for item in accepted] == arguments[0],
        "the events aren't of the redemptions asked for",
    )
    need(event.args["actor"] == call.sender, "the event names another actor than the sender")
    data = expected_acceptance(pack, accepted, version_at(pack, event))
    digest = check_approved(pack, data, arguments[1], event)
    need(batch in (None, digest), "the redemptions were accepted under other signatures than approved")


def one_event(pack: Pack, tx: str, name: str, number: Any) -> Event:
    """The market's event of one redemption in a transaction."""
    found = [item for item in pack.events_of("market", name, tx=tx) if item.args["id"] == number]
    need(len(found) == 1, f"{tx} has no {name} of redemption {number}")
    return found[0]


def check_dealt(
    pack: Pack, order: Mapping[str, Any], dealings: Any, steps: Sequence[Mapping[str, Any]]
) -> None:
    """A fund's order: its request at the vault, and each dealing by the digest that its event carries."""
    entered = [step for step in steps if step["to_state"] == "in_batch" and step["from_state"] != "on_hold"]
    tx = check_landed(pack, entered[-1] if entered else None)
    if tx is not None:
        name = "DepositRequest" if order["kind"] == "subscription" else "RedeemRequest"
        wanted = (order["wallet"], order["wallet"], whole(order["amount"]), entered[-1]["reason"])
        made = [
            (item.args["holder"], item.args["owner"], item.args["amount"], f"dealing day {item.args['day']}")
            for item in pack.logs.get((tx, order["vault"], name), ())
        ]
        need(wanted in made, "the vault has another request")
    written = [step["evidence"] for step in steps if step["to_state"] in ("gated", "priced")]
    for dealing in dealings:
        shaped(dealing, _DEALING, "a dealing")
        need(dealing["order_id"] == order["id"], "a dealing of another order")
    need(
        [sha256(encode(item)) for item in dealings] == written,
        "the dealings aren't those that its events carry",
    )


# -- records


def check_records(pack: Pack) -> None:
    """Each record's document hashes to what its last event carries."""
    for name in pack.names("records/"):
        with pack.found.of("record: its document is what its last event says", name):
            record = shaped(pack.json(name), ("id", "state", "data", "digest"), name)
            steps = pack.links.get(record["id"], [])
            need(steps, "the ledger's events say nothing of it")
            need(name == f"records/{steps[0]['seq']}.json", "it isn't named after its first event")
            state = None
            for step in steps:
                need(step["from_state"] == state, f"event {step['seq']} doesn't go on from {state}")
                state = step["to_state"]
            need(record["state"] == state, f"it is {record['state']}, but its last event says {state}")
            need(
                record["digest"] == steps[-1]["evidence"],
                "its digest isn't the one that its last event carries",
            )
            if record["data"] is None:
                pack.found.add(
                    UNCHECKED,
                    "documents left out because they may hold personal data",
                    "ask the desk for them, and compare their sha256 with the digest",
                )
            else:
                need(
                    sha256(encode(record["data"])) == record["digest"],
                    "its document doesn't hash to its digest",
                )


def check_incident(pack: Pack) -> None:
    """The incident itself: a record, or a row that no hash binds."""
    if pack.kind != "incident":
        need(INCIDENT not in pack.files, "an incident that the pack isn't about")
        return
    incident = pack.subject["incident"]
    if INCIDENT in pack.files:
        need(pack.json(INCIDENT)["id"] == incident, "it is about another incident")
        pack.found.add(
            UNCHECKED,
            "what the desk noted of the incident",
            f"{INCIDENT}: the ledger's chain doesn't bind it",
        )
    else:
        need(incident in pack.subject["records"], "the incident is neither a record nor noted")


# -------------------------------------------------------------------------------------------------- the whole


def check_strays(pack: Pack) -> None:
    """Nothing stands in the pack that no check has used."""
    told = {link["evidence"] for links in pack.links.values() for link in links}
    used = {f"0x{item}" for item in told} | {event.tx for event in pack.events_of("feed", "Attested")}
    for tx in pack.calls:
        need(tx in used, f"transaction {tx} belongs to nothing in the pack")
    for digest in pack.batches:
        need(digest in told or digest in pack.sent, f"batch {digest} belongs to nothing in the pack")


_OUTSIDE_OF_ANY_PACK = (
    ("that these are the deployment's contracts", "compare with the deployment record: {contracts}"),
    (
        "that no change of attestors, approvers, tiers, limits or the market's code is left out",
        "ask a node for the contracts' logs",
    ),
    ("which person holds which key", "compare with the desk's register of persons"),
)


def verify(data: bytes, *, head: tuple[int, str] | None = None, blocks: Sequence[str] = ()) -> Result:
    """Every check of the pack in `data`.

    `head` is a head of the ledger's chain kept elsewhere, `blocks` hashes that a node confirmed.
    """
    digest = sha256(data)
    try:
        pack = Pack(read_archive(data))
    except Refused as error:
        return Result(digest, [], str(error))
    found = pack.found
    try:
        check_manifest(pack)
    except (Bad, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return Result(digest, [Finding(FAILED, "the manifest and its files", str(error), 1)])
    found.add(OK, "the manifest and its files")
    check_verifier(pack)
    check_ledger(pack, head)
    check_blocks(pack, blocks)
    parts: tuple[tuple[str, Callable[[Pack], None]], ...] = (
        ("chain: every block stands for something", check_transactions),
        ("approvals: every batch is read", check_batches),
        ("attestation: every file belongs to one", check_attestations),
        ("orders: all of them are read", check_orders),
        ("records: all of them are read", check_records),
        ("incident: what the pack is about", check_incident),
        ("nothing in the pack is unused", check_strays),
    )
    for check, part in parts:
        with found.of(check):
            part(pack)
    shown = ", ".join(f"{name} {address}" for name, address in sorted(pack.contracts.items()))
    for check, where in _OUTSIDE_OF_ANY_PACK:
        found.add(UNCHECKED, check, where.format(contracts=f"chain {pack.chain_id}, {shown}"))
    return Result(digest, found.list())


def render(result: Result) -> str:
    """The result for people, failures first."""
    lines = [f"pack sha256 {result.pack}"]
    for status, check, detail, times in result.findings:
        counted = f" ({times})" if times > 1 else ""
        lines.append(f"{status:<12} {check}{counted}{': ' if detail else ''}{printable(detail)}")
    lines.append(f"result: {result.status}{': ' if result.reason else ''}{printable(result.reason)}")
    return "\n".join(lines) + "\n"


def printable(text: str) -> str:
    """What a pack says must not steer the terminal."""
    return "".join(item if item.isprintable() else "\N{REPLACEMENT CHARACTER}" for item in text)


def parse_head(text: str) -> tuple[int, str]:
    """`SEQ:HASH`."""
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise argparse.ArgumentTypeError("write SEQ:HASH, the number of an event and its hash")
    return int(found[1]), found[2]


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Checks an evidence pack, alone and offline.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--head", type=parse_head, help="a head of the ledger kept elsewhere: SEQ:HASH")
    parser.add_argument("--block", action="append", default=[], help="a block hash that a node confirmed")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(argv)
    try:
        if options.pack.stat().st_size > MAX_BYTES:
            raise Refused(f"the pack is larger than {MAX_BYTES} bytes")
        result = verify(options.pack.read_bytes(), head=options.head, blocks=options.block)
    except OSError as error:
        result = Result("", [], f"{options.pack} can't be read: {error.strerror}")
    except Refused as error:
        result = Result("", [], str(error))
    shown = (
        json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n" if options.json else render(result)
    )
    sys.stdout.write(shown)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main())
