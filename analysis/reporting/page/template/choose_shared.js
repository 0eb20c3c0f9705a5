// What the two choosers of the page share: nodes, words, and the line with the command. Nodes are built one by one: no text of
// the data becomes markup.
var chooser = (function () {
  var FEW = 4, WIDE = 0.6; // no average of so few studies, nor with a wider interval
  function make(tag, attributes) {
    var svg = /^(svg|line|circle|rect|text|polygon|polyline)$/.test(tag);
    var node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    node.append.apply(node, Array.prototype.slice.call(arguments, 2));
    return node;
  }
  function count(n, one, many) { return n + " " + (n === 1 ? one : many || one + "s"); }
  function list(words) { return words.length < 2 ? words.join("") : words.slice(0, -1).join(", ") + " and " + words[words.length - 1]; }
  function upper(text) { return text.charAt(0).toUpperCase() + text.slice(1); }
  function percent(rate) {
    if (rate > 0 && rate < 0.0005) return "<0.1%";
    if (rate > 0.9995 && rate < 1) return ">99.9%";
    var edge = rate > 0 && rate < 0.01 || rate > 0.99 && rate < 1, factor = edge ? 10 : 1;
    return (Math.floor(100 * rate * factor + 0.5 + 1e-9) / factor).toFixed(edge ? 1 : 0) + "%";
  }
  function range(low, high) { return percent(low) + " to " + percent(high); }
  function linked(text, rows) {
    var known = rows.filter(function (row) { return document.getElementById(row); });
    if (!known.length) return text;
    var link = make("a", { "class": "row", href: "#" + known[0] }, text);
    if (known.length > 1) link.dataset.rows = known.join(" ");
    return link;
  }
  // the command that makes the same as a report, with a button that copies it
  function command() {
    var line = make("code"), copy = make("button", { type: "button" }, "Copy");
    copy.addEventListener("click", function () {
      function selected() { getSelection().selectAllChildren(line); copy.textContent = "Selected"; }
      if (!navigator.clipboard) return selected();
      navigator.clipboard.writeText(line.textContent).then(function () { copy.textContent = "Copied"; }, selected);
    });
    return {
      node: make("div", { "class": "command" }, make("span", {}, "The same as a report:"), line, copy),
      write: function (words) { line.textContent = words; copy.textContent = "Copy"; }
    };
  }
  return { make: make, count: count, list: list, upper: upper, percent: percent, range: range, linked: linked, command: command, FEW: FEW, WIDE: WIDE };
})();
