"""Whether somebody reaches the figures of a class of professional investor, line by line.

What counts, what doesn't, how old a document may be and how much is enough are data (`HONG_KONG`). Figures
are exact: a share of a joint account and a rate of exchange are multiplied as fractions, and what is left
over is rounded down, line by line, so that nobody becomes professional by a rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from toolkit.amounts import Amount, is_whole, parse_decimal
from toolkit.compliance.errors import BelowThreshold, EvidenceMissing, EvidenceTooOld, RateMissing
from toolkit.errors import InvalidInput
from toolkit.ledger import checks

__all__ = [
    "HONG_KONG",
    "Application",
    "Assessment",
    "ClassRule",
    "ClassRules",
    "Evidence",
    "Holding",
    "Rate",
    "assess",
    "check_evidence",
]


@dataclass(frozen=True, slots=True)
class ClassRule:
    """What a category asks for: either of the figures reached is enough, None is not asked.

    `evidence` are the kinds of document of which one at least is needed, `consent` whether the customer
    agrees in writing to be treated so.
    """

    investor_class: str
    portfolio: Amount | None
    total_assets: Amount | None
    evidence: frozenset[str]
    consent: bool


@dataclass(frozen=True, slots=True)
class ClassRules:
    """The classes of a jurisdiction. Figures are in `currency`.

    `excluded` says of a kind of holding why it isn't counted; `max_age` of a kind of document how old it may
    be at the relevant date.
    """

    name: str
    currency: str
    categories: Mapping[str, ClassRule]
    counted: frozenset[str]
    excluded: Mapping[str, str]
    max_age: Mapping[str, timedelta]
    rate_max_age: timedelta
    valid_for: timedelta
    warned_before: timedelta


def _hkd(text: str) -> Amount:
    return Amount.money(text, "HKD")


_FIGURES = frozenset({"custodian_statement", "auditor_certificate", "audited_accounts", "public_filing"})
_YEAR = timedelta(days=365)

HONG_KONG = ClassRules(
    name="hong-kong",
    currency="HKD",
    # Thresholds: Cap. 571D, regulation.md 1.0 (pi.*). Ages, validity and warning are policy defaults (W02).
    categories=MappingProxyType(
        {
            "retail": ClassRule("retail", None, None, frozenset({"identity"}), False),
            "individual": ClassRule("individual_professional", _hkd("8000000"), None, _FIGURES, True),
            "corporate": ClassRule(
                "corporate_professional", _hkd("8000000"), _hkd("40000000"), _FIGURES, True
            ),
            "trust_corporation": ClassRule("corporate_professional", None, _hkd("40000000"), _FIGURES, True),
            "institutional": ClassRule("institutional", None, None, frozenset({"licence"}), False),
        }
    ),
    counted=frozenset({"securities", "certificate_of_deposit", "custodian_cash"}),
    excluded=MappingProxyType(
        {"property": "real property is no part of a portfolio", "mpf": "provident fund is no part of it"}
    ),
    max_age=MappingProxyType(dict.fromkeys([*_FIGURES, "licence", "identity"], _YEAR)),
    rate_max_age=timedelta(days=7),
    valid_for=_YEAR,
    warned_before=timedelta(days=30),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that something rests on: its kind, when it was issued, and its SHA-256."""

    kind: str
    issued_on: date
    digest: str

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Evidence:
        """The evidence of JSON data. Raises `EvidenceMissing` for what lacks a part."""
        try:
            kind, issued, digest = str(data["kind"]), date.fromisoformat(data["issued_on"]), data["digest"]
        except (KeyError, TypeError, ValueError) as error:
            raise EvidenceMissing(f"evidence states kind, issued_on and digest ({error!r})") from error
        found = checks.sha256_hex(digest)
        if found is None:
            raise EvidenceMissing(f"the {kind} has no digest: give the document's SHA-256")
        return cls(checks.word(kind, what="kind of evidence"), issued, found)

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return {"kind": self.kind, "issued_on": self.issued_on.isoformat(), "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of a portfolio. Of an account with several `holders` a `share` counts, or an equal part."""

    kind: str
    value: Amount
    holders: int = 1
    share: Fraction | None = None

    def part(self) -> Fraction:
        """How much of the line is the customer's. Raises `InvalidInput`."""
        if self.holders < 1:
            raise InvalidInput(f"a holding of {self.holders} holders: it has one at least")
        part = Fraction(1, self.holders) if self.share is None else self.share
        if not 0 < part <= 1 or (self.holders > 1 and part == 1) or (self.holders == 1 and part != 1):
            raise InvalidInput(
                f"a share of {part} in an account of {self.holders}: state what the holders agreed on in "
                "writing, or none for equal parts"
            )
        return part


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the rules' currency for one of `currency`, as of a day, by `source`."""

    currency: str
    value: Decimal
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody asks to be classified on, as of `relevant_date`."""

    category: str
    relevant_date: date
    holdings: tuple[Holding, ...] = ()
    total_assets: Amount | None = None
    rates: tuple[Rate, ...] = ()
    consent: str | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Application:
        """The application of JSON data. Raises `InvalidInput`."""
        try:
            total, consent = data.get("total_assets"), data.get("consent")
            return cls(
                category=str(data["category"]),
                relevant_date=date.fromisoformat(data["relevant_date"]),
                holdings=tuple(map(_holding, data.get("holdings", ()))),
                total_assets=total and Amount.money(total["value"], total["currency"]),
                rates=tuple(
                    Rate(
                        checks.currency_code(item["currency"]),
                        parse_decimal(item["value"], what="rate"),
                        date.fromisoformat(item["as_of"]),
                        checks.one_line(item["source"], what="source"),
                    )
                    for item in data.get("rates", ())
                ),
                consent=checks.sha256_hex(consent),
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise InvalidInput(f"the application can't be read ({error!r})") from error


def _holding(data: Mapping[str, Any]) -> Holding:
    holders, share = data.get("holders", 1), data.get("share")
    if not is_whole(holders) or not (share is None or isinstance(share, str)):
        raise InvalidInput(f'holders {holders!r} and share {share!r}: write 2 and "1/3"')
    return Holding(
        kind=str(data["kind"]),
        value=Amount.money(data["value"], data["currency"]),
        holders=holders,
        share=None if share is None else Fraction(share),
    )


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an application comes to: the class, and the sheet that shows why, as JSON data."""

    investor_class: str
    relevant_date: date
    expires_on: date
    portfolio: Amount
    total_assets: Amount
    sheet: dict[str, Any] = field(repr=False)


def check_evidence(evidence: Sequence[Evidence], rules: ClassRules = HONG_KONG) -> None:
    """Raises `EvidenceMissing` without a document, or for a kind that the rules don't know."""
    if not evidence:
        raise EvidenceMissing("nobody is classified without evidence: give at least one document")
    unknown = sorted({item.kind for item in evidence} - set(rules.max_age))
    if unknown:
        raise EvidenceMissing(
            f"evidence {unknown} is of no known kind: use {', '.join(sorted(rules.max_age))}"
        )


def assess(
    application: Application, evidence: Sequence[Evidence], *, today: date, rules: ClassRules = HONG_KONG
) -> Assessment:
    """The class that the figures reach. Nothing that is missing counts in the customer's favour.

    Raises `EvidenceMissing`, `EvidenceTooOld`, `RateMissing`, `BelowThreshold`, `InvalidInput`.
    """
    check_evidence(evidence, rules)
    rule = rules.categories.get(application.category)
    if rule is None:
        raise InvalidInput(f"category {application.category!r} is unknown: use {', '.join(rules.categories)}")
    relevant = application.relevant_date
    if relevant > today:
        raise InvalidInput(f"the relevant date {relevant} is yet to come")
    _check_documents(evidence, rule, relevant, rules)
    if rule.consent and application.consent is None:
        raise EvidenceMissing("the customer's written consent to be treated as professional is missing")
    lines = [_line(item, application, rules) for item in application.holdings]
    portfolio = _hundredths(sum(line["hundredths"] for line in lines), rules)
    total = _hundredths(_total(application, rules), rules)
    _check_figures(rule, application.category, portfolio, total)
    return Assessment(
        investor_class=rule.investor_class,
        relevant_date=relevant,
        expires_on=relevant + rules.valid_for,
        portfolio=portfolio,
        total_assets=total,
        sheet={
            "rules": rules.name,
            "category": application.category,
            "relevant_date": relevant.isoformat(),
            "lines": [{**line, "hundredths": str(line["hundredths"])} for line in lines],
            "portfolio": portfolio.display(),
            "total_assets": total.display(),
            "rates": [
                {
                    "currency": rate.currency,
                    "value": str(rate.value),
                    "as_of": rate.as_of.isoformat(),
                    "source": rate.source,
                }
                for rate in application.rates
            ],
            "consent": application.consent,
        },
    )


def _check_documents(
    evidence: Sequence[Evidence], rule: ClassRule, relevant: date, rules: ClassRules
) -> None:
    if not any(item.kind in rule.evidence for item in evidence):
        raise EvidenceMissing(
            f"for {rule.investor_class} one of {', '.join(sorted(rule.evidence))} is needed, and this is "
            f"{', '.join(item.kind for item in evidence)}"
        )
    for item in evidence:
        age = relevant - item.issued_on
        if age > rules.max_age[item.kind] or age < timedelta(0):
            raise EvidenceTooOld(
                f"the {item.kind} of {item.issued_on} isn't from the {rules.max_age[item.kind].days} days "
                f"up to the relevant date {relevant}",
                issued_on=item.issued_on,
                relevant_date=relevant,
            )


def _check_figures(rule: ClassRule, category: str, portfolio: Amount, total: Amount) -> None:
    asked = [
        (what, figure, least)
        for what, figure, least in (
            ("portfolio", portfolio, rule.portfolio),
            ("total assets", total, rule.total_assets),
        )
        if least is not None
    ]
    if asked and not any(figure >= least for _, figure, least in asked):
        found = " and ".join(
            f"{what} of {figure.display()} (at least {least.display()})" for what, figure, least in asked
        )
        raise BelowThreshold(f"the category {category} isn't reached with {found}", category=category)


def _line(holding: Holding, application: Application, rules: ClassRules) -> dict[str, Any]:
    """A line of the sheet; `hundredths` of the rules' currency is what of it counts."""
    part = holding.part()
    why = rules.excluded.get(holding.kind)
    if why is None and holding.kind not in rules.counted:
        known = ", ".join(sorted(rules.counted | set(rules.excluded)))
        raise InvalidInput(f"a holding of kind {holding.kind!r} is unknown: use {known}")
    counted = 0 if why else _converted(holding.value, part, application, rules)
    return {
        "kind": holding.kind,
        "value": holding.value.display(),
        "share": str(part),
        "hundredths": counted,
        "excluded": why,
    }


def _total(application: Application, rules: ClassRules) -> int:
    if application.total_assets is None:
        return 0
    return _converted(application.total_assets, Fraction(1), application, rules)


def _converted(value: Amount, part: Fraction, application: Application, rules: ClassRules) -> int:
    """Hundredths of the rules' currency, rounded down."""
    rate = Fraction(1)
    if value.unit != rules.currency:
        rate = Fraction(_rate(value.unit, application, rules).value)
    return int(Fraction(value.value) * part * rate * 100 // 1)


def _rate(currency: str, application: Application, rules: ClassRules) -> Rate:
    relevant = application.relevant_date
    for rate in application.rates:
        if (
            rate.currency == currency
            and rate.value > 0
            and (timedelta(0) <= relevant - rate.as_of <= rules.rate_max_age)
        ):
            return rate
    raise RateMissing(
        f"no rate of {currency} in {rules.currency} from the {rules.rate_max_age.days} days up to "
        f"{relevant}: give one with its day and source",
        currency=currency,
    )


def _hundredths(value: int, rules: ClassRules) -> Amount:
    return Amount.from_base_units(value, unit=rules.currency, decimals=2)
