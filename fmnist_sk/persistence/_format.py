"""Format of model files, and how to change it.

A model file is a ZIP archive that skops has written, with one more member,
`fmnist_sk.json`, which contains an object with these entries:

- `format`: number of the format;
- `fmnist_sk`: version of this package that wrote the file;
- `sha256`, since format 2: digest of all other members, see `_archive.digest_of`.

The number of the format is in addition to the number of skops's own protocol. Every
version of this package reads all earlier formats. The tests load a stored file of each
format, `tests/data/format_N.skops`.

The formats so far:

- Format 1: an archive of skops with `format` and `fmnist_sk`.
- Format 2: adds the digest.

**When to change the number.** Change it at most once per release, if an earlier version
of this package would not understand the new files. Examples:

- a class in `_types.OWN_TYPES` moves to another module or gets another name;
- an attribute of `FittedNetwork`, `TrainingState`, `NetworkDescription` or
  `Normalisation` is added or removed, or changes its meaning;
- the order or the shapes of an architecture's weights change;
- the file gets further members.

A new estimator, a new architecture or a new parameter with a default does not change
the number: earlier versions say which type or parameter they do not know.

**How to change the number.**

1. Before you change any code, make sure that `tests/data` contains a file of the
   present format N. Never change a stored file.
2. Increase `FORMAT` to N + 1, and describe the change in the list above.
3. Teach `load_model` to read format N. If the entries of `fmnist_sk.json` or the
   members change, extend `ENTRIES` and `_archive`. If the content changes, restore the
   missing attributes of old objects in `__setstate__` of their class, and keep a module
   under the old name of a class that moved.
4. Keep the reader of an old format as strict as the present one. The number is in the
   file, so anyone can choose it. When you make a check stricter, make it stricter for
   all formats.
5. Run `python tests/write_format.py`, which stores a file of the new format in
   `tests/data`. Add a line to the changelog.
"""

#: Number of the format that `save_model` writes.
FORMAT = 2
#: Name of the member that describes the file.
MEMBER = "fmnist_sk.json"
#: Entries of that member in each format.
ENTRIES = {
    1: {"format", "fmnist_sk"},
    2: {"format", "fmnist_sk", "sha256"},
}
