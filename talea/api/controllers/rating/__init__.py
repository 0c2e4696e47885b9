# SPDX-License-Identifier: Apache-2.0
"""The face of CloudKitty: /v2, and of /v1 what its client still asks for."""

from talea.api.controllers.rating import scope

# Under /v1, beside what Almanach has there.
V1 = {}
# Under /v1/info, which itself is Almanach's.
INFO = {}
# Under /v2.
V2 = {'scope': scope.Scope}
