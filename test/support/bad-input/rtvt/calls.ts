import { loginToken } from "../../../../plugins/rtvt/token/signature.ts";
import { dialRaw, type RawEnd, type Seen } from "../../../plugins/rtvt/raw.ts";
import type { BadCall, CalledService } from "../table.ts";
import { ENGLISH, MAGIC, PID, SECRETS } from "./project.ts";

const login = ({ emulator }: CalledService, more: Record<string, unknown> = {}): Record<string, unknown> => {
  const ts = Math.floor(emulator.host.epochMs() / 1000);
  return { pid: PID, ts, token: loginToken(SECRETS.right, PID, ts), ...more };
};
const START = { asrResult: true, srcLanguage: "en" };
const piece = (more: Record<string, unknown> = {}) => ({
  streamId: 5n,
  seq: 1,
  data: new Uint8Array(640),
  ts: 1,
  ...more,
});

/** What a client is told of a call, as `method: code words`. */
const told = (method: string, answer: Seen): string =>
  `${method}: ${"ok" in answer && !answer.ok ? `${answer.values.code} ${answer.values.ex}` : JSON.stringify(Object.keys(answer.values))}`;

/** Calls one after the other; `begin` logs in and starts a stream before. */
const calling =
  (
    begin: "new" | "login" | "stream",
    say: (end: RawEnd, streamId: bigint, service: CalledService) => Promise<string>,
  ) =>
  async (service: CalledService): Promise<string> => {
    const end = await dialRaw(service.network, `tcp://${service.tcp}`);
    if (begin !== "new") await end.call("login", login(service));
    const started = begin === "stream" ? await end.call("voiceStart", START) : undefined;
    const answer = await say(end, BigInt(String(started?.values.streamId ?? 0)), service);
    end.connection.destroy();
    return answer;
  };

const asking = (
  begin: "new" | "login" | "stream",
  method: string,
  values: (streamId: bigint, service: CalledService) => Record<string, unknown>,
) => calling(begin, async (end, streamId, service) => told(method, await end.call(method, values(streamId, service))));

/** Bytes after which a connection is of no use. */
const babbling = (...bytes: number[]) =>
  calling("new", async (end) => {
    end.connection.send(Uint8Array.from(bytes));
    const { by } = await end.connection.closed;
    return `closed by ${by}`;
  });

/** What the gateway is asked for and does not give. */
export const calls: readonly BadCall[] = [
  {
    what: "a login with another project's key",
    told: "login: 800102",
    call: asking("new", "login", (_, service) => login(service, { token: loginToken(SECRETS.wrong, PID, 1) })),
  },
  {
    what: "a login of a project that nobody knows",
    told: "login: 800103",
    call: asking("new", "login", (_, service) => login(service, { pid: 7 })),
  },
  {
    what: "a login of an hour ago",
    told: "login: 800101",
    call: asking("new", "login", (_, service) => login(service, { ts: Number(login(service).ts) - 3600 })),
  },
  { what: "a login without a token", told: "login: 800003", call: asking("new", "login", () => ({ pid: PID })) },
  { what: "a stream before the login", told: "voiceStart: 800002", call: asking("new", "voiceStart", () => START) },
  {
    what: "a language that it has not",
    told: "voiceStart: 800105",
    service: ENGLISH,
    call: asking("login", "voiceStart", () => ({ ...START, srcLanguage: "xx" })),
    runs: 1,
  },
  {
    what: "four more languages",
    told: "voiceStart: 800106",
    call: asking("login", "voiceStart", () => ({ ...START, srcAltLanguage: ["a1", "b1", "c1", "d1"] })),
  },
  {
    what: "a codec that it has not",
    told: "voiceStart: 800003",
    call: asking("login", "voiceStart", () => ({ ...START, codec: 7 })),
  },
  {
    what: "a stream without a language",
    told: "voiceStart: 800003",
    call: asking("login", "voiceStart", () => ({ asrResult: true })),
  },
  {
    what: "one stream too many",
    told: "voiceStart: 800107",
    gatewayConfig: { streams: 1 },
    runs: 1,
    call: asking("stream", "voiceStart", () => START),
  },
  {
    what: "audio of 10 ms",
    told: "voiceData: 800003",
    runs: 1,
    call: asking("stream", "voiceData", (streamId) => piece({ streamId, data: new Uint8Array(320) })),
  },
  {
    what: "audio without a number",
    told: "voiceData: 800003",
    runs: 1,
    call: asking("stream", "voiceData", (streamId) => piece({ streamId, seq: "one" })),
  },
  {
    what: "audio for a stream that is none",
    told: "voiceData: 800200",
    call: asking("login", "voiceData", () => piece()),
  },
  {
    what: "the end of a stream that is none",
    told: "voiceEnd: 800200",
    call: asking("login", "voiceEnd", () => ({ streamId: 5n })),
  },
  { what: "something that nobody knows", told: "makeTea: 20004", call: asking("login", "makeTea", () => ({})) },
  {
    what: "a cipher that it has not",
    told: /\*key: 20004/,
    call: asking("new", "*key", () => ({ publicKey: new Uint8Array(64), streamMode: false, bits: 128 })),
  },
  { what: "no packet", told: "closed by", call: babbling(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) },
  { what: "a packet of 9 MiB", told: "closed by", call: babbling(...MAGIC, 1, 0x80, 0, 1, 0, 0, 0x90, 0) },
];
