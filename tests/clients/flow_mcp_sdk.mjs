// The TypeScript SDK of the Model Context Protocol: `auth()`, from a challenge to an API call with a
// refreshed token.
//
//     node flow_mcp_sdk.mjs FLOW API_URL

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { auth, extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import { run } from "./expected.mjs";
import { kinds, noting, openBrowser, parametersOf } from "./flow.mjs";

/**
 * The SDK requests the scopes that the resource's metadata lists, which never include
 * `offline_access`. An application that needs a refresh token requests it itself.
 */
const SCOPE = "read:items offline_access";

/** An `OAuthClientProvider` that keeps everything in memory. */
class Provider {
  granted = [];
  invalidated = [];

  constructor({ metadata, redirectUri }) {
    this.clientMetadata = metadata;
    this.redirectUrl = redirectUri;
  }

  state() {
    this.expectedState = randomUUID();
    return this.expectedState;
  }

  clientInformation() {
    return this.client;
  }

  saveClientInformation(client) {
    this.client = client;
  }

  tokens() {
    return this.current;
  }

  saveTokens(tokens) {
    this.granted.push(tokens);
    this.current = tokens;
  }

  codeVerifier() {
    return this.verifier;
  }

  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }

  saveDiscoveryState(discovered) {
    this.discovered = discovered;
  }

  redirectToAuthorization(url) {
    this.authorizationUrl = url;
  }

  invalidateCredentials(scope) {
    this.invalidated.push(scope);
    this.current = undefined;
  }
}

/** An application: a provider, the API that it calls, and the results. */
class Application {
  requests = [];
  answers = [];

  constructor(api, kind) {
    this.api = api;
    this.provider = new Provider(kind);
  }

  async callApi() {
    const token = this.provider.current?.access_token;
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(this.api, { headers });
    this.answers.push(response.status);
    await response.body?.cancel();
    return response;
  }

  /** Lets the SDK continue. Returns `REDIRECT` or `AUTHORIZED`. */
  proceed(authorizationCode) {
    const { resourceMetadataUrl, scope, requests } = this;
    const fetchFn = noting(requests);
    const options = { serverUrl: this.api, resourceMetadataUrl, scope, authorizationCode, fetchFn };
    return auth(this.provider, options);
  }

  /** Goes from a refused call to the browser. Returns the server's response to the browser. */
  async authorize(scope) {
    const challenge = extractWWWAuthenticateParams(await this.callApi());
    this.resourceMetadataUrl = challenge.resourceMetadataUrl;
    this.scope = scope ?? challenge.scope;
    assert.equal(await this.proceed(), "REDIRECT");
    this.issuer = this.provider.discovered.authorizationServerUrl;
    this.authorizationUrl = this.provider.authorizationUrl;
    return openBrowser(this.authorizationUrl);
  }

  async exchange({ status, location }) {
    assert(location, `the browser was answered ${status}`);
    this.landed = location;
    const { code, state, iss } = parametersOf(location);
    assert.equal(state, this.provider.expectedState);
    assert.equal(iss, this.issuer);
    assert.equal(await this.proceed(code), "AUTHORIZED");
  }

  /** Continues with `tokens`: they are refused and discarded, and the user has to sign in again. */
  async assertRefreshIsRefused(tokens) {
    this.provider.current = tokens;
    this.provider.invalidated = [];
    assert.equal(await this.proceed(), "REDIRECT");
    assert.deepEqual(this.provider.invalidated, ["tokens"]);
  }

  seen() {
    return {
      issuer: this.issuer,
      client: this.provider.client,
      authorization: parametersOf(this.authorizationUrl),
      landed: this.landed,
      tokens: this.provider.granted,
      requests: this.requests,
      api: this.answers,
    };
  }
}

/** An application that has completed the whole flow, up to a call with a refreshed token. */
async function complete(api, kind) {
  const application = new Application(api, kind);
  await application.exchange(await application.authorize(SCOPE));
  await application.callApi();
  assert.equal(await application.proceed(), "AUTHORIZED");
  await application.callApi();
  return application;
}

async function publicClient(api) {
  const application = await complete(api, kinds.public);
  return application.seen();
}

/** A public client that tries a used refresh token, and then its successor. */
async function replay(api) {
  const application = await complete(api, kinds.public);
  const [used, successor] = application.provider.granted;
  await application.assertRefreshIsRefused(used);
  await application.assertRefreshIsRefused(successor);
  return application.seen();
}

async function confidential(api) {
  const application = await complete(api, kinds.confidential);
  assert.equal(await application.proceed(), "AUTHORIZED");
  return application.seen();
}

/** The application requests no further scope. */
async function leftAlone(api) {
  const application = new Application(api, kinds.public);
  await application.exchange(await application.authorize());
  await application.callApi();
  return application.seen();
}

/** Stops after the response to the browser. */
async function authorization(api) {
  const application = new Application(api, kinds.public);
  return { browser: await application.authorize(SCOPE) };
}

const flows = {
  authorization,
  confidential,
  "left-alone": leftAlone,
  public: publicClient,
  replay,
};

await run((flow, api) => flows[flow](api));
