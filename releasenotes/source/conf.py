# SPDX-License-Identifier: Apache-2.0
project = 'talea'
copyright = 'Talea developers'
extensions = ['openstackdocstheme', 'reno.sphinxext']
source_suffix = {'.rst': 'restructuredtext'}
pygments_style = 'native'

html_theme = 'openstackdocs'
openstackdocs_repo_name = 'openstack/talea'
openstackdocs_auto_name = False
openstackdocs_use_storyboard = False
