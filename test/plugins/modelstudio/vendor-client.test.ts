import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { findProgram, hostEnvironment } from "#engine/plugin";
import { MemoryNetwork, newHousehold, SystemClock, SystemNetwork } from "#engine/runtime";
import { emulate } from "#engine/testing";
import { typesWithTones } from "#test/service-workflows";
import { gateway } from "../../../plugins/modelstudio/gateway.ts";
import { API_KEY, hears, KEY, SPEAKS } from "./service.ts";

setDefaultTimeout(120_000);

const python = findProgram("python3", hostEnvironment());
const installed =
  python !== undefined &&
  Bun.spawnSync([python.path, "-c", "import dashscope"], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
const why = installed ? "" : " (skipped: the vendor's library for Python is not installed: pip install dashscope)";

test.skipIf(!installed)(`the vendor's own library for Python works unmodified${why}`, async () => {
  const clock = new SystemClock();
  const machine = new SystemNetwork();
  const common = {
    network: new MemoryNetwork(clock),
    outside: machine,
    web: "127.0.0.1:0",
    types: typesWithTones(),
    keys: [KEY],
    household: newHousehold({ network: machine }),
  };
  const ears = await emulate(gateway, { ...common, workflow: hears(["one", "two"], "es") });
  const mouth = await emulate(gateway, { ...common, workflow: SPEAKS });
  try {
    const client = Bun.spawn(
      [python?.path ?? "", join(import.meta.dir, "vendor-client.py"), ears.web ?? "", mouth.web ?? "", API_KEY],
      { stdout: "pipe", stderr: "pipe" },
    );
    const [out, err] = await Promise.all([new Response(client.stdout).text(), new Response(client.stderr).text()]);
    expect({ status: await client.exited, err }).toEqual({ status: 0, err: "" });
    const samples = "Hello.".length * 1600;
    expect(JSON.parse(out.trim().split("\n").at(-1) ?? "")).toEqual({
      recognition: ["one", "two", "complete"],
      translation: ["one", "ONE", "two", "TWO", "complete"],
      heard: ["one", "two", "session.finished"],
      lists: 1,
      left: 0,
      cosyvoice: samples * 2,
      unchosen: expect.stringMatching(/^ff[ef]/),
      sambert: 44 + samples * 2,
      spoken: samples * 2 * 1.5,
    });
    expect([ears.host.running, mouth.host.running]).toEqual([0, 0]);
  } finally {
    await ears.close();
    await mouth.close();
  }
});
