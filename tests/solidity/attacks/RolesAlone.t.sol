// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {GuardianGate} from "../../../contracts/access/GuardianGate.sol";
import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry, WalletEntry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {
    ApprovalTier,
    IPrimaryMarket,
    RedemptionStatus
} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice docs/security.md, "Each role alone", row by row: the worst is done, and it ends where the page says.
contract RolesAloneTest is AttackSuite {
    function _notEnough(uint256 given, uint256 required) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, given, required);
    }

    function _mintCall(address to, uint256 amount, Signature[] memory approvals)
        private
        returns (bytes memory)
    {
        return abi.encodeCall(IPrimaryMarket.mint, (_approvedBy(_one(_order(to, amount)), approvals)));
    }

    function _mintCall(address to, uint256 amount) private returns (bytes memory) {
        return abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(to, amount)))));
    }

    function _schedule(address who, address target, bytes memory data) private {
        vm.prank(who);
        manager.schedule(target, data, 0);
    }

    /// @dev `who` has to wait `delay` for `data`, and a guardian can call it off meanwhile.
    function _waitsAndIsCancelled(address who, address target, bytes memory data, uint32 delay) private {
        bytes32 operation = manager.hashOperation(who, target, data);
        uint256 snapshot = vm.snapshotState();
        _schedule(who, target, data);
        vm.warp(block.timestamp + delay - 1);
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
        manager.execute(target, data);
        vm.prank(guardian);
        gate.cancel(who, target, data);
        vm.warp(block.timestamp + delay);
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        manager.execute(target, data);
        vm.revertToState(snapshot);
    }

    // ------------------------------------------------------------------------------------------------- OPERATOR

    function test_Operator_WithholdsDelaysAndRejects_AndNoMore() public {
        bytes memory call = _mintCall(stranger, 5, new Signature[](0));
        _register(stranger, uint40(UNTIL));
        _refused(operator, address(market), call, _notEnough(0, 1));
        uint256 id = _request(alice, 100);
        call = abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(id), new Signature[](0)));
        _refused(operator, address(market), call, _notEnough(0, 1));
        MintBatch[] memory late = _batch(_one(_order(alice, 5)));
        uint256 expiry = late[0].orders[0].expiry;
        uint256 number = late[0].orders[0].number;

        _reject(id);
        vm.assertEq(token.balanceOf(alice), 1000, "a rejection gives the tokens back");
        id = _request(alice, 100);
        vm.warp(expiry + 1);
        call = abi.encodeCall(IPrimaryMarket.mint, (late));
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.OrderExpired.selector, number, expiry);
        _refused(operator, address(market), call, refusal);
        vm.assertEq(market.countOverdue(1, id), 1, "the delay shows");
        vm.prank(alice);
        market.cancelRedemption(id);
        vm.assertEq(token.balanceOf(alice), 1000, "and she leaves the queue herself");
    }

    // ------------------------------------------------------------------------------------------------- APPROVER

    /// @dev All of them, without an operator.
    function test_Approver_SignsButSendsNothing() public {
        MintBatch[] memory batches = _batch(_one(_order(alice, 5)), 3);
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (batches));
        for (uint256 i = 0; i < 3; ++i) {
            _lacksTheRole(approver(i), address(market), call);
        }
        vm.prank(guardian);
        gate.revokeRole(Roles.APPROVER, approver(1));
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, approver(1));
        _refused(operator, address(market), call, refusal);
    }

    // ------------------------------------------------------------------------------------------------ TREASURER

    /// @dev A false payout takes a claim from the books and gives headroom at the next attestation: up to what was
    /// accepted, once, and nobody can mint on it without an operator and approvers.
    function test_Treasurer_RecordsFalsePayouts_UpToWhatWasAccepted() public {
        _attestLater(1000);
        vm.assertEq(token.headroom(), 0, "all is minted");
        uint256 open = _request(alice, 100);
        uint256 accepted = _request(alice, 300);
        _accept(_ids(accepted));
        bytes32[] memory references = new bytes32[](1);
        references[0] = "never paid";
        bytes memory call = abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(open), references));
        bytes memory refusal = abi.encodeWithSelector(
            IPrimaryMarket.RedemptionInStatus.selector,
            open,
            RedemptionStatus.Requested,
            RedemptionStatus.Accepted
        );
        _refused(treasurer, address(market), call, refusal);
        call = abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(accepted), references));
        _passes(treasurer, address(market), call);
        vm.assertEq(token.payableTotal(), 0, "alice's claim is gone");
        vm.assertEq(token.headroom(), 0, "no headroom yet");
        _attestLater(1000);
        vm.assertEq(token.headroom(), 300, "the money that is still there counts again");
        refusal = abi.encodeWithSelector(
            IPrimaryMarket.RedemptionInStatus.selector,
            accepted,
            RedemptionStatus.Paid,
            RedemptionStatus.Accepted
        );
        _refused(treasurer, address(market), call, refusal);
        call = _mintCall(bob, 300);
        _lacksTheRole(treasurer, address(market), call);
    }

    function _attestLater(uint256 value) private {
        vm.warp(block.timestamp + 60);
        _attest(value);
    }

    // ------------------------------------------------------------------------------------------------ REGISTRAR

    function test_Registrar_VerifiesAndRemoves_AndReceivesNothing() public {
        _register(stranger, uint40(UNTIL));
        bytes memory call = _mintCall(stranger, 5, new Signature[](0));
        _lacksTheRole(registrar, address(market), call);
        _refused(operator, address(market), call, _notEnough(0, 1));
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        vm.prank(registrar);
        registry.removeWallets(accounts);
        vm.prank(alice);
        token.transfer(bob, 1);
        _redeem(alice, 999);
        vm.assertEq(token.balanceOf(alice), 0, "she transfers and redeems without being registered");
    }

    // ----------------------------------------------------------------------------------------------- COMPLIANCE

    function test_Compliance_TakesOutsideEscrow_AndBackingStays() public {
        uint256 id = _request(alice, 100);
        vm.prank(guardian);
        token.pause();
        uint256 supply = token.totalSupply();
        vm.prank(compliance);
        token.forcedTransfer(alice, stranger, 500, CASE);
        vm.assertEq(token.totalSupply(), supply, "neutral");
        uint256 ceiling = token.ceiling();
        vm.prank(compliance);
        token.burnByOrder(alice, 400, CASE);
        vm.assertEq(token.minted() - token.discharged(), token.totalSupply(), "discharged with the burn");
        vm.assertEq(token.ceiling(), ceiling, "no headroom before the next attestation");

        bytes memory escrow = abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, market);
        address m = address(market);
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (m, stranger, 1, CASE)),
            escrow
        );
        _refused(compliance, address(token), abi.encodeCall(IStablecoin.burnByOrder, (m, 1, CASE)), escrow);
        bytes memory notFrozen =
            abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderNotFrozen.selector, id, alice);
        _refused(compliance, m, abi.encodeCall(IPrimaryMarket.seizeEscrow, (id, stranger, CASE)), notFrozen);
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, stranger, 0, bytes32(0))),
            abi.encodeWithSelector(IRegulatedERC20.CaseIdRequired.selector)
        );
        _lacksTheRole(
            compliance, address(token), abi.encodeCall(IERC7943Fungible.setFrozenTokens, (alice, 1))
        );
        vm.prank(guardian);
        gate.revokeRole(Roles.COMPLIANCE, compliance);
        _lacksTheRole(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (stranger, bob, 1, CASE))
        );
    }

    /// @dev What came without a request goes to whomever compliance likes, and not one unit of escrow with it.
    function test_Compliance_ReturnsUnsolicitedAndNoEscrow() public {
        _request(alice, 100);
        vm.prank(alice);
        token.transfer(address(market), 9);
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.UnsolicitedExceeded.selector, 10, 9);
        bytes memory call = abi.encodeCall(IPrimaryMarket.returnUnsolicited, (stranger, 10, CASE));
        _refused(compliance, address(market), call, refusal);
        _passes(
            compliance, address(market), abi.encodeCall(IPrimaryMarket.returnUnsolicited, (stranger, 9, CASE))
        );
        vm.assertEq(token.balanceOf(address(market)), 100, "escrow");
    }

    // ------------------------------------------------------------------------------------------------- GUARDIAN

    /// @dev Stops everything and takes nothing; and once the admin has it out, all of it is undone.
    function test_Guardian_StopsEverything_TakesNothing_AndIsUndone() public {
        uint256 id = _request(alice, 100);
        vm.prank(guardian);
        token.pause();
        _freezeAccount(alice);
        vm.prank(guardian);
        feed.suspend();
        vm.prank(guardian);
        market.stopMinting();
        uint64[7] memory roles = [
            Roles.OPERATOR,
            Roles.TREASURER,
            Roles.REGISTRAR,
            Roles.COMPLIANCE,
            Roles.DEALING_MANAGER,
            Roles.GOVERNOR,
            Roles.UPGRADER
        ];
        address[7] memory members = [operator, treasurer, registrar, compliance, dealer, governor, upgrader];
        for (uint256 i = 0; i < 7; ++i) {
            vm.prank(guardian);
            gate.revokeRole(roles[i], members[i]);
        }
        _guardianTakesNothing(id);

        bytes memory out = abi.encodeCall(AccessManager.revokeRole, (Roles.GUARDIAN, guardian));
        _schedule(admin, address(manager), out);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(GuardianGate.OwnRevocation.selector, guardian));
        gate.cancel(admin, address(manager), out);
        vm.warp(block.timestamp + ADMIN_DELAY);
        vm.prank(admin);
        manager.execute(address(manager), out);
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.GOVERNOR, governor, GOVERNOR_DELAY)));
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.COMPLIANCE, compliance, 0)));
        _govern(address(token), abi.encodeCall(IRegulatedERC20.resume, ()));
        _govern(address(feed), abi.encodeCall(IAttestedFeed.resume, ()));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.resumeMinting, ()));
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        vm.prank(alice);
        market.cancelRedemption(id);
        vm.assertEq(token.balanceOf(alice), 1000, "all of hers");
    }

    function _guardianTakesNothing(uint256 id) private {
        address t = address(token);
        _lacksTheRole(guardian, t, abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, guardian, 1, CASE)));
        _lacksTheRole(guardian, t, abi.encodeCall(IStablecoin.burnByOrder, (alice, 1, CASE)));
        _lacksTheRole(guardian, t, abi.encodeCall(IRegulatedERC20.unfreeze, (alice, 0, CASE)));
        _lacksTheRole(guardian, t, abi.encodeCall(IRegulatedERC20.resume, ()));
        _lacksTheRole(
            guardian, address(market), abi.encodeCall(IPrimaryMarket.seizeEscrow, (id, guardian, CASE))
        );
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(GuardianGate.AdministratorIsProtected.selector, admin));
        gate.revokeRole(0, admin);
        vm.assertEq(token.balanceOf(alice), 900, "balance");
        vm.assertEq(market.escrowed(), 100, "escrow");
    }

    // ------------------------------------------------------------------------------------------------- GOVERNOR

    function test_Governor_WaitsForEverySetter_AndIsCancelled() public {
        address t = address(token);
        address m = address(market);
        address f = address(feed);
        address[] memory own = new address[](1);
        own[0] = governor;
        _governorWaits(f, abi.encodeCall(IAttestedFeed.setAttestors, (own, 1)));
        _governorWaits(f, abi.encodeCall(IAttestedFeed.setLimits, (type(uint32).max, 1, 1)));
        _governorWaits(f, abi.encodeCall(IAttestedFeed.resume, ()));
        _governorWaits(t, abi.encodeCall(IStablecoin.setFeed, (governor)));
        _governorWaits(t, abi.encodeCall(IStablecoin.setBuffer, (0)));
        _governorWaits(t, abi.encodeCall(IStablecoin.setMarket, (governor)));
        _governorWaits(t, abi.encodeCall(IERC1643.setDocument, (CASE, "", CASE)));
        _governorWaits(t, abi.encodeCall(IRegulatedERC20.resume, ()));
        _governorWaits(m, abi.encodeCall(IPrimaryMarket.setOrderCap, (type(uint112).max)));
        _governorWaits(m, abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, type(uint112).max)));
        _governorWaits(m, abi.encodeCall(IPrimaryMarket.setApprovalTiers, (_tiers())));
        _governorWaits(m, abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (1)));
        _governorWaits(m, abi.encodeCall(IPrimaryMarket.resumeMinting, ()));
        _governorWaits(m, abi.encodeCall(IPrimaryMarket.windDown, ()));
    }

    function _governorWaits(address target, bytes memory data) private {
        _waitsAndIsCancelled(governor, target, data, GOVERNOR_DELAY);
    }

    /// @dev After its delay, and uncancelled: one approval is the least that it can ask for, and it can't give it; the
    /// market stays; and with minting ended for good, holders still transfer and redeem.
    function test_Governor_CanNotMint_NorCloseTheWayOut() public {
        ApprovalTier[] memory none = new ApprovalTier[](1);
        none[0] = ApprovalTier({upTo: type(uint112).max, approvals: 0});
        _governRefused(
            address(market),
            abi.encodeCall(IPrimaryMarket.setApprovalTiers, (none)),
            abi.encodeWithSelector(IPrimaryMarket.InvalidTiers.selector)
        );
        _governRefused(
            address(market),
            abi.encodeCall(IPrimaryMarket.setApprovalTiers, (new ApprovalTier[](0))),
            abi.encodeWithSelector(IPrimaryMarket.InvalidTiers.selector)
        );
        _governRefused(
            address(token),
            abi.encodeCall(IStablecoin.setMarket, (address(feed))),
            abi.encodeWithSelector(IStablecoin.MarketIsFixed.selector, market)
        );
        _lacksTheRole(governor, address(market), _mintCall(alice, 5));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.windDown, ()));
        vm.prank(alice);
        token.transfer(bob, 1);
        _redeem(alice, 999);
        vm.assertEq(token.discharged(), 999, "redeemed after the end");
    }

    function _governRefused(address target, bytes memory data, bytes memory refusal) private {
        _ready(governor, target, data);
        _refused(governor, address(manager), abi.encodeCall(AccessManager.execute, (target, data)), refusal);
    }

    // ------------------------------------------------------------------------------------------------- UPGRADER

    function test_Upgrader_WaitsWhileHoldersLeave_AndIsCancelled() public {
        address[3] memory proxies = [address(token), address(market), address(registry)];
        address next = _create("Mocks.sol:StablecoinV2", abi.encode(manager));
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        for (uint256 i = 0; i < 3; ++i) {
            _waitsAndIsCancelled(upgrader, proxies[i], data, UPGRADER_DELAY);
        }
        _schedule(upgrader, address(token), data);
        vm.prank(alice);
        token.transfer(bob, 500);
        _redeem(alice, 500);
        vm.assertEq(token.balanceOf(alice), 0, "left before the upgrade");
        (bool ok,) = address(feed).call(data);
        vm.assertFalse(ok, "the feed has no upgrade");
        (ok,) = address(gate).call(data);
        vm.assertFalse(ok, "nor has the gate");
        (ok,) = address(manager).call(data);
        vm.assertFalse(ok, "nor has the manager");
    }

    // ---------------------------------------------------------------------------------------------------- ADMIN

    function test_Admin_WaitsForEveryGrant_AndIsCancelled() public {
        address m = address(manager);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IPrimaryMarket.mint.selector;
        bytes memory grant = abi.encodeCall(AccessManager.grantRole, (Roles.OPERATOR, admin, 0));
        _waitsAndIsCancelled(admin, m, grant, ADMIN_DELAY);
        grant = abi.encodeCall(AccessManager.grantRole, (0, stranger, 0));
        _waitsAndIsCancelled(admin, m, grant, ADMIN_DELAY);
        bytes memory give = abi.encodeCall(
            AccessManager.setTargetFunctionRole, (address(market), selectors, type(uint64).max)
        );
        _waitsAndIsCancelled(admin, m, give, ADMIN_DELAY);
        bytes memory close = abi.encodeCall(AccessManager.setTargetClosed, (address(market), true));
        _waitsAndIsCancelled(admin, m, close, ADMIN_DELAY);
        _lacksTheRole(admin, address(market), _mintCall(alice, 5));
        // Not through the manager itself: only the gate lets a guardian cancel the admin's acts.
        _schedule(admin, m, grant);
        vm.prank(guardian);
        (bool ok,) = m.call(abi.encodeCall(AccessManager.cancel, (admin, m, grant)));
        vm.assertFalse(ok, "cancelled without the gate");
    }

    // ------------------------------------------------------------------------------------------------ attestors

    function _publication(uint256 value, uint256 signatures) private view returns (bytes memory) {
        Attestation memory a = _attestation(value, block.timestamp - 1);
        return abi.encodeCall(
            IAttestedFeed.publish, (a, _signatures(attestorKeys, feed.attestationDigest(a), signatures))
        );
    }

    /// @dev 10 % up and 20 % down are the suite's bounds, and they are measured from what all signed.
    function test_AttestorsThreshold_StateAValueWithinTheBounds() public {
        bytes memory tooFew = abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 2, 3);
        vm.warp(START + 100);
        _refused(stranger, address(feed), _publication(1_100_000e6 + 1, 2), tooFew);
        _refused(stranger, address(feed), _publication(800_000e6 - 1, 2), tooFew);
        _passes(stranger, address(feed), _publication(1_100_000e6, 2));
        vm.warp(START + 200);
        _refused(stranger, address(feed), _publication(1_100_000e6 + 1, 2), tooFew);
        vm.assertEq(token.headroom(), 1_100_000e6 - 1000, "off by the bound");
    }

    function test_AttestorsBelowTheThreshold_StateNothing() public {
        vm.warp(START + 100);
        bytes memory tooFew = abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 1, 2);
        _refused(stranger, address(feed), _publication(1_000_000e6, 1), tooFew);
        vm.warp(START + MAX_AGE + 100);
        vm.assertEq(token.headroom(), 0, "withholding stops minting");
        vm.prank(alice);
        token.transfer(bob, 1);
        _redeem(alice, 999);
    }

    /// @dev Any value, and mints on it that no reserve covers: as far as approvals, cap and rolling limit let them.
    function test_AttestorsAll_StateAnyValue_AndMintNothingThemselves() public {
        vm.warp(START + 100);
        _passes(stranger, address(feed), _publication(type(uint112).max, 3));
        vm.assertEq(token.headroom(), uint256(type(uint112).max) - 1000, "any value");
        _refused(operator, address(market), _mintCall(alice, 5, new Signature[](0)), _notEnough(0, 1));
        uint256 cap = market.orderCap();
        bytes memory refusal =
            abi.encodeWithSelector(IPrimaryMarket.OrderAboveCap.selector, nextNumber, cap + 1, cap);
        _refused(operator, address(market), _mintCall(alice, cap + 1), refusal);
        for (uint256 i = 0; i < 3; ++i) {
            _lacksTheRole(attestor(i), address(market), _mintCall(alice, 5));
        }
        vm.prank(guardian);
        feed.suspend();
        vm.assertEq(token.headroom(), 0, "a guardian's suspension ends it");
    }

    // ------------------------------------------------------------------------------------------ DEALING_MANAGER

    function test_DealingManager_HasNoFunction() public {
        address[5] memory targets =
            [address(token), address(market), address(feed), address(registry), address(gate)];
        bytes4[4] memory some = [
            IRegulatedERC20.pause.selector,
            IPrimaryMarket.mint.selector,
            IAttestedFeed.suspend.selector,
            IInvestorRegistry.setWallets.selector
        ];
        for (uint256 i = 0; i < targets.length; ++i) {
            for (uint256 j = 0; j < some.length; ++j) {
                (bool allowed,) = manager.canCall(dealer, targets[i], some[j]);
                vm.assertFalse(allowed, "allowed");
            }
        }
        _lacksTheRole(dealer, address(market), abi.encodeCall(IPrimaryMarket.windDown, ()));
        _lacksTheRole(
            dealer, address(registry), abi.encodeCall(IInvestorRegistry.setWallets, (new WalletEntry[](0)))
        );
        vm.prank(dealer);
        vm.assertTrue(IERC20(address(token)).approve(alice, 1), "what everybody may");
    }
}
