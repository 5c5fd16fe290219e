"""Zero blocks in the accuracy study: a MobileNet, dense or without half its channels, then blocks.

Two choices with the same data and refit: blind, where each layer loses its smallest blocks, and joint,
the walk over the whole network that `espalier prune --pattern block:16x8 --data` does.
"""
import dataclasses
import json
import pathlib
import tempfile

import espalier_tool
import numpy as np
from pages import markdown

PATTERN = "block:16x8"
CHOICES = {"blind": ["--method", "magnitude", "--scope", "layer"], "joint": []}
# The blind choice leaves more of what is counted: at other sparsities it is at the joint one's counts.
SPARSITIES = {"blind": [0.7, 0.8], "joint": [0.7]}
QUICK_SPARSITIES = {"blind": [0.7], "joint": [0.7]}
STARTS = ("dense", "half")
NETWORKS = ("mobilenet", "wide_mobilenet")
PICTURES = 256  # to calibrate with


@dataclasses.dataclass(frozen=True, order=True)
class Case:
    network: str
    start: str  # dense, or half the channels by obspa
    choice: str
    sparsity: float
    seed: int

    def key(self):
        return f"blocks-{self.network}-{self.start}-{self.choice}-{self.sparsity}-{self.seed}"


def cases(seeds, quick):
    for network in NETWORKS:
        for start in STARTS:
            for choice, sparsities in (QUICK_SPARSITIES if quick else SPARSITIES).items():
                for sparsity in sparsities:
                    for seed in range(1, seeds + 1):
                        yield Case(network, start, choice, sparsity, seed)


def accuracy(source, model):
    (scores,), = espalier_tool.run(model, [{"input": np.load(source / "test.npy")}])
    return 100 * float((scores.argmax(1) == np.load(source / "test-labels.npy")).mean())


def prune(case, study):
    """Accuracy in percent and live multiply-accumulates in thousands."""
    source = study / f"digits-{case.seed}"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = folder / "data.npy"
        np.save(data, np.load(source / "calibration.npy")[:PICTURES])
        start, pruned = source / f"{case.network}.onnx", folder / "pruned.onnx"
        if case.start == "half":
            half = folder / "half.onnx"
            espalier_tool.espalier("prune", start, "-o", half, "--pattern", "channel", "--method",
                                   "obspa", "--sparsity", "0.5", "--data", data)
            start = half
        report = json.loads(espalier_tool.espalier(
            "prune", start, "-o", pruned, "--pattern", PATTERN, "--sparsity", case.sparsity,
            *CHOICES[case.choice], "--data", data, "--force", "--json"))
        return {"accuracy": accuracy(source, pruned), "macs": report["live_macs"] / 1000,
                "explained": report["difference"]["r2"]}


def sections(figures, shown, interval):
    """(heading, table) for each network, of figures by case."""
    for network in NETWORKS:
        rows = []
        for start in STARTS:
            for choice in CHOICES:
                for sparsity in sorted({case.sparsity for case in figures}):
                    found = [figures[case] for case in sorted(figures)
                             if (case.network, case.start, case.choice, case.sparsity)
                             == (network, start, choice, sparsity)]
                    if found:
                        rows.append([start, choice, f"{sparsity:g}",
                                     *(shown(interval([each[key] for each in found]), digits)
                                       for key, digits in (("accuracy", 2), ("macs", 0))),
                                     f"{min(each['accuracy'] for each in found):.2f}"])
        title = {"mobilenet": "Digits MobileNet", "wide_mobilenet": "Wide digits MobileNet"}[network]
        yield (f"{title} with zeros as {PATTERN}", markdown.Table(
            ["start", "choice", "sparsity", "accuracy in %", "live MACs in thousands",
             "worst seed in %"], rows).text())
