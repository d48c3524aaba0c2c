import { expect, setDefaultTimeout, test } from "bun:test";
import { defaultServerConfig } from "#engine/control";
import { checkDoor, doorRules, isLoopback, jsonDepth } from "#engine/server";
import { FakeControl } from "#test/fake-control";
import { appOf, ask } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const home = { loopback: true, hosts: ["speech.example.com"], origins: ["https://app.example.com"] };
const outside = { ...home, loopback: false };

test.each([
  ["a program on this machine", home, { host: "127.0.0.1:7700" }, true],
  ["a program that says localhost", home, { host: "localhost" }, true],
  ["a program that says ::1", home, { host: "[::1]:7700" }, true],
  ["the server's own page", home, { host: "localhost:7700", origin: "http://localhost:7700" }, true],
  [
    "the public name, behind a proxy that speaks TLS",
    home,
    { host: "speech.example.com", origin: "https://speech.example.com" },
    true,
  ],
  ["a page that may", home, { host: "localhost:7700", origin: "https://app.example.com" }, true],
  [
    "a page that had its name resolve to this machine",
    home,
    { host: "evil.example.net:7700", origin: "http://evil.example.net:7700" },
    false,
  ],
  ["a program that asks for a strange host", home, { host: "evil.example.net" }, false],
  ["a page of another site", home, { host: "localhost:7700", origin: "http://evil.example.net" }, false],
  ["a page of another port of this machine", home, { host: "localhost:7700", origin: "http://localhost:3000" }, false],
  ["a page without an origin of its own", home, { host: "localhost:7700", origin: "null" }, false],
  ["an image of another site", home, { host: "localhost:7700", "sec-fetch-site": "cross-site" }, false],
  ["a host that is none", home, { host: "a b" }, false],
  ["any name, where keys decide", outside, { host: "10.1.2.3" }, true],
  [
    "a page of another site, where keys decide",
    outside,
    { host: "10.1.2.3", origin: "http://evil.example.net" },
    false,
  ],
])("%s", (_who, rules, headers, passes) => {
  const request = new Request("http://localhost:7700/v1/runs", { headers });
  const check = () => checkDoor(request, rules);
  if (passes) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: "HOST_FORBIDDEN" }));
});

test("only addresses of this machine are loopback", () => {
  expect(["localhost", "127.0.0.1", "127.8.8.8", "::1"].map(isLoopback)).toEqual([true, true, true, true]);
  expect(["0.0.0.0", "::", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com"].map(isLoopback)).toEqual(
    Array(5).fill(false),
  );
});

test("origins are compared as browsers send them, however they were written", () => {
  const config = defaultServerConfig();
  const origins = ["https://App.Example.com:443/", "http://app.example.com:8080", "capacitor://localhost"];
  expect(doorRules({ ...config, keys: { ...config.keys, origins } }).origins).toEqual([
    "https://app.example.com",
    "http://app.example.com:8080",
    "capacitor://localhost",
  ]);
});

test("a page of a listed origin is answered with its headers, another is refused", async () => {
  const config = {
    ...defaultServerConfig(),
    keys: { ...defaultServerConfig().keys, origins: ["https://app.example.com"] },
  };
  const app = appOf(new FakeControl(config));
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
  const listed = await app.request("/v1/runs", {
    method: "OPTIONS",
    headers: { ...preflight, origin: "https://app.example.com" },
  });
  expect(listed.status).toBe(204);
  expect(listed.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  const other = await app.request("/v1/runs", {
    method: "OPTIONS",
    headers: { ...preflight, origin: "https://other.example.com" },
  });
  expect(other.status).toBe(403);
  expect(other.headers.get("access-control-allow-origin")).toBeNull();
});

test.each([
  ["no key", {}, 401, "KEY_REFUSED"],
  ["an unknown key", { authorization: "Bearer wrong" }, 401, "KEY_REFUSED"],
  ["another scheme", { authorization: "Basic Zm9v" }, 401, "KEY_REFUSED"],
  ["a key with a line break in it", { authorization: "Bearer a b" }, 401, "KEY_REFUSED"],
  ["the key", { authorization: "Bearer right" }, 200, undefined],
])("with keys, a request with %s is answered with %i", async (_what, headers, status, code) => {
  const control = new FakeControl();
  control.callers.set("right", { project: "default", scopes: new Set(["runs:read"]), keyId: "k1" });
  const answer = await ask(appOf(control), "GET", "/v1/who", { headers });
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject(code ? { code } : { project: "default", scopes: ["runs:read"], keyId: "k1" });
  expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
});

test("another project's runs answer as if they were not there", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  await ask(app, "POST", "/v1/runs", { body: { workflow: "w" } });
  control.callers.set("theirs", { project: "other", scopes: new Set(["runs:read"]) });
  const answer = await ask(app, "GET", "/v1/runs/r1", { headers: { authorization: "Bearer theirs" } });
  expect(answer).toMatchObject({ status: 404, json: { code: "RUN_NOT_FOUND" } });
});

test("health and pages need no key, everything below /v1 does", async () => {
  const control = new FakeControl();
  control.callers.set("right", { project: "default", scopes: new Set() });
  const app = appOf(control);
  for (const path of ["/healthz", "/readyz", "/openapi.json", "/try", "/docs"])
    expect((await ask(app, "GET", path)).status).toBe(200);
  for (const path of ["/v1/runs", "/v1/nodes", "/v1/plugins", "/v1/usage", "/v1/who", "/metrics"])
    expect((await ask(app, "GET", path)).status).toBe(401);
});

test.each([
  ["{}", 1],
  ['{"a":[1,{"b":[]}]}', 4],
  ['"[[[[{{{{"', 0],
  ['["\\"[[["]', 1],
  ["[[]", 2],
  ["", 0],
])("%s is nested %i deep", (text, depth) => {
  expect(jsonDepth(text)).toBe(depth);
});
