import { expect, test } from "bun:test";
import { ArtifactNames } from "../../../../engine/control/live/artifact-names.ts";

test.each([
  { what: "files of different names keep them", paths: ["/a/x.wav", "/a/y.wav"], names: ["x.wav", "y.wav"] },
  {
    what: "files of one name are numbered, the same file is not",
    paths: ["/a/x.wav", "/b/x.wav", "/a/x.wav", "/c/x.wav", "/b/x.wav"],
    names: ["x.wav", "x (2).wav", "x.wav", "x (3).wav", "x (2).wav"],
  },
  {
    what: "a number that a file has of its own is not given again",
    paths: ["/a/x (2).wav", "/a/x.wav", "/b/x.wav"],
    names: ["x (2).wav", "x.wav", "x (3).wav"],
  },
  { what: "what has no extension is numbered at its end", paths: ["/a/.x", "/b/.x"], names: [".x", ".x (2)"] },
])("$what", ({ paths, names }) => {
  const given = new ArtifactNames();
  expect(paths.map((path) => given.nameOf(path))).toEqual([...names]);
});

test("what an earlier generation has left keeps its name", () => {
  const given = new ArtifactNames([
    { path: "/a/x.wav", name: "x.wav" },
    { path: "/b/x.wav", name: "x (2).wav" },
  ]);
  expect(["/b/x.wav", "/c/x.wav", "/a/x.wav"].map((path) => given.nameOf(path))).toEqual([
    "x (2).wav",
    "x (3).wav",
    "x.wav",
  ]);
});
