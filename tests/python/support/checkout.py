"""A small checkout with one contract, and a compiler that notes each of its calls."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

VAULT = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Limits} from "./Limits.sol";
import "@openzeppelin/contracts/utils/math/SafeCast.sol"; // for the numbers

/* import "./Missing.sol"; */
contract Vault {
    struct Box {
        uint128 amount;
    }

    error TooMuch(uint256 amount, uint256 limit);

    event Filled(address indexed by, uint256 amount);

    uint256 public immutable limit;
    mapping(address => Box) internal boxes;

    constructor(uint256 limit_) {
        limit = Limits.bounded(limit_);
    }

    function fill(uint256 amount) external {
        require(amount <= limit, TooMuch(amount, limit));
        boxes[msg.sender].amount += SafeCast.toUint128(amount);
        emit Filled(msg.sender, amount);
    }
}

interface IVault {
    error OnlyInInterface();
}

abstract contract Unfinished {}
"""

LIMITS = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

library Limits {
    function bounded(uint256 value) internal pure returns (uint256) {
        return value > 1000 ? 1000 : value;
    }
}
"""

IMPORTS = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
"""


class Checkout:
    """The checkout's `root`, and the arguments of every call of its compiler."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "toolkit" / "artifacts" / "data"
        self.cache = root / "build" / "solc-cache"
        self._calls = root / "calls"

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def take_calls(self) -> list[str]:
        calls = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return calls
