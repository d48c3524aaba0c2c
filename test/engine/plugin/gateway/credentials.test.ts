import { describe, expect, test } from "bun:test";
import { equalSecrets, keyOfSealed, keyOfWord, sealToken } from "#engine/plugin";
import { FakeHost, KEY } from "./fake-host.ts";

describe("credentials of a gateway", () => {
  test.each([
    { one: "abc", other: "abc", same: true },
    { one: "abc", other: "abd", same: false },
    { one: "abc", other: "ab", same: false },
    { one: "", other: "", same: true },
    { one: "ключ", other: "ключ", same: true },
  ])("'$one' and '$other' are the same secret: $same", ({ one, other, same }) => {
    expect(equalSecrets(one, other)).toBe(same);
  });

  test("a sealed token is its key's until it ends", async () => {
    const host = new FakeHost();
    const token = sealToken("toy.", KEY, host.nowMs + 1000);
    expect(token).toStartWith("toy.");
    expect(token).not.toContain(KEY.secret);
    expect(await keyOfSealed("toy.", token, host)).toEqual(KEY);
    host.nowMs += 1000;
    expect(await keyOfSealed("toy.", token, host)).toBeUndefined();
  });

  test.each([
    { what: "another prefix", change: (token: string) => token.replace("toy.", "joy.") },
    { what: "another end", change: (token: string) => token.replace(/\.(\d+)\./, ".9$1.") },
    { what: "another seal", change: (token: string) => `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}` },
    { what: "no seal", change: (token: string) => token.slice(0, token.lastIndexOf(".")) },
    { what: "no key", change: () => "toy." },
    { what: "an end that is no number", change: (token: string) => token.replace(/\.\d+\./, ".never.") },
  ])("a token with $what is nobody's", async ({ change }) => {
    const host = new FakeHost();
    expect(await keyOfSealed("toy.", change(sealToken("toy.", KEY, host.nowMs + 1000)), host)).toBeUndefined();
  });

  test("a token whose key is gone, or has another secret, is nobody's", async () => {
    const host = new FakeHost();
    const token = sealToken("toy.", KEY, host.nowMs + 1000);
    for (const keys of [[], [{ ...KEY, secret: "another-secret" }]]) {
      host.keys = keys;
      expect(await keyOfSealed("toy.", token, host)).toBeUndefined();
    }
  });

  test.each([
    { word: "example-key.example-secret", found: true },
    { word: "example-key.another", found: false },
    { word: "example-key", found: false },
    { word: "nobody.example-secret", found: false },
    { word: "", found: false },
    { word: "one-word", found: true },
    { word: ".one-word", found: false },
  ])("'$word' is a key: $found", async ({ word, found }) => {
    const host = new FakeHost();
    host.keys = [KEY, { id: "one-word", secret: "one-word", facts: {} }];
    expect((await keyOfWord(word, host)) !== undefined).toBe(found);
  });
});
