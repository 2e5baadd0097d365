// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DistributionClaim} from "../../../contracts/interfaces/IDistribution.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {vm} from "../support/Vm.sol";
import {FrozenSuite} from "./FrozenSuite.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Several calls in one transaction, by an account that may spend.
contract Batcher {
    function run(address[] calldata targets, bytes[] calldata calls) external {
        for (uint256 i = 0; i < targets.length; ++i) {
            (bool ok, bytes memory reason) = targets[i].call(calls[i]);
            if (ok) continue;
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}

/// @title Trap T10's freeze bypasses
/// @notice Alice is frozen as an account, in the coin and in the share, with everything under way that a holder can have
/// under way. Nothing that anybody else can do moves a unit of hers, or gives her one:
///
/// | way out                               | coin                             | share                          |
/// | ------------------------------------- | -------------------------------- | ------------------------------ |
/// | her transfer, and one of nothing      | Transfer                         | Transfer                       |
/// | a spender's transferFrom              | SpendersTransferFrom             | SpendersTransferFrom           |
/// | a permit signed before, and the pull  | PermitAndPull                    | PermitAndPull                  |
/// | ERC-3009, transfer receive cancel     | SignedTransfers                  | has none                       |
/// | several calls in one                  | Multicall                        | Multicall                      |
/// | redemption, direct and gasless        | BurnForRedemption                | VaultRequests                  |
/// | escrow: cancel, accept, reject, seize | OpenEscrow                       |                                |
/// | the vault: requests                   | VaultRequests                    | VaultRequests                  |
/// | the vault: claims, cancelled, pushed  | VaultClaims, VaultPushes         | VaultClaims, VaultPushes       |
/// | a distribution                        | DistributionClaim                |                                |
/// | a contract of hers nobody mapped      | moves nothing of hers            | UnmappedWallet                 |
/// | receiving                             | CannotReceive                    | CannotReceive                  |
/// | third parties burn, collect, retire   | ThirdPartiesCannotGrief          | ThirdPartiesCannotGrief        |
/// | a part, to the unit                   | PartialToTheUnit                 | PartialToTheUnit               |
/// | compliance under a case               | OnlyForcedTransferMovesThem      | OnlyForcedTransferMovesThem    |
contract FreezeBypassTest is FrozenSuite {
    uint256 private constant HELD = 500_000e6;
    uint256 private _escrow;
    uint256 private _day;
    Batcher private _batcher;

    function setUp() public override {
        super.setUp();
        _batcher = new Batcher();
        address[3] memory spenders = [bob, address(_batcher), stranger];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(alice);
            token.approve(spenders[i], type(uint256).max);
            vm.prank(alice);
            share.approve(spenders[i], type(uint256).max);
        }
        vm.prank(alice);
        vault.setOperator(bob, true);
        _endow(alice, 100_000e6, NAV);
        _escrow = _request(alice, 10_000e6);
        _announce(3);
        // Claims of both kinds, and requests that wait.
        _subscribe(alice, 50_000e6);
        _redeemShares(alice, 1000e6);
        _fund(50_000e6);
        _day = _deal(NAV);
        _subscribe(alice, 20_000e6);
        _redeemShares(alice, 500e6);
    }

    // -------------------------------------------------------------------------------------------- the ways out

    function test_T10_Transfer() public {
        _freezeEverywhere(alice);
        for (uint256 amount = 0; amount < 2; ++amount) {
            bytes memory call = abi.encodeCall(IERC20.transfer, (bob, amount));
            _stopped(alice, address(token), call, IERC7943Fungible.ERC7943CannotSend.selector);
            _stopped(alice, address(share), call, IERC7943Fungible.ERC7943CannotSend.selector);
        }
        // Nor to a wallet of her own.
        bytes memory own = abi.encodeCall(IERC20.transfer, (alice2, 1));
        _stopped(alice, address(token), own, IERC7943Fungible.ERC7943CannotSend.selector);
        _stopped(alice, address(share), own, IERC7943Fungible.ERC7943CannotSend.selector);
    }

    function test_T10_SpendersTransferFrom() public {
        _freezeEverywhere(alice);
        bytes memory call = abi.encodeCall(IERC20.transferFrom, (alice, bob, 1));
        _stopped(bob, address(token), call, IERC7943Fungible.ERC7943CannotSend.selector);
        _stopped(bob, address(share), call, IERC7943Fungible.ERC7943CannotSend.selector);
        // And frozen, alice spends nobody else's either.
        vm.prank(bob);
        token.approve(alice, 5);
        vm.prank(bob);
        share.approve(alice, 5);
        call = abi.encodeCall(IERC20.transferFrom, (bob, carol, 0));
        _stopped(alice, address(token), call, IERC7943Fungible.ERC7943CannotSend.selector);
        _stopped(alice, address(share), call, IERC7943Fungible.ERC7943CannotSend.selector);
    }

    function test_T10_PermitAndPull() public {
        bytes memory coin = _permitOf(address(token), ALICE_KEY, carol, 7);
        bytes memory shares = _permitOf(address(share), ALICE_KEY, carol, 7);
        _freezeEverywhere(alice);
        // The permit is a signature of before and stands; it pulls nothing.
        token.permit(alice, carol, 7, type(uint256).max, coin);
        share.permit(alice, carol, 7, type(uint256).max, shares);
        bytes memory call = abi.encodeCall(IERC20.transferFrom, (alice, carol, 1));
        _stopped(carol, address(token), call, IERC7943Fungible.ERC7943CannotSend.selector);
        _stopped(carol, address(share), call, IERC7943Fungible.ERC7943CannotSend.selector);
    }

    function test_T10_SignedTransfers() public {
        bytes memory transfer = _authorisation(TRANSFER, ALICE_KEY, bob, 7, SALT);
        bytes memory receive_ = _authorisation(RECEIVE, ALICE_KEY, bob, 7, SALT);
        _freezeEverywhere(alice);
        uint256 end = type(uint256).max;
        bytes memory call = abi.encodeWithSignature(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            alice,
            bob,
            7,
            0,
            end,
            SALT,
            transfer
        );
        _stopped(stranger, address(token), call, IERC7943Fungible.ERC7943CannotSend.selector);
        call = abi.encodeWithSignature(
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            alice,
            bob,
            7,
            0,
            end,
            SALT,
            receive_
        );
        _stopped(bob, address(token), call, IERC7943Fungible.ERC7943CannotSend.selector);
        // A cancellation moves nothing, so it may be given; afterwards the authorisation is dead unfrozen too.
        bytes32 digest = _typed(
            address(token),
            keccak256(
                abi.encode(keccak256("CancelAuthorization(address authorizer,bytes32 nonce)"), alice, SALT)
            )
        );
        (bytes32 before, uint256 supply) = (_holdings(alice), token.totalSupply());
        token.cancelAuthorization(alice, SALT, _sign(ALICE_KEY, digest));
        vm.assertEq(_holdings(alice), before, "a cancellation moved something");
        vm.assertEq(token.totalSupply(), supply, "supply");
    }

    function test_T10_Multicall() public {
        _freezeEverywhere(alice);
        address[] memory targets = new address[](2);
        bytes[] memory calls = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            (targets[0], targets[1]) =
                i == 0 ? (address(token), address(share)) : (address(share), address(token));
            calls[0] = abi.encodeCall(IERC20.transferFrom, (alice, alice2, 0));
            calls[1] = abi.encodeCall(IERC20.transferFrom, (alice, bob, 1));
            bytes memory call = abi.encodeCall(Batcher.run, (targets, calls));
            _stopped(carol, address(_batcher), call, IERC7943Fungible.ERC7943CannotSend.selector);
            // The same by her own account, with code that runs several calls (EIP-7702).
            vm.etch(alice, bytes.concat(hex"ef0100", bytes20(address(_batcher))));
            _stopped(alice, alice, call, IERC7943Fungible.ERC7943CannotSend.selector);
            vm.etch(alice, "");
        }
    }

    function test_T10_BurnForRedemption() public {
        vm.prank(alice);
        token.approve(address(market), type(uint256).max);
        bytes32 nonce = market.redemptionNonce(REFERENCE, SALT);
        bytes memory signature = _authorisation(RECEIVE, ALICE_KEY, address(market), 7, nonce);
        _freezeEverywhere(alice);
        _stopped(
            alice,
            address(market),
            abi.encodeCall(IPrimaryMarket.requestRedemption, (7, REFERENCE)),
            IERC7943Fungible.ERC7943CannotSend.selector
        );
        _stopped(
            stranger,
            address(market),
            abi.encodeCall(
                IPrimaryMarket.requestRedemptionWithAuthorization,
                (alice, 7, REFERENCE, 0, type(uint256).max, SALT, signature)
            ),
            IERC7943Fungible.ERC7943CannotSend.selector
        );
    }

    /// @dev What was in escrow when she was frozen stays there until compliance decides.
    function test_T10_OpenEscrow() public {
        _freezeEverywhere(alice);
        _stopped(
            alice,
            address(market),
            abi.encodeCall(IPrimaryMarket.cancelRedemption, (_escrow)),
            IERC7943Fungible.ERC7943CannotReceive.selector
        );
        _stopped(
            operator,
            address(market),
            abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(_escrow), REASON)),
            IERC7943Fungible.ERC7943CannotReceive.selector
        );
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(_escrow)), 3);
        _stopped(
            operator,
            address(market),
            abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(_escrow), approvals)),
            IPrimaryMarket.RedemptionHolderFrozen.selector
        );
        _stopped(
            bob,
            address(market),
            abi.encodeCall(IPrimaryMarket.seizeEscrow, (_escrow, bob, CASE)),
            IAccessManaged.AccessManagedUnauthorized.selector
        );
        vm.prank(compliance);
        market.seizeEscrow(_escrow, treasury, CASE);
        vm.assertEq(uint8(market.redemption(_escrow).status), uint8(RedemptionStatus.Seized), "seized");
    }

    function test_T10_VaultRequests() public {
        _freezeEverywhere(alice);
        bytes4 cannotSend = IERC7943Fungible.ERC7943CannotSend.selector;
        bytes4 cannotReceive = IERC7943Fungible.ERC7943CannotReceive.selector;
        // Coins against shares: for herself, by her operator, and for her other wallet.
        bytes memory call = abi.encodeCall(vault.requestDeposit, (1e6, alice, alice));
        _stopped(alice, address(vault), call, cannotReceive);
        _stopped(bob, address(vault), call, cannotReceive);
        call = abi.encodeCall(vault.requestDeposit, (1e6, alice2, alice));
        _stopped(alice, address(vault), call, cannotSend);
        _stopped(bob, address(vault), call, cannotSend);
        // Shares against coins: likewise, and by a spender's allowance.
        address[2] memory controllers = [alice, alice2];
        for (uint256 i = 0; i < 2; ++i) {
            call = abi.encodeCall(vault.requestRedeem, (1e6, controllers[i], alice));
            _stopped(alice, address(vault), call, cannotSend);
            _stopped(bob, address(vault), call, cannotSend);
            _stopped(stranger, address(vault), call, cannotSend);
        }
    }

    function test_T10_VaultClaims() public {
        _freezeEverywhere(alice);
        bytes4 cannotReceive = IERC7943Fungible.ERC7943CannotReceive.selector;
        address[2] memory callers = [alice, bob];
        address[2] memory receivers = [alice, alice2];
        for (uint256 i = 0; i < 4; ++i) {
            (address caller, address receiver) = (callers[i / 2], receivers[i % 2]);
            _stopped(caller, address(vault), _deposit(1e6, receiver), cannotReceive);
            _stopped(
                caller,
                address(vault),
                abi.encodeWithSignature("mint(uint256,address,address)", 1, receiver, alice),
                cannotReceive
            );
            bytes memory call = abi.encodeCall(vault.withdraw, (1, receiver, alice));
            _stopped(caller, address(vault), call, cannotReceive);
            call = abi.encodeCall(vault.redeem, (1e6, receiver, alice));
            _stopped(caller, address(vault), call, cannotReceive);
        }
        vm.assertEq(vault.maxDeposit(alice), 0, "maxDeposit");
        vm.assertEq(vault.maxWithdraw(alice), 0, "maxWithdraw");
    }

    /// @dev A frozen operator deals for nobody; a request that is asked back before the freeze is not handed out after.
    function test_T10_VaultCancellationsAndOperators() public {
        uint256 open = _open();
        vm.prank(alice);
        vault.cancelDepositRequest(open, alice);
        vm.prank(alice);
        vault.cancelRedeemRequest(open, alice);
        vm.prank(bob);
        vault.setOperator(alice, true);
        _freezeEverywhere(alice);
        address[2] memory receivers = [alice, alice2];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory call = abi.encodeCall(vault.claimCancelDepositRequest, (open, receivers[i], alice));
            _stopped(alice, address(vault), call, IERC7943Fungible.ERC7943CannotReceive.selector);
            call = abi.encodeCall(vault.claimCancelRedeemRequest, (open, receivers[i], alice));
            bytes4 refusal = i == 0
                ? IERC7943Fungible.ERC7943CannotReceive.selector
                : IERC7943Fungible.ERC7943CannotSend.selector;
            _stopped(alice, address(vault), call, refusal);
        }
        _stopped(
            alice,
            address(vault),
            abi.encodeCall(vault.requestDeposit, (1e6, bob, bob)),
            IERC7943Fungible.ERC7943CannotSend.selector
        );
    }

    /// @dev Pushed, it goes to quarantine, and out of that only by two hands to who may have it.
    function test_T10_VaultPushes() public {
        uint256 open = _open();
        vm.prank(alice);
        vault.cancelDepositRequest(open, alice);
        _freezeEverywhere(alice);
        bytes32 before = _holdings(alice);
        _pushShares(_day, _list(alice));
        _pushAssets(_list(alice));
        vm.prank(dealer);
        vault.pushCancelled(_list(alice));
        vm.assertEq(_holdings(alice), before, "pushed to a frozen account");
        (uint256 assets, uint256 shares) = vault.quarantined(alice);
        vm.assertGt(assets, 0, "assets in quarantine");
        vm.assertGt(shares, 0, "shares in quarantine");
        vm.prank(compliance);
        vault.proposeRelease(_release(alice, alice, assets, shares, false));
        _stopped(
            treasurer,
            address(vault),
            abi.encodeCall(vault.confirmRelease, (_release(alice, alice, assets, shares, false))),
            IERC7943Fungible.ERC7943CannotReceive.selector
        );
    }

    function test_T10_DistributionClaim() public {
        (uint256 id, DistributionClaim memory leaf) = _distribute(alice, 5e6);
        _freezeEverywhere(alice);
        bytes32 before = _holdings(alice);
        vm.prank(alice);
        vm.assertFalse(distribution.claim(id, leaf), "paid a frozen account");
        vm.assertEq(_holdings(alice), before, "a claim moved something");
        vm.assertEq(distribution.setAsideFor(id, alice), 5e6, "set aside");
        (bool ok,) = address(distribution).call(abi.encodeCall(distribution.release, (id, alice)));
        vm.assertFalse(ok, "released to a frozen account");
        vm.assertEq(_holdings(alice), before, "a release moved something");
    }

    /// @dev A contract that alice controls and nobody mapped: on the share it is nobody's and gets nothing, before she is
    /// frozen as after; on the open coin it holds what it was sent, and can be frozen once it is found.
    function test_T10_UnmappedWallet() public {
        Batcher hidden = new Batcher();
        _stopped(
            alice,
            address(share),
            abi.encodeCall(IERC20.transfer, (address(hidden), 1)),
            IInvestorRegistry.WalletNotVerified.selector
        );
        vm.prank(alice);
        share.approve(address(hidden), type(uint256).max);
        vm.prank(alice);
        token.transfer(address(hidden), 5);
        _freezeEverywhere(alice);
        address[] memory targets = new address[](1);
        bytes[] memory calls = new bytes[](1);
        (targets[0], calls[0]) = (address(share), abi.encodeCall(IERC20.transferFrom, (alice, bob, 1)));
        bytes memory call = abi.encodeCall(Batcher.run, (targets, calls));
        _stopped(alice, address(hidden), call, IERC7943Fungible.ERC7943CannotSend.selector);
        _freeze(address(hidden), ACCOUNT);
        (targets[0], calls[0]) = (address(token), abi.encodeCall(IERC20.transfer, (bob, 5)));
        call = abi.encodeCall(Batcher.run, (targets, calls));
        _stopped(alice, address(hidden), call, IERC7943Fungible.ERC7943CannotSend.selector);
        vm.assertEq(token.balanceOf(address(hidden)), 5, "moved");
    }

    function test_T10_CannotReceive() public {
        uint256 shares = _endow(bob, 10_000e6, NAV);
        vm.assertGt(shares, 0, "bob's shares");
        _freezeEverywhere(alice);
        bytes4 cannotReceive = IERC7943Fungible.ERC7943CannotReceive.selector;
        bytes memory call = abi.encodeCall(IERC20.transfer, (alice, 1));
        _stopped(bob, address(token), call, cannotReceive);
        _stopped(bob, address(share), call, cannotReceive);
        MintBatch[] memory batches = _batch(_one(_order(alice, 1e6)));
        _stopped(operator, address(market), abi.encodeCall(market.mint, (batches)), cannotReceive);
        call = abi.encodeWithSignature("forcedTransfer(address,address,uint256,bytes32)", bob, alice, 1, CASE);
        _stopped(compliance, address(token), call, cannotReceive);
        _stopped(compliance, address(share), call, cannotReceive);
    }

    function test_T10_ThirdPartiesCannotGriefFrozenTokensOut() public {
        _freezeEverywhere(alice);
        address[5] memory third = [bob, stranger, operator, treasurer, guardian];
        bytes[8] memory calls = [
            abi.encodeWithSignature("burn(uint256)", 1),
            abi.encodeWithSignature("burnFrom(address,uint256)", alice, 1),
            abi.encodeWithSignature("burnEscrow(uint256)", 1),
            abi.encodeWithSignature("burnByOrder(address,uint256,bytes32)", alice, 1, CASE),
            abi.encodeWithSignature("forcedTransfer(address,address,uint256,bytes32)", alice, bob, 1, CASE),
            abi.encodeWithSignature("lowerFrozen(address,uint256)", alice, 1),
            abi.encodeWithSignature("unfreeze(address,uint256,bytes32)", alice, 0, CASE),
            abi.encodeWithSignature("collect(address,address,uint256)", alice, alice, 1)
        ];
        for (uint256 i = 0; i < third.length; ++i) {
            for (uint256 j = 0; j < calls.length; ++j) {
                _stopped(third[i], address(token), calls[j], 0);
                _stopped(third[i], address(share), calls[j], 0);
            }
        }
    }

    // ---------------------------------------------------------------------------------------- a part, and force

    function test_T10_PartialToTheUnit() public {
        uint256 coins = token.balanceOf(alice);
        uint256 shares = share.balanceOf(alice);
        (uint256 freeCoins, uint256 freeShares) = (40_000e6, 3000e6);
        _freeze(alice, coins - freeCoins);
        _freezeShares(alice, shares - freeShares);
        bytes4 short_ = IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector;
        bytes memory call = abi.encodeCall(IERC20.transfer, (carol, freeCoins + 1));
        _stopped(alice, address(token), call, short_);
        call = abi.encodeCall(IERC20.transferFrom, (alice, carol, freeCoins + 1));
        _stopped(bob, address(token), call, short_);
        call = abi.encodeCall(vault.requestDeposit, (freeCoins + 1, alice, alice));
        _stopped(alice, address(vault), call, short_);
        vm.prank(alice);
        token.approve(address(market), type(uint256).max);
        call = abi.encodeCall(IPrimaryMarket.requestRedemption, (freeCoins + 1, REFERENCE));
        _stopped(alice, address(market), call, short_);
        call = abi.encodeCall(IERC20.transfer, (carol, freeShares + 1));
        _stopped(alice, address(share), call, short_);
        call = abi.encodeCall(vault.requestRedeem, (freeShares + 1, alice, alice));
        _stopped(alice, address(vault), call, short_);
        // Every one of them to the last unit, together, and then not one more.
        uint256 part = freeCoins / 4;
        vm.prank(alice);
        token.transfer(carol, part);
        vm.prank(bob);
        token.transferFrom(alice, carol, part);
        _subscribe(alice, part);
        vm.prank(alice);
        market.requestRedemption(part, REFERENCE);
        vm.prank(alice);
        share.transfer(carol, freeShares / 2);
        _redeemShares(alice, freeShares / 2);
        call = abi.encodeCall(IERC20.transfer, (carol, 1));
        _stopped(alice, address(token), call, short_);
        _stopped(alice, address(share), call, short_);
        vm.assertEq(token.balanceOf(alice), coins - freeCoins, "frozen coins");
        vm.assertEq(share.balanceOf(alice), shares - freeShares, "frozen shares");
    }

    function test_T10_OnlyForcedTransferMovesThem() public {
        _freezeEverywhere(alice);
        (uint256 coins, uint256 shares) = (token.balanceOf(alice), share.balanceOf(alice));
        (uint256 coinSupply, uint256 shareSupply) = (token.totalSupply(), share.totalSupply());
        _force(token, alice, alice2, coins);
        _force(share, alice, alice2, shares);
        vm.assertEq(token.balanceOf(alice2), coins, "coins");
        vm.assertEq(share.balanceOf(alice2), shares, "shares");
        vm.assertEq(token.totalSupply(), coinSupply, "coin supply");
        vm.assertEq(share.totalSupply(), shareSupply, "share supply");
        vm.assertFalse(token.canSend(alice) || share.canSend(alice), "still frozen");
    }

    // -------------------------------------------------------------------------------------------------- inside

    /// @dev `caller` is refused, with `refusal` unless that is 0, and nothing of alice's has moved.
    function _stopped(address caller, address target, bytes memory call, bytes4 refusal) private {
        bytes32 before = _holdings(alice);
        vm.prank(caller);
        (bool ok, bytes memory reason) = target.call(call);
        vm.assertFalse(ok, "went through");
        if (refusal != 0) vm.assertEq(bytes32(bytes4(reason)), bytes32(refusal), "refusal");
        vm.assertEq(_holdings(alice), before, "something moved");
    }

    function _holdings(address account) private view returns (bytes32) {
        return keccak256(abi.encode(token.balanceOf(account), share.balanceOf(account), market.escrowed()));
    }

    function _deposit(uint256 assets, address receiver) private view returns (bytes memory) {
        return abi.encodeWithSignature("deposit(uint256,address,address)", assets, receiver, alice);
    }
}
