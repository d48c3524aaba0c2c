import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeMachine, launcherModule, type Machine, remarksOf } from "#test/fake-machine";

interface Provided {
  complete: boolean;
  userRoot?: string;
}
interface DebianModule {
  provideDebianPackages(machine: Machine, options: { occasion: "start" | "test"; allowed: boolean }): Provided;
}
const { provideDebianPackages } = await launcherModule<DebianModule>("debian");

let fake: FakeMachine;
beforeEach(() => {
  fake = new FakeMachine();
  installed();
});
afterEach(() => fake.remove());

/** What dpkg calls installed. */
function installed(...names: string[]): void {
  fake.program("dpkg-query", names.map((name) => `echo "${name} installed"`).join("\n") || "exit 1");
}

const engines = ["libpocketsphinx3", "pocketsphinx-en-us", "espeak-ng", "apertium-eng-spa"];
const beyondStart = ["gcc", "libc6-dev", "alsa-utils", "libspeexdsp1", "apertium-eng-cat", "pocketsphinx-testdata"];
const forTests = [...engines, ...beyondStart];
const whole =
  "12 newly installed, 0 to remove\\nNeed to get 54.0 MB/54.1 MB of archives.\\nAfter this operation, 134 MB of additional disk";

/** An apt that knows every package, and what they come to. */
const willing = `case "$*" in
  *--assume-no*) printf '${whole} space\\n'; exit 1;;
  *--simulate*) echo "Inst libgomp1 (12)"; for name; do :; done; echo "Inst $name (1.0)";;
  *download*) for name; do case "$name" in lib*|espeak*|apertium*|pocket*) echo "$name" > "$name.deb";; esac; done;;
esac`;

function provide(options: { uid?: number; occasion?: "start" | "test"; allowed?: boolean; release?: string } = {}) {
  const { uid = 0, occasion = "start", allowed = true, release = "bookworm" } = options;
  let provided: Provided | undefined;
  const remarks = remarksOf(() => {
    provided = provideDebianPackages(fake.machine({ uid, release }), { occasion, allowed });
  });
  return { ...provided, remarks };
}

const installs = () =>
  fake.calls("apt-get").filter((call) => call.includes(" install ") && !call.includes("--assume-no"));

describe("as root", () => {
  test("only what is missing is installed, without recommendations, waiting for dpkg's lock, and it is said before", () => {
    installed("espeak-ng", "libpocketsphinx3");
    fake.program("apt-get", willing);
    const { complete, remarks } = provide();
    expect(complete).toBe(true);
    expect(remarks).toContain(
      "will install pocketsphinx-en-us apertium-eng-spa, with what they need 12 packages: 54.0 MB to fetch, 134 MB",
    );
    expect(installs()).toHaveLength(1);
    expect(installs()[0]).toContain("DPkg::Lock::Timeout=600");
    expect(installs()[0]).toEndWith("-y --no-install-recommends install pocketsphinx-en-us apertium-eng-spa");
  });

  test("the tests want a compiler and the recordings, too", () => {
    installed(...engines);
    fake.program("apt-get", willing);
    provide({ occasion: "test" });
    expect(installs()[0]).toEndWith(`install ${beyondStart.join(" ")}`);
  });

  test("a browser is asked for by itself, so that what stands in its way keeps nothing else away", () => {
    installed(...forTests, "postgresql");
    fake.program("apt-get", `case "$*" in *chromium) echo "E: Unable to locate package chromium" >&2; exit 100;; esac`);
    const { complete } = provide({ occasion: "test" });
    expect(complete).toBe(true);
    expect(installs().every((call) => call.endsWith("install chromium"))).toBe(true);
    expect(installs().length).toBeGreaterThan(0);
  });

  test("a database is asked for by itself, no cluster is made of it, and the system's setting stays what it was", () => {
    installed(...forTests, "chromium");
    const folder = join(fake.folder, "root/etc/postgresql-common");
    const file = join(folder, "createcluster.conf");
    fake.program("apt-get", `case "$*" in *-y*) cp "${file}" "$FOLDER/during";; esac`);
    const during = () => readFileSync(join(fake.folder, "during"), "utf8");
    expect(provide({ occasion: "test" }).complete).toBe(true);
    expect(installs()).toHaveLength(1);
    expect(installs()[0]).toEndWith("install postgresql");
    expect(during()).toBe("create_main_cluster = false\n");
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, "ssl = on\n");
    provide({ occasion: "test" });
    expect(during()).toBe("create_main_cluster = false\nssl = on\n");
    expect(readFileSync(file, "utf8")).toBe("ssl = on\n");
    provide({ occasion: "start" });
    expect(installs()).toHaveLength(2);
  });

  test("the start wants no browser", () => {
    fake.program("apt-get", willing);
    provide({ occasion: "start" });
    expect(installs().join(" ")).not.toContain("chromium");
  });

  test("when nothing is missing apt is not asked and nothing is said", () => {
    installed(...engines);
    fake.program("apt-get", willing);
    expect(provide()).toEqual({ complete: true, remarks: "" });
    expect(fake.calls("apt-get")).toEqual([]);
  });

  test("switched off, apt is not asked, and what is missing is said", () => {
    fake.program("apt-get", willing);
    const { complete, remarks } = provide({ allowed: false });
    expect(complete).toBe(false);
    expect(remarks).toContain("left out as asked: libpocketsphinx3 pocketsphinx-en-us");
    expect(fake.calls("apt-get")).toEqual([]);
  });

  test("lists that are stale are fetched anew, once", () => {
    fake.program(
      "apt-get",
      `case "$*" in *update) touch "$FOLDER/fresh";; *-y*) [ -e "$FOLDER/fresh" ] || { echo "E: Unable to fetch some archives" >&2; exit 100; };; esac`,
    );
    expect(provide().complete).toBe(true);
    expect(fake.calls("apt-get").filter((call) => call.endsWith("update"))).toHaveLength(1);
  });

  test.each([
    {
      said: "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12",
      advice: "another apt or dpkg is running",
    },
    { said: "E: dpkg was interrupted, you must manually run", advice: "dpkg --configure -a" },
    { said: "E: You don't have enough free space in /var/cache/apt/archives/.", advice: "the disk is full" },
    { said: "W: Failed to fetch x  Temporary failure resolving 'x'", advice: "a mirror was not reached" },
    { said: "E: Unable to correct problems, you have held broken packages.", advice: "--fix-broken" },
    { said: "something unheard of", advice: "by hand" },
  ])("a failure is told with what to do, and the set-up goes on: $said", ({ said, advice }) => {
    fake.program("apt-get", `echo "${said}" >&2; exit 100`);
    const { complete, remarks } = provide();
    expect(complete).toBe(false);
    expect(remarks).toContain(said);
    expect(remarks).toContain(advice);
  });
});

describe("without root", () => {
  beforeEach(() => {
    fake.program("apt-get", willing);
    fake.program("dpkg-deb", `mkdir -p "$3/usr/share"; cp "$2" "$3/usr/share/"`);
  });

  const root = () => join(fake.cache, "debian", "root");

  test("the packages and what they need are unpacked into a folder of the user, with lists of the user's own", () => {
    const { complete, userRoot, remarks } = provide({ uid: 1000 });
    expect({ complete, userRoot }).toEqual({ complete: true, userRoot: root() });
    expect(readFileSync(join(root(), "usr/share/libgomp1.deb"), "utf8")).toBe("libgomp1\n");
    expect(remarks).toContain(`will unpack ${engines.join(" ")} and what they need into ${root()}`);
    for (const call of fake.calls("apt-get"))
      expect(call).toContain(`-o Dir::State=${join(fake.cache, "debian", "state")}`);
    expect(installs().every((call) => call.includes("--simulate"))).toBe(true);
  });

  test("the second time apt is not asked", () => {
    provide({ uid: 1000 });
    const before = fake.calls("apt-get").length;
    expect(provide({ uid: 1000 })).toEqual({ complete: true, userRoot: root(), remarks: "" });
    expect(fake.calls("apt-get")).toHaveLength(before);
  });

  test("what is wanted later is added, and a compiler is named as beyond reach", () => {
    provide({ uid: 1000 });
    const { complete, remarks } = provide({ uid: 1000, occasion: "test" });
    expect(complete).toBe(false);
    expect(remarks).toContain("only root can install gcc libc6-dev");
    expect(fake.calls("apt-get").at(-1)).toEndWith("download libgomp1 pocketsphinx-testdata");
    expect(existsSync(join(root(), "usr/share/apertium-eng-spa.deb"))).toBe(true);
    expect(existsSync(join(root(), "usr/share/pocketsphinx-testdata.deb"))).toBe(true);
  });

  test("after a change of the system's release they are unpacked anew", () => {
    provide({ uid: 1000 });
    provide({ uid: 1000, release: "trixie" });
    expect(fake.calls("apt-get").filter((call) => call.includes("--simulate"))).toHaveLength(2);
  });

  test("an unpacking that fails leaves what was there before", () => {
    provide({ uid: 1000 });
    fake.program("dpkg-deb", "echo 'dpkg-deb: error: not a Debian archive' >&2; exit 2");
    const { complete, userRoot, remarks } = provide({ uid: 1000, occasion: "test" });
    expect({ complete, userRoot }).toEqual({ complete: false, userRoot: root() });
    expect(remarks).toContain("not a Debian archive");
    expect(existsSync(join(root(), "usr/share/apertium-eng-spa.deb"))).toBe(true);
  });
});

test("elsewhere than on Debian it says so and goes on", () => {
  const { complete, remarks } = provide({ release: "" });
  expect(complete).toBe(false);
  expect(remarks).toContain("this is no Debian");
});
