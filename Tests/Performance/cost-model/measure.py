"""How much slower the cost model's choices are than measured ones, network by network.

    usage: measure.py FOLDER [MODEL ...]

Converts every variant of the peer comparison with `--device host`, which times every way to compute
each layer, and keeps what the command says in FOLDER/MODEL.VARIANT.json; a report newer than the
command is not made again. Prints the table. `fit.py FOLDER` fits the model to the reports. Needs
numpy and onnx.
"""
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from goals import CHAIN_VARIANTS, CHAINS, GOALS, TITLES, VARIANTS  # noqa: E402
from models import ESPALIER, command, network, newer, pruned  # noqa: E402


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
    rows = ["| network | " + " | ".join(variant.name for variant in variants) + " |",
            "|---|" + "--:|" * len(variants)]
    for model in TITLES:
        cells = []
        for variant in variants:
            path = folder / f"{model}.{variant.slug}.json"
            reported = layers(path) if path.exists() else []
            best = sum(layer["chosen_ns"] for layer in reported)
            chosen = sum(choose(layer).get("ns") or layer["dense_ns"] for layer in reported)
            cells.append(f"{100 * (chosen / best - 1):.1f} %" if best else "")
        if any(cells):
            rows.append(f"| {TITLES[model]} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    networks = pathlib.Path.home() / ".cache/espalier/peer-models"
    for model in sys.argv[2:] or [*GOALS, *CHAINS]:
        for variant in VARIANTS:
            if model in CHAINS and variant.name not in CHAIN_VARIANTS:
                continue
            measure(model, variant, networks, folder)
    print(table(folder))
