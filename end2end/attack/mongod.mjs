// A MongoDB for the attacked servers: a replica set of one, in a folder that is deleted with it.
import { MongoClient } from "mongodb";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { freePort } from "../support/servers.mjs";

/** Finds mongod as the store tests do: by the variable, on PATH, or where scripts/setup.sh puts it. */
function program() {
  const cache = process.env.INGLENOOK_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "inglenook");
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "mongod"));
  const found = [process.env.INGLENOOK_TEST_MONGODB, ...onPath, join(cache, "mongodb/mongod")].find((path) => path && existsSync(path));
  if (!found) throw new Error("There is no mongod: scripts/setup.sh test installs one, INGLENOOK_TEST_MONGODB names another.");
  return found;
}

export class Mongod {
  databases = 0;

  static async start() {
    const mongod = new Mongod();
    mongod.folder = await mkdtemp(join(tmpdir(), "inglenook-attack-mongod-"));
    mongod.port = await freePort();
    const places = ["--dbpath", mongod.folder, "--port", String(mongod.port), "--bind_ip", "127.0.0.1"];
    mongod.child = spawn(program(), [...places, "--replSet", "rs0", "--quiet"], { stdio: "ignore" });
    const client = new MongoClient(`mongodb://127.0.0.1:${mongod.port}/?directConnection=true`);
    await client.connect();
    const host = `127.0.0.1:${mongod.port}`;
    await client.db("admin").command({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host }] } });
    await client.close();
    return mongod;
  }

  /** The URL of an empty database. */
  url() {
    return `mongodb://127.0.0.1:${this.port}/attacked${(this.databases += 1)}?replicaSet=rs0`;
  }

  async stop() {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGKILL");
    await gone;
    await rm(this.folder, { recursive: true, force: true });
  }
}
