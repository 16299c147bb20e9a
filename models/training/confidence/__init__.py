# SPDX-License-Identifier: Apache-2.0
"""What a listener heard, right and wrong, and the model of its confidence."""
