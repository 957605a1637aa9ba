// Objects with and without bytes, one after another on one connection that is kept; says how many answers came, and on how many connections.
import { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand, DeleteObjectCommand } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import http from "node:http";

const [endpoint, account] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let connections = 0;
const connect = agent.createConnection;
agent.createConnection = function (...args) { connections += 1; return connect.apply(this, args); };
const s3 = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1,
  requestHandler: new NodeHttpHandler({ httpAgent: agent }), credentials: { accessKeyId: account, secretAccessKey: "any" } });
const Bucket = `connections-${account}`;
await s3.send(new CreateBucketCommand({ Bucket }));
const lengths = [];
for (const Body of ["x", "", "x", "y".repeat(3_000_000), "", "x"]) {
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body }));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  const got = await (await s3.send(new GetObjectCommand({ Bucket, Key: "k" }))).Body.transformToString();
  lengths.push([head.ContentLength, got.length]);
  await s3.send(new HeadObjectCommand({ Bucket, Key: "none" })).catch((error) => error);
}
await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
console.log(JSON.stringify({ lengths, connections }));
process.exit(0);
