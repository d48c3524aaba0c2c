import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeNetwork, SystemNetwork } from "#engine/runtime";

setDefaultTimeout(60_000); // on a busy machine

/** Says under which name it was asked. */
const answers = {
  fetch(request: Request, own: Bun.Server<undefined>) {
    if (own.upgrade(request)) return undefined;
    return new Response(`http for ${request.headers.get("host")}`);
  },
  websocket: {
    open: (socket: Bun.ServerWebSocket<undefined>) => void socket.send("hello"),
    message() {},
  },
};
const plain = Bun.serve({ hostname: "127.0.0.1", port: 0, ...answers });
const raw = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: { open: (socket) => void socket.end("hello"), data() {} },
});
afterAll(async () => {
  await plain.stop(true);
  raw.stop(true);
});

/** A node's view of the machine's network in which a name leads to 127.0.0.1 alone, and to nothing by a look-up. */
const NAME = "rebound.invalid";
const network = () =>
  new NodeNetwork({ id: "n", type: "t.n", mayReach: true }, new SystemNetwork(), {
    virtual: false,
    guard: async () => ["::1", "127.0.0.1"],
  });

describe("what was checked is what is connected to, under the name that was asked for:", () => {
  test("HTTP", async () => {
    const answer = await network().fetch({ url: `http://${NAME}:${plain.port}/a?b=1`, headers: { "x-a": "1" } });
    expect(await answer.text()).toBe(`http for ${NAME}:${plain.port}`);
  });

  test("a WebSocket", async () => {
    const connection = await network().dial({ url: `ws://${NAME}:${plain.port}/` });
    expect(await connection.receive()).toBe("hello");
    connection.destroy();
  });

  test("TCP", async () => {
    const connection = await network().dial({ url: `tcp://${NAME}:${raw.port}` });
    const heard = await connection.receive();
    expect(Buffer.from(heard ?? "").toString()).toBe("hello");
    connection.destroy();
  });

  test.skipIf(!Bun.which("openssl"))("TLS asks for the certificate of that name, and of no other", async () => {
    const folder = mkdtempSync(join(tmpdir(), "parlando-pinned-"));
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${NAME}`];
    const files = ["-keyout", "k.pem", "-out", "c.pem", "-addext", `subjectAltName=DNS:${NAME}`];
    Bun.spawnSync(["openssl", ...request, ...files], { cwd: folder });
    const tls = { key: readFileSync(join(folder, "k.pem"), "utf8"), cert: readFileSync(join(folder, "c.pem"), "utf8") };
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, ...answers });
    const asking = Bun.spawn(
      [process.execPath, join(import.meta.dir, "fixtures/ask-by-tls.ts"), `${server.port}`, NAME, "other.invalid"],
      {
        // only here is the certificate vouched for
        env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "c.pem") },
        stdout: "pipe",
      },
    );
    const found = JSON.parse(await new Response(asking.stdout).text());
    const first = `http for ${NAME}:${server.port}`;
    await server.stop(true);
    rmSync(folder, { recursive: true });
    expect(found).toEqual([first, "hello", "VENDOR_UNREACHABLE", "VENDOR_UNREACHABLE"]);
  });
});
