// Cards: what is shown for one picture while it is predicted and afterwards.

import { model, pause, predict } from "./api.js";

const BARS = 10;
const results = document.getElementById("results");
const empty = document.getElementById("empty");
const removeAll = document.getElementById("remove-all");
const status = document.getElementById("status");

const percent = (value) => {
  if (value > 0.9995) return "> 99.9 %";
  return value < 0.0005 ? "< 0.1 %" : `${(100 * value).toFixed(1)} %`;
};

const copy = (id) => document.getElementById(id).content.cloneNode(true);

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// A message that is the same twice in a row is announced twice.
export function announce(text) {
  status.textContent = "";
  setTimeout(() => { status.textContent = text; }, 50);
}

export class Card {
  constructor(name) {
    this.node = copy("card").firstElementChild;
    this.node.querySelector("h3").textContent = name;
    this.body = this.node.querySelector(".card-body");
    const close = this.node.querySelector(".close");
    close.setAttribute("aria-label", `Remove ${name}`);
    close.addEventListener("click", () => {
      const next = this.node.nextElementSibling ?? this.node.previousElementSibling;
      this.remove();
      (next?.querySelector(".close") ?? results).focus();
    });
    this.name = name;
    this.version = 0;
    results.prepend(this.node);
    shown.add(this);
    update();
  }

  remove() {
    this.version += 1;
    if (this.url) URL.revokeObjectURL(this.url);
    this.node.remove();
    shown.delete(this);
    update();
  }

  // Predicts a picture. A later call for the same card overtakes an earlier one.
  async show(file) {
    const version = (this.version += 1);
    this.node.setAttribute("aria-busy", "true");
    if (!this.body.querySelector(".answer")) this.wait();
    let result;
    try {
      result = await predict(file);
    } catch (error) {
      if (version !== this.version) return;
      this.fail(error.message, () => this.show(file));
      return;
    }
    if (version !== this.version) return;
    this.node.removeAttribute("aria-busy");
    if (result.error) {
      const readable = result.error.startsWith("cannot be read");
      this.fail(readable ? `This picture ${result.error}` : `This file is not a picture that can be read: it ${result.error}`);
    } else {
      await this.fill(file, result);
    }
  }

  wait() {
    const line = element("p", undefined, "waiting");
    line.append(element("i"), "Predicting …");
    this.body.replaceChildren(line);
  }

  fail(text, retry) {
    this.node.removeAttribute("aria-busy");
    const note = element("p", text, "note bad");
    this.body.replaceChildren(note);
    announce(`${this.name}: ${note.textContent}`);
    if (!retry) return;
    const again = element("button", "Try again", "button");
    again.type = "button";
    again.addEventListener("click", retry);
    note.append(element("br"), again);
  }

  async fill(file, result) {
    const { image_shape: [height, width], similar_images: hasSimilar } = await model;
    const [best] = result.predictions;
    const filled = copy("result");
    filled.querySelector(".answer strong").textContent = best.name;
    filled.querySelector(".answer span").textContent = percent(best.probability);
    this.note(filled.querySelector(".note"), result);

    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file);
    const original = filled.querySelector(".original");
    const picture = original.querySelector("img");
    picture.alt = `Your picture, ${this.name}`;
    picture.addEventListener("error", () => { original.querySelector(".frame").textContent = ""; });
    picture.src = this.url;

    const seen = filled.querySelector(".seen");
    seen.querySelector("img").src = result.image;
    seen.querySelector("img").alt = "The picture as the model sees it";
    seen.querySelector("small").textContent = `${width} × ${height} pixels`;

    const heat = filled.querySelector(".heat");
    if (result.heat_map) {
      heat.querySelector("img").src = result.image;
      const canvas = heat.querySelector("canvas");
      canvas.setAttribute("aria-label", `Regions that contribute to ${best.name}: ${place(result.heat_map)}`);
      paint(canvas, result.heat_map);
    } else {
      heat.remove();
    }
    this.bars(filled.querySelector(".bars"), result.predictions);
    const similar = filled.querySelector(".similar");
    similar.hidden = !hasSimilar;
    this.body.replaceChildren(filled);
    if (hasSimilar) this.similar(similar, file, result.similar, best);
    announce(`${this.name}: ${best.name}, ${percent(best.probability)}.${result.novelty?.is_novel ? " Unlike the training images." : ""}`);
  }

  note(note, { novelty }) {
    if (!novelty) return;
    note.hidden = false;
    note.textContent = novelty.is_novel
      ? "This picture is unlike the training images. Do not rely on the prediction."
      : "The picture is like the training images.";
    if (!novelty.is_novel) note.className = "note plain";
  }

  bars(table, predictions) {
    const rows = predictions.map(({ name, probability }, i) => {
      const row = element("tr", undefined, i ? "" : "first");
      const label = element("th", name);
      label.scope = "row";
      label.title = name;
      const track = element("div", undefined, "track");
      const bar = element("i");
      bar.style.width = `${100 * probability}%`;
      track.append(bar);
      const cell = element("td");
      cell.setAttribute("aria-hidden", "true");
      cell.append(track);
      row.append(label, cell, element("td", percent(probability)));
      return row;
    });
    table.tBodies[0].append(...rows.slice(0, BARS));
    if (rows.length <= BARS) return;
    const more = element("button", `Show all ${rows.length} classes`, "link more");
    more.type = "button";
    more.addEventListener("click", () => {
      table.tBodies[0].append(...rows);
      more.remove();
    });
    table.after(more);
  }

  // For some seconds after its start, the server does not know similar images yet.
  async similar(section, file, images, best) {
    const version = this.version;
    for (let attempt = 0; !images && attempt < 20; attempt += 1) {
      await pause(2);
      if (version !== this.version) return;
      try {
        images = (await predict(file)).similar;
      } catch {
        break; // the prediction is there, and the next one tells what is wrong
      }
    }
    if (version !== this.version) return;
    section.querySelector(".waiting").remove();
    if (!images) {
      section.append(element("p", "They could not be found.", "note plain"));
      return;
    }
    section.querySelector("ol").append(...images.map(({ image, name, label, similarity }) => {
      const item = element("li", undefined, label === best.label ? "same" : "");
      const picture = element("img");
      picture.src = image;
      picture.alt = "";
      picture.title = `Similarity ${similarity.toFixed(2)}`;
      // A long name breaks after a slash, not after a hyphen.
      const shownName = name.replaceAll("-", "\u2011").replaceAll("/", "/\u200b");
      item.append(picture, element("span", shownName));
      return item;
    }));
  }
}

const shown = new Set();

function update() {
  empty.hidden = shown.size > 0;
  removeAll.hidden = shown.size < 2;
}

removeAll.addEventListener("click", () => {
  for (const card of [...shown]) card.remove();
  announce("All results were removed.");
  results.focus();
});

// Colours from transparent over violet and orange to light yellow.
const STOPS = [[40, 11, 84, 0], [101, 21, 110, 110], [212, 72, 66, 175], [251, 159, 38, 205], [252, 240, 140, 225]];

function colour(value) {
  const at = Math.min(Math.max(value, 0), 1) * (STOPS.length - 1);
  const low = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[low].map((from, i) => from + (at - low) * (STOPS[low + 1][i] - from));
}

function paint(canvas, rows) {
  canvas.width = rows[0].length;
  canvas.height = rows.length;
  const data = new Uint8ClampedArray(rows.flat().flatMap(colour));
  canvas.getContext("2d").putImageData(new ImageData(data, canvas.width), 0, 0);
}

// Says in words where the largest value is, for those who do not see the picture.
function place(rows) {
  let [top, left] = [0, 0];
  rows.forEach((row, y) => row.forEach((value, x) => {
    if (value > rows[top][left]) [top, left] = [y, x];
  }));
  const third = (at, size, names) => names[Math.min(Math.floor((3 * at) / size), 2)];
  const down = third(top, rows.length, ["top", "middle", "bottom"]);
  const across = third(left, rows[0].length, ["left", "centre", "right"]);
  return `mostly ${down} ${across}`;
}
