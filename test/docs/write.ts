import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SECTIONS, WHOLE_FOLDERS, wholeFiles, withSection } from "./generated.ts";
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

const files = wholeFiles();
for (const [path, text] of files) {
  const file = Bun.file(join(ROOT, path));
  if ((await file.exists()) && (await file.text()) === text) continue;
  await file.write(text);
  console.log(path);
}
for (const folder of WHOLE_FOLDERS)
  for (const name of readdirSync(join(ROOT, folder)))
    if (!files.has(`${folder}/${name}`)) rmSync(join(ROOT, folder, name));
