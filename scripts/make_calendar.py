"""Write the calendars in toolkit/data/calendars from the `holidays` package.

    .venv/bin/python scripts/make_calendar.py            write the files
    .venv/bin/python scripts/make_calendar.py --check    fail if a file differs

Hong Kong's general holidays are the categories `public` (statutory, Employment Ordinance) and `optional` (the
other general holidays, General Holidays Ordinance) together; the package's default alone is the
shorter statutory list. Raise `LAST_YEAR` when the Gazette has published that year's list and the
package has been checked against it, and raise `VERSION` with every change.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import holidays

VERSION = "2026.1"
FIRST_YEAR = 2023
LAST_YEAR = 2027
FOLDER = Path(__file__).parent.parent / "toolkit" / "data" / "calendars"

_WEEKEND = ["SATURDAY", "SUNDAY"]
HONG_KONG: dict[str, Any] = {
    "banking": {
        "definition_ref": "Policy: Monday to Friday except general holidays (Cap. 149) and declared "
        "severe-weather days, the usual banking reading; the Guideline's own definition was not found",
        "weekend": _WEEKEND,
        "severe_weather_excludes": True,
    },
    "banking-all-weather": {
        "definition_ref": "Policy: as banking, but severe weather excludes no day, as securities settlement "
        "has run since 23 September 2024",
        "weekend": _WEEKEND,
        "severe_weather_excludes": False,
    },
    "amlo": {
        "definition_ref": "AMLO (Cap. 615): any day except a public holiday, a gale warning day or a "
        "black rainstorm warning day; Saturday counts, every Sunday is a public holiday",
        "weekend": ["SUNDAY"],
        "severe_weather_excludes": True,
    },
}


def weekdays(name: str, reference: str) -> dict[str, Any]:
    return {name: {"definition_ref": reference, "weekend": _WEEKEND, "severe_weather_excludes": False}}


CALENDARS: list[dict[str, Any]] = [
    {
        "name": "hong-kong",
        "source": "Python package holidays, Hong Kong, categories public and optional (general holidays)",
        "time_zone": "Asia/Hong_Kong",
        "days": lambda years: holidays.country_holidays(
            "HK", years=years, categories=("public", "optional"), language="en_HK"
        ),
        "definitions": HONG_KONG,
    },
    {
        "name": "united-states",
        "source": "Python package holidays, United States, category public (federal holidays)",
        "time_zone": "America/New_York",
        "days": lambda years: holidays.country_holidays("US", years=years, language="en_US"),
        "definitions": weekdays("banking", "Policy: Monday to Friday except federal holidays, as observed"),
    },
    {
        "name": "target",
        "source": "Python package holidays, European Central Bank (T2 closing days)",
        "time_zone": "Europe/Berlin",
        "days": lambda years: holidays.financial_holidays("XECB", years=years, language="en_US"),
        "definitions": weekdays("settlement", "Policy: Monday to Friday except the closing days of T2"),
    },
    {
        "name": "england",
        "source": "Python package holidays, United Kingdom, England, category public (bank holidays)",
        "time_zone": "Europe/London",
        "days": lambda years: holidays.country_holidays("GB", subdiv="ENG", years=years, language="en_GB"),
        "definitions": weekdays("banking", "Policy: Monday to Friday except bank holidays in England"),
    },
]


def written(calendar: dict[str, Any]) -> str:
    """The file of one calendar; its first definition is the default."""
    days = calendar["days"](range(FIRST_YEAR, LAST_YEAR + 1))
    data = {
        "name": calendar["name"],
        "version": VERSION,
        "source": calendar["source"],
        "time_zone": calendar["time_zone"],
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "default_definition": next(iter(calendar["definitions"])),
        "definitions": calendar["definitions"],
        "holidays": {day.isoformat(): label for day, label in sorted(days.items())},
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate the business calendars.")
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    check = parser.parse_args().check
    differs = False
    for calendar in CALENDARS:
        target = FOLDER / f"{calendar['name']}.json"
        if not check:
            target.write_text(written(calendar), encoding="utf-8")
        elif target.read_text(encoding="utf-8") != written(calendar):
            print(
                f"{target.name} differs from the holidays package: review and regenerate it", file=sys.stderr
            )
            differs = True
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
