export { type CodePage, describeCode, knownCodes } from "./describe-code.ts";
export { drawSvg } from "./draw/svg.ts";
export { drawText } from "./draw/text.ts";
export { drawGraph } from "./draw-graph.ts";
export { type Finding, type Fix, formatFinding, type Severity, showFinding, sortFindings } from "./finding.ts";
export { FINDING_CODES, type FindingCode, type FindingMeaning } from "./finding-codes.ts";
export { EXAMPLE_HEAD, FINDING_EXAMPLES } from "./finding-examples.ts";
export { type Fixed, fixWorkflow } from "./fix/fix-workflow.ts";
export { type FrameTest, fits } from "./frame-test.ts";
export type { Binding, Confinement, PlanOptions, WorkflowSource } from "./options.ts";
export type {
  EdgeBuffer,
  Limits,
  Plan,
  PlannedBargeIn,
  PlannedEdge,
  PlannedNode,
  PlannedOutput,
  WhenFull,
} from "./plan.ts";
export { type Planned, planWorkflow } from "./plan-workflow.ts";
export { costsOf, type NodeCost, short } from "./report/costs.ts";
export { type PathLatency, type PlanReport, reportPlan } from "./report/plan-report.ts";
export { type Price, type Prices, readPrices } from "./report/prices.ts";
export { type JsonSchema, workflowJsonSchema } from "./schema.ts";
export type {
  Amount,
  EventExpectation,
  Expectation,
  FileExpectation,
  Fixture,
  MadeFixture,
  Mock,
  MockResult,
  OrderStep,
  Piece,
  PortExpectation,
} from "./tests/format.ts";
export { findPorts, type Observable } from "./tests/tested-ports.ts";
export type { WorkflowTest } from "./tests/workflow-test.ts";
export { readYaml, type YamlRead } from "./yaml/read-yaml.ts";
export { suggest } from "./yaml/suggest.ts";
export type { Path, YamlFile } from "./yaml/yaml-file.ts";
