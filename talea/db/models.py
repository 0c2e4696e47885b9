# SPDX-License-Identifier: Apache-2.0
"""The tables, and nothing else.

Constraint names are spelled by hand, so that migrations can name them on
every engine.
"""

import sqlalchemy as sa

from talea.db import types

METADATA = sa.MetaData()

NOTIFICATION = sa.Table(
    'notification',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('message_id', types.Name(), nullable=False),
    sa.Column('deployment', types.Name(), nullable=False),
    sa.Column('exchange', types.Name(), nullable=False),
    sa.Column('routing_key', types.Name(), nullable=False),
    sa.Column('priority', types.Name(16), nullable=False),
    sa.Column('event_type', types.Name(), nullable=False),
    sa.Column('publisher_id', types.Name(), nullable=False),
    sa.Column('service', types.Name(), nullable=False),
    sa.Column('host', types.Name()),
    sa.Column('request_id', types.Name()),
    sa.Column('project_id', types.Name()),
    sa.Column('user_id', types.Name()),
    sa.Column('resource_id', types.Name()),
    sa.Column('state', types.Name(64)),
    sa.Column('old_state', types.Name(64)),
    sa.Column('task', types.Name(64)),
    sa.Column('old_task', types.Name(64)),
    sa.Column('fact_at', types.UtcDateTime(), nullable=False),
    sa.Column('sent_at', types.UtcDateTime(), nullable=False),
    sa.Column('received_at', types.UtcDateTime(), nullable=False),
    sa.Column('faulty', sa.Boolean(), nullable=False),
    sa.Column('fault', types.LongText),
    sa.Column('body', types.LongBytes, nullable=False),
    sa.UniqueConstraint('message_id', name='uniq_notification0message_id'),
    sa.Index('notification_received_at_idx', 'received_at', 'id'),
    sa.Index('notification_sent_at_idx', 'sent_at'),
    sa.Index('notification_faulty_idx', 'faulty', 'id'),
)

RESOURCE = sa.Table(
    'resource',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('resource_type', types.Name(32), nullable=False),
    sa.Column('resource_id', types.Name(), nullable=False),
    sa.Column('generation', sa.BigInteger(), nullable=False),
    sa.Column('last_fact_at', types.UtcDateTime()),
    sa.Column('last_rank', sa.SmallInteger()),
    sa.Column('last_message_id', types.Name()),
    sa.Column('memory', types.LongText, nullable=False),
    sa.UniqueConstraint(
        'resource_type',
        'resource_id',
        name='uniq_resource0resource_type0resource_id',
    ),
)

EVENT = sa.Table(
    'event',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('message_id', types.Name(), nullable=False),
    sa.Column('resource_pk', sa.BigInteger(), nullable=False),
    sa.Column('fact_at', types.UtcDateTime(), nullable=False),
    sa.Column('kind', types.Name(32), nullable=False),
    sa.Column('source', types.Name(16), nullable=False),
    sa.Column('attributes', types.LongText, nullable=False),
    sa.UniqueConstraint(
        'message_id', 'resource_pk', name='uniq_event0message_id0resource_pk'
    ),
    sa.Index('event_resource_pk_idx', 'resource_pk', 'fact_at'),
)

ENTITY = sa.Table(
    'entity',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('resource_pk', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('entity_type', types.Name(32), nullable=False),
    sa.Column('entity_id', types.Name(), nullable=False),
    sa.Column('project_id', types.Name(), nullable=False),
    sa.Column('start_at', types.UtcDateTime(), nullable=False),
    sa.Column('end_at', types.OpenEnd(), nullable=False),
    sa.Column('last_event_at', types.UtcDateTime(), nullable=False),
    sa.Column('processed_at', types.UtcDateTime(), nullable=False),
    sa.Column('name', types.LongText),
    sa.Column('flavor', types.LongText),
    sa.Column('volume_type_id', types.LongText),
    sa.Column('attributes', types.LongText, nullable=False),
    sa.Column('source', types.Name(16), nullable=False),
    sa.UniqueConstraint(
        'resource_pk', 'seq', name='uniq_entity0resource_pk0seq'
    ),
    sa.Index('entity_entity_id_idx', 'entity_id', 'start_at'),
    sa.Index('entity_project_id_start_at_idx', 'project_id', 'start_at'),
    sa.Index('entity_project_id_end_at_idx', 'project_id', 'end_at'),
    sa.Index('entity_start_at_idx', 'start_at'),
    sa.Index('entity_entity_type_end_at_idx', 'entity_type', 'end_at'),
)

REBUILD = sa.Table(
    'rebuild',
    METADATA,
    sa.Column('name', types.Name(), primary_key=True),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('started_at', types.UtcDateTime(), nullable=False),
)
