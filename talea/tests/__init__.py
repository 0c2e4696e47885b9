# SPDX-License-Identifier: Apache-2.0
# Tests run in native threads, as all processes of Talea do; whoever imports
# oslo.messaging first decides.
from talea import wsgi  # noqa: F401
