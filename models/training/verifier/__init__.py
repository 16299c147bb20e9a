# SPDX-License-Identifier: Apache-2.0
"""The verifier: whether one phone of a sentence really follows another in the sound. src/nn/verifier.h defines it."""
