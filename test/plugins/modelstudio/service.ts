import { LISTENS as HEARS, hears as heard, inCapitals, speaks, typesWithTones } from "#test/service-workflows";
import { vendorService } from "#test/vendor-service";
import { gateway } from "../../../plugins/modelstudio/gateway.ts";

/** The emulator's key, as a client sends it. */
export const KEY = { id: "example-key", secret: "example-secret", facts: {} };
export const API_KEY = `${KEY.id}.${KEY.secret}`;
export const HOST = "dashscope.test:80";
export const TASKS_URL = "ws://dashscope.test/api-ws/v1/inference";
export const REALTIME_URL = "ws://dashscope.test/api-ws/v1/realtime";
export const HTTP_URL = "http://dashscope.test/api/v1";
export const AUTHORIZATION = `Bearer ${API_KEY}`;

/** What every config of a test has. */
export const ACCESS = { url: TASKS_URL, httpUrl: HTTP_URL, apiKey: API_KEY };

/** Settings of a model that is asked in other words than Gummy, which is the default. */
export const PARAFORMER = { model: "paraformer-realtime-v2" };

/** A workflow that hears these sentences, a second each, with the times of words; with translations where a language is given. */
export const hears = (texts: readonly string[], target?: string): string =>
  target === undefined ? heard(...texts) : inCapitals(heard(...texts), target);

/** A workflow that hears made-up speech wherever its hearing begins, and turns it into capitals. */
export const LISTENS = inCapitals(HEARS, "es");

/** A workflow that speaks in tones. */
export const SPEAKS = speaks();

export const { openService, withService, served } = vendorService({
  gateway,
  web: HOST,
  types: typesWithTones(),
  keys: [KEY],
  access: ACCESS,
});
