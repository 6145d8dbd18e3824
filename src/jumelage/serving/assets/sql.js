// The page of queries: without it, it is a form that a browser sends.
"use strict";
const form = document.getElementById("ask");
const area = document.getElementById("sql");
const link = document.getElementById("link");
const stop = document.getElementById("stop");
const said = document.getElementById("said");
const past = document.getElementById("history");
const TEXTS = ["sql", "wave", "as_of", "classified_on", "kind", "parameters"];
const KEPT = "jumelage-queries";
const MOST_KEPT = 50;
let editor = null;  // the better one, once it is there
let asked = null;

function write(value) {
  area.value = value;
  if (editor) editor.write(value);
}

// A query and its scope stand behind the # of an address, of which no server is told.
function fragment() {
  const found = new URLSearchParams();
  for (const name of TEXTS) if (form.elements[name].value.trim()) found.set(name, form.elements[name].value);
  if (form.elements.without_inferred.checked) found.set("without_inferred", "yes");
  return String(found);
}
function restore(given) {
  const found = new URLSearchParams(given);
  if (!found.get("sql")) return;
  for (const name of TEXTS) if (name !== "sql") form.elements[name].value = found.get(name) || "";
  form.elements.without_inferred.checked = found.has("without_inferred");
  write(found.get("sql"));
  found.delete("sql");
  if (String(found)) document.getElementById("scope").open = true;
  point(fragment());
}
function point(to) {
  link.href = "#" + to;
  link.hidden = false;
  const other = document.getElementById("language");
  other.href = other.href.split("#")[0] + "#" + to;
}

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT));
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
function keep(queries) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(queries));
  } catch { /* a browser that keeps nothing has no history */ }
  const list = past.querySelector("ol");
  list.replaceChildren(...queries.map((one) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = button.title = new URLSearchParams(one).get("sql");
    button.addEventListener("click", () => {
      restore(one);
      (editor || area).focus();
    });
    item.append(button);
    return item;
  }));
  past.hidden = !queries.length;
}

// Put the cursor where a query is wrong, unless it was changed meanwhile.
function place(wrong, sql) {
  if (!wrong || !wrong.dataset.line || area.value !== sql) return;
  const lines = sql.split("\n");
  const line = Number(wrong.dataset.line) - 1;
  const before = Array.from(lines[line] || "").slice(0, Number(wrong.dataset.column) - 1).join("");  // letters, not halves
  const at = lines.slice(0, line).join("\n").length + (line ? 1 : 0) + before.length;
  if (editor) editor.select(at);
  else area.setSelectionRange(at, at);
}

function tell(message) {
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = message; });
}

async function ask() {
  if (!form.reportValidity()) return;
  if (asked) asked.abort();
  const mine = asked = new AbortController();
  const to = fragment();
  const sql = area.value;
  const body = new URLSearchParams(new FormData(form));
  body.delete("format");
  point(to);
  history.replaceState(null, "", "#" + to);
  stop.hidden = false;
  tell(form.dataset.running);
  const result = document.getElementById("result");
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: mine.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("result");
    if (!found) throw new Error(answer.status);
    result.replaceWith(document.adoptNode(found));
    tell(found.querySelector(".summary").textContent);
    place(found.querySelector(".because"), sql);
    keep([to, ...kept().filter((one) => one !== to)].slice(0, MOST_KEPT));
  } catch {
    if (mine === asked) tell(mine.signal.aborted ? form.dataset.stopped : form.dataset.failed);
  } finally {
    result.removeAttribute("aria-busy");
    if (mine === asked) stop.hidden = true;
  }
}

form.addEventListener("submit", (event) => {
  if (event.submitter && event.submitter.classList.contains("download")) return;  // a file, which the browser fetches
  event.preventDefault();
  ask();
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  event.preventDefault();
  ask();
});
stop.addEventListener("click", () => asked && asked.abort());
document.getElementById("forget").addEventListener("click", () => keep([]));
addEventListener("hashchange", () => restore(location.hash.slice(1)));
restore(location.hash.slice(1));
keep(kept());

// Names that the better editor proposes: those that stand beside it.
function tables() {
  const found = {};
  for (const one of document.querySelectorAll("details.table")) {
    found[one.querySelector("summary").textContent] = Array.from(one.querySelectorAll("li code"), (name) => name.textContent);
  }
  return found;
}
try {
  const { open } = await import("./editor.js");
  const typing = document.activeElement === area;
  editor = open(area, {
    nonce: form.dataset.nonce,
    schema: tables(),
    labels: { "aria-labelledby": "sql-label", "aria-describedby": "sql-hint" },
    phrases: { Completions: form.dataset.proposed },
    run: ask,
  });
  if (typing) editor.focus();
  area.required = false;  // one that is not shown cannot be complained of; the server says it
  document.getElementById("sql-label").addEventListener("click", () => editor.focus());
} catch { /* the text area does as well */ }
