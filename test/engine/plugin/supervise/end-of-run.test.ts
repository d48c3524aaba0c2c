import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type Control,
  defineNode,
  EngineError,
  type Frame,
  type NodeDefinition,
  supervise,
  type TaskNode,
} from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { broken, failingAt, recogniser, Script, text } from "./doubles.ts";
import { defineWatched, drive, finals, talk } from "./driven.ts";

describe("the end of the run", () => {
  test("a cancelled run is not tried again", async () => {
    const stop = new AbortController();
    const script = new Script();
    script.onFrame = (handed) => {
      if (handed !== 4) return;
      stop.abort(new EngineError("RUN_CANCELLED", "stopped"));
      throw broken();
    };
    expect(
      await rejectionOf(
        drive([{ definition: recogniser(script, "task"), attempts: 3 }], { frames: talk, signal: stop.signal }),
      ),
    ).toBeInstanceOf(Error);
    expect(script).toMatchObject({ opened: 1, closed: 1 });
  });

  test("a rejected emit, which is the end of the run, is not tried again", async () => {
    const script = new Script();
    const both = [recogniser(script, "task"), recogniser(script, "inline")];
    const { definition } = supervise({ candidates: both.map((d) => ({ definition: d, config: {}, attempts: 3 })) });
    const over = new EngineError("RUN_STALLED", "the run ended");
    const watched = defineWatched(definition, { emit: () => Promise.reject(over) });
    expect(await rejectionOf(driveNode(watched, {}, { frames: talk }))).toBe(over);
    expect(script.opened).toBe(1);
  });

  test("an inline node is told once that its input has ended, after its last frame", async () => {
    const heard: string[] = [];
    const inner = recogniser(failingAt(99), "inline");
    const definition: NodeDefinition = {
      ...inner,
      create: async () => ({
        onFrame: () => void heard.push("frame"),
        onControl(control: Control, emit: (frame: Frame) => void) {
          heard.push(control.kind);
          emit(text("u1", "all said"));
        },
      }),
    };
    const { definition: supervised } = supervise({ candidates: [{ definition, config: {}, attempts: 2 }] });
    const node = (made: TaskNode): TaskNode => ({
      run(input, emit, signal) {
        made.onControl?.({ kind: "end", port: "audio" }, emit); // as the engine may tell a task, ahead of what is still queued inside
        return made.run(input, emit, signal);
      },
    });
    const driven = await driveNode(defineWatched(supervised, { node }), {}, { frames: talk.slice(0, 2) });
    expect(heard).toEqual(["frame", "frame", "end"]);
    expect(finals(driven)).toEqual(["all said"]);
  });

  test("an instance that is opened after the node was closed is closed too", async () => {
    const clock = new VirtualClock();
    const script = failingAt(2);
    const inner = recogniser(script, "task");
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => {
        if (script.opened > 0) await ctx.clock.sleep(500);
        return inner.create(config, ctx);
      },
    };
    const { definition: supervised } = supervise({ candidates: [{ definition, config: {}, attempts: 2 }] });
    const node = (made: TaskNode): TaskNode => ({
      ...made,
      async run(input, emit, signal) {
        void clock.sleep(100).then(() => made.close?.());
        await made.run(input, emit, signal);
      },
    });
    const driven = driveNode(defineWatched(supervised, { node }), {}, { frames: talk, clock });
    expect(await rejectionOf(driven)).toMatchObject({ code: "RUN_CANCELLED" });
    expect(script).toMatchObject({ opened: 2, closed: 2 });
  });

  test("a run that is cancelled while the node opens is not tried again", async () => {
    const stop = new AbortController();
    const script = new Script();
    script.onOpen = () => {
      stop.abort(new EngineError("RUN_CANCELLED", "stopped"));
      throw broken();
    };
    const driven = drive([{ definition: recogniser(script, "task"), attempts: 3 }], { signal: stop.signal });
    expect(await rejectionOf(driven)).toMatchObject({ code: "VENDOR_FAILED" });
    expect(script.opened).toBe(1);
  });

  test("a wait between attempts ends with the run", async () => {
    const stop = new AbortController();
    const script = new Script();
    script.onFrame = () => {
      if (script.opened === 3) stop.abort(new EngineError("RUN_CANCELLED", "stopped"));
      throw broken();
    };
    const driven = drive([{ definition: recogniser(script, "task"), attempts: 9 }], {
      frames: talk,
      signal: stop.signal,
    });
    expect(await rejectionOf(driven)).toBeInstanceOf(Error);
    expect(script.opened).toBe(3);
  });

  test("an instance that is given up sees its signal abort and can emit no more", async () => {
    const seen: string[] = [];
    let opened = 0;
    const definition = defineNode({
      type: "double.stubborn",
      summary: "Emits when it is told to stop.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => {
        const instance = ++opened;
        return {
          async run(input, emit, signal) {
            signal.addEventListener("abort", () => {
              seen.push(`abort ${instance}`);
              void emit(text("u9", "too late"));
            });
            for await (const _ of input) if (instance === 1) await new Promise(() => {});
          },
        };
      },
    });
    const clock = new VirtualClock();
    const { definition: supervised } = supervise({
      candidates: [{ definition, config: {}, attempts: 2 }],
      resultMs: 50,
    });
    const driven = await driveNode(supervised, {}, { frames: talk.slice(5), clock });
    expect(seen[0]).toBe("abort 1");
    expect(driven.emitted).toEqual([]);
  });
});
