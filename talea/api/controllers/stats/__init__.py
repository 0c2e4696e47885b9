# SPDX-License-Identifier: Apache-2.0
"""The face of Magnum: its statistics, bare and under /v1."""

from talea.api.controllers.stats import stats

CHILDREN = {'stats': stats.Stats}
