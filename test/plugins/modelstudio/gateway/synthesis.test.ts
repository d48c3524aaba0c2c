import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { SPEAKS } from "../service.ts";
import { command, conversing, eventsOf, FINISH, namesOf, saying, speaking, told } from "./task-client.ts";

describe("synthesis", () => {
  test("one event right before each message of audio, and the sentence's around them", async () => {
    covers("S8", "S9");
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { text_type: "PlainText", voice: "longxiaochun_v2", format: "pcm", sample_rate: 16000 };
      await told(connection, [speaking(parameters)], /task-started/);
      const pieces = [" ", "Hi. Yo", "u."].map(saying);
      const heard = await told(connection, [...pieces, FINISH]);
      for (const [i, one] of heard.entries())
        if (typeof one === "number") {
          const before = heard[i - 1];
          expect(typeof before === "object" && before.payload.output).toMatchObject({ type: "sentence-synthesis" });
        }
      const types = eventsOf(heard).map(({ payload }) => (payload.output as { type?: string }).type);
      expect(types.filter((type) => type !== "sentence-synthesis")).toEqual([
        "sentence-begin",
        "sentence-end",
        "sentence-begin",
        "sentence-end",
        undefined,
      ]);
      const ends = eventsOf(heard).filter(({ payload }) => JSON.stringify(payload).includes("sentence-end"));
      expect(ends.map(({ payload }) => payload)).toMatchObject([
        { output: { original_text: " Hi.", sentence: { index: 0, words: [{ begin_time: 0, end_time: 400 }] } } },
        { output: { original_text: " You.", sentence: { index: 1, words: [{ begin_time: 400, end_time: 900 }] } } },
      ]);
      expect(eventsOf(heard).at(-1)).toMatchObject({
        header: { attributes: { request_uuid: expect.any(String) } },
        payload: { output: { sentence: { index: 1, words: [] } }, usage: { characters: 9 } },
      });
    });
  });

  test("flush speaks what is there; blanks alone make no sentence", async () => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "pcm", sample_rate: 16000 };
      await told(connection, [speaking(parameters)], /task-started/);
      const messages = [saying("Hi"), command("continue-task", { input: { flush: true } })];
      expect(namesOf(await told(connection, messages, /sentence-begin/))).toEqual(["result-generated"]);
      await told(connection, [FINISH]);
      await told(connection, [speaking(parameters)], /task-started/);
      const blank = await told(connection, [saying(" "), FINISH]);
      expect(namesOf(blank)).toEqual(["task-finished"]);
    });
  });

  test("a WAV begins with one head, whatever the number of sentences", async () => {
    covers("S18");
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "wav", sample_rate: 8000 };
      await told(connection, [speaking(parameters)], /task-started/);
      const heard = await told(connection, [saying("A. B."), FINISH]);
      const bytes = heard.reduce<number>((sum, one) => sum + (typeof one === "number" ? one : 0), 0);
      expect(bytes).toBe(44 + (2 + 3) * 800 * 2);
    });
  });

  test("SSML is one text, read without its markup", async () => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "pcm", sample_rate: 16000, enable_ssml: true };
      await told(connection, [speaking(parameters)], /task-started/);
      const one = saying("<speak>Hi<break/></speak>");
      const [begin] = eventsOf(await told(connection, [one], /sentence-begin/));
      expect(begin?.payload).toMatchObject({ output: { original_text: "Hi" } });
      const failed = eventsOf(await told(connection, [one])).at(-1);
      expect(failed?.header).toMatchObject({ error_message: "Text request limit violated, expected 1." });
    });
  });
});

describe("a text that the vendor's library hands over at once, which it always says may be SSML", () => {
  const begun = async (connection: Parameters<typeof told>[0]) => {
    const parameters = { voice: "v", format: "pcm", sample_rate: 16000, enable_ssml: true };
    await told(connection, [speaking(parameters)], /task-started/);
  };

  test("is plain where it does not begin like SSML", async () => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      await begun(connection);
      const text = "Is 3 < 5, and 7 > 2, A & B?";
      const [begin] = eventsOf(await told(connection, [saying(text)], /sentence-begin/));
      expect(begin?.payload).toMatchObject({ output: { original_text: text } });
    });
  });

  test.each([
    ["is not well formed", "<speak><voice>Hi</speak>"],
    ["leaves its element", "<speak>Hi</speak><audio src='file:///x'/>"],
    ["declares a document type", "<!DOCTYPE a><speak>Hi</speak>"],
    ["names what it does not declare", "<speak>&hi;</speak>"],
  ])("fails its task where it %s", async (_, text) => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      await begun(connection);
      const failed = eventsOf(await told(connection, [saying(text)])).at(-1);
      expect(failed?.header).toMatchObject({ event: "task-failed", error_code: "InvalidParameter" });
    });
  });
});
