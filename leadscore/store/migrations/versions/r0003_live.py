"""Deliveries, and what the live path works through: records to read, scores to write, stages, notices, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _number(name: str, comment: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null, comment=comment)


def _zero(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment=comment)


def _key(name: str, comment: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=False, nullable=False, comment=comment)


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, comment=comment)


def _bytes(name: str, comment: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False, comment=comment)


def upgrade() -> None:
    """Queues first, then what sales is told, then what processes share, then people."""
    op.add_column("due", _text("owner", "who scores it now", null=True))
    op.add_column("due", _number("until", "when the owner's lease ends", null=True))
    op.add_column("due", _zero("fence", "counts the leases: an older one may save nothing"))
    op.add_column("due", _zero("tries", "how many times it was begun without an end"))
    op.add_column("due", _zero("not_before", "wait until then"))
    op.create_index("due_by_since", "due", ["since"])
    _queues()
    _told()
    _shared()
    _people()


def _queues() -> None:
    op.create_table(
        "deliveries",
        _text("key", "SHA-256 of what makes the event this one; a repeat has the same"),
        _text("source", "which door it came through: hubspot, salesforce"),
        _text("account", "the CRM's id of the portal or org"),
        _text("kind", "what happened, in the words of webhooks.delivery"),
        _text("object", "contact, company, deal, ... as the CRM calls it; empty: it could not be read"),
        _text("record_ids", "JSON list of the records that it names, each with part, object and id"),
        _text("property", "which property changed, if one did", null=True),
        _number("occurred_at", "when, as the CRM says", null=True),
        _bytes("raw", "the event as it came, byte by byte"),
        _number("received_at", "when it came"),
        _text("state", "open, done or dead"),
        _text("reason", "why it is dead, or why it had no effect", null=True),
        _number("attempts", "how many times it was tried"),
        _number("done_at", "when it was done or given up", null=True),
        sa.PrimaryKeyConstraint("key"),
        comment="what the CRM told us, each event once",
    )
    op.create_index("deliveries_by_state", "deliveries", ["state", "received_at"])
    op.create_table(
        "refetches",
        _key("record", "records.id"),
        _number("since", "the first notice that is still open"),
        _number("mark", "counts the notices, so that one that comes while reading is not lost"),
        _text("owner", "who reads it now", null=True),
        _number("until", "when the owner's lease ends", null=True),
        _number("fence", "counts the leases: an older one may save nothing"),
        _number("tries", "how many times it was begun without an end"),
        _number("not_before", "wait until then"),
        sa.PrimaryKeyConstraint("record"),
        comment="records that a notice named, to be read from the CRM as they are now",
    )
    op.create_index("refetches_by_since", "refetches", ["since"])
    op.create_table(
        "outbox",
        _key("record", "records.id"),
        _number("subject", "whose score it is"),
        _text("values", "JSON object of our output words with the text that the CRM is to hold"),
        _text("reason", "what caused it: facts or time"),
        _number("as_of", "the instant of the score"),
        _number("since", "the first difference that is still unwritten"),
        _number("mark", "counts the scores, so that one that comes while writing is not lost"),
        _text("owner", "who writes it now", null=True),
        _number("until", "when the owner's lease ends", null=True),
        _number("fence", "counts the leases"),
        _number("tries", "how many times it may have been sent without an answer; above 0 nothing is left out"),
        _number("not_before", "wait until then"),
        sa.PrimaryKeyConstraint("record"),
        comment="scores on their way to the CRM, the newest of each record",
    )
    op.create_index("outbox_by_since", "outbox", ["since"])


def _told() -> None:
    op.create_table(
        "stage_intents",
        _key("record", "records.id"),
        _number("subject", "whose stage it is"),
        _text("before", "our word for the stage left; empty: none"),
        _text("after", "our word for the stage to be entered"),
        _text("step", "what comes next: write (up); clear, set, confirm (down)"),
        _text("reason", "why, as a sentence"),
        _number("since", "when it was decided"),
        _number("tries", "how many times the step was begun without an end"),
        _number("not_before", "wait until then"),
        sa.PrimaryKeyConstraint("record"),
        comment="changes of a lifecycle stage on their way to the CRM",
    )
    op.create_index("stage_intents_by_since", "stage_intents", ["since"])
    op.create_table(
        "notices",
        _text("id", "SHA-256 of subject, event and the instant of the crossing"),
        _number("subject", "about whom"),
        _number("record", "records.id on which it is told"),
        _text("event", "enters:STAGE or rises_to:NUMBER"),
        _number("at", "when it happened"),
        _text("by", "crm_task or webhook"),
        _text("text", "what it says"),
        _text("state", "open, done, dead or digest"),
        _text("task_id", "the CRM's id of the task that was made of it", null=True),
        _text("owner_id", "the CRM's id of the person who is told", null=True),
        _number("tries", "how many times it was begun without an end"),
        _number("not_before", "wait until then"),
        sa.PrimaryKeyConstraint("id"),
        comment="what sales is told, each crossing once",
    )
    op.create_index("notices_by_state", "notices", ["state", "at"])


def _shared() -> None:
    op.create_table(
        "budget",
        _text("kind", "burst, search or day"),
        _number("window_start", "burst, search: when the next call may go if nobody waits; day: when it began"),
        _number("used", "our calls since then"),
        _number("limit", "calls that the CRM allows; 0: not told"),
        _number("left", "calls that all apps together have left, as last told", null=True),
        _number("ends", "burst, search: ms in which the limit holds; day: the instant when it ends", null=True),
        _number("paused_until", "nobody sends before"),
        sa.PrimaryKeyConstraint("kind"),
        comment="calls that all processes together have made",
    )
    op.create_table(
        "leaders",
        _text("name", "what is led"),
        _text("owner", "who leads"),
        _number("until", "when the lease ends"),
        _number("fence", "counts the leases: an older leader may do nothing"),
        sa.PrimaryKeyConstraint("name"),
        comment="who leads what there may be only one of",
    )
    op.create_table(
        "rescores",
        _number("subject", "who"),
        _number("hour", "the first instant of the hour"),
        _number("count", "how many times facts made us score the subject in it"),
        sa.PrimaryKeyConstraint("subject", "hour"),
        comment="how often subjects were scored again, to see a loop through somebody's workflow",
        sqlite_with_rowid=False,
    )
    op.create_index("rescores_by_hour", "rescores", ["hour"])
    op.create_table(
        "quarantine",
        _key("subject", "who"),
        _number("since", "when it was put there"),
        _text("reason", "why, as a sentence"),
        _number("released_at", "when a person let it out; NULL: it is in", null=True),
        sa.PrimaryKeyConstraint("subject"),
        comment="subjects that a loop keeps changing: scored no more until a person has looked",
    )


def _people() -> None:
    op.create_table(
        "erased",
        _text("hash", "salted SHA-256 of an id or address of somebody who was erased"),
        _number("at", "when"),
        sa.PrimaryKeyConstraint("hash"),
        comment="who was erased for privacy, so that no replay brings them back",
    )
    op.create_table(
        "erased_salt",
        _key("id", "always 1"),
        _text("salt", "random, made once"),
        sa.PrimaryKeyConstraint("id"),
        comment="the salt of the hashes in erased",
    )
    op.create_table(
        "addresses",
        _text("email", "lower case"),
        _number("record", "records.id"),
        sa.PrimaryKeyConstraint("email", "record"),
        comment="further e-mail addresses of a record (HubSpot's secondary ones)",
        sqlite_with_rowid=False,
    )
    op.create_index("addresses_by_record", "addresses", ["record"])
