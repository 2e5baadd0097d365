"""The fund vault: requests in, claims out, and the desk's dealing days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.bindings.contract import Contract
from toolkit.bindings.fund_structs import Book, Day, DealingTerms, Progress, Quarantine, Release

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["FundVault"]


class FundVault(Contract):
    """`contracts/market/FundVault.sol` (ERC-7540): assets and shares in base units. A request id is the
    number of a dealing day, from 1.
    """

    artifact = "FundVault"

    # ---------------------------------------------------------------------------------------------- settings

    def asset(self, *, block: BlockRef = "latest") -> str:
        """The settlement coin."""
        return self._address("asset", block=block)

    def share(self, *, block: BlockRef = "latest") -> str:
        return self._address("share", block=block)

    def nav_feed(self, *, block: BlockRef = "latest") -> str:
        """The feed of the net asset value; the zero address while none is set."""
        return self._address("navFeed", block=block)

    def custody(self, *, block: BlockRef = "latest") -> str:
        """The account that holds the fund's cash; the zero address while none is set."""
        return self._address("custody", block=block)

    def dealing_terms(self, *, block: BlockRef = "latest") -> DealingTerms:
        """What days that are not closed yet will be dealt on."""
        return DealingTerms(*self._read("dealingTerms", block=block).values())

    def suspension_reason(self, *, block: BlockRef = "latest") -> bytes | None:
        """The hash of the document that says why dealing is suspended; None while it is not."""
        reason = self._bytes("suspensionReason", block=block)
        return reason if any(reason) else None

    # ------------------------------------------------------------------------------------------- dealing days

    def progress(self, *, block: BlockRef = "latest") -> Progress:
        """The last day announced, closed and settled."""
        return Progress(*self._read("progress", block=block))

    def open_day(self, *, block: BlockRef = "latest") -> tuple[int, int] | None:
        """(number, cut-off) of the day that a request of now belongs to; None if none is announced."""
        day, cut_off = self._read("openDay", block=block)
        return (day, cut_off) if day else None

    def is_idle(self, *, block: BlockRef = "latest") -> bool:
        """Whether no day takes requests and none waits for its price: only then the share can replace it."""
        return self._bool("isIdle", block=block)

    def dealing_day(self, day: int, *, block: BlockRef = "latest") -> Day:
        """A day; its cut-off is 0 if it is not announced."""
        return Day(*self._read("dealingDay", day, block=block).values())

    def subscription_book(self, day: int, *, block: BlockRef = "latest") -> Book:
        return Book(*self._read("subscriptionBook", day, block=block).values())

    def redemption_book(self, day: int, *, block: BlockRef = "latest") -> Book:
        return Book(*self._read("redemptionBook", day, block=block).values())

    def funding(self, *, block: BlockRef = "latest") -> int:
        """Assets that the treasury brought and no redemption has used."""
        return self._int("funding", block=block)

    def announce_days(self, first_day: int, cut_offs: Sequence[int]) -> Call:
        """Writes the calendar from `first_day` on, cut-offs in Unix time. For the dealing manager."""
        return self._write(
            "announceDays", first_day, list(cut_offs), description=f"announce {len(cut_offs)} dealing days"
        )

    def close_day(self, day: int) -> Call:
        """Closes the next day, once its cut-off has passed. For the dealing manager."""
        return self._write("closeDay", day, description=f"close day {day}")

    def settle_day(self, day: int) -> Call:
        """Deals the next closed day at the feed's value. For the dealing manager."""
        return self._write("settleDay", day, description=f"settle day {day}")

    def fund_redemptions(self, assets: int) -> Call:
        """Brings the sender's assets for redemptions, by its allowance. For the treasurer."""
        return self._write("fundRedemptions", assets, description=f"fund redemptions with {assets}")

    def return_funding(self, assets: int) -> Call:
        """Sends unused funding to custody. For the treasurer."""
        return self._write("returnFunding", assets, description=f"return {assets} of funding")

    def sweep_dust(self, day: int) -> Call:
        """Gives a day's rounding back to the fund. Anyone may send it."""
        return self._write("sweepDust", day, description=f"sweep the dust of day {day}")

    # -------------------------------------------------------------------------------------------- subscribing

    def pending_deposit(self, day: int, controller: str, *, block: BlockRef = "latest") -> int:
        """Assets requested for the day that have no price yet."""
        return self._int("pendingDepositRequest", day, controller, block=block)

    def claimable_deposit(self, day: int, controller: str, *, block: BlockRef = "latest") -> int:
        """Assets of the day whose shares can be claimed."""
        return self._int("claimableDepositRequest", day, controller, block=block)

    def claimable_shares(self, controller: str, *, block: BlockRef = "latest") -> int:
        """Shares of all settled days that the controller can claim."""
        return self._int("maxMint", controller, block=block)

    def request_deposit(self, assets: int, controller: str, owner: str) -> Call:
        """Subscribes for the open day with the owner's assets, by its allowance of the coin."""
        return self._write("requestDeposit", assets, controller, owner, description=f"subscribe for {assets}")

    def claim_shares(self, shares: int, receiver: str, controller: str) -> Call:
        """Claims settled shares."""
        return self._write(
            "mint(uint256,address,address)",
            *(shares, receiver, controller),
            description=f"claim {shares} shares",
        )

    def claim_shares_for(self, assets: int, receiver: str, controller: str) -> Call:
        """The same, by how much of what was subscribed."""
        return self._write(
            "deposit(uint256,address,address)",
            *(assets, receiver, controller),
            description=f"claim the shares of {assets}",
        )

    def cancel_deposit(self, day: int, controller: str) -> Call:
        """Cancels a subscription before its cut-off, or when its price is overdue (ERC-7887)."""
        return self._write(
            "cancelDepositRequest", day, controller, description=f"cancel the subscription of day {day}"
        )

    def claimable_cancelled_deposit(self, day: int, controller: str, *, block: BlockRef = "latest") -> int:
        """Assets of a cancelled subscription that can be claimed back."""
        return self._int("claimableCancelDepositRequest", day, controller, block=block)

    def claim_cancelled_deposit(self, day: int, receiver: str, controller: str) -> Call:
        return self._write(
            "claimCancelDepositRequest",
            *(day, receiver, controller),
            description=f"claim back the subscription of day {day}",
        )

    # ---------------------------------------------------------------------------------------------- redeeming

    def pending_redemption(self, day: int, controller: str, *, block: BlockRef = "latest") -> int:
        """Shares requested for the day that have no price yet, those carried over by a gate included."""
        return self._int("pendingRedeemRequest", day, controller, block=block)

    def claimable_redemption(self, day: int, controller: str, *, block: BlockRef = "latest") -> int:
        """Shares of the day whose proceeds can be claimed."""
        return self._int("claimableRedeemRequest", day, controller, block=block)

    def claimable_assets(self, controller: str, *, block: BlockRef = "latest") -> int:
        """Proceeds of all settled days that the controller can claim."""
        return self._int("maxWithdraw", controller, block=block)

    def request_redemption(self, shares: int, controller: str, owner: str) -> Call:
        """Redeems the owner's shares on the open day; needs no allowance from the owner itself."""
        return self._write("requestRedeem", shares, controller, owner, description=f"redeem {shares}")

    def claim_assets(self, assets: int, receiver: str, controller: str) -> Call:
        """Claims settled proceeds."""
        return self._write(
            "withdraw", assets, receiver, controller, description=f"claim {assets} of proceeds"
        )

    def claim_assets_for(self, shares: int, receiver: str, controller: str) -> Call:
        """The same, by how many of the shares that were redeemed."""
        return self._write(
            "redeem", shares, receiver, controller, description=f"claim the proceeds of {shares}"
        )

    def cancel_redemption(self, day: int, controller: str) -> Call:
        """Cancels a redemption before its cut-off, or when its price is overdue (ERC-7887)."""
        return self._write(
            "cancelRedeemRequest", day, controller, description=f"cancel the redemption of day {day}"
        )

    def claimable_cancelled_redemption(self, day: int, controller: str, *, block: BlockRef = "latest") -> int:
        """Shares of a cancelled redemption that can be claimed back."""
        return self._int("claimableCancelRedeemRequest", day, controller, block=block)

    def claim_cancelled_redemption(self, day: int, receiver: str, controller: str) -> Call:
        return self._write(
            "claimCancelRedeemRequest",
            *(day, receiver, controller),
            description=f"claim back the shares of day {day}",
        )

    # -------------------------------------------------------------------------------- operators and hand-out

    def is_operator(self, controller: str, operator: str, *, block: BlockRef = "latest") -> bool:
        return self._bool("isOperator", controller, operator, block=block)

    def set_operator(self, operator: str, approved: bool) -> Call:
        """Lets an operator deal for the sender, or no longer."""
        verb = "name" if approved else "remove"
        return self._write("setOperator", operator, approved, description=f"{verb} operator {operator}")

    def push_shares(self, day: int, controllers: Sequence[str]) -> Call:
        """Delivers shares settled up to and including `day`. For the dealing manager."""
        return self._write(
            "pushShares", day, list(controllers), description=f"deliver shares to {len(controllers)}"
        )

    def push_assets(self, controllers: Sequence[str]) -> Call:
        """Pays proceeds. For the dealing manager."""
        return self._write("pushAssets", list(controllers), description=f"pay out to {len(controllers)}")

    def push_cancelled(self, controllers: Sequence[str]) -> Call:
        """Hands back what was cancelled. For the dealing manager."""
        return self._write("pushCancelled", list(controllers), description=f"hand back to {len(controllers)}")

    def roll(self, controller: str) -> Call:
        """Brings a controller's bookkeeping up to date. Anyone may send it."""
        return self._write("roll", controller, description=f"roll {controller}'s positions")

    # --------------------------------------------------------------------------------------------- quarantine

    def quarantined(self, controller: str, *, block: BlockRef = "latest") -> Quarantine:
        """What is kept for a controller who could not receive it."""
        return Quarantine(*self._read("quarantined", controller, block=block))

    def proposer_of(self, release: Release, *, block: BlockRef = "latest") -> str:
        """Who proposed the release; the zero address if nobody did."""
        return self._address("proposerOf", release, block=block)

    def propose_release(self, release: Release) -> Call:
        """First hand. For compliance."""
        return self._write("proposeRelease", release, description=f"propose a release to {release.to}")

    def retract_release(self, release: Release) -> Call:
        """Takes a proposal back. For compliance."""
        return self._write("retractRelease", release, description=f"retract the release to {release.to}")

    def confirm_release(self, release: Release) -> Call:
        """Second hand, of another account. For the treasurer."""
        return self._write("confirmRelease", release, description=f"confirm the release to {release.to}")

    # ------------------------------------------------------------------------------------ guarding, governing

    def suspend_dealing(self, reason: bytes) -> Call:
        """Stops requests and settlement; `reason` is the hash of a document. For the guardian."""
        return self._write("suspendDealing", reason, description="suspend dealing")

    def resume_dealing(self) -> Call:
        return self._write("resumeDealing", description="resume dealing")

    def set_terms(self, terms: DealingTerms) -> Call:
        return self._write("setTerms", terms, description="set the dealing terms")

    def set_nav_feed(self, feed: str) -> Call:
        return self._write("setNavFeed", feed, description=f"set the NAV feed to {feed}")

    def set_custody(self, custody: str) -> Call:
        return self._write("setCustody", custody, description=f"set custody to {custody}")

    def upgrade(self, implementation: str, data: bytes = b"") -> Call:
        """Points the proxy at another implementation. For the upgrader."""
        return self._write(
            "upgradeToAndCall", implementation, data, description=f"upgrade the vault to {implementation}"
        )
