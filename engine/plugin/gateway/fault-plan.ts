import type { Fault, FaultKind, FaultScript } from "./faults.ts";
import type { FaultAnswer } from "./gateway.ts";

/** The rules of a script that hold for one call, and what of them was used up. */
export class CallFaults {
  readonly #used = new Set<Fault>();

  constructor(readonly rules: readonly Fault[]) {}

  of<On extends Fault["on"]>(on: On): Extract<Fault, { on: On }>[] {
    return this.rules.filter((rule): rule is Extract<Fault, { on: On }> => rule.on === on);
  }

  /** Whether the gateway is to answer with this failure now; each rule asks for it once. */
  take(kind: FaultKind): FaultAnswer | undefined {
    for (const rule of this.of("handshake")) {
      if (this.#used.has(rule) || !(kind in rule.do)) continue;
      this.#used.add(rule);
      return "vendorError" in rule.do ? { code: rule.do.vendorError } : {};
    }
    return undefined;
  }
}

/** A script as the doors of a gateway follow it. */
export class FaultPlan {
  constructor(readonly script: FaultScript) {}

  /** How far the gateway's own clock is off. */
  get skewMs(): number {
    return this.script.faults.reduce((sum, fault) => sum + (fault.on === "clock" ? fault.do.skewMs : 0), 0);
  }

  /** @param mount its path, or `tcp`. `number`: which call of the mount it is, from 1. */
  call(mount: string, number: number): CallFaults {
    return new CallFaults(
      this.script.faults.filter((fault) => {
        if (fault.on === "clock") return false;
        if (fault.mount !== undefined && fault.mount !== mount) return false;
        const wanted = fault.connections;
        return wanted === undefined || (typeof wanted === "number" ? wanted === number : wanted.includes(number));
      }),
    );
  }
}
