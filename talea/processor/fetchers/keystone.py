# SPDX-License-Identifier: Apache-2.0
"""Projects as Keystone lists them."""

from collections.abc import Iterable
from collections.abc import Iterator
import functools
from typing import Any

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exc

from talea import exception
from talea.conf import service_credentials
from talea.objects import entity
from talea.processor.fetchers import base


class KeystoneAway(exception.TaleaError):
    """Keystone does not tell what projects there are."""

    template = 'Keystone does not list its projects: %(reason)s'


class Keystone(base.Fetcher):
    """All projects, or those in which a user has a role."""

    @functools.cached_property
    def _identity(self) -> adapter.Adapter:
        return service_credentials.adapter(
            self.conf, service_type='identity', version='3'
        )

    def fetch(self, context: Any) -> Iterable[base.Found]:
        first = dict(entity.projects(context))
        try:
            projects = self._projects()
        except ksa_exc.ClientException as error:
            raise KeystoneAway(reason=error) from error
        except (ValueError, LookupError, TypeError) as error:
            # Something else may listen there, such as the page of a proxy.
            raise KeystoneAway(
                reason='what came is no answer of Keystone'
            ) from error
        return [base.Found(one, first.get(one)) for one in projects]

    def _projects(self) -> list[str]:
        wanted = self._with_role() if self.options.role else None
        return [
            project['id']
            for project in self._pages('/projects', 'projects')
            if (wanted is None or project['id'] in wanted)
            and (self.options.disabled_projects or project['enabled'])
        ]

    def _with_role(self) -> set[str]:
        """Return the ids of the projects in which the user has the role."""
        user = self._identity.get_user_id()
        path = (
            f'/role_assignments?user.id={user}&effective=true'
            '&include_names=true'
        )
        return {
            one['scope']['project']['id']
            for one in self._pages(path, 'role_assignments')
            if 'project' in one['scope']
            and one['role']['name'] == self.options.role
        }

    def _pages(self, path: str, member: str) -> Iterator[Any]:
        while path:
            page = self._identity.get(path).json()
            yield from page[member]
            path = (page.get('links') or {}).get('next')
