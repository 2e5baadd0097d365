"""Signatures of the JavaScript libraries that wallets are made with, for the conformance tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from support.checkout import REPOSITORY

from toolkit.chain.hexes import from_hex
from toolkit.chain.signers import DEV_MNEMONIC

LIBRARIES = ("viem", "ethers")
SCRIPT = REPOSITORY / "tests" / "js" / "sign.mjs"


@dataclass(frozen=True)
class Job:
    """EIP-712 data (the argument of `eth_signTypedData_v4`) for the development account `account`."""

    account: int
    typed_data: dict[str, Any]


@dataclass(frozen=True)
class Signed:
    """What the library made of a job: who signed, the digest, 65 bytes."""

    address: str
    digest: bytes
    signature: bytes


def sign(library: str, jobs: Sequence[Job]) -> list[Signed]:
    """All jobs in one process of node, since its start takes longer than the signatures."""
    request = {
        "mnemonic": DEV_MNEMONIC,
        "jobs": [{"account": job.account, "typedData": job.typed_data} for job in jobs],
    }
    done = subprocess.run(
        ["node", str(SCRIPT), library],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"node ended with {done.returncode}: {done.stderr}")
    return [
        Signed(item["address"], from_hex(item["digest"]), from_hex(item["signature"]))
        for item in json.loads(done.stdout)
    ]
