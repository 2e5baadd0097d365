"""The EVM from outside: the node process, the client, signers, transactions, reverts and logs.

| module | holds |
| --- | --- |
| `anvil` | `Anvil`: a local node that never outlives its owner |
| `anvil_process` | finding, starting and clearing away its process |
| `transport` | JSON-RPC over HTTP(S) or a Unix socket, every request with a deadline |
| `client` | `Client`: reads at one block, checked logs |
| `answers` | `Block`, `Receipt`, `Transaction`: what a node answered, parsed |
| `finality` | `Finality`: how deep a block must lie before money is released |
| `fees` | `FeePolicy`: EIP-1559 fees and gas, both capped |
| `signers` | `Signer` (what a KMS implements), `LocalSigner`, `dev_signer`, `recover_address` |
| `typed_data` | EIP-712 digests |
| `calls` | `Call`, `EventExpectation` |
| `journal` | `TransactionJournal`, `MemoryJournal`, `FileJournal`: what was signed, before it is sent |
| `raw_transactions` | EIP-1559 transactions as bytes |
| `sender` | `Sender`: allocate, sign, record, broadcast, wait; every outcome typed |
| `broadcasting`, `following`, `replacing`, `nonces`, `sent` | the rooms behind `Sender` |
| `abi` | encoding and decoding by ABI entry |
| `reverts` | `RevertRegistry`, `DecodedRevert`: revert data to exceptions |
| `logs` | `Log`, `Event`, `EventDecoder` |
| `addresses`, `hexes` | EIP-55 addresses; hexadecimal with its 0x |

Names are loaded on first use, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.chain.addresses import checksum_address
    from toolkit.chain.answers import Block, Receipt, Transaction
    from toolkit.chain.anvil import Anvil
    from toolkit.chain.calls import Call, EventExpectation
    from toolkit.chain.client import BlockRef, Client
    from toolkit.chain.fees import FeePolicy, Fees
    from toolkit.chain.finality import Finality
    from toolkit.chain.hexes import from_hex, to_hex
    from toolkit.chain.journal import FileJournal, JournalEntry, MemoryJournal, TransactionJournal
    from toolkit.chain.logs import Event, EventDecoder, Log
    from toolkit.chain.reverts import DecodedRevert, RevertRegistry
    from toolkit.chain.sender import Mined, Resumed, Sender, Sent
    from toolkit.chain.signers import LocalSigner, SignedTransaction, Signer, dev_signer, recover_address
    from toolkit.chain.typed_data import typed_data_digest

_HOMES = {
    "Anvil": "anvil",
    "Block": "answers",
    "BlockRef": "client",
    "Call": "calls",
    "Client": "client",
    "DecodedRevert": "reverts",
    "Event": "logs",
    "EventDecoder": "logs",
    "EventExpectation": "calls",
    "FeePolicy": "fees",
    "Fees": "fees",
    "FileJournal": "journal",
    "Finality": "finality",
    "JournalEntry": "journal",
    "LocalSigner": "signers",
    "Log": "logs",
    "MemoryJournal": "journal",
    "Mined": "sender",
    "Receipt": "answers",
    "Resumed": "sender",
    "RevertRegistry": "reverts",
    "Sender": "sender",
    "Sent": "sender",
    "SignedTransaction": "signers",
    "Signer": "signers",
    "Transaction": "answers",
    "TransactionJournal": "journal",
    "checksum_address": "addresses",
    "dev_signer": "signers",
    "from_hex": "hexes",
    "recover_address": "signers",
    "to_hex": "hexes",
    "typed_data_digest": "typed_data",
}

__all__ = [
    "Anvil",
    "Block",
    "BlockRef",
    "Call",
    "Client",
    "DecodedRevert",
    "Event",
    "EventDecoder",
    "EventExpectation",
    "FeePolicy",
    "Fees",
    "FileJournal",
    "Finality",
    "JournalEntry",
    "LocalSigner",
    "Log",
    "MemoryJournal",
    "Mined",
    "Receipt",
    "Resumed",
    "RevertRegistry",
    "Sender",
    "Sent",
    "SignedTransaction",
    "Signer",
    "Transaction",
    "TransactionJournal",
    "checksum_address",
    "dev_signer",
    "from_hex",
    "recover_address",
    "to_hex",
    "typed_data_digest",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
