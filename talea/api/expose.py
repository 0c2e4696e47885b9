# SPDX-License-Identifier: Apache-2.0
"""How a method of a controller becomes an endpoint.

In place of WSME's own decorator, which lets query parameters and members of
the body replace what the path says, guesses dates, and writes Decimals as
text. The types are WSME's.
"""

import dataclasses
import functools
import inspect
import urllib.parse

import pecan
import webob
from webob import exc

from talea import exception
from talea.api import body as api_body
from talea.api.types import base
from talea.api.types import fields
from talea.api.types import spool


class Json(str):
    """JSON that is sent as it is."""

    __slots__ = ()


@dataclasses.dataclass
class Answer:
    """What a controller returns when the value alone does not say it all.

    :ivar value: as in a plain return; Json and a Spool are sent as they are
    """

    value: object
    headers: dict = dataclasses.field(default_factory=dict)


class Parameter:
    """A parameter of a query string."""

    def __init__(self, field, mandatory=False, default=None):
        self.field = field
        self.mandatory = mandatory
        self.default = default

    def read(self, name, query):
        """Return its value in *query*.

        :raises base.Missing: not there, though mandatory
        :raises talea.exception.InvalidValue: of no use
        """
        given = query.getall(name)
        if len(given) > 1:
            raise exception.InvalidValue(name=name, reason='given twice')
        if given:
            return base.convert(name, self.field, given[0])
        if self.mandatory:
            raise base.Missing(name=name)
        return self.default


class Multi(Parameter):
    """A parameter that may be given several times.

    Given once, its value is split at commas; given more often, nothing is.
    """

    def __init__(self, field, default=None):
        super().__init__(fields.Several(field), default=default)

    def read(self, name, query):
        given = query.getall(name)
        if not given:
            return self.default
        return base.convert(name, self.field, given)


class Last(Parameter):
    """A parameter of which the last one counts, if there are several."""

    def read(self, name, query):
        given = query.getall(name)
        if not given:
            return self.default
        return base.convert(name, self.field, given[-1])


class UnknownParameter(exception.InvalidValue):
    """Somebody asks for what nobody thought of."""

    template = "Invalid value for '%(name)s': there is no such parameter"


def _ids(method, query):
    """Return the names of the ids that *method* is called with."""
    return [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
        and name not in ('self', 'body', *query)
    ]


def _convert(names, ids):
    """Return the ids of a path as they are given to a method."""
    return [
        base.convert(name, fields.ID, value)
        for name, value in zip(names, ids, strict=True)
    ]


def _parameters(request, known, unknown):
    """Return the values of the query string.

    :param known: {name: Parameter}
    :param unknown: class of the error that others are; if any
    :raises UnicodeDecodeError: if it is no UTF-8
    """
    # Pecan would write a traceback into the log, for whoever asks so.
    urllib.parse.unquote_to_bytes(request.query_string).decode()
    for name in request.GET:
        if unknown and name not in known:
            raise unknown(name=name)
    return {
        name: parameter.read(name, request.GET)
        for name, parameter in known.items()
    }


def _read(request, strict, optional):
    """Return the value of the body of *request*.

    :raises base.BadPayload: if it is not JSON
    """
    text = request.environ[api_body.ENVIRON]
    if optional and not text:
        return {}
    kind = request.environ[api_body.CONTENT_TYPE]
    if strict and kind != 'application/json':
        raise exc.HTTPUnsupportedMediaType
    return base.load(text, exact=strict)


def expose(
    status=200,
    body=None,
    query=None,
    public=False,
    strict=False,
    optional=False,
    unknown=UnknownParameter,
    begin=None,
):
    """Make a method of a Controller an endpoint.

    The method is called with the ids of the path, by position; then, by name,
    with the parameters of the query string and ``body``.

    :param status: of the answer; or a function of the request that tells it
    :param body: type of the request body, a base.Body; None: not looked at
    :param query: {name: Parameter}; others are ignored, or refused if strict
    :param public: whether it needs no token
    :param strict: whether unknown parameters, and bodies that do not say that
        they are JSON, are refused, and numbers in bodies are Decimals
    :param optional: whether no body is the same as an empty object
    :param unknown: error of a strict one, called with the name of a parameter
    :param begin: function of the request that comes before all else, and
        returns headers of the answer, whatever becomes of it
    """

    def decorate(method):
        @functools.wraps(method)
        def endpoint(self):
            request = pecan.request
            headers = begin(request) if begin else {}
            try:
                ids = _convert(names, self.ids)
                given = _parameters(request, query or {}, strict and unknown)
                if body is not None:
                    value = _read(request, strict, optional)
                    given['body'] = body.parse(value)
                result = method(self, *ids, **given)
            except exception.TaleaError as error:
                error.headers = headers
                raise
            code = status(request) if callable(status) else status
            response = _respond(result, code)
            response.headers.update(headers)
            return response

        names = _ids(method, query or {})
        # What Pecan looks at is the wrapper: it takes nothing but self.
        del endpoint.__wrapped__
        endpoint = pecan.expose(content_type='application/json')(endpoint)
        endpoint.public = public
        endpoint.ids = names
        return endpoint

    return decorate


def _respond(result, status):
    """Return the webob response for what a controller returned."""
    answer = result if isinstance(result, Answer) else Answer(result)
    value = answer.value
    if isinstance(value, spool.Spool):
        response = webob.Response(
            status=status,
            app_iter=value,
            content_type=value.content_type,
            charset='UTF-8',
        )
        response.content_length = value.length
    elif value is None:
        response = webob.Response(status=status)
        del response.content_type
    else:
        response = webob.Response(
            value if isinstance(value, Json) else base.dump(value),
            status,
            content_type='application/json',
            charset='UTF-8',
        )
    response.headers.update(answer.headers)
    return response
