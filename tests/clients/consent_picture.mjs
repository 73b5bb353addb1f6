// Takes the picture of the consent page that the README shows.
//
//   node consent_picture.mjs AUTHORIZATION_URL FILE
//
// Prints one line of JSON: what the page says.
import { launch, signIn } from "./chromium.mjs";

const [authorizationUrl, file] = process.argv.slice(2);

const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width: 900, height: 600 }, colorScheme: "light" });
  await page.goto(authorizationUrl);
  await signIn(page, "Ada Lovelace");
  const text = await page.locator("main").innerText();
  await page.screenshot({ path: file, fullPage: true });
  console.log(JSON.stringify({ text }));
} finally {
  await browser.close();
}
