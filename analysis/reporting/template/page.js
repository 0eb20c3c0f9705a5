// Marks the current section in the contents. The page is complete without it.
(function () {
  var links = {};
  document.querySelectorAll("nav.contents a").forEach(function (a) { links[a.hash.slice(1)] = a; });
  var headings = Array.prototype.filter.call(document.querySelectorAll("main h2[id], main h3[id]"), function (h) { return links[h.id]; });
  var current = null, waiting = false;
  function mark() {
    waiting = false;
    var now = null;
    headings.forEach(function (h) { if (h.getBoundingClientRect().top < innerHeight * 0.3) now = links[h.id]; });
    if (now === current) return;
    if (current) current.removeAttribute("aria-current");
    if (now) now.setAttribute("aria-current", "true");
    current = now;
  }
  addEventListener("scroll", function () { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }, { passive: true });
  mark();
})();
