# SPDX-License-Identifier: Apache-2.0
"""The device's front end for Python, through the module that frontend_module.c builds from src/frontend: training and device compute the
same features."""

import ctypes

import numpy as np


class FrontEnd:
    """int16 samples -> int16 rows (n_samples // 160, 40), Q8 of log2 units."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))

    def __call__(self, sound, call="training_features"):
        sound = np.ascontiguousarray(sound, np.int16)
        rows = np.zeros((len(sound) // 160 + 4, 40), np.int16)
        n = getattr(self.library, call)(sound.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(sound)),
                                        rows.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(rows)))
        assert n >= 0, f"front end refused {len(sound)} samples: {n}"
        return rows[:n]
