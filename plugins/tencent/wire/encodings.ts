import iconv from "iconv-lite";

/** How a result's text is written, in the order of `res_text_format`. */
export const ENCODINGS = ["utf-8", "gb2312", "gbk", "big5"] as const;
export type TextEncoding = (typeof ENCODINGS)[number];

/** Bytes to text, by the decoder that the platform has; what cannot be read becomes U+FFFD. */
export const decodeText = (bytes: Uint8Array, encoding: TextEncoding): string =>
  new TextDecoder(encoding).decode(bytes);

/** Text to bytes. What the encoding cannot write becomes a question mark. */
export const encodeText = (text: string, encoding: TextEncoding): Uint8Array => iconv.encode(text, encoding);
