// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Every function of the suite that changes state, by signature; tests/python/artifacts compares it with the ABIs.
library Surface {
    /// @notice What somebody may do: functions of token, market, registry, feed, gate and access manager.
    function open() internal pure returns (string[][6] memory lists) {
        lists[0] = _ofToken();
        lists[1] = _ofMarket();
        lists[2] = new string[](3);
        lists[2][0] = "setWallets((address,(bytes16,uint40,uint16,uint8,uint8))[])";
        lists[2][1] = "removeWallets(address[])";
        lists[2][2] = "upgradeToAndCall(address,bytes)";
        lists[3] = new string[](6);
        lists[3][0] = "publish((uint128,uint64,bytes32),(address,bytes)[])";
        lists[3][1] = "suspend()";
        lists[3][2] = "suspendAttestor(address)";
        lists[3][3] = "resume()";
        lists[3][4] = "setAttestors(address[],uint8)";
        lists[3][5] = "setLimits(uint32,uint32,uint32)";
        lists[4] = new string[](2);
        lists[4][0] = "revokeRole(uint64,address)";
        lists[4][1] = "cancel(address,address,bytes)";
        lists[5] = new string[](6);
        lists[5][0] = "schedule(address,bytes,uint48)";
        lists[5][1] = "execute(address,bytes)";
        lists[5][2] = "cancel(address,address,bytes)";
        lists[5][3] = "grantRole(uint64,address,uint32)";
        lists[5][4] = "revokeRole(uint64,address)";
        lists[5][5] = "renounceRole(uint64,address)";
    }

    /// @notice What is nobody's, or only another contract's: always refused to the campaign's actors.
    function closed() internal pure returns (string[][6] memory lists) {
        lists[0] = new string[](8);
        lists[0][0] = "mint(address[],uint256[])";
        lists[0][1] = "burnEscrow(uint256)";
        lists[0][2] = "discharge(uint256)";
        lists[0][3] = "lowerFrozen(address,uint256)";
        lists[0][4] = "setMarket(address)";
        lists[0][5] = "forcedTransfer(address,address,uint256)";
        lists[0][6] = "setAuthority(address)";
        lists[0][7] = "initialize()";
        for (uint256 i = 1; i < 3; ++i) {
            lists[i] = new string[](2);
            lists[i][0] = "setAuthority(address)";
            lists[i][1] = "initialize()";
        }
        lists[3] = new string[](1);
        lists[3][0] = "setAuthority(address)";
        lists[4] = new string[](1);
        lists[4][0] = "setAuthority(address)";
        lists[5] = new string[](9);
        lists[5][0] = "setRoleAdmin(uint64,uint64)";
        lists[5][1] = "setRoleGuardian(uint64,uint64)";
        lists[5][2] = "setGrantDelay(uint64,uint32)";
        lists[5][3] = "setTargetFunctionRole(address,bytes4[],uint64)";
        lists[5][4] = "setTargetClosed(address,bool)";
        lists[5][5] = "setTargetAdminDelay(address,uint32)";
        lists[5][6] = "updateAuthority(address,address)";
        lists[5][7] = "labelRole(uint64,string)";
        lists[5][8] = "multicall(bytes[])";
    }

    function _ofToken() private pure returns (string[] memory list) {
        list = new string[](22);
        list[0] = "transfer(address,uint256)";
        list[1] = "approve(address,uint256)";
        list[2] = "transferFrom(address,address,uint256)";
        list[3] = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)";
        list[4] = "permit(address,address,uint256,uint256,bytes)";
        list[5] =
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
        list[6] = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
        list[7] =
        "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
        list[8] = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
        list[9] = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)";
        list[10] = "cancelAuthorization(address,bytes32,bytes)";
        list[11] = "pause()";
        list[12] = "resume()";
        list[13] = "setFrozenTokens(address,uint256)";
        list[14] = "unfreeze(address,uint256,bytes32)";
        list[15] = "forcedTransfer(address,address,uint256,bytes32)";
        list[16] = "burnByOrder(address,uint256,bytes32)";
        list[17] = "setFeed(address)";
        list[18] = "setBuffer(uint16)";
        list[19] = "setDocument(bytes32,string,bytes32)";
        list[20] = "removeDocument(bytes32)";
        list[21] = "upgradeToAndCall(address,bytes)";
    }

    function _ofMarket() private pure returns (string[] memory list) {
        list = new string[](17);
        list[0] = "mint(((uint256,address,uint256,uint64)[],(address,bytes)[],uint256)[])";
        list[1] = "requestRedemption(uint256,bytes32)";
        list[2] = "requestRedemptionWithAuthorization(address,uint256,bytes32,uint256,uint256,bytes32,bytes)";
        list[3] = "cancelRedemption(uint256)";
        list[4] = "acceptRedemptions(uint256[],(address,bytes)[])";
        list[5] = "rejectRedemptions(uint256[],bytes32)";
        list[6] = "recordPayouts(uint256[],bytes32[])";
        list[7] = "seizeEscrow(uint256,address,bytes32)";
        list[8] = "returnUnsolicited(address,uint256,bytes32)";
        list[9] = "stopMinting()";
        list[10] = "resumeMinting()";
        list[11] = "windDown()";
        list[12] = "setOrderCap(uint112)";
        list[13] = "setApprovalTiers((uint112,uint8)[])";
        list[14] = "setOperatorLimit(address,uint112)";
        list[15] = "setRedemptionPeriod(uint32)";
        list[16] = "upgradeToAndCall(address,bytes)";
    }
}
