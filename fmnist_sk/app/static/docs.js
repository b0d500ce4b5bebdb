// The page of the API, drawn from openapi.json.

const main = document.querySelector("main");

function element(name, text, ...children) {
  const made = document.createElement(name);
  made.append(...(text ? [text] : []), ...children);
  return made;
}

function table(rows) {
  return element("table", "", ...rows.map((cells) => element("tr", "", ...cells.map((cell) => element("td", "", cell)))));
}

// Returns a schema in the notation of a type: {"label": string | integer, …}.
function notation(schema, all, indent = "") {
  if (schema.$ref) return notation(all[schema.$ref.split("/").pop()], all, indent);
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map((each) => notation(each, all, indent)).join(" | ");
  if (schema.type === "array") return `[${notation(schema.items ?? {}, all, indent)}, …]`;
  if (schema.type !== "object" || !schema.properties) return schema.type ?? "any";
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, each]) => `${inner}"${name}": ${notation(each, all, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function operation(path, method, about, all) {
  const name = element("span", method.toUpperCase());
  name.className = "method";
  const parts = [element("h2", "", name, ` ${path}`), element("p", about.summary)];
  for (const text of (about.description ?? "").split("\n\n")) parts.push(element("p", text));
  const body = about.requestBody?.content["multipart/form-data"]?.schema.properties ?? {};
  const inputs = [
    ...Object.entries(body).map(([field, each]) => [element("code", field), `form field, files. ${each.description}`]),
    ...(about.parameters ?? []).map((each) => [element("code", each.name), `query, ${each.schema.type}, default ${each.schema.default}. ${each.description}`]),
  ];
  if (inputs.length) parts.push(element("h3", "Request"), table(inputs));
  const answer = about.responses["200"]?.content?.["application/json"]?.schema;
  if (answer && Object.keys(answer).length) parts.push(element("h3", "Answer"), element("pre", notation(answer, all)));
  const refusals = Object.entries(about.responses).filter(([status]) => status !== "200");
  if (refusals.length) {
    parts.push(element("h3", "Refusals, with the reason in \"detail\""), table(refusals.map(([status, each]) => [element("code", status), each.description])));
  }
  if (method === "post") {
    const address = new URL(path.slice(1), document.baseURI);
    parts.push(element("h3", "Example"), element("pre", `curl -F image=@photo.jpg ${address}`));
  }
  return parts;
}

try {
  const { info, paths, components } = await (await fetch("openapi.json")).json();
  document.getElementById("lead").textContent = info.description;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, about] of Object.entries(methods)) main.append(...operation(path, method, about, components.schemas));
  }
} catch {
  main.append(element("p", "The description of the API could not be loaded. Reload the page."));
}
