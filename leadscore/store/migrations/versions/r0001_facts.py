"""What was read from the CRM."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _number(name: str, comment: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null, comment=comment)


def _key(name: str, comment: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=False, nullable=False, comment=comment)


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, comment=comment)


def upgrade() -> None:
    op.create_table(
        "account",
        _key("id", "always 1: a store belongs to one account"),
        _text("crm", "hubspot, salesforce or files"),
        _text("account", "the CRM's id of the portal or org"),
        _text("name", "what the CRM calls it"),
        _text("kind", "production, sandbox, developer or test"),
        _text("time_zone", "IANA name"),
        _text("url", "opens a record in a browser, with {id}"),
        _number("bound_at", "when the first sync bound the store"),
        _number("sampled", "1: only a sample was read; may be planned, never applied"),
        _number("baseline_at", "the instant of the first plan that was applied to its end", null=True),
        _number("confirmed_at", "when a person confirmed the id of a production account", null=True),
        _number("generation", "the generation of models with which every subject is scored; 0: none"),
        sa.PrimaryKeyConstraint("id"),
        comment="the one portal or org that this store is bound to",
    )
    op.create_table(
        "records",
        _key("id", "ours"),
        _text("object", "contact, company, deal, ... as the CRM calls it"),
        _text("record_id", "the CRM's id"),
        _number("subject", "the person whom the record shows; NULL for companies and deals", null=True),
        _number("since", "from when the record shows this subject"),
        _number("until", "when it was archived or merged away; NULL: it lives", null=True),
        _number("read_at", "when it was last read; NULL: only others named it so far", null=True),
        _number("created_at", "when the CRM created it", null=True),
        _number("modified_at", "when the CRM last saw a change", null=True),
        _number("ahead", "the latest own time of a value that lay in the future when it was read", null=True),
        _text("email", "lower case", null=True),
        _text("document", "the current value of each property that was asked for, as a JSON object of raw strings"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("object", "record_id"),
        comment="CRM records; a subject is a person with one or more of them",
    )
    op.create_index("records_by_email", "records", ["email"])
    op.create_index("records_by_subject", "records", ["subject"])
    op.create_table(
        "property_facts",
        _number("record", "records.id"),
        _text("property", "the CRM's name"),
        _number("valid_at", "from when it had the value; -9007199254740992: at every instant"),
        _number("mark", "a hash of the value, for the key"),
        _text("value", "raw; empty: it was emptied"),
        _number("observed_at", "when we read it"),
        _number(
            "learned_at",
            "observed_at of what came later than the first reading; NULL: known at its own time",
            null=True,
        ),
        _text("source", "the CRM's word for who wrote it"),
        _text("author", "the person who wrote it, if one did"),
        sa.PrimaryKeyConstraint("record", "property", "valid_at", "mark"),
        comment="values that properties took; rows are only ever added",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "links",
        _number("record", "records.id of the one that belongs: a contact, a deal"),
        _number("other", "records.id of what it belongs to: a company, a contact"),
        _number("since", "from when; -9007199254740992: at every instant"),
        _number("until", "to when; NULL: still", null=True),
        _text("object", "the object of other"),
        sa.PrimaryKeyConstraint("record", "other", "since"),
        comment="which record belongs to which: contact to primary company, deal to contacts",
        sqlite_with_rowid=False,
    )
    op.create_index("links_by_other", "links", ["other"])
    op.create_table(
        "kinds",
        _key("id", "ours"),
        _text("digest", "SHA-256 of type and details"),
        _text("type", "activity type"),
        _text("details", "JSON list of [name, text] pairs in name order"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        comment="what activities were, apart from who and when; each kind once",
    )
    op.create_table(
        "activities",
        _number("subject", "who"),
        _number("occurred_at", "when"),
        _number("kind", "kinds.id"),
        _text("source", "the id that the source gave it, unique within its type; empty: none"),
        _number("record", "records.id that it was read for", null=True),
        _number("observed_at", "when we read it"),
        _number(
            "learned_at",
            "observed_at of what came later than the first reading; NULL: known at its own time",
            null=True,
        ),
        sa.PrimaryKeyConstraint("subject", "occurred_at", "kind", "source"),
        comment="what people did; rows are only ever added",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unmatched",
        _text("email", "lower case; the person whom no record shows yet"),
        _number("kind", "kinds.id"),
        _text("source", "as in activities"),
        _number("occurred_at", "when"),
        _number("observed_at", "when we read it"),
        _number("learned_at", "as in activities", null=True),
        sa.PrimaryKeyConstraint("email", "kind", "source", "occurred_at"),
        comment="activities that wait for a record with their e-mail address",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lists",
        _text("list_id", "the CRM's id"),
        _text("name", "its name when last read"),
        _number("read_at", "when its membership was last read"),
        sa.PrimaryKeyConstraint("list_id"),
        comment="CRM lists whose membership was read",
    )
    op.create_table(
        "memberships",
        _number("record", "records.id"),
        _text("list_id", "lists.list_id"),
        _number("since", "from when; -9007199254740992: at every instant"),
        _number("until", "to when; NULL: still", null=True),
        sa.PrimaryKeyConstraint("record", "list_id", "since"),
        comment="who was on which list from when to when",
        sqlite_with_rowid=False,
    )
    op.create_index("memberships_by_list", "memberships", ["list_id"])
    op.create_table(
        "forms",
        _text("form_id", "the CRM's GUID"),
        _number("since", "from when it had the name; -9007199254740992: at every instant"),
        _text("name", "what it was called"),
        sa.PrimaryKeyConstraint("form_id", "since"),
        comment="the names of forms over time",
    )
    op.create_table(
        "answers",
        _number("subject", "about whom"),
        _number("record", "records.id on which it was given"),
        _number("at", "when"),
        _text("answer", "the CRM's label; NULL: a person withdrew the answer", null=True),
        _text("author", "who"),
        _text("note", "what they added"),
        _number("learned_at", "when we read it, where that is later", null=True),
        sa.PrimaryKeyConstraint("subject", "record", "at"),
        comment="what sales answered about people; rows are only ever added",
    )
