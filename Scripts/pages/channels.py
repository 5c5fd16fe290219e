"""docs/channels.md: every architecture halved by channels, and held to the oracle."""
from . import markdown
from .markdown import number


NEWER = "By both exporters, with a free batch"


def passed(table):
    rows = table.records()
    return f"{sum(row['passed'] == 'yes' for row in rows)} of {len(rows)}"


def render(sections):
    facts = markdown.facts(sections)
    tables = {section.heading: section.tables[0] for section in markdown.with_tables(sections)}
    ours, others = tables["Architectures of torchvision"], tables["Other networks"]
    # A page that was written before both exporters were tried has no such table.
    newer = tables.get(NEWER)
    rows = ours.records()
    asked = [row for row in rows if row["Torch-Pruning"]]
    halved = sum(row["Torch-Pruning"].endswith("left") for row in asked)
    known = [table for table in (ours, newer, others) if table]
    worst = max(number(row["oracle"]) or 0 for table in known for row in table.records())
    architectures = {row["model"] for row in newer.records()} if newer else ()
    both = (f""" **{passed(newer)}** exports of {len(architectures)} of them by PyTorch's newer
exporter or with a free batch,""" if newer else "")
    peer = (f""" Torch-Pruning, the peer, halves {halved} of the {len(asked)} it was given."""
            if asked else "")
    return {"channels.md": markdown.page(
        "# Channel pruning of every architecture",
        f"""**What this shows.** Channels are removed from architectures without rules written for
them: **{passed(ours)}** of torchvision's,{both} and **{passed(others)}** other networks and exports
of other frameworks, lose half their multiplications and compute what the original computes with those
channels at zero (largest difference {worst:.0e} of the outputs' range).{peer} Weights
are random, so nothing is said of accuracy, which is in [accuracy.md](accuracy.md).""",
        f"""Every classification and segmentation architecture in torchvision, exported by PyTorch
with random weights, is pruned by channels to half its MACs (L1 magnitude). A model passes when
onnx.checker accepts the pruned file, it has at most half the MACs, its outputs in onnxruntime are
those of the original network with the removed channels multiplied by zero wherever they are read
(*oracle*: largest difference as a share of the outputs' range, at most {facts["oracle at most"]}),
differ from the dense network's and still depend on the input, and Espalier's runtime agrees with
onnxruntime (*runtime*, at most {facts["runtime at most"]}). *ms* is the time group discovery takes
after import.""",
        """Torch-Pruning is asked for the same by its default tracing, with no rules by hand and only
the classifier's head protected; there it only has to run and give outputs of the right shape,
within 120 seconds of processor time and 12 GB (`Tests/Performance/peers/torch-pruning.py`). Written
by `make check-channels`.""",
        "## Architectures of torchvision", ours.text(), *([
            f"## {NEWER}",
            """Exported by `torch.onnx.export(dynamo=True)` with a batch of one (`dyn`) and with a
free batch (`dyn-batch`), and by the TorchScript exporter with a free batch (`ts-batch`). Each is
first converted dense and run (*dense*: difference to onnxruntime, as *runtime*), and
`espalier check` and `verify` must pass. Where the batch is free, it must be so in the pruned file,
and outputs are compared for one picture and for five.""",
            newer.text()] if newer else []), "## Other networks",
        """The networks of `espalier zoo` at full size, all-MiniLM-L6-v2 with its real weights, and
small networks exported by other frameworks (`Tests/Coupling/Fixtures`, made by
`Scripts/export-frameworks.sh`), in the same way.""",
        others.text(), "## How it was measured", markdown.facts_table(facts))}
