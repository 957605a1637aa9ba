// Many requests at once on one connection of HTTP/2; says on one line of JSON how many were answered, and how.
import http2 from "node:http2";

const [endpoint, count] = process.argv.slice(2);
const session = http2.connect(endpoint);
const ask = (path, headers = {}) => new Promise((resolve, reject) => {
  const stream = session.request({ ":path": path, ...headers });
  let body = "";
  let status;
  stream.on("response", (answered) => { status = answered[":status"]; });
  stream.on("data", (piece) => { body += piece; });
  stream.on("end", () => resolve({ status, body }));
  stream.on("error", reject);
});
const answers = await Promise.all(Array.from({ length: Number(count) }, () => ask("/health")));
const long = await ask("/health", { "x-long": "x".repeat(80_000) }).catch((error) => error.code);
const after = await ask("/health");
session.close();
console.log(JSON.stringify({ fine: answers.filter((answer) => answer.status === 200 && answer.body.includes("ok")).length,
  long: long.status ?? long, after: after.status }));
