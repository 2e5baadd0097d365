// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice A contract account that, asked for its signature, first makes every call that it was told to. It answers
/// with ERC-1271's value only if each of them failed, so that one success spoils the call around it.
contract Reentrant {
    struct Attempt {
        address target;
        bytes data;
    }

    /// @dev Enough for each of the attempts, as the test shows by making them outside a signature check.
    uint256 private constant GAS = 600_000;

    Attempt[] private _attempts;

    function prepare(address target, bytes calldata data) external {
        _attempts.push(Attempt({target: target, data: data}));
    }

    function count() external view returns (uint256) {
        return _attempts.length;
    }

    function attempt(uint256 i) public returns (bool ok) {
        (ok,) = _attempts[i].target.call{gas: GAS}(_attempts[i].data);
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        for (uint256 i = 0; i < _attempts.length; ++i) {
            if (attempt(i)) return bytes4(0);
        }
        return this.isValidSignature.selector;
    }
}
