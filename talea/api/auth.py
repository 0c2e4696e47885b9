# SPDX-License-Identifier: Apache-2.0
"""Who asks: a private key, a Keystone token, or either."""

import ipaddress
import secrets

from keystoneauth1 import exceptions as ksa_exc
from keystonemiddleware import auth_token
from keystonemiddleware.auth_token import _exceptions as ksm_exc

from talea import context
from talea import exception

ENVIRON = 'talea.context'
UNREACHABLE = 'talea.keystone_unreachable'
WELL_KNOWN = 'secret'


class Unsafe(exception.TaleaError):
    """The configuration would leave the API open."""

    template = (
        '[auth] private_key must be set, and not to the well-known value '
        '"secret" unless the API listens on a loopback address only.'
    )


class MissingLibrary(exception.TaleaError):
    """Tokens cannot be cached as configured."""

    template = (
        '[keystone_authtoken] memcached_servers needs the Python module '
        '"%(name)s", which is not installed (package python-memcached, or '
        'python-binary-memcached for memcache_sasl_enabled).'
    )


def _loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def check(conf, host):
    """Pass if the configured authentication keeps strangers out.

    :param host: address that the API listens on; None if that is not known
    :raises Unsafe: otherwise
    """
    if conf.auth.strategy == 'keystone':
        return
    key = conf.auth.private_key
    known = key == WELL_KNOWN and not _loopback(host or '')
    if not key.strip() or known:
        raise Unsafe


class PrivateKey:
    """Middleware: whoever sends the private key is admin.

    :param otherwise: the application that requests without it go to
    """

    def __init__(self, app, otherwise, conf):
        self.app = app
        self.otherwise = otherwise
        self.key = conf.auth.private_key.encode()

    def __call__(self, environ, start_response):
        given = environ.get('HTTP_X_AUTH_TOKEN', '').encode('latin-1')
        if not secrets.compare_digest(given, self.key):
            return self.otherwise(environ, start_response)
        environ[ENVIRON] = context.RequestContext(
            roles=['admin', 'manager', 'member', 'reader'],
            is_admin=True,
            request_id=environ.get('openstack.request_id'),
        )
        return self.app(environ, start_response)


class _Unreachable(Exception):
    """Keystone cannot say whether a token is good."""


class Keystone(auth_token.AuthProtocol):
    """keystonemiddleware, which tells a bad token from a Keystone away.

    With delay_auth_decision the original takes both for a bad token.
    """

    _AWAY = (ksa_exc.ClientException, ksm_exc.ServiceError)
    # Seconds. Without a limit a Keystone that takes connections and says
    # nothing would hold one thread after the other for ever.
    _PATIENCE = 5

    def __init__(self, app, conf):
        super().__init__(app, conf)
        try:
            # Would be made for the first request, and fail for all of them.
            self._token_cache.initialize({})
        except ImportError as error:
            raise MissingLibrary(name=error.name) from error

    def _create_session(self, **kwargs):
        if self._conf.get('http_connect_timeout') is None:
            kwargs.setdefault('timeout', self._PATIENCE)
        return super()._create_session(**kwargs)

    def fetch_token(self, token, **kwargs):
        try:
            return super().fetch_token(token, **kwargs)
        except self._AWAY as error:
            raise _Unreachable from error
        except ksm_exc.InvalidToken as error:
            if self._is_away(error.__context__):
                raise _Unreachable from error
            raise

    def _is_away(self, error):
        """Return whether *error*, behind a bad token, is not about it."""
        if isinstance(error, ksa_exc.NotFound) and error.method == 'GET':
            # So Keystone says that it does not know the token.
            return False
        return isinstance(error, self._AWAY)

    def process_request(self, request):
        try:
            return super().process_request(request)
        except _Unreachable:
            request.environ[UNREACHABLE] = True
            request.user_token_valid = False
            return None

    def process_response(self, response):
        # Where it is not configured, the original asks Keystone for its
        # address, and a 401 fails when Keystone is away.
        if not self._www_authenticate_uri:
            return response
        return super().process_response(response)


class Token:
    """Application behind keystonemiddleware: takes over what it found out."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if environ.get('HTTP_X_IDENTITY_STATUS') == 'Confirmed':
            environ[ENVIRON] = context.RequestContext.from_environ(environ)
        return self.app(environ, start_response)


def middleware(app, conf):
    """Return *app* behind the configured strategy.

    Requests that nobody vouches for are let through without a context; the
    hook refuses them once it knows that their route is not public.

    :raises Unsafe: if the configuration would leave the API open
    """
    check(conf, conf.api.host)
    otherwise = app
    if 'keystone' in conf.auth.strategy:
        otherwise = Keystone(
            Token(app),
            {'oslo_config_config': conf, 'delay_auth_decision': True},
        )
    if conf.auth.strategy == 'keystone':
        return otherwise
    return PrivateKey(app, otherwise, conf)
