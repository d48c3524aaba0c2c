import type { RunRow } from "#engine/store";
import type { OwnBinding } from "../api/runs.ts";

/** What is sent while a run goes on. */
type Sent = Extract<OwnBinding, { client: unknown }>["client"];

const sentBy = (binding: OwnBinding): Sent | undefined =>
  "live" in binding ? binding.live : "client" in binding ? binding.client : undefined;

/** The live inputs that a run was started with, by name: the format of audio, or the kind of something else. */
export function liveInputs(row: Pick<RunRow, "request">): Map<string, Sent> {
  const inputs = row.request.inputs as Readonly<Record<string, OwnBinding>>;
  return new Map(
    Object.entries(inputs).flatMap(([name, binding]) => {
      const sent = sentBy(binding);
      return sent ? [[name, sent] as const] : [];
    }),
  );
}

/** A gateway's client sends: nobody can take the run up again. */
export const isClients = (row: Pick<RunRow, "request">): boolean =>
  Object.values(row.request.inputs as Readonly<Record<string, OwnBinding>>).some((binding) => "client" in binding);
