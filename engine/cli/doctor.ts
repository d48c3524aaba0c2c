import { parseArgs } from "node:util";
import { type Engine, EngineError, type EngineFound, type EngineMissing } from "#engine/plugin";
import { type Command, EXIT } from "./command.ts";
import { doctorLive } from "./doctor-live.ts";

export const doctor: Command = {
  name: "doctor",
  usage: "[--json] | --live VENDOR [--with NAME=VALUE]... [--in RECORDING] [--record DIR]",
  listedPlugins: true,
  summary: "Say which engines of this machine were found, and what mends what is missing",
  help: [
    "Exit status 1 when something is MISSING; what is only absent has something that serves in its place.",
    "",
    "--live VENDOR      runs the suites of that vendor's nodes against the service itself, in real time, with your own key from the",
    "                   environment: some minutes of audio, which the service may bill. Exit status 1 when a promise is broken.",
    "--with NAME=VALUE  a setting of its nodes that the environment does not fill",
    "--in RECORDING     what is said to recognisers, a WAV of one channel in a language that the service is set to",
    "--record DIR       keeps what the service said there, without secrets, for fixtures",
  ].join("\n"),
  async run(argv, console, world) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        json: { type: "boolean", default: false },
        live: { type: "string" },
        with: { type: "string", multiple: true, default: [] },
        in: { type: "string" },
        record: { type: "string" },
      },
    });
    await world.types.loadAll();
    if (values.live !== undefined) {
      const settings = Object.fromEntries(
        values.with.map((pair) => [pair.split("=")[0]!, pair.slice(pair.indexOf("=") + 1)]),
      );
      const { record, in: recording } = values;
      return doctorLive(
        {
          vendor: values.live,
          settings,
          ...(record !== undefined && { record }),
          ...(recording !== undefined && { recording }),
        },
        console,
        world,
      );
    }
    const engines = world.types.plugins.flatMap((plugin) =>
      (plugin.engines ?? []).map((engine) => ({ plugin: plugin.name, engine })),
    );
    const results = await Promise.all(
      engines.map(async ({ plugin, engine }) => ({
        plugin,
        name: engine.name,
        purpose: engine.purpose,
        optional: engine.optional === true,
        ...(await look(engine)),
      })),
    );
    const missing = results.filter((result) => !result.found && !result.optional).length;
    if (values.json) {
      console.out(
        JSON.stringify({ bun: Bun.version, platform: `${process.platform}-${process.arch}`, engines: results }),
      );
      return missing === 0 ? EXIT.done : EXIT.failed;
    }
    console.out(`Bun ${Bun.version} on ${process.platform}-${process.arch}`);
    for (const result of results) {
      console.out(
        `${result.found ? "found  " : result.optional ? "absent " : "MISSING"} ${result.name}: ${result.purpose}`,
      );
      if (result.found) console.out(`        ${[result.version, result.path, result.note].filter(Boolean).join(", ")}`);
      else console.out(`        missing: ${result.missing}\n        mend:    ${result.mend}`);
    }
    console.err(
      missing === 0
        ? "everything that is needed was found"
        : `${missing} of ${results.length} missing; workflows that need them say so before they start`,
    );
    return missing === 0 ? EXIT.done : EXIT.failed;
  },
};

/** A look that itself breaks is reported as missing, with the reason. */
async function look(engine: Engine): Promise<EngineFound | EngineMissing> {
  try {
    return await engine.find();
  } catch (error) {
    const reason = error instanceof EngineError ? `${error.code} ${error.message}` : String(error);
    return { found: false, missing: reason, mend: "see the message" };
  }
}
