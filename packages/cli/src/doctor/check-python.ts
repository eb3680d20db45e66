import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { TrError } from "@tr/session";
import { type FoundPython, findPython, pythonPath } from "@tr/worker-py";
import type { Finding, Target } from "./finding.js";

/** It must parse under any Python, so that an old one can be named. */
const probe = `
import json, sys, time
said = {"version": sys.version.split()[0], "new": sys.version_info >= (3, 10), "executable": sys.executable}
for name in ("tech_renaissance", "numpy", "torch"):
    started = time.time()
    try:
        module = __import__(name)
        said[name] = {"version": str(module.__version__), "ms": round((time.time() - started) * 1000)}
    except Exception as error:
        said[name] = {"error": str(error), "absent": getattr(error, "name", None) == name}
sys.stdout.write("\\n" + json.dumps(said))
`;

type Module = { version: string; ms: number } | { error: string; absent: boolean };
interface Said extends Record<"tech_renaissance" | "numpy" | "torch", Module> {
  version: string;
  new: boolean;
  executable: string;
}

const rules: Readonly<Record<FoundPython["source"], string>> = {
  option: "by the option --python",
  TR_PYTHON: "by the variable TR_PYTHON",
  VIRTUAL_ENV: "by the active virtual environment",
  ".venv": "by a .venv upward from the script",
  PATH: "on the PATH",
};

/** PyTorch's first import after its installation compiles for a minute on a slow disk. */
const limitMs = 180_000;

export async function checkPython({
  script,
  python,
}: Target): Promise<{ findings: Finding[]; isUsable: boolean }> {
  const about = "Python";
  let found: FoundPython;
  try {
    found = findPython({ ...(script && { script }), ...(python && { python }) });
  } catch (error) {
    if (!TrError.is(error)) throw error;
    const [text = "", ...mend] = error.message.split("\n");
    const finding = { level: "bad", about, text, mend: mend.join("\n") } as const;
    return { findings: [finding], isUsable: false };
  }
  const command = [found.file, ...found.args].join(" ");
  const said = await ask(found);
  if (typeof said === "string") {
    const mend = `It said: ${said}\nRepair it, or name another with --python or TR_PYTHON.`;
    const text = `${command}, found ${rules[found.source]}, does not run`;
    return { findings: [{ level: "bad", about, text, mend }], isUsable: false };
  }
  const text = `${said.version}, ${command}, found ${rules[found.source]}`;
  if (!said.new) {
    const mend = "Install Python 3.10 or newer, or name one with --python or TR_PYTHON.";
    return { findings: [{ level: "bad", about, text: `${text}: too old`, mend }], isUsable: false };
  }
  const payload = said.tech_renaissance;
  const isUsable = "version" in payload;
  const findings: Finding[] = [
    { level: "fine", about, text },
    isUsable
      ? { level: "fine", about: "tech_renaissance", text: payload.version }
      : {
          level: "bad",
          about: "tech_renaissance",
          text: payload.error,
          mend: `Install @tr/worker-py again: its folder ${pythonPath} is not whole.`,
        },
    library("numpy", said.numpy, said.executable),
    library("torch", said.torch, said.executable),
  ];
  return { findings, isUsable };
}

function library(about: string, said: Module, executable: string): Finding {
  if ("version" in said) {
    return { level: "fine", about, text: `${said.version}, imported in ${said.ms} ms` };
  }
  const install = `${executable} -m pip install ${about}`;
  if (!said.absent) {
    return {
      level: "note",
      about,
      text: said.error,
      mend: `It is installed but broken: ${install} --force-reinstall`,
    };
  }
  return {
    level: "note",
    about,
    text: "not installed",
    mend: `Needed only where a script imports it: ${install}`,
  };
}

/** What the interpreter says of itself, or why it says nothing. */
function ask({ file, args }: FoundPython): Promise<Said | string> {
  const { PYTHONPATH } = process.env;
  const env = {
    ...process.env,
    PYTHONPATH: PYTHONPATH ? `${pythonPath}${delimiter}${PYTHONPATH}` : pythonPath,
  };
  return new Promise((resolve) => {
    const options = { env, timeout: limitMs, windowsHide: true };
    execFile(file, [...args, "-c", probe], options, (error, stdout, stderr) => {
      const last = stdout.slice(stdout.lastIndexOf("\n") + 1);
      if (error === null) resolve(JSON.parse(last));
      else resolve(error.killed ? `nothing within ${limitMs} ms` : stderr.trim() || error.message);
    });
  });
}
