"""Which returns had changed since the release before: None where a release is older than this."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # SQLite would write a column that is only added behind the constraints: the table is made anew as all others are.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("release", recreate="always" if is_sqlite else "never") as batch:
        batch.add_column(sa.Column("changed_returns", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("release") as batch:
        batch.drop_column("changed_returns")
