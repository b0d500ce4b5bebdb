"""IDX files for the tests of the data sets."""

import gzip
import struct

import numpy as np

TRAIN_IMAGES = "train-images-idx3-ubyte"


def idx(array):
    header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
    return header + array.tobytes()


def put(contents, folder, *, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)


def pixels(contents, name=TRAIN_IMAGES):
    return np.frombuffer(contents[name], np.uint8, offset=16).reshape(-1, 784)


def altered(content, position):
    content = bytearray(content)
    content[position] ^= 1
    return bytes(content)
