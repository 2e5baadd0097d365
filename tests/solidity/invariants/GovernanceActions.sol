// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {GuardianGate} from "../../../contracts/access/GuardianGate.sol";
import {Roles} from "../../../contracts/access/Roles.sol";
import {vm} from "../support/Vm.sol";
import {FeedActions} from "./FeedActions.sol";
import {Proposals} from "./Proposals.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @notice Scheduling, waiting, executing and calling off; taking roles away and giving them back.
abstract contract GovernanceActions is Proposals, FeedActions {
    uint256 private constant EXPIRATION = 1 weeks;

    Proposal[] private _proposals;
    /// @dev From when on an operation may be executed, by its id; 0 when it is not scheduled.
    mapping(bytes32 id => uint256) private _readyAt;

    function schedule(uint256 seed) external act(seed) {
        _schedule(_proposal());
    }

    /// @notice A scheduled operation, executed when it is ready, too early, too late, or a second time.
    function execute(uint256 seed) external act(seed) {
        if (_proposals.length == 0) return;
        Proposal memory p = _recent();
        uint256 readyAt = _readyAt[_idOf(p)];
        if (readyAt > block.timestamp && !_odds(4)) vm.warp(readyAt);
        if (readyAt != 0 && _odds(24)) vm.warp(block.timestamp + EXPIRATION);
        _execute(p);
    }

    /// @notice A proposal from its schedule to its execution, with its delay in between.
    function govern(uint256 seed) external act(seed) {
        _carryOut(_proposal());
    }

    /// @notice The same, since there is much to be governed.
    function governMore(uint256 seed) external act(seed) {
        _carryOut(_proposal());
    }

    /// @notice What was stopped, suspended or taken away is undone, so that the campaign goes on.
    function recover(uint256 seed) external act(seed) {
        _recover();
    }

    /// @notice The proposer, a guardian, or one who may not, calls an operation off.
    function cancel(uint256 seed) external act(seed) {
        if (_proposals.length == 0) return;
        Proposal memory p = _recent();
        address proposer = _callerOf(p.kind);
        bytes memory data = _encode(p);
        bytes32 id = _idOf(p);
        address[5] memory callers = [proposer, guardian, guardian2, attacker, operator];
        address caller = callers[_roll(5)];
        bool may = caller == proposer || isMember[Roles.GUARDIAN][caller] && _roleOf(p.kind) != 0;
        string memory rule = may ? "" : "NoBackdoor: called off by one who may not";
        if (_readyAt[id] == 0) rule = "OnceOnly: an operation was called off twice";
        data = abi.encodeCall(IAccessManager.cancel, (proposer, p.target, data));
        if (_attempt(caller, address(manager), data, rule)) _readyAt[id] = 0;
    }

    /// @notice A guardian calls an operation off through the gate: an administrator's too, but not its own revocation.
    function cancelAtTheGate(uint256 seed) external act(seed) {
        if (_proposals.length == 0) return;
        Proposal memory p = _recent();
        address caller = _guardian();
        if (_odds(6)) {
            (p.kind, p.target, p.a, p.account) = (Kind.Revoke, address(manager), Roles.GUARDIAN, caller);
        }
        bytes32 id = _idOf(p);
        string memory rule = _readyAt[id] == 0 ? "OnceOnly: an operation was called off twice" : "";
        if (p.kind == Kind.Revoke && p.account == caller) {
            rule = "NoBackdoor: a guardian kept itself in office";
        }
        bytes memory data = abi.encodeCall(GuardianGate.cancel, (_callerOf(p.kind), p.target, _encode(p)));
        if (_privileged(Roles.GUARDIAN, caller, address(gate), data, rule)) _readyAt[id] = 0;
    }

    function revokeAtTheGate(uint256 seed) external act(seed) {
        Expendable memory e = expendables[_roll(expendables.length)];
        if (_odds(4)) e = Expendable({role: 0, account: admin});
        else if (!_odds(4)) return;
        string memory rule = e.role == 0 ? "NoBackdoor: a guardian removed an administrator" : "";
        bytes memory data = abi.encodeCall(GuardianGate.revokeRole, (e.role, e.account));
        if (_privileged(Roles.GUARDIAN, _guardian(), address(gate), data, rule)) {
            isMember[e.role][e.account] = false;
        }
    }

    /// @notice Somebody gives a role up; the attacker tries to do it for them.
    function renounce(uint256 seed) external act(seed) {
        Expendable memory e = expendables[_roll(expendables.length)];
        bytes memory data = abi.encodeCall(IAccessManager.renounceRole, (e.role, e.account));
        _attempt(attacker, address(manager), data, "NoBackdoor: a role was given up for somebody else");
        if (!_odds(4)) return;
        if (_attempt(e.account, address(manager), data, "")) isMember[e.role][e.account] = false;
    }

    // ---------------------------------------------------------------------------------------------- inside

    function _recover() internal {
        for (uint256 i = 0; i < 6 && _remedy() != Kind.Upgrade; ++i) {
            _carryOut(_proposalOf(_remedy()));
        }
    }

    function _carryOut(Proposal memory p) private {
        if (!_schedule(p) && _isBroken()) return;
        uint256 readyAt = _readyAt[_idOf(p)];
        if (readyAt > block.timestamp) vm.warp(readyAt);
        _execute(p);
    }

    function _schedule(Proposal memory p) private returns (bool) {
        bytes memory data = _encode(p);
        address caller = _callerOf(p.kind);
        bytes32 id = _idOf(p);
        bool pending = _readyAt[id] != 0 && block.timestamp < _readyAt[id] + EXPIRATION;
        bytes memory call = abi.encodeCall(IAccessManager.schedule, (p.target, data, 0));
        _attempt(attacker, address(manager), call, "NoBackdoor: anybody may schedule");
        // Without a schedule the holder of the role itself is refused.
        if (_readyAt[id] == 0) {
            _attempt(caller, p.target, data, "NoBackdoor: a delayed role acted at once");
        }
        string memory rule = pending ? "NoBackdoor: scheduled twice" : "";
        if (!_attempt(caller, address(manager), call, rule)) return false;
        uint32[3] memory delays = [ADMIN_DELAY, GOVERNOR_DELAY, UPGRADER_DELAY];
        uint64 role = _roleOf(p.kind);
        _readyAt[id] =
            block.timestamp + (role == 0 ? delays[0] : role == Roles.GOVERNOR ? delays[1] : delays[2]);
        _proposals.push(p);
        return true;
    }

    /// @dev Through the access manager, or straight at the contract, which then asks the manager.
    function _execute(Proposal memory p) private {
        bytes memory data = _encode(p);
        bytes32 id = _idOf(p);
        string memory rule = _proposalRule(p);
        if (block.timestamp >= _readyAt[id] + EXPIRATION) rule = "NoBackdoor: executed too late";
        if (block.timestamp < _readyAt[id]) rule = "NoBackdoor: executed before its delay was over";
        if (_readyAt[id] == 0) rule = "OnceOnly: an operation was executed twice or unscheduled";
        _intrude(attacker, p.target, data);
        address other = _pick(staff);
        if (!isMember[_roleOf(p.kind)][other]) _intrude(other, p.target, data);
        bool direct = _odds(2);
        bytes memory relayed = abi.encodeCall(IAccessManager.execute, (p.target, data));
        address target = direct ? p.target : address(manager);
        if (!_attempt(_callerOf(p.kind), target, direct ? data : relayed, rule)) return;
        if (!direct) ++accepted[p.target][bytes4(data)];
        _readyAt[id] = 0;
        _enact(p);
    }

    /// @dev One of the last few, so that most are still open.
    function _recent() private returns (Proposal memory) {
        uint256 count = _proposals.length;
        return _proposals[count - 1 - _roll(count < 4 ? count : 4)];
    }

    function _idOf(Proposal memory p) private view returns (bytes32) {
        return keccak256(abi.encode(_callerOf(p.kind), p.target, _encode(p)));
    }
}
