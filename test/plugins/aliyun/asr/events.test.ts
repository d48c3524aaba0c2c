import { expect, test } from "bun:test";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { silentFrames } from "#test/signals";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, KEYED, served, withService } from "../service.ts";
import { whole } from "./driven.ts";

test("labels of the run stand in the events of its tasks", async () => {
  covers("A3");
  const labels = { caller: "42" };
  const heard = await withService({ workflow: hears("x") }, ({ clock, network }) =>
    driveNode(asr, { ...ACCESS, ...whole }, { frames: silentFrames(1000), clock, network, labels }),
  );
  const told = heard.events.filter(({ type }) => ["started", "changed", "completed"].includes(type));
  expect(told.length).toBeGreaterThanOrEqual(3);
  expect(told.every((event) => event.labels === labels)).toBe(true);
});

test("a trace shows messages, audio as lengths, and no secret", async () => {
  covers("A9");
  const options = { workflow: hears("x"), frames: silentFrames(1000), access: KEYED, config: whole, tracing: true };
  const heard = await served(asr, options);
  const wire = JSON.stringify(heard.events.filter(({ type }) => type === "wire"));
  expect(wire).toContain("3200 bytes");
  expect(wire).toContain("RecognitionCompleted");
  for (const hidden of ["example-secret", "example-appkey"]) expect(wire).not.toContain(hidden);
});
