"""Fits the constants of converter/Lowering/CostModel.swift to what `measure.py` has kept.

    usage: fit.py FOLDER

Every way to compute a layer has a time, as a share of the dense time, that is linear in what the model
knows of the layer. Constants minimise the relative error, as an absolute value and not squared: some
times are of a disturbed machine. Prints the constants, how far off they are, and what choosing by them
would lose on the same times. Needs numpy.
"""
import collections
import math
import pathlib
import sys

import numpy as np

from measure import layers, table


class Layer:
    """What the model knows of a layer."""

    def __init__(self, layer):
        shape = layer["shape"]
        self.rows = shape[0]
        self.columns = math.prod(shape[1:])
        self.taps = math.prod(shape[2:])
        self.width = max(1, layer["macs"] // (self.rows * self.columns))
        self.is_vector = self.width < 8 and len(shape) == 2


def terms(layer, way):
    """The family of a way, and its constants' names with what each is multiplied with."""
    kernel, work = way["kernel"], way["work"]
    edges = {"perColumn": 1 / layer.columns, "perRow": 1 / layer.rows}
    reach = "single" if layer.width < 8 else "narrow" if layer.width < 64 else "wide"
    if layer.is_vector:
        # A bitmap's masks take time whatever they keep.
        return "vector", {kernel: work} | ({"bitmap fixed": 1} if kernel == "bitmap" else {})
    if kernel.startswith("panels"):
        # A tile of the input, 48 columns wide, in the nearest cache.
        if layer.width >= 8 and 4 * min(layer.width, 48) * layer.columns <= 32 << 10:
            reach = "near"
        return "panels", {f"{kernel.split()[-1]} {reach}": work, **edges}
    if kernel in ("row pairs", "pattern groups"):
        return kernel, {
            f"{reach} fixed": 1, f"{reach} work": work, "perRow": 1 / layer.rows}
    tile = 4 if "4x4" in way["encoding"] else 2
    positions = (tile + 2) ** 2
    tiles = round(work * 9 * layer.width / positions)
    return kernel, {"products": positions * lanes(tiles) / (9 * lanes(layer.width)),
                    "perChannel": layer.taps / layer.columns + 1 / layer.rows,
                    "perPixel": positions / layer.width}


def lanes(columns):
    """Columns as kernels work on them: whole vectors, or three of them and one column more."""
    rest = columns % 49
    return columns - rest + min(49, (rest + 15) // 16 * 16)


def fitted(rows, shares, importance):
    """Least absolute relative error, by least squares that weigh far samples less and less."""
    matrix = rows / shares[:, None]
    weights = np.sqrt(importance)
    for _ in range(50):
        found = np.linalg.lstsq(matrix * weights[:, None], weights, rcond=None)[0]
        weights = np.sqrt(importance / np.maximum(np.abs(matrix @ found - 1), 0.01))
    return found


def main():
    folder = pathlib.Path(sys.argv[1])
    samples = collections.defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        total = sum(layer["dense_ns"] for layer in layers(path))
        for layer in layers(path):
            for way in layer["ways"][1:]:
                if way.get("ns"):
                    family, row = terms(Layer(layer), way)
                    samples[family].append(
                        (row, way["ns"] / layer["dense_ns"], layer["dense_ns"] / total))
    constants = {}
    for family, kept in sorted(samples.items()):
        names = sorted({name for row, *_ in kept for name in row})
        rows = np.array([[row.get(name, 0) for name in names] for row, *_ in kept])
        shares, importance = np.array([sample[1:] for sample in kept]).T
        constants[family] = dict(zip(names, fitted(rows, shares, importance)))
        error = np.abs(rows @ list(constants[family].values()) / shares - 1)
        print(f"{family}: {len(kept)} times, off by {100 * np.median(error):.0f} % in the median")
        for name, value in constants[family].items():
            print(f"  {name:20s} {value:6.2f}")

    def cost(layer, way):
        family, row = terms(Layer(layer), way)
        return sum(constants[family][name] * value for name, value in row.items())

    def choose(layer):
        best = min(layer["ways"][1:], key=lambda way: cost(layer, way))
        return best if cost(layer, best) < 0.95 else layer["ways"][0]

    print("\n" + table(folder, choose))


if __name__ == "__main__":
    main()
