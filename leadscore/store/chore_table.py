"""The table of chores: what is done again and again, when it is next, and who is at it."""

from sqlalchemy import Table

from leadscore.store.tables import metadata, number, text

chores = Table(
    "chores",
    metadata,
    text("name", "what is done", key=True),
    number("asked_at", "since when somebody is to do it; NULL: not now", null=True),
    number("next_at", "when it is to be asked for again"),
    number("every", "ms between two turns at present"),
    text("owner", "who is at it", null=True),
    number("until", "when the owner's lease ends", null=True),
    number("fence", "counts the leases: an older one may save nothing"),
    number("ran_at", "when it last ended", null=True),
    text("outcome", "done, or why it was not", null=True),
    number("moved", "how much of what the last turn found was new"),
    comment="what is done again and again: looks into the CRM for what no webhook tells",
)
