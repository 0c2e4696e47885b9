# SPDX-License-Identifier: Apache-2.0
"""Rating modules, and the rules of hashmap."""

from alembic import op
import sqlalchemy as sa

from talea.db import types

revision = '2026112404'
down_revision = '2026112403'


def _deletable():
    """Return the columns of what is never really deleted."""
    return (
        sa.Column('created_at', types.UtcDateTime(), nullable=False),
        sa.Column('created_by', types.Name()),
        sa.Column('deleted_at', types.OpenEnd(), nullable=False),
        sa.Column('deleted_by', types.Name()),
    )


def _priced():
    """Return the columns that mappings and thresholds have in common."""
    return (
        sa.Column('cost', types.Number(), nullable=False),
        sa.Column('type', types.Name(16), nullable=False),
        sa.Column('service_id', types.Name(36)),
        sa.Column('field_id', types.Name(36)),
        sa.Column('group_id', types.Name(36)),
        sa.Column('tenant_id', types.Name()),
        sa.Column('start_at', types.UtcDateTime(), nullable=False),
        sa.Column('end_at', types.OpenEnd(), nullable=False),
        sa.Column('name', types.Name(32)),
        sa.Column('description', types.LongText),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('updated_by', types.Name()),
        sa.Column('successor_id', types.Name(36)),
    )


def upgrade():
    op.create_table(
        'rating_module',
        sa.Column('name', types.Name(), primary_key=True),
        sa.Column('enabled', sa.Boolean(), nullable=False),
        sa.Column('priority', sa.Integer(), nullable=False),
    )
    op.create_table(
        'hashmap_service',
        sa.Column('id', types.Name(36), primary_key=True),
        sa.Column('name', types.Name(), nullable=False),
        *_deletable(),
        sa.UniqueConstraint(
            'name', 'deleted_at', name='uniq_hashmap_service0name0deleted_at'
        ),
    )
    op.create_table(
        'hashmap_field',
        sa.Column('id', types.Name(36), primary_key=True),
        sa.Column('service_id', types.Name(36), nullable=False),
        sa.Column('name', types.Name(), nullable=False),
        *_deletable(),
        sa.UniqueConstraint(
            'service_id',
            'name',
            'deleted_at',
            name='uniq_hashmap_field0service_id0name0deleted_at',
        ),
    )
    op.create_table(
        'hashmap_group',
        sa.Column('id', types.Name(36), primary_key=True),
        sa.Column('name', types.Name(), nullable=False),
        *_deletable(),
        sa.UniqueConstraint(
            'name', 'deleted_at', name='uniq_hashmap_group0name0deleted_at'
        ),
    )
    op.create_table(
        'hashmap_mapping',
        sa.Column('id', types.Name(36), primary_key=True),
        sa.Column('value', types.Name()),
        *_priced(),
        *_deletable(),
    )
    op.create_index(
        'hashmap_mapping_service_id_idx', 'hashmap_mapping', ['service_id']
    )
    op.create_index(
        'hashmap_mapping_field_id_idx', 'hashmap_mapping', ['field_id']
    )
    op.create_index(
        'hashmap_mapping_group_id_idx', 'hashmap_mapping', ['group_id']
    )
    op.create_index(
        'hashmap_mapping_successor_id_idx', 'hashmap_mapping', ['successor_id']
    )
    op.create_table(
        'hashmap_threshold',
        sa.Column('id', types.Name(36), primary_key=True),
        sa.Column('level', types.Number(), nullable=False),
        *_priced(),
        *_deletable(),
    )
    op.create_index(
        'hashmap_threshold_service_id_idx', 'hashmap_threshold', ['service_id']
    )
    op.create_index(
        'hashmap_threshold_field_id_idx', 'hashmap_threshold', ['field_id']
    )
    op.create_index(
        'hashmap_threshold_group_id_idx', 'hashmap_threshold', ['group_id']
    )
    op.create_index(
        'hashmap_threshold_successor_id_idx',
        'hashmap_threshold',
        ['successor_id'],
    )
