import { join } from "node:path";
import { SECTIONS, withSection } from "./generated.ts";
import { ROOT } from "./pages.ts";

// Writes the parts of pages that are made from the code: bun test/docs/write.ts
for (const section of SECTIONS) {
  const file = Bun.file(join(ROOT, section.page));
  const text = await file.text();
  const made = withSection(text, section);
  if (made === text) continue;
  await file.write(made);
  console.log(`${section.page}: ${section.name}`);
}
