"""The worker: sends what is approved, believes what is final, and never decides.

Every run begins with what earlier runs left: the same bytes are sent again and their outcome asked for
before anything new is signed. So it may be killed at any moment and run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from toolkit.desk.report import RunLog
from toolkit.errors import LaneBusy
from toolkit.ledger.machines import State

if TYPE_CHECKING:
    from toolkit.desk.context import DeskContext
    from toolkit.desk.flights import Flights
    from toolkit.desk.forming import Forming
    from toolkit.desk.incidents import Incidents
    from toolkit.desk.lanes import Lanes
    from toolkit.desk.redemption_run import RedemptionRun
    from toolkit.desk.sorting import Sorting

__all__ = ["Worker"]


@dataclass(frozen=True, slots=True)
class Worker:
    """One pass over everything that can move."""

    context: DeskContext
    lanes: Lanes
    flights: Flights
    incidents: Incidents
    sorting: Sorting
    forming: Forming
    redemptions: RedemptionRun

    def run(self, patience: timedelta) -> RunLog:
        """One pass, waiting up to `patience` for what it sent. Raises NodeError and LedgerError."""
        seconds = patience.total_seconds()
        earlier, log = RunLog(), RunLog()
        refused = self.lanes.tend()
        self.flights.conclude_all(earlier, 0)
        # What is pending now is asked for again at the end.
        log.changes, log.waiting, log.alarms = earlier.changes, earlier.waiting, [*earlier.alarms, *refused]
        self.flights.clear()
        self.sorting.expire(log)
        self.redemptions.watch(log)
        if self.incidents.may_mint(log):
            self._mint(log, seconds)
        self.redemptions.acceptances(log)
        self.redemptions.rejections(log)
        self.redemptions.payouts(log)
        self.flights.conclude_all(log, seconds)
        self._list_unsigned(log)
        return log

    def _mint(self, log: RunLog, seconds: float) -> None:
        try:
            self.forming.run(log, seconds)
        except LaneBusy as error:
            log.waits((), error)

    def _list_unsigned(self, log: RunLog) -> None:
        """Approved orders that are in no batch: nobody but a person moves them."""
        left = self.context.ledger.orders.find(state=State.APPROVED, batched=False, flying=False)
        log.unsigned.extend(order.id for order in left)
