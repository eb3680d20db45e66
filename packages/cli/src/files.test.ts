import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode, encodeHeader, payloadBytes, type Tensor, toFloat32 } from "@tr/tsr-codec";
import { decodeNpy, encodeNpyHeader } from "@tr/tsr-codec/npy";
import { decodeSafetensors, encodeSafetensors } from "@tr/tsr-codec/safetensors";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bin, runTr } from "../test/tr.js";

const fixtures = fileURLToPath(new URL("../../../fixtures/", import.meta.url));
const golden = (path: string) => join(fixtures, "accept", path);

interface Golden {
  file: string;
  format: string;
  bytes: number;
  tensors: { name?: string; shape: number[]; dtype: string; sha256: string }[];
}
const accepted = ["accept/manifest.json", "accept/extra/manifest.json"].flatMap(
  (path) => JSON.parse(readFileSync(join(fixtures, path), "utf8")).files as Golden[],
);
const goldenOf = (file: string) => accepted.find((entry) => entry.file === file) as Golden;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tr = (args: readonly string[], nodeArgs: readonly string[] = []) =>
  runTr(args, { cwd: folder, nodeArgs });
const read = (name: string) => readFileSync(join(folder, name));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const hashOf = (tensor: Tensor | undefined) => tensor && sha256(payloadBytes(tensor));

/** A file of so many bytes of zeros behind its header, of which the disk holds none. */
function hollow(name: string, header: Uint8Array, payload: number): void {
  writeFileSync(join(folder, name), header);
  truncateSync(join(folder, name), header.length + payload);
}

describe("tr info", () => {
  it("tells of every golden file what its manifest states", async () => {
    const { stdout, stderr, exitCode } = await tr([
      ...["info", "--json"],
      ...accepted.map(({ file }) => golden(file)),
    ]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const said = JSON.parse(stdout);
    expect(said).toHaveLength(accepted.length);
    accepted.forEach(({ format, bytes, tensors, file }, i) => {
      const { format: found, version } = said[i];
      const kind = found === "tsr" ? `TSR${version[0]}` : found;
      expect([kind, said[i].bytes], file).toEqual([format, bytes]);
      const facts = ({ name, dtype, shape }: { name?: string; dtype: string; shape: number[] }) =>
        JSON.stringify([format === "safetensors" ? name : null, dtype, shape]);
      expect(said[i].tensors.map(facts).sort(), file).toEqual(tensors.map(facts).sort());
    });
  });

  it("prints a line for a tensor, and one for each of several", async () => {
    const { stdout } = await tr([
      ...["info", golden("tsr1/fp32-3x4.tsr"), golden("extra/npy-fortran-float32-2x3.npy")],
      ...[golden("extra/safetensors-package.safetensors"), golden("tsr4/multi-five-zlib.tsr")],
    ]);
    const lines = stdout.replaceAll(join(fixtures, "accept/"), "").split("\n");
    expect(lines).toEqual([
      "tsr1/fp32-3x4.tsr: TSR 1, float32 [3, 4], 12 elements, 48 bytes",
      "extra/npy-fortran-float32-2x3.npy: npy 1.0, fortran-order, float32 [2, 3], 6 elements, 24 bytes",
      "extra/safetensors-package.safetensors: safetensors, 5 tensors, 420 bytes",
      "  format: np",
      "  empty   int64    [0, 3]     0 elements   0 bytes",
      "  scalar  float64  []         1 element    8 bytes",
      "  bias    float32  [4]        4 elements   16 bytes",
      "  weight  float16  [2, 3, 4]  24 elements  48 bytes",
      "  mask    bool     [2, 2]     4 elements   4 bytes",
      "tsr4/multi-five-zlib.tsr: TSR 4.20, compressed, 5 tensors, 12662 bytes",
      "  0  float32  [1, 64, 7, 7]  3136 elements  12544 bytes",
      "  1  float32  [1, 1, 1, 64]  64 elements    256 bytes",
      "  2  float16  [1, 1, 1, 64]  64 elements    128 bytes",
      "  3  int8     [2, 3, 4, 5]   120 elements   120 bytes",
      "  4  int32    [1, 1, 1, 10]  10 elements    40 bytes",
    ]);
  });

  it("goes on after a file that is none, and fails", async () => {
    writeFileSync(join(folder, "none.bin"), "text");
    mkdirSync(join(folder, "folder"));
    const bad = join(fixtures, "reject/tsr1-dtype-0.tsr");
    const wrong = [bad, "none.bin", "folder", "missing.npy"];
    const plain = await tr(["info", ...wrong, golden("tsr1/fp32-5.tsr")]);
    expect(plain.exitCode).toBe(1);
    expect(plain.stdout).toContain("fp32-5.tsr: TSR 1, float32 [5]");
    expect(plain.stderr).not.toContain("    at ");
    const { stdout, exitCode } = await tr(["info", "--json", ...wrong]);
    expect(exitCode).toBe(1);
    const said = JSON.parse(stdout) as { error: { code: string; message: string } }[];
    expect(said.map(({ error }) => error.code)).toEqual([
      ...["TSR_BAD_DTYPE", "TR_UNKNOWN_FORMAT", "TR_NOT_A_FILE", "ENOENT"],
    ]);
    said.forEach(({ error }, i) => {
      expect(error.message).toContain(wrong[i]);
      expect(plain.stderr).toContain(error.message);
    });
  });

  it("tells of a file that is shorter than its header says, and of one that is longer", async () => {
    const bytes = readFileSync(golden("tsr1/fp32-5.tsr"));
    writeFileSync(join(folder, "short.tsr"), bytes.subarray(0, -1));
    writeFileSync(join(folder, "long.tsr"), Buffer.concat([bytes, bytes]));
    const { stderr, exitCode } = await tr(["info", "short.tsr", "long.tsr"]);
    expect(exitCode).toBe(1);
    expect(stderr.split("\n")).toEqual([
      "tr: TSR_TRUNCATED: short.tsr: payload: expected 84 bytes, found 83",
      "tr: TSR_TRAILING_BYTES: long.tsr: payload: expected 84 bytes in all, found 168",
    ]);
  });

  it("says what is wrong with a file of a known name", async () => {
    for (const name of ["a.tsr", "a.npy", "a.safetensors"])
      writeFileSync(join(folder, name), "text");
    const { stderr } = await tr(["info", "a.tsr", "a.npy", "a.safetensors"]);
    expect(stderr.split("\n").map((line) => line.split(": ")[1])).toEqual([
      ...["TSR_TRUNCATED", "TSR_TRUNCATED", "TSR_TRUNCATED"],
    ]);
  });

  it("reads headers only, those that are long as well", async () => {
    const shape = [2 ** 18, 2 ** 10];
    hollow("large.tsr", encodeHeader({ dtype: "float32", shape }), 2 ** 30);
    const many = Array.from({ length: 3000 }, (_, i) => [`layer.${i}`, zeros(1)] as const);
    writeFileSync(join(folder, "many.safetensors"), encodeSafetensors(new Map(many)));
    const { stdout, exitCode } = await tr(["info", "--json", "large.tsr", "many.safetensors"]);
    expect(exitCode).toBe(0);
    const [large, named] = JSON.parse(stdout);
    expect(large).toMatchObject({ bytes: 2 ** 30 + 64, tensors: [{ shape, bytes: 2 ** 30 }] });
    expect(named.tensors).toHaveLength(3000);
  });

  it("shows no name that would steer the terminal", async () => {
    const names = { "\x1b[2J": zeros(1), "\u009b2J": zeros(1), "a\u202eb": zeros(1) };
    const bytes = encodeSafetensors(names, { metadata: { a: "\x1b]0;x\x07" } });
    writeFileSync(join(folder, "a.safetensors"), bytes);
    const { stdout } = await tr(["info", "a.safetensors"]);
    for (const shown of ["\\u{1b}[2J", "\\u{9b}2J", "a\\u{202e}b"]) expect(stdout).toContain(shown);
    const { stderr } = await tr(["convert", "a.safetensors", "a.npy"]);
    expect(`${stdout}${stderr}`).not.toMatch(/[^\P{C}\n]/u);
  });
});

function zeros(length: number): Tensor {
  return { dtype: "uint8", shape: [length], data: new Uint8Array(length) };
}

describe("tr convert", () => {
  it("from TSR to npy to safetensors and back gives the same bytes", async () => {
    const first = await tr(["convert", golden("tsr1/fp32-2x3x4.tsr"), "a.npy"]);
    expect(first).toEqual({
      stdout: "a.npy: npy 1.0, float32 [2, 3, 4], 24 elements, 96 bytes",
      ...{ stderr: "", exitCode: 0 },
    });
    await tr(["convert", "a.npy", "b.safetensors"]);
    expect([...decodeSafetensors(read("b.safetensors")).tensors.keys()]).toEqual(["a"]);
    const { stdout } = await tr(["convert", "b.safetensors", "c.tsr", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject([
      { file: "c.tsr", format: "tsr", version: "1", tensors: [{ shape: [2, 3, 4] }] },
    ]);
    expect(read("c.tsr").equals(readFileSync(golden("tsr1/fp32-2x3x4.tsr")))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["a.npy", "b.safetensors", "c.tsr"]);
  });

  it.each([
    "extra/npy-fortran-uint8-3x4x1x2.npy",
    "extra/npy-big-endian-int64-2x3.npy",
    "tsr4/single-fp16-zlib.tsr",
    "tsr4/single-fp16-raw.tsr",
    "extra/tsr2-bfloat16-2x1x2x1x3.tsr",
    "tsr1/fp32-2x0x3.tsr",
  ])("keeps the elements of %s", async (file) => {
    expect((await tr(["convert", golden(file), "out.tsr"])).exitCode).toBe(0);
    const { dtype, shape, sha256: hash } = goldenOf(file).tensors[0] as Golden["tensors"][0];
    const tensor = decode(read("out.tsr"));
    expect([tensor.dtype, tensor.shape, hashOf(tensor)]).toEqual([dtype, shape, hash]);
  });

  it("gives all tensors to one safetensors file, with its metadata", async () => {
    const source = "extra/safetensors-every-dtype.safetensors";
    await tr(["convert", golden(source), "all.safetensors"]);
    await tr(["convert", golden("tsr4/multi-five-zlib.tsr"), "five.safetensors"]);
    const all = decodeSafetensors(read("all.safetensors"));
    expect(all.metadata).toEqual(decodeSafetensors(readFileSync(golden(source))).metadata);
    for (const { name = "", sha256: hash } of goldenOf(source).tensors) {
      expect(hashOf(all.tensors.get(name)), name).toBe(hash);
    }
    const { tensors } = decodeSafetensors(read("five.safetensors"));
    goldenOf("tsr4/multi-five-zlib.tsr").tensors.forEach(({ sha256: hash }, i) => {
      expect(hashOf(tensors.get(String(i)))).toBe(hash);
    });
  });

  it("refuses several tensors for a format of one, names them and says the ways out", async () => {
    const source = golden("extra/safetensors-package.safetensors");
    const refused = await tr(["convert", source, "a.npy", "--json"]);
    expect(refused.exitCode).toBe(1);
    const { error } = JSON.parse(refused.stdout);
    expect(error.code).toBe("TR_SEVERAL_TENSORS");
    for (const word of [
      "empty, scalar, bias, weight, mask",
      "--tensor <name>",
      "<out>/ --to npy",
    ]) {
      expect(error.message).toContain(word);
    }
    expect(refused.stderr).toContain(error.message);
    expect((await tr(["convert", source, "a.npy", "--tensor", "bias"])).exitCode).toBe(0);
    expect(decodeNpy(read("a.npy"))).toMatchObject({ dtype: "float32", shape: [4] });
    const two = ["--tensor", "mask", "--tensor", "scalar"];
    await tr(["convert", source, "two.safetensors", ...two]);
    expect([...decodeSafetensors(read("two.safetensors")).tensors.keys()]).toEqual([
      ...["scalar", "mask"],
    ]);
    const unknown = await tr(["convert", source, "b.npy", "--tensor", "bios"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining("bias")]);
    expect(unknown.stderr).toContain("TR_NO_SUCH_TENSOR");
    const none = golden("extra/safetensors-no-tensors.safetensors");
    expect((await tr(["convert", none, "c.npy"])).stderr).toContain("TR_NO_SUCH_TENSOR");
  });

  it("writes a file for each tensor into a folder, under names that every system takes", async () => {
    const names = ["a/b", "../up", ".hidden", "nul", "%", "ü", "plain-1.weight", "Q", "q"];
    const bytes = encodeSafetensors(new Map(names.map((name, i) => [name, zeros(i)])));
    writeFileSync(join(folder, "in.safetensors"), bytes);
    const without = await tr(["convert", "in.safetensors", "out/"]);
    expect([without.exitCode, without.stderr]).toEqual([1, expect.stringContaining("--to")]);
    await tr(["convert", "in.safetensors", "out/", "--to", "npy"]);
    expect(readdirSync(folder).sort()).toEqual(["in.safetensors", "out"]);
    expect(readdirSync(join(folder, "out")).sort()).toEqual([
      ...["%25.npy", "%2E.%2Fup.npy", "%2Ehidden.npy", "%51.npy", "%6Eul.npy"],
      ...["%C3%BC.npy", "a%2Fb.npy", "plain-1.weight.npy", "q.npy"],
    ]);
    expect(decodeNpy(read("out/plain-1.weight.npy")).shape).toEqual([6]);
    // Of an existing folder the stroke at the end may be left out; what is in it stays.
    rmSync(join(folder, "out/%25.npy"));
    const again = await tr(["convert", "in.safetensors", "out", "--to", "npy"]);
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("TR_FILE_EXISTS")]);
    expect(readdirSync(join(folder, "out"))).toHaveLength(8);
  });

  it("refuses bfloat16 for npy, and --float32 keeps its values", async () => {
    const source = golden("extra/tsr1-bfloat16-2x3.tsr");
    const { exitCode, stderr } = await tr(["convert", source, "a.npy"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/TSR_BAD_DTYPE: .*npy has no bfloat16\. Add --float32/);
    expect(readdirSync(folder)).toEqual([]);
    await tr(["convert", source, "a.npy", "--float32"]);
    expect(decodeNpy(read("a.npy"))).toEqual(toFloat32(decode(readFileSync(source))));
    const half = golden("extra/npy-float16-extremes.npy");
    await tr(["convert", half, "half.tsr"]);
    expect(decode(read("half.tsr")).dtype).toBe("float16");
    await tr(["convert", half, "wide.tsr", "--float32"]);
    expect(decode(read("wide.tsr"))).toEqual(toFloat32(decodeNpy(readFileSync(half))));
  });

  it("writes over nothing without --force, and with it over the file itself", async () => {
    writeFileSync(join(folder, "a.npy"), "mine");
    const source = golden("tsr1/int32-5.tsr");
    const { exitCode, stderr } = await tr(["convert", source, "a.npy"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("--force writes over it")]);
    expect(read("a.npy").toString()).toBe("mine");
    await tr(["convert", source, "a.npy", "--force"]);
    await tr(["convert", "a.npy", "a.npy", "--to", "tsr", "--force"]);
    expect(read("a.npy").equals(readFileSync(source))).toBe(true);
    mkdirSync(join(folder, "b.npy", "x"), { recursive: true });
    expect((await tr(["convert", source, "b.npy", "--force"])).exitCode).toBe(1);
  });

  it("leaves nothing behind of an input that is broken", async () => {
    const bytes = readFileSync(golden("tsr4/multi-five-raw.tsr"));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(folder, "broken.tsr"), bytes);
    const { exitCode, stderr } = await tr(["convert", "broken.tsr", "a.safetensors"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("broken.tsr: data_crc32")]);
    expect(readdirSync(folder)).toEqual(["broken.tsr"]);
  });

  it("names the output that cannot be", async () => {
    const source = golden("tsr1/int32-5.tsr");
    const unnamed = await tr(["convert", source, "a.bin"]);
    expect(unnamed.stderr).toContain("TR_UNKNOWN_FORMAT: a.bin does not end with");
    expect((await tr(["convert", source, "none/a.npy"])).stderr).toContain("ENOENT");
    expect((await tr(["convert", source, "a.bin", "--to", "npy"])).exitCode).toBe(0);
  });

  it("needs little memory however large the file is, and says nothing where nobody looks", async () => {
    const size = 2 ** 28;
    hollow("large.npy", encodeNpyHeader({ dtype: "float32", shape: [2 ** 26] }), size);
    const report = `process.on("exit", () => console.error(process.resourceUsage().maxRSS));`;
    const url = `data:text/javascript,${encodeURIComponent(report)}`;
    const args = ["convert", "large.npy", "large.tsr"];
    const { stderr, exitCode } = await tr(args, ["--import", url]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^\d+$/); // KiB, and nothing else: no terminal, no progress
    expect(Number(stderr)).toBeLessThan(160 * 1024);
    expect(statSync(join(folder, "large.tsr")).size).toBe(size + 64);
  });

  if (process.platform !== "win32") {
    it("keeps links and permissions of what it writes over", async () => {
      writeFileSync(join(folder, "real.npy"), "old");
      chmodSync(join(folder, "real.npy"), 0o600);
      symlinkSync("real.npy", join(folder, "link.npy"));
      await tr(["convert", golden("tsr1/int32-5.tsr"), "link.npy", "--force"]);
      expect(lstatSync(join(folder, "link.npy")).isSymbolicLink()).toBe(true);
      expect(statSync(join(folder, "real.npy")).mode & 0o777).toBe(0o600);
      expect(decodeNpy(read("real.npy")).shape).toEqual([5]);
    });

    it.each([
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const)("%s ends it with %i, and nothing is left of the output", async (signal, code) => {
      const shape = [2 ** 31];
      hollow("large.npy", encodeNpyHeader({ dtype: "uint8", shape }), 2 ** 31);
      mkdirSync(join(folder, "out"));
      const watcher = watch(join(folder, "out"));
      const begun = new Promise((resolve) => watcher.once("change", resolve));
      const options = { cwd: folder, reject: false } as const;
      const child = execa(process.execPath, [bin, "convert", "large.npy", "out/a.tsr"], options);
      await begun;
      watcher.close();
      child.kill(signal);
      expect((await child).exitCode).toBe(code);
      expect(readdirSync(join(folder, "out"))).toEqual([]);
    });
  }
});

it("what reads files loads neither sessions nor the gateway", async () => {
  const hooks = `import { registerHooks } from "node:module";
    const resolve = (name, context, next) => (console.error(name), next(name, context));
    registerHooks({ resolve });`;
  const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const { stderr } = await tr(["info", golden("tsr1/fp32-5.tsr")], ["--import", url]);
  const loaded = stderr.split("\n").filter((name) => !name.startsWith("node:"));
  expect(loaded.map((name) => basename(name)).join()).toContain("npy");
  expect(loaded.join()).not.toMatch(/session|gateway|pool|worker|zod/);
});
