# SPDX-License-Identifier: Apache-2.0
"""What the device runs: quantisation, the integer operations, and the model file."""
