// A person at a browser: signs in, looks at the consent page, unticks a scope, approves.
//
//   node browser.mjs AUTHORIZATION_URL FOLDER
//
// The authorization URL has a loopback redirect URI; this program listens on its own port
// for it. Pictures of the pages go to FOLDER. Prints what it recorded as one line of JSON.
import { once } from "node:events";
import { createServer } from "node:http";
import { DESK, launch, picture, pictures, signIn } from "./chromium.mjs";

const [authorizationUrl, folder] = process.argv.slice(2);

async function listen(answer) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/// The application: it takes the code and redirects the browser to its first page on another origin,
/// as web applications do.
async function startApplication() {
  const home = await listen((_, response) => response.end("signed in"));
  const received = [];
  const callback = await listen((request, response) => {
    received.push(Object.fromEntries(new URL(request.url, home.origin).searchParams));
    response.writeHead(303, { location: `${home.origin}/home` }).end();
  });
  const stop = () => [home.server, callback.server].forEach((server) => server.close());
  return { home, callback, received, stop };
}

function withRedirectTo(origin) {
  const url = new URL(authorizationUrl);
  const registered = new URL(url.searchParams.get("redirect_uri"));
  url.searchParams.set("redirect_uri", origin + registered.pathname);
  return url.href;
}

/// Goes from the authorization URL to the application, as a person does.
async function goThrough(browser, javaScriptEnabled) {
  const application = await startApplication();
  const context = await browser.newContext({
    javaScriptEnabled,
    viewport: DESK,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));

  await page.goto(withRedirectTo(application.callback.origin));
  const signInPage = { heading: await page.locator("h1").innerText() };
  if (javaScriptEnabled) Object.assign(signInPage, await pictures(page, folder, "sign-in"));
  await signIn(page, "Grace Hopper");

  const consent = { text: await page.locator("main").innerText() };
  if (javaScriptEnabled) Object.assign(consent, await pictures(page, folder, "consent"));
  else await picture(page, folder, "consent-without-script");
  await page.reload();
  await page.getByLabel("Write items").uncheck();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.waitForURL(`${application.home.origin}/home`);

  const cookies = (await context.cookies()).map(({ name }) => name);
  await context.close();
  application.stop();
  const redirectUri = new URL(withRedirectTo(application.callback.origin)).searchParams.get(
    "redirect_uri",
  );
  const received = application.received;
  return { signIn: signInPage, consent, received, redirectUri, cookies, complaints };
}

const browser = await launch();
try {
  const withScript = await goThrough(browser, true);
  const withoutScript = await goThrough(browser, false);
  console.log(JSON.stringify({ withScript, withoutScript }));
} finally {
  await browser.close();
}
