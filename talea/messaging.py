# SPDX-License-Identifier: Apache-2.0
"""The message queue through which processes of Talea talk to one another."""

import socket

from oslo_config import cfg
import oslo_messaging


def is_configured(conf):
    """Return whether anybody said where the message queue is.

    :raises oslo_messaging.InvalidTransportURL: if it cannot be there
    """
    # This makes the option known.
    oslo_messaging.TransportURL.parse(conf)
    found = conf.get_location('transport_url')
    return found.location is not cfg.Locations.opt_default


def server(conf, topic, endpoints):
    """Return an RPC server, not started.

    :param endpoints: objects with the methods that may be called
    """
    return oslo_messaging.get_rpc_server(
        oslo_messaging.get_rpc_transport(conf),
        oslo_messaging.Target(topic=topic, server=socket.gethostname()),
        endpoints,
        executor='threading',
    )
