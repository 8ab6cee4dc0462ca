"""What marketing knows of the generated people: campaigns and their members, one for each form and webinar."""

from __future__ import annotations

from leadscore.sandbox.clock import DAY_MS
from leadscore.sandbox.generator.behaviour import Journey
from leadscore.sandbox.salesforce.filling import Filler
from leadscore.sandbox.salesforce.soql.run import day_text
from leadscore.sandbox.setup import FORMS

_KINDS = {"Webinar registration": "Webinar", "Newsletter": "Email"}
NEWSLETTER = 7
"""Its place among the forms; mails are sent for it."""


class Campaigns:
    """One campaign for each form, made two years ago; all that submitted it responded, who only gets mail did not."""

    def __init__(self, filler: Filler, now: int) -> None:
        self._filler = filler
        self._ids: dict[int, str] = {}
        self._since = now - 730 * DAY_MS

    def join(self, object: str, id: str, way: Journey) -> None:
        first: dict[int, int] = {}
        for act in way.submissions:
            first.setdefault(act.form, act.at)
        for form, at in first.items():
            self._member(object, id, form, at, "Responded")
        if way.mails and NEWSLETTER not in first:
            self._member(object, id, NEWSLETTER, way.mails[0][0], "Sent")

    def _member(self, object: str, id: str, form: int, at: int, status: str) -> None:
        responded = status == "Responded"
        ends = {"CampaignId": self._campaign(form), f"{object}Id": id, "LeadOrContactId": id, "Status": status}
        day = day_text(at) if responded else None
        self._filler.put("CampaignMember", at, at, **ends, HasResponded=int(responded), FirstRespondedDate=day)

    def _campaign(self, form: int) -> str:
        if form not in self._ids:
            name = FORMS[form][1]
            self._ids[form] = self._filler.put(
                "Campaign", self._since, self._since, Name=name, Type=_KINDS.get(name, "Other"), Status="In Progress",
                StartDate=day_text(self._since),
            )  # fmt: skip
        return self._ids[form]
