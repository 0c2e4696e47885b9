# SPDX-License-Identifier: Apache-2.0
"""As whom Talea asks other services."""

import os
import threading

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = 'service_credentials'

# Seconds that another service has for an answer.
_TIMEOUT = 60
_ADAPTER = (
    'region_name',
    'valid_interfaces',
    'connect_retries',
    'status_code_retries',
)

# Sessions that were made, by what they were made of. After a reload there may
# be two; tests have more.
_KEPT = 4
_sessions = {}
_lock = threading.Lock()


def _adapter_opts():
    """Return those options of keystoneauth's adapter that fit any service."""
    known = {opt.dest: opt for opt in loading.get_adapter_conf_options()}
    cfg.set_defaults(
        [known['valid_interfaces']], valid_interfaces=['internal', 'public']
    )
    return [known[name] for name in _ADAPTER]


def register(conf):
    """Register the options of keystoneauth: session, plugin, adapter."""
    loading.register_session_conf_options(conf, GROUP)
    loading.register_auth_conf_options(conf, GROUP)
    conf.register_opts(_adapter_opts(), group=GROUP)


def session(conf, timeout=_TIMEOUT):
    """Return the keystoneauth session of those credentials.

    It is the same one, with its token and its connections, for whoever asks
    in this process with the same options.

    :param timeout: seconds that a service has at most, whatever is configured
    :raises keystoneauth1.exceptions.ClientException: if the credentials are
        not complete
    """
    # Which options there are depends on the plug-in that is chosen.
    auth = loading.load_auth_from_conf_options(conf, GROUP)
    timeout = min(conf[GROUP].timeout or _TIMEOUT, timeout)
    made_of = (
        # A child of this process must not share its connections.
        os.getpid(),
        timeout,
        *sorted((name, repr(value)) for name, value in conf[GROUP].items()),
    )
    with _lock:
        if made_of not in _sessions:
            while len(_sessions) >= _KEPT:
                del _sessions[next(iter(_sessions))]
            _sessions[made_of] = loading.load_session_from_conf_options(
                conf, GROUP, auth=auth, timeout=timeout
            )
        return _sessions[made_of]


def adapter(conf, timeout=_TIMEOUT, **kwargs):
    """Return a keystoneauth adapter that speaks with those credentials.

    :param timeout: as of session()
    :param kwargs: of keystoneauth1.adapter.Adapter: service_type and others
    """
    given = conf[GROUP]
    return ksa_adapter.Adapter(
        session(conf, timeout),
        interface=given.valid_interfaces,
        region_name=given.region_name,
        connect_retries=given.connect_retries,
        status_code_retries=given.status_code_retries,
        **kwargs,
    )


def list_opts():
    return [
        (
            GROUP,
            [
                *loading.get_session_conf_options(),
                *loading.get_auth_common_conf_options(),
                *loading.get_auth_plugin_conf_options('password'),
                *_adapter_opts(),
            ],
        )
    ]
