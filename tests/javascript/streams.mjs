// Logs, metrics, streams and pipes through the JavaScript v3 clients; says on one line of JSON what it saw.
import { CloudWatchClient, GetMetricDataCommand, PutMetricAlarmCommand, PutMetricDataCommand, SetAlarmStateCommand,
  DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand,
  GetLogEventsCommand, GetQueryResultsCommand, PutLogEventsCommand, StartQueryCommand } from "@aws-sdk/client-cloudwatch-logs";
import { KinesisClient, CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, PutRecordsCommand,
  DescribeStreamSummaryCommand } from "@aws-sdk/client-kinesis";
import { PipesClient, CreatePipeCommand, DescribePipeCommand } from "@aws-sdk/client-pipes";
import { SQSClient, CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";

const [endpoint, account] = process.argv.slice(2);
const options = { endpoint, region: "eu-west-1", credentials: { accessKeyId: account, secretAccessKey: "any" } };
const saw = {};

const cloudwatch = new CloudWatchClient(options);
const minute = new Date(Math.floor(Date.now() / 60000) * 60000);
await cloudwatch.send(new PutMetricDataCommand({ Namespace: "App", MetricData: [
  { MetricName: "Latency", Values: [1, 2], Counts: [3, 1], Timestamp: minute, Unit: "Milliseconds" }] }));
const data = await cloudwatch.send(new GetMetricDataCommand({
  StartTime: minute, EndTime: new Date(minute.getTime() + 60000),
  MetricDataQueries: [{ Id: "sum", MetricStat: { Metric: { Namespace: "App", MetricName: "Latency" }, Period: 60, Stat: "Sum" } },
    { Id: "twice", Expression: "sum * 2" }] }));
saw.metrics = data.MetricDataResults.map((result) => [result.Id, result.Values, result.Timestamps[0] - minute]);
await cloudwatch.send(new PutMetricAlarmCommand({ AlarmName: "high", Namespace: "App", MetricName: "Latency", Period: 60,
  Statistic: "Average", EvaluationPeriods: 1, Threshold: 10, ComparisonOperator: "GreaterThanThreshold" }));
await cloudwatch.send(new SetAlarmStateCommand({ AlarmName: "high", StateValue: "ALARM", StateReason: "test" }));
const alarms = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["high"] }));
saw.alarm = [alarms.MetricAlarms[0].StateReason, alarms.MetricAlarms[0].StateUpdatedTimestamp instanceof Date];
saw.noAlarm = await cloudwatch.send(new SetAlarmStateCommand({ AlarmName: "none", StateValue: "OK", StateReason: "r" }))
  .catch((error) => error.name);

const logs = new CloudWatchLogsClient(options);
const name = { logGroupName: "/app", logStreamName: "one" };
await logs.send(new CreateLogGroupCommand({ logGroupName: "/app" }));
await logs.send(new CreateLogStreamCommand(name));
const now = Date.now();
await logs.send(new PutLogEventsCommand({ ...name, logEvents: [
  { timestamp: now - 2, message: '{"level":"INFO"}' }, { timestamp: now - 1, message: '{"level":"ERROR","ms":7}' }] }));
saw.read = (await logs.send(new GetLogEventsCommand({ ...name, startFromHead: true }))).events.map((e) => e.message);
saw.filtered = (await logs.send(new FilterLogEventsCommand({ logGroupName: "/app", filterPattern: "{ $.ms > 5 }" })))
  .events.map((e) => e.message);
const { queryId } = await logs.send(new StartQueryCommand({ logGroupName: "/app", startTime: 0, endTime: Math.ceil(now / 1000) + 1,
  queryString: 'filter level = "ERROR" | stats count(*) as errors' }));
let query;
do {
  query = await logs.send(new GetQueryResultsCommand({ queryId }));
} while (query.status === "Running" || query.status === "Scheduled");
saw.query = query.results.map((row) => row.map((field) => [field.field, field.value]));

// This client speaks HTTP/2.
const kinesis = new KinesisClient(options);
await kinesis.send(new CreateStreamCommand({ StreamName: "s", ShardCount: 1 }));
await kinesis.send(new PutRecordsCommand({ StreamName: "s", Records: [
  { PartitionKey: "k", Data: new Uint8Array([0, 255]) }, { PartitionKey: "k", Data: Buffer.from('{"n":2}') }] }));
const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({ StreamName: "s", ShardIteratorType: "TRIM_HORIZON",
  ShardId: "shardId-000000000000" }));
const { Records } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
saw.records = Records.map((record) => [...record.Data]);

const sqs = new SQSClient(options);
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "out" }));
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: "s" }));
const pipes = new PipesClient(options);
await pipes.send(new CreatePipeCommand({ Name: "p", RoleArn: `arn:aws:iam::${account}:role/pipe`,
  Source: StreamDescriptionSummary.StreamARN, Target: Attributes.QueueArn,
  SourceParameters: { KinesisStreamParameters: { StartingPosition: "TRIM_HORIZON" },
    FilterCriteria: { Filters: [{ Pattern: '{"data":{"n":[2]}}' }] } },
  TargetParameters: { InputTemplate: '{"number":<$.data.n>}' } }));
saw.piped = (await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))).Messages.map((m) => m.Body);
saw.pipe = (await pipes.send(new DescribePipeCommand({ Name: "p" }))).DesiredState;
console.log(JSON.stringify(saw));
process.exit(0);
