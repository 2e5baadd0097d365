// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {RedemptionSuite} from "./support/RedemptionSuite.sol";
import {vm} from "./support/Vm.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Escrow under a freeze, and what lies in the market without a request.
contract EscrowTest is RedemptionSuite {
    function test_EscrowOfAFrozenHolderStays() public {
        uint256 id = _request(alice, 100);
        _freezeAccount(alice);
        _acceptRefused(id, abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, id, alice));
        bytes memory refusal = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice);
        vm.prank(alice);
        vm.expectRevert(refusal);
        market.cancelRedemption(id);
        vm.prank(operator);
        vm.expectRevert(refusal);
        market.rejectRedemptions(_ids(id), REASON);
        _status(id, RedemptionStatus.Requested);
        vm.assertEq(market.escrowed(), 100, "escrowed");
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        _accept(_ids(id));
    }

    function test_SeizeEscrowOfAFrozenHolder() public {
        uint256 id = _request(alice, 100);
        vm.prank(compliance);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderNotFrozen.selector, id, alice));
        market.seizeEscrow(id, bob, CASE);
        _freezeAccount(alice);
        vm.prank(compliance);
        vm.expectRevert(IPrimaryMarket.CaseIdMissing.selector);
        market.seizeEscrow(id, bob, bytes32(0));
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionSeized(id, compliance, CASE, bob, 100);
        _seize(id, bob);
        _status(id, RedemptionStatus.Seized);
        vm.assertEq(token.balanceOf(bob), 100, "bob");
        vm.assertEq(market.escrowed(), 0, "escrowed");
        vm.assertEq(token.totalSupply(), 1000, "supply");
    }

    /// @dev What is frozen of a holder beyond what it still holds is frozen of its escrow.
    function test_APartialFreezeReachesEscrow() public {
        uint256 id = _request(alice, 400);
        _freeze(alice, 600);
        uint256 snapshot = vm.snapshotState();
        _accept(_ids(id));
        vm.revertToState(snapshot);

        _freeze(alice, 601);
        bytes memory frozen =
            abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, id, alice);
        _acceptRefused(id, frozen);
        vm.prank(alice);
        market.cancelRedemption(id);
        vm.assertEq(token.balanceOf(alice), 1000, "back with the holder, where the freeze holds it");
        vm.prank(alice);
        token.approve(address(market), 400);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, alice, 400, 399
            )
        );
        market.requestRedemption(400, REFERENCE);
        vm.revertToState(snapshot);

        _freeze(alice, 1000);
        _acceptRefused(id, frozen);
        vm.prank(compliance);
        token.unfreeze(alice, 600, CASE);
        _accept(_ids(id));
    }

    /// @dev A frozen holder's request stops the batch it is in, and no other.
    function test_AFrozenRequestStopsItsBatch() public {
        vm.prank(alice);
        token.transfer(bob, 500);
        uint256[] memory both = new uint256[](2);
        (both[0], both[1]) = (_request(alice, 100), _request(bob, 500));
        _freeze(bob, 1);
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(both), 3);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, both[1], bob));
        market.acceptRedemptions(both, approvals);
        _accept(_ids(both[0]));
    }

    /// @dev Only what is frozen to the last unit of the request is seized.
    function test_SeizeEscrowThatIsFrozenInPart() public {
        uint256 id = _request(alice, 400);
        bytes memory refusal =
            abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderNotFrozen.selector, id, alice);
        uint256[3] memory tooLittle = [uint256(600), 601, 999];
        for (uint256 i = 0; i < 3; ++i) {
            _freeze(alice, tooLittle[i]);
            vm.prank(compliance);
            vm.expectRevert(refusal);
            market.seizeEscrow(id, bob, CASE);
        }
        _freeze(alice, 1000);
        _seize(id, bob);
        vm.assertEq(token.balanceOf(bob), 400, "bob");
        vm.assertEq(market.escrowed(), 0, "escrowed");
    }

    /// @dev Else it would be nobody's, and returnable to anyone as unsolicited.
    function test_SeizedEscrowLeavesTheMarket() public {
        uint256 id = _request(alice, 100);
        _freezeAccount(alice);
        vm.prank(compliance);
        vm.expectRevert(IPrimaryMarket.EscrowStaysEscrow.selector);
        market.seizeEscrow(id, address(market), CASE);
        address[2] memory closed = [alice, address(token)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(compliance);
            vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, closed[i]));
            market.seizeEscrow(id, closed[i], CASE);
        }
        vm.prank(compliance);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        market.seizeEscrow(id, address(0), CASE);
        _status(id, RedemptionStatus.Requested);
        vm.assertEq(market.unsolicited(), 0, "unsolicited");
    }

    function test_OneFreezeSeizesOnce() public {
        uint256 one = _request(alice, 500);
        uint256 two = _request(alice, 500);
        _freeze(alice, 500);
        vm.expectEmit(address(token));
        emit IERC7943Fungible.Frozen(alice, 0);
        vm.prank(compliance);
        market.seizeEscrow(one, bob, CASE);
        vm.prank(compliance);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderNotFrozen.selector, two, alice));
        market.seizeEscrow(two, bob, CASE);
        vm.assertEq(token.getFrozenTokens(alice), 0, "nothing is frozen any more");
    }

    function test_AFrozenAccountStaysFrozenAfterASeizure() public {
        uint256 one = _request(alice, 500);
        _freeze(alice, type(uint128).max);
        vm.prank(compliance);
        market.seizeEscrow(one, bob, CASE);
        vm.assertEq(token.getFrozenTokens(alice), type(uint128).max, "frozen as such");
    }

    // ------------------------------------------------------------------------------------------- unsolicited

    function test_WhatArrivesWithoutARequestIsVisibleAndReturnable() public {
        _request(alice, 100);
        vm.prank(alice);
        token.transfer(address(market), 40);
        vm.assertEq(market.unsolicited(), 40, "unsolicited");
        vm.assertEq(market.escrowed(), 100, "escrowed");
        vm.prank(compliance);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.UnsolicitedExceeded.selector, 41, 40));
        market.returnUnsolicited(alice, 41, CASE);
        vm.prank(compliance);
        vm.expectRevert(IPrimaryMarket.CaseIdMissing.selector);
        market.returnUnsolicited(alice, 40, bytes32(0));
        vm.expectEmit(address(market));
        emit IPrimaryMarket.UnsolicitedReturned(alice, compliance, CASE, 40);
        vm.prank(compliance);
        market.returnUnsolicited(alice, 40, CASE);
        vm.assertEq(market.unsolicited(), 0, "unsolicited");
        vm.assertEq(token.balanceOf(alice), 900, "alice");
    }
}
