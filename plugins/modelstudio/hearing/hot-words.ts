import { createHash } from "node:crypto";
import { z } from "zod";
import { EngineError, type NodeContext, type Resource } from "#engine/plugin";
import { type Access, httpBase } from "../access.ts";
import { languageCode } from "../models.ts";
import { httpFailure } from "../status.ts";
import { readJson } from "../wire.ts";

/** Words that a list of the service may hold. */
const MOST_WORDS = 500;

export const hotWordsField = z
  .array(
    z.strictObject({
      text: z.string().min(1).max(100).describe("As it is written."),
      weight: z.number().int().min(1).max(5).default(4).describe("From 1 to 5; the higher, the sooner it is heard."),
      language: z.string().min(2).max(35).optional().describe("Of the word."),
    }),
  )
  .max(MOST_WORDS)
  .default([])
  .describe(
    "Words to expect. The service is given a list of them, which all runs with the same words share, and which goes with the last of them.",
  );

export type HotWords = z.output<typeof hotWordsField>;

/** Names lists of ours; the service wants fewer than ten lower-case letters and digits. */
const PREFIX = "parlando";
/** A run that ends waits so long for its list to be taken away. */
const REMOVAL_MS = 3000;

const created = z.looseObject({ output: z.looseObject({ vocabulary_id: z.string().min(1) }) });

/** Who asks for a list. */
interface Asker {
  readonly access: Access;
  readonly ctx: NodeContext;
  readonly words: HotWords;
  readonly model: string;
}

/** A list of hot words at the service: made when its first user needs it, taken away when the last one leaves. */
class HotWordList {
  #users = 0;
  #id: Promise<string> | undefined;

  enter(): void {
    this.#users++;
  }

  /** The service's id of it. @throws what the call for it throws; the next one who asks tries again. */
  id(asker: Asker): Promise<string> {
    this.#id ??= create(asker).catch((error) => {
      this.#id = undefined;
      throw error;
    });
    return this.#id;
  }

  async leave(asker: Asker): Promise<void> {
    const id = this.#id;
    if (--this.#users > 0 || id === undefined) return;
    this.#id = undefined;
    try {
      await customise(asker, { action: "delete_vocabulary", vocabulary_id: await id }, REMOVAL_MS);
    } catch (error) {
      const code = error instanceof EngineError ? error.code : "INTERNAL";
      asker.ctx.log.warn("a list of hot words stays behind", { code });
    }
  }
}

/** The list of these words for one model, for `ctx.resource(…)`. */
const hotWordList = ({ access, words, model }: Asker): Resource<HotWordList> => ({
  key: `hot words ${hashOf([access.credential, httpBase(access.settings), model, words])}`,
  open: async () => new HotWordList(),
  close: () => {},
});

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);

async function create(asker: Asker): Promise<string> {
  const vocabulary = asker.words.map(({ text, weight, language }) => ({
    text,
    weight,
    ...(language !== undefined && { lang: languageCode(language) }),
  }));
  const input = { action: "create_vocabulary", target_model: asker.model, prefix: PREFIX, vocabulary };
  const body = await customise(asker, input, 30_000);
  return readJson(created, body, "the call for a list of hot words").output.vocabulary_id;
}

/** One call about hot words. @returns the answer's body. */
async function customise(
  { access, ctx }: Asker,
  input: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<string> {
  const response = await ctx.network.fetch({
    url: `${httpBase(access.settings)}/services/audio/asr/customization`,
    method: "POST",
    headers: { ...(await access.headers(ctx.signal)), "content-type": "application/json" },
    body: JSON.stringify({ model: "speech-biasing", input }),
    timeoutMs,
  });
  const body = await response.text();
  if (response.status !== 200) throw httpFailure(response.status, body, "a call about hot words", access.canRenew);
  return body;
}

/** A node's hold on the list of its words. */
export interface HotWordsUser {
  id(): Promise<string>;
  /** Once, when the node is done. */
  leave(): Promise<void>;
}

/** The list of a node's words, where it has any. */
export async function hotWordsOf(asker: Asker): Promise<HotWordsUser | undefined> {
  if (asker.words.length === 0) return undefined;
  const list = await asker.ctx.resource(hotWordList(asker));
  list.enter();
  return { id: () => list.id(asker), leave: () => list.leave(asker) };
}
