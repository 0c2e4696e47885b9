# SPDX-License-Identifier: Apache-2.0
"""The face of CloudKitty: /v2, and of /v1 what its client still asks for."""

from talea.api.controllers.rating import dataframes
from talea.api.controllers.rating import reprocesses
from talea.api.controllers.rating import scope
from talea.api.controllers.rating import summary

# Under /v1, beside what Almanach has there.
V1 = {}
# Under /v1/info, which itself is Almanach's.
INFO = {}
# Under /v2.
V2 = {
    'dataframes': dataframes.Dataframes,
    'scope': scope.Scope,
    'summary': summary.Summary,
    'task': reprocesses.Tasks,
}
