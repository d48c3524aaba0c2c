import { expect, test } from "bun:test";
import { describeBytes } from "#engine/audio";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  { head: bytes("ID3\u0004rest"), says: "looks like MP3" },
  { head: Uint8Array.of(0xff, 0xfb, 0x90, 0x64), says: "looks like MP3" },
  { head: Uint8Array.of(0xff, 0xf1, 0x50, 0x80), says: "looks like AAC (ADTS)" },
  { head: bytes("OggS\0\0\0\0"), says: "looks like Ogg (Opus or Vorbis)" },
  { head: bytes("fLaC\0"), says: "looks like FLAC" },
  { head: bytes("\0\0\0 ftypM4A "), says: "looks like MP4 or M4A" },
  { head: bytes("RIFF\u0001\u0001\u0001\u0001AVI LIST"), says: 'looks like RIFF, but holds "AVI ", not "WAVE"' },
  { head: bytes("hello, this is a letter\n"), says: "looks like text" },
  { head: Uint8Array.of(0, 1, 0xfe, 3, 4), says: "begins with 00 01 fe 03" },
])("$says", ({ head, says }) => {
  expect(describeBytes(head)).toBe(says);
});
