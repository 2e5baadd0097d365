"""One report of every kind, from inputs made by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from support.figures import HOLDER, TOKEN, a_break, cut_off, figures, sha, week

from toolkit.amounts import Amount
from toolkit.bindings import events
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes
from toolkit.chain.logs import Log
from toolkit.chain.signers import dev_signer
from toolkit.funds import (
    DayTotals,
    DealingReport,
    DealtOrder,
    HolderType,
    OrderSide,
    Register,
    RegisterAccount,
    Scale,
    ShareTransfer,
    WalletLink,
    build_register,
    dealing_report,
    settle_day,
)
from toolkit.ledger.machines import State
from toolkit.ledger.passages import Passage, RedemptionPassage
from toolkit.reporting.draw import Draw, random_day
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.report import Report, Signature, compose
from toolkit.reporting.reports.attestation import AttestationSchedule, attestation_schedule
from toolkit.reporting.reports.circulation import circulation
from toolkit.reporting.reports.content import Content, Period
from toolkit.reporting.reports.daily import daily_statement
from toolkit.reporting.reports.fund import fund_dealing, holder_register
from toolkit.reporting.reports.incident import Action, IncidentFacts, incident_notice
from toolkit.reporting.reports.lifecycle import LifecycleLog, lifecycle_log
from toolkit.reporting.reports.practitioner import Engagement, PractitionerReport, practitioner_report
from toolkit.reporting.reports.redemptions import RedemptionStatistics, redemption_statistics
from toolkit.reporting.reports.registers import (
    BreakRow,
    break_report,
    freeze_register,
    travel_extract,
    travel_row,
)
from toolkit.reporting.reports.snapshot import Holding, Snapshot, holder_snapshot
from toolkit.reporting.reports.supervisory import (
    IncidentRow,
    Notice,
    StressResult,
    SupervisorFacts,
    SupervisorInputs,
    supervisory_report,
)
from toolkit.reporting.reports.values import Bps, Moment, Tokens
from toolkit.reporting.signing import signable

HONG_KONG = RegulatorProfile.load("hong-kong")
CALENDAR = BusinessCalendar.load("hong-kong")
DAY = date(2026, 11, 20)
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
ZERO = Amount.zero("HKDX", 6)
SECRET = "only the supervisor may read this"


def passage(
    number: int,
    asked: datetime,
    *steps: tuple[State, timedelta, str],
    amount: str = "1000.00",
    paid_after: timedelta | None = None,
) -> RedemptionPassage:
    """A redemption that became valid at once; the steps come after."""
    taken = [Passage(State.REQUESTED, asked, ""), Passage(State.VALID, asked, "")]
    taken += [Passage(state, asked + after, reason) for state, after, reason in steps]
    if paid_after is not None:
        taken.append(Passage(State.PAID, asked + paid_after, ""))
    return RedemptionPassage(
        order_id=f"order-{number}",
        amount=Amount.parse(amount, unit="HKDX", decimals=6),
        currency="HKD",
        requested_at=asked,
        due_at=CALENDAR.due_after(asked),
        steps=tuple(taken),
        paid_at=None if paid_after is None else asked + paid_after,
        paid=None if paid_after is None else Amount.money(amount, "HKD"),
    )


def passages() -> list[RedemptionPassage]:
    hour = timedelta(hours=1)
    return [
        *(passage(n, MONDAY + timedelta(minutes=n), paid_after=n * hour) for n in range(1, 21)),
        passage(21, MONDAY, paid_after=40 * hour),
        passage(22, MONDAY, (State.REJECTED, hour, "the account is not in the customer's name")),
        passage(23, MONDAY, (State.CANCELLED, hour, "on the customer's wish")),
        passage(24, MONDAY, (State.ON_HOLD, hour, SECRET)),
    ]


def statistics(days: list[DayFigures] | None = None, **changes: Any) -> RedemptionStatistics:
    arguments: dict[str, Any] = {
        "after": cut_off(date(2026, 11, 13)),
        "until": cut_off(DAY),
        "zero": ZERO,
        "currency": "HKD",
        "days": days or [],
        **changes,
    }
    return redemption_statistics(passages(), HONG_KONG, CALENDAR, **arguments)


def period(start: date = DAY, end: date | None = None) -> Period:
    return Period(start=start, end=end or start)


def filed(content: Content, of: Period | None = None, **changes: Any) -> Report[Any]:
    """A content as a report of the sample day."""
    arguments: dict[str, Any] = {
        "subject": "HKDX",
        "period": of or period(),
        "as_of": cut_off((of or period()).end),
        "profile": HONG_KONG.identity,
        "inputs": {"figures": sha("figures")},
        **changes,
    }
    return compose(content, **arguments)


def daily(**changes: Any) -> Report[Any]:
    day = figures(**changes)
    return filed(daily_statement(day, HONG_KONG), inputs={"figures": day.sha256})


def weekly_content() -> Any:
    days = week()
    inputs = SupervisorInputs(
        incidents=[
            IncidentRow(
                incident_id="incident-1",
                category="bank",
                opened_at=Moment.of(MONDAY),
                summary=SECRET,
                acknowledged=True,
            )
        ],
        notices_on_record=[
            Notice(subject="break/HKDX/CASH/1", reference="HKMA-3", sent_at=Moment.of(MONDAY))
        ],
        stated=SupervisorFacts(
            stated_by="compliance-1",
            stress_tests=(
                StressResult(
                    scenario="30 % redeemed in a day", run_on=date(2026, 11, 18), coverage=Bps.of(10_021)
                ),
            ),
            third_party_notices=(Notice(subject=SECRET, reference="C-1", sent_at=Moment.of(MONDAY)),),
        ),
    )
    return supervisory_report(days, statistics(days), HONG_KONG, inputs)


def schedule() -> AttestationSchedule:
    of = period(date(2026, 11, 14), DAY)
    seed = "drawn by the auditor: 7f3a9c"
    drawn = Draw(
        day=random_day(of, seed),
        seed=seed,
        drawn_by="auditor-1",
        drawn_at=Moment.of(cut_off(DAY) + timedelta(hours=9)),
    )
    by_day = {item.cut_off.day: item for item in week()}
    return attestation_schedule(
        of,
        by_day[DAY],
        by_day[drawn.day],
        drawn,
        HONG_KONG,
        previous=figures(date(2026, 11, 13), opening=480_000_000 * 10**6, burned=0, burned_unpaid=0),
        policies={"valuation": "market value, each day", "fees": "none"},
        net_other_assets=(12_345_67, -1_00),
    )


def engagement(**changes: Any) -> Engagement:
    """What a practitioner states."""
    stated: dict[str, Any] = {
        "addressee": "The board of Example Coin Limited and the Hong Kong Monetary Authority",
        "responsible_party": "The management of Example Coin Limited",
        "engagement_reference": "letter of 2 November 2026",
        "standard": "HKSAE 3000 (Revised)",
        "level": "reasonable",
        "criteria": [
            {
                "criteria_id": "hkma_agreed",
                "title": "Criteria agreed with the HKMA for HKDX",
                "agreed_reference": "HKMA letter of 1 October 2026",
            },
            {
                "criteria_id": "aicpa_2025_part_i",
                "title": "AICPA 2025 Criteria for Stablecoin Reporting, Part I",
                "agreed_reference": None,
            },
        ],
        "responsibilities": "We express a conclusion on the assertion from the evidence that we obtained.",
        "independence": "We kept the independence requirements of the HKICPA's Code of Ethics.",
        "quality_management": "We apply HKSQM 1.",
        "procedures": [
            {
                "procedure": "Replayed the token's events to the cut-off block of either day",
                "tied_to": "rows 1 to 5a",
                "result": "no difference",
                "exception": False,
            },
            {
                "procedure": "Obtained the custodians' statements from the custodians themselves",
                "tied_to": "rows 6 to 9",
                "result": "agreed with every line",
                "exception": False,
            },
        ],
        "inherent_limitations": "The reserve is stated as of two instants and may differ at any other.",
        "conclusion": "unmodified",
        "conclusion_text": "The assertion is fairly stated in all material respects.",
        "basis": None,
        "evidence": [{"name": "custodian statements", "sha256": sha("papers")}],
        "firm": "Example and Partners",
        "city": "Hong Kong",
        "report_date": "2026-11-21",
        **changes,
    }
    return Engagement.model_validate_json(json.dumps(stated))


def signed_by_management(report: Report[Any]) -> Report[Any]:
    """The same, with the sign-off of two people."""
    at = Moment.of(cut_off(DAY) + timedelta(hours=10))
    signatures = tuple(
        Signature(
            part=part,
            person=person,
            signer=signer.address,
            signature="0x" + signable(report.document, part=part, person=person).sign(signer).data.hex(),
            at=at,
        )
        for part, person, signer in (
            ("preparer", "finance-1", dev_signer(1)),
            ("reviewer", "finance-2", dev_signer(2)),
        )
    )
    people = {"prepared_by": "finance-1", "reviewed_by": "finance-2", "state": "signed"}
    return report.signed_off(report.sign_off.model_copy(update={"signatures": signatures, **people}))


def attested(**changes: Any) -> PractitionerReport:
    """A practitioner's report on the sample schedule."""
    asserted = signed_by_management(filed(schedule(), period(date(2026, 11, 14), DAY)))
    return practitioner_report(asserted, engagement(**changes), practitioner="auditor-1")


def a_log(block: int, index: int = 0, tx: int | None = None) -> Log:
    number = block * 10 if tx is None else tx
    return Log(TOKEN, (), b"", block, bytes.fromhex(sha(f"block {block}")), number.to_bytes(32, "big"), index)


def block_time(block: int) -> datetime:
    return cut_off(DAY) - timedelta(seconds=12 * (1000 - block))


def lifecycle(until: datetime | None = None) -> LifecycleLog:
    listed: list[events.ContractEvent] = [
        events.Initialized(log=a_log(1), version=1),
        events.RoleGranted(log=a_log(2), role=5, account=HOLDER, delay=0, since=0, new_member=True),
        events.Transfer(log=a_log(10), sender=ZERO_ADDRESS, recipient=HOLDER, amount=10**9),
        events.Transfer(log=a_log(11), sender=HOLDER, recipient=TOKEN, amount=1),
        events.Frozen(log=a_log(12), account=HOLDER, amount=5),
        events.Frozen(log=a_log(13), account=HOLDER, amount=0),
        events.OperationScheduled(
            log=a_log(20),
            operation_id=b"\x01" * 32,
            nonce=1,
            schedule=9,
            caller=HOLDER,
            target=TOKEN,
            data=b"up",
        ),
        events.OperationExecuted(log=a_log(30, 0, 77), operation_id=b"\x01" * 32, nonce=1),
        events.Upgraded(log=a_log(30, 1, 77), implementation=HOLDER),
        events.Transfer(log=a_log(40), sender=HOLDER, recipient=ZERO_ADDRESS, amount=10**6),
        events.Paused(log=a_log(50), actor=HOLDER),
    ]
    return lifecycle_log(
        listed, chain_id=31337, names={TOKEN: "stablecoin"}, time_of=block_time, until=until or cut_off(DAY)
    )


def freeze_row(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "entry_id": f"freeze/CASE-{number}/{HOLDER}",
        "wallet": HOLDER,
        "sub_account": None,
        "chains": [31337],
        "amount_frozen": "account",
        "token": None,
        "authority": "court_order: HCMP 17/2026",
        "document_hash": "0x" + sha("order"),
        "imposed_at": "2026-11-18T03:00:00+00:00",
        "imposed_by": "guardian-1",
        "second_sign_at": "2026-11-18T03:40:00+00:00",
        "latency_seconds": 540,
        "review_date": "2027-02-18",
        "status": "seconded",
        "transactions": [{"transaction": "0x" + sha("freeze")}],
        "lowering_transactions": [],
        "legal_owner_ref": "0x" + "ab" * 16,
        **changes,
    }


def travel_data(**changes: Any) -> dict[str, Any]:
    return {
        "direction": "out",
        "chain_id": 31337,
        "base_units": "8000000000",
        "unit": "HKDX",
        "decimals": 6,
        "hkd": "8000.00",
        "fx": "par",
        "tier": "full",
        "counterparty": "vasp-7",
        "channel": "TRISA",
        "sent_at": "2026-11-18T03:00:00.000000Z",
        "acked_at": None,
        "transaction": None,
        "missing": [],
        **changes,
    }


def a_register() -> Register:
    holder = dev_signer(0).address
    return build_register(
        [ShareTransfer(ZERO_ADDRESS, holder, 10**10, 1, 0, MONDAY)],
        [
            RegisterAccount(
                "INV-1",
                "Anna Limited",
                "1 Road",
                HolderType.CORPORATE,
                "HK",
                (WalletLink(holder, 31337, "p"),),
            )
        ],
        share_class="A",
        supply=Amount.from_base_units(10**10, unit="DMMF-A", decimals=4),
        block_number=9,
        block_hash="0x" + "33" * 32,
        calendar=CALENDAR,
    )


def a_dealing_report() -> DealingReport:
    from support.funds import LATER, fund_terms, statement

    nav = statement("10.1234")
    supply, asked = 10**10, 10**9
    day = settle_day(
        nav.base_units, Scale(6, 4, 8), DayTotals(supply, 10**12, asked), gate_bps=500, entry_fee_bps=10
    )
    holder = dev_signer(0).address
    closing = supply + day.minted - day.accepted
    register = build_register(
        [ShareTransfer(ZERO_ADDRESS, holder, closing, 1, 0, MONDAY)],
        [RegisterAccount("INV-1", "n", "a", HolderType.CORPORATE, "HK", (WalletLink(holder, 31337, "p"),))],
        share_class="A",
        supply=Amount.from_base_units(closing, unit="DMMF-A", decimals=4),
        block_number=9,
        block_hash="0x" + "33" * 32,
        calendar=CALENDAR,
    )
    return dealing_report(
        day,
        [
            DealtOrder("S-1", "INV-1", OrderSide.SUBSCRIPTION, 10**12),
            DealtOrder("R-1", "INV-3", OrderSide.REDEMPTION, day.accepted_of(asked)),
        ],
        nav,
        fund_terms().dealing_calendar(),
        register,
        coin="tUSD",
        prepared_by="registrar-maker",
        reviewed_by="registrar-checker",
        generated_at=LATER,
        pending_payments={date(2026, 11, 23): Amount.parse("1", unit="tUSD", decimals=6)},
    )


def wallet(number: int) -> str:
    return address_from_bytes(number.to_bytes(20, "big"))


def snapshot(holders: int = 5) -> Snapshot:
    day = figures(opening=1_000 * 10**6, burned=0, burned_unpaid=0, frozen=0, special=[])
    each = 1_000 * 10**6 // holders
    holdings = [Holding(wallet(number + 1), each, 0, f"ref-{number}") for number in range(holders - 1)]
    rest = 1_000 * 10**6 - each * (holders - 1)
    holdings.append(
        Holding(wallet(holders), rest, 10, "distributor", {"client-b": rest // 2, "client-a": rest // 4})
    )
    return holder_snapshot(holdings, day.chains[0], day.coin, kept_at=("vault A", "vault B"))


def every_kind() -> dict[str, Report[Any]]:
    """A report of every kind, by kind."""
    days = week()
    weekly = weekly_content()
    of_week = period(date(2026, 11, 14), DAY)
    facts = IncidentFacts(
        incident_id="incident-7",
        severity="critical",
        category="ledger",
        detected_at=Moment.of(MONDAY),
        deadline=Moment.of(MONDAY + timedelta(hours=24)),
        description="A mint on chain that belongs to no order.",
        affected=Tokens.of(Amount.parse("80.000000", unit="HKDX", decimals=6)),
        customers=0,
        issuance="stopped",
        redemption="running",
        actions=(Action(at=Moment.of(MONDAY + timedelta(minutes=4)), what="minting was stopped"),),
        next_update_at=None,
        contact="the desk's head of compliance",
        forensic_bundle=sha("bundle"),
        root_cause=None,
        lessons=None,
    )
    broken = figures(breaks=[a_break(DAY)])
    found = broken.breaks[0]
    row = BreakRow(
        break_id=found.break_id,
        break_type=found.break_type,
        severity=found.severity,
        amount=Tokens(base_units="2500", display="25.00", unit="HKD"),
        first_seen=Moment.of(found.first_seen),
        owner=found.owner,
        explanation="a returned payment",
        evidence=None,
        notified_at=None,
        closed_at=Moment.of(found.first_seen + timedelta(hours=3)),
    )
    parties = {"originator": {"name": "A. Sender", "account": HOLDER}, "recipient": {"name": "B. Receiver"}}
    travel = travel_row("order-9", "sent", travel_data(), **parties)
    contents: list[tuple[Content, Period]] = [
        (daily_statement(days[-1], HONG_KONG), period()),
        (weekly, of_week),
        (weekly.disclosed, of_week),
        (schedule(), of_week),
        (attested(), of_week),
        (circulation(days[-1]), period()),
        (statistics(days), of_week),
        (freeze_register([freeze_row()], until=cut_off(DAY)), period()),
        (lifecycle(), period()),
        (break_report([row], until=cut_off(DAY)), period()),
        (fund_dealing(a_dealing_report()), period()),
        (incident_notice(facts, days[-1]), period()),
        (holder_register(a_register()), period()),
        (travel_extract([travel], after=cut_off(date(2026, 11, 13)), until=cut_off(DAY)), of_week),
        (snapshot().content, period()),
    ]
    return {content.kind: filed(content, of) for content, of in contents}
