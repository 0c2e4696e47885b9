# SPDX-License-Identifier: Apache-2.0
"""As whom Talea asks other services."""

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import loading

GROUP = 'service_credentials'

# Seconds that another service has for an answer.
_TIMEOUT = 60


def register(conf):
    """Register the options of keystoneauth: session, plugin, adapter."""
    loading.register_session_conf_options(conf, GROUP)
    loading.register_auth_conf_options(conf, GROUP)


def adapter(conf, **kwargs):
    """Return a keystoneauth adapter that speaks with those credentials.

    :param kwargs: of keystoneauth1.adapter.Adapter: service_type and others
    """
    # Which options there are depends on the plug-in that is chosen.
    auth = loading.load_auth_from_conf_options(conf, GROUP)
    session = loading.load_session_from_conf_options(
        conf, GROUP, auth=auth, timeout=conf[GROUP].timeout or _TIMEOUT
    )
    return ksa_adapter.Adapter(session, **kwargs)


def list_opts():
    return [
        (
            GROUP,
            [
                *loading.get_session_conf_options(),
                *loading.get_auth_common_conf_options(),
                *loading.get_auth_plugin_conf_options('password'),
            ],
        )
    ]
