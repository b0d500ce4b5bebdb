"""The web page as a person uses it: mouse, keyboard, clipboard, phone and dark mode."""

import base64
import io
import re

import numpy as np
import pytest
from _page import find_browser, serving
from _photographs import photograph
from PIL import Image

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect


@pytest.fixture(scope="module")
def address():
    with serving("--model", "fashion-mnist-compact") as server:
        yield server.address


@pytest.fixture(scope="module")
def browser():
    with playwright_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=find_browser(),
                args=["--no-sandbox", "--disable-gpu"],
            )
        except playwright_api.Error as error:
            if "Executable doesn't exist" not in error.message:
                raise
            pytest.skip("Chromium is not installed: run `playwright install chromium`")
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Function that opens the page. Afterwards it checks that nothing went wrong."""
    contexts, requests, problems = [], [], []

    def open_page(width=1280, height=900, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        # A request to another address is noticed, and does not leave the machine.
        context.route(
            lambda url: not url.startswith(address), lambda route: route.abort()
        )
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda line: problems.append(line.text) if line.type == "error" else None,
        )
        page.goto(address)
        return page

    open_page.allowed = "^$"  # pattern of problems that a test causes
    yield open_page
    for context in contexts:
        context.close()
    elsewhere = [url for url in requests if not url.startswith((address, "data:"))]
    assert [url for url in elsewhere if not url.startswith("blob:")] == []
    assert [text for text in problems if not re.search(open_page.allowed, text)] == []


@pytest.fixture(scope="module")
def boot(sample):
    """JPEG photograph of an ankle boot."""
    (first, *_) = np.flatnonzero(sample.y_test == 9)
    picture = photograph(
        sample.X_test[first].reshape(28, 28), np.random.default_rng(0), coloured=True
    )
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    return {"name": "boot.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


# Function of the page that makes a file from its content in base64.
MAKE_FILE = """({ name, mimeType, content }) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: mimeType }));
  return transfer;
}"""


def transfer_of(page, file):
    """Return a DataTransfer with a file, as the clipboard and dropping have it."""
    content = base64.b64encode(file["buffer"]).decode()
    return page.evaluate_handle(MAKE_FILE, {**file, "content": content})


def check_result(card, name):
    """Check everything that a card shows for a picture of a class."""
    expect(card.locator(".answer strong")).to_have_text(name)
    assert re.fullmatch(r"[\d.]+ %", card.locator(".answer span").inner_text())
    bars = card.locator(".bars tr")
    expect(bars).to_have_count(10)
    assert bars.first.locator("th").inner_text() == name
    widths = card.locator(".track i").evaluate_all(
        "bars => bars.map((bar) => parseFloat(bar.style.width))"
    )
    assert widths == sorted(widths, reverse=True)
    assert sum(widths) == pytest.approx(100, abs=0.1)
    assert card.locator(".seen img").evaluate("image => image.naturalWidth") == 28
    rendering = "image => getComputedStyle(image).imageRendering"
    assert card.locator(".seen img").evaluate(rendering) == "pixelated"
    painted = """canvas => {
      const context = canvas.getContext("2d");
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value) => value > 0);
    }"""
    assert card.locator(".heat canvas").evaluate(painted)
    expect(card.locator(".similar li")).to_have_count(5)
    expect(card.locator(".note")).to_contain_text("the training images")


def test_choosing_photographs(open_page, boot):
    page = open_page()
    expect(page.locator("#empty")).to_be_visible()
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.set_input_files("#files", [boot, text])
    expect(page.locator(".card")).to_have_count(2)
    good, broken = page.locator(".card").all()
    check_result(good, "Ankle boot")
    expect(broken.locator("h3")).to_have_text("notes.txt")
    expect(broken.locator(".note")).to_contain_text(
        "This file is not a picture that can be read"
    )
    expect(page.locator("#empty")).to_be_hidden()
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator("#empty")).to_be_visible()


def test_picture_unlike_the_training_images(open_page):
    page = open_page()
    noise = np.random.default_rng(0).integers(256, size=(28, 28), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    file = {"name": "noise.png", "mimeType": "image/png", "buffer": stream.getvalue()}
    page.set_input_files("#files", file)
    warning = "This picture is unlike the training images."
    expect(page.locator(".note")).to_contain_text(warning)
    expect(page.locator("#status")).to_contain_text("Unlike the training images.")


def test_pasting_and_dropping(open_page, boot):
    page = open_page()
    page.evaluate(
        """(clipboardData) => document.dispatchEvent(new ClipboardEvent(
          "paste", { clipboardData, bubbles: true, cancelable: true }
        ))""",
        transfer_of(page, {**boot, "name": "pasted.jpg"}),
    )
    check_result(page.locator(".card", has_text="pasted.jpg"), "Ankle boot")
    transfer = transfer_of(page, {**boot, "name": "dropped.jpg"})
    page.dispatch_event("#drop", "dragenter", {"dataTransfer": transfer})
    expect(page.locator("#veil")).to_be_visible()
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.locator("#veil")).to_be_hidden()
    check_result(page.locator(".card", has_text="dropped.jpg"), "Ankle boot")
    expect(page.locator("#status")).to_contain_text("dropped.jpg: Ankle boot")


def test_drawing_with_the_mouse(open_page):
    page = open_page()
    page.get_by_role("tab", name="Drawing").click()
    box = page.locator("#canvas").bounding_box()

    def draw(*points):
        places = [
            (box["x"] + x * box["width"], box["y"] + y * box["height"])
            for x, y in points
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=3)
        page.mouse.up()

    page.locator("#pen").fill("40")
    for x in (0.35, 0.65):  # two legs
        draw((x, 0.15), (x, 0.9))
    draw((0.35, 0.15), (0.65, 0.15))
    card = page.locator(".card")
    expect(card).to_have_count(1)
    check_result(card, "Trouser")
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    expect(card).to_have_count(0)


def test_only_the_keyboard(open_page, boot):
    page = open_page()
    # The first listener makes Chromium report choosers, which takes a moment.
    page.on("filechooser", lambda chooser: None)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the results")).to_be_focused()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached[:3] == ["tab-photo", "files", "example"]
    # What has the focus has a visible outline, and so has the button of a hidden input.
    page.locator("#example").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#files")).to_be_focused()
    outline = "button => getComputedStyle(button).outlineStyle"
    assert page.locator("label[for=files]").evaluate(outline) == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([boot])
    check_result(page.locator(".card"), "Ankle boot")
    page.locator(".close").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(0)
    page.locator("#tab-photo").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-draw")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#canvas")).to_be_focused()
    page.keyboard.down("Space")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    expect(page.locator(".card .answer")).to_be_visible()


@pytest.mark.parametrize("width", [360, 390])
def test_phone(width, open_page, boot):
    page = open_page(width, 780, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Try an example").tap()
    check_result(page.locator(".card", has_text="example.jpg"), "Ankle boot")
    long = {**boot, "name": "a" * 120 + ".txt", "buffer": b"no picture"}
    page.set_input_files("#files", long)
    expect(page.locator(".note.bad")).to_be_visible()
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(overflow) <= 0
    page.get_by_role("tab", name="Drawing").tap()
    assert page.evaluate(overflow) <= 0
    page.goto(page.url.rstrip("/") + "/docs")
    expect(page.locator("h2").first).to_contain_text("POST /api/predict")
    assert page.evaluate(overflow) <= 0


def luminance(colour):
    """Return the relative luminance of a colour such as `rgb(1, 2, 3)`."""
    values = np.array(re.findall(r"[\d.]+", colour)[:3], float) / 255
    linear = np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_and_motion(scheme, open_page, boot):
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    text = {**boot, "name": "broken.jpg", "buffer": b"no picture"}
    page.set_input_files("#files", [boot, text])
    expect(page.locator(".answer")).to_be_visible()
    expect(page.locator(".note.bad")).to_be_visible()
    style = "(node, name) => getComputedStyle(node)[name]"
    ground = page.locator(":root").evaluate(style, "backgroundColor")
    assert (luminance(ground) > 0.5) == (scheme == "light")
    for selector, behind in {
        "h1": ":root",
        "#lead": ":root",
        ".hint": ":root",
        ".answer strong": ".card",
        ".answer span": ".card",
        "figcaption": ".card",
        ".note.bad": ".note.bad",
        "label.button": "label.button",
        "#tab-draw": ".tabs",
    }.items():
        pair = (
            page.locator(selector).first.evaluate(style, "color"),
            page.locator(behind).first.evaluate(style, "backgroundColor"),
        )
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector
    assert page.locator(".card").first.evaluate(style, "animationName") == "none"


def test_what_is_said_when_the_server_is_away(open_page, boot):
    page, open_page.allowed = open_page(), "status of 50[23]"
    away = "**/api/predict**"
    page.route(away, lambda route: route.fulfill(status=502, body="Bad gateway"))
    page.set_input_files("#files", boot)
    note = page.locator(".note.bad")
    expect(note).to_contain_text("The server answered with status 502.")
    page.unroute(away)
    busy = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"detail": "Busy"}}
    page.route(away, lambda route: route.fulfill(**busy), times=1)
    page.get_by_role("button", name="Try again").click()
    check_result(page.locator(".card"), "Ankle boot")
