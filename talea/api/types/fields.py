# SPDX-License-Identifier: Apache-2.0
"""Types of single values.

WSME checks a parameter in ``frombasetype`` alone, so everything is checked
there. Errors do not know the name of the parameter: whoever converts adds it.
"""

import datetime
import decimal
import json

from dateutil import parser
from wsme import types as wtypes

UTC = datetime.UTC
# What every database engine can keep. The last day stands for "never".
_FIRST = datetime.datetime(1000, 1, 1, tzinfo=UTC)
_LAST = datetime.datetime(9999, 12, 31, tzinfo=UTC)

BODY_DATE = (
    'The provided date has an invalid format. Format should be of '
    'yyyy-mm-ddThh:mm:ss.msZ, ex: 2015-01-31T18:24:34.1523Z'
)
BAD_PAYLOAD = 'Invalid parameter or payload'


class BadValue(ValueError):
    """The value is of no use; says why.

    :ivar whole: whether the text is all there is to say; otherwise the name
        of the parameter is put in front
    """

    def __init__(self, reason, whole=False):
        super().__init__(reason)
        self.whole = whole


def clean(text):
    """Return *text* if every database can keep it.

    :raises BadValue: NUL, or half of a surrogate pair
    """
    if '\0' in text:
        raise BadValue('must not contain NUL')
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValue('must be valid Unicode') from None
    return text


class Field(wtypes.UserType):
    """A value as it comes out of JSON or a query string.

    :param null: whether null is a value too
    """

    # WSME converts to the basetype before anyone can look at the value;
    # object() leaves it alone.
    basetype = object

    def __init__(self, null=False):
        self.null = null

    def frombasetype(self, value):
        if value is None:
            if self.null:
                return None
            return self.missing()
        return self.parse(value)

    def missing(self):
        raise BadValue('must not be null')

    def parse(self, value):
        return value


class Text(Field):
    """Text; *longest* in characters."""

    name = 'text'

    def __init__(self, null=False, longest=None, empty=True):
        super().__init__(null)
        self.longest = longest
        self.empty = empty

    def parse(self, value):
        if not isinstance(value, str):
            raise BadValue('must be text')
        if self.longest is not None and len(value) > self.longest:
            raise BadValue(f'must have at most {self.longest} characters')
        if not value and not self.empty:
            raise BadValue('must not be empty')
        return clean(value)


class Raw(Field):
    """Whatever it is, to be converted by the controller."""

    name = 'any'

    def __init__(self):
        super().__init__(null=True)


class Object(Field):
    """A JSON object, kept as it is."""

    name = 'object'

    def parse(self, value):
        if not isinstance(value, dict):
            raise BadValue('must be an object')
        # Decimals are there in exact bodies.
        text = json.dumps(value, ensure_ascii=False, default=str)
        clean(text)
        if '\\u0000' in text:
            raise BadValue('must not contain NUL')
        return value


class Ids(Field):
    """Ids: a list; for Almanach's sake also one text, "" or null."""

    name = 'list of ids'

    def __init__(self):
        super().__init__(null=False)
        self._id = Text(longest=255, empty=False)

    def missing(self):
        return []

    def parse(self, value):
        if isinstance(value, str):
            value = [value] if value else []
        if not isinstance(value, list):
            raise BadValue('must be a list')
        return [self._id.frombasetype(one) for one in value]


class Size(Field):
    """GiB: a whole number, or the text of one."""

    name = 'size'
    _largest = 2**31 - 1

    def parse(self, value):
        # bool is an int to Python, "٣" a digit.
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if type(value) is not int or not 0 <= value <= self._largest:
            raise BadValue(f'must be a whole number from 0 to {self._largest}')
        return value


class Limit(Field):
    """How many to give at most; from 1."""

    name = 'limit'

    def parse(self, value):
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise BadValue('must be a whole number from 1 to 999999999')
        if int(value) < 1:
            raise BadValue('must be a whole number from 1 to 999999999')
        return int(value)


class Offset(Field):
    """How many to skip; from 0."""

    name = 'offset'

    def parse(self, value):
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise BadValue('must be a whole number from 0 to 999999999')
        return int(value)


class Choice(Field):
    """One of a few words."""

    name = 'choice'

    def __init__(self, *words):
        super().__init__()
        self.words = words

    def parse(self, value):
        if value not in self.words:
            raise BadValue('must be one of ' + ', '.join(self.words))
        return value


class Flag(Choice):
    """true or false, in the query string."""

    def __init__(self):
        super().__init__('true', 'false')

    def parse(self, value):
        return super().parse(value.lower()) == 'true'


def _utc(moment):
    """Return *moment* as aware UTC; without a zone it is meant as UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _zone(name, offset):
    """Return the offset of the time zone of a date; None if it has none."""
    if offset is None and name is not None:
        # Abbreviations stand for several zones each.
        raise ValueError(f'unknown time zone {name}')
    return offset


def _free(text):
    """Parse a date in any unambiguous way of writing it.

    dateutil fills in what is missing from a default and decides between day
    and month by itself: whatever depends on either is a guess, and refused.
    """
    readings = {
        _utc(
            parser.parse(
                text, default=default, dayfirst=dayfirst, tzinfos=_zone
            )
        )
        for default in (
            datetime.datetime(2000, 1, 1),
            datetime.datetime(2001, 2, 2),
        )
        for dayfirst in (False, True)
    }
    if len(readings) != 1:
        raise ValueError('ambiguous')
    return readings.pop()


class Moment(Field):
    """A date in a body: ISO 8601, or any unambiguous way of writing it."""

    name = 'date'

    def missing(self):
        raise BadValue(BODY_DATE, whole=True)

    def parse(self, value):
        # dateutil skips characters that cannot be printed.
        if not (isinstance(value, str) and value.isprintable()):
            return self.missing()
        if len(value) > 100:
            return self.missing()
        try:
            try:
                moment = _utc(datetime.datetime.fromisoformat(value))
            except ValueError:
                moment = _free(value)
        except (ValueError, ArithmeticError, TypeError, AttributeError):
            return self.missing()
        if not _FIRST <= moment < _LAST:
            return self.missing()
        return moment


class QueryMoment(Field):
    """A date in the query string: ISO 8601 with at least year, month, day."""

    name = 'date'

    def parse(self, value):
        try:
            moment = _utc(datetime.datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            raise BadValue(BAD_PAYLOAD, whole=True) from None
        return moment


class Single(Field):
    """One value, alone or in a list of its own; a number stands for its text.

    :param field: what the value is
    """

    name = 'value'

    def __init__(self, field):
        super().__init__()
        self.field = field

    def parse(self, value):
        if isinstance(value, list):
            if len(value) != 1:
                raise BadValue('must be one value')
            value = value[0]
        if type(value) in (int, float, decimal.Decimal):
            value = str(value)
        return self.field.frombasetype(value)


class Several(Field):
    """Some values: of one text, what stands between its commas.

    Of a list of several texts nothing is split, so that an id with a comma in
    it can be given twice.

    :param field: what each value is
    """

    name = 'list of values'

    def __init__(self, field):
        super().__init__()
        self.field = field

    def parse(self, value):
        if not isinstance(value, list):
            value = [value]
        if not value:
            raise BadValue('must not be empty')
        if len(value) == 1 and isinstance(value[0], str):
            value = value[0].split(',')
        single = Single(self.field)
        # Each once, in the order in which they were given.
        return list(dict.fromkeys(single.frombasetype(one) for one in value))


class Boolean(Field):
    """true or false, in a body: as JSON has them, or as a word or number."""

    name = 'boolean'
    _words = {'true': True, '1': True, 'false': False, '0': False}

    def parse(self, value):
        word = str(value).lower()
        if type(value) not in (bool, int, str) or word not in self._words:
            raise BadValue('must be true or false')
        return self._words[word]


class IsoMoment(Field):
    """A date as ISO 8601 has it, extended or basic, "T" or a space between.

    Without a zone it is UTC, without a time midnight.
    """

    name = 'date'

    def parse(self, value):
        try:
            moment = _utc(datetime.datetime.fromisoformat(value))
        except (ValueError, TypeError, OverflowError):
            raise BadValue(
                'must be a date in ISO 8601, such as 2019-05-09T10:00:00+00:00'
            ) from None
        if not _FIRST <= moment < _LAST:
            raise BadValue('must be a date in the years from 1000 to 9999')
        return moment


MOMENT = Moment()
ID = Text(longest=255, empty=False)
