"""The networks and patterns compared, and how much faster than dense peers they should be."""
from typing import NamedTuple


class Variant(NamedTuple):
    name: str
    # `espalier prune`'s options; none for the dense network.
    pattern: str | None = None
    sparsity: float | None = None

    @property
    def slug(self):
        return self.name.replace(" %", "").replace(" ", "-").replace(":", "-")


VARIANTS = [
    Variant("dense"),
    Variant("block 16x8 70 %", "block:16x8", 0.7),
    Variant("block 8x1 70 %", "block:8x1", 0.7),
    Variant("vnm 8:2:4", "vnm:8:2:4"),
    Variant("vnm 4:2:4", "vnm:4:2:4"),
    Variant("nm 2:4", "nm:2:4"),
    Variant("vnm 8:1:4", "vnm:8:1:4"),
    Variant("vnm 4:1:4", "vnm:4:1:4"),
    Variant("unstructured 90 %", "unstructured", 0.9),
]

# One thread; a column of two names is reached by the faster of the two.
COLUMNS = [
    ("dense",), ("block 16x8 70 %",), ("block 8x1 70 %",), ("vnm 8:2:4", "vnm 4:2:4"), ("nm 2:4",),
    ("vnm 8:1:4", "vnm 4:1:4"), ("unstructured 90 %",),
]
GOALS = {
    "resnet50": (1.0, 2.7, 2.7, 1.7, 1.5, 3.0, 4.0),
    "vit_b_16": (1.0, 2.6, 2.6, 1.7, 1.5, 2.8, 4.0),
    "mobilenet_v2": (1.0, 1.5, 1.6, 1.25, 1.15, 1.6, 1.8),
    "swin_t": (1.0, 2.0, 2.0, 1.5, 1.3, 2.2, 2.8),
    "efficientnet_b0": (1.0, 1.3, 1.4, 1.15, 1.1, 1.4, 1.6),
}
# How much faster two threads should be than one.
TWO_THREADS = 1.85

# Fully connected layers at batch 1: size and number of equal ones in a chain. The first stays in a
# cache of 32 MB; the second, 268 MB, always comes from memory.
CHAINS = {"fc_2048": (2048, 1), "fc_4096": (4096, 4)}
CHAIN_VARIANTS = ("dense", "vnm 8:2:4", "vnm 4:2:4", "nm 2:4")
# How much faster than dense 2:4 should be on each.
CHAIN_GOALS = {"fc_2048": 1.8, "fc_4096": 1.5}

TITLES = {
    "fc_2048": "2048×2048, in cache", "fc_4096": "4 × 4096×4096, from memory",
    "resnet50": "ResNet-50", "vit_b_16": "ViT-B/16", "mobilenet_v2": "MobileNetV2",
    "swin_t": "Swin-T", "efficientnet_b0": "EfficientNet-B0",
}


def goal(model, variant):
    """The ratio a variant should reach; None where no goal is set."""
    for column, ratio in zip(COLUMNS, GOALS.get(model, ())):
        if variant in column:
            return ratio
    return None


def meets(ratio, goal):
    """Whether a ratio reaches a goal, as it reads with the two digits it is shown with."""
    return round(ratio, 2) >= goal
