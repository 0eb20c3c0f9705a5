// Marks the current section in the contents; shows the rows behind a number beside it. The page is complete without it.
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

  // The note directly follows its number, so that Tab moves into it and out again.
  var note = document.createElement("span"), number = null, pressed = null;
  note.id = "row-note";
  note.className = "row-note";
  note.setAttribute("popover", "manual");
  function place() {
    if (!number) return;
    var at = number.getBoundingClientRect(), size = note.getBoundingClientRect();
    var below = at.bottom + 6 + size.height <= innerHeight || at.top < size.height + 6;
    note.style.left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8)) + "px";
    note.style.top = (below ? at.bottom + 6 : at.top - size.height - 6) + "px";
  }
  function open(link) {
    close();
    (link.dataset.rows || link.hash.slice(1)).split(" ").forEach(function (name) {
      var entry = document.getElementById(name), line = document.createElement("span"), lead = document.createElement("b");
      line.className = "line";
      lead.textContent = entry.querySelector("dt").textContent;
      line.append(lead, " ", ...entry.querySelector("dd").cloneNode(true).childNodes);
      note.appendChild(line);
    });
    number = link;
    link.after(note);
    link.setAttribute("aria-describedby", note.id);
    note.showPopover();
    place();
  }
  function close() {
    if (!number) return;
    number.removeAttribute("aria-describedby");
    number = null;
    note.remove();
    note.textContent = "";
  }
  if (note.showPopover) {
    document.addEventListener("focusin", function (e) {
      if (note.contains(e.target)) return;
      var link = e.target.closest("a.row");
      if (link !== number) link ? open(link) : close();
    });
    // the first click on a number shows its rows, the second follows the link
    document.addEventListener("pointerdown", function (e) {
      var link = e.target.closest("a.row");
      pressed = link && link !== number ? link : null;
      if (!link && !note.contains(e.target)) close();
    });
    document.addEventListener("click", function (e) {
      var link = e.target.closest("a.row");
      if (!link) return;
      if (link === pressed) { e.preventDefault(); if (number !== link) open(link); } else close();
      pressed = null;
    });
    document.addEventListener("keydown", function (e) {
      if (e.key !== "Escape" || !number) return;
      var back = note.contains(document.activeElement) && number;
      close();
      if (back) { back.focus(); close(); }
    });
  }
  addEventListener("scroll", soon, { passive: true, capture: true });
  addEventListener("resize", soon);
  mark();
})();
