"""Write toolkit/data/calendars/hong-kong.json from the `holidays` package.

    .venv/bin/python scripts/make_calendar.py            write the file
    .venv/bin/python scripts/make_calendar.py --check    fail if the file differs

The general holidays are the categories `public` (statutory, Employment Ordinance) and `optional` (the
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
TARGET = Path(__file__).parent.parent / "toolkit" / "data" / "calendars" / "hong-kong.json"

DEFINITIONS: dict[str, Any] = {
    "banking": {
        "definition_ref": "Policy: Monday to Friday except general holidays (Cap. 149) and declared "
        "severe-weather days, the usual banking reading; the Guideline's own definition was not found",
        "weekend": ["SATURDAY", "SUNDAY"],
        "severe_weather_excludes": True,
    },
    "banking-all-weather": {
        "definition_ref": "Policy: as banking, but severe weather excludes no day, as securities settlement "
        "has run since 23 September 2024",
        "weekend": ["SATURDAY", "SUNDAY"],
        "severe_weather_excludes": False,
    },
    "amlo": {
        "definition_ref": "AMLO (Cap. 615): any day except a public holiday, a gale warning day or a "
        "black rainstorm warning day; Saturday counts, every Sunday is a public holiday",
        "weekend": ["SUNDAY"],
        "severe_weather_excludes": True,
    },
}


def calendar() -> dict[str, Any]:
    days = holidays.country_holidays(
        "HK", years=range(FIRST_YEAR, LAST_YEAR + 1), categories=("public", "optional"), language="en_HK"
    )
    return {
        "name": "hong-kong",
        "version": VERSION,
        "source": "Python package holidays, Hong Kong, categories public and optional (general holidays)",
        "time_zone": "Asia/Hong_Kong",
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "default_definition": "banking",
        "definitions": DEFINITIONS,
        "holidays": {day.isoformat(): label for day, label in sorted(days.items())},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate the Hong Kong business calendar.")
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    wanted = json.dumps(calendar(), indent=2, ensure_ascii=False) + "\n"
    if not parser.parse_args().check:
        TARGET.write_text(wanted, encoding="utf-8")
        return 0
    if TARGET.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{TARGET.name} differs from the holidays package: review and regenerate it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
