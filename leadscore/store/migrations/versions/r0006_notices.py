"""What sales is told, and who is told how much."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
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
    """The notices of before were never written to: they are made anew."""
    op.drop_table("notices")
    op.create_table(
        "notices",
        _key("number", "the first 62 bits of id"),
        _text("id", "SHA-256 of subject, event, instant of the crossing, and channel"),
        _number("subject", "about whom"),
        _number("record", "records.id on which it is told"),
        _text("event", "enters:STAGE, rises_to:NUMBER, or digest:DAY of what was too much for one day"),
        _number("at", "when it happened"),
        _text("by", "crm_task or webhook"),
        _text("place", "webhook: SHA-256 of the address, empty until it is known; else empty"),
        _text("model", "name of the model that asks for it"),
        _text("template", "what it says, with the places for the lead's own words"),
        _text("figures", "JSON object of the lead's total, band, grade, stage and reason at that time"),
        _text("text", "what it says about this lead; NULL: not worked out yet", null=True),
        _text("state", "open, digest (waits for the digest of its day), done, dead, void (nothing was to be told)"),
        _text("reason", "why it is dead or void", null=True),
        _text("task_id", "the CRM's id of the task that was made of it", null=True),
        _text("owner_id", "the CRM's id of the person who is told; empty: nobody; NULL: not chosen yet", null=True),
        _number("day", "the day, in the account's zone, to which its task counts, as days since the year 1", null=True),
        _number("digest", "notices.number of the digest that tells it", null=True),
        _number("put_at", "when we knew of it"),
        _number("done_at", "when it was told or given up", null=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        comment="what sales is told, each crossing once",
    )
    op.create_index("notices_by_state", "notices", ["state", "put_at"])
    op.create_index("notices_by_day", "notices", ["day", "owner_id"])
    op.create_index("notices_by_subject", "notices", ["subject"])
    _queue("tellings", "makes its task", "notices that become tasks in the CRM")
    _queue("postings", "posts it", "notices that are posted to an address of the customer")


def _queue(name: str, what: str, comment: str) -> None:
    op.create_table(
        name,
        _key("notice", "notices.number"),
        _number("since", "when it was put here"),
        _number("mark", "always 1"),
        _text("owner", f"who {what} now", null=True),
        _number("until", "when the owner's lease ends", null=True),
        _number("fence", "counts the leases"),
        _number("tries", "how many times it may have been sent without an answer"),
        _number("not_before", "wait until then"),
        sa.PrimaryKeyConstraint("notice"),
        comment=comment,
    )
    op.create_index(f"{name}_by_since", name, ["since"])
