# SPDX-License-Identifier: Apache-2.0
"""The acoustic network, its losses and the training loop."""
