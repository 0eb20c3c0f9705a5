// Marks the current section in the contents, shows the rows behind a number, and lets one press of Tab pass a whole table.
// The page is complete without it.
(function () {
  var links = {};
  document.querySelectorAll("nav.contents a").forEach(function (a) { links[a.hash.slice(1)] = a; });
  var headings = Array.prototype.filter.call(document.querySelectorAll("main h2[id], main h3[id]"), function (h) { return links[h.id]; });
  var current = null, waiting = false;
  function mark() {
    waiting = false;
    var now = null;
    headings.forEach(function (h) { if (h.getBoundingClientRect().top < innerHeight * 0.3) now = links[h.id]; });
    if (now !== current) {
      if (current) current.removeAttribute("aria-current");
      if (now) now.setAttribute("aria-current", "true");
      current = now;
    }
    place();
  }
  function soon() { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }

  // The links of numbers and studies in a block are one stop of Tab, and so are the headings of a table: the arrow keys
  // move between them.
  var STOPS = "a.row, a[href^='#ref-'], a[href^='#tab-'], a[href^='#fig-'], th > button", BLOCKS = [".cards, .lead, .findings, thead, table, .rowfig", "p, li, dd"];
  function block(stop) { return BLOCKS.reduce(function (found, selector) { return found || stop.closest(selector); }, null); }
  function stopsOf(found) {
    return Array.prototype.filter.call(found.querySelectorAll(STOPS), function (stop) { return block(stop) === found && !stop.closest(".row-note"); });
  }
  var begun = new Set();
  document.querySelectorAll(STOPS).forEach(function (stop) {
    var found = !stop.closest(".rows, .references") && block(stop);
    if (found && begun.has(found)) stop.tabIndex = -1;
    begun.add(found);
  });
  document.addEventListener("keydown", function (e) {
    var step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], stop = step && e.target.closest(STOPS), found = stop && block(stop);
    if (!found || note.contains(stop)) return;
    var all = stopsOf(found), next = all[all.indexOf(stop) + step];
    e.preventDefault();
    if (!next) return;
    stop.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  // The note directly follows its number, so that Tab moves into it and out again.
  var note = document.createElement("span"), number = null;
  note.id = "row-note";
  note.className = "row-note";
  note.setAttribute("popover", "manual");
  function place() {
    if (!number) return;
    var at = number.getBoundingClientRect(), size = note.getBoundingClientRect();
    if (matchMedia("(max-width: 40rem)").matches) { // a sheet at the bottom, as the style sheet says
      note.style.left = note.style.top = "";
      return;
    }
    var below = at.bottom + 6 + size.height <= innerHeight || at.top < size.height + 6;
    note.style.left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8)) + "px";
    note.style.top = (below ? at.bottom + 6 : at.top - size.height - 6) + "px";
  }
  // the sheet of a phone leaves the sentence in sight
  function uncover() {
    if (!matchMedia("(max-width: 40rem)").matches) return;
    var sentence = (number.closest("p, li, dd, tr, .rowfig > .row") || number).getBoundingClientRect(), top = note.getBoundingClientRect().top;
    document.body.style.paddingBottom = note.offsetHeight + "px"; // room to scroll at the end of the page
    var over = Math.max(Math.min(sentence.bottom - top, sentence.top), number.getBoundingClientRect().bottom - top);
    if (over > 0) scrollBy({ top: over + 4, behavior: "instant" });
  }
  function open(link) {
    close();
    (link.dataset.rows || link.hash.slice(1)).split(" ").forEach(function (name) {
      var entry = document.getElementById(name), line = document.createElement("span"), id = document.createElement("span");
      line.className = "line";
      entry.querySelector("dd").childNodes.forEach(function (part) { line.append(part.cloneNode(true)); });
      id.className = "from";
      id.textContent = entry.querySelector("dt").textContent;
      line.append(id);
      note.append(line);
    });
    number = link;
    link.after(note);
    link.setAttribute("aria-describedby", note.id);
    note.showPopover();
    place();
    uncover();
  }
  function close() {
    if (!number) return;
    number.removeAttribute("aria-describedby");
    number = null;
    document.body.style.paddingBottom = "";
    note.remove();
    note.textContent = "";
  }
  if (note.showPopover) {
    // the first click or Enter on a number shows its rows, the second follows the link
    document.addEventListener("click", function (e) {
      var link = e.target.closest("a.row");
      if (link && link !== number) { e.preventDefault(); open(link); }
      else if (link || !note.contains(e.target)) close();
    });
    document.addEventListener("focusin", function (e) {
      if (e.target !== number && !note.contains(e.target)) close();
    });
    document.addEventListener("keydown", function (e) {
      if (e.key !== "Escape" || !number) return;
      var back = note.contains(document.activeElement) && number;
      close();
      if (back) back.focus();
    });
  }
  addEventListener("scroll", soon, { passive: true, capture: true });
  addEventListener("resize", soon);
  mark();
})();
