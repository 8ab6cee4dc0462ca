"""The tables in which everything read from a CRM is kept, every column with a sentence that says what it is."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, UniqueConstraint

ALWAYS = -(2**53)
"""Stands in a time column for "at every instant": a key may not hold NULL. Comes before every real instant."""

metadata = MetaData()


def number(name: str, comment: str, *, null: bool = False, key: bool = False) -> Column[int]:
    """A column of 64-bit whole numbers: ids, instants, counts. A `key` is the whole primary key of its table."""
    # On SQLite a key of type INTEGER is the place of the row itself: no index beside the table.
    sort = BigInteger().with_variant(Integer, "sqlite") if key else BigInteger()
    return Column(name, sort, primary_key=key, autoincrement=False, nullable=null, comment=comment)


def text(name: str, comment: str, *, null: bool = False, key: bool = False) -> Column[str]:
    """A column of text of any length."""
    return Column(name, Text, primary_key=key, nullable=null, comment=comment)


account = Table(
    "account",
    metadata,
    number("id", "always 1: a store belongs to one account", key=True),
    text("crm", "hubspot, salesforce or files"),
    text("account", "the CRM's id of the portal or org"),
    text("name", "what the CRM calls it"),
    text("kind", "production, sandbox, developer or test"),
    text("time_zone", "IANA name"),
    text("url", "opens a record in a browser, with {id}"),
    number("bound_at", "when the first sync bound the store"),
    number("sampled", "1: only a sample was read; may be planned, never applied"),
    number("baseline_at", "the instant of the first plan that was applied to its end", null=True),
    number("confirmed_at", "when a person confirmed the id of a production account", null=True),
    number("generation", "the generation of models with which every subject is scored; 0: none"),
    comment="the one portal or org that this store is bound to",
)

records = Table(
    "records",
    metadata,
    number("id", "ours", key=True),
    text("object", "contact, company, deal, ... as the CRM calls it"),
    text("record_id", "the CRM's id"),
    number("subject", "the person whom the record shows; NULL for companies and deals", null=True),
    number("since", "from when the record shows this subject"),
    number("until", "when it was archived or merged away; NULL: it lives", null=True),
    number("read_at", "when it was last read; NULL: only others named it so far", null=True),
    number("created_at", "when the CRM created it", null=True),
    number("modified_at", "when the CRM last saw a change", null=True),
    number("ahead", "the latest own time of a value that lay in the future when it was read", null=True),
    text("email", "lower case", null=True),
    text("document", "the current value of each property that was asked for, as a JSON object of raw strings"),
    number("merged_into", "records.id of what it was merged into, dead for good; NULL: it was not", null=True),
    UniqueConstraint("object", "record_id"),
    Index("records_by_subject", "subject"),
    Index("records_by_email", "email"),
    comment="CRM records; a subject is a person with one or more of them",
)

property_facts = Table(
    "property_facts",
    metadata,
    number("record", "records.id"),
    text("property", "the CRM's name"),
    number("valid_at", f"from when it had the value; {ALWAYS}: at every instant"),
    number("mark", "a hash of the value, for the key"),
    text("value", "raw; empty: it was emptied"),
    number("observed_at", "when we read it"),
    number(
        "learned_at", "observed_at of what came later than the first reading; NULL: known at its own time", null=True
    ),
    text("source", "the CRM's word for who wrote it"),
    text("author", "the person who wrote it, if one did"),
    PrimaryKeyConstraint("record", "property", "valid_at", "mark"),
    comment="values that properties took; rows are only ever added",
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    number("record", "records.id of the one that belongs: a contact, a deal"),
    number("other", "records.id of what it belongs to: a company, a contact"),
    number("since", f"from when; {ALWAYS}: at every instant"),
    number("until", "to when; NULL: still", null=True),
    text("object", "the object of other"),
    PrimaryKeyConstraint("record", "other", "since"),
    Index("links_by_other", "other"),
    comment="which record belongs to which: contact to primary company, deal to contacts",
    sqlite_with_rowid=False,
)

kinds = Table(
    "kinds",
    metadata,
    number("id", "ours", key=True),
    text("digest", "SHA-256 of type and details"),
    text("type", "activity type"),
    text("details", "JSON list of [name, text] pairs in name order"),
    UniqueConstraint("digest"),
    comment="what activities were, apart from who and when; each kind once",
)

activities = Table(
    "activities",
    metadata,
    number("subject", "who"),
    number("occurred_at", "when"),
    number("kind", "kinds.id"),
    text("source", "the id that the source gave it, unique within its type; empty: none"),
    number("record", "records.id that it was read for", null=True),
    number("observed_at", "when we read it"),
    number(
        "learned_at", "observed_at of what came later than the first reading; NULL: known at its own time", null=True
    ),
    PrimaryKeyConstraint("subject", "occurred_at", "kind", "source"),
    comment="what people did; rows are only ever added",
    sqlite_with_rowid=False,
)

unmatched = Table(
    "unmatched",
    metadata,
    text("email", "lower case; the person whom no record shows yet"),
    number("kind", "kinds.id"),
    text("source", "as in activities"),
    number("occurred_at", "when"),
    number("observed_at", "when we read it"),
    number("learned_at", "as in activities", null=True),
    PrimaryKeyConstraint("email", "kind", "source", "occurred_at"),
    comment="activities that wait for a record with their e-mail address",
    sqlite_with_rowid=False,
)

lists = Table(
    "lists",
    metadata,
    text("list_id", "the CRM's id", key=True),
    text("name", "its name when last read"),
    number("read_at", "when its membership was last read"),
    comment="CRM lists whose membership was read",
)

memberships = Table(
    "memberships",
    metadata,
    number("record", "records.id"),
    text("list_id", "lists.list_id"),
    number("since", f"from when; {ALWAYS}: at every instant"),
    number("until", "to when; NULL: still", null=True),
    PrimaryKeyConstraint("record", "list_id", "since"),
    Index("memberships_by_list", "list_id"),
    comment="who was on which list from when to when",
    sqlite_with_rowid=False,
)

forms = Table(
    "forms",
    metadata,
    text("form_id", "the CRM's GUID"),
    number("since", f"from when it had the name; {ALWAYS}: at every instant"),
    text("name", "what it was called"),
    PrimaryKeyConstraint("form_id", "since"),
    comment="the names of forms over time",
)

answers = Table(
    "answers",
    metadata,
    number("subject", "about whom"),
    number("record", "records.id on which it was given"),
    number("at", "when"),
    text("answer", "the CRM's label; NULL: a person withdrew the answer", null=True),
    text("author", "who"),
    text("note", "what they added"),
    number("learned_at", "when we read it, where that is later", null=True),
    PrimaryKeyConstraint("subject", "record", "at"),
    comment="what sales answered about people; rows are only ever added",
)
