import { refuse, TsrError } from "./tsr-error.js";

/** Deflate codes a run of 258 bytes in no less than two bits, so no stream grows more than this. */
const highestRatio = 1032;

const longestSlice = 65536;

/** The bytes as one zlib stream. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = sliced(bytes, () => longestSlice).pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Inflates one zlib stream that must take up all of `bytes` and give exactly `size` bytes.
 * @throws TsrError `TSR_BAD_COMPRESSION`; a stream that gives more is left as soon as it does.
 */
export async function inflate(
  bytes: Uint8Array,
  size: number,
  field: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (size > bytes.length * highestRatio) {
    throw refuse("TSR_BAD_COMPRESSION", field, `${size} bytes inflated`, "fewer");
  }
  const out = new Uint8Array(size);
  let length: number;
  try {
    length = await inflateInto(bytes, out, field);
  } catch (cause) {
    if (TsrError.is(cause)) throw cause;
    const found = cause instanceof Error && cause.message ? cause.message : "a broken one";
    throw new TsrError("TSR_BAD_COMPRESSION", { field, expected: "a zlib stream", found, cause });
  }
  if (length !== size) {
    throw refuse("TSR_BAD_COMPRESSION", field, `${size} bytes inflated`, length);
  }
  if ((await toleratesTrailingBytes()) && (await endsEarly(bytes, out, field))) {
    const expected = "a zlib stream and nothing after it";
    throw refuse("TSR_BAD_COMPRESSION", field, expected, "bytes after the stream");
  }
  return out;
}

async function inflateInto(bytes: Uint8Array, out: Uint8Array, field: string): Promise<number> {
  let length = 0;
  // Browsers inflate a whole chunk before they look whether anybody reads: a chunk must not be able
  // to inflate to much more than there is room for.
  const room = () => Math.max(256, Math.floor((out.length - length) / highestRatio));
  const source = sliced(bytes, () => Math.min(longestSlice, room()));
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return length;
    if (length + value.length > out.length) {
      await reader.cancel();
      throw refuse("TSR_BAD_COMPRESSION", field, `${out.length} bytes inflated`, "more");
    }
    out.set(value, length);
    length += value.length;
  }
}

/** A stream that hands out copies of consecutive slices, each only when it is asked for. */
function sliced(
  bytes: Uint8Array,
  nextLength: () => number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        // A copy, because streams do not take views on shared memory.
        const slice = new Uint8Array(bytes.subarray(at, at + nextLength()));
        at += slice.length;
        if (slice.length > 0) controller.enqueue(slice);
        if (at === bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

// The standard wants an error for bytes after the stream (https://compression.spec.whatwg.org/, "end
// of the compressed input"); Node 22.12 ignores them. "x" here is the byte after an empty stream.
const emptyStreamAndMore = new Uint8Array([0x78, 0x9c, 3, 0, 0, 0, 0, 1, 0x78]);
let tolerance: Promise<boolean> | undefined;

function toleratesTrailingBytes(): Promise<boolean> {
  tolerance ??= inflateInto(emptyStreamAndMore, new Uint8Array(0), "").then(
    () => true,
    () => false,
  );
  return tolerance;
}

/** Whether the stream is whole without its last byte, so that this byte is not part of it. */
function endsEarly(bytes: Uint8Array, out: Uint8Array, field: string): Promise<boolean> {
  return inflateInto(bytes.subarray(0, -1), out, field).then(
    () => true,
    () => false,
  );
}
