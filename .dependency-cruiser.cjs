/**
 * The order of the rooms, as rules. A room is a folder under `engine/` and imports only rooms to its left; see the table
 * in docs. What a rule cannot say in a pattern of paths it says in its comment, which is printed with each violation.
 */
const rooms = [
  "errors",
  "frames",
  "audio",
  "plugin",
  "workflow",
  "runtime",
  "store",
  "control",
  "server",
  "cli",
];

/** Rooms beside the line, with all they may import. */
const sideRooms = { client: ["errors", "frames"], testing: rooms.slice(0, rooms.indexOf("runtime") + 1) };

const anyOf = (names) => `(?:${names.join("|")})`;

/** The command line, the last room, hands the side rooms to those who ask for them: plugins from elsewhere, and tests of workflows. */
const seen = (room, position) => [...rooms.slice(0, position), ...(room === "cli" ? Object.keys(sideRooms) : [])];

const onlyToTheLeft = rooms.map((room, position) => ({
  name: `room-${room}`,
  comment: `engine/${room} imports only ${seen(room, position).join(", ") || "itself"}`,
  severity: "error",
  from: { path: `^engine/${room}/` },
  to: { path: "^(?:engine|plugins|native|test)/", pathNot: `^engine/${anyOf([...seen(room, position), room])}/` },
}));

const besideTheLine = Object.entries(sideRooms).map(([room, allowed]) => ({
  name: `side-room-${room}`,
  comment: `engine/${room} imports only ${allowed.join(", ")}`,
  severity: "error",
  from: { path: `^engine/${room}/` },
  to: { path: "^(?:engine|plugins|native|test)/", pathNot: `^engine/${anyOf([...allowed, room])}/` },
}));

const oneDoor = {
  name: "one-door",
  comment: "a room and a native library are entered by their index.ts only",
  severity: "error",
  from: { path: "^(engine|native|plugins)/([^/]+)/" },
  to: { path: "^(?:engine|native|plugins)/[^/]+/.+", pathNot: ["^$1/$2/", "^(?:engine|native|plugins)/[^/]+/index[.]ts$"] },
};

module.exports = {
  forbidden: [
    ...onlyToTheLeft,
    ...besideTheLine,
    oneDoor,
    {
      name: "not-your-own-index",
      comment: "inside a room import the file itself: circles begin at the own index",
      severity: "error",
      from: { path: "^(engine|native|plugins)/([^/]+)/", pathNot: "/index[.]ts$" },
      to: { path: "^$1/$2/index[.]ts$" },
    },
    {
      name: "plugin-doors",
      comment: "a plugin imports #engine/plugin, #native/* and packages; never another vendor or another room",
      severity: "error",
      from: { path: "^plugins/([^/]+)/" },
      to: { path: "^(?:engine|plugins|native|test)/", pathNot: ["^plugins/$1/", "^engine/plugin/index[.]ts$", "^native/"] },
    },
    {
      name: "native-doors",
      comment: "native code imports #engine/errors and its own kind",
      severity: "error",
      from: { path: "^native/" },
      to: { path: "^(?:engine|plugins|test)/", pathNot: "^engine/errors/index[.]ts$" },
    },
    {
      name: "launcher-stands-alone",
      comment: "the launcher runs before anything is installed: it imports Node's built-ins and itself",
      severity: "error",
      from: { path: "^engine/launch(?:[.]mjs$|/)" },
      to: { pathNot: "^engine/launch/", dependencyTypesNot: ["core"] },
    },
    {
      name: "product-without-tests",
      comment: "what is delivered imports nothing from test/",
      severity: "error",
      from: { path: "^(?:engine|plugins|native)/" },
      to: { path: "^test/" },
    },
    {
      name: "yaml-in-one-room",
      comment: "only engine/workflow imports the YAML library; others ask its readYaml",
      severity: "error",
      from: { path: "^(?:engine|plugins|native)/", pathNot: "^engine/workflow/" },
      to: { path: "(?:^|/)node_modules/yaml/" },
    },
    {
      name: "no-circle",
      comment: "modules that import each other, for a type alone, too",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-development-package",
      comment: "what is delivered uses no package that only development has",
      severity: "error",
      from: { path: "^(?:engine|plugins|native)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "(?:^|/)node_modules/@types/" },
    },
    {
      name: "resolves",
      comment: "the import leads nowhere; web pages name what the server gives them",
      severity: "error",
      from: { pathNot: "^engine/server/pages/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["bun", "import", "types", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
  },
};
