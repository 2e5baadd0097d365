"""The one table of what nodes say, so that no other code compares an error's wording.

Sources: anvil 1.7.1 (each string met in a test), go-ethereum core/txpool/errors.go and core/error.go,
Nethermind AcceptTxResult.cs, Besu TransactionInvalidReason and RpcErrorType.java.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["DEFINITE_REFUSALS", "NodeMessage", "classify", "is_range_too_large"]


class NodeMessage(StrEnum):
    """What a JSON-RPC error means, whichever client said it."""

    ALREADY_KNOWN = "already_known"
    NONCE_TOO_LOW = "nonce_too_low"
    NONCE_TOO_HIGH = "nonce_too_high"
    REPLACEMENT_UNDERPRICED = "replacement_underpriced"
    FEE_TOO_LOW = "fee_too_low"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    GAS_LIMIT = "gas_limit"
    POOL_FULL = "pool_full"
    WRONG_CHAIN = "wrong_chain"
    SENDER_REFUSED = "sender_refused"
    NO_HISTORY = "no_history"
    EXECUTION_HALTED = "execution_halted"
    UNKNOWN = "unknown"


DEFINITE_REFUSALS = frozenset(
    {
        NodeMessage.NONCE_TOO_HIGH,
        NodeMessage.REPLACEMENT_UNDERPRICED,
        NodeMessage.FEE_TOO_LOW,
        NodeMessage.INSUFFICIENT_FUNDS,
        NodeMessage.GAS_LIMIT,
        NodeMessage.POOL_FULL,
        NodeMessage.WRONG_CHAIN,
        NodeMessage.SENDER_REFUSED,
    }
)
"""After one of these the node has not taken the transaction, so its nonce is free again."""

# Lower-case fragments; the first kind that has one in the message wins.
_TABLE: dict[NodeMessage, tuple[str, ...]] = {
    NodeMessage.ALREADY_KNOWN: (
        "already imported",  # anvil
        "already known",  # geth, besu
        "alreadyknown",  # nethermind
        "known transaction",  # besu, old geth
    ),
    NodeMessage.REPLACEMENT_UNDERPRICED: (
        "replacement transaction underpriced",  # anvil, geth
        "replacementnotallowed",  # nethermind
        "replacement_underpriced",  # besu
    ),
    NodeMessage.NONCE_TOO_LOW: (
        "nonce too low",  # anvil, geth
        "oldnonce",  # nethermind
        "nonce below",  # besu
    ),
    NodeMessage.NONCE_TOO_HIGH: (
        "nonce too high",  # anvil, geth
        "noncegap",  # nethermind
        "nonce too far",  # besu
    ),
    NodeMessage.INSUFFICIENT_FUNDS: (
        "insufficient funds",  # anvil, geth
        "insufficientfunds",  # nethermind
        "upfront cost exceeds",  # besu
    ),
    NodeMessage.FEE_TOO_LOW: (
        "max fee per gas less than block base fee",  # anvil, geth
        "transaction underpriced",  # geth
        "feetoolow",  # nethermind
        "gas price below",  # besu
        "max priority fee per gas higher than max fee per gas",  # anvil, geth
    ),
    NodeMessage.GAS_LIMIT: (
        "intrinsic gas too low",  # anvil, geth
        "exceeds block gas limit",  # geth, besu
        "gas limit exceeds",  # anvil
        "intrinsic gas too high",  # anvil
        "intrinsic gas exceeds",  # besu
        "gaslimitexceeded",  # nethermind
    ),
    NodeMessage.POOL_FULL: (
        "txpool is full",  # geth
        "transaction pool is full",
        "pool not accepting",
    ),
    NodeMessage.WRONG_CHAIN: (
        "invalid chain id",  # anvil, geth
        "chain id does not match",
        "wrong chain",  # besu
        "invalid sender",  # geth, for a signature over another chain id
        "replay-protected",  # geth
    ),
    NodeMessage.SENDER_REFUSED: (
        "sender not an eoa",  # geth, EIP-3607
        "rejected due to eip-3607",  # anvil
        "sender is contract",  # nethermind
        "sender not authorized",  # besu permissioning
    ),
    NodeMessage.NO_HISTORY: (
        "missing trie node",  # geth
        "historical state",  # geth, nethermind
        "header not found",  # geth
        "resource not found",  # anvil, a block hash that it does not have
        "block not found",
        "blockoutofrange",  # anvil
        "world state unavailable",  # besu
    ),
    NodeMessage.EXECUTION_HALTED: (
        "evm error",  # anvil: "EVM error OutOfGas"
        "out of gas",  # geth
        "gas required exceeds allowance",  # geth, anvil, estimating
        "invalid opcode",  # geth
        "vm execution error",  # nethermind
    ),
}

_RANGE_TOO_LARGE = (
    "query returned more than",  # Infura, Alchemy
    "query exceeds max",  # Alchemy, besu
    "block range",  # "exceed maximum block range", "block range is too wide", "block range limit exceeded"
    "range too large",
    "range is too large",  # QuickNode
    "range exceeds",  # besu: "Requested range exceeds maximum RPC range limit"
    "ranges over",  # "ranges over 10000 blocks are not supported"
    "more than 10000 results",
    "response size exceeded",  # Alchemy
    "response is too big",
    "limit exceeded",  # code -32005
    "too many results",
    "too many logs",
    "query timeout exceeded",
    "is limited to",  # "eth_getLogs is limited to a 10,000 range"
)


def classify(message: str) -> NodeMessage:
    """What a node's error message means; `UNKNOWN` never counts as a refusal."""
    lower = message.lower()
    for kind, fragments in _TABLE.items():
        if any(fragment in lower for fragment in fragments):
            return kind
    return NodeMessage.UNKNOWN


def is_range_too_large(message: str) -> bool:
    """Whether an `eth_getLogs` refusal is about the size of the question, so that a smaller one may pass."""
    lower = message.lower()
    return any(fragment in lower for fragment in _RANGE_TOO_LARGE)
