"""Speed and memory of `load_image_folder`, on JPEG files of 400 × 400 pixels.

The files show garments of the sample of Fashion-MNIST on noisy backgrounds. `n_jobs` of
1 and 2 take turns, in processes of their own. Peak memory is that of a new process,
above the memory of the imported library. It is read from `/proc`, so the script needs
Linux. The largest folder takes 700 MB of the temporary folder.

Run with ``python examples/benchmarks/image_folder.py [--images 20000] [--rounds 3]``.
"""

import argparse
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import psutil
from common import Worker, machine, ratio, take_turns
from joblib import Parallel, delayed
from PIL import Image

from fmnist_sk import load_fashion_mnist_sample, load_image_folder

MODES = ("resize", "fashion-mnist")
# Different pictures. Further files are copies, which take as long to decode.
N_PICTURES = 1000


def photograph(image, seed):
    """Return the bytes of a JPEG file that shows a garment of Fashion-MNIST."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(255 - image.reshape(28, 28))
    grey = np.asarray(picture.resize((400, 400), Image.Resampling.BICUBIC))
    pixels = grey[..., np.newaxis] * rng.uniform(0.6, 1, 3)
    pixels += rng.normal(0, 6, (400, 400, 1))
    stream = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(
        stream, "JPEG", quality=85
    )
    return stream.getvalue()


def write_folder(folder, n_images):
    """Write files into one folder per class."""
    X, y = load_fashion_mnist_sample(return_X_y=True)
    pictures = Parallel(n_jobs=-1, prefer="threads")(
        delayed(photograph)(X[k], k) for k in range(min(n_images, N_PICTURES))
    )
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
    for number in range(n_images):
        k = number % len(pictures)
        (folder / str(y[k]) / f"{number:06}.jpg").write_bytes(pictures[k])


def prepare(folder, n_jobs, mode):
    """Return functions that load the folder and measure the peak memory of that."""

    def load(memmap="auto", categories=None):
        load_image_folder(
            folder, mode=mode, n_jobs=n_jobs, memmap=memmap, categories=categories
        )

    def peak_mb(memmap):
        before = psutil.Process().memory_info().rss
        load(memmap)
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        return (peak - before) / 2**20

    return {"load": load, "peak_mb": peak_mb}


def speed(folder, n_images, mode, rounds):
    """Return images per second with `n_jobs` of 1 and 2, and the median ratio."""
    workers = {
        n_jobs: Worker(prepare, folder=str(folder), n_jobs=n_jobs, mode=mode)
        for n_jobs in (1, 2)
    }
    take_turns(workers, 1, "load", "auto", ["0"])  # warm-up: imports the codecs
    seconds = take_turns(workers, rounds, "load")
    for worker in workers.values():
        worker.close()
    return {
        "images/s": {
            n_jobs: [n_images / s for s in seconds[n_jobs]] for n_jobs in workers
        },
        "ratio": ratio(seconds, 1, 2),
    }


def memory(folder, memmap):
    """Return the peak memory of loading a folder with two threads, in MB."""
    worker = Worker(prepare, folder=str(folder), n_jobs=2, mode="resize")
    mb = worker("peak_mb", memmap)[0]
    worker.close()
    return mb


def main():
    """Print the versions and Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="file for all single values")
    arguments = parser.parse_args()
    about, n_images = machine(), arguments.images
    print("; ".join(f"{key} {value}" for key, value in about.items()))
    results = {"machine": about}
    with tempfile.TemporaryDirectory() as home:
        # Times are those of a tenth of the files, because "fashion-mnist" is slow. Less
        # than 1,000 files would be converted in threads.
        sizes = {"all": n_images, "tenth": n_images // 10}
        folders = {name: Path(home, name) for name in sizes}
        for name, folder in folders.items():
            write_folder(folder, sizes[name])
        print("\n| mode | n_jobs=1 | n_jobs=2 | ratio |\n|---|---|---|---|")
        for mode in MODES:
            found = speed(folders["tenth"], sizes["tenth"], mode, arguments.rounds)
            results[mode] = found
            one, two = (np.median(values) for values in found["images/s"].values())
            print(
                f"| {mode} | {one:,.0f} images/s | {two:,.0f} images/s "
                f"| {found['ratio']:.2f} |",
                flush=True,
            )
        print("\n| files | memmap | peak above the imported library |\n|---|---|---|")
        results["peak_mb"] = {}
        for name, folder in folders.items():
            for memmap in False, True:
                mb = results["peak_mb"][f"{sizes[name]}, {memmap}"] = memory(
                    folder, memmap
                )
                print(f"| {sizes[name]:,} | {memmap} | {mb:.0f} MB |", flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
