import type { Control, Frame, Outgoing } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { textFrame } from "../core/texts.ts";

export const HOST = "model.example:80";
export const ACCESS = { url: `http://${HOST}/v1/`, model: "small" };

export interface Asked {
  readonly atMs: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly [field: string]: unknown;
  };
}

/** A piece of an answer; a number is a pause in ms, `raw` an event's data as it is; then it may go silent, or end the stream early. */
type Step = string | number | { readonly raw: string } | { readonly ends: "hang" | "cut" };

/** What the model answers: pieces with pauses between them, or an HTTP answer. */
export type Scripted = readonly Step[] | Outgoing;

const isOutgoing = (answer: Scripted): answer is Outgoing => "status" in answer;

/** A model in memory: each request gets the next answer, the last of them from then on. */
export async function openModel(answers: readonly Scripted[], clock = new VirtualClock()) {
  const network = new MemoryNetwork(clock);
  const asked: Asked[] = [];
  let sent = 0;
  async function* events(steps: readonly Step[]): AsyncGenerator<Uint8Array> {
    const event = (data: string) => new TextEncoder().encode(`data: ${data}\n\n`);
    for (const step of steps) {
      if (typeof step === "number") await clock.sleep(step);
      else if (typeof step === "object" && "ends" in step) {
        if (step.ends === "cut") return;
        await new Promise(() => {});
      } else {
        sent++;
        yield event(typeof step === "string" ? JSON.stringify({ choices: [{ delta: { content: step } }] }) : step.raw);
      }
    }
    yield event(JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] }));
    yield event("[DONE]");
  }
  await network.listen(HOST, {
    async request({ path, headers, body }) {
      asked.push({ atMs: clock.nowMs(), path, headers, body: JSON.parse(new TextDecoder().decode(body)) });
      const answer = answers[asked.length - 1] ?? answers.at(-1)!;
      if (isOutgoing(answer)) return answer;
      return { status: 200, headers: { "content-type": "text/event-stream" }, body: events(answer) };
    },
  });
  return { clock, network, asked, sent: () => sent };
}

export const question = (text: string, utterance = text, more: object = {}) =>
  textFrame({ text, utterance, atMs: [0, 1000], ...more });

export const bargeIn = (utterance: string): Control => ({ kind: "barge-in", utterance });

export const textsOf = (frames: readonly Frame[]) => frames.flatMap((frame) => (frame.kind === "text" ? [frame] : []));
