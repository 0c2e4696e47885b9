# SPDX-License-Identifier: Apache-2.0
import functools
import importlib.metadata


@functools.cache
def version_string():
    """Return the version of the installed distribution."""
    return importlib.metadata.version('talea')


def product_string():
    """Return what guru meditation reports call it."""
    return 'Talea'


def vendor_string():
    """Return who made it, for guru meditation reports."""
    return 'Talea developers'


# By this name guru meditation reports look for it.
version_string_with_package = version_string
