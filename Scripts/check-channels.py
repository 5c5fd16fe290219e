#!/usr/bin/env python3
"""Prunes networks by channels to half their MACs and checks each with the consumer-zero oracle.

    check-channels.py [--quick] [--exporter FORM ...] [--no-peer] [NAME ...]

NAME is a torchvision architecture; without one, all of them by PyTorch's TorchScript exporter
(`ts`), some of each kind by it with a free batch (`ts-batch`) and by the newer one (`dyn`,
`dyn-batch`), the zoo's, MiniLM, and the fixtures of other frameworks (Tests/Coupling/Fixtures).
--exporter, which may be repeated, leaves the other forms out. Models are exported when they are not
there, and large ones deleted when they are done. What is compared, and the limits:
Scripts/channel_oracle.py. Torch-Pruning gets the architectures of `ts`, unless --no-peer. A run over
everything writes docs/channels.md; what the same build of the tool has passed in an earlier run,
also in parts, is not run again.
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
from pages import channels, markdown

ROOT = pathlib.Path(__file__).resolve().parent.parent


def names():
    script = [sys.executable, str(ROOT / "Scripts/export-architectures.py"), "--list"]
    return subprocess.run(script, check=True, capture_output=True, text=True).stdout.split()


# Those by the newer exporter and with a free batch: some of each kind.
SOME = """alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3
maxvit_t mnasnet0_5 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_400mf regnet_y_400mf
resnet18 resnet50 resnext50_32x4d shufflenet_v2_x0_5 squeezenet1_1 swin_t swin_v2_t vgg11 vit_b_16
vit_b_32 deeplabv3_mobilenet_v3_large fcn_resnet50 lraspp_mobilenet_v3_large""".split()
FORMS = {"ts": names, "ts-batch": lambda: SOME, "dyn": lambda: SOME, "dyn-batch": lambda: SOME}
# One of each kind, small.
QUICK = """convnext_tiny densenet121 efficientnet_b0 googlenet lraspp_mobilenet_v3_large maxvit_t
mnasnet0_5 mobilenet_v3_small regnet_y_400mf resnet18 shufflenet_v2_x0_5 squeezenet1_1 swin_t
vit_b_32""".split()
KEPT_BYTES = 150e6
COLUMNS = ["model", "exporter", "dense", "groups", "ms", "MACs left", "params left", "oracle",
           "runtime", "passed", "Torch-Pruning", "reason"]


def exported(name, form):
    """(path, reason): the export, in a process of its own so that its memory goes with it."""
    script = [sys.executable, str(ROOT / "Scripts/export-architectures.py")]
    done = subprocess.run([*script, "--folder", str(espalier_tool.CACHE / "torchvision-all"),
                           "--exporter", form, name], capture_output=True, text=True)
    last = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines())[-1]
    if done.returncode != 0:
        return None, "export: " + last.split("FAILED: ")[-1]
    return pathlib.Path(last.split("  ")[0]), ""


def discard(path):
    """Deletes a large export with its data files; a small one stays for the next run."""
    # PyTorch's older exporter writes weights beyond 2 GiB into a file each.
    parts = {path} | channel_oracle.external_parts(path)
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
    return [row["model"], row["exporter"], cell("dense", ".0e"), cell("groups", "d"),
            cell("discovery_ms", ".1f"), cell("macs", ".3f"), cell("params", ".3f"),
            cell("oracle", ".0e"), cell("runtime", ".0e"), "NO" if row["reason"] else "yes", row["peer"],
            row["reason"].replace("|", "\\|")]


def print_row(cells):
    widths = [30, 9, 6, 6, 5, 9, 11, 6, 7, 6, 28, 0]
    print("  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip(), flush=True)


def main(arguments):
    print_row(COLUMNS)
    rows = []

    def check(name, exporter, path, feeds):
        figures, reason = channel_oracle.checked(path, feeds, ["--budget", "flops:2"])
        return {"model": name, "exporter": exporter, "reason": reason, "peer": "", **figures}

    def architecture(name, form):
        path, reason = exported(name, form)
        if not path:
            return {"model": name, "exporter": form, "reason": reason, "peer": ""}
        row = check(name, form, path, channel_oracle.picture_feeds(
            path, np.load(path.parent / f"{name}.inputs.npy")))
        discard(path)
        return row

    passed = espalier_tool.results(
        "channels", "channel_oracle.py", "export-architectures.py", "torchvision_random.py")
    for form in arguments.forms or FORMS:
        chosen = arguments.names or (QUICK if arguments.quick else FORMS[form]())
        is_asked = form == "ts" and not arguments.no_peer
        answers = peer_answers(chosen) if is_asked else itertools.repeat("")
        for name in chosen:
            kept = passed / f"{name}.{form}.json"
            row = json.loads(kept.read_text()) if kept.exists() else architecture(name, form)
            if not row["reason"]:
                kept.write_text(json.dumps(row))
            row["peer"] = next(answers)
            rows.append(row)
            print_row(shown(row))
    architectures = len(rows)
    whole = not (arguments.names or arguments.forms or arguments.quick)
    if whole or (arguments.quick and not arguments.forms):
        others = itertools.chain(zoo(), minilm(), fixtures()) if whole else fixtures()
        for name, origin, path, feeds in others:
            rows.append(check(name, origin, path, feeds))
            print_row(shown(rows[-1]))

    failed = [row for row in rows if row["reason"]]
    worst = max((row.get("oracle", 0) for row in rows), default=0)
    summary = f"{len(rows) - len(failed)} of {len(rows)} passed, the oracle's worst {worst:.1e}"
    print(summary)
    if whole:
        write_report(rows[:architectures], rows[architectures:])
    return 1 if failed else 0


def write_report(architectures, others):
    """docs/channels.md, from a run over everything."""
    def table(rows):
        return markdown.Table(COLUMNS, [shown(row) for row in rows]).text()
    older = [row for row in architectures if row["exporter"] == "ts"]
    newer = [row for row in architectures if row["exporter"] != "ts"]
    pages.write("channels", "\n\n".join([
        "## Architectures of torchvision", table(older),
        f"## {channels.NEWER}", table(newer), "## Other networks", table(others),
        "## How it was measured", markdown.facts_table({
            "oracle at most": f"{channel_oracle.ORACLE_LIMIT:.0e}",
            "runtime at most": f"{channel_oracle.RUNTIME_LIMIT:.0e}"})]))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="one architecture of each kind")
    parser.add_argument("--exporter", dest="forms", action="append", choices=FORMS)
    parser.add_argument("--no-peer", action="store_true", help="leave Torch-Pruning out")
    sys.exit(main(parser.parse_args()))
