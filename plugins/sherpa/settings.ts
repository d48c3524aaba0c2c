import { z } from "zod";
import { path } from "#engine/plugin";

/** What every node with a model of one's own takes. */
export const modelSettings = {
  model: path(z.string().min(1), "read").describe("The folder of the model, as its makers pack it."),
  quantised: z
    .boolean()
    .default(true)
    .describe("Takes the smaller files (int8) where the folder holds both: faster and lighter, and nearly as good."),
  threads: z.number().int().min(1).max(32).default(1).describe("Threads that the model computes with."),
};

export const RATE_HZ = 16_000;
