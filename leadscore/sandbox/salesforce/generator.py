"""Believable people for the local Salesforce: those of the local HubSpot, as Leads and Contacts of one org.

The HubSpot generator makes them in a portal that nobody sees, so that the same count, seed and clock give the same
names, addresses, companies, titles, acts and deals in both CRMs. Who had a deal is a Contact, often through a converted
Lead; so is every fifth of those whose company is known; all others are Leads, one in a hundred of them twice.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

from leadscore.sandbox import setup as portal_setup
from leadscore.sandbox.clock import DAY_MS, Clock
from leadscore.sandbox.generator import generate as generate_portal
from leadscore.sandbox.generator.behaviour import Journey
from leadscore.sandbox.generator.companies import Company
from leadscore.sandbox.generator.outcome import BOTTOM, Deal
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.salesforce import marketing, selling
from leadscore.sandbox.salesforce.engagement import Engagement
from leadscore.sandbox.salesforce.filling import Filler, Known, company_known, person_known
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.setup import People, people
from leadscore.sandbox.salesforce.soql.run import day_text
from leadscore.sandbox.state import Portal


def generate(org: Org, contacts: int, seed: int) -> dict[str, int]:
    """Adds that many people as of the org's clock; returns how many records of each object were made.

    Raises ValueError for a negative count. A person takes about 2 ms, and 40 KB of memory until all is made. Neither
    flows nor the journal hear of it.
    """
    with org.transaction(), tempfile.TemporaryDirectory(prefix="leadscore-people-") as folder:
        stage = _Stage(org, Filler(org), Random(f"{seed} in Salesforce"), people(org), org.now())
        portal = Portal(Path(folder) / "portal.db", Clock(fixed=stage.now))
        try:
            portal_setup.prepare(portal)
            known = org.next_number("person", max(0, contacts)) - 1
            if known:
                portal.next_id("contacts", known)
            generate_portal(portal, contacts, seed, stage.enters)
        finally:
            portal.close()
        stage.engagement.save()
        return stage.filler.made


@dataclass
class _Place:
    """Where a person stands in the org: the record that is alive, and the Account of a Contact."""

    object: str
    id: str
    account: str | None
    owner: str


class _Stage:
    """Turns one person after the other into records."""

    def __init__(self, org: Org, filler: Filler, random: Random, staff: People, now: int) -> None:
        self.org, self.filler, self.random, self.staff, self.now = org, filler, random, staff, now
        self.accounts: dict[str, str] = {}
        self.campaigns = marketing.Campaigns(filler, now)
        self.engagement = Engagement(org)

    def enters(self, person: Person, company: Company | None, way: Journey, deal: Deal | None) -> None:
        draw, owner = self.random.random(), self.random.choice(self.staff.reps)
        if deal is not None:
            place = self._contact(person, company, way, owner, deal.begins, lead=draw < 0.6 and bool(way.submissions))
            selling.deal(self.filler, self.random, deal, person, company, (place.id, place.account, owner), self.now)
        elif company is not None and person.mail == "business" and draw < 0.2:
            place = self._contact(person, company, way, owner, way.created, lead=False)
        else:
            place = self._lead(person, company, way)
            if draw > 0.99:
                self._lead(person, company, way)
        self.campaigns.join(place.object, place.id, way)
        selling.activities(self.filler, self.random, way, deal, (place.id, owner), self.now)
        if self.org.settings.pardot:
            self.engagement.follow(person, place.id, way)

    def _lead(self, person: Person, company: Company | None, way: Journey) -> _Place:
        owner = self._owner()
        values = self._lead_values(person, company, way) | {"OwnerId": owner, "Status": self._status(person, way)}
        return _Place("Lead", self.filler.put("Lead", way.created, self._touched(way), **values), None, owner)

    def _owner(self) -> str:
        """Most Leads belong to a person, some to a queue, a few to somebody who left."""
        return self.random.choices(
            (*self.staff.reps, self.staff.queue, self.staff.queue_without_tasks, self.staff.gone), (42, 42, 10, 3, 3)
        )[0]

    def _status(self, person: Person, way: Journey) -> str:
        asked = any(act.form in BOTTOM for act in way.submissions)
        if person.spammer or (not asked and self.random.random() < 0.03):
            return "Closed - Not Converted"
        return "Working - Contacted" if asked or self.random.random() < 0.1 else "Open - Not Contacted"

    def _lead_values(self, person: Person, company: Company | None, way: Journey) -> Known:
        values = person_known(person, way) | {"Country": person.properties.get("country")}
        values["Company"] = person.properties.get("company") or (company.name if company else "[not provided]")
        return values | (company_known(company, country=None) if company else {})

    def _contact(
        self, person: Person, company: Company | None, way: Journey, owner: str, at: int, *, lead: bool
    ) -> _Place:
        """`lead`: it was a Lead until `at`, which stays as a converted one."""
        account = self._account(person, company, at, owner)
        values = person_known(person, way) | {"MailingCountry": person.properties.get("country")}
        values |= {"AccountId": account, "OwnerId": owner}
        contact = self.filler.put("Contact", at if lead else way.created, self._touched(way), **values)
        if lead:
            converted: Known = {"IsConverted": 1, "ConvertedDate": day_text(at), "ConvertedContactId": contact}
            converted |= {"ConvertedAccountId": account, "Status": "Closed - Converted", "OwnerId": owner}
            values = self._lead_values(person, company, way) | converted
            self.filler.put("Lead", way.created, max(at, way.created), **values)
        return _Place("Contact", contact, account, owner)

    def _account(self, person: Person, company: Company | None, at: int, owner: str) -> str:
        """One for each company; who has none gets an Account in the name of the person."""
        name, key = (company.name, company.domain) if company else (person.email, person.email)
        if key not in self.accounts:
            kind = "Competitor" if person.competitor else "Partner" if person.partner else "Prospect"
            values: Known = {"Type": kind, "OwnerId": owner}
            values |= company_known(company, country="BillingCountry") if company else {}
            made = at - round(self.random.uniform(0, 200) * DAY_MS)
            self.accounts[key] = self.filler.put("Account", made, made, **(values | {"Name": name}))
        return self.accounts[key]

    def _touched(self, way: Journey) -> int:
        """A record changes with the last thing that its person did."""
        return min(self.now, max(way.created, way.last_act(), way.opted_out or 0))
