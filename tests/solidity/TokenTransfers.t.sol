// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IRegulatedERC20} from "../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch} from "../../contracts/interfaces/IssuanceTypes.sol";
import {Suite} from "./support/Suite.sol";
import {Vm, bound, vm} from "./support/Vm.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice ERC-20 behaviour, freezes, the pause and what compliance may do.
contract TokenTransfersTest is Suite {
    uint128 private constant WHOLE = type(uint128).max;

    function setUp() public override {
        super.setUp();
        _attest(1_000_000e6);
        _mint(alice, 1000);
    }

    function _transferRefused(address from, address to, uint256 amount, bytes memory refusal) private {
        vm.prank(from);
        vm.expectRevert(refusal);
        token.transfer(to, amount);
    }

    function _cannotSend(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, account);
    }

    function _cannotReceive(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, account);
    }

    function _insufficientUnfrozen(address account, uint256 amount, uint256 unfrozen)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, account, amount, unfrozen
        );
    }

    // ------------------------------------------------------------------------------------------------ ERC-20

    function test_Transfer() public {
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, bob, 400);
        vm.prank(alice);
        vm.assertTrue(token.transfer(bob, 400), "result");
        vm.assertEq(token.balanceOf(alice), 600, "alice");
        vm.assertEq(token.balanceOf(bob), 400, "bob");
        vm.assertEq(token.totalSupply(), 1000, "supply");
    }

    function test_TransferToSelfChangesNothing() public {
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, alice, 1000);
        vm.prank(alice);
        token.transfer(alice, 1000);
        vm.assertEq(token.balanceOf(alice), 1000, "balance");
        _freeze(alice, 1);
        _transferRefused(alice, alice, 1000, _insufficientUnfrozen(alice, 1000, 999));
        bytes memory refusal =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001);
        _transferRefused(alice, alice, 1001, refusal);
    }

    function test_ZeroTransferPasses() public {
        vm.expectEmit(address(token));
        emit IERC20.Transfer(carol, bob, 0);
        vm.prank(carol);
        token.transfer(bob, 0);
    }

    function test_TransferRefuses() public {
        bytes memory refusal =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001);
        _transferRefused(alice, bob, 1001, refusal);
        refusal = abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0));
        _transferRefused(alice, address(0), 1, refusal);
        _transferRefused(alice, address(token), 1, _cannotReceive(address(token)));
    }

    function test_TransferFromSpendsTheAllowance() public {
        vm.expectEmit(address(token));
        emit IERC20.Approval(alice, bob, 500);
        vm.prank(alice);
        token.approve(bob, 500);
        vm.prank(bob);
        token.transferFrom(alice, carol, 200);
        vm.assertEq(token.allowance(alice, bob), 300, "allowance");
        vm.assertEq(token.balanceOf(carol), 200, "carol");
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 300, 301)
        );
        token.transferFrom(alice, carol, 301);
    }

    /// @dev A transfer from the zero address is a mint to everyone who reads events: nobody makes one up.
    function test_NobodyTransfersFromZero() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        token.transferFrom(address(0), bob, 0);
    }

    function test_InfiniteAllowanceStays() public {
        vm.prank(alice);
        token.approve(bob, type(uint256).max);
        vm.prank(bob);
        token.transferFrom(alice, carol, 200);
        vm.assertEq(token.allowance(alice, bob), type(uint256).max, "allowance");
    }

    function test_ApproveRefusesZeroParties() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSpender.selector, address(0)));
        token.approve(address(0), 1);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidApprover.selector, address(0)));
        token.approve(bob, 1);
    }

    // ----------------------------------------------------------------------------------------------- freezing

    function test_FrozenAccountNeitherSendsNorReceives() public {
        _mint(bob, 10);
        vm.prank(alice);
        token.approve(bob, 100);
        vm.expectEmit(address(token));
        emit IERC7943Fungible.Frozen(alice, WHOLE);
        _freezeAccount(alice);
        _transferRefused(alice, bob, 1, _cannotSend(alice));
        _transferRefused(alice, bob, 0, _cannotSend(alice));
        _transferRefused(bob, alice, 1, _cannotReceive(alice));
        vm.prank(bob);
        vm.expectRevert(_cannotSend(alice));
        token.transferFrom(alice, bob, 1);
        vm.assertEq(token.totalSupply(), 1010, "freezing never changes the supply");
    }

    function test_FrozenSpenderMovesNobodysTokens() public {
        vm.prank(alice);
        token.approve(bob, 100);
        _freezeAccount(bob);
        vm.prank(bob);
        vm.expectRevert(_cannotSend(bob));
        token.transferFrom(alice, carol, 1);
    }

    function test_PartlyFrozenMovesToTheLastUnit_AndNotOneMore() public {
        _freeze(alice, 600);
        _transferRefused(alice, bob, 401, _insufficientUnfrozen(alice, 401, 400));
        vm.prank(alice);
        token.transfer(bob, 400);
        _transferRefused(alice, bob, 1, _insufficientUnfrozen(alice, 1, 0));
        vm.prank(bob);
        token.transfer(alice, 400);
        vm.prank(alice);
        token.transfer(bob, 400);
    }

    function test_FreezeMayExceedTheBalance() public {
        _freeze(alice, 5000);
        vm.assertEq(token.getFrozenTokens(alice), 5000, "frozen");
        _transferRefused(alice, bob, 1, _insufficientUnfrozen(alice, 1, 0));
        _mint(bob, 4500);
        vm.prank(bob);
        token.transfer(alice, 4500);
        vm.prank(alice);
        token.transfer(bob, 500);
        _transferRefused(alice, bob, 1, _insufficientUnfrozen(alice, 1, 0));
    }

    function test_FrozenBeyondTheBalance() public {
        vm.assertEq(token.frozenBeyondBalance(alice), 0, "nothing frozen");
        address[] memory both = new address[](2);
        (both[0], both[1]) = (alice, bob);
        vm.assertEq(token.firstFrozenBeyondBalance(both), 2, "neither");
        _freeze(alice, 1000);
        vm.assertEq(token.frozenBeyondBalance(alice), 0, "as much as held");
        _freeze(alice, 1001);
        vm.assertEq(token.frozenBeyondBalance(alice), 1, "one more than held");
        _freeze(bob, 7);
        vm.assertEq(token.frozenBeyondBalance(bob), 7, "nothing held");
        vm.assertEq(token.firstFrozenBeyondBalance(both), 0, "both: the first");
        both[0] = carol;
        vm.assertEq(token.firstFrozenBeyondBalance(both), 1, "the second");
        _freezeAccount(alice);
        vm.assertEq(token.frozenBeyondBalance(alice), type(uint256).max, "the account itself");
    }

    function test_GuardianOnlyRaises_ComplianceOnlyLowers() public {
        _freeze(alice, 600);
        _freeze(alice, 600);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IRegulatedERC20.FreezeMayOnlyRaise.selector, alice, 600, 599));
        token.setFrozenTokens(alice, 599);
        vm.prank(compliance);
        vm.expectRevert(
            abi.encodeWithSelector(IRegulatedERC20.UnfreezeMayOnlyLower.selector, alice, 600, 600)
        );
        token.unfreeze(alice, 600, CASE);
        vm.expectEmit(address(token));
        emit IERC7943Fungible.Frozen(alice, 100);
        vm.expectEmit(address(token));
        emit IRegulatedERC20.CaseActed(CASE, alice, compliance, IRegulatedERC20.unfreeze.selector, 100);
        vm.prank(compliance);
        token.unfreeze(alice, 100, CASE);
        vm.assertEq(token.getFrozenTokens(alice), 100, "frozen");
    }

    function test_FreezeRefuses() public {
        vm.prank(guardian);
        vm.expectRevert();
        token.setFrozenTokens(alice, uint256(WHOLE) + 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        token.setFrozenTokens(address(0), 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, market));
        token.setFrozenTokens(address(market), 1);
        _freeze(alice, 1);
        vm.prank(compliance);
        vm.expectRevert(IRegulatedERC20.CaseIdRequired.selector);
        token.unfreeze(alice, 0, bytes32(0));
    }

    function test_AccountFrozenWhileEmptyReceivesNoMint() public {
        _freezeAccount(bob);
        MintBatch[] memory batches = _batch(_one(_order(bob, 1)));
        vm.prank(operator);
        vm.expectRevert(_cannotReceive(bob));
        market.mint(batches);
    }

    /// @dev `canTransfer`, `canSend`, `canReceive` tell beforehand what a transfer does. A plain shortage is not theirs
    /// to tell.
    function testFuzz_AnswersAgreeWithReality(
        uint128 frozenFrom,
        uint8 kindFrom,
        uint8 kindTo,
        uint256 amount,
        bool pause
    ) public {
        amount = bound(amount, 0, 1000);
        if (kindFrom % 3 == 1) _freeze(alice, bound(frozenFrom, 1, 1500));
        if (kindFrom % 3 == 2) _freezeAccount(alice);
        if (kindTo % 3 == 1) _freeze(bob, 5);
        if (kindTo % 3 == 2) _freezeAccount(bob);
        if (pause) {
            vm.prank(guardian);
            token.pause();
        }
        bool answer = token.canTransfer(alice, bob, amount);
        vm.assertEq(token.canSend(alice), kindFrom % 3 != 2, "canSend");
        vm.assertEq(token.canReceive(bob), kindTo % 3 != 2, "canReceive");
        vm.prank(alice);
        (bool moved,) = address(token).call(abi.encodeCall(token.transfer, (bob, amount)));
        vm.assertEq(moved, answer, "canTransfer");
    }

    function test_AnswersForZeroParties() public view {
        vm.assertFalse(token.canReceive(address(0)), "receive");
        vm.assertFalse(token.canTransfer(alice, address(0), 0), "transfer");
        vm.assertTrue(token.canTransfer(alice, bob, 1001), "a shortage is not a refusal");
    }

    // -------------------------------------------------------------------------------------------------- pause

    function test_PauseStopsTransfersAndMints_AndNothingElse() public {
        uint256 id = _request(alice, 100);
        vm.expectEmit(address(token));
        emit IRegulatedERC20.Paused(guardian);
        vm.prank(guardian);
        token.pause();
        vm.assertTrue(token.paused(), "paused");
        bytes memory refusal = abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector);
        _transferRefused(alice, bob, 1, refusal);
        MintBatch[] memory batches = _batch(_one(_order(bob, 1)));
        vm.prank(operator);
        vm.expectRevert(refusal);
        market.mint(batches);
        vm.prank(guardian);
        vm.expectRevert(refusal);
        token.pause();

        _accept(_ids(id));
        _pay(_ids(id));
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 100, CASE);
        vm.prank(compliance);
        token.burnByOrder(bob, 50, CASE);
        vm.assertEq(token.totalSupply(), 850, "supply");

        bytes memory resume = abi.encodeCall(IRegulatedERC20.resume, ());
        _ready(governor, address(token), resume);
        vm.expectEmit(address(token));
        emit IRegulatedERC20.Resumed(governor);
        vm.prank(governor);
        token.resume();
        vm.prank(alice);
        token.transfer(bob, 1);
        _ready(governor, address(token), resume);
        vm.prank(governor);
        vm.expectRevert(IRegulatedERC20.TokenNotPaused.selector);
        token.resume();
    }

    // ------------------------------------------------------------------------------------- forced transfers

    function test_ForcedTransferOfFrozenTokens_LowersTheFigureFirst() public {
        _freeze(alice, 600);
        vm.recordLogs();
        vm.prank(compliance);
        vm.assertTrue(token.forcedTransfer(alice, bob, 700, CASE), "result");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 4, "events");
        vm.assertEq(logs[0].topics[0], IERC7943Fungible.Frozen.selector, "first the figure");
        vm.assertEq(abi.decode(logs[0].data, (uint256)), 300, "figure");
        vm.assertEq(logs[1].topics[0], IERC20.Transfer.selector, "then the transfer");
        vm.assertEq(logs[2].topics[0], IERC7943Fungible.ForcedTransfer.selector, "then its reason");
        vm.assertEq(logs[3].topics[0], IRegulatedERC20.CaseActed.selector, "then its case");
        vm.assertEq(logs[3].topics[1], CASE, "case id");
        vm.assertEq(token.getFrozenTokens(alice), 300, "frozen");
        vm.assertEq(token.balanceOf(alice), 300, "balance");
        vm.assertEq(token.balanceOf(bob), 700, "bob");
        vm.assertEq(token.totalSupply(), 1000, "supply-neutral");
    }

    function test_ForcedTransferOfFreeTokens_LeavesTheFigure() public {
        _freeze(alice, 600);
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 400, CASE);
        vm.assertEq(token.getFrozenTokens(alice), 600, "frozen");
    }

    function test_ForcedTransferFromFrozenAccount_LeavesItFrozen() public {
        _freezeAccount(alice);
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 1000, CASE);
        vm.assertEq(token.getFrozenTokens(alice), WHOLE, "frozen");
        vm.assertEq(token.balanceOf(bob), 1000, "bob");
    }

    function test_ForcedTransferOfAnOverfrozenBalance() public {
        _freeze(alice, 1500);
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 1000, CASE);
        vm.assertEq(token.getFrozenTokens(alice), 500, "what was frozen beyond the balance stays");
    }

    function _forcedRefused(address from, address to, uint256 amount, bytes32 caseId, bytes memory refusal)
        private
    {
        vm.prank(compliance);
        vm.expectRevert(refusal);
        token.forcedTransfer(from, to, amount, caseId);
    }

    function test_ForcedTransferRefuses() public {
        bytes memory refusal = abi.encodeWithSelector(IRegulatedERC20.ForcedTransferToSelf.selector, alice);
        _forcedRefused(alice, alice, 1, CASE, refusal);
        refusal = abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0));
        _forcedRefused(alice, address(0), 1, CASE, refusal);
        refusal = abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001);
        _forcedRefused(alice, bob, 1001, CASE, refusal);
        _forcedRefused(
            alice, bob, 1, bytes32(0), abi.encodeWithSelector(IRegulatedERC20.CaseIdRequired.selector)
        );
        refusal = abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, market);
        _forcedRefused(address(market), bob, 0, CASE, refusal);
        refusal = abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0));
        _forcedRefused(address(0), bob, 0, CASE, refusal);
        _freezeAccount(bob);
        _forcedRefused(alice, bob, 1, CASE, _cannotReceive(bob));
        vm.prank(compliance);
        vm.expectRevert(IRegulatedERC20.CaseIdRequired.selector);
        token.forcedTransfer(alice, carol, 1);
    }

    // ------------------------------------------------------------------------------------------ burn by order

    function test_BurnByOrderDischargesAtOnce() public {
        _freeze(alice, 900);
        vm.recordLogs();
        vm.prank(compliance);
        token.burnByOrder(alice, 300, CASE);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 4, "events");
        vm.assertEq(logs[0].topics[0], IERC7943Fungible.Frozen.selector, "first the figure");
        vm.assertEq(logs[1].topics[0], IERC20.Transfer.selector, "then the burn");
        vm.assertEq(logs[2].topics[0], IStablecoin.Discharged.selector, "then the discharge");
        vm.assertEq(logs[3].topics[0], IRegulatedERC20.CaseActed.selector, "then the case");
        vm.assertEq(token.totalSupply(), 700, "supply");
        vm.assertEq(token.getFrozenTokens(alice), 700, "frozen");
        vm.assertEq(token.burned(), 300, "burned");
        vm.assertEq(token.discharged(), 300, "discharged");
        vm.assertEq(token.payableTotal(), 0, "payable");
    }

    function test_BurnByOrderRefuses() public {
        vm.prank(compliance);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001)
        );
        token.burnByOrder(alice, 1001, CASE);
        vm.prank(compliance);
        vm.expectRevert(IRegulatedERC20.CaseIdRequired.selector);
        token.burnByOrder(alice, 1, bytes32(0));
        vm.prank(compliance);
        vm.expectRevert(abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, market));
        token.burnByOrder(address(market), 0, CASE);
        vm.prank(compliance);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        token.burnByOrder(address(0), 0, CASE);
    }
}
