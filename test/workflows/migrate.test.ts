import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { type AudioFrame, type GatewayPlace, NodeTypes } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import azurePlugin from "#plugins/azure";
import { CHECKOUT } from "#test/command-line";
import { folderOf, serveGateways } from "#test/gateway-server";
import { emulatorOf, gatewayTypes, hearing, said } from "#test/gateways";
import { sampleStart, TWO_COMMANDS } from "#test/short-recording";
import { page } from "../docs/pages.ts";

setDefaultTimeout(120_000); // a server is started, on a machine that may be busy

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

const RATE_HZ = 16_000;
const FRAME = RATE_HZ / 50;

/** The configuration that the page shows. */
const config = page("docs/examples.md").blocks.find(({ text }) => text.includes("type: aliyun"))?.text ?? "";

/** An application written for Aliyun: the vendor's own node type, pointed at the gateway. */
async function application(place: GatewayPlace) {
  const types = gatewayTypes();
  const asr = types.get("aliyun.asr");
  const known = types.plugins.flatMap(({ gateways = [] }) => gateways).find(({ type }) => type === "aliyun")?.example;
  if (!asr || !known) throw new Error("aliyun is not there");
  const pcm = await sampleStart(TWO_COMMANDS.seconds);
  const frames = Array.from({ length: Math.floor(pcm.length / FRAME) }, (_, i): AudioFrame => {
    const startSample = i * FRAME;
    return {
      kind: "audio",
      pcm: pcm.slice(startSample, startSample + FRAME),
      sampleRateHz: RATE_HZ,
      channels: 1,
      startSample,
    };
  });
  const settings = {
    ...known.nodes(place, known.key)["aliyun.asr"],
    mode: "continuous",
    link: { openMs: 60_000, silentMs: 0, finishMs: 60_000 },
  };
  return driveNode(asr, settings, { clock: new SystemClock(), frames });
}

test("an application of Aliyun's is heard by Azure, and the page's configuration is all that it takes", async () => {
  const azure = await emulatorOf("azure", [{ text: hearing("heard by the new vendor") }], {
    types: new NodeTypes([...gatewayTypes().plugins.filter(({ name }) => name !== "azure"), azurePlugin]),
  });
  cleanUp.push(() => azure.close());
  const { host, key } = azure.nodes["azure.asr"] ?? {};
  const here = config
    .replace("/srv/parlando/workflows/migrate.yaml", "migrate.yaml")
    .replace("params: {", `params: { host: "${host}",`)
    .replace("allowedHosts: [", 'allowedHosts: ["127.0.0.1", ');
  expect(here).toContain(String(host));
  const cwd = folderOf({ "parlando.yaml": here }, cleanUp);
  copyFileSync(join(CHECKOUT, "workflows/migrate.yaml"), join(cwd, "migrate.yaml"));
  const server = await serveGateways(cwd, 1, cleanUp, {
    OLD_APP_SECRET: "example-secret",
    AZURE_SPEECH_KEY: String(key),
  });
  const heard = await application(server.places.nls ?? {});
  expect(said(heard.frames("final"))).toEqual(["heard by the new vendor", "heard by the new vendor"]);
  expect(said(heard.frames("partial"))).not.toEqual([]);
});
