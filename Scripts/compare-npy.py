#!/usr/bin/env python3
"""Compares two .npy files: compare-npy.py range|cosine EXPECTED ACTUAL LIMIT

range: the largest absolute error as a share of the expected values' range. cosine: the cosine
distance. Prints the number; exit 1 when it is above LIMIT, not finite, or the shapes differ.
"""
import sys

import numpy as np

kind, expected_path, actual_path, limit = sys.argv[1:]
expected, actual = np.load(expected_path), np.load(actual_path)
if expected.shape != actual.shape or expected.dtype != actual.dtype:
    print(f"{actual.dtype}{list(actual.shape)} is not {expected.dtype}{list(expected.shape)}")
    sys.exit(1)
a, b = expected.astype(np.float64).ravel(), actual.astype(np.float64).ravel()
if kind == "range":
    value = np.abs(a - b).max() / (a.max() - a.min())
elif kind == "cosine":
    value = np.maximum(0, 1 - a @ b / np.sqrt((a @ a) * (b @ b)))  # keeps a NaN
else:
    sys.exit(f"compare-npy: no comparison called {kind}; use range or cosine")
print(f"{value:.1e}")
sys.exit(0 if value <= float(limit) else 1)
