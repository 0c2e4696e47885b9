# SPDX-License-Identifier: Apache-2.0
"""What settling needs to know of a scope, and what it writes."""

from alembic import op
import sqlalchemy as sa

from talea.db import types

revision = '2026112403'
down_revision = '2026112402'


def upgrade():
    _extend_scope()
    _create_work()
    _create_results()


def _extend_scope():
    """Add columns: constant defaults first, then what follows from others."""
    beginning = "'1970-01-01 00:00:00.000000'"
    if op.get_bind().dialect.name == 'postgresql':
        beginning = "'1970-01-01 00:00:00+00:00'"
    columns = {
        'generation': (sa.BigInteger(), '0'),
        'rates_from': (types.UtcDateTime(), beginning),
        'rated_until': (types.UtcDateTime(), beginning),
        'due_at': (types.OpenEnd(), beginning),
        'failures': (sa.Integer(), '0'),
    }
    for name, (kind, default) in columns.items():
        op.add_column(
            'scope',
            sa.Column(
                name, kind, nullable=False, server_default=sa.text(default)
            ),
        )
    with op.batch_alter_table('scope') as batch:
        for name, (kind, _) in columns.items():
            batch.alter_column(
                name,
                existing_type=kind,
                existing_nullable=False,
                server_default=None,
            )
    op.add_column('scope', sa.Column('retry_at', types.UtcDateTime()))
    op.add_column('scope', sa.Column('last_error', types.LongText))
    op.add_column('scope', sa.Column('revised_at', types.UtcDateTime()))
    op.execute(
        'UPDATE scope SET rates_from = state, rated_until = state, '
        'due_at = state'
    )
    op.create_index('scope_due_at_idx', 'scope', ['due_at', 'id'])


def _create_work():
    op.create_table(
        'skip',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('scope_pk', sa.BigInteger(), nullable=False),
        sa.Column('begin_at', types.UtcDateTime(), nullable=False),
        sa.Column('end_at', types.UtcDateTime(), nullable=False),
        sa.UniqueConstraint(
            'scope_pk', 'begin_at', name='uniq_skip0scope_pk0begin_at'
        ),
    )
    op.create_table(
        'stale',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('scope_id', types.Name(), nullable=False),
        sa.Column('scope_pk', sa.BigInteger()),
        sa.Column('begin_at', types.UtcDateTime(), nullable=False),
        sa.Column('end_at', types.OpenEnd(), nullable=False),
        sa.Column('reprocess_id', sa.BigInteger()),
    )
    op.create_index('stale_scope_id_idx', 'stale', ['scope_id', 'begin_at'])
    op.create_index('stale_reprocess_id_idx', 'stale', ['reprocess_id'])
    op.create_table(
        'generation',
        sa.Column('name', types.Name(40), primary_key=True),
        sa.Column('number', sa.BigInteger(), nullable=False),
    )
    op.create_table(
        'watermark',
        sa.Column('deployment', types.Name(), primary_key=True),
        sa.Column('service', types.Name(), primary_key=True),
        sa.Column('sent_at', types.UtcDateTime(), nullable=False),
        sa.Column('received_at', types.UtcDateTime(), nullable=False),
    )
    op.create_table(
        'scope_reset',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('state', types.UtcDateTime(), nullable=False),
        sa.Column('filters', types.LongText, nullable=False),
        sa.Column('requested_at', types.UtcDateTime(), nullable=False),
    )
    op.create_table(
        'reprocess',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('scope_pk', sa.BigInteger(), nullable=False),
        sa.Column('scope_id', types.Name(), nullable=False),
        sa.Column('begin_at', types.UtcDateTime(), nullable=False),
        sa.Column('end_at', types.UtcDateTime(), nullable=False),
        sa.Column('current_at', types.UtcDateTime()),
        sa.Column('status', types.Name(16), nullable=False),
        sa.Column('reason', types.LongText, nullable=False),
        sa.Column('requested_at', types.UtcDateTime(), nullable=False),
    )
    op.create_index(
        'reprocess_scope_pk_idx', 'reprocess', ['scope_pk', 'status']
    )
    op.create_index('reprocess_scope_id_idx', 'reprocess', ['scope_id', 'id'])


def _create_results():
    op.create_table(
        'frame',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('scope_pk', sa.BigInteger()),
        sa.Column('scope_key', types.Name(40), nullable=False),
        sa.Column('scope_id', types.Name(), nullable=False),
        sa.Column('begin_at', types.UtcDateTime(), nullable=False),
        sa.Column('end_at', types.UtcDateTime(), nullable=False),
        sa.Column('usage_at', types.UtcDateTime(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('settled_at', types.UtcDateTime(), nullable=False),
        sa.Column('superseded_at', types.OpenEnd(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('points', types.LongText, nullable=False),
        sa.UniqueConstraint(
            'scope_pk',
            'usage_at',
            'begin_at',
            'revision',
            name='uniq_frame0scope_pk0usage_at0begin_at0revision',
        ),
    )
    op.create_index(
        'frame_scope_id_idx',
        'frame',
        ['scope_id', 'begin_at', 'id', 'superseded_at', 'number'],
    )
    op.create_index(
        'frame_begin_at_idx',
        'frame',
        ['begin_at', 'id', 'superseded_at', 'number'],
    )
    op.create_table(
        'push',
        sa.Column('idempotency_key', types.Name(), primary_key=True),
        sa.Column('digest', types.Name(64), nullable=False),
        sa.Column('pushed_at', types.UtcDateTime(), nullable=False),
    )
    op.create_table(
        'cell',
        sa.Column('id', types.Name(24), primary_key=True),
        sa.Column('scope_key', types.Name(40), nullable=False),
        sa.Column('metric', types.Name(), nullable=False),
        sa.Column('unit', types.Name(), nullable=False),
        sa.Column('groupby', types.LongText, nullable=False),
    )
    op.create_index('cell_scope_key_idx', 'cell', ['scope_key'])
    op.create_table(
        'rollup',
        sa.Column(
            'span', sa.SmallInteger(), primary_key=True, autoincrement=False
        ),
        sa.Column('begin_at', types.UtcDateTime(), primary_key=True),
        sa.Column('scope_id', types.Name(), primary_key=True),
        sa.Column('cell_id', types.Name(24), primary_key=True),
        sa.Column('quantity', types.Number(), nullable=False),
        sa.Column('price', types.Number(), nullable=False),
    )
    op.create_index(
        'rollup_scope_id_idx', 'rollup', ['scope_id', 'span', 'begin_at']
    )
