import type { AnyKind, Peer } from "../peer.js";
import type { Place } from "../place.js";

/** @throws for what cannot be called: the work's `takes` should have left it out. */
export function openPeer(kind: AnyKind, place: Place): Peer {
  if (kind.group === "session" || kind.group === "peer") return kind.open(place);
  throw new Error(`${kind.name} has no calls`);
}

/** Opened and started, with numpy's first use behind it. */
export async function startPeer(kind: AnyKind, place: Place): Promise<Peer> {
  const peer = openPeer(kind, place);
  await peer.start();
  await echoChecked(peer, 0);
  const four = await peer.square(new Float32Array(1024).fill(2));
  if (four[1023] !== 4) throw new Error("a wrong first square");
  peer.release?.(four);
  return peer;
}

/** One call with a text of 50 bytes, another one each time. */
export async function echoChecked(peer: Peer, call: number): Promise<void> {
  const text = `${call} `.padEnd(50, "x");
  const answer = await peer.echo(text);
  if (answer !== text) throw new Error(`a wrong text: expected ${text}, found ${answer}`);
}
