// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {Wallet1271} from "../support/Mocks.sol";
import {Suite} from "../support/Suite.sol";
import {vm} from "../support/Vm.sol";
import {Errors} from "./Errors.sol";
import {Model} from "./Model.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @notice The actors, their dice, and the one way in which they call the contracts: every call is foretold by the
/// model, and its outcome counted.
abstract contract Driver is Suite, Model, Errors {
    uint256 internal constant CAROL_KEY = 203;
    uint256 internal constant ERIN_KEY = 204;
    uint256 internal constant WALLET_KEY = 205;
    uint256 internal constant ATTACKER_KEY = 206;
    uint256 internal constant OPERATOR2_KEY = 304;
    uint256 internal constant ATTESTOR4_KEY = 404;

    /// @dev Accounts with keys, a contract account that signs by ERC-1271, and the attacker, a customer like the others.
    address[] internal holders;
    /// @dev Whoever may hold tokens: the holders, the market, the token, the zero address.
    address[] internal accounts;
    /// @dev Who might sign for an approver or attestor, ascending: members, former members, the attacker.
    address[] internal approvers;
    address[] internal attestors;
    /// @dev Whoever holds a role, and the attacker, who holds none.
    address[] internal staff;
    mapping(address account => uint256) internal keyOf;

    address internal wallet;
    address internal attacker = vm.addr(ATTACKER_KEY);
    /// @dev Sends mints like the operator, and approves the other's.
    address internal operator2 = vm.addr(OPERATOR2_KEY);
    address internal guardian2 = vm.addr(110);
    AttestedFeed internal spareFeed;

    /// @notice The first rule that was broken; empty while none was.
    string public broken;
    /// @notice How many actions were taken.
    uint256 public steps;
    /// @notice Calls, by contract and function.
    mapping(address target => mapping(bytes4 selector => uint256)) public tried;
    /// @notice Calls that went through, by contract and function.
    mapping(address target => mapping(bytes4 selector => uint256)) public accepted;
    /// @notice Calls that were refused, by contract, function and error.
    mapping(address target => mapping(bytes4 selector => mapping(bytes4 error => uint256))) public refused;
    /// @notice Refusals by error.
    mapping(bytes4 error => uint256) public refusals;

    uint256 private _dice;

    modifier act(uint256 seed) {
        _dice = seed;
        ++steps;
        _;
    }

    // -------------------------------------------------------------------------------------------------- dice

    /// @dev The next number below `sides`.
    function _roll(uint256 sides) internal returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    /// @dev True once in `n` times.
    function _odds(uint256 n) internal returns (bool) {
        return _roll(n) == 0;
    }

    function _pick(address[] storage list) internal returns (address) {
        return list[_roll(list.length)];
    }

    function _holder() internal returns (address) {
        return _pick(holders);
    }

    /// @dev Mostly a holder; now and then the market, the token, or nobody.
    function _receiver() internal returns (address) {
        return _odds(8) ? _pick(accounts) : _holder();
    }

    /// @dev Anything up to `most`; often the edges.
    function _amount(uint256 most) internal returns (uint256) {
        uint256 mode = _roll(16);
        if (mode == 0) return 0;
        if (mode == 1) return most;
        if (mode == 2) return most + 1;
        if (mode < 9) return _roll(most / 16 + 1);
        return _roll(most + 1);
    }

    /// @dev A case id, missing now and then.
    function _case() internal returns (bytes32) {
        return _odds(24) ? bytes32(0) : CASE;
    }

    // ------------------------------------------------------------------------------------------------- calls

    function _isBroken() internal view returns (bool) {
        return bytes(broken).length != 0;
    }

    function _break(string memory rule) internal {
        if (!_isBroken()) broken = rule;
    }

    /// @dev For who watches: a call of the suite came back.
    function _called(bool ok) internal virtual {}

    /// @dev Calls as `caller`. `rule` is what the call would break, empty if it is to go through.
    /// @return Whether it did, as it was to.
    function _attempt(address caller, address target, bytes memory data, string memory rule)
        internal
        returns (bool)
    {
        vm.prank(caller);
        (bool ok, bytes memory reason) = target.call(data);
        _called(ok);
        bytes4 selector = bytes4(data);
        ++tried[target][selector];
        if (ok) {
            ++accepted[target][selector];
            if (bytes(rule).length != 0) _break(rule);
            return !_isBroken();
        }
        bytes4 error = bytes4(reason);
        ++refused[target][selector][error];
        ++refusals[error];
        if (!isKnownError[error]) {
            _break(string.concat("Liveness: unknown revert of ", _name(target, selector)));
        }
        if (bytes(rule).length == 0) {
            _break(string.concat("Liveness: refused without a rule: ", _name(target, selector)));
        }
        return false;
    }

    /// @dev The same for a function of `role`: first two others try the very call, the attacker and one of the staff,
    /// and now and then the caller itself without showing itself.
    function _privileged(uint64 role, address caller, address target, bytes memory data, string memory rule)
        internal
        returns (bool)
    {
        _intrude(attacker, target, data);
        address other = _pick(staff);
        if (!isMember[role][other]) _intrude(other, target, data);
        if (!isMember[role][caller]) rule = "NoBackdoor: acted without the role";
        if (_odds(12)) {
            bytes memory hidden = abi.encodeCall(IAccessManager.execute, (target, data));
            _attempt(caller, address(manager), hidden, "NoBackdoor: acted unseen, through the access manager");
        }
        return _attempt(caller, target, data, rule);
    }

    /// @dev `intruder` must be refused for want of the role, by the contract or by the access manager.
    function _intrude(address intruder, address target, bytes memory data) internal {
        bytes memory refusal =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, intruder);
        bool direct = !_odds(4);
        if (target == address(manager)) {
            refusal = abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedAccount.selector, intruder, uint64(0)
            );
        }
        if (!direct) {
            refusal = abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector, intruder, target, bytes4(data)
            );
        }
        vm.prank(intruder);
        (bool ok, bytes memory reason) = direct
            ? target.call(data)
            : address(manager).call(abi.encodeCall(IAccessManager.execute, (target, data)));
        _called(ok);
        ++tried[target][bytes4(data)];
        ++refused[target][bytes4(data)][bytes4(reason)];
        if (ok || keccak256(reason) != keccak256(refusal)) {
            _break(string.concat("NoBackdoor: anybody may call ", _name(target, bytes4(data))));
        }
    }

    function _name(address target, bytes4 selector) internal view returns (string memory) {
        string memory of_ = "feed";
        if (target == address(token)) of_ = "token";
        if (target == address(market)) of_ = "market";
        if (target == address(registry)) of_ = "registry";
        if (target == address(manager)) of_ = "manager";
        if (target == address(gate)) of_ = "gate";
        bytes16 digits = "0123456789abcdef";
        bytes memory hexed = new bytes(8);
        for (uint256 i = 0; i < 8; ++i) {
            hexed[i] = digits[uint32(selector) >> (28 - 4 * i) & 15];
        }
        return string.concat(of_, " 0x", string(hexed));
    }

    // ----------------------------------------------------------------------------------------------- approvals

    /// @dev Approvals of `digest`: enough and good, if there are the members for it, unless `careless`.
    /// @return list The signatures.
    /// @return good Whether they are what `required` approvals of a batch sent by `sender` have to be.
    function _approvals(bytes32 digest, uint256 required, address sender, bool careless)
        internal
        returns (Signature[] memory list, bool good)
    {
        uint256 flaw = careless ? _roll(6) : 6;
        uint256 mask = _honestApprovers(flaw == 0 ? required / 2 : required, sender);
        if (flaw == 1) mask = _roll(1 << approvers.length);
        uint256 forged = flaw == 2 && mask != 0 ? mask & (~mask + 1) : 0;
        for (uint256 i = 0; i < approvers.length && flaw == 3; ++i) {
            if (approvers[i] == sender) mask |= 1 << i;
        }
        list = new Signature[](_ones(mask));
        good = required != 0 && list.length >= required;
        uint256 n = 0;
        for (uint256 i = 0; i < approvers.length; ++i) {
            if (mask >> i & 1 == 0) continue;
            address signer = approvers[i];
            bytes32 signed = 1 << i == forged ? keccak256(abi.encode(digest)) : digest;
            list[n++] = Signature({signer: signer, data: _sign(keyOf[signer], signed)});
            if (1 << i == forged || signer == sender || !isMember[Roles.APPROVER][signer]) good = false;
        }
        if (list.length != 0 && flaw == 4) {
            list = _reversed(list);
            good = false;
        }
    }

    /// @dev Descending; a single one twice.
    function _reversed(Signature[] memory list) private pure returns (Signature[] memory reversed) {
        reversed = new Signature[](list.length == 1 ? 2 : list.length);
        for (uint256 i = 0; i < reversed.length; ++i) {
            reversed[i] = list[(list.length - 1) - i % list.length];
        }
    }

    /// @dev Members other than the sender, as many as it takes, from anywhere in the list on; fewer if there are fewer.
    function _honestApprovers(uint256 required, address sender) private returns (uint256 mask) {
        uint256 start = _roll(approvers.length);
        for (uint256 k = 0; k < approvers.length && required != 0; ++k) {
            uint256 i = (start + k) % approvers.length;
            if (approvers[i] == sender || !isMember[Roles.APPROVER][approvers[i]]) continue;
            mask |= 1 << i;
            --required;
        }
    }

    function _ones(uint256 mask) internal pure returns (uint256 count) {
        for (; mask != 0; mask &= mask - 1) {
            ++count;
        }
    }

    // ------------------------------------------------------------------------------------------------- actors

    function _enrol() internal {
        wallet = address(new Wallet1271(vm.addr(WALLET_KEY)));
        _holds(alice, ALICE_KEY);
        _holds(bob, BOB_KEY);
        _holds(carol, CAROL_KEY);
        _holds(vm.addr(ERIN_KEY), ERIN_KEY);
        _holds(wallet, WALLET_KEY);
        _holds(attacker, ATTACKER_KEY);
        accounts.push(address(market));
        accounts.push(address(token));
        accounts.push(address(0));
        for (uint256 i = 0; i < 3; ++i) {
            _signs(approvers, approverKeys[i]);
            _signs(attestors, attestorKeys[i]);
        }
        _signs(approvers, OPERATOR2_KEY);
        _signs(approvers, ATTACKER_KEY);
        _signs(attestors, ATTESTOR4_KEY);
        _signs(attestors, ATTACKER_KEY);
        _sort(approvers);
        _sort(attestors);
    }

    function _holds(address account, uint256 key) private {
        holders.push(account);
        accounts.push(account);
        keyOf[account] = key;
        _verify(account);
        verifiedUntil[account] = block.timestamp + 365 days;
        everRegistered[account] = true;
    }

    function _signs(address[] storage list, uint256 key) private {
        address account = vm.addr(key);
        list.push(account);
        keyOf[account] = key;
    }

    function _sort(address[] storage list) private {
        for (uint256 i = 1; i < list.length; ++i) {
            for (uint256 j = i; j > 0 && list[j - 1] > list[j]; --j) {
                (list[j - 1], list[j]) = (list[j], list[j - 1]);
            }
        }
    }

    function _appoint(uint64 role, address account) internal {
        isMember[role][account] = true;
        for (uint256 i = 0; i < staff.length; ++i) {
            if (staff[i] == account) return;
        }
        staff.push(account);
    }
}
