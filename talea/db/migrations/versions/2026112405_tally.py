# SPDX-License-Identifier: Apache-2.0
"""What clusters hold, and whose has changed."""

from alembic import op
import sqlalchemy as sa

from talea.db import types

revision = '2026112405'
down_revision = '2026112404'

_COUNTED = (
    'nodes',
    'unmatched_nodes',
    'unknown_nodes',
    'floating_ips',
    'volumes',
    'vcpus',
    'memory_mb',
    'local_gb',
    'volume_gb',
)


def upgrade():
    # Both stay empty: conductors mark what there is when they start.
    op.create_table(
        'tally',
        sa.Column('project_id', types.Name(), primary_key=True),
        sa.Column('cluster_id', types.Name(), primary_key=True),
        sa.Column('name', types.Name(), nullable=False),
        sa.Column('status', types.Name(64), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in _COUNTED
        ),
    )
    op.create_index(
        'tally_project_id_status_idx', 'tally', ['project_id', 'status']
    )
    op.create_index('tally_cluster_id_idx', 'tally', ['cluster_id'])
    op.create_index('tally_name_idx', 'tally', ['name'])
    op.create_table(
        'tally_mark',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('project_id', types.Name(), nullable=False),
        sa.Column('marked_at', types.UtcDateTime(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(
        'tally_mark_project_id_idx', 'tally_mark', ['project_id', 'marked_at']
    )
