let open = 0;

/** How many coders of native and WebAssembly libraries are open in this process: what nothing but `close()` gives back. */
export const openCoders = (): number => open;

/** Counts one that was opened. @returns what is called when it is closed; calling it again does nothing. */
export function coderOpened(): () => void {
  open++;
  let counted = true;
  return () => {
    if (counted) open--;
    counted = false;
  };
}
