# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, in one place; each error knows its HTTP status."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any


class TaleaError(Exception):
    """Base of all errors that Talea raises on purpose.

    :cvar code: the HTTP status that the API answers with
    :cvar template: the text, formatted with the keyword arguments
    :ivar headers: of the answer
    """

    code = 500
    template = 'An unknown error occurred.'
    headers: Mapping[str, str] = {}

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        self.kwargs = kwargs
        super().__init__(message or self.template % kwargs)


class NotFound(TaleaError):
    code = 404
    template = 'Not found'


class InvalidValue(TaleaError):
    """A value that came from outside cannot be used; names it and says why."""

    code = 400
    template = "Invalid value for '%(name)s': %(reason)s"


class Conflict(TaleaError):
    code = 409
    template = 'The request conflicts with the present state'


class NotSupported(TaleaError):
    """Something that others do and Talea does not, on purpose; says why."""

    code = 501
    template = 'Not implemented: %(reason)s'


class Forbidden(TaleaError):
    code = 403
    template = "Policy doesn't allow %(rule)s to be performed."


class ConcurrentUpdate(Conflict):
    """Another process changed the row in between: take it from the start."""

    template = '%(what)s was changed at the same time by another process'


class BadMessage(TaleaError):
    """A notification that nobody can make sense of; the text is the fault.

    Raised by the envelope and by definitions. The message is archived with
    the text as its ``fault`` and acknowledged.
    """

    code = 400
    template = '%(reason)s'


class BusError(TaleaError):
    """The message bus cannot be used as it is configured."""

    template = '%(reason)s'


class ClusterNotFound(NotFound):
    template = 'Cluster %(name)s could not be found.'


class AmbiguousCluster(Conflict):
    """A name that several clusters bear.

    :ivar clusters: their ids
    """

    template = (
        "More than one cluster is called '%(name)s', use one of the ids: "
        '%(ids)s'
    )

    def __init__(self, name: str, clusters: Iterable[str]) -> None:
        self.clusters = tuple(clusters)
        super().__init__(name=name, ids=', '.join(self.clusters))


class Unavailable(TaleaError):
    """What answers the question is away; says what, for whoever asked."""

    code = 503
    template = '%(reason)s'
