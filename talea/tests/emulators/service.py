# SPDX-License-Identifier: Apache-2.0
"""What the emulators of services have in common: pages, and what goes wrong.

A fault holds from the page on that it names, the first one is 0.
"""

import bisect
import dataclasses
import json
import operator
import time
import urllib.parse

import webob

ADMIN, READER = 'token-of-admin', 'token-of-reader'
# The project that both are in.
HOME = 'e' * 32

# As little as the server does not keep until there is more.
_BLANKS = b' ' * 20000
_ENDLESS = 1 << 40
_PATIENCE = 20


@dataclasses.dataclass
class Fault:
    """What is wrong with a service. Nothing at first.

    :ivar delay: seconds that each answer takes
    :ivar first: the page from which on the others hold
    :ivar times: how many answers they hold for; None: for ever
    :ivar status: it answers with
    :ivar body: it answers with, whatever it was asked
    :ivar cut: it closes the connection within its answer
    :ivar drip: seconds between the pieces of an answer, which begins with
        blanks that go on until whoever asked has gone
    :ivar again: it gives the same page for ever
    :ivar new: it gives new pages for ever
    :ivar absent: it is not in the catalogue
    :ivar away: nobody listens where it is
    """

    delay: float = 0
    first: int = 0
    times: int | None = None
    status: int | None = None
    body: bytes | None = None
    cut: bool = False
    drip: float | None = None
    again: bool = False
    new: bool = False
    absent: bool = False
    away: bool = False


@dataclasses.dataclass(frozen=True)
class Call:
    """What a service was asked.

    :ivar number: of the page, counted from 0
    """

    service: str
    path: str
    query: dict
    number: int


class Refused(Exception):
    """An answer that is no list. Arguments: status, text."""


class Service:
    """A service under a path of the cloud.

    :cvar name: what it is called here
    :cvar kind: its type in the catalogue
    :cvar path: of its endpoint
    :cvar lists: {path: member of its pages}
    :cvar max_limit: of a page; None: none
    :param world: World
    :ivar fault: Fault
    :ivar calls: those that there were
    :ivar kept: None, or {what was asked: body of the answer} of a world that
        changes no more: an emulator that takes no part of the processor
    """

    name = ''
    kind = ''
    path = ''
    lists = {}
    max_limit = 1000

    def __init__(self, world):
        self.world = world
        self.fault = Fault()
        self.calls = []
        self.kept = None
        self._texts = {}

    def __call__(self, environ, start_response):
        request = webob.Request(environ)
        path = request.path_info.removeprefix(self.path)
        call = Call(self.name, path, request.GET, self._number(path, request))
        self.calls.append(call)
        time.sleep(self.fault.delay)
        answer = self._broken(call.number) or self._answer(request, path)
        if self.fault.cut and self._due(call.number):
            whole = answer.content_length
            answer.body = answer.body[: whole // 2]
            answer.content_length = whole
        if self.fault.drip is not None and self._due(call.number):
            answer.app_iter = self._drip()
            answer.content_length = _ENDLESS
        return answer(environ, start_response)

    def _drip(self):
        pause = self.fault.drip
        # Not for ever: a test that fails must come to an end as well.
        for _ in range(int(_PATIENCE / pause)):
            yield _BLANKS
            time.sleep(pause)

    def _number(self, path, request):
        """Return which page of its list is asked for."""
        if 'marker' not in request.GET:
            return 0
        for call in reversed(self.calls):
            if call.path == path:
                return call.number + 1
        return 1

    def _due(self, number):
        """Return whether the fault holds, and count it."""
        if number < self.fault.first:
            return False
        if self.fault.times is None:
            return True
        self.fault.times -= 1
        return self.fault.times >= 0

    def _broken(self, number):
        fault = self.fault
        if fault.status is fault.body is None or not self._due(number):
            return None
        return webob.Response(
            status=fault.status or 200,
            body=fault.body or b'{}',
            content_type='application/json',
        )

    def _answer(self, request, path):
        try:
            token = request.headers.get('X-Auth-Token')
            if token not in (ADMIN, READER):
                raise Refused(401, 'The request requires authentication.')
            request.admin = token == ADMIN
            status, text = 200, self._known(request, path)
        except Refused as error:
            status, words = error.args
            text = self.error(status, words).encode()
        return webob.Response(
            status=status, body=text, content_type='application/json'
        )

    def _known(self, request, path):
        if self.kept is None:
            return self.answer(request, path).encode()
        asked = request.admin, path, request.query_string
        if asked not in self.kept:
            self.kept[asked] = self.answer(request, path).encode()
        return self.kept[asked]

    def error(self, status, words):
        """Return the body of an error."""
        return json.dumps({'error': {'code': status, 'message': words}})

    def answer(self, request, path):
        """Return the body of an answer.

        :raises Refused: if it is an error
        """
        if path in self.lists:
            return self._page(request, path)
        raise Refused(404, 'There is nothing.')

    def items(self, request, path):
        """Return the things of a list that the caller gets, by their ids."""
        raise NotImplementedError

    def show(self, one, path, fields):
        """Return one thing as the list shows it.

        :param fields: those that are asked for; none: all
        """
        raise NotImplementedError

    def state(self, one):
        """Return what else it depends on how something is shown."""

    def no_marker(self, items, marker):
        """Return what follows something that is not there any more."""
        raise Refused(404, f'{marker} could not be found.')

    def more(self, request, path, href):
        """Return the member of a page that leads on to the next one."""
        name = f'{self.lists[path]}_links'
        return {name: [{'rel': 'next', 'href': href}]}

    def _page(self, request, path):
        fault = self.fault
        items = self.items(request, path)
        limits = (self.max_limit, int(request.GET.get('limit', 0)) or None)
        limit = min((one for one in limits if one), default=None)
        marker = request.GET.get('marker')
        if marker and not fault.again and not fault.new:
            items = self._after(items, marker)
        page = items[:limit]
        fields = tuple(request.GET.getall('fields'))
        texts = [self._text(one, path, fields) for one in page]
        if fault.new:
            # Ids that nobody has seen before.
            serial = f'"{len(self.calls):08}-'
            texts = [
                text.replace(f'"{one.id[:9]}', serial)
                for one, text in zip(page, texts, strict=True)
            ]
        members = [f'"{self.lists[path]}": [{", ".join(texts)}]']
        if page and (len(page) == limit or fault.again or fault.new):
            href = self._href(request, path, page[-1].id, limit)
            members += [
                f'"{name}": {json.dumps(value)}'
                for name, value in self.more(request, path, href).items()
            ]
        return f'{{{", ".join(members)}}}'

    def _after(self, items, marker):
        place = bisect.bisect_right(
            items, marker, key=operator.attrgetter('id')
        )
        if place and items[place - 1].id == marker:
            return items[place:]
        return self.no_marker(items, marker)

    def _text(self, one, path, fields):
        # Kept, so that an emulator takes little of the processor.
        place = (one.id, path, fields, self.state(one))
        if place not in self._texts:
            self._texts[place] = json.dumps(self.show(one, path, fields))
        return self._texts[place]

    def _href(self, request, path, marker, limit):
        query = request.GET.copy()
        query['marker'] = marker
        # As a service behind a proxy that it was not told of.
        return (
            f'https://{self.name}.inside.invalid:8774{self.path}{path}?'
            f'{urllib.parse.urlencode(list(query.items()))}'
        )
