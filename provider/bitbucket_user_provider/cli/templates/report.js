"use strict";
// The data is numbers: four for each grant (subject, place, level + 4 * source + 16 * change, stack).
const data = JSON.parse(document.getElementById("data").textContent);
const LETTERS = { "read": "R", "write": "W", "create-repo": "C", "admin": "A" };
const HEIGHT = { "read": 1, "write": 2, "create-repo": 2, "admin": 3 };
const MARKS = { direct: "", group: "", project: "p", role: "r", effective: "g" };
const SOURCE_WORDS = { direct: "direct", group: "granted to the group", project: "through the project", role: "role in the workspace", effective: "through one of the groups" };
const CHANGES = ["", "new", "changed"];
const ROWS = 40, COLUMNS = 30, LINES = 200;
const byId = (id) => document.getElementById(id);

function element(name, text, attributes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;  // never as HTML: names are somebody else's
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  return made;
}

const subjects = data.subjects.map(([isGroup, name, id, role], index) => ({ index, isGroup, name, id, role, held: new Map() }));
const places = data.places.map(([kind, name, project, open], index) => ({ index, kind, name, project, open }));
const columnsOf = places.filter((place) => place.kind !== "workspace");
const inside = new Map();
for (const place of places) if (place.project >= 0) inside.set(place.project, [...(inside.get(place.project) || []), place.index]);
const grants = [];
for (let at = 0; at < data.grants.length; at += 4) {
  const code = data.grants[at + 2];
  const grant = { subject: data.grants[at], place: data.grants[at + 1], level: data.levels[code & 3],
    source: data.sources[(code >> 2) & 3], change: CHANGES[code >> 4], stack: data.stacks[data.grants[at + 3]] };
  grants.push(grant);
  const held = subjects[grant.subject].held, before = held.get(grant.place);
  if (!before || HEIGHT[grant.level] > HEIGHT[before.level]) held.set(grant.place, grant);
}

// What a subject can do at a place: its own grant there, or what project and role give, whichever is more.
function cell(subject, place) {
  let found = subject.held.get(place.index);
  const above = place.project >= 0 ? subject.held.get(place.project) : undefined;
  if (above && (!found || HEIGHT[above.level] > HEIGHT[found.level])) {
    found = { ...above, source: "project", level: above.level === "create-repo" ? "write" : above.level };
  }
  const role = subject.held.get(0);
  if (role && (!found || HEIGHT[role.level] > HEIGHT[found.level])) found = role;
  return found;
}

const wanted = { name: "", place: "", level: "", source: "", unmanaged: false, changed: false };
let rows = [], columns = [], lines = [], firstRow = 0, firstColumn = 0, firstLine = 0;

function fits(grant) {
  return (!wanted.level || grant.level === wanted.level) && (!wanted.source || grant.source === wanted.source)
    && (!wanted.unmanaged || (!grant.stack && (grant.source === "direct" || grant.source === "group" || grant.source === "project")))
    && (!wanted.changed || grant.change !== "");
}

function has(text, part) { return text.toLowerCase().includes(part); }

function filter() {
  const isNarrow = wanted.level || wanted.source || wanted.unmanaged || wanted.changed;
  columns = columnsOf.filter((place) => !wanted.place || has(place.name, wanted.place));
  const shown = new Set(columns.map((place) => place.index));
  if (!wanted.place) shown.add(0);
  rows = subjects.filter((subject) => !wanted.name || has(subject.name, wanted.name) || subject.id.toLowerCase() === wanted.name);
  const isShown = new Set(rows.map((subject) => subject.index));
  lines = grants.filter((grant) => isShown.has(grant.subject) && shown.has(grant.place) && fits(grant));
  if (isNarrow || wanted.place) {
    const withAccess = new Set(lines.map((grant) => grant.subject)), used = new Set(lines.map((grant) => grant.place));
    if (wanted.source === "" || wanted.source === "project") {
      for (const subject of rows) for (const place of columns) {
        if (place.project < 0 || !subject.held.has(place.project)) continue;
        const found = cell(subject, place);
        if (found && found.source === "project" && fits(found)) { withAccess.add(subject.index); used.add(place.index); }
      }
    }
    rows = rows.filter((subject) => withAccess.has(subject.index));
    if (isNarrow && !used.has(0)) columns = columns.filter((place) => used.has(place.index));
  }
  firstRow = firstColumn = firstLine = 0;
  draw();
}

function words(grant, subject, place) {
  const stack = grant.stack ? "managed by " + grant.stack.split("\n")[0] : data.states ? "managed by no stack" : "";
  return [subject.name, place.kind + " " + place.name, grant.level, SOURCE_WORDS[grant.source], stack, grant.change].filter(Boolean).join(", ");
}

function counted(number, one, many) { return number.toLocaleString("en") + " " + (number === 1 ? one : many); }

function draw() { drawMatrix(); drawList(); }

function drawMatrix() {
  const table = byId("matrix"), across = columns.slice(firstColumn, firstColumn + COLUMNS);
  const head = element("thead"), line = element("tr");
  line.append(element("th", "Person or group", { scope: "col" }));
  for (const level of ["admin", "write", "read"]) line.append(element("th", LETTERS[level], { scope: "col", title: "places with " + level, "aria-label": "Number of places with " + level }));
  for (const place of across) line.append(element("th", (place.kind === "project" ? "project " : "") + place.name, { scope: "col", class: "turned" }));
  head.append(line);
  const body = element("tbody");
  for (const subject of rows.slice(firstRow, firstRow + ROWS)) {
    const line = element("tr"), name = element("th", undefined, { scope: "row" });
    name.append(element("span", subject.name), element("span", subject.isGroup ? " group" : subject.role === "owner" ? " administrator" : "", { class: "small" }));
    line.append(name);
    const count = { admin: 0, write: 0, read: 0 };
    for (const grant of subject.held.values()) count[grant.level === "create-repo" ? "write" : grant.level] += 1;
    for (const level of ["admin", "write", "read"]) line.append(element("td", String(count[level] || ""), { class: "number" }));
    for (const place of across) line.append(drawCell(subject, place));
    body.append(line);
  }
  table.replaceChildren(element("caption", "Letters: A admin, W write, C create repositories, R read. An empty cell: nothing that Bitbucket tells.", { class: "small" }), head, body);
  pager(byId("pager"), [
    ["people and groups", rows.length, firstRow, ROWS, (at) => { firstRow = at; drawMatrix(); }],
    ["places", columns.length, firstColumn, COLUMNS, (at) => { firstColumn = at; drawMatrix(); }],
  ]);
  byId("count").textContent = [counted(rows.length, "person or group", "people and groups"), counted(columns.length, "place", "places"), counted(lines.length, "grant", "grants")].join(", ");
}

function drawCell(subject, place) {
  const found = cell(subject, place);
  if (!found || !fits(found)) return element("td");
  const unmanaged = data.states && !found.stack && found.source !== "role" && found.source !== "effective";
  const made = element("td", undefined, { class: found.level + (unmanaged ? " unmanaged" : "") + (found.change ? " new" : ""), title: words(found, subject, place) });
  made.append(element("b", LETTERS[found.level]));
  if (MARKS[found.source]) made.append(element("sup", MARKS[found.source]));
  return made;
}

function drawList() {
  const table = byId("list"), head = element("thead"), line = element("tr");
  for (const heading of ["Person or group", "Place", "Level", "Source", "Managed by", "Change"]) line.append(element("th", heading, { scope: "col" }));
  head.append(line);
  const body = element("tbody");
  for (const grant of lines.slice(firstLine, firstLine + LINES)) {
    const line = element("tr"), place = places[grant.place], subject = subjects[grant.subject];
    line.append(element("th", subject.name + (subject.isGroup ? " (group)" : ""), { scope: "row" }), element("td", place.kind + " " + place.name));
    const level = element("td", undefined, { class: grant.level });
    level.append(element("b", LETTERS[grant.level]), " " + grant.level);
    line.append(level, element("td", SOURCE_WORDS[grant.source]), element("td", grant.stack.split("\n")[0] || (data.states ? "no stack" : ""), { title: grant.stack.split("\n")[1] || "" }), element("td", grant.change));
    body.append(line);
  }
  table.replaceChildren(head, body);
  pager(byId("list-pager"), [["grants", lines.length, firstLine, LINES, (at) => { firstLine = at; drawList(); }]]);
}

function pager(into, parts) {
  into.replaceChildren(...parts.map(([what, total, first, size, go]) => {
    const made = element("div"), last = Math.min(first + size, total);
    const back = element("button", "‹", { type: "button", "aria-label": "Previous " + what });
    const on = element("button", "›", { type: "button", "aria-label": "Next " + what });
    back.disabled = first === 0;
    on.disabled = last >= total;
    const turn = (at, label) => { go(at); into.querySelector(`[aria-label="${label}"]:not(:disabled)`)?.focus(); };
    back.addEventListener("click", () => turn(Math.max(0, first - size), "Previous " + what));
    on.addEventListener("click", () => turn(first + size, "Next " + what));
    made.append(back, " ", element("span", total ? `${what} ${first + 1}–${last} of ${total.toLocaleString("en")}` : `no ${what}`), " ", on);
    return made;
  }));
}

function section(id, headings, found) {
  if (!found.length) return;
  const table = element("table"), head = element("thead"), line = element("tr"), body = element("tbody");
  for (const heading of headings) line.append(element("th", heading, { scope: "col" }));
  head.append(line);
  for (const one of found) {
    const line = element("tr");
    one.forEach((text, index) => line.append(index ? element("td", text) : element("th", text, { scope: "row" })));
    body.append(line);
  }
  table.append(head, body);
  const scroll = element("div", undefined, { class: "scroll", tabindex: "0", role: "region", "aria-label": byId(id + "-title").textContent + ", as a table" });
  scroll.append(table);
  byId(id).append(scroll);
  byId(id).hidden = false;
}

// On paper: each person with all places, as far as the filters let them through.
function print() {
  const found = new Map();
  for (const grant of lines) {
    const levels = found.get(grant.subject) || new Map();
    levels.set(grant.level, [...(levels.get(grant.level) || []), places[grant.place].kind === "repository" ? places[grant.place].name : places[grant.place].kind + " " + places[grant.place].name]);
    found.set(grant.subject, levels);
  }
  byId("print").replaceChildren(...[...found].map(([index, levels]) => {
    const made = element("div");
    made.append(element("b", subjects[index].name + (subjects[index].isGroup ? " (group)" : "")));
    for (const level of ["admin", "create-repo", "write", "read"]) if (levels.has(level)) made.append(element("p", `${LETTERS[level]} ${level}: ${levels.get(level).join(", ")}`));
    return made;
  }));
}

for (const level of ["admin", "create-repo", "write", "read"]) {
  byId("level").append(element("option", level, { value: level }));
  const mark = element("span", `${LETTERS[level]} ${level}`, { class: level });
  byId("legend").append(mark);
}
byId("legend").append("Small letters: p through the project, r role in the workspace, g through one of the groups." + (data.states ? " Framed: managed by no stack." : "") + (data.since ? " *: changed." : ""));
for (const source of Object.keys(SOURCE_WORDS)) byId("source").append(element("option", SOURCE_WORDS[source], { value: source }));
for (const id of ["name", "place", "level", "source"]) byId(id).addEventListener("input", (event) => { wanted[id] = event.target.value.trim().toLowerCase(); filter(); });
for (const id of ["unmanaged", "changed"]) byId(id).addEventListener("input", (event) => { wanted[id] = event.target.checked; filter(); });
byId("unmanaged").disabled = !data.states;
byId("changed").disabled = !data.since;
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => { Object.assign(wanted, { name: "", place: "", level: "", source: "", unmanaged: false, changed: false }); filter(); });
addEventListener("beforeprint", print);
section("gaps", ["Place", "What", "Why"], data.gaps);
section("drift", ["Person or group", "Place", "In the state", "In Bitbucket", "Stack"], data.drift);
section("changes", ["Person or group", "Place", "Before", "Now"], data.changed);
filter();
document.documentElement.dataset.ready = "yes";
