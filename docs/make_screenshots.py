"""Take the screenshots of the web page: `python docs/make_screenshots.py`.

Starts the page with the default model, shows it a photograph and a drawing in Chromium,
and writes pictures for a wide screen and a phone, in light and in dark. Needs the extra
`test` and Chromium, which `playwright install chromium` or Debian's package installs.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "_static"
SIZES = {"desktop": (1280, 1090), "phone": (390, 844)}
# Pictures that the documentation shows.
SHOWN = [
    *("photograph-desktop-light", "photograph-desktop-dark"),
    *("photograph-phone-light", "drawing-phone-dark"),
]
# Outline of a T-shirt, in fractions of the drawing board.
SHIRT = [
    *((0.36, 0.16), (0.1, 0.34), (0.2, 0.48), (0.32, 0.4), (0.32, 0.86)),
    *((0.68, 0.86), (0.68, 0.4), (0.8, 0.48), (0.9, 0.34), (0.64, 0.16)),
]


def start_page():
    """Start the command `app`, and return its process and address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fmnist_sk", "app", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("Ready: "):
            return process, line.split()[1]
    raise SystemExit("The page did not start.")


def draw_shirt(page):
    """Draw a filled T-shirt with the mouse."""
    page.click("#tab-draw")
    page.evaluate("document.querySelector('#pen').value = 40")
    box = page.locator("#canvas").bounding_box()
    inside = [(x, y) for y in (0.3, 0.45, 0.6, 0.75) for x in (0.4, 0.6)]
    for path in ([*SHIRT, SHIRT[0]], [(0.25, 0.35), (0.75, 0.35)], inside):
        places = [
            (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=4)
        page.mouse.up()
    page.wait_for_selector("h3:has-text('Drawing')")
    page.wait_for_selector(".card:first-child .answer")
    page.mouse.move(0, 0)


def screenshots(browser, address, photograph):
    """Yield the name of each picture and its content."""
    for size, (width, height) in SIZES.items():
        for scheme in "light", "dark":
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(address)
            yield f"empty-{size}-{scheme}", page.screenshot()
            page.set_input_files("#files", photograph)
            page.wait_for_selector(".similar li")
            page.evaluate("scrollTo(0, 0)")
            full = size == "phone"
            yield f"photograph-{size}-{scheme}", page.screenshot(full_page=full)
            page.click(".close")
            draw_shirt(page)
            page.evaluate("scrollTo(0, 0)")
            yield f"drawing-{size}-{scheme}", page.screenshot(full_page=full)
            page.set_input_files("#files", __file__)
            page.wait_for_selector(".note.bad")
            page.evaluate("scrollTo(0, 0)")
            yield f"error-{size}-{scheme}", page.screenshot()
            context.close()


def main():
    """Take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    static = Path(__file__).parents[1] / "fmnist_sk" / "app" / "static"
    parser.add_argument("--photograph", default=static / "example.jpg")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder")
    parser.add_argument("--all", action="store_true", help="also those of other states")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    process, address = start_page()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            for name, content in screenshots(browser, address, arguments.photograph):
                if name not in SHOWN and not arguments.all:
                    continue
                path = arguments.output / f"page-{name}.png"
                path.write_bytes(content)
                with Image.open(path) as picture:
                    smaller = picture.convert("RGB")
                smaller.save(path, optimize=True)
                print(path, f"{path.stat().st_size / 1000:.0f} kB")
            browser.close()
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
