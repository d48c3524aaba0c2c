import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { scratchFolder } from "#test/short-recording";

const KEY = "ZXhhbXBsZSBrZXk=";
const RTVT = `url: "tcp://a.test:1", pid: 1, key: ${KEY}`;
const ALIYUN = `appkey: app, token: ${KEY}`;
const TENCENT = `appId: "1", secretId: id, secretKey: ${KEY}`;

test.each([
  { node: `rtvt.asr, with: { ${RTVT} }`, says: "source" },
  { node: `rtvt.asr, with: { ${RTVT}, source: en, codec: mp3 }`, says: "codec" },
  { node: `aliyun.asr, with: { ${ALIYUN}, sentences: whole, format: speex }`, says: "format" },
  { node: `aliyun.asr, with: { ${ALIYUN}, sentences: whole, sampleRateHz: 44100 }`, says: "sampleRateHz" },
  { node: `tencent.asr, with: { ${TENCENT}, engine: 44k_en }`, says: "engine" },
  { node: `tencent.file-asr, with: { ${TENCENT}, channels: 2 }`, says: "channels", kind: "recording" },
  { node: `tencent.file-asr, with: { ${TENCENT}, api: legacy, engine: 16k_en }`, says: "16k_0", kind: "recording" },
])(
  "$says that a vendor does not take is found before the start, and the key is not told: $node",
  async ({ node, says, kind = "audio" }) => {
    const folder = scratchFolder();
    const text = `parlando: 1\nname: bad\ninputs: { talk: { kind: ${kind} } }\nnodes:\n  asr: { from: inputs.talk, use: ${node} }\noutputs: { text: asr }\n`;
    writeFileSync(join(folder, "w.yaml"), text);
    const said = await callCommand(["lint", "w.yaml"], folder);
    expect(said.status).toBe(1);
    expect(said.text).toContain(says);
    expect(said.text).not.toContain(KEY);
  },
);
