# SPDX-License-Identifier: Apache-2.0
"""Somebody's cloud: what other services answer, as far as Talea asks them.

Compared with the services themselves by ``tox -e cloud``.
"""
