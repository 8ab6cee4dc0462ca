"""Writes generated companies, contacts and deals into the store, thousands of rows at a time."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from leadscore.sandbox.catalogue import COMPANY, CONTACT, DEAL
from leadscore.sandbox.clock import DAY_MS, iso
from leadscore.sandbox.generator import deals
from leadscore.sandbox.generator.behaviour import Journey
from leadscore.sandbox.generator.companies import Company
from leadscore.sandbox.generator.folding import Folded
from leadscore.sandbox.generator.outcome import Deal
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.state import Portal

_INSERTS = {
    "objects": "INSERT INTO objects (type, id, created, modified, origin, doc) VALUES (?,?,?,?,?,?)",
    "changes": "INSERT INTO changes (type, id, entries) VALUES (?,?,?)",
    "unique": "INSERT INTO unique_values VALUES (?,?,?,?)",
    "links": "INSERT INTO associations VALUES (?,?,?,?,?)",
    "views": "INSERT INTO page_views (contact, at, url, title, referrer, session) VALUES (?,?,?,?,?,?)",
    "submissions": "INSERT INTO submissions (form, at, contact, doc) VALUES (?,?,?,?)",
    "members": "INSERT OR IGNORE INTO memberships SELECT id, ?, ? FROM lists WHERE name=?",
}


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Filler:
    """Collects rows; `flush` writes them. `made` counts what was generated."""

    def __init__(self, portal: Portal, random: Random, now: int) -> None:
        self.portal = portal
        self.random = random
        self.now = now
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _INSERTS}
        self.made = {"companies": 0, "contacts": 0, "deals": 0, "submissions": 0, "page_views": 0, "won": 0, "lost": 0}
        self.first_company = 0
        self.excluded: list[int] = []
        self.tallies: dict[int, dict[str, int]] = {}

    def companies(self, firms: list[Company]) -> None:
        """Their rows are written by `finish`, when it is known how many contacts and deals each one has."""
        self.firms = firms
        self.created = [self.now - round(self.random.uniform(700, 1200) * DAY_MS) for _ in firms]
        self.first_company = self.portal.next_id(COMPANY, len(firms)) if firms else 0

    def contact(self, person: Person, way: Journey, folded: Folded, deal: Deal | None, company: Company | None) -> None:
        number, doc = person.number, folded.doc
        if person.company is not None:
            self._join_company(number, doc, person.company)
        if deal is not None:
            self._deal(person, folded, deal, company)
        if deal is None and self.random.random() < 0.05:
            renewal = self.now + round(self.random.uniform(-200, 400) * DAY_MS)
            doc["contract_renewal_date"] = iso(renewal)[:10]
        modified = max((entry[0] for entry in folded.entries), default=way.created)
        self.rows["objects"].append(
            (CONTACT, number, way.created, max(modified, way.created), _text(folded.origin), _text(doc))
        )
        if folded.entries:
            self.rows["changes"].append((CONTACT, number, _text(folded.entries)))
        self.rows["unique"].append((CONTACT, "email", person.email, number))
        self.rows["views"] += [(number, *view) for view in folded.views]
        self.rows["submissions"] += [(form, at, number, text) for form, at, text in folded.submissions]
        if person.staff or (person.partner and self.random.random() < 0.5):
            self.excluded.append(number)
        self.made["contacts"] += 1
        self.made["page_views"] += len(folded.views)
        self.made["submissions"] += len(folded.submissions)
        self._anonymous(way)

    def _join_company(self, number: int, doc: dict[str, str], index: int) -> None:
        company_id = self.first_company + index
        doc["associatedcompanyid"] = str(company_id)
        self._link((CONTACT, number, COMPANY, company_id), ((279, 280), (1, 2)))
        self._tally(index, "contacts")

    def _link(self, ends: tuple[str, int, str, int], types: tuple[tuple[int, int], ...]) -> None:
        from_type, from_id, to_type, to_id = ends
        for there, back in types:
            self.rows["links"].append((from_type, from_id, to_type, to_id, there))
            self.rows["links"].append((to_type, to_id, from_type, from_id, back))

    def _tally(self, index: int, name: str, amount: int = 1) -> None:
        tally = self.tallies.setdefault(index, {})
        tally[name] = tally.get(name, 0) + amount

    def _deal(self, person: Person, folded: Folded, deal: Deal, company: Company | None) -> None:
        deal_id, owner = self.portal.next_id(DEAL), self.random.choice((501, 502))
        name = f"{company.name if company else person.email} - {self.random.choice(('new', 'team plan', 'pilot'))}"
        doc, entries = deals.document(self.random, deal, name, owner, self.now)
        self.rows["objects"].append(
            (
                DEAL,
                deal_id,
                deal.begins,
                entries[-1][0],
                _text(["CRM_UI", f"userId:{owner + 9000}", owner + 9000]),
                _text(doc),
            )
        )
        self.rows["changes"].append((DEAL, deal_id, _text(entries)))
        self._link((CONTACT, person.number, DEAL, deal_id), ((4, 3),))
        contact = folded.doc
        contact |= {
            "hubspot_owner_id": str(owner),
            "hs_lead_status": "OPEN_DEAL" if deal.state == "open" else "CONNECTED",
        }
        contact |= {"num_associated_deals": "1", "first_deal_created_date": iso(deal.begins)}
        if person.company is not None:
            self._link((DEAL, deal_id, COMPANY, self.first_company + person.company), ((341, 342), (5, 6)))
            self._tally(person.company, "deals")
            self._tally(person.company, "open", int(deal.state == "open"))
        if deal.state == "won":
            self._won(person, contact, deal, doc["amount"])
        self.made["deals"] += 1
        if deal.state != "open":
            self.made[deal.state] += 1

    def _won(self, person: Person, contact: dict[str, str], deal: Deal, amount: str) -> None:
        closed, renewal = iso(deal.closes), iso(deal.closes + 365 * DAY_MS)[:10]
        contact |= {"closedate": closed, "recent_deal_amount": amount, "recent_deal_close_date": closed}
        contact |= {"total_revenue": amount, "contract_renewal_date": renewal}
        contact["customer_number"] = f"C-{person.number}"
        self.rows["unique"].append((CONTACT, "customer_number", f"C-{person.number}", person.number))
        if person.company is not None:
            self._tally(person.company, "revenue", int(amount))

    def _anonymous(self, way: Journey) -> None:
        """One submission in two hundred names an address that no contact has, or none at all."""
        if not way.submissions or self.random.random() > 0.005:
            return
        act = way.submissions[-1]
        answers = [] if self.random.random() < 0.5 else [{"name": "email", "value": f"gone.{act.at}@nowhere.example"}]
        document = {"pageUrl": f"https://www.example.com{act.page}", "values": answers}
        self.rows["submissions"].append(("3a5b8c1e-0008-4d6f-9a08-6f1d2e3c4b08", act.at, None, _text(document)))
        self.made["submissions"] += 1

    def flush(self) -> None:
        for name, rows in self.rows.items():
            self.portal.db.executemany(_INSERTS[name], rows)
            rows.clear()

    def finish(self, list_name: str) -> None:
        for index, company in enumerate(self.firms):
            tally = self.tallies.get(index, {})
            doc = company.properties | {
                "num_associated_contacts": str(tally.get("contacts", 0)),
                "num_associated_deals": str(tally.get("deals", 0)),
                "hs_num_open_deals": str(tally.get("open", 0)),
            }
            if tally.get("revenue"):
                doc["total_revenue"] = str(tally["revenue"])
            created = self.created[index]
            row = (
                COMPANY,
                self.first_company + index,
                created,
                created,
                _text(["IMPORT", "import-1", None]),
                _text(doc),
            )
            self.rows["objects"].append(row)
        self.made["companies"] = len(self.firms)
        self.rows["members"] = [(number, self.now, list_name) for number in self.excluded]
        self.flush()
