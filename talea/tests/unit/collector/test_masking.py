# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import pathlib
import random
import time
import unittest

import hypothesis
from hypothesis import strategies
from oslo_utils import strutils

from talea.collector import masking

RECORDING = (
    pathlib.Path(__file__).parents[4]
    / 'samples/cloud-a/notifications.jsonl.gz'
)

FERNET = 'gAAAAABnPx' + 'Zk3_Q-' * 20 + '=='
JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl-_x'
KEY = (
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\n'
    '-----END RSA PRIVATE KEY-----'
)
PGP = KEY.replace('RSA PRIVATE KEY', 'PGP PRIVATE KEY BLOCK')
SECRET = 'hunter2-s3cr3t'

SECRET_NAMES = (
    'auth_token', '_context_auth_token', 'X-Auth-Token', 'service_token',
    'password', 'adminPass', 'admin_pass', 'new_pass', 'admin_password',
    'secret', 'client_secret', 'secret_uuid', 'token', 'injected_files',
    'personality', 'user_data', 'service_catalog', '_context_service_catalog',
    '_context', 'request_context', 'auth_password', 'discovery_auth_password',
    'private_key', 'access_key', 'encryption_key', 'keyring', 'credentials',
    'Authorization', 'auth_token_info', 'OS-EXT-SRV-ATTR:user_data', 'pwd',
    'psk', 'X-Auth-Key', 'temp_url_key', 'db_pass',
)  # fmt: skip
# Those that are secret with other words around them, too.
PARTIAL_NAMES = tuple(
    name
    for name in SECRET_NAMES
    if name not in ('_context', 'pwd', 'psk', 'db_pass')
)
HARMLESS_NAMES = (
    'token_type', 'key_name', 'keypair', 'keypairs', 'user_id', 'public_key',
    'encryption_key_id', 'password_expires_at', 'secret_ref', 'secret_type',
    'trusted_image_certificates', 'config_drive', 'passthrough', 'compass',
    'auth_methods', 'provider_auth', 'key', 'connection_info', 'context',
    'volume_type', '_context_user', 'catalogue', 'injected_network',
)  # fmt: skip


def recorded():
    """Yield the text of every recorded message."""
    with gzip.open(RECORDING) as lines:
        for line in lines:
            yield json.loads(json.loads(line)['body'])['oslo.message']


def holders(value):
    """Yield every object and every list in *value*, *value* too."""
    if isinstance(value, dict | list):
        yield value
        items = value.values() if isinstance(value, dict) else value
        for item in items:
            yield from holders(item)


class NameTest(unittest.TestCase):
    def test_all_that_oslo_masks_in_logs_is_secret(self):
        for name in strutils._SANITIZE_KEYS:
            self.assertTrue(masking.is_secret(name), name)
            self.assertTrue(masking.is_secret(f'os_{name}'.upper()), name)

    def test_secrets_are_known_by_their_names(self):
        for name in SECRET_NAMES:
            self.assertTrue(masking.is_secret(name), name)
            self.assertTrue(masking.is_secret(name.upper()), name)

    def test_what_only_resembles_a_secret_is_none(self):
        for name in HARMLESS_NAMES:
            self.assertFalse(masking.is_secret(name), name)

    def test_a_secret_may_have_a_long_name(self):
        self.assertTrue(masking.is_secret('x' * 500 + '_token'))


class MaskTest(unittest.TestCase):
    def masked(self, value):
        return masking.read(json.dumps(value))[0]

    def assert_kept(self, value):
        text = json.dumps(value)
        found, same = masking.read(text)
        self.assertEqual(value, found)
        self.assertIs(text, same)
        self.assertEqual(value, masking.mask(value))

    def test_a_secret_goes_whatever_it_is_made_of(self):
        for secret in (SECRET, 4711, [SECRET], {'x': {'y': [SECRET]}}):
            for name in SECRET_NAMES:
                self.assertEqual(
                    {'a': [{name: masking.MASK, 'b': 1}]},
                    self.masked({'a': [{name: secret, 'b': 1}]}),
                )

    def test_a_secret_that_is_not_there_stays_away(self):
        for name in SECRET_NAMES:
            for nothing in (None, '', [], {}, True, False, masking.MASK):
                self.assert_kept({'a': {name: nothing}})

    def test_look_alikes_are_kept(self):
        self.assert_kept({name: SECRET for name in HARMLESS_NAMES})

    def test_tokens_go_under_any_name(self):
        for token in (FERNET, JWT, KEY, KEY.replace('\n', ' '), PGP):
            for value in (
                token,
                f'before {token} after',
                [token],
                {'x': [[token]]},
                json.dumps({'x': token}),
                json.dumps(json.dumps([token])),
                {token: 1},
            ):
                found = json.dumps(self.masked({'name': value}))
                self.assertNotIn(token[:20], found)
                self.assertNotIn(json.dumps(token)[20:30], found)

    def test_metadata_in_pairs_is_masked(self):
        for noun in ('key', 'name'):
            pairs = [{noun: 'db_password', 'value': SECRET}]
            self.assertEqual(
                [{noun: 'db_password', 'value': masking.MASK}],
                self.masked(pairs),
            )
            self.assert_kept([{noun: 'os_type', 'value': SECRET}])
            self.assert_kept([{noun: ['token'], 'value': SECRET}])

    def test_json_in_a_string_is_masked_like_json(self):
        connection = {'auth_username': 'u', 'auth_password': SECRET, 'lun': 1}
        found = self.masked({'connection_info': json.dumps(connection)})
        self.assertEqual(
            connection | {'auth_password': masking.MASK},
            json.loads(found['connection_info']),
        )

    def test_json_in_a_string_that_holds_no_secret_is_kept(self):
        self.assert_kept({'connector': '{"a":  [1, "/dev/sda"],"x": null}'})

    def test_credentials_in_a_url_go(self):
        for url, masked in (
            ('rabbit://u:p%40s@host:5672/v', 'rabbit://u:***@host:5672/v'),
            ('see http://u:p@h/?a=b&c', 'see http://u:***@h/?a=b&c'),
            ('a://x:1@b,c://y:2@d', 'a://x:***@b,c://y:***@d'),
        ):
            self.assertEqual(masked, self.masked({'u': url})['u'])
        self.assert_kept({'u': 'http://host:80/a@b', 'v': 'compute@host'})

    def test_secrets_in_running_text_go(self):
        for before, secret, after in (
            ('failed: password=', SECRET, ' for alice'),
            ('password: ', SECRET, ', try again'),
            ("{'auth_token': '", f"{SECRET} x\\'y", "', 'user': 'alice'}"),
            ("{'auth_token': u'", SECRET, "', 'user': 'alice'}"),
            ('{"adminPass": "', SECRET, '", oops'),
            ('X-Auth-Token: ', SECRET, ''),
            ('Authorization: ', f'Bearer {SECRET}', ''),
            ('?token=', SECRET, '&x=1'),
            ("{'user_data' => '", SECRET, "'}"),
            ("'service_catalog': ", f"[{{'url': '{SECRET}'}}]", ''),
            ("'_context': ", f"{{'a': '{SECRET}'}}", ''),
        ):
            found = self.masked({'x': before + secret + after})['x']
            self.assertEqual(before + masking.MASK + after, found)

    def test_secrets_in_command_lines_and_tags_go(self):
        for text in (
            f'mysql --password {SECRET} talea',
            f"openstack --os-password '{SECRET}' server list",
            f'<adminPass>{SECRET}</adminPass>',
            f'<xml><db:password>{SECRET}</db:password></xml>',
        ):
            self.assertNotIn(SECRET, masking.mask_string(text), text)
            value, body = masking.read(json.dumps({'fault': text}))
            self.assertNotIn(SECRET, body + str(value), text)
        for text in ('--password-file --verbose', '<token></token>', '--'):
            self.assertEqual(text, masking.mask_string(text))

    def test_every_secret_goes_from_running_text(self):
        for name in SECRET_NAMES:
            for between in (': ', ':', ' : ', '=', ' = ', "': '", '=> '):
                text = f'no {name}{between}{SECRET}'
                found = self.masked({'a': {'x': [text], 'time': '10:20'}})
                self.assertNotIn(SECRET, json.dumps(found), text)

    def test_running_text_about_secrets_is_kept(self):
        for text in (
            'the token is gone', 'password: None', "'auth_token': None, 'x'",
            'token_type=bearer', '"service_catalog": [], "a": "b"',
            'time: 12:30:01', 'key_name=k', "'_context_user': 'x'",
        ):  # fmt: skip
            self.assert_kept({'x': text})

    def test_the_first_of_two_equal_names_does_not_hide_a_secret(self):
        for text in (
            '{"auth_token": "%s", "auth_token": null}',
            '{"a" : {"x" : "%s", "x" : 1}, "x" : 2}',
            '{"a": {"token": ["%s"]}, "a": {}}',
        ):
            self.assertNotIn(SECRET, masking.read(text % SECRET)[1])

    def test_an_escaped_name_does_not_hide_a_secret(self):
        text = '{"\\u0061uth_tok\\u0065n": "hunter2-s3cr3t"}'
        self.assertNotIn(SECRET, masking.read(text)[1])

    def test_an_escaped_look_does_not_hide_a_secret(self):
        for text in (
            '{"a": "\\u0067AAAAhunter2-s3cr3t"}',
            '{"a": "http:\\/\\/u:hunter2-s3cr3t@h"}',
            '{"a": "http://u:hunter2-s3cr3t\\u0040h"}',
            '{"a": "pass\\u0077ord\\u003dhunter2-s3cr3t"}',
        ):
            self.assertNotIn(SECRET, masking.read(text)[1], text)

    def test_what_is_no_json_is_refused(self):
        for text in ('', '{', '[NaN]', '{"a": -Infinity}', '\0', '{"a": 1} x'):
            with self.assertRaises(ValueError):
                masking.read(text)

    def test_masking_again_changes_nothing(self):
        once = masking.read(json.dumps({'token': SECRET, 'x': FERNET}))[1]
        self.assertIs(once, masking.read(once)[1])

    def test_many_names_are_not_remembered_for_ever(self):
        for number in range(20):
            names = {f'name {number} {one}': 1 for one in range(2000)}
            self.assert_kept(names)
            self.assert_kept({f'{number} {"x" * 1000}': 1})
        self.assertLessEqual(len(masking._harmless), 10_000)
        self.assertLess(max(map(len, masking._harmless)), 100)


class BrokenTest(unittest.TestCase):
    """Text that is no JSON, or no JSON any more."""

    def test_secrets_go_as_far_as_they_can_be_seen(self):
        message = json.dumps(
            {
                'event_type': 'x',
                'auth_token': FERNET,
                'password': f'a"{SECRET}\\',
                'service_catalog': [],
                'injected_files': [['/etc/x', f'}}]"{SECRET}']],
                'last': SECRET,
            }
        )
        for text in (message, json.dumps({'oslo.message': message})):
            for cut in range(len(text)):
                found = masking.mask_text(text[:cut])
                self.assertNotIn(SECRET, found)
                self.assertNotIn(FERNET[:20], found)
        self.assertIn('event_type', found)

    def test_a_key_that_was_cut_goes_to_its_end(self):
        found = masking.mask_text('"x": "' + KEY[:50])
        self.assertEqual(f'"x": "{masking.MASK}', found)

    def test_no_text_takes_long(self):
        size = 400_000
        for piece in (
            'x', 'token', 'token ', 'token\\', 'eyJ', 'gAAAA', '://', 'a://b:',
            'password="', 'token:', 'token=[', '-----BEGIN PRIVATE KEY-----',
            '"', '\\', '\\"', '_context', '-----BEGIN ', '{"token":',
            "pass='", 'token.', 'eyJ.', '=', ':',
        ):  # fmt: skip
            text = piece * (size // len(piece))
            before = time.process_time()
            masking.mask_string(text)
            self.assertLess(time.process_time() - before, 2, piece)


class RecordingTest(unittest.TestCase):
    def test_only_request_contexts_are_masked_in_what_was_recorded(self):
        changed = 0
        for text in recorded():
            found, masked = masking.read(text)
            if masked is text:
                continue
            changed += 1
            self.assertEqual(found, json.loads(masked))
            value = json.loads(text)
            for holder in holders(value):
                if isinstance(holder, dict) and '_context' in holder:
                    holder['_context'] = masking.MASK
            self.assertEqual(value, found)
        self.assertEqual(456, changed)

    def test_no_planted_token_survives_and_nothing_else_changes(self):
        dice = random.Random(20261121)
        for number, text in enumerate(recorded()):
            expected, clean = masking.read(text)
            value = json.loads(clean)
            self.plant(dice, value)
            found, masked = masking.read(json.dumps(value))
            for mark in ('gAAAA', 'eyJ', 'hunter2'):
                self.assertNotIn(mark, masked, number)
            self.assertEqual(found, json.loads(masked))
            self.assertEqual(expected, without_plants(found), number)

    def plant(self, dice, value):
        """Hide secrets in objects at any depth of *value*."""
        objects = [one for one in holders(value) if isinstance(one, dict)]
        for number in range(3):
            name = f'planted {number} {dice.choice(PARTIAL_NAMES)}'
            secret = dice.choice((FERNET, JWT, SECRET, f'x {FERNET} y'))
            if secret != SECRET and dice.random() < 0.5:
                name = f'planted {number}'
            hide = dice.choice(
                (
                    lambda name, secret: secret,
                    lambda name, secret: [[secret]],
                    lambda name, secret: {'deeper': {name: secret}},
                    lambda name, secret: json.dumps({name: secret}),
                    lambda name, secret: repr({name: secret}),
                )
            )
            dice.choice(objects)[name] = hide(name, secret)


def without_plants(value):
    if isinstance(value, list):
        return [without_plants(item) for item in value]
    if isinstance(value, dict):
        return {
            name: without_plants(item)
            for name, item in value.items()
            if not name.startswith('planted')
        }
    return value


leaves = (
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats(allow_nan=False, allow_infinity=False)
    | strategies.text(max_size=20)
    | strategies.sampled_from((FERNET, JWT, KEY, f'http://u:{SECRET}@h'))
    | strategies.just(SECRET).map(lambda text: json.dumps({'token': text}))
)
keys = strategies.text(max_size=10) | strategies.sampled_from(HARMLESS_NAMES)
trees = strategies.recursive(
    leaves,
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(keys, inner, max_size=4)
        | strategies.tuples(
            strategies.sampled_from(SECRET_NAMES),
            strategies.just(SECRET) | strategies.just([SECRET]),
            inner,
        ).map(lambda one: {one[0]: one[1], 'beside': one[2]})
        | inner.map(json.dumps)
    ),
    max_leaves=30,
)


class AnyJsonTest(unittest.TestCase):
    @hypothesis.settings(
        max_examples=300, deadline=None, derandomize=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )  # fmt: skip
    @hypothesis.given(trees, strategies.booleans())
    def test_no_secret_survives_in_any_json(self, tree, ascii_only):
        text = json.dumps(tree, ensure_ascii=ascii_only)
        value, masked = masking.read(text)
        for mark in (FERNET[:20], JWT[:20], 'MIIEpA', SECRET):
            self.assertNotIn(mark, masked)
        self.assertEqual(value, json.loads(masked))
        self.assertIs(masked, masking.read(masked)[1])

    @hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
    @hypothesis.given(
        strategies.recursive(
            strategies.integers()
            | strategies.none()
            | strategies.text(alphabet='abc é"{[1]}\\ ', max_size=20),
            lambda inner: (
                strategies.lists(inner)
                | strategies.dictionaries(
                    strategies.sampled_from(HARMLESS_NAMES), inner
                )
            ),
            max_leaves=30,
        )
    )
    def test_json_without_secrets_is_kept_as_it_is(self, tree):
        text = json.dumps(tree)
        value, same = masking.read(text)
        self.assertEqual(tree, value)
        self.assertIs(text, same)
