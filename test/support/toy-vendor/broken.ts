import {
  type Client,
  EngineError,
  type GatewayDefinition,
  type GatewayHost,
  loadOpus,
  type NodeContext,
  type NodeDefinition,
  type NodeEvent,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { ReadInput } from "#engine/testing";
import { asr } from "./asr.ts";
import { gateway } from "./gateway.ts";
import { TOKEN } from "./service.ts";

const opus = await loadOpus();

/** The toy's node with something broken about it. */
type Break = (node: TaskNode, ctx: NodeContext) => TaskNode;

const broken = (change: Break, ctxOf: (ctx: NodeContext) => NodeContext = (ctx) => ctx): NodeDefinition => ({
  ...asr,
  create: async (config, ctx) => {
    const own = ctxOf(ctx);
    const node = await asr.create(config, own);
    if (!("run" in node)) throw new Error("the toy is a task");
    return change(node, own);
  },
});

const running = (node: TaskNode, run: TaskNode["run"]): TaskNode => ({
  run,
  onControl: (control, emit) => node.onControl?.(control, emit),
  held: () => node.held?.() ?? 0,
  close: () => node.close?.(),
});

/** A context that sees what a node tells of itself, and may change it. */
const hearing = (ctx: NodeContext, change: (event: NodeEvent) => NodeEvent): NodeContext =>
  Object.create(ctx, { report: { value: (event: NodeEvent) => ctx.report(change(event)) } }) as NodeContext;

/** Throws something else than what went wrong. */
const failingWith = (failure: (error: unknown) => unknown) =>
  broken((node) =>
    running(node, async (...call) => {
      try {
        await node.run(...call);
      } catch (error) {
        throw failure(error);
      }
    }),
  );

export const brokenNodes = {
  /** Lets audio pass by until the connection is there. */
  impatient: (): NodeDefinition => {
    let open = false;
    return broken(
      (node) =>
        running(node, (input, ...call) => {
          const next: TaskInput["next"] = async () => {
            for (let received = await input.next(); received; received = await input.next()) if (open) return received;
            return undefined;
          };
          return node.run(new ReadInput(next), ...call);
        }),
      (ctx) => {
        open = false;
        return hearing(ctx, (event) => {
          open ||= event.type === "opened";
          return event;
        });
      },
    );
  },
  /** Takes every failure for the last one. */
  brittle: () => failingWith(() => new EngineError("VENDOR_REFUSED", "something went wrong")),
  /** Has no codes. */
  codeless: () => failingWith(() => new Error("something went wrong")),
  /** Says that all is well. */
  careless: () =>
    broken((node) =>
      running(node, async (...call) => {
        await node.run(...call).catch(() => {});
      }),
    ),
  /** Tells its key. */
  shouting: () => failingWith((error) => new EngineError("VENDOR_KEY_REFUSED", `not-the-token: ${error}`)),
  /** Takes its time after a cancel. */
  slow: () =>
    broken((node, ctx) =>
      running(node, async (...call) => {
        try {
          await node.run(...call);
        } finally {
          await ctx.clock.sleep(5000);
        }
      }),
    ),
  /** Its trace tells everything. */
  indiscreet: () =>
    broken(
      (node) => node,
      (ctx) =>
        hearing(ctx, (event) => (event.type === "wire" ? { ...event, message: `${event.message} ${TOKEN}` } : event)),
    ),
  /** Leaves a timer behind. */
  untidy: () =>
    broken((node, ctx) => {
      ctx.clock.after(1e9, () => {});
      return node;
    }),
  /** Leaves a coder of a native library open. */
  hoarding: () =>
    broken((node) => {
      opus.encoder({ sampleRateHz: 16_000, channels: 1 });
      return node;
    }),
  /** Gives a socket to a pool that nobody looks after. */
  generous: () =>
    broken((node, { network }) =>
      running(node, async (...call) => {
        network.release(await network.dial({ url: "ws://toy.test/listen" }));
        await node.run(...call);
      }),
    ),
} as const;

/** The toy's gateway with something broken about how it serves. */
const brokenGateway = (
  serve: (client: Client, host: GatewayHost, sound: () => Promise<void>) => Promise<void>,
): GatewayDefinition => ({
  ...gateway,
  create(config, host) {
    const made = gateway.create(config, host);
    const mounts = made.mounts.map((mount) =>
      mount.kind === "websocket"
        ? { ...mount, serve: (client: Client) => serve(client, host, () => mount.serve(client)) }
        : mount,
    );
    return { ...made, mounts };
  },
});

/** A client whose messages to and from the gateway are changed on the way. */
const changed = (client: Client, send: (message: string) => string): Client => ({
  ...client,
  connection: Object.create(client.connection, {
    send: { value: (message: string) => client.connection.send(send(message)) },
    receive: { value: () => client.connection.receive() },
    close: { value: (...words: []) => client.connection.close(...words) },
  }),
});

const never = () => new Promise<never>(() => {});

export const brokenGateways = {
  mute: () => brokenGateway(async () => {}),
  /** Tells each client how many were there before it. */
  counting: () => {
    let clients = 0;
    return brokenGateway(async (client, _host, sound) => {
      client.connection.send(JSON.stringify({ client: ++clients }));
      await sound();
    });
  },
  /** Mixes up clients that are there at one time. */
  mixed: () => {
    let present = 0;
    return brokenGateway(async (client, _host, sound) => {
      present++;
      client.connection.send(JSON.stringify({ present }));
      await sound().finally(() => present--);
    });
  },
  /** Lets everybody in. */
  trusting: () =>
    brokenGateway(async ({ connection, signal }, host) => {
      await connection.receive();
      const key = { id: "", secret: "", facts: {} };
      const format = { sampleRateHz: 16_000, channels: 1 };
      const run = await host.start({ key, input: { kind: "audio", format }, signal, onOutput: () => {} });
      run.end();
      await run.done;
    }),
  /** Says no when asked, and why. */
  indiscreet: () =>
    brokenGateway(async ({ connection }) => {
      connection.send(JSON.stringify({ type: "error", wanted: TOKEN }));
    }),
  /** Keeps the runs of clients that have gone. */
  keeping: () =>
    brokenGateway(async ({ connection }, host) => {
      await connection.receive();
      const key = { id: "", secret: "", facts: {} };
      const format = { sampleRateHz: 16_000, channels: 1 };
      await host.start({ key, input: { kind: "audio", format }, onOutput: () => {} });
      await never();
    }),
  /** Waits for ever for a client that it did not understand. */
  patient: () =>
    brokenGateway(async (_client, _host, sound) => {
      await sound().catch(never);
    }),
  /** Leaves a coder of a native library open. */
  hoarding: () =>
    brokenGateway(async (_client, _host, sound) => {
      opus.decoder({ sampleRateHz: 16_000, channels: 1 });
      await sound();
    }),
  /** Leaves a timer behind. */
  untidy: () =>
    brokenGateway(async (_client, host, sound) => {
      host.clock.after(1e9, () => {});
      await sound();
    }),
  /** Says that all is well. */
  careless: () =>
    brokenGateway((client, host) => {
      const own = changed(client, (message) => (message.includes("error") ? '{"type":"done"}' : message));
      const [mount] = gateway.create({}, host).mounts;
      return mount?.kind === "websocket" ? mount.serve(own) : Promise.resolve();
    }),
} as const;
