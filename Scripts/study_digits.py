"""Digits for the accuracy study: pictures, two networks, and their training.

scikit-learn's 8 x 8 digits, enlarged to 16 x 16 and disturbed by shift, contrast and noise so that
they are not solved by everything. 797 pictures are for testing alone; 150 for validation.
"""
import numpy as np
import sklearn.datasets
import torch
from torch import nn
from torch.nn import functional

SIDE = 16
TESTED, VALIDATED = 797, 150
CALIBRATED = 512
EPOCHS, BATCH = 40, 64
# Of the disturbed training pictures: the networks take (picture - MEAN) / DEVIATION.
MEAN, DEVIATION = 0.283, 0.351


def disturbed(pictures, seed):
    """Shifted by up to 2 pixels, of another contrast, noisy; normalised. [n, 1, 16, 16]"""
    generator = np.random.default_rng(seed)
    result = np.empty_like(pictures)
    for i, picture in enumerate(pictures[:, 0]):
        down, right = generator.integers(-2, 3, 2)
        padded = np.pad(picture, 2)
        result[i, 0] = padded[2 - down:2 - down + SIDE, 2 - right:2 - right + SIDE]
    result *= generator.uniform(0.6, 1.4, (len(result), 1, 1, 1))
    result += generator.normal(0, 0.12, result.shape)
    return ((result - MEAN) / DEVIATION).astype(np.float32)


def splits(seed):
    """Pictures and labels by split. The test set is the same for every seed."""
    digits = sklearn.datasets.load_digits()
    small = torch.from_numpy(digits.images[:, None] / 16).float()
    pictures = functional.interpolate(
        small, size=(SIDE, SIDE), mode="bilinear", align_corners=False).numpy()
    labels = digits.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    test, rest = order[:TESTED], order[TESTED:]
    rest = np.random.default_rng(seed).permutation(rest)
    validation, train = rest[:VALIDATED], rest[VALIDATED:]
    return {
        "train": (pictures[train], labels[train]),  # undisturbed: every epoch does it anew
        "calibration": (disturbed(pictures[train][:CALIBRATED], 1000 + seed),
                        labels[train][:CALIBRATED]),
        "validation": (disturbed(pictures[validation], 2000 + seed), labels[validation]),
        "test": (disturbed(pictures[test], 3000), labels[test]),
    }


def photographs(count, seed):
    """Grey patches of scikit-learn's two sample photographs, made to look like a digit's range."""
    generator = np.random.default_rng(seed)
    images = [image.mean(2) / 255 for image in sklearn.datasets.load_sample_images().images]
    patches = []
    for _ in range(count):
        image = images[generator.integers(len(images))]
        top, left = (generator.integers(0, extent - 4 * SIDE) for extent in image.shape)
        patch = image[top:top + 4 * SIDE, left:left + 4 * SIDE]
        patches.append(patch.reshape(SIDE, 4, SIDE, 4).mean((1, 3)))
    return ((np.stack(patches)[:, None] - MEAN) / DEVIATION).astype(np.float32)


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside an identity, or a 1 x 1 convolution where shapes change."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(self.second_norm(self.second(y)) + self.shortcut(x))


class Inverted(nn.Module):
    """MobileNetV2's block: wide 1 x 1, depthwise 3 x 3, narrow 1 x 1, residual where it fits."""

    def __init__(self, inputs, outputs, stride, expansion=4):
        super().__init__()
        wide = inputs * expansion
        self.body = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide),
            nn.ReLU6(), nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class Network(nn.Module):
    """A stem, blocks, and a linear layer over the mean of the map."""

    def __init__(self, width, blocks, outputs):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(outputs, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def resnet14():
    sizes = [(16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1)]
    return Network(16, [Residual(*size) for size in sizes], 64)


def mobilenet(width=1):
    sizes = [(16, 16, 1), (16, 24, 2), (24, 24, 1), (24, 40, 2), (40, 40, 1)]
    blocks = [Inverted(width * inputs, width * outputs, stride) for inputs, outputs, stride in sizes]
    last = [nn.Conv2d(width * 40, width * 128, 1, bias=False), nn.BatchNorm2d(width * 128),
            nn.ReLU6()]
    return Network(width * 16, [*blocks, *last], width * 128)


def wide_mobilenet():
    """Of twice the width: a layer holds enough blocks of 16 x 8 for a choice among them."""
    return mobilenet(2)


def train(network, pictures, labels, seed):
    """Trains in place: Adam, one cycle of the learning rate, pictures disturbed anew each epoch."""
    targets = torch.from_numpy(labels)
    steps = EPOCHS * -(-len(labels) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps)
    network.train()
    for epoch in range(EPOCHS):
        inputs = torch.from_numpy(disturbed(pictures, [seed, epoch]))
        for chosen in torch.randperm(len(targets)).split(BATCH):
            loss = functional.cross_entropy(
                network(inputs[chosen]), targets[chosen], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()


def accuracy(network, pictures, labels):
    with torch.no_grad():
        found = network(torch.from_numpy(pictures)).argmax(1).numpy()
    return float((found == labels).mean())
