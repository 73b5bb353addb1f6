// oauth4webapi: discovery by both documents, then registration.
//
//     node oauth4webapi.mjs BASE_URL

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import {
  assertConfidential,
  assertMetadata,
  assertPublic,
  confidentialClient,
  publicClient,
  refusedClient,
  run,
} from "./expected.mjs";

// The server uses plain http on loopback.
const insecure = { [oauth.allowInsecureRequests]: true };

async function discover(issuer, algorithm) {
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

async function register(server, metadata) {
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, insecure);
  return oauth.processDynamicClientRegistrationResponse(response);
}

await run(async (base) => {
  const issuer = new URL(base);
  const discovered = {
    oauth2: await discover(issuer, "oauth2"),
    oidc: await discover(issuer, "oidc"),
  };
  assertMetadata(discovered.oauth2, base);
  assertMetadata(discovered.oidc, base);

  const registeredPublic = await register(discovered.oauth2, publicClient);
  assertPublic(registeredPublic);
  const registeredConfidential = await register(discovered.oidc, confidentialClient);
  assertConfidential(registeredConfidential);

  const refusal = await register(discovered.oauth2, refusedClient).catch((error) => error);
  assert(refusal instanceof oauth.ResponseBodyError, `${refusal}`);
  assert.equal(refusal.status, 400);
  assert.equal(refusal.error, "invalid_redirect_uri");

  return {
    discovered,
    public: registeredPublic,
    confidential: registeredConfidential,
    refused: refusal.error,
  };
});
