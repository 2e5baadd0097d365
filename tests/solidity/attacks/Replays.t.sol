// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC3009} from "../../../contracts/interfaces/IERC3009.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {PrimaryMarket} from "../../../contracts/market/PrimaryMarket.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @notice A signature is good for what was signed, there, once: on another chain, for another contract or for other
/// contents it is void.
contract ReplaysTest is AttackSuite {
    MintOrder[] private _orders;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            _orders.push(_order(bob, 10 + i));
        }
    }

    function _pick(uint256 a, uint256 b) private view returns (MintOrder[] memory orders) {
        orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_orders[a], _orders[b]);
    }

    function _mintRefused(MintBatch[] memory batches, bytes memory refusal) private {
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (batches)), refusal);
    }

    // ---------------------------------------------------------------------------------------- approvals of mints

    function test_ApprovalOnAnotherChain() public {
        MintBatch[] memory batches = _batch(_orders);
        vm.chainId(1);
        _mintRefused(batches, _invalidApproval(approver(0)));
        vm.chainId(31_337);
        _send(batches);
    }

    /// @dev The same people run another deployment; what they approved here is void there.
    function test_ApprovalOnAnotherMarket() public {
        MintBatch[] memory batches = _batch(_orders);
        PrimaryMarket here = market;
        Stablecoin coinHere = token;
        _deploy(6);
        _attest(1_000_000e6);
        vm.assertTrue(address(market) != address(here), "another market");
        _mintRefused(batches, _invalidApproval(approver(0)));
        vm.prank(operator);
        here.mint(batches);
        vm.assertEq(coinHere.balanceOf(bob), 33, "here");
        vm.assertEq(token.balanceOf(bob), 0, "there");
    }

    function test_ApprovalOfAnotherBatch() public {
        Signature[] memory approvals = _batch(_orders)[0].approvals;
        bytes memory refusal = _invalidApproval(approver(0));
        _mintRefused(_approvedBy(_pick(0, 1), approvals), refusal); // a part of it
        _mintRefused(_approvedBy(_one(_orders[2]), approvals), refusal);
        MintOrder[] memory orders = _pick(1, 0);
        Signature[] memory ofTwo = _batch(_pick(0, 1))[0].approvals;
        _mintRefused(_approvedBy(orders, ofTwo), refusal); // in another order
        _mintRefused(_approvedBy(_orders, ofTwo), refusal); // with one added
        orders = _orders;
        orders[1].amount += 1;
        _mintRefused(_approvedBy(orders, approvals), refusal); // with another amount
        orders = _orders;
        orders[1].to = carol;
        _mintRefused(_approvedBy(orders, approvals), refusal); // for somebody else
        orders = _orders;
        orders[1].expiry += 1;
        _mintRefused(_approvedBy(orders, approvals), refusal); // for longer
        orders = _orders;
        orders[1].number += 1000;
        _mintRefused(_approvedBy(orders, approvals), refusal); // under another number
        _send(_approvedBy(_orders, approvals));
        vm.assertEq(token.balanceOf(bob), 33, "as it was signed");
    }

    /// @dev Two approved batches are not one of both, nor is one approved twice under two names.
    function test_BatchesDoNotMerge() public {
        Signature[] memory approvals = new Signature[](2);
        approvals[0] = _batch(_one(_orders[0]))[0].approvals[0];
        approvals[1] = _signatures(approverKeys, market.mintDigest(_one(_orders[1])), 2)[1];
        _mintRefused(_approvedBy(_pick(0, 1), approvals), _invalidApproval(approver(0)));
    }

    function test_ApprovalUsedAgain() public {
        MintBatch[] memory batches = _batch(_orders);
        _send(batches);
        _mintRefused(
            batches, abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, _orders[0].number)
        );
        MintBatch[] memory both = new MintBatch[](2);
        both[0] = _batch(_one(_order(bob, 5)))[0];
        both[1] = both[0];
        _mintRefused(
            both,
            abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, both[0].orders[0].number)
        );
    }

    /// @dev Whatever is skipped in whichever order, over any number of transactions: each order once, the sum at most
    /// what was signed, and never on fewer approvals than the whole batch takes.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_SkippingExecutesNothingTwice(uint8[6] memory masks) public {
        MintBatch[] memory batches = _batch(_orders);
        uint256 done = 0;
        for (uint256 i = 0; i < 6; ++i) {
            batches[0].skipped = masks[i] % 16;
            uint256 chosen = ~batches[0].skipped & 7;
            vm.prank(operator);
            (bool ok,) = address(market).call(abi.encodeCall(IPrimaryMarket.mint, (batches)));
            bool may = batches[0].skipped < 8 && chosen != 0 && chosen & done == 0;
            vm.assertEq(ok, may, "accepted");
            if (ok) done |= chosen;
        }
        uint256 sum = 0;
        for (uint256 i = 0; i < 3; ++i) {
            bool executed = (done >> i) & 1 != 0;
            vm.assertEq(market.isExecuted(_orders[i].number), executed, "executed");
            if (executed) sum += _orders[i].amount;
        }
        vm.assertEq(token.balanceOf(bob), sum, "sum");
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit - available, 1000 + sum, "what was skipped doesn't fill the bucket");
    }

    /// @dev Two orders of 100,000 take two approvals, with one of them skipped too.
    function test_SkippingDoesNotLowerTheTier() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(bob, 100_000e6), _order(bob, 100_000e6));
        MintBatch[] memory batches = _batch(orders, 1);
        batches[0].skipped = 2;
        _mintRefused(batches, abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 1, 2));
        batches = _batch(orders, 2);
        batches[0].skipped = 3;
        _mintRefused(batches, abi.encodeWithSelector(IPrimaryMarket.BatchEmpty.selector));
        batches[0].skipped = 4;
        _mintRefused(batches, abi.encodeWithSelector(IPrimaryMarket.SkipsUnknownOrder.selector, 4, 2));
        // Nor can an order be hidden beside the mask: what is skipped was signed with the rest.
        batches[0].skipped = 2;
        batches[0].orders[1] = _order(bob, 1);
        _mintRefused(batches, _invalidApproval(approver(0)));
    }

    /// @dev The rest of a batch dies with the approver, and with the order's expiry.
    function test_WhatWasSkippedIsNotApprovedForEver() public {
        MintBatch[] memory batches = _batch(_orders);
        batches[0].skipped = 6;
        _send(batches);
        batches[0].skipped = 5;
        uint256 snapshot = vm.snapshotState();
        vm.prank(guardian);
        gate.revokeRole(Roles.APPROVER, approver(0));
        _mintRefused(batches, abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, approver(0)));
        vm.revertToState(snapshot);
        vm.warp(uint256(_orders[1].expiry) + 1);
        _mintRefused(
            batches,
            abi.encodeWithSelector(IPrimaryMarket.OrderExpired.selector, _orders[1].number, _orders[1].expiry)
        );
    }

    function test_ApprovalAfterExpiry() public {
        MintBatch[] memory batches = _batch(_orders);
        vm.warp(uint256(_orders[0].expiry) + 1);
        _mintRefused(
            batches,
            abi.encodeWithSelector(IPrimaryMarket.OrderExpired.selector, _orders[0].number, _orders[0].expiry)
        );
    }

    /// @dev Approvals bind the order, not who sends it. Another operator sends within its own limit, and once is once.
    function test_ApprovalSentByAnotherOperator() public {
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.OPERATOR, stranger, 0)));
        _orders[0].expiry = _orders[1].expiry = _orders[2].expiry = uint64(UNTIL);
        MintBatch[] memory batches = _batch(_orders);
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (batches));
        _refused(
            stranger,
            address(market),
            call,
            abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, stranger, 0, 33)
        );
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (stranger, 33)));
        _lacksTheRole(bob, address(market), call);
        _passes(stranger, address(market), call);
        _mintRefused(
            batches, abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, _orders[0].number)
        );
        (, uint256 available) = market.operatorLimit(stranger);
        vm.assertEq(available, 0, "its own limit");
    }

    function test_ApprovalSentByItsApprover() public {
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.OPERATOR, approver(0), 0)));
        _orders[0].expiry = _orders[1].expiry = _orders[2].expiry = uint64(UNTIL);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (approver(0), 33)));
        _refused(
            approver(0),
            address(market),
            abi.encodeCall(IPrimaryMarket.mint, (_batch(_orders))),
            abi.encodeWithSelector(IPrimaryMarket.ApproverIsSender.selector, approver(0))
        );
    }

    // ---------------------------------------------------------------------------------- approvals of acceptances

    function _acceptRefusedWith(uint256[] memory ids, Signature[] memory approvals, bytes memory refusal)
        private
    {
        _refused(
            operator,
            address(market),
            abi.encodeCall(IPrimaryMarket.acceptRedemptions, (ids, approvals)),
            refusal
        );
    }

    function test_AcceptanceOfAnotherBatch() public {
        uint256 first = _request(alice, 100);
        uint256 second = _request(alice, 200);
        bytes32 digest = market.acceptanceDigest(_two(first, second));
        Signature[] memory approvals = _signatures(approverKeys, digest, 1);
        bytes memory refusal = _invalidApproval(approver(0));
        _acceptRefusedWith(_ids(first), approvals, refusal);
        _acceptRefusedWith(_two(second, first), approvals, refusal);
        Signature[] memory ofOne = _signatures(approverKeys, market.acceptanceDigest(_ids(first)), 1);
        _acceptRefusedWith(_two(first, second), ofOne, refusal);
        vm.chainId(1);
        _acceptRefusedWith(_two(first, second), approvals, refusal);
        vm.chainId(31_337);
        vm.prank(operator);
        market.acceptRedemptions(_two(first, second), approvals);
        bytes memory accepted = abi.encodeWithSelector(
            IPrimaryMarket.RedemptionInStatus.selector,
            first,
            RedemptionStatus.Accepted,
            RedemptionStatus.Requested
        );
        _acceptRefusedWith(_two(first, second), approvals, accepted);
        vm.assertEq(token.burned(), 300, "once");
    }

    /// @dev The first request of the same holder for the same amount has the same id on another market.
    function test_AcceptanceOnAnotherMarket() public {
        Signature[] memory approvals =
            _signatures(approverKeys, market.acceptanceDigest(_ids(_request(alice, 100))), 1);
        _deploy(6);
        _attest(1_000_000e6);
        _mint(alice, 100);
        vm.assertEq(_request(alice, 100), 1, "the same id");
        _acceptRefusedWith(_ids(1), approvals, _invalidApproval(approver(0)));
    }

    function test_AcceptanceApprovedAheadIsVoidForAnotherRequest() public {
        uint256 id = _request(alice, 100);
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 1);
        vm.prank(alice);
        market.cancelRedemption(id);
        uint256 next = _request(alice, 100);
        vm.assertEq(next, id + 1, "ids are not used again");
        _acceptRefusedWith(_ids(next), approvals, _invalidApproval(approver(0)));
    }

    /// @dev One domain, two kinds of approval, two type hashes.
    function test_AnApprovalOfOneKindIsNoneOfTheOther() public {
        uint256 id = _request(alice, 100);
        Signature[] memory ofMint = _batch(_orders)[0].approvals;
        _acceptRefusedWith(_ids(id), ofMint, _invalidApproval(approver(0)));
        Signature[] memory ofAcceptance = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 1);
        _mintRefused(_approvedBy(_orders, ofAcceptance), _invalidApproval(approver(0)));
    }

    // ---------------------------------------------------------------------------------------------- attestations

    function _tooFew() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 0, 3);
    }

    function test_AttestationOnAnotherFeed() public {
        vm.warp(START + 100);
        Attestation memory a = _attestation(2_000_000e6, START + 50);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        AttestedFeed here = feed;
        _deploy(6);
        vm.warp(START + 100);
        _refused(stranger, address(feed), abi.encodeCall(IAttestedFeed.publish, (a, list)), _tooFew());
        here.publish(a, list);
        vm.assertEq(here.latestRound(), 2, "where it was meant");
    }

    function test_AttestationOnAnotherChain() public {
        vm.warp(START + 100);
        Attestation memory a = _attestation(2_000_000e6, START + 50);
        bytes memory call = abi.encodeCall(
            IAttestedFeed.publish, (a, _signatures(attestorKeys, feed.attestationDigest(a), 3))
        );
        vm.chainId(1);
        _refused(stranger, address(feed), call, _tooFew());
        vm.chainId(31_337);
        _passes(stranger, address(feed), call);
        _refused(
            stranger,
            address(feed),
            call,
            abi.encodeWithSelector(IAttestedFeed.AttestationNotNewer.selector, START + 50, START + 50)
        );
    }

    /// @dev Signatures of a high value are void for a low one, for another instant and for another report.
    function test_AttestationOfOtherContents() public {
        vm.warp(START + 100);
        Attestation memory a = _attestation(2_000_000e6, START + 50);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        Attestation[3] memory others;
        others[0] = _attestation(2_000_000e6 + 1, START + 50);
        others[1] = _attestation(2_000_000e6, START + 51);
        others[2] = Attestation({value: a.value, asOf: a.asOf, report: REASON});
        for (uint256 i = 0; i < 3; ++i) {
            _refused(
                stranger, address(feed), abi.encodeCall(IAttestedFeed.publish, (others[i], list)), _tooFew()
            );
        }
    }

    // ----------------------------------------------------------------------------------------- holders' signatures

    /// @dev A holder of two coins signs for one of them.
    function test_HoldersSignaturesOnAnotherTokenAndChain() public {
        bytes[4] memory calls = [
            _permitCall(alice, _sign(ALICE_KEY, _permitDigest(alice))),
            _transferCall(alice, _sign(ALICE_KEY, _transferDigest(alice))),
            _receiveCall(alice, _sign(ALICE_KEY, _receiveDigest(alice))),
            _cancelCall(alice, _sign(ALICE_KEY, _cancelDigest(alice)))
        ];
        bytes memory redeem = _redeemCall(alice, _sign(ALICE_KEY, _redeemDigest(alice)));
        Stablecoin here = token;
        PrimaryMarket marketHere = market;
        vm.chainId(1);
        _allVoid(calls, redeem);
        vm.chainId(31_337);
        _deploy(6);
        _attest(1_000_000e6);
        _mint(alice, 1000);
        _allVoid(calls, redeem);
        _passes(stranger, address(marketHere), redeem);
        _passes(bob, address(here), calls[2]);
        vm.assertEq(here.balanceOf(alice), 650, "where it was meant");
        vm.assertEq(token.balanceOf(alice), 1000, "elsewhere");
    }

    function _allVoid(bytes[4] memory calls, bytes memory redeem) private {
        for (uint256 i = 0; i < 4; ++i) {
            _refused(
                bob, address(token), calls[i], i == 0 ? _invalidPermit(alice) : _invalidAuthorization(alice)
            );
        }
        _refused(stranger, address(market), redeem, _invalidAuthorization(alice));
    }

    /// @dev Receive, transfer and cancel are three types: none of them passes for another.
    function test_OneKindOfAuthorizationIsNoneOfTheOthers() public {
        bytes memory transfer = _sign(ALICE_KEY, _transferDigest(alice));
        bytes memory receiving = _sign(ALICE_KEY, _receiveDigest(alice));
        bytes memory cancel = _sign(ALICE_KEY, _cancelDigest(alice));
        bytes memory refusal = _invalidAuthorization(alice);
        _refused(bob, address(token), _receiveCall(alice, transfer), refusal);
        _refused(bob, address(token), _transferCall(alice, receiving), refusal);
        _refused(bob, address(token), _transferCall(alice, cancel), refusal);
        _refused(bob, address(token), _cancelCall(alice, transfer), refusal);
        _passes(stranger, address(token), _cancelCall(alice, cancel));
        bytes memory used = abi.encodeWithSelector(IERC3009.ERC3009AlreadyUsed.selector, alice, NONCE);
        _refused(stranger, address(token), _transferCall(alice, transfer), used);
        _refused(bob, address(token), _receiveCall(alice, receiving), used);
    }
}
