// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DistributionClaim} from "../../../contracts/interfaces/IDistribution.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {RegulatedERC20} from "../../../contracts/token/RegulatedERC20.sol";
import {vm} from "../support/Vm.sol";
import {FrozenSuite} from "./FrozenSuite.sol";

/// @notice Holders, desk and strangers taking turns at random over coin, market, share, vault and distributions, while
/// freezes come and go. The ghost knows, of every holder and token, what is frozen; after each action it sees that no frozen
/// unit has moved but by a forced transfer, that no frozen account was given anything, and that the chain's frozen figure is
/// the ghost's.
contract FrozenEverywhereCampaign is FrozenSuite {
    struct Seen {
        uint256 balance;
        uint256 frozen;
    }

    uint256 private constant HOLDERS = 4;

    address[HOLDERS] public holders;
    uint256[HOLDERS] private _keys = [ALICE_KEY, 211, BOB_KEY, 203];
    RegulatedERC20[2] private _tokens;

    /// @dev What has to be frozen, by token and holder.
    uint256[HOLDERS][2] private _ghost;
    Seen[HOLDERS][2] private _before;
    /// @dev The day whose request a holder took back, by side.
    uint256[HOLDERS][2] private _cancelled;
    uint256[] private _requests;
    uint256[] private _distributions;
    DistributionClaim[] private _leaves;

    mapping(bytes4 action => uint256) public done;
    mapping(bytes4 action => uint256) public refused;
    string public broken;
    uint256 private _dice;
    uint256 private _salt;

    /// @dev An action by anybody but compliance's force: what was frozen is where it was.
    modifier guarded(uint256 seed) {
        _dice = seed;
        _look();
        _;
        _nothingFrozenMoved();
        _figuresStand();
    }

    /// @dev An act of guardian or compliance, which keeps the ghost itself.
    modifier official(uint256 seed) {
        _dice = seed;
        _look();
        _;
        _figuresStand();
    }

    constructor() {
        setUp();
        holders = [alice, alice2, bob, carol];
        _tokens = [RegulatedERC20(address(token)), RegulatedERC20(address(share))];
        vm.prank(alice);
        token.transfer(alice2, COINS / 4);
        _announce(1);
        for (uint256 i = 0; i < HOLDERS; ++i) {
            _allow(holders[i]);
            _subscribe(holders[i], COINS / 10);
            vm.prank(holders[i]);
            token.approve(address(market), type(uint256).max);
            for (uint256 j = 0; j < HOLDERS; ++j) {
                for (uint256 t = 0; t < 2; ++t) {
                    vm.prank(holders[i]);
                    _tokens[t].approve(holders[j], type(uint256).max);
                }
                vm.prank(holders[i]);
                vault.setOperator(holders[j], true);
            }
        }
        _deal(NAV);
        for (uint256 i = 0; i < HOLDERS; ++i) {
            _claimShares(holders[i]);
        }
        _fund(COINS / 2);
        _announce(20);
    }

    function actions() external pure returns (bytes4[] memory list) {
        bytes4[28] memory all = [
            this.transfer.selector,
            this.spend.selector,
            this.present.selector,
            this.permitAndPull.selector,
            this.redeemCoin.selector,
            this.cancelRedemption.selector,
            this.decideRedemption.selector,
            this.subscribe.selector,
            this.redeemShares.selector,
            this.claim.selector,
            this.cancel.selector,
            this.claimCancelled.selector,
            this.push.selector,
            this.deal.selector,
            this.mint.selector,
            this.distribute.selector,
            this.claimDistribution.selector,
            this.freeze.selector,
            this.unfreeze.selector,
            this.force.selector,
            this.subscribe.selector,
            this.subscribe.selector,
            this.redeemShares.selector,
            this.redeemShares.selector,
            this.cancel.selector,
            this.claimCancelled.selector,
            this.unfreeze.selector,
            this.unfreeze.selector
        ];
        list = new bytes4[](28);
        for (uint256 i = 0; i < 28; ++i) {
            list[i] = all[i];
        }
    }

    // ------------------------------------------------------------------------------------------- holders' ways

    function transfer(uint256 seed) external guarded(seed) {
        (uint256 t, uint256 from, uint256 to) = (_roll(2), _roll(HOLDERS), _roll(HOLDERS));
        _try(
            holders[from], address(_tokens[t]), abi.encodeCall(token.transfer, (holders[to], _part(t, from)))
        );
    }

    function spend(uint256 seed) external guarded(seed) {
        (uint256 t, uint256 from, uint256 to) = (_roll(2), _roll(HOLDERS), _roll(HOLDERS));
        bytes memory call = abi.encodeCall(token.transferFrom, (holders[from], holders[to], _part(t, from)));
        _try(holders[_roll(HOLDERS)], address(_tokens[t]), call);
    }

    /// @dev An ERC-3009 authorisation, presented by somebody.
    function present(uint256 seed) external guarded(seed) {
        (uint256 from, uint256 to, uint256 amount) = (_roll(HOLDERS), _roll(HOLDERS), 0);
        amount = _part(0, from);
        bytes32 nonce = bytes32(++_salt);
        bytes memory signature = _authorisation(TRANSFER, _keys[from], holders[to], amount, nonce);
        bytes memory call = abi.encodeWithSignature(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            holders[from],
            holders[to],
            amount,
            0,
            type(uint256).max,
            nonce,
            signature
        );
        _try(stranger, address(token), call);
    }

    function permitAndPull(uint256 seed) external guarded(seed) {
        (uint256 t, uint256 from) = (_roll(2), _roll(HOLDERS));
        uint256 amount = _part(t, from);
        bytes memory signature = _permitOf(address(_tokens[t]), _keys[from], stranger, amount);
        (bool ok,) = address(_tokens[t])
            .call(
                abi.encodeWithSignature(
                    "permit(address,address,uint256,uint256,bytes)",
                    holders[from],
                    stranger,
                    amount,
                    type(uint256).max,
                    signature
                )
            );
        if (!ok) broken = "a permit";
        bytes memory call =
            abi.encodeCall(token.transferFrom, (holders[from], holders[_roll(HOLDERS)], amount));
        _try(stranger, address(_tokens[t]), call);
    }

    // --------------------------------------------------------------------------------------------- the market

    function redeemCoin(uint256 seed) external guarded(seed) {
        uint256 from = _roll(HOLDERS);
        uint256 amount = _part(0, from);
        bool direct = _roll(2) == 0;
        bytes memory call = abi.encodeCall(IPrimaryMarket.requestRedemption, (amount, REFERENCE));
        if (!direct) {
            bytes32 salt = bytes32(++_salt);
            bytes32 nonce = market.redemptionNonce(REFERENCE, salt);
            bytes memory signature = _authorisation(RECEIVE, _keys[from], address(market), amount, nonce);
            call = abi.encodeCall(
                IPrimaryMarket.requestRedemptionWithAuthorization,
                (holders[from], amount, REFERENCE, 0, type(uint256).max, salt, signature)
            );
        }
        if (_try(direct ? holders[from] : stranger, address(market), call)) {
            _requests.push(market.redemptionCount());
        }
    }

    function cancelRedemption(uint256 seed) external guarded(seed) {
        if (_requests.length == 0) return;
        uint256 id = _requests[_roll(_requests.length)];
        _leavesEscrow(id, market.redemption(id).holder, abi.encodeCall(IPrimaryMarket.cancelRedemption, (id)));
    }

    /// @dev The operator accepts or rejects.
    function decideRedemption(uint256 seed) external guarded(seed) {
        if (_requests.length == 0) return;
        uint256 id = _requests[_roll(_requests.length)];
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 3);
        bytes memory call = _roll(2) == 0
            ? abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(id), approvals))
            : abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(id), REASON));
        _leavesEscrow(id, operator, call);
    }

    /// @dev Escrow of a frozen account stays where it is.
    function _leavesEscrow(uint256 id, address caller, bytes memory call) private {
        address holder = market.redemption(id).holder;
        bool frozen = !token.canSend(holder);
        if (_try(caller, address(market), call) && frozen) broken = "a frozen holder's escrow";
    }

    function mint(uint256 seed) external guarded(seed) {
        vm.warp(block.timestamp + 2);
        _attest(100_000_000 * unit);
        bytes memory call = abi.encodeCall(market.mint, (_batch(_one(_order(holders[_roll(HOLDERS)], 1e6)))));
        _try(operator, address(market), call);
    }

    // ---------------------------------------------------------------------------------------------- the vault

    function subscribe(uint256 seed) external guarded(seed) {
        (uint256 owner, uint256 to) = (_roll(HOLDERS), _roll(HOLDERS));
        bytes memory call =
            abi.encodeCall(vault.requestDeposit, (_part(0, owner), holders[to], holders[owner]));
        _try(_dealer(owner), address(vault), call);
    }

    function redeemShares(uint256 seed) external guarded(seed) {
        (uint256 owner, uint256 to) = (_roll(HOLDERS), _roll(HOLDERS));
        bytes memory call =
            abi.encodeCall(vault.requestRedeem, (_part(1, owner), holders[to], holders[owner]));
        _try(_dealer(owner), address(vault), call);
    }

    /// @dev Shares or proceeds, to the controller or another wallet; what is due to a frozen one reaches nobody.
    function claim(uint256 seed) external guarded(seed) {
        (uint256 controller, uint256 to, bool shares) = (_roll(HOLDERS), _roll(HOLDERS), _roll(2) == 0);
        if (_roll(3) != 0) to = controller;
        address who = holders[controller];
        uint256 amount = shares ? _requested(who) : vault.claimableRedeemRequest(_settledDay(), who);
        bytes memory call = shares
            ? abi.encodeWithSignature("deposit(uint256,address,address)", amount, holders[to], who)
            : abi.encodeCall(vault.redeem, (amount, holders[to], who));
        bool barred = shares ? !share.canSend(who) : !token.canSend(who);
        if (_try(_dealer(controller), address(vault), call) && barred) broken = "a frozen account's claim";
    }

    /// @dev Of the open day, by whoever has asked for something on it.
    function cancel(uint256 seed) external guarded(seed) {
        (uint256 controller, uint256 open, bool coins) = (_roll(HOLDERS), _open(), _roll(2) == 0);
        for (uint256 i = 0; i < HOLDERS; ++i) {
            uint256 pending = coins
                ? vault.pendingDepositRequest(open, holders[controller])
                : vault.pendingRedeemRequest(open, holders[controller]);
            if (pending != 0) break;
            controller = (controller + 1) % HOLDERS;
        }
        bytes memory call = coins
            ? abi.encodeCall(vault.cancelDepositRequest, (open, holders[controller]))
            : abi.encodeCall(vault.cancelRedeemRequest, (open, holders[controller]));
        if (_try(_dealer(controller), address(vault), call)) _cancelled[coins ? 0 : 1][controller] = open;
    }

    function claimCancelled(uint256 seed) external guarded(seed) {
        (uint256 controller, uint256 to, bool coins) = (_roll(HOLDERS), _roll(HOLDERS), _roll(2) == 0);
        for (uint256 i = 0; i < HOLDERS && _cancelled[coins ? 0 : 1][controller] == 0; ++i) {
            controller = (controller + 1) % HOLDERS;
        }
        if (_roll(3) != 0) to = controller;
        (address who, uint256 day) = (holders[controller], _cancelled[coins ? 0 : 1][controller]);
        bytes memory call = coins
            ? abi.encodeCall(vault.claimCancelDepositRequest, (day, holders[to], who))
            : abi.encodeCall(vault.claimCancelRedeemRequest, (day, holders[to], who));
        bool barred = coins ? !token.canSend(who) : !share.canSend(who);
        if (!_try(_dealer(controller), address(vault), call)) return;
        _cancelled[coins ? 0 : 1][controller] = 0;
        if (barred) broken = "a frozen account's cancellation";
    }

    /// @dev All that is due, to everybody.
    function push(uint256 seed) external guarded(seed) {
        address[] memory all = new address[](HOLDERS);
        for (uint256 i = 0; i < HOLDERS; ++i) {
            all[i] = holders[i];
        }
        uint256 kind = _roll(3);
        bytes memory call = kind == 0
            ? abi.encodeCall(vault.pushShares, (_settledDay(), all))
            : kind == 1 ? abi.encodeCall(vault.pushAssets, (all)) : abi.encodeCall(vault.pushCancelled, (all));
        _try(dealer, address(vault), call);
    }

    /// @dev The next day, from its cut-off to its settlement, with coins for what is redeemed.
    function deal(uint256 seed) external guarded(seed) {
        vm.warp(block.timestamp + 2);
        _attest(100_000_000 * unit);
        _mint(treasurer, COINS / 10);
        _fund(COINS / 10);
        _deal(NAV);
        (uint256 announced, uint256 closed,) = vault.progress();
        if (announced == closed) _announce(20);
        ++done[msg.sig];
    }

    // ------------------------------------------------------------------------------------------- distributions

    function distribute(uint256 seed) external guarded(seed) {
        if (token.balanceOf(treasurer) < 1e6) return;
        (uint256 id, DistributionClaim memory leaf) = _distribute(holders[_roll(HOLDERS)], 1e6);
        _distributions.push(id);
        _leaves.push(leaf);
        ++done[msg.sig];
    }

    /// @dev Claimed by anybody, or what was set aside is released.
    function claimDistribution(uint256 seed) external guarded(seed) {
        if (_distributions.length == 0) return;
        uint256 place = _roll(_distributions.length);
        uint256 id = _distributions[place];
        bytes memory call = distribution.isClaimed(id, 0)
            ? abi.encodeCall(distribution.release, (id, _leaves[place].account))
            : abi.encodeCall(distribution.claim, (id, _leaves[place]));
        _try(stranger, address(distribution), call);
    }

    // ---------------------------------------------------------------------------------------------- compliance

    /// @dev The account, or so many tokens; never less than before.
    function freeze(uint256 seed) external official(seed) {
        (uint256 t, uint256 who) = (_roll(2), _roll(HOLDERS));
        uint256 amount = _roll(3) == 0 ? ACCOUNT : _roll(_tokens[t].balanceOf(holders[who]) * 3 / 2 + 2);
        bool may = amount >= _ghost[t][who];
        bytes memory call = abi.encodeWithSignature("setFrozenTokens(address,uint256)", holders[who], amount);
        if (_try(guardian, address(_tokens[t]), call) != may) broken = "a freeze";
        if (may) _ghost[t][who] = amount;
        _nothingMoved();
    }

    function unfreeze(uint256 seed) external official(seed) {
        (uint256 t, uint256 who) = (_roll(2), _roll(HOLDERS));
        uint256 amount = _roll(2) == 0 ? 0 : _roll(_tokens[t].balanceOf(holders[who]) + 1);
        bool may = amount < _ghost[t][who];
        bytes memory call = abi.encodeCall(IRegulatedERC20.unfreeze, (holders[who], amount, CASE));
        if (_try(compliance, address(_tokens[t]), call) != may) broken = "an unfreeze";
        if (may) _ghost[t][who] = amount;
        _nothingMoved();
    }

    /// @dev A forced transfer takes frozen units last, and of one account alone.
    function force(uint256 seed) external official(seed) {
        (uint256 t, uint256 from, uint256 to) = (_roll(2), _roll(HOLDERS), _roll(HOLDERS));
        uint256 amount = _part(t, from);
        Seen memory source = _before[t][from];
        bytes memory call =
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (holders[from], holders[to], amount, CASE));
        bool may = from != to && amount <= source.balance && _before[t][to].frozen != ACCOUNT;
        if (_try(compliance, address(_tokens[t]), call) != may) broken = "a forced transfer";
        if (!may) return _nothingMoved();
        uint256 free = source.balance > source.frozen ? source.balance - source.frozen : 0;
        if (source.frozen != ACCOUNT && amount > free) _ghost[t][from] = source.frozen - (amount - free);
        _before[t][from].balance -= amount;
        _before[t][to].balance += amount;
        _nothingMoved();
    }

    // -------------------------------------------------------------------------------------------------- ghost

    function _look() private {
        for (uint256 t = 0; t < 2; ++t) {
            for (uint256 i = 0; i < HOLDERS; ++i) {
                _before[t][i] = Seen(_tokens[t].balanceOf(holders[i]), _tokens[t].getFrozenTokens(holders[i]));
            }
        }
    }

    /// @dev What was frozen is still there, to the unit; and of a frozen account nothing has changed at all.
    function _nothingFrozenMoved() private {
        for (uint256 t = 0; t < 2; ++t) {
            for (uint256 i = 0; i < HOLDERS; ++i) {
                Seen memory seen = _before[t][i];
                uint256 held = _tokens[t].balanceOf(holders[i]);
                uint256 kept = seen.frozen < seen.balance ? seen.frozen : seen.balance;
                if (held < kept) broken = "a frozen unit moved";
                if (seen.frozen == ACCOUNT && held != seen.balance) {
                    broken = "a frozen account was given something";
                }
            }
        }
    }

    function _nothingMoved() private {
        for (uint256 t = 0; t < 2; ++t) {
            for (uint256 i = 0; i < HOLDERS; ++i) {
                if (_tokens[t].balanceOf(holders[i]) != _before[t][i].balance) {
                    broken = "an act moved something";
                }
            }
        }
    }

    function _figuresStand() private {
        for (uint256 t = 0; t < 2; ++t) {
            for (uint256 i = 0; i < HOLDERS; ++i) {
                if (_tokens[t].getFrozenTokens(holders[i]) != _ghost[t][i]) broken = "a frozen figure";
            }
        }
    }

    // -------------------------------------------------------------------------------------------------- inside

    function _try(address caller, address target, bytes memory call) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = target.call(call);
        if (ok) ++done[msg.sig];
        else ++refused[msg.sig];
    }

    /// @dev The holder, or one that it made its operator.
    function _dealer(uint256 i) private returns (address) {
        return _roll(2) == 0 ? holders[i] : holders[_roll(HOLDERS)];
    }

    function _requested(address controller) private view returns (uint256) {
        return vault.claimableDepositRequest(_settledDay(), controller);
    }

    function _settledDay() private view returns (uint256 settled) {
        (,, settled) = vault.progress();
    }

    /// @dev Often what is free to the unit or one more, else some of the balance.
    function _part(uint256 t, uint256 i) private returns (uint256) {
        Seen memory seen = _before[t][i];
        uint256 free = seen.balance > seen.frozen ? seen.balance - seen.frozen : 0;
        uint256 kind = _roll(4);
        if (kind == 0) return free;
        if (kind == 1) return free + 1;
        return _roll(seen.balance / 8 + 2);
    }

    function _roll(uint256 sides) private returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }
}
