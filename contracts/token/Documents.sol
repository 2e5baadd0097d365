// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {IERC1643} from "../interfaces/IERC1643.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title Documents
/// @notice The documents behind a token (white paper, terms of redemption), by name, with their hashes: ERC-1643.
abstract contract Documents is IERC1643, Governed {
    using EnumerableSet for EnumerableSet.Bytes32Set;

    struct Document {
        string uri;
        bytes32 documentHash;
        uint256 modifiedAt;
    }

    /// @custom:storage-location erc7201:issuance.storage.Documents
    struct DocumentsStorage {
        EnumerableSet.Bytes32Set names;
        mapping(bytes32 name => Document) documents;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Documents")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x4fdff85b2cfb1a68920568fd683457d4eb3d33b207d8fa09018ea089a179ba00;

    /// @inheritdoc IERC1643
    function getDocument(bytes32 name)
        external
        view
        returns (string memory uri, bytes32 documentHash, uint256 modifiedAt)
    {
        Document storage document = _documents().documents[name];
        return (document.uri, document.documentHash, document.modifiedAt);
    }

    /// @inheritdoc IERC1643
    function getAllDocuments() external view returns (bytes32[] memory) {
        return _documents().names.values();
    }

    /// @inheritdoc IERC1643
    /// @dev Only `GOVERNOR`.
    function setDocument(bytes32 name, string calldata uri, bytes32 documentHash) external restricted {
        if (name == bytes32(0)) revert ERC1643InvalidName();
        DocumentsStorage storage $ = _documents();
        // Whether the name is new makes no difference.
        // slither-disable-next-line unused-return
        $.names.add(name);
        $.documents[name] = Document({uri: uri, documentHash: documentHash, modifiedAt: block.timestamp});
        emit DocumentUpdated(name, uri, documentHash);
    }

    /// @inheritdoc IERC1643
    /// @dev Only `GOVERNOR`.
    function removeDocument(bytes32 name) external restricted {
        DocumentsStorage storage $ = _documents();
        if (!$.names.remove(name)) revert ERC1643MissingDocument(name);
        Document memory document = $.documents[name];
        delete $.documents[name];
        emit DocumentRemoved(name, document.uri, document.documentHash);
    }

    function _documents() private pure returns (DocumentsStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
