# SPDX-License-Identifier: Apache-2.0
"""Scopes, and until when each is processed."""

from alembic import op
import sqlalchemy as sa

from talea.db import types

revision = '2026112401'
down_revision = '2026112101'


def upgrade():
    op.create_table(
        'scope',
        sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
        sa.Column('identifier', types.Name(), nullable=False),
        sa.Column('scope_key', types.Name(40), nullable=False),
        sa.Column('fetcher', types.Name(40), nullable=False),
        sa.Column('collector', types.Name(40), nullable=False),
        sa.Column('state', types.UtcDateTime(), nullable=False),
        sa.UniqueConstraint(
            'identifier',
            'scope_key',
            'fetcher',
            'collector',
            name='uniq_scope0identifier0scope_key0fetcher0collector',
        ),
    )
    for column in ('scope_key', 'fetcher', 'collector', 'state'):
        op.create_index(f'scope_{column}_idx', 'scope', [column, 'id'])
