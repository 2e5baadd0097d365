// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AggregatorV3Interface as Ours, IAttestedFeed} from "../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../contracts/interfaces/IERC1643.sol";
import {IERC3009} from "../../contracts/interfaces/IERC3009.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {ChainlinkConsumer} from "./support/ChainlinkConsumer.sol";
import {FeedSuite} from "./support/FeedSuite.sol";
import {vm} from "./support/Vm.sol";
import {
    AggregatorV3Interface as Chainlinks
} from "@chainlink/contracts/src/v0.8/interfaces/AggregatorV3Interface.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC1363} from "@openzeppelin/contracts/interfaces/IERC1363.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Chainlink's interface reads the feed, and OpenZeppelin's checker finds what the contracts claim to be.
contract ConformanceTest is FeedSuite {
    using ERC165Checker for address;
    using SafeCast for uint256;

    ChainlinkConsumer internal consumer;

    function setUp() public override {
        super.setUp();
        consumer = new ChainlinkConsumer(Chainlinks(address(feed)), MAX_AGE);
    }

    // --------------------------------------------------------------------------------------------- Chainlink

    function test_OurReadingInterfaceIsChainlinks() public pure {
        vm.assertEq(type(Ours).interfaceId, bytes32(type(Chainlinks).interfaceId), "id");
        vm.assertEq(Ours.decimals.selector, bytes32(Chainlinks.decimals.selector), "decimals");
        vm.assertEq(Ours.description.selector, bytes32(Chainlinks.description.selector), "description");
        vm.assertEq(Ours.version.selector, bytes32(Chainlinks.version.selector), "version");
        vm.assertEq(Ours.getRoundData.selector, bytes32(Chainlinks.getRoundData.selector), "getRoundData");
        vm.assertEq(
            Ours.latestRoundData.selector, bytes32(Chainlinks.latestRoundData.selector), "latestRoundData"
        );
    }

    function test_AConsumerReadsTheFeed() public {
        Chainlinks aggregator = consumer.FEED();
        vm.assertEq(aggregator.decimals(), 6, "decimals");
        vm.assertEq(aggregator.description(), feed.description(), "description");
        vm.assertEq(aggregator.version(), 1, "version");

        int256 value = VALUE.toInt256();
        uint256 first = block.timestamp - 1;
        _attestAsOf(VALUE, first);
        vm.warp(block.timestamp + 1 hours);
        _attestAsOf(VALUE + 5, first + 60);
        vm.assertEq(consumer.answer(), (VALUE + 5) * 1e12, "answer");
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) =
            aggregator.getRoundData(1);
        vm.assertEq(uint256(round), 1, "round");
        vm.assertEq(answer, value, "first answer");
        vm.assertEq(startedAt, first, "started at");
        vm.assertEq(updatedAt, first, "updated at the instant of the value, not at that of its posting");
        vm.assertEq(uint256(answeredIn), 1, "answered in");
        (int256[] memory answers, uint256[] memory times) = consumer.history();
        vm.assertEq(answers.length, 2, "rounds");
        vm.assertEq(answers[0], value + 5, "newest");
        vm.assertEq(answers[1], value, "oldest");
        vm.assertEq(times[0], first + 60, "time");
    }

    function test_AConsumerNeverTakesWhatIsNotThere() public {
        bytes memory none = abi.encodeWithSelector(IAttestedFeed.NoRound.selector, 0);
        vm.expectRevert(none);
        consumer.answer();
        _attest(VALUE);
        Chainlinks aggregator = consumer.FEED();
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.NoRound.selector, 2));
        aggregator.getRoundData(2);
        vm.expectRevert(none);
        aggregator.getRoundData(0);
        uint256 asOf = block.timestamp - 1;
        vm.warp(asOf + MAX_AGE);
        vm.assertEq(consumer.answer(), VALUE * 1e12, "as long as it is fresh");
        vm.warp(asOf + MAX_AGE + 1);
        vm.expectRevert(abi.encodeWithSelector(ChainlinkConsumer.Stale.selector, asOf));
        consumer.answer();
        vm.prank(guardian);
        feed.suspend();
        vm.expectRevert(IAttestedFeed.FeedSuspended.selector);
        consumer.answer();
    }

    // ---------------------------------------------------------------------------------------------- ERC-165

    function _claimed() private pure returns (bytes4[7] memory) {
        return [
            type(IERC20).interfaceId,
            type(IERC20Metadata).interfaceId,
            type(IERC20Permit).interfaceId,
            type(IERC5267).interfaceId,
            type(IERC1643).interfaceId,
            type(IERC7943Fungible).interfaceId,
            type(IStablecoin).interfaceId
        ];
    }

    function _unclaimed() private pure returns (bytes4[10] memory) {
        return [
            type(IERC721).interfaceId,
            type(IERC1271).interfaceId,
            type(IERC1363).interfaceId,
            type(IERC3009).interfaceId,
            type(IAccessControl).interfaceId,
            type(IAttestedFeed).interfaceId,
            type(IInvestorRegistry).interfaceId,
            type(IPrimaryMarket).interfaceId,
            bytes4(0x29388973), // a draft of ERC-7943
            bytes4(0)
        ];
    }

    function test_TheFinalIdOfErc7943() public view {
        vm.assertEq(type(IERC7943Fungible).interfaceId, bytes32(bytes4(0x3edbb4c4)), "computed");
        vm.assertTrue(address(token).supportsInterface(0x3edbb4c4), "claimed");
    }

    /// @dev The checker wants true for ERC-165 itself and false for 0xffffffff before it believes anything.
    function test_TheTokenClaimsWhatItIs_AndNothingElse() public view {
        vm.assertTrue(address(token).supportsERC165(), "ERC-165");
        bytes4[7] memory claimed = _claimed();
        for (uint256 i = 0; i < claimed.length; ++i) {
            vm.assertTrue(address(token).supportsInterface(claimed[i]), "claimed");
        }
        bytes4[10] memory unclaimed = _unclaimed();
        for (uint256 i = 0; i < unclaimed.length; ++i) {
            vm.assertFalse(address(token).supportsInterface(unclaimed[i]), "not claimed");
        }
        vm.assertFalse(address(token).supportsInterface(0xffffffff), "the invalid id");
    }

    function testFuzz_NoOtherIdIsClaimed(bytes4 id) public view {
        bytes4[7] memory claimed = _claimed();
        bool known = id == 0x01ffc9a7;
        for (uint256 i = 0; i < claimed.length; ++i) {
            known = known || id == claimed[i];
        }
        vm.assertEq(token.supportsInterface(id), known, "claimed");
    }

    function test_TheOtherContractsClaimNothing() public view {
        address[5] memory others =
            [address(feed), address(market), address(registry), address(manager), address(gate)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.assertFalse(others[i].supportsERC165(), "ERC-165");
        }
    }
}
