import { findCompiler } from "#native/library";
import { compareLanes, waysHere } from "#test/lane-comparison";

const FRAMES = 1_000_000;

/** Proves that lanes and sessions decide as the plain detector does: `bun run prove vad [FRAMES]`. */
export default async function vad(argv: string[]): Promise<number> {
  const frames = argv[0] === undefined ? FRAMES : Number(argv[0]);
  if (!Number.isInteger(frames) || frames < 1) {
    console.error(`${argv[0]}: a number of frames is wanted`);
    return 2;
  }
  if (!findCompiler()) {
    console.log("not proven: lanes are native code, and there is no C compiler (apt-get install gcc libc6-dev)");
    return 1;
  }
  const ways = waysHere();
  if (!ways.includes("avx2")) console.log("this processor has no AVX2: only the portable lanes are compared");
  const found = compareLanes(frames, ways);
  const differing = Object.values(found.mismatches).reduce((sum, count) => sum + count, 0);
  console.log(`${found.frames} frames, ${found.voiced} of them voiced; 3 rates, 3 frame lengths, 4 modes`);
  for (const way of ways) console.log(`${way.padEnd(8)} ${found.mismatches[way]} mismatches with the plain detector`);
  if (found.first) console.log(`the first: ${found.first}`);
  return differing === 0 && found.frames >= frames ? 0 : 1;
}
