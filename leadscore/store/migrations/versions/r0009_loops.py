"""Counts how often people are scored in spans of minutes, so that a loop is seen wherever in an hour it begins."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _number(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=False, comment=comment)


def upgrade() -> None:
    """What was counted by the hour goes: it tells of the last hour at most."""
    op.drop_table("rescores")
    op.create_table(
        "rescores",
        _number("subject", "who"),
        _number("since", "the first instant of the span, of five minutes"),
        _number("count", "how many times facts made us score the subject in it"),
        sa.PrimaryKeyConstraint("subject", "since"),
        comment="how often subjects were scored again, to see a loop through somebody's workflow",
        sqlite_with_rowid=False,
    )
    op.create_index("rescores_by_since", "rescores", ["since"])
