# SPDX-License-Identifier: Apache-2.0
"""Texts, and their synthesis to speech."""
