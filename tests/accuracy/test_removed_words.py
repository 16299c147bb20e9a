#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests how removed_words.py compares recognisers that accept equally much. Exit code 77: skipped."""

import contextlib
import io
import pathlib
import sys
import unittest

try:
    import numpy  # noqa: F401
    import scipy  # noqa: F401
    import soundfile  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import removed_words  # noqa: E402

SCORES = {"removed": [0.95, 0.99, 0.9], "whole": [0.91, 0.99, 0.97, 0.93, 0.97]}


class Raised(unittest.TestCase):
    def test_the_surest_are_accepted(self):
        self.assertEqual(removed_words.raised(SCORES, "whole", 1), (0.99, {"removed": 1, "whole": 1}))
        self.assertEqual(removed_words.raised(SCORES, "whole", 4), (0.93, {"removed": 2, "whole": 4}))

    def test_equal_confidences_are_accepted_together(self):
        self.assertEqual(removed_words.raised(SCORES, "whole", 2), (0.97, {"removed": 1, "whole": 3}))

    def test_all_that_are_accepted_now_stay(self):
        self.assertEqual(removed_words.raised(SCORES, "whole", 5), (0.91, {"removed": 2, "whole": 5}))

    def test_no_more_than_are_accepted_now(self):
        self.assertIsNone(removed_words.raised(SCORES, "whole", 6))
        self.assertIsNone(removed_words.raised(SCORES, "whole", 0))

    def test_what_is_printed(self):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            removed_words.print_equal(SCORES, {"removed": 12, "whole": 8}, "whole", [4, 6])
        self.assertEqual(out.getvalue(), "with a least confidence of 0.9300, removed: accepted 2 of 12 (16.7 % [4.7, 44.8])\n"
                                         "with a least confidence of 0.9300, whole: accepted 4 of 8 (50.0 % [21.5, 78.5])\n"
                                         "whole: 6 cannot be accepted, 5 are\n")


if __name__ == "__main__":
    unittest.main()
