// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {GuardianGate} from "../../contracts/access/GuardianGate.sol";
import {Roles} from "../../contracts/access/Roles.sol";
import {IAttestedFeed} from "../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry, WalletEntry} from "../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {Suite} from "./support/Suite.sol";
import {vm} from "./support/Vm.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice Every restricted function refuses everyone but its role, whatever other role they hold.
contract NoBackdoorTest is Suite {
    struct Row {
        address target;
        bytes call;
        uint64 role;
    }

    Row[] private _rows;

    function setUp() public override {
        super.setUp();
        address t = address(token);
        _row(t, abi.encodeCall(IRegulatedERC20.pause, ()), Roles.GUARDIAN);
        _row(t, abi.encodeCall(IERC7943Fungible.setFrozenTokens, (alice, 1)), Roles.GUARDIAN);
        _row(t, abi.encodeCall(IRegulatedERC20.resume, ()), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IStablecoin.setFeed, (address(feed))), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IStablecoin.setBuffer, (1)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IStablecoin.setMarket, (address(market))), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IERC1643.setDocument, (CASE, "", CASE)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IERC1643.removeDocument, (CASE)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IRegulatedERC20.unfreeze, (alice, 0, CASE)), Roles.COMPLIANCE);
        _row(t, abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 0, CASE)), Roles.COMPLIANCE);
        _row(t, abi.encodeCall(IStablecoin.burnByOrder, (alice, 0, CASE)), Roles.COMPLIANCE);
        _row(t, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (alice, "")), Roles.UPGRADER);
        t = address(feed);
        _row(t, abi.encodeCall(IAttestedFeed.suspend, ()), Roles.GUARDIAN);
        _row(t, abi.encodeCall(IAttestedFeed.suspendAttestor, (attestor(0))), Roles.GUARDIAN);
        _row(t, abi.encodeCall(IAttestedFeed.resume, ()), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IAttestedFeed.setAttestors, (_attestors(), 1)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IAttestedFeed.setLimits, (1, 1, 1)), Roles.GOVERNOR);
        t = address(market);
        _row(t, abi.encodeCall(IPrimaryMarket.mint, (new MintBatch[](0))), Roles.OPERATOR);
        _row(
            t, abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(1), new Signature[](0))), Roles.OPERATOR
        );
        _row(t, abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(1), CASE)), Roles.OPERATOR);
        _row(t, abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(1), new bytes32[](1))), Roles.TREASURER);
        _row(t, abi.encodeCall(IPrimaryMarket.seizeEscrow, (1, bob, CASE)), Roles.COMPLIANCE);
        _row(t, abi.encodeCall(IPrimaryMarket.returnUnsolicited, (bob, 0, CASE)), Roles.COMPLIANCE);
        _row(t, abi.encodeCall(IPrimaryMarket.stopMinting, ()), Roles.GUARDIAN);
        _row(t, abi.encodeCall(IPrimaryMarket.resumeMinting, ()), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IPrimaryMarket.windDown, ()), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IPrimaryMarket.setOrderCap, (1)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IPrimaryMarket.setApprovalTiers, (_tiers())), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, 1)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (1)), Roles.GOVERNOR);
        _row(t, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (alice, "")), Roles.UPGRADER);
        t = address(registry);
        _row(t, abi.encodeCall(IInvestorRegistry.setWallets, (new WalletEntry[](0))), Roles.REGISTRAR);
        _row(t, abi.encodeCall(IInvestorRegistry.removeWallets, (new address[](0))), Roles.REGISTRAR);
        _row(t, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (alice, "")), Roles.UPGRADER);
        t = address(gate);
        _row(t, abi.encodeCall(GuardianGate.revokeRole, (Roles.OPERATOR, operator)), Roles.GUARDIAN);
        _row(t, abi.encodeCall(GuardianGate.cancel, (governor, address(token), "1234")), Roles.GUARDIAN);
    }

    function _row(address target, bytes memory call, uint64 role) private {
        _rows.push(Row({target: target, call: call, role: role}));
    }

    /// @dev One member of each role, in the order of the role numbers from ADMIN on.
    function _member(uint64 role) private view returns (address) {
        address[10] memory members = [
            admin,
            operator,
            approver(0),
            treasurer,
            registrar,
            compliance,
            guardian,
            dealer,
            governor,
            upgrader
        ];
        return members[role];
    }

    function _refusedFor(Row memory row, address caller) private {
        vm.prank(caller);
        (bool ok, bytes memory reason) = row.target.call(row.call);
        vm.assertFalse(ok, "accepted");
        vm.assertEq(
            reason,
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller),
            "refused for want of the role"
        );
    }

    function test_WithoutARole() public {
        for (uint256 i = 0; i < _rows.length; ++i) {
            _refusedFor(_rows[i], stranger);
            _refusedFor(_rows[i], address(this));
            _refusedFor(_rows[i], address(manager));
        }
    }

    function test_WithEverySingleWrongRole() public {
        for (uint256 i = 0; i < _rows.length; ++i) {
            for (uint64 role = 0; role < 10; ++role) {
                if (role != _rows[i].role) _refusedFor(_rows[i], _member(role));
            }
        }
    }

    function test_TheRightRoleIsNotRefusedForWantOfIt() public {
        for (uint256 i = 0; i < _rows.length; ++i) {
            Row memory row = _rows[i];
            vm.assertEq(manager.getTargetFunctionRole(row.target, bytes4(row.call)), row.role, "role");
            uint256 snapshot = vm.snapshotState();
            vm.prank(_member(row.role));
            (bool ok, bytes memory reason) = row.target.call(row.call);
            if (!ok) {
                vm.assertTrue(bytes4(reason) != IAccessManaged.AccessManagedUnauthorized.selector, "refused");
            }
            vm.revertToState(snapshot);
        }
    }

    /// @dev What loosens waits: governor, upgrader and admin act on nothing the moment they ask.
    function test_WhatLoosensWaits() public view {
        for (uint256 i = 0; i < _rows.length; ++i) {
            Row memory row = _rows[i];
            (, uint32 delay) = manager.canCall(_member(row.role), row.target, bytes4(row.call));
            bool loosens = row.role == Roles.GOVERNOR || row.role == Roles.UPGRADER;
            vm.assertEq(delay != 0, loosens, "delay");
        }
        (bool immediate,) = manager.hasRole(0, address(this));
        vm.assertFalse(immediate, "the deployer kept nothing");
    }

    /// @dev No role both stops and resumes, freezes and unfreezes, sends and approves.
    function test_NoRoleHoldsBothEnds() public view {
        address t = address(token);
        _apart(t, IRegulatedERC20.pause.selector, t, IRegulatedERC20.resume.selector);
        _apart(t, IERC7943Fungible.setFrozenTokens.selector, t, IRegulatedERC20.unfreeze.selector);
        t = address(feed);
        _apart(t, IAttestedFeed.suspend.selector, t, IAttestedFeed.resume.selector);
        _apart(t, IAttestedFeed.suspendAttestor.selector, t, IAttestedFeed.setAttestors.selector);
        t = address(market);
        _apart(t, IPrimaryMarket.stopMinting.selector, t, IPrimaryMarket.resumeMinting.selector);
        _apart(t, IPrimaryMarket.acceptRedemptions.selector, t, IPrimaryMarket.recordPayouts.selector);
        vm.assertTrue(
            manager.getTargetFunctionRole(t, IPrimaryMarket.mint.selector) != Roles.APPROVER,
            "send and approve"
        );
    }

    function _apart(address target, bytes4 one, address otherTarget, bytes4 other) private view {
        vm.assertTrue(
            manager.getTargetFunctionRole(target, one) != manager.getTargetFunctionRole(otherTarget, other),
            "one role holds both ends"
        );
    }

    /// @dev The ERC-7943 form without a case id refuses everyone, compliance included.
    function test_ForcedTransferWithoutACaseRefusesEveryone() public {
        for (uint64 role = 0; role < 10; ++role) {
            vm.prank(_member(role));
            vm.expectRevert(IRegulatedERC20.CaseIdRequired.selector);
            token.forcedTransfer(alice, bob, 0);
        }
    }
}
