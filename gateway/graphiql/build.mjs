// Bundles GraphiQL into gateway/static: one script, one style sheet, and the licences of all that is in them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'static');

/** GraphiQL's style sheets carry two font families as data: a third of a megabyte that the page does without. */
const withoutFonts = {
  name: 'without-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.*\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/@font-face\s*{[^}]*}/g, ''),
      loader: 'css',
    }));
  },
};

/** In development graphql looks for a second copy of itself at every type check: a bundle has but one. */
const oneGraphql = {
  name: 'one-graphql',
  setup({ onLoad }) {
    onLoad({ filter: /graphql\/jsutils\/instanceOf\.mjs$/ }, () => ({
      contents: 'export const instanceOf = (value, constructor) => value instanceof constructor;',
    }));
  },
};

/** What the bundle is made from; tests/gateway/test_pages.py computes the same to find a bundle older than its source. */
function sourceDigest() {
  const hash = createHash('sha256');
  const files = ['build.mjs', 'package.json', 'package-lock.json'];
  for (const folder of ['examples', 'src']) files.push(...readdirSync(join(here, folder)).map(name => `${folder}/${name}`));
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(join(here, file))).update('\0');
  return hash.digest('hex');
}

const MIT = author => `Copyright (c) ${author.replace(/\s*<.*/, '')}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS
BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Packages that ship no licence text, and the package of the same authors and licence whose text holds for them. */
const LICENCE_OF = {
  '@graphiql/plugin-doc-explorer': 'graphiql',
  '@graphiql/plugin-history': 'graphiql',
  'react-compiler-runtime': 'react',
  'react-remove-scroll-bar': 'react-remove-scroll',
};

function licenceText(folder) {
  const file = readdirSync(join(here, folder)).find(entry => /^licen[cs]e/i.test(entry));
  return file && readFileSync(join(here, folder, file), 'utf8').trim();
}

function licences(inputs) {
  const packages = new Map();
  for (const input of inputs) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (folder) packages.set(folder, JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8')));
  }
  const texts = [...packages].map(([folder, { name, version, license, author }]) => {
    const text = licenceText(folder) ?? licenceText(`node_modules/${LICENCE_OF[name] ?? name}`);
    if (!text && license !== 'MIT') throw new Error(`${name} (${license}) ships no licence text`);
    return `${name} ${version}: ${license}\n\n${text ?? MIT(author.name ?? author)}\n`;
  });
  return texts.sort().join(`\n${'-'.repeat(80)}\n\n`);
}

if (!existsSync(join(here, 'package-lock.json'))) throw new Error('package-lock.json is missing: run npm install first');

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: 'src/main.jsx' },
  outdir: target,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  loader: { '.graphql': 'text' },
  define: { 'process.env.NODE_ENV': '"production"' },
  alias: { 'react-style-singleton': './src/style-singleton.js' },
  plugins: [withoutFonts, oneGraphql],
  banner: { js: `/* Licences: graphiql.licences.txt. Source: ${sourceDigest()} */` },
  legalComments: 'none',
  metafile: true,
});
writeFileSync(join(target, 'graphiql.licences.txt'), licences(Object.keys(metafile.inputs)));
