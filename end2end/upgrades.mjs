// Makes the fixtures of tests/fixtures/upgrades: what a version of Inglenook leaves behind when it is killed.
//
//   node upgrades.mjs NAME BINARY     writes tests/fixtures/upgrades/NAME/{sqlite,mongodb}
//
// The README there says how the binaries of earlier versions are built.
import { BSON, MongoClient } from "mongodb";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Mongod } from "./attack/mongod.mjs";
import { Inglenook, Upstream } from "./support/servers.mjs";

const [name, program] = process.argv.slice(2);
if (!name || !program) throw new Error("node upgrades.mjs NAME BINARY");
const fixtures = fileURLToPath(new URL(`../tests/fixtures/upgrades/${name}`, import.meta.url));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ACCOUNT = { email: "lin@example.org", name: "Lin", password: "correct horse" };

/** A person who uses a server; keeps all messages and conversations that the server showed. */
class Person {
  messages = {};
  conversations = {};

  constructor(server) {
    this.server = server;
  }

  async call(method, path, body, key) {
    const headers = { "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const answer = await fetch(`${this.server.url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${text}`), { status: answer.status });
    return text ? JSON.parse(text) : undefined;
  }

  async register() {
    this.token = (await this.call("POST", "/auth/register", ACCOUNT)).token;
  }

  async begin(title) {
    return (await this.call("POST", "/conversations", title ? { title } : {})).id;
  }

  /** Waits until no answer of the branch on screen is being written; gives and keeps its messages. */
  async settled(conversation) {
    for (;;) {
      const { items } = await this.call("GET", `/conversations/${conversation}/messages`);
      if (items.some((message) => message.status === "generating")) {
        await sleep(50);
        continue;
      }
      for (const message of items) this.messages[message.id] = message;
      return items;
    }
  }

  /** Asks, and waits for the answer. */
  async ask(conversation, content, model, key) {
    const question = { content, model: `openai/${model}` };
    await this.call("POST", `/conversations/${conversation}/messages`, question, key);
    return (await this.settled(conversation)).at(-1);
  }

  /**
   * Changes a conversation by one of its messages. Versions that cannot do so yet refuse with 404 or 405, and nothing
   * happens.
   */
  async steer(message, act, body, key) {
    const done = await this.call("POST", `/messages/${message.id}/${act}`, body, key).catch((error) => {
      if (error.status !== 404 && error.status !== 405) throw error;
    });
    if (done) await this.settled(message.conversation_id);
  }

  /** Hands on the text of an answer as it arrives, until the connection ends. */
  async listen(conversation, after, told) {
    const headers = { authorization: `Bearer ${this.token}`, "last-event-id": String(after) };
    const answer = await fetch(`${this.server.url}/api/v1/conversations/${conversation}/events?format=text`, { headers });
    let rest = "";
    try {
      for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
        const events = (rest + part).split("\n\n");
        rest = events.pop();
        for (const event of events) {
          const data = /^data: ?(.*)$/m.exec(event)?.[1];
          if (/^event: ?delta$/m.test(event)) told(JSON.parse(data).text ?? "");
        }
      }
    } catch {
      // The connection broke because the server was killed.
    }
  }

  async list() {
    for (const archived of [false, true]) {
      const { items } = await this.call("GET", `/conversations?archived=${archived}`);
      for (const { id, title, archived, pinned } of items) {
        const branch = (await this.settled(id)).map((message) => message.id);
        this.conversations[id] = { title, archived, pinned, branch };
      }
    }
  }
}

/** Does with a server what people do: makes conversations with branches, failures and titles. */
async function live(person) {
  await person.register();
  const talk = await person.begin("Several questions");
  await person.ask(talk, "What is a quine?", "story", "key-of-the-first-question");
  await person.ask(talk, "Grüße, 日本語 and 😀\n\n> \"quoted\" \\ <b>& more</b>", "echo");
  await person.ask(talk, "Think about it.", "think");
  await person.call("PATCH", `/conversations/${talk}`, { pinned: true });

  const tree = await person.begin("A branch");
  await person.ask(tree, "Tell me a story.", "story");
  const [question, first] = await person.settled(tree);
  await person.call("POST", `/messages/${first.id}/regenerate`, undefined, "key-of-another-answer");
  await person.settled(tree);
  await person.ask(tree, "And now?", "echo");
  await person.steer(question, "edit", { content: "Tell me another story.", model: "openai/echo" });

  const failures = await person.begin("What failed");
  await person.ask(failures, "Does it work?", "500");
  await person.ask(failures, "Does it end?", "cut");
  await person.steer(await person.ask(failures, "How long may it be?", "length"), "continue", undefined, "key-of-a-continuation");

  const untitled = await person.begin();
  await person.ask(untitled, "What is this about?", "story");
  while (!(await person.call("GET", `/conversations/${untitled}`)).title) await sleep(50);
  await person.call("PATCH", `/conversations/${untitled}`, { archived: true });
  await person.list();
}

/** Kills the server in the middle of an answer; gives what the person had seen of the answer. */
async function die(person, server) {
  const conversation = await person.begin("Running");
  await person.ask(conversation, "Before?", "tokens-3-0");
  const question = { content: "And while the server ends?", model: "openai/tokens-200-20" };
  const begun = await person.call("POST", `/conversations/${conversation}/messages`, question);
  let seen = "";
  const listening = person.listen(conversation, begun.after, (text) => (seen += text));
  await sleep(1500);
  // Every version stores within the second that follows what it has shown.
  const stored = seen;
  await sleep(1000);
  await server.kill();
  await listening;
  if (!stored || stored === seen) throw new Error("nothing was being written");
  const branch = [...Object.values(person.messages).filter((message) => message.conversation_id === conversation), begun.user_message, begun.assistant_message];
  for (const message of branch) person.messages[message.id] = message;
  person.conversations[conversation] = { title: "Running", archived: false, pinned: false, branch: branch.map((message) => message.id) };
  return { answer: begun.assistant_message.id, stored, seen };
}

/** All collections with their indexes, as MongoDB's extended JSON. */
async function dump(url) {
  // Numbers keep their BSON types.
  const client = await MongoClient.connect(url, { promoteValues: false });
  const found = {};
  for (const name of (await client.db().listCollections().toArray()).map((it) => it.name).sort()) {
    const collection = client.db().collection(name);
    const indexes = (await collection.indexes()).filter((index) => index.name !== "_id_");
    found[name] = { indexes, documents: await collection.find().sort({ _id: 1 }).toArray() };
  }
  await client.close();
  return BSON.EJSON.stringify(found, undefined, 1, { relaxed: false });
}

async function make(upstream, store, mongodb) {
  // Sessions last as long as they may, so that the tests can use their tokens.
  const settings = { INGLENOOK_AUTH_SESSION_DAYS: "3650", ...(mongodb ? { INGLENOOK_STORE: mongodb } : {}) };
  const server = await Inglenook.start(upstream, settings, resolve(program));
  try {
    const person = new Person(server);
    await live(person);
    // An orderly end empties the write-ahead log, so that the fixture is small.
    await server.stopGently();
    await server.up();
    const running = await die(person, server);
    await keep(server.data, join(fixtures, store), person, running, mongodb);
  } finally {
    await server.stop();
  }
}

/** Writes what the killed server left in its data directory or in MongoDB, and what the person had seen. */
async function keep(data, folder, { token, conversations, messages }, running, mongodb) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Locks and the index of the write-ahead log are worthless without their process.
  const filter = (path) => !/lock$|-shm$/.test(path);
  for (const entry of (await readdir(data)).filter(filter)) await cp(join(data, entry), join(folder, entry), { recursive: true, filter });
  if (mongodb) await writeFile(join(folder, "database.json"), `${await dump(mongodb)}\n`);
  const seen = { ...ACCOUNT, token, conversations, messages, running };
  await writeFile(join(folder, "seen.json"), `${JSON.stringify(seen, undefined, 1)}\n`);
}

const upstream = await Upstream.start();
const mongod = await Mongod.start();
try {
  await make(upstream, "sqlite");
  await make(upstream, "mongodb", mongod.url());
} finally {
  await mongod.stop();
  await upstream.stop();
}
