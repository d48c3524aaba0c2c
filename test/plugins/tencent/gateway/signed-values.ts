import type { Service } from "#test/vendor-service";

/** What a client sends and signs, by name. */
export type Values = Record<string, string | number>;

/** Seconds since 1970, as the service counts them. */
export const nowS = ({ emulator }: Service) => Math.floor(emulator.host.epochMs() / 1000);
export const without = (values: Values, ...names: string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

/** A query whose values travel as they are, as those of some clients do. */
export const rawQuery = (values: Values): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
