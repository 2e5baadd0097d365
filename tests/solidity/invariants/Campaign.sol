// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IPrimaryMarket, Redemption, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, MintOrder} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {vm} from "../support/Vm.sol";
import {AttackerActions} from "./AttackerActions.sol";
import {ComplianceActions} from "./ComplianceActions.sol";
import {DeskActions} from "./DeskActions.sol";
import {GovernanceActions} from "./GovernanceActions.sol";
import {SignedActions} from "./SignedActions.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

/// @notice The whole suite under all its actors, and the verdict: whether the contracts still equal the model.
contract Campaign is SignedActions, DeskActions, ComplianceActions, GovernanceActions, AttackerActions {
    constructor() {
        vm.warp(START);
        _deploy(6);
        _enrol();
        _believe();
        _extend();
        _fund();
    }

    function setUp() public override {}

    /// @notice Time passes: minutes mostly, days now and then.
    function wait(uint256 seed) external act(seed) {
        vm.warp(block.timestamp + 1 + (_odds(12) ? _roll(2 days) : _roll(2 hours)));
    }

    /// @notice A mint with nothing in its way, so that no run goes without.
    function mintPlainly(uint256 seed) external act(seed) {
        _recover();
        _mintPlainly();
    }

    // ------------------------------------------------------------------------------------------------ actions

    /// @notice What the campaign picks from. Every state-changing function of the suite is behind one of them.
    function actions() external pure returns (bytes4[] memory list) {
        bytes4[41] memory all = [
            this.transfer.selector,
            this.donate.selector,
            this.approve.selector,
            this.transferFrom.selector,
            this.requestRedemption.selector,
            this.cancelRedemption.selector,
            this.permit.selector,
            this.authorise.selector,
            this.presentAgain.selector,
            this.cancelAuthorisation.selector,
            this.redeemSigned.selector,
            this.mint.selector,
            this.mintMore.selector,
            this.mintPlainly.selector,
            this.mintAgain.selector,
            this.acceptRedemptions.selector,
            this.acceptMore.selector,
            this.rejectRedemptions.selector,
            this.recordPayouts.selector,
            this.publish.selector,
            this.publishOld.selector,
            this.suspendFeed.selector,
            this.suspendAttestor.selector,
            this.freeze.selector,
            this.pause.selector,
            this.stopMinting.selector,
            this.unfreeze.selector,
            this.recover.selector,
            this.forcedTransfer.selector,
            this.burnByOrder.selector,
            this.seizeEscrow.selector,
            this.returnUnsolicited.selector,
            this.setWallets.selector,
            this.removeWallets.selector,
            this.schedule.selector,
            this.execute.selector,
            this.govern.selector,
            this.governMore.selector,
            this.cancel.selector,
            this.cancelAtTheGate.selector,
            this.wait.selector
        ];
        bytes4[6] memory more = [
            this.revokeAtTheGate.selector,
            this.renounce.selector,
            this.actAsMarket.selector,
            this.actAsAdmin.selector,
            this.takeOver.selector,
            this.forceWithoutCase.selector
        ];
        list = new bytes4[](all.length + more.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = i < all.length ? all[i] : more[i - all.length];
        }
    }

    /// @notice The contracts whose functions the actions drive, in the order of `Surface`.
    function contracts() external view returns (address[6] memory) {
        return
            [
                address(token),
                address(market),
                address(registry),
                address(feed),
                address(gate),
                address(manager)
            ];
    }

    // ------------------------------------------------------------------------------------------------ verdict

    /// @notice The first rule that was broken, or the first figure that differs from the model's; empty if all is right.
    function verdict() external view returns (string memory) {
        if (_isBroken()) return broken;
        string memory difference = _compareTotals();
        return bytes(difference).length != 0 ? difference : _compareAccounts();
    }

    /// @notice The same for what is too long to compare after every call: order numbers, requests, roles, settings.
    function fullVerdict() external view returns (string memory difference) {
        difference = this.verdict();
        if (bytes(difference).length == 0) difference = _compareOrders();
        if (bytes(difference).length == 0) difference = _compareRequests();
        if (bytes(difference).length == 0) difference = _compareAccess();
        if (bytes(difference).length == 0) difference = _compareSettings();
    }

    function _compareTotals() private view returns (string memory) {
        if (token.minted() != coin.minted) return "Conservation: minted";
        if (token.burned() != coin.burned) return "Conservation: burned";
        if (token.totalSupply() != coin.minted - coin.burned) {
            return "Conservation: minted = supply + burned";
        }
        if (token.discharged() != coin.discharged) return "Conservation: discharged";
        if (token.discharged() > token.burned()) return "Conservation: discharged beyond burned";
        if (market.escrowed() != desk.escrowed) return "Escrow: the sum of the open requests";
        if (market.unsolicited() != coin.balance[address(market)] - desk.escrowed) {
            return "Escrow: unsolicited";
        }
        if (token.headroom() != _headroom()) return "Backing: headroom";
        return "";
    }

    function _compareAccounts() private view returns (string memory) {
        uint256 sum = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 held = token.balanceOf(accounts[i]);
            sum += held;
            if (held != coin.balance[accounts[i]]) return "Conservation: a balance";
            if (token.getFrozenTokens(accounts[i]) != coin.frozen[accounts[i]]) {
                return "Frozen: a frozen figure";
            }
        }
        return sum == token.totalSupply() ? "" : "Conservation: the sum of balances";
    }

    function _compareOrders() private view returns (string memory) {
        for (uint256 number = 0; number < NUMBERS + 300; ++number) {
            if (market.isExecuted(number) != desk.executed[number]) return "OnceOnly: an order number";
        }
        return "";
    }

    function _compareRequests() private view returns (string memory) {
        if (market.redemptionCount() != desk.requests.length) return "OnceOnly: the count of requests";
        uint256 open = 0;
        for (uint256 id = 1; id <= desk.requests.length; ++id) {
            Redemption memory actual = market.redemption(id);
            Request memory expected = _requestOf(id);
            bool same = actual.holder == expected.holder && actual.amount == expected.amount
                && actual.status == expected.status;
            if (!same) return "OnceOnly: a request";
            if (actual.status == RedemptionStatus.Requested) open += actual.amount;
        }
        return token.balanceOf(address(market)) >= open ? "" : "Escrow: less is held than was asked for";
    }

    function _compareAccess() private view returns (string memory) {
        for (uint64 role = 0; role < 10; ++role) {
            for (uint256 i = 0; i < staff.length; ++i) {
                (bool member,) = manager.hasRole(role, staff[i]);
                if (member != isMember[role][staff[i]]) return "NoBackdoor: a membership";
            }
        }
        address[3] memory proxies = [address(token), address(market), address(registry)];
        for (uint256 i = 0; i < 3; ++i) {
            address actual = address(uint160(uint256(vm.load(proxies[i], ERC1967Utils.IMPLEMENTATION_SLOT))));
            if (actual != implementation[proxies[i]]) return "NoBackdoor: an implementation";
        }
        if (token.market() != address(market)) return "NoBackdoor: the market";
        return "";
    }

    function _compareSettings() private view returns (string memory) {
        if (token.feed() != coin.feed || token.bufferBps() != coin.bufferBps) return "Backing: the settings";
        if (token.paused() != coin.paused) return "Frozen: the pause";
        bool same = market.mintingStopped() == desk.stopped && market.woundDown() == desk.woundDown
            && market.orderCap() == desk.orderCap && market.redemptionPeriod() == desk.period
            && keccak256(abi.encode(market.approvalTiers())) == keccak256(abi.encode(desk.tiers));
        if (!same) return "NoBackdoor: the settings";
        address[2] memory operators = [operator, operator2];
        for (uint256 i = 0; i < 2; ++i) {
            (, uint256 available) = market.operatorLimit(operators[i]);
            if (available != _available(operators[i])) return "Limits: what an operator may mint";
        }
        address[2] memory feeds = [address(feed), address(spareFeed)];
        for (uint256 i = 0; i < 2; ++i) {
            if (AttestedFeed(feeds[i]).latestRound() != reserves[feeds[i]].rounds) {
                return "OnceOnly: the rounds";
            }
        }
        return "";
    }

    // ------------------------------------------------------------------------------------------------- start

    /// @dev What `Suite` has set up, as the model has to know it.
    function _believe() private {
        _appoint(0, admin);
        _appoint(Roles.OPERATOR, operator);
        for (uint256 i = 0; i < 3; ++i) {
            _appoint(Roles.APPROVER, approver(i));
        }
        _appoint(Roles.TREASURER, treasurer);
        _appoint(Roles.REGISTRAR, registrar);
        _appoint(Roles.COMPLIANCE, compliance);
        _appoint(Roles.GUARDIAN, guardian);
        _appoint(Roles.DEALING_MANAGER, dealer);
        _appoint(Roles.GOVERNOR, governor);
        _appoint(Roles.UPGRADER, upgrader);
        staff.push(attacker);
        coin.feed = address(feed);
        coin.frozen[address(token)] = ACCOUNT_FROZEN;
        _enactAttestors(reserves[address(feed)], _maskOf(_attestors()), 2);
        _enactLimits(reserves[address(feed)], MAX_AGE, 1000, 2000);
        desk.orderCap = 1_000_000 * unit;
        desk.period = 1 days;
        _limited(operator, 5_000_000 * unit);
    }

    /// @dev A second operator who approves too, a second guardian, a second feed, a second version of each contract.
    function _extend() private {
        expendables.push(Expendable({role: Roles.OPERATOR, account: operator2}));
        expendables.push(Expendable({role: Roles.APPROVER, account: operator2}));
        expendables.push(Expendable({role: Roles.APPROVER, account: approver(0)}));
        expendables.push(Expendable({role: Roles.GUARDIAN, account: guardian2}));
        for (uint256 i = 0; i < expendables.length; ++i) {
            Expendable memory e = expendables[i];
            if (isMember[e.role][e.account]) continue;
            _administer(abi.encodeCall(manager.grantRole, (e.role, e.account, 0)));
            _appoint(e.role, e.account);
        }
        _govern(
            address(market),
            abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator2, uint112(250_000 * unit)))
        );
        _limited(operator2, 250_000 * unit);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (_tierSet(0))));
        _enactTiers(_tierSet(0));
        _openSpareFeed();
        coarseFeed = address(_newFeed(8));
        _versions(
            address(token), "Stablecoin.sol:Stablecoin", abi.encode(manager, "Demo Coin", "DEMO", 6, "HKD")
        );
        _versions(address(market), "PrimaryMarket.sol:PrimaryMarket", abi.encode(manager, token, registry));
        _versions(address(registry), "InvestorRegistry.sol:InvestorRegistry", abi.encode(manager));
    }

    function _openSpareFeed() private {
        spareFeed = _newFeed(6);
        bytes4[] memory stops = new bytes4[](2);
        (stops[0], stops[1]) = (AttestedFeed.suspend.selector, AttestedFeed.suspendAttestor.selector);
        bytes4[] memory settings = new bytes4[](3);
        settings[0] = AttestedFeed.resume.selector;
        settings[1] = AttestedFeed.setAttestors.selector;
        settings[2] = AttestedFeed.setLimits.selector;
        _administer(
            abi.encodeCall(manager.setTargetFunctionRole, (address(spareFeed), stops, Roles.GUARDIAN))
        );
        _administer(
            abi.encodeCall(manager.setTargetFunctionRole, (address(spareFeed), settings, Roles.GOVERNOR))
        );
        _govern(address(spareFeed), abi.encodeCall(AttestedFeed.setAttestors, (_attestors(), 2)));
        _govern(address(spareFeed), abi.encodeCall(AttestedFeed.setLimits, (MAX_AGE, 1000, 2000)));
        _enactAttestors(reserves[address(spareFeed)], _maskOf(_attestors()), 2);
        _enactLimits(reserves[address(spareFeed)], MAX_AGE, 1000, 2000);
    }

    function _versions(address proxy, string memory artifact, bytes memory arguments) private {
        versions[proxy][0] = address(uint160(uint256(vm.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT))));
        versions[proxy][1] = _create(artifact, arguments);
        implementation[proxy] = versions[proxy][0];
    }

    function _maskOf(address[] memory members) private view returns (uint256 mask) {
        for (uint256 i = 0; i < attestors.length; ++i) {
            for (uint256 j = 0; j < members.length; ++j) {
                if (attestors[i] == members[j]) mask |= 1 << i;
            }
        }
    }

    /// @dev Everybody holds something: carol is frozen as such, erin in part.
    function _fund() private {
        _publishInFull();
        MintBatch[] memory batches = new MintBatch[](1);
        batches[0].orders = new MintOrder[](holders.length);
        for (uint256 i = 0; i < holders.length; ++i) {
            batches[0].orders[i] = MintOrder({
                number: i, to: holders[i], amount: 10_000 * unit, expiry: uint64(block.timestamp)
            });
        }
        bool[] memory approved = new bool[](1);
        approved[0] = true;
        batches[0].approvals = _signatures(approverKeys, market.mintDigest(batches[0].orders), 3);
        _mintBatches(operator, batches, approved);
        _freeze(carol, ACCOUNT_FROZEN);
        coin.frozen[carol] = ACCOUNT_FROZEN;
        _freeze(vm.addr(ERIN_KEY), 4000 * unit);
        coin.frozen[vm.addr(ERIN_KEY)] = 4000 * unit;
    }
}
