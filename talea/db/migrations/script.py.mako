# SPDX-License-Identifier: Apache-2.0
"""${message}"""

from alembic import op
import sqlalchemy as sa

from talea.db import types

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}
