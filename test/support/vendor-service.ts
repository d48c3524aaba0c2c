import type { FaultScript, GatewayDefinition, NodeDefinition } from "#engine/plugin";
import { MemoryNetwork, type MemoryNetworkOptions, VirtualClock } from "#engine/runtime";
import {
  type Driven,
  type DriveOptions,
  driveNode,
  type EmulatorOptions,
  emulate,
  type VendorService,
} from "#engine/testing";

/** A vendor whose gateway the tests of its nodes run against. */
export interface Vendor extends Pick<EmulatorOptions, "web" | "tcp" | "keys" | "types"> {
  readonly gateway: GatewayDefinition;
  /** What every config of a node has. */
  readonly access?: Readonly<Record<string, unknown>>;
}

export interface ServiceOptions extends Partial<Pick<EmulatorOptions, "types" | "web" | "keys">> {
  readonly workflow: string;
  readonly faults?: FaultScript["faults"];
  readonly gatewayConfig?: Readonly<Record<string, unknown>>;
  readonly network?: MemoryNetworkOptions;
  /** Beside another one, which is closed after it. */
  readonly on?: Pick<Service, "clock" | "network">;
}

export interface ServedOptions extends ServiceOptions, Pick<DriveOptions, "frames" | "formats" | "tracing" | "pace"> {
  /** In addition to what every config has. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** In place of what every config has. */
  readonly access?: Readonly<Record<string, unknown>>;
}

export interface Service extends VendorService, AsyncDisposable {}

export interface Served extends Driven, Pick<Service, "emulator" | "network"> {
  /** Run time when the node had ended. */
  readonly endedMs: number;
}

/** What the tests of a vendor open its service with. */
export interface ServiceOpener {
  /** An emulated service in memory and in virtual time; `close` it. */
  openService(options: ServiceOptions): Promise<Service>;
  /** The same for as long as `use` takes. */
  withService<T>(options: ServiceOptions, use: (service: Service) => Promise<T>): Promise<T>;
  /** Drives a node against it. */
  served(definition: NodeDefinition, options: ServedOptions): Promise<Served>;
}

export function vendorService({ gateway, access = {}, ...vendor }: Vendor): ServiceOpener {
  const openService = async (options: ServiceOptions): Promise<Service> => {
    const { workflow, faults = [], gatewayConfig: config = {}, on, web = vendor.web } = options;
    const { types = vendor.types, keys = vendor.keys } = options;
    const clock = on?.clock ?? new VirtualClock();
    const stop = on ? () => {} : clock.drive();
    const network = on?.network ?? new MemoryNetwork(clock, options.network);
    const at = { ...vendor, ...(web !== undefined && { web }), ...(keys && { keys }) };
    const emulator = await emulate(gateway, { ...at, network, types, workflow, config, faults: { faults } });
    const close = async () => {
      await emulator.close();
      stop();
    };
    return { clock, network, emulator, close, [Symbol.asyncDispose]: close };
  };
  const withService: ServiceOpener["withService"] = async (options, use) => {
    await using service = await openService(options);
    return await use(service);
  };
  const served: ServiceOpener["served"] = (definition, { config, access: other = access, ...options }) =>
    withService(options, async ({ clock, network, emulator }) => {
      const driving = { ...drivingOf(options), clock, network };
      const driven = await driveNode(definition, { ...other, ...config }, driving);
      return { ...driven, emulator, network, endedMs: clock.nowMs() };
    });
  return { openService, withService, served };
}

const drivingOf = ({ frames = [], formats, tracing, pace }: ServedOptions): DriveOptions => ({
  frames,
  ...(formats && { formats }),
  ...(tracing !== undefined && { tracing }),
  ...(pace !== undefined && { pace }),
});
