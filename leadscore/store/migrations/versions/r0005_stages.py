"""Stages on their way into the CRM, and what we know of those that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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
    """The intents of before were never written to: they are made anew."""
    op.drop_table("stage_intents")
    _intents()
    op.create_table(
        "known_stages",
        _key("record", "records.id"),
        _text("value", "the CRM's value when we last looked; empty: none"),
        _text("shown", "the value that the record was last read with when we decided"),
        _number("ours", "1: it was our decision, and nobody changed it since"),
        _number("set_at", "of ours: the as_of of the decision; else the CRM's time of the edit", null=True),
        _text("by", "not of ours: person, program, default", null=True),
        _text("written", "the value that we wrote last", null=True),
        _number("written_at", "when, by the CRM's clock", null=True),
        _text("cleared", "the value that we emptied the field of and have not followed by another yet", null=True),
        _text("basis", "what the last decision rested on: another one is due when it differs"),
        _text("wish", "our word for the stage that an observing model would set", null=True),
        _text("reason", "why it would, as a sentence", null=True),
        _number("at", "when it was decided"),
        sa.PrimaryKeyConstraint("record"),
        comment="whose the stage of each record is, as far as stages were ever to be decided",
    )
    op.create_table(
        "stage_moves",
        _number("record", "records.id"),
        _number("at", "when it ended"),
        _number("subject", "whose stage it is"),
        _text("before", "the CRM's value for the stage left; empty: none"),
        _text("after", "the CRM's value for the stage to be entered"),
        _text("stage", "our word for the stage to be entered"),
        _text("reason", "why, as a sentence; why not, where it was not taken"),
        _number("entered", "1: the score rose into the stage"),
        _number("released", "1: a person let it go on, so the fuse does not count it"),
        _text("outcome", "done, passed, moved, not_taken, rejected, missing; observed: only shown"),
        sa.PrimaryKeyConstraint("record", "at"),
        comment="changes of stages in the CRM that we made or tried",
        sqlite_with_rowid=False,
    )
    op.create_index("stage_moves_by_time", "stage_moves", ["at"])
    op.create_table(
        "stage_notes",
        _text("name", "fuse: why changes stand still; models: why none is made; enrol: who stood there before counts"),
        _number("at", "since when"),
        _text("said", "a sentence"),
        sa.PrimaryKeyConstraint("name"),
        comment="what holds for all changes of stages",
    )


def _intents() -> None:
    op.create_table(
        "stage_intents",
        _key("record", "records.id"),
        _number("subject", "whose stage it is"),
        _text(
            "step",
            "what comes next: decide; ready (decided, not begun); write, confirm (up); clear, set, confirm (down)",
        ),
        _text("first", "the step with which a decided change begins", null=True),
        _text("model", "name of the model that decided", null=True),
        _text("field", "the CRM's property that keeps the stage", null=True),
        _text("before", "the CRM's value for the stage left; empty: none", null=True),
        _text("after", "the CRM's value for the stage to be entered", null=True),
        _text("stage", "our word for the stage to be entered", null=True),
        _text("reason", "why, as a sentence", null=True),
        _number("as_of", "the instant of the score that decided", null=True),
        _number("crossed_at", "when the score came to stand for the stage, for who is told of it", null=True),
        _number("entered", "1: the score rose into the stage, which is told once"),
        _number("put_back", "1: the stage that we emptied the field of returns as it was"),
        _number("released", "1: a person lets it go on, whatever the fuse says"),
        _text("waits", "what a decided change waits for: fuse, day; NULL: nothing", null=True),
        _number("since", "when it was first asked for"),
        _number("mark", "counts what asked for it, so that what comes while deciding is not lost"),
        _text("owner", "who is at it now", null=True),
        _number("until", "when the owner's lease ends", null=True),
        _number("fence", "counts the leases"),
        _number("tries", "how many times the step was begun without an end"),
        _number("not_before", "wait until then"),
        sa.PrimaryKeyConstraint("record"),
        comment="records whose lifecycle stage may have to change, and changes on their way to the CRM",
    )
    op.create_index("stage_intents_by_step", "stage_intents", ["step", "since"])
