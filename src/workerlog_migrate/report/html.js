
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const files = [...document.querySelectorAll("details.file")].map((element) => ({
    element,
    name: element.querySelector("h3").textContent.toLowerCase(),
    pairs: element.dataset.k.split(" ").filter(Boolean).map((pair) => pair.split(":")),
  }));
  const quiet = [...document.querySelectorAll("#quiet li")].map((element) => ({
    element,
    name: element.firstChild.textContent.toLowerCase(),
  }));
  const wide = matchMedia("(min-width: 64rem)");
  const patches = new Map();

  // Colours: those of the system until the reader says otherwise; kept where the browser keeps such things.

  const theme = $("theme");
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => {
    try {
      return localStorage.getItem("workerlog-migrate-theme");
    } catch (error) {
      if (error instanceof DOMException) return null;
      throw error;
    }
  };
  const showTheme = (choice) => {
    if (choice) document.documentElement.dataset.theme = choice;
    theme.setAttribute("aria-pressed", String((choice || (systemDark.matches ? "dark" : "light")) === "dark"));
  };
  theme.addEventListener("click", () => {
    const choice = theme.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    showTheme(choice);
    try {
      localStorage.setItem("workerlog-migrate-theme", choice);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  });
  systemDark.addEventListener("change", () => showTheme(document.documentElement.dataset.theme));
  showTheme(["light", "dark"].find((known) => known === remembered()));
  theme.hidden = false;

  // A file's content is made when it is opened for the first time.

  const fill = (file) => {
    const raw = file.element.querySelector(":scope > noscript");
    if (!raw) return;
    const template = document.createElement("template");
    template.innerHTML = raw.textContent;
    raw.replaceWith(template.content);
    const pre = file.element.querySelector(".diff pre");
    if (pre) {
      const place = pre.parentElement;
      const patch = read(pre);
      const rest = place.querySelector("pre.rest");
      fold(patch, rest);
      if (rest) rest.remove();
      const table = draw(patch, file.element.id);
      pre.replaceWith(table);
      patches.set(file.element.id, { patch, table, place });
    }
    link(file.element);
    sift(file);
  };

  // The patch as text and its colours -> hunks of lines.

  const read = (pre) => {
    const colours = pre.dataset.h.split(",");
    const hunks = [];
    let hunk, before, after;
    pre.textContent.split("\n").forEach((text, index) => {
      const mark = text[0];
      if (mark === "@") {
        const [, first, , second] = text.match(/^@@ -(\d+)(,\d+)? \+(\d+)/);
        [before, after] = [Number(first), Number(second)];
        hunk = { head: text, first: before, lines: [] };
        hunks.push(hunk);
      } else if (mark === "\\") {
        hunk.lines.at(-1).unended = true;
      } else {
        const line = { mark, text: text.slice(1), runs: decode(colours[index]), marks: [] };
        if (mark !== "+") line.before = before++;
        if (mark !== "-") line.after = after++;
        hunk.lines.push(line);
      }
    });
    hunks.forEach(pair);
    return hunks;
  };

  // What stands between the hunks, and behind the last one: shown when the reader asks for it.

  const fold = (hunks, pre) => {
    const colours = pre ? pre.dataset.h.split(",") : [];
    const lines = pre ? pre.textContent.split("\n").map((text, index) => ({ mark: " ", text: text.slice(1), runs: decode(colours[index]), marks: [] })) : [];
    let before = 1, after = 1, used = 0;
    for (const hunk of hunks) {
      const gap = Math.max(hunk.first - before, 0);
      hunk.gap = lines.slice(used, used + gap);
      hunk.gap.forEach((line, index) => Object.assign(line, { before: before + index, after: after + index }));
      used += gap;
      const last = (side) => hunk.lines.reduce((most, line) => Math.max(most, line[side] || 0), 0);
      [before, after] = [last("before") + 1 || hunk.first, last("after") + 1];
    }
    const tail = lines.slice(used);
    tail.forEach((line, index) => Object.assign(line, { before: before + index, after: after + index }));
    if (tail.length) hunks.push({ head: "", first: before + tail.length, lines: [], gap: tail });
  };

  const decode = (code) => {
    const runs = [];
    let position = 0;
    for (const [, kind, length] of code.matchAll(/([a-z.])(\d+)/g)) {
      const end = position + Number(length);
      if (kind !== ".") runs.push([position, end, kind]);
      position = end;
    }
    return runs;
  };

  // Which new line is which old line? Those that share the most words, in order; their differences are marked.

  const words = (text) => text.match(/\w+|\s+|[^\w\s]/gu) || [];

  const common = (one, two, weigh) => {
    const table = Array.from({ length: one.length + 1 }, () => new Float64Array(two.length + 1));
    for (let i = one.length - 1; i >= 0; i--)
      for (let j = two.length - 1; j >= 0; j--)
        table[i][j] = Math.max(table[i + 1][j], table[i][j + 1], table[i + 1][j + 1] + weigh(one[i], two[j]));
    const pairs = [];
    for (let i = 0, j = 0; i < one.length && j < two.length; ) {
      const weight = weigh(one[i], two[j]);
      if (weight && table[i][j] === table[i + 1][j + 1] + weight) pairs.push([i++, j++]);
      else if (table[i][j] === table[i + 1][j]) i++;
      else j++;
    }
    return pairs;
  };

  const likeness = (one, two) => {
    const bag = new Map();
    one.forEach((word) => bag.set(word, (bag.get(word) || 0) + 1));
    let shared = 0;
    for (const word of two)
      if (bag.get(word)) {
        bag.set(word, bag.get(word) - 1);
        shared += word.trim().length;
      }
    const length = Math.max(...[one, two].map((each) => each.reduce((sum, word) => sum + word.trim().length, 0)), 1);
    return shared / length > 0.34 ? shared / length : 0;
  };

  const pair = (hunk) => {
    for (let start = 0; start < hunk.lines.length; start++) {
      if (hunk.lines[start].mark === " ") continue;
      let end = start;
      while (end < hunk.lines.length && hunk.lines[end].mark !== " ") end++;
      const changed = hunk.lines.slice(start, end);
      const old = changed.filter((line) => line.mark === "-");
      const fresh = changed.filter((line) => line.mark === "+");
      if (old.length * fresh.length <= 10000) {
        for (const line of changed) line.words = words(line.text);
        for (const [i, j] of common(old, fresh, (a, b) => likeness(a.words, b.words))) {
          old[i].twin = fresh[j];
          fresh[j].twin = old[i];
          compare(old[i], fresh[j]);
        }
      }
      const sorted = interleave(old, fresh);
      hunk.lines.splice(start, end - start, ...sorted);
      start += sorted.length;
    }
  };

  // A pair that is equal after all was only near a change: it becomes context, between what was before and after it.

  const interleave = (old, fresh) => {
    const lines = [];
    let i = 0, j = 0;
    old.forEach((line, index) => {
      if (!line.twin || line.twin.text !== line.text || line.twin.unended !== line.unended) return;
      const other = fresh.indexOf(line.twin);
      lines.push(...old.slice(i, index), ...fresh.slice(j, other));
      lines.push({ ...line, mark: " ", after: line.twin.after });
      [i, j] = [index + 1, other + 1];
    });
    return [...lines, ...old.slice(i), ...fresh.slice(j)];
  };

  const compare = (one, two) => {
    if (one.words.length * two.words.length > 40000) return;
    const same = common(one.words, two.words, (a, b) => (a === b ? a.length : 0));
    [one, two].forEach((line, side) => {
      const kept = new Set(same.map((both) => both[side]));
      let position = 0;
      line.words.forEach((word, index) => {
        const last = line.marks.at(-1);
        const end = position + word.length;
        if (!kept.has(index)) {
          if (last && last[1] === position) last[1] = end;
          else line.marks.push([position, end]);
        }
        position = end;
      });
    });
  };

  // Hunks -> a table, old beside new or one below the other.

  const draw = (hunks, id) => {
    const split = wide.matches && !$("unified").checked;
    const table = document.createElement("table");
    table.className = split ? "split" : "unified";
    table.setAttribute("aria-label", split ? "Before and after, side by side" : "Removed and added lines");
    table.append(columns(split));
    let previous = 0;
    for (const hunk of hunks) {
      const row = table.insertRow();
      row.className = "skipped";
      const cell = row.insertCell();
      cell.colSpan = split ? 6 : 4;
      const gap = hunk.first - 1 - previous;
      const said = gap > 0 ? `${gap} ${gap === 1 ? "line" : "lines"} unchanged` : hunk.head;
      if (gap <= 0) row.hidden = true;
      const show = () => {
        hunk.isOpen = true;
        const body = document.createElement("tbody");
        (split ? sideBySide : oneColumn)(hunk.gap, body, id);
        const [first] = body.rows;
        row.replaceWith(...body.rows);
        return first;
      };
      if (gap > 0 && hunk.gap.length === gap) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "unfold";
        button.textContent = said;
        button.title = "Show these lines";
        button.addEventListener("click", () => show().focus({ preventScroll: true }));
        cell.append(button);
        if (hunk.isOpen) show();
      } else {
        cell.textContent = said;
      }
      for (const line of hunk.lines) if (line.before) previous = line.before;
      (split ? sideBySide : oneColumn)(hunk.lines, table, id);
    }
    return table;
  };

  const columns = (split) => {
    const group = document.createElement("colgroup");
    for (const name of split ? ["no", "sign", "", "no", "sign", ""] : ["no", "no", "sign", ""]) {
      const column = document.createElement("col");
      column.className = name;
      group.append(column);
    }
    return group;
  };

  const sideBySide = (lines, table, id) => {
    for (let index = 0; index < lines.length; ) {
      if (lines[index].mark === " ") {
        halves(table, id, lines[index], lines[index]);
        index++;
        continue;
      }
      let end = index;
      while (end < lines.length && lines[end].mark !== " ") end++;
      const old = lines.slice(index, end).filter((line) => line.mark === "-");
      const fresh = lines.slice(index, end).filter((line) => line.mark === "+");
      while (old.length || fresh.length) {
        const left = old[0], right = fresh[0];
        if (left && right && (left.twin === right || !(left.twin || right.twin))) halves(table, id, old.shift(), fresh.shift());
        else if (left && !left.twin) halves(table, id, old.shift(), null);
        else halves(table, id, null, fresh.shift());
      }
      index = end;
    }
  };

  const halves = (table, id, left, right) => {
    const row = table.insertRow();
    if (left) anchor(row, id, left.before);
    number(row, left && left.before, left ? left.mark : "void");
    code(row, left);
    number(row, right && right.after, right ? right.mark : "void");
    code(row, right);
  };

  const oneColumn = (lines, table, id) => {
    for (const line of lines) {
      const row = table.insertRow();
      if (line.before) anchor(row, id, line.before);
      number(row, line.before, line.mark);
      number(row, line.after, line.mark);
      code(row, line);
    }
  };

  const kinds = { "-": "old", "+": "new", " ": "", void: "void" };
  const spoken = { "-": "removed", "+": "added" };

  const anchor = (row, id, line) => {
    row.id = `${id}-${line}`;
    row.tabIndex = -1;
  };

  const number = (row, value, mark) => {
    const cell = row.insertCell();
    cell.className = `no ${kinds[mark]}`;
    cell.textContent = value || "";
  };

  const code = (row, line) => {
    const kind = line ? kinds[line.mark] : "void";
    const sign = row.insertCell();
    sign.className = `sign ${kind}`;
    if (line && spoken[line.mark]) {
      sign.textContent = line.mark === "-" ? "\u2212" : "+";
      sign.setAttribute("aria-label", spoken[line.mark]);
    }
    const cell = row.insertCell();
    cell.className = kind;
    if (!line) return;
    paint(cell, line);
    if (line.unended) {
      const note = document.createElement("span");
      note.className = "x";
      note.textContent = "no newline at the end";
      cell.append(" ", note);
    }
  };

  const paint = (cell, { text, runs, marks }) => {
    const edges = [...new Set([0, text.length, ...runs.flatMap((run) => run.slice(0, 2)), ...marks.flat()])];
    edges.sort((a, b) => a - b);
    let r = 0, m = 0;
    for (let index = 0; index + 1 < edges.length; index++) {
      const [start, end] = [edges[index], edges[index + 1]];
      while (r < runs.length && runs[r][1] <= start) r++;
      while (m < marks.length && marks[m][1] <= start) m++;
      const run = r < runs.length && runs[r][0] <= start ? runs[r][2] : "";
      const isMarked = m < marks.length && marks[m][0] <= start;
      let node = document.createTextNode(text.slice(start, end));
      for (const [name, tag] of [[run, "span"], [isMarked && "mark", "mark"]]) {
        if (!name) continue;
        const outer = document.createElement(tag);
        if (tag === "span") outer.className = name === "n" ? "n2" : name;
        outer.append(node);
        node = outer;
      }
      cell.append(node);
    }
  };

  const redraw = () => {
    for (const [id, entry] of patches) {
      const table = draw(entry.patch, id);
      entry.table.replaceWith(table);
      entry.table = table;
    }
  };
  wide.addEventListener("change", redraw);
  $("unified").addEventListener("change", redraw);

  // Line numbers lead to the line in the diff, where it is shown.

  const link = (element) => {
    for (const place of element.querySelectorAll(".line, .evidence td:nth-child(3)")) {
      const id = `${element.id}-${place.textContent}`;
      if (!$(id)) continue;
      const to = document.createElement("a");
      to.href = `#${id}`;
      to.textContent = place.textContent;
      to.setAttribute("aria-label", `line ${place.textContent} in the diff`);
      place.replaceChildren(to);
    }
  };

  for (const place of document.querySelectorAll("[data-to]")) {
    const to = document.createElement("a");
    to.href = `#${place.dataset.to}`;
    to.append(...place.childNodes);
    place.replaceChildren(to);
  }

  const follow = () => {
    const [id, line] = location.hash.slice(1).split("-");
    const file = files.find((each) => each.element.id === id);
    if (!file) return;
    fill(file);
    file.element.open = true;
    file.element.hidden = false;
    document.querySelectorAll(".hit").forEach((row) => row.classList.remove("hit"));
    const item = line && [...file.element.querySelectorAll(".findings > li")].find((each) => each.querySelector(".line").textContent === line);
    const row = $(location.hash.slice(1)) || item || file.element;
    if (row === item) item.tabIndex = -1;
    row.scrollIntoView({ block: row === file.element ? "start" : "center" });
    if (row !== file.element) {
      row.classList.add("hit");
      row.focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", follow);

  // Files that the reader is through with: folded, faint and counted; kept by what stands in them, where the browser keeps such things.

  const VIEWED = "workerlog-migrate-viewed";
  const stored = () => {
    try {
      const list = JSON.parse(localStorage.getItem(VIEWED) || "[]");
      return Array.isArray(list) ? list : [];
    } catch (error) {
      if (error instanceof DOMException || error instanceof SyntaxError) return [];
      throw error;
    }
  };
  const viewed = new Set(stored());
  const keep = () => {
    try {
      localStorage.setItem(VIEWED, JSON.stringify([...viewed].slice(-20000)));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  };
  const count = () => {
    const through = files.filter((file) => viewed.has(file.element.dataset.d)).length;
    $("viewed").value = through ? `${through} of ${files.length} viewed` : "";
  };
  for (const file of files) {
    const label = document.createElement("label");
    label.className = "viewed";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = viewed.has(file.element.dataset.d);
    file.element.classList.toggle("through", box.checked);
    label.append(box, " Viewed");
    label.addEventListener("click", (event) => event.stopPropagation());
    box.addEventListener("change", () => {
      viewed[box.checked ? "add" : "delete"](file.element.dataset.d);
      file.element.classList.toggle("through", box.checked);
      if (box.checked) file.element.open = false;
      keep();
      count();
    });
    file.element.querySelector("summary").append(label);
  }

  // The filter: files that have a finding of that codemod and outcome, and in them those findings.

  const wanted = () => ({
    name: $("by-name").value.trim().toLowerCase(),
    codemod: $("by-codemod").value,
    outcomes: $("only-left").checked ? ["left", "incomplete"] : [$("by-outcome").value].filter(Boolean),
  });
  const fits = ({ codemod, outcomes }, [of, outcome]) =>
    (!codemod || of === codemod) && (!outcomes.length || outcomes.includes(outcome));

  const sift = (file) => {
    const wish = wanted();
    for (const item of file.element.querySelectorAll(".findings > li")) item.hidden = !fits(wish, item.dataset.k.split(":"));
    for (const group of file.element.querySelectorAll(".group")) group.hidden = !group.querySelector(".findings > li:not([hidden])");
    const diff = file.element.querySelector(".diff");
    if (diff) diff.hidden = $("only-left").checked;
  };

  const filter = () => {
    const wish = wanted();
    const any = wish.codemod || wish.outcomes.length;
    let shown = 0;
    for (const file of files) {
      const fit = file.name.includes(wish.name) && (!any || file.pairs.some((pair) => fits(wish, pair)));
      file.element.hidden = !fit;
      shown += fit;
      if (!file.element.querySelector(":scope > noscript")) sift(file);
    }
    for (const each of quiet) each.element.hidden = Boolean(any) || !each.name.includes(wish.name);
    $("by-outcome").disabled = $("only-left").checked;
    $("shown").value = shown === files.length ? `${shown} ${shown === 1 ? "file" : "files"}` : `${shown} of ${files.length} files`;
  };

  // Opening thousands of files is spread over many frames, so that the page answers meanwhile.

  let opening = 0;
  const openAll = () => {
    const queue = files.filter((file) => !file.element.hidden && !file.element.open);
    const turn = ++opening;
    const step = () => {
      const until = performance.now() + 12;
      while (queue.length && turn === opening && performance.now() < until) {
        const file = queue.shift();
        fill(file);
        file.element.open = true;
      }
      if (queue.length && turn === opening) requestAnimationFrame(step);
    };
    step();
  };

  for (const file of files) file.element.addEventListener("toggle", () => file.element.open && fill(file));
  for (const id of ["by-codemod", "by-outcome", "only-left"]) $(id).addEventListener("change", filter);
  $("by-name").addEventListener("input", filter);
  $("open-all").addEventListener("click", openAll);
  $("close-all").addEventListener("click", () => {
    opening++;
    for (const file of files) file.element.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    event.preventDefault();
    $("by-name").focus();
  });
  $("filter").hidden = false;
  count();
  filter();
  follow();
})();
