# SPDX-License-Identifier: Apache-2.0
"""As whom Talea asks other services."""

import contextlib
from http import client
import io
import os
import threading

from keystoneauth1 import adapter as ksa_adapter
from keystoneauth1 import loading
from keystoneauth1 import session as ksa_session
from oslo_config import cfg
import requests
import urllib3
from urllib3 import connection

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

# Until when what a thread asks is of use.
_thread = threading.local()


@contextlib.contextmanager
def until(deadline):
    """End what this thread asks with such a session at the deadline.

    The time-outs of requests are for each piece that is received: a service
    that sends a byte now and then keeps who waits for its answer for ever.

    :param deadline: its left() returns seconds, its late() the exception that
        is raised once there are none
    """
    before = getattr(_thread, 'deadline', None)
    _thread.deadline = deadline
    try:
        yield
    finally:
        _thread.deadline = before


def _left(deadline, most):
    """Return for how many seconds to wait, *most* if that is less."""
    left = deadline.left()
    if not left:
        raise deadline.late()
    return left if most is None else min(left, most)


class _Timed(io.RawIOBase):
    """What a socket receives until a deadline."""

    def __init__(self, raw, sock, deadline):
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._most = sock.gettimeout()

    def readable(self):
        return True

    def readinto(self, room):
        self._sock.settimeout(_left(self._deadline, self._most))
        return self._raw.readinto(room)

    def close(self):
        self._raw.close()
        super().close()


class _Response(client.HTTPResponse):
    """Reads all of an answer, from its first line on, until the deadline."""

    def __init__(self, sock, *args, **kwargs):
        super().__init__(sock, *args, **kwargs)
        deadline = getattr(_thread, 'deadline', None)
        if deadline is not None:
            self.fp = io.BufferedReader(
                _Timed(self.fp.detach(), sock, deadline)
            )


class _Until:
    """A connection that is not waited for after the deadline."""

    response_class = _Response

    def connect(self):
        deadline = getattr(_thread, 'deadline', None)
        if deadline is not None:
            self.timeout = _left(deadline, self.timeout)
        super().connect()


class _Http(_Until, connection.HTTPConnection):
    pass


class _Https(_Until, connection.HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


_POOLS = {'http': _HttpPool, 'https': _HttpsPool}


class _Transport(ksa_session.TCPKeepAliveAdapter):
    """That of keystoneauth, with connections that know of deadlines."""

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy, **kwargs):
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith('socks'):
            manager.pool_classes_by_scheme = _POOLS
        return manager


def _transport():
    made = requests.Session()
    transport = _Transport()
    for scheme in list(made.adapters):
        made.mount(scheme, transport)
    return made


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
                conf,
                GROUP,
                auth=auth,
                timeout=timeout,
                session=_transport(),
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
