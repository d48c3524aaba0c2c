import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Emulator } from "#engine/testing";
import { covers } from "#test/covers";
import { hears, speaks, typesWithTones } from "#test/service-workflows";
import { emulateOutside, JAVASCRIPT, type Told, toldBy } from "#test/vendor-library";
import { gateway } from "../../../plugins/aliyun/gateway.ts";
import { KEY, TOKEN } from "./service.ts";

setDefaultTimeout(90_000); // each starts a program, on a machine that may be busy

const listening = (workflow: string) => emulateOutside(gateway, { types: typesWithTones(), workflow, keys: [KEY] });

describe.each(JAVASCRIPT)("the vendor's library under $program", ({ program, path }) => {
  const checked = path ? test : test.skip;
  let hearing: Emulator;
  let speaking: Emulator;

  beforeAll(async () => {
    hearing = await listening(hears("one two", "three"));
    speaking = await listening(speaks());
  });
  afterAll(async () => {
    for (const each of [hearing, speaking]) await each.close();
  });

  const run = (...args: string[]) => toldBy([path ?? program, join(import.meta.dir, "vendor-client.cjs"), ...args]);
  const url = ({ web }: Emulator) => `ws://${web}/ws/v1`;
  const names = (told: readonly Told[]) => told.map(({ event }) => event);

  checked("recognises a sentence", async () => {
    covers("A1", "A3");
    const told = await run("recognise", url(hearing), TOKEN, "example-appkey");
    expect(names(told)[0]).toBe("started");
    expect(new Set(names(told))).toEqual(new Set(["started", "changed", "completed", "closed"]));
    const last = told.find(({ event }) => event === "completed")?.detail;
    expect(last).toMatchObject({ header: { status: 20000000 }, payload: { result: "one two three", duration: 2000 } });
  });

  checked("transcribes a stream, with a control in the midst of it", async () => {
    covers("A5");
    const told = await run("transcribe", url(hearing), TOKEN, "example-appkey");
    const order = names(told).filter((name) => name !== "changed");
    expect(order).toEqual(["started", "begin", "end", "begin", "end", "completed", "closed"]);
    const ends = told.filter(({ event }) => event === "end").map(({ detail }) => detail.payload);
    expect(ends).toMatchObject([
      { index: 1, result: "one two", begin_time: 0, time: 1000, words: [{ text: "one" }, { text: "two" }] },
      { index: 2, result: "three", begin_time: 1000, time: 2000, words: [{ text: "three" }] },
    ]);
  });

  checked.each(["speak", "speak-long"])("has a text spoken: %s", async (how) => {
    covers("A6");
    const told = await run(how, url(speaking), TOKEN, "example-appkey");
    expect(names(told).filter((name) => name !== "closed")).toEqual(["meta", "completed", "audio"]);
    expect(told.find(({ event }) => event === "audio")?.detail).toEqual({ bytes: 44 + 1200 * 32, head: "RIFF" });
    expect(told.find(({ event }) => event === "meta")?.detail.payload.subtitles).toMatchObject([
      { text: "Hello there.", begin_time: 0, end_time: 1200 },
    ]);
  });

  checked("gets a token and recognises with it", async () => {
    covers("A7");
    const [answer] = await run("token", `http://${hearing.web}`, KEY.id, KEY.secret);
    expect(answer?.detail.Token.ExpireTime * 1000).toBeGreaterThan(Date.now());
    const told = await run("recognise", url(hearing), answer?.detail.Token.Id, "example-appkey");
    expect(names(told)).toContain("completed");
    expect(await run("token", `http://${hearing.web}`, KEY.id, "wrong")).toEqual([
      { event: "error", detail: "SignatureDoesNotMatch" },
    ]);
  });

  checked("is told of a wrong appkey by a failed task, and of a wrong token at the door", async () => {
    covers("A9");
    const told = await run("recognise", url(hearing), TOKEN, "another");
    expect(names(told)).toEqual(["failed", "closed"]);
    expect(told[0]?.detail.header).toMatchObject({ name: "TaskFailed", namespace: "Default", status: 40020105 });
    const refused = await run("recognise", url(hearing), "wrong", "example-appkey");
    expect(refused.map(({ event, detail }) => (event === "error" ? detail : event)).join()).toMatch(
      /403|Expected 101|closed/,
    );
  });

  checked("leaves nothing behind", async () => {
    for (const { doors, host } of [hearing, speaking]) {
      for (let i = 0; i < 100 && (doors.clients > 0 || host.running > 0); i++) await Bun.sleep(10);
      expect([doors.clients, host.running]).toEqual([0, 0]);
    }
  });
});
