# SPDX-License-Identifier: Apache-2.0
"""The letter-to-sound model."""
