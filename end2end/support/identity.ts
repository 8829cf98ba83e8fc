// A real OpenID Connect provider, which lets anybody in under any name and says that their e-mail address is verified.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { Provider } from "oidc-provider";

export const CLIENT = { id: "inglenook", secret: "a secret between the two of them" };

export class IdentityProvider {
  readonly #server: Server;
  #answer: RequestListener = (_, response) => response.writeHead(503).end();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens, and answers 503 until it knows whom it serves. */
  static async start(): Promise<IdentityProvider> {
    const server = createServer((request, response) => provider.#answer(request, response));
    const provider = new IdentityProvider(server);
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Serves the site at this address. */
  serve(site: string) {
    const provider = new Provider(this.issuer, {
      clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [`${site}/login/with/acme/back`] }],
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
      cookies: { keys: ["any text is enough here"] },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: async () => ({ sub: id, name: id, email: `${id}@example.org`, email_verified: true }),
      }),
    });
    this.#answer = provider.callback();
  }

  /** Lets people in, and answers a code with an error. */
  breakTokens() {
    const whole = this.#answer;
    this.#answer = (request, response) =>
      request.url?.startsWith("/token") ? response.writeHead(500).end("<h1>no</h1>") : whole(request, response);
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
