// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title ERC-3009 transfer with authorization, with the overloads that take ERC-1271 signatures
interface IERC3009 {
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

    /// @notice The authorization is valid from the second after `validAfter`.
    error ERC3009NotYetValid(uint256 validAfter);

    /// @notice The authorization was valid until the second before `validBefore`.
    error ERC3009Expired(uint256 validBefore);

    /// @notice The authorization was used or cancelled. It never passes silently.
    error ERC3009AlreadyUsed(address authorizer, bytes32 nonce);

    /// @notice The signature is not `authorizer`'s.
    error ERC3009InvalidSignature(address authorizer);

    /// @notice Only the payee itself may present this authorization.
    error ERC3009CallerIsNotPayee(address caller, address payee);

    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool used);

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external;

    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}
