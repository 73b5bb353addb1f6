// A person at a browser opens the home page of the demonstration server and presses its button.
//
//   node home_page.mjs HOME FOLDER approve|deny|without-script
//
// Pictures of the pages go to FOLDER. Prints one line of JSON: what was seen on the way.
import { DESK, launch, picture, pictures, signIn } from "./chromium.mjs";

const [home, folder, way] = process.argv.slice(2);

async function goThrough(page, decision) {
  const homePage = decision === "Approve" ? await pictures(page, folder, "home") : {};
  await page.getByRole("button", { name: "Register a client" }).click();
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

async function look(page) {
  await picture(page, folder, "home-without-script");
  const text = await page.locator("main").innerText();
  const buttons = await page.getByRole("button").count();
  return { text, buttons };
}

const browser = await launch();
try {
  const javaScriptEnabled = way !== "without-script";
  const context = await browser.newContext({ javaScriptEnabled, viewport: DESK });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`no response from ${request.url()}`));
  await page.goto(home);
  const decisions = { approve: "Approve", deny: "Deny" };
  const seen = javaScriptEnabled ? await goThrough(page, decisions[way]) : await look(page);
  console.log(JSON.stringify({ ...seen, complaints }));
} finally {
  await browser.close();
}
