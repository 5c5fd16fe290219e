"""Seeded random inputs of an ONNX file as .npy files, with nothing but Python's standard library."""
import array
import random
import struct


def fields(data):
    """(number, value) of each field of a protobuf message; bytes are views of `data`."""
    place = 0

    def number():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        key = number()
        kind = key & 7
        if kind == 0:
            yield key >> 3, number()
        else:
            size = {1: 8, 2: None, 5: 4}[kind]
            size = number() if size is None else size
            yield key >> 3, data[place:place + size]
            place += size


def inputs(path):
    """(name, ONNX element type, extents) of each input that is no initializer; a free extent is 1."""
    with open(path, "rb") as file:
        model = memoryview(file.read())
    graph = next(value for key, value in fields(model) if key == 7)
    constants, found = set(), []
    for key, value in fields(graph):
        if key == 5:
            constants |= {bytes(name).decode() for part, name in fields(value) if part == 8}
        elif key == 11:
            entry = dict(fields(value))
            tensor = dict(fields(dict(fields(entry[2]))[1]))
            extents = [dict(fields(extent)).get(1, 1) for part, extent in fields(tensor[2])
                       if part == 1]
            found.append((bytes(entry[1]).decode(), tensor[1], extents))
    return [entry for entry in found if entry[0] not in constants]


def write_npy(path, kind, extents, values):
    """A .npy file of version 1."""
    shape = "(" + "".join(f"{extent}, " for extent in extents) + ")"
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        values.tofile(file)


def random_inputs(path, folder, seed):
    """Words of the command that give each input: normal floats, whole numbers below 1000 or, of a
    mask, below 2."""
    generator = random.Random(seed)
    words = []
    for index, (name, element, extents) in enumerate(inputs(path)):
        count = 1
        for extent in extents:
            count *= extent
        file = f"{folder}/input.{index}.npy"
        bound = 2 if "mask" in name else 1000
        if element == 1:
            write_npy(file, "<f4", extents, array.array(
                "f", (generator.gauss(0, 1) for _ in range(count))))
        elif element == 7:
            write_npy(file, "<i8", extents, array.array(
                "q", (generator.randrange(bound) for _ in range(count))))
        elif element == 6:
            write_npy(file, "<i4", extents, array.array(
                "i", (generator.randrange(bound) for _ in range(count))))
        elif element == 9:
            write_npy(file, "|b1", extents, array.array(
                "b", (generator.randrange(2) for _ in range(count))))
        else:
            raise ValueError(f"input {name} is of ONNX type {element}, which this script does not make")
        words += ["--input", f"{name}={file}"]
    return words
