"""Whom of several people in a film to judge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The largest, where nobody was asked."""
    op.add_column("jobs", sa.Column("person", sa.String(24), nullable=False, server_default="largest"))
