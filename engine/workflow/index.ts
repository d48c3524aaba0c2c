export { type Finding, type Fix, formatFinding, type Severity, showFinding, sortFindings } from "./finding.ts";
export { FINDING_CODES, type FindingCode, type FindingMeaning } from "./finding-codes.ts";
export type {
  EdgeBuffer,
  Limits,
  Plan,
  PlannedEdge,
  PlannedNode,
  PlannedOutput,
  WhenFull,
} from "./plan.ts";
export { readYaml, type YamlRead } from "./yaml/read-yaml.ts";
