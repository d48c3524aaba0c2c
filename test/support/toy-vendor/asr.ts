import { z } from "zod";
import {
  defineNode,
  EngineError,
  encodeS16le,
  type LinkProtocol,
  linkNode,
  linkSchema,
  linkSettings,
  type Message,
  secret,
  Texts,
} from "#engine/plugin";
import { serverMessage } from "./wire.ts";

const config = z.strictObject({
  url: z.string().default("ws://toy.test/listen").describe("Where the service is."),
  token: secret(z.string()).describe("Opens the service."),
  link: linkSchema,
});

/** A recogniser of a service that was made up for this example. */
export const asr = defineNode({
  type: "toy.asr",
  summary: "Recognises speech with a made-up service.",
  role: "asr",
  shape: "task",
  effects: ["network"],
  retry: { attempts: 3 },
  inputs: { audio: { kinds: ["audio", "speech"], requires: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", default: true },
  },
  config,
  create: (settings, ctx) =>
    linkNode({ ctx, protocol: protocolOf(settings), settings: linkSettings({}, settings.link), sessions: "stream" }),
});

const protocolOf = ({ url, token }: z.output<typeof config>): LinkProtocol => ({
  vendor: "toy",
  chunkMs: 100,
  secrets: [token],
  dial: () => ({ url }),
  connect(wire) {
    const ready = wire.expect<void>();
    const done = wire.expect<void>();
    let onResult: (result: Extract<z.output<typeof serverMessage>, { type: "result" }>) => void = () => {};
    return {
      message(message: Message) {
        const said = parse(message);
        if (said.type === "ready") ready.resolve();
        else if (said.type === "done") done.resolve();
        else if (said.type === "result") onResult(said);
        else throw failure(said.code);
      },
      session(session) {
        const texts = new Texts(() => session.ctx.newUtterance());
        onResult = ({ sentence, text, final, fromMs, toMs }) => {
          const { timeline } = session;
          const [startSample, endSample] = [timeline.positionOfMs(fromMs), timeline.positionOfMs(toMs)];
          const where = { startSample, endSample, sampleRateHz: timeline.sampleRateHz };
          const frame = texts.frame({ key: sentence, role: "transcript", text, final, ...where });
          if (frame) session.emit(frame, final ? "final" : "partial");
        };
        return {
          open() {
            wire.send(JSON.stringify({ type: "start", token, rate: session.timeline.sampleRateHz }));
            return ready.promise;
          },
          send(frame) {
            if (frame.kind === "audio") wire.send(encodeS16le(frame.pcm));
          },
          finish() {
            wire.send(JSON.stringify({ type: "end" }));
            return done.promise;
          },
        };
      },
    };
  },
});

function parse(message: Message): z.output<typeof serverMessage> {
  try {
    return serverMessage.parse(JSON.parse(String(message)));
  } catch {
    throw new EngineError("VENDOR_PROTOCOL", `toy sent a message of ${message.length} that cannot be understood`);
  }
}

/** 401: the token; 429: too many; everything else is the service's own trouble. */
const failure = (code: number): EngineError =>
  new EngineError(
    code === 401 ? "VENDOR_KEY_REFUSED" : code === 429 ? "VENDOR_RATE_LIMITED" : "VENDOR_FAILED",
    `toy answered with error ${code}`,
    { details: { vendorCode: code } },
  );
