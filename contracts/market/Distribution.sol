// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {
    DistributionClaim,
    DistributionRecord,
    DistributionStatus,
    DistributionTerms,
    IDistribution
} from "../interfaces/IDistribution.sol";
import {IERC7943Fungible} from "../interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../interfaces/IInvestorRegistry.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @title Distribution
/// @notice Pays Merkle trees of amounts in one coin, each out of its own money.
contract Distribution is IDistribution, Governed, UUPSUpgradeable {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:issuance.storage.Distribution
    struct DistributionStorage {
        uint256 count;
        mapping(uint256 id => DistributionRecord) records;
        mapping(uint256 id => BitMaps.BitMap) claimed;
        mapping(uint256 id => mapping(address account => uint256)) setAside;
        mapping(bytes32 report => uint256 id) ids;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Distribution")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xd3e9f4e05f62b108379a8265318e4b3f323386a08a79d5039d1fad6eebc84f00;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 private immutable COIN;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInvestorRegistry private immutable REGISTRY;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, address coin_, address registry_) Governed(authority_) {
        if (coin_.code.length == 0) revert NotAContract(coin_);
        if (registry_.code.length == 0) revert NotAContract(registry_);
        COIN = IERC20(coin_);
        REGISTRY = IInvestorRegistry(registry_);
        _disableInitializers();
    }

    /// @notice Initialises the proxy; there is nothing to set.
    function initialize() external initializer {}

    // ----------------------------------------------------------------------------------------------- the desk

    /// @inheritdoc IDistribution
    function create(DistributionTerms calldata terms) external restricted direct returns (uint256 id) {
        bool complete = terms.root != bytes32(0) && terms.report != bytes32(0) && terms.total != 0
            && terms.share.code.length != 0;
        bool timely = terms.recordDate <= block.timestamp && terms.deadline > block.timestamp;
        if (!complete || !timely) revert InvalidDistribution();
        DistributionStorage storage $ = _distributions();
        if ($.ids[terms.report] != 0) revert ReportAlreadyDistributed(terms.report, $.ids[terms.report]);
        id = ++$.count;
        $.ids[terms.report] = id;
        $.records[id] = DistributionRecord({
            terms: terms,
            funder: msg.sender,
            status: DistributionStatus.Open,
            stopped: false,
            unclaimed: terms.total,
            setAside: 0
        });
        emit DistributionCreated(id, terms.share, msg.sender, terms);
        uint256 before = COIN.balanceOf(address(this));
        COIN.safeTransferFrom(msg.sender, address(this), terms.total);
        uint256 received = COIN.balanceOf(address(this)) - before;
        if (received != terms.total) revert FundingIncomplete(received, terms.total);
    }

    /// @inheritdoc IDistribution
    function sweep(uint256 id) external restricted direct {
        DistributionRecord storage record = _running(id);
        _requireOpen(id, record);
        if (block.timestamp < record.terms.deadline) revert DeadlineNotReached(id, record.terms.deadline);
        uint256 amount = record.unclaimed;
        record.unclaimed = 0;
        record.status = DistributionStatus.Swept;
        emit DistributionSwept(id, msg.sender, record.funder, amount);
        COIN.safeTransfer(record.funder, amount);
    }

    // ------------------------------------------------------------------------------------------------ holders

    /// @inheritdoc IDistribution
    function claim(uint256 id, DistributionClaim calldata claim_) external returns (bool paid) {
        DistributionRecord storage record = _running(id);
        _requireOpen(id, record);
        if (isClaimed(id, claim_.index)) revert AlreadyClaimed(id, claim_.index);
        return _claim(id, record, claim_);
    }

    /// @inheritdoc IDistribution
    function claimMany(uint256 id, DistributionClaim[] calldata claims) external returns (uint256 paid) {
        DistributionRecord storage record = _running(id);
        _requireOpen(id, record);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (isClaimed(id, claims[i].index)) continue;
            if (_claim(id, record, claims[i])) ++paid;
        }
    }

    /// @inheritdoc IDistribution
    function release(uint256 id, address account) external {
        _release(id, account, account, bytes32(0));
    }

    // ---------------------------------------------------------------------------------------------- compliance

    /// @inheritdoc IDistribution
    function releaseTo(uint256 id, address account, address to, bytes32 caseId) external restricted direct {
        if (caseId == bytes32(0)) revert CaseIdMissing();
        _release(id, account, to, caseId);
    }

    /// @inheritdoc IDistribution
    function stop(uint256 id) external restricted direct {
        _running(id).stopped = true;
        emit DistributionStopped(id, msg.sender);
    }

    /// @inheritdoc IDistribution
    function resume(uint256 id) external restricted {
        _stopped(id).stopped = false;
        emit DistributionResumed(id, msg.sender);
    }

    /// @inheritdoc IDistribution
    function cancel(uint256 id) external restricted {
        DistributionRecord storage record = _stopped(id);
        uint256 amount = owed(id);
        record.unclaimed = 0;
        record.setAside = 0;
        record.stopped = false;
        record.status = DistributionStatus.Cancelled;
        emit DistributionCancelled(id, msg.sender, record.funder, amount);
        COIN.safeTransfer(record.funder, amount);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IDistribution
    function distribution(uint256 id) external view returns (DistributionRecord memory) {
        return _distributions().records[id];
    }

    /// @inheritdoc IDistribution
    function idOf(bytes32 report) external view returns (uint256) {
        return _distributions().ids[report];
    }

    /// @inheritdoc IDistribution
    function distributionCount() external view returns (uint256) {
        return _distributions().count;
    }

    /// @inheritdoc IDistribution
    function isClaimed(uint256 id, uint256 index) public view returns (bool) {
        return _distributions().claimed[id].get(index);
    }

    /// @inheritdoc IDistribution
    function setAsideFor(uint256 id, address account) external view returns (uint256) {
        DistributionStorage storage $ = _distributions();
        return $.records[id].status == DistributionStatus.Cancelled ? 0 : $.setAside[id][account];
    }

    /// @inheritdoc IDistribution
    function owed(uint256 id) public view returns (uint256) {
        DistributionRecord storage record = _distributions().records[id];
        return uint256(record.unclaimed) + record.setAside;
    }

    /// @inheritdoc IDistribution
    function canBePaid(address account) public view returns (bool) {
        return REGISTRY.isVerified(account) && IERC7943Fungible(address(COIN)).canReceive(account);
    }

    /// @inheritdoc IDistribution
    function coin() external view returns (address) {
        return address(COIN);
    }

    /// @inheritdoc IDistribution
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    // ---------------------------------------------------------------------------------------------- inside

    /// @dev A leaf that was not claimed before.
    function _claim(uint256 id, DistributionRecord storage record, DistributionClaim calldata leaf)
        private
        returns (bool paid)
    {
        (address account, uint256 amount) = (leaf.account, leaf.amount);
        bytes32 hash = keccak256(bytes.concat(keccak256(abi.encode(leaf.index, account, amount))));
        if (!MerkleProof.verifyCalldata(leaf.proof, record.terms.root, hash)) {
            revert InvalidProof(id, leaf.index);
        }
        if (amount > record.unclaimed) revert TreeExceedsFunding(id, amount, record.unclaimed);
        DistributionStorage storage $ = _distributions();
        $.claimed[id].set(leaf.index);
        record.unclaimed -= amount.toUint112();
        paid = canBePaid(account);
        if (paid) {
            emit DistributionPaid(id, account, msg.sender, leaf.index, amount);
            COIN.safeTransfer(account, amount);
        } else {
            record.setAside += amount.toUint112();
            $.setAside[id][account] += amount;
            emit DistributionSetAside(id, account, msg.sender, leaf.index, amount);
        }
    }

    function _release(uint256 id, address account, address to, bytes32 caseId) private {
        DistributionRecord storage record = _running(id);
        DistributionStorage storage $ = _distributions();
        uint256 amount = $.setAside[id][account];
        if (amount == 0) revert NothingSetAside(id, account);
        if (!REGISTRY.isVerified(to)) {
            revert IInvestorRegistry.WalletNotVerified(to, REGISTRY.walletOf(to).verifiedUntil);
        }
        delete $.setAside[id][account];
        record.setAside -= amount.toUint112();
        emit DistributionReleased(id, account, msg.sender, to, amount, caseId);
        COIN.safeTransfer(to, amount);
    }

    /// @dev Neither ended by cancellation nor stopped.
    function _running(uint256 id) private view returns (DistributionRecord storage record) {
        record = _distributions().records[id];
        if (record.status == DistributionStatus.None || record.status == DistributionStatus.Cancelled) {
            revert DistributionInStatus(id, record.status);
        }
        if (record.stopped) revert DistributionIsStopped(id);
    }

    function _requireOpen(uint256 id, DistributionRecord storage record) private view {
        if (record.status != DistributionStatus.Open) revert DistributionInStatus(id, record.status);
    }

    function _stopped(uint256 id) private view returns (DistributionRecord storage record) {
        record = _distributions().records[id];
        if (!record.stopped) revert DistributionIsNotStopped(id);
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}

    function _distributions() private pure returns (DistributionStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
