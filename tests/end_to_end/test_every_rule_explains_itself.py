"""Every rule of the example model shows itself in `explain`, on people who live in a portal."""

import time
from pathlib import Path
from typing import Any

from leadscore.jobs.explain import explain
from leadscore.wiring import parts
from scoring.model import ScoringModel
from tests.end_to_end.conftest import Desk
from tests.end_to_end.test_what_goes_wrong import made

DAY = 86_400_000
EXAMPLE = Path(__file__).parents[1] / "vectors" / "example_model.yaml"
PEOPLE: list[dict[str, Any]] = [
    {"email": "ana@acme.example", "jobtitle": "VP Sales", "country": "United States", "numemployees": "100-500",
     "industry": "Technology", "product_interest": "Planning;Billing", "hs_analytics_source": "DIRECT_TRAFFIC"},
    {"email": "bo@gmail.com", "jobtitle": "Marketing Manager", "is_competitor": "true"},
    {"email": "cy@mailinator.com", "jobtitle": "Intern"},
]  # fmt: skip


def test_every_rule_of_the_example_explains_itself(desk: Desk) -> None:
    (desk.place / "models").mkdir()
    (desk.place / "models" / "example.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    now = time.time_ns() // 1_000_000
    ana, bo, cy = (str(id) for id in made(desk, PEOPLE))
    _live(desk, ana, bo, cy, now)
    assert desk.run("sync").code == 0
    activities = desk.place / "elsewhere.csv"
    activities.write_text(
        "contact_id,email,type,occurred_at,name,topic\n"
        f"{ana},,event_attended,{now - 5 * DAY},Planning webinar,\n"
        f",bo@gmail.com,support_ticket,{now - 3 * DAY},,invoice\n"
    )
    assert desk.run("import", "elsewhere.csv").code == 0
    assert "2 were known already" in desk.run("import", "elsewhere.csv").out
    assert desk.run("plan").code == 2
    lines = _lines(desk)
    (model,) = parts(desk.place).rulebook.models
    silent = {name for name in _rules(model) if name not in lines}
    assert silent == set()
    assert all(evidence for evidence in lines.values())


def _lines(desk: Desk) -> dict[str, Any]:
    """The evidence of every rule that gives points to somebody, a year on for the one about silence."""
    found = {}
    made_parts = parts(desk.place)
    now = time.time_ns() // 1_000_000
    with made_parts.store() as store:
        for who in ("ana@acme.example", "bo@gmail.com", "cy@mailinator.com"):
            for at in (now, now + 365 * DAY):
                score = explain(store, made_parts.rulebook, who, at).score
                assert score.total == sum(line.points for line in score.contributions)
                found.update({line.rule: line.evidence for line in score.contributions if line.rule})
    return found


def _rules(model: ScoringModel) -> list[str]:
    return [rule.name for score in model.scores for group in score.groups for rule in group.rules]


def _live(desk: Desk, ana: str, bo: str, cy: str, now: int) -> None:
    """What these people did, and what the portal found out about them by itself."""
    renewal = time.strftime("%Y-%m-%d", time.gmtime(now / 1000 + 40 * 86_400))
    _edit(desk, ana, {"contract_renewal_date": renewal})
    _view(desk, ana, "https://www.example.com/?utm_source=partner-directory", now - 20 * DAY)
    for visit in range(3):
        _view(desk, ana, "https://www.example.com/blog", now - (12 - visit) * DAY)
    for page in ("/pricing", "/pricing?plan=team", "/customers/acme", "/a", "/b", "/c"):
        _view(desk, ana, f"https://www.example.com{page}", now - 2 * DAY)
    _view(desk, bo, "https://www.example.com/careers/sales", now - DAY)
    _submit(desk, "Request a demo", "ana@acme.example", now - DAY, "Please call")
    _submit(desk, "White paper", "ana@acme.example", now - 20 * DAY)
    _submit(desk, "Technical guide", "ana@acme.example", now - 19 * DAY)
    _submit(desk, "Contact sales", "bo@gmail.com", now - DAY, "We sell backlinks and SEO services")
    _mail(desk, ana, "opened", now - DAY)
    _mail(desk, ana, "clicked", now - DAY)
    _mail(desk, bo, "opened", now - 20 * DAY)
    _mail(desk, cy, "unsubscribed", now - DAY)
    _company(desk, cy, {"name": "Tiny", "numberofemployees": "3"})
    _deal(desk, ana)


def _edit(desk: Desk, id: str, properties: dict[str, str]) -> None:
    desk.control("people/edit", {"id": id, "properties": properties})


def _view(desk: Desk, id: str, url: str, at: int) -> None:
    desk.control("people/view-page", {"contact": id, "url": url, "at": at})


def _mail(desk: Desk, id: str, act: str, at: int) -> None:
    desk.control("people/mail", {"contact": id, "act": act, "at": at})


def _submit(desk: Desk, form: str, email: str, at: int, message: str = "") -> None:
    values = {"email": email} | ({"message": message} if message else {})
    desk.control("people/submit-form", {"form": form, "values": values, "at": at})


def _company(desk: Desk, contact: str, properties: dict[str, str]) -> None:
    client = desk.client()
    company = client.crm.companies.basic_api.create({"properties": properties, "associations": []}).id
    _associate(desk, "contacts", contact, "companies", company, 1)


def _deal(desk: Desk, contact: str) -> None:
    client = desk.client()
    deal = client.crm.deals.basic_api.create(
        {"properties": {"dealname": "First", "pipeline": "default", "dealstage": "closedwon", "amount": "900"},
         "associations": []}
    ).id  # fmt: skip
    _associate(desk, "deals", deal, "contacts", contact, 3)


def _associate(desk: Desk, source: str, id: str, target: str, other: str, type: int) -> None:
    inputs = [{"from": {"id": id}, "to": {"id": other},
               "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type}]}]  # fmt: skip
    desk.client().crm.associations.v4.batch_api.create(source, target, {"inputs": inputs})
