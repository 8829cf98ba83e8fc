// The attacks, each bounded in count and time, and against a server of its own. A scenario gives rows of
// [what was measured, value, unit, the aim as a predicate, the aim in words].
import { spawn } from "node:child_process";
import { once } from "node:events";

import { PASSWORD, sleep } from "./site.mjs";

const atMost = (limit) => [(value) => value <= limit, `at most ${limit}`];
const exactly = (wanted) => [(value) => value === wanted, `${wanted}`];
const count = (answers, ...statuses) => answers.filter((answer) => statuses.includes(answer.status)).length;
const signIn = (site, email, password, from) => site.ask("POST", "/api/v1/auth/login", { body: { email, password }, from });
/** An address of the loopback network, another one for each number. */
const elsewhere = (number) => `127.1.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;

export const SCENARIOS = {
  /** Sign-ins of a stranger with an e-mail address of a megabyte. */
  async "sign-in memory"(start) {
    const site = await start();
    await site.register();
    await signIn(site, "nobody@example.org", PASSWORD);
    const huge = "x".repeat(1_000_000);
    const { stayed } = await site.grown(async () => {
      for (let tried = 0; tried < 150; tried += 1) await signIn(site, `${tried}${huge}@x.org`, "y".repeat(2000), elsewhere(tried));
    });
    return [["memory after 150 refused sign-ins of 1 MB", stayed, "MB", ...atMost(5)]];
  },

  /** A hundred wrong passwords for one account at once. */
  async "wrong passwords"(start) {
    const site = await start();
    const { email } = await site.register();
    const tries = await Promise.all(Array.from({ length: 100 }, (_, n) => signIn(site, email, `wrong password ${n}`)));
    return [["wrong passwords tried of 100 at once", count(tries, 401), "", ...exactly(10)]];
  },

  /** A sign-in with the right password, while five hundred wrong ones come from other addresses. */
  async "sign-in flood"(start) {
    const site = await start();
    const { email } = await site.register();
    const flood = Array.from({ length: 500 }, (_, n) => signIn(site, `flood${n}@example.org`, "wrong password", elsewhere(n)));
    await sleep(200);
    const right = await signIn(site, email, PASSWORD);
    await Promise.all(flood);
    return [
      ["status of a right sign-in beside 500 wrong ones", right.status, "", ...exactly(200)],
      ["… how long it took", right.ms, "ms", ...atMost(1000)],
    ];
  },

  /** Requests whose head or body never ends, and connections without a request. */
  async "slow connections"(start) {
    const site = await start();
    const head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
    const held = [];
    for (let n = 0; n < 170; n += 1) held.push(site.hold(head), site.hold(`${head}content-length: 1000\r\n\r\n{"email": `), site.hold(""));
    const until = Date.now() + 75_000;
    const closed = () => held.filter((one) => one.closed).length;
    while (closed() < held.length && Date.now() < until) await sleep(250);
    const rows = [["slow connections closed within 75 s, of 510", closed(), "", ...exactly(510)]];
    for (const one of held) one.end();
    return rows;
  },

  /** Pages of sixty questions of 260 kB, twenty-four at once. */
  async "big pages"(start) {
    const site = await start();
    const { token } = await site.register();
    const id = await site.conversation(token);
    for (let n = 0; n < 60; n += 1) {
      await site.question(token, id, `${n} ${"word ".repeat(52_000)}`, "tokens-3-0");
      await site.settled(token, id);
    }
    const paths = [`/c/${id}`, `/api/v1/conversations/${id}/messages`];
    const { most, stayed } = await site.grown(() =>
      Promise.all(Array.from({ length: 24 }, (_, n) => site.ask("GET", paths[n % 2], { token, read: false, headers: { accept: n % 2 ? "*/*" : "text/html" } }))),
    );
    return [
      ["memory for 24 pages of 60 long questions", most, "MB", ...atMost(100)],
      ["… what of it stayed", stayed, "MB", ...atMost(100)],
    ];
  },

  /** Four answers with code that is slow to colour, while another person opens a page. */
  async "costly blocks"(start) {
    const site = await start();
    const [ada, bea] = [await site.register(), await site.register()];
    // Nested and repeated code, which the grammars of these languages are slowest at.
    const costly = { sv: "a(", less: "a-", typst: "`", vim: "a " };
    const ids = [];
    for (const [language, piece] of Object.entries(costly)) {
      const id = await site.conversation(ada.token);
      const line = `${piece.repeat(4000 / piece.length)}\n`;
      await site.question(ada.token, id, `\`\`\`${language}\n${line.repeat(12)}\`\`\`\n`, "echo");
      ids.push(id);
    }
    const other = await site.conversation(bea.token);
    await site.question(bea.token, other, "**Hello** there", "echo");
    // The scenario waits by time, because asking for the answers would render them: 48 kB come with 12 kB a second.
    await sleep(9000);
    const page = (token, id) => site.ask("GET", `/c/${id}`, { token, headers: { accept: "text/html" } });
    const dear = ids.map((id) => page(ada.token, id));
    await sleep(50);
    const cheap = await page(bea.token, other);
    await Promise.all(dear);
    return [["another person's page beside four costly answers", cheap.ms, "ms", ...atMost(100)]];
  },

  /** How many answers one person can have written at the same time. */
  async "many answers"(start) {
    const site = await start();
    const { token } = await site.register();
    const ids = [];
    for (let n = 0; n < 300; n += 1) ids.push(await site.conversation(token));
    const asked = await Promise.all(ids.map((id) => site.question(token, id, "Count", "slow")));
    return [
      ["answers of one person at once, of 300 asked", count(asked, 202), "", ...atMost(8)],
      ["… refused with 429", count(asked, 429), "", (value) => value >= 292, "the others"],
    ];
  },

  /** A full disk, which a file size limit stands for, and which gets room again. */
  async "full disk"(start) {
    const site = await start({ survivesFileLimit: true, needsSqlite: true });
    const { token } = await site.register();
    const ids = [];
    for (let n = 0; n < 40; n += 1) ids.push(await site.conversation(token));
    const limit = async (bytes) => once(spawn("prlimit", ["--pid", String(site.server.child.pid), `--fsize=${bytes}`]), "exit");
    // SQLite can write no further, because its files are larger than the soft limit already. The hard limit stays open, so
    // that the soft one can be lifted again.
    await limit("65536:unlimited");
    const full = [];
    for (const id of ids.slice(0, 30)) full.push(await site.question(token, id, "x".repeat(100_000), "tokens-3-0"));
    const ready = await site.ask("GET", "/readyz");
    await limit("unlimited:unlimited");
    await sleep(3000);
    const after = [];
    for (const id of ids.slice(30)) after.push(await site.question(token, id, "Hello", "tokens-3-0"));
    return [
      ["questions taken while the disk is full, of 30", count(full, 202), "", (value) => value < 30, "some are refused"],
      ["… refused as our own fault (500)", count(full, 500), "", ...exactly(0)],
      ["… /readyz meanwhile", ready.status, "", ...exactly(503)],
      ["questions failing after the disk has room again, of 10", 10 - count(after, 202), "", ...exactly(0)],
    ];
  },

  /** The greatest possible id as the parent of a question. */
  async "poisoned id"(start) {
    const site = await start();
    const { email, token } = await site.register();
    const id = await site.conversation(token);
    const parents = ["7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "7YZZZZZZZZZZZZZZZZZZZZZZZZ"];
    for (const parent_id of parents) await site.question(token, id, "Hello", "tokens-3-0", { parent_id });
    const after = [
      await site.question(token, id, "Hello", "tokens-3-0"),
      await site.question(token, await site.conversation(token), "Hello", "tokens-3-0"),
      await signIn(site, email, PASSWORD),
    ];
    return [["requests failing after a poisoned id, of 3", after.filter((answer) => answer.status >= 300).length, "", ...exactly(0)]];
  },

  /** A second server on the same data directory. */
  async "second process"(start) {
    const site = await start();
    const { token } = await site.register();
    const id = await site.conversation(token);
    await site.question(token, id, "Count", "tokens-200-20");
    const environment = { ...site.server.env, INGLENOOK_LISTEN: "127.0.0.1:0" };
    const second = spawn(site.server.program, [], { env: environment, cwd: site.server.data, stdio: "ignore" });
    const refused = await Promise.race([once(second, "exit").then(([code]) => code !== 0), sleep(5000).then(() => false)]);
    second.kill("SIGKILL");
    await sleep(500);
    const page = await site.ask("GET", `/api/v1/conversations/${id}/messages`, { token });
    const status = page.value.items?.at(-1)?.status;
    return [
      ["a second process on the folder is refused", refused ? 1 : 0, "", ...exactly(1)],
      ["… and the running answer goes on", status === "generating" || status === "complete" ? 1 : 0, "", ...exactly(1)],
    ];
  },
};
