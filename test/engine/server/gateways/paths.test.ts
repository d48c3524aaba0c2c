import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import type { OpenGateway } from "#engine/control";
import { defineGateway, type GatewayDoors, gatewayDoors, type Incoming, type Mount } from "#engine/plugin";
import { MemoryNetwork, SystemClock, SystemNetwork } from "#engine/runtime";
import { listenGateways } from "#engine/server";
import { folderOf } from "#test/gateway-server";
import { quietLog } from "#test/gateways";
import { rejectionOf } from "#test/rejection";
import { GatewayPaths } from "../../../../engine/server/gateways/gateway-paths.ts";
import { sharedGateways } from "../../../../engine/server/gateways/shared-port.ts";

setDefaultTimeout(60_000); // a certificate is made, on a machine that may be busy

const definition = defineGateway({
  type: "t",
  summary: "Answers with its name.",
  config: z.strictObject({}),
  create: () => ({ mounts: [] }),
});

/** A gateway that answers each of these calls with its own name and what it saw of the path. */
function gateway(name: string, prefix: string, calls: readonly string[], more: Partial<OpenGateway> = {}): OpenGateway {
  const mounts = calls.map((call): Mount => {
    const [method = "GET", path = "/"] = call.split(" ");
    if (method === "WS")
      return { kind: "websocket", path, serve: async ({ connection }) => void connection.send(name) };
    const answer = async (request: Incoming) => ({
      status: 200,
      body: `${name} ${request.path} ${request.sentPath ?? ""}`,
    });
    return { kind: "http", method: method as "GET" | "POST", path, answer };
  });
  const doors: GatewayDoors = gatewayDoors(
    { mounts },
    { clock: new SystemClock(), random: Math.random, log: quietLog },
  );
  return { name, definition, doors, prefix, unserved: [], ...more };
}

const incoming = (method: string, path: string): Incoming => ({
  method,
  path,
  query: "",
  headers: {},
  body: new Uint8Array(),
});

test.each([
  ["POST", "/a", "200 one / /a"],
  ["POST", "/a/", "200 one / /a/"],
  ["POST", "/a/b", "200 two / /a/b"],
  ["POST", "/a/b/x", "200 two /x /a/b/x"],
  ["GET", "/a/c", "200 three /c /a/c"],
  ["GET", "/a", "405 method not allowed"],
  ["GET", "/ab", "404 not found"],
  ["GET", "/a/nothing", "404 not found"],
])("%s %s is answered by %s", async (method, path, answer) => {
  const paths = new GatewayPaths([
    gateway("one", "/a", ["POST /"]),
    gateway("two", "/a/b", ["POST /", "POST /:any"]),
    gateway("three", "/a", ["GET /c"]),
  ]);
  const { status, body } = await paths.request(incoming(method, path));
  expect(`${status} ${body}`).toBe(answer);
});

test("only paths under a prefix are taken from the server, and a prefix of its own is refused", () => {
  const paths = sharedGateways([gateway("one", "/a", ["POST /"]), gateway("own", "", [])], ["/v1/runs", "/"]);
  expect(["/a", "/a/x", "/ab", "/", "/v1/runs"].map((path) => paths?.takes(path))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(() => sharedGateways([gateway("g", "/v1/asr", [])], ["/v1/runs"])).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining("gateways.g.prefix: /v1/asr") }),
  );
  expect(sharedGateways([gateway("own", "", [])], ["/"])).toBeUndefined();
});

test.skipIf(!Bun.which("openssl"))("ports of gateways' own speak TLS where the configuration says so", async () => {
  const cleanUp: (() => unknown)[] = [];
  const cwd = folderOf({}, cleanUp);
  const about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
  const made = Bun.spawnSync(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", ...about],
    { cwd },
  );
  expect(made.exitCode).toBe(0);
  const ca = await Bun.file(join(cwd, "c.pem")).text();
  const secure = { host: "127.0.0.1", port: 0, tls: { cert: "c.pem", key: "k.pem" } };
  const gateways = [
    gateway("secure", "/s", ["GET /", "WS /talk"], { web: secure }),
    gateway("plain", "", ["GET /"], { web: { host: "127.0.0.1", port: 0 } }),
  ];
  const listeners = await listenGateways({ gateways, network: new SystemNetwork(), cwd });
  const [web, plain] = [listeners.places.get("secure")?.web, listeners.places.get("plain")?.web];
  expect(await (await fetch(`https://${web}`, { tls: { ca } })).text()).toBe("secure / /s");
  expect(await (await fetch(`http://${plain}/`)).text()).toBe("plain / ");
  const socket = new WebSocket(`wss://${web}/talk`, { tls: { ca } });
  const said = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = reject;
  });
  expect(said).toBe("secure");
  expect(await rejectionOf(fetch(`http://${web}`))).toBeInstanceOf(Error);
  await listeners.close();
  for (const call of cleanUp) await call();
});

test("a port that is taken is told, and those that were opened before are closed again", async () => {
  const network = new MemoryNetwork(new SystemClock());
  const taken = await network.listen("127.0.0.1:2", {});
  const own = (port: number) => ({ web: { host: "127.0.0.1", port } });
  const gateways = [gateway("one", "", ["GET /"], own(1)), gateway("two", "", ["GET /"], own(2))];
  expect(await rejectionOf(listenGateways({ gateways, network, cwd: "/" }))).toMatchObject({ code: "CONFIG_INVALID" });
  await (await network.listen("127.0.0.1:1", {})).close();
  await taken.close();
});
