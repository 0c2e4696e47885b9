# SPDX-License-Identifier: Apache-2.0
"""Scopes that the configuration lists."""

from collections.abc import Iterable
from typing import Any

from talea.objects import entity
from talea.processor.fetchers import base


class Source(base.Fetcher):
    def fetch(self, context: Any) -> Iterable[base.Found]:
        first = dict(entity.projects(context))
        return [
            base.Found(scope_id, first.get(scope_id))
            for scope_id in self.options.scopes
        ]
