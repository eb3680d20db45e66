import { measure, type Work } from "./measure.js";
import type { Peer } from "./peer.js";
import { sessionPeer } from "./peers/session.js";
import { stdioJsonPeer } from "./peers/stdio-json.js";

const rounds = Number(process.argv[2] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`expected a number of rounds ≥ 1, found ${process.argv[2]}`);
}

function square(name: string, bytes: number, callsPerRound: number): Work {
  const values = new Float32Array(bytes / 4).fill(1.5);
  return {
    name: `${name} squared`,
    callsPerRound,
    async run(peer, call) {
      values[0] = call;
      const squared = await peer.square(values);
      if (squared.length !== values.length || squared[0] !== call ** 2 || squared.at(-1) !== 2.25) {
        throw new Error(`${peer.name}: a wrong answer`);
      }
    },
  };
}

const works: Work[] = [
  {
    name: "text of 50 bytes",
    callsPerRound: 1000,
    async run(peer: Peer, call: number) {
      const text = `${call} `.padEnd(50, "x");
      if ((await peer.echo(text)) !== text) throw new Error(`${peer.name}: a wrong answer`);
    },
  },
  square("4 KiB", 2 ** 12, 200),
  square("1 MiB", 2 ** 20, 10),
  square("64 MiB", 2 ** 26, 1),
];

const peers = [sessionPeer(), stdioJsonPeer()];
const [subject] = peers;
try {
  await Promise.all(peers.map((peer) => peer.start()));
  const table = await measure(peers, works, rounds);
  console.log(
    `Medians over ${rounds} interleaved rounds, in ms; in brackets: of the first column.`,
  );
  console.log(["".padEnd(18), ...peers.map(({ name }) => name.padStart(30))].join(""));
  for (const [work, figures] of table) {
    const base = figures.get(subject as Peer) ?? Number.NaN;
    const cells = peers.map((peer) => {
      const ms = figures.get(peer) ?? Number.NaN;
      return `${ms.toPrecision(3)} (${(ms / base).toPrecision(3)} ×)`.padStart(30);
    });
    console.log([work.name.padEnd(18), ...cells].join(""));
  }
} finally {
  await Promise.all(peers.map((peer) => peer.stop()));
}
