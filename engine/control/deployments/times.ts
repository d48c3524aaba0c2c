import { Cron } from "croner";
import { EngineError } from "#engine/errors";
import type { ScheduleWhen } from "./config.ts";

/** The first moment after another, as Unix time in ms; undefined where none is left. */
export type NextTime = (afterMs: number) => number | undefined;

/**
 * When a schedule is due. `every` counts from the beginning of Unix time, so that a restart moves nothing: `6h` is at 0, 6, 12 and 18 UTC.
 * @param where of the configuration, for messages.
 * @throws EngineError CONFIG_INVALID for fields or a time zone that cannot be read.
 */
export function timesOf(when: ScheduleWhen, where: string): NextTime {
  if ("every" in when) return (afterMs) => (Math.floor(afterMs / when.every) + 1) * when.every;
  if (when.schedule.trim().split(/\s+/).length !== 5)
    throw new EngineError("CONFIG_INVALID", `${where}.schedule: five fields were wanted, such as 30 2 * * 1-5`);
  const cron = cronOf(when, where);
  return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
}

function cronOf({ schedule, timeZone }: Extract<ScheduleWhen, { schedule: string }>, where: string): Cron {
  try {
    const cron = new Cron(schedule, { timezone: timeZone, paused: true });
    cron.nextRun(new Date(0)); // a time zone that nobody knows is noticed only here
    return cron;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError("CONFIG_INVALID", `${where}.schedule: ${schedule} in ${timeZone} cannot be read: ${reason}`);
  }
}
