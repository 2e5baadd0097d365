"""What a flight is for, beside `MINT` and `ACCEPTANCE`, which are what people sign."""

__all__ = ["ESCROW", "FUND_PURPOSES", "FUND_REDEMPTION", "PAYOUT", "REJECTION", "SUBSCRIPTION"]

ESCROW = "escrow"
PAYOUT = "payout"
REJECTION = "rejection"
SUBSCRIPTION = "subscription"
FUND_REDEMPTION = "fund_redemption"

FUND_PURPOSES = frozenset({SUBSCRIPTION, FUND_REDEMPTION})
