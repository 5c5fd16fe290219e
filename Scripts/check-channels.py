#!/usr/bin/env python3
"""Prunes networks by channels to half their MACs and checks each with the consumer-zero oracle.

    check-channels.py [--quick] [--exporter ts|dyn] [--no-peer] [NAME ...]

NAME is a torchvision architecture; without one, all of them, the zoo's, MiniLM, and the fixtures of
other frameworks (Tests/Coupling/Fixtures). Models are exported when they are not there, and large
ones deleted when they are done. What is compared, and the limits: Scripts/channel_oracle.py.
Torch-Pruning gets the same architectures, unless --no-peer. A run over everything writes
docs/channels.md; what the same build of the tool has passed in an earlier run is not run again.
Exit 1 if any model fails. The tool is ${ESPALIER:-.build/release/espalier}.
"""
import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import channel_oracle
import espalier_tool
import numpy as np
import onnx
import pages
from pages import markdown

ROOT = pathlib.Path(__file__).resolve().parent.parent
# One of each kind, small.
QUICK = """convnext_tiny densenet121 efficientnet_b0 googlenet lraspp_mobilenet_v3_large maxvit_t
mnasnet0_5 mobilenet_v3_small regnet_y_400mf resnet18 shufflenet_v2_x0_5 squeezenet1_1 swin_t
vit_b_32""".split()
KEPT_BYTES = 150e6
COLUMNS = ["model", "exporter", "groups", "ms", "MACs left", "params left", "oracle", "runtime",
           "passed", "Torch-Pruning", "reason"]


def names():
    script = [sys.executable, str(ROOT / "Scripts/export-architectures.py"), "--list"]
    return subprocess.run(script, check=True, capture_output=True, text=True).stdout.split()


def exported(name, exporter):
    """(path, reason): the export, in a process of its own so that its memory goes with it."""
    script = [sys.executable, str(ROOT / "Scripts/export-architectures.py")]
    done = subprocess.run([*script, "--folder", str(espalier_tool.CACHE / "torchvision-all"),
                           "--exporter", exporter, name], capture_output=True, text=True)
    last = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines())[-1]
    if done.returncode != 0:
        return None, "export: " + last.split("FAILED: ")[-1]
    return pathlib.Path(last.split("  ")[0]), ""


def discard(path):
    """Deletes a large export with its data files; a small one stays for the next run."""
    model = onnx.load(path, load_external_data=False)
    # PyTorch's older exporter writes weights beyond 2 GiB into a file each.
    parts = {path} | {path.parent / entry.value for tensor in model.graph.initializer
                      for entry in tensor.external_data if entry.key == "location"}
    if sum(part.stat().st_size for part in parts) > KEPT_BYTES:
        for part in parts:
            part.unlink()


def peer_answers(names):
    """What Torch-Pruning does with each architecture, in a few words; it works beside the checks."""
    script = ROOT / "Tests/Performance/peers/torch-pruning.sh"
    with subprocess.Popen([str(script), *names], stdout=subprocess.PIPE, text=True) as process:
        for _ in names:
            line = process.stdout.readline()
            yield peer(json.loads(line)) if line else "did not run"


def peer(answer):
    if answer["pruned"]:
        return f"{answer['macs']:.3f} left"
    rule = " (works with num_heads given by hand)" if answer["by_hand"] else ""
    return f"NO: {answer['reason']}{rule}".replace("|", "\\|")


def zoo():
    """(name, origin, path, feeds) of every architecture of `espalier zoo`, at full size."""
    for line in espalier_tool.espalier("zoo", "list").splitlines()[2:]:
        name = line.split()[0]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "dense.onnx"
            espalier_tool.espalier("zoo", name, "-o", path)
            feeds = channel_oracle.random_feeds(path)
            for feed in feeds:  # a mask above 1 would drown what it is added to
                feed.update({key: value % 2 for key, value in feed.items() if "mask" in key})
            yield name, "zoo", path, feeds


def minilm():
    """The sentence encoder with its real weights, on two sentences."""
    folder = espalier_tool.CACHE / "minilm"
    if not (folder / "minilm.onnx").exists():
        subprocess.run([sys.executable, str(ROOT / "Scripts/export-minilm.py"), "--folder", folder],
                       check=True, stdout=sys.stderr)
    feeds = [{key: np.load(folder / f"{sentence:03}.{key}.npy")
              for key in ("input_ids", "attention_mask")} for sentence in range(2)]
    yield "all-MiniLM-L6-v2", "ts", folder / "minilm.onnx", feeds


def fixtures():
    """Small exports of other frameworks."""
    for path in sorted((ROOT / "Tests/Coupling/Fixtures").glob("*.onnx")):
        framework, _, name = path.stem.partition("-")
        yield name, framework, path, channel_oracle.random_feeds(path)


def shown(row):
    """A row of printed cells."""
    def cell(key, style):
        return format(row[key], style) if key in row else "-"
    return [row["model"], row["exporter"], cell("groups", "d"), cell("discovery_ms", ".1f"),
            cell("macs", ".3f"), cell("params", ".3f"), cell("oracle", ".0e"),
            cell("runtime", ".0e"), "NO" if row["reason"] else "yes", row["peer"],
            row["reason"].replace("|", "\\|")]


def print_row(cells):
    widths = [30, 8, 6, 7, 9, 11, 6, 7, 6, 28, 0]
    print("  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip(), flush=True)


def main(arguments):
    quick = QUICK if arguments.quick else None
    print_row(COLUMNS)
    rows = []

    def check(name, exporter, path, feeds):
        figures, reason = channel_oracle.checked(path, feeds, ["--budget", "flops:2"])
        return {"model": name, "exporter": exporter, "reason": reason, "peer": "", **figures}

    def architecture(name, exporter):
        path, reason = exported(name, exporter)
        if not path:
            return {"model": name, "exporter": exporter, "reason": reason, "peer": ""}
        images = np.load(path.parent / f"{name}.inputs.npy")
        row = check(name, exporter, path, [{"input": images[i:i + 1]} for i in range(2)])
        discard(path)
        return row

    passed = espalier_tool.results(
        "channels", "channel_oracle.py", "export-architectures.py", "torchvision_random.py")
    chosen = arguments.names or quick or names()
    answers = iter(()) if arguments.no_peer else peer_answers(chosen)
    for name in chosen:
        kept = passed / f"{name}.{arguments.exporter}.json"
        row = json.loads(kept.read_text()) if kept.exists() else architecture(
            name, arguments.exporter)
        if not row["reason"]:
            kept.write_text(json.dumps(row))
        row["peer"] = next(answers, "")
        rows.append(row)
        print_row(shown(row))
    architectures = len(rows)
    if not arguments.names:
        others = itertools.chain(zoo(), minilm(), fixtures()) if not quick else fixtures()
        for name, origin, path, feeds in others:
            rows.append(check(name, origin, path, feeds))
            print_row(shown(rows[-1]))

    failed = [row for row in rows if row["reason"]]
    worst = max((row.get("oracle", 0) for row in rows), default=0)
    summary = f"{len(rows) - len(failed)} of {len(rows)} passed, the oracle's worst {worst:.1e}"
    print(summary)
    if not (arguments.names or arguments.quick):
        write_report(rows[:architectures], rows[architectures:])
    return 1 if failed else 0


def write_report(architectures, others):
    """docs/channels.md, from a run over everything."""
    def table(rows):
        return markdown.Table(COLUMNS, [shown(row) for row in rows]).text()
    pages.write("channels", "\n\n".join([
        "## Architectures of torchvision", table(architectures), "## Other networks", table(others),
        "## How it was measured", markdown.facts_table({
            "oracle at most": f"{channel_oracle.ORACLE_LIMIT:.0e}",
            "runtime at most": f"{channel_oracle.RUNTIME_LIMIT:.0e}"})]))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="one architecture of each kind")
    parser.add_argument("--exporter", choices=["ts", "dyn"], default="ts")
    parser.add_argument("--no-peer", action="store_true", help="leave Torch-Pruning out")
    sys.exit(main(parser.parse_args()))
