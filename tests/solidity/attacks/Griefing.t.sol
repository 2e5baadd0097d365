// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC3009} from "../../../contracts/interfaces/IERC3009.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Permits} from "../../../contracts/token/Permits.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @notice What somebody can spoil for others who gains nothing by it, and what is left to the others.
contract GriefingTest is AttackSuite {
    bytes private constant EATS_ALL_GAS = hex"fe";
    uint256 private constant BLOCK_GAS = 30_000_000;

    function _inStatus(uint256 id, RedemptionStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IPrimaryMarket.RedemptionInStatus.selector, id, status, RedemptionStatus.Requested
        );
    }

    // -------------------------------------------------------------------------------------------------- batches

    /// @dev alice's order and a bad one of bob's, each approved in a batch of its own, sent in one call.
    function _besideABadOne() private returns (MintBatch[] memory both, MintBatch[] memory rest) {
        rest = _batch(_one(_order(alice, 5)));
        both = new MintBatch[](2);
        (both[0], both[1]) = (rest[0], _batch(_one(_order(bob, 7)))[0]);
    }

    /// @dev A bad order takes its call down whole, and what was approved apart goes on without it.
    function _onlyTheRestPasses(MintBatch[] memory both, MintBatch[] memory rest, bytes memory refusal)
        private
    {
        bytes32 before = _fingerprint();
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (both)), refusal);
        vm.assertEq(_fingerprint(), before, "nothing half done");
        _send(rest);
        vm.assertEq(token.balanceOf(alice), 1005, "alice has hers");
    }

    function test_ARecipientFrozenMeanwhile() public {
        (MintBatch[] memory both, MintBatch[] memory rest) = _besideABadOne();
        _freezeAccount(bob);
        bytes memory refusal = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, bob);
        _onlyTheRestPasses(both, rest, refusal);
    }

    function test_ARecipientRemovedMeanwhile() public {
        (MintBatch[] memory both, MintBatch[] memory rest) = _besideABadOne();
        address[] memory accounts = new address[](1);
        accounts[0] = bob;
        vm.prank(registrar);
        registry.removeWallets(accounts);
        bytes memory refusal = abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, bob, 0);
        _onlyTheRestPasses(both, rest, refusal);
    }

    function test_AnOrderExecutedMeanwhile() public {
        (MintBatch[] memory both, MintBatch[] memory rest) = _besideABadOne();
        MintBatch[] memory single = new MintBatch[](1);
        single[0] = both[1];
        _send(single);
        uint256 number = both[1].orders[0].number;
        bytes memory refusal = abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, number);
        _onlyTheRestPasses(both, rest, refusal);
    }

    /// @dev Inside one batch the approvals bind all of it, so the bad order is not left out but skipped; it goes later on
    /// the same approvals, once.
    function test_ABadOrderInsideABatch() public {
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 5), _order(bob, 7));
        MintBatch[] memory both = _batch(orders);
        _freezeAccount(bob);
        MintBatch[] memory rest = _approvedBy(_one(orders[0]), both[0].approvals);
        bytes memory refusal = _invalidApproval(approver(0));
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (rest)), refusal);
        rest = _approvedBy(orders, both[0].approvals);
        rest[0].skipped = 2;
        refusal = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, bob);
        _onlyTheRestPasses(both, rest, refusal);
        vm.prank(compliance);
        token.unfreeze(bob, 0, CASE);
        rest[0].skipped = 1;
        _send(rest);
        vm.assertEq(token.balanceOf(bob), 7, "bob's, later");
        refusal = abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, orders[1].number);
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (rest)), refusal);
    }

    /// @dev An approver that eats the gas spoils the batches that it signed, and no others.
    function test_AnApproverThatEatsTheGas() public {
        address eater = vm.addr(777);
        vm.etch(eater, EATS_ALL_GAS);
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.APPROVER, eater, 0)));
        MintOrder[] memory orders = _one(_order(alice, 5));
        vm.prank(operator);
        (bool ok,) = address(market).call{gas: BLOCK_GAS}(
            abi.encodeCall(IPrimaryMarket.mint, (_approvedBy(orders, _signedBy(eater, ""))))
        );
        vm.assertFalse(ok, "accepted");
        _send(_batch(orders));
        vm.assertEq(token.balanceOf(alice), 1005, "another approver's is enough");
    }

    // --------------------------------------------------------------------------------------------------- escrow

    /// @dev Tokens sent to the market change nobody's escrow, no figure of a request, and go back under a case.
    function test_ADonationToTheMarket() public {
        uint256 id = _request(alice, 300);
        vm.prank(alice);
        token.transfer(bob, 50);
        vm.prank(bob);
        token.transfer(address(market), 50);
        vm.assertEq(market.escrowed(), 300, "escrow");
        vm.assertEq(market.unsolicited(), 50, "apart");
        _accept(_ids(id));
        vm.assertEq(token.burned(), 300, "burned");
        vm.assertEq(market.unsolicited(), 50, "not burned");
        id = _request(alice, 100);
        vm.prank(alice);
        market.cancelRedemption(id);
        vm.assertEq(market.unsolicited(), 50, "not paid out");
        vm.prank(compliance);
        market.returnUnsolicited(bob, 50, CASE);
        vm.assertEq(token.balanceOf(address(market)), 0, "empty");
    }

    /// @dev A crowd of tiny requests neither blocks nor prices anybody else's.
    function test_DustRequests() public {
        uint256 snapshot = vm.snapshotState();
        uint256 alone = _gasToAccept(_request(alice, 300));
        vm.revertToState(snapshot);
        vm.prank(alice);
        token.transfer(bob, 100);
        for (uint256 i = 0; i < 100; ++i) {
            _request(bob, 1);
        }
        uint256 id = _request(alice, 300);
        vm.assertEq(id, 101, "id");
        vm.assertLe(_gasToAccept(id), alone + 1000, "the crowd costs alice nothing");
        vm.warp(block.timestamp + 1 days + 1);
        vm.assertEq(market.countOverdue(51, 101), 51, "counted in parts");
    }

    function _gasToAccept(uint256 id) private returns (uint256 used) {
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 1);
        vm.prank(operator);
        uint256 before = gasleft();
        market.acceptRedemptions(_ids(id), approvals);
        used = before - gasleft();
    }

    /// @dev The holder is first: the acceptance falls, for the others in it too, and goes on without the one.
    function test_CancelledBeforeTheAcceptance() public {
        vm.prank(alice);
        token.transfer(bob, 400);
        uint256 first = _request(alice, 100);
        uint256 second = _request(bob, 200);
        bytes32 digest = market.acceptanceDigest(_two(first, second));
        Signature[] memory approvals = _signatures(approverKeys, digest, 1);
        vm.prank(alice);
        market.cancelRedemption(first);
        vm.prank(operator);
        vm.expectRevert(_inStatus(first, RedemptionStatus.Cancelled));
        market.acceptRedemptions(_two(first, second), approvals);
        _status(second, RedemptionStatus.Requested);
        _accept(_ids(second));
        vm.assertEq(token.burned(), 200, "bob's");
        vm.assertEq(token.balanceOf(alice), 600, "alice has hers back");
    }

    /// @dev The desk is first: nothing comes back, nothing is burned twice.
    function test_AcceptedBeforeTheCancellation() public {
        uint256 id = _request(alice, 100);
        _accept(_ids(id));
        vm.prank(alice);
        vm.expectRevert(_inStatus(id, RedemptionStatus.Accepted));
        market.cancelRedemption(id);
        vm.assertEq(token.balanceOf(alice), 900, "gone");
        vm.assertEq(token.payableTotal(), 100, "and owed");
    }

    function test_FrozenBetweenRequestAndAcceptance() public {
        vm.prank(alice);
        token.transfer(bob, 400);
        uint256 first = _request(alice, 100);
        uint256 second = _request(bob, 200);
        bytes32 digest = market.acceptanceDigest(_two(first, second));
        Signature[] memory approvals = _signatures(approverKeys, digest, 1);
        _freezeAccount(alice);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, first, alice));
        market.acceptRedemptions(_two(first, second), approvals);
        _accept(_ids(second));
        vm.assertEq(market.escrowed(), 100, "alice's waits");
        _status(first, RedemptionStatus.Requested);
    }

    /// @dev A guardian who freezes a part of the market's account before the market is named must not lock escrow in for
    /// ever: once it is named, nobody can unfreeze it. Naming it has to be refused, or to lift the freeze.
    function test_AFreezeOfTheMarketBeforeItIsNamedLocksNothingIn() public {
        Stablecoin coin = _newToken();
        address other = address(_newMarket(coin));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IERC7943Fungible.setFrozenTokens.selector;
        _administer(
            abi.encodeCall(AccessManager.setTargetFunctionRole, (address(coin), selectors, Roles.GUARDIAN))
        );
        vm.prank(guardian);
        coin.setFrozenTokens(other, 5);
        bytes memory data = abi.encodeCall(IStablecoin.setMarket, (other));
        _ready(admin, address(coin), data);
        vm.prank(admin);
        (bool named,) = address(manager).call(abi.encodeCall(AccessManager.execute, (address(coin), data)));
        vm.assertFalse(named && coin.getFrozenTokens(other) != 0, "named with a freeze that nobody can lift");
    }

    // --------------------------------------------------------------------------------------------- attestations

    /// @dev `good` signatures of attestors among `junk` accounts, in order.
    function _crowd(Attestation memory a, uint256 good, uint256 junk)
        private
        view
        returns (Signature[] memory list)
    {
        Signature[] memory real = _signatures(attestorKeys, feed.attestationDigest(a), good);
        list = new Signature[](good + junk);
        uint256 n = 0;
        for (uint256 i = 0; i < good; ++i) {
            list[n++] = real[i];
        }
        for (uint256 i = 0; i < junk; ++i) {
            address account = address(uint160(type(uint160).max - junk + i));
            list[n++] = Signature({signer: account, data: real[0].data});
        }
    }

    function test_JunkAmongTheSignatures() public {
        vm.warp(START + 10);
        Attestation memory a = _attestation(1_000_000e6, START + 5);
        feed.publish(a, _crowd(a, 2, 50));
        vm.assertEq(feed.latestRound(), 2, "the two that count are enough");
        a = _attestation(1_000_000e6, START + 6);
        Signature[] memory list = _crowd(a, 1, 50);
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 1, 2));
        feed.publish(a, list);
    }

    /// @dev A bad signature of a real attestor doesn't take the good ones down.
    function test_ABadAttestorDoesNotBlockTheOthers() public {
        vm.warp(START + 10);
        Attestation memory a = _attestation(1_000_000e6, START + 5);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        list[1].data = "junk";
        feed.publish(a, list);
        vm.assertEq(feed.latestRound(), 2, "two of three");
    }

    /// @dev An attestor that eats the gas is left out by whoever sends.
    function test_AnAttestorThatEatsTheGas() public {
        vm.warp(START + 10);
        Attestation memory a = _attestation(1_000_000e6, START + 5);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        list[0].data = "";
        vm.etch(attestor(0), EATS_ALL_GAS);
        (bool ok,) = address(feed).call{gas: 2_000_000}(abi.encodeCall(IAttestedFeed.publish, (a, list)));
        vm.assertFalse(ok, "it ate the gas");
        Signature[] memory rest = new Signature[](2);
        (rest[0], rest[1]) = (list[1], list[2]);
        feed.publish(a, rest);
        vm.assertEq(feed.latestRound(), 2, "round");
    }

    /// @dev Somebody publishes with fewer signatures than there are. The value is the same and counts; only the
    /// measure for later bounds stays where all had last signed, until they sign again.
    function test_PublishedFirstWithFewerSignatures() public {
        vm.warp(START + 10);
        Attestation memory a = _attestation(1_080_000e6, START + 5);
        Signature[] memory all = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        vm.prank(stranger);
        feed.publish(a, _signatures(attestorKeys, feed.attestationDigest(a), 2));
        vm.expectRevert(
            abi.encodeWithSelector(IAttestedFeed.AttestationNotNewer.selector, START + 5, START + 5)
        );
        feed.publish(a, all);
        (uint256 value,,) = feed.reading();
        vm.assertEq(value, 1_080_000e6, "the value that all signed");
        vm.assertEq(feed.requiredSignatures(1_110_000e6), 3, "measured from 1,000,000 still");
        _attest(1_110_000e6);
        vm.assertEq(feed.requiredSignatures(1_200_000e6), 2, "and from 1,110,000 again");
    }

    /// @dev Two were signed: the older one first delays nothing, the newer one first voids the older.
    function test_PublishedInAnotherOrder() public {
        vm.warp(START + 10);
        Attestation memory older = _attestation(1_010_000e6, START + 5);
        Attestation memory newer = _attestation(1_020_000e6, START + 6);
        Signature[] memory ofOlder = _signatures(attestorKeys, feed.attestationDigest(older), 3);
        Signature[] memory ofNewer = _signatures(attestorKeys, feed.attestationDigest(newer), 3);
        uint256 snapshot = vm.snapshotState();
        vm.prank(stranger);
        feed.publish(older, ofOlder);
        feed.publish(newer, ofNewer);
        vm.assertEq(feed.latestRound(), 3, "both");
        vm.revertToState(snapshot);
        feed.publish(newer, ofNewer);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestedFeed.AttestationNotNewer.selector, START + 5, START + 6)
        );
        feed.publish(older, ofOlder);
        (uint256 value,,) = feed.reading();
        vm.assertEq(value, 1_020_000e6, "the newer");
    }

    // ----------------------------------------------------------------------------------------- front-running

    /// @dev A permit sent by somebody else first has done its work: the request that needed it still goes through.
    function test_APermitSentFirst() public {
        bytes32 digest = _typed(abi.encode(PERMIT, alice, address(market), 250, token.nonces(alice), UNTIL));
        bytes memory permit = abi.encodeWithSignature(
            PERMIT_BYTES, alice, address(market), 250, UNTIL, _sign(ALICE_KEY, digest)
        );
        _passes(stranger, address(token), permit);
        bytes memory refusal = abi.encodeWithSelector(Permits.ERC2612InvalidSigner.selector, alice);
        _refused(alice, address(token), permit, refusal);
        vm.prank(alice);
        vm.assertEq(market.requestRedemption(250, REFERENCE), 1, "request");
        vm.assertEq(token.nonces(alice), 1, "the next permit's nonce");
    }

    /// @dev Somebody sends alice's signed request first: it is the same request, of hers, under her reference.
    function test_ASignedRequestSentFirst() public {
        bytes memory signature = _sign(ALICE_KEY, _redeemDigest(alice));
        vm.prank(stranger);
        vm.assertEq(_requestSigned(alice, signature), 1, "id");
        vm.assertEq(market.redemption(1).holder, alice, "hers");
        bytes32 nonce = market.redemptionNonce(REFERENCE, SALT);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009AlreadyUsed.selector, alice, nonce));
        _requestSigned(alice, signature);
        vm.prank(alice);
        market.cancelRedemption(1);
        vm.assertEq(token.balanceOf(alice), 1000, "and hers to cancel");
    }

    /// @dev The signature can't be used up elsewhere: not with the token directly, not under another reference or
    /// salt, not by a cancellation that alice didn't sign, not by another holder's request under the same reference.
    function test_ASignedRequestIsNotUsedUpElsewhere() public {
        bytes memory signature = _sign(ALICE_KEY, _redeemDigest(alice));
        bytes32 nonce = market.redemptionNonce(REFERENCE, SALT);
        bytes memory data =
            abi.encodeWithSignature(RECEIVE_BYTES, alice, address(market), 250, 0, UNTIL, nonce, signature);
        _refused(
            stranger,
            address(token),
            data,
            abi.encodeWithSelector(IERC3009.ERC3009CallerIsNotPayee.selector, stranger, market)
        );
        data =
            abi.encodeWithSignature(TRANSFER_BYTES, alice, address(market), 250, 0, UNTIL, nonce, signature);
        _refused(stranger, address(token), data, _invalidAuthorization(alice));
        data = abi.encodeWithSignature(CANCEL_BYTES, alice, nonce, signature);
        _refused(stranger, address(token), data, _invalidAuthorization(alice));
        data = abi.encodeCall(
            IPrimaryMarket.requestRedemptionWithAuthorization, (alice, 250, REASON, 0, UNTIL, SALT, signature)
        );
        _refused(stranger, address(market), data, _invalidAuthorization(alice));
        vm.prank(alice);
        token.transfer(bob, 250);
        bytes memory ofBob = _sign(BOB_KEY, _redeemDigest(bob));
        vm.prank(bob);
        _requestSigned(bob, ofBob);
        vm.assertEq(_requestSigned(alice, signature), 2, "alice's goes through all the same");
    }
}
