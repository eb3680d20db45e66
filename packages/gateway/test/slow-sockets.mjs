// node slow-sockets.mjs <port> <token> <count>: sockets that say nothing, or dribble headers or a body. When the
// last is closed by the other side: how long each was open, as JSON.
import { connect } from "node:net";

const [port, token, count] = process.argv.slice(2);
const auth = `host: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n`;
const beginnings = [
  "",
  `POST /chat HTTP/1.1\r\n${auth}x-slow: `,
  `POST /chat HTTP/1.1\r\n${auth}content-type: application/json\r\ncontent-length: 100000\r\n\r\n{`,
];
const lasted = [[], [], []];
let open = Number(count);
const sockets = new Set();

for (let number = 0; number < Number(count); number++) {
  // A few at a time: of more than the system's queue holds some are never accepted, and hear nothing of it.
  if (number % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 10));
  const kind = number % 3;
  const socket = connect(Number(port), "127.0.0.1");
  let since = performance.now();
  socket.on("connect", () => {
    since = performance.now();
    socket.write(beginnings[kind]);
    if (kind > 0) sockets.add(socket);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    lasted[kind].push(performance.now() - since);
    sockets.delete(socket);
    if (--open === 0) end();
  });
  socket.resume();
}
const dribble = setInterval(() => {
  for (const socket of sockets) socket.write(" ");
}, 1000);

function end() {
  clearInterval(dribble);
  const most = (times) => Math.round(times.reduce((a, b) => Math.max(a, b), 0));
  const [silent, headers, body] = lasted.map(most);
  console.log(JSON.stringify({ count: Number(count), silent, headers, body }));
}
