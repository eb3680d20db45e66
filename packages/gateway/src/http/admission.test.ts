import { connect } from "node:net";
import { expect, it } from "vitest";
import { useGateways } from "../../test/gateways.js";

const gateways = useGateways();

it("host, origin and token: every combination gets the answer it should", async () => {
  const token = "a-token-of-this-test";
  const listed = "https://app.example.org";
  const client = await gateways.ready(
    { maxConcurrent: 1 },
    { token, allowedHosts: ["Gateway.example.org"], corsOrigins: [listed] },
  );
  const { port } = new URL(client.gateway.url ?? "");
  const own = `127.0.0.1:${port}`;
  const hosts: [string, boolean][] = [
    [own, true],
    [`localhost:${port}`, true],
    ["LOCALHOST", true],
    [`[::1]:${port}`, true],
    ["gateway.example.org", true],
    ["gateway.example.org:443", true],
    ["evil.example.org", false],
    ["127.0.0.1.evil.example.org", false],
    ["127.0.0.2", false],
    ["evil.example.org@localhost", false],
    ["localhost:x", false],
  ];
  const origins = (host: string): [string | undefined, boolean][] => [
    [undefined, true],
    [`http://${host}`, true],
    [listed, true],
    ["https://app.example.org.evil.org", false],
    ["http://app.example.org", false],
    ["http://127.0.0.1:1", false],
    ["null", false],
  ];
  const tokens: [string | undefined, boolean][] = [
    [`Bearer ${token}`, true],
    [`bearer ${token}`, true],
    [`Bearer ${token}x`, false],
    [`Bearer ${token.slice(0, -1)}`, false],
    ["Bearer ", false],
    [`Basic ${token}`, false],
    [token, false],
    [undefined, false],
  ];
  let asked = 0;
  for (const [host, isHost] of hosts) {
    for (const [origin, isOrigin] of origins(host)) {
      for (const [authorization, isToken] of tokens) {
        const headers = {
          host,
          ...(origin && { origin }),
          ...(authorization && { authorization }),
        };
        const { status, headers: given, body } = await client.raw("/sessions", headers);
        const expected = !isHost || !isOrigin ? 403 : isToken ? 200 : 401;
        expect(status, JSON.stringify(headers)).toBe(expected);
        const isCors = isHost && origin === listed;
        expect(given["access-control-allow-origin"]).toBe(isCors ? listed : undefined);
        if (expected === 401) expect(given["www-authenticate"]).toBe("Bearer");
        if (expected !== 200) expect(JSON.parse(body)).toMatchObject({ status: "error" });
        asked++;
      }
    }
  }
  expect(asked).toBe(11 * 7 * 8);
});

it("a request that says no host is refused", async () => {
  const { gateway } = await gateways.ready({ maxConcurrent: 1 });
  const socket = connect(Number(new URL(gateway.url ?? "").port), "127.0.0.1");
  socket.write(`GET /sessions HTTP/1.0\r\nauthorization: Bearer ${gateway.token}\r\n\r\n`);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
});

it("every route asks for the token, also one that is not there", async () => {
  const client = await gateways.ready({ maxConcurrent: 1 });
  for (const path of [
    "/health",
    "/metrics",
    "/openapi.json",
    "/sessions",
    "/chat/stream/x",
    "/x",
  ]) {
    expect((await client.raw(path, {})).status, path).toBe(401);
  }
  for (const path of ["/chat", "/chat/stream"]) {
    expect((await client.raw(path, {}, "POST")).status, path).toBe(401);
  }
});

it("a browser's question beforehand is answered for listed origins alone", async () => {
  const origin = "https://app.example.org";
  const preflight = { origin, "access-control-request-method": "POST" };
  const listed = await gateways.ready({ maxConcurrent: 1 }, { corsOrigins: [origin] });
  const answer = await listed.raw("/chat/stream", preflight, "OPTIONS");
  expect(answer.status).toBe(204);
  expect(answer.headers).toMatchObject({
    "access-control-allow-origin": origin,
    "access-control-allow-headers": expect.stringMatching(/authorization.*last-event-id/),
    vary: "Origin",
  });
  expect(answer.headers).not.toHaveProperty("access-control-allow-credentials");
  const response = await listed.post("/chat", { question: "{}" }, { headers: { origin } });
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  const stream = await listed.stream({}, {}, { headers: { origin } });
  expect(stream.headers.get("access-control-allow-origin")).toBe(origin);
  await stream.text();
  const other = await gateways.ready({ maxConcurrent: 1 });
  const refused = await other.raw("/chat/stream", preflight, "OPTIONS");
  expect(refused.status).toBe(403);
  expect(refused.headers).not.toHaveProperty("access-control-allow-origin");
});

it("without a token everybody of this machine is let in, and of no other", async () => {
  const client = await gateways.ready({ maxConcurrent: 1 }, { auth: "none" });
  expect(client.gateway.token).toBeUndefined();
  expect((await client.raw("/sessions", {})).status).toBe(200);
  expect((await client.raw("/sessions", { host: "evil.example.org" })).status).toBe(403);
  for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.evil.org"]) {
    expect(() => gateways.make({}, { host, auth: "none" })).toThrow("option auth:");
  }
});

it("the token is in no line of the log, whatever happens", async () => {
  const token = "secret-token-0123456789";
  const client = await gateways.ready({ maxConcurrent: 1 }, { token, log: logOf("trace") });
  await client.events({ fail: "x" });
  await client.events({ prints: "a line of the agent's" });
  await client.fetch(`/nothing?token=${token}`);
  await client.fetch("/chat", { method: "POST", body: "{" });
  await client.raw("/health", { authorization: `Bearer ${token}x` });
  await client.raw("/health", { host: "evil.example.org", authorization: `Bearer ${token}` });
  await client.fetch("/%E0%A4%A");
  expect(() => gateways.make({}, { token: "too short" })).toThrow(/option token: expected 16/);
  await client.gateway.close();
  const log = gateways.lines.join("");
  expect(log).toContain("a line of the agent's");
  expect(log).not.toContain(token);
});

function logOf(level: "trace") {
  const destination = { write: (line: string) => void gateways.lines.push(line) };
  return { format: "json" as const, level, destination };
}
