#!/usr/bin/env python3
"""Accuracy after pruning without fine-tuning, over seeds: docs/accuracy.md and docs/accuracy.svg.

    study-accuracy.py [--quick] [--seeds N] [--only blocks]

Every method, with and without repair, prunes the networks of Scripts/export-study.py to budgets of
MACs; onnxruntime evaluates on pictures and texts that neither training nor pruning has seen.
Then zero blocks: Scripts/study_blocks.py. --only blocks: these alone, and nothing is written.
--quick: one seed, two budgets, the real data only, and nothing is written. Results of the same
build of the tool are not computed again. The tool is ${ESPALIER:-.build/release/espalier}.
"""
import argparse
import concurrent.futures
import dataclasses
import functools
import hashlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import espalier_tool
import numpy as np
import pages
import scipy.stats
import study_blocks
from pages import markdown

ROOT = pathlib.Path(__file__).resolve().parent.parent
STUDY = espalier_tool.CACHE / "study"
REPAIRS = {"": ["--no-refit"], "BN": ["--no-refit", "--recalibrate"], "refit": ["--refit"]}
METHODS = {  # name: options, and whether the ranking looks at data
    "random": (["--method", "spa", "--criterion", "random"], False),
    "l1": (["--method", "spa", "--criterion", "l1"], False),
    "l2": (["--method", "spa", "--criterion", "l2"], False),
    "wanda": (["--method", "spa", "--criterion", "wanda"], True),
    "one-shot obs": (["--method", "spa", "--criterion", "obs"], True),
    "obspa": (["--method", "obspa"], True),
}
DIGITS_BUDGETS, TEXT_BUDGETS = [1.5, 2, 3, 4, 6], [1.25, 1.5, 2]
# What validation pictures preferred to a method's defaults: sums of weights in narrow and in wide
# groups of a convolutional network do not compare.
PER_NETWORK = {("wanda", "resnet14"): ["--scope", "layer"],
               ("wanda", "mobilenet"): ["--scope", "layer"]}
# Data of another kind, or none: for refits by these, at these budgets.
FOREIGN_METHODS, FOREIGN_DIGITS, FOREIGN_TEXTS = ("l2", "wanda", "obspa"), [1.5, 2], [1.5]
QUICK_BUDGETS = {"digits": [2, 4], "minilm": [1.5]}
PICTURES, TEXTS = 128, 512  # to calibrate with


@dataclasses.dataclass(frozen=True, order=True)
class Case:
    """One pruned network."""
    network: str
    method: str
    repair: str  # "", batch norms recalibrated, or refit
    budget: float
    data: str  # own, other, random, noise, or "" where no data is looked at
    seed: int

    def options(self):
        """Of `espalier prune`, but for the data."""
        return ["--pattern", "channel", "--align", "1", "--budget", f"flops:{self.budget}",
                "--seed", str(self.seed), *METHODS[self.method][0],
                *PER_NETWORK.get((self.method, self.network), []), *REPAIRS[self.repair]]

    def key(self):
        """A name that other options would change."""
        digest = hashlib.sha256(" ".join([*self.options(), f"{PICTURES} {TEXTS}"]).encode())
        words = [self.network, self.method, self.repair, self.budget, self.data, self.seed,
                 digest.hexdigest()[:8]]
        return "-".join(str(word).replace(" ", "_") for word in words)


def cases(seeds, quick):
    """All of them; a method that looks at no data appears once, not once for each kind of it."""
    for network in ("resnet14", "mobilenet", "minilm"):
        digits = network != "minilm"
        budgets = QUICK_BUDGETS["digits" if digits else "minilm"] if quick else (
            DIGITS_BUDGETS if digits else TEXT_BUDGETS)
        foreign = [] if quick else ["other", "noise"] if digits else ["other", "random"]
        foreign_budgets = FOREIGN_DIGITS if digits else FOREIGN_TEXTS
        for budget, data, method, repair in itertools.product(
                budgets, ["own", *foreign], METHODS, REPAIRS):
            looks = repair != "" or METHODS[method][1]
            if repair == "BN" and not digits:
                continue
            if data != "own" and not (repair == "refit" and method in FOREIGN_METHODS
                                      and budget in foreign_budgets):
                continue
            for seed in range(1, seeds + 1):
                # One MiniLM, and one draw of texts of other kinds: nothing else to repeat.
                if digits or looks and data == "own" or method == "random" or seed == 1:
                    yield Case(network, method, repair, budget, data if looks else "", seed)


def calibration(case, folder):
    """The --data options of a case; writes the share of the data that its seed draws."""
    if case.data == "noise":
        return ["--data", "noise"]
    if case.network != "minilm":
        source = STUDY / f"digits-{case.seed}"
        path = folder / "data.npy"
        name = {"own": "calibration", "other": "other"}[case.data]
        np.save(path, np.load(source / f"{name}.npy")[:PICTURES])
        return ["--data", path]
    name = {"own": "calibration"}.get(case.data, case.data)
    options = []
    for key in ("input_ids", "attention_mask"):
        values = np.load(STUDY / "minilm" / f"{name}.{key}.npy")
        start = (case.seed - 1) * TEXTS % len(values)
        np.save(folder / f"{key}.npy", values[start:start + TEXTS])
        options += ["--data", f"{key}={folder / key}.npy"]
    return options


def embeddings(model):
    """Of every test text."""
    texts = {key: np.load(STUDY / "minilm" / f"test.{key}.npy")
             for key in ("input_ids", "attention_mask")}
    return espalier_tool.run(model, [texts])[0][0]


@functools.cache
def dense_embeddings():
    return embeddings(STUDY / "minilm/minilm.onnx")


def evaluate(case, model):
    """Figures by name: accuracy in percent, or cosine and Spearman's correlation."""
    if case.network != "minilm":
        source = STUDY / f"digits-{case.seed}"
        (scores,), = espalier_tool.run(model, [{"input": np.load(source / "test.npy")}])
        labels = np.load(source / "test-labels.npy")
        return {"accuracy": 100 * float((scores.argmax(1) == labels).mean())}
    dense, pruned = dense_embeddings(), embeddings(model)
    pairs = np.triu_indices(len(dense), 1)
    similar = [(x @ x.T)[pairs] for x in (dense, pruned)]
    return {"cosine": float((dense * pruned).sum(1).mean()),  # both are of length 1
            "spearman": float(scipy.stats.spearmanr(*similar).statistic)}


def prune(case):
    """Prunes and evaluates one case."""
    source = STUDY / ("minilm" if case.network == "minilm" else f"digits-{case.seed}")
    dense = source / f"{case.network}.onnx"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pruned = folder / "pruned.onnx"
        data = calibration(case, folder) if case.data else []
        espalier_tool.espalier(
            "prune", dense, "-o", pruned, *case.options(), *data, "--force", "--json")
        macs = [json.loads(espalier_tool.espalier("inspect", path, "--json", *shape(case)))["macs"]
                for path in (dense, pruned)]
        return {**evaluate(case, pruned), "macs": macs[1] / macs[0]}


def shape(case):
    """MACs depend on the batch, which is open."""
    if case.network != "minilm":
        return ["--input-shape", "input=1,1,16,16"]
    return ["--input-shape", "input_ids=1,32", "--input-shape", "attention_mask=1,32"]


def interval(values):
    """(mean, half width of the 95 % t interval); half width 0 of a single value."""
    values = np.asarray(values)
    if len(values) < 2:
        return float(values.mean()), 0.0
    half = scipy.stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def shown(point, digits):
    if point is None:
        return "-"
    mean, half = point
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if half else "")


class Results:
    """Figures of all cases, and tables of them."""

    def __init__(self, figures):
        self.figures = figures

    def point(self, figure, **wanted):
        values = [found[figure] for case, found in self.figures.items()
                  if all(getattr(case, key) == value for key, value in wanted.items())]
        return interval(values) if values else None

    def series(self, network, figure, repair, budgets, data="own"):
        """(method, points over the budgets), with the data where the case looks at any."""
        return [(method, [self.point(figure, network=network, method=method,
                                     repair=repair, budget=budget,
                                     data=data if repair or looks else "")
                          for budget in budgets])
                for method, (_, looks) in METHODS.items()]

    def table(self, network, figure, budgets, digits, data="own"):
        """Markdown: a row for each method and each kind of repair."""
        rows = []
        for repair in REPAIRS:
            for method, points in self.series(network, figure, repair, budgets, data):
                if any(points) and (repair or data == "own" or METHODS[method][1]):
                    rows.append([method, repair or "none",
                                 *(shown(point, digits) for point in points)])
        return markdown.Table(
            ["method", "repair", *(f"{budget:g}x" for budget in budgets)], rows).text()


def dense_accuracy(network, seeds):
    values = []
    for seed in range(1, seeds + 1):
        source = STUDY / f"digits-{seed}"
        case = Case(network, "", "", 1, "", seed)
        values.append(evaluate(case, source / f"{network}.onnx")["accuracy"])
    return interval(values)


def sections(results, seeds, quick):
    """(heading, figure name, table) of everything there are results for."""
    digits = QUICK_BUDGETS["digits"] if quick else DIGITS_BUDGETS
    texts = QUICK_BUDGETS["minilm"] if quick else TEXT_BUDGETS
    for network, title in (("resnet14", "Digits ResNet-14"), ("mobilenet", "Digits MobileNet")):
        dense = shown(dense_accuracy(network, seeds), 2)
        yield (f"{title}: test accuracy in %, dense {dense}",
               results.table(network, "accuracy", digits, 2))
        if not quick:
            for data, what in (("other", "photographs"), ("noise", "smooth noise, no data")):
                yield (f"{title} calibrated with {what}: test accuracy in %",
                       results.table(network, "accuracy", FOREIGN_DIGITS, 2, data))
    for figure, what in (("cosine", "mean cosine similarity to the dense embeddings"),
                         ("spearman", "rank correlation of the texts' similarities")):
        yield f"MiniLM: {what}", results.table("minilm", figure, texts, 3)
        if not quick:
            for data, words in (("other", "sentences from templates"), ("random", "random tokens")):
                yield (f"MiniLM calibrated with {words}: {what}",
                       results.table("minilm", figure, FOREIGN_TEXTS, 3, data))


def write_report(results, blocks, seeds, failed):
    """docs/accuracy.md and its picture."""
    text = "".join(f"## {heading}\n\n{table}\n\n" for heading, table in [
        *sections(results, seeds, quick=False), *blocks])
    if failed:
        text += "## Not reached\n\n" + "".join(
            f"- {case.key()}: {reason}\n" for case, reason in failed) + "\n"
    pages.write("accuracy", text + "## How it was measured\n\n" + markdown.facts_table({
        "seeds": seeds, "pictures to calibrate with": PICTURES,
        "texts to calibrate with": TEXTS}))


def main(arguments):
    seeds = 1 if arguments.quick else arguments.seeds
    parts = ["digits"] if arguments.only else []
    subprocess.run(
        [sys.executable, ROOT / "Scripts/export-study.py", "--seeds", str(seeds), *parts],
        check=True, stdout=sys.stderr)
    folder = espalier_tool.results(
        "accuracy", "study_digits.py", "study_texts.py", "study_blocks.py")
    figures, failed = {}, []
    wanted = [] if arguments.only else sorted(
        cases(seeds, arguments.quick),
        key=lambda case: (case.network == "minilm", case.seed, case))
    wanted += study_blocks.cases(seeds, arguments.quick)

    def figures_of(case):
        path = folder / f"{case.key()}.json"
        if not path.exists():
            path.write_text(json.dumps(
                prune(case) if isinstance(case, Case) else study_blocks.prune(case, STUDY)))
        return json.loads(path.read_text())

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = [(case, pool.submit(figures_of, case)) for case in wanted]
        for number, (case, future) in enumerate(begun, 1):
            try:
                figures[case] = future.result()
            except espalier_tool.Failed as failure:
                failed.append((case, str(failure)))
                print(f"{case.key()}: {failure}", file=sys.stderr)
            print(f"\r{number} of {len(wanted)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    results = Results({case: found for case, found in figures.items() if isinstance(case, Case)})
    blocks = list(study_blocks.sections(
        {case: found for case, found in figures.items() if not isinstance(case, Case)},
        shown, interval))
    channels = [] if arguments.only else list(sections(results, seeds, arguments.quick))
    for heading, table in [*channels, *blocks]:
        print(f"{heading}\n\n{table}\n", flush=True)
    print(f"{seeds} seeds (1 to {seeds}), {len(figures)} networks, {len(failed)} failed")
    if not arguments.quick and not arguments.only:
        write_report(results, blocks, seeds, failed)
    return 1 if failed else 0


if __name__ == "__main__":
    # One network for each core.
    os.environ["OMP_NUM_THREADS"] = os.environ["ESPALIER_THREADS"] = "1"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", choices=["blocks"])
    sys.exit(main(parser.parse_args()))
