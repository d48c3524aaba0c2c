import { EngineError } from "#engine/plugin";

export interface Token {
  readonly kind: "word" | "quoted" | "rule" | "tag" | "weight" | "sign";
  /** Of a rule or a tag without its brackets. */
  readonly text: string;
  /** From 0. */
  readonly at: number;
}

/** What a tag may be called: it names a slot. */
const TAG = /^[A-Za-z][\w-]*$/;

const PIECE =
  /(?<space>\s+|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)|<(?<rule>[^<>\s]+)>|\{(?<tag>[^{}]*)\}|\/(?<weight>\d+(?:\.\d+)?)\/|"(?<quoted>[^"]*)"|(?<sign>[()[\]|*+;=])|(?<word>[^\s()[\]|*+;=<>{}"/]+)/uy;

/**
 * The pieces of a grammar, without blanks and comments.
 * @throws EngineError CONFIG_INVALID
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    PIECE.lastIndex = at;
    const found = PIECE.exec(text);
    if (!found?.groups)
      throw new EngineError("CONFIG_INVALID", `"${text[at]}" at character ${at + 1} has no meaning there`);
    const { space, ...pieces } = found.groups;
    if (space === undefined)
      for (const [kind, piece] of Object.entries(pieces))
        if (piece !== undefined) tokens.push(tokenOf(kind as Token["kind"], piece, at));
    at = PIECE.lastIndex;
  }
  return tokens;
}

function tokenOf(kind: Token["kind"], piece: string, at: number): Token {
  const text = piece.trim();
  if (kind === "tag" && !TAG.test(text))
    throw new EngineError("CONFIG_INVALID", `{${text}} at character ${at + 1} is no name for a slot`);
  return { kind, text, at };
}
