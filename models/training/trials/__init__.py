# SPDX-License-Identifier: Apache-2.0
"""Comparisons of networks, losses and augmentations in small trainings, and plots."""
