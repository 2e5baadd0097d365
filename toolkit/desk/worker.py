"""The worker: sends what is approved, believes what is final, and never decides.

Every run begins with what earlier runs left: the same bytes are sent again and their outcome asked for
before anything new is signed. So it may be killed at any moment and run again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    from toolkit.errors import ToolkitError
    from toolkit.ledger.agenda import Due

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
    untold: list[ToolkitError] = field(default_factory=list)
    """Alarms of passes that ended with an error, and so with no report."""

    def run(self, patience: timedelta) -> RunLog:
        """One pass, waiting up to `patience` for what it sent. Raises NodeError and LedgerError.

        It does what the ledger says is due as it begins. What comes up meanwhile by others' acts is for the
        next pass; by its own, the ledger is asked again. The alarms of a pass that raises are in the next.
        """
        log = RunLog(alarms=list(self.untold))
        try:
            self._pass(log, patience)
        except BaseException:
            self.untold[:] = log.alarms
            raise
        self.untold.clear()
        return log

    def _pass(self, log: RunLog, patience: timedelta) -> None:
        earlier = RunLog(alarms=log.alarms)
        due = self._begin(earlier)
        # What is pending now is asked for again at the end.
        log.changes, log.waiting = earlier.changes, earlier.waiting
        may_mint = self.incidents.may_mint(due, log)
        if due.is_nothing:
            return
        if due.expired or due.unbatched:
            self.sorting.expire(log)
        self.redemptions.watch(due, log)
        if due.approved and may_mint:
            self._mint(due, log, patience.total_seconds())
        self.redemptions.send(due, log)
        left = self.context.ledger.agenda.due()
        if left.is_under_way:
            self.flights.home.conclude_all(log, patience.total_seconds())
            left = self.context.ledger.agenda.due()
        if left.unsigned:
            self._list_unsigned(log)

    def _begin(self, log: RunLog) -> Due:
        """Follows up what earlier passes left. What there is to do then."""
        agenda = self.context.ledger.agenda
        due = agenda.due()
        refused = self.lanes.tend() if due.recorded else self.lanes.rest()
        if due.is_under_way:
            self.flights.home.conclude_all(log, 0)
        if due.formed:
            self.flights.clear()
        log.alarms += refused
        return agenda.due() if due.is_under_way or due.formed else due

    def _mint(self, due: Due, log: RunLog, seconds: float) -> None:
        try:
            self.forming.run(log, seconds, submitted=due.submitted)
        except LaneBusy as error:
            log.waits((), error)

    def _list_unsigned(self, log: RunLog) -> None:
        """Approved orders that are in no batch: nobody but a person moves them."""
        left = self.context.ledger.orders.find(state=State.APPROVED, batched=False, flying=False)
        log.unsigned.extend(order.id for order in left)
