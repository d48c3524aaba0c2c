import type { FileToSend } from "#engine/control";

/**
 * A file as a download, or the part of it that a `Range` header asks for. It never becomes a page of this origin: what a run
 * wrote may hold anything.
 */
export function sendFile(file: FileToSend, range?: string | null): Response {
  const headers = new Headers({
    "content-type": file.mediaType,
    "content-disposition": `attachment; filename="${file.name.replace(/[^\w.-]/g, "_")}"`,
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    "cache-control": "no-store",
  });
  const content = Bun.file(file.path);
  const part = range ? wantedPart(range, file.bytes) : undefined;
  if (part === undefined) return new Response(content, { headers });
  if (part === "outside") {
    headers.set("content-range", `bytes */${file.bytes}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set("content-range", `bytes ${part.from}-${part.to - 1}/${file.bytes}`);
  return new Response(content.slice(part.from, part.to), { status: 206, headers });
}

/** One range of bytes, `to` exclusive. Undefined for what is not understood: then the whole file is the right answer. */
export function wantedPart(range: string, bytes: number): { from: number; to: number } | "outside" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim());
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const last = Math.min(Number(match[2]), bytes);
    return last === 0 ? "outside" : { from: bytes - last, to: bytes };
  }
  const from = Number(match[1]);
  const to = match[2] === "" ? bytes : Math.min(Number(match[2]) + 1, bytes);
  if (match[2] !== "" && Number(match[2]) < from) return undefined;
  return from >= bytes ? "outside" : { from, to };
}
