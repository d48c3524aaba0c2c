import { EngineError } from "#engine/errors";

/** Of path and query together. */
const URL_CHARACTERS = 4096;
const HEADER_BYTES = 16 * 1024;
const HEADER_COUNT = 100;

/** Refuses what is too long before anything reads it. @throws EngineError REQUEST_TOO_LARGE. */
export function checkHead(request: Request): void {
  const { pathname, search } = new URL(request.url);
  if (pathname.length + search.length > URL_CHARACTERS)
    throw new EngineError("REQUEST_TOO_LARGE", `the path has more than ${URL_CHARACTERS} characters`);
  let bytes = 0;
  let count = 0;
  for (const [name, value] of request.headers) {
    bytes += name.length + value.length;
    count += 1;
  }
  if (bytes > HEADER_BYTES || count > HEADER_COUNT)
    throw new EngineError("REQUEST_TOO_LARGE", `more than ${HEADER_COUNT} headers, or ${HEADER_BYTES} bytes of them`);
}

/** The body as bytes. @throws EngineError REQUEST_TOO_LARGE as soon as it is too long. */
export async function readBody(request: Request, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new EngineError("REQUEST_TOO_LARGE", `the body has more than ${mostBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The body as text. @throws EngineError REQUEST_TOO_LARGE, REQUEST_INVALID where it is no UTF-8. */
export async function readText(request: Request, mostBytes: number): Promise<string> {
  return decodeText(await readBody(request, mostBytes));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws EngineError REQUEST_INVALID. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new EngineError("REQUEST_INVALID", "the body is not UTF-8");
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** How deep arrays and objects of a JSON text lie in each other, looked up without parsing it; what is in strings does not count. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (quoted) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (unit === 0x7b || unit === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return deepest;
}

/** @throws EngineError REQUEST_INVALID. */
export function checkDepth(text: string, most: number): void {
  if (jsonDepth(text) > most) throw new EngineError("REQUEST_INVALID", `JSON nested deeper than ${most}`);
}
