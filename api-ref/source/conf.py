# SPDX-License-Identifier: Apache-2.0
project = 'talea'
copyright = 'Talea developers'
extensions = ['openstackdocstheme', 'os_api_ref']
source_suffix = {'.rst': 'restructuredtext'}
pygments_style = 'native'

html_theme = 'openstackdocs'
html_theme_options = {'sidebar_mode': 'toc'}
openstackdocs_repo_name = 'openstack/talea'
openstackdocs_auto_name = False
openstackdocs_use_storyboard = False
