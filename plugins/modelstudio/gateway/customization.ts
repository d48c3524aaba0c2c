import { z } from "zod";
import type { GatewayHost } from "#engine/plugin";
import { type Answer, bodyOf, type Call } from "./calls.ts";
import { answered, type Refusal, refusal } from "./refusal.ts";
import type { Vocabularies, Vocabulary } from "./vocabularies.ts";

const words = z
  .array(
    z.looseObject({
      text: z.string().min(1),
      weight: z.number().int().min(1).max(5).optional(),
      lang: z.string().optional(),
    }),
  )
  .min(1)
  .max(500);

const prefix = z.string().regex(/^[a-z0-9]{1,9}$/);

const input = z.discriminatedUnion("action", [
  z.looseObject({ action: z.literal("create_vocabulary"), target_model: z.string().min(1), prefix, vocabulary: words }),
  z.looseObject({
    action: z.literal("list_vocabulary"),
    prefix: prefix.nullish(),
    page_index: z.number().int().min(0).default(0),
    page_size: z.number().int().min(1).max(1000).default(10),
  }),
  z.looseObject({ action: z.literal("query_vocabulary"), vocabulary_id: z.string() }),
  z.looseObject({ action: z.literal("update_vocabulary"), vocabulary_id: z.string(), vocabulary: words }),
  z.looseObject({ action: z.literal("delete_vocabulary"), vocabulary_id: z.string() }),
]);

const body = z.looseObject({ model: z.literal("speech-biasing"), input });

type Input = z.output<typeof input>;

/** Lists of hot words: made, looked at, changed and deleted. */
export const customization =
  (host: GatewayHost, vocabularies: Vocabularies): Answer =>
  async (call) => {
    const read = bodyOf(call, body);
    if ("code" in read) return read;
    const done = act(read.body.input, call, host, vocabularies);
    if ("refused" in done) return done.refused;
    return answered({ output: done.output, usage: { count: 1 }, request_id: call.requestId });
  };

/** What an action gives. */
type Done = { readonly output: Readonly<Record<string, unknown>> } | { readonly refused: Refusal };

function act(asked: Input, { key }: Call, host: GatewayHost, vocabularies: Vocabularies): Done {
  if (asked.action === "create_vocabulary") {
    const id = `vocab-${asked.prefix}-${host.newId().replaceAll("-", "")}`;
    const facts = { key: key.id, model: asked.target_model, createdAtMs: host.epochMs(), words: asked.vocabulary };
    const made = vocabularies.create(facts, id);
    if (!made) return { refused: refusal("Throttling.AllocationQuota", "too many vocabularies") };
    return { output: { vocabulary_id: made.id } };
  }
  if (asked.action === "list_vocabulary") {
    const from = asked.page_index * asked.page_size;
    const lists = vocabularies.of(key.id).filter(({ id }) => id.startsWith(`vocab-${asked.prefix ?? ""}`));
    return { output: { vocabulary_list: lists.slice(from, from + asked.page_size).map(factsOf) } };
  }
  const list = vocabularies.get(asked.vocabulary_id, key.id);
  if (!list) return { refused: refusal("InvalidParameter", "vocabulary_id is not known") };
  if (asked.action === "query_vocabulary")
    return { output: { ...factsOf(list), target_model: list.model, vocabulary: list.words } };
  if (asked.action === "update_vocabulary") list.words = asked.vocabulary;
  else vocabularies.delete(list.id);
  return { output: {} };
}

const factsOf = ({ id, createdAtMs }: Vocabulary) => ({
  vocabulary_id: id,
  gmt_create: new Date(createdAtMs).toISOString().slice(0, 19).replace("T", " "),
  status: "OK",
});
