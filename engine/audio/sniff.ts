/** Where the first bytes give a kind of file away: `[offset, bytes as text or numbers, what people call it]`. */
const SIGNATURES: readonly (readonly [offset: number, signature: string | readonly number[], name: string])[] = [
  [0, "RIFX", "big-endian WAV (RIFX)"],
  [0, "ID3", "MP3"],
  [0, "fLaC", "FLAC"],
  [0, "OggS", "Ogg (Opus or Vorbis)"],
  [4, "ftyp", "MP4 or M4A"],
  [0, "FORM", "AIFF"],
  [0, ".snd", "Sun AU"],
  [0, "caff", "Apple CAF"],
  [0, "#!AMR", "AMR"],
  [0, "#!SILK", "Silk"],
  [1, "#!SILK", "Silk"],
  [0, [0x1a, 0x45, 0xdf, 0xa3], "WebM or Matroska"],
  [0, [0x30, 0x26, 0xb2, 0x75], "WMA or WMV"],
  [0, "RF64", "RF64 WAV"],
  [0, "riff", "Wave64"],
  [0, "%PDF", "PDF"],
  [0, "PK\u0003\u0004", "a ZIP archive"],
  [0, [0x1f, 0x8b], "gzip"],
  [1, "PNG", "a PNG image"],
  [0, [0xff, 0xd8, 0xff], "a JPEG image"],
  [0, "GIF8", "a GIF image"],
  [0, "\u007fELF", "a program (ELF)"],
  [0, "NIST_1A", "NIST SPHERE"],
  [0, "<", "XML or HTML"],
];

/**
 * What a file seems to be by its first bytes, in words for a message such as "looks like MP3" or "begins with 00 01 02 03".
 * A dozen bytes are enough.
 */
export function describeBytes(head: Uint8Array): string {
  for (const [offset, signature, name] of SIGNATURES)
    if (startsWith(head, offset, signature)) return `looks like ${name}`;
  if (startsWith(head, 0, "RIFF") && head.length >= 12)
    return `looks like RIFF, but holds ${quoted(head.subarray(8, 12))}, not "WAVE"`;
  // Eleven set bits are MPEG's frame sync; layer bits of zero mean AAC in ADTS.
  if (head[0] === 0xff && head.length > 1 && (head[1]! & 0xe0) === 0xe0)
    return (head[1]! & 0x06) === 0 ? "looks like AAC (ADTS)" : "looks like MP3";
  const text = head.subarray(0, 64);
  if (text.length > 0 && text.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127)))
    return "looks like text";
  return `begins with ${Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
}

function startsWith(head: Uint8Array, offset: number, signature: string | readonly number[]): boolean {
  const bytes = typeof signature === "string" ? Array.from(signature, (char) => char.charCodeAt(0)) : signature;
  return head.length >= offset + bytes.length && bytes.every((byte, i) => head[offset + i] === byte);
}

function quoted(id: Uint8Array): string {
  return JSON.stringify(String.fromCharCode(...id));
}

/** Short names of containers that audio comes in. `vorbis` and `opus` are those codecs in Ogg. */
export const CONTAINERS = [
  "wav",
  "mp3",
  "flac",
  "vorbis",
  "opus",
  "silk",
  "amr",
  "speex",
  "ogg",
  "aac",
  "m4a",
  "webm",
  "aiff",
  "au",
  "caf",
  "wma",
] as const;
export type Container = (typeof CONTAINERS)[number];

/** `[offset, bytes, container]`; what stands first wins. */
const CONTAINER_SIGNATURES: readonly (readonly [number, string | readonly number[], Container])[] = [
  [8, "WAVE", "wav"],
  [0, "fLaC", "flac"],
  [28, "OpusHead", "opus"],
  [28, "\u0001vorbis", "vorbis"],
  [28, "Speex   ", "speex"],
  [0, "OggS", "ogg"],
  [0, "ID3", "mp3"],
  [4, "ftyp", "m4a"],
  [0, "#!SILK", "silk"],
  [1, "#!SILK", "silk"],
  [0, "#!AMR", "amr"],
  [0, [0x1a, 0x45, 0xdf, 0xa3], "webm"],
  [0, [0x30, 0x26, 0xb2, 0x75], "wma"],
  [0, "FORM", "aiff"],
  [0, ".snd", "au"],
  [0, "caff", "caf"],
];

/** What a recording is by its first 36 bytes, whatever its name says; undefined for what is none that is known here. */
export function sniffContainer(head: Uint8Array): Container | undefined {
  for (const [offset, signature, container] of CONTAINER_SIGNATURES)
    if (startsWith(head, offset, signature)) return container;
  return mpegAudio(head);
}

/** MPEG audio without a tag: eleven set bits, then version, layer, bit rate and sample rate, each with a value that is none. ISO 11172-3, 2.4.1.3. */
function mpegAudio(head: Uint8Array): Container | undefined {
  const [sync, second, third] = head;
  if (sync !== 0xff || second === undefined || third === undefined || (second & 0xe0) !== 0xe0) return undefined;
  const layer = (second >> 1) & 3;
  if (layer === 0) return (second & 0xf0) === 0xf0 ? "aac" : undefined;
  const reserved = ((second >> 3) & 3) === 1 || third >> 4 === 15 || third >> 4 === 0 || ((third >> 2) & 3) === 3;
  return reserved ? undefined : "mp3";
}
