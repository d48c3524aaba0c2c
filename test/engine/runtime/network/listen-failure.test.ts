import { expect, test } from "bun:test";
import { listenFailure, SystemNetwork } from "#engine/runtime";
import { rejectionOf } from "#test/rejection";

const coded = (code: string) => Object.assign(new Error("no"), { code });

test.each([
  ["a port that is taken", "listen: 127.0.0.1:7700", coded("EADDRINUSE"), /: another program listens on this port/],
  ["a name that is none", "listen: nowhere.invalid:0", coded("EADDRINUSE"), /: this machine has no such address$/],
  [
    "an address of another machine",
    "listen: 192.0.2.1:80",
    coded("EADDRNOTAVAIL"),
    /: this machine has no such address$/,
  ],
  ["a port of the system", "listen: 127.0.0.1:80", coded("EACCES"), /: this user may not/],
  ["a code that is not known", "listen: 127.0.0.1:80", coded("EODD"), /cannot be listened on: EODD$/],
  ["no code at all", "listen: 127.0.0.1:80", new Error("no"), /cannot be listened on$/],
])("%s is told as the reason", (_what, where, error, said) => {
  const failure = listenFailure(where, error);
  expect(failure.code).toBe("CONFIG_INVALID");
  expect(failure.message).toStartWith(where);
  expect(failure.message).toMatch(said);
});

test("a port of a gateway that is taken says so", async () => {
  using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
  const address = `127.0.0.1:${taken.port}`;
  expect(
    await rejectionOf(new SystemNetwork().listen(address, { request: async () => ({ status: 200 }) })),
  ).toHaveProperty("message", expect.stringContaining(`${address} cannot be listened on: another program listens`));
});
