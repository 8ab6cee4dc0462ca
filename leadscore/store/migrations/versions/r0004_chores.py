"""What is done again and again, when it is next, and who is at it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _number(name: str, comment: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null, comment=comment)


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, comment=comment)


def upgrade() -> None:
    op.create_table(
        "chores",
        _text("name", "what is done"),
        _number("asked_at", "since when somebody is to do it; NULL: not now", null=True),
        _number("next_at", "when it is to be asked for again"),
        _number("every", "ms between two turns at present"),
        _text("owner", "who is at it", null=True),
        _number("until", "when the owner's lease ends", null=True),
        _number("fence", "counts the leases: an older one may save nothing"),
        _number("ran_at", "when it last ended", null=True),
        _text("outcome", "done, or why it was not", null=True),
        _number("moved", "how much of what the last turn found was new"),
        sa.PrimaryKeyConstraint("name"),
        comment="what is done again and again: looks into the CRM for what no webhook tells",
    )
