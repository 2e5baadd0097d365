// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {
    DistributionClaim,
    DistributionTerms,
    IDistribution
} from "../../../contracts/interfaces/IDistribution.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {Distribution} from "../../../contracts/market/Distribution.sol";
import {vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice Coin, market, share, vault and distributions together, with the compliance functions of both tokens, and what a
/// holder can sign beforehand.
abstract contract FrozenSuite is VaultSuite {
    uint256 internal constant ACCOUNT = type(uint128).max;
    bytes32 internal constant SALT = keccak256("salt");

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 internal constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    Distribution internal distribution;

    function setUp() public virtual override {
        super.setUp();
        bytes memory arguments = abi.encode(manager, token, registry);
        distribution = Distribution(_proxy(_create("Distribution.sol:Distribution", arguments)));
        _planRole(address(distribution), IDistribution.create.selector, Roles.TREASURER);
        _planRole(address(distribution), IDistribution.releaseTo.selector, Roles.COMPLIANCE);
        _planRole(address(share), IRegulatedERC20.forcedTransfer.selector, Roles.COMPLIANCE);
        _carryOut();
        vm.prank(treasurer);
        token.approve(address(distribution), type(uint256).max);
    }

    // --------------------------------------------------------------------------------------- freezes and force

    function _freezeShares(address account, uint256 amount) internal {
        vm.prank(guardian);
        share.setFrozenTokens(account, amount);
    }

    /// @dev The account itself, in the coin and the share.
    function _freezeEverywhere(address account) internal {
        _freeze(account, ACCOUNT);
        _freezeShares(account, ACCOUNT);
    }

    function _force(IRegulatedERC20 target, address from, address to, uint256 amount) internal {
        vm.prank(compliance);
        target.forcedTransfer(from, to, amount, CASE);
    }

    // ------------------------------------------------------------------------------------------- signed before

    function _permitOf(address target, uint256 key, address spender, uint256 value)
        internal
        view
        returns (bytes memory)
    {
        (, bytes memory nonce) = target.staticcall(abi.encodeWithSignature("nonces(address)", vm.addr(key)));
        return _sign(
            key,
            _typed(
                target,
                keccak256(
                    abi.encode(
                        PERMIT, vm.addr(key), spender, value, abi.decode(nonce, (uint256)), type(uint256).max
                    )
                )
            )
        );
    }

    /// @dev An ERC-3009 authorisation of the coin, valid for ever.
    function _authorisation(bytes32 typehash, uint256 key, address to, uint256 value, bytes32 nonce)
        internal
        view
        returns (bytes memory)
    {
        bytes32 structure = keccak256(
            abi.encode(typehash, vm.addr(key), to, value, uint256(0), type(uint256).max, nonce)
        );
        return _sign(key, _typed(address(token), structure));
    }

    function _typed(address target, bytes32 structure) internal view returns (bytes32) {
        (, bytes memory separator) = target.staticcall(abi.encodeWithSignature("DOMAIN_SEPARATOR()"));
        return MessageHashUtils.toTypedDataHash(abi.decode(separator, (bytes32)), structure);
    }

    // --------------------------------------------------------------------------------------------- distributions

    /// @dev One leaf: the root is its hash and the proof is empty.
    function _distribute(address account, uint256 amount)
        internal
        returns (uint256 id, DistributionClaim memory leaf)
    {
        leaf = DistributionClaim({index: 0, account: account, amount: amount, proof: new bytes32[](0)});
        DistributionTerms memory terms = DistributionTerms({
            share: address(share),
            recordDate: uint40(block.timestamp - 1),
            deadline: uint40(block.timestamp + 3650 days),
            total: uint112(amount),
            root: keccak256(bytes.concat(keccak256(abi.encode(0, account, amount)))),
            report: keccak256(abi.encode("report", distribution.distributionCount()))
        });
        vm.prank(treasurer);
        id = distribution.create(terms);
    }
}
