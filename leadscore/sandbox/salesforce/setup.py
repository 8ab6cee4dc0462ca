"""What an org holds before its first Lead: users, queues, statuses, stages, itself."""

from __future__ import annotations

from dataclasses import dataclass

from leadscore.sandbox.salesforce.catalogue import LEAD_STATUSES, STAGES, TASK_STATUSES
from leadscore.sandbox.salesforce.org import Org, Row

USERS = (
    ("leadscore@acme.example", "Leadscore", "Integration", True),
    ("amy.admin@acme.example", "Amy", "Admin", True),
    ("rita.rep@acme.example", "Rita", "Rep", True),
    ("sam.seller@acme.example", "Sam", "Seller", True),
    ("gone.guy@acme.example", "Gone", "Guy", False),
    ("rule.owner@acme.example", "Rule", "Owner", True),
)
"""Username, names, active. The first is ours; the last gets what assignment rules move."""
QUEUES = (("Inbound", True), ("Partners", False))
"""Name, and whether its members take Tasks."""


@dataclass(frozen=True)
class People:
    """Ids of those whom tests and the generator name."""

    integration: str
    admin: str
    reps: tuple[str, ...]
    gone: str
    queue: str
    queue_without_tasks: str


def prepare(org: Org) -> None:
    """Fills an empty org; does nothing to one that was filled before."""
    with org.transaction():
        if org.db.execute('SELECT 1 FROM "o_Organization"').fetchone() is not None:
            return
        at = org.stamp()
        _put(org, "Organization", at, Name=org.settings.org_name, IsSandbox=int(org.settings.is_sandbox),
             OrganizationType=org.settings.organization_type, InstanceName="CS42", TimeZoneSidKey="America/New_York",
             DefaultLeadAccess="ReadEditTransfer", DefaultContactAccess="ControlledByParent",
             DefaultAccountAccess="Edit", DefaultOpportunityAccess="Read", DefaultCampaignAccess="All")  # fmt: skip
        for username, first, last, active in USERS:
            _put(org, "User", at, Username=username, Email=username, FirstName=first, LastName=last,
                 Name=f"{first} {last}", IsActive=int(active), UserType="Standard",
                 TimeZoneSidKey="America/New_York")  # fmt: skip
        for name, tasks in QUEUES:
            queue = _put(org, "Group", at, Name=name, Type="Queue", DeveloperName=name)
            for object in ("Lead", "Task") if tasks else ("Lead",):
                _put(org, "QueueSobject", at, QueueId=queue, SobjectType=object)
        for place, (name, converted) in enumerate(LEAD_STATUSES, start=1):
            _put(org, "LeadStatus", at, ApiName=name, MasterLabel=name, IsConverted=int(converted),
                 IsDefault=int(place == 1), SortOrder=place)  # fmt: skip
        for place, (name, closed, won) in enumerate(STAGES, start=1):
            _put(org, "OpportunityStage", at, ApiName=name, MasterLabel=name, IsActive=1, IsClosed=int(closed),
                 IsWon=int(won), SortOrder=place)  # fmt: skip
        for place, (name, closed) in enumerate(TASK_STATUSES, start=1):
            _put(org, "TaskStatus", at, ApiName=name, MasterLabel=name, IsClosed=int(closed),
                 IsDefault=int(place == 1), SortOrder=place)  # fmt: skip


def people(org: Org) -> People:
    users = dict(org.db.execute('SELECT "Username", "Id" FROM "o_User"').fetchall())
    queues = dict(org.db.execute('SELECT "Name", "Id" FROM "o_Group"').fetchall())
    names = [username for username, *_ in USERS]
    return People(
        integration=users[names[0]],
        admin=users[names[1]],
        reps=(users[names[2]], users[names[3]]),
        gone=users[names[4]],
        queue=queues["Inbound"],
        queue_without_tasks=queues["Partners"],
    )


def organization_id(org: Org) -> str:
    return str(org.db.execute('SELECT "Id" FROM "o_Organization"').fetchone()[0])


def _put(org: Org, object: str, at: int, **values: str | int | None) -> str:
    id = org.next_id(object)
    stamps: Row = {"Id": id, "IsDeleted": 0, "CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}
    org.put(object, stamps | values)
    return id
