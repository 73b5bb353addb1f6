// A person at a browser opens the home page of the demonstration server and presses its button.
//
//   node home_page.mjs HOME FOLDER approve|deny|finish|again|other-state|other-issuer|without-script
//
// Pictures of the pages go to FOLDER. Prints one line of JSON: what was seen on the way.
import { DESK, launch, picture, pictures, signIn } from "./chromium.mjs";

const [home, folder, way] = process.argv.slice(2);

const press = (page) => page.getByRole("button", { name: "Register a client" }).click();

async function goThrough(page, decision) {
  const homePage = decision === "Approve" ? await pictures(page, folder, "home") : {};
  await press(page);
  await signIn(page, "Grace Hopper");
  await page.getByRole("button", { name: decision }).click();
  await page.locator("#outcome[data-result]").waitFor();
  await page.locator("#steps li").first().waitFor();

  const outcome = await page.locator("#outcome").innerText();
  const steps = await page.locator("#steps li").evaluateAll((items) =>
    items.map((item) => {
      const [request, response] = [...item.querySelectorAll("pre")].map((it) => it.textContent);
      const [title, result] = [...item.querySelector("h2").childNodes].map((it) => it.textContent);
      return { title, result, request, response };
    }),
  );
  const callback = decision === "Approve" ? await pictures(page, folder, "steps") : {};
  const address = page.url();
  await page.getByRole("link", { name: "Back to the home page" }).click();
  const homeAfterwards = await page.locator("main").innerText();
  if (decision === "Approve") await picture(page, folder, "home-with-client");
  return { home: homePage, callback, outcome, steps, address, homeAfterwards };
}

async function start(page) {
  await press(page);
  await page.getByLabel("Grace Hopper").waitFor();
}

/// Playwright's Chromium loads a page anew on the way back. Other browsers show the old page, and send this event.
async function showAgain(page) {
  const isEnabled = await page.locator("#start").evaluate((button) => {
    button.disabled = true;
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    return !button.disabled;
  });
  return { isEnabled };
}

/// The way at a server that asks nobody for consent.
async function finish(page) {
  await press(page);
  await page.locator("#outcome[data-result]").waitFor();
  return { outcome: await page.locator("#outcome").innerText() };
}

/// Opens the callback page with a response that has these parameters instead of the right ones.
async function forge(page, wrong) {
  await start(page);
  const { state, metadata } = await page.evaluate(() =>
    JSON.parse(sessionStorage.getItem("demonstration")),
  );
  const response = { code: "x", state, iss: metadata.issuer, ...wrong };
  const callback = new URL("/demonstration/callback", home);
  callback.search = new URLSearchParams(response);
  await page.goto(callback.href);
  await page.locator("#outcome[data-result]").waitFor();
  return { outcome: await page.locator("#outcome").innerText() };
}

async function look(page) {
  await picture(page, folder, "home-without-script");
  const text = await page.locator("main").innerText();
  const buttons = await page.getByRole("button").count();
  return { text, buttons };
}

const WAYS = {
  approve: (page) => goThrough(page, "Approve"),
  deny: (page) => goThrough(page, "Deny"),
  again: showAgain,
  finish,
  "other-state": (page) => forge(page, { state: "wrong" }),
  "other-issuer": (page) => forge(page, { iss: "https://other.example" }),
  "without-script": look,
};

const browser = await launch();
try {
  const javaScriptEnabled = way !== "without-script";
  const context = await browser.newContext({ javaScriptEnabled, viewport: DESK });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`no response from ${request.url()}`));
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await page.goto(home);
  const seen = await WAYS[way](page);
  console.log(JSON.stringify({ ...seen, complaints, requests }));
} finally {
  await browser.close();
}
