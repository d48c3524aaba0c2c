import type { Connection, Frame, Message, NodeDefinition } from "#engine/plugin";
import type { VendorSubject } from "#engine/testing";
import type { ServiceOpener } from "./vendor-service.ts";

type Config = Readonly<Record<string, unknown>>;

/** What the contracts of all nodes of a vendor have in common. */
export interface TriedVendor extends Pick<VendorSubject, "passingError" | "tokens"> {
  readonly access: Config;
  readonly wrongAccess: Config;
  /** May stand in no message. */
  readonly secrets: readonly string[];
  /** Opens its service with that workflow behind it. */
  open(workflow: string): VendorSubject["open"];
}

export interface Trial extends Pick<VendorSubject, "mount" | "passingError"> {
  readonly definition: NodeDefinition;
  /** In addition to the access. */
  readonly config?: Config;
  readonly frames: () => readonly Frame[];
  /** Behind the service. */
  readonly workflow: string;
}

/** Makes the subjects of a vendor's contracts. */
export const trialsOf =
  ({ access, wrongAccess, secrets, open, ...vendor }: TriedVendor) =>
  ({ definition, config, frames, workflow, ...trial }: Trial) =>
  (): VendorSubject => ({
    ...vendor,
    ...trial,
    definition,
    config: { ...access, ...config },
    frames: frames(),
    open: open(workflow),
    wrongKey: { config: { ...access, ...config, ...wrongAccess }, secrets },
  });

/** For `TriedVendor.open`. */
export const openedBy =
  (openService: ServiceOpener["openService"]): TriedVendor["open"] =>
  (workflow) =>
  (faults = [], latencyMs = 0) =>
    openService({ workflow, faults, network: { latencyMs } });

/** All that a gateway tells, as `read` has it, until it hangs up; what `isLast` knows as the last thing is answered by hanging up. */
export async function listenTo<T>(
  connection: Connection,
  read: (message: Message) => T,
  isLast: (told: T) => boolean = () => false,
): Promise<T[]> {
  const all: T[] = [];
  for await (const message of connection) {
    const told = read(message);
    all.push(told);
    if (isLast(told)) connection.close();
  }
  return all;
}
