# SPDX-License-Identifier: Apache-2.0
project = 'talea'
copyright = 'Talea developers'
extensions = [
    'openstackdocstheme',
    'oslo_config.sphinxconfiggen',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'oslo_policy.sphinxpolicygen',
]
source_suffix = {'.rst': 'restructuredtext'}
pygments_style = 'native'

html_theme = 'openstackdocs'
openstackdocs_repo_name = 'openstack/talea'
openstackdocs_auto_name = False
openstackdocs_use_storyboard = False

config_generator_config_file = [
    ('../../etc/oslo-config-generator/talea.conf', '_static/talea')
]
policy_generator_config_file = [
    ('../../etc/oslo-policy-generator/talea.conf', '_static/talea')
]
