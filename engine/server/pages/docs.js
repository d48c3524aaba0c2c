const find = (id) => document.getElementById(id);

/** An element with attributes and children; texts stay texts. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A text in which `words` stand for code. */
const prose = (text) => text.split("`").map((part, i) => (i % 2 === 1 ? el("code", {}, part) : part));

const refName = (schema) => schema.$ref?.split("/").at(-1);

/** A schema in a few words, such as `Run`, `list of string`, `"text" or "audio"`. */
function words(schema = {}) {
  const name = refName(schema);
  if (name) return [link(name)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.flatMap((one, i) => (i === 0 ? words(one) : [" or ", ...words(one)]));
  if (schema.type === "array") return ["list of ", ...words(schema.items)];
  if (schema.type === "object" && typeof schema.additionalProperties === "object" && !schema.properties)
    return ["map to ", ...words(schema.additionalProperties)];
  const bounds = [
    schema.minimum === undefined ? "" : `from ${schema.minimum}`,
    schema.maximum === undefined || schema.maximum >= Number.MAX_SAFE_INTEGER ? "" : `to ${schema.maximum}`,
  ];
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "anything");
  return [[type, ...bounds].filter(Boolean).join(" ")];
}

const link = (name) => el("a", { href: `#schema-${name}` }, name);

function fields(schema) {
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    el(
      "tr",
      {},
      el("td", {}, el("code", {}, name), schema.required?.includes(name) ? "" : " ?"),
      el("td", {}, ...words(field)),
      el("td", { class: "quiet" }, ...prose(field.description ?? "")),
    ),
  );
  const either = schema.anyOf ?? schema.oneOf ?? [];
  return el(
    "div",
    {},
    ...(rows.length > 0 ? [el("table", {}, ...rows)] : either.length === 0 ? [el("p", {}, ...words(schema))] : []),
    ...either.map((one) =>
      el("details", {}, el("summary", {}, oneName(one)), refName(one) ? link(refName(one)) : fields(one)),
    ),
  );
}

const oneName = (schema) =>
  refName(schema) ??
  schema.properties?.type?.enum?.[0] ??
  schema.properties?.type?.const ??
  schema.properties?.event?.enum?.[0] ??
  schema.description ??
  words(schema).join("");

/** A request that can be pasted into a shell. @param keyed an empty key would be refused where none is wanted. */
function curl(method, path, operation, keyed) {
  const body = operation.requestBody?.content ?? {};
  const lines = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${location.origin}${path}`];
  if (body["application/octet-stream"]) lines.push("  --data-binary @recording.wav");
  else if (body["application/json"]) {
    const text = JSON.stringify(body["application/json"].example).replaceAll("'", "'\\''");
    lines.push("  -H 'content-type: application/json'", `  -d '${text}'`);
  }
  if (keyed) lines.push(`  -H "authorization: Bearer $PARLANDO_KEY"`);
  return lines.join(" \\\n");
}

/** What an answer is: a schema by its name, else its media type. */
const answerWords = (type, schema) => (type === "application/json" ? words(schema) : [type]);

function article(path, method, operation, keyed) {
  const live = operation.tags?.includes("live");
  const parameters = (operation.parameters ?? []).map(({ name, in: place, required, schema, description }) =>
    el(
      "tr",
      {},
      el("td", {}, el("code", {}, name), required ? "" : " ?"),
      el("td", { class: "quiet" }, place),
      el("td", {}, ...words(schema)),
      el("td", { class: "quiet" }, ...prose(description ?? schema?.description ?? "")),
    ),
  );
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  const responses = Object.entries(operation.responses ?? {}).map(([status, { description, content }]) => {
    const types = status < 400 ? Object.entries(content ?? {}) : [];
    const shape = types.flatMap(([type, { schema }], i) => [i === 0 ? "" : ", ", ...answerWords(type, schema)]);
    return el("tr", {}, el("td", {}, status), el("td", {}, ...shape), el("td", { class: "quiet" }, description));
  });
  return el(
    "article",
    { id: anchor(method, path), "data-words": `${path} ${operation.summary}`.toLowerCase() },
    el("h3", {}, el("span", { class: "method" }, live ? "WS" : method.toUpperCase()), el("code", {}, path)),
    el("p", {}, operation.summary ?? ""),
    ...(operation.description ? paragraphs(operation.description) : []),
    ...(parameters.length > 0 ? [el("table", {}, ...parameters)] : []),
    ...bodies.map(([type, { schema }]) => el("p", {}, `Body: ${type}, `, ...words(schema))),
    ...(live ? [] : [el("pre", {}, curl(method, path, operation, keyed))]),
    el("details", {}, el("summary", {}, "Answers"), el("table", {}, ...responses)),
  );
}

function paragraphs(text) {
  return text
    .split("\n\n")
    .map((part) =>
      part.startsWith("- ")
        ? el("ul", {}, ...part.split("\n").map((line) => el("li", {}, ...prose(line.slice(2)))))
        : el("p", { class: "quiet" }, ...prose(part)),
    );
}

const anchor = (method, path) => `${method}-${path.replace(/[^\w]+/g, "-")}`;

async function show() {
  const document_ = await (await fetch("/openapi.json")).json();
  const keyed = (await fetch("/v1/who")).status === 401;
  find("version").textContent = document_.info.version;
  const content = find("content");
  const routes = find("routes");
  content.append(el("p", {}, ...prose(document_.info.description)));
  for (const { name, description } of document_.tags) {
    const found = Object.entries(document_.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags?.includes(name))
        .map(([method, operation]) => ({ path, method, operation })),
    );
    content.append(el("h2", {}, name), el("p", { class: "quiet" }, description));
    routes.append(el("h2", {}, name));
    for (const { path, method, operation } of found) {
      content.append(article(path, method, operation, keyed));
      const words = `${path} ${operation.summary}`.toLowerCase();
      routes.append(
        el("a", { href: `#${anchor(method, path)}`, "data-words": words }, `${method.toUpperCase()} ${path}`),
      );
    }
  }
  content.append(el("h2", {}, "schemas"));
  routes.append(el("h2", {}, "schemas"));
  for (const [name, schema] of Object.entries(document_.components.schemas)) {
    const about = schema.description ? el("p", { class: "quiet" }, schema.description) : undefined;
    content.append(
      el(
        "article",
        { id: `schema-${name}`, "data-words": name.toLowerCase() },
        el("h3", {}, name),
        about,
        fields(schema),
      ),
    );
    routes.append(el("a", { href: `#schema-${name}`, "data-words": name.toLowerCase() }, name));
  }
  if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
}

find("filter").addEventListener("input", ({ target }) => {
  const wanted = target.value.trim().toLowerCase();
  for (const element of document.querySelectorAll("[data-words]"))
    element.hidden = !element.dataset.words.includes(wanted);
});

show().catch((error) => find("content").append(el("p", { class: "alarm" }, String(error))));
