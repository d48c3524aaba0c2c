import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { hostEnvironment, NodeTypes, type TextFrame } from "#engine/plugin";
import { newHousehold, type RunEvent, SystemClock } from "#engine/runtime";
import { wordErrorRate, wordErrors } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import agora from "#plugins/agora";
import core from "#plugins/core";
import pocketsphinx from "#plugins/pocketsphinx";
import { AccountedRun } from "#test/accounted-run";
import { buildStandIn, standInMissing } from "#test/agora-stand-in";
import { covers } from "#test/covers";
import { scratchFolder, TWO_COMMANDS, twoCommands } from "#test/short-recording";

setDefaultTimeout(120_000); // speech in real time, on a busy machine

const cwd = join(import.meta.dir, "../../..");
const folder = scratchFolder();
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function planned(name: string, params: Readonly<Record<string, string>>) {
  const { plan, findings } = await planWorkflow(
    { path: `workflows/${name}.yaml` },
    {
      types: new NodeTypes([core, agora, pocketsphinx]),
      purpose: "run",
      params,
      environment: hostEnvironment(),
      secret: () => undefined,
      cwd,
      run: { id: name, dir: folder },
    },
  );
  if (!plan) throw new Error(findings.map(({ message }) => message).join("\n"));
  return plan;
}

describe.skipIf(standInMissing !== undefined)("the examples, with a library that stands in for the vendor's", () => {
  test("what one run speaks into a channel another one hears there and writes down", async () => {
    covers("G7", "G11");
    process.env.AGORA_LIBRARY = buildStandIn(4432);
    const household = newHousehold();
    const texts: TextFrame[] = [];
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    const events: RunEvent[] = [];
    const start = async (name: string, params: Readonly<Record<string, string>>) => {
      const plan = await planned(name, { app: "app", channel: "room", ...params });
      const onEvent = (event: RunEvent) => {
        events.push(event);
        if (event.type === "run.state" && event.state === "running" && name === "agora-transcribe") resolve();
        if (event.type === "output" && event.frame.kind === "text" && event.frame.final) texts.push(event.frame);
      };
      return new AccountedRun(plan, { runId: name, clock: new SystemClock(), onEvent, onOutput: () => {} }, household);
    };
    const hears = await start("agora-transcribe", {});
    await Promise.race([listening, hears.done]); // one that cannot start ends, and is looked at below
    const speaks = await start("agora-send", { recording: await twoCommands(folder) });
    expect((await speaks.done).error).toBeUndefined();
    expect((await hears.done).error).toBeUndefined(); // it ended because the speaker left
    // in real time a machine that is too busy loses audio, and says so: what it heard is still what was said
    const heard = texts.map(({ text }) => text).join(" ");
    expect(wordErrorRate(wordErrors(TWO_COMMANDS.said.join(" "), heard))).toBeLessThan(0.5);
    const told = events.filter((event) => event.type === "node" && event.node === "channel");
    expect(told.map((event) => event.type === "node" && event.event.type)).toEqual(["opened", "userJoined", "played"]);
    expect(household.resources.keys).toEqual([]);
  });
});
