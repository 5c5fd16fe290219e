"""Measures all engines on one network and its pruned forms, in rounds that all take part in."""
import dataclasses
import pathlib
import random
import sys

import numpy as np

import intervals
import models
from contender import Contender
from goals import CHAIN_VARIANTS, CHAINS, TITLES
from models import Failed

# The largest error against onnxruntime, as a share of the output's range, at which a time counts.
# Peers may approximate functions more roughly than Espalier is held to; half precision would show.
TOLERANCE = 1e-5
PEERS_TOLERANCE = 1e-3
DENSE_PEERS = ("onnxruntime", "openvino", "MNN", "ncnn")
# Engines that make use of zeros, and the patterns they are shown.
SPARSE_PEERS = ("MNN sparse",)
SPARSE_VARIANTS = ("block 8x1 70 %", "unstructured 90 %")


@dataclasses.dataclass
class Schedule:
    folder: pathlib.Path
    variants: list
    threads: list
    rounds: int
    seconds: float
    # Where this run keeps measurements of layers.
    cache: pathlib.Path
    order: random.Random
    # The python that has deepsparse; without it that engine is left out.
    deepsparse: str | None = None

    def engines(self, variant):
        """The engines that run a variant, Espalier first."""
        if variant.pattern is None:
            return ["espalier", *DENSE_PEERS, *(["deepsparse"] if self.deepsparse else [])]
        if variant.name in SPARSE_VARIANTS:
            return ["espalier", *SPARSE_PEERS, *(["deepsparse"] if self.deepsparse else [])]
        return ["espalier"]

    def minutes(self, names):
        """About how long the networks take: bursts overrun, and starting a worker takes seconds."""
        workers = sum(len(schedule.engines(variant)) * len(schedule.threads)
                      for schedule in map(self.narrowed, names) for variant in schedule.variants)
        return workers * (self.rounds * self.seconds * 1.6 + 2.5) / 60

    def narrowed(self, name):
        """What of the schedule applies to a network: chains run on one thread, in some patterns."""
        if name not in CHAINS:
            return self
        return dataclasses.replace(self, threads=self.threads[:1], variants=[
            variant for variant in self.variants if variant.name in CHAIN_VARIANTS])


@dataclasses.dataclass
class Result:
    """What was measured on one network."""

    model: str
    contenders: list = dataclasses.field(default_factory=list)
    # (engine, variant, threads) -> why there is no time.
    failures: dict = dataclasses.field(default_factory=dict)
    # (engine, variant) of all that should have run beside Espalier.
    peers: list = dataclasses.field(default_factory=list)

    @property
    def title(self):
        return TITLES.get(self.model, self.model)

    @property
    def instruction_set(self):
        """The kernels that Espalier used."""
        return next(c.loaded["kernels"] for c in self.contenders if c.engine == "espalier")

    def find(self, engine, variant, threads):
        return next((c for c in self.contenders if (c.engine, c.variant, c.threads)
                     == (engine, variant, threads)), None)

    def best_peer(self, threads):
        """The fastest dense peer."""
        found = [self.find(engine, "dense", threads) for engine in DENSE_PEERS]
        return min(filter(None, found), key=lambda c: c.median, default=None)

    def ratio(self, variant, threads):
        """The best peer's time over Espalier's on a variant, with its interval."""
        return quotient(self.best_peer(threads), self.find("espalier", variant, threads))

    def scaling(self, engine, variant):
        """The time on one thread over that on two, with its interval."""
        return quotient(*(self.find(engine, variant, threads) for threads in (1, 2)))

    def gain(self, variant):
        """Espalier's time on the dense model over that on a variant, on one thread."""
        return quotient(*(self.find("espalier", name, 1) for name in ("dense", variant)))


def quotient(above, below):
    return intervals.ratio(above.rounds, below.rounds) if above and below else None


def measure(name, schedule, say):
    """Times every contender on one network and its pruned forms."""
    schedule = schedule.narrowed(name)
    dense = models.network(name, schedule.folder)
    folder = dense.parent
    inputs = models.inputs(dense, folder)
    result = Result(folder.name)
    try:
        for variant in schedule.variants:
            say(f"preparing {variant.name}")
            try:
                onnx_path = models.pruned(dense, variant, folder)
                packed = models.packed(onnx_path, variant, folder, schedule.cache)
                expected = reference(onnx_path, inputs, folder)
            except Failed as failure:
                result.failures["espalier", variant.name, schedule.threads[0]] = str(failure)
                continue
            for engine in schedule.engines(variant):
                path = packed if engine == "espalier" else onnx_path
                enter(result, engine, variant.name, path, inputs, expected, schedule)
        rounds(result, schedule, say)
        for contender in result.contenders:
            contender.growth = contender.peak_growth()
    finally:
        for contender in result.contenders:
            contender.end()
    return result


def reference(onnx_path, inputs, folder):
    """onnxruntime's outputs."""
    contender = Contender("onnxruntime", "reference", onnx_path, inputs, 1)
    try:
        contender.load()
        contender.warm_up(0)
        return contender.outputs(folder / "reference")
    finally:
        contender.end()


def enter(result, engine, variant, path, inputs, expected, schedule):
    """Starts an engine's workers, warm and checked; else notes why it does not take part."""
    if engine != "espalier":
        result.peers.append((engine, variant))
    python = schedule.deepsparse if engine == "deepsparse" else sys.executable
    for threads in schedule.threads:
        contender = Contender(engine, variant, path, inputs, threads, python)
        try:
            contender.load()
            contender.warm_up(schedule.seconds)
            contender.error = difference(expected, contender.outputs(path.with_name("outputs")))
            if not contender.error <= (TOLERANCE if engine == "espalier" else PEERS_TOLERANCE):
                raise Failed(f"wrong by {contender.error:.1e} of the output's range")
            result.contenders.append(contender)
        except Failed as failure:
            result.failures[engine, variant, threads] = str(failure)
            contender.end()


def rounds(result, schedule, say):
    contenders = result.contenders
    for number in range(1, schedule.rounds + 1):
        if number == 1 or number % 4 == 0:
            seconds = sum(c.expected for c in contenders) * (schedule.rounds - number + 1)
            say(f"round {number} of {schedule.rounds}, {len(contenders)} workers, "
                f"about {seconds:.0f} s for the rest of this network")
        for contender in schedule.order.sample(contenders, len(contenders)):
            try:
                contender.burst()
            except Failed as failure:
                key = contender.engine, contender.variant, contender.threads
                result.failures[key] = str(failure)
                contenders.remove(contender)
                contender.end()


def difference(expected, outputs):
    """The largest error of any output, as a share of that output's range."""
    if [array.size for array in expected] != [array.size for array in outputs]:
        raise Failed("outputs of other sizes")
    return max(
        float(np.abs(right.ravel() - array.ravel()).max() / (right.max() - right.min()))
        for right, array in zip(expected, outputs))
