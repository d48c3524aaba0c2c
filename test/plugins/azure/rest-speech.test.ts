import { describe, expect, test } from "bun:test";
import { WavReader } from "#engine/audio";
import type { FaultScript } from "#engine/plugin";
import { covers } from "#test/covers";
import { speaks } from "#test/service-workflows";
import { KEY, openService } from "./service.ts";

const SSML = `<speak version="1.0" xml:lang="en-US"><voice name="en-US-AvaNeural">Good &amp; new.</voice></speak>`;
const HEADERS = {
  "ocp-apim-subscription-key": KEY.id,
  "content-type": "application/ssml+xml",
  "user-agent": "example",
  "x-microsoft-outputformat": "riff-16khz-16bit-mono-pcm",
};

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly faults?: FaultScript["faults"];
  readonly workflow?: string;
}

async function spoken({ headers = {}, body = SSML, faults = [], workflow = speaks() }: Asked) {
  const service = await openService({ workflow, faults });
  try {
    const response = await service.network.fetch({
      url: "http://azure.test/cognitiveservices/v1",
      method: "POST",
      headers: { ...HEADERS, ...headers },
      body,
      timeoutMs: 60_000,
    });
    const parts: Uint8Array[] = [];
    for await (const part of response.chunks()) parts.push(part);
    return { status: response.status, type: response.headers["content-type"], bytes: Buffer.concat(parts) };
  } finally {
    await service.close();
  }
}

describe("a text that is handed over by HTTP is spoken", () => {
  covers("S8", "S18");
  test("as a WAV that readers take though its length was not known", async () => {
    const { status, type, bytes } = await spoken({});
    expect(status).toBe(200);
    expect(type).toBe("audio/x-wav");
    const reader = new WavReader();
    const pcm = reader.push(bytes);
    expect(reader.info).toMatchObject({ sampleRateHz: 16_000, channels: 1 });
    expect(pcm.length).toBeGreaterThan(1000);
    expect(pcm.some((sample) => sample !== 0)).toBe(true);
  });

  test.each([
    ["raw-24khz-16bit-mono-pcm", "audio/basic", ""],
    ["raw-8khz-8bit-mono-mulaw", "audio/basic", ""],
    ["riff-8khz-8bit-mono-alaw", "audio/x-wav", "RIFF"],
    ["riff-48khz-16bit-mono-pcm", "audio/x-wav", "RIFF"],
  ])("as %s", async (format, wanted, head) => {
    const { status, type, bytes } = await spoken({ headers: { "x-microsoft-outputformat": format } });
    expect({ status, type }).toEqual({ status: 200, type: wanted });
    expect(bytes.subarray(0, head.length).toString("latin1")).toBe(head);
    const perSecond = Number(/(\d+)khz/.exec(format)?.[1]) * 1000 * (format.includes("16bit") ? 2 : 1);
    const reference = await spoken({ headers: { "x-microsoft-outputformat": "raw-16khz-16bit-mono-pcm" } });
    const seconds = (bytes.length - (head === "" ? 0 : 44)) / perSecond;
    expect(Math.abs(seconds - reference.bytes.length / 32_000)).toBeLessThan(0.001);
  });
});

test.each([
  { name: "without a key", headers: { "ocp-apim-subscription-key": "" }, status: 401 },
  { name: "with another key", headers: { "ocp-apim-subscription-key": "another" }, status: 401 },
  { name: "of another type", headers: { "content-type": "text/plain" }, status: 415 },
  { name: "from nobody", headers: { "user-agent": "" }, status: 400 },
  { name: "from somebody with a long name", headers: { "user-agent": "x".repeat(255) }, status: 400 },
  { name: "of no format", headers: { "x-microsoft-outputformat": "" }, status: 400 },
  { name: "of a format that is not made here", headers: { "x-microsoft-outputformat": "amr-wb-16000hz" }, status: 400 },
  { name: "of plain text", body: "Good morning.", status: 400 },
  { name: "of SSML that is not well formed", body: "<speak><voice>Hi</speak>", status: 400 },
  { name: "of SSML that leaves its element", body: "<speak>a</speak><audio src='file:///x'/>", status: 400 },
  { name: "of SSML without words", body: "<speak><break time='1s'/></speak>", status: 400 },
  { name: "of too much text", body: `<speak>${"word ".repeat(5000)}</speak>`, status: 400 },
  { name: "whose token has ended", faults: fault({ expiredToken: true }), status: 401 },
  { name: "that is one too many", faults: fault({ rateLimit: true }), status: 429 },
  { name: "that fails at the service", faults: fault({ vendorError: "x" }), status: 502 },
  { name: "whose workflow fails", workflow: failing(), status: 502 },
])("a call $name is refused by $status, without a word of the text", async ({ status, name: _, ...asked }) => {
  const answer = await spoken(asked);
  expect(answer.status).toBe(status);
  expect(answer.bytes.toString()).not.toMatch(/Good|word word|morning|example-key/);
});

function fault(what: { expiredToken: true } | { rateLimit: true } | { vendorError: string }): FaultScript["faults"] {
  return [{ on: "handshake", do: what }];
}

function failing(): string {
  const lost = "  lost: { use: core.script, from: inputs.script, with: { as: translate, otherwise: error } }";
  return speaks()
    .replace("nodes:", `nodes:\n${lost}`)
    .replace("from: inputs.script, with: { hz", "from: lost, with: { hz");
}
