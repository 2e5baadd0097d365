// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {
    DistributionClaim,
    DistributionRecord,
    DistributionStatus,
    DistributionTerms,
    IDistribution
} from "../../../contracts/interfaces/IDistribution.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {Distribution} from "../../../contracts/market/Distribution.sol";
import {DistributionSuite} from "../support/DistributionSuite.sol";
import {vm} from "../support/Vm.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A coin that keeps a unit of each transfer for itself.
contract KeepingCoin {
    mapping(address account => uint256) public balanceOf;

    constructor(address holder) {
        balanceOf[holder] = 1_000_000;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount - 1;
        return true;
    }
}

contract DistributionTest is DistributionSuite {
    bytes32 private constant REPORT_ONE = keccak256("report one");

    uint256 private _done;

    // ------------------------------------------------------------------------------------------------- creating

    function test_ADistributionIsPaidInInFull() public {
        DistributionClaim[] memory claims = _claims();
        DistributionTerms memory terms = _terms(claims, REPORT_ONE);
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionCreated(1, address(share), treasurer, terms);
        uint256 id = _create(terms);
        vm.assertEq(id, 1, "the first");
        vm.assertEq(distribution.distributionCount(), 1, "count");
        vm.assertEq(distribution.idOf(REPORT_ONE), 1, "by its report");
        vm.assertEq(token.balanceOf(address(distribution)), 351, "paid in");
        vm.assertEq(distribution.owed(1), 351, "owed");
        DistributionRecord memory record = distribution.distribution(1);
        vm.assertEq(keccak256(abi.encode(record.terms)), keccak256(abi.encode(terms)), "every field");
        vm.assertEq(record.funder, treasurer, "funder");
        vm.assertEq(record.unclaimed, 351, "unclaimed");
        vm.assertEq(distribution.coin(), address(token), "coin");
        vm.assertEq(distribution.registry(), address(registry), "registry");
        _status(1, DistributionStatus.Open);
    }

    function test_OnlyTheTreasurerCreates() public {
        bytes memory call = abi.encodeCall(IDistribution.create, (_terms(_claims(), REPORT_ONE)));
        _refused(stranger, address(distribution), call, _unauthorised(stranger));
        _refused(operator, address(distribution), call, _unauthorised(operator));
    }

    function test_IncompleteOrUntimelyTermsAreRefused() public {
        DistributionTerms memory terms = _terms(_claims(), REPORT_ONE);
        terms.root = bytes32(0);
        _createRefused(terms);
        terms = _terms(_claims(), bytes32(0));
        _createRefused(terms);
        terms = _terms(_claims(), REPORT_ONE);
        terms.total = 0;
        _createRefused(terms);
        terms = _terms(_claims(), REPORT_ONE);
        terms.share = stranger;
        _createRefused(terms);
        terms = _terms(_claims(), REPORT_ONE);
        terms.recordDate = uint40(block.timestamp + 1);
        _createRefused(terms);
        terms = _terms(_claims(), REPORT_ONE);
        terms.deadline = uint40(block.timestamp);
        _createRefused(terms);
    }

    function _createRefused(DistributionTerms memory terms) private {
        _createRefused(terms, abi.encodeWithSelector(IDistribution.InvalidDistribution.selector));
    }

    function _createRefused(DistributionTerms memory terms, bytes memory refusal) private {
        _refused(treasurer, address(distribution), abi.encodeCall(IDistribution.create, (terms)), refusal);
    }

    /// @dev Sent twice by mistake, the second would pay everybody twice.
    function test_AReportIsDistributedOnce() public {
        DistributionTerms memory terms = _terms(_claims(), REPORT_ONE);
        _create(terms);
        _createRefused(
            terms, abi.encodeWithSelector(IDistribution.ReportAlreadyDistributed.selector, REPORT_ONE, 1)
        );
    }

    function test_NothingOpensWithoutItsMoney() public {
        DistributionTerms memory terms = _terms(_claims(), REPORT_ONE);
        terms.total = uint112(token.balanceOf(treasurer) + 1);
        _createRefused(
            terms,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector,
                treasurer,
                token.balanceOf(treasurer),
                terms.total
            )
        );
        vm.assertEq(distribution.distributionCount(), 0, "none");
        KeepingCoin keeping = new KeepingCoin(address(this));
        bytes memory arguments = abi.encode(manager, keeping, registry);
        Distribution other = Distribution(_proxy(_create("Distribution.sol:Distribution", arguments)));
        bytes memory call = abi.encodeCall(IDistribution.create, (_terms(_claims(), REPORT_ONE)));
        // Its functions are nobody's yet, so the admin's, who calls directly after the delay.
        keeping.transferFrom(address(this), admin, 1000);
        _ready(admin, address(other), call);
        _refused(
            admin,
            address(other),
            call,
            abi.encodeWithSelector(IDistribution.FundingIncomplete.selector, 350, 351)
        );
    }

    // ------------------------------------------------------------------------------------------------- claiming

    function test_AnybodyClaimsForTheAccountOfTheLeaf() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionPaid(id, alice, stranger, 0, 100);
        vm.prank(stranger);
        vm.assertTrue(distribution.claim(id, claims[0]), "paid");
        vm.assertEq(token.balanceOf(alice), 100, "alice");
        vm.assertEq(token.balanceOf(stranger), 0, "not the caller");
        vm.assertTrue(distribution.isClaimed(id, 0), "claimed");
        vm.assertFalse(distribution.isClaimed(id, 1), "not claimed");
        vm.assertEq(distribution.owed(id), 251, "the rest");
    }

    function test_ALeafIsClaimedOnce() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        distribution.claim(id, claims[0]);
        _claimRefused(id, claims[0], abi.encodeWithSelector(IDistribution.AlreadyClaimed.selector, id, 0));
    }

    function test_OnlyTheTreesLeavesAreClaimed() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        bytes memory refusal = abi.encodeWithSelector(IDistribution.InvalidProof.selector, id, 0);
        DistributionClaim memory wrong = claims[0];
        wrong.amount = 101;
        _claimRefused(id, wrong, refusal);
        wrong = _claims()[0];
        wrong.account = stranger;
        _claimRefused(id, wrong, refusal);
        wrong = _claims()[0];
        wrong.proof = claims[1].proof;
        _claimRefused(id, wrong, refusal);
        wrong = _claims()[0];
        wrong.proof = new bytes32[](0);
        _claimRefused(id, wrong, refusal);
        wrong = _claims()[0];
        wrong.index = 3;
        _claimRefused(id, wrong, abi.encodeWithSelector(IDistribution.InvalidProof.selector, id, 3));
    }

    /// @dev A batch goes on where somebody claimed ahead of it.
    function test_ABatchSkipsWhatWasClaimed() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        distribution.claim(id, claims[1]);
        vm.assertEq(distribution.claimMany(id, claims), 2, "two more");
        vm.assertEq(distribution.claimMany(id, claims), 0, "none left");
        vm.assertEq(token.balanceOf(bob), 250, "once");
        vm.assertEq(token.balanceOf(address(distribution)), 0, "all paid");
    }

    function test_AnUnknownDistributionTakesNoClaims() public {
        DistributionClaim[] memory claims = _claims();
        bytes memory refusal =
            abi.encodeWithSelector(IDistribution.DistributionInStatus.selector, 7, DistributionStatus.None);
        _claimRefused(7, claims[0], refusal);
        bytes memory many = abi.encodeCall(IDistribution.claimMany, (7, claims));
        _refused(stranger, address(distribution), many, refusal);
        _refused(stranger, address(distribution), abi.encodeCall(IDistribution.release, (7, alice)), refusal);
        _refused(treasurer, address(distribution), abi.encodeCall(IDistribution.sweep, (7)), refusal);
        _refused(guardian, address(distribution), abi.encodeCall(IDistribution.stop, (7)), refusal);
    }

    /// @dev A root and a proof of OpenZeppelin's own library (npm's merkle-tree 1.0, `StandardMerkleTree.of(values,
    /// ["uint256", "address", "uint256"])`), and the same tree by the builder of these tests.
    function test_TreesAreOpenZeppelinsStandardOnes() public {
        DistributionClaim[] memory claims = new DistributionClaim[](5);
        claims[0].account = 0x1111111111111111111111111111111111111111;
        claims[1].account = 0x2222222222222222222222222222222222222222;
        claims[2].account = 0x3333333333333333333333333333333333333333;
        claims[3].account = 0x1111111111111111111111111111111111111111;
        claims[4].account = 0x4444444444444444444444444444444444444444;
        uint256[5] memory amounts = [uint256(5_000_000), 2_500_000, 1, 7, 123_456_789];
        for (uint256 i = 0; i < 5; ++i) {
            (claims[i].index, claims[i].amount) = (i, amounts[i]);
            _admit(claims[i].account);
        }
        DistributionTerms memory terms = _terms(claims, REPORT_ONE);
        vm.assertEq(
            terms.root,
            0x2b16ff2523d9b86e4b8347b03c6f4ef38754a50b0f80941ab42cfc3f242a65e4,
            "the library's root"
        );
        uint256 id = _create(terms);
        bytes32[] memory proof = new bytes32[](2);
        proof[0] = 0x8ae11ff87c7ffd113dfdffca43087ac40db97faa7b364990259d85210caa72f2;
        proof[1] = 0x901d1242234985d45c979ec6ba2f2a93991734bbe056e0cb91ff41225d417287;
        claims[4].proof = proof;
        vm.assertTrue(distribution.claim(id, claims[4]), "the library's proof");
        vm.assertEq(distribution.claimMany(id, claims), 4, "ours");
        vm.assertEq(token.balanceOf(claims[0].account), 5_000_007, "two leaves of one account");
    }

    function _claimRefused(uint256 id, DistributionClaim memory claim, bytes memory refusal) private {
        _refused(stranger, address(distribution), abi.encodeCall(IDistribution.claim, (id, claim)), refusal);
    }

    // ----------------------------------------------------------------------------------- who can't be paid now

    /// @dev Frozen or unverified: not paid, not lost, and not swept.
    function test_WhatCanNotBePaidIsSetAside() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        _freezeCoins(alice);
        _lapse(bob);
        vm.assertFalse(distribution.canBePaid(alice), "frozen");
        vm.assertFalse(distribution.canBePaid(bob), "lapsed");
        vm.assertTrue(distribution.canBePaid(carol), "carol");
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionSetAside(id, alice, address(this), 0, 100);
        vm.assertEq(distribution.claimMany(id, claims), 1, "carol");
        vm.assertEq(distribution.setAsideFor(id, alice), 100, "alice's");
        vm.assertEq(distribution.setAsideFor(id, bob), 250, "bob's");
        vm.assertEq(distribution.owed(id), 350, "owed");
        _claimRefused(id, claims[0], abi.encodeWithSelector(IDistribution.AlreadyClaimed.selector, id, 0));
        vm.warp(distribution.distribution(id).terms.deadline);
        vm.prank(treasurer);
        distribution.sweep(id);
        vm.assertEq(distribution.owed(id), 350, "not swept");
        _admit(bob);
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionReleased(id, bob, stranger, bob, 250, bytes32(0));
        vm.prank(stranger);
        distribution.release(id, bob);
        vm.assertEq(token.balanceOf(bob), 250, "released");
        _releaseRefused(id, bob, abi.encodeWithSelector(IDistribution.NothingSetAside.selector, id, bob));
    }

    function test_NothingIsReleasedToWhoStillCanNotBePaid() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        _freezeCoins(alice);
        _lapse(bob);
        distribution.claimMany(id, claims);
        _releaseRefused(id, bob, _unverified(bob));
        _admit(alice);
        bytes4 cannot = IERC7943Fungible.ERC7943CannotReceive.selector;
        _releaseRefused(id, alice, abi.encodeWithSelector(cannot, alice));
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        distribution.release(id, alice);
        vm.assertEq(token.balanceOf(alice), 100, "unfrozen");
    }

    /// @dev A deceased holder's estate, a seizure: by compliance, under a case, to a wallet that is verified.
    function test_ComplianceReleasesToAnotherWallet() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        _freezeCoins(alice);
        distribution.claim(id, claims[0]);
        bytes memory call = abi.encodeCall(IDistribution.releaseTo, (id, alice, dave, CASE));
        _refused(guardian, address(distribution), call, _unauthorised(guardian));
        _refused(treasurer, address(distribution), call, _unauthorised(treasurer));
        _refused(
            compliance,
            address(distribution),
            abi.encodeCall(IDistribution.releaseTo, (id, alice, dave, bytes32(0))),
            abi.encodeWithSelector(IDistribution.CaseIdMissing.selector)
        );
        _refused(
            compliance,
            address(distribution),
            abi.encodeCall(IDistribution.releaseTo, (id, alice, stranger, CASE)),
            _unverified(stranger)
        );
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionReleased(id, alice, compliance, dave, 100, CASE);
        vm.prank(compliance);
        distribution.releaseTo(id, alice, dave, CASE);
        vm.assertEq(token.balanceOf(dave), 100, "dave");
        vm.assertEq(distribution.owed(id), 251, "the others' stays");
    }

    /// @dev A pause is everybody's: claims wait, and nothing is set aside for it.
    function test_APausedCoinMakesClaimsWait() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        vm.prank(guardian);
        token.pause();
        _claimRefused(id, claims[0], abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector));
        _govern(address(token), abi.encodeCall(IRegulatedERC20.resume, ()));
        vm.assertEq(distribution.claimMany(id, claims), 3, "all");
    }

    function _releaseRefused(uint256 id, address account, bytes memory refusal) private {
        _refused(
            stranger, address(distribution), abi.encodeCall(IDistribution.release, (id, account)), refusal
        );
    }

    // ------------------------------------------------------------------------------------------------- sweeping

    function test_WhatNobodyClaimedIsSweptAfterTheDeadline() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        distribution.claim(id, claims[0]);
        uint256 deadline = distribution.distribution(id).terms.deadline;
        bytes memory call = abi.encodeCall(IDistribution.sweep, (id));
        vm.warp(deadline - 1);
        _refused(
            treasurer,
            address(distribution),
            call,
            abi.encodeWithSelector(IDistribution.DeadlineNotReached.selector, id, deadline)
        );
        _refused(stranger, address(distribution), call, _unauthorised(stranger));
        vm.warp(deadline);
        // Until somebody sweeps, claims go on.
        _admit(carol);
        distribution.claim(id, claims[2]);
        uint256 before = token.balanceOf(treasurer);
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionSwept(id, treasurer, treasurer, 250);
        vm.prank(treasurer);
        distribution.sweep(id);
        vm.assertEq(token.balanceOf(treasurer) - before, 250, "swept to who paid it in");
        bytes memory swept =
            abi.encodeWithSelector(IDistribution.DistributionInStatus.selector, id, DistributionStatus.Swept);
        _claimRefused(id, claims[1], swept);
        _refused(treasurer, address(distribution), call, swept);
    }

    // -------------------------------------------------------------------------------------- stop, resume, cancel

    function test_AGuardianStopsAndTheGovernorResumes() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        bytes memory stop = abi.encodeCall(IDistribution.stop, (id));
        _refused(treasurer, address(distribution), stop, _unauthorised(treasurer));
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionStopped(id, guardian);
        vm.prank(guardian);
        distribution.stop(id);
        bytes memory stopped = abi.encodeWithSelector(IDistribution.DistributionIsStopped.selector, id);
        _claimRefused(id, claims[0], stopped);
        _refused(
            stranger, address(distribution), abi.encodeCall(IDistribution.claimMany, (id, claims)), stopped
        );
        _releaseRefused(id, alice, stopped);
        _refused(treasurer, address(distribution), abi.encodeCall(IDistribution.sweep, (id)), stopped);
        _refused(guardian, address(distribution), stop, stopped);
        bytes memory resume = abi.encodeCall(IDistribution.resume, (id));
        _refused(guardian, address(distribution), resume, _unauthorised(guardian));
        _ready(governor, address(distribution), resume);
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionResumed(id, governor);
        vm.prank(governor);
        distribution.resume(id);
        vm.assertEq(distribution.claimMany(id, claims), 3, "all");
        _governRefused(resume, abi.encodeWithSelector(IDistribution.DistributionIsNotStopped.selector, id));
    }

    /// @dev A wrong tree: stopped, cancelled, and distributed again. All that was not paid out goes back.
    function test_AWrongTreeIsCancelledAndItsMoneyGoesBack() public {
        (uint256 id, DistributionClaim[] memory claims) = _open();
        distribution.claim(id, claims[2]);
        _freezeCoins(alice);
        distribution.claim(id, claims[0]);
        bytes memory cancel = abi.encodeCall(IDistribution.cancel, (id));
        bytes memory notStopped = abi.encodeWithSelector(IDistribution.DistributionIsNotStopped.selector, id);
        _governRefused(cancel, notStopped);
        vm.prank(guardian);
        distribution.stop(id);
        uint256 before = token.balanceOf(treasurer);
        vm.expectEmit(address(distribution));
        emit IDistribution.DistributionCancelled(id, governor, treasurer, 350);
        vm.prank(governor);
        distribution.cancel(id);
        vm.assertEq(token.balanceOf(treasurer) - before, 350, "back");
        vm.assertEq(distribution.owed(id), 0, "nothing is owed");
        vm.assertEq(distribution.setAsideFor(id, alice), 0, "nor set aside");
        bytes memory cancelled = abi.encodeWithSelector(
            IDistribution.DistributionInStatus.selector, id, DistributionStatus.Cancelled
        );
        _claimRefused(id, claims[1], cancelled);
        _releaseRefused(id, alice, cancelled);
        _refused(treasurer, address(distribution), abi.encodeCall(IDistribution.sweep, (id)), cancelled);
        _refused(guardian, address(distribution), abi.encodeCall(IDistribution.stop, (id)), cancelled);
        claims[0].account = dave;
        _create(_terms(claims, REPORT_ONE));
    }

    function _governRefused(bytes memory data, bytes memory refusal) private {
        _ready(governor, address(distribution), data);
        _refused(governor, address(distribution), data, refusal);
    }

    // ------------------------------------------------------------------------------------- money kept separate

    /// @dev A tree that adds up to more than was paid in stops at its own money; the other distribution is whole.
    function test_NoDistributionSpendsAnothersMoney() public {
        (uint256 other, DistributionClaim[] memory others) = _open();
        DistributionClaim[] memory claims = _claims();
        DistributionTerms memory terms = _terms(claims, REPORT_ONE);
        terms.total = 300;
        uint256 id = _create(terms);
        distribution.claim(id, claims[1]);
        _claimRefused(
            id, claims[0], abi.encodeWithSelector(IDistribution.TreeExceedsFunding.selector, id, 100, 50)
        );
        distribution.claim(id, claims[2]);
        vm.assertEq(distribution.claimMany(other, others), 3, "the other pays in full");
        vm.assertEq(token.balanceOf(address(distribution)), 49, "what the short one still has");
    }

    /// @dev Several at once, claimed, lapsed, released, stopped, cancelled and swept in any order: the balance is what all
    /// of them owe, and what went out is what the leaves say, once each.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_TheBalanceIsWhatAllDistributionsOwe(uint256 seed) public {
        DistributionClaim[][] memory trees = new DistributionClaim[][](3);
        for (uint256 i = 0; i < 3; ++i) {
            (, trees[i]) = _open();
        }
        address[3] memory who = [alice, bob, carol];
        for (uint256 step = 0; step < 60; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 id = 1 + seed % 3;
            address account = who[(seed >> 16) % 3];
            _anything(id, account, trees[id - 1], seed >> 32);
            uint256 owed = distribution.owed(1) + distribution.owed(2) + distribution.owed(3);
            vm.assertEq(token.balanceOf(address(distribution)), owed, "solvent to the unit");
        }
        uint256 paid = token.balanceOf(alice) + token.balanceOf(bob) + token.balanceOf(carol);
        uint256 left = token.balanceOf(address(distribution));
        vm.assertEq(token.balanceOf(treasurer) + paid + left, 1_000_000e6, "nothing is lost");
        vm.assertGt(_done, 0, "something happened");
        vm.assertLe(token.balanceOf(alice), 300, "alice, three times at most");
        vm.assertLe(token.balanceOf(bob), 750, "bob");
    }

    function _anything(uint256 id, address account, DistributionClaim[] memory tree, uint256 dice) private {
        uint256 action = dice % 16;
        address caller = stranger;
        bytes memory data = abi.encodeCall(IDistribution.claim, (id, tree[(dice >> 8) % 3]));
        if (action < 2) return _lapse(account);
        if (action < 5) return _admit(account);
        if (action == 5) return vm.warp(block.timestamp + 20 days);
        if (action == 6) data = abi.encodeCall(IDistribution.claimMany, (id, tree));
        if (action == 7 || action == 8) data = abi.encodeCall(IDistribution.release, (id, account));
        if (action == 9) (caller, data) = (guardian, abi.encodeCall(IDistribution.stop, (id)));
        if (action == 10) (caller, data) = (treasurer, abi.encodeCall(IDistribution.sweep, (id)));
        if (action > 10 && action < 13) {
            caller = governor;
            data = action == 11
                ? abi.encodeCall(IDistribution.resume, (id))
                : abi.encodeCall(IDistribution.cancel, (id));
            bytes32 operation = manager.hashOperation(governor, address(distribution), data);
            if (manager.getSchedule(operation) == 0) _ready(governor, address(distribution), data);
        }
        vm.prank(caller);
        (bool ok,) = address(distribution).call(data);
        if (ok) ++_done;
    }

    // -------------------------------------------------------------------------------------------- construction

    function test_CoinAndRegistryAreContracts() public {
        bytes memory code = vm.getCode("Distribution.sol:Distribution");
        vm.expectRevert(abi.encodeWithSelector(IDistribution.NotAContract.selector, stranger));
        creator.create(bytes.concat(code, abi.encode(manager, stranger, registry)));
        vm.expectRevert(abi.encodeWithSelector(IDistribution.NotAContract.selector, stranger));
        creator.create(bytes.concat(code, abi.encode(manager, token, stranger)));
        vm.expectRevert();
        distribution.initialize();
    }

    /// @dev Through the manager's `execute` the event would name the manager.
    function test_WhoActsIsNamed() public {
        (uint256 id,) = _open();
        vm.warp(distribution.distribution(id).terms.deadline);
        vm.prank(treasurer);
        vm.expectRevert();
        IAccessManager(manager).execute(address(distribution), abi.encodeCall(IDistribution.sweep, (id)));
        vm.assertEq(IERC20(address(token)).balanceOf(address(distribution)), 351, "not swept");
    }
}
