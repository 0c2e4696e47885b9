# SPDX-License-Identifier: Apache-2.0
"""talea-status: is all well, before and after an upgrade?"""

import sys
import urllib.parse

from oslo_config import cfg
from oslo_db import exception as db_exc
from oslo_upgradecheck import common_checks
from oslo_upgradecheck import upgradecheck
import sqlalchemy as sa

from talea import exception
from talea import service
from talea.api import auth
from talea.collector.bus import rabbit
from talea.collector.bus import topology
from talea.conductor import gather
from talea.conf import collector as collector_conf
from talea.db import migration
from talea.processor import passes


def _result(code, details=None):
    return upgradecheck.Result(code, details)


class Checks(upgradecheck.UpgradeCommands):
    """What is checked; each answers with a Result."""

    def __init__(self, conf):
        self._conf = conf

    def _database(self):
        try:
            found = migration.version()
        except (db_exc.DBError, sa.exc.SQLAlchemyError) as error:
            return _result(
                upgradecheck.Code.FAILURE,
                f'The database does not answer: {str(error).splitlines()[0]}',
            )
        wanted = migration.head()
        if found == wanted:
            return _result(upgradecheck.Code.SUCCESS)
        return _result(
            upgradecheck.Code.FAILURE,
            f'The database is at version {found or "empty"}, this release '
            f'needs {wanted}: run "talea-manage db upgrade".',
        )

    def _private_key(self):
        try:
            auth.check(self._conf, self._conf.api.host)
        except exception.TaleaError as error:
            return _result(upgradecheck.Code.FAILURE, str(error))
        return _result(upgradecheck.Code.SUCCESS)

    def _buses(self):
        """Whether the buses answer; those without a broker always do."""
        problems = []
        for name, bus in self._rabbits(problems):
            try:
                bus.connect().release()
            except rabbit.LOST as error:
                problems.append(
                    f'The bus of deployment {name} does not answer: {error}.'
                )
        if problems:
            return _result(upgradecheck.Code.FAILURE, ' '.join(problems))
        nowhere = [
            f'[deployment:{name}]'
            for name in self._conf.collector.deployments
            if not collector_conf.is_given(self._conf, name)
        ]
        if nowhere:
            return _result(
                upgradecheck.Code.WARNING,
                f'transport_url is not set in {", ".join(nowhere)}: nothing '
                'is taken from any bus for that.',
            )
        return _result(upgradecheck.Code.SUCCESS)

    def _publishers_queues(self):
        """Whether queues of publishers grow because nobody consumes them."""
        growing = []
        for name, bus in self._rabbits([]):
            group = collector_conf.deployment(self._conf, name)
            try:
                with bus.connect() as connection:
                    queues = topology.publishers_queues(connection, group)
            except rabbit.LOST:
                # Told by the check before.
                continue
            growing += [
                f'{queue} of deployment {name} ({messages} messages)'
                for queue, messages, consumers in queues
                if messages and not consumers
            ]
        if not growing:
            return _result(upgradecheck.Code.SUCCESS)
        return _result(
            upgradecheck.Code.WARNING,
            'Nobody consumes these queues of the publishers, and they grow: '
            f'{", ".join(growing)}. Talea has queues of its own. See '
            '"Queues of the publishers" in the administration guide.',
        )

    def _rabbits(self, problems):
        """Yield (name, RabbitBus) of the deployments on RabbitMQ."""
        for name in self._conf.collector.deployments:
            group = collector_conf.deployment(self._conf, name)
            scheme = urllib.parse.urlsplit(group.transport_url).scheme
            if scheme not in rabbit.SCHEMES:
                continue
            try:
                yield name, rabbit.RabbitBus(self._conf, name)
            except exception.BusError as error:
                problems.append(f'{error}.')

    def _processor(self):
        """Whether there are metrics, drivers and prices to rate with."""
        try:
            passes.Passes(self._conf)
        except exception.TaleaError as error:
            return _result(upgradecheck.Code.FAILURE, f'{error}.')
        return _result(upgradecheck.Code.SUCCESS)

    def _conductor(self):
        """Whether there are drivers that tell what clusters hold."""
        try:
            gather.load(self._conf)
        except exception.TaleaError as error:
            return _result(upgradecheck.Code.FAILURE, f'{error}.')
        return _result(upgradecheck.Code.SUCCESS)

    def _policy_file(self):
        return common_checks.check_policy_json(self, self._conf)

    _upgrade_checks = (
        ('Database', _database),
        ('Private key', _private_key),
        ('Message buses', _buses),
        ('Queues of the publishers', _publishers_queues),
        ('Processor', _processor),
        ('Conductor', _conductor),
        ('Policy file', _policy_file),
    )


@service.command
def main(argv):
    """Run ``upgrade check``; 0 is fine, 1 a warning, 2 a failure."""
    conf = cfg.CONF
    upgradecheck.register_cli_options(conf, Checks(conf))
    service.prepare(argv, conf)
    # Where the library looks for --json.
    upgradecheck.CONF = conf
    return upgradecheck.run(conf)


if __name__ == '__main__':
    sys.exit(main())
