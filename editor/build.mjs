// Bundle the editor, and write down the licences of all that is in it.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const out = "../src/jumelage/serving/assets/editor.js";
const made = await build({
  entryPoints: ["editor.js"],
  outfile: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2020",
  legalComments: "none",
  metafile: true,
  charset: "utf8",
  banner: { js: "// Made by `make editor` of editor/; licences of what is in it: editor.LICENSE.txt" },
});
const inside = Object.values(made.metafile.outputs)[0].inputs;
const names = new Set(
  Object.entries(inside)
    .filter(([, one]) => one.bytesInOutput)
    .map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
    .filter(Boolean),
);
const texts = [...names].sort().map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n`;
});
writeFileSync(out.replace(/js$/, "LICENSE.txt"), texts.join("\n----\n\n"));
