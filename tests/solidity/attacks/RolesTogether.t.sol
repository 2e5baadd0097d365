// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {GuardianGate} from "../../../contracts/access/GuardianGate.sol";
import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {ApprovalTier, IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice docs/security.md, "Together", row by row: what each pair can do it does here, and then it is stopped by what
/// the page names. The triples follow, and what the limits bound.
contract RolesTogetherTest is AttackSuite {
    uint256 private constant CAP = 1_000_000e6;
    uint256 private constant LIMIT = 5_000_000e6;
    address private _other = vm.addr(120);

    /// @dev A second guardian.
    function setUp() public override {
        super.setUp();
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.GUARDIAN, _other, 0)));
        _attest(1_000_000e6);
    }

    /// @dev The operator and all approvers try to mint.
    function _collude(address to, uint256 amount) private returns (bytes memory) {
        return abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(to, amount)), 3)));
    }

    function _colludeRefused(address to, uint256 amount, bytes memory refusal) private {
        _refused(operator, address(market), _collude(to, amount), refusal);
    }

    function _mintUnordered(address to, uint256 amount) private {
        _passes(operator, address(market), _collude(to, amount));
    }

    // ------------------------------------------------------------------------------- OPERATOR and the APPROVERs

    function test_OperatorApprovers_MintWithoutAnOrder_UpToHeadroomAndCap() public {
        uint256 room = token.headroom();
        vm.assertEq(room, 1_000_000e6 - 1000, "headroom");
        bytes memory unverified =
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0);
        _colludeRefused(stranger, 1, unverified);
        bytes memory aboveCap =
            abi.encodeWithSelector(IPrimaryMarket.OrderAboveCap.selector, nextNumber, CAP + 1, CAP);
        _colludeRefused(bob, CAP + 1, aboveCap);
        bytes memory exceeded =
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, CAP + 1, 1_000_000e6);
        _colludeRefused(bob, room + 1, exceeded);
        _mintUnordered(bob, room);
        vm.assertEq(token.headroom(), 0, "to the last unit of headroom");
        exceeded = abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, CAP + 1, 1_000_000e6);
        _colludeRefused(bob, 1, exceeded);
    }

    function test_OperatorApprovers_BurnOpenEscrow_AndLeaveItsHolderAClaim() public {
        uint256 id = _request(alice, 400);
        _accept(_ids(id));
        vm.assertEq(token.totalSupply(), 600, "burned unasked");
        vm.assertEq(token.payableTotal(), 400, "the claim");
        vm.assertEq(token.headroom(), 1_000_000e6 - 1000, "and no headroom of it");
    }

    function test_OperatorApprovers_AreStoppedAtOnce() public {
        uint256 snapshot = vm.snapshotState();
        vm.prank(guardian);
        market.stopMinting();
        _colludeRefused(bob, 1, abi.encodeWithSelector(IPrimaryMarket.MintingIsStopped.selector));
        vm.revertToState(snapshot);
        vm.prank(guardian);
        token.pause();
        _colludeRefused(bob, 1, abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector));
        vm.revertToState(snapshot);
        vm.prank(guardian);
        gate.revokeRole(Roles.OPERATOR, operator);
        _colludeRefused(bob, 1, _unauthorised(operator));
        vm.revertToState(snapshot);
        vm.prank(guardian);
        gate.revokeRole(Roles.APPROVER, approver(0));
        _colludeRefused(bob, 1, abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, approver(0)));
    }

    // ---------------------------------------------------------------------------------- OPERATOR and COMPLIANCE

    function test_OperatorCompliance_TakeEscrow_UnlessPausedOrFrozen() public {
        uint256 id = _request(alice, 400);
        uint256 snapshot = vm.snapshotState();
        _reject(id);
        vm.prank(compliance);
        token.forcedTransfer(alice, stranger, 1000, CASE);
        vm.assertEq(token.balanceOf(stranger), 1000, "taken, escrow and all");
        vm.assertEq(token.totalSupply(), 1000, "supply stays right");
        vm.revertToState(snapshot);

        bytes memory reject = abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(id), REASON));
        vm.prank(guardian);
        token.pause();
        _refused(
            operator, address(market), reject, abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector)
        );
        vm.revertToState(snapshot);
        _freezeAccount(alice);
        _refused(
            operator,
            address(market),
            reject,
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice)
        );
        vm.assertEq(market.escrowed(), 400, "escrow stays");
    }

    // ---------------------------------------------------------------------------------- COMPLIANCE and GUARDIAN

    function test_ComplianceGuardian_FreezeAndSeize_UntilAnotherGuardianRevokes() public {
        uint256 id = _request(alice, 400);
        uint256 snapshot = vm.snapshotState();
        _freezeAccount(alice);
        _seize(id, stranger);
        vm.assertEq(token.balanceOf(stranger), 400, "escrow taken");
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        _freeze(alice, 600);
        vm.assertEq(token.getFrozenTokens(alice), 600, "frozen and unfrozen at will");
        vm.revertToState(snapshot);

        _freezeAccount(alice);
        vm.prank(_other);
        gate.revokeRole(Roles.COMPLIANCE, compliance);
        bytes memory seize = abi.encodeCall(IPrimaryMarket.seizeEscrow, (id, stranger, CASE));
        _lacksTheRole(compliance, address(market), seize);
        vm.assertEq(market.escrowed(), 400, "escrow stays");
    }

    // ------------------------------------------------------------- GUARDIAN and GOVERNOR, UPGRADER or ADMIN

    function test_GuardianWithADelayedRole_PausesAndWaits_UnlessAnotherGuardianCancels() public {
        address next = _create("Mocks.sol:StablecoinV2", abi.encode(manager));
        vm.prank(guardian);
        token.pause();
        vm.prank(alice);
        vm.expectRevert(IRegulatedERC20.TokenPaused.selector);
        token.transfer(bob, 1);
        _waitsAndOtherCancels(
            governor, address(feed), abi.encodeCall(IAttestedFeed.setLimits, (1, 1, 1)), GOVERNOR_DELAY
        );
        bytes memory upgrade = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        _waitsAndOtherCancels(upgrader, address(token), upgrade, UPGRADER_DELAY);
        bytes memory grant = abi.encodeCall(AccessManager.grantRole, (Roles.OPERATOR, admin, 0));
        _waitsAndOtherCancels(admin, address(manager), grant, ADMIN_DELAY);
    }

    /// @dev Without another guardian it executes after the delay and not before; with one it never does.
    function _waitsAndOtherCancels(address who, address target, bytes memory data, uint32 delay) private {
        bytes32 operation = manager.hashOperation(who, target, data);
        bytes memory execute = abi.encodeCall(AccessManager.execute, (target, data));
        uint256 snapshot = vm.snapshotState();
        vm.prank(who);
        manager.schedule(target, data, 0);
        vm.warp(block.timestamp + delay - 1);
        bytes memory notReady =
            abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation);
        _refused(who, address(manager), execute, notReady);
        uint256 almost = vm.snapshotState();
        vm.warp(block.timestamp + 1);
        _passes(who, address(manager), execute);
        vm.revertToState(almost);
        vm.prank(_other);
        gate.cancel(who, target, data);
        vm.warp(block.timestamp + delay);
        bytes memory notScheduled =
            abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation);
        _refused(who, address(manager), execute, notScheduled);
        vm.revertToState(snapshot);
    }

    // ------------------------------------------------------------------------ GUARDIAN and a threshold of attestors

    /// @dev Whom a guardian suspends still counts in "every attestor" until the governor sets a new list: beyond the
    /// bounds there is then nobody who could sign for it.
    function test_GuardianAttestors_StateNoMoreThanAThresholdCan() public {
        vm.prank(guardian);
        feed.suspendAttestor(attestor(2));
        vm.warp(block.timestamp + 100);
        Attestation memory a = _attestation(1_100_000e6 + 1, block.timestamp - 1);
        bytes32 digest = feed.attestationDigest(a);
        bytes memory tooFew = abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 2, 3);
        for (uint256 given = 2; given <= 3; ++given) {
            Signature[] memory list = _signatures(attestorKeys, digest, given);
            _refused(stranger, address(feed), abi.encodeCall(IAttestedFeed.publish, (a, list)), tooFew);
        }
        vm.assertEq(feed.requiredSignatures(a.value), 3, "every attestor");
        a.value -= 1;
        feed.publish(a, _signatures(attestorKeys, feed.attestationDigest(a), 2));
        vm.assertEq(token.ceiling(), 1_100_000e6, "the bound");
        vm.prank(_other);
        feed.suspend();
        vm.assertEq(token.ceiling(), 0, "another guardian's suspension");
    }

    // ------------------------------------------------------------------------------------------ two GUARDIANs

    /// @dev Each cancels the other's revocation. They stop what they like for as long, and take nothing.
    function test_TwoGuardians_StayInOffice_AndTakeNothing() public {
        bytes memory out = abi.encodeCall(AccessManager.revokeRole, (Roles.GUARDIAN, guardian));
        bytes memory otherOut = abi.encodeCall(AccessManager.revokeRole, (Roles.GUARDIAN, _other));
        vm.prank(admin);
        manager.schedule(address(manager), out, 0);
        vm.prank(admin);
        manager.schedule(address(manager), otherOut, 0);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(GuardianGate.OwnRevocation.selector, guardian));
        gate.cancel(admin, address(manager), out);
        vm.prank(_other);
        gate.cancel(admin, address(manager), out);
        vm.prank(guardian);
        gate.cancel(admin, address(manager), otherOut);
        vm.warp(block.timestamp + ADMIN_DELAY);
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory data = i == 0 ? out : otherOut;
            bytes32 operation = manager.hashOperation(admin, address(manager), data);
            _refused(
                admin,
                address(manager),
                abi.encodeCall(AccessManager.execute, (address(manager), data)),
                abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation)
            );
            address who = i == 0 ? guardian : _other;
            _lacksTheRole(
                who, address(token), abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, who, 1, CASE))
            );
            vm.prank(who);
            vm.expectRevert(abi.encodeWithSelector(GuardianGate.AdministratorIsProtected.selector, admin));
            gate.revokeRole(0, admin);
        }
        vm.assertEq(token.balanceOf(alice), 1000, "nothing taken");
    }

    // ------------------------------------------------------------------------------------------------ triples

    function test_OperatorApproversRegistrar_MintToTheirOwnWallet_UpToHeadroom() public {
        _register(stranger, uint40(UNTIL));
        uint256 room = token.headroom();
        _mintUnordered(stranger, room);
        vm.assertEq(token.balanceOf(stranger), room, "theirs");
        _colludeRefused(
            stranger,
            1,
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, room + 1001, 1_000_000e6)
        );
    }

    /// @dev All is minted, 400 of it accepted and not paid. A false payout turns that into headroom at the next
    /// attestation, 400 and not one more.
    function test_OperatorApproversTreasurer_RemintWhatWasAcceptedAndNotPaid_AndNoMore() public {
        vm.warp(block.timestamp + 60);
        _attest(1000);
        _accept(_ids(_request(alice, 400)));
        vm.assertEq(token.headroom(), 0, "before");
        _pay(_ids(1));
        vm.assertEq(token.headroom(), 0, "not before the next attestation");
        vm.warp(block.timestamp + 60);
        _attest(1000);
        vm.assertEq(token.headroom(), 400, "the sum accepted");
        _mintUnordered(bob, 400);
        _colludeRefused(bob, 1, abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1401, 1400));
        vm.assertEq(token.totalSupply(), 1000, "and the supply never passes the reserve");
    }

    /// @dev Unbacked up to the rolling limit, order by order.
    function test_OperatorApproversAttestors_MintUnbacked_UpToTheRollingLimit() public {
        vm.warp(block.timestamp + 60);
        _attest(type(uint112).max);
        for (uint256 i = 0; i < LIMIT / CAP; ++i) {
            (, uint256 available) = market.operatorLimit(operator);
            _mintUnordered(bob, available < CAP ? available : CAP);
        }
        vm.assertEq(token.totalSupply(), LIMIT + 1000, "the limit, and what was before");
        _colludeRefused(
            bob, 1, abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, operator, 0, 1)
        );
        vm.warp(block.timestamp + 12 hours);
        (, uint256 half) = market.operatorLimit(operator);
        vm.assertEq(half, LIMIT / 2, "half of it in half a day");
    }

    /// @dev Without limits, once the governor's delay has passed for each of them; a guardian's cancel keeps all.
    function test_OperatorApproversGovernor_MintUnbacked_AfterTheDelayAndUncancelled() public {
        uint112 most = type(uint112).max;
        address[] memory own = new address[](1);
        own[0] = governor;
        bytes[4] memory calls = [
            abi.encodeCall(IAttestedFeed.setAttestors, (own, 1)),
            abi.encodeCall(IPrimaryMarket.setOrderCap, (most)),
            abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, most)),
            abi.encodeCall(IPrimaryMarket.setApprovalTiers, (_oneTier(most)))
        ];
        address[4] memory targets = [address(feed), address(market), address(market), address(market)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(governor);
            manager.schedule(targets[i], calls[i], 0);
        }
        vm.warp(block.timestamp + GOVERNOR_DELAY - 1);
        bytes memory aboveCap =
            abi.encodeWithSelector(IPrimaryMarket.OrderAboveCap.selector, nextNumber, CAP + 1, CAP);
        _colludeRefused(bob, CAP + 1, aboveCap);
        uint256 snapshot = vm.snapshotState();

        vm.warp(block.timestamp + 1);
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(governor);
            manager.execute(targets[i], calls[i]);
        }
        Attestation memory a = _attestation(most, block.timestamp - 1);
        feed.publish(a, _signedBy(governor, _sign(102, feed.attestationDigest(a))));
        _mintUnordered(bob, 100 * CAP);
        vm.assertEq(token.totalSupply(), 100 * CAP + 1000, "unbacked");
        vm.revertToState(snapshot);

        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(guardian);
            gate.cancel(governor, targets[i], calls[i]);
        }
        vm.warp(block.timestamp + GOVERNOR_DELAY);
        aboveCap = abi.encodeWithSelector(IPrimaryMarket.OrderAboveCap.selector, nextNumber, CAP + 1, CAP);
        _colludeRefused(bob, CAP + 1, aboveCap);
        vm.assertEq(feed.attestors().length, 3, "the attestors are the same");
    }

    function _oneTier(uint112 upTo) private pure returns (ApprovalTier[] memory tiers) {
        tiers = new ApprovalTier[](1);
        tiers[0] = ApprovalTier({upTo: upTo, approvals: 1});
    }

    // ------------------------------------------------------------------------------------- what the limits bound

    /// @dev One approver's tier ends at 100,000 a batch: ten batches of it in a call take one approver, one of the sum
    /// takes two. The rolling limit is what bounds the sum.
    function test_ATierBoundsABatch_AndTheRollingLimitTheSum() public {
        MintOrder[] memory orders = new MintOrder[](9);
        MintBatch[] memory batches = new MintBatch[](9);
        for (uint256 i = 0; i < 9; ++i) {
            orders[i] = _order(bob, 100_000e6);
            batches[i] = _batch(_one(orders[i]), 1)[0];
        }
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 1, 2);
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (_batch(orders, 1))), refusal);
        _send(batches);
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit - available, 900_000e6, "all of it in the bucket");
    }

    /// @dev In any 24 hours less than twice the limit, at whatever moments.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_LessThanTwiceTheLimitInADay(uint16[8] memory waits) public {
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOrderCap, (uint112(LIMIT))));
        _attest(type(uint112).max);
        uint256 from = block.timestamp;
        uint256 before = token.minted();
        for (uint256 i = 0; i < 8; ++i) {
            vm.warp(block.timestamp + waits[i] % 3 hours);
            if (block.timestamp >= from + 1 days) break;
            (, uint256 available) = market.operatorLimit(operator);
            if (available != 0) _mintUnordered(bob, available);
        }
        vm.assertGt(2 * LIMIT, token.minted() - before, "twice the limit");
        vm.assertGe(token.minted() - before, LIMIT, "and it was used up");
    }
}
