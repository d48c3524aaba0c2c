export { BERGAMOT_PACKAGE, BergamotEngine, type BergamotModel, bergamotModel, findBergamot } from "./engine.ts";
