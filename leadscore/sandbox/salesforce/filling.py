"""Writes generated records as they are, with the times at which they were made: no rules, no flows, no journal."""

from __future__ import annotations

from leadscore.sandbox.generator.behaviour import Journey
from leadscore.sandbox.generator.companies import Company
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.salesforce.org import Org, Row
from leadscore.sandbox.salesforce.setup import people

Known = dict[str, str | int | float | None]

_INDUSTRIES = {
    "COMPUTER_SOFTWARE": "Technology", "INFORMATION_TECHNOLOGY_AND_SERVICES": "Technology", "INTERNET": "Technology",
    "MANAGEMENT_CONSULTING": "Consulting", "CONSTRUCTION": "Construction", "FINANCIAL_SERVICES": "Finance",
    "MARKETING_AND_ADVERTISING": "Media", "MACHINERY": "Manufacturing", "RETAIL": "Retail",
    "HOSPITAL_HEALTH_CARE": "Healthcare", "HIGHER_EDUCATION": "Education", "LEGAL_SERVICES": "Other",
    "LOGISTICS_AND_SUPPLY_CHAIN": "Transportation", "INSURANCE": "Insurance", "ARCHITECTURE_PLANNING": "Construction",
    "PUBLISHING": "Media", "GOVERNMENT_ADMINISTRATION": "Government", "RESTAURANTS": "Hospitality",
}  # fmt: skip
"""The standard picklist's words for what the portal calls its industries."""


class Filler:
    """Puts rows into the org; `made` counts them by object."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.made: dict[str, int] = {}
        self._by = people(org).admin
        self._empty: dict[str, Row] = {}

    def put(self, object: str, created: int, modified: int, **values: str | int | float | None) -> str:
        """A record with its defaults; times in ms, kept in whole seconds. Returns its Id."""
        row = dict(self._defaults(object)) | values
        at, changed = created // 1000 * 1000, max(created, modified) // 1000 * 1000
        row |= {"Id": self.org.next_id(object), "CreatedDate": at, "LastModifiedDate": changed}
        row |= {"SystemModstamp": changed, "CreatedById": self._by, "LastModifiedById": self._by}
        if object in ("Lead", "Contact"):
            row["Name"] = " ".join(str(part) for part in (row["FirstName"], row["LastName"]) if part)
        self.org.put(object, row)
        self.made[object] = self.made.get(object, 0) + 1
        return str(row["Id"])

    def _defaults(self, object: str) -> Row:
        if object not in self._empty:
            fields = self.org.fields(object).values()
            self._empty[object] = {
                one.name: int(bool(one.default)) if one.type == "boolean" else one.default for one in fields
            }
        return self._empty[object]


def person_known(person: Person, way: Journey) -> Known:
    """What Leads and Contacts have in common. A last name must be there: without one it is Salesforce's usual words."""
    known = person.properties
    source = "Purchased List" if way.origin == "IMPORT" else "Partner Referral" if person.partner else "Web"
    return {
        "FirstName": known.get("firstname"), "LastName": known.get("lastname", "[not provided]"),
        "Title": known.get("jobtitle"), "Email": person.email, "Phone": known.get("phone"), "LeadSource": source,
        "HasOptedOutOfEmail": int(way.opted_out is not None),
    }  # fmt: skip


def company_known(company: Company, *, country: str | None) -> Known:
    """What the CRM knows of a company, gaps included; `country`: the field that holds where it is."""
    known, values = company.properties, Known()
    if "industry" in known:
        values["Industry"] = _INDUSTRIES[known["industry"]]
    if "numberofemployees" in known:
        values["NumberOfEmployees"] = int(known["numberofemployees"])
    if "annualrevenue" in known:
        values["AnnualRevenue"] = float(known["annualrevenue"])
    values["Website"] = f"https://www.{company.domain}"
    if country is not None:
        values[country] = known.get("country")
    return values
