// Sorts the table of studies by a column and filters reports and studies by words. The page is complete without it.
(function () {
  "use strict";
  var table = document.querySelector("table.studies");
  if (table) {
    table.querySelectorAll("thead th").forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      button.addEventListener("click", function () { sort(head, column); });
    });
  }
  function key(row, column) {
    var cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent.trim().toLowerCase() : Number(cell.dataset.key);
  }
  function sort(head, column) {
    var down = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var body = table.tBodies[0];
    Array.prototype.slice.call(body.rows).sort(function (a, b) {
      var x = key(a, column), y = key(b, column), order = x < y ? -1 : x > y ? 1 : 0;
      return down ? -order : order;
    }).forEach(function (row) { body.appendChild(row); });
  }
  var field = document.getElementById("filter"), told = document.getElementById("filter-result");
  if (!field) return;
  document.querySelector(".finder").hidden = false;
  field.addEventListener("input", function () {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    var all = document.querySelectorAll("[data-find]");
    all.forEach(function (item) {
      var text = item.textContent.toLowerCase();
      var found = words.every(function (word) { return text.indexOf(word) >= 0; });
      item.hidden = !found;
      if (found) shown += 1;
    });
    told.textContent = shown + " of " + all.length + " reports and studies shown";
  });
})();
