# SPDX-License-Identifier: Apache-2.0
"""Who is who, for all rules."""

from oslo_policy import policy

ADMIN = 'role:admin'
READER = 'rule:project_reader'
ANYONE = 'rule:reader'
WRITER = 'rule:writer'
BILLED = 'rule:billed'
# Whoever has a token.
ALL = '@'

RULES = [
    policy.RuleDefault(
        'project_reader',
        '(role:reader and project_id:%(project_id)s) or role:admin',
        description='May read what belongs to the project.',
    ),
    policy.RuleDefault(
        'billed',
        '((role:reader or role:member) and project_id:%(project_id)s) '
        'or role:admin',
        description='May read what the project owes.',
    ),
    policy.RuleDefault(
        'reader',
        'role:reader or role:admin',
        description='May read what belongs to nobody.',
    ),
    policy.RuleDefault(
        'writer',
        'role:service or role:admin',
        description='May change what is billed.',
    ),
]


def rule(name, check, description, *operations, scopes=('project',)):
    """Return a documented rule.

    :param operations: texts like 'GET /v1/entities'
    :param scopes: of the tokens that it is for
    """
    return policy.DocumentedRuleDefault(
        name,
        check,
        description,
        [
            dict(zip(('method', 'path'), one.split(), strict=True))
            for one in operations
        ],
        scope_types=list(scopes),
    )


def list_rules():
    return RULES
