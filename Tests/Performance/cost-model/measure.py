"""How much slower the cost model's choices are than measured ones, network by network.

    usage: measure.py FOLDER [--output PAGE.md] [MODEL ...]

Converts every variant of the peer comparison with `--device host`, which times every way to compute
each layer, and keeps what the command says in FOLDER/MODEL.VARIANT.json; a report newer than the
command is not made again. Prints the table, and writes the page. `fit.py FOLDER` fits the model to
the reports. Needs numpy and onnx.
"""
import argparse
import datetime
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "Tests/Performance/peers"), str(ROOT / "Scripts")]
import pages  # noqa: E402
from goals import CHAIN_VARIANTS, CHAINS, GOALS, TITLES, VARIANTS  # noqa: E402
from models import ESPALIER, command, network, newer, pruned  # noqa: E402
from pages import markdown  # noqa: E402


def measure(model, variant, networks, folder):
    """Writes the conversion's report with the times of each layer's ways."""
    path = folder / f"{model}.{variant.slug}.json"
    dense = network(model, networks)
    onnx = pruned(dense, variant, dense.parent)
    if not newer(path, ESPALIER, onnx):
        with tempfile.TemporaryDirectory() as work:
            text = command(ESPALIER, "convert", onnx, "-o", pathlib.Path(work) / "packed.esp",
                           "--device", "host", "--json")
        path.write_text(text)


def layers(path):
    """Layers of a report that could be computed in several ways."""
    return [layer for layer in json.loads(path.read_text())["layers"] if layer.get("ways")]


def default(layer):
    return next(way for way in layer["ways"] if way["is_expected"])


def table(folder, choose=default):
    """By how much each network's layers are slower as `choose` takes them than as measured."""
    variants = [variant for variant in VARIANTS if any(folder.glob(f"*.{variant.slug}.json"))]
    rows = []
    for model in TITLES:
        cells = []
        for variant in variants:
            path = folder / f"{model}.{variant.slug}.json"
            reported = layers(path) if path.exists() else []
            best = sum(layer["chosen_ns"] for layer in reported)
            chosen = sum(choose(layer).get("ns") or layer["dense_ns"] for layer in reported)
            cells.append(f"{100 * (chosen / best - 1):.1f} %" if best else "")
        if any(cells):
            rows.append([TITLES[model], *cells])
    return markdown.Table(["network", *(variant.name for variant in variants)], rows).text()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("models", nargs="*", default=[*GOALS, *CHAINS], metavar="MODEL")
    parser.add_argument("--output", type=pathlib.Path, help="the page to write")
    arguments = parser.parse_intermixed_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    networks = pathlib.Path.home() / ".cache/espalier/peer-models"
    for model in arguments.models:
        for variant in VARIANTS:
            if model in CHAINS and variant.name not in CHAIN_VARIANTS:
                continue
            measure(model, variant, networks, folder)
    print(table(folder))
    if arguments.output:
        facts = markdown.facts_table({
            "threads": 1, "model": "the constants in the code",
            "date": datetime.date.today().isoformat()})
        pages.write("cost-model", f"## Networks and patterns\n\n{table(folder)}\n\n"
                    f"## How it was measured\n\n{facts}", arguments.output)
