// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Redeem} from "../../../contracts/interfaces/IERC7540.sol";
import {IERC7575} from "../../../contracts/interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../../contracts/interfaces/IERC7887.sol";
import {DealingTerms, IFundDesk, Release} from "../../../contracts/interfaces/IFundVault.sol";
import {vm} from "../support/Vm.sol";
import {VaultModel} from "./VaultModel.sol";
import {VaultSuite} from "./VaultSuite.sol";

/// @notice Investors, desk, attestors and an attacker, taking turns at random. The model foretells whether each call goes
/// through, and what everybody has afterwards.
contract VaultCampaign is VaultSuite, VaultModel {
    address[4] internal investors;

    /// @notice The first rule that was broken; empty while none was.
    string public broken;
    uint256 public steps;
    mapping(bytes4 action => uint256) public succeeded;
    mapping(bytes4 action => uint256) public refused;
    /// @notice How often a batch had something in it.
    mapping(bytes4 action => uint256) public moved;

    uint256 private _dice;

    modifier act(uint256 seed) {
        _dice = seed;
        ++steps;
        _;
        if (steps % 8 == 0) _compare();
    }

    function setUp() public override {
        super.setUp();
        investors = [alice, bob, carol, vm.addr(212)];
        _verify(investors[3]);
        vm.prank(alice);
        token.transfer(investors[3], COINS / 2);
        for (uint256 i = 0; i < INVESTORS; ++i) {
            _allow(investors[i]);
            coinsOf[i] = _coins(investors[i]);
        }
        terms = _terms();
        _announceDays(6);
    }

    function _terms() internal pure override returns (DealingTerms memory t) {
        t.gateBps = 10_000;
        t.overdueAfter = 3 days;
    }

    /// @notice Every action, for a campaign to choose from.
    function actions() external pure returns (bytes4[] memory list) {
        bytes4[31] memory all = [
            this.subscribe.selector,
            this.subscribe.selector,
            this.subscribe.selector,
            this.redeem.selector,
            this.redeem.selector,
            this.redeem.selector,
            this.claimShares.selector,
            this.claimShares.selector,
            this.claimAssets.selector,
            this.pushShares.selector,
            this.pushShares.selector,
            this.pushAssets.selector,
            this.cancel.selector,
            this.claimCancelled.selector,
            this.pushCancelled.selector,
            this.close.selector,
            this.close.selector,
            this.settle.selector,
            this.settle.selector,
            this.settle.selector,
            this.publishValue.selector,
            this.wait.selector,
            this.wait.selector,
            this.announce.selector,
            this.moveFunding.selector,
            this.release.selector,
            this.bar.selector,
            this.sweep.selector,
            this.changeTerms.selector,
            this.suspend.selector,
            this.attack.selector
        ];
        list = new bytes4[](31);
        for (uint256 i = 0; i < 31; ++i) {
            list[i] = all[i];
        }
    }

    // ------------------------------------------------------------------------------------------------ investors

    function subscribe(uint256 seed) external act(seed) {
        uint256 i = _roll(INVESTORS);
        uint256 assets = _amount(coinsOf[i]);
        uint256 day = _modelOpenDay();
        bool should = !suspended && day != 0 && assets != 0 && assets <= coinsOf[i] && !lapsed[i]
            && !coinFrozen[i] && !shareFrozen[i] && subscriber[i].cancelled == 0
            && !_thirdDay(subscribes, i, day);
        bytes memory call =
            abi.encodeCall(IERC7540Deposit.requestDeposit, (assets, investors[i], investors[i]));
        if (!_attempt(investors[i], call, should)) return;
        coinsOf[i] -= assets;
        dayOf[day].assets += assets;
        subscribed[day][i] += assets;
        subscribes[day][i] = true;
    }

    function redeem(uint256 seed) external act(seed) {
        uint256 i = _roll(INVESTORS);
        uint256 shares = _amount(sharesOf[i]);
        uint256 day = _modelOpenDay();
        bool should = !suspended && day != 0 && shares != 0 && shares <= sharesOf[i] && !shareFrozen[i]
            && redeemer[i].cancelled == 0 && !_thirdDay(redeems, i, day);
        bytes memory call = abi.encodeCall(IERC7540Redeem.requestRedeem, (shares, investors[i], investors[i]));
        if (!_attempt(investors[i], call, should)) return;
        sharesOf[i] -= shares;
        dayOf[day].shares += shares;
        redeemed[day][i] += shares;
        redeems[day][i] = true;
    }

    function claimShares(uint256 seed) external act(seed) {
        uint256 i = _oneWith(0);
        (bool should, uint256 amount, bool exactDue) = _planClaim(subscriber[i]);
        bytes memory call = exactDue
            ? abi.encodeWithSignature("mint(uint256,address,address)", amount, investors[i], investors[i])
            : abi.encodeWithSignature("deposit(uint256,address,address)", amount, investors[i], investors[i]);
        if (!_attempt(investors[i], call, should && !lapsed[i] && !shareFrozen[i])) return;
        sharesOf[i] += _take(subscriber[i], amount, exactDue);
    }

    function claimAssets(uint256 seed) external act(seed) {
        uint256 i = _oneWith(1);
        (bool should, uint256 amount, bool exactDue) = _planClaim(redeemer[i]);
        bytes memory call = exactDue
            ? abi.encodeCall(IERC7575.withdraw, (amount, investors[i], investors[i]))
            : abi.encodeCall(IERC7575.redeem, (amount, investors[i], investors[i]));
        if (!_attempt(investors[i], call, should && !lapsed[i] && !coinFrozen[i])) return;
        coinsOf[i] += _take(redeemer[i], amount, exactDue);
    }

    function cancel(uint256 seed) external act(seed) {
        uint256 i = _roll(INVESTORS);
        uint256 day = _roll(3) == 0 ? 1 + settled + _roll(3) : _modelOpenDay();
        bool deposits = _roll(2) == 0;
        for (uint256 k = 1; k < INVESTORS && _roll(8) != 0; ++k) {
            if ((deposits ? subscribed[day][i] : redeemed[day][i]) == 0) i = (i + 1) % INVESTORS;
        }
        if (deposits) {
            uint256 assets = subscribed[day][i];
            bool should = assets != 0 && subscriber[i].cancelled == 0 && day > settled && _cancellable(day);
            bytes memory call = abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (day, investors[i]));
            if (!_attempt(investors[i], call, should)) return;
            dayOf[day].assets -= assets;
            (subscribed[day][i], subscribes[day][i]) = (0, false);
            (subscriber[i].cancelled, subscriber[i].cancelledDay) = (assets, day);
        } else {
            uint256 shares = redeemed[day][i];
            bool should = shares != 0 && redeemer[i].cancelled == 0 && day > settled && _cancellable(day);
            bytes memory call = abi.encodeCall(IERC7887Redeem.cancelRedeemRequest, (day, investors[i]));
            if (!_attempt(investors[i], call, should)) return;
            dayOf[day].shares -= shares;
            (redeemed[day][i], redeems[day][i]) = (0, false);
            if (released[day][i]) {
                released[day][i] = false;
                subscriber[i].held += shares;
                return;
            }
            (redeemer[i].cancelled, redeemer[i].cancelledDay) = (shares, day);
        }
    }

    function claimCancelled(uint256 seed) external act(seed) {
        uint256 what = 2 + _roll(2);
        for (uint256 k = 0; k < INVESTORS; ++k) {
            if (subscriber[k].cancelled != 0) what = 2;
            if (redeemer[k].cancelled != 0) what = 3;
        }
        uint256 i = _oneWith(what);
        address who = investors[i];
        if (what == 2) {
            Account storage account = subscriber[i];
            bool should = account.cancelled != 0 && !lapsed[i] && !coinFrozen[i];
            bytes memory call =
                abi.encodeCall(IERC7887Deposit.claimCancelDepositRequest, (account.cancelledDay, who, who));
            if (!_attempt(who, call, should)) return;
            coinsOf[i] += account.cancelled;
            account.cancelled = 0;
        } else {
            Account storage account = redeemer[i];
            bool should = account.cancelled != 0 && !shareFrozen[i];
            bytes memory call =
                abi.encodeCall(IERC7887Redeem.claimCancelRedeemRequest, (account.cancelledDay, who, who));
            if (!_attempt(who, call, should)) return;
            sharesOf[i] += account.cancelled;
            account.cancelled = 0;
        }
    }

    // ------------------------------------------------------------------------------------------------- the desk

    function announce(uint256 seed) external act(seed) {
        if (announced > closed + 10 && _modelOpenDay() != 0) return;
        _announceDays(3 + _roll(4));
        ++succeeded[msg.sig];
    }

    function close(uint256 seed) external act(seed) {
        uint256 next = dayOf[closed + 1].cutOff;
        if (closed < announced && next > block.timestamp && _roll(2) == 0) vm.warp(next);
        _closeDay(closed + 1 + (_roll(8) == 0 ? 1 : 0));
    }

    function _closeDay(uint256 day) private {
        bool should = day == closed + 1 && day <= announced && block.timestamp >= dayOf[day].cutOff;
        if (!_attempt(dealer, abi.encodeCall(IFundDesk.closeDay, (day)), should)) return;
        closed = day;
        dayOf[day].terms = terms;
    }

    /// @dev Mostly funded beforehand, and mostly at a value of its own.
    function settle(uint256 seed) external act(seed) {
        uint256 day = settled + 1 + (_roll(8) == 0 ? 1 : 0);
        bool over = closed < announced && block.timestamp >= dayOf[closed + 1].cutOff;
        if (closed == settled && over && _roll(2) == 0) _closeDay(closed + 1);
        if (_roll(3) != 0 && closed > settled) _publish();
        bool should = !suspended && day == settled + 1 && day <= closed && navAsOf != 0
            && block.timestamp <= navAsOf + MAX_AGE && navAsOf >= dayOf[day].cutOff;
        if (should) {
            Outcome memory o = _outcome(day);
            uint256 assets = dayOf[day].assets;
            uint256 needed = o.assetsOut > assets ? o.assetsOut - assets : 0;
            if (needed > fundingLeft && _roll(6) != 0) _bringFunding(needed - fundingLeft);
            should = needed <= fundingLeft;
        }
        if (!_attempt(dealer, abi.encodeCall(IFundDesk.settleDay, (day)), should)) return;
        _modelSettle(day);
        ++moved[msg.sig];
        if (vault.dealingDay(day).navAsOf < vault.dealingDay(day).cutOff) _break("ForwardPricing");
    }

    function pushShares(uint256 seed) external act(seed) {
        uint256 day = settled == 0 ? 0 : settled - _roll(settled < 2 ? 1 : 2);
        if (!_attempt(dealer, abi.encodeCall(IFundDesk.pushShares, (day, _all())), true)) return;
        for (uint256 i = 0; i < INVESTORS; ++i) {
            Account storage account = subscriber[i];
            if (account.due == 0 || account.day != day) continue;
            ++moved[msg.sig];
            if (lapsed[i] || shareFrozen[i]) account.held += account.due;
            else sharesOf[i] += account.due;
            (account.requested, account.due) = (0, 0);
        }
    }

    function pushAssets(uint256 seed) external act(seed) {
        if (!_attempt(dealer, abi.encodeCall(IFundDesk.pushAssets, (_all())), true)) return;
        for (uint256 i = 0; i < INVESTORS; ++i) {
            Account storage account = redeemer[i];
            if (account.due != 0) ++moved[msg.sig];
            _giveCoins(i, account.due);
            (account.requested, account.due) = (0, 0);
        }
    }

    function pushCancelled(uint256 seed) external act(seed) {
        if (!_attempt(dealer, abi.encodeCall(IFundDesk.pushCancelled, (_all())), true)) return;
        for (uint256 i = 0; i < INVESTORS; ++i) {
            if (subscriber[i].cancelled + redeemer[i].cancelled != 0) ++moved[msg.sig];
            _giveCoins(i, subscriber[i].cancelled);
            if (shareFrozen[i]) subscriber[i].held += redeemer[i].cancelled;
            else sharesOf[i] += redeemer[i].cancelled;
            (subscriber[i].cancelled, redeemer[i].cancelled) = (0, 0);
        }
    }

    function moveFunding(uint256 seed) external act(seed) {
        if (_roll(2) == 0) {
            _bringFunding(_roll(1000e6));
            return;
        }
        uint256 assets = _amount(fundingLeft);
        bytes memory call = abi.encodeCall(IFundDesk.returnFunding, (assets));
        if (!_attempt(treasurer, call, assets <= fundingLeft)) return;
        fundingLeft -= assets;
        custodyCoins += assets;
    }

    /// @dev The first hand, and mostly the second; now and then the second alone.
    function release(uint256 seed) external act(seed) {
        uint256 i = _oneWith(4);
        (uint256 assets, uint256 shares) = (redeemer[i].held, subscriber[i].held);
        if (_roll(3) == 0) (assets, shares) = (_amount(assets), _amount(shares));
        bool asRedemption = _roll(3) == 0;
        Release memory r = _release(investors[i], investors[i], assets, shares, asRedemption);
        r.caseId = keccak256(abi.encode(steps));
        bool proposed = false;
        if (_roll(6) != 0) {
            bool held = assets + shares != 0 && assets <= redeemer[i].held && shares <= subscriber[i].held;
            proposed = _attempt(compliance, abi.encodeCall(IFundDesk.proposeRelease, (r)), held);
        }
        uint256 day = _modelOpenDay();
        bool should = proposed && (assets == 0 || (!coinFrozen[i] && !lapsed[i]));
        if (shares != 0 && asRedemption) {
            should =
                should && !suspended && day != 0 && redeemer[i].cancelled == 0 && !_thirdDay(redeems, i, day);
        } else if (shares != 0) {
            should = should && !lapsed[i] && !shareFrozen[i];
        }
        if (!_attempt(treasurer, abi.encodeCall(IFundDesk.confirmRelease, (r)), should)) return;
        ++moved[msg.sig];
        redeemer[i].held -= assets;
        subscriber[i].held -= shares;
        coinsOf[i] += assets;
        if (shares == 0) return;
        if (asRedemption) {
            dayOf[day].shares += shares;
            redeemed[day][i] += shares;
            (redeems[day][i], released[day][i]) = (true, true);
        } else {
            sharesOf[i] += shares;
        }
    }

    /// @dev Whoever has not been looked at is rolled first, so that the day's dust is all that is left of it.
    function sweep(uint256 seed) external act(seed) {
        uint256 day = 1 + _roll(settled + 2);
        for (uint256 k = 0; k < settled && dayOf[day].shareDust + dayOf[day].assetDust == 0; ++k) {
            day = 1 + day % settled;
        }
        for (uint256 i = 0; i < INVESTORS; ++i) {
            vault.roll(investors[i]);
        }
        DayModel storage d = dayOf[day];
        bool should = d.shareDust + d.assetDust != 0;
        if (!_attempt(stranger, abi.encodeCall(IFundDesk.sweepDust, (day)), should)) return;
        if (d.shareDust >= INVESTORS) _break("Dust: more than a unit a position");
        supply -= d.shareDust;
        custodyCoins += d.assetDust;
        (d.shareDust, d.assetDust) = (0, 0);
    }

    // ------------------------------------------------------------------------------------- what happens to them

    function publishValue(uint256 seed) external act(seed) {
        _publish();
        ++succeeded[msg.sig];
    }

    function wait(uint256 seed) external act(seed) {
        if (suspended && _roll(2) == 0) _resume();
        uint256 next = dayOf[closed + 1].cutOff;
        if (next > block.timestamp && _roll(2) == 0) vm.warp(next - 1 + _roll(3));
        else vm.warp(block.timestamp + (_roll(20) == 0 ? _roll(4 days) : _roll(4 hours)));
        ++succeeded[msg.sig];
    }

    /// @dev Bars an investor, or lets it in again.
    function bar(uint256 seed) external act(seed) {
        uint256 i = _oneWith(_roll(2));
        uint256 how = _roll(3);
        bool barred = how == 0 ? lapsed[i] : how == 1 ? coinFrozen[i] : shareFrozen[i];
        if (!barred && _roll(5) != 0) return;
        if (how == 0) {
            if (lapsed[i]) _verify(investors[i]);
            else _lapse(investors[i]);
            lapsed[i] = !lapsed[i];
        } else if (how == 1) {
            vm.prank(coinFrozen[i] ? compliance : guardian);
            if (coinFrozen[i]) token.unfreeze(investors[i], 0, CASE);
            else token.setFrozenTokens(investors[i], type(uint128).max);
            coinFrozen[i] = !coinFrozen[i];
        } else {
            vm.prank(shareFrozen[i] ? compliance : guardian);
            if (shareFrozen[i]) share.unfreeze(investors[i], 0, CASE);
            else share.setFrozenTokens(investors[i], type(uint128).max);
            shareFrozen[i] = !shareFrozen[i];
        }
        ++succeeded[msg.sig];
    }

    function changeTerms(uint256 seed) external act(seed) {
        if (_roll(3) != 0) return;
        DealingTerms memory t = _terms();
        t.gateBps = _roll(2) == 0 ? 10_000 : uint16(1000 + _roll(9000));
        (t.entryFeeBps, t.exitFeeBps) = (uint16(_roll(501)), uint16(_roll(501)));
        (t.swingBps, t.swingThresholdBps) = (uint16(_roll(301)), uint16(_roll(2000)));
        t.overdueAfter = uint32((1 + _roll(4)) * 1 days);
        _setTerms(t);
        terms = t;
        ++succeeded[msg.sig];
    }

    function suspend(uint256 seed) external act(seed) {
        if (suspended) {
            _resume();
        } else {
            if (_roll(6) != 0) return;
            vm.prank(guardian);
            vault.suspendDealing(REASON);
            suspended = true;
        }
        ++succeeded[msg.sig];
    }

    /// @dev A stranger tries what others may.
    function attack(uint256 seed) external act(seed) {
        address who = investors[_roll(INVESTORS)];
        bytes[8] memory calls = [
            abi.encodeCall(IERC7540Deposit.requestDeposit, (1, stranger, who)),
            abi.encodeCall(IERC7540Redeem.requestRedeem, (1, stranger, who)),
            abi.encodeWithSignature("deposit(uint256,address,address)", 1, stranger, who),
            abi.encodeCall(IERC7575.withdraw, (1, stranger, who)),
            abi.encodeCall(IERC7887Deposit.claimCancelDepositRequest, (settled + 1, stranger, who)),
            abi.encodeCall(IFundDesk.settleDay, (settled + 1)),
            abi.encodeCall(IFundDesk.pushAssets, (_all())),
            abi.encodeCall(IFundDesk.confirmRelease, (_release(who, stranger, 1, 0, false)))
        ];
        _attempt(stranger, calls[_roll(8)], false);
    }

    // ------------------------------------------------------------------------------------------------- verdict

    /// @notice What was broken so far, the whole state compared once more.
    function verdict() external returns (string memory) {
        _compare();
        return broken;
    }

    /// @dev FundSolvency, conservation, and every figure of everybody's.
    function _compare() private {
        (uint256 coins, uint256 owed) = _modelVaultCoins();
        if (_coins(address(vault)) < owed) _break("FundSolvency: coins");
        if (_coins(address(vault)) != coins) _break("Conservation: the vault's coins");
        (coins, owed) = _modelVaultShares();
        if (_shares(address(vault)) < owed) _break("FundSolvency: shares");
        if (_shares(address(vault)) != coins) _break("Conservation: the vault's shares");
        if (share.totalSupply() != supply) _break("Conservation: supply");
        if (_coins(treasury) != custodyCoins) _break("Conservation: custody");
        if (vault.funding() != fundingLeft) _break("funding");
        for (uint256 i = 0; i < INVESTORS; ++i) {
            _compareInvestor(i, investors[i]);
        }
    }

    function _compareInvestor(uint256 i, address who) private {
        if (_coins(who) != coinsOf[i]) _break("an investor's coins");
        if (_shares(who) != sharesOf[i]) _break("an investor's shares");
        (uint256 assets, uint256 shares) = vault.quarantined(who);
        if (assets != redeemer[i].held || shares != subscriber[i].held) _break("quarantine");
        bool barred = lapsed[i] || shareFrozen[i];
        if (vault.maxDeposit(who) != (barred ? 0 : subscriber[i].requested)) _break("maxDeposit");
        if (vault.maxMint(who) != (barred ? 0 : subscriber[i].due)) _break("maxMint");
        barred = lapsed[i] || coinFrozen[i];
        if (vault.maxRedeem(who) != (barred ? 0 : redeemer[i].requested)) _break("maxRedeem");
        if (vault.maxWithdraw(who) != (barred ? 0 : redeemer[i].due)) _break("maxWithdraw");
        for (uint256 day = settled + 1; day <= settled + 3; ++day) {
            if (vault.pendingDepositRequest(day, who) != subscribed[day][i]) _break("pendingDepositRequest");
            if (vault.pendingRedeemRequest(day, who) != redeemed[day][i]) _break("pendingRedeemRequest");
        }
        if (settled != 0 && vault.pendingRedeemRequest(settled, who) != 0) {
            _break("pending after settlement");
        }
    }

    // ------------------------------------------------------------------------------------------------- inside

    function _attempt(address caller, bytes memory call, bool should) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(vault).call(call);
        if (ok) ++succeeded[msg.sig];
        else ++refused[msg.sig];
        if (ok && !should) _break(string.concat("Safety: ", _name(bytes4(call)), " went through"));
        if (!ok && should) _break(string.concat("Liveness: ", _name(bytes4(call)), " was refused"));
    }

    function _name(bytes4 selector) private pure returns (string memory) {
        bytes memory digits = "0123456789abcdef";
        bytes memory text = new bytes(8);
        for (uint256 i = 0; i < 8; ++i) {
            text[i] = digits[uint8(uint32(selector) >> (28 - 4 * i)) & 0xf];
        }
        return string(text);
    }

    function _break(string memory rule) private {
        if (bytes(broken).length == 0) broken = rule;
    }

    function _roll(uint256 sides) private returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    /// @dev Anything up to `most`; now and then its edges.
    function _amount(uint256 most) private returns (uint256) {
        uint256 mode = _roll(12);
        if (mode == 0) return _roll(2);
        if (mode == 1) return most + 1;
        if (mode < 4) return most;
        return _roll(most + 1);
    }

    /// @dev An investor, mostly one that has something due (shares, assets), cancelled (assets, shares) or held.
    function _oneWith(uint256 what) private returns (uint256 i) {
        i = _roll(INVESTORS);
        if (_roll(6) == 0) return i;
        for (uint256 k = 0; k < INVESTORS; ++k) {
            uint256 amount = subscriber[i].due;
            if (what == 1) amount = redeemer[i].due;
            if (what == 2) amount = subscriber[i].cancelled;
            if (what == 3) amount = redeemer[i].cancelled;
            if (what == 4) amount = subscriber[i].held + redeemer[i].held;
            if (amount != 0) return i;
            i = (i + 1) % INVESTORS;
        }
    }

    function _planClaim(Account storage account)
        private
        returns (bool should, uint256 amount, bool exactDue)
    {
        exactDue = _roll(2) == 0;
        uint256 most = exactDue ? account.due : account.requested;
        amount = _roll(3) != 0 ? most : _amount(most);
        should = account.due != 0 && amount <= most;
    }

    function _take(Account storage account, uint256 amount, bool exactDue) private returns (uint256 due) {
        uint256 requested;
        if (exactDue) {
            due = amount;
            requested = amount * account.requested / account.due;
            if (requested * account.due < amount * account.requested) ++requested;
        } else {
            requested = amount;
            due = amount == account.requested ? account.due : amount * account.due / account.requested;
        }
        account.requested -= requested;
        account.due -= due;
        if (account.due == 0) account.requested = 0;
    }

    function _resume() private {
        _govern(address(vault), abi.encodeCall(IFundDesk.resumeDealing, ()));
        suspended = false;
    }

    function _giveCoins(uint256 i, uint256 assets) private {
        if (lapsed[i] || coinFrozen[i]) redeemer[i].held += assets;
        else coinsOf[i] += assets;
    }

    function _all() private view returns (address[] memory list) {
        list = new address[](INVESTORS);
        for (uint256 i = 0; i < INVESTORS; ++i) {
            list[i] = investors[i];
        }
    }

    function _publish() private {
        vm.warp(block.timestamp + 1 + _roll(600));
        nav = nav == 0 ? NAV : nav * (9950 + _roll(110)) / 10_000;
        navAsOf = block.timestamp - 1;
        _publishNav(nav, navAsOf);
    }

    function _bringFunding(uint256 assets) private {
        if (_coins(treasurer) < assets) return;
        vm.prank(treasurer);
        vault.fundRedemptions(assets);
        fundingLeft += assets;
    }

    function _announceDays(uint256 count) private {
        uint256 previous = announced == 0 ? 0 : dayOf[announced].cutOff;
        if (previous < block.timestamp) previous = block.timestamp;
        uint40[] memory list = new uint40[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = uint40(previous + (i + 1) * 8 hours);
            dayOf[announced + 1 + i].cutOff = list[i];
        }
        vm.prank(dealer);
        vault.announceDays(announced + 1, list);
        announced += count;
    }
}
