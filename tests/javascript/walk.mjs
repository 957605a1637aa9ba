// The walk of an application through the JavaScript v3 clients; says on one line of JSON what it saw.
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand, DescribeRuleCommand }
  from "@aws-sdk/client-eventbridge";
import { SQSClient, CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, ReceiveMessageCommand,
  DeleteMessageCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";

const [endpoint, account] = process.argv.slice(2);
const options = { endpoint, region: "eu-west-1", credentials: { accessKeyId: account, secretAccessKey: "any" } };
const sqs = new SQSClient(options);
const events = new EventBridgeClient(options);

/** What error a call ends in: its class's name, and its message. */
async function failure(call) {
  try {
    await call;
    return null;
  } catch (error) {
    return { name: error.name, class: error.constructor.name, message: error.message };
  }
}

const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "walk", Attributes: { DelaySeconds: "0" } }));
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
await events.send(new PutRuleCommand({ Name: "walk", EventPattern: '{"source":["walk"]}' }));
const put = await events.send(new PutTargetsCommand({ Rule: "walk", Targets: [{ Id: "1", Arn: Attributes.QueueArn }] }));
const sent = await events.send(new PutEventsCommand({
  Entries: [{ Source: "walk", DetailType: "Step", Detail: '{"n":1}', Time: new Date(1493402200000) },
    { Source: "walk", DetailType: "Step", Detail: "rubbish" }] }));
const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: received.Messages[0].ReceiptHandle }));
const batch = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [
  { Id: "a", MessageBody: "one", MessageAttributes: { k: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) } } },
  { Id: "b", MessageBody: "\u0001" }] }));
const second = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"],
  MessageSystemAttributeNames: ["All"] }));
console.log(JSON.stringify({
  failedTargets: put.FailedEntryCount,
  failedEvents: sent.FailedEntryCount,
  codes: sent.Entries.map((entry) => entry.ErrorCode ?? null),
  event: JSON.parse(received.Messages[0].Body),
  batch: { successful: batch.Successful.map((e) => e.Id), failed: batch.Failed.map((e) => [e.Id, e.Code]) },
  bytes: [...second.Messages[0].MessageAttributes.k.BinaryValue],
  receives: second.Messages[0].Attributes.ApproximateReceiveCount,
  noQueue: await failure(sqs.send(new GetQueueUrlCommand({ QueueName: "missing" }))),
  noRule: await failure(events.send(new DescribeRuleCommand({ Name: "missing" }))),
}));
