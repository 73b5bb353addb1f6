// The demonstration: a public client in the browser that goes through the authorization code flow with
// PKCE. The home page has the button that starts it, and the callback page shows the steps.

const SAVED = "demonstration";
const METADATA_PATH = "/.well-known/oauth-authorization-server";
const API_PATH = "/api/items";

// ----- Requests, and what the page shows of them -----

const pretty = (value) => JSON.stringify(value, null, 2);

/// A URL or a form with each parameter on a line of its own.
const inLines = (parameters) => String(parameters).replaceAll("&", "\n&");

function shownUrl(url) {
  const { pathname, search } = new URL(url, location.origin);
  return search ? `${pathname}\n${inLines(search)}` : pathname;
}

async function shownBody(response) {
  const text = await response.text();
  try {
    const json = JSON.parse(text);
    return { json, text: pretty(json) };
  } catch {
    return { json: null, text };
  }
}

/// Sends a request, and adds what was sent and received to the steps.
async function send(session, { title, note, url, init = {}, sentBody = "" }) {
  const method = init.method ?? "GET";
  const headers = Object.entries(init.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const response = await fetch(url, init);
  const { json, text } = await shownBody(response);
  session.steps.push({
    title,
    note,
    result: String(response.status),
    isGood: response.ok,
    request: [`${method} ${shownUrl(url)}`, ...headers, "", sentBody].join("\n").trim(),
    response: `${response.status} ${response.statusText}\n\n${text}`.trim(),
  });
  if (!response.ok) throw new Error(json?.error_description ?? json?.detail ?? response.statusText);
  return json;
}

// ----- PKCE (RFC 7636) -----

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function challengeOf(verifier) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

// ----- Before the user leaves this page -----

async function readMetadata(session) {
  const metadata = await send(session, {
    title: "Read the metadata of the server",
    note: "The metadata lists the endpoints of the server (RFC 8414).",
    url: METADATA_PATH,
  });
  if (new URL(metadata.issuer).origin !== location.origin) {
    throw new Error(`This tenant's issuer is ${metadata.issuer}. Open the home page there.`);
  }
  return metadata;
}

async function register(session) {
  const metadata = {
    client_name: "Browser Demonstration",
    redirect_uris: [session.redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  };
  const client = await send(session, {
    title: "Register a client",
    note: "The client sends its metadata and gets a client_id (RFC 7591). It is a public client, so it gets no secret.",
    url: session.metadata.registration_endpoint,
    init: {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(metadata),
    },
    sentBody: pretty(metadata),
  });
  return client.client_id;
}

async function authorizationUrl(session) {
  const url = new URL(session.metadata.authorization_endpoint);
  const parameters = {
    response_type: "code",
    client_id: session.clientId,
    redirect_uri: session.redirectUri,
    scope: (session.metadata.scopes_supported ?? []).join(" "),
    state: session.state,
    code_challenge: await challengeOf(session.verifier),
    code_challenge_method: "S256",
  };
  const [resource] = session.metadata.protected_resources ?? [];
  if (resource) parameters.resource = resource;
  url.search = new URLSearchParams(parameters);
  return url.href;
}

async function start(redirectUri) {
  const session = { redirectUri, verifier: random(), state: random(), steps: [] };
  session.metadata = await readMetadata(session);
  session.clientId = await register(session);
  session.authorizationUrl = await authorizationUrl(session);
  sessionStorage.setItem(SAVED, JSON.stringify(session));
  location.assign(session.authorizationUrl);
}

// ----- After the user has come back -----

/// The code, if this server sent it (RFC 9207) as the answer to this request.
function receivedCode(session, address) {
  const parameters = address.searchParams;
  const isExpected =
    parameters.get("state") === session.state &&
    parameters.get("iss") === session.metadata.issuer;
  const code = isExpected ? parameters.get("code") : null;
  session.steps.push({
    title: "Ask the user",
    note: "The browser opened the authorization endpoint with a PKCE challenge. The user decided, and the server sent the browser back to the redirect URI (RFC 6749, RFC 7636).",
    result: code ? "code" : "no code",
    isGood: Boolean(code),
    request: `GET ${shownUrl(session.authorizationUrl)}`,
    response: `303 See Other\nlocation: ${shownUrl(address)}`,
  });
  if (!isExpected) throw new Error("The response has another state or another issuer than the request.");
  if (!code) throw new Error(parameters.get("error_description") ?? "The response has no code.");
  return code;
}

function exchange(session, code) {
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: session.clientId,
    code,
    redirect_uri: session.redirectUri,
    code_verifier: session.verifier,
  });
  return send(session, {
    title: "Exchange the code for a token",
    note: "The code verifier proves that the same client started the flow.",
    url: session.metadata.token_endpoint,
    init: {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    },
    sentBody: inLines(form),
  });
}

const callApi = (session, { access_token }) =>
  send(session, {
    title: "Call the API",
    note: "The client sends the access token in the Authorization header (RFC 6750).",
    url: API_PATH,
    init: { headers: { authorization: `Bearer ${access_token}` } },
  });

async function finish(session, address) {
  const tokens = await exchange(session, receivedCode(session, address));
  if (!session.metadata.protected_resources) return "The client has a token. This tenant has no API to call.";
  const { items, user } = await callApi(session, tokens);
  return `The API returned ${items.length} items to the client for the user ${user}.`;
}

// ----- The page -----

function element(name, className, ...content) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

/// A block that may be too long for the page. The keyboard can scroll it.
function shownExchange(title, text) {
  const block = element("pre", "", text);
  block.tabIndex = 0;
  return element("div", "", element("h3", "", title), block);
}

function shownStep({ title, note, result, isGood, request, response }) {
  const heading = element("h2", "", title, element("span", isGood ? "good" : "bad", result));
  const blocks = [shownExchange("Request", request), shownExchange("Response", response)];
  const exchanged = element("div", "exchange", ...blocks);
  return element("li", "", heading, element("p", "", note), exchanged);
}

function prepareButton(block) {
  const button = block.querySelector("#start");
  const problem = block.querySelector("#problem");
  if (!button) return;
  const complain = (text) => {
    problem.textContent = text;
    problem.hidden = false;
  };
  if (!window.isSecureContext) {
    const { port } = location;
    complain(
      `Browsers offer the cryptography for PKCE only on https:// pages and on pages from the same machine. Open http://127.0.0.1${port && `:${port}`}/ on the machine of the server, or put an HTTPS proxy in front of the server.`,
    );
    return;
  }
  button.hidden = false;
  // A browser may show the page again as the user left it.
  window.addEventListener("pageshow", () => {
    button.disabled = false;
  });
  button.addEventListener("click", async () => {
    button.disabled = true;
    problem.hidden = true;
    try {
      await start(location.origin + block.dataset.callback);
    } catch (error) {
      button.disabled = false;
      complain(`The flow stopped: ${error.message}`);
    }
  });
}

/// The session of the started flow, or null. It is removed, because a reloaded page would send the code again.
function takeSession() {
  const saved = sessionStorage.getItem(SAVED);
  sessionStorage.removeItem(SAVED);
  return JSON.parse(saved);
}

async function showSteps(list) {
  const outcome = document.querySelector("#outcome");
  const address = new URL(location.href);
  history.replaceState(null, "", location.pathname);
  let session = null;
  try {
    session = takeSession();
    if (!session) {
      outcome.textContent = "Nothing has been started in this browser tab. The home page has a button that starts the flow.";
      return;
    }
    outcome.textContent = "The client is exchanging the code …";
    outcome.textContent = await finish(session, address);
    outcome.dataset.result = "done";
  } catch (error) {
    outcome.textContent = `The flow stopped: ${error.message}`;
    outcome.dataset.result = "stopped";
  }
  list.append(...(session?.steps ?? []).map(shownStep));
}

const block = document.querySelector("#demonstration");
const list = document.querySelector("#steps");
if (block) prepareButton(block);
if (list) showSteps(list);
