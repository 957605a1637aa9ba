// The Node.js runtime: loads the handler, and asks the Lambda Runtime API for one invocation after another. Speaks HTTP
// by itself, on one connection.
import { existsSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { format } from 'node:util';
import { pathToFileURL } from 'node:url';

const env = process.env;
const root = env.LAMBDA_TASK_ROOT;
let currentId = '';

class Api {
  constructor(address) {
    this.host = address;
    const colon = address.lastIndexOf(':');
    this.socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true });
    this.bytes = Buffer.alloc(0);
    this.socket.on('data', (more) => {
      this.bytes = this.bytes.length ? Buffer.concat([this.bytes, more]) : more;
      this.take();
    });
    this.socket.on('error', () => process.exit(0)); // the server has gone
    this.socket.on('close', () => process.exit(0));
  }

  take() {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0 || !this.done) return;
    const headers = {};
    for (const line of this.bytes.toString('latin1', 0, end).split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    const whole = end + 4 + Number(headers['content-length'] ?? 0);
    if (this.bytes.length < whole) return;
    const body = this.bytes.subarray(end + 4, whole);
    this.bytes = this.bytes.subarray(whole);
    const done = this.done;
    this.done = undefined;
    done({ headers, body });
  }

  request(method, path, body = '', headers = '') {
    const bytes = Buffer.from(body);
    const head = `${method} /2018-06-01/runtime/${path} HTTP/1.1\r\nHost: ${this.host}\r\n` +
      `Content-Length: ${bytes.length}\r\n${headers}\r\n`;
    return new Promise((done) => {
      this.done = done;
      this.socket.write(Buffer.concat([Buffer.from(head), bytes]));
    });
  }
}

function write(level, values) {
  writeEvent(`${new Date().toISOString()}\t${currentId || 'undefined'}\t${level}\t${format(...values)}\n`);
}

/** One event of the log, whatever lines it has. As writing to a pipe that is full for the moment fails, tries again. */
function writeEvent(text) {
  const message = Buffer.from(text);
  const head = Buffer.from([0xa5, 0x5a, 0x00, 0x03, 0, 0, 0, 0]);
  head.writeUInt32BE(message.length, 4);
  let bytes = Buffer.concat([head, message]);
  while (bytes.length) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function takeOverConsole() {
  const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', trace: 'TRACE', warn: 'WARN', error: 'ERROR' };
  for (const [name, level] of Object.entries(levels)) console[name] = (...values) => write(level, values);
}

function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name ?? 'Error', errorMessage: error.message ?? '', trace: (error.stack ?? '').split('\n') };
}

function named(kind, message) {
  const error = new Error(message);
  error.name = kind;
  return error;
}

async function load(name) {
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', slash);
  if (dot < 0) throw named('Runtime.MalformedHandlerName', 'Bad handler');
  const base = `${root}/${name.slice(0, dot)}`;
  const path = [base, `${base}.js`, `${base}.mjs`, `${base}.cjs`].find((one, i) => i > 0 && existsSync(one));
  if (!path) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${name.slice(0, dot)}'`);
  let module;
  try {
    // A CommonJS module is loaded as one, so that it finds what is on NODE_PATH.
    module = path.endsWith('.mjs') ? await import(pathToFileURL(path)) : createRequire(path)(path);
  } catch (error) {
    if (error.code === 'ERR_REQUIRE_ESM' || (error instanceof SyntaxError && /import|export/.test(error.message))) {
      module = await import(pathToFileURL(path));
    } else if (error instanceof SyntaxError) {
      throw named('Runtime.UserCodeSyntaxError', error.toString());
    } else if (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND') {
      throw named('Runtime.ImportModuleError', `Error: ${error.message}`);
    } else {
      throw error;
    }
  }
  let found = module;
  for (const part of name.slice(dot + 1).split('.')) found = found?.[part] ?? found?.default?.[part];
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  return found;
}

function contextOf(headers, finish) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    clientContext: client ? JSON.parse(client) : undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: finish,
    succeed: (value) => finish(null, value),
    fail: (error) => finish(error ?? new Error('handler failed')),
  };
}

/** What the handler comes to, whether it is asynchronous or calls back. */
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const finish = (error, value) => (error === null || error === undefined ? resolve(value) : reject(error));
    const context = contextOf(headers, finish);
    const returned = handler(event, context, finish);
    if (returned && typeof returned.then === 'function') {
      returned.then(resolve, reject);
    } else if (handler.length < 3 && returned !== undefined) {
      resolve(returned);
    } else if (handler.length < 2) {
      resolve(null); // nothing by which it could call back
    }
  });
}

function fail(api, path, problem) {
  const error = described(problem);
  write('ERROR', ['Invoke Error', JSON.stringify({ ...error, stack: error.trace })]);
  const kind = error.errorType.replace(/[^\x20-\x7e]/g, '?');
  return api.request('POST', path, JSON.stringify(error), `Lambda-Runtime-Function-Error-Type: ${kind}\r\n`);
}

const api = new Api(env.AWS_LAMBDA_RUNTIME_API);
takeOverConsole();
let place = 'init/error';
async function end(problem) {
  await fail(new Api(env.AWS_LAMBDA_RUNTIME_API), place, problem);
  process.exit(129);
}
process.on('uncaughtException', end);
process.on('unhandledRejection', (reason) => end(named('Runtime.UnhandledPromiseRejection', String(reason))));
let handler;
try {
  handler = await load(env._HANDLER);
} catch (error) {
  await fail(api, 'init/error', error);
  process.exit(1);
}
for (;;) {
  const { headers, body } = await api.request('GET', 'invocation/next');
  currentId = headers['lambda-runtime-aws-request-id'];
  env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
  place = `invocation/${currentId}/error`;
  try {
    const result = await run(handler, body.length ? JSON.parse(body) : undefined, headers);
    await api.request('POST', `invocation/${currentId}/response`, JSON.stringify(result ?? null));
  } catch (error) {
    await fail(api, place, error);
  }
}
