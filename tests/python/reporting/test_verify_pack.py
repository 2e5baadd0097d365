"""The stand-alone verifier: its arithmetic against the libraries', and that no edit of a pack escapes it."""

from __future__ import annotations

import functools
import io
import json
import os
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_keys import keys
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.bindings import signable
from toolkit.bindings.structs import MintOrder
from toolkit.chain.hexes import keccak
from toolkit.reporting.evidence import verify_pack
from toolkit.reporting.evidence.blocks import trie
from toolkit.reporting.evidence.verify_pack import MANIFEST, VERIFIER, Bad, Refused

if TYPE_CHECKING:
    from conftest import Settled

Edit = tuple[str, bytes | None]

# -------------------------------------------------------------------------------------------- arithmetic


@given(st.binary(max_size=600))
@settings(max_examples=40, deadline=None)
def test_keccak_is_the_librarys(data: bytes) -> None:
    assert verify_pack.keccak256(data) == keccak(data)


@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**255))
@settings(max_examples=15, deadline=None)
def test_a_signature_recovers_to_its_key(digest: bytes, secret: int) -> None:
    key = keys.PrivateKey(secret.to_bytes(32, "big"))
    signature = key.sign_msg_hash(digest)
    found = verify_pack.recover(digest, signature.r, signature.s, signature.v)
    assert verify_pack.checksum(found) == key.public_key.to_checksum_address()
    with pytest.raises(Bad, match="out of range"):  # the other s of the same signature (EIP-2)
        verify_pack.recover(digest, signature.r, verify_pack._N - signature.s, 1 - signature.v)


_rlp = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=6), max_leaves=20)


@given(_rlp)
@settings(deadline=None)
def test_rlp_comes_back(item: Any) -> None:
    import rlp

    encoded = verify_pack.rlp_encode(item)
    assert encoded == rlp.encode(item)
    assert verify_pack.rlp_decode(encoded) == item


@pytest.mark.parametrize(
    "raw",
    ["", "8100", "8101", "b800", "b837", "b80001", "c2", "c101ff", "f800", "f90001", "bfffffffffffffffff"],
)
def test_rlp_in_any_other_form_is_refused(raw: str) -> None:
    with pytest.raises(Bad):
        verify_pack.rlp_decode(bytes.fromhex(raw))


@given(st.integers(1, 300), st.data())
@settings(max_examples=25, deadline=None)
def test_every_item_of_a_trie_is_proven_and_no_other(count: int, data: st.DataObject) -> None:
    items = [bytes([place % 251, place // 251]) * (1 + place % 40) for place in range(count)]
    built = trie(items)
    place = data.draw(st.integers(0, count - 1))
    key = verify_pack.rlp_encode(verify_pack.number_bytes(place))
    proof = list(built.proof(place))
    assert verify_pack.prove(built.root, key, proof) == items[place]
    other = verify_pack.rlp_encode(verify_pack.number_bytes(count))
    with pytest.raises(Bad):
        verify_pack.prove(built.root, other, proof)
    with pytest.raises(Bad):
        verify_pack.prove(built.root, key, [*proof, proof[-1]])


def test_typed_data_hash_as_the_bindings_hash_them() -> None:
    market = "0x68e7F929eC38e219c16BbD8Ac2993e6Bb0cf037E"
    domain = signable.domain("PrimaryMarket", 31337, market)
    orders = [MintOrder(number, market, number * 10**18, 2**40) for number in range(1, 4)]
    wanted = signable.mint_batch(domain, orders)
    assert verify_pack.typed_data_digest(wanted.to_json()) == wanted.digest


def test_an_abi_bomb_is_refused() -> None:
    # 3,000 batches, each an offset to the same array of 3,000 orders
    count = 3_000
    words = [32, count, *[count * 32] * count, 32 * 3, 0, 0, count]
    data = b"".join(word.to_bytes(32, "big") for word in words)
    with pytest.raises(Bad):
        verify_pack.abi_decode(verify_pack._CALLS["mint"], data + bytes(128 * count))


# ---------------------------------------------------------------------------------------- every edit is found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same arithmetic from the libraries, and each signature once: a thousand packs are verified."""
    monkeypatch.setattr(verify_pack, "keccak256", keccak)
    monkeypatch.setattr(verify_pack, "recover", functools.cache(verify_pack.recover))


def repacked(files: dict[str, bytes], *edits: Edit) -> bytes:
    """The pack after the edits, its manifest made to fit: what a careful attacker would hand over."""
    changed = dict(files)
    for name, content in edits:
        if content is None:
            del changed[name]
        else:
            changed[name] = content
    manifest = json.loads(changed[MANIFEST])
    manifest["files"] = verify_pack.manifest_entries(changed)
    changed[MANIFEST] = verify_pack.encode(manifest)
    return verify_pack.write_archive(changed)


def edits_of(value: Any) -> Iterator[Any]:
    """`value` with one thing in it changed, for everything in it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            yield from ({**value, name: changed} for changed in edits_of(item))
        yield {**value, "extra": "1"}
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield [*value[:place], *value[place + 1 :]]
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in edits_of(item))
        yield [*value, *value[-1:]]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield one_more(value)
        yield None
    else:
        yield "1"


def one_more(text: str) -> str:
    """The figure, hash or word changed by one unit."""
    if text.isdigit():
        return str(int(text) + 1)
    last = text[-1:]
    if text.startswith("0x") and last:
        return text[:-1] + f"{(int(last, 16) + 1) % 16:x}"
    return text[:-1] + ("1" if last != "1" else "2")


def is_said_to_be_unchecked(name: str, before: Any, after: Any) -> bool:
    """The idempotency key is the one thing in a pack that nothing binds, and the result says so."""
    if not name.startswith("orders/") or not isinstance(after.get("request"), dict):
        return False
    changed = {
        **after,
        "request": {**after["request"], "idempotency_key": before["request"]["idempotency_key"]},
    }
    return bool(changed == before and isinstance(after["request"].get("idempotency_key"), str))


@pytest.mark.parametrize("what", ["mint", "redemption"])
@pytest.mark.usefixtures("quick")
def test_one_unit_changed_anywhere_in_a_pack_is_found(settled: Settled, what: str) -> None:
    files = verify_pack.read_archive(settled.evidence.order(getattr(settled, what).id))
    assert verify_pack.verify(repacked(files)).status == "ok"
    tried = 0
    for name in sorted(set(files) - {VERIFIER}):
        before = json.loads(files[name])
        # Blocks and settings are of one making, and a redemption's pack holds much that a mint's holds too.
        stride = 3 if name.startswith(("blocks/", "receipts/")) else 1
        for after in list(edits_of(before))[:: stride if what == "mint" else 2 * stride]:
            if name == MANIFEST:
                pack = verify_pack.write_archive({**files, MANIFEST: verify_pack.encode(after)})
            else:
                pack = repacked(files, (name, verify_pack.encode(after)))
            result = verify_pack.verify(pack)
            tried += 1
            if result.status == "ok":
                assert is_said_to_be_unchecked(name, before, after), f"{name}: {after}"
                assert any(item.check == "idempotency keys" for item in result.findings)
    assert tried > 150


@pytest.mark.parametrize("what", ["mint", "redemption"])
@pytest.mark.usefixtures("quick")
def test_no_file_can_be_left_out_of_a_pack(settled: Settled, what: str) -> None:
    files = verify_pack.read_archive(settled.evidence.order(getattr(settled, what).id))
    for name in sorted(set(files) - {MANIFEST, VERIFIER}):
        status = verify_pack.verify(repacked(files, (name, None))).status
        # Without its grants, tiers or report a pack says what is missing; without anything else it fails.
        assert status == "missing" if name.startswith("reports/") else status in ("FAILED", "missing"), name


@pytest.mark.usefixtures("quick")
def test_a_flipped_bit_anywhere_in_the_archive_is_found(settled: Settled) -> None:
    pack = settled.evidence.order(settled.requested.id)
    for place in range(0, len(pack), 211):
        for bit in (1, 128):
            edited = pack[:place] + bytes([pack[place] ^ bit]) + pack[place + 1 :]
            assert verify_pack.verify(edited).exit_code in (1, 2), place


# ------------------------------------------------------------------------------------------- a forged world


@pytest.mark.usefixtures("quick")
def test_a_ledger_written_anew_is_told_by_a_head_kept_elsewhere(settled: Settled) -> None:
    pack = settled.evidence.order(settled.requested.id)
    files = verify_pack.read_archive(pack)
    links = json.loads(files[verify_pack.SEGMENT])
    true = (links[-1]["seq"], links[-1]["hash"])
    links[-1]["reason"] = "it was quite different"
    links[-1]["hash"] = verify_pack.link_hash(links[-1])
    forged = repacked(files, (verify_pack.SEGMENT, verify_pack.encode(links)))
    assert verify_pack.verify(pack, head=true).status == "ok"
    assert verify_pack.verify(forged).status == "ok"  # it can't know, and says so
    assert "not checked  that this is the ledger's own chain" in verify_pack.render(
        verify_pack.verify(forged)
    )
    assert verify_pack.verify(forged, head=true).status == "FAILED"


@pytest.mark.usefixtures("quick")
def test_a_program_in_the_pack_that_is_another_is_named(settled: Settled) -> None:
    files = verify_pack.read_archive(settled.evidence.order(settled.requested.id))
    result = verify_pack.verify(repacked(files, (VERIFIER, b"print('result: ok')\n")))
    (found,) = [item for item in result.findings if item.check == "the verifier in the pack"]
    assert (found.status, "don't run it" in found.detail) == ("not checked", True)


@pytest.mark.usefixtures("quick")
def test_blocks_that_a_node_confirmed_are_checked(settled: Settled) -> None:
    pack = settled.evidence.order(settled.mint.id)
    blocks = [name[7:-5] for name in verify_pack.read_archive(pack) if name.startswith("blocks/")]
    confirmed = verify_pack.verify(pack, blocks=[f"0x{item}" for item in blocks])
    assert confirmed.status == "ok"
    assert not any("canonical chain" in item.check for item in confirmed.findings)
    assert verify_pack.verify(pack, blocks=["0x" + "11" * 32]).status == "FAILED"


# --------------------------------------------------------------------------------------- archives to refuse


def archive(*entries: tuple[str, bytes], compressed: bool = False, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", kind) as target:
        warnings.simplefilter("ignore")  # of the name that is there twice
        for name, content in entries:
            target.writestr(name, content)
        target.comment = comment
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06" + bytes(18),
        b"not a zip",
        archive(("../../etc/passwd", b"x")),
        archive(("/etc/passwd", b"x")),
        archive(("C:\\x", b"x")),
        archive(("a/../b", b"x")),
        archive(("orders/.hidden", b"x")),
        archive(("a\nb", b"x")),
        archive(("manifest.json", b"{}"), ("manifest.json", b"{}")),
        archive(("manifest.json", bytes(50_000_000)), compressed=True),
        archive(("manifest.json", b"{}"), comment=b"look here"),
        archive(("manifest.json", b"{}")) + b"more",
        b"#!/bin/sh\n" + archive(("manifest.json", b"{}")),
    ],
)
def test_an_archive_that_is_no_pack_is_refused_unread(data: bytes) -> None:
    if data.startswith(b"PK\x05\x06"):
        data = verify_pack.write_archive({})
        assert verify_pack.verify(data).exit_code == 1  # an empty one: there is no manifest
        return
    with pytest.raises(Refused):
        verify_pack.read_archive(data)
    assert verify_pack.verify(data).exit_code == 2


@pytest.mark.parametrize(
    "content",
    [
        b'{"format":' + b"9" * 5000 + b"}",
        b'{"format":1e9}',
        b'{"format":NaN}',
        b'{"format":1,"format":1}',
        b"[" * 100_000,
        b'{"format": 1}',
        b"\xff",
        b"null",
        b'{"chain_id":"31337","contracts":{},"files":[],"format":1,"kind":"order","subject":{"order":"x"}}',
    ],
)
def test_a_manifest_in_another_form_fails(content: bytes) -> None:
    result = verify_pack.verify(verify_pack.write_archive({MANIFEST: content}))
    assert (result.status, len(result.findings)) == ("FAILED", 1)


# ---------------------------------------------------------------------------------------------- the program


def test_the_copy_in_a_pack_runs_alone(settled: Settled, tmp_path: Path) -> None:
    files = verify_pack.read_archive(settled.evidence.order(settled.mint.id))
    program, pack = tmp_path / VERIFIER, tmp_path / "order.zip"
    program.write_bytes(files[VERIFIER])
    pack.write_bytes(verify_pack.write_archive(files))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # -I -S: neither this checkout nor any installed package can be imported
        return subprocess.run(
            [sys.executable, "-I", "-S", str(program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
            timeout=240,
        )

    done = run(str(pack), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == verify_pack.verify(pack.read_bytes()).to_json()
    pack.write_bytes(repacked(files, (f"orders/{settled.mint.id}.json", b"{}")))
    done = run(str(pack))
    assert (done.returncode, "result: FAILED" in done.stdout) == (1, True)
    assert run(str(tmp_path / "absent.zip")).returncode == 2


def test_the_program_imports_the_standard_library_alone() -> None:
    source = verify_pack.own_source().decode()
    imported = re.findall(r"^\s*(?:from|import) (\w+)", source, re.MULTILINE)
    assert set(imported) <= set(sys.stdlib_module_names)
