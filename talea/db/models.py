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

# -- scopes and rating --------------------------------------------------------

SCOPE = sa.Table(
    'scope',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('identifier', types.Name(), nullable=False),
    sa.Column('scope_key', types.Name(40), nullable=False),
    sa.Column('fetcher', types.Name(40), nullable=False),
    sa.Column('collector', types.Name(40), nullable=False),
    sa.Column('state', types.UtcDateTime(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column(
        'scope_activation_toggle_date', types.UtcDateTime(), nullable=False
    ),
    sa.Column('generation', sa.BigInteger(), nullable=False),
    # Nothing of a scope is rated before it.
    sa.Column('rates_from', types.UtcDateTime(), nullable=False),
    sa.Column('rated_until', types.UtcDateTime(), nullable=False),
    sa.Column('due_at', types.OpenEnd(), nullable=False),
    sa.Column('retry_at', types.UtcDateTime()),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('last_error', types.LongText),
    sa.Column('revised_at', types.UtcDateTime()),
    sa.UniqueConstraint(
        'identifier',
        'scope_key',
        'fetcher',
        'collector',
        name='uniq_scope0identifier0scope_key0fetcher0collector',
    ),
    sa.Index('scope_scope_key_idx', 'scope_key', 'id'),
    sa.Index('scope_fetcher_idx', 'fetcher', 'id'),
    sa.Index('scope_collector_idx', 'collector', 'id'),
    sa.Index('scope_state_idx', 'state', 'id'),
    sa.Index('scope_active_idx', 'active', 'id'),
    sa.Index('scope_due_at_idx', 'due_at', 'id'),
)

ACTIVATION = sa.Table(
    'activation',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('scope_pk', sa.BigInteger(), nullable=False),
    sa.Column('begin_at', types.UtcDateTime(), nullable=False),
    sa.Column('end_at', types.OpenEnd(), nullable=False),
    sa.UniqueConstraint(
        'scope_pk', 'begin_at', name='uniq_activation0scope_pk0begin_at'
    ),
)

SKIP = sa.Table(
    'skip',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('scope_pk', sa.BigInteger(), nullable=False),
    sa.Column('begin_at', types.UtcDateTime(), nullable=False),
    sa.Column('end_at', types.UtcDateTime(), nullable=False),
    sa.UniqueConstraint(
        'scope_pk', 'begin_at', name='uniq_skip0scope_pk0begin_at'
    ),
)

STALE = sa.Table(
    'stale',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('scope_id', types.Name(), nullable=False),
    sa.Column('scope_pk', sa.BigInteger()),
    sa.Column('begin_at', types.UtcDateTime(), nullable=False),
    sa.Column('end_at', types.OpenEnd(), nullable=False),
    sa.Column('reprocess_id', sa.BigInteger()),
    sa.Index('stale_scope_id_idx', 'scope_id', 'begin_at'),
    sa.Index('stale_reprocess_id_idx', 'reprocess_id'),
)

GENERATION = sa.Table(
    'generation',
    METADATA,
    sa.Column('name', types.Name(40), primary_key=True),
    sa.Column('number', sa.BigInteger(), nullable=False),
)

WATERMARK = sa.Table(
    'watermark',
    METADATA,
    sa.Column('deployment', types.Name(), primary_key=True),
    sa.Column('service', types.Name(), primary_key=True),
    sa.Column('sent_at', types.UtcDateTime(), nullable=False),
    sa.Column('received_at', types.UtcDateTime(), nullable=False),
)

SCOPE_RESET = sa.Table(
    'scope_reset',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('state', types.UtcDateTime(), nullable=False),
    sa.Column('filters', types.LongText, nullable=False),
    sa.Column('requested_at', types.UtcDateTime(), nullable=False),
)

REPROCESS = sa.Table(
    'reprocess',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('scope_pk', sa.BigInteger(), nullable=False),
    sa.Column('scope_id', types.Name(), nullable=False),
    sa.Column('begin_at', types.UtcDateTime(), nullable=False),
    sa.Column('end_at', types.UtcDateTime(), nullable=False),
    sa.Column('current_at', types.UtcDateTime()),
    sa.Column('status', types.Name(16), nullable=False),
    sa.Column('reason', types.LongText, nullable=False),
    sa.Column('requested_at', types.UtcDateTime(), nullable=False),
    sa.Index('reprocess_scope_pk_idx', 'scope_pk', 'status'),
    sa.Index('reprocess_scope_id_idx', 'scope_id', 'id'),
)

FRAME = sa.Table(
    'frame',
    METADATA,
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
    # What lists count with, so that they need not read all of the points.
    sa.Index(
        'frame_scope_id_idx',
        'scope_id',
        'begin_at',
        'id',
        'superseded_at',
        'number',
    ),
    sa.Index(
        'frame_begin_at_idx', 'begin_at', 'id', 'superseded_at', 'number'
    ),
)

PUSH = sa.Table(
    'push',
    METADATA,
    sa.Column('idempotency_key', types.Name(), primary_key=True),
    sa.Column('digest', types.Name(64), nullable=False),
    sa.Column('pushed_at', types.UtcDateTime(), nullable=False),
)

CELL = sa.Table(
    'cell',
    METADATA,
    sa.Column('id', types.Name(24), primary_key=True),
    sa.Column('scope_key', types.Name(40), nullable=False),
    sa.Column('metric', types.Name(), nullable=False),
    sa.Column('unit', types.Name(), nullable=False),
    sa.Column('groupby', types.LongText, nullable=False),
    sa.Index('cell_scope_key_idx', 'scope_key'),
)

ROLLUP = sa.Table(
    'rollup',
    METADATA,
    sa.Column(
        'span', sa.SmallInteger(), primary_key=True, autoincrement=False
    ),
    sa.Column('begin_at', types.UtcDateTime(), primary_key=True),
    sa.Column('scope_id', types.Name(), primary_key=True),
    sa.Column('cell_id', types.Name(24), primary_key=True),
    sa.Column('quantity', types.Number(), nullable=False),
    sa.Column('price', types.Number(), nullable=False),
    sa.Index('rollup_scope_id_idx', 'scope_id', 'span', 'begin_at'),
)

RATING_MODULE = sa.Table(
    'rating_module',
    METADATA,
    sa.Column('name', types.Name(), primary_key=True),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
)


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


HASHMAP_SERVICE = sa.Table(
    'hashmap_service',
    METADATA,
    sa.Column('id', types.Name(36), primary_key=True),
    sa.Column('name', types.Name(), nullable=False),
    *_deletable(),
    sa.UniqueConstraint(
        'name', 'deleted_at', name='uniq_hashmap_service0name0deleted_at'
    ),
)

HASHMAP_FIELD = sa.Table(
    'hashmap_field',
    METADATA,
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

HASHMAP_GROUP = sa.Table(
    'hashmap_group',
    METADATA,
    sa.Column('id', types.Name(36), primary_key=True),
    sa.Column('name', types.Name(), nullable=False),
    *_deletable(),
    sa.UniqueConstraint(
        'name', 'deleted_at', name='uniq_hashmap_group0name0deleted_at'
    ),
)

HASHMAP_MAPPING = sa.Table(
    'hashmap_mapping',
    METADATA,
    sa.Column('id', types.Name(36), primary_key=True),
    sa.Column('value', types.Name()),
    *_priced(),
    *_deletable(),
    sa.Index('hashmap_mapping_service_id_idx', 'service_id'),
    sa.Index('hashmap_mapping_field_id_idx', 'field_id'),
    sa.Index('hashmap_mapping_group_id_idx', 'group_id'),
    sa.Index('hashmap_mapping_successor_id_idx', 'successor_id'),
)

HASHMAP_THRESHOLD = sa.Table(
    'hashmap_threshold',
    METADATA,
    sa.Column('id', types.Name(36), primary_key=True),
    sa.Column('level', types.Number(), nullable=False),
    *_priced(),
    *_deletable(),
    sa.Index('hashmap_threshold_service_id_idx', 'service_id'),
    sa.Index('hashmap_threshold_field_id_idx', 'field_id'),
    sa.Index('hashmap_threshold_group_id_idx', 'group_id'),
    sa.Index('hashmap_threshold_successor_id_idx', 'successor_id'),
)

# -- stats --------------------------------------------------------------------

TALLY = sa.Table(
    'tally',
    METADATA,
    sa.Column('project_id', types.Name(), primary_key=True),
    sa.Column('cluster_id', types.Name(), primary_key=True),
    sa.Column('name', types.Name(), nullable=False),
    sa.Column('status', types.Name(64), nullable=False),
    *(
        sa.Column(name, sa.BigInteger(), nullable=False)
        for name in (
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
    ),
    sa.Index('tally_project_id_status_idx', 'project_id', 'status'),
    sa.Index('tally_cluster_id_idx', 'cluster_id'),
    sa.Index('tally_name_idx', 'name'),
)

TALLY_MARK = sa.Table(
    'tally_mark',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('project_id', types.Name(), nullable=False),
    sa.Column('marked_at', types.UtcDateTime(), nullable=False),
    sa.Index('tally_mark_project_id_idx', 'project_id', 'marked_at'),
    # Who takes marks away counts on it that no other has the same id.
    sqlite_autoincrement=True,
)
