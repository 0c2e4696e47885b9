# SPDX-License-Identifier: Apache-2.0
"""What others ask of a conductor through the message queue.

Whoever asks gets an answer or an error within ``[conductor] rpc_timeout``,
whatever becomes of the conductor and the message queue.
"""

from talea import exception
from talea.conductor import answer

TOPIC = 'talea-conductor'
VERSION = '1.0'


def stats(conf, context, question):
    """Return what a conductor answers.

    :param conf: ConfigOpts
    :param context: RequestContext of whoever asks
    :param question: question.Question
    :returns: answer.Answer
    :raises talea.exception.NotFound: if the cluster that is asked for is not
        there
    :raises talea.exception.AmbiguousCluster: if several have that name
    :raises talea.exception.Unavailable: if no conductor answers in time, or
        what it needs is away
    """
    raise exception.Unavailable(reason='No conductor answers')


def open_reply(reply):
    """Return the answer that *reply* of a conductor holds.

    :raises talea.exception.TaleaError: the error that it holds
    """
    error = reply.get('error')
    if error is None:
        return answer.Answer.from_dict(reply)
    if error == 'not_found':
        raise exception.NotFound(reply['reason'])
    if error == 'ambiguous':
        raise exception.AmbiguousCluster(reply['name'], reply['clusters'])
    raise exception.Unavailable(reason=reply['reason'])
