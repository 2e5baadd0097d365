// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AuditSuite} from "../support/AuditSuite.sol";
import {Vm, vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice docs/audits.md, "Funds and security tokens", rows 1 to 20 as far as they apply to what there is: a test for
/// each, named by its row. Other tests go deeper; these say that the row holds.
contract FundPartiesTest is AuditSuite {
    // --------------------------------------------------------------------------------- identity and recovery

    function test_Row01_NobodyVouchesForItself() public {
        bytes memory call = _entry(stranger, "investor");
        _lacksTheRole(stranger, address(registry), call);
        _mintRefused(stranger, 1, _unverified(stranger, 0));
    }

    /// @dev A lost wallet: its tokens go to the same investor's other wallet, frozen there first if they were. Never to
    /// itself, and no wallet passes from one investor to another.
    function test_Row02_RecoveryMovesTokensAndFreeze_NotToItselfNorToAnother() public {
        bytes16 ofAlice = registry.walletOf(alice).investor;
        address fresh = vm.addr(555);
        _freeze(alice, 300);
        _passes(registrar, address(registry), _entry(fresh, ofAlice));
        _freeze(fresh, 300);
        vm.prank(compliance);
        token.forcedTransfer(alice, fresh, 1000, CASE);
        vm.assertEq(token.balanceOf(fresh), 1000, "balance");
        vm.assertEq(token.getFrozenTokens(fresh), 300, "frozen");
        vm.assertEq(token.getFrozenTokens(alice), 0, "no longer there");
        vm.assertFalse(token.canTransfer(fresh, bob, 701), "not for an instant free");
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (fresh, fresh, 1, CASE)),
            abi.encodeWithSelector(IRegulatedERC20.ForcedTransferToSelf.selector, fresh)
        );
        _refused(
            registrar,
            address(registry),
            _entry(bob, ofAlice),
            abi.encodeWithSelector(
                IInvestorRegistry.WalletBelongsToAnother.selector,
                bob,
                registry.walletOf(bob).investor,
                ofAlice
            )
        );
    }

    // ------------------------------------------------------------------------------------------------- amounts

    function test_Row04_ZeroTransfersPassAndChangeNothing_ZeroRequestsRevert() public {
        bytes32 before = _fingerprint();
        vm.prank(alice);
        vm.assertTrue(token.transfer(bob, 0), "transfer");
        vm.prank(bob);
        vm.assertTrue(token.transferFrom(alice, bob, 0), "without an allowance");
        vm.assertEq(_fingerprint(), before, "nothing changed");
        bytes memory empty = abi.encodeWithSelector(IPrimaryMarket.RedemptionEmpty.selector);
        _refused(
            alice, address(market), abi.encodeCall(IPrimaryMarket.requestRedemption, (0, REFERENCE)), empty
        );
        bytes memory order = abi.encodeWithSelector(IPrimaryMarket.OrderEmpty.selector, nextNumber);
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(alice, 0)), 1)));
        _refused(operator, address(market), call, order);
    }

    /// @dev The one conversion there is, the reserve less its buffer, is rounded for the reserve; whatever is minted in
    /// however many orders, with the buffer on top it is within the reserve.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_Row06_TheOnlyConversionRoundsForTheReserve(uint64 reserve, uint16 buffer, uint8 parts)
        public
    {
        buffer = uint16(buffer % 10_001);
        _govern(address(token), abi.encodeCall(IStablecoin.setBuffer, (buffer)));
        _attest(uint256(reserve) % 1e9 + 2001);
        uint256 left = token.headroom();
        for (uint256 i = uint256(parts) % 4 + 1; i > 0; --i) {
            uint256 part = left / i;
            if (part == 0) continue;
            _mint(bob, part);
            left -= part;
        }
        vm.assertEq(token.headroom(), 0, "all of it, to the last unit");
        (uint256 value,,) = feed.reading();
        vm.assertLe(token.minted() * (10_000 + uint256(buffer)), value * 10_000, "within the reserve");
    }

    function test_Row07_OneUnitRedeemedPricesAndBlocksNothing() public {
        uint256 dust = _redeem(alice, 1);
        uint256 rest = _redeem(alice, 999);
        vm.assertEq(market.redemption(dust).amount, 1, "one unit is one unit");
        vm.assertEq(market.redemption(rest).amount, 999, "and the rest is the rest");
        vm.assertEq(token.discharged(), 1000, "at par");
    }

    /// @dev The feed's bounds hold on publishing, freshness in the one place that consumes the value: the mint.
    function test_Row08_OldFutureZeroOrDeviatingValues() public {
        _mint(alice, 1);
        bytes memory deviates = abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 2, 3);
        vm.warp(START + 100);
        _publishRefused(1_100_000e6 + 1, START + 99, deviates);
        _publishRefused(0, START + 99, deviates);
        bytes4 future = IAttestedFeed.AttestationFromFuture.selector;
        _publishRefused(1_000_000e6, START + 100, abi.encodeWithSelector(future, START + 100, START + 100));
        vm.warp(START - 1 + MAX_AGE);
        _mint(alice, 1);
        vm.warp(block.timestamp + 1);
        bytes memory stale =
            abi.encodeWithSelector(IStablecoin.ReserveStale.selector, START - 1, START - 1 + MAX_AGE);
        _mintRefused(alice, 1, stale);
        vm.assertEq(token.headroom(), 0, "and in the views");
        vm.assertEq(market.explain(_order(alice, 1), operator)[0], stale, "and in the explanation");
        _attest(0);
        _mintRefused(alice, 1, abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1003, 0));
    }

    /// @dev Feed and token count in the same units, or are not joined.
    function test_Row12_DecimalsOfFeedAndTokenAgree() public {
        uint8[5] memory decimals = [0, 2, 6, 8, 18];
        for (uint256 i = 0; i < 5; ++i) {
            _deploy(decimals[i]);
            uint256 one = 10 ** decimals[i];
            _attest(1000 * one);
            _mint(alice, 1000 * one);
            _mintRefused(
                alice,
                1,
                abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1000 * one + 1, 1000 * one)
            );
            vm.assertEq(token.coverageBps(), 10_000, "coverage");
            for (uint256 j = 0; j < 5; ++j) {
                if (j == i) continue;
                address other = address(_newFeed(decimals[j]));
                bytes memory data = abi.encodeCall(IStablecoin.setFeed, (other));
                _ready(governor, address(token), data);
                _refused(
                    governor,
                    address(manager),
                    abi.encodeCall(AccessManager.execute, (address(token), data)),
                    abi.encodeWithSelector(
                        IStablecoin.FeedDecimalsMismatch.selector, decimals[j], decimals[i]
                    )
                );
            }
        }
    }

    // ------------------------------------------------------------------------------------- who is blocked where

    /// @dev Escrow of a holder frozen meanwhile is neither paid nor lost: seized under a case, or unfrozen under one
    /// and then paid. Freezing is a guardian's, both ways out are compliance's.
    function test_Row13_AFrozenHoldersPayoutWaits_AndIsReleasedByTwo() public {
        uint256 id = _request(alice, 400);
        _freezeAccount(alice);
        _acceptRefused(id, abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, id, alice));
        bytes memory reject = abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(id), REASON));
        bytes memory cannotReceive =
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice);
        _refused(operator, address(market), reject, cannotReceive);
        vm.assertEq(market.escrowed(), 400, "kept");
        uint256 snapshot = vm.snapshotState();
        _seize(id, bob);
        vm.assertEq(token.balanceOf(bob), 400, "seized under a case");
        vm.revertToState(snapshot);
        bytes memory unfreeze = abi.encodeCall(IRegulatedERC20.unfreeze, (alice, 0, CASE));
        _lacksTheRole(guardian, address(token), unfreeze);
        _passes(compliance, address(token), unfreeze);
        _accept(_ids(id));
        _pay(_ids(id));
        _status(id, RedemptionStatus.Paid);
    }

    /// @dev Every party of every step: holder, spender, receiver, and the one who takes escrow back.
    function test_Row14_EveryPartyIsScreenedAtEveryStep() public {
        uint256 id = _request(alice, 100);
        vm.prank(alice);
        token.approve(stranger, 50);
        bytes memory cannotSend = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice);
        bytes memory cannotReceive =
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice);
        uint256 snapshot = vm.snapshotState();
        _freezeAccount(alice);
        _refused(alice, address(token), abi.encodeCall(IERC20.transfer, (bob, 1)), cannotSend);
        _refused(stranger, address(token), abi.encodeCall(IERC20.transferFrom, (alice, bob, 1)), cannotSend);
        bytes memory request = abi.encodeCall(IPrimaryMarket.requestRedemption, (1, REFERENCE));
        vm.prank(alice);
        token.approve(address(market), 1);
        _refused(alice, address(market), request, cannotSend);
        _refused(
            stranger, address(market), _redeemCall(alice, _sign(ALICE_KEY, _redeemDigest(alice))), cannotSend
        );
        _refused(alice, address(market), abi.encodeCall(IPrimaryMarket.cancelRedemption, (id)), cannotReceive);
        _acceptRefused(id, abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, id, alice));
        _mintRefused(alice, 1, cannotReceive);
        vm.revertToState(snapshot);
        _freezeAccount(stranger);
        _refused(
            stranger,
            address(token),
            abi.encodeCall(IERC20.transferFrom, (alice, bob, 1)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, stranger)
        );
        _refused(
            alice,
            address(token),
            abi.encodeCall(IERC20.transfer, (stranger, 1)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, stranger)
        );
    }

    /// @dev Nothing that is unset equals something else unset: a suite that nobody configured allows nothing.
    function test_Row15_UnsetGrantsNothing() public {
        vm.assertFalse(registry.isVerified(address(0)), "the zero address");
        vm.assertFalse(registry.isVerified(stranger), "an unknown wallet");
        address[] memory accounts = new address[](1);
        accounts[0] = stranger;
        _refused(
            registrar,
            address(registry),
            abi.encodeCall(IInvestorRegistry.removeWallets, (accounts)),
            abi.encodeWithSelector(IInvestorRegistry.WalletNotRegistered.selector, stranger)
        );
        Attestation memory a = _attestation(1, block.timestamp - 1);
        _refused(
            stranger,
            address(_newFeed(6)),
            abi.encodeCall(IAttestedFeed.publish, (a, new Signature[](0))),
            abi.encodeWithSelector(IAttestedFeed.FeedNotConfigured.selector)
        );
        bytes memory notHolder = abi.encodeWithSelector(
            IPrimaryMarket.RedemptionInStatus.selector, 7, RedemptionStatus.None, RedemptionStatus.Requested
        );
        _refused(address(0), address(market), abi.encodeCall(IPrimaryMarket.cancelRedemption, (7)), notHolder);
        // Without a market and a feed, not even a caller that equals the unset market gets a token.
        Stablecoin bare = _newToken();
        bytes memory mintCall = abi.encodeCall(IStablecoin.mint, (new address[](1), new uint256[](1)));
        _refused(
            address(0),
            address(bare),
            mintCall,
            abi.encodeWithSelector(IStablecoin.ReserveStale.selector, 0, 0)
        );
        _refused(
            stranger,
            address(bare),
            mintCall,
            abi.encodeWithSelector(IStablecoin.CallerIsNotMarket.selector, stranger)
        );
    }

    /// @dev Verification is the registrar's record, not a signature that could be shown again; and an approver's
    /// signature dies with its membership.
    function test_Row16_NothingIsReplayedAfterRevocation_AndZeroIsNeverVerified() public {
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        vm.prank(guardian);
        gate.revokeRole(Roles.APPROVER, approver(0));
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (batches));
        _refused(
            operator,
            address(market),
            call,
            abi.encodeWithSelector(IPrimaryMarket.NotApprover.selector, approver(0))
        );
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        vm.prank(registrar);
        registry.removeWallets(accounts);
        _refused(operator, address(market), call, _unverified(alice, 0));
        _refused(
            registrar,
            address(registry),
            _entry(address(0), "investor"),
            abi.encodeWithSelector(IInvestorRegistry.IncompleteWallet.selector, address(0))
        );
    }

    /// @dev Each way to get tokens asks for the receiver; lapsed verification does not close the way out.
    function test_Row17_MintAndForceHitTheReceiversRules_AndTheExitStaysOpen() public {
        _mintRefused(stranger, 1, _unverified(stranger, 0));
        uint256 id = _request(alice, 10);
        _freezeAccount(bob);
        bytes memory cannotReceive =
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, bob);
        _mintRefused(bob, 1, cannotReceive);
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 1, CASE)),
            cannotReceive
        );
        _refused(
            alice,
            address(token),
            _transferCall(alice, _sign(ALICE_KEY, _transferDigest(alice))),
            cannotReceive
        );
        _freezeAccount(alice);
        _refused(
            compliance,
            address(market),
            abi.encodeCall(IPrimaryMarket.seizeEscrow, (id, bob, CASE)),
            cannotReceive
        );
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        vm.warp(UNTIL + 1);
        vm.assertFalse(registry.isVerified(alice), "lapsed");
        _accept(_ids(id));
        _redeem(alice, 990);
        vm.assertEq(token.totalSupply(), 0, "out");
    }

    /// @dev A freeze above the balance is a figure, not a shortage: what arrives later is caught too. Force takes from
    /// it and says so before the transfer.
    function test_Row18_PartialFreezeAboveBalance_ForceLowersItFirst() public {
        _freeze(alice, 1500);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, alice, 1, 0)
        );
        token.transfer(bob, 1);
        _mint(alice, 600);
        vm.prank(alice);
        token.transfer(bob, 100);
        vm.assertEq(token.balanceOf(alice), 1500, "to the last unit and not one more");
        vm.recordLogs();
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 200, CASE);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs[0].topics[0], IERC7943Fungible.Frozen.selector, "the figure first");
        vm.assertEq(logs[1].topics[0], IERC20.Transfer.selector, "then the transfer");
        vm.assertEq(token.getFrozenTokens(alice), 1300, "lowered by what was taken");
    }

    /// @dev What the holder sends ahead of a freeze is gone, but a freeze of the account needs no amount, and one above
    /// the balance takes no aim.
    function test_Row18_TheHolderCanNotFrontRunAnAbsoluteFreeze() public {
        vm.prank(alice);
        token.transfer(bob, 999);
        _freeze(alice, 1000);
        vm.prank(bob);
        token.transfer(alice, 999);
        vm.assertFalse(token.canTransfer(alice, bob, 1), "caught when it comes back");
    }

    function test_Row19_AFrozenSpenderMovesNobodysTokens() public {
        vm.prank(alice);
        token.approve(bob, type(uint256).max);
        _freezeAccount(bob);
        _refused(
            bob,
            address(token),
            abi.encodeCall(IERC20.transferFrom, (alice, carol, 1)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, bob)
        );
    }

    /// @dev `canTransfer` never reverts, and says what happens.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_Row20_CanTransferAgreesWithReality(
        uint256 amount,
        uint16 frozen,
        bool paused,
        uint8 sender,
        uint8 receiver
    ) public {
        address[5] memory who = [alice, bob, carol, address(0), address(token)];
        (address from, address to) = (who[sender % 5], who[receiver % 5]);
        if (amount % 2 == 0) amount %= 2000;
        _freezeAccount(carol);
        _freeze(alice, frozen);
        if (paused) {
            vm.prank(guardian);
            token.pause();
        }
        bool can = token.canTransfer(from, to, amount);
        if (from == address(0)) return;
        vm.prank(from);
        (bool done,) = address(token).call(abi.encodeCall(IERC20.transfer, (to, amount)));
        // A plain shortage is not a rule's refusal.
        if (amount <= token.balanceOf(from) || done) vm.assertEq(can, done, "canTransfer");
        if (!can) vm.assertFalse(done, "refused and done");
    }
}
