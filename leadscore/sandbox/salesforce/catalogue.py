"""The objects of the local Salesforce with their standard fields, as far as leads, deals and activities need them."""

from __future__ import annotations

from leadscore.sandbox.salesforce.fields import Field

LEAD, CONTACT, ACCOUNT, OPPORTUNITY = "Lead", "Contact", "Account", "Opportunity"

LEAD_STATUSES = (
    ("Open - Not Contacted", False),
    ("Working - Contacted", False),
    ("Closed - Converted", True),
    ("Closed - Not Converted", False),
)
STAGES = (
    ("Prospecting", False, False),
    ("Qualification", False, False),
    ("Proposal/Price Quote", False, False),
    ("Closed Won", True, True),
    ("Closed Lost", True, False),
)
"""Name, closed, won: texts are each org's own, what they mean stands in OpportunityStage."""
TASK_STATUSES = (("Not Started", False), ("In Progress", False), ("Completed", True), ("Deferred", False))
INDUSTRIES = (
    "Agriculture", "Banking", "Biotechnology", "Construction", "Consulting", "Education", "Electronics", "Energy",
    "Finance", "Government", "Healthcare", "Hospitality", "Insurance", "Manufacturing", "Media", "Not For Profit",
    "Retail", "Technology", "Telecommunications", "Transportation", "Other",
)  # fmt: skip
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")


def _own(name: str, type: str = "string", **more: object) -> Field:
    """A field that only the system writes."""
    return Field(name, type, createable=False, updateable=False, system=True, **more)  # type: ignore[arg-type]  # passed on as they are


def _fact(name: str) -> Field:
    """A yes or no that the system sets."""
    return _own(name, "boolean", nillable=False, default=False)


def _link(name: str, *to: str, relation: str | None = None, fixed: bool = False, system: bool = False) -> Field:
    return Field(
        name, "reference", to=to, relation=relation or name.removesuffix("Id"), updateable=not (fixed or system),
        createable=not system, system=system,
    )  # fmt: skip


_STAMPS = (
    _own("Id", "id", nillable=False),
    _fact("IsDeleted"),
    _own("CreatedDate", "datetime", nillable=False),
    _own("LastModifiedDate", "datetime", nillable=False),
    _own("SystemModstamp", "datetime", nillable=False),
    _link("CreatedById", "User", system=True),
    _link("LastModifiedById", "User", system=True),
)
_PERSON = (
    Field("Salutation", "picklist", values=("Mr.", "Ms.", "Dr.")),
    Field("FirstName", length=40),
    Field("LastName", length=80, nillable=False, history=True),
    _own("Name", length=121),
    Field("Title", length=128, history=True),
    Field("Email", "email", length=80, history=True),
    Field("Phone", "phone"),
    Field("MobilePhone", "phone"),
    Field("LeadSource", "picklist", values=SOURCES),
    Field("HasOptedOutOfEmail", "boolean", nillable=False, default=False),
    Field("DoNotCall", "boolean", nillable=False, default=False),
    _own("EmailBouncedDate", "datetime"),
    _own("EmailBouncedReason", length=255),
    _own("LastActivityDate", "date"),
    _own("MasterRecordId", "reference", to=(), relation="MasterRecord"),
)
_NAMED = (Field("Name", length=255, nillable=False),)
_ACTIVITY = (
    _link("WhoId", LEAD, CONTACT, relation="Who"),
    _link("WhatId", ACCOUNT, OPPORTUNITY, "Campaign", relation="What"),
    _link("OwnerId", "User", "Group", relation="Owner"),
    Field("Subject", length=255),
    Field("ActivityDate", "date"),
    Field("Description", "textarea", length=32_000),
    _fact("IsArchived"),
)

OBJECTS: dict[str, tuple[Field, ...]] = {
    LEAD: (
        *_STAMPS, *_PERSON,
        Field("Company", length=255, nillable=False, history=True),
        Field("Industry", "picklist", values=INDUSTRIES, history=True),
        Field("NumberOfEmployees", "int", precision=8), Field("AnnualRevenue", "currency", precision=18),
        Field("Website", "url"), Field("Country", length=80), Field("City", length=40),
        Field("Rating", "picklist", values=("Hot", "Warm", "Cold")),
        Field(
            "Status", "picklist", values=tuple(name for name, _ in LEAD_STATUSES), nillable=False, history=True,
            default=LEAD_STATUSES[0][0],
        ),
        Field("Description", "textarea"), _link("OwnerId", "User", "Group", relation="Owner"),
        _fact("IsConverted"), _own("ConvertedDate", "date"),
        _link("ConvertedAccountId", ACCOUNT, system=True), _link("ConvertedContactId", CONTACT, system=True),
        _link("ConvertedOpportunityId", OPPORTUNITY, system=True),
        _own("IsUnreadByOwner", "boolean", nillable=False, default=True),
    ),
    CONTACT: (
        *_STAMPS, *_PERSON,
        _link("AccountId", ACCOUNT, relation="Account"), Field("Department", length=80),
        Field("MailingCountry", length=80), Field("MailingCity", length=40), Field("Description", "textarea"),
        _link("OwnerId", "User", relation="Owner"),
    ),
    ACCOUNT: (
        *_STAMPS, *_NAMED,
        Field("Industry", "picklist", values=INDUSTRIES), Field("NumberOfEmployees", "int", precision=8),
        Field("AnnualRevenue", "currency", precision=18), Field("Website", "url"),
        Field("Type", "picklist", values=("Prospect", "Customer", "Partner", "Competitor", "Other")),
        Field("BillingCountry", length=80), Field("BillingCity", length=40),
        _fact("IsPersonAccount"),
        _link("OwnerId", "User", relation="Owner"), _own("MasterRecordId", "reference", relation="MasterRecord"),
    ),
    OPPORTUNITY: (
        *_STAMPS, *_NAMED,
        _link("AccountId", ACCOUNT, relation="Account"), _link("CampaignId", "Campaign", relation="Campaign"),
        Field("StageName", "picklist", values=tuple(name for name, _, _ in STAGES), nillable=False),
        Field("CloseDate", "date", nillable=False), Field("Amount", "currency", precision=16, scale=2),
        _fact("IsClosed"), _fact("IsWon"),
        Field("LeadSource", "picklist", values=SOURCES), _link("OwnerId", "User", relation="Owner"),
    ),
    "OpportunityContactRole": (
        *_STAMPS, _link("OpportunityId", OPPORTUNITY, fixed=True), _link("ContactId", CONTACT),
        Field("Role", "picklist", values=("Decision Maker", "Influencer", "User")),
        Field("IsPrimary", "boolean", nillable=False, default=False),
    ),
    "OpportunityHistory": (
        *_STAMPS, _link("OpportunityId", OPPORTUNITY, system=True), _own("StageName"), _own("Amount", "currency"),
        _own("CloseDate", "date"),
    ),
    "Task": (
        *_STAMPS, *_ACTIVITY,
        Field(
            "Status", "picklist", values=tuple(name for name, _ in TASK_STATUSES), nillable=False,
            default="Not Started",
        ),
        Field("Priority", "picklist", values=("High", "Normal", "Low"), nillable=False, default="Normal"),
        Field("TaskSubtype", "picklist", values=("Task", "Email", "Call", "ListEmail"), updateable=False),
        _fact("IsClosed"), _own("CompletedDateTime", "datetime"),
        Field("CallType", "picklist", values=("Internal", "Inbound", "Outbound")),
        Field("IsReminderSet", "boolean", nillable=False, default=False), Field("ReminderDateTime", "datetime"),
    ),
    "Event": (
        *_STAMPS, *_ACTIVITY, Field("StartDateTime", "datetime"), Field("EndDateTime", "datetime"),
        Field("DurationInMinutes", "int", precision=8),
        Field("IsAllDayEvent", "boolean", nillable=False, default=False),
    ),
    "Campaign": (
        *_STAMPS, *_NAMED, Field("Type", "picklist", values=("Webinar", "Conference", "Email", "Other")),
        Field("Status", "picklist", values=("Planned", "In Progress", "Completed")),
        Field("StartDate", "date"), Field("IsActive", "boolean", nillable=False, default=True),
    ),
    "CampaignMember": (
        *_STAMPS, _link("CampaignId", "Campaign", fixed=True), _link("LeadId", LEAD), _link("ContactId", CONTACT),
        _own("LeadOrContactId", "reference"), Field("Status", "picklist", default="Sent"),
        _fact("HasResponded"), _own("FirstRespondedDate", "date"),
    ),
    "User": (
        *_STAMPS, Field("Username", length=80), Field("Email", "email"), Field("FirstName", length=40),
        Field("LastName", length=80), _own("Name", length=121), Field("IsActive", "boolean", default=True),
        Field("UserType", "picklist", default="Standard"), Field("TimeZoneSidKey", default="America/New_York"),
        _own("ProfileId", "reference"),
    ),
    "Group": (*_STAMPS, *_NAMED, Field("Type", "picklist", default="Queue"), Field("DeveloperName")),
    "QueueSobject": (*_STAMPS, _link("QueueId", "Group"), Field("SobjectType")),
    "Organization": (
        *_STAMPS, *_NAMED, _own("IsSandbox", "boolean"), _own("OrganizationType"), _own("InstanceName"),
        _own("TrialExpirationDate", "datetime"), _own("NamespacePrefix"), _own("TimeZoneSidKey"),
        _own("DefaultLeadAccess"), _own("DefaultContactAccess"), _own("DefaultAccountAccess"),
        _own("DefaultOpportunityAccess"), _own("DefaultCampaignAccess"),
    ),
    "LeadStatus": (
        *_STAMPS, _own("ApiName"), _own("MasterLabel"), _own("IsConverted", "boolean"), _own("IsDefault", "boolean"),
        _own("SortOrder", "int"),
    ),
    "OpportunityStage": (
        *_STAMPS, _own("ApiName"), _own("MasterLabel"), _own("IsActive", "boolean"), _own("IsClosed", "boolean"),
        _own("IsWon", "boolean"), _own("SortOrder", "int"),
    ),
    "TaskStatus": (
        *_STAMPS, _own("ApiName"), _own("MasterLabel"), _own("IsClosed", "boolean"), _own("IsDefault", "boolean"),
        _own("SortOrder", "int"),
    ),
    "LeadHistory": (
        *_STAMPS, _link("LeadId", LEAD, system=True), _own("Field"), _own("DataType"), _own("OldValue"),
        _own("NewValue"),
    ),
    "ContactHistory": (
        *_STAMPS, _link("ContactId", CONTACT, system=True), _own("Field"), _own("DataType"), _own("OldValue"),
        _own("NewValue"),
    ),
    "PermissionSet": (
        *_STAMPS, Field("Name"), Field("Label"), Field("PermissionsViewAllData", "boolean", default=False),
    ),
    "PermissionSetAssignment": (*_STAMPS, _link("PermissionSetId", "PermissionSet"), _link("AssigneeId", "User")),
    "FieldPermissions": (
        *_STAMPS, _link("ParentId", "PermissionSet", relation="Parent"), Field("SobjectType"), Field("Field"),
        Field("PermissionsRead", "boolean", default=False), Field("PermissionsEdit", "boolean", default=False),
    ),
    "AssignmentRule": (*_STAMPS, *_NAMED, Field("SobjectType"), Field("Active", "boolean", default=False)),
    "UserSetupEntityAccess": (*_STAMPS, Field("DeveloperName"), Field("KeyPrefix")),
}  # fmt: skip
"""What a client may name. History and status objects are only read."""

READ_ONLY = frozenset(
    {"OpportunityHistory", "LeadHistory", "ContactHistory", "LeadStatus", "OpportunityStage", "TaskStatus",
     "Organization"}
)  # fmt: skip
