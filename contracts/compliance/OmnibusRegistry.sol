// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {IInvestorRegistry, WalletKind} from "../interfaces/IInvestorRegistry.sol";
import {IOmnibusRegistry, OmnibusCommitment, OmnibusStatement} from "../interfaces/IOmnibusRegistry.sol";
import {SumLeaf, SumNode, SumTree} from "./SumTree.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title OmnibusRegistry
/// @notice Whose the tokens of an omnibus wallet are, committed once a day for each wallet and token.
/// @dev Nothing here can move a token. A commitment is never replaced: what was wrong is put right by the next day's.
contract OmnibusRegistry is IOmnibusRegistry, Governed, UUPSUpgradeable {
    struct Book {
        uint32 lastDay;
        mapping(uint32 day => OmnibusCommitment) commitments;
    }

    /// @custom:storage-location erc7201:issuance.storage.OmnibusRegistry
    struct OmnibusRegistryStorage {
        mapping(address wallet => mapping(address token => Book)) books;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.OmnibusRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xf75b1252123d8a66022babccc73fcb0568d76ed8fc613fc4734e7846a82c4d00;

    /// @dev Hong Kong is eight hours ahead of UTC and has no summer time.
    uint256 private constant HONG_KONG = 8 hours;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInvestorRegistry private immutable REGISTRY;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, address registry_) Governed(authority_) {
        REGISTRY = IInvestorRegistry(registry_);
        _disableInitializers();
    }

    /// @notice Initialises the proxy; there is nothing to set.
    function initialize() external initializer {}

    /// @inheritdoc IOmnibusRegistry
    function commit(OmnibusStatement calldata statement) external restricted direct {
        _requireOmnibus(statement);
        Book storage book = _omnibus().books[statement.wallet][statement.token];
        if (statement.day <= book.lastDay) revert DayNotAfter(statement.day, book.lastDay);
        book.lastDay = statement.day;
        book.commitments[statement.day] = OmnibusCommitment({
            root: statement.root,
            total: statement.total,
            clients: statement.clients,
            builtOn: statement.builtOn,
            builtOnHash: statement.builtOnHash,
            actor: msg.sender,
            committedAt: uint64(block.timestamp)
        });
        emit Committed(
            statement.wallet,
            statement.token,
            msg.sender,
            statement.day,
            statement.root,
            statement.total,
            statement.clients,
            statement.builtOn,
            statement.builtOnHash
        );
    }

    /// @inheritdoc IOmnibusRegistry
    function verify(address wallet, address token, uint32 day, SumLeaf calldata leaf, SumNode[] calldata path)
        external
        view
        returns (bool)
    {
        OmnibusCommitment storage found = _omnibus().books[wallet][token].commitments[day];
        return
            SumTree.verify(found.root, domainOf(wallet, token, day), found.clients, found.total, leaf, path);
    }

    /// @inheritdoc IOmnibusRegistry
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IOmnibusRegistry
    function commitmentOf(address wallet, address token, uint32 day)
        external
        view
        returns (OmnibusCommitment memory)
    {
        return _omnibus().books[wallet][token].commitments[day];
    }

    /// @inheritdoc IOmnibusRegistry
    function lastDayOf(address wallet, address token) external view returns (uint32) {
        return _omnibus().books[wallet][token].lastDay;
    }

    /// @inheritdoc IOmnibusRegistry
    function domainOf(address wallet, address token, uint32 day) public view returns (bytes32) {
        return SumTree.domain(block.chainid, address(this), wallet, token, day);
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}

    function _requireOmnibus(OmnibusStatement calldata statement) private view {
        if (statement.root == bytes32(0) || statement.clients == 0 || statement.token.code.length == 0) {
            revert IncompleteStatement();
        }
        uint8 kind = REGISTRY.packedOf(statement.wallet).kind();
        if (kind != uint8(WalletKind.Omnibus)) revert NotOmnibus(statement.wallet, kind);
        uint256 today = (block.timestamp + HONG_KONG) / 1 days;
        if (statement.day > today) revert DayNotReached(statement.day, today);
        bytes32 hash = blockhash(statement.builtOn);
        if (hash == bytes32(0) || hash != statement.builtOnHash) {
            revert BlockNotOfThisChain(statement.builtOn, statement.builtOnHash);
        }
        uint256 balance = IERC20(statement.token).balanceOf(statement.wallet);
        if (statement.total != balance) revert TotalIsNotBalance(statement.total, balance);
    }

    function _omnibus() private pure returns (OmnibusRegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
