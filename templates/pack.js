"use strict";
// Screening from a file. A decision is a row that is only ever added to the log, which lives in localStorage; what
// stands is worked out from the log. The download is the log.
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const KEY = ["livrev", page.review, page.reviewer, page.stage, page.batch].join("/");
  const AT_FULLTEXT = page.stage === "fulltext";
  const DONE = { include: "Included", exclude: "Excluded", maybe: "Maybe" };
  const SCROLLS = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };
  const byName = new Map(page.reports.map((report) => [report.report, report]));
  const label = (code) => (page.reasons.find((reason) => reason.code === code) || { label: code }).label;

  // The log ------------------------------------------------------------------------------------------------------

  const kept = { rows: [], downloaded: 0 };
  let storing = true;
  let now = null; // what the log comes to, see standing()

  function uid() { // version 4 of RFC 9562; crypto.randomUUID is missing on pages from disk
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function alarm(text) {
    $("alarm").textContent = text;
    $("alarm").hidden = false;
  }

  function notKept() {
    storing = false;
    alarm("This browser keeps nothing of this page: your votes are lost when you close it. Download them before (key d).");
  }

  // Rows that are stored come first; another tab with this page may have written since.
  function read() {
    if (!storing) return;
    let text = null;
    try {
      text = localStorage.getItem(KEY);
    } catch (problem) {
      notKept();
    }
    if (text === null) return;
    try {
      const stored = JSON.parse(text);
      const known = new Set(stored.rows.map((row) => row.uid));
      kept.rows = stored.rows.concat(kept.rows.filter((row) => !known.has(row.uid)));
      kept.downloaded = Math.max(kept.downloaded, stored.downloaded);
    } catch (problem) {
      putAside(text);
    }
  }

  function putAside(text) {
    const name = KEY + "/unreadable/" + new Date().toISOString();
    alarm("What this browser had kept of this page cannot be read; it was put aside as " + name + ".");
    try {
      localStorage.setItem(name, text);
      localStorage.removeItem(KEY);
    } catch (problem) {
      notKept();
    }
  }

  function write() {
    if (!storing) return;
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch (problem) { // full, or switched off meanwhile
      notKept();
    }
  }

  function add(row) {
    read();
    kept.rows.push({ ...row, uid: uid(), at: new Date().toISOString() });
    write();
    now = standing();
  }

  function standing() {
    const gone = new Set(kept.rows.filter((row) => row.kind === "undo").map((row) => row.of));
    const found = { votes: [], vote: new Map(), notes: new Map(), flags: new Set(), tags: new Map(), skips: new Map() };
    kept.rows.forEach((row, place) => {
      if (row.kind === "vote" && !gone.has(row.uid)) {
        found.votes.push(row);
        found.vote.delete(row.report); // so that the map's order is that of the newest votes
        found.vote.set(row.report, row);
      } else if (row.kind === "mark") {
        mark(found, row, place);
      }
    });
    return found;
  }

  function mark(found, row, place) {
    const { report, mark: kind, value, on } = row;
    if (kind === "note") found.notes.set(report, on ? value : "");
    if (kind === "flag") on ? found.flags.add(report) : found.flags.delete(report);
    if (kind === "skip") found.skips.set(report, { place, times: (found.skips.get(report) || { times: 0 }).times + 1 });
    if (kind === "tag") {
      const tags = found.tags.get(report) || new Set();
      on ? tags.add(value) : tags.delete(value);
      found.tags.set(report, tags);
    }
  }

  const title = (name) => byName.get(name).title.text;
  const addMark = (kind, value, on) => add({ kind: "mark", report: current, title: title(current), mark: kind, value, on });

  // What is on the screen ----------------------------------------------------------------------------------------

  let current = null; // the report, by its number; null: nothing is left
  let chosen = null; // a report that was gone back to
  let since = 0; // when it came on the screen, less the time the page was hidden
  let hiddenSince = null;
  let sought = "";

  function next() {
    const open = page.reports.map((report) => report.report).filter((name) => !now.vote.has(name));
    const turn = (name) => (now.skips.has(name) ? now.skips.get(name).place + 1 : 0);
    return open.sort((one, two) => turn(one) - turn(two))[0] || null;
  }

  function show() {
    const before = current;
    current = chosen || next();
    if (current !== before) {
      sought = "";
      since = performance.now();
    }
    render();
    if (current !== before) {
      $("card").scrollTop = 0;
      $("title").focus({ preventScroll: true });
    }
  }

  function render() {
    const report = current && byName.get(current);
    fill($("title"), report ? painted(report.title) : [done()]);
    fill($("facts"), report ? report.facts.map((line) => element("p", line)) : []);
    fill($("abstract"), report ? paragraphs(report.abstract) : [element("p", whatNow())]);
    fill($("keywords"), report && report.keywords.text ? ["Keywords: ", ...painted(report.keywords)] : []);
    fill($("links"), report ? report.links.map(link) : []);
    $("note").textContent = report && now.notes.get(current) ? "Note: " + now.notes.get(current) : "";
    fill($("own"), report ? own() : []);
    renderBars(Boolean(report));
  }

  function renderBars(open) {
    const decided = now.vote.size;
    const forward = [...now.vote.values()].filter((row) => row.decision !== "exclude").length;
    $("progress").value = decided;
    document.body.dataset.left = open ? "some" : "none";
    $("far").textContent = decided + " of " + page.reports.length + " decided · " + forward + " included";
    const unsaved = kept.rows.length - kept.downloaded;
    $("unsaved").textContent = unsaved > 0 ? "not yet downloaded" : kept.rows.length ? "all downloaded" : "";
    for (const action of ["include", "maybe", "exclude", "skip", "note", "tag", "flag", "find", "open"]) {
      if ($("do-" + action)) $("do-" + action).disabled = !open;
    }
    $("do-undo").disabled = now.votes.length === 0;
    $("do-flag").setAttribute("aria-pressed", String(open && now.flags.has(current)));
    $("do-highlights").setAttribute("aria-pressed", String(document.body.dataset.highlights === "on"));
    $("do-criteria").setAttribute("aria-pressed", String(document.body.dataset.criteria === "on"));
  }

  const done = () => (page.reports.length === 1 ? "The report is decided" : "All " + page.reports.length + " reports are decided");
  const whatNow = () => "Download your votes with d and send the file back. You can still take decisions back (" + page.signs.undo + ") or go back to one (" + page.signs.back + ").";

  function own() {
    const vote = now.vote.get(current);
    const parts = [];
    if (vote) parts.push(element("span", "Your decision so far: "), element("strong", said(vote)));
    const marks = now.flags.has(current) ? ["⚑ flagged for discussion"] : [];
    const tags = [...(now.tags.get(current) || [])];
    if (tags.length) marks.push("tags: " + tags.join(", "));
    const skipped = now.skips.get(current);
    if (skipped) marks.push(skipped.times === 1 ? "skipped once" : "skipped " + skipped.times + " times");
    return parts.concat(marks.map((text, index) => (vote || index ? " · " : "") + text));
  }

  const said = (vote) => vote.decision + (vote.reason ? " (" + label(vote.reason) + ")" : "");

  function element(name, text, attributes) {
    const made = document.createElement(name);
    made.append(text);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    return made;
  }

  const fill = (where, parts) => where.replaceChildren(...parts);
  const link = (address) => element("a", address, { href: address, target: "_blank", rel: "noopener noreferrer" });

  // A text as nodes: terms and finds marked, everything else as it stands.
  function painted(marked, from = 0, to = marked.text.length) {
    const spans = marked.spans.concat(finds(marked.text)).filter(([start, end]) => end > from && start < to);
    const cuts = [from, to, ...spans.flatMap(([start, end]) => [Math.max(start, from), Math.min(end, to)])];
    const places = [...new Set(cuts)].sort((one, two) => one - two);
    return places.slice(0, -1).map((start, index) => {
      const text = marked.text.slice(start, places[index + 1]);
      const sides = spans.filter((span) => span[0] <= start && span[1] > start).map((span) => span[2]);
      return sides.length ? element("mark", text, { class: sides.join(" ") }) : document.createTextNode(text);
    });
  }

  function finds(text) {
    if (!sought) return [];
    const wanted = sought.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
    return Array.from(text.matchAll(new RegExp(wanted, "giu")), (found) => [found.index, found.index + found[0].length, "found"]);
  }

  // Lines of an abstract; a section's label stands above it.
  function paragraphs(marked) {
    const made = [];
    let start = 0;
    for (const line of marked.text.split("\n")) {
      const end = start + line.length;
      const section = /^([A-Z][A-Z /,&()-]{2,60}): /.exec(line);
      const paragraph = document.createElement("p");
      if (section) paragraph.append(element("b", section[1]));
      paragraph.append(...painted(marked, start + (section ? section[0].length : 0), end));
      if (line.trim()) made.push(paragraph);
      start = end + 1;
    }
    return made;
  }

  function say(text) {
    $("said").textContent = text;
  }

  // What can be done ---------------------------------------------------------------------------------------------

  function seconds() {
    return Math.max(0, Math.round(performance.now() - since)) / 1000;
  }

  function decide(decision, reason) {
    if (AT_FULLTEXT && decision === "exclude" && !reason) return askReason();
    const report = current, note = now.notes.get(report) || "", before = now.vote.get(report);
    const same = before && before.decision === decision && before.reason === (reason || null) && before.note === note;
    if (!same) {
      const spent = Math.min(seconds(), 86400);
      add({ kind: "vote", report, title: title(report), decision, reason: reason || null, note, seconds: spent, criteria: page.criteria });
    }
    chosen = null;
    show();
    const why = reason ? " (" + label(reason) + ")" : "";
    say(DONE[decision] + ": " + report + why + (same ? ", as before." : ". Stored; " + page.signs.undo + " takes it back."));
  }

  function undo() {
    const last = now.votes[now.votes.length - 1];
    if (!last) return say("There is nothing to take back.");
    add({ kind: "undo", of: last.uid });
    chosen = last.report;
    show();
    const before = now.vote.get(last.report);
    say("Taken back: " + last.decision + " on " + last.report + "." + (before ? " Your earlier " + before.decision + " stands again." : ""));
  }

  function skip() {
    const times = (now.skips.get(current) || { times: 0 }).times;
    if (now.vote.has(current)) {
      chosen = null;
      show();
      return say("It keeps its decision.");
    }
    if (times >= page.most_skips) return say(current + " was put off " + times + " times; decide on it, or flag it.");
    const put = current;
    addMark("skip", "", true);
    chosen = null;
    show();
    say(current === put ? put + " is the last one left." : "Put off: " + put + " comes again at the end.");
  }

  function flag() {
    const on = !now.flags.has(current);
    addMark("flag", "", on);
    render();
    say((on ? "Flagged: " : "Flag taken off: ") + current + ".");
  }

  function note() {
    const before = now.notes.get(current) || "";
    ask({ title: "Note on " + current, hint: "Shift+Enter begins a new line. Others see it once the report is settled.", long: true, text: before }, (given) => {
      const text = given.trim();
      if (text === before) return;
      addMark("note", text, Boolean(text));
      const vote = now.vote.get(current);
      if (vote) add({ kind: "vote", report: current, title: title(current), decision: vote.decision, reason: vote.reason, note: text, seconds: null, criteria: page.criteria });
      render();
      say(text ? "Note stored on " + current + "." : "Note taken off " + current + ".");
    });
  }

  function tag() {
    const mine = now.tags.get(current) || new Set();
    const known = new Set([...now.tags.values()].flatMap((tags) => [...tags]));
    fill($("known-tags"), [...known].map((value) => element("option", "", { value })));
    ask({ title: "Tag " + current, hint: mine.size ? "A tag it has already (" + [...mine].join(", ") + ") is taken off." : "Seen by you alone.", text: "" }, (given) => {
      const text = given.trim();
      if (!text) return;
      const on = !mine.has(text);
      addMark("tag", text, on);
      render();
      say((on ? "Tagged: " : "Tag taken off: ") + text + " (" + current + ").");
    });
  }

  function find() {
    ask({ title: "Find in this report", hint: "Nothing takes the marks away.", text: sought }, (given) => {
      sought = given.trim();
      render();
      const marks = document.querySelectorAll("mark.found");
      if (marks.length) marks[0].scrollIntoView({ block: "center" });
      say(sought ? (marks.length ? marks.length : "Not") + " found: " + sought : "");
    });
  }

  function toggle(what, on, off) {
    const body = document.body.dataset;
    body[what] = body[what] === "on" ? "off" : "on";
    render();
    say(body[what] === "on" ? on : off);
  }

  function open() {
    const address = byName.get(current).links[0];
    if (!address) return say(current + " has no DOI and no PubMed number.");
    window.open(address, "_blank", "noopener,noreferrer");
  }

  function download() {
    read();
    if (!kept.rows.length) return say("There is nothing to download yet.");
    const { form, review, title: name, reviewer, stage, batch } = page;
    const file = { livrev_votes: form, review, title: name, reviewer, stage, batch, downloaded_at: new Date().toISOString(), rows: kept.rows };
    const address = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\n"], { type: "application/json" }));
    const named = "livrev-votes-" + reviewer.replace(/[^\p{L}\p{N}_.-]+/gu, "-") + "-" + batch + ".json";
    const anchor = element("a", "", { href: address, download: named });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    kept.downloaded = kept.rows.length;
    write();
    render();
    say("Downloaded as " + named + " with " + now.vote.size + (now.vote.size === 1 ? " decision." : " decisions.") + " Send this file back.");
  }

  function help() {
    $("tell-help").showModal();
    $("tell-help-title").focus();
  }

  function scroll(direction) {
    $("card").scrollBy({ top: direction * 80 });
  }

  // Dialogs ------------------------------------------------------------------------------------------------------

  let answer = null;

  function ask({ title: heading, hint, long, text }, then) {
    $("ask-text-title").textContent = heading;
    $("ask-text-hint").textContent = hint;
    const field = long ? $("ask-text-long") : $("ask-text-short");
    $("ask-text-long").hidden = !long;
    $("ask-text-short").hidden = Boolean(long);
    field.value = text;
    answer = () => then(field.value);
    $("ask-text").showModal();
    field.focus();
    field.select();
  }

  function askDone() {
    $("ask-text").close();
    answer();
  }

  function askReason() {
    fill($("reasons"), page.reasons.map((reason, index) => {
      const digit = index < 9 ? String(index + 1) : index === 9 ? "0" : "";
      const made = element("button", reason.label + " ", { type: "button", "data-digit": digit || "none" });
      if (digit) made.append(element("kbd", digit));
      made.addEventListener("click", () => {
        $("ask-reason").close();
        decide("exclude", reason.code);
      });
      return made;
    }));
    $("ask-reason").showModal();
  }

  function listPast() {
    if (!now.votes.length) return say("You have not decided anything yet.");
    $("past-filter").value = "";
    fillPast();
    $("ask-past").showModal();
    $("past").firstElementChild.focus();
  }

  function fillPast() {
    const wanted = $("past-filter").value.trim().toLowerCase();
    const found = [...now.vote.values()].reverse().filter((vote) => vote.title.toLowerCase().includes(wanted));
    fill($("past"), found.map((vote) => {
      const made = element("button", vote.title, { type: "button" });
      made.append(element("span", vote.report + " · " + said(vote) + (now.flags.has(vote.report) ? " · ⚑" : ""), { class: "what" }));
      made.addEventListener("click", () => goTo(vote.report));
      return made;
    }));
  }

  function goTo(name) {
    $("ask-past").close();
    chosen = name;
    show();
    say("Gone back to " + name + ". " + page.signs.skip + " goes on without a change.");
  }

  function walk(event, list) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...list.children];
    const place = all.indexOf(document.activeElement);
    const target = all[Math.min(all.length - 1, place + step)];
    if (target) target.focus();
    else if (list === $("past")) $("past-filter").focus();
  }

  $("ask-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    askDone();
  });
  $("ask-text-done").addEventListener("click", askDone);
  $("ask-reason").addEventListener("keydown", (event) => {
    walk(event, $("reasons"));
    const wanted = /^[0-9]$/.test(event.key) && !event.repeat && $("reasons").querySelector('[data-digit="' + event.key + '"]');
    if (wanted) wanted.click();
  });
  $("ask-past").addEventListener("keydown", (event) => {
    walk(event, $("past"));
    if (event.key === "Enter" && event.target === $("past-filter") && $("past").firstElementChild) $("past").firstElementChild.click();
    if (event.target !== $("past-filter") && keyOf(event) === page.keys.find[0]) {
      event.preventDefault();
      $("past-filter").focus();
    }
  });
  $("past-filter").addEventListener("input", fillPast);
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }

  // Keys and buttons ---------------------------------------------------------------------------------------------

  const ACTIONS = {
    include: () => decide("include"),
    exclude: () => decide("exclude"),
    maybe: () => (AT_FULLTEXT ? say("Maybe exists at title and abstract only.") : decide("maybe")),
    undo,
    skip,
    back: listPast,
    note,
    tag,
    flag,
    highlights: () => toggle("highlights", "Terms are highlighted.", "Terms are not highlighted."),
    find,
    criteria: () => toggle("criteria", "Criteria are shown.", "Criteria are hidden."),
    open,
    help,
    download,
  };
  const WITHOUT_REPORT = new Set(["undo", "back", "highlights", "criteria", "help", "download"]);
  const actionOf = new Map([["d", "download"]]);
  for (const [action, names] of Object.entries(page.keys)) names.forEach((name) => actionOf.set(name, action));

  // The key as it is written in page.keys: capitals fall back on small letters, other alphabets on the key's place.
  function keyOf(event) {
    const { key, code } = event;
    if (actionOf.has(key) || key in SCROLLS) return key;
    const small = key.length === 1 ? key.toLowerCase() : key;
    if (actionOf.has(small) || small in SCROLLS) return small;
    const place = /^Key([A-Z])$/.exec(code || "");
    return place && key.length === 1 && key.codePointAt(0) > 127 ? place[1].toLowerCase() : key;
  }

  function run(action) {
    if (!current && !WITHOUT_REPORT.has(action)) return say("Nothing is left here.");
    ACTIONS[action]();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || event.target.closest("input, textarea")) return;
    const key = keyOf(event), action = actionOf.get(key);
    if (!action && !(key in SCROLLS)) return;
    event.preventDefault();
    if (!action) scroll(SCROLLS[key]);
    else if (!event.repeat) run(action); // a key held down votes once
  });
  for (const button of document.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => {
      run(button.dataset.action);
      if (!document.querySelector("dialog[open]")) $("title").focus({ preventScroll: true });
    });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = performance.now();
    else if (hiddenSince !== null) since += performance.now() - hiddenSince;
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    read();
    now = standing();
    show();
  });
  window.addEventListener("beforeunload", (event) => {
    if (kept.rows.length <= kept.downloaded) return;
    event.preventDefault();
    event.returnValue = "";
  });

  read();
  now = standing();
  write(); // tells at once whether anything is kept
  if (window.matchMedia("(min-width: 60rem)").matches) document.body.dataset.criteria = "on";
  show();
  if (now.vote.size) say("Welcome back: " + now.vote.size + " decided so far.");
})();
