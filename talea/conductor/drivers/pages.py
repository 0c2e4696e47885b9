# SPDX-License-Identifier: Apache-2.0
"""Lists of other services, page by page, and what is wrong with them.

What a page holds is turned into facts at once, and the page is dropped: a
hundred thousand servers as Nova describes them are hundreds of megabytes.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent import futures
import contextlib
import functools
import os
import threading
from typing import Any
from typing import TypeVar
import urllib.parse

from keystoneauth1 import exceptions as ksa_exc
import msgspec
from oslo_log import log as logging
import requests

from talea.conductor.drivers import base
from talea.conf import service_credentials

LOG = logging.getLogger(__name__)

# Bytes that are taken from a connection at once. Threads that take little wait
# for the interpreter each time, as long as others are busy with a page.
_PIECE = 8 * 1024 * 1024

# Threads that read ahead, of all services together: each keeps memory of its
# own, as much as the largest page took. Whoever finds none free reads itself.
_AHEAD = 2

NONSENSE = 'what it answers cannot be understood'
CHANGED = 'its list has changed while it was read'

# What comes of an answer that is not what the API reference says.
_ODD = (AttributeError, LookupError, RecursionError, TypeError, ValueError)

# What comes of a request. OSError: files of certificates that are not there.
_FAILURES = (ksa_exc.ClientException, OSError, *_ODD)

# What services say if the last one of a page was deleted before the next page.
_NO_MARKER = (400, 404)

_Fact = TypeVar('_Fact')
_Thing = TypeVar('_Thing', bound=msgspec.Struct)
_Query = Sequence[tuple[str, str]]

# While one waits for a token, others would only wait for the same.
_turn = threading.Lock()


class Service:
    """A service of the cloud, as drivers ask it.

    :param conf: ConfigOpts
    :param kind: its type in the catalogue of services
    :param version: of its API
    :param microversion: None for the oldest
    """

    def __init__(
        self,
        conf: Any,
        kind: str,
        version: str,
        microversion: str | None = None,
    ) -> None:
        self._conf = conf
        self._kind = kind
        self._version = version
        self._microversion = microversion

    @functools.cached_property
    def _adapter(self) -> Any:
        return service_credentials.adapter(
            self._conf,
            timeout=self._conf.stats.driver_timeout,
            service_type=self._kind,
            version=self._version,
            default_microversion=self._microversion,
        )

    def facts(
        self,
        path: str,
        member: str,
        query: _Query,
        kind: type[_Thing],
        make: Callable[[_Thing], _Fact | None],
        deadline: base.Deadline,
        key: str = 'id',
        check: Callable[[str], None] | None = None,
    ) -> list[_Fact]:
        """Return all that a list holds.

        While the things of a page become facts, the next page is on its way.

        :param path: of the list
        :param member: of each page, which holds a part of the list
        :param query: of the first page
        :param kind: msgspec.Struct with what is needed of a thing in the list
        :param make: returns the fact that a thing is, or None if it does not
            count
        :param key: attribute by which a thing is known
        :param check: passes if what has this key is still there; for services
            that end a list where the last one of a page was deleted meanwhile
        :raises talea.conductor.drivers.base.DriverError: if it cannot be had
        """
        self._enter(deadline)
        read = _reader(member, kind)
        found: list[_Fact] = []
        seen: dict[str, None] = {}

        def take(things: list[_Thing], more: bool) -> None:
            new = _new(things, key, seen)
            found.extend(
                fact for fact in (make(one) for one in new) if fact is not None
            )
            if more and not new:
                raise base.DriverError(reason='its list has no end')
            if check is not None and seen and not things:
                check(next(reversed(seen)))

        body = self._get(_place(path, query), deadline)
        while body:
            with _sense():
                page = read(body)
                text = _next(page)
            coming = text and _ahead(os.getpid()).submit(
                self._get, f'{path}?{text}', deadline, True
            )
            with _sense():
                take(page.things, bool(text))
            # Neither the page nor its text is of any use.
            del page
            body = b''
            if coming:
                body = self._come(coming, f'{path}?{text}', deadline)
        return found

    def _come(
        self,
        coming: futures.Future[bytes],
        path: str,
        deadline: base.Deadline,
    ) -> bytes:
        """Return the page that is on its way, by the deadline."""
        if coming.cancel():
            # No thread was free for it.
            return self._get(path, deadline, True)
        try:
            return coming.result(deadline.left())
        except TimeoutError:
            raise deadline.late() from None

    def ask(self, path: str, query: _Query, deadline: base.Deadline) -> None:
        """Pass if there is an answer, whatever it is.

        :raises talea.conductor.drivers.base.DriverError: if there is none
        """
        self._enter(deadline)
        self._get(_place(path, query), deadline)

    def _enter(self, deadline: base.Deadline) -> None:
        """See to it that there are a token and an endpoint."""
        # Whoever has waited for another until now need not try.
        if not _turn.acquire(timeout=deadline.left()):
            raise deadline.late()
        try:
            deadline.check()
            # It comes back by then, and lets the others in.
            with service_credentials.until(deadline):
                headers = self._adapter.session.get_auth_headers()
            if not headers:
                raise base.DriverError(
                    reason='[service_credentials] says nothing of Keystone'
                )
        except _FAILURES as error:
            raise _failed(
                error, deadline, 'Keystone gives no token: '
            ) from error
        finally:
            _turn.release()
        try:
            with service_credentials.until(deadline):
                endpoint = self._adapter.get_endpoint()
        except ksa_exc.CatalogException:
            endpoint = None
        except _FAILURES as error:
            raise _failed(error, deadline) from error
        if not endpoint:
            raise base.DriverError(
                reason=f'there is no {self._kind} service in the catalogue '
                f'(version {self._version}; region and interface as in '
                '[service_credentials])'
            )

    def _get(
        self, path: str, deadline: base.Deadline, follows: bool = False
    ) -> bytes:
        """Return what is at *path*.

        :param follows: whether it is a page that follows another one
        """
        deadline.check()
        session = self._adapter.session
        timeout = min(deadline.left(), session.timeout or deadline.left())
        try:
            with service_credentials.until(deadline):
                answer = self._adapter.get(path, timeout=timeout, stream=True)
                return b''.join(answer.iter_content(_PIECE))
        except _FAILURES as error:
            if follows and getattr(error, 'http_status', 0) in _NO_MARKER:
                raise base.DriverError(reason=CHANGED) from error
            raise _failed(error, deadline) from error


@functools.cache
def _ahead(pid: int) -> futures.ThreadPoolExecutor:
    """Return the threads that read ahead in this process."""
    return futures.ThreadPoolExecutor(_AHEAD, f'ahead-{pid}')


@contextlib.contextmanager
def _sense() -> Iterator[None]:
    """Make a DriverError of what is odd in an answer."""
    try:
        yield
    except _ODD as error:
        LOG.debug('An odd answer', exc_info=error)
        raise base.DriverError(reason=NONSENSE) from error


def _place(path: str, query: _Query) -> str:
    return f'{path}?{urllib.parse.urlencode(query)}'


@functools.cache
def _reader(member: str, kind: type[msgspec.Struct]) -> Callable[[bytes], Any]:
    """Return what reads a page, and passes over what is not needed of it."""
    fields: list[Any] = [
        ('things', list[kind], msgspec.field(name=member)),  # type: ignore
        # Of Nova, Cinder and Neutron: [{"rel": ..., "href": ...}]
        ('refs', Any, msgspec.field(name=f'{member}_links', default=None)),
        # Of Keystone: {"next": ...}
        ('links', dict[str, Any] | None, None),
        ('truncated', bool, False),
        # Of Magnum.
        ('next', str | None, None),
    ]
    return msgspec.json.Decoder(msgspec.defstruct('Page', fields)).decode


def _next(page: Any) -> str | None:
    """Return the query of the next page; None after the last one.

    Only the query of a link is used. Its host and path are those that the
    service takes itself to have, which may be another one behind a proxy.
    """
    link = page.next
    if page.refs is not None:
        found = [one['href'] for one in page.refs if one['rel'] == 'next']
        link = found[0] if found else None
    elif page.links is not None:
        link = page.links['next']
    if page.truncated and not link:
        raise base.DriverError(reason='it keeps a part of its list back')
    if not link:
        return None
    query: str = urllib.parse.urlsplit(link).query
    if not query:
        raise base.DriverError(reason=NONSENSE)
    return query


def _new(
    things: list[_Thing], key: str, seen: dict[str, None]
) -> list[_Thing]:
    """Return those that were on no page before.

    A server that moves between cells while it is listed is there twice.
    """
    new = []
    for thing in things:
        name = getattr(thing, key)
        if name not in seen:
            seen[name] = None
            new.append(thing)
    return new


def _failed(
    error: Exception, deadline: base.Deadline, before: str = ''
) -> base.DriverError:
    """Return *error* in words, without URLs and what else they may hold."""
    LOG.debug('A service cannot be asked', exc_info=error)
    if not deadline.left():
        return deadline.late()
    return base.DriverError(reason=before + _words(error))


def _words(error: BaseException) -> str:
    while isinstance(error, ksa_exc.DiscoveryFailure) and error.__context__:
        # It says only that no version was found.
        error = error.__context__
    status = getattr(error, 'http_status', None)
    known = {
        # What a filter comes to that is for administrators only.
        400: 'the service credentials may not ask for this (400)',
        401: 'it does not accept the service credentials (401)',
        403: 'the service credentials may not ask for this (403)',
        404: 'nothing is there where the catalogue says it is (404)',
        406: 'its version is too old (406)',
    }
    if status in known:
        return known[status]
    if status:
        return f'it fails ({status})'
    for kind, words in (
        (ksa_exc.ConnectTimeout, 'it does not answer in time'),
        (ksa_exc.SSLError, 'its certificate is not accepted'),
        (ksa_exc.ConnectionError, 'there is no connection to it'),
        (requests.RequestException, 'there is no connection to it'),
        (ksa_exc.DiscoveryFailure, 'it does not say which versions it has'),
        (
            ksa_exc.AuthPluginException,
            '[service_credentials] is not complete',
        ),
        (OSError, 'the files of [service_credentials] cannot be read'),
    ):
        if isinstance(error, kind):
            return words
    return NONSENSE
