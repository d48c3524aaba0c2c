import { below, pick, type Random } from "../random.ts";
import { damageBytes, noise } from "./damage.ts";

const utf8 = new TextEncoder();
const SOCKET_KEY = "AAAAAAAAAAAAAAAAAAAAAA==";

const FORM_BODY =
  '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF....WAVE\r\n--b--\r\n';
/** The last header of a form, and the form. */
const FORM = `content-length: ${FORM_BODY.length}\r\n\r\n${FORM_BODY}`;

/** Bytes of one connection that were once good HTTP or a good socket, and are damaged. @param key that opens the server. */
export function makeRaw(key: string, random: Random): Uint8Array<ArrayBuffer> {
  const head = (first: string, more: string) =>
    `${first} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\n${more}\r\n`;
  const socket = head(
    "GET /v1/stream",
    `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${SOCKET_KEY}\r\n`,
  );
  const texts = [
    head("GET /v1/runs", ""),
    `${head("POST /v1/runs", "content-type: application/json\r\ncontent-length: 24\r\n")}{"workflow":"numbers"}  `,
    `${head("POST /v1/uploads", "transfer-encoding: chunked\r\n")}5\r\nabcde\r\n3\r\nxyz\r\n0\r\n\r\n`,
    head("POST /v1/transcribe?workflow=numbers", `content-type: multipart/form-data; boundary=b\r\n${FORM}`),
    `${head("POST /v1/lint", "content-length: 99999\r\ncontent-type: application/json\r\n")}{"text":`,
    `${head("POST /v1/lint", "content-length: 5\r\ncontent-length: 7\r\n")}abcdefg`,
  ];
  if (random() < 0.5) return damageBytes(utf8.encode(pick(texts, random)), random);
  // the head stays whole: the frames behind it are what is damaged
  const frames = Array.from({ length: 1 + below(4, random) }, () => frame(random));
  const bytes = [utf8.encode(socket), ...frames];
  return Uint8Array.from(Buffer.concat(bytes));
}

/** A frame of a socket with any opcode, reserved bits, mask and length, true or not. */
function frame(random: Random): Uint8Array {
  const payload = random() < 0.5 ? utf8.encode('{"type":"ping"}') : noise(below(130, random), random);
  const opcode = pick([0, 1, 1, 1, 2, 2, 8, 9, 10, 3, 11, 15], random);
  const first = (random() < 0.85 ? 0x80 : 0) | (random() < 0.1 ? 0x70 & below(256, random) : 0) | opcode;
  const masked = random() < 0.9 ? 0x80 : 0;
  const length = random() < 0.9 ? payload.length : below(126, random);
  const mask = noise(4, random);
  const head = length < 126 ? [first, masked | length] : [first, masked | 126, length >> 8, length & 255];
  if (random() < 0.03) return Uint8Array.from([first, masked | 127, 0x7f, 255, 255, 255, 255, 255, 255, 255, ...mask]);
  return Uint8Array.from([
    ...head,
    ...(masked ? mask : []),
    ...payload.map((byte, i) => byte ^ (masked ? mask[i % 4]! : 0)),
  ]);
}
