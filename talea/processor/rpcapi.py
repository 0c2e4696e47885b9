# SPDX-License-Identifier: Apache-2.0
"""What others ask of processors through the message queue.

Nothing depends on it: what is to be done stands in the database, where
processors look at each pass. Who is woken up looks at once.
"""

import functools
import logging
import threading

from oslo_config import cfg
import oslo_messaging

LOG = logging.getLogger(__name__)

TOPIC = 'talea-processor'
VERSION = '1.0'


def is_configured(conf):
    """Return whether anybody said where the message queue is."""
    _transport(conf)
    found = conf.get_location('transport_url')
    return found.location is not cfg.Locations.opt_default


@functools.lru_cache(maxsize=8)
def _transport(conf):
    # Connects when it is used.
    return oslo_messaging.get_rpc_transport(conf)


def server(conf, endpoints):
    """Return the RPC server of a processor, not started.

    :param endpoints: objects with the methods that may be called
    """
    target = oslo_messaging.Target(topic=TOPIC, server=conf.host)
    return oslo_messaging.get_rpc_server(
        _transport(conf), target, endpoints, executor='threading'
    )
