// Objects through the JavaScript v3 client, which sends its checksums behind the body; says on one line of JSON what it saw.
import { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand, CreateMultipartUploadCommand,
  UploadPartCommand, CompleteMultipartUploadCommand, ListObjectsV2Command, DeleteObjectsCommand,
  PutObjectAclCommand } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";

const [endpoint, account] = process.argv.slice(2);
const s3 = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: { accessKeyId: account, secretAccessKey: "any" } });
const Bucket = `javascript-${account}`;
const saw = {};

await s3.send(new CreateBucketCommand({ Bucket }));
const put = await s3.send(new PutObjectCommand({ Bucket, Key: "a b/é", Body: "hello", Metadata: { one: "1" } }));
saw.put = [put.ETag, put.ChecksumCRC32];
const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a b/é" }));
saw.got = [await got.Body.transformToString(), got.Metadata.one];
const large = Buffer.alloc(300_000, "x");
await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body: Readable.from([large, large]), ContentLength: 600_000 }));
saw.stream = (await s3.send(new HeadObjectCommand({ Bucket, Key: "stream", ChecksumMode: "ENABLED" }))).ContentLength;
const upload = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts", ChecksumAlgorithm: "CRC32" }));
const part = { Bucket, Key: "parts", UploadId: upload.UploadId, PartNumber: 1 };
const uploaded = await s3.send(new UploadPartCommand({ ...part, Body: large }));
await s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts: [
  { PartNumber: 1, ETag: uploaded.ETag, ChecksumCRC32: uploaded.ChecksumCRC32 }] } }));
await s3.send(new PutObjectAclCommand({ Bucket, Key: "parts", ACL: "public-read" }));
saw.anonymous = (await (await fetch(`${endpoint}/${Bucket}/parts`)).arrayBuffer()).byteLength;
saw.keys = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents.map((object) => object.Key);
saw.deleted = (await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: saw.keys.map((Key) => ({ Key })) } }))).Deleted.length;
saw.missing = await s3.send(new GetObjectCommand({ Bucket, Key: "none" })).catch((error) => error.name);
console.log(JSON.stringify(saw));
