// Prints the code with which a pool of one script is not ready.
import { Pool } from "@tr/pool";

const pool = new Pool({ script: process.argv[2], size: 1, quiet: true });
console.log(await pool.ready().catch((error) => error.code));
