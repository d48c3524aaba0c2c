/** What a code of a finding means, and how the author mends it. */
export interface FindingMeaning {
  readonly meaning: string;
  readonly mend: string;
}

/** Every code that a finding can carry. Codes are stable and public; messages may improve. */
export const FINDING_CODES = {
  // the file as such
  WORKFLOW_NOT_FOUND: { meaning: "The file is not there.", mend: "Check the path." },
  WORKFLOW_UNREADABLE: {
    meaning: "The file cannot be read.",
    mend: "Check that it is a file and that you may read it.",
  },
  WORKFLOW_TOO_LARGE: {
    meaning: "The file, or what it expands to, is larger than a workflow may be.",
    mend: "Split it, and include the parts with `use: ./part.yaml`.",
  },
  WORKFLOW_VERSION: {
    meaning: "The version of the format is one that is not known here.",
    mend: "Write `parlando: 1`.",
  },
  FIX_REFUSED: {
    meaning: "A file was not mended, since what was to be written would have changed more than it mends.",
    mend: "Mend by hand what lint names; nothing was written.",
  },

  // YAML
  YAML_INVALID: { meaning: "The text is not YAML 1.2.", mend: "Mend the syntax at the place that is named." },
  YAML_ENCODING: { meaning: "The file is not UTF-8.", mend: "Save it as UTF-8." },
  YAML_TAB: { meaning: "A line is indented with a tab.", mend: "Indent with spaces." },
  YAML_DUPLICATE_KEY: { meaning: "A mapping has one key twice.", mend: "Remove or rename one of them." },
  YAML_MULTIPLE_DOCUMENTS: {
    meaning: "The file holds several documents.",
    mend: "Keep one; put the others into files of their own.",
  },
  YAML_UNQUOTED: {
    meaning: "A `${…}` stands unquoted inside `{ }` or `[ ]`, where YAML reads its brace as a mapping.",
    mend: 'Put it into quotes: "${…}".',
  },
  YAML_ALIAS: {
    meaning: "An alias names no anchor, contains itself, or aliases expand to too much.",
    mend: "Write the value out.",
  },
  YAML_KEY: { meaning: "A key is not a plain word.", mend: "Use a string as the key." },
  YAML_TOO_DEEP: { meaning: "Mappings or lists are nested too deeply.", mend: "Flatten them." },

  // words and values
  KEY_UNKNOWN: {
    meaning: "A key is not one that is known at this place.",
    mend: "Correct its spelling, move it, or remove it.",
  },
  KEY_MISSING: { meaning: "A key that is needed here is missing.", mend: "Add it." },
  KEY_RESERVED: { meaning: "The word is kept for a later version of the format.", mend: "Remove it for now." },
  VALUE_TYPE: {
    meaning: "A value is of another type than is wanted.",
    mend: "Write a value of the type that is named.",
  },
  VALUE_NOT_ALLOWED: {
    meaning: "A value is none of those that are allowed.",
    mend: "Choose one of those that are named.",
  },
  VALUE_OUT_OF_RANGE: {
    meaning: "A number, length or count is too small or too large.",
    mend: "Stay within the limits that are named.",
  },
  VALUE_FORMAT: {
    meaning: "A text does not have the form that is wanted.",
    mend: "Write it in the form that is named.",
  },
  VALUE_INVALID: {
    meaning: "A value is refused by the node type.",
    mend: "Read the message; `parlando nodes TYPE` lists the settings.",
  },
  NAME_INVALID: {
    meaning: "An id or name has a form that cannot be referred to.",
    mend: "Use lower-case letters, digits and hyphens, beginning with a letter.",
  },
  WORD_NOT_HERE: { meaning: "A word has no meaning for a node of this sort.", mend: "Remove it." },

  // params, environment, secrets
  INTERPOLATION_INVALID: {
    meaning: "A `${…}` is not one of the known forms.",
    mend: "Write ${params.x}, ${env:X}, ${secret:x}, ${run.id} or ${run.dir}.",
  },
  INTERPOLATION_NOT_HERE: {
    meaning: "A `${…}` stands where values are not filled in.",
    mend: "Write the value itself.",
  },
  PARAM_UNKNOWN: {
    meaning: "A param is named that is not declared.",
    mend: "Declare it under `params`, or correct its name.",
  },
  PARAM_INVALID: {
    meaning: "The value of a param does not fit its declaration.",
    mend: "Give a value of the declared type and limits.",
  },
  PARAM_MISSING: {
    meaning: "A param has neither a value nor a default.",
    mend: "Give it with --param NAME=VALUE, or declare a default.",
  },
  ENV_MISSING: {
    meaning: "An environment variable is not set.",
    mend: "Set it, or write a default: ${env:X|default}.",
  },
  SECRET_MISSING: {
    meaning: "A secret is not known.",
    mend: "Set PARLANDO_SECRET_<NAME>; on a server list it under `secrets` of parlando.yaml.",
  },
  SECRET_EXPOSED: {
    meaning: "A secret stands in a field that is not a secret field.",
    mend: "Move it to a field that the node type declares secret.",
  },
  SECRET_WRITTEN: {
    meaning:
      "A key is written into the workflow, and goes wherever the file goes: to colleagues, into a repository, into a server's store.",
    mend: "Write `${secret:NAME}`, and set PARLANDO_SECRET_<NAME>; on a server list it under `secrets` of parlando.yaml.",
  },
  PATH_FORBIDDEN: {
    meaning: "A workflow that came through the API names a file that it may not use.",
    mend: "Use ${run.dir}, an upload, or a folder that `folders` of parlando.yaml lists.",
  },
  EFFECT_FORBIDDEN: {
    meaning: "A workflow that came through the API uses a node type that it may not use.",
    mend: "Use another node type; devices of the machine belong to workflows on the machine.",
  },

  // nodes
  NODE_TYPE_UNKNOWN: {
    meaning: "No plugin registers the node type.",
    mend: "Correct its spelling; `parlando nodes` lists the types.",
  },
  NODE_UNKNOWN: { meaning: "A reference names a node that is not there.", mend: "Correct the reference." },
  NODE_UNREACHABLE: {
    meaning: "No source feeds the node, by whatever way.",
    mend: "Feed it with `from`, or remove it.",
  },
  NODE_NO_OUTPUT: { meaning: "A reference names a node that gives nothing out.", mend: "Refer to the node before it." },
  NODE_BROKEN: {
    meaning: "The node type cannot describe itself for these settings.",
    mend: "Change the settings; it may be a fault of the plugin.",
  },
  CANDIDATE_LEFT_OUT: {
    meaning: "A fallback is left out, since a secret of it is not set.",
    mend: "Set the secret, or remove the candidate.",
  },
  CALLBACK_NO_ADDRESS: {
    meaning: "A node is called back by its service, and no address is configured at which it could be.",
    mend: "Set `publicUrl` in parlando.yaml and run the workflow under `parlando serve`, or choose settings that need no callback.",
  },
  FALLBACK_UNFIT: {
    meaning: "A fallback cannot stand in for the node.",
    mend: "Choose a node type with the same ports and formats.",
  },
  GATE_UNFED: {
    meaning: "A gated node gets no speech marks, so nothing would be let through.",
    mend: "Feed it from a voice activity detector, or feed its input `speech` from one.",
  },
  FALLBACK_POORER: {
    meaning: "A fallback gives less beside the text than the node before it.",
    mend: "Do without that detail downstream, or choose another.",
  },

  // includes
  INCLUDE_NOT_FOUND: {
    meaning: "An included workflow is not there or cannot be read.",
    mend: "Check the path; it is relative to the including file.",
  },
  INCLUDE_CYCLE: { meaning: "A workflow includes itself, directly or through others.", mend: "Break the circle." },

  // ports and edges
  PORT_UNKNOWN: {
    meaning: "A reference or `in` names a port that the node does not have.",
    mend: "Use one of the ports that are named.",
  },
  PORT_AMBIGUOUS: {
    meaning: "The node has several ports and none is the default.",
    mend: "Name one: `node.port`, or `in: { port: … }`.",
  },
  INPUT_UNFED: { meaning: "An input that the node needs is fed by nothing.", mend: "Feed it with `from` or `in`." },
  INPUT_UNWANTED: { meaning: "A node that takes no input is fed.", mend: "Remove `from` or `in`." },
  INPUT_FED_TWICE: {
    meaning: "An input is fed by the same output twice, or by both `from` and `in`.",
    mend: "Keep one of the two.",
  },
  INPUT_REFUSED: {
    meaning: "No kind of frame that comes is one that the input takes.",
    mend: "Put a node between that turns the one into the other.",
  },
  INPUT_LACKS_KIND: {
    meaning: "An input needs a kind of frame that nothing gives.",
    mend: "Feed it from a node that gives that kind.",
  },
  AUDIO_TWICE: { meaning: "Two streams of audio go into one input.", mend: "Mix them first, or use two inputs." },
  GRAPH_CYCLE: { meaning: "Nodes feed each other in a circle.", mend: "Remove one of the edges." },
  CHANNEL_UNKNOWN: {
    meaning: "`channel` names a channel that the audio does not have, or is given twice.",
    mend: "Choose a channel that is there; the first is 0.",
  },
  EDGE_WITHOUT_AUDIO: {
    meaning: "`channel` or `buffer.ms` stands on an edge that carries no audio.",
    mend: "Remove it.",
  },

  BARGE_IN_UNFIT: {
    meaning: "`bargeIn` names an output without speech marks, or a node that cannot be flushed.",
    mend: "Let `when` be a voice activity detector, and `flush` the nodes that speak.",
  },
  FIXTURE_ABSENT: {
    meaning: "A recording that a test uses is not there.",
    mend: "Put it there, correct its path (relative to the workflow's file), or make it in the test.",
  },
  FIXTURE_UNFIT: {
    meaning: "What a test gives is of another kind than the input takes.",
    mend: "Give texts to an input of texts, and a recording or made audio to one of audio.",
  },
  MOCK_UNFIT: {
    meaning: "A mock says what a node of that role does not do.",
    mend: "Use `results` for what answers, `gives` for sources, `utterances` for detectors.",
  },
  TEST_UNFIT: {
    meaning: "A test expects of a port what it does not give.",
    mend: "Name a port that gives it, or expect something else.",
  },
  WHERE_UNFIT: {
    meaning: "`where` names a field that no frame on the edge has.",
    mend: "Name a field of the frames that travel there, or move `where` to another edge.",
  },
  WHERE_NEVER: {
    meaning: "`where` asks for what never comes, so that nothing would pass.",
    mend: "Ask for what the output gives, or remove `where`.",
  },
  OFFLINE_UNANSWERED: {
    meaning: "A node needs the network, the run is offline, and nothing on this machine answers in its place.",
    mend: "Install what is named, or say with --answers FILE what answers.",
  },

  // audio formats
  AUDIO_CONVERTED: {
    meaning: "A conversion was put into an edge.",
    mend: "Nothing to mend; it is told so that you know.",
  },
  AUDIO_UNFIT: {
    meaning: "The audio that comes does not fit the input and cannot be converted.",
    mend: "Choose another format or node.",
  },

  // the workflow's own ports
  INPUT_UNBOUND: {
    meaning: "An input of the workflow is bound to nothing and has no default.",
    mend: "Bind it with --in NAME=FILE, or write a default.",
  },
  INPUT_UNKNOWN: {
    meaning: "A binding, or the node of an including workflow, names an input that is not declared.",
    mend: "Correct the name.",
  },
  INPUT_UNUSED: { meaning: "An input of the workflow is read by no node.", mend: "Use it, or remove it." },
  INPUT_FAULTY: { meaning: "What an input is bound to cannot be used.", mend: "Bind it to another recording." },
  INPUT_ABSENT: {
    meaning: "The recording that an input is bound to is not there.",
    mend: "Put it there, or bind another one.",
  },
} as const satisfies Record<string, FindingMeaning>;

export type FindingCode = keyof typeof FINDING_CODES;
