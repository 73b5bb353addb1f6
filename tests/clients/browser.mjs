// A person at a browser: signs in, looks at the consent page, unticks a scope, approves.
//
//   node browser.mjs AUTHORIZATION_URL FOLDER
//
// The authorization URL has a loopback redirect URI; this program listens on a port of its own for
// it. Pictures of the pages go to FOLDER. Prints one line of JSON: what was seen on the way.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [authorizationUrl, folder] = process.argv.slice(2);

const BROWSER = {
  executablePath: execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim(),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

async function listen(answer) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/// The application: it takes the code, and sends the browser on to its own first page elsewhere, as
/// web applications do.
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

async function picture(page, name) {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/// The page as it is on a desk, on a telephone, and at night.
async function pictures(page, name) {
  await picture(page, name);
  await page.setViewportSize({ width: 400, height: 800 });
  await picture(page, `${name}-400`);
  const isTooWide = (await page.locator("main").boundingBox()).width > 400;
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1000, height: 800 });
  return { isTooWide };
}

/// From the authorization URL to the application, as somebody would go.
async function goThrough(browser, javaScriptEnabled) {
  const application = await startApplication();
  const context = await browser.newContext({
    javaScriptEnabled,
    viewport: { width: 1000, height: 800 },
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));

  await page.goto(withRedirectTo(application.callback.origin));
  const signIn = { heading: await page.locator("h1").innerText() };
  const suffix = javaScriptEnabled ? "" : "-without-script";
  if (javaScriptEnabled) Object.assign(signIn, await pictures(page, "sign-in"));
  await page.getByLabel("Grace Hopper").check();
  await page.getByRole("button", { name: "Continue" }).click();

  const consent = { text: await page.locator("main").innerText() };
  if (javaScriptEnabled) Object.assign(consent, await pictures(page, "consent"));
  else await picture(page, `consent${suffix}`);
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
  return { signIn, consent, received: application.received, redirectUri, cookies, complaints };
}

const browser = await chromium.launch(BROWSER);
try {
  const withScript = await goThrough(browser, true);
  const withoutScript = await goThrough(browser, false);
  console.log(JSON.stringify({ withScript, withoutScript }));
} finally {
  await browser.close();
}
