// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice The cheat codes of halmos that forge does not have.
interface Svm {
    /// @notice From here on, what was never read or written in the account's storage is arbitrary instead of zero.
    function enableSymbolicStorage(address account) external;

    /// @notice Calldata of every function of the contract that isn't a view, one after the other, with arbitrary
    /// arguments; and data that is no function's.
    function createCalldata(string calldata contractName) external view returns (bytes memory);

    /// @notice Arbitrary bytes, that many of them.
    function createBytes(uint256 length, string calldata name) external view returns (bytes memory);
}

/// @notice A cheat code of forge's that only the proofs use.
interface Store {
    function store(address account, bytes32 slot, bytes32 value) external;
}

Svm constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

/// @dev The `out` folder of foundry.toml: halmos takes a path here, where forge would also take "File.sol:Contract".
string constant ARTIFACTS = "build/forge/out/";

/// @notice An access manager that allows everyone everything at once, and counts everyone as a member of every role.
/// What is proved with it holds whoever is let in; who is let in is tested elsewhere (`NoBackdoor`).
contract AllowingAuthority {
    function canCall(address, address, bytes4) external pure returns (bool immediate, uint32 delay) {
        return (true, 0);
    }

    function hasRole(uint64, address) external pure returns (bool isMember, uint32 delay) {
        return (true, 0);
    }
}
