import { describe, expect, test } from "bun:test";
import { type Connection, type Frame, type NodeDefinition, withRetry } from "#engine/plugin";
import type { Driven } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { driveAgainst, sockets } from "#test/scripted-door";
import { LISTENS } from "#test/service-workflows";
import { framesOf, silence } from "#test/signals";
import { prompt, textsOf } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { asr } from "../../../plugins/azure/asr.ts";
import { tts } from "../../../plugins/azure/tts.ts";
import { decodeMessage, encodeMessage, msToTicks, type SpeechMessage } from "../../../plugins/azure/wire.ts";
import { ACCESS, HOST, served } from "./service.ts";

type Say = (path: string, body: object | Uint8Array, headers?: { readonly streamId?: string }) => void;
/** What a service answers to each message; `turn` counts the turns of all its connections from 1. */
type Script = (message: SpeechMessage, say: Say, turn: number, connection: Connection) => void;

/** Drives a node against a service that says what no gateway of ours does. */
async function against(
  script: Script,
  node: NodeDefinition,
  config: Record<string, unknown>,
  frames: readonly Frame[],
): Promise<Driven & { readonly connections: number }> {
  const turns: string[] = [];
  let connections = 0;
  const door = sockets(async (connection) => {
    connections++;
    for await (const message of connection) {
      const read = decodeMessage(message);
      const { requestId } = read;
      if (!turns.includes(requestId)) turns.push(requestId);
      const say: Say = (path, body, headers = {}) => {
        const timestamp = "2026-01-02T03:04:05.678Z";
        const sent = body instanceof Uint8Array ? body : JSON.stringify(body);
        connection.send(encodeMessage({ path, requestId, timestamp, body: sent, ...headers }));
      };
      script(read, say, turns.indexOf(requestId) + 1, connection);
    }
  });
  const driven = await driveAgainst({ host: HOST, door }, node, { ...ACCESS, ...config }, { frames });
  return { ...driven, connections };
}

const ssml = '<speak version="1.0" xml:lang="en-US"><voice name="x"><bookmark mark="here"/>Hi</voice></speak>';

/** Speaks 200 ms, with what the service tells beside its audio. */
const speaksWith =
  (...metadata: readonly object[]): Script =>
  ({ path }, say) => {
    if (path !== "ssml") return;
    say("turn.start", { context: { serviceTag: "x" } });
    say("response", { context: { serviceTag: "x" }, audio: { type: "inline", streamId: "AB" } });
    for (const item of metadata) say("audio.metadata", { Metadata: [item] });
    say("audio", new Uint8Array(6400), { streamId: "ab" });
    say("audio", new Uint8Array(0), { streamId: "AB" });
    say("turn.end", {});
  };

describe("synthesis", () => {
  const metadata = [
    { Type: "Viseme", Data: { Offset: msToTicks(50), VisemeId: 7, AnimationChunk: "", IsLastAnimation: true } },
    { Type: "Bookmark", Data: { Offset: msToTicks(100), Bookmark: "here" } },
    { Type: "TalkingAvatarSignal", Data: { Name: "x" } },
    { Type: "SessionEnd", Data: { Offset: msToTicks(200) } },
  ];

  test("gives the mouth's shapes and bookmarks as data, at their places in the node's audio", async () => {
    covers("S12");
    const config = { visemes: true, bookmarks: true, ssml: true };
    const texts = [prompt("u1", ssml), prompt("u2", ssml)];
    const { frames } = await against(speaksWith(...metadata), tts, config, texts);
    const told = (port: string) =>
      frames(port).flatMap((frame) =>
        frame.kind === "data" ? [{ at: frame.atSample, topic: frame.topic, value: frame.value }] : [],
      );
    expect(told("visemes")).toEqual([
      { at: 800, topic: "azure.viseme", value: { id: 7, utterance: "u1" } },
      { at: 3200 + 800, topic: "azure.viseme", value: { id: 7, utterance: "u2" } },
    ]);
    expect(told("bookmarks")).toEqual([
      { at: 1600, topic: "azure.bookmark", value: { mark: "here", utterance: "u1" } },
      { at: 3200 + 1600, topic: "azure.bookmark", value: { mark: "here", utterance: "u2" } },
    ]);
  });

  test("does without what was not asked for", async () => {
    const { frames } = await against(speaksWith(...metadata), tts, {}, [prompt("u1", "Hi")]);
    expect(frames("audio")).toHaveLength(1);
    expect(frames("visemes")).toEqual([]);
  });

  test.each([
    { name: "audio in a text message", message: (say: Say) => say("audio", {}), path: "ssml" },
    { name: "a response of another shape", message: (say: Say) => say("response", {}), path: "ssml" },
    { name: "metadata of another shape", message: (say: Say) => say("audio.metadata", { Metadata: 1 }), path: "ssml" },
  ])("$name is a failure with a code", async ({ message, path }) => {
    const script: Script = (read, say) => {
      if (read.path === path) message(say);
    };
    const failing = against(script, tts, { link: { attempts: 1 } }, [prompt("u1", "Hi")]);
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("messages of other turns, other streams and unknown paths are counted and do no harm", async () => {
    const script: Script = (read, say, turn, connection) => {
      if (read.path !== "ssml") return;
      const stray = { path: "turn.end", requestId: "F".repeat(32), timestamp: "2026-01-02T03:04:05.678Z", body: "{}" };
      connection.send(encodeMessage(stray));
      say("response", { audio: { streamId: "AB" } });
      say("audio", new Uint8Array(10), { streamId: "CD" });
      say("something.new", {});
      speaksWith()(read, say, turn, connection);
    };
    const { frames, counters } = await against(script, tts, {}, [prompt("u1", "Hi")]);
    expect(frames("audio")).toHaveLength(1);
    expect(counters).toMatchObject({ strayMessages: 1, strayBytes: 10, unknownMessages: 1 });
  });
});

describe("recognition", () => {
  const SECOND = 16_000;

  test("a turn that the service ends in the midst of audio is followed by another, with what was not answered", async () => {
    covers("S30");
    const heard = [0, 0, 0];
    const script: Script = ({ path, body }, say, turn) => {
      if (path !== "audio" || typeof body === "string") return;
      heard[turn] = (heard[turn] ?? 0) + body.length;
      const phrase = (DisplayText: string, seconds: number) =>
        say("speech.phrase", {
          RecognitionStatus: "Success",
          DisplayText,
          Offset: 0,
          Duration: msToTicks(seconds * 1000),
        });
      if (turn === 1 && heard[1]! >= 44 + 1.5 * SECOND * 2 && heard[1]! < 44 + 1.6 * SECOND * 2) {
        phrase("first second", 1);
        say("turn.end", {});
      }
      if (turn === 2 && body.length === 0) {
        phrase("second second", 1);
        say("turn.end", {});
      }
    };
    const frames = framesOf(silence({ ms: 2000 }));
    const driven = await against(script, withRetry(asr, 2), { chunkMs: 100 }, frames);
    expect(textsOf(driven.frames("final")).map(({ text, startSample }) => ({ text, startSample }))).toEqual([
      { text: "first second", startSample: 0 },
      { text: "second second", startSample: SECOND },
    ]);
    expect(heard[2]).toBe(44 + SECOND * 2); // the header, and what came behind the first phrase
  });

  test("NoMatch and BabbleTimeout are no text, and no failure", async () => {
    const script: Script = ({ path, body }, say) => {
      if (path !== "audio" || body.length > 0) return;
      for (const RecognitionStatus of ["NoMatch", "BabbleTimeout", "EndOfDictation"])
        say("speech.phrase", { RecognitionStatus, Offset: 0, Duration: 0 });
      say("turn.end", {});
    };
    const { frames, events } = await against(script, asr, {}, framesOf(silence({ ms: 500 })));
    expect(textsOf(frames("final"))).toEqual([]);
    expect(events.flatMap(({ type, vendorCode }) => (type === "noMatch" ? [vendorCode] : []))).toEqual([
      "NoMatch",
      "BabbleTimeout",
    ]);
  });

  test.each([{ close: 1003 }, { close: 4000 }])(
    "a socket closed with $close is refused for good",
    async ({ close }) => {
      const script: Script = ({ path }, _say, _turn, connection) => {
        if (path === "audio") connection.close(close);
      };
      const failing = against(script, withRetry(asr, 3), {}, framesOf(silence({ ms: 500 })));
      expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_REFUSED", details: { closeCode: close } });
    },
  );
});

test("a line that breaks is opened again, and what was not answered is sent again", async () => {
  covers("S30");
  const SAID = ["one two three", "four five", "six"];
  const { frames, counters } = await served(withRetry(asr, 2), {
    workflow: LISTENS,
    frames: spoken(SAID),
    faults: [{ on: "connection", connections: 1, after: { received: 14 }, do: { close: 1006 } }],
  });
  expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(SAID);
  expect(counters.retries).toBe(1);
});
