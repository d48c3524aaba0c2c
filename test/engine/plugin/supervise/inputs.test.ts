import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, type Frame, supervise, type TaskNode } from "#engine/plugin";
import { driveNode, ReadInput } from "#engine/testing";
import { audio, FRAME_SAMPLES, failingAt, text } from "./doubles.ts";
import { defineWatched, drive } from "./driven.ts";

describe("what goes in", () => {
  test("the end of one input comes in its turn, and to the next instance again", async () => {
    const heard: string[] = [];
    const script = failingAt(3);
    const definition = defineNode({
      type: "double.join",
      summary: "Joins two inputs.",
      role: "sink",
      inputs: { a: { kinds: ["text"], default: true }, b: { kinds: ["text"] } },
      outputs: {},
      config: z.strictObject({}),
      create() {
        heard.push("open");
        return {
          onFrame(_frame, _emit, port) {
            script.onFrame(++script.handed, 0);
            heard.push(port);
          },
          onControl(control) {
            if (control.kind === "end") heard.push(`end ${control.port}`);
          },
        };
      },
    });
    const feed = [{ port: "a" }, { end: "a" }, { port: "b" }, { port: "b" }];
    const node = (made: TaskNode): TaskNode => ({
      run(_input, emit, signal) {
        const poll = () => {
          const item = feed.shift();
          if (item?.end === undefined) return item?.port ? { port: item.port, frame: text("u1", "x") } : undefined;
          made.onControl?.({ kind: "end", port: item.end }, emit);
          return undefined;
        };
        const next = async () => poll() ?? (feed.length > 0 ? poll() : undefined);
        return made.run(new ReadInput(next), emit, signal);
      },
    });
    const { definition: supervised } = supervise({ candidates: [{ definition, config: {}, attempts: 2 }] });
    await driveNode(defineWatched(supervised, { node }), {});
    expect(heard).toEqual(["open", "a", "end a", "b", "open", "end a", "b", "end b"]);
  });

  test("a look at what is there does not overtake a frame that is waited for", async () => {
    const order: (string | undefined)[] = [];
    const definition = defineNode({
      type: "double.impatient",
      summary: "Looks while it waits.",
      role: "filter",
      shape: "task",
      inputs: { text: { kinds: ["text"] } },
      outputs: {},
      config: z.strictObject({}),
      create: () => ({
        async run(input) {
          const name = (frame?: Frame) => (frame?.kind === "text" ? frame.utterance : undefined);
          const waited = input.next();
          order.push(name(input.poll()?.frame));
          order.push(name((await waited)?.frame), name((await input.next())?.frame), name((await input.next())?.frame));
        },
      }),
    });
    await drive([{ definition, attempts: 2 }], { frames: [text("u1", "a"), text("u2", "b")] });
    expect(order).toEqual([undefined, "u1", "u2", undefined]);
  });

  test("audio that was inside an instance that failed stands in the accounts as gated", async () => {
    const script = failingAt(4);
    const definition = defineNode({
      type: "double.delay",
      summary: "Holds two frames back.",
      role: "filter",
      passes: "samples",
      inputs: { audio: { kinds: ["audio"] } },
      outputs: { audio: { kinds: ["audio"], audio: "same" } },
      config: z.strictObject({}),
      create() {
        const inside: Frame[] = [];
        return {
          onFrame(frame, emit) {
            inside.push(frame);
            script.onFrame(++script.handed, 0);
            if (inside.length > 2) emit(inside.shift()!);
          },
          onControl(control, emit) {
            if (control.kind === "end") for (const frame of inside.splice(0)) emit(frame);
          },
          held: () => inside.length * FRAME_SAMPLES,
        };
      },
    });
    const frames = Array.from({ length: 8 }, (_, i) => audio(i * FRAME_SAMPLES));
    const driven = await drive([{ definition, attempts: 2 }], { frames });
    expect(driven.frames().length * FRAME_SAMPLES + driven.gated + driven.held).toBe(8 * FRAME_SAMPLES);
    expect(driven.counters.lostSamples).toBe(2 * FRAME_SAMPLES);
  });
});
