#!/usr/bin/env python3
"""Trains the example network on scikit-learn's handwritten digits and exports it.

Writes digits.onnx, images.npy and labels.npy (the held-out test split) beside this script.
The checkpoint is chosen on a validation split, so the test accuracy printed last is honest.
A group penalty keeps the weights that structured pruning would remove small, so that one-shot
pruning of this example is meaningful; trained without it, it would need fine-tuning afterwards.
"""
import contextlib
import copy
import io
import pathlib
import warnings

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional

SEED = 7
EPOCHS = 60
PENALTY = 1e-3
HERE = pathlib.Path(__file__).parent


class Residual(nn.Module):
    """3x3 convolution, 3x3 convolution, plus the input (through a 1x1 where the width changes)."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.first = convolution(inputs, outputs, 3, stride)
        self.second = convolution(outputs, outputs, 3)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


def convolution(inputs, outputs, size, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs))


def network():
    return nn.Sequential(
        convolution(1, 32, 3), nn.ReLU(),
        Residual(32, 64), Residual(64, 64), Residual(64, 128, stride=2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def splits():
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    rest, test = train_test_split(
        np.arange(len(labels)), test_size=360, random_state=SEED, stratify=labels)
    train, validation = train_test_split(
        rest, test_size=200, random_state=SEED, stratify=labels[rest])
    return [(torch.from_numpy(images[i]), torch.from_numpy(labels[i]))
            for i in (train, validation, test)]


def shifted(images):
    """Moves each image by up to one pixel: the only augmentation that 8x8 digits bear well."""
    padded = functional.pad(images, (1, 1, 1, 1))
    rows, columns = torch.randint(0, 3, (2, len(images)))
    return torch.stack(
        [p[:, r:r + 8, c:c + 8] for p, r, c in zip(padded, rows.tolist(), columns.tolist())])


@torch.no_grad()
def accuracy(model, images, labels):
    model.eval()
    return (model(images).argmax(1) == labels).float().mean().item()


def group_penalty(model):
    """Sums norms of groups of weights, so that whole groups fade where the data does not need them.

    The groups are blocks of 16 outputs by 8 inputs per kernel tap, and of every four neighbouring
    inputs of 16 outputs the two weakest columns.
    """
    total = 0.0
    for layer in model.modules():
        if not isinstance(layer, nn.Conv2d) or layer.in_channels < 8:
            continue
        o, i = layer.weight.shape[:2]
        blocks = layer.weight.reshape(o // 16, 16, i // 8, 8, -1).square().sum((1, 3))
        columns = layer.weight.reshape(o // 16, 16, i // 4, 4, -1).square().sum(1)
        weakest = (columns + 1e-12).sqrt().sort(2).values[:, :, :2]
        total = total + 128**0.5 * (blocks + 1e-12).sqrt().sum() + 8 * weakest.sum()
    return total


def train(model, training, validation):
    images, labels = training
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1.0)
    batches = -(-len(images) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=EPOCHS * batches)
    best, kept = -1.0, None
    for epoch in range(EPOCHS):
        model.train()
        total = 0.0
        for batch in torch.randperm(len(images)).split(64):
            loss = functional.cross_entropy(
                model(shifted(images[batch])), labels[batch], label_smoothing=0.05)
            optimiser.zero_grad()
            (loss + PENALTY * group_penalty(model)).backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        score = accuracy(model, *validation)
        if score >= best:  # the later of equals has the lower penalty
            best, kept = score, copy.deepcopy(model.state_dict())
        print(f"epoch {epoch + 1:2}  loss {total / len(images):.3f}  validation {score:.4f}",
              flush=True)
    model.load_state_dict(kept)


def main():
    torch.manual_seed(SEED)
    training, validation, test = splits()
    model = network()
    train(model, training, validation)
    print(f"validation {accuracy(model, *validation):.4f}  test {accuracy(model, *test):.4f}")

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(), (torch.zeros(1, 1, 8, 8),), str(HERE / "digits.onnx"), dynamo=False,
            opset_version=17, input_names=["image"], output_names=["logits"])
    np.save(HERE / "images.npy", test[0].numpy())
    np.save(HERE / "labels.npy", test[1].numpy())


if __name__ == "__main__":
    main()
