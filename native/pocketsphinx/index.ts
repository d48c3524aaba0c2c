export { DECODER_FRAME_SAMPLES, DECODER_RATE_HZ, type DecodedWord, Decoder, type DecoderOptions } from "./decoder.ts";
export {
  type DecoderFiles,
  type FilesFound,
  findDecoderFiles,
  INSTALL_COMMAND,
  libraryVersion,
  type ModelFiles,
  requireDecoderFiles,
  type Surroundings,
} from "./files.ts";
export type { Finals, RecogniserOptions } from "./protocol.ts";
export { Recogniser, type RecogniserSurroundings } from "./recogniser.ts";
export { grammarWords, type Keyword, type Search } from "./search.ts";
