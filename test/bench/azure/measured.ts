import { nowMs, residentBytes, SENTENCE_MS } from "../vendors/conversation.ts";
import type { ClientQuestion, Heard } from "./conversation.ts";

/** By the machine's clock: the allocator gives back what the collector freed a moment later. */
const SETTLE_MS = 200;

/**
 * Has streams recognised and tells what they cost this process.
 * @param recognise one stream: calls with each result; resolves to the last text when the stream has ended.
 */
export async function measured(
  { streams, weigh }: ClientQuestion,
  recognise: (came: () => void) => Promise<string>,
): Promise<Heard> {
  const cameAt: number[] = [];
  const before = process.cpuUsage();
  const hearing = Promise.all(Array.from({ length: streams }, () => recognise(() => void cameAt.push(nowMs()))));
  const weighing = weigh ? Bun.sleep(streams > 0 ? SENTENCE_MS * 0.7 : 0).then(weight) : Promise.resolve(0);
  const texts = await hearing;
  const { user, system } = process.cpuUsage(before);
  return { cameAt, texts, cpuMs: (user + system) / 1000, residentBytes: await weighing };
}

async function weight(): Promise<number> {
  Bun.gc(true);
  await Bun.sleep(SETTLE_MS);
  return residentBytes("self");
}
