// A person whose authorization is refused, or who refuses it.
//
//   node refusals.mjs FOLDER VISITS
//
// VISITS is a JSON list of {name, url, denies}. `denies` says whether the person signs in and presses
// *Deny*, or is refused at once. A loopback redirect URI gets the port of a program that this script
// starts; https redirect URIs lead to a simulated site. Pictures of the pages go to FOLDER. Prints one
// line of JSON: for each visit the page, and the requests in which the application learned of it.
import { once } from "node:events";
import { createServer } from "node:http";
import { DESK, launch, pictures, signIn } from "./chromium.mjs";

const [folder, visits] = process.argv.slice(2);

/// The application on the device, which records its requests.
async function startProgram() {
  const received = [];
  const server = createServer((request, response) => {
    received.push(request.url);
    response.end("The application has been told.");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, received, origin: `http://127.0.0.1:${server.address().port}` };
}

function withRedirectTo(origin, address) {
  const url = new URL(address);
  const registered = new URL(url.searchParams.get("redirect_uri"));
  if (registered.hostname === "127.0.0.1") {
    url.searchParams.set("redirect_uri", origin + registered.pathname);
  }
  return url.href;
}

async function visit(browser, { name, url, denies }) {
  const program = await startProgram();
  const context = await browser.newContext({ viewport: DESK });
  const told = [];
  await context.route("https://app.example.com/**", (route) => {
    const referrer = route.request().headers().referer ?? null;
    told.push({ url: route.request().url(), referrer });
    return route.fulfill({ body: "The application has been told." });
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    // Chromium reports this for every page with status 400.
    if (!message.text().includes("status of 400")) complaints.push(message.text());
  });
  await page.goto(withRedirectTo(program.origin, url));
  if (denies) {
    await signIn(page, "Grace Hopper");
    await page.getByRole("button", { name: "Deny" }).click();
    await page.waitForLoadState();
  }
  const seen = { text: await page.locator("body").innerText() };
  Object.assign(seen, await pictures(page, folder, name));
  // Long enough for an automatic redirect.
  await page.waitForTimeout(500);
  const toldUnasked = [...told, ...program.received.map((path) => ({ url: path }))];

  const link = page.getByRole("link").or(page.getByRole("button"));
  const links = await link.count();
  if (links > 0) {
    await link.click();
    await page.getByText("has been told").waitFor();
  }
  await context.close();
  program.server.close();
  return [name, { ...seen, links, toldUnasked, told, complaints }];
}

const browser = await launch();
try {
  const seen = [];
  for (const it of JSON.parse(visits)) seen.push(await visit(browser, it));
  console.log(JSON.stringify(Object.fromEntries(seen)));
} finally {
  await browser.close();
}
