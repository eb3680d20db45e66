import { bytesOf, floatsOf } from "../bytes.js";
import type { PeerKind } from "../peer.js";
import { workerScript } from "../place.js";

/** https://github.com/extrabacon/python-shell */
interface PythonShellModule {
  PythonShell: new (
    script: string,
    options: { mode: "json"; pythonPath: string; env: NodeJS.ProcessEnv },
  ) => {
    send(message: object): void;
    once(event: "message", listener: (message: string) => void): void;
    end(callback: (error?: Error) => void): void;
  };
}

export const pythonShell: PeerKind = {
  name: "python-shell",
  title: "python-shell",
  group: "peer",
  npm: "python-shell",
  isText: true,
  open(place) {
    const { PythonShell } = place.load<PythonShellModule>("python-shell");
    const shell = new PythonShell(workerScript("json_lines.py"), {
      mode: "json",
      pythonPath: place.python,
      env: place.env,
    });
    const ask = (request: object) =>
      new Promise<string>((resolve) => {
        shell.once("message", resolve);
        shell.send(request);
      });
    return {
      async start() {},
      echo: (text) => ask({ echo: text }),
      async square(values) {
        const answer = await ask({ square: bytesOf(values).toString("base64") });
        return floatsOf(Buffer.from(answer, "base64"));
      },
      stop: () =>
        new Promise((resolve, reject) => {
          shell.end((error) => (error ? reject(error) : resolve()));
        }),
    };
  },
};
