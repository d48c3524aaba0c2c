/** Remarks of the set-up go to standard error: standard output belongs to the command that runs afterwards. */
export function say(text) {
  for (const line of text.split("\n")) process.stderr.write(`[set-up] ${line}\n`);
}

/** A failure that a person can mend. `advice` says what to do; neither part ever holds a stack trace. */
export class SetupFailure extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} advice what to do about it
   */
  constructor(message, advice) {
    super(message);
    this.advice = advice;
  }
}

/** Writes one failure; a bug of the launcher itself shows its stack only when PARLANDO_DEBUG is set. */
export function sayFailure(error) {
  if (error instanceof SetupFailure) {
    say(`failed: ${error.message}`);
    say(`what to do: ${error.advice}`);
    return;
  }
  const system = systemAdvice(error?.code);
  say(`failed: ${error?.message ?? String(error)}`);
  say(`what to do: ${system ?? "run again with PARLANDO_DEBUG=1 and report what it prints."}`);
  if (process.env.PARLANDO_DEBUG) process.stderr.write(`${error?.stack}\n`);
}

/** What a person can do about an error number of the operating system; undefined for one we know nothing about. */
export function systemAdvice(code) {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "there is too little room: free about 500 MB, or point PARLANDO_CACHE at a folder with room.";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "that place cannot be written: use a checkout that belongs to you, or set PARLANDO_CACHE to a folder of yours.";
    case "EMFILE":
    case "ENFILE":
      return "too many open files: raise the limit (ulimit -n) and try again.";
    default:
      return undefined;
  }
}
