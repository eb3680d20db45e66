import { expect, it, vi } from "vitest";
import { Books } from "./books.js";
import { PendingRequest } from "./pending-request.js";

function pending(id: number): PendingRequest {
  const request = { command: "c", tensors: [], toText: String };
  const host = { onGivenUp() {}, look() {} };
  return new PendingRequest(String(id), request, {}, () => {}, host);
}

it("asks no more than one of many in the queue whether somebody waits", () => {
  const books = new Books();
  const looks = vi.spyOn(PendingRequest.prototype, "isAwaited", "get");
  for (let id = 0; id < 1000; id++) books.add(pending(id));
  expect(books.counts).toEqual({ unanswered: 1000, isAwaited: true });
  expect(looks).toHaveBeenCalledTimes(1);
  looks.mockRestore();
});
