import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type Control,
  CredentialLimits,
  defineNode,
  EngineError,
  type LinkProtocol,
  linkNode,
  linkSettings,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { drive, mark, range, say } from "./driven.ts";
import { on, type PlainService, protocolOf } from "./plain-service.ts";

describe("a session", () => {
  test("is one for the whole stream, marks among the audio", async () => {
    const { heard, sockets } = await drive({ sessions: "stream" }, [
      mark("start", 0),
      ...range(0, 2),
      mark("end", 2),
      ...range(2, 4),
    ]);
    expect(heard).toEqual([["open", "start", "0", "1", "end", "2", "3", "finish", "gone"]]);
    expect(sockets).toBe(0);
  });

  test("is one for each utterance, and what stands between them is not sent", async () => {
    const frames = [
      ...range(0, 2),
      mark("start", 2),
      ...range(2, 4),
      mark("end", 4),
      ...range(4, 6),
      mark("start", 6),
      ...range(6, 7),
    ];
    const { heard, counters } = await drive({ sessions: "utterance" }, frames);
    expect(heard).toEqual([
      ["open", "start", "2", "3", "end", "finish", "gone"],
      ["open", "start", "6", "finish", "gone"],
    ]);
    expect(counters.unspokenSamples).toBe(4 * 320);
  });

  test("is one for each text that says something", async () => {
    const frames = [say("a"), say("b", { final: false }), say(" "), say("c")];
    const { heard, frames: out, usage } = await drive({ sessions: "frame" }, frames);
    expect(heard).toEqual([
      ["open", "a", "finish", "gone"],
      ["open", "c", "finish", "gone"],
    ]);
    expect(out().map((frame) => frame.kind === "text" && frame.text)).toEqual(["a", "c"]);
    expect(usage).toMatchObject({ requests: 2, characters: 2 });
  });

  test("follows another on one connection where the vendor allows it, after one greeting", async () => {
    const { heard } = await drive(
      { sessions: "frame", protocol: { reusable: true, greets: true } },
      [say("a"), say("b")],
      {
        prepare: (service) => {
          service.answer = on("hello", (connection) => connection.send("hi"));
        },
      },
    );
    expect(heard).toEqual([["hello", "open", "a", "finish", "open", "b", "finish", "gone"]]);
  });

  test("that the vendor ends in order is followed by another with the next frame", async () => {
    const { heard } = await drive({ sessions: "stream" }, range(0, 5), {
      pace: 1,
      prepare: (service) => {
        service.answer = on("1", (connection) => connection.send("over"));
      },
    });
    expect(heard).toEqual([
      ["open", "0", "1", "gone"],
      ["open", "2", "3", "4", "finish", "gone"],
    ]);
  });

  test("that was given nothing for long is finished, and the next frame opens another", async () => {
    const { heard, events } = await drive(
      { sessions: "stream", settings: { idleMs: 500 } },
      [...range(0, 2), ...range(100, 102)],
      {
        pace: 1,
      },
    );
    expect(heard).toEqual([
      ["open", "0", "1", "finish", "gone"],
      ["open", "100", "101", "finish", "gone"],
    ]);
    expect(events.filter(({ type }) => type === "closed").map(({ cause }) => cause)).toEqual(["idle", "done"]);
  });

  test("that is old is replaced between utterances, or at once where there are none", async () => {
    const marked = [
      mark("start", 0),
      ...range(0, 10),
      mark("end", 10),
      mark("start", 10),
      ...range(10, 12),
      mark("end", 12),
    ];
    const one = await drive({ sessions: "stream", settings: { sessionMs: 100 } }, marked, { pace: 1 });
    expect(one.heard.map((words) => words.filter((word) => /\d/u.test(word)).length)).toEqual([10, 2]);
    const two = await drive({ sessions: "stream", settings: { sessionMs: 100 } }, range(0, 12), { pace: 1 });
    expect(two.heard.map((words) => words.filter((word) => /\d/u.test(word)).length)).toEqual([5, 5, 2]);
  });

  test("that ends with a vendor who hangs up with its last word is no loss", async () => {
    const late = (wire: Parameters<LinkProtocol["connect"]>[0]) => {
      const peer = protocolOf().connect(wire);
      return {
        ...peer,
        session(session: Parameters<typeof peer.session>[0]) {
          const made = peer.session(session);
          const finish = async () => {
            await made.finish();
            for (let i = 0; i < 20; i++) await Promise.resolve();
          };
          return { ...made, finish };
        },
      };
    };
    const { heard } = await drive({ sessions: "stream", protocol: { connect: late } }, range(0, 2), {
      prepare: (service) => {
        service.answer = on("finish", (connection) => {
          connection.send("done");
          connection.close();
        });
      },
    });
    expect(heard).toEqual([["open", "0", "1", "finish", "gone"]]);
  });

  test("that could not be opened gives its place back", async () => {
    const limits = new CredentialLimits({ concurrency: 1, perSecond: 0, waitMs: 0 });
    const refusing = () => Promise.reject(new EngineError("VENDOR_KEY_REFUSED", "plain refuses the key"));
    const node = defineNode({
      type: "plain.refused",
      summary: "Is refused.",
      role: "asr",
      shape: "task",
      effects: ["network"],
      inputs: { in: { kinds: ["audio"] } },
      outputs: { out: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: (_config, ctx) =>
        linkNode({
          ctx,
          protocol: protocolOf({ dial: refusing }),
          settings: linkSettings({}),
          sessions: "stream",
          limits,
        }),
    });
    expect(await rejectionOf(driveNode(node, {}, { frames: range(0, 2) }))).toMatchObject({
      code: "VENDOR_KEY_REFUSED",
    });
    expect(limits.inside).toBe(0);
  });

  test("that does not finish in time fails the node with a code", async () => {
    const prepare = (service: PlainService) => {
      service.answer = (said) => said === "finish";
    };
    expect(
      await rejectionOf(drive({ sessions: "stream", settings: { finishMs: 700 } }, range(0, 2), { prepare })),
    ).toMatchObject({
      code: "RESULT_LATE",
    });
  });

  test("fails the node at once with what the vendor said, though nothing more comes in", async () => {
    const prepare = (service: PlainService) => {
      service.answer = on("1", (connection) => connection.send("error"));
    };
    expect(
      await rejectionOf(drive({ sessions: "stream" }, [...range(0, 2), ...range(5000, 5001)], { prepare, pace: 1 })),
    ).toMatchObject({
      code: "VENDOR_FAILED",
    });
  });

  test("passes a flush on in its turn, and finishes what is about an utterance", async () => {
    const flush: Control = { kind: "flush" };
    const { heard } = await drive({ sessions: "stream" }, [...range(0, 2), flush, ...range(2, 3)]);
    expect(heard[0]).toEqual(["open", "0", "1", "flush", "2", "finish", "gone"]);
    const cut = await drive({ sessions: "utterance" }, [
      mark("start", 0),
      ...range(0, 2),
      flush,
      ...range(2, 3),
      mark("end", 3),
    ]);
    expect(cut.heard.map((words) => words.join(" "))).toEqual(["open start 0 1 finish gone", "open 2 end finish gone"]);
  });
});
