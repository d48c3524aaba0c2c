import type { Engine } from "#engine/plugin";
import { findDecoderFiles, INSTALL_COMMAND, libraryVersion } from "#native/pocketsphinx";

export const pocketsphinx: Engine = {
  name: "pocketsphinx",
  purpose: "English recognition",
  async find() {
    const { files, missing } = findDecoderFiles();
    if (!files) return { found: false, missing: missing.join("; "), mend: INSTALL_COMMAND };
    const version = libraryVersion(files.library);
    return {
      found: true,
      ...(version !== undefined && { version }),
      path: files.library,
      note: `model ${files.model.acoustic}`,
    };
  },
};
