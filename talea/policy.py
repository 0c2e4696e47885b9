# SPDX-License-Identifier: Apache-2.0
"""The policy engine of this process."""

import time

from oslo_config import cfg
from oslo_policy import opts
from oslo_policy import policy

from talea import exception
from talea import policies

_enforcer = None

# Seconds for which rules are good without a look at the files.
_FRESH = 1


class _Enforcer(policy.Enforcer):
    """The original looks for its files at each question, in eight places."""

    _next_look = 0.0

    def load_rules(self, force_reload=False):
        now = time.monotonic()
        if force_reload or now >= self._next_look:
            super().load_rules(force_reload)
            self._next_look = now + _FRESH


def init(conf):
    """Make the rules known, and those that the operator changed.

    :param conf: oslo ConfigOpts; ``[oslo_policy] policy_file`` is read, and
        read again a second after the file changes
    """
    global _enforcer
    opts.set_defaults(conf)
    _enforcer = _Enforcer(conf)
    _enforcer.register_defaults(policies.list_rules())
    return _enforcer


def authorize(context, rule, target):
    """Pass if policy allows *rule* on *target* to the caller.

    :param target: dict; see RequestContext.can
    :raises talea.exception.Forbidden: otherwise
    """
    if not _enforcer.authorize(rule, target, context):
        raise exception.Forbidden(rule=rule)


def get_enforcer():
    """Return the enforcer; the entry point of the oslopolicy tools."""
    conf = cfg.CONF
    # The tools have read the files that their command line names, if any.
    if not (conf.config_file or conf.config_dir):
        conf([], project='talea')
    return init(conf)
