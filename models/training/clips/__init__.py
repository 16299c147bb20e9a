# SPDX-License-Identifier: Apache-2.0
"""Clips of speech: the corpus, its augmentation, the device's front end, and batches."""
