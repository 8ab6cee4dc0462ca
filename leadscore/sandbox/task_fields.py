"""The fields of a task, HubSpot's note that somebody has something to do by a certain time."""

from __future__ import annotations

from leadscore.sandbox.catalogue import Field

GROUP = "task"
REQUIRED = ("hs_timestamp",)
TASK_FIELDS = (
    Field("hs_timestamp", "Due date", "datetime", "date", GROUP),
    Field("hs_task_subject", "Task Title", "string", "text", GROUP),
    Field("hs_task_body", "Notes", "string", "html", GROUP),
    Field(
        "hs_task_status", "Task Status", "enumeration", "select", GROUP,
        options=("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"),
    ),
    Field("hs_task_priority", "Priority", "enumeration", "select", GROUP, options=("NONE", "LOW", "MEDIUM", "HIGH")),
    Field("hs_task_type", "Task Type", "enumeration", "select", GROUP, options=("TODO", "CALL", "EMAIL")),
    Field("hs_task_reminders", "Reminders", "string", "text", GROUP),
    Field("hubspot_owner_id", "Assigned to", "enumeration", "select", GROUP),
    Field("hs_object_id", "Record ID", "number", "number", GROUP, read_only=True),
    Field("hs_createdate", "Object create date", "datetime", "date", GROUP, read_only=True),
    Field("hs_lastmodifieddate", "Object last modified date", "datetime", "date", GROUP, read_only=True),
)  # fmt: skip
