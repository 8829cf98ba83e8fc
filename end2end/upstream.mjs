// A fake model server: speaks the OpenAI protocol over a socket and misbehaves by model name.
//
//   node end2end/upstream.mjs [port]     prints "upstream http://127.0.0.1:PORT/v1" when ready
//
// GET /v1/models lists the models; POST /v1/chat/completions behaves by the name of the model.
// GET /control/log gives the requests for answers that came; DELETE /control/log removes them.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const port = Number(process.argv[2] ?? 0);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** What `story` answers after the words of the question, in pieces. */
const STORY = [
  "\n\n# A small", " report\n\n", "Here is what", " I found, with", " **bold** and", " `code`.\n\n",
  "- one", "\n- two", "\n- three\n\n",
  "| Name | Size |\n", "|---|---:|\n", "| small | 1 |\n", "| large | 100 |\n\n",
  "```rust\nfn main", "() {\n    println!", '("hello");\n', "}\n```\n\n",
  "and the same\n\n", "```python\ndef main", "():\n    print", '("hello")\n', "```\n\n",
  "Grüße, 日本語", " and 😀", ". That is all.",
];

let log = [];
const calls = new Map();

/** The text of a message's content, which may be a string or a list of parts. */
const textOf = (content) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

const question = (body) => textOf(body.messages?.findLast((m) => m.role === "user")?.content);

/** An answer as server-sent events. */
class Answer {
  constructor(response, body, { eol = "\n", bytewise = false } = {}) {
    Object.assign(this, { response, body, eol, bytewise, open: true });
    response.on("close", () => (this.open = false));
  }

  begin(headers = {}) {
    this.response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...headers });
    this.response.flushHeaders();
  }

  async write(text) {
    if (!this.open) return;
    if (!this.bytewise) return this.drained(this.response.write(text));
    for (const byte of Buffer.from(text)) {
      await this.drained(this.response.write(Buffer.of(byte)));
      await new Promise(setImmediate);
    }
  }

  drained(room) {
    if (room || !this.open) return;
    return new Promise((done) => {
      const go = () => {
        this.response.off("drain", go).off("close", go);
        done();
      };
      this.response.on("drain", go).on("close", go);
    });
  }

  chunk(delta, finish_reason = null, more = {}) {
    return JSON.stringify({
      id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000, model: this.body.model,
      choices: [{ index: 0, delta, finish_reason, logprobs: null }], obfuscation: "xyz", ...more,
    });
  }

  data(json) {
    return this.write(`data: ${json}${this.eol}${this.eol}`);
  }

  async tokens(tokens, delay) {
    let written = 0;
    for (const content of tokens) {
      if (!this.open) return;
      if (delay) await sleep(delay);
      // Without a delay, a pause now and then lets other requests run, and the close of the socket be seen.
      else if (++written % 100 === 0) await new Promise(setImmediate);
      await this.data(this.chunk({ content }));
    }
  }

  async end(completion = 1, finish_reason = "stop") {
    await this.data(this.chunk({}, finish_reason));
    if (this.body.stream_options?.include_usage) {
      const usage = { prompt_tokens: 10, completion_tokens: completion, total_tokens: 10 + completion };
      await this.data(JSON.stringify({ id: "chatcmpl-1", choices: [], usage }));
    }
    await this.data("[DONE]");
    this.response.end();
  }

  async whole(tokens, delay) {
    this.begin();
    await this.data(this.chunk({ role: "assistant", content: "" }));
    await this.tokens(tokens, delay);
    if (this.open) await this.end(tokens.length);
  }
}

const fail = (response, status, error, headers = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error }));
};

const numbered = (count) => Array.from({ length: count }, (_, i) => `w${i} `);
const story = (body) => [question(body).slice(0, 60), ...STORY];
const completion = (body, content) => ({
  id: "chatcmpl-1", object: "chat.completion", model: body.model,
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
});
const json = (response, value, headers = {}) => {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
};

/** What each model does. `answer` streams events, `response` is the raw response of Node. */
const MODELS = {
  story: (answer, { body }) => answer.whole(story(body), 10),
  long: (answer, { body }) => answer.whole(numbered(body.n ?? 800), 5),
  slow: (answer, { body }) => answer.whole(numbered(body.n ?? 60), 300),
  fast: (answer, { body }) => answer.whole(numbered(body.n ?? 5000), 0),
  think: async (answer, { body }) => {
    answer.begin();
    for (const part of ["Let me ", "think ", "about it."]) {
      await answer.data(answer.chunk({ reasoning_content: part, content: null }));
      await sleep(5);
    }
    await answer.tokens(story(body), 5);
    await answer.end(STORY.length);
  },
  /** Thinking inside the text, as servers send it that do not know how the model marks it. */
  "think-tags": (answer) => answer.whole(["<thi", "nk>\nSECRET", "\n</th", "ink>\n\nHello", " there."], 20),
  /** The same without the opening tag, which some models have in their prompt. */
  "think-closed": (answer) => answer.whole(["SECRET", " thoughts\n</th", "ink>\n\nHello", " there."], 20),
  "think-only": async (answer) => {
    answer.begin();
    await answer.data(answer.chunk({ reasoning_content: "Let me think about it." }));
    await answer.end();
  },
  "nothing-said": (answer) => answer.whole(["\n", " "], 0),
  /** Sends signs of life, and no text, for longer than the time limit of the test. */
  comments: async (answer) => {
    answer.begin();
    for (let i = 0; i < 8; i++) {
      await answer.write(": PROCESSING\n\n");
      await sleep(500);
    }
    await answer.tokens(["Here it is."], 0);
    await answer.end();
  },
  /** An answer that is cut at its length, in the words of Gemini. */
  "max-tokens": async (answer) => {
    answer.begin();
    await answer.tokens(numbered(20), 2);
    await answer.end(20, "MAX_TOKENS");
  },
  filtered: async (answer) => {
    answer.begin();
    await answer.tokens(numbered(3), 2);
    await answer.end(3, "content_filter");
  },
  /** Answers with the text of the question, so that a test can have any answer. */
  echo: (answer, { body }) => answer.whole(question(body).match(/[^]{1,24}/gu) ?? [], 2),
  /** `echo`, of whose context the list of models tells. */
  "small-context": (answer, asked) => MODELS.echo(answer, asked),
  length: async (answer) => {
    answer.begin();
    await answer.tokens(numbered(20), 2);
    await answer.end(20, "length");
  },
  json: (_, { body, response }) => json(response, completion(body, "The whole answer at once.")),
  gzip: (_, { body, response }) => {
    const sse = [`data: ${JSON.stringify({ choices: [{ delta: { content: "Zipped." }, finish_reason: "stop" }] })}`];
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    response.end(gzipSync(`${sse}\n\ndata: [DONE]\n\n`));
  },
  "nul-crlf": async (_, { body, response }) => {
    const answer = new Answer(response, body, { eol: "\r\n", bytewise: true });
    answer.begin();
    await answer.write("\ufeff: hello\r\nid: a\0b\r\nretry: 10\r\n");
    await answer.data(JSON.stringify({ choices: [], id: "", model: "", object: "" }));
    await answer.write(": keep-alive\r\n\r\n");
    await answer.tokens(["Grüße, ", "日本語 ", "\0", "😀"], 0);
    await answer.end(4);
  },
  strange: async (answer) => {
    answer.begin();
    const odd = [
      { role: "assistant", content: null }, { content: [{ type: "text", text: "parts " }] },
      { tool_calls: [{ index: 0, function: { name: "x", arguments: "{}" } }] }, { role: "system", content: "role " },
    ];
    for (const delta of odd) await answer.data(answer.chunk(delta));
    await answer.data(JSON.stringify({ choices: [{ index: 1, delta: { content: "second choice" } }] }));
    await answer.data(answer.chunk({ content: "end" }, "stop", { usage: null, error: null, x_new: [[{}]] }));
    answer.response.end();
  },
  "done-only": async (answer) => {
    answer.begin();
    await answer.tokens(["no reason given"], 0);
    await answer.data("[DONE]");
    answer.response.end();
  },
  "no-options": (answer, { body, response }) =>
    body.stream_options
      ? fail(response, 400, { message: "Unrecognized request argument supplied: stream_options" })
      : answer.whole(story(body), 1),
  401: (_, { response }) => fail(response, 401, { message: "Incorrect API key provided", code: "invalid_api_key" }),
  "echo-key": (_, { request, response }) =>
    fail(response, 401, { message: `Incorrect API key: ${request.headers.authorization}` }),
  404: (_, { response }) => fail(response, 404, { message: "no such model", code: "model_not_found" }),
  context: (_, { response }) =>
    fail(response, 400, { message: "This model's maximum context length is 10", code: "context_length_exceeded" }),
  429: (_, { response }) => fail(response, 429, { message: "slow down" }, { "retry-after": "86400" }),
  "429-once": (answer, { body, response, call }) =>
    call === 1
      ? fail(response, 429, { message: "slow down" }, { "retry-after": "0" })
      : answer.whole(story(body), 10),
  500: (_, { response }) => fail(response, 500, { message: "it broke" }),
  redirect: (_, { response }) => {
    response.writeHead(302, { location: "http://127.0.0.1:1/v1/chat/completions" });
    response.end();
  },
  html: (_, { response }) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<!doctype html><title>Welcome to nginx</title><script>alert(1)</script>");
  },
  garbage: async (answer) => {
    answer.begin();
    await answer.tokens(["Some "], 0);
    await answer.write("data: \xff\xfe{not json\n\n");
    answer.response.end();
  },
  deep: async (answer) => {
    answer.begin();
    await answer.data(`{"choices":[{"delta":{"content":${"[".repeat(10000)}${"]".repeat(10000)}}}]}`);
    answer.response.end();
  },
  huge: async (answer) => {
    answer.begin();
    const part = "x".repeat(1 << 20);
    await answer.write('data: {"choices":[{"delta":{"content":"');
    for (let i = 0; i < 50 && answer.open; i++) await answer.write(part);
    answer.response.end();
  },
  endless: async (answer) => {
    answer.begin();
    while (answer.open) await answer.tokens([" x".repeat(50_000)], 0);
  },
  empty: async (answer) => {
    answer.begin();
    while (answer.open) {
      await answer.data(answer.chunk({ content: "" }));
      await answer.write(": still here\n\n");
      await sleep(5);
    }
  },
  "cut-once": (answer, asked) => (asked.call === 1 ? MODELS.cut(answer, asked) : answer.whole(story(asked.body), 10)),
  cut: async (answer, { body, response }) => {
    answer.begin();
    await answer.tokens(story(body).slice(0, 13), 5);
    await sleep(20);
    response.destroy();
  },
  "cut-rst": async (answer, { response }) => {
    answer.begin();
    await answer.tokens(numbered(3), 5);
    await sleep(20);
    response.destroyedByUs = true;
    response.socket.resetAndDestroy();
  },
  "cut-mid-json": async (answer, { response }) => {
    answer.begin();
    await answer.tokens(numbered(3), 5);
    const data = Buffer.from(`data: ${answer.chunk({ content: "日本" })}`);
    answer.response.write(data.subarray(0, data.indexOf("日") + 1));
    await sleep(20);
    response.destroy();
  },
  "cut-at-once": (_, { response }) => response.destroy(),
  "no-done": async (answer) => {
    answer.begin();
    await answer.tokens(["complete"], 0);
    await answer.data(answer.chunk({}, "stop"));
    answer.response.end();
  },
  header: (_, { response }) => {
    response.writeHead(200, { "content-type": "text/event-stream", "x-long": "x".repeat(64 << 10) });
    response.end('data: {"choices":[{"delta":{"content":"Fine."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
  },
  hang: async (answer) => {
    answer.begin();
    await answer.tokens(numbered(3), 0);
  },
  "hang-first": () => {},
  "error-in-stream": async (answer) => {
    answer.begin();
    await answer.tokens(numbered(3), 5);
    await answer.data(JSON.stringify({ error: { message: "The server had an error", type: "server_error" } }));
    answer.response.end();
  },
};

/** The models that answer in one piece when they are asked without `stream`. */
const NORMAL = ["story", "long", "slow", "fast", "think"];

/** `tokens-200-20` answers with 200 tokens, 20 ms apart. Any numbers work; COUNTED are those that the list names. */
const counted = /^tokens-(\d+)-(\d+)$/;
/** `answer-5000-5` answers with code, a table and lists of 5,000 tokens, 5 ms apart. */
const written = /^answer-(\d+)-(\d+)$/;
const ANSWER = readFileSync(new URL("../src/server/markdown/tests/answer.md", import.meta.url), "utf8");
const tokens = (count) => ANSWER.repeat(Math.ceil((count * 3) / ANSWER.length)).match(/[^]{1,3}/gu).slice(0, count);
const COUNTED = ["tokens-3-0", "tokens-200-20", "tokens-400-10", "tokens-450-20", "tokens-2000-20", "answer-5000-5", "answer-800-0"];

const isTitle = (body) =>
  (body.max_tokens ?? body.max_completion_tokens ?? 1e9) <= 32 ||
  (body.messages ?? []).some((m) => m.role === "system" && /\btitle\b/i.test(textOf(m.content)));

async function complete(request, response, url, entry) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  const body = JSON.parse(text);
  const name = String(body.model);
  Object.assign(entry, { model: name, stream: body.stream === true, messages: body.messages?.length ?? 0 });
  entry.prompt = (body.messages ?? []).map((message) => textOf(message.content).slice(0, 200));
  if (url.searchParams.has("n")) body.n = Number(url.searchParams.get("n"));
  const answer = new Answer(response, body);
  entry.title = isTitle(body);
  if (entry.title) {
    if (!body.stream) return json(response, completion(body, "A short title"));
    return answer.whole(["A short", " title"], 0);
  }
  if (!body.stream && NORMAL.includes(name)) return json(response, completion(body, story(body).join("")));
  const [, count, delay] = counted.exec(name) ?? [];
  if (count) return answer.whole(numbered(Number(count)), Number(delay));
  const [, size, pause] = written.exec(name) ?? [];
  if (size) return answer.whole(tokens(Number(size)), Number(pause));
  if (!Object.hasOwn(MODELS, name)) return fail(response, 404, { message: "unknown", code: "model_not_found" });
  const call = (calls.get(name) ?? 0) + 1;
  calls.set(name, call);
  await MODELS[name](answer, { body, request, response, call });
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://upstream");
  const route = `${request.method} ${url.pathname}`;
  if (route === "GET /control/log") return json(response, log);
  if (route === "DELETE /control/log") {
    log = [];
    calls.clear();
    response.writeHead(204);
    return response.end();
  }
  if (route === "GET /v1/models") {
    const data = [...Object.keys(MODELS), ...COUNTED].map((id) => ({
      id,
      object: "model",
      created: 0,
      owned_by: "fake",
      ...(id === "small-context" && { context_length: 4096 }),
    }));
    // `story` comes first, because the first model is the default. JavaScript puts names that are whole numbers first.
    data.sort((a, b) => (b.id === "story") - (a.id === "story"));
    return json(response, { object: "list", data });
  }
  if (route !== "POST /v1/chat/completions") return fail(response, 404, { message: "no such route" });
  const entry = {
    model: null, started: Date.now(), finished: false, closed_by_client: false,
    authorization: request.headers.authorization !== undefined,
  };
  log.push(entry);
  response.on("finish", () => (entry.finished = true));
  response.on("close", () => (entry.closed_by_client = !entry.finished && !response.destroyedByUs));
  const destroy = response.destroy.bind(response);
  response.destroy = () => ((response.destroyedByUs = true), destroy());
  complete(request, response, url, entry).catch((error) => {
    if (!response.headersSent) fail(response, 400, { message: String(error) });
    else response.destroy();
  });
});

// The benches open thousands of streams at once.
server.maxConnections = 0x7fffffff;
server.requestTimeout = 0;
server.listen({ port, host: "127.0.0.1", backlog: 4096 }, () =>
  console.log(`upstream http://127.0.0.1:${server.address().port}/v1`),
);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
// Ends with the test that started it, even when the test is killed.
if (process.env.UPSTREAM_FOLLOWS_STDIN) process.stdin.resume().on("end", () => process.exit(0));
