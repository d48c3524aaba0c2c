import type { ErrorCode } from "#engine/errors";
import type { DecodedWord, DecoderOptions } from "./decoder.ts";
import type { DecoderFiles } from "./files.ts";

/** How finals are made: from the running decoding, or by decoding the whole utterance again at its end. */
export type Finals = "fast" | "accurate";

export interface RecogniserOptions extends DecoderOptions {
  readonly finals: Finals;
}

/**
 * What a thread is asked; `id` comes back with the answer, and answers come in the order of the requests.
 * - `open` comes first and once.
 * - `feed` hands over PCM, which begins an utterance where none is open; answered by the text so far.
 * - `end` ends the utterance, after a last piece of PCM if there is one; answered by its words, none where nothing was understood or fed.
 * - `close` frees all native memory; answered by the number of decoders left open in the thread, which is 0.
 */
export type Request =
  | { readonly kind: "open"; readonly id: number; readonly files: DecoderFiles; readonly options: RecogniserOptions }
  | { readonly kind: "feed"; readonly id: number; readonly pcm: Int16Array }
  | { readonly kind: "end"; readonly id: number; readonly pcm: Int16Array }
  | { readonly kind: "close"; readonly id: number };

export type Answer =
  | { readonly kind: "opened"; readonly id: number }
  | { readonly kind: "text"; readonly id: number; readonly text: string }
  | { readonly kind: "words"; readonly id: number; readonly words: readonly DecodedWord[] }
  | { readonly kind: "closed"; readonly id: number; readonly openDecoders: number }
  | { readonly kind: "failed"; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** The id of a request, or undefined for what is no request and cannot be answered. */
export function requestId(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null || !("id" in data)) return undefined;
  return typeof data.id === "number" ? data.id : undefined;
}

/** Whether a message has the form of a request, as far as C needs it: what is wrong here must not reach native code. */
export function isRequest(data: unknown): data is Request {
  if (requestId(data) === undefined || typeof data !== "object" || data === null || !("kind" in data)) return false;
  if (data.kind === "feed" || data.kind === "end") return "pcm" in data && data.pcm instanceof Int16Array;
  if (data.kind === "open")
    return "files" in data && isFiles(data.files) && "options" in data && isOptions(data.options);
  return data.kind === "close";
}

function isFiles(files: unknown): files is DecoderFiles {
  if (typeof files !== "object" || files === null) return false;
  if (!("library" in files && "chain" in files && "model" in files)) return false;
  const { library, chain, model } = files;
  if (typeof model !== "object" || model === null) return false;
  const paths = [library, ...(Array.isArray(chain) ? chain : [undefined])];
  const parts = ["acoustic", "language", "dictionary"].map((part) => Reflect.get(model, part));
  return [...paths, ...parts].every((path) => typeof path === "string" && !path.includes("\0"));
}

function isOptions(options: unknown): options is RecogniserOptions {
  if (typeof options !== "object" || options === null || !("finals" in options && "secondPass" in options))
    return false;
  return (options.finals === "fast" || options.finals === "accurate") && typeof options.secondPass === "boolean";
}
