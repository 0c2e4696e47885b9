# SPDX-License-Identifier: Apache-2.0
"""Projects that have usage."""

from collections.abc import Iterable
from typing import Any

from talea.objects import entity
from talea.processor.fetchers import base


class Ledger(base.Fetcher):
    def fetch(self, context: Any) -> Iterable[base.Found]:
        return [
            base.Found(project, first)
            for project, first in entity.projects(context)
        ]
