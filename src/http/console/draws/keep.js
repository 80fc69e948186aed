// The page as one file that works without a server: its modules, its styles and the proof go into
// it. A browser may refuse modules to a page from a disk, so they become addresses of their own.
const ENTRY = "/console/draws/draws.js";
const STYLES = ["/console/style.css", "/console/draws/draws.css"];
const IMPORT = /(from|import)(\s*)"([^"]+)"/g;

const own = async (path) => (await fetch(path)).text();

// Every module that the page is made of, by the name that the others call it in the copy.
async function modules() {
  const { imports } = JSON.parse(document.querySelector("script[type=importmap]").textContent);
  const named = (name, from) => {
    if (/^\.\.?\//.test(name)) return new URL(name, location.origin + from).pathname;
    return imports[name];
  };
  const found = {};
  const open = [ENTRY];
  while (open.length) {
    const path = open.pop();
    if (found[path.slice(1)] === undefined) {
      const text = await own(path);
      found[path.slice(1)] = text.replace(IMPORT, (whole, word, space, name) => {
        const other = named(name, path);
        if (!other) return whole;
        open.push(other);
        return `${word}${space}"${other.slice(1)}"`;
      });
    }
  }
  return found;
}

const addressOf = (text) => `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;

// So that nothing in it ends the element that it stands in.
const json = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

// `with_` is what `kept.js` finds.
export async function copyOf(with_) {
  const found = Object.entries(await modules());
  const imports = Object.fromEntries(found.map(([name, text]) => [name, addressOf(text)]));
  const styles = await Promise.all(STYLES.map(own));
  // It asks nobody: that is said to the browser, too.
  const policy = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>A draw</title>
<style>${styles.join("\n")}</style>
<script type="application/json" id="kept">${json(with_)}</script>
<script type="importmap">${json({ imports })}</script>
</head>
<body>
<div id="page"></div>
<script type="module">import "${ENTRY.slice(1)}";</script>
</body>
</html>
`;
}
