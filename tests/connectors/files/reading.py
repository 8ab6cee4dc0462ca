"""Small exports written to disk and read back, with the rows that were rejected."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.model_file import load_model
from connectors.files.activities import find_activity_columns
from connectors.files.columns import find_columns
from connectors.files.join import Person, Sources, people
from connectors.files.rejects import RejectedRow
from connectors.files.rows import Row, open_sheet, rows
from connectors.files.workbench import Workbench, workbench

MODEL = load_model(
    {
        "name": "small",
        "fields": {
            "title": {"type": "text", "hubspot": "jobtitle", "salesforce": "Title"},
            "industry": {
                "type": "text",
                "hubspot": ["company.industry", "industry"],
                "salesforce": ["Industry", "Account.Industry"],
            },
            "tags": {"type": "set", "hubspot": ["product_interest", "other_interest"]},
            "won": {"type": "number", "hubspot": {"deals": "won"}, "salesforce": {"opportunities": "won"}},
        },
        "scores": {
            "fit": {
                "groups": [
                    {
                        "name": "All",
                        "rules": [
                            {"name": "Boss", "when": {"title": {"words": ["ceo"]}}, "points": 20},
                            {"name": "Customer list", "when": {"list": {"in": ["Customers"]}}, "points": 5},
                            {"name": "VIP list", "when": {"list": {"in": ["VIPs"]}}, "points": 5},
                            {"name": "Demo", "on": "form_submission", "where": {"form": {"is": "Demo"}}, "points": 50},
                            {
                                "name": "Trial",
                                "on": "custom:trial",
                                "where": {"plan": {"is": "team"}},
                                "points": 7,
                            },
                        ],
                    }
                ]
            }
        },
    }
)


def all_rows(path: Path) -> tuple[list[Row], list[RejectedRow]]:
    """What a file holds, and what was rejected."""
    rejected: list[RejectedRow] = []
    return list(rows(open_sheet(path), rejected.append)), rejected


def sources(contacts: Path, activities: Path | None = None, crm: str | None = None) -> Sources:
    """The files with their columns found for the small model."""
    sheet = open_sheet(contacts)
    columns = find_columns(sheet, [MODEL], crm)
    if activities is None:
        return Sources(sheet, columns)
    done = open_sheet(activities)
    return Sources(sheet, columns, done, find_activity_columns(done, [MODEL]))


def all_people(files: Sources) -> tuple[list[Person], list[RejectedRow]]:
    """Everybody in a contacts file with their activities, and what was rejected."""
    rejected: list[RejectedRow] = []
    with workbench() as bench:
        return list(people(files, bench, rejected.append)), rejected


@contextmanager
def bench() -> Iterator[Workbench]:
    """An empty private database."""
    with workbench() as db:
        yield db
