"""What keeps work from going on at present, for those who run the service."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _number(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=False, comment=comment)


def _text(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, comment=comment)


def upgrade() -> None:
    op.create_table(
        "troubles",
        _text("name", "which work meets it"),
        _text("error", "of what sort it is"),
        _text("said", "what is wrong and what to do, as a sentence"),
        _number("since", "when it was met first"),
        _number("seen_at", "when it was met last"),
        sa.PrimaryKeyConstraint("name"),
        comment="what keeps work from going on at present",
    )
