// Requests to the server: kind messages, retries while it is busy, two at a time.

const AT_ONCE = 2;
const RETRIES = 4;
let running = 0;
const waiting = [];

export const model = fetchJson("api/model");

async function fetchJson(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    throw new Error("The server does not answer. Is it still running?", { cause: error });
  }
  let content = {};
  try {
    content = await response.json();
  } catch {
    // A proxy in between answers in its own form.
  }
  if (response.ok) return content;
  const error = new Error(content.detail || `The server answered with status ${response.status}.`);
  error.retryAfter = response.status === 503 ? Number(response.headers.get("Retry-After")) || 2 : 0;
  throw error;
}

export const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

// Returns the result for one picture, or throws an error whose message can be shown.
export async function predict(file) {
  if (running >= AT_ONCE) await new Promise((resolve) => waiting.push(resolve));
  running += 1;
  try {
    const form = new FormData();
    form.append("image", await smallEnough(file), file.name);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { results } = await fetchJson("api/predict?explain=true", { method: "POST", body: form });
        return results[0];
      } catch (error) {
        if (!error.retryAfter || attempt === RETRIES) throw error;
        await pause(error.retryAfter);
      }
    }
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

// A picture over the server's limits is made smaller here if the browser can decode it.
async function smallEnough(file) {
  const { limits } = await model;
  let bitmap;
  try {
    if (file.size <= limits.file_bytes && file.size < 3e6) return file;
    bitmap = await createImageBitmap(file);
  } catch {
    if (file.size <= limits.file_bytes) return file; // the server says what is wrong
    throw new Error(`This picture is larger than ${limits.file_bytes / 1e6} MB.`);
  }
  const within = bitmap.width * bitmap.height <= limits.pixels;
  if (file.size <= limits.file_bytes && within) return file;
  const scale = Math.min(1, 2048 / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(scale * bitmap.width);
  canvas.height = Math.round(scale * bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
