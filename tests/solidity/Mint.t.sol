// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../contracts/access/Roles.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../contracts/interfaces/IInvestorRegistry.sol";
import {ApprovalTier, IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {Wallet1271} from "./support/Mocks.sol";
import {Suite} from "./support/Suite.sol";
import {bound, vm} from "./support/Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Approved orders in: numbers, caps, tiers, approvers, limits, stops.
contract MintTest is Suite {
    uint256 private constant ONE = 1e6;

    function setUp() public override {
        super.setUp();
        _attest(100_000_000 * ONE);
    }

    function _refused(MintBatch[] memory batches, bytes memory refusal) private {
        vm.prank(operator);
        vm.expectRevert(refusal);
        market.mint(batches);
    }

    function _executed(uint256 number) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, number);
    }

    // ------------------------------------------------------------------------------------------------ orders

    function test_OneOrder() public {
        MintOrder memory order = _order(alice, 500);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.OrderExecuted(order.number, operator);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), alice, 500);
        _send(_batch(_one(order)));
        vm.assertTrue(market.isExecuted(order.number), "executed");
        vm.assertEq(token.balanceOf(alice), 500, "alice");
        vm.assertEq(token.totalSupply(), 500, "supply");
        vm.assertEq(token.minted(), 500, "minted");
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit - available, 500, "limit used");
    }

    function test_ManyBatches_AndTheSameWalletTwice() public {
        MintBatch[] memory batches = new MintBatch[](2);
        for (uint256 i = 0; i < 2; ++i) {
            MintOrder[] memory orders = new MintOrder[](2);
            (orders[0], orders[1]) = (_order(alice, 10), _order(alice, 20));
            batches[i] = _batch(orders)[0];
        }
        _send(batches);
        vm.assertEq(token.balanceOf(alice), 60, "alice");
        vm.assertEq(token.totalSupply(), 60, "supply");
    }

    function test_NumberOnceInABatch() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 10), _order(bob, 20));
        orders[1].number = orders[0].number;
        _refused(_batch(orders), _executed(orders[0].number));
    }

    function test_NumberOnceInOneCall() public {
        MintBatch[] memory batches = new MintBatch[](2);
        MintOrder memory order = _order(alice, 10);
        batches[0] = _batch(_one(order))[0];
        batches[1] = batches[0];
        _refused(batches, _executed(order.number));
    }

    function test_NumberOnceEver() public {
        MintOrder memory order = _order(alice, 10);
        MintBatch[] memory batches = _batch(_one(order));
        _send(batches);
        _refused(batches, _executed(order.number));
        vm.warp(block.timestamp + 1 hours);
        order.to = bob;
        order.amount = 11;
        _refused(_batch(_one(order)), _executed(order.number));
        order.number = type(uint256).max;
        _send(_batch(_one(order)));
        _refused(_batch(_one(order)), _executed(type(uint256).max));
    }

    /// @dev One number's bit is no other number's.
    function testFuzz_NumbersAreApart(uint256 number, uint256 other, uint8 near) public {
        MintOrder memory order = _order(alice, 1);
        order.number = number;
        _send(_batch(_one(order)));
        uint256[4] memory others;
        unchecked {
            others = [other, number + near, number - near, number ^ (uint256(1) << near)];
        }
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertEq(market.isExecuted(others[i]), others[i] == number, "executed");
        }
        order.number = others[3];
        _send(_batch(_one(order)));
        vm.assertTrue(market.isExecuted(number) && market.isExecuted(others[3]), "both");
    }

    // ------------------------------------------------------------------------------------------------ skipped

    /// @dev One order that can't go doesn't hold up the others, and needs no new signatures when it can.
    function test_SkippedOrderGoesLaterOnTheSameApprovals() public {
        MintOrder[] memory orders = new MintOrder[](3);
        (orders[0], orders[1], orders[2]) = (_order(alice, 10), _order(stranger, 20), _order(bob, 30));
        MintBatch[] memory batches = _batch(orders);
        _refused(batches, abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0));
        batches[0].skipped = 2;
        _send(batches);
        vm.assertEq(token.balanceOf(alice) + token.balanceOf(bob), 40, "the others");
        vm.assertEq(token.balanceOf(stranger), 0, "the skipped");
        vm.assertFalse(market.isExecuted(orders[1].number), "its number is free");
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit - available, 40, "only what went fills the bucket");

        _verify(stranger);
        batches[0].skipped = 0;
        _refused(batches, _executed(orders[0].number));
        batches[0].skipped = 5;
        _send(batches);
        vm.assertEq(token.balanceOf(stranger), 20, "the skipped, later");
        vm.assertEq(token.totalSupply(), 60, "supply");
        _refused(batches, _executed(orders[1].number));
    }

    function test_MaskMustLeaveAnOrderAndNameOnlyOrders() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 10), _order(bob, 20));
        MintBatch[] memory batches = _batch(orders);
        batches[0].skipped = 3;
        _refused(batches, abi.encodeWithSelector(IPrimaryMarket.BatchEmpty.selector));
        batches[0].skipped = 5;
        _refused(batches, abi.encodeWithSelector(IPrimaryMarket.SkipsUnknownOrder.selector, 5, 2));
        batches[0].skipped = uint256(1) << 255;
        _refused(
            batches, abi.encodeWithSelector(IPrimaryMarket.SkipsUnknownOrder.selector, uint256(1) << 255, 2)
        );
    }

    /// @dev Skipping doesn't slip under a tier: what was signed together is counted together.
    function test_TierIsThatOfAllThatWasSigned() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 60_000 * ONE), _order(bob, 60_000 * ONE));
        MintBatch[] memory batches = _batch(orders, 1);
        batches[0].skipped = 1;
        _refused(batches, abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 1, 2));
        batches = _batch(orders, 2);
        batches[0].skipped = 1;
        _send(batches);
        vm.assertEq(token.balanceOf(bob), 60_000 * ONE, "went");
    }

    /// @dev Whatever is skipped: exactly the others are minted, and the complement mints exactly the rest.
    function testFuzz_MaskAndItsComplementMintEachOrderOnce(uint8 count, uint256 mask) public {
        MintOrder[] memory orders = new MintOrder[](bound(count, 2, 20));
        uint256 all = (uint256(1) << orders.length) - 1;
        mask = bound(mask, 1, all - 1);
        uint256 expected = 0;
        for (uint256 i = 0; i < orders.length; ++i) {
            orders[i] = _order(alice, 1 << i);
            if ((mask >> i) & 1 == 0) expected += orders[i].amount;
        }
        MintBatch[] memory batches = _batch(orders);
        batches[0].skipped = mask;
        _send(batches);
        vm.assertEq(token.balanceOf(alice), expected, "all but the skipped");
        for (uint256 i = 0; i < orders.length; ++i) {
            vm.assertEq(market.isExecuted(orders[i].number), (mask >> i) & 1 == 0, "executed");
        }
        batches[0].skipped = all ^ mask;
        _send(batches);
        vm.assertEq(token.balanceOf(alice), all, "each once");
    }

    function test_OrderExpires() public {
        MintOrder memory order = _order(alice, 10);
        order.expiry = uint64(block.timestamp);
        _send(_batch(_one(order)));
        order.number = nextNumber++;
        MintBatch[] memory batches = _batch(_one(order));
        vm.warp(block.timestamp + 1);
        _refused(
            batches, abi.encodeWithSelector(IPrimaryMarket.OrderExpired.selector, order.number, order.expiry)
        );
    }

    function test_OrderHasAnAmountWithinTheCap() public {
        MintOrder memory order = _order(alice, 0);
        _refused(
            _batch(_one(order)), abi.encodeWithSelector(IPrimaryMarket.OrderEmpty.selector, order.number)
        );
        order.amount = 1_000_000 * ONE + 1;
        _refused(
            _batch(_one(order)),
            abi.encodeWithSelector(
                IPrimaryMarket.OrderAboveCap.selector, order.number, order.amount, 1_000_000 * ONE
            )
        );
        order.amount = type(uint256).max;
        _refused(
            _batch(_one(order), 3),
            abi.encodeWithSelector(
                IPrimaryMarket.OrderAboveCap.selector, order.number, order.amount, 1_000_000 * ONE
            )
        );
        order.amount = 1_000_000 * ONE;
        _send(_batch(_one(order)));
    }

    function test_NothingIsNoBatch() public {
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.BatchEmpty.selector);
        _refused(new MintBatch[](0), refusal);
        _refused(new MintBatch[](1), refusal);
    }

    function test_RecipientIsVerifiedAtExecution() public {
        MintBatch[] memory batches = _batch(_one(_order(stranger, 10)));
        _refused(batches, abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0));
        uint40 until = uint40(block.timestamp + 60);
        _register(stranger, until);
        vm.warp(until + 1);
        _refused(
            batches, abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, until)
        );
        vm.warp(until);
        _send(batches);
        address[] memory gone = new address[](1);
        gone[0] = stranger;
        batches = _batch(_one(_order(stranger, 10)));
        vm.prank(registrar);
        registry.removeWallets(gone);
        _refused(batches, abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0));
    }

    /// @dev The closest reason first: the order, its recipient, the operator's limit, the tier, the approvals, the coin.
    function test_RefusalsComeInTheirOrder() public {
        _freezeAccount(stranger);
        MintOrder[] memory orders = new MintOrder[](6);
        for (uint256 i = 0; i < 6; ++i) {
            orders[i] = _order(stranger, 1_000_000 * ONE);
        }
        orders[5].amount += 1;
        _refused(
            _batch(orders, 0),
            abi.encodeWithSelector(
                IPrimaryMarket.OrderAboveCap.selector, orders[5].number, orders[5].amount, 1_000_000 * ONE
            )
        );
        orders[5].amount -= 1;
        _refused(
            _batch(orders, 0),
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0)
        );
        _verify(stranger);
        _refused(_batch(orders, 0), _limitExceeded(5_000_000 * ONE, 6_000_000 * ONE));
        bytes memory limit =
            abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, uint112(6_000_000 * ONE)));
        _govern(address(market), limit);
        ApprovalTier[] memory tiers = _tiers();
        tiers[2].upTo = uint112(6_000_000 * ONE - 1);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)));
        _refused(
            _batch(orders, 0),
            abi.encodeWithSelector(IPrimaryMarket.TotalAboveTiers.selector, 6_000_000 * ONE, tiers[2].upTo)
        );
        tiers[2].upTo += 1;
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)));
        _refused(_batch(orders, 2), abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 2, 3));
        _refused(
            _batch(orders, 3),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, stranger)
        );
    }

    // ---------------------------------------------------------------------------------------------- approvals

    function test_TiersDecideHowManySign() public {
        vm.assertEq(market.requiredApprovals(100_000 * ONE), 1, "tier one");
        vm.assertEq(market.requiredApprovals(100_000 * ONE + 1), 2, "tier two");
        vm.assertEq(market.requiredApprovals(1_000_000 * ONE + 1), 3, "tier three");
        MintOrder[] memory orders = _one(_order(alice, 100_000 * ONE + 1));
        bytes4 error = IPrimaryMarket.NotEnoughApprovals.selector;
        _refused(_batch(orders, 1), abi.encodeWithSelector(error, 1, 2));
        _send(_batch(orders, 2));
        orders = _one(_order(alice, 1));
        _refused(_batch(orders, 0), abi.encodeWithSelector(error, 0, 1));
        _send(_batch(orders, 3));
    }

    /// @dev The total of the batch counts, so small orders in one batch do not pass below the tier.
    function test_TierIsOfTheBatchsTotal() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 60_000 * ONE), _order(bob, 60_000 * ONE));
        _refused(_batch(orders, 1), abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 1, 2));
        _send(_batch(orders, 2));
    }

    function test_NoTierReachesTheTotal() public {
        bytes memory call = abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, type(uint112).max));
        _govern(address(market), call);
        MintOrder[] memory orders = new MintOrder[](11);
        for (uint256 i = 0; i < 11; ++i) {
            orders[i] = _order(alice, 1_000_000 * ONE);
        }
        _refused(
            _batch(orders, 3),
            abi.encodeWithSelector(
                IPrimaryMarket.TotalAboveTiers.selector, 11_000_000 * ONE, 10_000_000 * ONE
            )
        );
    }

    function test_ApproversAreSortedAndDistinct() public {
        MintBatch[] memory batches = _batch(_one(_order(alice, 200_000 * ONE)));
        Signature[] memory approvals = batches[0].approvals;
        bytes4 error = IPrimaryMarket.ApproversNotSorted.selector;
        (approvals[0], approvals[1]) = (approvals[1], approvals[0]);
        _refused(batches, abi.encodeWithSelector(error, approvals[0].signer, approvals[1].signer));
        approvals[1] = approvals[0];
        _refused(batches, abi.encodeWithSelector(error, approvals[0].signer, approvals[0].signer));
        approvals[0].signer = address(0);
        _refused(batches, abi.encodeWithSelector(error, address(0), address(0)));
    }

    function test_SenderDoesNotApprove() public {
        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, approver(0), 0)));
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        vm.prank(approver(0));
        vm.expectRevert(
            abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, approver(0), 0, 1)
        );
        market.mint(batches);
        bytes memory call = abi.encodeCall(IPrimaryMarket.setOperatorLimit, (approver(0), 100));
        _govern(address(market), call);
        batches = _batch(_one(_order(alice, 1)));
        vm.prank(approver(0));
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.ApproverIsSender.selector, approver(0)));
        market.mint(batches);
    }

    function test_StrangerDoesNotApprove() public {
        MintOrder[] memory orders = _one(_order(alice, 1));
        MintBatch[] memory batches = _batch(orders);
        batches[0].approvals[0] =
            Signature({signer: alice, data: _sign(ALICE_KEY, market.mintDigest(orders))});
        _refused(batches, abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, alice));
    }

    function test_RevokedApproversSignatureIsVoid() public {
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        address revoked = approver(0);
        vm.prank(guardian);
        gate.revokeRole(Roles.APPROVER, revoked);
        _refused(batches, abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, revoked));
    }

    function test_ApproverWithADelayDoesNotApprove() public {
        MintOrder[] memory orders = _one(_order(alice, 1));
        _administer(abi.encodeCall(manager.grantRole, (Roles.APPROVER, bob, 1 hours)));
        MintBatch[] memory batches = _batch(orders);
        batches[0].approvals[0] = Signature({signer: bob, data: _sign(BOB_KEY, market.mintDigest(orders))});
        _refused(batches, abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, bob));
    }

    /// @dev An approval binds every field: who edits an order afterwards has no approval.
    function test_ApprovalIsOfTheseOrders() public {
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.InvalidApproval.selector, approver(0));
        MintBatch[] memory batches = _batch(_one(_order(alice, 10)));
        MintOrder memory order = batches[0].orders[0];
        order.amount = 11;
        _refused(batches, refusal);
        order.amount = 10;
        order.to = bob;
        _refused(batches, refusal);
        order.to = alice;
        order.number += 1000;
        _refused(batches, refusal);
        order.number -= 1000;
        order.expiry += 1;
        _refused(batches, refusal);
        order.expiry -= 1;
        vm.chainId(1);
        _refused(batches, refusal);
        vm.chainId(31_337);
        batches[0].approvals[0].data = hex"";
        _refused(batches, refusal);
    }

    function test_ContractAccountApproves() public {
        address wallet = address(new Wallet1271(bob));
        _administer(abi.encodeCall(manager.grantRole, (Roles.APPROVER, wallet, 0)));
        MintOrder[] memory orders = _one(_order(alice, 1));
        MintBatch[] memory batches = _batch(orders);
        batches[0].approvals[0] = Signature({signer: wallet, data: _sign(BOB_KEY, market.mintDigest(orders))});
        _send(batches);
        vm.assertEq(token.balanceOf(alice), 1, "alice");
    }

    function test_DigestIsEip712() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 10), _order(bob, 20));
        bytes memory hashes;
        for (uint256 i = 0; i < 2; ++i) {
            hashes = bytes.concat(
                hashes,
                keccak256(
                    abi.encode(
                        keccak256("MintOrder(uint256 number,address to,uint256 amount,uint64 expiry)"),
                        orders[i].number,
                        orders[i].to,
                        orders[i].amount,
                        orders[i].expiry
                    )
                )
            );
        }
        bytes32 typehash = keccak256(
            "MintBatch(MintOrder[] orders)MintOrder(uint256 number,address to,uint256 amount,uint64 expiry)"
        );
        bytes32 structure = keccak256(abi.encode(typehash, keccak256(hashes)));
        vm.assertEq(
            market.mintDigest(orders),
            keccak256(bytes.concat(hex"1901", _marketDomain(), structure)),
            "digest"
        );
    }

    // ------------------------------------------------------------------------------------------------ limits

    function _limitExceeded(uint256 available, uint256 asked) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, operator, available, asked);
    }

    function _mintMillions(uint256 millions) private {
        for (uint256 i = 0; i < millions; ++i) {
            _mint(alice, 1_000_000 * ONE);
        }
    }

    /// @dev There is no midnight at which the limit empties: two full limits two seconds apart do not pass.
    function test_LimitHasNoMidnight() public {
        uint256 midnight = START + 1 days;
        vm.warp(midnight - 1);
        _mintMillions(5);
        _refused(_batch(_one(_order(alice, 1))), _limitExceeded(0, 1));
        vm.warp(midnight + 1);
        uint256 leaked = 2 * 5_000_000 * ONE / 1 days;
        (, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(available, leaked, "leaked in two seconds");
        _refused(_batch(_one(_order(alice, leaked + 1))), _limitExceeded(leaked, leaked + 1));
        _mint(alice, leaked);
    }

    function test_LimitLeaksOutInADay() public {
        _mintMillions(5);
        vm.warp(block.timestamp + 12 hours);
        (, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(available, 2_500_000 * ONE, "half a day");
        vm.warp(block.timestamp + 12 hours);
        _mintMillions(5);
        vm.warp(block.timestamp + 30 days);
        (, available) = market.operatorLimit(operator);
        vm.assertEq(available, 5_000_000 * ONE, "never more than the limit");
    }

    /// @dev However a total is spread, no more passes than a full bucket and what leaked.
    function testFuzz_LimitNeverPassesMoreThanBucketAndLeak(uint256[8] memory amounts, uint16[8] memory waits)
        public
    {
        uint256 total = 0;
        uint256 started = block.timestamp;
        for (uint256 i = 0; i < 8; ++i) {
            vm.warp(block.timestamp + waits[i] % 4 hours);
            MintBatch[] memory batches = _batch(_one(_order(alice, bound(amounts[i], 1, 1_000_000 * ONE))));
            (, uint256 available) = market.operatorLimit(operator);
            vm.prank(operator);
            (bool ok,) = address(market).call(abi.encodeCall(market.mint, (batches)));
            if (ok) total += batches[0].orders[0].amount;
            vm.assertEq(
                ok,
                batches[0].orders[0].amount <= available && block.timestamp <= START - 1 + MAX_AGE,
                "available"
            );
        }
        uint256 leak = (block.timestamp - started) * 5_000_000 * ONE / 1 days;
        vm.assertLe(total, 5_000_000 * ONE + leak, "bucket and leak");
    }

    function test_OperatorWithoutALimitMintsNothing() public {
        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, bob, 0)));
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, bob, 0, 1));
        market.mint(batches);
    }

    function test_LoweredLimitCountsWhatWasMinted() public {
        _mintMillions(3);
        bytes memory call = abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, uint112(ONE)));
        _ready(governor, address(market), call);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.OperatorLimitChanged(operator, uint112(ONE), governor);
        vm.prank(governor);
        market.setOperatorLimit(operator, uint112(ONE));
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit, ONE, "limit");
        vm.assertEq(available, 0, "available");
        _refused(_batch(_one(_order(alice, 1))), _limitExceeded(0, 1));
        call = abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, uint112(4_000_000 * ONE)));
        _govern(address(market), call);
        (, available) = market.operatorLimit(operator);
        vm.assertLe(available, 1_300_000 * ONE, "raising it forgives nothing");
    }

    /// @dev A call through the manager comes from the manager, which has no limit of its own. Given one, it is refused
    /// all the same: who sent the batch, perhaps its approver, could not be told.
    function test_ManagerIsNoOperator() public {
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(alice, 1)))));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, manager, 0, 1));
        manager.execute(address(market), call);

        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (address(manager), 100)));
        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, approver(0), 0)));
        call = abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(alice, 1)))));
        address[2] memory senders = [operator, approver(0)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(senders[i]);
            vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.ApproverIsSender.selector, manager));
            manager.execute(address(market), call);
        }
        vm.assertEq(token.totalSupply(), 0, "supply");
    }

    // ----------------------------------------------------------------------------------------------- settings

    function _tiersRefused(ApprovalTier[] memory tiers) private {
        _ready(governor, address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)));
        vm.prank(governor);
        vm.expectRevert(IPrimaryMarket.InvalidTiers.selector);
        market.setApprovalTiers(tiers);
    }

    function test_TiersRefuse() public {
        _tiersRefused(new ApprovalTier[](0));
        _tiersRefused(new ApprovalTier[](5));
        ApprovalTier[] memory tiers = _tiers();
        tiers[0].approvals = 0;
        _tiersRefused(tiers);
        tiers = _tiers();
        tiers[0].upTo = 0;
        _tiersRefused(tiers);
        tiers = _tiers();
        tiers[1].upTo = tiers[0].upTo;
        _tiersRefused(tiers);
        tiers = _tiers();
        tiers[2].approvals = 1;
        _tiersRefused(tiers);
    }

    function test_FewerTiersReplaceMore() public {
        ApprovalTier[] memory tiers = new ApprovalTier[](1);
        tiers[0] = ApprovalTier({upTo: 5, approvals: 2});
        _ready(governor, address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)));
        vm.expectEmit(address(market));
        emit IPrimaryMarket.ApprovalTiersChanged(tiers, governor);
        vm.prank(governor);
        market.setApprovalTiers(tiers);
        vm.assertEq(market.approvalTiers().length, 1, "tiers");
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.TotalAboveTiers.selector, 6, 5));
        market.requiredApprovals(6);
    }

    function test_CapOfZeroStopsAllOrders() public {
        _ready(governor, address(market), abi.encodeCall(IPrimaryMarket.setOrderCap, (0)));
        vm.expectEmit(address(market));
        emit IPrimaryMarket.OrderCapChanged(0, governor);
        vm.prank(governor);
        market.setOrderCap(0);
        vm.assertEq(market.orderCap(), 0, "cap");
        MintOrder memory order = _order(alice, 1);
        _refused(
            _batch(_one(order)),
            abi.encodeWithSelector(IPrimaryMarket.OrderAboveCap.selector, order.number, 1, 0)
        );
    }

    function test_StopAndResume() public {
        vm.expectEmit(address(market));
        emit IPrimaryMarket.MintingStopped(guardian);
        vm.prank(guardian);
        market.stopMinting();
        vm.assertTrue(market.mintingStopped(), "stopped");
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.MintingIsStopped.selector);
        _refused(_batch(_one(_order(alice, 1))), refusal);
        vm.prank(guardian);
        vm.expectRevert(refusal);
        market.stopMinting();

        bytes memory resume = abi.encodeCall(IPrimaryMarket.resumeMinting, ());
        _ready(governor, address(market), resume);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.MintingResumed(governor);
        vm.prank(governor);
        market.resumeMinting();
        _mint(alice, 1);
        _ready(governor, address(market), resume);
        vm.prank(governor);
        vm.expectRevert(IPrimaryMarket.MintingIsNotStopped.selector);
        market.resumeMinting();
    }

    function test_WindDownEndsMinting_AndRedemptionGoesOn() public {
        _mint(alice, 100);
        bytes memory call = abi.encodeCall(IPrimaryMarket.windDown, ());
        _ready(governor, address(market), call);
        vm.expectEmit(address(market));
        emit IPrimaryMarket.WoundDown(governor);
        vm.prank(governor);
        market.windDown();
        vm.assertTrue(market.woundDown(), "wound down");
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.MarketWoundDown.selector);
        _refused(_batch(_one(_order(alice, 1))), refusal);
        _redeem(alice, 100);
        vm.assertEq(token.totalSupply(), 0, "supply");
        _ready(governor, address(market), call);
        vm.prank(governor);
        vm.expectRevert(refusal);
        market.windDown();
    }

    function test_ConstructorRefuses() public {
        bytes memory code = vm.getCode("PrimaryMarket.sol:PrimaryMarket");
        vm.expectRevert(abi.encodeWithSelector(IStablecoin.NotAContract.selector, alice));
        creator.create(bytes.concat(code, abi.encode(manager, alice, registry)));
        vm.expectRevert(abi.encodeWithSelector(IStablecoin.NotAContract.selector, alice));
        creator.create(bytes.concat(code, abi.encode(manager, token, alice)));
        vm.assertEq(market.token(), address(token), "token");
        vm.assertEq(market.registry(), address(registry), "registry");
    }
}
