# SPDX-License-Identifier: Apache-2.0
from alembic import context

from talea.db import models


def run():
    engine = context.config.attributes['engine']
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=models.METADATA
        )
        with context.begin_transaction():
            context.run_migrations()


run()
