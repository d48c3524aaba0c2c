import { encodeWav, type RecordingFrame } from "#engine/plugin";
import { interleave, silence } from "#test/signals";
import type { Service } from "#test/vendor-service";

export const FILES = "files.test:80";

/** A recording of so many ms, with one channel or two. */
export function wav(ms: number, channels: 1 | 2 = 1): Uint8Array {
  const pcm = silence({ ms });
  return encodeWav(channels === 1 ? pcm : interleave(pcm, pcm), { sampleRateHz: 16_000, channels });
}

/** Serves files at `http://files.test/name`. @returns the function that ends it. */
export async function serveFiles(
  { network }: Pick<Service, "network">,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<() => Promise<void>> {
  const listener = await network.listen(FILES, {
    request: async ({ path }) => {
      const body = files[path.slice(1)];
      return body ? { status: 200, body } : { status: 404 };
    },
  });
  return () => listener.close();
}

export const at = (name: string): RecordingFrame => ({
  kind: "recording",
  source: { url: `http://files.test/${name}` },
});
