"""Accuracy after pruning, of networks whose answers can be known exactly; nothing is trained.

A task has `name`, `metric`, `network`, `shapes` of its inputs, `data()` to calibrate with, {input:
array, samples first}, `score(path)`, in per cent, and `variants`. Scores are of the packed model on
Espalier's runtime.
"""
import dataclasses
import hashlib
import pathlib
import tempfile

import espalier_tool
import numpy as np
from deployed import checks
from espalier_tool import Failed

SCRIPTS = ["deployed/" + name for name in (
    "accuracy.py", "checks.py", "file_types.py", "speech.py", "text_lines.py", "wheels.py")]


@dataclasses.dataclass(frozen=True)
class Variant:
    """What is done to a network: a label, options of `prune` (none: dense), whether it is given
    data, and the least score in per cent, or None."""
    label: str
    words: tuple = ()
    data: bool = True
    target: float | None = None


@dataclasses.dataclass
class Row:
    task: str
    metric: str
    variant: Variant
    score: float | None = None
    seconds: float = 0
    note: str = ""
    # Dense over pruned.
    macs: float | None = None

    @property
    def missed(self):
        return self.score is None or (
            self.variant.target is not None and self.score < self.variant.target)


def predicted(path, feeds):
    """{output: array} of the packed model on one feed after the other, of one shape, stacked."""
    shapes = sum((["--input-shape", f"{name}={','.join(map(str, value.shape))}"]
                  for name, value in feeds[0].items()), [])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        done = checks.command("convert", path, "-o", folder / "m.esp", *shapes)
        if done.code != 0:
            raise Failed(f"convert: {done.reason}")
        found = []
        for feed in feeds:
            words = []
            for index, (name, value) in enumerate(feed.items()):
                np.save(folder / f"{index}.npy", value)
                words += ["--input", f"{name}={folder}/{index}.npy"]
            done = checks.command("run", folder / "m.esp", *words, "-o", folder / "out")
            if done.code != 0:
                raise Failed(f"run: {done.reason}")
            found.append({file.stem: np.load(file) for file in (folder / "out").glob("*.npy")})
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def chunks(name, samples, size):
    """Feeds of `size` samples each; the last is filled up with the first sample."""
    missing = -len(samples) % size
    filled = np.concatenate([samples, np.repeat(samples[:1], missing, axis=0)])
    return [{name: filled[at:at + size]} for at in range(0, len(filled), size)]


def measured(task, variant, folder):
    row = Row(task.name, task.metric, variant)
    path = task.network.path
    try:
        if variant.words:
            words = list(variant.words)
            for name, shape in task.shapes.items():
                words += ["--input-shape", f"{name}={','.join(map(str, shape))}"]
            for name, samples in task.data().items() if variant.data else ():
                held = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:8]}.npy"
                np.save(held, samples)
                words += ["--data", f"{name}={held}"]
            pruned = folder / "pruned.onnx"
            words = ["prune", path, "-o", pruned, "--json", *words]
            done = checks.command(*words)
            if done.code not in (0, None) and "--force" in done.said:
                row.note = "forced"
                done = checks.command(*words, "--force")
            row.seconds = done.seconds
            if done.code != 0:
                raise Failed(f"prune: {done.reason}")
            row.macs = done.report().get("flops_ratio")
            path = pruned
        row.score = task.score(path)
    except Failed as failure:
        row.note = str(failure)
        for place in (folder, task.network.path.parent):
            row.note = row.note.replace(f"{place}/", "")
    return row


def rows(arguments):
    """Every variant of every task; printed as they come."""
    import json

    from deployed import file_types, speech, text_lines
    kept = espalier_tool.results("packages-accuracy", *SCRIPTS)
    found = []
    for task in (file_types.Task(), text_lines.Task(), speech.Task()):
        if arguments.names and not any(name in task.name for name in arguments.names):
            continue
        for variant in task.variants:
            held = kept / f"{task.name}-{variant.label}.json".replace(" ", "-").replace(":", "-")
            if held.exists():
                row = Row(task.name, task.metric, variant, **json.loads(held.read_text()))
            else:
                with tempfile.TemporaryDirectory() as folder:
                    row = measured(task, variant, pathlib.Path(folder))
                held.write_text(json.dumps({key: getattr(row, key) for key in (
                    "score", "seconds", "note", "macs")}))
            found.append(row)
            print("  ".join(cell.ljust(width) for cell, width in zip(
                cells(row), (22, 26, 6, 6, 14, 6, 6, 0))).rstrip(), flush=True)
    return found


COLUMNS = ["network", "pruned by", "data", "%", "target", "MACs", "s", "note"]


def cells(row):
    target = row.variant.target
    return [row.task, row.variant.label,
            "" if not row.variant.words else "own" if row.variant.data else "none",
            "-" if row.score is None else f"{row.score:.1f}",
            "" if target is None else f"≥ {target:.1f}" + (" missed" if row.missed else ""),
            "" if row.macs is None else f"{1 / row.macs:.2f}",
            "" if not row.variant.words else f"{row.seconds:.0f}", row.note.replace("|", "\\|")]
