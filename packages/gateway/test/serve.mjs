// node serve.mjs <config file>: as `tr serve`.
import { main } from "@tr/gateway";

process.exitCode = await main(process.argv[2]);
