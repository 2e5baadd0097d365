// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {AuditSuite} from "../support/AuditSuite.sol";
import {Vm, vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @notice docs/audits.md, "Stablecoins and issuance SDKs", rows 17 to 25 as far as they are about contracts: a test for
/// each.
contract StablecoinControlsTest is AuditSuite {
    /// @dev Behind the proxy, with the proxy's address and the chain's id, computed when it is asked for.
    function test_Sdk17_TheDomainIsComputedThroughTheProxy() public {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        for (uint256 chain = 31_337; chain < 31_340; ++chain) {
            vm.chainId(chain);
            vm.assertEq(
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(typehash, keccak256("Demo Coin"), keccak256("1"), chain, address(token))
                ),
                "domain"
            );
        }
    }

    function test_Sdk18_BadSignaturesAreSkipped_AndTheDigestIsPublic() public {
        vm.warp(START + 10);
        Attestation memory a = _attestation(1_000_000e6, START + 5);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("AttestedFeed"),
                keccak256("1"),
                block.chainid,
                address(feed)
            )
        );
        bytes32 structure = keccak256(
            abi.encode(
                keccak256("Attestation(uint128 value,uint64 asOf,bytes32 report)"), a.value, a.asOf, a.report
            )
        );
        bytes32 digest = keccak256(bytes.concat(hex"1901", domain, structure));
        vm.assertEq(feed.attestationDigest(a), digest, "what signers sign");
        Signature[] memory list = _signatures(attestorKeys, digest, 3);
        list[0].data = hex"00";
        vm.assertEq(feed.publish(a, list), 2, "one bad of three");
    }

    /// @dev What issuers asked for on top of a neutral core is in the core.
    function test_Sdk19_FreezePauseAndForce() public {
        _freezeAccount(alice);
        vm.assertFalse(token.canSend(alice), "freeze");
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 10, CASE);
        vm.assertEq(token.balanceOf(bob), 10, "force");
        vm.prank(guardian);
        token.pause();
        vm.assertFalse(token.canTransfer(bob, carol, 1), "pause");
    }

    // --------------------------------------------------------------------------------- what one issuer mended

    /// @dev Six or eighteen decimals: a feed of the wrong ones is refused, not scaled.
    function test_Sdk20_ADecimalsSlipIsRefused() public {
        address eighteen = address(_newFeed(18));
        bytes memory call = abi.encodeCall(IStablecoin.setFeed, (eighteen));
        _ready(governor, address(token), call);
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(IStablecoin.FeedDecimalsMismatch.selector, 18, 6));
        manager.execute(address(token), call);
    }

    function test_Sdk20_BothDirectionsAreBlocked() public {
        _freezeAccount(alice);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        token.transfer(bob, 1);
        _mint(bob, 5);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice));
        token.transfer(alice, 1);
    }

    /// @dev The limit counts a batch's total; the cap counts each order of it; neither is passed by splitting.
    function test_Sdk20_ABatchDoesNotPassTheLimit() public {
        vm.warp(START + 60);
        _attest(100_000_000e6);
        MintOrder[] memory orders = new MintOrder[](6);
        for (uint256 i = 0; i < 6; ++i) {
            orders[i] = _order(alice, 1_000_000e6);
        }
        (, uint256 available) = market.operatorLimit(operator);
        bytes memory refusal = abi.encodeWithSelector(
            IPrimaryMarket.OperatorLimitExceeded.selector, operator, available, 6_000_000e6
        );
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (_batch(orders))), refusal);
        MintBatch[] memory batches = new MintBatch[](6);
        for (uint256 i = 0; i < 6; ++i) {
            batches[i] = _batch(_one(orders[i]))[0];
        }
        refusal = abi.encodeWithSelector(
            IPrimaryMarket.OperatorLimitExceeded.selector, operator, available - 5_000_000e6, 1_000_000e6
        );
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (batches)), refusal);
    }

    /// @dev Who did it is a topic of every event of a privileged act on an order, a request, a freeze or a setting.
    function test_Sdk20_EventsCarryTheActor() public {
        vm.recordLogs();
        _mint(alice, 5);
        _actorIs(IPrimaryMarket.OrderExecuted.selector, operator);
        uint256 id = _request(alice, 5);
        _accept(_ids(id));
        _actorIs(IPrimaryMarket.RedemptionAccepted.selector, operator);
        _pay(_ids(id));
        _actorIs(IPrimaryMarket.RedemptionPaid.selector, treasurer);
        id = _request(alice, 5);
        _reject(id);
        _actorIs(IPrimaryMarket.RedemptionRejected.selector, operator);
        id = _request(alice, 5);
        _freezeAccount(alice);
        _seize(id, bob);
        _actorIs(IPrimaryMarket.RedemptionSeized.selector, compliance);
        vm.prank(compliance);
        token.burnByOrder(alice, 5, CASE);
        _actorIs(IRegulatedERC20.CaseActed.selector, compliance);
        vm.prank(guardian);
        token.pause();
        _actorIs(IRegulatedERC20.Paused.selector, guardian);
        vm.prank(guardian);
        feed.suspend();
        _actorIs(IAttestedFeed.Suspended.selector, guardian);
    }

    /// @dev Whoever acts through the access manager's `execute` must not hide behind it: either the call is refused or
    /// the event names the caller.
    function test_Sdk20_NoActorHidesBehindTheManager() public {
        uint256 id = _request(alice, 5);
        _accept(_ids(id));
        bytes32[] memory references = new bytes32[](1);
        references[0] = REFERENCE;
        _named(
            treasurer,
            address(market),
            abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(id), references)),
            IPrimaryMarket.RedemptionPaid.selector
        );
        _named(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 1, CASE)),
            IRegulatedERC20.CaseActed.selector
        );
        _named(
            guardian,
            address(token),
            abi.encodeCall(IRegulatedERC20.pause, ()),
            IRegulatedERC20.Paused.selector
        );
    }

    function _named(address who, address target, bytes memory data, bytes32 event_) private {
        vm.recordLogs();
        vm.prank(who);
        (bool ok,) = address(manager).call(abi.encodeCall(AccessManager.execute, (target, data)));
        if (ok) _actorIs(event_, who);
    }

    /// @dev Among the logs since the last look is `event_`, with `actor` among its topics.
    function _actorIs(bytes32 event_, address actor) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool found = false;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != event_) continue;
            for (uint256 j = 1; j < logs[i].topics.length; ++j) {
                found = found || logs[i].topics[j] == bytes32(uint256(uint160(actor)));
            }
        }
        vm.assertTrue(found, "the actor");
    }

    /// @dev For every number of decimals the ceiling is the attested figure, unit for unit.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_Sdk21_DecimalsNeverScale(uint8 decimals, uint64 reserve) public {
        _deploy(decimals % 19);
        _attest(reserve);
        vm.assertEq(token.ceiling(), reserve, "unit for unit");
        vm.assertEq(feed.decimals(), token.decimals(), "the same decimals");
    }

    /// @dev Frozen between request and acceptance: it waits. Between acceptance and payout: it is a debt of money, which
    /// the freeze of tokens doesn't touch, and whose payment compliance decides off the chain.
    function test_Sdk22_AHolderFrozenBetweenTheSteps() public {
        uint256 open = _request(alice, 100);
        uint256 accepted = _request(alice, 200);
        _accept(_ids(accepted));
        _freezeAccount(alice);
        _acceptRefused(
            open, abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, open, alice)
        );
        _status(open, RedemptionStatus.Requested);
        _pay(_ids(accepted));
        _status(accepted, RedemptionStatus.Paid);
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        _accept(_ids(open));
        _pay(_ids(open));
        vm.assertEq(token.discharged(), 300, "both");
    }

    /// @dev Attestations go on while the token is paused or the feed suspended; mints don't, and a resumed feed has the
    /// newest of them.
    function test_Sdk24_AttestWhilePausedOrSuspended_ButMintNot() public {
        vm.prank(guardian);
        token.pause();
        vm.prank(guardian);
        feed.suspend();
        vm.warp(START + 60);
        _attest(1_050_000e6);
        vm.assertEq(feed.latestRound(), 2, "attested");
        vm.assertEq(token.headroom(), 0, "suspended");
        _mintRefused(alice, 1, abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector));
        _govern(address(token), abi.encodeCall(IRegulatedERC20.resume, ()));
        _mintRefused(alice, 1, abi.encodeWithSelector(IStablecoin.ReserveStale.selector, START + 59, 0));
        _govern(address(feed), abi.encodeCall(IAttestedFeed.resume, ()));
        vm.assertEq(token.ceiling(), 1_050_000e6, "the newest");
    }

    function test_Sdk25_TheFinalInterfaceIds() public view {
        vm.assertTrue(token.supportsInterface(0x3edbb4c4), "ERC-7943, final");
        vm.assertTrue(type(IERC7943Fungible).interfaceId == bytes4(0x3edbb4c4), "computed");
        vm.assertTrue(type(IERC1643).interfaceId == bytes4(0xecfecec8), "ERC-1643");
        vm.assertTrue(token.supportsInterface(0x01ffc9a7), "ERC-165");
        vm.assertFalse(token.supportsInterface(0xffffffff), "never this one");
    }
}
