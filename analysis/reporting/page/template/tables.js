// Sorts long tables by their headings and filters their rows. The widths of the columns stay, so nothing jumps.
document.querySelectorAll("p.filter").forEach(function (place) {
  var box = place.nextElementSibling, table = box.querySelector("table"), body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows), heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
  var order = rows.slice();

  function freeze() {
    if (table.style.tableLayout) return;
    var widths = heads.map(function (head) { return head.getBoundingClientRect().width; });
    table.style.width = table.getBoundingClientRect().width + "px";
    heads.forEach(function (head, column) { head.style.width = widths[column] + "px"; head.style.minWidth = 0; });
    table.style.tableLayout = "fixed";
  }
  function text(row, column) { return row.cells[column].textContent.trim(); }
  function value(words) {
    var found = /^[^\d−-]*([−-]?\d+(?:\.\d+)?)/.exec(words);
    return found ? parseFloat(found[1].replace("−", "-")) : NaN;
  }
  function sorted(column, sign) {
    var known = rows.filter(function (row) { return !/^[–-]?$/.test(text(row, column)); });
    var numeric = known.every(function (row) { return /^[<>≤≥]?\s*[−-]?\d/.test(text(row, column)); });
    var empty = rows.filter(function (row) { return known.indexOf(row) < 0; });
    return known.sort(function (a, b) {
      var x = text(a, column), y = text(b, column);
      return sign * (numeric ? value(x) - value(y) : x.localeCompare(y, "en", { numeric: true }));
    }).concat(empty);
  }
  heads.forEach(function (head, column) {
    if (!head.textContent.trim()) return;
    var button = document.createElement("button");
    button.type = "button";
    button.append.apply(button, Array.prototype.slice.call(head.childNodes));
    head.append(button);
    button.addEventListener("click", function () {
      freeze();
      var now = head.getAttribute("aria-sort"), next = !now ? "ascending" : now === "ascending" ? "descending" : "";
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      if (next) head.setAttribute("aria-sort", next);
      order = next ? sorted(column, next === "ascending" ? 1 : -1) : rows;
      order.forEach(function (row) { body.append(row); });
    });
  });

  var input = document.createElement("input"), label = document.createElement("label"), status = document.createElement("span");
  input.type = "search";
  label.append("Filter rows ", input);
  status.setAttribute("role", "status");
  place.append(label, status);
  input.addEventListener("input", function () {
    freeze();
    var words = input.value.toLowerCase().split(/\s+/), shown = 0;
    rows.forEach(function (row) {
      var all = row.textContent.toLowerCase();
      row.hidden = !words.every(function (word) { return all.indexOf(word) >= 0; });
      if (!row.hidden) shown++;
    });
    status.textContent = input.value ? shown + " of " + rows.length + " rows" : "";
  });
});
