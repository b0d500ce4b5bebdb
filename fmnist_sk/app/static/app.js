// The page: ways to pass on a picture, and the tabs.

import { model } from "./api.js";
import { Card, announce } from "./cards.js";
import { drawingBoard } from "./draw.js";

const MOST_AT_ONCE = 24;
const drop = document.getElementById("drop");
const veil = document.getElementById("veil");

function predictAll(files) {
  const chosen = [...files].slice(0, MOST_AT_ONCE);
  if (!chosen.length) return;
  announce(chosen.length === 1 ? "Predicting …" : `Predicting ${chosen.length} pictures …`);
  // The last card comes first on the page, so that the first picture is on top.
  const cards = chosen.map((file) => [file, file.name || "Pasted picture"]).reverse()
    .map(([file, name]) => [new Card(name), file]).reverse();
  for (const [card, file] of cards) card.show(file);
  if (matchMedia("(max-width: 820px)").matches) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    cards[0][0].node.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
}

const input = document.getElementById("files");
input.addEventListener("change", () => {
  predictAll(input.files);
  input.value = ""; // the same file may be chosen again
});

document.getElementById("example").addEventListener("click", async () => {
  const response = await fetch("static/example.jpg");
  predictAll([new File([await response.blob()], "example.jpg", { type: "image/jpeg" })]);
});

document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files ?? [];
  if (files.length) {
    event.preventDefault();
    predictAll(files);
  } else {
    announce("The clipboard contains no picture.");
  }
});

// The whole page is a place to drop files: who misses a box would leave the page.
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
let depth = 0;
document.addEventListener("dragenter", (event) => {
  if (hasFiles(event) && (depth += 1)) veil.hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (hasFiles(event) && (depth -= 1) <= 0) veil.hidden = true;
});
document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
document.addEventListener("drop", (event) => {
  depth = 0;
  veil.hidden = true;
  if (!hasFiles(event)) return;
  event.preventDefault();
  predictAll(event.dataTransfer.files);
});
drop.addEventListener("click", (event) => { if (event.target === drop) input.click(); });

const tabs = [...document.querySelectorAll("[role=tab]")];
function select(tab) {
  for (const each of tabs) {
    const selected = each === tab;
    each.setAttribute("aria-selected", selected);
    each.tabIndex = selected ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !selected;
  }
}
for (const [i, tab] of tabs.entries()) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(i + step + tabs.length) % tabs.length];
    select(next);
    next.focus();
  });
}

let drawing;
drawingBoard((blob) => {
  if (!blob) {
    drawing?.remove();
    drawing = undefined;
    return;
  }
  if (!drawing?.node.isConnected) drawing = new Card("Drawing");
  drawing.show(new File([blob], "drawing.png", { type: "image/png" }));
});

model.then(({ name, classes, fashion_mnist: fashion }) => {
  if (fashion) {
    document.getElementById("title").textContent = "Which garment is this?";
    document.title = "Which garment is this? – fmnist_sk";
  } else {
    document.getElementById("board-hint").textContent = "Draw here";
    document.getElementById("example").hidden = true;
  }
  const line = `The model ${name} always answers with one of its ${classes.length} classes.`;
  document.getElementById("model-line").textContent = line;
}).catch((error) => announce(error.message));
