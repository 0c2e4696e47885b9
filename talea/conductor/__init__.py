# SPDX-License-Identifier: Apache-2.0
"""The conductor: tells what the clusters of a cloud hold."""
