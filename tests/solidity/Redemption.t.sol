// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../contracts/access/Roles.sol";
import {IERC3009} from "../../contracts/interfaces/IERC3009.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IPrimaryMarket, Redemption, RedemptionStatus} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {RedemptionSuite} from "./support/RedemptionSuite.sol";
import {vm} from "./support/Vm.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Escrow, burn, pay, release: the redemption machine, and everything it refuses.
contract RedemptionTest is RedemptionSuite {
    bytes32 private constant SALT = keccak256("salt");

    function _inStatus(uint256 id, RedemptionStatus status, RedemptionStatus required)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IPrimaryMarket.RedemptionInStatus.selector, id, status, required);
    }

    function _payRefused(uint256 id, bytes memory refusal) private {
        bytes32[] memory references = new bytes32[](1);
        references[0] = REFERENCE;
        vm.prank(treasurer);
        vm.expectRevert(refusal);
        market.recordPayouts(_ids(id), references);
    }

    // ---------------------------------------------------------------------------------------- the straight way

    function test_EscrowBurnPayRelease() public {
        vm.prank(alice);
        token.approve(address(market), 400);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionRequested(1, alice, REFERENCE, 400, alice);
        vm.prank(alice);
        vm.assertEq(market.requestRedemption(400, REFERENCE), 1, "id");
        Redemption memory request = market.redemption(1);
        vm.assertEq(request.holder, alice, "holder");
        vm.assertEq(request.amount, 400, "amount");
        vm.assertEq(request.requestedAt, block.timestamp, "requested at");
        _status(1, RedemptionStatus.Requested);
        vm.assertEq(market.redemptionCount(), 1, "count");
        vm.assertEq(market.escrowed(), 400, "escrowed");
        vm.assertEq(token.balanceOf(address(market)), 400, "escrow");
        vm.assertEq(token.totalSupply(), 1000, "supply before the burn");

        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(1)), 1);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionAccepted(1, operator, alice, 400);
        vm.prank(operator);
        market.acceptRedemptions(_ids(1), approvals);
        _status(1, RedemptionStatus.Accepted);
        vm.assertEq(token.totalSupply(), 600, "supply");
        vm.assertEq(market.escrowed(), 0, "escrow burned");
        vm.assertEq(token.payableTotal(), 400, "payable");

        bytes32[] memory references = new bytes32[](1);
        references[0] = "wire";
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionPaid(1, treasurer, "wire", 400);
        vm.expectEmit(address(token));
        emit IStablecoin.Discharged(400, 400);
        vm.prank(treasurer);
        market.recordPayouts(_ids(1), references);
        _status(1, RedemptionStatus.Paid);
        vm.assertEq(token.payableTotal(), 0, "nothing payable");
        vm.assertEq(token.discharged(), 400, "discharged");
    }

    function test_CancelReturnsTheEscrow() public {
        uint256 id = _request(alice, 400);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.NotRedemptionHolder.selector, id, bob, alice));
        market.cancelRedemption(id);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionCancelled(id, alice, 400);
        vm.prank(alice);
        market.cancelRedemption(id);
        _status(id, RedemptionStatus.Cancelled);
        vm.assertEq(token.balanceOf(alice), 1000, "alice");
        vm.assertEq(market.escrowed(), 0, "escrowed");
    }

    function test_RejectReturnsTheEscrow() public {
        uint256 id = _request(alice, 400);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionRejected(id, operator, alice, 400, REASON);
        _reject(id);
        _status(id, RedemptionStatus.Rejected);
        vm.assertEq(token.balanceOf(alice), 1000, "alice");
        vm.prank(operator);
        vm.expectRevert(IPrimaryMarket.BatchEmpty.selector);
        market.rejectRedemptions(new uint256[](0), REASON);
    }

    // ---------------------------------------------------------------------------- every illegal step refused

    /// @dev Brings a request of 100 into `status`.
    function _inState(RedemptionStatus status) private returns (uint256 id) {
        if (status == RedemptionStatus.None) return 77;
        id = _request(alice, 100);
        if (status == RedemptionStatus.Accepted || status == RedemptionStatus.Paid) _accept(_ids(id));
        if (status == RedemptionStatus.Paid) _pay(_ids(id));
        if (status == RedemptionStatus.Rejected) _reject(id);
        if (status == RedemptionStatus.Cancelled) {
            vm.prank(alice);
            market.cancelRedemption(id);
        }
        if (status == RedemptionStatus.Seized) {
            _freezeAccount(alice);
            _seize(id, bob);
        }
        _status(id, status);
    }

    function test_EveryStepOutOfOrderIsRefused() public {
        for (uint8 s = 0; s <= uint8(RedemptionStatus.Seized); ++s) {
            RedemptionStatus status = RedemptionStatus(s);
            uint256 snapshot = vm.snapshotState();
            uint256 id = _inState(status);
            if (status != RedemptionStatus.Requested) {
                bytes memory refusal = _inStatus(id, status, RedemptionStatus.Requested);
                _acceptRefused(id, refusal);
                vm.prank(alice);
                vm.expectRevert(refusal);
                market.cancelRedemption(id);
                vm.prank(operator);
                vm.expectRevert(refusal);
                market.rejectRedemptions(_ids(id), REASON);
                vm.prank(compliance);
                vm.expectRevert(refusal);
                market.seizeEscrow(id, bob, CASE);
            }
            if (status != RedemptionStatus.Accepted) {
                _payRefused(id, _inStatus(id, status, RedemptionStatus.Accepted));
            }
            vm.revertToState(snapshot);
        }
    }

    function test_TheSameRequestTwiceInOneCall() public {
        uint256 id = _request(alice, 100);
        uint256[] memory twice = new uint256[](2);
        (twice[0], twice[1]) = (id, id);
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(twice), 3);
        vm.prank(operator);
        vm.expectRevert(_inStatus(id, RedemptionStatus.Accepted, RedemptionStatus.Requested));
        market.acceptRedemptions(twice, approvals);
        _accept(_ids(id));
        bytes32[] memory references = new bytes32[](2);
        (references[0], references[1]) = (REFERENCE, SALT);
        vm.prank(treasurer);
        vm.expectRevert(_inStatus(id, RedemptionStatus.Paid, RedemptionStatus.Accepted));
        market.recordPayouts(twice, references);
    }

    // ---------------------------------------------------------------------------------------------- requests

    function test_RequestRefuses() public {
        vm.prank(alice);
        vm.expectRevert(IPrimaryMarket.RedemptionEmpty.selector);
        market.requestRedemption(0, REFERENCE);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, market, 0, 1)
        );
        market.requestRedemption(1, REFERENCE);
        vm.prank(alice);
        token.approve(address(market), 2000);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001)
        );
        market.requestRedemption(1001, REFERENCE);
        _freeze(alice, 600);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, alice, 401, 400
            )
        );
        market.requestRedemption(401, REFERENCE);
        _freezeAccount(alice);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        market.requestRedemption(1, REFERENCE);
    }

    /// @dev No figure is too large to be refused by name.
    function test_RequestOfEverything() public {
        uint256 everything = type(uint256).max;
        _request(alice, 1);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, market, 0, everything)
        );
        market.requestRedemption(everything, REFERENCE);
        vm.prank(alice);
        token.approve(address(market), everything);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 999, everything)
        );
        market.requestRedemption(everything, REFERENCE);
    }

    function test_UnverifiedHolderStillRedeems() public {
        vm.prank(alice);
        token.transfer(stranger, 10);
        _redeem(stranger, 10);
        vm.assertEq(token.balanceOf(stranger), 0, "stranger");
    }

    function _authorization(bytes32 requestReference) private view returns (bytes memory) {
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes32 nonce = market.redemptionNonce(requestReference, SALT);
        bytes32 structure =
            keccak256(abi.encode(typehash, alice, address(market), 250, START - 1, START + 1 hours, nonce));
        return _sign(ALICE_KEY, keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), structure)));
    }

    function _requestSigned(bytes32 requestReference, bytes memory signature) private returns (uint256) {
        return market.requestRedemptionWithAuthorization(
            alice, 250, requestReference, START - 1, START + 1 hours, SALT, signature
        );
    }

    function test_SignedRequest_AnyoneSends_OnceOnly() public {
        bytes memory signature = _authorization(REFERENCE);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionRequested(1, alice, REFERENCE, 250, stranger);
        vm.prank(stranger);
        market.requestRedemptionWithAuthorization(
            alice, 250, REFERENCE, START - 1, START + 1 hours, SALT, signature
        );
        vm.assertEq(market.escrowed(), 250, "escrowed");
        bytes32 nonce = market.redemptionNonce(REFERENCE, SALT);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009AlreadyUsed.selector, alice, nonce));
        _requestSigned(REFERENCE, signature);
        vm.prank(alice);
        market.cancelRedemption(1);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009AlreadyUsed.selector, alice, nonce));
        _requestSigned(REFERENCE, signature);
        vm.assertEq(market.redemptionCount(), 1, "count");
    }

    function test_SignedRequestBindsItsReference() public {
        bytes memory signature = _authorization(REFERENCE);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009InvalidSignature.selector, alice));
        _requestSigned(REASON, signature);
        _freezeAccount(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        _requestSigned(REFERENCE, signature);
    }

    /// @dev Nobody takes the authorization out of the market's hands and leaves the tokens there without a request.
    function test_SignedRequestIsTheMarketsAlone() public {
        bytes memory signature = _authorization(REFERENCE);
        bytes32 nonce = market.redemptionNonce(REFERENCE, SALT);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009CallerIsNotPayee.selector, stranger, market));
        token.receiveWithAuthorization(
            alice, address(market), 250, START - 1, START + 1 hours, nonce, signature
        );
    }

    // -------------------------------------------------------------------------------------------- acceptance

    function test_AcceptanceNeedsItsApprovals() public {
        uint256 id = _request(alice, 100);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 0, 1));
        market.acceptRedemptions(_ids(id), new Signature[](0));
        vm.prank(operator);
        vm.expectRevert(IPrimaryMarket.BatchEmpty.selector);
        market.acceptRedemptions(new uint256[](0), new Signature[](0));

        uint256 other = _request(alice, 200);
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(other)), 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.InvalidApproval.selector, approver(0)));
        market.acceptRedemptions(_ids(id), approvals);
    }

    /// @dev By way of the manager an operator who is an approver too would accept alone.
    function test_NobodyAcceptsThroughTheManager() public {
        uint256 id = _request(alice, 100);
        address both = approver(0);
        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, both, 0)));
        Signature[] memory own = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 1);
        vm.prank(both);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.ApproverIsSender.selector, both));
        market.acceptRedemptions(_ids(id), own);
        bytes memory call = abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(id), own));
        address[2] memory senders = [both, operator];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(senders[i]);
            vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.ApproverIsSender.selector, manager));
            manager.execute(address(market), call);
        }
        _status(id, RedemptionStatus.Requested);
        vm.assertEq(token.burned(), 0, "burned");
    }

    /// @dev Tiers curb what comes in. They never bar the way out.
    function test_AboveTheHighestTierItsApprovalsAreEnough() public {
        vm.warp(START + 60);
        _attest(100_000_000e6);
        _govern(
            address(market),
            abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, uint112(20_000_000e6)))
        );
        for (uint256 i = 0; i < 11; ++i) {
            _mint(alice, 1_000_000e6);
        }
        uint256 id = _request(alice, 10_000_000e6 + 1);
        vm.assertEq(market.requiredAcceptanceApprovals(100_000e6), 1, "lowest tier");
        vm.assertEq(market.requiredAcceptanceApprovals(100_000e6 + 1), 2, "the next");
        vm.assertEq(market.requiredAcceptanceApprovals(10_000_000e6 + 1), 3, "above the highest");
        vm.assertEq(market.requiredAcceptanceApprovals(type(uint256).max), 3, "far above");
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 2);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 2, 3));
        market.acceptRedemptions(_ids(id), approvals);
        _accept(_ids(id));
        vm.assertEq(token.payableTotal(), 10_000_000e6 + 1, "payable");
    }

    function test_WithoutTiersNothingIsAccepted() public {
        IPrimaryMarket bare = _newMarket(token);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.TotalAboveTiers.selector, 1, 0));
        bare.requiredAcceptanceApprovals(1);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.TotalAboveTiers.selector, 0, 0));
        bare.requiredApprovals(0);
    }

    function test_AcceptanceDigestIsEip712() public {
        uint256 id = _request(alice, 100);
        bytes32 item = keccak256(
            abi.encode(
                keccak256("AcceptedRedemption(uint256 id,address holder,uint256 amount)"), id, alice, 100
            )
        );
        bytes32 typehash = keccak256(
            "Acceptance(AcceptedRedemption[] redemptions)AcceptedRedemption(uint256 id,address holder,uint256 amount)"
        );
        bytes32 structure = keccak256(abi.encode(typehash, keccak256(bytes.concat(item))));
        vm.assertEq(
            market.acceptanceDigest(_ids(id)),
            keccak256(bytes.concat(hex"1901", _marketDomain(), structure)),
            "digest"
        );
    }

    // ----------------------------------------------------------------------------------------------- payouts

    function test_PayoutsRefuse() public {
        uint256 id = _request(alice, 100);
        _accept(_ids(id));
        vm.prank(treasurer);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.PaymentReferenceMissing.selector, id));
        market.recordPayouts(_ids(id), new bytes32[](1));
        vm.prank(treasurer);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.LengthMismatch.selector, 1, 2));
        market.recordPayouts(_ids(id), new bytes32[](2));
        vm.prank(treasurer);
        vm.expectRevert(IPrimaryMarket.BatchEmpty.selector);
        market.recordPayouts(new uint256[](0), new bytes32[](0));
        _pay(_ids(id));
        _payRefused(id, _inStatus(id, RedemptionStatus.Paid, RedemptionStatus.Accepted));
        vm.assertEq(token.discharged(), 100, "paid once");
    }

    // ------------------------------------------------------------------------------------------------ the clock

    function test_OverdueRequestsAreCounted() public {
        uint256 id = _request(alice, 100);
        uint256 later = _request(alice, 100);
        vm.warp(START + 1 days);
        vm.assertEq(market.countOverdue(1, 2), 0, "due today");
        vm.warp(START + 1 days + 1);
        vm.assertEq(market.countOverdue(1, 2), 2, "overdue");
        _accept(_ids(id));
        vm.assertEq(market.countOverdue(1, 2), 2, "accepted is not paid");
        _pay(_ids(id));
        _reject(later);
        vm.assertEq(market.countOverdue(1, 2), 0, "settled");
    }

    function test_RedemptionPeriod() public {
        _ready(governor, address(market), abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (2 days)));
        vm.expectEmit(address(market));
        emit IPrimaryMarket.RedemptionPeriodChanged(2 days, governor);
        vm.prank(governor);
        market.setRedemptionPeriod(2 days);
        vm.assertEq(market.redemptionPeriod(), 2 days, "period");
        _ready(governor, address(market), abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (0)));
        vm.prank(governor);
        vm.expectRevert(IPrimaryMarket.InvalidPeriod.selector);
        market.setRedemptionPeriod(0);
    }
}
