// The two servers that a test talks to: the fake model server and Inglenook itself.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));
const binary = resolve(folder, process.env.INGLENOOK_BIN || "../target/release/inglenook");

export const API_KEY = "test-key-5f0c1e7a9b";

/** Ends a process and waits until it is gone. */
async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  await gone;
}

/** Waits for a line of the output. The error after 20 s holds the output so far. */
function line(child, pattern) {
  return new Promise((found, failed) => {
    let said = "";
    const late = setTimeout(() => failed(new Error(`no line ${pattern} after 20 s: ${said}`)), 20_000);
    const read = (part) => {
      said += part;
      const match = pattern.exec(said);
      if (match) (clearTimeout(late), found(match));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", failed);
    child.once("exit", (code) => (clearTimeout(late), failed(new Error(`it ended with ${code}: ${said}`))));
  });
}

export class Upstream {
  constructor(child, url) {
    Object.assign(this, { child, url });
  }

  static async start() {
    const script = join(folder, "upstream.mjs");
    const env = { ...process.env, UPSTREAM_FOLLOWS_STDIN: "1" };
    const child = spawn(process.execPath, [script, "0"], { stdio: ["pipe", "pipe", "inherit"], env });
    const [, url] = await line(child, /upstream (http:\S+)/);
    return new Upstream(child, url);
  }

  control() {
    return new URL("/control/log", this.url);
  }

  /** The requests for answers that came, see `upstream.mjs`. */
  async calls() {
    return (await fetch(this.control())).json();
  }

  /** The newest call that was not for a title. */
  async lastCall() {
    return (await this.calls()).findLast((call) => !call.title);
  }

  async forget() {
    await fetch(this.control(), { method: "DELETE" });
  }

  stop() {
    return end(this.child, "SIGKILL");
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export class Inglenook {
  /** What the server wrote, for a failed test. */
  log = "";

  constructor(url, data, env, program) {
    Object.assign(this, { url, data, env, program });
  }

  /** Starts a server. `more` is environment to add, `program` another binary than the one under test. */
  static async start(upstream, more = {}, program = binary) {
    if (!existsSync(program)) throw new Error(`there is no ${program}: run make build first`);
    const data = await mkdtemp(join(tmpdir(), "inglenook-e2e-"));
    const listen = `127.0.0.1:${await freePort()}`;
    // The server gets only the variables that it needs, so that no setting of the machine changes a test.
    const kept = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|LEPTOS_SITE_ROOT)$/.test(name));
    const server = new Inglenook(`http://${listen}`, data, {
      ...Object.fromEntries(kept),
      INGLENOOK_LISTEN: listen,
      INGLENOOK_DATA_DIR: data,
      OPENAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: API_KEY,
      // The limits are high because all users of the tests come from one address.
      INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR: "100000",
      INGLENOOK_LIMITS_LOGINS_PER_MINUTE: "1000",
      ...more,
    }, program);
    await server.up();
    return server;
  }

  /** Starts the server, or starts it again at the same address and with the same data. */
  async up() {
    // The server reads Leptos.toml in its working directory, so it runs in a directory without one.
    this.child = spawn(this.program, [], { stdio: ["ignore", "pipe", "pipe"], env: this.env, cwd: this.data });
    const keep = (part) => (this.log += part);
    this.child.stdout?.on("data", keep);
    this.child.stderr?.on("data", keep);
    await line(this.child, /is ready at/);
  }

  /** Ends the server at once, as a crash does. */
  async kill() {
    if (this.child) await end(this.child, "SIGKILL");
  }

  /** Ends the server as an operator does: running answers may finish. */
  stopGently() {
    return end(this.child, "SIGTERM");
  }

  /** Ends the server and deletes its data. */
  async stop() {
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }
}
