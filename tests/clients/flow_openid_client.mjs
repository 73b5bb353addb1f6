// openid-client: from discovery and registration to an API call with a refreshed token.
//
//     node flow_openid_client.mjs FLOW API_URL

import assert from "node:assert/strict";
import * as client from "openid-client";
import { run } from "./expected.mjs";
import { kinds, noting, openBrowser, parametersOf } from "./flow.mjs";

const SCOPE = "read:items offline_access";

/** An application: a client that registers itself, and its record. */
class Application {
  requests = [];
  tokens = [];
  answers = [];

  constructor(api, kind) {
    this.api = new URL(api);
    this.kind = kind;
  }

  /** Discovers by `algorithm`, and registers. */
  async register(algorithm) {
    const options = {
      algorithm,
      execute: [client.allowInsecureRequests],
      [client.customFetch]: noting(this.requests),
    };
    const { metadata } = this.kind;
    const issuer = new URL(this.issuer);
    this.config = await client.dynamicClientRegistration(issuer, metadata, undefined, options);
  }

  /**
   * Calls the API without a token. The challenge leads to the resource for which a token must be
   * issued, and to the server that issues it (RFC 9728 section 5.1).
   */
  async meetChallenge() {
    const response = await fetch(this.api);
    this.answers.push(response.status);
    const challenge = response.headers.get("www-authenticate");
    const [, location] = /resource_metadata="([^"]+)"/.exec(challenge);
    const metadata = await (await fetch(location)).json();
    this.resource = metadata.resource;
    [this.issuer] = metadata.authorization_servers;
  }

  /** Opens the browser. Returns the server's response to it. */
  async authorize(scope) {
    this.checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
    };
    this.authorizationUrl = client.buildAuthorizationUrl(this.config, {
      redirect_uri: this.kind.redirectUri,
      code_challenge: await client.calculatePKCECodeChallenge(this.checks.pkceCodeVerifier),
      code_challenge_method: "S256",
      state: this.checks.expectedState,
      resource: this.resource,
      ...(scope && { scope }),
    });
    return openBrowser(this.authorizationUrl);
  }

  async exchange({ status, location }) {
    assert(location, `the browser was answered ${status}`);
    this.landed = location;
    const parameters = { resource: this.resource };
    const callback = new URL(location);
    const tokens = await client.authorizationCodeGrant(this.config, callback, this.checks, parameters);
    this.tokens.push({ ...tokens });
  }

  async refresh(refreshToken) {
    const parameters = { resource: this.resource };
    const tokens = await client.refreshTokenGrant(this.config, refreshToken, parameters);
    this.tokens.push({ ...tokens });
  }

  async assertRefreshIsRefused(refreshToken) {
    const refusal = await this.refresh(refreshToken).catch((error) => error);
    assert(refusal instanceof client.ResponseBodyError, `${refusal}`);
    assert.equal(refusal.error, "invalid_grant");
  }

  /** Calls the API with `accessToken`. Returns the challenge if the call is refused. */
  async callApi(accessToken) {
    try {
      const response = await client.fetchProtectedResource(this.config, accessToken, this.api, "GET");
      this.answers.push(response.status);
      return null;
    } catch (error) {
      if (!(error instanceof client.WWWAuthenticateChallengeError)) throw error;
      this.answers.push(error.status);
      return error.cause[0].parameters;
    }
  }

  revoke(token) {
    return client.tokenRevocation(this.config, token);
  }

  seen() {
    return {
      issuer: this.issuer,
      client: this.config.clientMetadata(),
      authorization: parametersOf(this.authorizationUrl),
      landed: this.landed,
      tokens: this.tokens,
      requests: this.requests,
      api: this.answers,
    };
  }
}

/** An application that has completed the whole flow, up to a call with a refreshed token. */
async function complete(api, kind, algorithm) {
  const application = new Application(api, kind);
  await application.meetChallenge();
  await application.register(algorithm);
  await application.exchange(await application.authorize(SCOPE));
  await application.callApi(application.tokens[0].access_token);
  await application.refresh(application.tokens[0].refresh_token);
  await application.callApi(application.tokens[1].access_token);
  return application;
}

async function publicClient(api) {
  const application = await complete(api, kinds.public, "oauth2");
  return application.seen();
}

/** A public client that tries a used refresh token, and then its successor. */
async function replay(api) {
  const application = await complete(api, kinds.public, "oauth2");
  const [used, successor] = application.tokens;
  await application.assertRefreshIsRefused(used.refresh_token);
  await application.assertRefreshIsRefused(successor.refresh_token);
  return application.seen();
}

async function confidential(api) {
  const application = await complete(api, kinds.confidential, "oidc");
  const newest = application.tokens.findLast((tokens) => tokens.refresh_token);
  await application.refresh(newest.refresh_token);
  return application.seen();
}

/** Revokes an access token and tries it, then the refresh token. */
async function revocation(api, kind) {
  const application = await complete(api, kind, "oauth2");
  const [, second] = application.tokens;
  await application.revoke(second.access_token);
  const { error: revoked } = await application.callApi(second.access_token);
  const newest = application.tokens.findLast((tokens) => tokens.refresh_token);
  await application.revoke(newest.refresh_token);
  await application.assertRefreshIsRefused(newest.refresh_token);
  return { ...application.seen(), revoked };
}

/** A token that was requested without a scope reaches the API, but lacks the scope for its items. */
async function unscoped(api) {
  const application = new Application(api, kinds.public);
  await application.meetChallenge();
  await application.register("oauth2");
  await application.exchange(await application.authorize(undefined));
  const refused = await application.callApi(application.tokens[0].access_token);
  return { ...application.seen(), refused };
}

/** Stops after the response to the browser. */
async function authorization(api) {
  const application = new Application(api, kinds.public);
  await application.meetChallenge();
  await application.register("oauth2");
  return { browser: await application.authorize(SCOPE) };
}

const flows = {
  authorization,
  confidential,
  "confidential-revocation": (api) => revocation(api, kinds.confidential),
  public: publicClient,
  "public-revocation": (api) => revocation(api, kinds.public),
  replay,
  unscoped,
};

await run((flow, api) => flows[flow](api));
