# SPDX-License-Identifier: Apache-2.0
"""Who asks the face of Magnum, and what there is to be told."""

from talea.tests.functional.faces import clusters
from talea.tests.functional.faces import personas

WEB, SPARE, OTHER = (one['id'] for one in clusters.world()['clusters'])

# What there is in both projects, and in each.
ALL = {'clusters': 2, 'nodes': 4}
FIRST = {'clusters': 1, 'nodes': 3}
SECOND = {'clusters': 1, 'nodes': 1}
NONE = {'clusters': 0, 'nodes': 0}

OWN = ('reader', 'member', 'manager')

JSON = 'application/json'


def error(status, text=None):
    """Return the body of an error as Magnum has it."""
    return {
        'errors': [
            {
                'request_id': '',
                'code': '' if text is None else 'client',
                'status': status,
                'title': '' if text is None else text.split('.')[0],
                'detail': text or '',
                'links': [],
            }
        ]
    }


NOT_AUTHORIZED = error(403, 'Not authorized.')
BAD_TYPE = error(400, "Invalid stats type. Allowed values are 'cluster'")
UNAUTHORIZED = {
    'error': {
        'code': 401,
        'title': 'Unauthorized',
        'message': 'The request you have made requires authentication.',
    }
}


class StatsTestCase(personas.PersonasTestCase):
    def configure(self):
        super().configure()
        self.conductor = self.useFixture(clusters.Conductor(self.conf))

    def ask(self, who, query='', path='/v1/stats', method='GET', **headers):
        """Return the response that *who* gets."""
        return self.request(
            method,
            path + query,
            token=who,
            headers={
                name.replace('_', '-'): value
                for name, value in headers.items()
            },
        )

    def told(self, who, query='', **kwargs):
        """Return the body of an answer that is good."""
        answer = self.ask(who, query, **kwargs)
        self.assertEqual(200, answer.status_int, (who, query, answer.text))
        return answer.json

    def check(self, expected, who, query='', **kwargs):
        """Check some members of an answer."""
        told = self.told(who, query, **kwargs)
        self.assertEqual(
            expected, {name: told[name] for name in expected}, (who, query)
        )

    def refused(self, expected, who, query='', **kwargs):
        """Check that an answer is an error; return the answer."""
        answer = self.ask(who, query, **kwargs)
        about = (who, query, answer.status, answer.text)
        self.assertEqual(JSON, answer.content_type, about)
        self.assertEqual(expected, answer.json, about)
        found = expected.get('errors', [expected.get('error')])[0]
        self.assertEqual(
            found.get('status', found['code']), answer.status_int, about
        )
        return answer
