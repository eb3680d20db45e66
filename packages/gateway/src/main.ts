import { readConfigFile } from "./config/read-config.js";
import { createGateway } from "./gateway.js";
import { createLog } from "./log.js";
import { withToken } from "./token-file.js";

/**
 * Serves what a config file says until SIGTERM or Ctrl-C, then lets what runs end; a second one ends at
 * once. Resolves to the exit code when that is done.
 *
 * The token is the file's, or `TR_GATEWAY_TOKEN`, or lies in `<file>.token`, which is made when it is not there.
 */
export async function main(file: string): Promise<number> {
  const signals = ["SIGTERM", "SIGINT"] as const;
  const asked = Promise.withResolvers<void>();
  const onSignal = () => asked.resolve();
  try {
    const { options, tokenFile } = withToken(readConfigFile(file), file, process.env);
    const gateway = createGateway(options);
    if (tokenFile !== undefined)
      gateway.log.info({ file: tokenFile }, "clients find the token there");
    for (const signal of signals) process.once(signal, onSignal);
    try {
      await gateway.listen();
      const ready = gateway.ready().then(() => gateway.log.info("ready"));
      await Promise.race([ready, asked.promise]);
      await asked.promise;
    } finally {
      // From here on the second signal does what it does without us.
      for (const signal of signals) process.off(signal, onSignal);
      await gateway.close();
    }
    return 0;
  } catch (error) {
    createLog().fatal({ err: error }, (error as Error).message);
    return 1;
  }
}
