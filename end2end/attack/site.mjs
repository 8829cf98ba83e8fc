// One attacked server, with its own data directory, and the means to attack it.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";

import { Inglenook } from "../support/servers.mjs";

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
export const PASSWORD = "a good pass phrase";

export class Site {
  /**
   * Starts a server. With `survivesFileLimit` a write beyond a file size limit fails, as on a full disk, instead of ending
   * the process.
   */
  static async start(upstream, { program, environment = {}, survivesFileLimit = false }) {
    const site = new Site();
    // The attacked server has the default limits, not the high ones of the tests.
    const asIs = { INGLENOOK_LIMITS_LOGINS_PER_MINUTE: undefined, INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR: undefined };
    site.server = await Inglenook.start(upstream, { ...asIs, ...environment }, program);
    if (survivesFileLimit) {
      await site.server.kill();
      const wrapper = join(site.server.data, "start.sh");
      await writeFile(wrapper, `#!/bin/sh\ntrap '' XFSZ\nexec '${site.server.program}'\n`, { mode: 0o755 });
      site.server.program = wrapper;
      await site.server.up();
    }
    const { hostname, port } = new URL(site.server.url);
    Object.assign(site, { host: hostname, port: Number(port), people: 0 });
    return site;
  }

  stop() {
    return this.server.stop();
  }

  /**
   * One request on a connection of its own: its status, JSON or text, and how many milliseconds it took.
   * `from` is the address on the loopback network that it comes from. A broken connection is status 0.
   */
  ask(method, path, { body, token, from, headers = {}, read = true } = {}) {
    const began = performance.now();
    const payload = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    return new Promise((done) => {
      const end = (status, text, got = {}) => {
        let value = text;
        try {
          value = JSON.parse(text);
        } catch {
          // A body that is not JSON stays text.
        }
        done({ status, value, headers: got, ms: performance.now() - began });
      };
      const request = http.request(
        {
          host: this.host, port: this.port, method, path, localAddress: from, agent: false,
          headers: {
            ...(payload === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...headers,
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part) => read && (text += part));
          response.on("end", () => end(response.statusCode, text, response.headers));
          response.on("error", () => end(response.statusCode, text, response.headers));
        },
      );
      request.on("error", (error) => end(0, String(error.code)));
      request.end(payload);
    });
  }

  /** Opens a connection that sends `text` and then nothing. `closed` is true once the server has closed it. */
  hold(text) {
    const held = { closed: false };
    const socket = net.connect(this.port, this.host, () => text && socket.write(text));
    socket.on("error", () => {});
    socket.on("close", () => (held.closed = true));
    socket.resume();
    held.end = () => socket.destroy();
    return held;
  }

  /** Registers a new account; gives its e-mail address and token. */
  async register(from) {
    const email = `person${(this.people += 1)}@example.org`;
    const made = await this.ask("POST", "/api/v1/auth/register", { body: { email, name: "Some Person", password: PASSWORD }, from });
    if (made.status !== 201) throw new Error(`nobody can register: ${made.status} ${JSON.stringify(made.value)}`);
    return { email, token: made.value.token };
  }

  async conversation(token) {
    const made = await this.ask("POST", "/api/v1/conversations", { body: {}, token });
    if (made.status !== 201) throw new Error(`no conversation can be made: ${made.status} ${JSON.stringify(made.value)}`);
    return made.value.id;
  }

  /** Asks in a conversation; gives the server's reply. */
  question(token, conversation, content, model, more = {}) {
    return this.ask("POST", `/api/v1/conversations/${conversation}/messages`, { body: { content, model, ...more }, token });
  }

  /** Waits until nothing is being written in a conversation. */
  async settled(token, conversation, seconds = 60) {
    for (let tries = 0; tries < seconds * 5; tries += 1) {
      const page = await this.ask("GET", `/api/v1/conversations/${conversation}/messages?limit=1&format=markdown`, { token });
      const messages = page.value.items ?? [];
      if (messages.length > 0 && messages.every((message) => message.status !== "generating")) return;
      await sleep(200);
    }
    throw new Error("an answer does not end");
  }

  /** The resident memory of the server now, in MB (10^6 bytes). */
  memory() {
    const status = readFileSync(`/proc/${this.server.child.pid}/status`, "utf8");
    return (Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024) / 1e6;
  }

  /** Runs `work`; gives by how many MB the memory had grown at the most meanwhile, and by how many afterwards. */
  async grown(work) {
    const before = this.memory();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, this.memory())), 5);
    await work();
    await sleep(300);
    clearInterval(watch);
    return { most: Math.max(most, this.memory()) - before, stayed: this.memory() - before };
  }
}
