// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../contracts/access/Roles.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../contracts/interfaces/IInvestorRegistry.sol";
import {ApprovalTier, IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder} from "../../contracts/interfaces/IssuanceTypes.sol";
import {Suite} from "./support/Suite.sol";
import {bound, vm} from "./support/Vm.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @notice `explain` tells beforehand what `mint` refuses, with the same figures.
contract ExplainTest is Suite {
    function test_NothingToExplain() public {
        _attest(1_000_000e6);
        vm.assertEq(market.explain(_order(alice, 1), operator).length, 0, "refusals");
    }

    /// @dev Who is no operator is told so before anything else.
    function test_OnlyAnOperatorSends() public {
        _attest(1_000_000e6);
        MintOrder memory order = _order(alice, 10);
        bytes[] memory refusals = market.explain(order, stranger);
        vm.assertEq(refusals.length, 2, "refusals");
        vm.assertEq(refusals[0], _unauthorized(stranger), "no operator");
        vm.assertEq(refusals[1], _limitExceeded(stranger, 10), "no limit");
        vm.assertEq(_reason(stranger, order), refusals[0], "the first");

        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, stranger, 0)));
        order.expiry = uint64(block.timestamp + 1);
        refusals = market.explain(order, stranger);
        vm.assertEq(refusals.length, 1, "the limit is left");
        vm.assertEq(_reason(stranger, order), _limitExceeded(stranger, 10), "the limit");
    }

    function test_TotalsAboveTheTiersAreExplained() public {
        _attest(100_000_000e6);
        bytes memory cap = abi.encodeCall(market.setOrderCap, (uint112(20_000_000e6)));
        bytes memory limit = abi.encodeCall(market.setOperatorLimit, (operator, uint112(20_000_000e6)));
        _govern(address(market), cap);
        _govern(address(market), limit);
        MintOrder memory order = _order(alice, 10_000_000e6);
        vm.assertEq(market.explain(order, operator).length, 0, "at the highest tier");
        order.amount += 1;
        bytes[] memory refusals = market.explain(order, operator);
        vm.assertEq(refusals.length, 1, "above it");
        vm.assertEq(
            refusals[0],
            abi.encodeWithSelector(IPrimaryMarket.TotalAboveTiers.selector, 10_000_000e6 + 1, 10_000_000e6),
            "the tier"
        );
        vm.assertEq(_reason(operator, order), refusals[0], "the mint");
    }

    /// @dev No figure is too large to be explained.
    function test_HugeAmountsAreExplained() public {
        _attest(1000);
        _mint(alice, 1);
        uint256[4] memory huge =
            [type(uint256).max, type(uint256).max - 1, uint256(type(uint128).max) + 1, type(uint112).max];
        for (uint256 i = 0; i < 4; ++i) {
            MintOrder memory order = _order(alice, huge[i]);
            bytes[] memory refusals = market.explain(order, operator);
            vm.assertEq(refusals.length, 4, "cap, limit, tier, backing");
            uint256 minted = huge[i] == type(uint256).max ? huge[i] : huge[i] + 1;
            vm.assertEq(
                refusals[3],
                abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, minted, 1000),
                "backing"
            );
            vm.assertEq(_reason(operator, order), refusals[0], "the first");
        }
    }

    function test_EveryRefusalAtOnce() public {
        _attest(10e6);
        vm.prank(guardian);
        market.stopMinting();
        vm.prank(guardian);
        token.pause();
        _freezeAccount(stranger);
        MintOrder memory order = _order(stranger, 20_000_000e6);
        bytes[] memory refusals = market.explain(order, bob);
        bytes[9] memory expected = [
            _unauthorized(bob),
            abi.encodeWithSelector(IPrimaryMarket.MintingIsStopped.selector),
            abi.encodeWithSelector(
                IPrimaryMarket.OrderAboveCap.selector, order.number, 20_000_000e6, 1_000_000e6
            ),
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0),
            _limitExceeded(bob, 20_000_000e6),
            abi.encodeWithSelector(IPrimaryMarket.TotalAboveTiers.selector, 20_000_000e6, 10_000_000e6),
            abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, stranger),
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 20_000_000e6, 10e6)
        ];
        vm.assertEq(refusals.length, expected.length, "refusals");
        for (uint256 i = 0; i < expected.length; ++i) {
            vm.assertEq(refusals[i], expected[i], "in the order in which the mint refuses");
        }
    }

    /// @dev No refusal: the mint passes. Else it reverts with the first of them, byte for byte.
    function testFuzz_ExplainAgreesWithMint(uint256 amount, uint16 world, uint32 wait) public {
        _attest(1_500_000e6);
        if (world & 1 != 0) _mint(alice, 900_000e6);
        if (world & 2 != 0) _freezeAccount(bob);
        if (world & 4 != 0) {
            vm.prank(guardian);
            token.pause();
        }
        if (world & 8 != 0) {
            vm.prank(guardian);
            market.stopMinting();
        }
        if (world & 16 != 0) {
            vm.prank(guardian);
            feed.suspend();
        }
        if (world & 32 != 0) _register(bob, uint40(block.timestamp + 1 hours));
        if (world & 64 != 0) {
            _govern(address(market), abi.encodeCall(market.setOperatorLimit, (operator, 1_000_000e6)));
        }
        if (world & 512 != 0) {
            ApprovalTier[] memory tiers = new ApprovalTier[](1);
            tiers[0] = ApprovalTier({upTo: 500_000e6, approvals: 2});
            _govern(address(market), abi.encodeCall(market.setApprovalTiers, (tiers)));
        }
        if (world & 1024 != 0) {
            _govern(address(market), abi.encodeCall(market.setOrderCap, (type(uint112).max)));
        }
        bool huge = world & 2048 != 0 && world & 4096 != 0;
        MintOrder memory order = _order(bob, huge ? amount : bound(amount, 0, 1_200_000e6));
        order.expiry = uint64(block.timestamp + 20 hours);
        if (world & 128 != 0 && world & 1 != 0) order.number -= 1;
        if (world & 256 != 0) vm.warp(block.timestamp + wait % 30 hours);
        address sender = world & 8192 != 0 && world & 16_384 != 0 ? stranger : operator;

        bytes[] memory refusals = market.explain(order, sender);
        bytes memory reason = _reason(sender, order);
        vm.assertEq(reason, refusals.length == 0 ? bytes("") : refusals[0], "the first, or it passes");
    }

    /// @dev What the approved mint of `order` reverts with, or nothing when it passes.
    function _reason(address sender, MintOrder memory order) private returns (bytes memory reason) {
        MintBatch[] memory batches = _batch(_one(order), 3);
        vm.prank(sender);
        bool ok;
        (ok, reason) = address(market).call(abi.encodeCall(market.mint, (batches)));
        vm.assertEq(ok, reason.length == 0, "a refusal has a name");
    }

    function _unauthorized(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, account);
    }

    function _limitExceeded(address account, uint256 asked) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, account, 0, asked);
    }
}
