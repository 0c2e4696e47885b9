# SPDX-License-Identifier: Apache-2.0
"""The face of CloudKitty: /v2, and of /v1 what its client still asks for."""

from talea.api.controllers.rating import dataframes
from talea.api.controllers.rating import first
from talea.api.controllers.rating import info
from talea.api.controllers.rating import modules
from talea.api.controllers.rating import refused
from talea.api.controllers.rating import report
from talea.api.controllers.rating import reprocesses
from talea.api.controllers.rating import scope
from talea.api.controllers.rating import summary

# Under /v1, beside what Almanach has there.
V1 = {
    'collector': refused.Collector,
    'rating': first.Rating,
    'report': report.Report,
    'storage': refused.Storage,
}
# Under /v1/info, which itself is Almanach's.
INFO = {
    'config': info.Config,
    'metrics': info.Metrics,
}
# Under /v2.
V2 = {
    'dataframes': dataframes.Dataframes,
    'rating': modules.Rating,
    'scope': scope.Scope,
    'summary': summary.Summary,
    'task': reprocesses.Tasks,
}
