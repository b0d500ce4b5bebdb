// The drawing board: mouse, finger, pen or keyboard.

const STEP = 8;
const PAUSE = 350;

export function drawingBoard(onChange) {
  const canvas = document.getElementById("canvas");
  const hint = document.getElementById("board-hint");
  const pen = document.getElementById("pen");
  const undo = document.getElementById("undo");
  const clear = document.getElementById("clear");
  const context = canvas.getContext("2d");
  const strokes = [];
  const keys = { x: canvas.width / 2, y: canvas.height / 2, down: false, shown: false };
  let stroke = null;
  let timer;

  function redraw() {
    context.fillStyle = "black";
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const { width, points } of strokes) {
      context.strokeStyle = "white";
      context.lineWidth = width;
      context.lineCap = context.lineJoin = "round";
      context.beginPath();
      context.moveTo(...points[0]);
      for (const point of points) context.lineTo(...point);
      context.stroke();
    }
    hint.hidden = strokes.length > 0;
    undo.disabled = clear.disabled = !strokes.length;
  }

  function redrawWithCursor() {
    redraw();
    if (!keys.shown) return;
    context.strokeStyle = "#6fd0c2";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(keys.x, keys.y, pen.value / 2, 0, 7);
    context.stroke();
  }

  function begin(point) {
    clearTimeout(timer);
    stroke = { width: Number(pen.value), points: [point] };
    strokes.push(stroke);
    redrawWithCursor();
  }

  function extend(point) {
    stroke.points.push(point);
    redrawWithCursor();
  }

  function changed() {
    stroke = null;
    clearTimeout(timer);
    timer = setTimeout(() => {
      redraw(); // without the cursor
      if (strokes.length) canvas.toBlob((blob) => { redrawWithCursor(); onChange(blob); }, "image/png");
      else onChange(null);
    }, PAUSE);
  }

  const position = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    keys.shown = false;
    begin(position(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (stroke && !keys.down) extend(position(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => stroke && !keys.down && changed());
  }

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    keys.shown = true;
    if (move) {
      keys.x = Math.min(Math.max(keys.x + STEP * move[0], 0), canvas.width);
      keys.y = Math.min(Math.max(keys.y + STEP * move[1], 0), canvas.height);
    } else if (!keys.down) {
      keys.down = true;
      begin([keys.x, keys.y]);
    }
    if (keys.down) extend([keys.x, keys.y]);
    else redrawWithCursor();
  });
  canvas.addEventListener("keyup", (event) => {
    if (event.key === " " && keys.down) {
      keys.down = false;
      changed();
    }
  });
  canvas.addEventListener("blur", () => {
    if (keys.down) changed();
    keys.down = keys.shown = false;
    redraw();
  });

  undo.addEventListener("click", () => { strokes.pop(); redraw(); changed(); });
  clear.addEventListener("click", () => { strokes.length = 0; redraw(); changed(); canvas.focus(); });
  redraw();
}
