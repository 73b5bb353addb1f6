// Chromium, a person's actions in it, and pictures of its pages.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const DESK = { width: 1000, height: 800 };
const TELEPHONE = { width: 400, height: 800 };

const INSTALL = fileURLToPath(new URL("install.sh", import.meta.url));

export function launch() {
  return chromium.launch({
    executablePath: execFileSync("bash", [INSTALL, "--browser"], { encoding: "utf8" }).trim(),
    // Chromium has no sandbox for root.
    chromiumSandbox: process.getuid() !== 0,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export async function signIn(page, user) {
  await page.getByLabel(user).check();
  await page.getByRole("button", { name: "Continue" }).click();
}

export async function picture(page, folder, name) {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/// The page on a computer, on a telephone, and in dark mode.
export async function pictures(page, folder, name) {
  await picture(page, folder, name);
  await page.setViewportSize(TELEPHONE);
  await picture(page, folder, `${name}-400`);
  const isTooWide = await page
    .locator("html")
    .evaluate((html) => html.scrollWidth > html.clientWidth);
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, folder, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(DESK);
  return { isTooWide };
}
