// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../contracts/access/Governed.sol";
import {GuardianGate} from "../../contracts/access/GuardianGate.sol";
import {Roles} from "../../contracts/access/Roles.sol";
import {IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {Suite} from "./support/Suite.sol";
import {vm} from "./support/Vm.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

contract GuardianGateTest is Suite {
    function _hasRole(uint64 role, address account) private view returns (bool isMember) {
        (isMember,) = manager.hasRole(role, account);
    }

    function _notScheduled(address caller, address target, bytes memory call)
        private
        view
        returns (bytes memory)
    {
        bytes32 operation = manager.hashOperation(caller, target, call);
        return abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation);
    }

    function test_RevokesAtOnce() public {
        uint64[8] memory roles = [
            Roles.OPERATOR,
            Roles.APPROVER,
            Roles.TREASURER,
            Roles.REGISTRAR,
            Roles.COMPLIANCE,
            Roles.DEALING_MANAGER,
            Roles.GOVERNOR,
            Roles.UPGRADER
        ];
        address[8] memory members =
            [operator, approver(0), treasurer, registrar, compliance, dealer, governor, upgrader];
        for (uint256 i = 0; i < roles.length; ++i) {
            vm.assertTrue(_hasRole(roles[i], members[i]), "member");
            vm.expectEmit(address(gate));
            emit GuardianGate.RoleRevokedByGuardian(roles[i], members[i], guardian);
            vm.prank(guardian);
            gate.revokeRole(roles[i], members[i]);
            vm.assertFalse(_hasRole(roles[i], members[i]), "revoked");
        }
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, operator));
        market.rejectRedemptions(_ids(1), 0);
    }

    function test_AdministratorsAreProtected() public {
        address[2] memory admins = [admin, address(gate)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(guardian);
            vm.expectRevert(abi.encodeWithSelector(GuardianGate.AdministratorIsProtected.selector, admins[i]));
            gate.revokeRole(0, admins[i]);
        }
    }

    function test_CancelsWhatTheGovernorScheduled() public {
        bytes memory call = abi.encodeCall(IStablecoin.setBuffer, (0));
        _ready(governor, address(token), call);
        vm.expectEmit(address(gate));
        emit GuardianGate.OperationCancelledByGuardian(governor, address(token), guardian, call);
        vm.prank(guardian);
        gate.cancel(governor, address(token), call);
        bytes memory refusal = _notScheduled(governor, address(token), call);
        vm.prank(governor);
        vm.expectRevert(refusal);
        token.setBuffer(0);
    }

    function test_CancelsWhatTheAdminScheduled() public {
        bytes memory call = abi.encodeCall(manager.grantRole, (Roles.OPERATOR, stranger, 0));
        _ready(admin, address(manager), call);
        vm.prank(guardian);
        gate.cancel(admin, address(manager), call);
        bytes memory refusal = _notScheduled(admin, address(manager), call);
        vm.prank(admin);
        vm.expectRevert(refusal);
        manager.execute(address(manager), call);
        vm.assertFalse(_hasRole(Roles.OPERATOR, stranger), "not granted");
    }

    function test_CancelsAnUpgrade() public {
        bytes memory call = abi.encodeCall(token.upgradeToAndCall, (address(market), ""));
        _ready(upgrader, address(token), call);
        vm.prank(guardian);
        gate.cancel(upgrader, address(token), call);
        bytes memory refusal = _notScheduled(upgrader, address(token), call);
        vm.prank(upgrader);
        vm.expectRevert(refusal);
        token.upgradeToAndCall(address(market), "");
    }

    function test_CancelsNothingThatIsNotThere() public {
        bytes memory call = abi.encodeCall(IPrimaryMarket.windDown, ());
        bytes memory refusal = _notScheduled(governor, address(market), call);
        vm.prank(guardian);
        vm.expectRevert(refusal);
        gate.cancel(governor, address(market), call);
    }

    /// @dev Else it would stay in office for ever, and cancel whatever undoes its acts.
    function test_NoGuardianCancelsItsOwnRevocation() public {
        bytes memory call = abi.encodeCall(manager.revokeRole, (Roles.GUARDIAN, guardian));
        _ready(admin, address(manager), call);
        bytes memory refusal = abi.encodeWithSelector(GuardianGate.OwnRevocation.selector, guardian);
        vm.prank(guardian);
        vm.expectRevert(refusal);
        gate.cancel(admin, address(manager), call);
        vm.prank(guardian);
        vm.expectRevert(refusal);
        gate.cancel(admin, address(manager), bytes.concat(call, "trailing"));
        vm.prank(guardian);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCancel.selector,
                guardian,
                admin,
                manager,
                manager.revokeRole.selector
            )
        );
        manager.cancel(admin, address(manager), call);

        vm.prank(admin);
        manager.execute(address(manager), call);
        vm.assertFalse(_hasRole(Roles.GUARDIAN, guardian), "removed");
        call = abi.encodeCall(IStablecoin.setBuffer, (0));
        _ready(governor, address(token), call);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        gate.cancel(governor, address(token), call);
    }

    function test_NorThatOfAnyOtherRoleOfItsOwn() public {
        _administer(abi.encodeCall(manager.grantRole, (Roles.DEALING_MANAGER, guardian, 0)));
        bytes memory call = abi.encodeCall(manager.revokeRole, (Roles.DEALING_MANAGER, guardian));
        _ready(admin, address(manager), call);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(GuardianGate.OwnRevocation.selector, guardian));
        gate.cancel(admin, address(manager), call);
    }

    /// @dev What is wrong another guardian may still stop.
    function test_AnothersRevocationIsCancelled() public {
        _administer(abi.encodeCall(manager.grantRole, (Roles.GUARDIAN, stranger, 0)));
        bytes memory call = abi.encodeCall(manager.revokeRole, (Roles.GUARDIAN, guardian));
        _ready(admin, address(manager), call);
        vm.prank(stranger);
        gate.cancel(admin, address(manager), call);
        bytes memory refusal = _notScheduled(admin, address(manager), call);
        vm.prank(admin);
        vm.expectRevert(refusal);
        manager.execute(address(manager), call);
        vm.assertTrue(_hasRole(Roles.GUARDIAN, guardian), "still a guardian");
    }

    /// @dev By way of the manager the gate could not tell whose revocation it is asked to cancel.
    function test_TheManagerCancelsForNobody() public {
        bytes memory call = abi.encodeCall(manager.revokeRole, (Roles.GUARDIAN, guardian));
        _ready(admin, address(manager), call);
        bytes memory cancel = abi.encodeCall(gate.cancel, (admin, address(manager), call));
        vm.prank(guardian);
        vm.expectRevert(Governed.ActorUnknown.selector);
        manager.execute(address(gate), cancel);
        call = abi.encodeCall(IStablecoin.setBuffer, (0));
        _ready(governor, address(token), call);
        cancel = abi.encodeCall(gate.cancel, (governor, address(token), call));
        vm.prank(guardian);
        vm.expectRevert(Governed.ActorUnknown.selector);
        manager.execute(address(gate), cancel);
    }

    /// @dev The gate has the admin's power and lends none of it: it knows two calls, and neither of them gives.
    function test_GrantsNothing() public {
        bytes[5] memory calls = [
            abi.encodeCall(manager.grantRole, (Roles.OPERATOR, guardian, 0)),
            abi.encodeCall(manager.setTargetClosed, (address(token), true)),
            abi.encodeCall(manager.setRoleAdmin, (Roles.OPERATOR, Roles.GUARDIAN)),
            abi.encodeCall(manager.execute, (address(token), "")),
            abi.encodeCall(manager.schedule, (address(token), "", 0))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(guardian);
            (bool ok,) = address(gate).call(calls[i]);
            vm.assertFalse(ok, "the gate has no such call");
        }
        vm.prank(guardian);
        vm.expectRevert();
        manager.grantRole(Roles.OPERATOR, guardian, 0);
    }

    function test_OnlyTheGuardian() public {
        address[5] memory others = [admin, governor, operator, compliance, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory refusal =
                abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, others[i]);
            vm.prank(others[i]);
            vm.expectRevert(refusal);
            gate.revokeRole(Roles.OPERATOR, operator);
            vm.prank(others[i]);
            vm.expectRevert(refusal);
            gate.cancel(governor, address(token), "");
        }
    }
}
