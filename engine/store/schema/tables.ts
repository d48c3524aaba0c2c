import { accessTables } from "./access-tables.ts";
import type { Columns } from "./columns.ts";
import { runTables } from "./run-tables.ts";
import { workTables } from "./work-tables.ts";

/** All tables, in the words of one database. */
export const tablesOf = (columns: Columns) => ({
  ...runTables(columns),
  ...workTables(columns),
  ...accessTables(columns),
});

export type Tables = ReturnType<typeof tablesOf>;
