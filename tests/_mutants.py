"""Damaged and forged model files, for the tests and the benchmark of reliability.

Every kind is a function `(rng, content) -> content`. Mutants of `DAMAGE` must be
errors, or load as the identical model. Mutants of `FORGERIES` have a digest that fits,
as anyone can compute it: they must be errors, or load without harm. Mutants of `BOMBS`
must be errors, in little time and memory.
"""

import functools
import io
import json
import pickle
import struct
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import joblib
import numpy as np
from _model_files import MEMBER, SCHEMA, edit, members_of, model_file

FOLDER = Path(__file__).with_name("data")
#: Bytes of zeros in a bomb, twice the limits.
BOMB_BYTES = 64 * 2**20

DAMAGE, FORGERIES, BOMBS = {}, {}, {}


def kind_of(kinds):
    def add(function):
        kinds[function.__name__.replace("_", " ")] = function
        return function

    return add


def mutant(kinds, seed, content):
    """Return the name and the content of a random mutant."""
    rng = np.random.default_rng(seed)
    name = list(kinds)[rng.integers(len(kinds))]
    return name, kinds[name](rng, content)


# Damage of the bytes of the file


@kind_of(DAMAGE)
def flipped_bits(rng, content):
    content = bytearray(content)
    for _ in range(rng.integers(1, 9)):
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    return bytes(content)


@kind_of(DAMAGE)
def overwritten_bytes(rng, content):
    first = rng.integers(len(content))
    noise = rng.bytes(rng.integers(1, 2000))[: len(content) - first]
    return content[:first] + noise + content[first + len(noise) :]


@kind_of(DAMAGE)
def truncated(rng, content):
    n = rng.integers(len(content))
    return content[:n] if rng.random() < 0.5 else content[n:]


@kind_of(DAMAGE)
def without_a_part(rng, content):
    first, last = sorted(rng.integers(len(content), size=2))
    return content[:first] + content[last:]


@kind_of(DAMAGE)
def inserted_bytes(rng, content):
    first = rng.integers(len(content) + 1)
    return content[:first] + rng.bytes(rng.integers(1, 3000)) + content[first:]


@kind_of(DAMAGE)
def spliced(rng, content):
    other = (FOLDER / "format_1.skops").read_bytes()
    first, last = rng.integers(len(content)), rng.integers(len(other))
    return content[:first] + other[last:]


@kind_of(DAMAGE)
def no_archive(rng, content):
    return rng.bytes(rng.integers(0, 5000))


# Damage of the members, with valid checksums


@kind_of(DAMAGE)
def members_of_another_model(rng, content):
    mine, other = (
        members_of(content),
        members_of((FOLDER / "format_1.skops").read_bytes()),
    )
    name = rng.choice(sorted(other))
    if other[name] == mine.get(name):
        name = MEMBER
    return model_file(mine | {name: other[name]}, with_digest=False)


@kind_of(DAMAGE)
def missing_members(rng, content):
    members = members_of(content)
    for name in rng.choice(sorted(members), rng.integers(1, 4), replace=False):
        del members[name]
    return (
        model_file(members, with_digest=False)
        if MEMBER in members
        else archive(members.items())
    )


@kind_of(DAMAGE)
def exchanged_members(rng, content):
    members = members_of(content)
    arrays = [name for name in members if name.endswith(".npy")]
    one, other = rng.choice(arrays, 2, replace=False)
    members[one], members[other] = members[other], members[one]
    return model_file(members, with_digest=False)


@kind_of(DAMAGE)
def altered_arrays(rng, content):
    members = members_of(content)
    name = rng.choice([name for name in members if name.endswith(".npy")])
    data = bytearray(members[name])
    data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return model_file(members | {name: bytes(data)}, with_digest=False)


@kind_of(DAMAGE)
def edited_json(rng, content):
    member = rng.choice([SCHEMA, SCHEMA, SCHEMA, MEMBER])
    return edit(content, member, lambda d: alter_json(rng, d), with_digest=False)


@kind_of(DAMAGE)
def duplicate_members(rng, content):
    members = list(members_of(content).items())
    name, data = members[rng.integers(len(members))]
    twin = name, rng.choice([data, data[::-1], b"", b"{}"])
    members.insert(rng.integers(len(members) + 1), twin)
    return archive(members)


@kind_of(DAMAGE)
def path_names(rng, content):
    name = rng.choice(
        [
            *("../x.npy", "/tmp/x.npy", "a/b.npy", "..\\x.npy", "C:\\x.npy"),
            *("x.npy\0.npy", "x.py", " ", ".", "é.npy", "schema.json/", "x.npy "),
        ]
    )
    members = list(members_of(content).items())
    if rng.random() < 0.5:
        members.append((name, rng.bytes(10)))
    else:
        number = rng.integers(len(members))
        members[number] = name, members[number][1]
    return archive(members)


@kind_of(DAMAGE)
def renamed_pickles(rng, content):
    """Write files of other formats, two of which run code when they are unpickled."""
    evil = Evil()
    buffer = io.BytesIO()
    joblib.dump(evil, buffer)
    array = io.BytesIO()
    np.save(array, np.array([evil], dtype=object), allow_pickle=True)
    members = members_of(content)
    name = rng.choice([name for name in members if name.endswith(".npy")])
    forms = [
        pickle.dumps(evil),
        buffer.getvalue(),
        array.getvalue(),
        model_file(members | {name: array.getvalue()}),
        model_file(members | {name: pickle.dumps(evil)}),
        model_file(members | {SCHEMA: pickle.dumps(evil)}),
    ]
    return forms[rng.integers(len(forms))]


class Evil:
    """Object whose pickle calls `os.system`."""

    def __reduce__(self):
        import os

        return os.system, ("echo the pickle ran > the_pickle_ran",)


# Forgeries, with a digest that fits


@kind_of(FORGERIES)
def forged_json(rng, content):
    return edit(content, SCHEMA, lambda document: alter_json(rng, document))


@kind_of(FORGERIES)
def forged_arrays(rng, content):
    members = members_of(content)
    name = rng.choice([name for name in members if name.endswith(".npy")])
    array = np.load(io.BytesIO(members[name]))
    changes = [
        lambda: np.full(array.shape, np.nan),
        lambda: np.zeros(array.shape, np.float16),
        lambda: array[..., np.newaxis],
        lambda: array.ravel()[: rng.integers(array.size + 1)],
        lambda: np.full((3, 3), np.inf, np.float32),
        lambda: np.full(array.shape, "text"),
        lambda: np.zeros(array.shape, complex),
        lambda: np.zeros(0),
    ]
    buffer = io.BytesIO()
    np.save(buffer, changes[rng.integers(len(changes))]())
    return model_file(members | {name: buffer.getvalue()})


@kind_of(FORGERIES)
def forged_headers(rng, content):
    """Declare other shapes than an array has."""
    members = members_of(content)
    name = rng.choice([name for name in members if name.endswith(".npy")])
    shape = rng.choice(["(10**9,)", "(-1,)", "(1000000000000,)", "(2,", "()", "(99,)"])
    descr = rng.choice(["<f4", "<U0", "|O", "<f8", "|V0", "x"])
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", 128) + header.ljust(128).encode()
    return model_file(members | {name: data + rng.bytes(rng.integers(0, 500))})


@kind_of(FORGERIES)
def other_types(rng, content):
    """Name types and functions that run code."""
    module, name = [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("subprocess", "Popen"),
        ("numpy", "void"),
        ("numpy", "load"),
        ("joblib", "load"),
        ("operator", "methodcaller"),
        ("functools", "partial"),
        ("sklearn.linear_model._base", "LinearRegression"),
        ("fmnist_sk.encoder", "ImageEncoder"),
    ][rng.integers(11)]
    loader = rng.choice(
        [
            *("ObjectNode", "FunctionNode", "TypeNode", "ConstructorFromReduceNode"),
            *("PartialNode", "MethodNode", "OperatorFuncNode", "NdArrayNode"),
            *("ReduceNode", "DictNode", "CachedNode", "NoNode"),
        ]
    )

    def change(document):
        node = rng.choice(nodes_in(document))
        node |= {"__module__": module, "__class__": name}
        if rng.random() < 0.8:
            node["__loader__"] = str(loader)

    return edit(content, SCHEMA, change)


@kind_of(FORGERIES)
def members_as_others(rng, content):
    """Let objects refer to other members than their own."""
    members = sorted(members_of(content))

    def change(document):
        node = rng.choice([node for node in nodes_in(document) if "file" in node])
        names = [*members, "x.npy", "../x.npy", 7, None]
        node["file"] = names[rng.integers(len(names))]

    return edit(content, SCHEMA, change)


# Bombs


@kind_of(BOMBS)
def large_schema(rng, content):
    return with_zeros(content, SCHEMA, b" ")


@kind_of(BOMBS)
def large_description(rng, content):
    return with_zeros(content, MEMBER, b" ")


@kind_of(BOMBS)
def large_array(rng, content):
    return with_zeros(content, f"{rng.integers(10**9)}.npy", b"\0")


@kind_of(BOMBS)
def large_bytes(rng, content):
    return with_zeros(content, f"{rng.integers(10**9)}.bin", b"\0")


@kind_of(BOMBS)
def hidden_size(rng, content):
    """Declare a small size of a large member, with the checksum of that size."""
    name = rng.choice([SCHEMA, MEMBER, "1.npy"])
    size = int(rng.integers(1, 100))
    fill = b" " if name.endswith("json") else b"\0"
    data = bytearray(with_zeros(content, name, fill))
    with ZipFile(io.BytesIO(data)) as opened:
        position, local = opened.start_dir, opened.getinfo(name).header_offset
    while True:
        lengths = struct.unpack_from("<3H", data, position + 28)
        if data[position + 46 :].startswith(name.encode()):
            break
        position += 46 + sum(lengths)
    for start, crc, length in ((local, 14, 22), (position, 16, 24)):
        struct.pack_into("<I", data, start + crc, zlib.crc32(fill * size))
        struct.pack_into("<I", data, start + length, size)
    return bytes(data)


@kind_of(BOMBS)
def many_members(rng, content):
    members = list(members_of(content).items())
    return archive([*members, *((f"{i}.npy", b"") for i in range(20_000))])


@kind_of(BOMBS)
def archive_in_an_archive(rng, content):
    inner = archive([("data.npy", zeros(b"\0"))], ZIP_STORED, deflated=True)
    members = members_of(content) | {"1.npz": inner}
    members[SCHEMA] = json.dumps(
        {
            "__class__": "csr_matrix",
            "__module__": "scipy.sparse._csr",
            "__loader__": "SparseMatrixNode",
            "type": "scipy",
            "file": "1.npz",
            "protocol": 2,
        }
    ).encode()
    return model_file(members)


@kind_of(BOMBS)
def many_references(rng, content):
    """Refer twice to a list that refers twice to a list, and so on."""
    plain = {"__module__": "builtins", "__class__": "list", "__loader__": "ListNode"}
    node = {**plain, "__id__": 1, "content": []}
    for number in range(2, int(rng.integers(30, 60))):
        twin = {**plain, "__id__": number - 1, "content": []}
        node = {**plain, "__id__": number, "content": [node, twin]}
    return edit(content, SCHEMA, lambda document: node | {"protocol": 2})


@kind_of(BOMBS)
def one_array_many_times(rng, content):
    members = members_of(content)
    array = io.BytesIO()
    np.save(array, np.zeros(2**20))
    nodes = [
        {
            "__class__": "ndarray",
            "__module__": "numpy",
            "type": "numpy",
            "__loader__": "NdArrayNode",
            "file": "1.npy",
        }
        for _ in range(1000)
    ]
    members |= {"1.npy": array.getvalue()}
    members[SCHEMA] = json.dumps(
        {
            "__module__": "builtins",
            "__class__": "list",
            "protocol": 2,
            "__loader__": "ListNode",
            "content": nodes,
        }
    ).encode()
    return model_file(members)


@kind_of(BOMBS)
def deep_json(rng, content):
    members = members_of(content)
    opening, closing = [(b"[", b"]"), (b'{"a":', b"}")][rng.integers(2)]
    depth = int(rng.choice([500, 1_000, 100_000, 1_000_000]))
    members[rng.choice([SCHEMA, SCHEMA, MEMBER])] = opening * depth + closing * depth
    return archive(members.items())


@kind_of(BOMBS)
def deep_objects(rng, content):
    node = {"__class__": "str", "__module__": "builtins", "content": "1"}
    node["__loader__"] = "JsonNode"
    for _ in range(rng.integers(50, 200)):
        node = {"content": [node], "__loader__": "ListNode"}
        node |= {"__class__": "list", "__module__": "builtins"}
    return edit(content, SCHEMA, lambda document: node | {"protocol": 2})


@kind_of(BOMBS)
def huge_integers(rng, content):
    members = members_of(content)
    digits = b"9" * int(rng.choice([5_000, 1_000_000]))
    if rng.random() < 0.5:
        members[SCHEMA] = members[SCHEMA].replace(b"null", digits, 1)
        return model_file(members)
    members[MEMBER] = b'{"format": ' + digits + b', "fmnist_sk": "1"}'
    return archive(members.items())


# Tools


def archive(members, compression=ZIP_DEFLATED, *, deflated=False):
    """Return an archive of pairs of a name and a content."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED if deflated else compression) as opened:
        for name, data in members:
            # Duplicate names are a warning of Python.
            opened.NameToInfo.pop(name, None)
            opened.writestr(str(name), data)
    return buffer.getvalue()


@functools.cache
def zeros(fill):
    """Return the content of a bomb."""
    if fill == b"\0":
        buffer = io.BytesIO()
        np.save(buffer, np.zeros(BOMB_BYTES, np.uint8))
        return buffer.getvalue()
    return fill * BOMB_BYTES


@functools.cache
def with_zeros(content, name, fill):
    """Replace or add a member that is a bomb."""
    members = members_of(content)
    return archive((members | {name: zeros(fill)}).items())


def nodes_in(document):
    """Return all nodes of a document of skops."""
    found, left = [], [document]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "__loader__" in each:
                found.append(each)
            left += each.values()
        elif isinstance(each, list):
            left += each
    return found


def alter_json(rng, document):
    """Change one entry of a JSON document, so that it differs from the original."""
    holders, left = [], [document]
    while left:
        each = left.pop()
        if isinstance(each, (dict, list)):
            if each:
                holders.append(each)
            left += each.values() if isinstance(each, dict) else each
    before = json.dumps(document, sort_keys=True)
    values = [
        *(None, True, 0, -1, 1e300, 10**30, "", "x", [], {}, "../x.npy", "builtins"),
        *("eval", "ObjectNode", "NaN", "[1, 2]", '"' + "9" * 5000 + '"'),
    ]
    while json.dumps(document, sort_keys=True) == before:
        holder = holders[rng.integers(len(holders))]
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        key = keys[rng.integers(len(keys))]
        if rng.random() < 0.25:
            del holder[key]
        else:
            holder[key] = values[rng.integers(len(values))]
    return document
