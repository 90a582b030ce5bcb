// ./dev run --demo: the address that it prints opens Ada's home, signed in.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { HEARTHD, settled } from "./world.mjs";
import { chromium } from "playwright-core";

test("the demo opens signed in", async t => {
  const home = mkdtempSync(join(tmpdir(), "hearth-demo-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "conf.d"));
  mkdirSync(join(home, "state"), { mode: 0o700 });
  writeFileSync(
    join(home, "conf.d", "00-dev.conf"),
    `[hearth]\nstate_dir = ${home}/state\n[listen main]\naddress = 127.0.0.1:0\n`,
  );
  const script = fileURLToPath(new URL("../doubles/demo.py", import.meta.url));
  const demo = spawn("/usr/bin/python3", [script, "--hearthd", HEARTHD, "--home", home], {
    env: { ...process.env, DISPLAY: "", WAYLAND_DISPLAY: "" },
  });
  t.after(() => demo.kill("SIGTERM"));
  let said = "";
  const door = await new Promise((resolve, reject) => {
    demo.stdout.on("data", d => {
      said += d;
      const found = /signed in: {2}(\S+)/.exec(said);
      if (found && said.includes("Ctrl-C")) resolve(found[1]);
    });
    demo.on("exit", code => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(door);
  await page.getByRole("heading", { name: "Jump back in" }).waitFor();
  await settled(page);
});
