# SPDX-License-Identifier: Apache-2.0
"""Secrets do not reach the disk or the log.

Nova puts the whole request context of the caller, valid token included, into
the payload of some notifications; others carry passwords, user data or URLs
with credentials. They are replaced by :data:`MASK` before anything is kept.

A secret is known by the name it goes under (:func:`is_secret`), or by its own
look: Fernet tokens, JSON web tokens, private keys, credentials in a URL, and
``name=value``, ``name: value``, ``--name value`` or ``<name>value</name>`` in
running text. A string that is itself JSON is masked like the JSON around it.
"""

import functools
import json
import re

MASK = '***'

# A name that has one of these in it, in any case, is the name of a secret.
# The second block are names that oslo.utils masks in logs, too.
_WORDS = (
    'password', 'passwd', 'passphrase', 'passcode', 'pswd',
    'adminpass', 'admin_pass', 'newpass', 'new_pass', 'rootpass',
    'root_pass', 'userpass', 'user_pass', 'auth_pass', 'token', 'secret',
    'private_key', 'privatekey', 'encrypted_key', 'encryption_key',
    'access_key', 'accesskey', 'api_key', 'apikey', 'keyring', 'cookie',
    'credential', 'authorization', 'user_data', 'userdata', 'personality',
    'injected_file', 'service_catalog', 'servicecatalog', 'configdrive',
    'request_context', 'auth_key', 'authkey', 'hmac_key', 'pre_shared_key',
    'presharedkey', 'signing_key', 'ssl_key', 'temp_url_key', 'tls_key',

    'fernetkey', 'sslkey', 'cephclusterfsid', 'octaviaheartbeatkey',
    'cephmanilaclientkey', 'pacemakerremoteauthkey', 'designaterndckey',
    'cephadminkey', 'heatauthencryptionkey', 'cephclientkey',
    'barbicansimplecryptokek', 'cephrgwkey', 'swifthashsuffix',
    'migrationsshkey', 'cephmdskey', 'cephmonkey',
)  # fmt: skip

# Names that are only safe to judge as a whole.
_NAMES = ('_context', 'catalog', 'pass', 'pwd', 'bindpw', 'psk')

# What is told about a secret is none: token_type, password_expires_at ...
_ABOUT = (
    '_type', '_types', '_name', '_names', '_count', '_length', '_size',
    '_limit', '_method', '_methods', '_ref', '_refs', '_href', '_expiry',
    '_expires', '_expires_at', '_expires_in', '_issued_at', '_created_at',
    '_updated_at', 'access_key_id', 'encryption_key_id', 'content_bytes',
    'path_bytes',
)  # fmt: skip

_WORD = re.compile('|'.join(sorted(_WORDS, key=len, reverse=True)))
# The same in running text, where headers have hyphens.
_SPELT = _WORD.pattern.replace('_', '[-_]')

_TOKEN = re.compile(
    r'gAAAA[\w-]{8,}(?:={1,2}|(?:%3D){1,2})?'
    r'|eyJ[\w-]{16,}={0,2}(?:\.[\w-]+)*'
    r'|-----BEGIN[ A-Z]* PRIVATE KEY[ A-Z]*-----.*?'
    r'(?:-----END[ A-Z]* PRIVATE KEY[ A-Z]*-----|\Z)',
    re.DOTALL,
)
_URL = re.compile(r'(://[^\s/:@"\'\\<>]*:)[^\s/"\'\\<>]+@')

# name=value, name: value, 'name': u'value', \"name\": \"value\" in text that
# is no JSON. Whatever opens a list or an object after the name of a secret
# is not followed to its end: the rest of the text goes.
_PAIR = re.compile(
    rf"""
    (?P<before>
        (?: \b(?:{"|".join(_NAMES)}) | _pass\b
          | (?:{_SPELT})[\w.-]{{0,64}} )
        {"".join(f"(?<!{ending})" for ending in _ABOUT)}
        \\*["']? \s* (?:=>|[:=]) \s* (?:[uUbB](?=\\*["']))?
    )
    (?: (?P<quote>\\*["']) (?P<quoted>.*?) (?: (?<!\\)(?P=quote) | \Z )
      | (?P<open>[\[{{(](?!\s*[\]}})]).*\Z)
      | (?P<bare>(?:(?:Bearer|Basic)\s+)?[^\s,;&"'\\\[\]{{}}()]+)
    )
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
# --name value, and <name>value</name>.
_TOLD = re.compile(
    rf"""
    (?P<before>
        (?<![\w-]) --[\w-]{{0,32}}? (?:{_SPELT}) [\w-]{{0,32}} \s+
      | < [\w.:-]{{0,32}}? (?:{_SPELT}) [\w.:-]{{0,32}} > (?=[^<])
    )
    (?: (?<=>) [^<]+ | (?<=\s) (?!-) (?: "[^"]*" | '[^']*' | [^\s"'\\<]+ ) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
# In JSON it separates names from values after a quote, in times it follows a
# digit. After a letter or a space it may end a name in running text.
_COLON = re.compile(r':(?<=[A-Za-z_ ]:)')
_NOTHING = frozenset(
    (None, '', MASK, 'null', 'None', 'true', 'false', 'True', 'False')
)

# Names that were looked at and found harmless, so that a whole object is
# cleared by one comparison of sets. Bounded, as users may choose names.
_harmless: set[str] = set()
_HARMLESS_MAX = 10_000


class _Suspect(Exception):
    """What is being parsed has to be looked at more closely."""


def is_secret(name):
    """Return whether a value called *name* (text) has to be masked."""
    # Long names are not remembered: users may choose names, of metadata.
    return _judge(name) if len(name) < 100 else _judge.__wrapped__(name)


@functools.lru_cache(maxsize=10_000)
def _judge(name):
    name = name.lower().replace('-', '_')
    if name in _NAMES or name.endswith('_pass'):
        return True
    return _WORD.search(name) is not None and not name.endswith(_ABOUT)


def read(text):
    """Parse JSON and mask the secrets in it.

    :returns: (value, text): the value that *text* stands for and JSON of that
        value, both masked; the very *text* given if there was nothing to mask
    :raises ValueError: if it is not JSON; NaN and Infinity are not
    :raises RecursionError: if it is nested too deeply to be parsed
    """
    try:
        value = _WATCHFUL.decode(text)
    except _Suspect:
        masked = mask(_STRICT.decode(text))
        return masked, json.dumps(masked)
    if _is_plain(text):
        return value, text
    masked = mask(value)
    if masked == value:
        return value, text
    return masked, json.dumps(masked)


def mask(value):
    """Return a copy of parsed JSON without the secrets in it."""
    if isinstance(value, str):
        return mask_string(value)
    if isinstance(value, list):
        return [mask(item) for item in value]
    if isinstance(value, dict):
        masked = {}
        for name, item in value.items():
            if is_secret(name) and _tells(item):
                item = MASK
            masked[mask_string(name)] = mask(item)
        if _names_secret_value(value):
            masked['value'] = MASK
        return masked
    return value


def mask_string(text):
    """Return *text* without the secrets in it, JSON or not."""
    if text.lstrip()[:1] in ('{', '[', '"'):
        try:
            return read(text)[1]
        except (ValueError, RecursionError):
            pass
    return mask_text(text)


def mask_text(text):
    """Return *text*, not JSON or broken JSON, without what looks secret."""
    if 'gAAAA' in text or 'eyJ' in text or 'PRIVATE KEY' in text:
        text = _TOKEN.sub(MASK, text)
    if '://' in text and '@' in text:
        text = _URL.sub(rf'\1{MASK}@', text)
    if (':' in text or '=' in text) and _may_hold_pair(text.lower()):
        text = _PAIR.sub(_mask_pair, text)
    if ('--' in text or '</' in text) and _may_hold_pair(text.lower()):
        text = _TOLD.sub(rf'\g<before>{MASK}', text)
    return text


def _may_hold_pair(lower):
    return _WORD.search(lower.replace('-', '_')) is not None or any(
        name in lower for name in _NAMES
    )


def _mask_pair(match):
    if (match['quoted'] or match['bare'] or match['open']) in _NOTHING:
        return match[0]
    quote = match['quote'] or ''
    return f'{match["before"]}{quote}{MASK}{quote}'


def _tells(value):
    """Return whether a secret can be in *value*: it is no null, flag, ''."""
    return bool(value) and value is not True and value != MASK


def _names_secret_value(value):
    """Return whether *value* is {'key': NAME OF A SECRET, 'value': IT}."""
    if not _tells(value.get('value')):
        return False
    return any(
        isinstance(name, str) and is_secret(name)
        for name in (value.get('key'), value.get('name'))
    )


def _is_plain(text):
    """Return whether no string in the JSON *text* holds a secret by its look.

    Cheap, and may say no too often. JSON in a string has backslashes before
    its quotes, what Python prints has other quotes, and a name in running
    text is followed by ``:`` or ``=``.
    """
    if '\\' in text or "'" in text or '=' in text:
        return False
    if '--' in text or '</' in text:
        return False
    if 'gAAAA' in text or 'eyJ' in text or 'PRIVATE KEY' in text:
        return False
    if '@' in text and '://' in text:
        return False
    for colon in _COLON.finditer(text):
        end = colon.start()
        name = text[max(end - 100, 0) : end].rpartition('"')[2]
        if _may_hold_pair(name.lower()):
            return False
    return True


def _watch(pairs):
    """Make a dict of *pairs*, as json does, unless there may be a secret.

    Of a key that comes twice json keeps the last value: the first would
    stay in the text unseen.
    """
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Suspect
    if _harmless.issuperset(value):
        return value
    for name in value:
        if name in _harmless:
            continue
        if is_secret(name):
            if _tells(value[name]):
                raise _Suspect
        elif name == 'value':
            if _names_secret_value(value):
                raise _Suspect
        elif len(_harmless) < _HARMLESS_MAX and len(name) < 100:
            _harmless.add(name)
    return value


def _refuse(constant):
    raise ValueError(f'{constant} is not JSON')


_STRICT = json.JSONDecoder(parse_constant=_refuse)
_WATCHFUL = json.JSONDecoder(object_pairs_hook=_watch, parse_constant=_refuse)
