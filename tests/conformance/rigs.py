"""What a CRM's local stand-in must be able to do, so that one suite can hold every connector to the same promises."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from connectors.outputs import ADMIN, REPS
from connectors.protocol import Installer, Needs, Reader, RecordWrite, Writer
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.stages import SalesforceStageWriter
from connectors.salesforce.writer import SalesforceWriter
from connectors.stages import StageWriter
from connectors.tasks import TaskWriter
from tests.connectors import portal as hubspot_portal
from tests.connectors.models import MODEL
from tests.connectors.portal import Portal
from tests.connectors.salesforce import org as salesforce_org
from tests.connectors.salesforce.org import Org

HOUR = 3_600_000
STAGE = "Lead_Score_Stage__c"
SCORED = (*REPS[:3], *ADMIN[:7], "score_fit", "score_engagement")
"""The words of a score that is written."""


class Rig(Protocol):
    """One account of a CRM with a connector to it. Persons have one text property to play with. `tick`: how fine the
    CRM keeps time, ms."""

    reader: Reader
    writer: Writer
    object: str
    stream: str
    needs: Needs
    property: str
    tick: int
    acting: Needs
    """`needs`, and the activities that `act` makes."""

    def now(self) -> int:
        """The account's time, ms UTC."""
        ...

    def advance(self, ms: int) -> None: ...

    def add(self, texts: Sequence[str]) -> list[str]:
        """New persons with these texts, all at one and the same time, as an import makes them; their ids."""
        ...

    def change(self, id: str, text: str) -> None: ...

    def act(self, id: str) -> None:
        """The person does something that the CRM keeps in the person's own record."""
        ...

    def install(self) -> None:
        """Our fields are there from now on."""
        ...

    def remove(self, id: str) -> None: ...

    def refused(self, id: str) -> RecordWrite:
        """A write that this CRM refuses for good."""
        ...

    def again(self) -> "Rig":
        """The same account through a new connector, as after a restart."""
        ...


class StagedRig(Rig, Protocol):
    """A connector that moves stages, too; the field that keeps them is there."""

    stages: StageWriter
    stage_field: str

    def set_stage(self, id: str, stage: str) -> None:
        """A colleague sets the stage in the CRM, to a higher or to a lower one; "" empties it."""
        ...


class WholeRig(StagedRig, Protocol):
    """A connector that installs our fields by itself and makes tasks, too."""

    installer: Installer
    tasks: TaskWriter

    def again(self) -> "WholeRig": ...


@dataclass
class HubSpotRig:
    """The local HubSpot, in one spelling of its paths."""

    portal: Portal
    version: str
    object = "contact"
    stream = "contacts"
    property = "jobtitle"
    tick = 1
    needs = Needs({"contact": ("jobtitle",)}, {"contact": ("jobtitle",)})
    stage_field = "lifecyclestage"
    acting = Needs(needs.properties, needs.watched, activities=frozenset({"email_click", "email_open", "unsubscribe"}))

    def __post_init__(self) -> None:
        opened = self.portal.open(version=self.version)
        self.reader: Reader = opened.reader
        self.writer: Writer = opened.writer
        self.installer: Installer = opened.installer
        self.stages: StageWriter = opened.stages
        self.tasks: TaskWriter = opened.tasks
        self.added = 0

    def now(self) -> int:
        return int(self.portal.get("clock")["now"])

    def advance(self, ms: int) -> None:
        self.portal.post("clock", advance_ms=ms)

    def add(self, texts: Sequence[str]) -> list[str]:
        first, self.added = self.added, self.added + len(texts)
        rows = [{"email": f"p{first + n}@example.com", "jobtitle": text} for n, text in enumerate(texts)]
        return self.portal.import_contacts(rows, at=self.now())

    def change(self, id: str, text: str) -> None:
        self.portal.post("people/edit", id=id, properties={"jobtitle": text})

    def act(self, id: str) -> None:
        for act in ("opened", "clicked", "unsubscribed"):
            self.portal.post("people/mail", contact=id, act=act)

    def set_stage(self, id: str, stage: str) -> None:
        self.portal.post("people/edit", id=id, properties={"lifecyclestage": stage})

    def install(self) -> None:
        for _ in self.installer.carry_out(self.installer.plan([MODEL]), [MODEL]):
            pass

    def remove(self, id: str) -> None:
        self.portal.api("DELETE", f"/crm/v3/objects/contacts/{id}")

    def refused(self, id: str) -> RecordWrite:
        return RecordWrite("contact", id, {"total": "1", "reason": "x" * 70_000})

    def again(self) -> "WholeRig":
        rig = HubSpotRig(self.portal, self.version)
        rig.added = self.added
        return rig


@dataclass
class SalesforceRig:
    """The local Salesforce, with Leads or with Contacts."""

    org: Org
    object: str
    property = "Title"
    tick = 1000
    needs = Needs({"Lead": ("Title",), "Contact": ("Title",)}, {"Lead": ("Title",), "Contact": ("Title",)})
    acting = Needs(needs.properties, needs.watched, activities=frozenset({"email_bounce", "unsubscribe"}))
    stage_field = STAGE

    def __post_init__(self) -> None:
        self.stream = f"{self.object.lower()}s"
        client = self.org.client()
        self.stages: StageWriter = SalesforceStageWriter(client)
        self.reader: Reader = SalesforceReader(client)
        self.writer: Writer = SalesforceWriter(client)

    def now(self) -> int:
        return self.org.now()

    def advance(self, ms: int) -> None:
        self.org.advance(ms)

    def add(self, texts: Sequence[str]) -> list[str]:
        more = {"Company": "Acme"} if self.object == "Lead" else {}
        return self.org.make_all(self.object, [{"LastName": "Ode", "Title": text, **more} for text in texts])

    def change(self, id: str, text: str) -> None:
        self.org.edit(self.object, id, Title=text)

    def act(self, id: str) -> None:
        self.org.edit(self.object, id, HasOptedOutOfEmail=True, EmailBouncedDate="2026-12-24T18:00:00Z")

    def install(self) -> None:
        self.org.install(self.object, SCORED)

    def set_stage(self, id: str, stage: str) -> None:
        self.org.edit(self.object, id, **{STAGE: stage or None})

    def remove(self, id: str) -> None:
        self.org.post("people/delete", object=self.object, id=id)

    def refused(self, id: str) -> RecordWrite:
        return RecordWrite(self.object, id, {"total": "1", "grade_band": "x" * 300})

    def again(self) -> "Rig":
        return SalesforceRig(self.org, self.object)


def hubspot(version: str) -> AbstractContextManager[WholeRig]:
    @contextmanager
    def opened() -> Iterator[WholeRig]:
        with hubspot_portal.portal() as portal:
            yield HubSpotRig(portal, version)

    return opened()


def salesforce(object: str, *, staged: bool = False) -> AbstractContextManager[StagedRig]:
    @contextmanager
    def opened() -> Iterator[StagedRig]:
        tracked = ["Title", "HasOptedOutOfEmail", STAGE]
        with salesforce_org.running(tracked={"Lead": tracked, "Contact": tracked}) as org:
            if staged:
                stages = ["Subscriber", "Lead", "Marketing Qualified", "Sales Qualified", "Customer"]
                for one in ("Lead", "Contact"):
                    org.fields(one, {"name": STAGE, "type": "picklist", "values": stages, "restricted": True})
            yield SalesforceRig(org, object)

    return opened()


WHOLE_RIGS: dict[str, Callable[[], AbstractContextManager[WholeRig]]] = {
    "hubspot": lambda: hubspot("v3"),
    "hubspot by date": lambda: hubspot("2026-09"),
}
STAGED_RIGS: dict[str, Callable[[], AbstractContextManager[StagedRig]]] = {
    **WHOLE_RIGS,
    "salesforce leads": lambda: salesforce("Lead", staged=True),
    "salesforce contacts": lambda: salesforce("Contact", staged=True),
}
RIGS: dict[str, Callable[[], AbstractContextManager[Rig]]] = {
    **WHOLE_RIGS,
    "salesforce leads": lambda: salesforce("Lead"),
    "salesforce contacts": lambda: salesforce("Contact"),
}
