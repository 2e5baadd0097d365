"""Write the published JSON Schemas of the reports, in toolkit/reporting/schemas.

    .venv/bin/python scripts/make_report_schemas.py

A schema follows from the report's content class; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path

from toolkit.reporting.report import schema_of
from toolkit.reporting.reports import contents

FOLDER = Path(__file__).parent.parent / "toolkit" / "reporting" / "schemas"

if __name__ == "__main__":
    for content in contents():
        text = json.dumps(schema_of(content), indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{content.kind}.json").write_text(text, encoding="utf-8")
