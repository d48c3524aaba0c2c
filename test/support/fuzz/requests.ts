import { below, pick, type Random } from "../random.ts";
import { damageBytes, damageText, damageValue, deep, noise } from "./damage.ts";
import type { Document, Operation } from "./document.ts";
import { GOOD_BODIES, STANDS_FOR, WAV } from "./traffic.ts";

/** A request before its ids are put in. */
export interface MadeRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const TYPES = [
  "application/json",
  "text/plain",
  "application/yaml",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/json; charset=utf-16",
  "application/x-www-form-urlencoded",
  "",
];
const ODD_QUERIES = [
  "",
  "%",
  "%ff",
  "-1",
  "1e9",
  "x".repeat(5000),
  "..%2f..",
  "🎤",
  "a:b:c",
  ":",
  "99999999999999999999",
];
const ODD_PATHS = [
  "/",
  "//",
  "/v1",
  "/v1/",
  "/v1/runs//events",
  "/v1/%2e%2e/keys",
  "/v1/runs/%00",
  "/v2/runs",
  "/.env",
];
const ODD_HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { "last-event-id": "-1" },
  { "last-event-id": "x" },
  { range: "bytes=9-1" },
  { range: "bytes=0-0,5-6" },
  { "idempotency-key": "k".repeat(300) },
  { traceparent: "00-zz-1" },
  { origin: "https://evil.example" },
  { "sec-fetch-site": "cross-site" },
  { host: "evil.example" },
  { authorization: "Bearer" },
  { authorization: "Bearer x" },
  { authorization: "Basic YTpi" },
  { "content-encoding": "gzip" },
  { "x-long": "y".repeat(15_000) },
  { upgrade: "websocket", connection: "upgrade" },
  { "transfer-encoding": "gzip" },
];

/** One request: what fits the document, or good traffic, mostly with damage to one part of it. */
export function makeRequest(document: Document, random: Random): MadeRequest {
  const withBodies = document.operations.filter(({ bodies }) => Object.keys(bodies).length > 0);
  const operation = pick(random() < 0.4 ? withBodies : document.operations, random);
  const damaged =
    random() < 0.9 ? pick(["path", "query", "body", "body", "body", "headers", "type", "method"], random) : "";
  const wanted =
    damaged === "path" && random() < 0.3 ? pick(ODD_PATHS, random) : pathOf(operation, document, damaged, random);
  const query = queryOf(operation, document, damaged, random);
  const method = damaged === "method" ? pick(METHODS, random) : operation.method;
  // the stored workflows have to stay what later requests expect
  const path =
    method === "DELETE" || method === "PUT"
      ? wanted.replace(/\/(numbers|letters)\b/, `/other${below(20, random)}`)
      : wanted;
  const headers: Record<string, string> = damaged === "headers" ? { ...pick(ODD_HEADERS, random) } : {};
  if (method === "GET" || method === "HEAD") return { method, path: path + query, headers };
  const { type, body } = bodyOf(operation, document, damaged === "body", random);
  const told = damaged === "type" ? pick(TYPES, random) : type;
  if (told !== "") headers["content-type"] = told;
  return { method, path: path + query, headers, ...(body !== undefined && { body }) };
}

/** What a placeholder of a path may be; the last is what programs would put there. */
const PATH_VALUES: Readonly<Record<string, readonly string[]>> = {
  "/v1/runs": ["nobody", STANDS_FOR.run, STANDS_FOR.run, STANDS_FOR.run],
  "/v1/uploads": ["nobody", STANDS_FOR.upload],
  "/v1/jobs": ["nobody", STANDS_FOR.job],
  "/v1/webhooks": ["nobody", STANDS_FOR.webhook],
  "/v1/workflows": ["numbers", "letters", "none", "numbers@1", "numbers@999"],
  "/v1/nodes": ["numbers.asr", "webrtc.vad", "none"],
};

function pathOf(operation: Operation, document: Document, damaged: string, random: Random): string {
  const known = PATH_VALUES[Object.keys(PATH_VALUES).find((start) => operation.path.startsWith(start)) ?? ""];
  return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (damaged === "path") return encodeURIComponent(oddText(random)) || "%";
    if (name === "node") return pick(["asr", "vad", "none"], random);
    if (known && name !== "name") return pick(known, random);
    return known ? pick(known, random) : encodeURIComponent(String(document.value({ type: "string" }, random)));
  });
}

function queryOf(operation: Operation, document: Document, damaged: string, random: Random): string {
  const pairs: string[] = [];
  // the server's own workflows of these two calls load real engines; a few of them are enough
  if (/transcribe|speak/.test(operation.path) && random() < 0.995)
    pairs.push(`workflow=${operation.path.endsWith("speak") ? "letters" : "numbers"}`);
  for (const { in: where, name, schema } of operation.parameters) {
    if (where !== "query" || name === "workflow" || random() < 0.6) continue;
    // whole projects are not deleted at once, or there is nothing left to ask for
    if (operation.method === "DELETE" && name === "label") pairs.push("label=none:none");
    else pairs.push(`${name}=${encodeURIComponent(String(document.value(schema ?? {}, random)))}`);
  }
  if (damaged === "query") {
    const names = operation.parameters.filter((each) => each.in === "query").map(({ name }) => name);
    const name = pick([...names.filter((each) => each !== "label" || operation.method !== "DELETE"), "x"], random);
    const value = pick(ODD_QUERIES, random);
    pairs.push(`${name}=${/^%/.test(value) ? value : encodeURIComponent(value)}`);
    if (random() < 0.3) pairs.push(pairs.at(-1)!);
  }
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function bodyOf(operation: Operation, document: Document, damaged: boolean, random: Random) {
  const types = Object.keys(operation.bodies);
  const type = types.length === 0 ? "application/json" : pick(types, random);
  if (types.length === 0 && !damaged) return { type: "", body: undefined };
  if (type === "application/octet-stream")
    return {
      type,
      body: damaged ? damageBytes(random() < 0.8 ? WAV : noise(200, random), random) : Uint8Array.from(WAV),
    };
  const good = GOOD_BODIES[`${operation.method} ${operation.path}`];
  const value = good && random() < 0.6 ? pick(good, random) : document.value(operation.bodies[type] ?? {}, random);
  if (type === "application/yaml") {
    const text = yamlOf(value);
    return { type, body: damaged ? damageText(text, random) : text };
  }
  if (!damaged) return { type, body: JSON.stringify(value) };
  const way = random();
  if (way < 0.65) return { type, body: JSON.stringify(damageValue(value, random)) };
  if (way < 0.9) return { type, body: damageText(JSON.stringify(value), random) };
  if (way < 0.93) return { type, body: JSON.stringify(deep(5000)) };
  if (way < 0.935) return { type, body: `"${"x".repeat(3 * 2 ** 20)}"` };
  return { type, body: noise(1 + below(200, random), random) };
}

const yamlOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "text" in value && typeof value.text === "string"
    ? value.text
    : "parlando: 1\nname: x\n";

const oddText = (random: Random): string =>
  pick(["..", ".", "../..", "\u0000", "x".repeat(200), "ü", "a/b", "a%2fb", "?", "#", " ", "-", "run_", "🎤"], random);
