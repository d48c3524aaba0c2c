import { afterAll, beforeAll, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineError } from "#engine/errors";
import { readTls } from "#engine/server";

const openssl = Bun.which("openssl");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parlando-tls-"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = { type: "pkcs8", format: "pem" } as const;
  writeFileSync(join(folder, "other.pem"), privateKey.export(pem));
  writeFileSync(join(folder, "locked.pem"), privateKey.export({ ...pem, cipher: "aes-128-cbc", passphrase: "open" }));
  writeFileSync(join(folder, "text.pem"), "hello");
  const files = ["-keyout", "key.pem", "-out", "cert.pem"];
  if (openssl)
    Bun.spawnSync(
      [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, "-subj", "/CN=a", "-days", "1"],
      {
        cwd: folder,
      },
    );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refusal = (cert: string, key: string) =>
  readTls({ cert, key }, folder, "listen.tls").then(
    () => "nothing",
    (error: EngineError) => `${error.code} ${error.message}`,
  );

test.each([
  ["a certificate that is not there", "none.pem", "other.pem", /FILE_NOT_FOUND.*listen\.tls\.cert: none\.pem/],
  ["a folder in place of a certificate", ".", "other.pem", /FILE_UNREADABLE.*listen\.tls\.cert: \. cannot be read/],
  ["a certificate that is none", "text.pem", "other.pem", /CONFIG_INVALID.*tls\.cert: text\.pem holds no certificate/],
  [
    "a key in place of a certificate",
    "other.pem",
    "other.pem",
    /CONFIG_INVALID.*cert: other\.pem holds no certificate/,
  ],
])("%s is told by its name", async (_what, cert, key, said) => {
  expect(await refusal(cert, key)).toMatch(said);
});

test.skipIf(!openssl).each([
  ["a key that is none", "text.pem", /CONFIG_INVALID.*tls\.key: text\.pem holds no private key/],
  ["a certificate in place of a key", "cert.pem", /CONFIG_INVALID.*tls\.key: cert\.pem holds no private key/],
  ["a key that asks for a passphrase", "locked.pem", /CONFIG_INVALID.*key: locked\.pem asks for a passphrase/],
  ["the key to another certificate", "other.pem", /CONFIG_INVALID.*other\.pem is not the key .* cert\.pem/],
  ["the right key", "key.pem", /^nothing$/],
])("%s is told as such", async (_what, key, said) => {
  expect(await refusal("cert.pem", key)).toMatch(said);
});
