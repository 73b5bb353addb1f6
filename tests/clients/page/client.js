// A public client in a browser page. It knows the address of an authorization server, from `?server=`,
// and nothing else.
import { show, showOutcome } from "./steps.js";

const REDIRECT_URI = `${location.origin}/callback`;

/// How often it registers at once to be told to wait: far more than any quota here admits meanwhile.
const TOO_MANY = 60;

// ----- What the browser lets the page see -----

/// The answer as far as script may read it, or that it may not.
async function ask(url, init) {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: text && JSON.parse(text),
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { status: "blocked", headers: {}, body: null, error: error.name };
  }
}

function registration(redirectUris) {
  const metadata = {
    client_name: "A Page",
    redirect_uris: redirectUris,
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  };
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(metadata),
  };
}

const form = (pairs) => ({ method: "POST", body: new URLSearchParams(pairs) });
const withToken = (token) => ({ headers: { authorization: `Bearer ${token}` } });

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

// ----- The way in -----

async function discover(session) {
  const answer = await ask(`${session.server}/.well-known/oauth-authorization-server`);
  // RFC 8414 section 3.3.
  if (answer.body?.issuer !== session.server) throw new Error("the issuer is another one");
  session.metadata = answer.body;
  show(session, "discover", answer, `issuer ${session.server}`);
}

/// Whether it has a `client_id` then.
async function register(session) {
  const answer = await ask(session.metadata.registration_endpoint, registration([REDIRECT_URI]));
  session.clientId = answer.body?.client_id;
  const left = answer.headers["x-ratelimit-remaining"];
  show(session, "register", answer, `${session.clientId}, ${left} requests left`);
  return answer.status === 201;
}

async function authorize(session) {
  session.verifier = random();
  session.state = random();
  sessionStorage.setItem("session", JSON.stringify(session));
  const url = new URL(session.metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: session.clientId,
    redirect_uri: REDIRECT_URI,
    audience: session.metadata.protected_resources[0],
    scope: session.metadata.scopes_supported.join(" "),
    state: session.state,
    code_challenge: await challengeOf(session.verifier),
    code_challenge_method: "S256",
  });
  location.assign(url);
}

/// The code, if it comes from the server that was asked (RFC 9207) and belongs to this session.
function returned(session) {
  const parameters = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const isOwn =
    parameters.get("state") === session.state && parameters.get("iss") === session.metadata.issuer;
  const code = isOwn ? parameters.get("code") : null;
  if (!code) throw new Error("this is no answer to what was asked");
  const answer = { status: "back", headers: {}, body: null };
  show(session, "consent", answer, "with a code; state and iss are right");
  return code;
}

async function exchange(session, code) {
  const answer = await ask(
    session.metadata.token_endpoint,
    form({
      grant_type: "authorization_code",
      client_id: session.clientId,
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: session.verifier,
    }),
  );
  if (answer.status !== 200) throw new Error("there is no token");
  const { scope, expires_in } = answer.body;
  show(session, "exchange", answer, `${scope}, for ${expires_in} seconds`);
  return answer.body;
}

async function refresh(session, tokens) {
  const answer = await ask(
    session.metadata.token_endpoint,
    form({
      grant_type: "refresh_token",
      client_id: session.clientId,
      refresh_token: tokens.refresh_token,
    }),
  );
  if (answer.status !== 200) throw new Error("there is no other token");
  const isNew = answer.body.access_token !== tokens.access_token;
  show(session, "refresh", answer, isNew ? "another access token" : "the same access token");
  return answer.body;
}

async function readItems(session, tokens) {
  const answer = await ask(`${session.server}/api/items`, withToken(tokens.access_token));
  if (answer.status !== 200) throw new Error("there are no items");
  const names = answer.body.items.map(({ name }) => name).join(", ");
  show(session, "items", answer, `${names}, for ${answer.body.user}`);
}

// ----- Where it is stopped -----

const explained = ({ body }) => {
  const { field, index, rule } = body?.error_detail ?? {};
  const place = field ? `${field}[${index}], ` : "";
  return `${body?.error}: ${place}${rule}`;
};

async function meetLimits(session) {
  const endpoint = session.metadata.registration_endpoint;
  const own = registration([REDIRECT_URI]);

  const uris = [REDIRECT_URI, "http://page.example.com/callback"];
  const wrongUri = await ask(endpoint, registration(uris));
  show(session, "wrongUri", wrongUri, explained(wrongUri));

  const withCookies = await ask(endpoint, { ...own, credentials: "include" });
  show(session, "cookies", withCookies, "cookies were sent");

  // No header that would make the browser ask first.
  const unasked = await ask(endpoint, { method: "POST", body: own.body });
  show(session, "unasked", unasked, explained(unasked));

  const wrongToken = await ask(`${session.server}/api/items`, withToken("none"));
  const challenge = wrongToken.headers["www-authenticate"];
  show(session, "wrongToken", wrongToken, /error="(\w+)"/.exec(challenge)?.[1]);

  const asked = Array.from({ length: TOO_MANY }, () => ask(endpoint, own));
  const answers = await Promise.all(asked);
  const answer = answers.find(({ status }) => status !== 201) ?? answers[0];
  show(session, "tooOften", { ...answer, times: TOO_MANY }, `again in ${answer.headers["retry-after"]} s`);
}

// ----- Both -----

async function connect(server) {
  const session = { server, steps: {} };
  await discover(session);
  if (await register(session)) return authorize(session);
  await meetLimits(session);
  showOutcome("refused", "The server lets no page of this origin register.");
}

async function goOn(session) {
  const tokens = await exchange(session, returned(session));
  await readItems(session, await refresh(session, tokens));
  await meetLimits(session);
  showOutcome("done", "It got what it came for.");
}

async function orExplain(work) {
  try {
    await work();
  } catch (error) {
    showOutcome("failed", `It went wrong: ${error.message}`);
  }
}

const kept = JSON.parse(sessionStorage.getItem("session"));
sessionStorage.removeItem("session");
const server = kept?.server ?? new URLSearchParams(location.search).get("server");
document.querySelector("#page").textContent = location.origin;
document.querySelector("#server").textContent = server;

if (kept) {
  Object.entries(kept.steps).forEach(([id, step]) => show(kept, id, step, step.told));
  orExplain(() => goOn(kept));
} else {
  const button = document.querySelector("#connect");
  button.hidden = false;
  button.addEventListener("click", () => {
    button.hidden = true;
    orExplain(() => connect(server));
  });
}
