"""What a CRM's local stand-in must be able to do, so that one suite can hold every connector to the same promises."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from connectors.protocol import Installer, Needs, Reader, RecordWrite, Writer
from connectors.stages import StageWriter
from connectors.tasks import TaskWriter
from tests.connectors import portal as hubspot_portal
from tests.connectors.portal import Portal

HOUR = 3_600_000


class Rig(Protocol):
    """One account of a CRM with a connector to it. Persons have one text property to play with."""

    reader: Reader
    writer: Writer
    installer: Installer
    object: str
    stream: str
    needs: Needs
    property: str
    stages: StageWriter
    tasks: TaskWriter
    stage_field: str
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

    def set_stage(self, id: str, stage: str) -> None:
        """A colleague sets the stage in the CRM, to a higher or to a lower one; "" empties it."""
        ...

    def remove(self, id: str) -> None: ...

    def refused(self, id: str) -> RecordWrite:
        """A write that this CRM refuses for good."""
        ...

    def again(self) -> "Rig":
        """The same account through a new connector, as after a restart."""
        ...


@dataclass
class HubSpotRig:
    """The local HubSpot, in one spelling of its paths."""

    portal: Portal
    version: str
    object = "contact"
    stream = "contacts"
    property = "jobtitle"
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

    def remove(self, id: str) -> None:
        self.portal.api("DELETE", f"/crm/v3/objects/contacts/{id}")

    def refused(self, id: str) -> RecordWrite:
        return RecordWrite("contact", id, {"total": "1", "reason": "x" * 70_000})

    def again(self) -> "Rig":
        rig = HubSpotRig(self.portal, self.version)
        rig.added = self.added
        return rig


def hubspot(version: str) -> AbstractContextManager[Rig]:
    @contextmanager
    def opened() -> Iterator[Rig]:
        with hubspot_portal.portal() as portal:
            yield HubSpotRig(portal, version)

    return opened()


RIGS: dict[str, Callable[[], AbstractContextManager[Rig]]] = {
    "hubspot": lambda: hubspot("v3"),
    "hubspot by date": lambda: hubspot("2026-09"),
}
