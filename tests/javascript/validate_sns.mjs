// Has the sns-validator package, as it is, check messages: those of good.json must pass, and none once it is changed.
// What it fetches from sns.us-east-1.amazonaws.com goes to the Signalbox server instead, over TLS as the package insists.
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import tls from "node:tls";
import MessageValidator from "sns-validator";

const [endpoint, messagesFile, keyFile, certificateFile] = process.argv.slice(2);
const messages = JSON.parse(fs.readFileSync(messagesFile));
const fetched = [];

const front = https.createServer({ key: fs.readFileSync(keyFile), cert: fs.readFileSync(certificateFile) },
  (request, response) => {
    fetched.push(request.headers.host + request.url);
    http.get(endpoint + request.url, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
  });
await new Promise((listening) => front.listen(0, "127.0.0.1", listening));
https.globalAgent = new https.Agent();
https.globalAgent.createConnection = (options, connected) =>
  tls.connect({ ...options, host: "127.0.0.1", port: front.address().port, servername: options.host }, connected);

const validator = new MessageValidator();
const validate = (message) =>
  new Promise((done) => validator.validate(message, (problem) => done(problem ? problem.message : "valid")));

const verdicts = [];
for (const message of messages) {
  verdicts.push([message.Type, message.SignatureVersion, await validate(message),
    await validate({ ...message, Message: message.Message + "!" })]);
}
console.log(JSON.stringify({ verdicts, fetched: [...new Set(fetched)] }));
front.close();
https.globalAgent.destroy();
