"""The tables of the live path: what the CRM told us, what has to be read, written and said, and who is at it."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, UniqueConstraint

from leadscore.store.tables import metadata, number, text


def _leased(what: str) -> list[Column[int] | Column[str]]:
    """The columns of a queue whose rows are lent (see leases.py)."""
    return [
        number("since", "when it was put here"),
        number("mark", "always 1"),
        text("owner", f"who {what} now", null=True),
        number("until", "when the owner's lease ends", null=True),
        number("fence", "counts the leases"),
        number("tries", "how many times it may have been sent without an answer"),
        number("not_before", "wait until then"),
    ]


deliveries = Table(
    "deliveries",
    metadata,
    text("key", "SHA-256 of what makes the event this one; a repeat has the same", key=True),
    text("source", "which door it came through: hubspot, salesforce"),
    text("account", "the CRM's id of the portal or org"),
    text("kind", "what happened, in the words of webhooks.delivery"),
    text("object", "contact, company, deal, ... as the CRM calls it; empty: it could not be read"),
    text("record_ids", "JSON list of the records that it names, each with part, object and id"),
    text("property", "which property changed, if one did", null=True),
    number("occurred_at", "when, as the CRM says", null=True),
    Column("raw", LargeBinary, nullable=False, comment="the event as it came, byte by byte"),
    number("received_at", "when it came"),
    text("state", "open, done or dead"),
    text("reason", "why it is dead, or why it had no effect", null=True),
    number("attempts", "how many times it was tried"),
    number("done_at", "when it was done or given up", null=True),
    Index("deliveries_by_state", "state", "received_at"),
    comment="what the CRM told us, each event once",
)

refetches = Table(
    "refetches",
    metadata,
    number("record", "records.id", key=True),
    number("since", "the first notice that is still open"),
    number("mark", "counts the notices, so that one that comes while reading is not lost"),
    text("owner", "who reads it now", null=True),
    number("until", "when the owner's lease ends", null=True),
    number("fence", "counts the leases: an older one may save nothing"),
    number("tries", "how many times it was begun without an end"),
    number("not_before", "wait until then"),
    Index("refetches_by_since", "since"),
    comment="records that a notice named, to be read from the CRM as they are now",
)

outbox = Table(
    "outbox",
    metadata,
    number("record", "records.id", key=True),
    number("subject", "whose score it is"),
    text("values", "JSON object of our output words with the text that the CRM is to hold"),
    text("reason", "what caused it: facts or time"),
    number("as_of", "the instant of the score"),
    number("since", "the first difference that is still unwritten"),
    number("mark", "counts the scores, so that one that comes while writing is not lost"),
    text("owner", "who writes it now", null=True),
    number("until", "when the owner's lease ends", null=True),
    number("fence", "counts the leases"),
    number("tries", "how many times it may have been sent without an answer; above 0 nothing is left out"),
    number("not_before", "wait until then"),
    Index("outbox_by_since", "since"),
    comment="scores on their way to the CRM, the newest of each record",
)

stage_intents = Table(
    "stage_intents",
    metadata,
    number("record", "records.id", key=True),
    number("subject", "whose stage it is"),
    text(
        "step", "what comes next: decide; ready (decided, not begun); write, confirm (up); clear, set, confirm (down)"
    ),
    text("first", "the step with which a decided change begins", null=True),
    text("model", "name of the model that decided", null=True),
    text("field", "the CRM's property that keeps the stage", null=True),
    text("before", "the CRM's value for the stage left; empty: none", null=True),
    text("after", "the CRM's value for the stage to be entered", null=True),
    text("stage", "our word for the stage to be entered", null=True),
    text("reason", "why, as a sentence", null=True),
    number("as_of", "the instant of the score that decided", null=True),
    number("crossed_at", "when the score came to stand for the stage, for who is told of it", null=True),
    number("entered", "1: the score rose into the stage, which is told once"),
    number("put_back", "1: the stage that we emptied the field of returns as it was"),
    number("released", "1: a person lets it go on, whatever the fuse says"),
    text("waits", "what a decided change waits for: fuse, day; NULL: nothing", null=True),
    number("since", "when it was first asked for"),
    number("mark", "counts what asked for it, so that what comes while deciding is not lost"),
    text("owner", "who is at it now", null=True),
    number("until", "when the owner's lease ends", null=True),
    number("fence", "counts the leases"),
    number("tries", "how many times the step was begun without an end"),
    number("not_before", "wait until then"),
    Index("stage_intents_by_step", "step", "since"),
    comment="records whose lifecycle stage may have to change, and changes on their way to the CRM",
)

notices = Table(
    "notices",
    metadata,
    number("number", "the first 62 bits of id", key=True),
    text("id", "SHA-256 of subject, event, instant of the crossing, and channel"),
    number("subject", "about whom"),
    number("record", "records.id on which it is told"),
    text("event", "enters:STAGE, rises_to:NUMBER, or digest:DAY of what was too much for one day"),
    number("at", "when it happened"),
    text("by", "crm_task or webhook"),
    text("place", "webhook: SHA-256 of the address, empty until it is known; else empty"),
    text("model", "name of the model that asks for it"),
    text("template", "what it says, with the places for the lead's own words"),
    text("figures", "JSON object of the lead's total, band, grade, stage and reason at that time"),
    text("text", "what it says about this lead; NULL: not worked out yet", null=True),
    text("state", "open, digest (waits for the digest of its day), done, dead, void (nothing was to be told)"),
    text("reason", "why it is dead or void", null=True),
    text("task_id", "the CRM's id of the task that was made of it", null=True),
    text("owner_id", "the CRM's id of the person who is told; empty: nobody; NULL: not chosen yet", null=True),
    number("day", "the day, in the account's zone, to which its task counts, as days since the year 1", null=True),
    number("digest", "notices.number of the digest that tells it", null=True),
    number("put_at", "when we knew of it"),
    number("done_at", "when it was told or given up", null=True),
    UniqueConstraint("id"),
    Index("notices_by_state", "state", "put_at"),
    Index("notices_by_day", "day", "owner_id"),
    Index("notices_by_subject", "subject"),
    comment="what sales is told, each crossing once",
)

tellings = Table(
    "tellings",
    metadata,
    number("notice", "notices.number", key=True),
    *_leased("makes its task"),
    Index("tellings_by_since", "since"),
    comment="notices that become tasks in the CRM",
)

postings = Table(
    "postings",
    metadata,
    number("notice", "notices.number", key=True),
    *_leased("posts it"),
    Index("postings_by_since", "since"),
    comment="notices that are posted to an address of the customer",
)

budget = Table(
    "budget",
    metadata,
    text("kind", "burst, search or day", key=True),
    number("window_start", "burst, search: when the next call may go if nobody waits; day: when it began"),
    number("used", "our calls since then"),
    number("limit", "calls that the CRM allows; 0: not told"),
    number("left", "calls that all apps together have left, as last told", null=True),
    number("ends", "burst, search: ms in which the limit holds; day: the instant when it ends", null=True),
    number("paused_until", "nobody sends before"),
    comment="calls that all processes together have made",
)

leaders = Table(
    "leaders",
    metadata,
    text("name", "what is led", key=True),
    text("owner", "who leads"),
    number("until", "when the lease ends"),
    number("fence", "counts the leases: an older leader may do nothing"),
    comment="who leads what there may be only one of",
)

rescores = Table(
    "rescores",
    metadata,
    number("subject", "who"),
    number("since", "the first instant of the span, of five minutes"),
    number("count", "how many times facts made us score the subject in it"),
    PrimaryKeyConstraint("subject", "since"),
    Index("rescores_by_since", "since"),
    comment="how often subjects were scored again, to see a loop through somebody's workflow",
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    number("subject", "who", key=True),
    number("since", "when it was put there"),
    text("reason", "why, as a sentence"),
    number("released_at", "when a person let it out; NULL: it is in", null=True),
    comment="subjects that a loop keeps changing: scored no more until a person has looked",
)

troubles = Table(
    "troubles",
    metadata,
    text("name", "which work meets it", key=True),
    text("error", "of what sort it is"),
    text("said", "what is wrong and what to do, as a sentence"),
    number("since", "when it was met first"),
    number("seen_at", "when it was met last"),
    comment="what keeps work from going on at present",
)

erased = Table(
    "erased",
    metadata,
    text("hash", "salted SHA-256 of an id or address of somebody who was erased", key=True),
    number("at", "when"),
    comment="who was erased for privacy, so that no replay brings them back",
)

erased_salt = Table(
    "erased_salt",
    metadata,
    number("id", "ours; a restored store may bring a second one", key=True),
    text("salt", "random, made once"),
    number("scrubbed_at", "when the file was last cleared of what was deleted; NULL: never", null=True),
    comment="the salts of the hashes in erased",
)

addresses = Table(
    "addresses",
    metadata,
    text("email", "lower case"),
    number("record", "records.id"),
    PrimaryKeyConstraint("email", "record"),
    Index("addresses_by_record", "record"),
    comment="further e-mail addresses of a record (HubSpot's secondary ones)",
    sqlite_with_rowid=False,
)
