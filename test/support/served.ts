import { Counts, createApp, doorRules, type Example } from "#engine/server";
import type { FakeControl } from "./fake-control.ts";

/** A log that keeps its lines. */
export class KeptLog {
  readonly lines: { readonly level: string; readonly message: string; readonly facts: unknown }[] = [];
  debug = (message: string, facts?: unknown) => void this.lines.push({ level: "debug", message, facts });
  info = (message: string, facts?: unknown) => void this.lines.push({ level: "info", message, facts });
  warn = (message: string, facts?: unknown) => void this.lines.push({ level: "warn", message, facts });
}

export const EXAMPLES: readonly Example[] = [
  { name: "transcribe", text: "parlando: 1 # transcribe", input: { name: "talk", kind: "audio" } },
  { name: "speak", text: "parlando: 1 # speak", input: { name: "words", kind: "text" } },
];

export function appOf(control: FakeControl, log = new KeptLog()) {
  const counts = new Counts();
  return createApp({ control, rules: doorRules(control.config), counts, log, version: "0.0.0", examples: EXAMPLES });
}

export type App = ReturnType<typeof appOf>;

/** One request; `body` goes as JSON. */
export async function ask(
  app: App,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; json: unknown; headers: Headers }> {
  const response = await app.request(path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, json: isJson ? JSON.parse(text) : text, headers: response.headers };
}
