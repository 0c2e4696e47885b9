# SPDX-License-Identifier: Apache-2.0
"""Scopes can be switched off and on.

The columns come with a constant default, which MariaDB and PostgreSQL keep
beside the table instead of writing every row; it is dropped at once, for no
later row may take the time of this migration.
"""

import datetime

from alembic import op
import sqlalchemy as sa

from talea.db import types

revision = '2026112402'
down_revision = '2026112401'

_BEGINNING = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def upgrade():
    bind = op.get_bind()
    now = datetime.datetime.now(datetime.UTC)
    literal = f'{now:%Y-%m-%d %H:%M:%S.%f}'
    if bind.dialect.name == 'postgresql':
        literal += '+00:00'
    op.add_column(
        'scope',
        sa.Column(
            'active', sa.Boolean(), nullable=False, server_default=sa.true()
        ),
    )
    op.add_column(
        'scope',
        sa.Column(
            'scope_activation_toggle_date',
            types.UtcDateTime(),
            nullable=False,
            server_default=sa.text(f"'{literal}'"),
        ),
    )
    with op.batch_alter_table('scope') as batch:
        batch.alter_column(
            'active',
            existing_type=sa.Boolean(),
            existing_nullable=False,
            server_default=None,
        )
        batch.alter_column(
            'scope_activation_toggle_date',
            existing_type=types.UtcDateTime(),
            existing_nullable=False,
            server_default=None,
        )
    op.create_index('scope_active_idx', 'scope', ['active', 'id'])
    activation = op.create_table(
        'activation',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('scope_pk', sa.BigInteger(), nullable=False),
        sa.Column('begin_at', types.UtcDateTime(), nullable=False),
        sa.Column('end_at', types.OpenEnd(), nullable=False),
        sa.UniqueConstraint(
            'scope_pk', 'begin_at', name='uniq_activation0scope_pk0begin_at'
        ),
    )
    # They have been active ever since.
    scope = sa.table('scope', sa.column('id', sa.BigInteger()))
    op.execute(
        activation.insert().from_select(
            ['scope_pk', 'begin_at', 'end_at'],
            sa.select(
                scope.c.id,
                sa.literal(_BEGINNING, types.UtcDateTime()),
                sa.literal(None, types.OpenEnd()),
            ),
        )
    )
