export { cacheDir } from "./cache-dir.ts";
export { type BuildOptions, buildLibrary, findCompiler, type LibrarySpec, libraryPath } from "./library.ts";
export { type OpenLibrary, openLibrary } from "./open.ts";
export { type Libc, libc, librarySuffix, platformTag } from "./platform.ts";
