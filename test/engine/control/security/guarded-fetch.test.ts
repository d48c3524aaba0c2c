import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { codeOf } from "#test/control";
import { guardedFetch } from "../../../../engine/control/security/guarded-fetch.ts";
import { allowedAddresses, pinnedAddresses } from "../../../../engine/control/security/url-guard.ts";

setDefaultTimeout(60_000); // on a busy machine

let server: ReturnType<typeof Bun.serve>;
const asked: string[] = [];
/** The rest of the answer that is under way. */
let slow: ReadableStreamDefaultController<Uint8Array>;
beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, port } = new URL(request.url);
      asked.push(`${request.headers.get("host")} ${pathname}`);
      if (pathname === "/inside") return Response.redirect(`http://10.0.0.1:${port}/`);
      if (pathname === "/self") return Response.redirect(`http://127.0.0.1:${port}/`);
      if (pathname === "/file") return new Response("", { status: 302, headers: { location: "file:///etc/passwd" } });
      if (pathname === "/round") return new Response("", { status: 302, headers: { location: "/round" } });
      if (pathname === "/slow")
        return new Response(
          new ReadableStream({
            start(controller) {
              slow = controller;
              controller.enqueue(Buffer.from("1"));
            },
          }),
        );
      return new Response(`for ${request.headers.get("host")}`);
    },
  });
});
afterAll(() => server.stop(true));

/** Names that lead to the test's own server, to a private network, or nowhere; as an answer of a DNS would. */
const resolve = async (host: string) => {
  if (host === "open.test") return ["8.8.8.8"];
  if (host === "mixed.test") return ["8.8.8.8", "10.0.0.1"];
  if (host === "local.test") return ["127.0.0.1"];
  throw new Error("no such host");
};
const listed = { hosts: ["local.test"], onlyListed: false, resolve };

const text = async (url: string, rules = listed) => {
  const { body } = await guardedFetch({ url }, rules);
  return new Response(new Blob((await Array.fromAsync(body)) as Uint8Array<ArrayBuffer>[])).text();
};

describe("an exchange", () => {
  test("goes to the address that was checked, under the name that was asked for", async () => {
    expect(await text(`http://local.test:${server.port}/a`)).toBe(`for local.test:${server.port}`);
  });

  test.each([
    { path: "/inside", code: "URL_FORBIDDEN" },
    { path: "/self", code: "URL_FORBIDDEN" },
    { path: "/file", code: "CONFIG_INVALID" },
    { path: "/round", code: "VENDOR_UNREACHABLE" },
  ])("is not led astray by a redirect: $path", async ({ path, code }) => {
    expect(await codeOf(text(`http://local.test:${server.port}${path}`))).toBe(code);
  });

  test("with nobody at the far end is a failure with a code", async () => {
    expect(await codeOf(text("http://local.test:1/"))).toBe("VENDOR_UNREACHABLE");
  });

  test("may take longer than its time once it has begun, and is a failure where it falls silent", async () => {
    for (const { goes, ends } of [
      { goes: "on", ends: "12" },
      { goes: "silent", ends: "VENDOR_UNREACHABLE" },
    ]) {
      const timers: { call(): void; off: boolean }[] = [];
      const after = (_ms: number, call: () => void) => {
        const timer = { call, off: false };
        timers.push(timer);
        return () => {
          timer.off = true;
        };
      };
      const { body } = await guardedFetch({ url: `http://local.test:${server.port}/slow`, after }, listed);
      expect(timers.map(({ off }) => off)).toEqual([true]);
      const reader = body[Symbol.asyncIterator]();
      const read = async () => Buffer.from((await reader.next()).value ?? []).toString();
      const first = await read();
      const second = read();
      if (goes === "on") slow.enqueue(Buffer.from("2"));
      else timers.at(-1)!.call();
      expect(await second.then((text) => first + text).catch((error) => error.code)).toBe(ends);
      if (goes === "on") slow.close();
      await reader.return?.();
      expect(timers.every(({ off }) => off)).toBe(true);
    }
  });

  test("never happens with what is refused", async () => {
    asked.length = 0;
    for (const url of [
      `http://127.0.0.1:${server.port}/`,
      `http://localhost:${server.port}/`,
      `http://[::1]:${server.port}/`,
      `http://2130706433:${server.port}/`,
      `http://0x7f.1:${server.port}/`,
    ])
      expect(await codeOf(text(url))).toBe("URL_FORBIDDEN");
    expect(asked).toEqual([]);
  });
});

test.each([
  { url: "https://open.test/", rules: { hosts: [], onlyListed: false }, code: "no error" },
  { url: "https://mixed.test/", rules: { hosts: [], onlyListed: false }, code: "URL_FORBIDDEN" },
  { url: "https://local.test/", rules: { hosts: [], onlyListed: false }, code: "URL_FORBIDDEN" },
  { url: "https://local.test/", rules: { hosts: ["local.test"], onlyListed: true }, code: "no error" },
  { url: "https://open.test/", rules: { hosts: ["local.test"], onlyListed: true }, code: "HOST_FORBIDDEN" },
  { url: "https://none.test/", rules: { hosts: [], onlyListed: false }, code: "URL_FORBIDDEN" },
  { url: "https://name:word@open.test/", rules: { hosts: [], onlyListed: false }, code: "URL_FORBIDDEN" },
  { url: "https://169.254.169.254/latest", rules: { hosts: [], onlyListed: false }, code: "URL_FORBIDDEN" },
])("$url with $rules: $code", async ({ url, rules, code }) => {
  expect(await codeOf(allowedAddresses(new URL(url), { ...rules, resolve }))).toBe(code);
});

test.each([
  { what: "a public name", url: "https://open.test/", addresses: ["8.8.8.8"] },
  { what: "one that the operator has named", url: "http://local.test/", addresses: undefined },
  { what: "an address", url: "https://8.8.8.8/", addresses: undefined },
])("nodes are held to the addresses that were checked: of $what", async ({ url, addresses }) => {
  expect(await pinnedAddresses(new URL(url), listed)).toEqual(addresses);
});
