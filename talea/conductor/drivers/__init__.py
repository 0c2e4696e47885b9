# SPDX-License-Identifier: Apache-2.0
"""Who knows what clusters hold; found through ``talea.stats.drivers``."""
