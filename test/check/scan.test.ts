import { expect, test } from "bun:test";
import { scanText } from "./scan.ts";

/** The samples are put together here, so that this file itself holds none of them. */
const join = (...parts: string[]) => parts.join("");

test.each([
  { name: "a private key", text: join("-----BEGIN RSA PRIVATE", " KEY-----") },
  { name: "an AWS access key", text: join("AKIA", "ABCDEFGHIJKLMNOP") },
  { name: "a Google API key", text: join("AIza", "x".repeat(35)) },
  { name: "an API key", text: join("key: sk", "-proj-", "a1B2".repeat(8)) },
  { name: "a GitHub token", text: join("gh", "p_", "a1B2".repeat(9)) },
  { name: "an npm token", text: join("np", "m_", "a1B2".repeat(9)) },
  { name: "a registry password", text: join("//x/:_auth", "Token=", "abcdefghij") },
  { name: "a bearer token", text: join("Bea", "rer ", "abcd.".repeat(10)) },
  { name: "a password in an address", text: join("https://someone:", "secret12", "@host.example") },
  { name: "a package registry's host", text: join("https://registry.", "example.com/x") },
  { name: "a path of one machine", text: join('file = "/ho', 'me/builder/x"') },
  { name: "a path in a temporary folder", text: join("see /t", "mp/x.wav") },
])("$name is found, with its line and without its text", ({ name, text }) => {
  expect(scanText("a.ts", `first\n${text}\n`)).toEqual([`a.ts:2 ${name}`]);
});

test.each([
  { name: "a variable in its place", text: "_authToken=${NPM_TOKEN}" },
  { name: "a secret's reference", text: 'key: "${secret:azure}"' },
  { name: "a folder of the project", text: "../home/work/readme" },
  { name: "the home of an example", text: "'/home/me/root'" },
  { name: "an address with a port", text: "http://localhost:8080/x@y" },
  {
    name: "hashes of the lockfile",
    text: '"sha512-kqZUFvX6/aYQOmzfRN5ANcfNS9wLH4aHLWWP/dQKyhRZVoA6rdWszA7DGugFcxPbMiznUyVYyukVl+ExZN4PQA=="',
  },
])("$name is left alone", ({ text }) => {
  expect(scanText("a.ts", text)).toEqual([]);
});
