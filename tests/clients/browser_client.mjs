// A person at a page that is an OAuth client: presses its button, signs in, approves.
//
//   node browser_client.mjs PAGE_URL FOLDER NAME
//
// The page is `page/index.html`, with the authorization server in `?server=`. Pictures of the results go
// to FOLDER, as NAME. Prints one line of JSON with what the page recorded and what the browser reported.
import { DESK, launch, pictures, signIn } from "./chromium.mjs";

const [url, folder, name] = process.argv.slice(2);

async function connect(browser) {
  const context = await browser.newContext({ viewport: DESK });
  // A cookie that the browser would send to the server if a page could cause this.
  const server = new URL(url).searchParams.get("server");
  await context.addCookies([{ name: "planted", value: "here", url: server, sameSite: "Lax" }]);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));

  await page.goto(url);
  await page.getByRole("button", { name: "Connect" }).click();
  const end = page.locator("body[data-outcome]");
  const signInPage = page.getByRole("heading", { name: "Sign in", exact: true });
  await end.or(signInPage).waitFor();
  if (await signInPage.isVisible()) {
    await signIn(page, "Grace Hopper");
    await page.getByRole("button", { name: "Approve" }).click();
    await end.waitFor();
  }
  const { outcome, steps } = await end.evaluate((body) => ({ ...body.dataset }));
  const { isTooWide } = await pictures(page, folder, name);
  const address = page.url();
  const text = await page.locator("main").innerText();
  return { outcome, steps: JSON.parse(steps), text, address, isTooWide, complaints };
}

const browser = await launch();
try {
  console.log(JSON.stringify(await connect(browser)));
} finally {
  await browser.close();
}
