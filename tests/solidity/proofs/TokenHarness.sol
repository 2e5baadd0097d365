// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ESCROW} from "../../../contracts/token/Account.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {Creator} from "../support/Mocks.sol";
import {vm} from "../support/Vm.sol";
import {ARTIFACTS, AllowingAuthority, svm} from "./Harness.sol";

/// @notice A feed that says what it was told.
contract ToldFeed {
    uint256 private _value;
    uint256 private _asOf;
    uint256 private _freshUntil;

    function tell(uint256 value, uint256 asOf, uint256 freshUntil) external {
        (_value, _asOf, _freshUntil) = (value, asOf, freshUntil);
    }

    function reading() external view returns (uint256 value, uint256 asOf, uint256 freshUntil) {
        return (_value, _asOf, _freshUntil);
    }
}

/// @notice The coin's own code in an arbitrary state. The proxy is left out, and the market is this contract.
/// @dev Bounds, the same for every proof of the token:
///
/// - Arbitrary: every balance, frozen figure and allowance, the supply and the pause, the buffer, the cached basis, the
///   attestation, the time (40 bits, as the coin keeps it).
/// - Assumed of the state before: what is proved of the state after (`Conservation`), and what the feed's types give.
/// - The history of payouts is made by calling `discharge` at arbitrary times with arbitrary amounts: as many as a
///   proof says. Anything that only looks at the last of them is proved with one.
abstract contract TokenHarness {
    /// @dev `StablecoinStorage.basis`: `asOf` in the low 40 bits, `discharged` in the 112 above.
    bytes32 private constant BASIS_SLOT = 0xa49192c60389d629d0c78119ca7ffaaec80beb0f3de3c5cf3092df9bf9abec02;
    /// @dev `RegulatedERC20Storage.accounts`.
    bytes32 private constant ACCOUNTS_SLOT =
        0xb6246583247ad3ccf5de3703ac477f74c4e744eb860113a0c2c45e2bd7b17001;

    Stablecoin internal token;
    ToldFeed internal feed;

    function setUp() public {
        feed = new ToldFeed();
        bytes memory arguments = abi.encode(new AllowingAuthority(), "Demo Coin", "DEMO", uint8(6), "HKD");
        bytes memory code = vm.getCode(string.concat(ARTIFACTS, "Stablecoin.sol/Stablecoin.json"));
        token = Stablecoin(new Creator().create(bytes.concat(code, arguments)));
        assert(token.discharged() == 0); // Reads the length of the payouts' trace, which thereby is zero and no more.
        svm.enableSymbolicStorage(address(token));
    }

    // ---------------------------------------------------------------------------------------- the state before

    /// @dev Supply and market as any sequence of calls leaves them.
    function _assumeState() internal view {
        vm.assume(token.market() == address(this));
        vm.assume(token.feed() == address(feed));
        vm.assume(token.bufferBps() <= 10_000);
        vm.assume(token.totalSupply() <= token.minted());
        vm.assume(_isEscrow(address(this)));
    }

    /// @dev What `setMarket` writes for the market's account; see `AnyCallProof`.
    function _isEscrow(address account) internal view returns (bool) {
        uint256 stored = uint256(vm.load(address(token), keccak256(abi.encode(account, ACCOUNTS_SLOT))));
        return stored & ESCROW != 0;
    }

    /// @dev Each of the accounts once: together they hold no more than there is.
    function _assumeHeld(address a, address b, address c) internal view {
        vm.assume(_held(a, b, c) <= token.totalSupply());
    }

    /// @dev One payout at an arbitrary time before now.
    function _payout(uint40 time, uint112 amount) internal {
        vm.warp(time);
        token.discharge(amount);
    }

    /// @dev What an `AttestedFeed` can say at `time`.
    function _attest(uint112 reserve, uint40 asOf, uint32 maxAge, bool usable, uint40 time) internal {
        vm.assume(asOf < time);
        feed.tell(reserve, asOf, usable ? uint256(asOf) + maxAge : 0);
    }

    /// @dev The basis in the cache, if it is one of this attestation, is `expected`.
    function _assumeBasis(uint40 asOf, uint256 expected) internal view {
        vm.assume(_basisAsOf() != asOf || _basisDischarged() == expected);
    }

    function _basisAsOf() internal view returns (uint256) {
        return uint40(uint256(vm.load(address(token), BASIS_SLOT)));
    }

    function _basisDischarged() internal view returns (uint256) {
        return uint112(uint256(vm.load(address(token), BASIS_SLOT)) >> 40);
    }

    // ---------------------------------------------------------------------------------------- sums

    /// @dev The sum of the balances of the accounts, each of them counted once.
    function _held(address a, address b, address c) internal view returns (uint256 sum) {
        sum = token.balanceOf(a);
        if (b != a) sum += token.balanceOf(b);
        if (c != a && c != b) sum += token.balanceOf(c);
    }
}
