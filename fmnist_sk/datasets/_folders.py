"""Folders of pictures: one folder per class, in the same order on every machine."""

import os

from PIL import Image

from .._pictures import shown_name

# Formats that Pillow recognises but cannot decode by itself. EPS files are programs,
# which Pillow would pass to Ghostscript.
_NOT_DECODED = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}


def list_pictures(path, categories=None):
    """List the pictures of each class.

    Parameters
    ----------
    path : str
        Folder with one folder per class.
    categories : iterable of str, default=None
        Names of the class folders to list. None stands for all class folders.

    Returns
    -------
    pictures : dict
        Paths of the pictures of each class, with the names of the class folders as
        keys. Names and paths are sorted. Paths start with `path`.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If `path` does not exist or is a file.
    ValueError
        If there are no class folders, not those of `categories`, or class folders
        without pictures.
    """
    extensions = picture_extensions()
    names = _class_folders(path, extensions)
    if categories is not None:
        names = _chosen(names, categories, path)
    pictures = {
        name: _pictures_in(os.path.join(path, name), extensions) for name in names
    }
    empty = [name for name, files in pictures.items() if not files]
    if empty:
        raise ValueError(
            f"These class folders in {shown_name(path)} contain no image files: "
            f"{_listed(empty)}. Leave them out: list the other folders in 'categories'."
        )
    return pictures


def picture_extensions():
    """Return the extensions of the files that Pillow decodes.

    Returns
    -------
    extensions : set of str
        Extensions in lower case with a leading dot, also those of plugins.
    """
    Image.init()
    # Multi-picture JPEG files are opened by the reader of JPEG.
    formats = {*Image.OPEN, "MPO"} - _NOT_DECODED
    registered = Image.registered_extensions().items()
    return {extension for extension, name in registered if name in formats}


def _class_folders(path, extensions):
    """Return the sorted names of the folders in a folder."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"The folder {shown_name(path)} does not exist.")
    if not os.path.isdir(path):
        raise NotADirectoryError(
            f"{shown_name(path)} is a file. Pass the folder that contains one folder "
            "per class."
        )
    names = sorted(name for name in os.listdir(path) if not name.startswith("."))
    folders = [name for name in names if os.path.isdir(os.path.join(path, name))]
    if not folders:
        has_images = any(_extension(name) in extensions for name in names)
        found = "image files but no folders" if has_images else "no folders"
        raise ValueError(
            f"{shown_name(path)} contains {found}. One folder per class is expected, "
            "which is named after the class and contains its images."
        )
    return folders


def _chosen(names, categories, path):
    """Return the names of class folders that are in `categories`."""
    # A name that is not text can be given as the file system has it, or as it is shown.
    known = {shown_name(name): name for name in names} | {name: name for name in names}
    categories = list(categories)
    unknown = [name for name in categories if name not in known]
    if unknown or not categories:
        raise ValueError(
            "The 'categories' parameter must list one or more class folders. Got "
            f"{_listed(unknown) or 'none'}, but the class folders in "
            f"{shown_name(path)} are {_listed(names)}."
        )
    chosen = {known[name] for name in categories}
    return [name for name in names if name in chosen]


def _pictures_in(folder, extensions):
    """Return the sorted paths of the picture files in a folder and its subfolders."""
    found, folders = [], [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    # A linked folder may contain the folder that the link is in.
                    # A link to nothing is listed, so that it is reported as broken.
                    is_listed = os.path.isfile(entry.path) or not os.path.exists(
                        entry.path
                    )
                elif entry.is_dir():
                    folders.append(entry.path)
                    continue
                else:
                    is_listed = entry.is_file()
                if is_listed and _extension(entry.name) in extensions:
                    found.append(entry.path)
    return sorted(found, key=lambda path: path.replace(os.sep, "/"))


def _extension(name):
    return os.path.splitext(name)[1].lower()


def _listed(names):
    return ", ".join(
        repr(shown_name(name)) if isinstance(name, str) else repr(name)
        for name in names
    )
