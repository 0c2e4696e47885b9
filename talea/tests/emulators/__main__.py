# SPDX-License-Identifier: Apache-2.0
"""A cloud in a process of its own, until its input ends.

Its first line is the URL of Keystone.
"""

import argparse
import sys

from talea.tests.emulators import cloud
from talea.tests.emulators import world


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for what in ('clusters', 'servers', 'volumes', 'floating-ips', 'projects'):
        parser.add_argument(f'--{what}', type=int, default=10)
    parser.add_argument('--delay', type=float, default=0.0)
    options = vars(parser.parse_args())
    delay = options.pop('delay')
    with cloud.Cloud(world.World(**options)) as made:
        for one in made.services:
            one.fault.delay = delay
            one.kept = {}
        print(made.url, flush=True)
        sys.stdin.read()


if __name__ == '__main__':
    main()
